//! What people and scripts read, and the tool's one clock.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Instant;

/// Writes a line to standard output. A reader that has gone is no failure of ours.
pub(crate) fn line(text: &str) {
    writeln!(io::stdout().lock(), "{text}").ok();
}

/// Writes a line to standard error.
pub(crate) fn note(text: &str) {
    writeln!(io::stderr().lock(), "{text}").ok();
}

/// Panics of a world are findings that the report tells; they are not printed where they happen.
pub(crate) fn quiet_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let is_of_a_world = std::thread::current().name().is_some_and(|name| name == WORLD_THREAD);
        if !is_of_a_world {
            default(panic);
        }
    }));
}

/// Name of the threads that run worlds.
pub(crate) const WORLD_THREAD: &str = "world";

/// Now, for the figures of the summary only.
#[expect(clippy::disallowed_methods, reason = "worlds have their own time; this measures how fast they run")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// A line that is rewritten in place; silent unless standard error is a terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    is_seen: bool,
    total: u64,
}

impl Progress {
    pub(crate) fn new(total: u64, is_quiet: bool) -> Self {
        Self { is_seen: !is_quiet && io::stderr().is_terminal(), total }
    }

    pub(crate) fn show(&self, done: u64, failed: u64) {
        if !self.is_seen {
            return;
        }
        let width = 40;
        let filled = usize::try_from(done * width / self.total.max(1)).unwrap_or(0);
        let bar: String = (0..40).map(|at| if at < filled { '#' } else { '.' }).collect();
        let mut out = io::stderr().lock();
        write!(out, "\r\x1b[2K[{bar}] {done}/{} seeds, {failed} failed", self.total)
            .and_then(|()| out.flush())
            .ok();
    }

    pub(crate) fn clear(&self) {
        if self.is_seen {
            let mut out = io::stderr().lock();
            write!(out, "\r\x1b[2K").and_then(|()| out.flush()).ok();
        }
    }
}
