//! One rule on one series: which of the readings it keeps, and what it says of them.

use protocol::UnixMs;
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use std::collections::VecDeque;

use super::counter::{Counter, CounterBase};
use super::streak::Streak;
use super::window::Window;
use crate::core::catalogue::AssetId;
use crate::core::policy::{Condition, PolicyId, RuleKind, Terms};

/// Readings older than this are nothing to a rule without a window, milliseconds.
const HORIZON_MS: i64 = 60 * 60 * 1000;
/// Readings shown with an alert.
pub const EVIDENCE_READINGS_MAX: usize = 5;

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

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Serialize_tuple, Deserialize_tuple)]
pub struct Evidence {
    /// The number that was compared: a mean, a rate, a total, how many readings, or the newest reading.
    pub measured: f64,
    /// With what it was compared.
    pub threshold: f64,
    /// On how many readings it rests.
    pub readings: u32,
    /// The oldest of them.
    pub from: UnixMs,
    /// The newest of them.
    pub to: UnixMs,
    /// The last few readings, oldest first.
    pub last: Vec<(UnixMs, f64)>,
}

/// Keeps the readings that a rule needs.
#[derive(Debug, Clone)]
pub(super) struct Tracker {
    test: Test,
    samples: u32,
    kept: Kept,
}

#[derive(Debug, Clone)]
enum Kept {
    Mean(Window),
    Rate(Window),
    Count(Window),
    Streak(Streak),
    Counter(Counter),
}

impl Tracker {
    pub(super) fn new(terms: &Terms, base: Option<&CounterBase>) -> Self {
        let test = Test { condition: terms.condition, threshold: terms.threshold };
        let window_ms = terms.window_minutes.map(|minutes| i64::from(minutes) * 60_000);
        let span_ms = window_ms.unwrap_or(HORIZON_MS);
        let streak =
            |without_gap| Kept::Streak(Streak::new(terms.samples as usize, span_ms, test, without_gap));
        let kept = match (terms.rule, window_ms) {
            (RuleKind::Threshold, Some(span_ms)) => Kept::Mean(Window::new(span_ms, test)),
            (RuleKind::Threshold, None) => streak(false),
            (RuleKind::Consecutive, _) => streak(true),
            (RuleKind::RateOfChange, _) => Kept::Rate(Window::new(span_ms, test)),
            (RuleKind::Count, _) => Kept::Count(Window::new(span_ms, test)),
            (RuleKind::Runtime, _) => Kept::Counter(Counter::new(base)),
        };
        Self { test, samples: terms.samples, kept }
    }

    /// Takes a reading. Answers whether a counter's base moved.
    pub(super) fn insert(&mut self, now: i64, time: i64, value: f64) -> bool {
        match &mut self.kept {
            Kept::Mean(window) | Kept::Rate(window) | Kept::Count(window) => {
                window.insert(now, time, value);
                false
            }
            Kept::Streak(streak) => {
                streak.insert(now, time, value);
                false
            }
            Kept::Counter(counter) => counter.insert(time, value),
        }
    }

    /// Whether the rule is broken at `now`.
    pub(super) fn is_broken(&mut self, now: i64) -> bool {
        self.expire(now);
        match &self.kept {
            Kept::Mean(window) => self.is_enough(window) && self.test.holds(window.mean()),
            Kept::Rate(window) => {
                self.is_enough(window) && window.rate_per_minute().is_some_and(|rate| self.test.holds(rate))
            }
            Kept::Count(window) => window.meeting() >= self.samples,
            Kept::Streak(streak) => streak.is_complete(),
            Kept::Counter(counter) => counter.total().is_some_and(|total| self.test.holds(total)),
        }
    }

    /// Whether what is measured has come within a tenth of the threshold at `now` (F3.13).
    pub(super) fn is_near(&mut self, now: i64) -> bool {
        self.expire(now);
        match &self.kept {
            Kept::Mean(window) => self.is_enough(window) && self.test.is_near(window.mean()),
            Kept::Rate(window) => {
                self.is_enough(window) && window.rate_per_minute().is_some_and(|rate| self.test.is_near(rate))
            }
            Kept::Count(window) => u64::from(window.meeting()) * 10 > u64::from(self.samples) * 9,
            Kept::Streak(streak) => {
                streak.readings().back().is_some_and(|(_, value)| self.test.is_near(*value))
            }
            Kept::Counter(counter) => counter.total().is_some_and(|total| self.test.is_near(total)),
        }
    }

    /// What there is to show; `None` without a reading.
    pub(super) fn evidence(&self) -> Option<Evidence> {
        match &self.kept {
            Kept::Mean(window) => self.shown(window.readings(), window.mean()),
            Kept::Rate(window) => self.shown(window.readings(), window.rate_per_minute()?),
            Kept::Count(window) => self.shown(window.readings(), f64::from(window.meeting())),
            Kept::Streak(streak) => self.shown(streak.readings(), streak.readings().back()?.1),
            Kept::Counter(counter) => self.shown(&counter.last().into_iter().collect(), counter.total()?),
        }
    }

    fn shown(&self, readings: &VecDeque<(i64, f64)>, measured: f64) -> Option<Evidence> {
        let skipped = readings.len().saturating_sub(EVIDENCE_READINGS_MAX);
        Some(Evidence {
            measured,
            threshold: self.test.threshold,
            readings: u32::try_from(readings.len()).expect("invariant: a window is bounded"),
            from: UnixMs(readings.front()?.0),
            to: UnixMs(readings.back()?.0),
            last: readings.range(skipped..).map(|(time, value)| (UnixMs(*time), *value)).collect(),
        })
    }

    /// Forgets the readings; a counter keeps counting.
    pub(super) fn clear(&mut self) {
        match &mut self.kept {
            Kept::Mean(window) | Kept::Rate(window) | Kept::Count(window) => window.clear(),
            Kept::Streak(streak) => streak.clear(),
            Kept::Counter(_) => {}
        }
    }

    /// The equipment was served. Answers whether that is anything to this rule.
    pub(super) fn serve(&mut self, now: i64) -> bool {
        match &mut self.kept {
            Kept::Counter(counter) => {
                counter.serve(now);
                true
            }
            Kept::Mean(_) | Kept::Rate(_) | Kept::Count(_) | Kept::Streak(_) => false,
        }
    }

    /// What is to be stored of a counter.
    pub(super) const fn stored(&self, asset: AssetId, policy: PolicyId) -> Option<CounterBase> {
        match &self.kept {
            Kept::Counter(counter) => Some(counter.stored(asset, policy)),
            Kept::Mean(_) | Kept::Rate(_) | Kept::Count(_) | Kept::Streak(_) => None,
        }
    }

    fn expire(&mut self, now: i64) {
        match &mut self.kept {
            Kept::Mean(window) | Kept::Rate(window) | Kept::Count(window) => window.expire(now),
            Kept::Streak(streak) => streak.expire(now),
            Kept::Counter(_) => {}
        }
    }

    fn is_enough(&self, window: &Window) -> bool {
        window.readings().len() >= self.samples as usize
    }
}
