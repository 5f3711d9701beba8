//! Reading day files: where their chunks are, and the chunks. Whatever does not read is answered as damage, never as
//! readings, and never ends a question.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use super::super::StoreError;
use super::view::{ChunkPlace, Damage, FileKind, FileView, Places, RollView};
use crate::core::catalogue::{AssetId, Column};
use crate::core::telemetry::{
    AssetRollup, Columns, Day, DayFileError, FOOTER_MAGIC, Footer, FoundPart, ROLLUP_MAGIC, decode_chunk,
    decode_rollup, read_footer, scan,
};

/// Bytes read from the end of a file before its footer's length is known.
const TAIL_BYTES: u64 = 32 * 1024;
/// A day file is never longer, bytes.
pub(super) const DAY_FILE_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// A file with chunks, open for reading. Its chunks stay where they are even when the archivist puts another file in
/// its place.
#[derive(Debug)]
pub struct DayFile {
    view: Arc<FileView>,
    file: File,
    places: Arc<Places>,
}

impl DayFile {
    /// Opens a file and learns where its chunks are. Damage to its index is passed over by going through the file.
    pub fn open(view: &Arc<FileView>) -> Result<(Self, Vec<Damage>), StoreError> {
        let file = File::open(&view.path).map_err(StoreError::at("open", &view.path))?;
        let (places, damage) = match &view.places {
            Some(places) => (Arc::clone(places), Vec::new()),
            None => {
                let found = index(&file, &view.path, view.day)?;
                let mut damage = found.damage(view.day, view.kind, view.incarnation);
                if found.footer.is_none() {
                    // The index itself, which is written again.
                    let FileView { day, kind, incarnation, bytes, .. } = **view;
                    damage.push(Damage { day, kind, incarnation, offset: bytes, bytes: 0 });
                }
                (Arc::new(found.places), damage)
            }
        };
        Ok((Self { view: Arc::clone(view), file, places }, damage))
    }

    /// The chunks of each asset, in the order of acceptance.
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// The readings of one chunk: all its columns, or those wanted.
    pub fn chunk(
        &self,
        asset: AssetId,
        place: &ChunkPlace,
        wanted: Option<&[Column]>,
    ) -> Result<Columns, Damage> {
        let damage = || {
            let FileView { day, kind, incarnation, .. } = *self.view;
            Damage { day, kind, incarnation, offset: place.offset, bytes: u64::from(place.len) }
        };
        let bytes =
            read_at(&self.file, &self.view.path, place.offset, place.len as usize).ok_or_else(damage)?;
        let (header, columns) = decode_chunk(&bytes, wanted).map_err(|error| {
            tracing::error!(file = %self.view.path.display(), offset = place.offset, %error, "a chunk is damaged");
            damage()
        })?;
        let is_it = (header.asset, header.first, header.last, header.rows)
            == (asset, place.first, place.last, place.rows);
        is_it.then_some(columns).ok_or_else(damage)
    }
}

/// A file of sums, open for reading.
#[derive(Debug)]
pub struct RollFile {
    view: Arc<RollView>,
    file: File,
    footer: Footer,
}

impl RollFile {
    /// Opens a file and its index. The inner error is damage to the index: the day is read from its readings then.
    pub fn open(view: &Arc<RollView>) -> Result<Result<Self, Damage>, StoreError> {
        let file = File::open(&view.path).map_err(StoreError::at("open", &view.path))?;
        let damage = Damage {
            day: view.day,
            kind: FileKind::Roll,
            incarnation: view.incarnation,
            offset: 0,
            bytes: view.bytes,
        };
        let footer = footer(&file, &view.path, view.day)?;
        Ok(footer.map(|footer| Self { view: Arc::clone(view), file, footer }).ok_or(damage))
    }

    /// The sums of one asset with slots of this width, if there are any.
    pub fn asset(&self, asset: AssetId, slot_ms: i64) -> Result<Option<AssetRollup>, Damage> {
        let Some(part) = self.footer.parts_of(asset, slot_ms).next() else { return Ok(None) };
        let damage = || {
            let RollView { day, incarnation, .. } = *self.view;
            let (offset, bytes) = (part.offset, u64::from(part.len));
            Damage { day, kind: FileKind::Roll, incarnation, offset, bytes }
        };
        let bytes =
            read_at(&self.file, &self.view.path, part.offset, part.len as usize).ok_or_else(damage)?;
        let rollup = decode_rollup(&bytes).map_err(|error| {
            tracing::error!(file = %self.view.path.display(), offset = part.offset, %error, "sums are damaged");
            damage()
        })?;
        let is_it = (rollup.asset, rollup.slot_ms, rollup.day) == (asset, slot_ms, self.view.day);
        is_it.then_some(Some(rollup)).ok_or_else(damage)
    }

