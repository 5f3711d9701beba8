//! One condition of a policy: which readings, put together how, are compared with what.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::PolicyError;
use super::{SAMPLES_MAX, WINDOW_MINUTES_MAX};
use crate::core::catalogue::MetricName;

/// What of the readings is compared with the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RuleKind {
    /// With a window: the mean of its readings, of which there are at least `samples`. Without: each of the last
    /// `samples` readings.
    Threshold,
    /// What a counter has counted since the work order that was done last. Resets of the counter are seen through.
    Runtime,
    /// The change per minute from the oldest to the newest reading of the window, of which there are at least
    /// `samples`.
    RateOfChange,
    /// Single readings; at least `samples` of the window meet the condition.
    Count,
    /// Each of the last `samples` readings, without a gap: two of them lie no further apart than 60 s or three times
    /// the shortest interval among them.
    Consecutive,
    /// No reading within the window, once there has been one. Condition and threshold mean nothing to it.
    NoData,
    /// The mean of the last 8 readings lies at least so many standard deviations, above or below, from up to 1,000 such
    /// means before. The threshold is that number, 3 to 100; the condition means nothing to it.
    Unusual,
    /// A reading beyond the lowest or the highest of all before, by more than so many percent of what lies between them.
    /// The threshold is that number, 0 to 1,000; the condition means nothing to it.
    Record,
}

impl RuleKind {
    pub(super) const ALL: [Self; 8] = [
        Self::Threshold,
        Self::Runtime,
        Self::RateOfChange,
        Self::Count,
        Self::Consecutive,
        Self::NoData,
        Self::Unusual,
        Self::Record,
    ];

    /// The name in API and page (`rule_type`).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Threshold => "threshold",
            Self::Runtime => "runtime",
            Self::RateOfChange => "rate_of_change",
            Self::Count => "count",
            Self::Consecutive => "consecutive",
            Self::NoData => "no_data",
            Self::Unusual => "unusual",
            Self::Record => "record",
        }
    }

    /// Fewest readings it needs.
    pub const fn samples_min(self) -> u32 {
        match self {
            Self::Threshold | Self::Runtime | Self::Count | Self::NoData | Self::Unusual | Self::Record => 1,
            Self::RateOfChange | Self::Consecutive => 2,
        }
    }

    /// Whether it makes no sense without a window.
    pub const fn needs_window(self) -> bool {
        match self {
            Self::RateOfChange | Self::Count | Self::NoData => true,
            Self::Threshold | Self::Runtime | Self::Consecutive | Self::Unusual | Self::Record => false,
        }
    }

    /// Whether one number is compared that may be over at another threshold than the one it breaks at.
    pub const fn may_clear_elsewhere(self) -> bool {
        match self {
            Self::Threshold | Self::RateOfChange | Self::Consecutive => true,
            Self::Runtime | Self::Count | Self::NoData | Self::Unusual | Self::Record => false,
        }
    }

    /// What its threshold may be.
    pub const fn thresholds(self) -> (f64, f64) {
        match self {
            Self::Unusual => (3.0, 100.0),
            Self::Record => (0.0, 1_000.0),
            Self::Threshold
            | Self::Runtime
            | Self::RateOfChange
            | Self::Count
            | Self::Consecutive
            | Self::NoData => (f64::MIN, f64::MAX),
        }
    }

    /// The rule of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }
}

/// How a number is compared with the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Condition {
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `<=`
    AtMost,
}

impl Condition {
    pub(super) const ALL: [Self; 4] = [Self::Above, Self::AtLeast, Self::Below, Self::AtMost];

    /// The sign in API and page.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Below => "<",
            Self::AtMost => "<=",
        }
    }

    /// The condition of that sign.
    pub fn from_sign(sign: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|condition| condition.sign() == sign)
    }

    /// Whether a number meets the condition. NaN meets none.
    pub fn holds(self, number: f64, threshold: f64) -> bool {
        match self {
            Self::Above => number > threshold,
            Self::AtLeast => number >= threshold,
            Self::Below => number < threshold,
            Self::AtMost => number <= threshold,
        }
    }

    /// Whether a number has come within a tenth of the threshold, or past it (F3.13).
    pub fn is_near(self, number: f64, threshold: f64) -> bool {
        let margin = threshold.abs() / 10.0;
        match self {
            Self::Above | Self::AtLeast => number > threshold - margin,
            Self::Below | Self::AtMost => number < threshold + margin,
        }
    }
}

