//! One condition on one asset: which of the readings it keeps, and what it says of them at a moment.

use protocol::UnixMs;

use super::counter::{Counter, CounterBase};
use super::evidence::{EVIDENCE_READINGS_MAX, Evidence};
use super::pairing::{Pairing, Side};
use super::silence::Silence;
use super::streak::Streak;
use super::unusual::{Deviation, Record};
use super::window::Window;
use super::{Kept as Stored, Start};
use crate::core::catalogue::AssetId;
use crate::core::policy::{Condition, Criterion, PolicyId, RuleKind};

/// Readings older than this are nothing to a rule without a window, milliseconds.
pub(super) const HORIZON_MS: i64 = 60 * 60 * 1000;

/// A comparison with a fixed number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Test {
    pub(super) condition: Condition,
    pub(super) threshold: f64,
}

impl Test {
    pub(super) fn holds(self, number: f64) -> bool {
        self.condition.holds(number, self.threshold)
    }

    fn is_near(self, number: f64) -> bool {
        self.condition.is_near(number, self.threshold)
    }
}

/// What a condition, a group of them or a policy says at a moment. All of a group say the least that one of them
/// says; a policy says the most that one of its groups says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It is not met.
    Clear,
    /// There is too little to say.
    Unknown,
    /// It is not met, and not over either: between the threshold and where it clears.
    Held,
    /// It is met.
    Broken,
}

/// Keeps the readings that a condition needs.
#[derive(Debug, Clone)]
pub(super) struct Tracker {
    test: Test,
    clear: Test,
    samples: u32,
    pairing: Option<Pairing>,
    kept: Kept,
}

#[derive(Debug, Clone)]
enum Kept {
    Mean(Window),
    Rate(Window),
    Count(Window),
    Streak(Streak),
    Counter(Counter),
    Silence(Silence),
    Deviation(Box<Deviation>),
    Record(Box<Record>),
}

impl Tracker {
    /// A condition that is listened to since `began`.
    pub(super) fn new(criterion: &Criterion, start: &Start, began: i64) -> Self {
        let threshold = match (criterion.rule, criterion.window_minutes) {
            (RuleKind::NoData, Some(minutes)) => f64::from(minutes),
            (_, Some(_) | None) => criterion.threshold,
        };
        let test = Test { condition: criterion.condition, threshold };
        let clear = Test { threshold: criterion.clear_threshold.unwrap_or(threshold), ..test };
        let window_ms = criterion.window_minutes.map(|minutes| i64::from(minutes) * 60_000);
        let span_ms = window_ms.unwrap_or(HORIZON_MS);
        let need = criterion.samples as usize;
        let kept = match (criterion.rule, window_ms) {
            (RuleKind::Threshold, Some(span_ms)) => Kept::Mean(Window::new(span_ms, test)),
            (RuleKind::Threshold, None) => Kept::Streak(Streak::new(need, span_ms, test, false)),
            (RuleKind::Consecutive, _) => Kept::Streak(Streak::new(need, span_ms, test, true)),
            (RuleKind::RateOfChange, _) => Kept::Rate(Window::new(span_ms, test)),
            (RuleKind::Count, _) => Kept::Count(Window::new(span_ms, test)),
            (RuleKind::Runtime, _) => Kept::Counter(Counter::new(start.base.as_ref())),
            (RuleKind::NoData, _) => Kept::Silence(Silence::new(span_ms, began)),
            (RuleKind::Unusual, _) => Kept::Deviation(Box::new(Deviation::new(threshold))),
            (RuleKind::Record, _) => Kept::Record(Box::new(Record::new(threshold, start.extremes.as_ref()))),
        };
        let pairing = criterion.with.as_ref().map(|(operator, _)| Pairing::new(*operator));
        Self { test, clear, samples: criterion.samples, pairing, kept }
    }

