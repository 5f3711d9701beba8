//! `building.log`: what the building itself records (policies, alerts, notes, its transactions that are not final),
//! as batches of changed entries, each synced before anything behind it leaves the node. It is the only copy that
//! counts: sled's `flush` does not survive a power cut. Entries are few, so the log is rewritten when it has grown.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use ledger::record::{FRAME_HEADER_BYTES, Frame, frame, read_frame};
use protocol::{Bounded, Bytes, decode, encode};

use super::witness::{Noted, Reached, Witness};
use super::{StoreError, file};

/// A key is at most this long, bytes.
pub const KEY_BYTES_MAX: usize = 256;
/// An entry is at most this long, bytes.
pub const ENTRY_BYTES_MAX: usize = 90_000;

/// A changed entry; `None` is gone.
pub type Changed = (Vec<u8>, Option<Vec<u8>>);
/// The entries of a building.
pub type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

/// Magic of a record.
const MAGIC: [u8; 4] = *b"SyC1";
/// Changes in one record.
const CHANGES_MAX: usize = 1_024;
/// Body of one record, bytes.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The log is rewritten when it is longer than this and four times its entries, bytes.
const REWRITE_BYTES: u64 = 4 * 1024 * 1024;
/// A log is never longer, bytes.
const LOG_BYTES_MAX: u64 = 1024 * 1024 * 1024;

type Stored = Bounded<(Bytes<KEY_BYTES_MAX>, Option<Bytes<ENTRY_BYTES_MAX>>), CHANGES_MAX>;

/// Names the state of a log: its length and the checksum of its last record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark([u8; 24]);

impl Mark {
    /// Of bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// As bytes.
    pub const fn as_bytes(&self) -> &[u8; 24] {
        &self.0
    }

    fn new(len: u64, record: &[u8]) -> Self {
        let mut mark = [0; 24];
        mark[..8].copy_from_slice(&len.to_be_bytes());
        mark[8..].copy_from_slice(&record[8..FRAME_HEADER_BYTES]);
        Self(mark)
    }

    /// The same, as it is noted beside the log.
    pub fn reached(&self) -> Reached {
        let figure = |at: usize| u64::from_be_bytes(std::array::from_fn(|byte| self.0[at + byte]));
        Reached { to: figure(0), with: figure(8) }
    }
}

/// The log, open for appending.
#[derive(Debug)]
pub struct BuildingLog {
    path: PathBuf,
    file: File,
    len: u64,
    mark: Mark,
    witness: Witness,
}

/// What was found at the start.
#[derive(Debug)]
pub struct Opened {
    /// The log.
    pub log: BuildingLog,
    /// Its entries.
    pub entries: Entries,
    /// Places that could not be read, with whole records behind them, and the end if it is missing.
    pub gaps: u64,
    /// How far the log reached, as noted beside it.
    pub reached: Option<Reached>,
}

impl BuildingLog {
    /// Opens the file and reads it. A torn end is cut; damage before it, and an end that is missing, are passed over,
    /// counted and kept beside.
    pub fn open(path: &Path) -> Result<Opened, StoreError> {
        let mut file = file::open_or_create(path)?;
        let bytes = file::read(path, LOG_BYTES_MAX)?;
        let Read { entries, end, mut gaps, mark } = read(&bytes);
        let (witness, noted) = Witness::open(&path.with_extension("reached"));
        let reached = noted.reached();
        gaps += u64::from(noted == Noted::Unreadable && end < bytes.len());
        gaps += u64::from(reached.is_some_and(|reached| reached.to > end as u64));
        if gaps > 0 {
            tracing::error!(gaps, file = %path.display(), "the building's log is damaged");
            std::fs::copy(path, damaged_beside(path)).map_err(StoreError::at("copy", path))?;
        }
        if end < bytes.len() {
            file.set_len(end as u64).map_err(StoreError::at("truncate", path))?;
        }
        file.seek(SeekFrom::Start(end as u64)).map_err(StoreError::at("seek in", path))?;
        let mut log = Self { path: path.to_owned(), file, len: end as u64, mark, witness };
        if gaps > 0 {
            log.rewrite(&entries)?;
        } else {
            log.rewrite_if_grown(&entries)?;
            log.witness.note(log.mark.reached());
        }
        Ok(Opened { log, entries, gaps, reached })
    }

    /// Writes everything anew, because somebody else still had what was lost here.
    pub fn restore(&mut self, entries: &Entries) -> Result<(), StoreError> {
        self.rewrite(entries)
    }

