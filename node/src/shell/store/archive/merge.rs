//! A day that is over becomes one file of readings and one of sums, written beside their places and then given their
//! names. Readings and sums that are past their time are left out, so that the same step lets them go. Whatever was
//! merged is found in the new files when a step was cut short.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use protocol::limits::CHUNK_ROWS_MAX;
use protocol::{Digest, UnixMs};

use super::super::StoreError;
use super::super::written::Kind;
use super::losses::Loss;
use super::read::{DayFile, RollFile, rollups_without_index};
use super::rows::FileRow;
use super::rules::{Expired, Rules};
use super::view::{ChunkPlace, Damage, FileKind, FileView};
use super::{Archive, Held, files, loss};
use crate::core::catalogue::{AssetId, Column};
use crate::core::telemetry::{
    AssetRollup, Columns, DAY_MS, Day, Footer, Generations, QUARTER_MS, RollWriter, SegWriter, Slot, merge,
    merge_slots,
};

/// Encoded bytes that are written at once.
const WRITE_BYTES: usize = 256 * 1024;

/// Slots of each column, by rising number.
type Slots = BTreeMap<Column, Vec<(u16, Slot)>>;

/// A file being written beside its place.
struct Unfinished {
    kind: FileKind,
    path: PathBuf,
    file: File,
    len: u64,
    buffer: Vec<u8>,
}

/// What a day is merged from.
struct Sources {
    files: Vec<DayFile>,
    sums: BTreeMap<(AssetId, i64), AssetRollup>,
    generations: Generations,
    damage: Vec<Damage>,
}

impl Archive {
    /// Merges a day, `age` days after it. Nothing of its old files is needed once this answers `Ok`; they go with
    /// [`Archive::remove_released`].
    pub(super) fn merge_day(
        &mut self,
        day: Day,
        age: i64,
        rules: &Rules,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        let merged = self.try_merge(day, age, rules, now);
        if merged.is_err() {
            for kind in [FileKind::Seg, FileKind::Roll] {
                // A full disk wants its room back; the next start removes what is left.
                drop(self.disk.remove(&files::unfinished(&self.dir, day, kind)));
            }
        }
        merged
    }

    fn try_merge(&mut self, day: Day, age: i64, rules: &Rules, now: UnixMs) -> Result<(), StoreError> {
        let mut sources = self.sources(day)?;
        let mut seg = self.begin(day, FileKind::Seg)?;
        let mut roll = self.begin(day, FileKind::Roll)?;
        let (mut readings, mut sums) =
            (SegWriter::start(day, &mut seg.buffer), RollWriter::start(day, &mut roll.buffer));
        for asset in sources.assets() {
            let work = Merging { day, age, asset, rules };
            let mut quarters = Slots::new();
            for (from, to) in sources.windows(asset, day) {
                let rows = work.read(&mut sources, from, to);
                work.sum_up(&rows, &mut quarters);
                let kept = rows.keep_columns(|column| !work.expired(column).raw);
                if !kept.is_empty() {
                    readings.push(asset, &kept, &mut seg.buffer);
                    self.write_on(&mut seg, WRITE_BYTES)?;
                }
            }
            for sum in work.sums(quarters, &sources) {
                sums.push(&sum, &mut roll.buffer);
            }
            self.write_on(&mut roll, WRITE_BYTES)?;
        }
        let found: Vec<Loss> = sources.damage.iter().map(|damage| loss(damage, now)).collect();
        self.losses.note(&found, &mut self.disk)?;
        let lost = self.losses.of_day(day);
        let seg_footer = readings.finish(sources.generations.clone(), lost, &mut seg.buffer);
        let roll_footer = sums.finish(sources.generations, lost, &mut roll.buffer);
        // Sums first: as long as the open file is there too, they are used for no asset in it.
        let (roll, seg) = (self.end(roll, &roll_footer)?, self.end(seg, &seg_footer)?);
        self.disk.sync_dir(&self.dir)?;
        self.replace(day, FileKind::Roll, roll);
        self.replace(day, FileKind::Seg, seg);
        self.release(day, FileKind::Open);
        Ok(())
    }

    /// Lets the readings of a day go whose sums stay as they are.
    pub(super) fn let_readings_go(&mut self, day: Day) {
        self.release(day, FileKind::Seg);
    }

