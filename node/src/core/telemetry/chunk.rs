//! A chunk: readings of one asset, columns side by side, in a frame with a checksum:
//! `magic u32 | len u32 | crc32c u32 | body`, little endian; the checksum covers length and body. A body is a header
//! which alone answers for least, greatest, sum, count and last of each column, the times, and the columns.

use protocol::UnixMs;
use protocol::limits::{CHUNK_BYTES_MAX, CHUNK_CELLS_MAX, CHUNK_ROWS_MAX};
use thiserror::Error;

use super::codec::{Effort, put_integers, put_values, scaled, take_integers, take_values};
use super::columns::Columns;
use super::record::u32_at;
use super::value::Value;
use super::wire::{POWERS, Reader, put_signed, put_value, put_varint};
use crate::core::catalogue::{AssetId, Column, SERIES_PER_ASSET_MAX};

/// First bytes of a chunk.
pub const CHUNK_MAGIC: [u8; 4] = [0xd2, b'T', b'L', b'C'];
/// Bytes of a frame before its body.
pub const FRAME_HEADER_BYTES: usize = 4 + 4 + 4;

const VERSION: u8 = 1;

/// Why bytes are not a frame or not a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ChunkError {
    /// Something else stands where the frame should start.
    #[error("no frame of this kind starts here")]
    Magic,
    /// The bytes end before the frame does.
    #[error("{found} bytes, {expected} expected")]
    Short {
        /// Bytes a frame of this length has.
        expected: usize,
        /// Bytes there are.
        found: usize,
    },
    /// Longer than any frame.
    #[error("a body of {found} bytes, at most {CHUNK_BYTES_MAX} allowed")]
    TooLong {
        /// Bytes the frame claims.
        found: usize,
    },
    /// The checksum does not hold.
    #[error("checksum {found:08x}, {expected:08x} expected")]
    Checksum {
        /// Checksum in the frame.
        expected: u32,
        /// Checksum of what was read.
        found: u32,
    },
    /// Written by a later program.
    #[error("version {found}, this program reads version {expected}")]
    Version {
        /// Version this program reads.
        expected: u8,
        /// Version found.
        found: u8,
    },
    /// The checksum holds but the body does not decode.
    #[error("{part} does not decode")]
    Body {
        /// Which part of it.
        part: &'static str,
    },
}

/// What a chunk says of one of its columns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColumnHeader {
    /// The metric's column of the asset.
    pub column: Column,
    /// Values; at least one.
    pub count: u32,
    /// Least value.
    pub min: f64,
    /// Greatest value.
    pub max: f64,
    /// Sum, within the range of a float.
    pub sum: f64,
    /// Value of the latest time.
    pub last: f64,
}

/// What a chunk says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct ChunkHeader {
    /// Whose readings they are.
    pub asset: AssetId,
    /// The segment of the log they come from; 0 where several were merged.
    pub generation: u64,
    /// Rows.
    pub rows: u32,
    /// Time of the first row.
    pub first: UnixMs,
    /// Time of the last row.
    pub last: UnixMs,
    /// The columns, by rising id.
    pub columns: Vec<ColumnHeader>,
}

impl ChunkHeader {
    /// Values in the chunk.
    pub fn points(&self) -> u64 {
        self.columns.iter().map(|column| u64::from(column.count)).sum()
    }
}

/// Appends one framed chunk. The rows are at least one and not more than fit ([`Columns::pieces`]).
pub fn encode_chunk(asset: AssetId, generation: u64, rows: &Columns, out: &mut Vec<u8>) {
    put_chunk(asset, generation, rows, Effort::Full, out);
}

/// The same for a chunk that is soon written once more: about a third longer, encoded and decoded many times faster.
pub fn encode_chunk_quickly(asset: AssetId, generation: u64, rows: &Columns, out: &mut Vec<u8>) {
    put_chunk(asset, generation, rows, Effort::Quick, out);
}

fn put_chunk(asset: AssetId, generation: u64, rows: &Columns, effort: Effort, out: &mut Vec<u8>) {
    let cells = rows.len() * rows.columns().len();
    let fits = (1..=CHUNK_ROWS_MAX).contains(&rows.len()) && cells <= CHUNK_CELLS_MAX;
    assert!(fits, "a chunk holds {} rows of {} columns", rows.len(), rows.columns().len());
    put_frame(out, CHUNK_MAGIC, |out| put_body(out, asset, generation, rows, effort));
}

