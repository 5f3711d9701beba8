//! Maintenance policies: which behaviour of which metric calls for attention (F3.1). Six are installed from
//! the start; a caretaker may add, change and remove them.

mod defaults;

pub use defaults::default_terms;

use protocol::limits::{NOTES_BYTES_MAX, POLICIES_MAX};
use protocol::{AssetKind, Digest, Invalid, Severity};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use std::fmt;
use thiserror::Error;

use super::catalogue::{Code, MetricName};

/// Longest window, minutes. After a restart a window starts with the readings that telemetry has at hand, which are
/// those of the last two hours.
pub const WINDOW_MINUTES_MAX: u32 = 24 * 60;
/// Most readings a rule may ask for.
pub const SAMPLES_MAX: u32 = 1_000;
/// Longest message, bytes.
pub const MESSAGE_BYTES_MAX: usize = 200;
/// Longest description, bytes.
pub const DESCRIPTION_BYTES_MAX: usize = 1_000;
const _: () = assert!(DESCRIPTION_BYTES_MAX <= NOTES_BYTES_MAX && POLICIES_MAX <= u16::MAX as usize);

/// Number of a policy, from 1; never used again after deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PolicyId(pub u32);

impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

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
}

impl RuleKind {
    const ALL: [Self; 5] =
        [Self::Threshold, Self::Runtime, Self::RateOfChange, Self::Count, Self::Consecutive];

    /// The name in API and page (`rule_type`).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Threshold => "threshold",
            Self::Runtime => "runtime",
            Self::RateOfChange => "rate_of_change",
            Self::Count => "count",
            Self::Consecutive => "consecutive",
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
    const ALL: [Self; 4] = [Self::Above, Self::AtLeast, Self::Below, Self::AtMost];

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

/// What a policy says, as a caretaker writes it: unchecked.
#[derive(Debug, Clone, PartialEq, Serialize_tuple, Deserialize_tuple)]
pub struct Terms {
    /// Short name: `R1`.
    pub code: Code,
    /// Which assets it is for.
    pub asset_kind: AssetKind,
    /// Which of their metrics.
    pub metric: MetricName,
    /// What is compared.
    pub rule: RuleKind,
    /// How.
    pub condition: Condition,
    /// With what; unit of the metric, per minute for a rate.
    pub threshold: f64,
    /// Length of the window, 1 to 1,440 minutes, for the rules that have one.
    pub window_minutes: Option<u32>,
    /// How many readings, 1 to 1,000.
    pub samples: u32,
    /// How urgent a breach is.
    pub severity: Severity,
    /// What the alert says, 1 to 200 bytes.
    pub message: String,
    /// What it is about, up to 1,000 bytes.
    pub description: String,
    /// Whether it is evaluated.
    pub enabled: bool,
    /// Whether an alert of high or medium severity opens a work order by itself.
    pub opens_work_order: bool,
}

/// Terms that make sense, under a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StoredPolicy", into = "StoredPolicy")]
pub struct Policy {
    id: PolicyId,
    version: u32,
    terms: Terms,
}

#[derive(Serialize_tuple, Deserialize_tuple)]
struct StoredPolicy {
    id: PolicyId,
    version: u32,
    terms: Terms,
}

/// What is wrong with terms, with the field it is in.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PolicyError {
    /// A text or number outside its bounds.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// NaN or an infinity.
    #[error("threshold: {found} is not a finite number")]
    Threshold {
        /// The number.
        found: f64,
    },
    /// A rule over a window without one.
    #[error("window_minutes: a {} rule needs one, 1 to {WINDOW_MINUTES_MAX}", rule.name())]
    WindowMissing {
        /// The rule.
        rule: RuleKind,
    },
    /// A window that is empty or too long.
    #[error("window_minutes: {found}, 1 to {WINDOW_MINUTES_MAX} allowed")]
    Window {
        /// Minutes found.
        found: u32,
    },
    /// Too few or too many readings.
    #[error("samples: {found}, {min} to {SAMPLES_MAX} allowed for a {} rule", rule.name())]
    Samples {
        /// The rule.
        rule: RuleKind,
        /// Fewest it needs.
        min: u32,
        /// Readings found.
        found: u32,
    },
}