    /// Appends a batch and waits until it is on disk. After an error the process has to stop.
    pub fn append(&mut self, changes: &[Changed]) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        let bytes = self.encode(self.len, changes);
        self.file.write_all(&bytes).map_err(StoreError::at("append to", &self.path))?;
        self.file.sync_data().map_err(StoreError::at("sync", &self.path))?;
        self.len += bytes.len() as u64;
        self.witness.note(self.mark.reached());
        Ok(())
    }

    /// Rewrites the log if most of it is history. `entries` is everything in it.
    pub fn rewrite_if_grown(&mut self, entries: &Entries) -> Result<(), StoreError> {
        let live: usize = entries.iter().map(|(key, value)| key.len() + value.len()).sum();
        if self.len > REWRITE_BYTES && self.len / 4 > live as u64 {
            self.rewrite(entries)?;
        }
        Ok(())
    }

    /// Bytes on disk.
    pub const fn bytes(&self) -> u64 {
        self.len
    }

    /// Names the state it is in.
    pub const fn mark(&self) -> Mark {
        self.mark
    }

    fn rewrite(&mut self, entries: &Entries) -> Result<(), StoreError> {
        let all: Vec<Changed> =
            entries.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect();
        // A longer log must not be missed while a shorter one takes its place.
        self.witness.note(Reached::default());
        let bytes = self.encode(0, &all);
        file::replace(&self.path, &bytes, 0o600)?;
        self.file = file::open_or_create(&self.path)?;
        self.file.seek(SeekFrom::End(0)).map_err(StoreError::at("seek in", &self.path))?;
        self.len = bytes.len() as u64;
        self.witness.note(self.mark.reached());
        Ok(())
    }

    /// Frames changes, in as many records as their bounds ask for.
    fn encode(&mut self, start: u64, changes: &[Changed]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rest = changes;
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(fitting(rest));
            let record = frame(MAGIC, &encode(&stored(batch)));
            bytes.extend_from_slice(&record);
            self.mark = Mark::new(start + bytes.len() as u64, &record);
            rest = later;
        }
        bytes
    }
}

/// Where a damaged log is kept.
pub fn damaged_beside(path: &Path) -> PathBuf {
    path.with_extension("damaged")
}

/// Places of a log that cannot be read, with whole records behind them. Nothing is changed.
pub fn gaps(path: &Path) -> Result<u64, StoreError> {
    Ok(read(&file::read(path, LOG_BYTES_MAX)?).gaps)
}

/// The entries in the bytes of a log, and how many places of it cannot be read.
pub fn read_back(bytes: &[u8]) -> (Entries, u64) {
    let Read { entries, gaps, .. } = read(bytes);
    (entries, gaps)
}

/// How many changes from the front fit into one record; at least one.
fn fitting(changes: &[Changed]) -> usize {
    let mut bytes = 0;
    let too_long = changes.iter().take(CHANGES_MAX).position(|(key, value)| {
        bytes += key.len() + value.as_ref().map_or(0, Vec::len) + 16;
        bytes > BODY_BYTES_MAX - 16
    });
    too_long.unwrap_or(changes.len().min(CHANGES_MAX)).max(1)
}

fn stored(changes: &[Changed]) -> Stored {
    let bounded = "invariant: the building's entries keep their bounds";
    let one = |(key, value): &Changed| {
        let value = value.clone().map(|value| Bytes::new(value).expect(bounded));
        (Bytes::new(key.clone()).expect(bounded), value)
    };
    Bounded::new(changes.iter().map(one).collect()).expect(bounded)
}

struct Read {
    entries: Entries,
    end: usize,
    gaps: u64,
    mark: Mark,
}

fn read(bytes: &[u8]) -> Read {
    let mut found = Read { entries: Entries::new(), end: 0, gaps: 0, mark: Mark::default() };
    let mut at = 0;
    while at < bytes.len() {
        match whole(bytes, at) {
            Some((changes, end)) => {
                found.gaps += u64::from(at > found.end);
                apply(&mut found.entries, changes);
                found.mark = Mark::new(end as u64, &bytes[at..]);
                (found.end, at) = (end, end);
            }
            None => {
                let ahead = bytes[at + 1..].windows(MAGIC.len()).position(|window| window == MAGIC);
                at = ahead.map_or(bytes.len(), |ahead| at + 1 + ahead);
            }
        }
    }
    found
}

fn whole(bytes: &[u8], at: usize) -> Option<(Stored, usize)> {
    match read_frame(bytes, at, MAGIC, BODY_BYTES_MAX)? {
        Frame::Record { body, end } => decode(body, BODY_BYTES_MAX).ok().map(|changes| (changes, end)),
        Frame::Torn | Frame::Damaged { .. } => None,
    }
}

