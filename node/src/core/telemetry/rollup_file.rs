//! The file of a day's rollups: a framed part per asset and width of slot, and an index behind them.

use protocol::limits::CHUNK_CELLS_MAX;

use super::chunk::{ChunkError, frame, put_frame, take_count};
use super::codec::{Effort, put_integers, put_values, scaled, take_integers, take_values};
use super::day::{DAY_MS, Day};
use super::day_file::ROLL_MAGIC;
use super::footer::{DayWriter, Footer, FooterPart, Generations, Losses};
use super::rollup::{AssetRollup, Slot};
use super::wire::{POWERS, Reader, put_signed, put_varint};
use crate::core::catalogue::{AssetId, Column, SERIES_PER_ASSET_MAX};

/// First bytes of a part with rollups.
pub const ROLLUP_MAGIC: [u8; 4] = [0xd4, b'T', b'L', b'U'];

const VERSION: u8 = 1;
/// Shortest slot, milliseconds.
pub const SLOT_MS_MIN: i64 = 60_000;
/// Slots of one metric and day at the most.
const SLOTS_MAX: usize = 24 * 60;
const _: () = assert!(SLOTS_MAX as i64 * SLOT_MS_MIN == DAY_MS);
const _: () = assert!(SLOTS_MAX * SERIES_PER_ASSET_MAX <= CHUNK_CELLS_MAX);

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
    let bounded = (SLOT_MS_MIN..=DAY_MS).contains(&rollup.slot_ms) && slots_max <= SLOTS_MAX;
    assert!(bounded, "{slots_max} slots of {} ms", rollup.slot_ms);
    put_frame(out, ROLLUP_MAGIC, |out| {
        out.push(VERSION);
        put_varint(out, u64::from(rollup.asset.0));
        put_signed(out, i64::from(rollup.day.0));
        put_varint(out, rollup.slot_ms.cast_unsigned());
        let held = || rollup.columns.iter().filter(|(_, slots)| !slots.is_empty());
        put_varint(out, held().count() as u64);
        let mut before = None;
        for (column, slots) in held() {
            put_varint(out, u64::from(column.0));
            let frame = TimeFrame::of(rollup, slots);
            match &before {
                Some(before) if *before == frame => put_varint(out, 0),
                Some(_) | None => frame.put(out),
            }
            before = Some(frame);
            put_figures(out, slots);
        }
    });
}

/// Which slots there are, how many readings each has, and when the first and last were made: the same for all metrics
/// that an asset reports together, and then written once.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TimeFrame {
    slots: Vec<i64>,
    counts: Vec<i64>,
    /// From the start of the slot, milliseconds.
    first_at: Vec<i64>,
    /// To the end of the slot, milliseconds.
    last_at: Vec<i64>,
}

impl TimeFrame {
    fn of(rollup: &AssetRollup, slots: &[(u16, Slot)]) -> Self {
        let start = |at: u16| rollup.day.start().plus(i64::from(at) * rollup.slot_ms);
        Self {
            slots: slots.iter().map(|(at, _)| i64::from(*at)).collect(),
            counts: slots.iter().map(|(_, slot)| i64::from(slot.count)).collect(),
            first_at: slots.iter().map(|(at, slot)| slot.first_at.since(start(*at))).collect(),
            last_at: slots.iter().map(|(at, slot)| slot.last_at.since(start(*at))).collect(),
        }
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_varint(out, self.slots.len() as u64);
        [&self.slots, &self.counts, &self.first_at, &self.last_at]
            .into_iter()
            .for_each(|numbers| put_integers(out, numbers, Effort::Full));
    }

    fn take(reader: &mut Reader<'_>, len: usize, slot_ms: i64) -> Option<Self> {
        let mut integers = || take_integers(reader, len);
        let (slots, counts, first_at, last_at) = (integers()?, integers()?, integers()?, integers()?);
        let frame = Self { slots, counts, first_at, last_at };
        frame.is_valid(slot_ms).then_some(frame)
    }

    /// Slots rise and lie in the day, none is empty, and no reading lies outside its slot or before another one.
    fn is_valid(&self, slot_ms: i64) -> bool {
        let in_day = |slot: &i64| (0..=(DAY_MS - 1) / slot_ms).contains(slot);
        let spans = || self.first_at.iter().zip(&self.last_at);
        self.slots.windows(2).all(|pair| pair[0] < pair[1])
            && self.slots.iter().all(in_day)
            && self.counts.iter().all(|count| (1..=i64::from(u32::MAX)).contains(count))
            && spans().all(|(first, last)| 0 <= *first && first <= last && *last < slot_ms)
    }
}

/// The figures of a column as whole numbers, each as its distance from what can be expected of it.
const DECIMAL: u8 = 0;
/// The same, of a metric that counts.
const DECIMAL_COUNTER: u8 = 1;
/// The figures of a column, each for itself.
const PLAIN: u8 = 2;

