//! The telemetry log's format, byte by byte, and its writer. A segment is a header and records; a record is
//! `magic u32 | len u32 | seq u64 | crc32c u32 | body`, little endian, and its checksum covers the segment's number,
//! length, sequence and body. A body is a kind byte, then rows or catalogue entries.

use protocol::limits::{ROWS_PER_COMMIT_MAX, TELEMETRY_RECORD_BYTES_MAX};
use protocol::{Bounded, UnixMs};
use thiserror::Error;

use super::value::{Row, Value};
use super::wire::{Reader, put_signed, put_value, put_varint};
use crate::core::catalogue::{AssetId, Column, Definition, SERIES_PER_ASSET_MAX};

/// First bytes of a segment; the last one is the version.
pub const SEGMENT_MAGIC: [u8; 8] = *b"SYMTELW\x01";
/// Bytes of a segment's header: magic, number, first sequence, checksum.
pub const SEGMENT_HEADER_BYTES: usize = 8 + 8 + 8 + 4;
/// First bytes of a record.
pub const RECORD_MAGIC: [u8; 4] = [0xd1, b'T', b'L', b'R'];
/// Bytes of a record before its body.
pub const RECORD_HEADER_BYTES: usize = 4 + 4 + 8 + 4;
/// Rows in one record, so that damage to one record loses little.
pub const RECORD_ROWS_MAX: usize = 256;
/// Catalogue entries in one record.
pub const RECORD_DEFINITIONS_MAX: usize = 1_000;

const KIND_ROWS: u8 = 1;
const KIND_DEFINITIONS: u8 = 2;
/// Asset, time, column count, bitmap and 64 raw values with their tags.
const ROW_BYTES_MAX: usize = 5 + 10 + 2 + SERIES_PER_ASSET_MAX / 8 + 64 * 9;
/// Tags, three ids and two texts of 64 bytes.
const DEFINITION_BYTES_MAX: usize = 256;
const _: () = {
    assert!(RECORD_ROWS_MAX * ROW_BYTES_MAX + 16 < TELEMETRY_RECORD_BYTES_MAX);
    assert!(RECORD_DEFINITIONS_MAX * DEFINITION_BYTES_MAX + 16 < TELEMETRY_RECORD_BYTES_MAX);
    assert!(RECORD_ROWS_MAX <= ROWS_PER_COMMIT_MAX);
};

/// What a record holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Rows in the order of acceptance.
    Rows(Vec<Row>),
    /// Catalogue entries, before the first row that needs them.
    Definitions(Vec<Definition>),
}

/// A record that was read back whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its number in the log, without a gap over all segments.
    pub seq: u64,
    /// What it holds.
    pub body: Body,
}

/// Why bytes are not a record.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RecordError {
    /// Something else stands where a record should start.
    #[error("no record starts here")]
    Magic,
    /// The bytes end before the record does.
    #[error("{found} bytes, {expected} expected")]
    Short {
        /// Bytes a record of this length has.
        expected: usize,
        /// Bytes there are.
        found: usize,
    },
    /// Longer than any record.
    #[error("a body of {found} bytes, at most {TELEMETRY_RECORD_BYTES_MAX} allowed")]
    TooLong {
        /// Bytes the record claims.
        found: usize,
    },
    /// The checksum does not hold.
    #[error("checksum {found:08x}, {expected:08x} expected")]
    Checksum {
        /// Checksum in the record.
        expected: u32,
        /// Checksum of what was read.
        found: u32,
    },
    /// The checksum holds but the body does not decode: written by another version, or a fault of ours.
    #[error("record {seq} has a body that does not decode")]
    Body {
        /// Its sequence.
        seq: u64,
    },
}

/// Writes one segment into buffers; the caller writes these to the file and syncs it.
#[derive(Debug, Clone)]
pub struct SegmentWriter {
    segment: u64,
    next_seq: u64,
}

impl SegmentWriter {
    /// Starts a segment: its header and all catalogue entries known so far, so that older segments may go.
    pub fn start(segment: u64, next_seq: u64, catalogue: &[Definition], out: &mut Vec<u8>) -> Self {
        let start = out.len();
        out.extend_from_slice(&SEGMENT_MAGIC);
        out.extend_from_slice(&segment.to_le_bytes());
        out.extend_from_slice(&next_seq.to_le_bytes());
        let checksum = crc32c::crc32c(&out[start..]);
        out.extend_from_slice(&checksum.to_le_bytes());
        let mut writer = Self { segment, next_seq };
        writer.definitions(catalogue, out);
        writer
    }

    /// Goes on with a segment that was read back.
    pub const fn resume(segment: u64, next_seq: u64) -> Self {
        Self { segment, next_seq }
    }

    /// Sequence of the next record.
    pub const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Appends rows.
    pub fn rows(&mut self, rows: &[Row], out: &mut Vec<u8>) {
        rows.chunks(RECORD_ROWS_MAX).for_each(|chunk| self.record(out, |out| put_rows(out, chunk)));
    }

    /// Appends catalogue entries. They have to stand before the rows that need them.
    pub fn definitions(&mut self, definitions: &[Definition], out: &mut Vec<u8>) {
        definitions
            .chunks(RECORD_DEFINITIONS_MAX)
            .for_each(|chunk| self.record(out, |out| put_definitions(out, chunk)));
    }

    fn record(&mut self, out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
        encode_record(self.segment, self.next_seq, out, body);
        self.next_seq += 1;
    }
}

