//! What the archive holds, as a reader sees it: a value that never changes. The archivist publishes a new one before
//! it lets a file or a segment of the write-ahead log go, so that whoever holds the newest view finds all it names.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use protocol::UnixMs;

use crate::core::catalogue::AssetId;
use crate::core::telemetry::{ChunkHeader, Day};

/// All day files.
#[derive(Debug, Clone, Default)]
pub struct ArchiveView {
    /// Segments of the write-ahead log up to this number are in the day files; what a piece of theirs holds need not
    /// be read again.
    pub sealed_to: u64,
    /// The files of each day.
    pub days: BTreeMap<Day, Arc<DayView>>,
}

/// The files of one day. In the order of acceptance its readings are those of `seg`, then those of `open`, then those
/// of the write-ahead log.
#[derive(Debug, Clone, Default)]
pub struct DayView {
    /// Chunks sealed since the day was last merged, in the order of their offsets. Those of one asset may overlap.
    pub open: Option<Arc<FileView>>,
    /// The merged day: chunks of one asset follow each other in time.
    pub seg: Option<Arc<FileView>>,
    /// Sums of the merged day. They know nothing of what `open` holds: an asset with chunks there is read from its
    /// readings.
    pub roll: Option<Arc<RollView>>,
}

/// Which file of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    /// `YYYY-MM-DD.open`
    Open,
    /// `YYYY-MM-DD.seg`
    Seg,
    /// `YYYY-MM-DD.roll`
    Roll,
}

/// A file with chunks.
#[derive(Debug, Clone)]
pub struct FileView {
    /// Its day.
    pub day: Day,
    /// [`FileKind::Open`] or [`FileKind::Seg`].
    pub kind: FileKind,
    /// Where it is.
    pub path: PathBuf,
    /// Bytes of it that count; an open file may have grown since.
    pub bytes: u64,
    /// Tells this file from an earlier one of the same name.
    pub incarnation: u64,
    /// Its chunks if they are at hand, as for every open file; otherwise [`super::read::places`] reads them.
    pub places: Option<Arc<Places>>,
}

impl FileView {
    /// Tells a file as it is now from all others: what is known of it stays true as long as this stays the same.
    pub const fn key(&self) -> (Day, FileKind, u64, u64) {
        (self.day, self.kind, self.incarnation, self.bytes)
    }
}

/// The chunks of each asset, in the order of their offsets.
pub type Places = BTreeMap<AssetId, Vec<ChunkPlace>>;

/// Where a chunk is, frame included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkPlace {
    /// First byte in the file.
    pub offset: u64,
    /// Bytes of it.
    pub len: u32,
    /// Time of its first row.
    pub first: UnixMs,
    /// Time of its last row.
    pub last: UnixMs,
    /// Number of the segment of the write-ahead log it was sealed from; of a merged chunk the newest of these.
    pub generation: u64,
    /// Its rows.
    pub rows: u32,
    /// Its values.
    pub points: u32,
}

impl ChunkPlace {
    /// Of a chunk that was found in its file.
    pub(super) fn of(offset: usize, len: usize, header: &ChunkHeader) -> Self {
        Self {
            offset: offset as u64,
            len: u32::try_from(len).unwrap_or(u32::MAX),
            first: header.first,
            last: header.last,
            generation: header.generation,
            rows: header.rows,
            points: u32::try_from(header.points()).unwrap_or(u32::MAX),
        }
    }
}

/// A file with sums.
#[derive(Debug, Clone)]
pub struct RollView {
    /// Its day.
    pub day: Day,
    /// Where it is.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Tells this file from an earlier one of the same name.
    pub incarnation: u64,
}

/// Damage that somebody met while reading a day file. The archivist puts it on record once and mends what can be
/// mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// The day.
    pub day: Day,
    /// Which of its files.
    pub kind: FileKind,
    /// The file, see [`FileView::incarnation`].
    pub incarnation: u64,
    /// Where in it.
    pub offset: u64,
    /// Bytes that cannot be read; 0 for an index, without which nothing is lost.
    pub bytes: u64,
}
