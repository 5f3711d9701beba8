//! Functions over windows of time as Prometheus knows them: at each of many moments one window that ends there,
//! `(moment - width, moment]`. A series is taken in by rising time; what no later window needs is forgotten.

use std::collections::VecDeque;

use protocol::UnixMs;

use super::increase::Counting;

/// What is told of the readings of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The newest reading.
    Last,
    /// Arithmetic mean.
    Avg,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The sum.
    Sum,
    /// How many.
    Count,
    /// What a counter counted, extended to the whole window as Prometheus does.
    Increase,
    /// The same per second.
    Rate,
}

/// A reading in the window, and what its counter counted up to it.
#[derive(Debug, Clone, Copy)]
struct Seen {
    time: i64,
    value: f64,
    counted: f64,
}

/// The windows of one series.
#[derive(Debug, Clone)]
pub struct Windows {
    over: Over,
    width_ms: i64,
    moments: Moments,
    seen: VecDeque<Seen>,
    told: Vec<f64>,
    /// Readings looked at so far.
    work: u64,
}

/// Evenly spaced moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moments {
    start: i64,
    step_ms: i64,
    count: usize,
}

impl Windows {
    /// `count` windows of `width_ms` that end at `start` and every `step_ms` behind it; width and step are at least 1.
    pub fn new(over: Over, width_ms: i64, start: UnixMs, step_ms: i64, count: usize) -> Self {
        let moments = Moments { start: start.0, step_ms: step_ms.max(1), count };
        Self { over, width_ms: width_ms.max(1), moments, seen: VecDeque::new(), told: Vec::new(), work: 0 }
    }

    /// Readings looked at so far, for a caller that bounds its work.
    pub const fn work(&self) -> u64 {
        self.work
    }

    /// Readings held at this moment.
    pub fn held(&self) -> usize {
        self.seen.len()
    }

    /// Takes readings by rising time, behind those given before; a NaN is none.
    pub fn readings(&mut self, counting: &Counting, times: &[i64], values: &[f64]) {
        for (time, value) in times.iter().zip(values) {
            if !value.is_nan() {
                self.reading(counting, *time, *value);
            }
        }
    }

    /// The value of each window; NaN where there is none.
    pub fn finish(mut self) -> Vec<f64> {
        while self.told.len() < self.moments.count {
            self.tell();
        }
        self.told
    }

    fn reading(&mut self, counting: &Counting, time: i64, value: f64) {
        while self.told.len() < self.moments.count && self.moment() < time {
            self.tell();
        }
        let start = self.moment().saturating_sub(self.width_ms);
        self.forget(start);
        if self.told.len() == self.moments.count || time <= start {
            return;
        }
        let counted = self.seen.back().map_or(0.0, |before| match self.over {
            Over::Increase | Over::Rate => {
                before.counted + counting.between((UnixMs(before.time), before.value), (UnixMs(time), value))
            }
            Over::Last | Over::Avg | Over::Min | Over::Max | Over::Sum | Over::Count => 0.0,
        });
        if self.over == Over::Last {
            self.seen.clear();
        }
        self.seen.push_back(Seen { time, value, counted });
    }

    /// The moment whose window is told next.
    fn moment(&self) -> i64 {
        let steps = i64::try_from(self.told.len()).unwrap_or(i64::MAX);
        self.moments.start.saturating_add(steps.saturating_mul(self.moments.step_ms))
    }

    fn tell(&mut self) {
        let end = self.moment();
        let start = end.saturating_sub(self.width_ms);
        self.forget(start);
        let told = self.value(start, end);
        self.told.push(told);
    }

    fn forget(&mut self, until: i64) {
        while self.seen.front().is_some_and(|seen| seen.time <= until) {
            self.seen.pop_front();
        }
    }

    fn value(&mut self, start: i64, end: i64) -> f64 {
        let (Some(first), Some(last)) = (self.seen.front(), self.seen.back()) else { return f64::NAN };
        let count = exact(i64::try_from(self.seen.len()).unwrap_or(i64::MAX));
        let values = self.seen.iter().map(|seen| seen.value);
        match self.over {
            Over::Last => last.value,
            Over::Count => count,
            Over::Increase => extended(first, last, count, start, end),
            Over::Rate => extended(first, last, count, start, end) * 1_000.0 / exact(self.width_ms),
            Over::Avg | Over::Sum | Over::Min | Over::Max => {
                self.work += self.seen.len() as u64;
                match self.over {
                    Over::Min => values.fold(f64::INFINITY, f64::min),
                    Over::Max => values.fold(f64::NEG_INFINITY, f64::max),
                    Over::Avg => values.sum::<f64>() / count,
                    Over::Sum | Over::Last | Over::Count | Over::Increase | Over::Rate => values.sum(),
                }
            }
        }
    }
}

