//! The end of an immutable day file: an index of its parts and what went into it, a hash of everything before, and a
//! trailer that says where the index starts.

use protocol::UnixMs;
use protocol::limits::{CHUNK_BYTES_MAX, CHUNK_ROWS_MAX, DAY_CHUNKS_MAX, DAY_GENERATIONS_MAX};

use super::chunk::{ChunkError, FRAME_HEADER_BYTES, frame, put_frame, take_count};
use super::day::{DAY_MS, Day};
use super::day_file::{DAY_HEADER_BYTES, DayFileError, put_day_header};
use super::record::{u32_at, u64_at};
use super::wire::{Reader, put_signed, put_varint};
use crate::core::catalogue::AssetId;

/// First bytes of a footer.
pub const FOOTER_MAGIC: [u8; 4] = [0xd3, b'T', b'L', b'F'];
/// Bytes behind the footer: its offset, checksum of that, hash of everything before.
pub const TRAILER_BYTES: usize = 8 + 4 + 32;

const VERSION: u8 = 1;

/// A part of an immutable day file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FooterPart {
    /// Whose readings.
    pub asset: AssetId,
    /// Width of the rollups' slots, milliseconds; 0 for a chunk of readings.
    pub slot_ms: i64,
    /// Where its frame starts.
    pub offset: u64,
    /// Bytes of its frame.
    pub len: u32,
    /// Time of its first reading.
    pub first: UnixMs,
    /// Time of its last reading.
    pub last: UnixMs,
    /// Its rows, or slots.
    pub rows: u32,
    /// Its values.
    pub points: u32,
}

/// Segments of the log, as a set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Generations {
    /// First and last of each run, rising, with a gap between any two.
    runs: Vec<(u64, u64)>,
}

impl Generations {
    /// Puts one in.
    pub fn insert(&mut self, generation: u64) {
        let at = self.runs.partition_point(|(_, last)| *last < generation);
        if self.runs.get(at).is_some_and(|(first, _)| *first <= generation) {
            return;
        }
        let joins_before = at > 0 && self.runs[at - 1].1.checked_add(1) == Some(generation);
        let joins_after =
            self.runs.get(at).is_some_and(|(first, _)| generation.checked_add(1) == Some(*first));
        match (joins_before, joins_after) {
            (true, true) => {
                let (_, last) = self.runs.remove(at);
                self.runs[at - 1].1 = last;
            }
            (true, false) => self.runs[at - 1].1 = generation,
            (false, true) => self.runs[at].0 = generation,
            (false, false) => self.runs.insert(at, (generation, generation)),
        }
    }

    /// Whether one is in.
    pub fn contains(&self, generation: u64) -> bool {
        let at = self.runs.partition_point(|(_, last)| *last < generation);
        self.runs.get(at).is_some_and(|(first, _)| *first <= generation)
    }

    /// The greatest.
    pub fn newest(&self) -> Option<u64> {
        self.runs.last().map(|(_, last)| *last)
    }

    /// First and last of each run without a gap, rising.
    pub fn runs(&self) -> &[(u64, u64)] {
        &self.runs
    }
}

impl FromIterator<u64> for Generations {
    fn from_iter<T: IntoIterator<Item = u64>>(generations: T) -> Self {
        let mut set = Self::default();
        generations.into_iter().for_each(|generation| set.insert(generation));
        set
    }
}

/// What is known to be lost of a day's readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Losses {
    /// Places where something is missing.
    pub gaps: u64,
    /// Records of the log.
    pub records: u64,
    /// Bytes of log and day files.
    pub bytes: u64,
    /// Chunks.
    pub chunks: u64,
}

impl std::ops::AddAssign for Losses {
    fn add_assign(&mut self, other: Self) {
        self.gaps = self.gaps.saturating_add(other.gaps);
        self.records = self.records.saturating_add(other.records);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.chunks = self.chunks.saturating_add(other.chunks);
    }
}

/// The index of an immutable day file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footer {
    /// The day.
    pub day: Day,
    /// Its parts, in the order of the file.
    pub parts: Vec<FooterPart>,
    /// The segments of the log whose readings of this day are in.
    pub generations: Generations,
    /// What is known to be lost.
    pub losses: Losses,
    /// BLAKE3 of the file up to the hash itself.
    pub digest: [u8; 32],
}

impl Footer {
    /// The parts of one asset: of its readings (`slot_ms` 0) or its rollups of one width.
    pub fn parts_of(&self, asset: AssetId, slot_ms: i64) -> impl Iterator<Item = &FooterPart> {
        self.parts.iter().filter(move |part| part.asset == asset && part.slot_ms == slot_ms)
    }