fn apply(entries: &mut Entries, changes: Stored) {
    for (key, value) in changes.into_vec() {
        match value {
            Some(value) => entries.insert(key.into_vec(), value.into_vec()),
            None => entries.remove(key.as_slice()),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;

    fn put(key: &str, value: &str) -> Changed {
        (key.into(), Some(value.into()))
    }

    fn open(path: &Path) -> (BuildingLog, Vec<(String, String)>, u64) {
        let Opened { log, entries, gaps, .. } = BuildingLog::open(path).unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (log, entries.into_iter().map(|(key, value)| (text(key), text(value))).collect(), gaps)
    }

    #[test]
    fn the_last_change_counts_over_restarts_and_torn_ends() {
        let scratch = Scratch::new("building");
        let path = scratch.path().join("building.log");
        let (mut log, none, _) = open(&path);
        assert!(none.is_empty());
        log.append(&[put("a", "1"), put("b", "1")]).unwrap();
        log.append(&[put("a", "2"), (b"b".to_vec(), None)]).unwrap();
        let (len, mark) = (log.len, log.mark());
        log.append(&[put("c", "3")]).unwrap();
        assert_ne!(log.mark(), mark);
        drop(log);
        let bytes = std::fs::read(&path).unwrap();
        for cut in usize::try_from(len).unwrap()..bytes.len() {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            // A write that was cut short by the end of the process was never noted.
            Witness::open(&path.with_extension("reached")).0.note(mark.reached());
            let (log, entries, gaps) = open(&path);
            assert_eq!((entries, gaps), (vec![("a".into(), "2".into())], 0));
            assert_eq!((log.len, log.mark()), (len, mark));
        }
    }

    #[test]
    fn an_end_that_is_missing_is_counted_once_and_kept_beside() {
        let scratch = Scratch::new("building-cut");
        let path = scratch.path().join("building.log");
        let mut log = open(&path).0;
        log.append(&[put("a", "1")]).unwrap();
        let len = usize::try_from(log.len).unwrap();
        log.append(&[put("b", "1")]).unwrap();
        drop(log);
        let bytes = std::fs::read(&path).unwrap();
        for cut in [0, 7, len, len + 9] {
            std::fs::write(&path, &bytes).unwrap();
            drop(open(&path));
            std::fs::write(&path, &bytes[..cut]).unwrap();
            let (_, entries, gaps) = open(&path);
            assert_eq!((entries.len(), gaps), (usize::from(cut >= len), 1), "cut at {cut}");
            assert_eq!(std::fs::read(damaged_beside(&path)).unwrap(), bytes[..cut]);
            assert_eq!(open(&path).2, 0);
        }
    }

    #[test]
    fn damage_loses_one_batch_and_is_counted() {
        let scratch = Scratch::new("building-flip");
        let path = scratch.path().join("building.log");
        let mut log = open(&path).0;
        let mut ends = Vec::new();
        for (key, value) in [("a", "1"), ("b", "2"), ("c", "3")] {
            log.append(&[put(key, value)]).unwrap();
            ends.push(usize::try_from(log.len).unwrap());
        }
        drop(log);
        let bytes = std::fs::read(&path).unwrap();
        for at in ends[0]..ends[1] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            std::fs::write(&path, &flipped).unwrap();
            std::fs::remove_file(path.with_extension("reached")).unwrap();
            let (_, entries, gaps) = open(&path);
            let expected = [("a", "1"), ("c", "3")].map(|(key, value)| (key.to_owned(), value.to_owned()));
            assert_eq!((entries, gaps), (expected.to_vec(), 1), "flip at {at}");
            assert_eq!(open(&path).2, 0, "rewritten without the damage");
        }
    }

    #[test]
    fn history_is_dropped_when_the_log_has_grown() {
        let scratch = Scratch::new("building-grown");
        let path = scratch.path().join("building.log");
        let mut log = open(&path).0;
        let big = "x".repeat(ENTRY_BYTES_MAX);
        for _ in 0..60 {
            log.append(&[put("a", &big)]).unwrap();
        }
        assert!(log.len > REWRITE_BYTES);
        drop(log);
        let (log, entries, _) = open(&path);
        assert_eq!(entries, [("a".to_owned(), big)]);
        assert!(log.len < 2 * ENTRY_BYTES_MAX as u64);
        assert_eq!(open(&path).0.mark(), log.mark());
    }
}
