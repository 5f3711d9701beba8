//! The last few readings, and whether each of them meets a condition.

use std::collections::VecDeque;

use super::tracker::Test;

/// Two consecutive readings may always lie this far apart, milliseconds.
const GAP_MS_MIN: i64 = 60_000;
/// How many times the shortest interval they may lie apart otherwise.
const GAP_INTERVALS: i64 = 3;

/// The newest `need` readings, none of them `horizon_ms` older than the newest, by time. A reading that could not be
/// evaluated is a NaN, which meets no condition.
#[derive(Debug, Clone)]
pub(super) struct Streak {
    need: usize,
    horizon_ms: i64,
    test: Test,
    without_gap: bool,
    readings: VecDeque<(i64, f64)>,
    /// How many of the newest meet the condition, without one between that does not.
    run: usize,
}

impl Streak {
    pub(super) const fn new(need: usize, horizon_ms: i64, test: Test, without_gap: bool) -> Self {
        Self { need, horizon_ms, test, without_gap, readings: VecDeque::new(), run: 0 }
    }

    pub(super) const fn readings(&self) -> &VecDeque<(i64, f64)> {
        &self.readings
    }

    /// The newest reading, if it is young enough to count at a moment.
    pub(super) fn newest(&self, at: i64) -> Option<f64> {
        let (time, value) = *self.readings.back()?;
        (time > at.saturating_sub(self.horizon_ms) && !value.is_nan()).then_some(value)
    }

    /// Takes a reading in unless it is too old, older than all that count, or its time is taken.
    pub(super) fn insert(&mut self, time: i64, value: f64) -> bool {
        match self.readings.back() {
            Some((newest, _)) if time <= *newest => {
                if time <= newest.saturating_sub(self.horizon_ms) || !self.insert_late(time, value) {
                    return false;
                }
            }
            Some(_) | None => {
                self.readings.push_back((time, value));
                self.run = if self.test.holds(value) { (self.run + 1).min(self.need) } else { 0 };
            }
        }
        self.forget();
        true
    }

    fn insert_late(&mut self, time: i64, value: f64) -> bool {
        let at = self.readings.partition_point(|(known, _)| *known < time);
        let taken = self.readings.get(at).is_some_and(|(known, _)| *known == time);
        if taken || at == 0 && self.readings.len() >= self.need {
            return false;
        }
        self.readings.insert(at, (time, value));
        let newest = self.readings.iter().rev().take(self.need);
        self.run = newest.take_while(|(_, value)| self.test.holds(*value)).count();
        true
    }

    /// Drops what no moment from the newest reading on will look at.
    fn forget(&mut self) {
        let newest = self.readings.back().map_or(i64::MIN, |(time, _)| *time);
        let horizon = newest.saturating_sub(self.horizon_ms);
        while self.readings.len() > self.need
            || self.readings.front().is_some_and(|(time, _)| *time <= horizon)
        {
            self.readings.pop_front();
        }
        self.run = self.run.min(self.readings.len());
    }

    /// Whether each of the last `need` readings meets the condition and is young enough at a moment, without a gap if
    /// that is asked for.
    pub(super) fn is_complete(&self, at: i64) -> bool {
        let horizon = at.saturating_sub(self.horizon_ms);
        self.run >= self.need
            && self.readings.front().is_some_and(|(time, _)| *time > horizon)
            && !(self.without_gap && self.has_gap())
    }

    pub(super) fn clear(&mut self) {
        self.readings.clear();
        self.run = 0;
    }

    fn has_gap(&self) -> bool {
        let intervals = || self.readings.iter().zip(self.readings.iter().skip(1)).map(|(a, b)| b.0 - a.0);
        let shortest = intervals().min().unwrap_or(0);
        let allowed = shortest.saturating_mul(GAP_INTERVALS).max(GAP_MS_MIN);
        intervals().any(|interval| interval > allowed)
    }
}