    /// Takes a reading of one of its metrics. Answers whether there is something to store.
    pub(super) fn insert(&mut self, side: Side, time: i64, value: f64) -> bool {
        let value = match &mut self.pairing {
            None => value,
            Some(pairing) => match pairing.insert(time, value, side) {
                None => return false,
                Some(number) => number,
            },
        };
        match &mut self.kept {
            Kept::Mean(window) | Kept::Rate(window) | Kept::Count(window) if !value.is_nan() => {
                window.insert(time, value);
                false
            }
            Kept::Mean(_) | Kept::Rate(_) | Kept::Count(_) => false,
            Kept::Streak(streak) => {
                streak.insert(time, value);
                false
            }
            Kept::Counter(counter) => counter.insert(time, value),
            Kept::Silence(silence) => {
                silence.insert(time, value);
                false
            }
            Kept::Deviation(deviation) => {
                deviation.insert(time, value);
                false
            }
            Kept::Record(record) => record.insert(time, value),
        }
    }

    /// What it says at a moment, and whether what is measured has come within a tenth of the threshold (F3.13).
    pub(super) fn verdict(&mut self, at: i64) -> (Verdict, bool) {
        match &mut self.kept {
            Kept::Mean(window) => {
                window.seek(at);
                let mean = (window.len() >= self.samples as usize).then(|| window.mean());
                self.compare(mean)
            }
            Kept::Rate(window) => {
                window.seek(at);
                let is_enough = window.len() >= self.samples as usize;
                let rate = window.rate_per_minute().filter(|_| is_enough);
                self.compare(rate)
            }
            Kept::Count(window) => {
                window.seek(at);
                let (meeting, samples) = (window.meeting(), self.samples);
                let verdict = if meeting >= samples { Verdict::Broken } else { Verdict::Clear };
                (verdict, u64::from(meeting) * 10 > u64::from(samples) * 9)
            }
            Kept::Streak(streak) => {
                let is_complete = streak.is_complete(at);
                let newest = streak.newest(at);
                let (verdict, is_near) = self.compare(newest);
                let verdict = match verdict {
                    Verdict::Broken if !is_complete => Verdict::Held,
                    Verdict::Broken | Verdict::Held | Verdict::Unknown | Verdict::Clear => verdict,
                };
                (verdict, is_near)
            }
            Kept::Counter(counter) => {
                let total = counter.total();
                self.compare(total)
            }
            Kept::Silence(silence) => match silence.minutes(at) {
                None => (Verdict::Unknown, false),
                Some(_) if silence.is_broken(at) => (Verdict::Broken, true),
                Some(_) => (Verdict::Clear, false),
            },
            // Of these, what the newest reading shows is all there is; time alone changes nothing.
            Kept::Deviation(deviation) => match deviation.deviations() {
                None => (Verdict::Unknown, false),
                Some(found) => (news(deviation.is_alarm()), self.test.is_near(found.abs())),
            },
            Kept::Record(record) if !record.is_known() => (Verdict::Unknown, false),
            Kept::Record(record) => (news(record.is_alarm()), record.is_alarm()),
        }
    }

    fn compare(&self, measured: Option<f64>) -> (Verdict, bool) {
        let Some(number) = measured else { return (Verdict::Unknown, false) };
        let verdict = match (self.test.holds(number), self.clear.holds(number)) {
            (true, _) => Verdict::Broken,
            (false, true) => Verdict::Held,
            (false, false) => Verdict::Clear,
        };
        (verdict, self.test.is_near(number))
    }

    /// What there is to show at a moment; `None` without a reading.
    pub(super) fn evidence(&mut self, at: i64) -> Option<Evidence> {
        let threshold = self.test.threshold;
        match &mut self.kept {
            Kept::Mean(window) => {
                window.seek(at);
                let mean = window.mean();
                shown(threshold, mean, window.readings())
            }
            Kept::Rate(window) => {
                window.seek(at);
                shown(threshold, window.rate_per_minute()?, window.readings())
            }
            Kept::Count(window) => {
                window.seek(at);
                shown(threshold, f64::from(window.meeting()), window.readings())
            }
            Kept::Streak(streak) => shown(threshold, streak.readings().back()?.1, streak.readings().iter()),
            Kept::Counter(counter) => shown(threshold, counter.total()?, counter.last().as_slice().iter()),
            Kept::Silence(silence) => {
                shown(threshold, silence.minutes(at)?, silence.last().as_slice().iter())
            }
            Kept::Deviation(deviation) => {
                shown(threshold, deviation.deviations()?, deviation.readings().iter())
            }
            Kept::Record(record) => record.evidence(),
        }
    }