/// What was counted between the first and the last reading, extended towards the limits of the window as Prometheus
/// 3 does (`extrapolatedRate` in its `promql/functions.go`): up to the limit if a reading could be expected there, else
/// by half a pause between readings, and never to before the counter was 0.
fn extended(first: &Seen, last: &Seen, count: f64, start: i64, end: i64) -> f64 {
    if count < 2.0 || last.time <= first.time {
        return f64::NAN;
    }
    let counted = last.counted - first.counted;
    let sampled = exact(last.time - first.time);
    let pause = sampled / (count - 1.0);
    let within = |span: f64| if span >= pause * 1.1 { pause / 2.0 } else { span };
    let mut before = within(exact(first.time - start));
    if counted > 0.0 && first.value >= 0.0 {
        before = before.min(sampled * (first.value / counted));
    }
    counted * (sampled + before + within(exact(end - last.time))) / sampled
}

#[expect(clippy::cast_precision_loss, reason = "times, spans and counts far below 2^53")]
fn exact(number: i64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(
        over: Over,
        width_ms: i64,
        start: i64,
        step_ms: i64,
        count: usize,
        values: &[(i64, f64)],
    ) -> Vec<f64> {
        let mut windows = Windows::new(over, width_ms, UnixMs(start), step_ms, count);
        for (time, value) in values {
            windows.readings(&Counting::default(), &[*time], &[*value]);
        }
        windows.finish()
    }

    /// 0 at 0, 1 at 10, … in steps of 10 ms.
    fn ramp(count: i64) -> Vec<(i64, f64)> {
        (0..count).map(|i| (i * 10, exact(i))).collect()
    }

    #[test]
    fn a_window_is_open_on_the_left_and_closed_on_the_right() {
        assert_eq!(told(Over::Count, 20, 40, 10, 3, &ramp(6)), [2.0, 2.0, 1.0]);
        assert_eq!(told(Over::Avg, 20, 40, 100, 1, &ramp(9)), [3.5]);
        assert_eq!(told(Over::Min, 30, 40, 100, 1, &ramp(9)), [2.0]);
        assert_eq!(told(Over::Max, 30, 40, 100, 1, &ramp(9)), [4.0]);
        assert_eq!(told(Over::Sum, 30, 40, 100, 1, &ramp(9)), [9.0]);
    }

    #[test]
    fn the_newest_reading_stays_for_the_width_of_the_window() {
        let told = told(Over::Last, 25, 0, 10, 6, &[(0, 1.0), (5, 2.0)]);
        assert_eq!(told[..3], [1.0, 2.0, 2.0]);
        assert!(told[3..].iter().all(|value| value.is_nan()), "{told:?}");
    }

    #[test]
    fn a_steady_counter_counts_the_same_in_each_window() {
        let told = told(Over::Increase, 50, 100, 10, 10, &ramp(40));
        assert!(told.iter().all(|value| (value - 5.0).abs() < 1e-9), "{told:?}");
    }

    /// The figures of Prometheus' own test: `TestExtrapolatedRate` style, 0 to 100 by 10 every 5 min, reset half way.
    #[test]
    fn a_reset_is_seen_through() {
        let minutes = 60_000;
        let values: Vec<_> = [0.0, 10.0, 20.0, 30.0, 0.0, 10.0, 20.0, 30.0, 40.0]
            .iter()
            .zip(0..)
            .map(|(value, i)| (i * 5 * minutes, *value))
            .collect();
        let told = told(Over::Increase, 40 * minutes + 1, 40 * minutes, 1, 1, &values);
        assert!((told[0] - 70.0).abs() < 1e-3, "{told:?}");
    }

    #[test]
    fn one_reading_tells_no_rate() {
        assert!(told(Over::Rate, 50, 10, 10, 1, &[(5, 1.0)])[0].is_nan());
    }

    #[test]
    fn little_is_held_of_a_long_series() {
        let mut windows = Windows::new(Over::Avg, 20, UnixMs(1_000), 1_000, 10);
        for i in 0..100_000 {
            windows.readings(&Counting::default(), &[i], &[1.0]);
            assert!(windows.held() <= 20);
        }
        assert!(windows.work() <= 200);
    }
}
