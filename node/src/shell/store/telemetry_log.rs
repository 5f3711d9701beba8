//! The telemetry log: numbered segments of 4 MiB, preallocated, written and synced in batches. A batch counts when
//! [`TelemetryLog::commit`] answers `Ok`. A full disk refuses batches until there is room; a failed sync refuses all
//! of them until the process starts again, because nobody knows what is on disk then. A segment that is closed waits
//! until the archivist has its readings in day files and says so; nothing else ever removes one.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use protocol::UnixMs;
use protocol::limits::TELEMETRY_SEGMENT_BYTES;

use super::telemetry_read::{Contents, Piece, SpannedPiece, scan};
use super::witness::{Noted, Reached, Witness};
use super::written::{Kind, Written};
use super::{StoreError, file};
use crate::core::catalogue::{AssetId, Definition};
use crate::core::telemetry::{Body, HEAD_SPAN_MS_MAX, Row, SegmentWriter};
use crate::shell::clock::Stopwatch;

/// Segments read back at the start at the most: what the heads of 1,000 assets can hold fits in.
const REPLAY_SEGMENTS_MAX: usize = 8;
/// A segment without preallocated space is at most this much longer than one with it, bytes.
pub(super) const SEGMENT_BYTES_MAX: u64 = 4 * TELEMETRY_SEGMENT_BYTES as u64;
/// A segment is closed at this age: readings that are in no day file yet are all in the core's heads (two hours), so that
/// no question has to read the log for them.
const SEGMENT_AGE_MAX: Duration = Duration::from_secs(100 * 60);
/// A segment with this many rows of one asset is closed, for the same reason: a head has 720, and one more commit may
/// come on top.
const ASSET_ROWS_MAX: u32 = 640;
/// A shorter segment is not closed for its rows, bytes: one asset sent in bulk would make a file of every batch.
const CLOSE_BYTES_MIN: u64 = 256 * 1024;

/// Whether readings can be stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Health {
    /// Yes.
    #[default]
    Accepting,
    /// Not until the disk has room again.
    Full,
    /// Not until the process starts again.
    Broken,
}

/// What the log holds that cannot be read, since the process started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lost {
    /// Places with damage.
    pub gaps: u64,
    /// Bytes there.
    pub bytes: u64,
    /// Records there, as far as their numbers tell.
    pub records: u64,
    /// Bytes of writes that were under way when the process died; they were never acknowledged.
    pub torn_bytes: u64,
}

/// An end of the log that is missing although it was acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostEnd {
    /// Number of the segment.
    pub segment: u64,
    /// What is left of it, bytes.
    pub offset: u64,
    /// What is missing, bytes.
    pub bytes: u64,
}

#[derive(Debug)]
struct Current {
    number: u64,
    path: PathBuf,
    file: File,
    len: u64,
    contents: Contents,
    age: Stopwatch,
}

/// How a log is to be kept.
#[derive(Debug, Clone)]
pub struct Keeping {
    /// Bytes it may have; beyond them batches are refused as if the disk were full.
    pub bytes_max: u64,
    /// New segments get numbers above this one: chunks in day files bear those up to it.
    pub numbers_above: u64,
    /// Where bytes are counted.
    pub written: Written,
}

/// What waits in the log for the archivist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// Bytes on disk.
    pub bytes: u64,
    /// Rows written since the process started, or read back at the start.
    pub rows: u64,
    /// Values in them.
    pub points: u64,
}

/// The log, open for writing.
#[derive(Debug)]
pub struct TelemetryLog {
    dir: PathBuf,
    keeping: Keeping,
    current: Option<Current>,
    /// Segments that are closed, with what is in them.
    closed: BTreeMap<u64, (u64, Contents)>,
    /// Closed segments up to this number were handed out.
    handed_out: u64,
    next_segment: u64,
    next_seq: u64,
    /// Every catalogue entry, for the start of the next segment.
    catalogue: Vec<Definition>,
    /// Entries of it that the current segment does not have yet.
    written_definitions: usize,
    buffer: Vec<u8>,
    health: Health,
    witness: Witness,
    /// Segment of its note.
    noted: u64,
    lost_ends: Vec<LostEnd>,
}

