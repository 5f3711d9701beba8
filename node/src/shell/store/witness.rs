//! How far a log reached, noted in a small file beside it after each sync of the log and never synced itself: it costs no
//! wait, and is there after everything but a power cut. A log that is shorter than its note says has lost its end,
//! which nothing in the log could tell. A note that is missing says nothing; one that does not read is damage, and makes an
//! end that looks torn suspect too.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
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

/// What the file beside a log said when it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// There was none, or a power cut came before its first bytes were on disk.
    Nothing,
    /// It was there and does not read.
    Unreadable,
    To(Reached),
}

impl Noted {
    /// How far the log reached, if that is known.
    pub fn reached(self) -> Option<Reached> {
        match self {
            Self::To(reached) => Some(reached),
            Self::Nothing | Self::Unreadable => None,
        }
    }
}

/// The file beside a log.
#[derive(Debug)]
pub struct Witness(Option<File>);

impl Witness {
    /// Opens the note and reads it. Without one the log goes on as before.
    pub fn open(path: &Path) -> (Self, Noted) {
        let noted = match std::fs::read(path) {
            Ok(bytes) => read(&bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => Noted::Nothing,
            Err(_) => Noted::Unreadable,
        };
        let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
        let opened = opened.and_then(|file| {
            // What does not read may be longer than a note, and would stay so under the next one.
            if noted == Noted::Unreadable {
                file.set_len(0)?;
            }
            Ok(file)
        });
        if let Err(error) = &opened {
            tracing::warn!(%error, file = %path.display(), "it is not noted how far a log reaches");
        }
        (Self(opened.ok()), noted)
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

fn read(bytes: &[u8]) -> Noted {
    if bytes.len() <= NOTE_BYTES && bytes.iter().all(|byte| *byte == 0) {
        return Noted::Nothing;
    }
    let Ok(bytes) = <&[u8; NOTE_BYTES]>::try_from(bytes) else { return Noted::Unreadable };
    let figure = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte]));
    let reached = Reached { to: figure(0), with: figure(8) };
    if written(reached) == *bytes { Noted::To(reached) } else { Noted::Unreadable }
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
        assert_eq!(none, Noted::Nothing);
        let reached = Reached { to: 7, with: 9 };
        witness.note(Reached::default());
        witness.note(reached);
        assert_eq!(Witness::open(&path).1, Noted::To(reached));
        let bytes = std::fs::read(&path).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read(&flipped), Noted::Unreadable, "bit {bit}");
        }
        assert_eq!(read(&bytes[1..]), Noted::Unreadable);
        assert_eq!((read(&[]), read(&[0; NOTE_BYTES])), (Noted::Nothing, Noted::Nothing));
    }

    #[test]
    fn something_longer_in_its_place_is_told_once_and_replaced() {
        let scratch = Scratch::new("witness-long");
        let path = scratch.path().join("log.reached");
        std::fs::write(&path, [7; 500]).unwrap();
        let (witness, noted) = Witness::open(&path);
        assert_eq!(noted, Noted::Unreadable);
        let reached = Reached { to: 7, with: 9 };
        witness.note(reached);
        assert_eq!(Witness::open(&path).1, Noted::To(reached));
    }
}
