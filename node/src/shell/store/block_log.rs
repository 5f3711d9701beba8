//! `blocks.log`: the ledger itself, a folder of append-only files with one framed record per height and one
//! `fdatasync` each. It is read forward at the start: checksums, heights and the chain of ids are checked; a torn end
//! is cut; from damage on everything is put aside, reported and asked for again from the hive.

use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use ledger::input::StoredBlock;
use ledger::record::{self, Frame};
use protocol::limits::BLOCK_RECORD_BYTES_MAX;
use protocol::{BlockId, Genesis, Height};

use super::block_files::{Place, path_of};
use super::witness::{Noted, Reached, Witness};
use super::{StoreError, file};

/// A file is closed when the next record would make it longer, bytes.
pub const SEGMENT_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Blocks that could not be read at the start. They are put aside and fetched from the hive again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The first height that is lost.
    pub height: Height,
    /// File and byte at which reading ended.
    pub file: PathBuf,
    /// See there.
    pub offset: u64,
    /// What was wrong.
    pub detail: String,
}

/// The end of the log, open for appending.
#[derive(Debug)]
pub struct BlockLog {
    dir: PathBuf,
    segment: u32,
    file: File,
    len: u64,
    tip: Height,
    /// The highest block there ever was.
    reached: Height,
    witness: Witness,
}

impl BlockLog {
    /// Appends a framed record. It counts after [`Self::sync`].
    pub fn append(&mut self, height: Height, record: &[u8]) -> Result<Place, StoreError> {
        assert_eq!(height, self.tip.next(), "invariant: blocks are appended in order");
        let len = u32::try_from(record.len()).expect("invariant: records are bounded");
        if self.len > 0 && self.len + u64::from(len) > SEGMENT_BYTES_MAX {
            self.next_segment()?;
        }
        let place = Place { segment: self.segment, offset: self.len, len };
        self.file
            .write_all(record)
            .map_err(StoreError::at("append to", &path_of(&self.dir, self.segment)))?;
        self.len += u64::from(len);
        self.tip = height;
        Ok(place)
    }

    /// Waits until everything appended is on disk. After an error the process has to stop.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        self.file.sync_data().map_err(StoreError::at("sync", &path_of(&self.dir, self.segment)))?;
        self.reached = self.reached.max(self.tip);
        self.witness.note(Reached { to: self.reached.0, with: 0 });
        Ok(())
    }

    /// The last height in the log.
    pub const fn tip(&self) -> Height {
        self.tip
    }

    fn next_segment(&mut self) -> Result<(), StoreError> {
        self.sync()?;
        self.segment += 1;
        self.file = file::open_or_create(&path_of(&self.dir, self.segment))?;
        self.len = 0;
        Ok(())
    }
}

/// What a scan found, when it is through.
#[derive(Debug)]
pub struct Scanned {
    /// The log, ready for appending.
    pub log: BlockLog,
    /// Where each block is, from height 1.
    pub places: Vec<Place>,
    /// Bytes cut from the end: an append that was never synced.
    pub torn_bytes: u64,
    /// Blocks that are lost until the hive sends them again.
    pub damage: Option<Damage>,
    /// The highest block that was ever here, as far as is known.
    pub reached: Height,
    /// Whether damaged files of this start or an earlier one are kept beside.
    pub is_set_aside: bool,
}

/// Reads the log forward and hands out its blocks; then [`Scan::finish`].
#[derive(Debug)]
pub struct Scan {
    dir: PathBuf,
    segments: Vec<u32>,
    /// Position in `segments`.
    at: usize,
    bytes: Vec<u8>,
    offset: usize,
    height: Height,
    block: BlockId,
    places: Vec<Place>,
    torn_bytes: u64,
    damage: Option<Damage>,
    error: Option<StoreError>,
    is_done: bool,
    is_foreign: bool,
}

impl Scan {
    /// Opens the folder, creating it if it is not there.
    pub fn open(dir: &Path, genesis: &Genesis) -> Result<Self, StoreError> {
        file::create_dir(dir)?;
        let segments = super::block_files::segments(dir)?;
        let mut scan = Self {
            dir: dir.to_owned(),
            segments,
            at: 0,
            bytes: Vec::new(),
            offset: 0,
            height: Height(0),
            block: genesis.block(),
            places: Vec::new(),
            torn_bytes: 0,
            damage: None,
            error: None,
            is_done: false,
            is_foreign: false,
        };
        scan.load();
        Ok(scan)
    }

    /// Whether the blocks are those of another founding document: then it is that one which is wrong, and nothing of
    /// them may be touched.
    pub const fn is_foreign(&self) -> bool {
        self.is_foreign
    }

    /// How the scan ended, for a reader that writes nothing: torn bytes at the end, and damage.
    pub fn ended(self) -> Result<(u64, Option<Damage>), StoreError> {
        self.error.map_or(Ok((self.torn_bytes, self.damage)), Err)
    }

