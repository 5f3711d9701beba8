//! How far a log reached, noted in a small file beside it after each sync of the log and never synced itself: it costs no
//! wait, and is there after everything but a power cut. A log that is shorter than its note says has lost its end,
//! which nothing in the log could tell. A note that is missing or does not read says nothing.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Two figures and a checksum.
const NOTE_BYTES: usize = 8 + 8 + 4;

/// What a log says of itself: how far it reaches, and a figure that tells one state from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reached {
    /// A length, a height or a number of a segment; it only grows.
    pub to: u64,
    /// Whatever the log wants to know beside it.
    pub with: u64,
}

/// The file beside a log.
#[derive(Debug)]
pub struct Witness(Option<File>);

impl Witness {
    /// Opens the note and reads it. Without one the log goes on as before.
    pub fn open(path: &Path) -> (Self, Option<Reached>) {
        let found = std::fs::read(path).ok().and_then(|bytes| read(&bytes));
        let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
        if let Err(error) = &opened {
            tracing::warn!(%error, file = %path.display(), "it is not noted how far a log reaches");
        }
        (Self(opened.ok()), found)
    }

    /// Notes how far the log reaches; what is noted is on disk.
    pub fn note(&self, reached: Reached) {
        let Some(file) = &self.0 else { return };
        // A note that is not written says less, nothing false.
        if let Err(error) = file.write_all_at(&written(reached), 0) {
            tracing::warn!(%error, "it is not noted how far a log reaches");
        }
    }
}

fn written(reached: Reached) -> [u8; NOTE_BYTES] {
    let mut bytes = [0; NOTE_BYTES];
    bytes[..8].copy_from_slice(&reached.to.to_le_bytes());
    bytes[8..16].copy_from_slice(&reached.with.to_le_bytes());
    let checksum = crc32c::crc32c(&bytes[..16]);
    bytes[16..].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

fn read(bytes: &[u8]) -> Option<Reached> {
    let bytes: &[u8; NOTE_BYTES] = bytes.try_into().ok()?;
    let figure = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte]));
    let reached = Reached { to: figure(0), with: figure(8) };
    (written(reached) == *bytes).then_some(reached)
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;

    #[test]
    fn a_note_is_there_for_the_next_start_or_says_nothing() {
        let scratch = Scratch::new("witness");
        let path = scratch.path().join("log.reached");
        let (witness, none) = Witness::open(&path);
        assert_eq!(none, None);
        let reached = Reached { to: 7, with: 9 };
        witness.note(Reached::default());
        witness.note(reached);
        assert_eq!(Witness::open(&path).1, Some(reached));
        let bytes = std::fs::read(&path).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read(&flipped), None, "bit {bit}");
        }
        assert_eq!((read(&bytes[1..]), read(&[])), (None, None));
    }
}
