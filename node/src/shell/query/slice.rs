//! One slice of a question, on the reader's thread: the chunks of the day files and what the log holds that is not
//! sealed yet, merged in the order of acceptance, handed on by time.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use protocol::UnixMs;
use web::{Kind, Problem};

use super::rolls::{Rolls, Sums};
use super::{Sink, Target};
use crate::core::catalogue::{AssetId, Column};
use crate::core::telemetry::{Columns, DAY_MS, Day, Row, Slot, from_rows, merge};
use crate::shell::archivist::{Archivist, Task};
use crate::shell::store::StoreError;
use crate::shell::store::archive::read::DayFile;
use crate::shell::store::archive::view::{ArchiveView, Damage, FileKind, FileView};
use crate::shell::store::telemetry_read::{SpannedPiece, read_piece};

/// A range up to this long is read in one slice, milliseconds.
const SLICE_MS_MAX: i64 = 36 * 60 * 60 * 1000;

/// Day files that are kept open.
const FILES_MAX: usize = 32;

/// What the reader's thread knows of old readings.
#[derive(Debug)]
pub(crate) struct Archive {
    /// The newest view.
    view: Arc<ArchiveView>,
    /// Files in use lately, by what tells them from others, with the time of their last use, counted in uses.
    files: BTreeMap<FileKey, (u64, Arc<DayFile>)>,
    uses: u64,
    rolls: Rolls,
    archivist: Archivist,
}

type FileKey = (Day, FileKind, u64, u64);

impl Archive {
    /// With nothing in it. Damage that is met goes to the archivist.
    pub(crate) fn new(archivist: Archivist) -> Self {
        Self { view: Arc::default(), files: BTreeMap::new(), uses: 0, rolls: Rolls::default(), archivist }
    }

    /// Everything is read from this view from now on.
    pub(crate) fn show(&mut self, view: Arc<ArchiveView>) {
        let files = view.days.values().flat_map(|day| [&day.seg, &day.open]).flatten();
        let named: BTreeSet<FileKey> = files.map(|file| file.key()).collect();
        self.files.retain(|key, _| named.contains(key));
        self.rolls.retain(&view);
        self.view = view;
    }