    /// Rows of all parts.
    pub fn rows(&self) -> u64 {
        self.parts.iter().map(|part| u64::from(part.rows)).sum()
    }

    /// Values of all parts.
    pub fn points(&self) -> u64 {
        self.parts.iter().map(|part| u64::from(part.points)).sum()
    }

    /// Time of the earliest reading.
    pub fn first(&self) -> Option<UnixMs> {
        self.parts.iter().map(|part| part.first).min()
    }

    /// Time of the latest reading.
    pub fn last(&self) -> Option<UnixMs> {
        self.parts.iter().map(|part| part.last).max()
    }
}

/// Writes an immutable day file part by part into buffers, which the caller appends to the file.
#[derive(Debug)]
pub(super) struct DayWriter {
    day: Day,
    offset: u64,
    hasher: blake3::Hasher,
    parts: Vec<FooterPart>,
}

impl DayWriter {
    pub(super) fn start(magic: [u8; 8], day: Day, out: &mut Vec<u8>) -> Self {
        let mut writer = Self { day, offset: 0, hasher: blake3::Hasher::new(), parts: Vec::new() };
        writer.written(out, |out| put_day_header(out, magic, day));
        writer
    }

    /// Runs what appends, and takes note of it. Answers where it started and how long it is.
    fn written(&mut self, out: &mut Vec<u8>, append: impl FnOnce(&mut Vec<u8>)) -> (u64, u32) {
        let start = out.len();
        append(out);
        self.hasher.update(&out[start..]);
        let (offset, len) = (self.offset, out.len() - start);
        self.offset += len as u64;
        (offset, u32::try_from(len).expect("invariant: a part is far below 4 GiB"))
    }

    /// Appends a framed part; place and length of `part` are filled in.
    pub(super) fn part(&mut self, part: FooterPart, out: &mut Vec<u8>, append: impl FnOnce(&mut Vec<u8>)) {
        let (offset, len) = self.written(out, append);
        self.parts.push(FooterPart { offset, len, ..part });
    }

    pub(super) fn finish(mut self, generations: Generations, losses: Losses, out: &mut Vec<u8>) -> Footer {
        let parts = std::mem::take(&mut self.parts);
        let bounded = parts.len() <= DAY_CHUNKS_MAX && generations.runs.len() <= DAY_GENERATIONS_MAX;
        assert!(bounded, "{} parts of {} runs of segments", parts.len(), generations.runs.len());
        let mut footer = Footer { day: self.day, parts, generations, losses, digest: [0; 32] };
        let offset = self.offset;
        self.written(out, |out| put_frame(out, FOOTER_MAGIC, |out| put_footer(out, &footer)));
        self.written(out, |out| {
            let offset = offset.to_le_bytes();
            out.extend_from_slice(&offset);
            out.extend_from_slice(&crc32c::crc32c(&offset).to_le_bytes());
        });
        footer.digest = *self.hasher.finalize().as_bytes();
        out.extend_from_slice(&footer.digest);
        footer
    }
}

fn put_footer(out: &mut Vec<u8>, footer: &Footer) {
    out.push(VERSION);
    put_signed(out, i64::from(footer.day.0));
    put_varint(out, footer.generations.runs.len() as u64);
    let mut before = 0;
    for (first, last) in &footer.generations.runs {
        put_varint(out, first - before);
        put_varint(out, last - first);
        before = *last;
    }
    let Losses { gaps, records, bytes, chunks } = footer.losses;
    [gaps, records, bytes, chunks].into_iter().for_each(|number| put_varint(out, number));
    put_varint(out, footer.parts.len() as u64);
    let start = footer.day.start();
    for part in &footer.parts {
        put_varint(out, u64::from(part.asset.0));
        put_varint(out, part.slot_ms.cast_unsigned());
        put_varint(out, u64::from(part.len));
        put_varint(out, part.first.since(start).cast_unsigned());
        put_varint(out, part.last.since(part.first).cast_unsigned());
        put_varint(out, u64::from(part.rows));
        put_varint(out, u64::from(part.points));
    }
}

