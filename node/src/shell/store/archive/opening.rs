//! Opening the folder of day files: what an interrupted step left is finished or removed, what the index knows is
//! trusted, what it does not know is read, and what it knows and is gone is a loss.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use ledger::record::{Frame, frame, read_frame};
use protocol::limits::{METRICS_PER_PAYLOAD_MAX, TELEMETRY_RECORD_BYTES_MAX};
use protocol::{Bounded, UnixMs, decode, encode};

use super::super::index::Index;
use super::super::written::{Kind, Written};
use super::super::{StoreError, file};
use super::disk::Disk;
use super::losses::{Loss, LossLog, Place, What};
use super::read::{DAY_FILE_BYTES_MAX, DayFile, footer, index as index_of, unreadable};
use super::rows::{self, FileRow, Rows};
use super::view::{ChunkPlace, FileKind, Places};
use super::{Archive, DayState, Held, files};
use crate::core::catalogue::{AssetId, Column, Definition};
use crate::core::telemetry::{
    ChunkReader, Columns, Day, FoundPart, HEAD_SPAN_MS_MAX, RECORD_DEFINITIONS_MAX, Row, Value,
};

/// Magic of a record of the file with the catalogue.
const CATALOGUE_MAGIC: [u8; 4] = *b"SyD1";
/// That file is never longer, bytes.
const CATALOGUE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Rows handed on at once.
const ROWS_MAX: usize = 256;

impl Archive {
    /// Opens the folder. `now` is when losses count as found.
    pub fn open(dir: &Path, index: Index, written: Written, now: UnixMs) -> Result<Self, StoreError> {
        file::create_dir(dir)?;
        let mut disk = Disk::new(written);
        let listing = files::list(dir)?;
        for path in &listing.unfinished {
            disk.remove(path)?;
        }
        let losses = LossLog::open(dir.join("losses.log"), &mut disk, now)?;
        let kept = Rows::load(&index).unwrap_or_else(|error| {
            tracing::warn!(%error, "the index of day files is derived again");
            Rows::default()
        });
        let mut archive = Self {
            dir: dir.to_owned(),
            disk,
            index,
            losses,
            days: BTreeMap::new(),
            notes: kept.notes,
            sealed_to: 0,
            next_seq: None,
            catalogue: None,
            released: Vec::new(),
        };
        let mut found = Vec::new();
        for (day, kind) in &listing.files {
            let known = kept.files.get(&(*day, *kind)).copied();
            match kind {
                FileKind::Open => archive.open_unmerged(*day, known, now, &mut found)?,
                FileKind::Seg | FileKind::Roll => {
                    archive.open_complete(*day, *kind, known, now, &mut found)?;
                }
            }
        }
        archive.drop_merged()?;
        for ((day, kind), row) in &kept.files {
            archive.miss(*day, *kind, row, now, &mut found);
        }
        archive.losses.note(&found, &mut archive.disk)?;
        let gone: Vec<Day> =
            archive.notes.keys().filter(|day| !archive.days.contains_key(day)).copied().collect();
        for day in gone {
            archive.notes.remove(&day);
            rows::put_note(&archive.index, day, None);
        }
        Ok(archive)
    }

    /// Hands on the readings of the last two hours, by asset and time. A reading that was accepted twice may come twice.
    pub fn recent(&self, mut sink: impl FnMut(Vec<Row>)) -> Result<(), StoreError> {
        let newest = self.days.values().flat_map(|state| [&state.open, &state.seg]).flatten();
        let Some(newest) = newest.map(|held| held.row.last).max() else { return Ok(()) };
        let from = newest.plus(-HEAD_SPAN_MS_MAX);
        for (_, day) in self.view().days.range(Day::of(from)..) {
            for file in [&day.seg, &day.open].into_iter().flatten() {
                // Damage is found and recorded by who seals, merges or asks.
                let (file, _) = DayFile::open(file)?;
                for (asset, places) in file.places() {
                    for place in places.iter().filter(|place| place.last >= from) {
                        let Ok(columns) = file.chunk(*asset, place, None) else { continue };
                        hand_on(*asset, &columns.slice(from, newest.plus(1)), &mut sink);
                    }
                }
            }
        }
        Ok(())
    }

    /// The catalogue as the last sealed segment had it: names for what the day files hold.
    pub fn definitions(&mut self) -> Vec<Definition> {
        let Ok(bytes) = file::read(&self.dir.join("catalogue"), CATALOGUE_BYTES_MAX) else {
            return Vec::new();
        };
        let (definitions, whole_bytes) = definitions_of(&bytes);
        if whole_bytes < bytes.len() {
            // The building's log has all of it too.
            tracing::warn!("the catalogue beside the day files is damaged; it is written again");
            return definitions;
        }
        self.catalogue = Some(*blake3::hash(&bytes).as_bytes());
        definitions
    }