    /// Its index.
    pub const fn footer(&self) -> &Footer {
        &self.footer
    }
}

/// The sums that a file without a readable index holds.
pub(super) fn rollups_without_index(path: &Path, day: Day) -> Result<Vec<AssetRollup>, StoreError> {
    let bytes = super::super::file::read(path, DAY_FILE_BYTES_MAX)?;
    let starts = bytes.windows(ROLLUP_MAGIC.len()).enumerate().filter(|(_, window)| *window == ROLLUP_MAGIC);
    let whole = starts.filter_map(|(at, _)| decode_rollup(&bytes[at..]).ok());
    Ok(whole.filter(|rollup| rollup.day == day).collect())
}

/// What the index of a file says, or what going through the file found.
#[derive(Debug, Default)]
pub(super) struct Indexed {
    pub(super) places: Places,
    /// Its footer, if that is whole.
    pub(super) footer: Option<Footer>,
    /// Offset and length of what cannot be read.
    pub(super) damaged: Vec<(u64, u64)>,
}

impl Indexed {
    /// What cannot be read, as somebody would report it.
    pub(super) fn damage(&self, day: Day, kind: FileKind, incarnation: u64) -> Vec<Damage> {
        let one =
            |(offset, bytes): &(u64, u64)| Damage { day, kind, incarnation, offset: *offset, bytes: *bytes };
        self.damaged.iter().map(one).collect()
    }
}

/// Where the chunks of a merged day are.
pub(super) fn index(file: &File, path: &Path, day: Day) -> Result<Indexed, StoreError> {
    if let Some(footer) = footer(file, path, day)? {
        return Ok(from_footer(footer));
    }
    tracing::error!(file = %path.display(), "the index of a day's readings is damaged; the file is gone through");
    let bytes = super::super::file::read(path, DAY_FILE_BYTES_MAX)?;
    let mut found = Indexed::default();
    let len = bytes.len() as u64;
    for part in scan(day, &bytes).map_err(|error| unreadable(path, error))? {
        match part {
            FoundPart::Chunk { offset, len, header } => {
                let place = ChunkPlace::of(offset, len, &header);
                found.places.entry(header.asset).or_default().push(place);
            }
            FoundPart::Damaged { offset, bytes } => found.damaged.push((offset as u64, bytes as u64)),
            // Nothing but the footer: no reading is missing.
            FoundPart::Torn { offset, .. } if bytes[offset..].starts_with(&FOOTER_MAGIC) => {}
            FoundPart::Torn { offset, .. } => found.damaged.push((offset as u64, len - offset as u64)),
        }
    }
    Ok(found)
}

fn from_footer(footer: Footer) -> Indexed {
    let generation = footer.generations.newest().unwrap_or(0);
    let mut places = Places::new();
    for part in &footer.parts {
        let (offset, len, first, last) = (part.offset, part.len, part.first, part.last);
        let place = ChunkPlace { offset, len, first, last, generation, rows: part.rows, points: part.points };
        places.entry(part.asset).or_default().push(place);
    }
    Indexed { places, footer: Some(footer), damaged: Vec::new() }
}

/// The footer of a file; `None` if it is damaged.
pub(super) fn footer(file: &File, path: &Path, day: Day) -> Result<Option<Footer>, StoreError> {
    let len = file.metadata().map_err(StoreError::at("look at", path))?.len();
    let mut wanted = TAIL_BYTES.min(len);
    loop {
        let Some(tail) = read_at(file, path, len - wanted, usize::try_from(wanted).unwrap_or(0)) else {
            return Ok(None);
        };
        match read_footer(len, &tail) {
            Ok(footer) => return Ok((footer.day == day).then_some(footer)),
            Err(DayFileError::Tail { expected, .. }) if expected > wanted && expected <= len => {
                wanted = expected;
            }
            Err(DayFileError::Tail { .. } | DayFileError::Damaged { .. }) => return Ok(None),
            Err(error @ DayFileError::Version { .. }) => return Err(unreadable(path, error)),
        }
    }
}

/// A place that the disk does not give back is damaged like any other.
pub(super) fn read_at(file: &File, path: &Path, offset: u64, len: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; len];
    match file.read_exact_at(&mut bytes, offset) {
        Ok(()) => Some(bytes),
        Err(error) => {
            tracing::error!(file = %path.display(), offset, len, %error, "a place cannot be read");
            None
        }
    }
}

pub(super) fn unreadable(path: &Path, error: DayFileError) -> StoreError {
    StoreError::at("read", path)(std::io::Error::new(std::io::ErrorKind::InvalidData, error))
}