impl TelemetryLog {
    /// Opens a folder. The recent past is handed to `replay`, in the order in which it was accepted.
    pub fn open(
        dir: &Path,
        keeping: Keeping,
        mut replay: impl FnMut(Body),
    ) -> Result<(Self, Lost), StoreError> {
        file::create_dir(dir)?;
        let numbers = segments(dir)?;
        let (witness, noted) = Witness::open(&dir.join("reached"));
        let reached = noted.reached();
        let taken = numbers.last().map_or(0, |last| *last).max(keeping.numbers_above);
        let mut log = Self {
            dir: dir.to_owned(),
            keeping,
            current: None,
            closed: BTreeMap::new(),
            handed_out: 0,
            next_segment: taken + 1,
            next_seq: 0,
            catalogue: Vec::new(),
            written_definitions: 0,
            buffer: Vec::new(),
            health: Health::Accepting,
            witness,
            noted: reached.map_or(0, |reached| reached.to),
            lost_ends: Vec::new(),
        };
        log.miss_segments(&numbers);
        let mut lost = log.read_back(&numbers, &mut replay)?;
        log.miss_the_end(reached);
        lost.gaps += log.lost_ends.len() as u64;
        lost.gaps += u64::from(noted == Noted::Unreadable && lost.torn_bytes > 0);
        lost.bytes += log.lost_ends.iter().map(|end| end.bytes).sum::<u64>();
        remove_orphans(dir, &numbers);
        Ok((log, lost))
    }

    /// Adds catalogue entries; they are written before the next rows.
    pub fn define(&mut self, definitions: Vec<Definition>) {
        self.catalogue.extend(definitions);
    }

    /// Writes and syncs the rows of several requests. They are all on disk, or none counts.
    pub fn commit(&mut self, requests: &[&[Row]]) -> Result<(), StoreError> {
        if self.health == Health::Broken {
            let source = std::io::Error::other("an earlier sync failed");
            return Err(StoreError { action: "append to", path: self.dir.clone(), source });
        }
        let committed = self.try_commit(requests);
        match &committed {
            Ok(()) => self.health = Health::Accepting,
            Err(error) if error.action == "sync" => self.health = Health::Broken,
            Err(_) => {
                self.health = Health::Full;
                self.close();
            }
        }
        committed
    }

    /// Ends the segment that is being written, so that it can be sealed and the next start need not read it whole.
    pub fn finish(&mut self) {
        self.close();
    }

    /// Ends the segment that is being written if it is two hours old, and answers the closed segments that were not
    /// handed out before, oldest first.
    pub fn hand_out(&mut self) -> Vec<Piece> {
        if self.current.as_ref().is_some_and(|current| current.age.elapsed() >= SEGMENT_AGE_MAX) {
            self.close();
        }
        let fresh = self.closed.range(self.handed_out + 1..);
        let pieces: Vec<Piece> = fresh
            .map(|(number, (len, _))| Piece { number: *number, path: path_of(&self.dir, *number), len: *len })
            .collect();
        self.handed_out = pieces.last().map_or(self.handed_out, |piece| piece.number);
        pieces
    }

