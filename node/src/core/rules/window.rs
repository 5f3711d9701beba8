//! The readings of the last minutes with their sum and the number that meet a condition, kept up reading by reading:
//! no reading is looked at twice while they arrive in order. What belongs to the window depends on the moment that is
//! looked at, never on when a reading arrived.

use std::collections::VecDeque;
use std::ops::RangeFrom;

use super::tracker::Test;

/// Readings of one window: 24 hours at one every 10 s. Beyond that the window is the newest ones.
pub(super) const WINDOW_READINGS_MAX: usize = 8_640;
/// So many of the newest readings, or half of them all, are left unsettled: those that arrive out of order lie among
/// them as a rule, and cost as little as the others.
const UNSETTLED_MAX: usize = 512;

/// Readings younger than `span_ms` than the newest one, by time. [`Self::seek`] says which of them count at a moment:
/// those from `start` on.
///
/// The sum is kept in two parts so that nothing is ever subtracted and no rounding error stays behind: `settled`
/// holds the sums from each of the oldest readings to the last settled one, `recent` the sum of those that came
/// since. When the last settled reading leaves, the rest is settled anew.
#[derive(Debug, Clone)]
pub(super) struct Window {
    span_ms: i64,
    test: Test,
    readings: VecDeque<(i64, f64)>,
    start: usize,
    settled: Vec<f64>,
    recent: f64,
    meeting: u32,
}

impl Window {
    pub(super) const fn new(span_ms: i64, test: Test) -> Self {
        Self {
            span_ms,
            test,
            readings: VecDeque::new(),
            start: 0,
            settled: Vec::new(),
            recent: 0.0,
            meeting: 0,
        }
    }

    /// The readings that count.
    pub(super) fn readings(&self) -> std::collections::vec_deque::Iter<'_, (i64, f64)> {
        self.readings.range(self.counting())
    }

    /// How many readings count.
    pub(super) fn len(&self) -> usize {
        self.readings.len() - self.start
    }

    /// Those of them that meet the condition.
    pub(super) const fn meeting(&self) -> u32 {
        self.meeting
    }

    /// Time of the newest reading.
    pub(super) fn newest(&self) -> Option<i64> {
        self.readings.back().map(|(time, _)| *time)
    }

    /// Arithmetic mean; NaN of nothing.
    pub(super) fn mean(&mut self) -> f64 {
        if self.start > self.settled.len() {
            self.settle(0);
        }
        let settled = self.settled.len().checked_sub(self.start + 1).map_or(0.0, |at| self.settled[at]);
        #[expect(clippy::cast_precision_loss, reason = "at most 8,640 readings")]
        let count = self.len() as f64;
        (settled + self.recent) / count
    }

    /// Change per minute from the oldest to the newest reading, if there are two.
    pub(super) fn rate_per_minute(&self) -> Option<f64> {
        let (first, last) = (self.readings.get(self.start)?, self.readings.back()?);
        #[expect(clippy::cast_precision_loss, reason = "a window is at most a day long")]
        let minutes = (last.0 - first.0) as f64 / 60_000.0;
        (last.0 > first.0).then(|| (last.1 - first.1) / minutes)
    }

    /// Takes a reading in unless it is a window older than the newest, or its time is taken. Answers whether it did.
    pub(super) fn insert(&mut self, time: i64, value: f64) -> bool {
        let at = match self.newest() {
            Some(newest) if time <= newest => {
                let at = self.readings.partition_point(|(known, _)| *known < time);
                let is_taken = self.readings.get(at).is_some_and(|(known, _)| *known == time);
                if is_taken || time <= newest.saturating_sub(self.span_ms) {
                    return false;
                }
                at
            }
            Some(_) | None => self.readings.len(),
        };
        self.readings.insert(at, (time, value));
        if at < self.start {
            // It lies before what counts at the moment looked at last.
            self.start += 1;
        } else {
            self.meeting += u32::from(self.test.holds(value));
        }
        if at >= self.settled.len() {
            self.recent += value;
        } else {
            self.settle(UNSETTLED_MAX);
        }
        self.forget();
        true
    }

    /// Looks at another moment: readings count that are younger than the window is long.
    pub(super) fn seek(&mut self, at: i64) {
        let horizon = at.saturating_sub(self.span_ms);
        let counts = |reading: Option<&(i64, f64)>| reading.filter(|(time, _)| *time > horizon).copied();
        while let Some((_, value)) =
            self.start.checked_sub(1).and_then(|before| counts(self.readings.get(before)))
        {
            self.start -= 1;
            self.meeting += u32::from(self.test.holds(value));
        }
        while let Some((time, value)) = self.readings.get(self.start).copied() {
            if time > horizon {
                break;
            }
            self.start += 1;
            self.meeting -= u32::from(self.test.holds(value));
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.span_ms, self.test);
    }

    const fn counting(&self) -> RangeFrom<usize> {
        self.start..
    }

    /// Drops what no moment from the newest reading on will look at.
    fn forget(&mut self) {
        let horizon = self.newest().map_or(i64::MIN, |newest| newest.saturating_sub(self.span_ms));
        while self.readings.len() > WINDOW_READINGS_MAX
            || self.readings.front().is_some_and(|(time, _)| *time <= horizon)
        {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if self.settled.is_empty() {
            self.settle(UNSETTLED_MAX);
        }
        self.settled.pop();
        let oldest = self.readings.pop_front();
        if let Some(before) = self.start.checked_sub(1) {
            self.start = before;
        } else if let Some((_, value)) = oldest {
            self.meeting -= u32::from(self.test.holds(value));
        }
    }

    /// Settles all readings but so many of the newest, and at least half of them.
    fn settle(&mut self, unsettled_max: usize) {
        let len = self.readings.len();
        let settled = len - unsettled_max.min(len / 2);
        self.recent = self.readings.range(settled..).rev().map(|(_, value)| value).sum();
        self.settled.clear();
        let mut sum = 0.0;
        let sums = self.readings.range(..settled).rev().map(|(_, value)| {
            sum += value;
            sum
        });
        self.settled.extend(sums);
    }
}