    /// The files with readings in `[from, to)`, in the order of acceptance of each day.
    fn files(&mut self, from: UnixMs, to: UnixMs) -> Result<Vec<Arc<DayFile>>, StoreError> {
        if from >= to {
            return Ok(Vec::new());
        }
        let view = Arc::clone(&self.view);
        let days = view.days.range(Day::of(from)..=Day::of(to.plus(-1))).map(|(_, day)| day);
        let mut opened = Vec::new();
        for file in days.flat_map(|day| [&day.seg, &day.open]).flatten() {
            match self.open(file) {
                Ok(file) => opened.push(file),
                // The file went away: what is left is told, and the archivist puts the loss on record.
                Err(error) if error.source.kind() == std::io::ErrorKind::NotFound => {
                    let FileView { day, kind, incarnation, bytes, .. } = **file;
                    self.report(Damage { day, kind, incarnation, offset: 0, bytes });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(opened)
    }

    fn open(&mut self, view: &Arc<FileView>) -> Result<Arc<DayFile>, StoreError> {
        self.uses += 1;
        if let Some((used, file)) = self.files.get_mut(&view.key()) {
            *used = self.uses;
            return Ok(Arc::clone(file));
        }
        let (file, damage) = DayFile::open(view)?;
        damage.into_iter().for_each(|damage| self.report(damage));
        let file = Arc::new(file);
        if self.files.len() >= FILES_MAX
            && let Some(oldest) = self.files.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| *key)
        {
            self.files.remove(&oldest);
        }
        self.files.insert(view.key(), (self.uses, Arc::clone(&file)));
        Ok(file)
    }

    /// The chunks of an asset that overlap `[from, to)`. What does not read is reported and left out.
    fn chunks(
        &self,
        files: &[Arc<DayFile>],
        asset: AssetId,
        wanted: &[Column],
        (from, to): (UnixMs, UnixMs),
    ) -> Vec<Columns> {
        let mut parts = Vec::new();
        for file in files {
            let places = file.places().get(&asset).map_or(&[][..], Vec::as_slice);
            for place in places.iter().filter(|place| place.first < to && place.last >= from) {
                match file.chunk(asset, place, Some(wanted)) {
                    Ok(rows) => parts.push(within(rows, from, to)),
                    Err(damage) => self.report(damage),
                }
            }
        }
        parts
    }

    fn sums(&mut self, asset: AssetId, slot_ms: i64, range: (UnixMs, UnixMs)) -> Option<Sums> {
        let view = Arc::clone(&self.view);
        let day = view.days.get(&Day::of(range.0))?;
        let sums = self.rolls.sums(day, asset, slot_ms, range);
        sums.unwrap_or_else(|damage| {
            self.report(damage);
            None
        })
    }

    fn report(&self, damage: Damage) {
        if self.archivist.send(Task::Damaged(damage)).is_err() {
            tracing::debug!("the archivist is gone; damage is met again");
        }
    }
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
        let rows = loose.remove(&target.asset).unwrap_or_default();
        let mut from = wanted.from;
        while from < until {
            let part = (from, Day::of(from).end().min(until));
            day(archive, (index, target), part, &rows, sink).map_err(|error| unreadable(&error))?;
            from = part.1;
        }
    }
    Ok(next(archive, wanted, end))
}

/// What lies in `[from, to)` of one day: sums where they do, readings otherwise.
fn day<S: Sink>(
    archive: &mut Archive,
    (index, target): (usize, &Target),
    (from, to): (UnixMs, UnixMs),
    loose: &[Row],
    sink: &mut S,
) -> Result<(), StoreError> {
    let loose: Vec<&Row> = loose.iter().filter(|row| from <= row.time() && row.time() < to).collect();
    let slot_ms = sink.slot_ms().filter(|_| loose.is_empty());
    let sums = slot_ms.and_then(|slot_ms| archive.sums(target.asset, slot_ms, (from, to)));
    let ids = target.ids();
    let Some(Sums { rollup, from: first, to: end }) = sums else {
        return readings(archive, (index, target), &ids, (from, to), &loose, sink);
    };
    readings(archive, (index, target), &ids, (from, first), &loose, sink)?;
    let told: Vec<Column> = rollup.columns.iter().map(|(column, _)| *column).collect();
    for (column, slots) in rollup.columns.iter().filter(|(column, _)| ids.contains(column)) {
        let place = |time: UnixMs| place_of(slots, time.since(rollup.day.start()) / rollup.slot_ms);
        let from = place(first);
        sink.slots(index, *column, &slots[from..place(end).max(from)]);
    }
    // A metric whose sums are gone may still have readings.
    let rest: Vec<Column> = ids.iter().copied().filter(|column| !told.contains(column)).collect();
    readings(archive, (index, target), &rest, (first, end), &loose, sink)?;
    readings(archive, (index, target), &ids, (end, to), &loose, sink)
}

/// Place of the first slot with this number or a greater one. Of a day without gaps each slot stands at its own number,
/// and only its neighbourhood is looked at.
fn place_of(slots: &[(u16, Slot)], number: i64) -> usize {
    // Numbers rise, so that none stands behind its own.
    let at = usize::try_from(number).unwrap_or(0).min(slots.len());
    let is_before = |(known, _): &(u16, Slot)| i64::from(*known) < number;
    if slots[..at].last().is_none_or(is_before) { at } else { slots[..at].partition_point(is_before) }
}

fn readings<S: Sink>(
    archive: &mut Archive,
    (index, target): (usize, &Target),
    columns: &[Column],
    (from, to): (UnixMs, UnixMs),
    loose: &[&Row],
    sink: &mut S,
) -> Result<(), StoreError> {
    if from >= to || columns.is_empty() {
        return Ok(());
    }
    let files = archive.files(from, to)?;
    let mut parts = archive.chunks(&files, target.asset, columns, (from, to));
    let loose = loose.iter().copied().filter(|row| from <= row.time() && row.time() < to);
    parts.push(from_rows(loose, |column| target.keep(column)).0);
    parts.retain(|part| !part.is_empty());
    // Chunks mostly follow each other in time: then there is nothing to merge.
    if parts.windows(2).all(|pair| pair[0].last() < pair[1].first()) {
        parts.iter().for_each(|part| sink.rows(index, part));
    } else {
        sink.rows(index, &merge(parts, |column| target.keep(column)).0);
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_found_with_and_without_gaps() {
        let at = UnixMs(0);
        let slot = Slot {
            count: 1,
            min: 0.0,
            max: 0.0,
            sum: 0.0,
            first: 0.0,
            first_at: at,
            last: 0.0,
            last_at: at,
            rise: 0.0,
        };
        for numbers in [&[0u16, 1, 2, 3][..], &[], &[2], &[0, 3, 4, 90], &[1, 2, 3, 95]] {
            let slots: Vec<(u16, Slot)> = numbers.iter().map(|number| (*number, slot)).collect();
            for wanted in 0..=96 {
                let expected = numbers.iter().filter(|number| i64::from(**number) < wanted).count();
                assert_eq!(place_of(&slots, wanted), expected, "{wanted} in {numbers:?}");
            }
        }
    }
}