impl PolicyError {
    /// The field that is wrong.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Invalid(
                Invalid::Text { field, .. }
                | Invalid::Count { field, .. }
                | Invalid::Range { field, .. }
                | Invalid::Duplicate { field },
            ) => field,
            Self::Invalid(Invalid::Hex { .. }) => "id",
            Self::Threshold { .. } => "threshold",
            Self::WindowMissing { .. } | Self::Window { .. } => "window_minutes",
            Self::Samples { .. } => "samples",
        }
    }
}

impl Policy {
    /// Checks the terms.
    pub fn new(id: PolicyId, version: u32, terms: Terms) -> Result<Self, PolicyError> {
        check_text("message", &terms.message, 1, MESSAGE_BYTES_MAX)?;
        check_text("description", &terms.description, 0, DESCRIPTION_BYTES_MAX)?;
        if !terms.threshold.is_finite() {
            return Err(PolicyError::Threshold { found: terms.threshold });
        }
        check_window(terms.rule, terms.window_minutes)?;
        check_samples(terms.rule, terms.samples)?;
        Ok(Self { id, version, terms })
    }

    /// Its number.
    pub const fn id(&self) -> PolicyId {
        self.id
    }

    /// How often it was changed, from 1.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// What it says.
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What the ledger carries of it: a hash of what is measured and compared, and of no text that a person typed.
    pub fn digest(&self) -> Digest {
        let t = &self.terms;
        let measured =
            (t.asset_kind, &t.metric, t.rule, t.condition, t.threshold, t.window_minutes, t.samples);
        Digest::of("symbiose policy v1", &[&protocol::encode(&(measured, t.severity))])
    }
}

impl TryFrom<StoredPolicy> for Policy {
    type Error = PolicyError;

    fn try_from(stored: StoredPolicy) -> Result<Self, PolicyError> {
        Self::new(stored.id, stored.version, stored.terms)
    }
}

impl From<Policy> for StoredPolicy {
    fn from(policy: Policy) -> Self {
        Self { id: policy.id, version: policy.version, terms: policy.terms }
    }
}

fn check_text(field: &'static str, text: &str, min: usize, max: usize) -> Result<(), Invalid> {
    if (min..=max).contains(&text.len()) && !text.chars().any(|c| c.is_control() && c != '\n') {
        return Ok(());
    }
    let expected = if max == MESSAGE_BYTES_MAX {
        "1 to 200 bytes without control characters"
    } else {
        "up to 1000 bytes without control characters"
    };
    Err(Invalid::Text { field, expected, found: text.len() })
}

fn check_window(rule: RuleKind, window_minutes: Option<u32>) -> Result<(), PolicyError> {
    match (window_minutes, rule) {
        (Some(found), _) if !(1..=WINDOW_MINUTES_MAX).contains(&found) => Err(PolicyError::Window { found }),
        (None, RuleKind::RateOfChange | RuleKind::Count) => Err(PolicyError::WindowMissing { rule }),
        (None, RuleKind::Threshold | RuleKind::Runtime | RuleKind::Consecutive) | (Some(_), _) => Ok(()),
    }
}

fn check_samples(rule: RuleKind, found: u32) -> Result<(), PolicyError> {
    let min = match rule {
        RuleKind::Threshold | RuleKind::Runtime | RuleKind::Count => 1,
        RuleKind::RateOfChange | RuleKind::Consecutive => 2,
    };
    if (min..=SAMPLES_MAX).contains(&found) { Ok(()) } else { Err(PolicyError::Samples { rule, min, found }) }
}

#[cfg(test)]
mod tests;
