//! One slice of a question, on the reader's thread: the chunks of the day files and what the log holds that is not
//! sealed yet, merged in the order of acceptance, handed on by time.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use protocol::UnixMs;
use web::{Kind, Problem};

use super::{Sink, Target};
use crate::core::catalogue::AssetId;
use crate::core::telemetry::{Columns, DAY_MS, Day, Row, from_rows, merge};
use crate::shell::store::StoreError;
use crate::shell::store::archive::view::ArchiveView;
use crate::shell::store::telemetry_read::{SpannedPiece, read_piece};

/// A range up to this long is read in one slice, milliseconds.
const SLICE_MS_MAX: i64 = 36 * 60 * 60 * 1000;

/// What the reader's thread knows of old readings.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    /// The newest view.
    pub(crate) view: Arc<ArchiveView>,
}

/// What is wanted of it.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) targets: Arc<[Target]>,
    /// Which of the targets.
    pub(super) batch: Range<usize>,
    /// For each target of the batch from when on its readings come from elsewhere.
    pub(super) starts: Arc<[UnixMs]>,
    /// What was not sealed a moment ago.
    pub(super) pieces: Arc<[SpannedPiece]>,
    pub(super) from: UnixMs,
    pub(super) to: UnixMs,
}

/// Reads the first slice and answers where the next one starts, if there may be anything.
pub(super) fn read<S: Sink>(
    archive: &mut Archive,
    wanted: &Wanted,
    sink: &mut S,
) -> Result<Option<UnixMs>, Problem> {
    let end = if wanted.to.since(wanted.from) <= SLICE_MS_MAX {
        wanted.to
    } else {
        Day::of(wanted.from).end().min(wanted.to)
    };
    let slice = (wanted.from, end);
    let mut loose = unsealed(archive, wanted, slice).map_err(|error| unreadable(&error))?;
    for (at, index) in wanted.batch.clone().enumerate() {
        let target = &wanted.targets[index];
        let until = end.min(wanted.starts[at]);
        if wanted.from >= until {
            continue;
        }
        let rows = loose.remove(&target.asset).unwrap_or_default();
        let rows = from_rows(&rows, |column| target.keep(column)).0;
        let (merged, _) = merge(vec![rows], |column| target.keep(column));
        sink.rows(index, &within(merged, wanted.from, until));
    }
    Ok(next(archive, wanted, end))
}

fn within(rows: Columns, from: UnixMs, to: UnixMs) -> Columns {
    let inside = rows.first().is_none_or(|first| first >= from) && rows.last().is_none_or(|last| last < to);
    if inside { rows } else { rows.slice(from, to) }
}

/// Rows of the log that are in no day file, by asset, in the order of acceptance.
fn unsealed(
    archive: &Archive,
    wanted: &Wanted,
    (from, to): (UnixMs, UnixMs),
) -> Result<BTreeMap<AssetId, Vec<Row>>, StoreError> {
    let mut untils = BTreeMap::new();
    for (at, index) in wanted.batch.clone().enumerate() {
        untils.insert(wanted.targets[index].asset, to.min(wanted.starts[at]));
    }
    let mut rows: BTreeMap<AssetId, Vec<Row>> = BTreeMap::new();
    for SpannedPiece { piece, first, last } in wanted.pieces.iter() {
        if piece.number <= archive.view.sealed_to || *first >= to || *last < from {
            continue;
        }
        read_piece(
            piece,
            |asset| untils.contains_key(&asset),
            (from, to),
            |row| {
                if untils.get(&row.asset()).is_some_and(|until| row.time() < *until) {
                    rows.entry(row.asset()).or_default().push(row);
                }
            },
        )?;
    }
    Ok(rows)
}

/// The first time behind `end` at which there may be a reading.
fn next(archive: &Archive, wanted: &Wanted, end: UnixMs) -> Option<UnixMs> {
    let unsealed = wanted.pieces.iter().filter(|piece| piece.piece.number > archive.view.sealed_to);
    let unsealed = unsealed.filter(|piece| piece.last >= end).map(|piece| piece.first.max(end));
    let day = archive.view.days.range(Day::of(end)..).next().map(|(day, _)| day.start().max(end));
    unsealed.chain(day).min().filter(|start| *start < wanted.to)
}

fn unreadable(error: &StoreError) -> Problem {
    tracing::error!(%error, "old readings cannot be read");
    Problem::new(Kind::Internal, error.to_string())
}

const _: () = assert!(SLICE_MS_MAX >= DAY_MS);
