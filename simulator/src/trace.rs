//! Everything that happens in a world, in order, as one hash: two runs of a seed are the same if their hashes are. In a
//! replay the same events are also lines for people.

use std::fmt;

/// One event of a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// World time, milliseconds.
    pub at_ms: u64,
    /// Its kind: `message`, `crash`, `final`, …
    pub what: &'static str,
    /// In words.
    pub text: String,
    /// The bytes that travelled, of a message that was sent.
    pub sent: Option<Vec<u8>>,
}

impl Line {
    /// Whether a node of that name has a part in it.
    pub fn names(&self, node: &str) -> bool {
        self.text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == node)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{:>4}.{:03}] {}", self.at_ms / 1_000, self.at_ms % 1_000, self.text)
    }
}

/// Where the lines of a replay go.
pub type Lines<'a> = &'a mut dyn FnMut(&Line);

/// Bytes that are hashed at once.
const PIECE_BYTES: usize = 1 << 16;

/// The events so far.
pub struct Trace<'a> {
    hasher: blake3::Hasher,
    /// What is hashed in one piece when there is enough of it: a long piece costs a fraction of many short ones.
    noted: Vec<u8>,
    lines: Option<Lines<'a>>,
    events: u64,
}

impl fmt::Debug for Trace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trace({} events)", self.events)
    }
}

impl<'a> Trace<'a> {
    /// An empty trace.
    pub fn new(lines: Option<Lines<'a>>) -> Self {
        let hasher = blake3::Hasher::new_derive_key("symbiose simulator trace v1");
        Self { hasher, noted: Vec::with_capacity(2 * PIECE_BYTES), lines, events: 0 }
    }

    /// Notes an event: `what` tells kinds apart, `detail` is everything that must repeat. `line` is called in a replay.
    pub fn note(&mut self, at: u64, what: &'static str, detail: &[&[u8]], line: impl FnOnce() -> String) {
        self.events += 1;
        self.noted.extend_from_slice(&at.to_le_bytes());
        self.noted.extend_from_slice(what.as_bytes());
        for part in detail {
            self.noted.extend_from_slice(&(part.len() as u64).to_le_bytes());
            self.noted.extend_from_slice(part);
        }
        if self.noted.len() >= PIECE_BYTES {
            self.hasher.update(&self.noted);
            self.noted.clear();
        }
        if let Some(lines) = &mut self.lines {
            let sent = detail.last().filter(|_| what == "send").map(|bytes| bytes.to_vec());
            lines(&Line { at_ms: at, what, text: line(), sent });
        }
    }

    /// How many there are.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Their hash.
    pub fn hash(&self) -> blake3::Hash {
        self.hasher.clone().update(&self.noted).finalize()
    }
}

/// The first eight hexadecimal digits of an id.
pub fn short(id: &impl fmt::Display) -> String {
    let mut text = id.to_string();
    text.truncate(8);
    text
}