fn put_body(out: &mut Vec<u8>, asset: AssetId, generation: u64, rows: &Columns, effort: Effort) {
    let (first, last) = (rows.times()[0], rows.times()[rows.len() - 1]);
    out.push(VERSION);
    put_varint(out, u64::from(asset.0));
    put_varint(out, generation);
    put_varint(out, rows.len() as u64);
    put_signed(out, first);
    put_varint(out, last.wrapping_sub(first).cast_unsigned());
    let mut bodies = Vec::new();
    put_integers(&mut bodies, rows.times(), effort);
    put_varint(out, bodies.len() as u64);
    let held: Vec<(Column, &[f64])> = rows
        .columns()
        .iter()
        .map(|(column, cells)| (*column, cells.as_slice()))
        .filter(|(_, cells)| cells.iter().any(|cell| !cell.is_nan()))
        .collect();
    put_varint(out, held.len() as u64);
    let mut before = 0;
    for (column, cells) in held {
        put_varint(out, u64::from(column.0) - before);
        before = u64::from(column.0);
        let start = bodies.len();
        put_values(&mut bodies, cells, effort);
        put_column_header(out, &summary(column, cells), rows.len(), bodies.len() - start);
    }
    out.extend_from_slice(&bodies);
}

/// Missing values, bytes, then the figures.
fn put_column_header(out: &mut Vec<u8>, header: &ColumnHeader, rows: usize, bytes: usize) {
    put_varint(out, rows as u64 - u64::from(header.count));
    put_varint(out, bytes as u64);
    for figure in [header.min, header.max, header.sum, header.last] {
        put_value(out, Value::new(figure).expect("invariant: figures of values are within range"));
    }
}

fn summary(column: Column, cells: &[f64]) -> ColumnHeader {
    let values: Vec<f64> = cells.iter().copied().filter(|cell| !cell.is_nan()).collect();
    let last = *values.last().expect("invariant: a column that is written holds a value");
    let min = values.iter().copied().fold(f64::INFINITY, f64::min);
    let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let count = u32::try_from(values.len()).expect("invariant: a chunk has few rows");
    ColumnHeader { column, count, min, max, sum: sum(&values), last }
}

/// The sum of values, exact where they are decimals, within the range of a float everywhere.
pub(super) fn sum(values: &[f64]) -> f64 {
    match scaled(values) {
        #[expect(clippy::cast_precision_loss, reason = "rounded once, at the end")]
        Some((exponent, integers)) => {
            let total: i128 = integers.into_iter().map(i128::from).sum();
            total as f64 / POWERS[usize::from(exponent)]
        }
        None => values.iter().fold(0.0, |total, value| plus(total, *value)),
    }
}

/// A sum that stays finite, without a negative zero.
pub(super) fn plus(a: f64, b: f64) -> f64 {
    (a + b).clamp(f64::MIN, f64::MAX) + 0.0
}

/// Reads what a framed chunk says of itself; its checksum is verified.
pub fn read_header(bytes: &[u8]) -> Result<ChunkHeader, ChunkError> {
    let body = frame(CHUNK_MAGIC, bytes)?;
    take_header(body).map(|found| found.header)
}

/// Reads a framed chunk: all columns, or those that are wanted. Columns it does not have are left out.
pub fn decode_chunk(bytes: &[u8], wanted: Option<&[Column]>) -> Result<(ChunkHeader, Columns), ChunkError> {
    let body = frame(CHUNK_MAGIC, bytes)?;
    let Opened { header, mut rest, times_bytes, bytes } = take_header(body)?;
    let rows = header.rows as usize;
    let times =
        take_whole(&mut rest, times_bytes, |reader| take_integers(reader, rows)).ok_or(part("times"))?;
    if times.first() != Some(&header.first.0) || times.last() != Some(&header.last.0) {
        return Err(part("times"));
    }
    let mut columns = Vec::new();
    for (column, bytes) in header.columns.iter().zip(bytes) {
        if wanted.is_some_and(|wanted| !wanted.contains(&column.column)) {
            rest.take(bytes).ok_or(part("columns"))?;
            continue;
        }
        let cells = take_whole(&mut rest, bytes, |reader| take_values(reader, rows));
        let (cells, _) =
            cells.filter(|(cells, count)| agrees(column, cells, *count)).ok_or(part("columns"))?;
        columns.push((column.column, cells));
    }
    if !rest.is_empty() {
        return Err(part("end"));
    }
    let columns = Columns::of_checked(times, columns).ok_or(part("rows"))?;
    Ok((header, columns))
}

const fn part(part: &'static str) -> ChunkError {
    ChunkError::Body { part }
}

fn agrees(header: &ColumnHeader, cells: &[f64], count: usize) -> bool {
    let last = cells.iter().rev().find(|cell| !cell.is_nan());
    count == header.count as usize && last.is_some_and(|last| last.to_bits() == header.last.to_bits())
}