    /// Lets the closed segments up to `number` go: their readings are in day files, synced.
    pub fn let_go(&mut self, number: u64) -> Result<(), StoreError> {
        if self.noted <= number {
            self.witness.note(Reached::default());
            self.noted = 0;
        }
        while let Some(oldest) = self.closed.first_entry().filter(|oldest| *oldest.key() <= number) {
            let path = path_of(&self.dir, *oldest.key());
            match fs::remove_file(&path) {
                // Damaged beyond reading it was moved aside.
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StoreError::at("remove", &path)(error));
                }
                Ok(()) | Err(_) => {}
            }
            drop(fs::remove_file(Contents::path_beside(&path)));
            oldest.remove();
        }
        file::sync_dir(&self.dir)
    }

    /// The greatest number of which no segment up to it is there any more.
    pub fn sealed_before(&self) -> u64 {
        let oldest = self.closed.first_key_value().map(|(number, _)| *number);
        oldest.or(self.current.as_ref().map(|current| current.number)).unwrap_or(self.next_segment) - 1
    }

    /// Ends that were found missing at the start.
    pub fn lost_ends(&self) -> &[LostEnd] {
        &self.lost_ends
    }

    /// What waits for the archivist.
    pub fn waiting(&self) -> Waiting {
        let closed = self.closed.values().map(|(_, contents)| contents);
        let all = || closed.clone().chain(self.current.iter().map(|current| &current.contents));
        Waiting {
            bytes: self.bytes(),
            rows: all().map(Contents::rows).sum(),
            points: all().map(Contents::points).sum(),
        }
    }

    /// Whether readings can be stored now.
    pub const fn health(&self) -> &Health {
        &self.health
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        let current = self.current.as_ref().map_or(0, |current| current.len);
        self.closed.values().map(|(len, _)| len).sum::<u64>() + current
    }

    /// The pieces of the log that may hold readings of an asset in `[from, to)`, oldest first.
    pub fn pieces(&self, asset: AssetId, from: UnixMs, to: UnixMs) -> Vec<Piece> {
        let closed = self.closed.iter().map(|(number, (len, contents))| (*number, *len, contents));
        let current = self.current.iter().map(|current| (current.number, current.len, &current.contents));
        closed
            .chain(current)
            .filter(|(_, _, contents)| contents.may_hold(asset, from, to))
            .map(|(number, len, _)| Piece { number, path: path_of(&self.dir, number), len })
            .collect()
    }

    /// The same for several assets, each up to a time of its own, with the times of their first and last reading in each
    /// piece.
    pub fn pieces_of(&self, assets: &[(AssetId, UnixMs)], from: UnixMs) -> Vec<SpannedPiece> {
        let closed = self.closed.iter().map(|(number, (len, contents))| (*number, *len, contents));
        let current = self.current.iter().map(|current| (current.number, current.len, &current.contents));
        let spanned = |(number, len, contents): (u64, u64, &Contents)| {
            let (first, last) = contents.span_of(assets, from)?;
            let piece = Piece { number, path: path_of(&self.dir, number), len };
            Some(SpannedPiece { piece, first, last })
        };
        closed.chain(current).filter_map(spanned).collect()
    }

    fn try_commit(&mut self, requests: &[&[Row]]) -> Result<(), StoreError> {
        let next_seq = self.encode(requests)?;
        let current = self.current.as_mut().expect("invariant: encoding opens a segment");
        let (path, file) = (&current.path, &current.file);
        file.write_all_at(&self.buffer, current.len).map_err(StoreError::at("append to", path))?;
        file.sync_data().map_err(StoreError::at("sync", path))?;
        current.len += self.buffer.len() as u64;
        self.witness.note(Reached { to: current.number, with: current.len });
        self.noted = current.number;
        self.next_seq = next_seq;
        self.written_definitions = self.catalogue.len();
        self.keeping.written.add(Kind::Wal, self.buffer.len() as u64);
        requests.iter().flat_map(|rows| rows.iter()).for_each(|row| current.contents.add(row));
        if current.len >= CLOSE_BYTES_MIN && current.contents.asset_rows_max() >= ASSET_ROWS_MAX {
            self.close();
        }
        Ok(())
    }

    /// Encodes the batch for the current segment, or for a new one if it does not fit. Answers the number of the
    /// record that comes next.
    fn encode(&mut self, requests: &[&[Row]]) -> Result<u64, StoreError> {
        if let Some(current) = &self.current {
            let mut writer = SegmentWriter::resume(current.number, self.next_seq);
            self.buffer.clear();
            writer.definitions(&self.catalogue[self.written_definitions..], &mut self.buffer);
            requests.iter().for_each(|rows| writer.rows(rows, &mut self.buffer));
            if current.len + self.buffer.len() as u64 <= TELEMETRY_SEGMENT_BYTES as u64 {
                return Ok(writer.next_seq());
            }
            self.close();
        }
        self.check_budget()?;
        let number = self.next_segment;
        self.next_segment += 1;
        self.buffer.clear();
        let mut writer = SegmentWriter::start(number, self.next_seq, &self.catalogue, &mut self.buffer);
        requests.iter().for_each(|rows| writer.rows(rows, &mut self.buffer));
        let path = path_of(&self.dir, number);
        let file = create(&path)?;
        let (contents, age) = (Contents::default(), Stopwatch::start());
        self.current = Some(Current { number, path, file, len: 0, contents, age });
        Ok(writer.next_seq())
    }

    /// Ends the current segment at what counts of it.
    fn close(&mut self) {
        let Some(current) = self.current.take() else { return };
        if let Err(error) = current.file.set_len(current.len) {
            tracing::warn!(%error, segment = current.number, "cannot give unused space back");
        }
        current.contents.save(&current.path, current.len);
        self.closed.insert(current.number, (current.len, current.contents));
    }

    /// What was acknowledged is never dropped to make room: the sender is told to wait instead.
    fn check_budget(&self) -> Result<(), StoreError> {
        let (bytes, bytes_max) = (self.bytes(), self.keeping.bytes_max);
        if bytes + TELEMETRY_SEGMENT_BYTES as u64 <= bytes_max {
            return Ok(());
        }
        let detail = format!("{bytes} bytes wait to be sealed, at most {bytes_max} allowed");
        let source = std::io::Error::new(std::io::ErrorKind::QuotaExceeded, detail);
        Err(StoreError { action: "add a segment to", path: self.dir.clone(), source })
    }

    /// Learns what the segments hold, and hands the recent past on.
    fn read_back(&mut self, numbers: &[u64], replay: &mut impl FnMut(Body)) -> Result<Lost, StoreError> {
        let known: Vec<_> =
            numbers.iter().map(|number| Contents::load(&path_of(&self.dir, *number))).collect();
        let first = first_to_replay(&known);
        let mut lost = Lost::default();
        let mut next_seq = None;
        for (at, (number, known)) in numbers.iter().zip(known).enumerate() {
            match known {
                Some((len, contents)) if at < first => {
                    self.closed.insert(*number, (len, contents));
                    next_seq = None;
                }
                Some(_) | None => {
                    let is_recent = at >= first;
                    let found = scan(&path_of(&self.dir, *number), *number, next_seq, &mut |body| {
                        if is_recent {
                            replay(body);
                        }
                    })?;
                    next_seq = found.next_seq;
                    self.next_seq = self.next_seq.max(found.next_seq.unwrap_or(0));
                    match known {
                        // It was closed at this length: what does not read at its end is damage, not a torn write.
                        Some((len, _)) => {
                            lost.add(&found.lost.with_damaged_end());
                            self.closed.insert(*number, (len, found.contents));
                        }
                        None => {
                            lost.add(&found.lost);
                            self.keep(*number, found.len, found.contents)?;
                        }
                    }
                }
            }
        }
        Ok(lost)
    }

    /// A segment that is gone while what stands beside it is there, and that is in no day file, was lost.
    fn miss_segments(&mut self, numbers: &[u64]) {
        for number in contents_in(&self.dir) {
            if number <= self.keeping.numbers_above || numbers.contains(&number) {
                continue;
            }
            let bytes = Contents::load(&path_of(&self.dir, number)).map_or(0, |(len, _)| len);
            self.lost_ends.push(LostEnd { segment: number, offset: 0, bytes });
        }
    }

    /// What was acknowledged last is noted beside the log: a segment that ends before it lost its end.
    fn miss_the_end(&mut self, reached: Option<Reached>) {
        let Some(Reached { to: segment, with: len }) = reached else { return };
        let known = self.lost_ends.iter().any(|end| end.segment == segment);
        let found = self.closed.get(&segment).map_or(0, |(len, _)| *len);
        // What has its readings in day files was let go.
        let is_sealed = found == 0 && segment <= self.keeping.numbers_above;
        if !known && !is_sealed && found < len {
            self.lost_ends.push(LostEnd { segment, offset: found, bytes: len - found });
        }
    }

    /// Keeps a segment of an earlier process, cut to its whole records; one without any goes.
    fn keep(&mut self, number: u64, len: u64, contents: Contents) -> Result<(), StoreError> {
        let path = path_of(&self.dir, number);
        if len == 0 {
            return fs::remove_file(&path).map_err(StoreError::at("remove", &path));
        }
        let file = OpenOptions::new().write(true).open(&path).map_err(StoreError::at("open", &path))?;
        file.set_len(len).map_err(StoreError::at("truncate", &path))?;
        contents.save(&path, len);
        self.closed.insert(number, (len, contents));
        Ok(())
    }
}

