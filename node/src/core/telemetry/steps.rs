//! The values of many series summed up in consecutive steps of time, reading by reading or slot by slot. Series of one
//! group share their steps; what a counter counted is shared out over the steps by time, so that windows add up.

use protocol::UnixMs;

use super::increase::Counting;
use super::rollup::Slot;

/// What is told of the readings of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Summary {
    /// Arithmetic mean of the readings.
    Avg,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// Their sum.
    Sum,
    /// How many.
    Count,
    /// The newest.
    Last,
    /// What a counter counted.
    Increase,
    /// The same per second.
    Rate,
}

impl Summary {
    /// Whether it looks at what a counter counted between readings, so that the reading before the first step and the
    /// one behind the last matter.
    pub const fn is_of_counters(self) -> bool {
        match self {
            Self::Increase | Self::Rate => true,
            Self::Avg | Self::Min | Self::Max | Self::Sum | Self::Count | Self::Last => false,
        }
    }
}

/// Where a series has got to.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    before: Option<(UnixMs, f64)>,
}

impl Progress {
    /// Behind a reading.
    pub const fn behind(reading: (UnixMs, f64)) -> Self {
        Self { before: Some(reading) }
    }
}

/// Which readings of given times lie in which step.
#[derive(Debug, Clone)]
pub struct Cuts(Vec<(usize, usize, usize)>);

impl Cuts {
    /// Step i reaches from `edges[i]` to before `edges[i + 1]`; `times` rise, and those outside of the steps are left out.
    pub fn new(edges: &[i64], times: &[i64]) -> Self {
        let mut cuts = Vec::new();
        let mut at = edges.first().map_or(0, |first| times.partition_point(|time| time < first));
        while let Some(time) = times.get(at) {
            let end = edges.partition_point(|edge| edge <= time);
            let Some((step, edge)) = end.checked_sub(1).zip(edges.get(end)) else { break };
            let until = at + times[at..].partition_point(|time| time < edge);
            cuts.push((step, at, until));
            at = until;
        }
        Self(cuts)
    }
}

/// The steps of one group of series.
#[derive(Debug, Clone)]
pub struct Steps {
    summary: Summary,
    /// Sums, extremes, counts or newest values.
    values: Vec<f64>,
    /// How many readings; of [`Summary::Last`] the time of the newest.
    weights: Vec<f64>,
}

impl Steps {
    /// `count` steps without a reading.
    pub fn new(summary: Summary, count: usize) -> Self {
        let (value, weight) = match summary {
            Summary::Min => (f64::INFINITY, 0.0),
            Summary::Max => (f64::NEG_INFINITY, 0.0),
            Summary::Last => (0.0, f64::NEG_INFINITY),
            Summary::Avg | Summary::Sum | Summary::Count | Summary::Increase | Summary::Rate => (0.0, 0.0),
        };
        Self { summary, values: vec![value; count], weights: vec![weight; count] }
    }

    /// Takes readings of one series, by rising time and behind those given before; a NaN is none. Step i reaches from
    /// `edges[i]` to before `edges[i + 1]`; readings outside of them only tell what a counter counted.
    pub fn readings(
        &mut self,
        edges: &[i64],
        progress: &mut Progress,
        counting: &Counting,
        times: &[i64],
        values: &[f64],
    ) {
        if self.summary.is_of_counters() {
            for (time, value) in times.iter().zip(values).filter(|(_, value)| !value.is_nan()) {
                self.count_on(edges, progress, counting, (UnixMs(*time), *value));
            }
            return;
        }
        self.cut_readings(&Cuts::new(edges, times), times, values);
    }

    /// The same for a summary that is not of counters, of readings whose places are known: those of several metrics
    /// that were taken together have the same.
    pub fn cut_readings(&mut self, cuts: &Cuts, times: &[i64], values: &[f64]) {
        for (step, at, end) in &cuts.0 {
            self.fold(*step, &times[*at..*end], &values[*at..*end]);
        }
    }

