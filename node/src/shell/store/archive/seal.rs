//! Sealing: the readings of one closed segment of the write-ahead log become chunks in the open files of their days,
//! synced, before the segment goes. The number of the segment is the generation of its chunks, so that a segment that
//! was half sealed when the process died is sealed to its end and nothing of it twice.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use protocol::UnixMs;
use protocol::limits::CHUNK_ROWS_MAX;

use super::super::telemetry_log::{LostEnd, SEGMENT_BYTES_MAX};
use super::super::telemetry_read::Piece;
use super::super::written::Kind;
use super::super::{StoreError, file};
use super::losses::{Loss, Place, What};
use super::read::{footer, unreadable};
use super::rows::FileRow;
use super::rules::Rules;
use super::view::{ChunkPlace, FileKind, Places};
use super::{Archive, Held};
use crate::core::catalogue::{AssetId, Definition};
use crate::core::telemetry::{
    Body, Columns, Day, DayFileError, Found, Row, SegmentReader, encode_chunk_quickly, from_rows, open_header,
};

/// Values in memory at once, apart from the segment itself.
const VALUES_AT_ONCE: u64 = 200_000;
/// Encoded bytes that are written at once.
const WRITE_BYTES: usize = 256 * 1024;

/// Readings that become chunks together.
type Key = (Day, AssetId);

/// What a segment holds.
#[derive(Debug, Default)]
struct Contents {
    values: BTreeMap<Key, u64>,
    definitions: Vec<Definition>,
    losses: Vec<Loss>,
    next_seq: Option<u64>,
}

/// An open file that is being appended to.
struct Appending {
    day: Day,
    path: PathBuf,
    file: File,
    places: Places,
    /// Bytes on disk that count, and behind them those written since.
    len: u64,
    is_new: bool,
    grew: bool,
    buffer: Vec<u8>,
}

impl Archive {
    /// Seals a segment. After an error nothing is lost: the segment stays and is sealed again. An error of `sync` means
    /// that nobody knows what is on disk until the process starts again.
    pub fn seal(&mut self, segment: &Piece, rules: &Rules, now: UnixMs) -> Result<(), StoreError> {
        let mut bytes = file::read(&segment.path, SEGMENT_BYTES_MAX)?;
        bytes.truncate(usize::try_from(segment.len).unwrap_or(usize::MAX));
        let contents = self.look_through(segment, &bytes, now)?;
        self.losses.note(&contents.losses, &mut self.disk)?;
        self.keep_definitions(&contents.definitions)?;
        let mut keys = contents.values.into_iter().peekable();
        let mut appending: Option<Appending> = None;
        while let Some((first, mut values)) = keys.next() {
            let mut last = first;
            while let Some((key, more)) = keys.next_if(|(_, more)| values + more <= VALUES_AT_ONCE) {
                (last, values) = (key, values + more);
            }
            self.seal_some(segment, &bytes, (first, last), rules, &mut appending)?;
        }
        if let Some(last) = appending {
            self.finish_appending(last)?;
        }
        self.next_seq = contents.next_seq;
        self.sealed_to = self.sealed_to.max(segment.number);
        Ok(())
    }

    /// Gives up on a segment that the disk does not give back or that a later program wrote: it is put on record, and
    /// its file stays under another name.
    pub fn give_up(&mut self, segment: &Piece, now: UnixMs) -> Result<(), StoreError> {
        let place = Place { what: What::Wal, day: 0, incarnation: segment.number, offset: 0 };
        let loss = Loss { place, gaps: 1, bytes: segment.len, records: 0, chunks: 0, found: now };
        self.losses.note(&[loss], &mut self.disk)?;
        if segment.path.exists() {
            file::move_aside(&segment.path)?;
        }
        self.next_seq = None;
        self.sealed_to = self.sealed_to.max(segment.number);
        Ok(())
    }

