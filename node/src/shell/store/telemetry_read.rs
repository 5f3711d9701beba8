//! Reading the telemetry log: a whole segment at the start, or the rows of one asset for a question. Damage is passed
//! over and counted, never silent. Which assets a closed segment holds, and from when to when, stands beside it in a
//! small file that may be lost.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ledger::record::{Frame, frame, read_frame};
use protocol::limits::ASSETS_MAX;
use protocol::{Bounded, UnixMs, decode, encode};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::telemetry_log::{Lost, SEGMENT_BYTES_MAX};
use super::{StoreError, file};
use crate::core::catalogue::AssetId;
use crate::core::telemetry::{Body, Found, Row, SegmentReader};

/// Magic of the file beside a closed segment.
const CONTENTS_MAGIC: [u8; 4] = *b"SyT1";
/// Its longest body, bytes.
const CONTENTS_BYTES_MAX: usize = 64 * ASSETS_MAX;

/// Which assets a segment holds, and the times of their first and last reading.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    assets: BTreeMap<AssetId, Span>,
    points: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    first: UnixMs,
    last: UnixMs,
    /// Rows seen by this process; the file beside the segment does not hold it.
    rows: u32,
}

#[derive(Serialize_tuple, Deserialize_tuple)]
struct StoredContents {
    segment_len: u64,
    assets: Bounded<(AssetId, UnixMs, UnixMs), ASSETS_MAX>,
}

/// A stretch of the log to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Number of the segment.
    pub number: u64,
    /// Its file.
    pub path: PathBuf,
    /// Bytes of it that count.
    pub len: u64,
}

/// A stretch of the log, and from when to when the readings asked for in it are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpannedPiece {
    /// Where it is.
    pub piece: Piece,
    /// Time of the first of them.
    pub first: UnixMs,
    /// Time of the last of them.
    pub last: UnixMs,
}

/// What a segment turned out to hold.
#[derive(Debug)]
pub(super) struct Scanned {
    /// Bytes up to the end of its last whole record; 0 if there is none.
    pub(super) len: u64,
    pub(super) contents: Contents,
    pub(super) lost: Lost,
    /// Number of the record after the last one.
    pub(super) next_seq: Option<u64>,
}

/// Looks at a segment in which a gap was seen, before it is believed.
const READ_AGAIN: usize = 3;

impl Contents {
    pub(super) fn add(&mut self, row: &Row) {
        let time = row.time();
        let span = self.assets.entry(row.asset()).or_insert(Span { first: time, last: time, rows: 0 });
        *span = Span { first: span.first.min(time), last: span.last.max(time), rows: span.rows + 1 };
        self.points += row.values().len() as u64;
    }

    /// Rows of the asset that has most of them.
    pub(super) fn asset_rows_max(&self) -> u32 {
        self.assets.values().map(|span| span.rows).max().unwrap_or(0)
    }

    /// Rows that this process wrote or read.
    pub(super) fn rows(&self) -> u64 {
        self.assets.values().map(|span| u64::from(span.rows)).sum()
    }

    /// Values in them.
    pub(super) const fn points(&self) -> u64 {
        self.points
    }

    pub(super) fn may_hold(&self, asset: AssetId, from: UnixMs, to: UnixMs) -> bool {
        self.assets.get(&asset).is_some_and(|span| span.first < to && span.last >= from)
    }