    /// Takes slots of one series by rising time, each within one step, behind everything given before.
    pub fn slots<'a>(
        &mut self,
        edges: &[i64],
        progress: &mut Progress,
        counting: &Counting,
        slots: impl Iterator<Item = &'a Slot>,
    ) {
        let mut slots = slots.peekable();
        let Some(first) = slots.peek().map(|slot| slot.first_at.0) else { return };
        let mut step = edges.partition_point(|edge| *edge <= first).saturating_sub(1);
        for slot in slots {
            if self.summary.is_of_counters() {
                self.count_on(edges, progress, counting, (slot.first_at, slot.first));
                progress.before = Some((slot.last_at, slot.last));
            }
            // Slots of consecutive steps follow each other as a rule.
            while edges.get(step + 1).is_some_and(|end| *end <= slot.first_at.0) {
                step += 1;
            }
            if step < self.values.len() && edges[step] <= slot.first_at.0 {
                self.fold_slot(step, slot);
            }
        }
    }

    fn fold_slot(&mut self, step: usize, slot: &Slot) {
        let (value, weight) = (&mut self.values[step], &mut self.weights[step]);
        match self.summary {
            Summary::Avg | Summary::Sum => *value += slot.sum,
            Summary::Min => *value = value.min(slot.min),
            Summary::Max => *value = value.max(slot.max),
            Summary::Count => *value += f64::from(slot.count),
            Summary::Last => {
                if exact(slot.last_at.0) >= *weight {
                    (*value, *weight) = (slot.last, exact(slot.last_at.0));
                }
                return;
            }
            Summary::Increase | Summary::Rate => {
                if slot.count < 2 {
                    return;
                }
                *value += slot.rise;
            }
        }
        *weight += f64::from(slot.count);
    }

    /// The value of each step; NaN where there is none, or where it is beyond what a number can hold.
    pub fn finish(self, edges: &[i64]) -> Vec<f64> {
        let Self { summary, mut values, weights } = self;
        for (step, (value, weight)) in values.iter_mut().zip(weights).enumerate() {
            *value = match summary {
                Summary::Last if weight == f64::NEG_INFINITY => f64::NAN,
                Summary::Avg if weight > 0.0 => *value / weight,
                Summary::Rate if weight > 0.0 => *value * 1_000.0 / exact(edges[step + 1] - edges[step]),
                Summary::Min | Summary::Max | Summary::Sum | Summary::Count | Summary::Increase
                    if weight > 0.0 =>
                {
                    *value
                }
                Summary::Last => *value,
                Summary::Avg
                | Summary::Min
                | Summary::Max
                | Summary::Sum
                | Summary::Count
                | Summary::Increase
                | Summary::Rate => f64::NAN,
            };
            if value.is_infinite() {
                *value = f64::NAN;
            }
        }
        values
    }

    fn fold(&mut self, step: usize, times: &[i64], values: &[f64]) {
        let present = values.iter().copied().filter(|value| !value.is_nan());
        let value = &mut self.values[step];
        let count = match self.summary {
            Summary::Avg | Summary::Sum => {
                let (sum, count) = sum(values);
                *value += sum;
                count
            }
            Summary::Min => present.fold(0u32, |count, one| {
                *value = value.min(one);
                count + 1
            }),
            Summary::Max => present.fold(0u32, |count, one| {
                *value = value.max(one);
                count + 1
            }),
            Summary::Count => {
                let (_, count) = sum(values);
                *value += f64::from(count);
                count
            }
            Summary::Last => {
                let newest = times.iter().zip(values).rev().find(|(_, value)| !value.is_nan());
                if let Some((time, newest)) = newest
                    && exact(*time) >= self.weights[step]
                {
                    (*value, self.weights[step]) = (*newest, exact(*time));
                }
                return;
            }
            Summary::Increase | Summary::Rate => return,
        };
        self.weights[step] += f64::from(count);
    }

    fn count_on(
        &mut self,
        edges: &[i64],
        progress: &mut Progress,
        counting: &Counting,
        reading: (UnixMs, f64),
    ) {
        if let Some(before) = progress.before.replace(reading) {
            counting.share(before, reading, edges, &mut |step, counted| {
                self.values[step] += counted;
                self.weights[step] += 1.0;
            });
        }
    }
}