    /// Puts ends of the log that were found missing at the start on record.
    pub fn miss_ends(&mut self, ends: &[LostEnd], now: UnixMs) -> Result<(), StoreError> {
        let loss = |end: &LostEnd| {
            let place = Place { what: What::Wal, day: 0, incarnation: end.segment, offset: end.offset };
            Loss { place, gaps: 1, bytes: end.bytes, records: 0, chunks: 0, found: now }
        };
        let losses: Vec<Loss> = ends.iter().map(loss).collect();
        self.losses.note(&losses, &mut self.disk).map(drop)
    }

    /// Counts what a segment holds, and what of it is lost.
    fn look_through(&self, segment: &Piece, bytes: &[u8], now: UnixMs) -> Result<Contents, StoreError> {
        let mut contents = Contents::default();
        let mut lose = |offset: usize, bytes: usize, records: u64| {
            let place = Place { what: What::Wal, day: 0, incarnation: segment.number, offset: offset as u64 };
            let loss = Loss { place, gaps: 1, bytes: bytes as u64, records, chunks: 0, found: now };
            contents.losses.push(loss);
        };
        let mut reader = open(segment, self.next_seq, bytes)?;
        let (mut unnamed, mut is_torn) = (0, false);
        for found in reader.by_ref() {
            match found {
                Found::Record(record) => match record.body {
                    Body::Definitions(definitions) => contents.definitions.extend(definitions),
                    Body::Rows(rows) => {
                        for row in &rows {
                            match key(row) {
                                Some(key) => {
                                    *contents.values.entry(key).or_default() += row.values().len() as u64;
                                }
                                None => unnamed += 1,
                            }
                        }
                    }
                },
                Found::Gap(gap) => lose(gap.offset, gap.bytes, gap.records.unwrap_or(0)),
                // The segment was closed at its last whole record.
                Found::TornTail(tail) => {
                    is_torn = true;
                    lose(tail.offset, tail.bytes, 0);
                }
            }
        }
        if !is_torn && (bytes.len() as u64) < segment.len {
            let missing = segment.len - bytes.len() as u64;
            lose(bytes.len(), usize::try_from(missing).unwrap_or(usize::MAX), 0);
        }
        if unnamed > 0 {
            // Times no clock of ours shows, and no file can be named after.
            lose(bytes.len(), 0, unnamed);
        }
        contents.next_seq = reader.next_seq();
        Ok(contents)
    }

    /// Seals the readings from the first to the last key.
    fn seal_some(
        &mut self,
        segment: &Piece,
        bytes: &[u8],
        (first, last): (Key, Key),
        rules: &Rules,
        appending: &mut Option<Appending>,
    ) -> Result<(), StoreError> {
        let mut waiting: BTreeMap<Key, Vec<Row>> = BTreeMap::new();
        for found in open(segment, None, bytes)? {
            let Found::Record(record) = found else { continue };
            let Body::Rows(rows) = record.body else { continue };
            for row in rows {
                let Some(key) = key(&row).filter(|key| first <= *key && *key <= last) else { continue };
                let rows = waiting.entry(key).or_default();
                rows.push(row);
                if rows.len() == CHUNK_ROWS_MAX {
                    let rows = std::mem::take(rows);
                    self.append(segment.number, key, &rows, rules, appending)?;
                }
            }
        }
        for (key, rows) in waiting {
            self.append(segment.number, key, &rows, rules, appending)?;
        }
        Ok(())
    }

    fn append(
        &mut self,
        generation: u64,
        (day, asset): Key,
        rows: &[Row],
        rules: &Rules,
        appending: &mut Option<Appending>,
    ) -> Result<(), StoreError> {
        if self.is_merged(day, generation)? {
            return Ok(());
        }
        if let Some(other) = appending.take_if(|appending| appending.day != day) {
            self.finish_appending(other)?;
        }
        let to = match appending {
            Some(to) => to,
            None => appending.insert(self.start_appending(day)?),
        };
        let (columns, _) = from_rows(rows, |column| rules.keep(asset, column));
        for piece in columns.pieces() {
            to.push(asset, generation, &piece);
        }
        if to.buffer.len() >= WRITE_BYTES {
            self.write_out(appending.as_mut().expect("invariant: put there above"))?;
        }
        Ok(())
    }