/// How the readings of two metrics that bear the same time become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Operator {
    /// Their sum.
    Plus,
    /// The first less the second.
    Minus,
    /// Their product.
    Times,
    /// The first divided by the second. Where that is 0 there is nothing to compare.
    Over,
}

impl Operator {
    pub(super) const ALL: [Self; 4] = [Self::Plus, Self::Minus, Self::Times, Self::Over];

    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plus => "plus",
            Self::Minus => "minus",
            Self::Times => "times",
            Self::Over => "over",
        }
    }

    /// The sign in a sentence.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Plus => "+",
            Self::Minus => "−",
            Self::Times => "×",
            Self::Over => "÷",
        }
    }

    /// The operator of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.name() == name)
    }

    /// What becomes of two numbers; `None` where that is no finite number, as with a division by zero.
    pub fn apply(self, a: f64, b: f64) -> Option<f64> {
        let number = match self {
            Self::Plus => a + b,
            Self::Minus => a - b,
            Self::Times => a * b,
            Self::Over => a / b,
        };
        number.is_finite().then_some(number)
    }

    /// Whether both metrics have to be measured in the same unit.
    pub const fn wants_one_unit(self) -> bool {
        match self {
            Self::Plus | Self::Minus => true,
            Self::Times | Self::Over => false,
        }
    }
}

/// One condition, as a caretaker writes it: unchecked.
#[derive(Debug, Clone, PartialEq, Serialize_tuple, Deserialize_tuple)]
pub struct Criterion {
    /// Which metric.
    pub metric: MetricName,
    /// Put together with another one.
    pub with: Option<(Operator, MetricName)>,
    /// What is compared.
    pub rule: RuleKind,
    /// How.
    pub condition: Condition,
    /// With what; unit of the metric, per minute for a rate.
    pub threshold: f64,
    /// Where it is over again, if that is not the threshold: on its quiet side.
    pub clear_threshold: Option<f64>,
    /// Length of the window, 1 to 1,440 minutes, for the rules that have one.
    pub window_minutes: Option<u32>,
    /// How many readings, 1 to 1,000.
    pub samples: u32,
}

impl Criterion {
    /// Whether the numbers make sense together.
    pub(super) fn check(&self) -> Result<(), PolicyError> {
        let rule = self.rule;
        if !self.threshold.is_finite() {
            return Err(PolicyError::Threshold { found: self.threshold });
        }
        let (least, most) = rule.thresholds();
        if !(least..=most).contains(&self.threshold) {
            return Err(PolicyError::ThresholdOutside { rule, least, most, found: self.threshold });
        }
        match self.window_minutes {
            Some(found) if !(1..=WINDOW_MINUTES_MAX).contains(&found) => {
                return Err(PolicyError::Window { found });
            }
            None if rule.needs_window() => return Err(PolicyError::WindowMissing { rule }),
            Some(_) | None => {}
        }
        let (min, found) = (rule.samples_min(), self.samples);
        if !(min..=SAMPLES_MAX).contains(&found) {
            return Err(PolicyError::Samples { rule, min, found });
        }
        if self.with.is_some() && matches!(rule, RuleKind::Runtime | RuleKind::NoData) {
            return Err(PolicyError::Combined { rule });
        }
        self.check_clear()
    }

    fn check_clear(&self) -> Result<(), PolicyError> {
        let Some(found) = self.clear_threshold else { return Ok(()) };
        let (rule, threshold) = (self.rule, self.threshold);
        if !rule.may_clear_elsewhere() {
            return Err(PolicyError::ClearMeaningless { rule });
        }
        let is_quiet_side = match self.condition {
            Condition::Above | Condition::AtLeast => found <= threshold,
            Condition::Below | Condition::AtMost => found >= threshold,
        };
        if is_quiet_side && found.is_finite() {
            return Ok(());
        }
        Err(PolicyError::ClearThreshold { found, sign: self.condition.sign(), threshold })
    }
}