    fn sources(&self, day: Day) -> Result<Sources, StoreError> {
        let mut sources = Sources {
            files: Vec::new(),
            sums: BTreeMap::new(),
            generations: Generations::default(),
            damage: Vec::new(),
        };
        let Some(state) = self.days.get(&day) else { return Ok(sources) };
        let view = self.day_view(day, state);
        if let Some(seg) = &view.seg {
            sources.add(seg)?;
            // Those of a footer that does not read are not known; its rows know the newest.
            let file = File::open(&seg.path).map_err(StoreError::at("open", &seg.path))?;
            match super::read::footer(&file, &seg.path, day)? {
                Some(footer) => sources.generations = footer.generations,
                None => {
                    let newest = state.seg.as_ref().map_or(0, |held| held.row.generation);
                    sources.generations.insert(newest);
                }
            }
        }
        if let Some(open) = &view.open {
            sources.add(open)?;
            let places = open.places.iter().flat_map(|places| places.values().flatten());
            places.for_each(|place| sources.generations.insert(place.generation));
        }
        match (&view.roll, &state.roll) {
            (Some(roll), _) => match RollFile::open(roll)? {
                Ok(file) => sources.add_sums(&file),
                Err(_) => sources.take_sums(rollups_without_index(&roll.path, day)?),
            },
            (None, Some(_)) => {
                sources.take_sums(rollups_without_index(&self.path(day, FileKind::Roll), day)?);
            }
            (None, None) => {}
        }
        Ok(sources)
    }

    fn begin(&mut self, day: Day, kind: FileKind) -> Result<Unfinished, StoreError> {
        let path = files::unfinished(&self.dir, day, kind);
        let file = self.disk.open(&path, true)?;
        Ok(Unfinished { kind, path, file, len: 0, buffer: Vec::new() })
    }

    fn write_on(&mut self, to: &mut Unfinished, bytes_min: usize) -> Result<(), StoreError> {
        if to.buffer.len() < bytes_min.max(1) {
            return Ok(());
        }
        let kind = match to.kind {
            FileKind::Open | FileKind::Seg => Kind::Day,
            FileKind::Roll => Kind::Rollup,
        };
        self.disk.write((&to.file, &to.path), to.len, &to.buffer, kind)?;
        to.len += to.buffer.len() as u64;
        to.buffer.clear();
        Ok(())
    }

    /// Puts a file in its place; one without any part is not kept.
    fn end(&mut self, mut unfinished: Unfinished, footer: &Footer) -> Result<Option<FileRow>, StoreError> {
        if footer.parts.is_empty() {
            self.disk.remove(&unfinished.path)?;
            return Ok(None);
        }
        self.write_on(&mut unfinished, 0)?;
        self.disk.sync((&unfinished.file, &unfinished.path))?;
        let place = self.path(footer.day, unfinished.kind);
        self.disk.rename(&unfinished.path, &place)?;
        self.released.retain(|released| *released != place);
        Ok(Some(FileRow::of_footer(unfinished.len, footer)))
    }

    /// The file of a day is another one now, or there is none any more.
    fn replace(&mut self, day: Day, kind: FileKind, row: Option<FileRow>) {
        match row {
            Some(row) => self.put(day, kind, Held { row, places: None, mend: false }),
            None => self.release(day, kind),
        }
    }

    /// No newer view names this file.
    fn release(&mut self, day: Day, kind: FileKind) {
        if self.days.get(&day).is_some_and(|state| state.get(kind).is_some()) {
            self.put_none(day, kind);
            self.released.push(self.path(day, kind));
        }
    }
}

impl Sources {
    /// Adds a file behind those that were accepted before it.
    fn add(&mut self, view: &Arc<FileView>) -> Result<(), StoreError> {
        let (file, damage) = DayFile::open(view)?;
        self.damage.extend(damage.into_iter().filter(|damage| damage.bytes > 0));
        self.files.push(file);
        Ok(())
    }

    fn add_sums(&mut self, file: &RollFile) {
        let parts: Vec<_> = file.footer().parts.iter().map(|part| (part.asset, part.slot_ms)).collect();
        for (asset, slot_ms) in parts {
            // Damaged sums are made again from the readings; without any they are lost.
            match file.asset(asset, slot_ms) {
                Ok(sums) => self.take_sums(sums.into_iter().collect()),
                Err(damage) if self.files.is_empty() => self.damage.push(damage),
                Err(_) => {}
            }
        }
    }

    fn take_sums(&mut self, sums: Vec<AssetRollup>) {
        self.sums.extend(sums.into_iter().map(|sum| ((sum.asset, sum.slot_ms), sum)));
    }

    fn assets(&self) -> BTreeSet<AssetId> {
        let readings = self.files.iter().flat_map(|file| file.places().keys().copied());
        readings.chain(self.sums.keys().map(|(asset, _)| *asset)).collect()
    }