fn encode_record(segment: u64, seq: u64, out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.resize(start + RECORD_HEADER_BYTES, 0);
    body(out);
    let (header, body) = out[start..].split_at_mut(RECORD_HEADER_BYTES);
    assert!(body.len() <= TELEMETRY_RECORD_BYTES_MAX, "a chunk of rows always fits into a record");
    let len = u32::try_from(body.len()).expect("invariant: a record's body stays below 4 MiB");
    header[..4].copy_from_slice(&RECORD_MAGIC);
    header[4..8].copy_from_slice(&len.to_le_bytes());
    header[8..16].copy_from_slice(&seq.to_le_bytes());
    let checksum = checksum(segment, &header[4..16], body);
    header[16..].copy_from_slice(&checksum.to_le_bytes());
}

fn checksum(segment: u64, len_and_seq: &[u8], body: &[u8]) -> u32 {
    let start = crc32c::crc32c_append(crc32c::crc32c(&segment.to_le_bytes()), len_and_seq);
    crc32c::crc32c_append(start, body)
}

fn put_rows(out: &mut Vec<u8>, rows: &[Row]) {
    out.push(KIND_ROWS);
    put_varint(out, rows.len() as u64);
    let mut before = 0i64;
    for row in rows {
        put_varint(out, u64::from(row.asset().0));
        put_signed(out, row.time().0.wrapping_sub(before));
        before = row.time().0;
        put_values(out, row);
    }
}

/// Column count, presence bitmap (bit i of byte i / 8), then the values that are present.
fn put_values(out: &mut Vec<u8>, row: &Row) {
    let columns = row.values().last().map_or(0, |(column, _)| usize::from(column.0) + 1);
    put_varint(out, columns as u64);
    let bitmap = out.len();
    out.resize(bitmap + columns.div_ceil(8), 0);
    for (column, value) in row.values() {
        let at = usize::from(column.0);
        out[bitmap + at / 8] |= 1 << (at % 8);
        put_value(out, *value);
    }
}

fn put_definitions(out: &mut Vec<u8>, definitions: &[Definition]) {
    out.push(KIND_DEFINITIONS);
    out.extend_from_slice(&protocol::encode(&definitions));
}

/// Reads the record at the front of `bytes`. Answers it and its length in bytes.
pub fn decode_record(segment: u64, bytes: &[u8]) -> Result<(Record, usize), RecordError> {
    let (seq, body) = checked_body(segment, bytes)?;
    let record = decode_body(body).map(|body| Record { seq, body }).ok_or(RecordError::Body { seq })?;
    Ok((record, RECORD_HEADER_BYTES + body.len()))
}

/// The sequence and body of the record at the front, if its checksum holds.
pub(super) fn checked_body(segment: u64, bytes: &[u8]) -> Result<(u64, &[u8]), RecordError> {
    if !bytes.starts_with(&RECORD_MAGIC) {
        return Err(RecordError::Magic);
    }
    let short = |expected| RecordError::Short { expected, found: bytes.len() };
    let (header, rest) = bytes.split_at_checked(RECORD_HEADER_BYTES).ok_or(short(RECORD_HEADER_BYTES))?;
    let len = u32_at(header, 4) as usize;
    if len > TELEMETRY_RECORD_BYTES_MAX {
        return Err(RecordError::TooLong { found: len });
    }
    let body = rest.get(..len).ok_or(short(RECORD_HEADER_BYTES + len))?;
    let (expected, found) = (u32_at(header, 16), checksum(segment, &header[4..16], body));
    if expected != found {
        return Err(RecordError::Checksum { expected, found });
    }
    Ok((u64_at(header, 8), body))
}

fn decode_body(body: &[u8]) -> Option<Body> {
    let (kind, rest) = body.split_first()?;
    match *kind {
        KIND_ROWS => take_rows(rest).map(Body::Rows),
        KIND_DEFINITIONS => {
            let decoded: Bounded<Definition, RECORD_DEFINITIONS_MAX> =
                protocol::decode(rest, TELEMETRY_RECORD_BYTES_MAX).ok()?;
            Some(Body::Definitions(decoded.into_vec()))
        }
        _ => None,
    }
}

fn take_rows(body: &[u8]) -> Option<Vec<Row>> {
    let mut reader = Reader::new(body);
    let count = usize::try_from(reader.varint()?).ok().filter(|count| *count <= RECORD_ROWS_MAX)?;
    let mut rows = Vec::with_capacity(count.min(reader.remaining()));
    let mut time = 0i64;
    for _ in 0..count {
        let asset = AssetId(u32::try_from(reader.varint()?).ok()?);
        time = time.wrapping_add(reader.signed()?);
        rows.push(Row::new(asset, UnixMs(time), take_values(&mut reader)?)?);
    }
    reader.is_empty().then_some(rows)
}

fn take_values(reader: &mut Reader<'_>) -> Option<Vec<(Column, Value)>> {
    let columns = reader.varint().filter(|columns| *columns <= SERIES_PER_ASSET_MAX as u64)?;
    let columns = u16::try_from(columns).ok()?;
    let bitmap = reader.take(usize::from(columns).div_ceil(8))?;
    let present = bitmap.iter().map(|byte| byte.count_ones() as usize).sum::<usize>();
    let mut values = Vec::with_capacity(present.min(reader.remaining()));
    for column in (0..columns).filter(|column| bitmap[usize::from(column / 8)] >> (column % 8) & 1 == 1) {
        values.push((Column(column), reader.value()?));
    }
    (values.len() == present).then_some(values)
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let four = bytes[at..at + 4].try_into().expect("invariant: four bytes were taken");
    u32::from_le_bytes(four)
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let eight = bytes[at..at + 8].try_into().expect("invariant: eight bytes were taken");
    u64::from_le_bytes(eight)
}