    /// From when to when there are readings of these assets, which rise.
    pub(super) fn span_of(&self, assets: &[(AssetId, UnixMs)], from: UnixMs) -> Option<(UnixMs, UnixMs)> {
        let spans = assets.iter().filter_map(|(asset, until)| {
            self.assets.get(asset).filter(|span| span.first < *until && span.last >= from)
        });
        spans.map(|span| (span.first, span.last)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// Time of the newest reading.
    pub(super) fn newest(&self) -> Option<UnixMs> {
        self.assets.values().map(|span| span.last).max()
    }

    pub(super) fn path_beside(segment: &Path) -> PathBuf {
        segment.with_extension("contents")
    }

    /// Writes the file beside a closed segment. If it cannot be written the segment is read at the next start.
    pub(super) fn save(&self, segment: &Path, segment_len: u64) {
        let assets = self.assets.iter().map(|(asset, span)| (*asset, span.first, span.last)).collect();
        let Ok(assets) = Bounded::new(assets) else { return };
        let bytes = frame(CONTENTS_MAGIC, &encode(&StoredContents { segment_len, assets }));
        if let Err(error) = std::fs::write(Self::path_beside(segment), bytes) {
            tracing::warn!(%error, segment = %segment.display(), "cannot note what a telemetry segment holds");
        }
    }

    /// Reads that file: length of the segment and what it holds; `None` if it does not fit the segment.
    pub(super) fn load(segment: &Path) -> Option<(u64, Self)> {
        let bytes = file::read(&Self::path_beside(segment), 2 * CONTENTS_BYTES_MAX as u64).ok()?;
        let (segment_len, contents) = Self::read_back(&bytes)?;
        let fits = segment.metadata().is_ok_and(|metadata| metadata.len() == segment_len);
        fits.then_some((segment_len, contents))
    }

    /// Length of a segment and what it holds, out of the bytes of the file beside it.
    pub fn read_back(bytes: &[u8]) -> Option<(u64, Self)> {
        let Frame::Record { body, .. } = read_frame(bytes, 0, CONTENTS_MAGIC, CONTENTS_BYTES_MAX)? else {
            return None;
        };
        let stored: StoredContents = decode(body, CONTENTS_BYTES_MAX).ok()?;
        let span = |(asset, first, last)| (asset, Span { first, last, rows: 0 });
        let assets = stored.assets.into_vec().into_iter().map(span).collect();
        Some((stored.segment_len, Self { assets, points: 0 }))
    }
}

/// Reads a whole segment.
pub(super) fn scan(
    path: &Path,
    number: u64,
    next_seq: Option<u64>,
    sink: &mut dyn FnMut(Body),
) -> Result<Scanned, StoreError> {
    let bytes = file::read(path, SEGMENT_BYTES_MAX)?;
    let mut reader = open(path, number, next_seq, &bytes)?;
    let mut scanned =
        Scanned { len: 0, contents: Contents::default(), lost: Lost::default(), next_seq: None };
    while let Some(found) = reader.next() {
        match found {
            Found::Record(record) => {
                scanned.len = reader.offset() as u64;
                if let Body::Rows(rows) = &record.body {
                    rows.iter().for_each(|row| scanned.contents.add(row));
                }
                sink(record.body);
            }
            Found::Gap(gap) => {
                tracing::error!(file = %path.display(), ?gap, "the telemetry log is damaged");
                scanned.lost.gaps += 1;
                scanned.lost.bytes += gap.bytes as u64;
                scanned.lost.records += gap.records.unwrap_or(0);
            }
            Found::TornTail(tail) => scanned.lost.torn_bytes += tail.bytes as u64,
        }
    }
    scanned.next_seq = reader.next_seq();
    Ok(scanned)
}

/// Places of a segment that cannot be read, with whole records behind them. Nothing is changed.
pub fn gaps(path: &Path, number: u64) -> Result<u64, StoreError> {
    Ok(scan(path, number, None, &mut drop)?.lost.gaps)
}

/// Bytes up to the end of the last whole record of a segment that may be written at this moment; none without a record.
pub fn whole_bytes(path: &Path, number: u64) -> Result<Option<u64>, StoreError> {
    let mut found = scan(path, number, None, &mut drop)?;
    for _ in 0..READ_AGAIN {
        if found.lost.gaps == 0 {
            break;
        }
        // Half of a write may have been seen, with the next one behind it; a second look sees both.
        found = scan(path, number, None, &mut drop)?;
    }
    Ok(Some(found.len).filter(|len| *len > 0))
}

/// Hands on the rows of one asset in `[from, to)`, in the order in which they were accepted. A segment that is gone
/// is past its time.
pub fn read_rows(
    pieces: &[Piece],
    asset: AssetId,
    (from, to): (UnixMs, UnixMs),
    mut sink: impl FnMut(&Row),
) -> Result<(), StoreError> {
    for piece in pieces {
        read_piece(piece, |found| found == asset, (from, to), |row| sink(&row))?;
    }
    Ok(())
}

/// Hands on the rows of some assets in `[from, to)`, in the order in which they were accepted. A segment that is gone
/// is past its time.
pub fn read_piece(
    piece: &Piece,
    wanted: impl Fn(AssetId) -> bool,
    (from, to): (UnixMs, UnixMs),
    mut sink: impl FnMut(Row),
) -> Result<(), StoreError> {
    let mut bytes = match file::read(&piece.path, SEGMENT_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.source.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    bytes.truncate(usize::try_from(piece.len).unwrap_or(usize::MAX));
    for found in open(&piece.path, piece.number, None, &bytes)? {
        match found {
            Found::Record(record) => match record.body {
                Body::Rows(rows) => rows
                    .into_iter()
                    .filter(|row| wanted(row.asset()) && from <= row.time() && row.time() < to)
                    .for_each(&mut sink),
                Body::Definitions(_) => {}
            },
            Found::Gap(gap) => {
                tracing::error!(file = %piece.path.display(), ?gap, "the telemetry log is damaged");
                metrics::counter!("symbiose_telemetry_gaps_read_total").increment(1);
            }
            Found::TornTail(_) => {}
        }
    }
    Ok(())
}

fn open<'a>(
    path: &Path,
    number: u64,
    next_seq: Option<u64>,
    bytes: &'a [u8],
) -> Result<SegmentReader<'a>, StoreError> {
    let unreadable = |error| std::io::Error::new(std::io::ErrorKind::InvalidData, error);
    SegmentReader::open(number, next_seq, bytes).map_err(unreadable).map_err(StoreError::at("read", path))
}