/// Sums made next to each other: an addition need not wait for the one before.
const LANES: usize = 8;

/// Sum and number of the values that are there.
fn sum(values: &[f64]) -> (f64, u32) {
    let (mut totals, mut counts) = ([0.0; LANES], [0u32; LANES]);
    let (runs, rest) = values.as_chunks::<LANES>();
    for run in runs {
        for lane in 0..LANES {
            let there = !run[lane].is_nan();
            totals[lane] += if there { run[lane] } else { 0.0 };
            counts[lane] = counts[lane].wrapping_add(u32::from(there));
        }
    }
    let rest = rest.iter().filter(|value| !value.is_nan());
    let (total, count) = rest.fold((0.0, 0), |(total, count), value| (total + value, count + 1));
    (totals.iter().sum::<f64>() + total, counts.iter().sum::<u32>() + count)
}

#[expect(clippy::cast_precision_loss, reason = "times and spans far below 2^53 ms")]
fn exact(ms: i64) -> f64 {
    ms as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDGES: [i64; 4] = [0, 10, 20, 30];

    fn told(summary: Summary, times: &[i64], values: &[f64]) -> Vec<f64> {
        let mut steps = Steps::new(summary, EDGES.len() - 1);
        let mut progress = Progress::default();
        let counting = Counting::default();
        // In two parts, to see that they join.
        let half = times.len() / 2;
        steps.readings(&EDGES, &mut progress, &counting, &times[..half], &values[..half]);
        steps.readings(&EDGES, &mut progress, &counting, &times[half..], &values[half..]);
        steps.finish(&EDGES)
    }

    #[test]
    fn each_summary_tells_its_own_and_empty_steps_are_none() {
        let (times, values) = ([-5, 0, 9, 11, 30], [100.0, 1.0, 3.0, f64::NAN, 7.0]);
        let firsts = |summary| told(summary, &times, &values)[0].to_string();
        assert_eq!(firsts(Summary::Avg), "2");
        assert_eq!(firsts(Summary::Min), "1");
        assert_eq!(firsts(Summary::Max), "3");
        assert_eq!(firsts(Summary::Sum), "4");
        assert_eq!(firsts(Summary::Count), "2");
        assert_eq!(firsts(Summary::Last), "3");
        for summary in [Summary::Avg, Summary::Min, Summary::Max, Summary::Sum, Summary::Count, Summary::Last]
        {
            let rest = told(summary, &times, &values);
            assert!(rest[1].is_nan() && rest[2].is_nan(), "{summary:?}: {rest:?}");
        }
    }

    #[test]
    fn what_was_counted_is_shared_by_time_and_adds_up() {
        let (times, values) = ([-5, 5, 25, 35], [0.0, 10.0, 30.0, 2.0]);
        let counted = told(Summary::Increase, &times, &values);
        assert_eq!(counted, [10.0, 10.0, 6.0], "5 + 5, 10, 5 + half of a count from 0");
        let mut whole = Steps::new(Summary::Increase, 1);
        whole.readings(&[0, 30], &mut Progress::default(), &Counting::default(), &times, &values);
        assert_eq!(whole.finish(&[0, 30]), [counted.iter().sum::<f64>()]);
        assert_eq!(told(Summary::Rate, &times, &values)[0], 1_000.0);
    }

    #[test]
    fn a_group_takes_several_series() {
        let mut steps = Steps::new(Summary::Avg, 1);
        for value in [1.0, 2.0, 6.0] {
            steps.readings(&[0, 10], &mut Progress::default(), &Counting::default(), &[4], &[value]);
        }
        assert_eq!(steps.finish(&[0, 10]), [3.0]);
        let mut newest = Steps::new(Summary::Last, 1);
        newest.readings(&[0, 10], &mut Progress::default(), &Counting::default(), &[4], &[1.0]);
        newest.readings(&[0, 10], &mut Progress::default(), &Counting::default(), &[3], &[2.0]);
        assert_eq!(newest.finish(&[0, 10]), [1.0]);
    }

    #[test]
    fn slots_tell_the_same_as_their_readings() {
        let slot = |start: i64, first: f64, last: f64| Slot {
            count: 2,
            min: first,
            max: last,
            sum: first + last,
            first,
            first_at: UnixMs(start + 2),
            last,
            last_at: UnixMs(start + 8),
            rise: last - first,
        };
        let slots = [slot(-10, 0.0, 1.0), slot(0, 2.0, 3.0), slot(10, 5.0, 6.0), slot(20, 1.0, 4.0)];
        let told = |summary| {
            let (mut steps, mut progress) = (Steps::new(summary, 3), Progress::default());
            steps.slots(&EDGES, &mut progress, &Counting::default(), slots.iter());
            steps.finish(&EDGES)
        };
        assert_eq!(told(Summary::Avg), [2.5, 5.5, 2.5]);
        assert_eq!(told(Summary::Count), [2.0, 2.0, 2.0]);
        assert_eq!(told(Summary::Last), [3.0, 6.0, 4.0]);
        assert_eq!(
            told(Summary::Increase),
            [2.5, 2.5, 3.5],
            "half of what was counted between two slots goes to each"
        );
    }

    /// A day with gaps and resets: what is told from its rollups is what is told from its readings.
    #[test]
    fn rollups_tell_the_same_as_readings() {
        use crate::core::catalogue::Column;
        use crate::core::telemetry::{Columns, DAY_MS, QUARTER_MS, roll_up};
        let counting = Counting::default();
        let mut chance = 1u64;
        let mut next = || {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            chance >> 33
        };
        let (mut times, mut values, mut time, mut value) = (Vec::new(), Vec::new(), 0i64, 0.0);
        while time < DAY_MS {
            times.push(time);
            values.push(value);
            time += 1_000 + i64::try_from(next() % 90_000).expect("small");
            time += if next() % 50 == 0 { 40 * 60 * 1_000 } else { 0 };
            value = if next() % 97 == 0 {
                0.0
            } else {
                value + f64::from(u32::try_from(next() % 8).expect("small"))
            };
        }
        let rows = Columns::new(times.clone(), vec![(Column(0), values.clone())]).expect("in order");
        let slots = roll_up(&rows, Column(0), QUARTER_MS, &mut |a, b| counting.between(a, b));
        let edges: Vec<i64> = (0..=24).map(|hour| hour * 60 * 60 * 1_000).collect();
        for summary in [
            Summary::Avg,
            Summary::Min,
            Summary::Max,
            Summary::Sum,
            Summary::Count,
            Summary::Last,
            Summary::Increase,
            Summary::Rate,
        ] {
            let (mut raw, mut rolled) = (Steps::new(summary, 24), Steps::new(summary, 24));
            raw.readings(&edges, &mut Progress::default(), &counting, &times, &values);
            let mut progress = Progress::default();
            rolled.slots(&edges, &mut progress, &counting, slots.iter().map(|(_, slot)| slot));
            for (raw, rolled) in raw.finish(&edges).into_iter().zip(rolled.finish(&edges)) {
                let same = (raw - rolled).abs() < 1e-6 || raw.is_nan() && rolled.is_nan();
                assert!(same, "{summary:?}: {raw} from readings, {rolled} from rollups");
            }
        }
    }

    #[test]
    fn a_sum_beyond_numbers_is_none() {
        assert!(told(Summary::Sum, &[1, 2], &[f64::MAX, f64::MAX])[0].is_nan());
    }
}
