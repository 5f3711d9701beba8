//! Rollups: what a stretch of time comes to for one metric. Made from readings, added up in the order of time.

use protocol::UnixMs;

use super::chunk::{plus, sum};
use super::codec::scaled;
use super::columns::Columns;
use super::day::Day;
use super::wire::{EXACT_MAX, POWERS};
use crate::core::catalogue::{AssetId, Column};

/// A quarter of an hour, milliseconds.
pub const QUARTER_MS: i64 = 15 * 60 * 1000;

/// What was counted between two readings that follow each other, reset-aware; 0 for a metric that does not count.
pub type Rise<'a> = dyn FnMut((UnixMs, f64), (UnixMs, f64)) -> f64 + 'a;

/// What the readings of one metric come to in a stretch of time. It holds one reading at least.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slot {
    /// Readings.
    pub count: u32,
    /// Least value.
    pub min: f64,
    /// Greatest value.
    pub max: f64,
    /// Sum of the values, within the range of a float.
    pub sum: f64,
    /// The earliest value.
    pub first: f64,
    /// Its time.
    pub first_at: UnixMs,
    /// The latest value.
    pub last: f64,
    /// Its time.
    pub last_at: UnixMs,
    /// What was counted between consecutive readings inside; 0 for a metric that does not count.
    pub rise: f64,
}

/// The rollups of one asset and day.
#[derive(Debug, Clone, PartialEq)]
pub struct AssetRollup {
    /// Whose readings.
    pub asset: AssetId,
    /// Width of a slot, milliseconds; slots are counted from the start of the day.
    pub slot_ms: i64,
    /// The day.
    pub day: Day,
    /// Per metric the slots that hold a reading, by rising number.
    pub columns: Vec<(Column, Vec<(u16, Slot)>)>,
}

/// The slot of the day in which a time lies.
pub fn slot_of(time: UnixMs, slot_ms: i64) -> u16 {
    let slot = time.since(Day::of(time).start()) / slot_ms;
    u16::try_from(slot).expect("invariant: a slot is not shorter than a minute")
}

/// The slots of one metric out of the readings of one day. `slot_ms` is at least a minute.
pub fn roll_up(rows: &Columns, column: Column, slot_ms: i64, rise: &mut Rise<'_>) -> Vec<(u16, Slot)> {
    let readings: Vec<(u16, UnixMs, f64)> =
        rows.readings(column).map(|(time, value)| (slot_of(time, slot_ms), time, value.get())).collect();
    let values: Vec<f64> = readings.iter().map(|(_, _, value)| *value).collect();
    let power = scaled(&values).map(|(exponent, _)| POWERS[usize::from(exponent)]);
    let runs = readings.chunk_by(|a, b| a.0 == b.0);
    runs.map(|run| (run[0].0, slot(run, power, rise))).collect()
}

/// `power` is the power of ten by which all values of the metric are whole numbers, if there is one.
fn slot(run: &[(u16, UnixMs, f64)], power: Option<f64>, rise: &mut Rise<'_>) -> Slot {
    let values: Vec<f64> = run.iter().map(|(_, _, value)| *value).collect();
    let (first, last) = (run[0], run[run.len() - 1]);
    let pairs = run.windows(2).map(|pair| ((pair[0].1, pair[0].2), (pair[1].1, pair[1].2)));
    let risen = pairs.fold(0.0, |sum, (earlier, later)| plus(sum, rise(earlier, later)));
    Slot {
        count: u32::try_from(run.len()).expect("invariant: a chunk has few rows"),
        min: values.iter().copied().fold(f64::INFINITY, f64::min),
        max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        sum: sum(&values),
        first: first.2,
        first_at: first.1,
        last: last.2,
        last_at: last.1,
        rise: without_noise(risen, last.2, power),
    }
}

/// Differences of decimals are decimals; what subtracting floats adds to them, below a ten thousandth of the last
/// decimal, is taken off.
fn without_noise(risen: f64, near: f64, power: Option<f64>) -> f64 {
    let Some(power) = power else { return risen };
    let whole = (risen * power).round();
    let noise = (risen * power - whole).abs();
    let small = noise <= 1e-4 && whole.abs() < EXACT_MAX && near.abs() * power < EXACT_MAX;
    if small { whole / power + 0.0 } else { risen }
}

/// Adds two stretches up, `earlier` wholly before `later`. What was counted between them is in.
pub fn merge_slots(earlier: &Slot, later: &Slot, rise: &mut Rise<'_>) -> Slot {
    let between = rise((earlier.last_at, earlier.last), (later.first_at, later.first));
    let power = |figures: &[f64]| scaled(figures).map(|(exponent, _)| POWERS[usize::from(exponent)]);
    let sums = power(&[earlier.sum, later.sum]);
    let rises = power(&[earlier.rise, earlier.last, later.first, later.rise]);
    let (sum, risen) = (plus(earlier.sum, later.sum), plus(plus(earlier.rise, between), later.rise));
    Slot {
        count: earlier.count.saturating_add(later.count),
        min: earlier.min.min(later.min),
        max: earlier.max.max(later.max),
        sum: without_noise(sum, sum, sums),
        first: earlier.first,
        first_at: earlier.first_at,
        last: later.last,
        last_at: later.last_at,
        rise: without_noise(risen, later.last, rises),
    }
}

impl AssetRollup {
    /// The rollups of all metrics of an asset, out of its readings of one day. `rise` answers what was counted between
    /// two readings of a metric.
    pub fn of(
        asset: AssetId,
        day: Day,
        slot_ms: i64,
        rows: &Columns,
        mut rise: impl FnMut(Column, (UnixMs, f64), (UnixMs, f64)) -> f64,
    ) -> Self {
        let mut columns = Vec::with_capacity(rows.columns().len());
        for (column, _) in rows.columns() {
            let slots = roll_up(rows, *column, slot_ms, &mut |earlier, later| rise(*column, earlier, later));
            if !slots.is_empty() {
                columns.push((*column, slots));
            }
        }
        Self { asset, slot_ms, day, columns }
    }
}