impl Lost {
    /// The same, of a segment that is known to have been whole.
    pub(super) fn with_damaged_end(mut self) -> Self {
        self.gaps += u64::from(self.torn_bytes > 0);
        self.bytes += std::mem::take(&mut self.torn_bytes);
        self
    }

    /// Adds what another piece lost.
    pub fn add(&mut self, other: &Self) {
        self.gaps += other.gaps;
        self.bytes += other.bytes;
        self.records += other.records;
        self.torn_bytes += other.torn_bytes;
    }
}

/// Position of the first segment that may hold a reading of the last two hours. Segments whose contents are not known
/// count as recent.
fn first_to_replay(known: &[Option<(u64, Contents)>]) -> usize {
    let newest =
        |segment: &Option<(u64, Contents)>| segment.as_ref().and_then(|(_, contents)| contents.newest());
    let horizon = known.iter().filter_map(newest).max().map(|newest| newest.plus(-HEAD_SPAN_MS_MAX));
    let is_old = |segment: &Option<(u64, Contents)>| match (newest(segment), horizon) {
        (Some(newest), Some(horizon)) => newest < horizon,
        (None, _) | (_, None) => segment.is_some(),
    };
    let recent = known.iter().rposition(is_old).map_or(0, |last_old| last_old + 1);
    // The last one tells the number of the next record.
    recent.max(known.len().saturating_sub(REPLAY_SEGMENTS_MAX)).min(known.len().saturating_sub(1))
}