    /// Time of the newest number it has; `None` for a metric whose silence is what counts.
    pub(super) fn newest(&self) -> Option<i64> {
        match &self.kept {
            Kept::Mean(window) | Kept::Rate(window) | Kept::Count(window) => window.newest(),
            Kept::Streak(streak) => streak.readings().back().map(|(time, _)| *time),
            Kept::Counter(counter) => counter.last().map(|(time, _)| time),
            Kept::Deviation(deviation) => deviation.newest(),
            Kept::Record(record) => record.newest(),
            Kept::Silence(_) => None,
        }
    }

    /// Whether it listens for silence.
    pub(super) const fn is_silence(&self) -> bool {
        matches!(self.kept, Kept::Silence(_))
    }

    /// The pairs it makes, if it looks at two metrics.
    pub(super) const fn pairing(&self) -> Option<&Pairing> {
        self.pairing.as_ref()
    }

    /// Forgets the readings; a counter keeps counting, and what is usual stays usual.
    pub(super) fn clear(&mut self) {
        if let Some(pairing) = &mut self.pairing {
            pairing.clear();
        }
        match &mut self.kept {
            Kept::Mean(window) | Kept::Rate(window) | Kept::Count(window) => window.clear(),
            Kept::Streak(streak) => streak.clear(),
            Kept::Silence(silence) => silence.clear(),
            Kept::Counter(_) | Kept::Deviation(_) | Kept::Record(_) => {}
        }
    }

    /// The equipment was served. Answers whether that is anything to this condition.
    pub(super) fn serve(&mut self, now: i64) -> bool {
        match &mut self.kept {
            Kept::Counter(counter) => {
                counter.serve(now);
                true
            }
            Kept::Mean(_)
            | Kept::Rate(_)
            | Kept::Count(_)
            | Kept::Streak(_)
            | Kept::Silence(_)
            | Kept::Deviation(_)
            | Kept::Record(_) => false,
        }
    }

    /// From where it counts, if it counts.
    pub(super) const fn base(&self, asset: AssetId, policy: PolicyId) -> Option<CounterBase> {
        match &self.kept {
            Kept::Counter(counter) => Some(counter.stored(asset, policy)),
            Kept::Mean(_)
            | Kept::Rate(_)
            | Kept::Count(_)
            | Kept::Streak(_)
            | Kept::Silence(_)
            | Kept::Deviation(_)
            | Kept::Record(_) => None,
        }
    }

    /// What is to be stored of it.
    pub(super) fn kept(&mut self, asset: AssetId, policy: PolicyId) -> Option<Stored> {
        match &mut self.kept {
            Kept::Counter(counter) => Some(Stored::Base(counter.stored(asset, policy))),
            Kept::Record(record) => record.extremes(asset, policy).map(Stored::Extremes),
            Kept::Mean(_)
            | Kept::Rate(_)
            | Kept::Count(_)
            | Kept::Streak(_)
            | Kept::Silence(_)
            | Kept::Deviation(_) => None,
        }
    }
}

const fn news(is_alarm: bool) -> Verdict {
    if is_alarm { Verdict::Broken } else { Verdict::Clear }
}

fn shown<'a>(
    threshold: f64,
    measured: f64,
    readings: impl DoubleEndedIterator<Item = &'a (i64, f64)> + ExactSizeIterator + Clone,
) -> Option<Evidence> {
    let skipped = readings.len().saturating_sub(EVIDENCE_READINGS_MAX);
    Some(Evidence {
        measured,
        threshold,
        readings: u32::try_from(readings.len()).expect("invariant: a window is bounded"),
        from: UnixMs(readings.clone().next()?.0),
        to: UnixMs(readings.clone().next_back()?.0),
        last: readings.skip(skipped).map(|(time, value)| (UnixMs(*time), *value)).collect(),
    })
}
