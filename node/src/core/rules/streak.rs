//! The last few readings, and whether each of them meets a condition.

use std::collections::VecDeque;

use super::tracker::Test;

/// Two consecutive readings may always lie this far apart, milliseconds.
const GAP_MS_MIN: i64 = 60_000;
/// How many times the shortest interval they may lie apart otherwise.
const GAP_INTERVALS: i64 = 3;

/// The newest `need` readings not older than `horizon_ms`, by time.
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

    /// Takes a reading in unless it is too old, older than all that count, or its time is taken.
    pub(super) fn insert(&mut self, now: i64, time: i64, value: f64) -> bool {
        if time <= now.saturating_sub(self.horizon_ms) {
            return false;
        }
        if self.readings.back().is_none_or(|(newest, _)| *newest < time) {
            self.readings.push_back((time, value));
            self.run = if self.test.holds(value) { (self.run + 1).min(self.need) } else { 0 };
        } else if !self.insert_late(time, value) {
            return false;
        }
        if self.readings.len() > self.need {
            self.readings.pop_front();
        }
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

    /// Drops what is too old to count.
    pub(super) fn expire(&mut self, now: i64) {
        let horizon = now.saturating_sub(self.horizon_ms);
        while self.readings.front().is_some_and(|(time, _)| *time <= horizon) {
            self.readings.pop_front();
        }
        self.run = self.run.min(self.readings.len());
    }

    /// Whether each of the last `need` readings meets the condition, without a gap if that is asked for.
    pub(super) fn is_complete(&self) -> bool {
        self.run >= self.need && !(self.without_gap && self.has_gap())
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