fn path_of(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("telemetry-{number:010}.log"))
}

fn segments(dir: &Path) -> Result<Vec<u64>, StoreError> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir).map_err(StoreError::at("read", dir))? {
        let name = entry.map_err(StoreError::at("read", dir))?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("telemetry-")?.strip_suffix(".log"));
        numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Numbers of the segments beside which their contents stand.
fn contents_in(dir: &Path) -> Vec<u64> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let number = |name: &str| -> Option<u64> {
        name.strip_prefix("telemetry-")?.strip_suffix(".contents")?.parse().ok()
    };
    entries.flatten().filter_map(|entry| number(&entry.file_name().to_string_lossy())).collect()
}

/// What stands beside segments that went while the process was killed.
fn remove_orphans(dir: &Path, numbers: &[u64]) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let is_beside = path.extension().is_some_and(|extension| extension == "contents");
        if is_beside && !numbers.iter().any(|number| Contents::path_beside(&path_of(dir, *number)) == path) {
            // It costs a few hundred bytes; the next start tries again.
            drop(fs::remove_file(path));
        }
    }
}

/// A new segment with its space taken beforehand, so that a commit changes no length and finds no full disk.
fn create(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    let file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(StoreError::at("create", path))?;
    let allocated =
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, TELEMETRY_SEGMENT_BYTES as u64);
    let allocated = match allocated {
        // A file system that cannot take space beforehand: the file grows as it is written.
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) | Ok(()) => Ok(()),
        Err(error) => Err(std::io::Error::from(error)),
    };
    let ready = allocated.and_then(|()| file.sync_all()).map_err(StoreError::at("make room for", path));
    let ready = ready.and_then(|()| path.parent().map_or(Ok(()), file::sync_dir));
    if ready.is_err() {
        drop(fs::remove_file(path));
    }
    ready.map(|()| file)
}

#[cfg(test)]
mod tests;
