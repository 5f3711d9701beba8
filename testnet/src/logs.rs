//! The logs of the nodes, made readable: one line per event, newest last, and on as they come.

use std::io::SeekFrom;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use crate::error::{Error, Result};
use crate::processes::tail;
use crate::terminal::line;

/// How often a followed log is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// What is read of a log at a time.
const READ_BYTES_MAX: u64 = 1024 * 1024;

/// Shows the last `lines` lines of a log, as JSON when `as_json`, and with `follow` every line that comes.
pub async fn show(log: &Path, lines: usize, follow: bool, as_json: bool) -> Result<()> {
    let mut end =
        End { position: std::fs::metadata(log).map_err(Error::file("read", log))?.len(), rest: Vec::new() };
    tell(&tail(log, lines).map_err(Error::file("read", log))?, as_json);
    if follow {
        loop {
            tokio::time::sleep(LOOK).await;
            tell(&end.grown(log).await.map_err(Error::file("read", log))?, as_json);
        }
    }
    Ok(())
}

fn tell(text: &str, as_json: bool) {
    text.lines().for_each(|text| line(&if as_json { text.to_owned() } else { readable(text) }));
}

/// How far a growing log was read.
struct End {
    position: u64,
    /// The start of a line whose end is not written yet.
    rest: Vec<u8>,
}

impl End {
    /// The whole lines that were added since.
    async fn grown(&mut self, log: &Path) -> std::io::Result<String> {
        let mut file = File::open(log).await?;
        if file.metadata().await?.len() < self.position {
            // The node was started again and its log set aside.
            (self.position, self.rest) = (0, Vec::new());
        }
        file.seek(SeekFrom::Start(self.position)).await?;
        self.position += file.take(READ_BYTES_MAX).read_to_end(&mut self.rest).await? as u64;
        let whole = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        Ok(String::from_utf8_lossy(&self.rest.drain(..whole).collect::<Vec<u8>>()).into_owned())
    }
}

/// `10:15:23.123 WARN  node::shell peer lost peer=12D3…` of a JSON event; any other line as it is.
pub fn readable(text: &str) -> String {
    let Ok(Value::Object(event)) = serde_json::from_str(text) else { return text.to_owned() };
    let word = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    let time = word("timestamp").split_once('T').map_or("", |(_, clock)| clock).trim_end_matches('Z');
    let time: String = time.chars().take(12).collect();
    let nested = event.get("fields").and_then(Value::as_object);
    let known = ["timestamp", "level", "target", "fields", "span", "spans", "message"];
    let flat: Map<String, Value> = event
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let fields = nested.into_iter().flatten().chain(&flat).filter(|(name, _)| name.as_str() != "message");
    let fields: Vec<String> = fields.map(|(name, value)| format!("{name}={}", plain(value))).collect();
    let message = nested
        .and_then(|fields| fields.get("message"))
        .and_then(Value::as_str)
        .unwrap_or_else(|| word("message"));
    format!("{time} {:5} {} {message} {}", word("level"), word("target"), fields.join(" "))
        .trim_end()
        .to_owned()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_reads_as_one_line() {
        let json = r#"{"timestamp":"2025-12-09T10:15:23.123456Z","level":"WARN","fields":{"message":"peer lost","peer":"12D3","height":7},"target":"node::shell"}"#;
        assert_eq!(readable(json), "10:15:23.123 WARN  node::shell peer lost height=7 peer=12D3");
        let flat = r#"{"timestamp":"2025-12-09T10:15:23.1Z","level":"INFO","message":"ready","target":"node","node":"CAS-S1"}"#;
        assert_eq!(readable(flat), "10:15:23.1 INFO  node ready node=CAS-S1");
    }

    #[test]
    fn what_is_no_event_stays_as_it_is() {
        assert_eq!(readable("thread panicked at x"), "thread panicked at x");
    }
}
