//! The vote log `wal`: what this node signed at the height in progress, synced before anybody sees it. A record that
//! cannot be read may hide a vote, so damage is reported and left in place: the node does not sign before a later
//! height starts the file anew.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use ledger::record::{self, RecordError};
use protocol::limits::{BODIES_KEPT_MAX, VOTE_RECORD_BYTES_MAX};
use protocol::{ChainId, Height};

use super::{StoreError, file};

/// More than a height can fill: the bodies it may keep, and votes of very many rounds.
const VOTE_LOG_BYTES_MAX: u64 = 4 * (BODIES_KEPT_MAX * VOTE_RECORD_BYTES_MAX) as u64;

/// The file, open for appending.
#[derive(Debug)]
pub struct VoteLog {
    path: PathBuf,
    file: File,
    chain: ChainId,
    /// Written at the next sync.
    buffer: Vec<u8>,
}

impl VoteLog {
    /// Opens the file and reads what is in it. A torn end is cut.
    pub fn open(
        path: &Path,
        chain: ChainId,
    ) -> Result<(Self, Result<record::VoteLog, RecordError>), StoreError> {
        let mut file = file::open_or_create(path)?;
        let bytes = file::read(path, VOTE_LOG_BYTES_MAX)?;
        let found = record::read_vote_log(&bytes, &chain);
        if let Ok(log) = &found {
            let whole = log.whole_bytes as u64;
            if whole < bytes.len() as u64 {
                tracing::warn!(bytes = bytes.len() as u64 - whole, "cut a torn end off the vote log");
                file.set_len(whole).map_err(StoreError::at("truncate", path))?;
            }
        }
        file.seek(SeekFrom::End(0)).map_err(StoreError::at("seek in", path))?;
        Ok((Self { path: path.to_owned(), file, chain, buffer: Vec::new() }, found))
    }

    /// Takes a framed record; it is written by the next [`Self::sync`].
    pub fn append(&mut self, record: &[u8]) {
        self.buffer.extend_from_slice(record);
    }

    /// Writes what was appended and waits until it is on disk. After an error nothing is known of the file: the
    /// process has to stop.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.file.write_all(&self.buffer).map_err(StoreError::at("append to", &self.path))?;
        self.file.sync_data().map_err(StoreError::at("sync", &self.path))?;
        self.buffer.clear();
        Ok(())
    }

    /// Starts an empty log for a height. Its header goes to disk with the first vote, in one sync: until then there is
    /// nothing to remember, and an old or empty file says the same.
    pub fn reset(&mut self, height: Height) -> Result<(), StoreError> {
        self.file.set_len(0).map_err(StoreError::at("truncate", &self.path))?;
        self.file.seek(SeekFrom::Start(0)).map_err(StoreError::at("seek in", &self.path))?;
        self.buffer = record::vote_header(self.chain, height);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;

    const CHAIN: ChainId = ChainId::new([1; 32]);

    fn filled(path: &Path) -> Vec<u8> {
        let (mut log, found) = VoteLog::open(path, CHAIN).unwrap();
        assert_eq!(found, Ok(record::VoteLog::default()));
        log.reset(Height(7)).unwrap();
        for body in [b"one".as_slice(), b"two", b"three"] {
            log.append(&record::vote_record(body));
            log.sync().unwrap();
        }
        std::fs::read(path).unwrap()
    }

    fn bodies(path: &Path) -> Result<(u64, usize), RecordError> {
        let (_, found) = VoteLog::open(path, CHAIN).unwrap();
        found.map(|log| (log.height.0, log.records.len()))
    }

    #[test]
    fn votes_come_back_and_the_next_height_starts_empty() {
        let scratch = Scratch::new("vote");
        let path = scratch.path().join("wal");
        filled(&path);
        assert_eq!(bodies(&path), Ok((7, 3)));
        let (mut log, _) = VoteLog::open(&path, CHAIN).unwrap();
        log.append(&record::vote_record(b"four"));
        log.sync().unwrap();
        assert_eq!(bodies(&path), Ok((7, 4)), "appended behind what was there");
        log.reset(Height(8)).unwrap();
        assert_eq!(bodies(&path), Ok((0, 0)), "nothing voted yet");
        log.append(&record::vote_record(b"five"));
        log.sync().unwrap();
        assert_eq!(bodies(&path), Ok((8, 1)));
    }

    #[test]
    fn a_torn_end_is_cut_and_appended_to() {
        let scratch = Scratch::new("vote-torn");
        let path = scratch.path().join("wal");
        let bytes = filled(&path);
        for len in 0..bytes.len() {
            std::fs::write(&path, &bytes[..len]).unwrap();
            let (_, before) = bodies(&path).unwrap();
            assert!(before < 3);
            assert_eq!(bodies(&path).unwrap().1, before, "the cut file reads the same");
        }
    }

    #[test]
    fn no_flip_hides_a_vote_with_others_behind_it() {
        let scratch = Scratch::new("vote-flip");
        let path = scratch.path().join("wal");
        let bytes = filled(&path);
        let last_record = bytes.len() - (record::FRAME_HEADER_BYTES + b"three".len());
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &flipped).unwrap();
            match bodies(&path) {
                Err(_) => assert_eq!(std::fs::read(&path).unwrap(), flipped, "damage stays as evidence"),
                Ok((height, records)) => {
                    assert!(
                        bit / 8 >= last_record,
                        "bit {bit} before the last record was taken for a torn end"
                    );
                    assert_eq!((height, records), (7, 2));
                }
            }
        }
    }
}