    /// Whether the readings of a segment are in the merged day already: the process died after that and before the
    /// segment went.
    fn is_merged(&self, day: Day, generation: u64) -> Result<bool, StoreError> {
        let seg = self.days.get(&day).and_then(|state| state.seg.as_ref());
        if seg.is_none_or(|seg| seg.row.generation < generation) {
            return Ok(false);
        }
        let path = self.path(day, FileKind::Seg);
        let file = match File::open(&path) {
            Ok(file) => file,
            // It is missed by who reads it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(StoreError::at("open", &path)(error)),
        };
        let footer = footer(&file, &path, day)?;
        Ok(footer.is_some_and(|footer| footer.generations.contains(generation)))
    }

    fn start_appending(&mut self, day: Day) -> Result<Appending, StoreError> {
        let held = self.days.get(&day).and_then(|state| state.open.as_ref());
        let (len, places) = held.map_or((0, Places::new()), |held| {
            (held.row.bytes, held.places.as_deref().cloned().unwrap_or_default())
        });
        let is_new = held.is_none();
        let path = self.path(day, FileKind::Open);
        self.released.retain(|released| *released != path);
        let file = self.disk.open(&path, is_new)?;
        if !is_new {
            // What an attempt before this one left behind.
            self.disk.cut((&file, &path), len)?;
        }
        let buffer = if is_new { open_header(day) } else { Vec::new() };
        Ok(Appending { day, path, file, places, len, is_new, grew: false, buffer })
    }

    fn write_out(&mut self, to: &mut Appending) -> Result<(), StoreError> {
        self.disk.write((&to.file, &to.path), to.len, &to.buffer, Kind::Open)?;
        to.len += to.buffer.len() as u64;
        to.buffer.clear();
        Ok(())
    }

    /// From here on the readings are in the day file, whatever happens.
    fn finish_appending(&mut self, mut to: Appending) -> Result<(), StoreError> {
        if !to.grew {
            if to.is_new {
                self.disk.remove(&to.path)?;
            }
            return Ok(());
        }
        self.write_out(&mut to)?;
        self.disk.sync((&to.file, &to.path))?;
        if to.is_new {
            self.disk.sync_dir(&self.dir)?;
        }
        let row = FileRow::of_places(to.len, to.day, &to.places);
        self.put(to.day, FileKind::Open, Held { row, places: Some(Arc::new(to.places)), mend: false });
        Ok(())
    }
}

impl Appending {
    /// Appends a chunk unless it is there already.
    fn push(&mut self, asset: AssetId, generation: u64, rows: &Columns) {
        let Some((first, last)) = rows.first().zip(rows.last()) else { return };
        let count = u32::try_from(rows.len()).expect("invariant: a piece fits into a chunk");
        let places = self.places.entry(asset).or_default();
        let is_it = |place: &ChunkPlace| {
            (place.generation, place.first, place.last, place.rows) == (generation, first, last, count)
        };
        if places.iter().any(is_it) {
            return;
        }
        let start = self.buffer.len();
        // Read often while the day lasts, and written the short way when it is merged.
        encode_chunk_quickly(asset, generation, rows, &mut self.buffer);
        places.push(ChunkPlace {
            offset: self.len + start as u64,
            len: u32::try_from(self.buffer.len() - start).expect("invariant: a chunk is bounded"),
            first,
            last,
            generation,
            rows: count,
            points: u32::try_from(rows.points()).expect("invariant: a chunk is bounded"),
        });
        self.grew = true;
    }
}

/// The day and asset of a row; `None` if no file can be named after its day.
fn key(row: &Row) -> Option<Key> {
    let day = Day::of(row.time());
    (0..=9999).contains(&year(day)).then_some((day, row.asset()))
}

fn year(day: Day) -> i64 {
    protocol::time::civil_from_days(i64::from(day.0)).0
}

fn open<'a>(
    segment: &Piece,
    next_seq: Option<u64>,
    bytes: &'a [u8],
) -> Result<SegmentReader<'a>, StoreError> {
    SegmentReader::open(segment.number, next_seq, bytes).map_err(|error| {
        let (expected, found) = (error.expected, error.found);
        unreadable(&segment.path, DayFileError::Version { expected, found })
    })
}