/// Reads the footer of a file of `file_len` bytes out of its last bytes. If these do not reach back far enough the
/// error tells how many are needed. The hash is not checked, see [`DayFileCheck`].
pub(super) fn take_footer(file_len: u64, tail: &[u8]) -> Result<Footer, DayFileError> {
    let damaged = |part| DayFileError::Damaged { part };
    let trailer_at = tail.len().checked_sub(TRAILER_BYTES).ok_or(damaged("trailer"))?;
    let trailer = &tail[trailer_at..];
    let offset = u64_at(trailer, 0);
    let end = file_len.checked_sub(TRAILER_BYTES as u64).ok_or(damaged("trailer"))?;
    let inside = (DAY_HEADER_BYTES as u64..end).contains(&offset)
        && end - offset <= (CHUNK_BYTES_MAX + FRAME_HEADER_BYTES) as u64;
    if u32_at(trailer, 8) != crc32c::crc32c(&trailer[..8]) || !inside {
        return Err(damaged("trailer"));
    }
    let (expected, found) = (file_len - offset, tail.len() as u64);
    if expected > found {
        return Err(DayFileError::Tail { expected, found });
    }
    let start = usize::try_from(found - expected).map_err(|_| damaged("trailer"))?;
    let bytes = &tail[start..trailer_at];
    let body = frame(FOOTER_MAGIC, bytes).map_err(|_: ChunkError| damaged("footer"))?;
    if body.first().is_some_and(|version| *version != VERSION) {
        return Err(DayFileError::Version { expected: VERSION, found: body[0] });
    }
    let digest = trailer[12..].try_into().expect("invariant: the trailer ends in 32 bytes");
    let whole = body.len() + FRAME_HEADER_BYTES == bytes.len();
    take_fields(body, digest, offset).filter(|_| whole).ok_or(damaged("footer"))
}

fn take_fields(body: &[u8], digest: [u8; 32], end: u64) -> Option<Footer> {
    let mut reader = Reader::new(body.get(1..)?);
    let day = Day(i32::try_from(reader.signed()?).ok()?);
    let generations = take_generations(&mut reader)?;
    let mut number = || reader.varint();
    let losses = Losses { gaps: number()?, records: number()?, bytes: number()?, chunks: number()? };
    let count = take_count(&mut reader, DAY_CHUNKS_MAX)?;
    // A part takes seven bytes at least.
    let mut parts = Vec::with_capacity(count.min(reader.remaining() / 7));
    let mut offset = DAY_HEADER_BYTES as u64;
    for _ in 0..count {
        let part = take_part(&mut reader, day, offset)?;
        offset += u64::from(part.len);
        parts.push(part);
    }
    (reader.is_empty() && offset == end).then_some(Footer { day, parts, generations, losses, digest })
}

fn take_generations(reader: &mut Reader<'_>) -> Option<Generations> {
    let count = take_count(reader, DAY_GENERATIONS_MAX)?;
    let mut runs: Vec<(u64, u64)> = Vec::with_capacity(count.min(reader.remaining() / 2));
    for _ in 0..count {
        let before = runs.last().map(|(_, last)| *last);
        let first = before.unwrap_or(0).checked_add(reader.varint()?)?;
        let last = first.checked_add(reader.varint()?)?;
        if before.is_some_and(|before| first <= before.saturating_add(1)) {
            return None;
        }
        runs.push((first, last));
    }
    Some(Generations { runs })
}

fn take_part(reader: &mut Reader<'_>, day: Day, offset: u64) -> Option<FooterPart> {
    let asset = AssetId(u32::try_from(reader.varint()?).ok()?);
    let mut span = |max: i64| i64::try_from(reader.varint()?).ok().filter(|ms| *ms <= max);
    let slot_ms = span(DAY_MS)?;
    let len = u32::try_from(span((CHUNK_BYTES_MAX + FRAME_HEADER_BYTES) as i64)?).ok()?;
    let first = day.start().plus(span(DAY_MS - 1)?);
    let last = first.plus(span(DAY_MS - 1)?);
    let rows = u32::try_from(take_count(reader, CHUNK_ROWS_MAX)?).ok()?;
    let points = u32::try_from(reader.varint()?).ok()?;
    day.contains(last).then_some(FooterPart { asset, slot_ms, offset, len, first, last, rows, points })
}

/// Checks the hash of an immutable day file, fed piece by piece from its start to its end.
#[derive(Debug)]
pub struct DayFileCheck {
    hasher: blake3::Hasher,
    left: u64,
}

impl DayFileCheck {
    /// Of a file of this length.
    pub fn new(file_len: u64) -> Self {
        Self { hasher: blake3::Hasher::new(), left: file_len.saturating_sub(32) }
    }

    /// Takes the next bytes of the file.
    pub fn update(&mut self, bytes: &[u8]) {
        let counted = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
        self.hasher.update(&bytes[..counted]);
        self.left -= counted as u64;
    }

    /// Whether every byte was seen and is the one that was written.
    pub fn holds(&self, footer: &Footer) -> bool {
        self.left == 0 && *self.hasher.finalize().as_bytes() == footer.digest
    }
}