    /// Writes the catalogue if it changed.
    pub(super) fn keep_definitions(&mut self, definitions: &[Definition]) -> Result<(), StoreError> {
        let parts = definitions.chunks(RECORD_DEFINITIONS_MAX);
        let bytes: Vec<u8> = parts.flat_map(|part| frame(CATALOGUE_MAGIC, &encode(&part))).collect();
        let digest = *blake3::hash(&bytes).as_bytes();
        if definitions.is_empty() || self.catalogue == Some(digest) {
            return Ok(());
        }
        file::replace(&self.dir.join("catalogue"), &bytes, 0o600)?;
        self.disk.written.add(Kind::Books, bytes.len() as u64);
        self.catalogue = Some(digest);
        Ok(())
    }

    /// An open file is gone through: it is today's, or late rows of a few days.
    fn open_unmerged(
        &mut self,
        day: Day,
        known: Option<FileRow>,
        now: UnixMs,
        losses: &mut Vec<Loss>,
    ) -> Result<(), StoreError> {
        let path = self.path(day, FileKind::Open);
        let bytes = file::read(&path, DAY_FILE_BYTES_MAX)?;
        let Gone { places, mut damaged, whole } = go_through(day, &path, &bytes)?;
        if whole < bytes.len() as u64 {
            let file = self.disk.open(&path, false)?;
            self.disk.cut((&file, &path), whole)?;
            self.disk.sync((&file, &path))?;
        }
        let row = FileRow::of_places(whole, day, &places);
        // What was synced before is no torn write.
        if let Some(known) =
            known.filter(|known| known.bytes > whole && known.incarnation() == row.incarnation())
        {
            damaged.push((whole, known.bytes - whole));
        }
        let place = |offset| Place { what: What::Open, day: day.0, incarnation: row.incarnation(), offset };
        losses.extend(damaged.iter().map(|(offset, bytes)| Loss {
            place: place(*offset),
            gaps: 1,
            bytes: *bytes,
            records: 0,
            chunks: 1,
            found: now,
        }));
        if places.is_empty() {
            // Created, and nothing of it was ever acknowledged by a sealed segment.
            return self.disk.remove(&path);
        }
        self.put(day, FileKind::Open, Held { row, places: Some(Arc::new(places)), mend: false });
        Ok(())
    }

    /// A file that is complete is trusted if it has the length the index knows.
    fn open_complete(
        &mut self,
        day: Day,
        kind: FileKind,
        known: Option<FileRow>,
        now: UnixMs,
        losses: &mut Vec<Loss>,
    ) -> Result<(), StoreError> {
        let path = self.path(day, kind);
        let file = File::open(&path).map_err(StoreError::at("open", &path))?;
        let len = file.metadata().map_err(StoreError::at("look at", &path))?.len();
        if let Some(row) = known.filter(|row| row.bytes == len) {
            self.days.entry(day).or_default().set(kind, Some(Held { row, places: None, mend: false }));
            return Ok(());
        }
        if let Some(footer) = footer(&file, &path, day)? {
            let row = FileRow::of_footer(len, &footer);
            self.put(day, kind, Held { row, places: None, mend: false });
            return Ok(());
        }
        let (places, row) = match kind {
            FileKind::Seg => {
                let found = index_of(&file, &path, day)?;
                let mut row = FileRow::of_places(len, day, &found.places);
                row.generation = known.map_or(row.generation, |known| known.generation);
                let damage = found.damage(day, kind, row.incarnation());
                losses.extend(damage.iter().map(|damage| super::loss(damage, now)));
                (Some(Arc::new(found.places)), row)
            }
            FileKind::Open | FileKind::Roll => (None, FileRow::of_places(len, day, &Places::new())),
        };
        self.put(day, kind, Held { row, places, mend: true });
        Ok(())
    }

    /// A merge was cut short after the new files had their names: what it merged is in them.
    fn drop_merged(&mut self) -> Result<(), StoreError> {
        let both: Vec<Day> = self
            .days
            .iter()
            .filter(|(_, state)| state.open.is_some() && state.seg.is_some())
            .map(|(day, _)| *day)
            .collect();
        for day in both {
            let path = self.path(day, FileKind::Seg);
            let file = File::open(&path).map_err(StoreError::at("open", &path))?;
            let Some(footer) = footer(&file, &path, day)? else { continue };
            let state = self.days.entry(day).or_default();
            let places = state.open.as_ref().and_then(|held| held.places.clone()).unwrap_or_default();
            if places.values().flatten().all(|place| footer.generations.contains(place.generation)) {
                let path = self.path(day, FileKind::Open);
                self.disk.remove(&path)?;
                self.put_none(day, FileKind::Open);
            }
        }
        Ok(())
    }

