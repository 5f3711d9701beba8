//! The telemetry log and the files of past days: damage is never taken for a reading, what is whole is read, and what
//! unpacks to much says so before it takes memory.

use node::core::catalogue::{AssetId, Catalogue, Code, Column, MetricName};
use node::core::telemetry::{
    AssetRollup, CHUNK_MAGIC, ChunkReader, FOOTER_MAGIC, FRAME_HEADER_BYTES, Found, FoundPart,
    RECORD_HEADER_BYTES, RECORD_MAGIC, ROLLUP_MAGIC, Row, SEGMENT_HEADER_BYTES, SegmentReader, SegmentWriter,
    TRAILER_BYTES, Value, decode_chunk, decode_record, decode_rollup, encode_chunk, encode_rollup,
    read_footer, read_header, scan,
};
use protocol::AssetKind;

use super::bounds::{measured, measured_with};
use crate::telemetry_samples::{self as samples, DAY};

/// Number of the segment that is read.
const SEGMENT: u64 = 3;
/// One record of rows.
const RECORD_FLOOR: u64 = 64 * 1024;
/// The tables of one column that pco unpacks.
const COLUMN_FLOOR: u64 = 2 * 1024 * 1024;
/// One slot of a rollup with its six figures, bytes.
const SLOT_BYTES: u64 = 80;

/// A segment as it stands, and one record whose checksum somebody made anew.
pub(super) fn check_log(bytes: &[u8]) {
    walk(bytes);
    if bytes.len() < 64 * 1024 {
        walk(&with_record(bytes));
    }
}

fn walk(bytes: &[u8]) {
    let found = measured(bytes.len(), RECORD_FLOOR, || {
        let Ok(mut reader) = SegmentReader::open(SEGMENT, Some(100), bytes) else { return 0 };
        let (mut records, mut torn, mut at) = (0usize, 0, 0);
        while let Some(found) = reader.next() {
            assert_eq!(torn, 0, "nothing comes behind a torn end");
            match found {
                Found::Record(_) => records += 1,
                Found::Gap(gap) => assert!(gap.offset + gap.bytes <= bytes.len()),
                Found::TornTail(tail) => {
                    assert!(tail.offset + tail.bytes <= bytes.len());
                    torn += 1;
                }
            }
            assert!(reader.offset() >= at && reader.offset() <= bytes.len(), "the reader goes forward");
            at = reader.offset();
        }
        records
    });
    assert!(found <= bytes.len() / 20, "{found} records in {} bytes", bytes.len());
    if let Some(Ok((_, len))) = bytes
        .get(SEGMENT_HEADER_BYTES..)
        .map(|rest| measured(rest.len(), RECORD_FLOOR, || decode_record(SEGMENT, rest)))
    {
        assert!(len <= bytes.len());
    }
}

/// A segment with one record of this body.
fn with_record(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = SegmentWriter::start(SEGMENT, 100, &[], &mut bytes);
    let (len, seq) = (u32::try_from(body.len()).unwrap().to_le_bytes(), 100u64.to_le_bytes());
    let sum = crc32c::crc32c(&[&SEGMENT.to_le_bytes()[..], &len, &seq, body].concat());
    [&bytes, &RECORD_MAGIC[..], &len, &seq, &sum.to_le_bytes(), body].concat()
}

pub(super) fn log_seeds() -> Vec<Vec<u8>> {
    let segment = segment();
    let bodies = bodies_of(&segment);
    std::iter::once(segment).chain(bodies).collect()
}

/// A catalogue of one series, and three rows.
fn segment() -> Vec<u8> {
    let mut catalogue = Catalogue::new(10);
    let code = |text| Code::new(text).unwrap();
    let defined = [
        catalogue.add_site(code("CAS-S1"), "Tour Alpha").unwrap(),
        catalogue.add_asset("CAS-S1", code("CAS-S1-ELEVATOR_1"), AssetKind::Elevator).unwrap(),
        catalogue.add_series(AssetId(0), MetricName::new("motor_temp").unwrap()).unwrap(),
    ];
    let defined: Vec<_> = defined.into_iter().flatten().collect();
    let row = |at: i64, value: f64| {
        let time = DAY.start().plus(at);
        Row::new(AssetId(0), time, vec![(Column(0), Value::new(value).unwrap())]).unwrap()
    };
    let mut bytes = Vec::new();
    let mut writer = SegmentWriter::start(SEGMENT, 100, &defined, &mut bytes);
    writer.rows(&[row(0, 81.5), row(10_000, -2.0)], &mut bytes);
    writer.rows(&[row(20_000, 1.0 / 3.0)], &mut bytes);
    bytes
}

/// The bodies of the records of a segment: first the catalogue.
fn bodies_of(segment: &[u8]) -> Vec<Vec<u8>> {
    let (mut bodies, mut at) = (Vec::new(), SEGMENT_HEADER_BYTES);
    while let Ok((_, len)) = decode_record(SEGMENT, &segment[at..]) {
        bodies.push(segment[at + RECORD_HEADER_BYTES..at + len].to_vec());
        at += len;
    }
    assert_eq!(at, segment.len());
    bodies
}