    fn places(&self, asset: AssetId) -> impl Iterator<Item = (usize, ChunkPlace)> + '_ {
        let of = move |file: &DayFile| file.places().get(&asset).cloned().unwrap_or_default();
        self.files
            .iter()
            .enumerate()
            .flat_map(move |(at, file)| of(file).into_iter().map(move |place| (at, place)))
    }

    /// Stretches of the day that are merged one after the other, so that memory is bounded: whole quarters of an hour
    /// with about as many rows as fit into a chunk.
    fn windows(&self, asset: AssetId, day: Day) -> Vec<(UnixMs, UnixMs)> {
        let rows: u64 = self.places(asset).map(|(_, place)| u64::from(place.rows)).sum();
        let quarters = DAY_MS / QUARTER_MS;
        let count =
            i64::try_from(rows.div_ceil(CHUNK_ROWS_MAX as u64)).unwrap_or(quarters).clamp(1, quarters);
        let width = quarters.div_euclid(count).max(1) * QUARTER_MS;
        let starts = (0..DAY_MS).step_by(usize::try_from(width).expect("invariant: a day is short"));
        starts.map(|start| (day.start().plus(start), day.start().plus((start + width).min(DAY_MS)))).collect()
    }
}

/// One asset of a day being merged.
struct Merging<'a> {
    day: Day,
    age: i64,
    asset: AssetId,
    rules: &'a Rules,
}

impl Merging<'_> {
    fn expired(&self, column: Column) -> Expired {
        self.rules.expired(self.asset, column, self.age)
    }

    fn rise(&self, column: Column) -> impl FnMut((UnixMs, f64), (UnixMs, f64)) -> f64 + '_ {
        move |from, to| self.rules.rise(self.asset, column, from, to)
    }

    /// The readings of a stretch of time.
    fn read(&self, sources: &mut Sources, from: UnixMs, to: UnixMs) -> Columns {
        let mut parts = Vec::new();
        let places: Vec<_> = sources.places(self.asset).collect();
        for (at, place) in places.into_iter().filter(|(_, place)| place.first < to && place.last >= from) {
            match sources.files[at].chunk(self.asset, &place, None) {
                Ok(rows) => parts.push(rows.slice(from, to)),
                Err(damage) if sources.damage.contains(&damage) => {}
                Err(damage) => sources.damage.push(damage),
            }
        }
        merge(parts, |column| self.rules.keep(self.asset, column)).0
    }

    /// Adds the sums of readings. Those of metrics whose readings are past their time are as they were: what comes later
    /// than that is not enough to make them again.
    fn sum_up(&self, rows: &Columns, quarters: &mut Slots) {
        let sums = AssetRollup::of(self.asset, self.day, QUARTER_MS, rows, |column, from, to| {
            self.rules.rise(self.asset, column, from, to)
        });
        for (column, slots) in sums.columns.into_iter().filter(|(column, _)| !self.expired(*column).raw) {
            quarters.entry(column).or_default().extend(slots);
        }
    }

    /// The sums to keep: of quarters and of the day.
    fn sums(&self, mut quarters: Slots, sources: &Sources) -> Vec<AssetRollup> {
        let before = |slot_ms| sources.sums.get(&(self.asset, slot_ms)).map_or(&[][..], |sums| &sums.columns);
        for (column, slots) in before(QUARTER_MS) {
            let made = quarters.entry(*column).or_default();
            *made = fuller(made, slots);
        }
        let mut days = Slots::new();
        for (column, slots) in &quarters {
            let mut rise = self.rise(*column);
            let sum = slots.iter().map(|(_, slot)| *slot).reduce(|a, b| merge_slots(&a, &b, &mut rise));
            days.insert(*column, sum.map(|sum| (0, sum)).into_iter().collect());
        }
        for (column, slots) in before(DAY_MS) {
            let made = days.entry(*column).or_default();
            *made = fuller(made, slots);
        }
        quarters.retain(|column, _| !self.expired(*column).quarter);
        days.retain(|column, _| !self.expired(*column).day);
        let rollup = |slot_ms, slots: Slots| AssetRollup {
            asset: self.asset,
            slot_ms,
            day: self.day,
            columns: slots.into_iter().filter(|(_, slots)| !slots.is_empty()).collect(),
        };
        vec![rollup(QUARTER_MS, quarters), rollup(DAY_MS, days)]
    }
}

/// Of two sums of one slot the one with more readings: what was summed up before readings were lost is still true.
fn fuller(made: &[(u16, Slot)], before: &[(u16, Slot)]) -> Vec<(u16, Slot)> {
    let mut slots: BTreeMap<u16, Slot> = before.iter().copied().collect();
    for (at, slot) in made {
        let known = slots.entry(*at).or_insert(*slot);
        if slot.count >= known.count {
            *known = *slot;
        }
    }
    slots.into_iter().collect()
}

/// What was let go of a day, in one number: the same as long as nothing more is past its time.
pub(super) fn note_of(past: &BTreeMap<&str, Expired>) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for (metric, Expired { raw, quarter, day }) in past {
        hasher.update(metric.as_bytes()).update(&[0, u8::from(*raw), u8::from(*quarter), u8::from(*day)]);
    }
    let digest = Digest::new(*hasher.finalize().as_bytes());
    let [a, b, c, d, e, f, g, h, ..] = *digest.as_bytes();
    if past.is_empty() { 0 } else { u64::from_be_bytes([a, b, c, d, e, f, g, h]).max(1) }
}