    /// A file that the index knows and that is not there was let go, merged, or lost.
    pub(super) fn miss(
        &mut self,
        day: Day,
        kind: FileKind,
        row: &FileRow,
        now: UnixMs,
        losses: &mut Vec<Loss>,
    ) {
        let state = self.days.get(&day);
        let held = |kind| state.and_then(|state| state.get(kind));
        if held(kind).is_some() {
            return;
        }
        rows::put(&self.index, day, kind, None);
        let merged = [FileKind::Seg, FileKind::Roll]
            .into_iter()
            .any(|merged| held(merged).is_some_and(|held| held.row.generation >= row.generation));
        let is_lost = match kind {
            FileKind::Open => !merged,
            FileKind::Seg => true,
            // Made again from the readings.
            FileKind::Roll => held(FileKind::Seg).is_none(),
        };
        if is_lost {
            let place =
                Place { what: What::Gone, day: day.0, incarnation: row.incarnation(), offset: kind as u64 };
            losses.push(Loss { place, gaps: 1, bytes: row.bytes, records: row.rows, chunks: 0, found: now });
        }
    }

    /// Takes note of a file.
    pub(super) fn put(&mut self, day: Day, kind: FileKind, held: Held) {
        rows::put(&self.index, day, kind, Some(&held.row));
        self.days.entry(day).or_default().set(kind, Some(held));
    }

    /// Forgets a file.
    pub(super) fn put_none(&mut self, day: Day, kind: FileKind) {
        rows::put(&self.index, day, kind, None);
        let state = self.days.entry(day).or_default();
        state.set(kind, None);
        if state.open.is_none() && state.seg.is_none() && state.roll.is_none() {
            self.days.remove(&day);
        }
    }
}

impl DayState {
    pub(super) const fn get(&self, kind: FileKind) -> Option<&Held> {
        match kind {
            FileKind::Open => self.open.as_ref(),
            FileKind::Seg => self.seg.as_ref(),
            FileKind::Roll => self.roll.as_ref(),
        }
    }

    fn set(&mut self, kind: FileKind, held: Option<Held>) {
        match kind {
            FileKind::Open => self.open = held,
            FileKind::Seg => self.seg = held,
            FileKind::Roll => self.roll = held,
        }
    }
}

/// The catalogue in the bytes of the file beside the day files, and how many of the bytes it takes.
pub fn definitions_of(bytes: &[u8]) -> (Vec<Definition>, usize) {
    let (mut definitions, mut at) = (Vec::new(), 0);
    while let Some(Frame::Record { body, end }) =
        read_frame(bytes, at, CATALOGUE_MAGIC, TELEMETRY_RECORD_BYTES_MAX)
    {
        let part = decode::<Bounded<Definition, RECORD_DEFINITIONS_MAX>>(body, TELEMETRY_RECORD_BYTES_MAX);
        let Ok(part) = part else { break };
        definitions.extend(part.into_vec());
        at = end;
    }
    (definitions, at)
}

/// What an open file turned out to hold.
struct Gone {
    places: Places,
    damaged: Vec<(u64, u64)>,
    /// Its length up to the end of the last whole chunk.
    whole: u64,
}

fn go_through(day: Day, path: &Path, bytes: &[u8]) -> Result<Gone, StoreError> {
    let mut gone = Gone { places: Places::new(), damaged: Vec::new(), whole: bytes.len() as u64 };
    for part in ChunkReader::open_file(day, bytes).map_err(|error| unreadable(path, error))? {
        match part {
            FoundPart::Chunk { offset, len, header } => {
                let place = ChunkPlace::of(offset, len, &header);
                gone.places.entry(header.asset).or_default().push(place);
            }
            FoundPart::Damaged { offset, bytes } => gone.damaged.push((offset as u64, bytes as u64)),
            FoundPart::Torn { offset, .. } => gone.whole = offset as u64,
        }
    }
    Ok(gone)
}

fn hand_on(asset: AssetId, columns: &Columns, sink: &mut impl FnMut(Vec<Row>)) {
    let mut rows = Vec::with_capacity(ROWS_MAX.min(columns.len()));
    for (at, time) in columns.times().iter().enumerate() {
        let value =
            |(column, values): &(Column, Vec<f64>)| Value::new(values[at]).map(|value| (*column, value));
        let values: Vec<_> = columns.columns().iter().filter_map(value).collect();
        // Several payloads of one time have become one row.
        let parts = values.chunks(METRICS_PER_PAYLOAD_MAX);
        rows.extend(parts.filter_map(|part| Row::new(asset, UnixMs(*time), part.to_vec())));
        if rows.len() >= ROWS_MAX {
            sink(std::mem::take(&mut rows));
        }
    }
    sink(rows);
}