/// The canonical catalogue of [`segment`].
pub(super) fn definitions() -> Vec<u8> {
    bodies_of(&segment())[0][1..].to_vec()
}

/// A frame around a body, with the checksum it takes.
fn framed(magic: [u8; 4], body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(body.len()).unwrap().to_le_bytes();
    let sum = crc32c::crc32c(&[&magic[..], &len, body].concat());
    [&magic[..], &len, &sum.to_le_bytes(), body].concat()
}

/// The body of a chunk. What its header promises, cells of eight bytes, is what it may take.
pub(super) fn check_chunk(body: &[u8]) {
    let bytes = framed(CHUNK_MAGIC, body);
    let header = measured(bytes.len(), RECORD_FLOOR, || read_header(&bytes));
    let promised = header.as_ref().map_or(0, |header| {
        u64::from(header.rows) * (header.columns.len() as u64 + 1) * size_of::<f64>() as u64
    });
    let read = measured_with(bytes.len(), COLUMN_FLOOR, || decode_chunk(&bytes, None), |_| promised / 2);
    let Ok((header, rows)) = read else { return };
    assert_eq!(rows.len(), header.rows as usize, "rows");
    assert_eq!(rows.points() as u64, header.points(), "values");
    let mut again = Vec::new();
    encode_chunk(header.asset, header.generation, &rows, &mut again);
    assert_eq!(
        decode_chunk(&again, None).map(|(_, rows)| rows),
        Ok(rows),
        "readings change when written again"
    );
}

pub(super) fn chunk_seeds() -> Vec<Vec<u8>> {
    vec![samples::chunk()[FRAME_HEADER_BYTES..].to_vec()]
}

/// The body of the rollups of one asset.
pub(super) fn check_rollup(body: &[u8]) {
    let bytes = framed(ROLLUP_MAGIC, body);
    let slots = |read: &Result<AssetRollup, _>| {
        let count =
            |rollup: &AssetRollup| rollup.columns.iter().map(|(_, slots)| slots.len() as u64).sum::<u64>();
        read.as_ref().map_or(0, count) * SLOT_BYTES
    };
    let read = measured_with(bytes.len(), COLUMN_FLOOR, || decode_rollup(&bytes), slots);
    let Ok(rollup) = read else { return };
    let mut again = Vec::new();
    encode_rollup(&rollup, &mut again);
    let read_again = decode_rollup(&again).expect("what was read is written so that it reads");
    assert_eq!(format!("{read_again:?}"), format!("{rollup:?}"), "sums change when written again");
}

pub(super) fn rollup_seeds() -> Vec<Vec<u8>> {
    vec![samples::rollup_part()[FRAME_HEADER_BYTES..].to_vec()]
}

/// A whole day's file of any kind, and a footer whose checksum somebody made anew.
pub(super) fn check_day_file(bytes: &[u8]) {
    measured(bytes.len(), RECORD_FLOOR, || {
        let parts = [
            ChunkReader::open_file(DAY, bytes).ok().map(|parts| count(parts, bytes.len())),
            scan(DAY, bytes).ok().map(|parts| count(parts, bytes.len())),
        ];
        for parts in parts.into_iter().flatten() {
            assert!(parts <= bytes.len() / FRAME_HEADER_BYTES + 2, "{parts} parts");
        }
    });
    let footer = measured(bytes.len(), RECORD_FLOOR, || read_footer(bytes.len() as u64, bytes));
    drop(footer);
    let seg = samples::seg_file();
    let trailer = &seg[seg.len() - TRAILER_BYTES..];
    let at = usize::try_from(u64::from_le_bytes(trailer[..8].try_into().unwrap())).unwrap();
    let forged = [&seg[..at], &framed(FOOTER_MAGIC, bytes), trailer].concat();
    let footer = measured(forged.len(), RECORD_FLOOR, || read_footer(forged.len() as u64, &forged));
    let Ok(footer) = footer else { return };
    for part in &footer.parts {
        assert!(part.offset + u64::from(part.len) <= at as u64, "a part lies before the footer: {part:?}");
    }
}

fn count(parts: impl Iterator<Item = FoundPart>, len: usize) -> usize {
    let mut at = 0;
    parts
        .inspect(|part| {
            let (offset, end) = match part {
                FoundPart::Chunk { offset, len, .. } => (*offset, offset + len),
                FoundPart::Damaged { offset, bytes } | FoundPart::Torn { offset, bytes } => {
                    (*offset, offset + bytes)
                }
            };
            assert!(at <= offset && offset <= end && end <= len, "{part:?} behind {at} of {len}");
            at = end;
        })
        .count()
}

pub(super) fn day_file_seeds() -> Vec<Vec<u8>> {
    let seg = samples::seg_file();
    let at = seg.len() - TRAILER_BYTES;
    let footer_at = usize::try_from(u64::from_le_bytes(seg[at..at + 8].try_into().unwrap())).unwrap();
    let footer = seg[footer_at + FRAME_HEADER_BYTES..at].to_vec();
    vec![samples::open_file(), seg, samples::roll_file(), footer]
}