/// A header, and what follows it: the times, and the columns with these lengths.
struct Opened<'a> {
    header: ChunkHeader,
    rest: Reader<'a>,
    times_bytes: usize,
    bytes: Vec<usize>,
}

fn take_header(body: &[u8]) -> Result<Opened<'_>, ChunkError> {
    let mut rest = Reader::new(body);
    let version = rest.byte().ok_or(part("header"))?;
    if version != VERSION {
        return Err(ChunkError::Version { expected: VERSION, found: version });
    }
    let (header, times_bytes, bytes) = take_fields(&mut rest).ok_or(part("header"))?;
    Ok(Opened { header, rest, times_bytes, bytes })
}

fn take_fields(reader: &mut Reader<'_>) -> Option<(ChunkHeader, usize, Vec<usize>)> {
    let asset = AssetId(u32::try_from(reader.varint()?).ok()?);
    let generation = reader.varint()?;
    let rows = take_count(reader, CHUNK_ROWS_MAX).filter(|rows| *rows > 0)?;
    let first = reader.signed()?;
    let last = first.checked_add_unsigned(reader.varint()?)?;
    let times_bytes = take_count(reader, CHUNK_BYTES_MAX)?;
    let count = take_count(reader, SERIES_PER_ASSET_MAX)?;
    if rows * count > CHUNK_CELLS_MAX {
        return None;
    }
    let (mut columns, mut bytes) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for i in 0..count {
        let before = columns.last().map_or(0, |header: &ColumnHeader| header.column.0);
        let step = u16::try_from(reader.varint()?).ok().filter(|step| i == 0 || *step > 0)?;
        let column = Column(before.checked_add(step)?);
        let missing = take_count(reader, rows - 1)?;
        bytes.push(take_count(reader, CHUNK_BYTES_MAX)?);
        let mut figure = || reader.value().map(Value::get);
        let (min, max, sum, last) = (figure()?, figure()?, figure()?, figure()?);
        let count = u32::try_from(rows - missing).ok()?;
        columns.push(ColumnHeader { column, count, min, max, sum, last });
    }
    let rows = u32::try_from(rows).ok()?;
    Some((
        ChunkHeader { asset, generation, rows, first: UnixMs(first), last: UnixMs(last), columns },
        times_bytes,
        bytes,
    ))
}

/// A number that is at most `max`.
pub(super) fn take_count(reader: &mut Reader<'_>, max: usize) -> Option<usize> {
    usize::try_from(reader.varint()?).ok().filter(|count| *count <= max)
}

/// Reads a part of known length to its last byte.
fn take_whole<T>(
    reader: &mut Reader<'_>,
    bytes: usize,
    take: impl FnOnce(&mut Reader<'_>) -> Option<T>,
) -> Option<T> {
    let mut part = Reader::new(reader.take(bytes)?);
    take(&mut part).filter(|_| part.is_empty())
}

/// Appends a frame around a body.
pub(super) fn put_frame(out: &mut Vec<u8>, magic: [u8; 4], body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.resize(start + FRAME_HEADER_BYTES, 0);
    body(out);
    let (header, body) = out[start..].split_at_mut(FRAME_HEADER_BYTES);
    assert!(body.len() <= CHUNK_BYTES_MAX, "a body of {} bytes is within its bound", body.len());
    let len = u32::try_from(body.len()).expect("invariant: the bound is far below 4 GiB");
    header[..4].copy_from_slice(&magic);
    header[4..8].copy_from_slice(&len.to_le_bytes());
    let checksum = checksum(&magic, &header[4..8], body);
    header[8..].copy_from_slice(&checksum.to_le_bytes());
}

/// The body of the frame at the front of `bytes`, if its checksum holds.
pub(super) fn frame(magic: [u8; 4], bytes: &[u8]) -> Result<&[u8], ChunkError> {
    if !bytes.starts_with(&magic) {
        return Err(ChunkError::Magic);
    }
    let short = |expected| ChunkError::Short { expected, found: bytes.len() };
    let (header, rest) = bytes.split_at_checked(FRAME_HEADER_BYTES).ok_or(short(FRAME_HEADER_BYTES))?;
    let len = u32_at(header, 4) as usize;
    if len > CHUNK_BYTES_MAX {
        return Err(ChunkError::TooLong { found: len });
    }
    let body = rest.get(..len).ok_or(short(FRAME_HEADER_BYTES + len))?;
    let (expected, found) = (u32_at(header, 8), checksum(&magic, &header[4..8], body));
    if expected != found {
        return Err(ChunkError::Checksum { expected, found });
    }
    Ok(body)
}

fn checksum(magic: &[u8; 4], len: &[u8], body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c_append(crc32c::crc32c(magic), len), body)
}
