//! The file of a day's rollups: a framed part per asset and width of slot, and an index behind them.

use protocol::UnixMs;
use protocol::limits::{CHUNK_CELLS_MAX, CHUNK_ROWS_MAX};

use super::chunk::{ChunkError, frame, put_frame, take_count};
use super::codec::{put_integers, put_values, take_integers, take_values};
use super::day::{DAY_MS, Day};
use super::day_file::ROLL_MAGIC;
use super::footer::{DayWriter, Footer, FooterPart, Generations, Losses};
use super::rollup::{AssetRollup, Slot};
use super::value::Value;
use super::wire::{Reader, put_signed, put_varint};
use crate::core::catalogue::{AssetId, Column, SERIES_PER_ASSET_MAX};

/// First bytes of a part with rollups.
pub const ROLLUP_MAGIC: [u8; 4] = [0xd4, b'T', b'L', b'U'];

const VERSION: u8 = 1;
/// Shortest slot, milliseconds: a day has at most `CHUNK_ROWS_MAX` of them.
pub const SLOT_MS_MIN: i64 = 10_000;
const _: () = assert!(DAY_MS / SLOT_MS_MIN <= CHUNK_ROWS_MAX as i64);

/// Writes a file of rollups into buffers, which the caller appends to the file one after the other.
#[derive(Debug)]
pub struct RollWriter {
    writer: DayWriter,
}

impl RollWriter {
    /// Starts the file of a day.
    pub fn start(day: Day, out: &mut Vec<u8>) -> Self {
        Self { writer: DayWriter::start(ROLL_MAGIC, day, out) }
    }

    /// Appends rollups; ones without a slot are left out.
    pub fn push(&mut self, rollup: &AssetRollup, out: &mut Vec<u8>) {
        let slots = || rollup.columns.iter().flat_map(|(_, slots)| slots);
        let times = slots().map(|(_, slot)| (slot.first_at, slot.last_at));
        let Some((first, last)) = times.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))) else { return };
        let rows = rollup.columns.iter().map(|(_, slots)| slots.len()).max().unwrap_or(0);
        let part = FooterPart {
            asset: rollup.asset,
            slot_ms: rollup.slot_ms,
            offset: 0,
            len: 0,
            first,
            last,
            rows: u32::try_from(rows).expect("invariant: a day has few slots"),
            points: slots().map(|(_, slot)| slot.count).fold(0, u32::saturating_add),
        };
        self.writer.part(part, out, |out| encode_rollup(rollup, out));
    }

    /// Appends footer, trailer and hash. Answers the footer as it will be read back.
    pub fn finish(self, generations: Generations, losses: Losses, out: &mut Vec<u8>) -> Footer {
        self.writer.finish(generations, losses, out)
    }
}

/// Appends the framed rollups of one asset.
pub fn encode_rollup(rollup: &AssetRollup, out: &mut Vec<u8>) {
    let slots_max = rollup.columns.iter().map(|(_, slots)| slots.len()).max().unwrap_or(0);
    let bounded = (SLOT_MS_MIN..=DAY_MS).contains(&rollup.slot_ms) && slots_max <= CHUNK_ROWS_MAX;
    assert!(bounded, "{slots_max} slots of {} ms", rollup.slot_ms);
    put_frame(out, ROLLUP_MAGIC, |out| {
        out.push(VERSION);
        put_varint(out, u64::from(rollup.asset.0));
        put_signed(out, i64::from(rollup.day.0));
        put_varint(out, rollup.slot_ms.cast_unsigned());
        let held = || rollup.columns.iter().filter(|(_, slots)| !slots.is_empty());
        put_varint(out, held().count() as u64);
        for (column, slots) in held() {
            put_varint(out, u64::from(column.0));
            put_varint(out, slots.len() as u64);
            put_slots(out, rollup, slots);
        }
    });
}