fn put_figures(out: &mut Vec<u8>, slots: &[(u16, Slot)]) {
    let figures = |slot: &Slot| [slot.first, slot.last, slot.min, slot.max, slot.sum, slot.rise];
    let all: Vec<f64> = slots.iter().flat_map(|(_, slot)| figures(slot)).collect();
    let Some((exponent, integers)) = scaled(&all) else {
        out.push(PLAIN);
        let figure = |i| all.iter().skip(i).step_by(6).copied().collect::<Vec<_>>();
        (0..6).for_each(|i| put_values(out, &figure(i), Effort::Full));
        return;
    };
    let counts = slots.iter().any(|(_, slot)| slot.rise != 0.0);
    out.push(if counts { DECIMAL_COUNTER } else { DECIMAL });
    out.push(exponent);
    let mut distances: [Vec<i64>; 6] = Default::default();
    let mut before = integers[0];
    put_signed(out, before);
    for (whole, (_, slot)) in integers.chunks_exact(6).zip(slots) {
        let expected =
            Expected { counts, count: i64::from(slot.count), before, first: whole[0], last: whole[1] };
        for (i, distances) in distances.iter_mut().enumerate() {
            distances.push(whole[i].wrapping_sub(expected.figure(i, whole)));
        }
        before = whole[1];
    }
    distances.iter().for_each(|distances| put_integers(out, distances, Effort::Full));
}

/// What is known of a slot when a figure of it is read.
struct Expected {
    /// Whether the metric counts.
    counts: bool,
    count: i64,
    /// Last value of the slot before.
    before: i64,
    first: i64,
    last: i64,
}

impl Expected {
    /// What the figure would be if nothing happened; `whole` holds those read before.
    fn figure(&self, i: usize, whole: &[i64]) -> i64 {
        match i {
            0 => self.before,
            1 => self.first,
            2 => self.first.min(self.last),
            3 => self.first.max(self.last),
            // As if the values were spread evenly between the least and the greatest.
            4 => whole[2].wrapping_add(whole[3]).wrapping_mul(self.count) / 2,
            _ if self.counts => self.last.wrapping_sub(self.first),
            _ => 0,
        }
    }
}

fn take_figures(reader: &mut Reader<'_>, readings: &[i64]) -> Option<[Vec<f64>; 6]> {
    let len = readings.len();
    let mut figures: [Vec<f64>; 6] = Default::default();
    let counts = match reader.byte()? {
        DECIMAL => false,
        DECIMAL_COUNTER => true,
        PLAIN => {
            for column in &mut figures {
                *column = take_values(reader, len)?.0;
            }
            return Some(figures);
        }
        _ => return None,
    };
    let power = *POWERS.get(usize::from(reader.byte()?))?;
    let mut before = reader.signed()?;
    let mut distances: [Vec<i64>; 6] = Default::default();
    for column in &mut distances {
        *column = take_integers(reader, len)?;
    }
    for (at, count) in readings.iter().enumerate() {
        let mut whole = [0i64; 6];
        for i in 0..6 {
            let expected = Expected { counts, count: *count, before, first: whole[0], last: whole[1] };
            whole[i] = distances[i][at].wrapping_add(expected.figure(i, &whole));
            #[expect(clippy::cast_precision_loss, reason = "the encoder writes integers up to 2^53 only")]
            figures[i].push(whole[i] as f64 / power);
        }
        before = whole[1];
    }
    Some(figures)
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
    let mut columns: Vec<(Column, _)> = Vec::with_capacity(count);
    let mut before = None;
    for _ in 0..count {
        let column = Column(u16::try_from(reader.varint()?).ok()?);
        if columns.last().is_some_and(|(before, _)| *before >= column) {
            return None;
        }
        let frame = match take_count(&mut reader, SLOTS_MAX)? {
            0 => before.take()?,
            len => TimeFrame::take(&mut reader, len, slot_ms)?,
        };
        columns.push((column, take_slots(&mut reader, &frame, day, slot_ms)?));
        before = Some(frame);
    }
    reader.is_empty().then_some(AssetRollup { asset, slot_ms, day, columns })
}

fn take_slots(
    reader: &mut Reader<'_>,
    frame: &TimeFrame,
    day: Day,
    slot_ms: i64,
) -> Option<Vec<(u16, Slot)>> {
    let [first, last, min, max, sum, rise] = take_figures(reader, &frame.counts)?;
    let mut slots = Vec::with_capacity(frame.slots.len());
    for (i, number) in frame.slots.iter().enumerate() {
        let start = day.start().plus(number * slot_ms);
        let slot = Slot {
            count: u32::try_from(frame.counts[i]).ok()?,
            min: min[i],
            max: max[i],
            sum: sum[i],
            first: first[i],
            first_at: start.plus(frame.first_at[i]),
            last: last[i],
            last_at: start.plus(frame.last_at[i]),
            rise: rise[i],
        };
        let figures = [slot.min, slot.max, slot.sum, slot.first, slot.last, slot.rise];
        if figures.iter().any(|figure| figure.is_nan()) {
            return None;
        }
        slots.push((u16::try_from(*number).ok()?, slot));
    }
    Some(slots)
}
