//! The one small row that the index keeps of each day file. It can be derived from the file; it is kept so that a start
//! reads no old file, and so that a file that is gone is missed.

use protocol::{Digest, UnixMs, decode, encode};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::super::index::{DayKey, Index, IndexError};
use super::view::{FileKind, Places};
use crate::core::telemetry::{Day, Footer};

/// A row's longest form, bytes.
const ROW_BYTES_MAX: usize = 256;
/// In place of a kind of file: what of the day's readings was let go.
const NOTE: u8 = 9;

/// What the index knows of a day file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct FileRow {
    /// Bytes of it that count.
    pub bytes: u64,
    /// BLAKE3 of a file that is complete; of an open one the number of its first segment, then zeros.
    pub digest: Digest,
    /// Rows, or slots.
    pub rows: u64,
    /// Values.
    pub points: u64,
    /// Time of its first reading.
    pub first: UnixMs,
    /// Time of its last reading.
    pub last: UnixMs,
    /// The newest segment of the write-ahead log that is in.
    pub generation: u64,
}

impl FileRow {
    /// Of a complete file.
    pub(super) fn of_footer(bytes: u64, footer: &Footer) -> Self {
        Self {
            bytes,
            digest: Digest::new(footer.digest),
            rows: footer.rows(),
            points: footer.points(),
            first: footer.first().unwrap_or(footer.day.start()),
            last: footer.last().unwrap_or(footer.day.start()),
            generation: footer.generations.newest().unwrap_or(0),
        }
    }

    /// Of a file without footer.
    pub(super) fn of_places(bytes: u64, day: Day, places: &Places) -> Self {
        let all = || places.values().flatten();
        let mut digest = [0; 32];
        let oldest = all().min_by_key(|place| place.offset).map_or(0, |place| place.generation);
        digest[..8].copy_from_slice(&oldest.to_be_bytes());
        Self {
            bytes,
            digest: Digest::new(digest),
            rows: all().map(|place| u64::from(place.rows)).sum(),
            points: all().map(|place| u64::from(place.points)).sum(),
            first: all().map(|place| place.first).min().unwrap_or(day.start()),
            last: all().map(|place| place.last).max().unwrap_or(day.start()),
            generation: all().map(|place| place.generation).max().unwrap_or(0),
        }
    }

    /// Tells the file from an earlier one of its name.
    pub(super) fn incarnation(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = *self.digest.as_bytes();
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

/// The rows of all files, and what was let go of each day.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) files: std::collections::BTreeMap<(Day, FileKind), FileRow>,
    pub(super) notes: std::collections::BTreeMap<Day, u64>,
}

impl Rows {
    /// Reads them. A row that does not read is derived again.
    pub(super) fn load(index: &Index) -> Result<Self, IndexError> {
        let mut rows = Self::default();
        for (key, row) in index.day_rows()? {
            let Some(day) = day_of(key) else { continue };
            match kind_of(key[4]) {
                Some(kind) => {
                    rows.files
                        .extend(decode(&row, ROW_BYTES_MAX).ok().map(|row: FileRow| ((day, kind), row)));
                }
                None => rows.notes.extend(decode(&row, ROW_BYTES_MAX).ok().map(|note: u64| (day, note))),
            }
        }
        Ok(rows)
    }
}

/// Writes the row of a file, or removes it. The index can be derived again, so that it never holds the archive up.
pub(super) fn put(index: &Index, day: Day, kind: FileKind, row: Option<&FileRow>) {
    let row = row.map(encode);
    say(index.put_day_row(key(day, kind_code(kind)), row.as_deref()));
}

/// Writes what was let go of a day.
pub(super) fn put_note(index: &Index, day: Day, note: Option<u64>) {
    let note = note.map(|note| encode(&note));
    say(index.put_day_row(key(day, NOTE), note.as_deref()));
}

fn say(written: Result<(), IndexError>) {
    if let Err(error) = written {
        tracing::warn!(%error, "the index misses a day file; it is derived at the next start");
    }
}

/// Days in order: the sign bit is turned.
fn key(day: Day, kind: u8) -> DayKey {
    let [a, b, c, d] = (day.0 ^ i32::MIN).to_be_bytes();
    [a, b, c, d, kind]
}

fn day_of([a, b, c, d, _]: DayKey) -> Option<Day> {
    let day = Day(i32::from_be_bytes([a, b, c, d]) ^ i32::MIN);
    Day::parse(&day.name()).filter(|read| *read == day)
}

const fn kind_code(kind: FileKind) -> u8 {
    match kind {
        FileKind::Open => 0,
        FileKind::Seg => 1,
        FileKind::Roll => 2,
    }
}

const fn kind_of(code: u8) -> Option<FileKind> {
    match code {
        0 => Some(FileKind::Open),
        1 => Some(FileKind::Seg),
        2 => Some(FileKind::Roll),
        _ => None,
    }
}
