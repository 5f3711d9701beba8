//! The readings of the last minutes with their sum and the number that meet a condition, kept up reading by reading:
//! no reading is looked at twice while they arrive in order.

use std::collections::VecDeque;

use super::tracker::Test;

/// Readings of one window: 24 hours at one every 10 s. Beyond that the window is the newest ones.
pub(super) const WINDOW_READINGS_MAX: usize = 8_640;

/// Readings younger than `span_ms`, by time.
///
/// The sum is kept in two parts so that nothing is ever subtracted and no rounding error stays behind: `settled`
/// holds the sums from each of the oldest readings to the last settled one, `recent` the sum of those that came
/// since. When the last settled reading leaves, the rest is settled anew.
#[derive(Debug, Clone)]
pub(super) struct Window {
    span_ms: i64,
    test: Test,
    readings: VecDeque<(i64, f64)>,
    settled: Vec<f64>,
    recent: f64,
    meeting: u32,
}

impl Window {
    pub(super) const fn new(span_ms: i64, test: Test) -> Self {
        Self { span_ms, test, readings: VecDeque::new(), settled: Vec::new(), recent: 0.0, meeting: 0 }
    }

    pub(super) const fn readings(&self) -> &VecDeque<(i64, f64)> {
        &self.readings
    }

    /// Readings that meet the condition.
    pub(super) const fn meeting(&self) -> u32 {
        self.meeting
    }

    /// Arithmetic mean; NaN of nothing.
    pub(super) fn mean(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "at most 8,640 readings")]
        let count = self.readings.len() as f64;
        (self.settled.last().unwrap_or(&0.0) + self.recent) / count
    }

    /// Change per minute from the oldest to the newest reading, if there are two.
    pub(super) fn rate_per_minute(&self) -> Option<f64> {
        let (first, last) = (self.readings.front()?, self.readings.back()?);
        #[expect(clippy::cast_precision_loss, reason = "a window is at most a day long")]
        let minutes = (last.0 - first.0) as f64 / 60_000.0;
        (last.0 > first.0).then(|| (last.1 - first.1) / minutes)
    }

    /// Takes a reading in unless it lies outside the window or its time is taken. Answers whether it did.
    pub(super) fn insert(&mut self, now: i64, time: i64, value: f64) -> bool {
        if time <= now.saturating_sub(self.span_ms) {
            return false;
        }
        let at = match self.readings.back() {
            Some((newest, _)) if time <= *newest => self.readings.partition_point(|(known, _)| *known < time),
            Some(_) | None => self.readings.len(),
        };
        if self.readings.get(at).is_some_and(|(known, _)| *known == time) {
            return false;
        }
        self.readings.insert(at, (time, value));
        self.meeting += u32::from(self.test.holds(value));
        if at >= self.settled.len() {
            self.recent += value;
        } else {
            self.settle();
        }
        if self.readings.len() > WINDOW_READINGS_MAX {
            self.drop_oldest();
        }
        true
    }

    /// Drops what has left the window.
    pub(super) fn expire(&mut self, now: i64) {
        let horizon = now.saturating_sub(self.span_ms);
        while self.readings.front().is_some_and(|(time, _)| *time <= horizon) {
            self.drop_oldest();
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.span_ms, self.test);
    }

    fn drop_oldest(&mut self) {
        if self.settled.is_empty() {
            self.settle();
        }
        self.settled.pop();
        if let Some((_, value)) = self.readings.pop_front() {
            self.meeting -= u32::from(self.test.holds(value));
        }
    }

    fn settle(&mut self) {
        self.recent = 0.0;
        self.settled.clear();
        let mut sum = 0.0;
        let sums = self.readings.iter().rev().map(|(_, value)| {
            sum += value;
            sum
        });
        self.settled.extend(sums);
    }
}
