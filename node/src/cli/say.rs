//! What commands print: text for people or JSON for scripts on standard output, errors as one line on standard error.

use std::io::Write as _;

use serde::Serialize;
use serde_json::json;

use super::Failed;

/// Where a command's words go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Say {
    json: bool,
}

impl Say {
    pub(super) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// An answer, as JSON or as text.
    pub(super) fn answer<T: Serialize>(&self, answer: &T, text: impl FnOnce() -> String) {
        if self.json {
            let json = serde_json::to_string_pretty(answer).expect("invariant: answers have string keys");
            self.text(&json);
        } else {
            self.text(&text());
        }
    }

    /// Text with a newline behind it. A closed pipe is not our problem.
    pub(super) fn text(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        drop(out.write_all(text.trim_end().as_bytes()).and_then(|()| out.write_all(b"\n")));
    }

    /// Why a command failed.
    pub(super) fn failed(&self, failed: &Failed) {
        if self.json {
            let answer = json!({ "error": failed.message, "exit": failed.exit as u8 });
            self.text(&answer.to_string());
        }
        drop(writeln!(std::io::stderr().lock(), "symbiose: {}", failed.message));
    }
}