fn put_slots(out: &mut Vec<u8>, rollup: &AssetRollup, slots: &[(u16, Slot)]) {
    let start = rollup.day.start();
    let integers: [fn(&(u16, Slot), UnixMs) -> i64; 4] = [
        |(at, _), _| i64::from(*at),
        |(_, slot), _| i64::from(slot.count),
        |(_, slot), start| slot.first_at.since(start),
        |(_, slot), start| slot.last_at.since(start),
    ];
    for field in integers {
        put_integers(out, &slots.iter().map(|slot| field(slot, start)).collect::<Vec<_>>());
    }
    let values: [fn(&Slot) -> f64; 6] = [
        |slot| slot.min,
        |slot| slot.max,
        |slot| slot.sum,
        |slot| slot.first,
        |slot| slot.last,
        |slot| slot.rise,
    ];
    for field in values {
        put_values(out, &slots.iter().map(|(_, slot)| field(slot)).collect::<Vec<_>>());
    }
}

/// Reads the framed rollups of one asset.
pub fn decode_rollup(bytes: &[u8]) -> Result<AssetRollup, ChunkError> {
    let body = frame(ROLLUP_MAGIC, bytes)?;
    let found = *body.first().ok_or(ChunkError::Body { part: "header" })?;
    if found != VERSION {
        return Err(ChunkError::Version { expected: VERSION, found });
    }
    take_rollup(&body[1..]).ok_or(ChunkError::Body { part: "rollups" })
}

fn take_rollup(body: &[u8]) -> Option<AssetRollup> {
    let mut reader = Reader::new(body);
    let asset = AssetId(u32::try_from(reader.varint()?).ok()?);
    let day = Day(i32::try_from(reader.signed()?).ok()?);
    let slot_ms = i64::try_from(reader.varint()?).ok()?;
    if !(SLOT_MS_MIN..=DAY_MS).contains(&slot_ms) {
        return None;
    }
    let count = take_count(&mut reader, SERIES_PER_ASSET_MAX)?;
    let (mut columns, mut room): (Vec<(Column, _)>, usize) = (Vec::with_capacity(count), CHUNK_CELLS_MAX);
    for _ in 0..count {
        let column = Column(u16::try_from(reader.varint()?).ok()?);
        if columns.last().is_some_and(|(before, _)| *before >= column) {
            return None;
        }
        let len = take_count(&mut reader, CHUNK_ROWS_MAX.min(room)).filter(|len| *len > 0)?;
        room -= len;
        columns.push((column, take_slots(&mut reader, day, slot_ms, len)?));
    }
    reader.is_empty().then_some(AssetRollup { asset, slot_ms, day, columns })
}

fn take_slots(reader: &mut Reader<'_>, day: Day, slot_ms: i64, len: usize) -> Option<Vec<(u16, Slot)>> {
    let mut integers = || take_integers(reader, len);
    let (at, count, first_at, last_at) = (integers()?, integers()?, integers()?, integers()?);
    let mut values = || take_values(reader, len);
    let (min, max, sum) = (values()?, values()?, values()?);
    let (first, last, rise) = (values()?, values()?, values()?);
    let mut slots: Vec<(u16, Slot)> = Vec::with_capacity(len);
    for i in 0..len {
        let number = u16::try_from(at[i]).ok()?;
        let start = i64::from(number) * slot_ms;
        let inside = start..start.checked_add(slot_ms)?.min(DAY_MS);
        let rising = slots.last().is_none_or(|(before, _)| *before < number);
        let timely =
            inside.contains(&first_at[i]) && inside.contains(&last_at[i]) && first_at[i] <= last_at[i];
        let figures = [min[i], max[i], sum[i], first[i], last[i], rise[i]];
        let valid = figures.iter().all(|figure| Value::new(*figure).is_some());
        let count = u32::try_from(count[i]).ok().filter(|count| *count > 0)?;
        if !rising || !timely || !valid {
            return None;
        }
        let slot = Slot {
            count,
            min: min[i],
            max: max[i],
            sum: sum[i],
            first: first[i],
            first_at: day.start().plus(first_at[i]),
            last: last[i],
            last_at: day.start().plus(last_at[i]),
            rise: rise[i],
        };
        slots.push((number, slot));
    }
    Some(slots)
}
