//! Readings of one counter become energy per slot. The register at the limit of a slot is read there, or lies on the line
//! between the readings around it, and is rounded down to whole Wh: so slots add up to the counter's difference exactly,
//! whatever their width and in whatever order readings arrived. It keeps no reading and no clock.

use protocol::UnixMs;
use protocol::limits::ENERGY_GAP_MS_MAX;

use super::grid::Grid;
use crate::core::telemetry::{Counting, Piece};

/// Readings that are left out and told of, per counter and cut.
const ODD_MAX: usize = 16;
/// mWh of a Wh: registers are counted in mWh, slots in Wh.
const MWH: i128 = 1_000;
/// No register is larger, mWh: 2^53, what a reading holds exactly.
const REGISTER_MWH_MAX: f64 = 9_007_199_254_740_992.0;

/// How a counter is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Gauge {
    /// Resets, swaps and roll-over.
    pub counting: Counting,
    /// mWh of one unit of the register: 1,000 for Wh, 1,000,000 for kWh.
    pub unit_mwh: f64,
    /// More power than this is not believed of a single reading, W.
    pub power_w_max: u32,
}

/// What is known of one slot of one counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    /// Energy counted, whole Wh.
    pub wh: i64,
    /// How much of the slot the readings cover, milliseconds.
    pub covered_ms: i64,
    /// Whether the readings lie so far apart that the course between them is a guess.
    pub is_estimated: bool,
}

/// A reading that was left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Odd {
    /// Its time.
    pub time: UnixMs,
    /// Its value.
    pub value: f64,
    /// Why.
    pub why: OddKind,
}

/// Why a reading is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OddKind {
    /// A register below zero, or beyond any.
    OutOfRange,
    /// It fell, and the next reading goes on from the one before.
    Dip,
    /// It jumped further than the connection allows, and the next reading goes on from the one before.
    Spike,
}

/// What was found of one counter.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Course {
    /// One cell for each slot.
    pub cells: Vec<Cell>,
    /// Readings that were left out, oldest first, at most 16.
    pub odd: Vec<Odd>,
    /// The first reading that counts.
    pub first: Option<UnixMs>,
    /// The last one.
    pub last: Option<UnixMs>,
}

/// Cuts the readings of one counter into the slots of a grid.
#[derive(Debug, Clone)]
pub struct Cutter {
    gauge: Gauge,
    grid: Grid,
    before: Option<(UnixMs, f64)>,
    /// A reading that makes no sense unless the next one bears it out.
    suspect: Option<(UnixMs, f64)>,
    course: Course,
}

impl Cutter {
    /// Nothing has been read yet.
    pub fn new(gauge: Gauge, grid: Grid) -> Self {
        let course = Course { cells: vec![Cell::default(); grid.count], ..Course::default() };
        Self { gauge, grid, before: None, suspect: None, course }
    }

    /// Takes the next reading; times have to rise, others are passed over.
    pub fn read(&mut self, time: UnixMs, value: f64) {
        if self.suspect.or(self.before).is_some_and(|(last, _)| time <= last) {
            return;
        }
        if !(0.0..=REGISTER_MWH_MAX / self.gauge.unit_mwh).contains(&value) {
            self.leave_out((time, value), OddKind::OutOfRange);
            return;
        }
        let reading = (time, value);
        let Some(before) = self.before else {
            self.accept(reading);
            return;
        };
        if let Some(suspect) = self.suspect.take() {
            if self.doubt(before, reading).is_none() {
                let why = if suspect.1 < before.1 { OddKind::Dip } else { OddKind::Spike };
                self.leave_out(suspect, why);
            } else {
                self.accept(suspect);
            }
        }
        match self.before.and_then(|before| self.doubt(before, reading)) {
            Some(_) => self.suspect = Some(reading),
            None => self.accept(reading),
        }
    }

    /// Whether nothing that follows can change a slot of the grid.
    pub fn is_done(&self) -> bool {
        self.suspect.is_none() && self.before.is_some_and(|(time, _)| time >= self.grid.to())
    }

    /// What was found. A suspicious last reading is not taken: the next one will tell.
    pub fn finish(self) -> Course {
        self.course
    }

    fn doubt(&self, before: (UnixMs, f64), reading: (UnixMs, f64)) -> Option<OddKind> {
        if self.gauge.counting.explains(before, reading) {
            return None;
        }
        if reading.1 < before.1 {
            return Some(OddKind::Dip);
        }
        #[expect(clippy::cast_precision_loss, reason = "spans of time far below 2^53 ms")]
        let hours = reading.0.since(before.0).max(1_000) as f64 / 3_600_000.0;
        let watts = (reading.1 - before.1) * self.gauge.unit_mwh / 1_000.0 / hours;
        (watts > f64::from(self.gauge.power_w_max)).then_some(OddKind::Spike)
    }

    fn leave_out(&mut self, (time, value): (UnixMs, f64), why: OddKind) {
        if self.course.odd.len() < ODD_MAX {
            self.course.odd.push(Odd { time, value, why });
        }
    }

    fn accept(&mut self, reading: (UnixMs, f64)) {
        if let Some(before) = self.before {
            let apart = reading.0.since(before.0);
            if apart <= ENERGY_GAP_MS_MAX {
                let counting = self.gauge.counting.clone();
                let is_estimated = apart.saturating_mul(2) > self.grid.slot_ms.saturating_mul(3);
                counting.pieces(before, reading).for_each(|piece| self.share(piece, is_estimated));
            }
        }
        self.course.first = self.course.first.or(Some(reading.0));
        self.course.last = Some(reading.0);
        self.before = Some(reading);
    }

    fn share(&mut self, piece: Piece, is_estimated: bool) {
        let line = Line::new(piece, self.gauge.unit_mwh);
        if line.to <= line.from {
            // The old meter's or the new one's stretch of no length: it belongs to the slot that begins here.
            for slot in self.grid.touched(line.to, line.to.saturating_add(1)) {
                let cell = &mut self.course.cells[slot];
                cell.wh = cell.wh.saturating_add(line.whole(line.to) - line.first());
            }
            return;
        }
        for slot in self.grid.touched(line.from, line.to) {
            let from = line.from.max(self.grid.start(slot).0);
            let to = line.to.min(self.grid.start(slot + 1).0);
            let cell = &mut self.course.cells[slot];
            let before = if from == line.from { line.first() } else { line.whole(from) };
            cell.wh = cell.wh.saturating_add(line.whole(to) - before);
            cell.covered_ms += to - from;
            cell.is_estimated |= is_estimated;
        }
    }
}

/// A register between two readings.
struct Line {
    from: i64,
    to: i64,
    start_mwh: i128,
    end_mwh: i128,
}

impl Line {
    fn new(piece: Piece, unit_mwh: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "registers are bounded by 2^53 mWh")]
        let mwh = |register: f64| (register * unit_mwh).round() as i128;
        Self { from: piece.from, to: piece.to, start_mwh: mwh(piece.start), end_mwh: mwh(piece.end) }
    }

    fn first(&self) -> i64 {
        whole(self.start_mwh)
    }

    /// Whole Wh that the register shows at `time`.
    fn whole(&self, time: i64) -> i64 {
        if time >= self.to {
            return whole(self.end_mwh);
        }
        let passed = i128::from(time - self.from);
        let rise = (self.end_mwh - self.start_mwh) * passed;
        whole(self.start_mwh + rise.div_euclid(i128::from(self.to - self.from)))
    }
}

fn whole(mwh: i128) -> i64 {
    i64::try_from(mwh.div_euclid(MWH)).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "cutter_tests.rs"]
mod tests;