    /// Ends the scan, reading what nobody took. The file is cut where reading ended; what stood behind damage is kept
    /// beside it.
    pub fn finish(mut self) -> Result<Scanned, StoreError> {
        self.by_ref().for_each(drop);
        if let Some(error) = self.error {
            return Err(error);
        }
        let segment = self.segment();
        let path = path_of(&self.dir, segment);
        let (witness, noted) = Witness::open(&self.dir.join("reached"));
        if self.torn_bytes > 0 && noted == Noted::Unreadable {
            self.damaged("its end looks torn, and the note of how far it reached does not read".to_owned());
        }
        if self.damage.is_some() {
            let behind = self.segments.iter().copied().filter(|number| *number > segment);
            set_aside(&self.dir, &path, behind)?;
        }
        let mut file = file::open_or_create(&path)?;
        let len = self.offset as u64;
        if file.metadata().map_err(StoreError::at("read", &path))?.len() > len {
            file.set_len(len).and_then(|()| file.sync_all()).map_err(StoreError::at("truncate", &path))?;
        }
        file.seek(SeekFrom::Start(len)).map_err(StoreError::at("seek in", &path))?;
        let reached = self.height.max(Height(noted.reached().map_or(0, |noted| noted.to)));
        let is_set_aside = holds_damaged(&self.dir)?;
        let log = BlockLog { dir: self.dir, segment, file, len, tip: self.height, reached, witness };
        let Self { places, torn_bytes, damage, .. } = self;
        Ok(Scanned { log, places, torn_bytes, damage, reached, is_set_aside })
    }

    /// Number of the file at position `at`; files are numbered from 1 without a gap.
    fn segment(&self) -> u32 {
        u32::try_from(self.at + 1).expect("invariant: a folder holds fewer than 2^32 files")
    }

    /// Reads the file at position `at`.
    fn load(&mut self) {
        self.bytes.clear();
        self.offset = 0;
        let Some(segment) = self.segments.get(self.at) else { return self.stop() };
        if *segment != self.segment() {
            return self.damaged(format!("file {} is missing", self.segment()));
        }
        let path = path_of(&self.dir, *segment);
        match file::read(&path, 2 * SEGMENT_BYTES_MAX) {
            Ok(bytes) => self.bytes = bytes,
            Err(error) => {
                self.error = Some(error);
                self.stop();
            }
        }
    }

    fn stop(&mut self) {
        self.is_done = true;
        self.at = self.at.min(self.segments.len().saturating_sub(1));
    }

    fn damaged(&mut self, detail: String) {
        let (file, offset) = (path_of(&self.dir, self.segment()), self.offset as u64);
        tracing::error!(file = %file.display(), offset, detail, "blocks.log is damaged");
        self.damage = Some(Damage { height: self.height.next(), file, offset, detail });
        self.is_done = true;
    }

    /// A record that follows the chain, or why it does not.
    fn take(&mut self, body_range: std::ops::Range<usize>, end: usize) -> Result<StoredBlock, String> {
        let stored = record::decode_block(&self.bytes[body_range]).map_err(|error| error.to_string())?;
        let header = &stored.block.header;
        if header.height != self.height.next() || header.previous != self.block {
            self.is_foreign = header.height == Height(1) && self.height == Height(0);
            return Err(format!("block {} stands where {} is due", header.height, self.height.next()));
        }
        let len = u32::try_from(end - self.offset).expect("invariant: records are bounded");
        self.places.push(Place { segment: self.segments[self.at], offset: self.offset as u64, len });
        (self.height, self.block, self.offset) = (header.height, stored.block.id(), end);
        Ok(stored)
    }

    /// Whether records stand behind one that looks torn.
    fn is_followed(&self) -> bool {
        self.at + 1 < self.segments.len()
            || record::record_follows(&self.bytes, self.offset, record::BLOCK_MAGIC, BLOCK_RECORD_BYTES_MAX)
    }
}

impl Iterator for Scan {
    type Item = StoredBlock;

    fn next(&mut self) -> Option<StoredBlock> {
        while !self.is_done {
            let (body, end) = match record::read_block_frame(&self.bytes, self.offset) {
                Some(Frame::Record { body, end }) => (end - body.len()..end, end),
                None if self.at + 1 < self.segments.len() => {
                    self.at += 1;
                    self.load();
                    continue;
                }
                None => {
                    self.stop();
                    continue;
                }
                Some(Frame::Torn | Frame::Damaged { last: true }) if !self.is_followed() => {
                    self.torn_bytes = (self.bytes.len() - self.offset) as u64;
                    self.stop();
                    continue;
                }
                Some(Frame::Torn | Frame::Damaged { .. }) => {
                    self.damaged("a record's checksum or length does not hold".to_owned());
                    continue;
                }
            };
            match self.take(body, end) {
                Ok(stored) => return Some(stored),
                Err(detail) => self.damaged(detail),
            }
        }
        None
    }
}

/// Whether anything was ever put aside.
fn holds_damaged(dir: &Path) -> Result<bool, StoreError> {
    let entries = fs::read_dir(dir).map_err(StoreError::at("read", dir))?;
    Ok(entries.flatten().any(|entry| entry.file_name().to_string_lossy().contains(".damaged")))
}

/// Keeps a copy of the damaged file and moves those behind it away, so that nothing is read twice.
fn set_aside(dir: &Path, damaged: &Path, behind: impl Iterator<Item = u32>) -> Result<(), StoreError> {
    if damaged.exists() {
        let copy = damaged.with_extension("damaged");
        fs::copy(damaged, &copy).map_err(StoreError::at("copy", damaged))?;
    }
    for segment in behind {
        file::move_aside(&path_of(dir, segment))?;
    }
    file::sync_dir(dir)
}

#[cfg(test)]
mod tests;
