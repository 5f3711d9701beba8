//! What a metric is in the whole building: its unit, how it behaves, which of two readings of one time holds, and how
//! long readings and rollups of it are kept. The standard metrics are compiled in; an operator may change and add.

use protocol::limits::{RETENTION_DAYS_MAX, UNIT_BYTES_MAX};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use thiserror::Error;

use super::metric::{MetricKind, metric};
use super::name::MetricName;

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How long raw readings are kept if nothing else is said, days.
pub const RAW_DAYS_DEFAULT: u32 = 90;
/// How long rollups of 15 minutes are kept if nothing else is said, days.
pub const QUARTER_DAYS_DEFAULT: u32 = 730;
/// Decimals of a metric at the most.
pub const DECIMALS_MAX: u8 = 9;

/// Which of two different readings of one series and time holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum OnConflict {
    /// The one that came first; the other is counted and recorded.
    #[default]
    First,
    /// The one that came last: for gateways that correct themselves.
    Last,
}

/// How long a metric is kept, in days of 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// Raw readings; `None` is [`RAW_DAYS_DEFAULT`].
    pub raw_days: Option<u32>,
    /// Rollups of 15 minutes; `None` is [`QUARTER_DAYS_DEFAULT`].
    pub quarter_days: Option<u32>,
    /// Rollups of a day; `None` is for ever.
    pub day_days: Option<u32>,
}

impl Retention {
    /// The same, with what it does not say taken from `usual`.
    #[must_use]
    pub fn or(self, usual: Self) -> Self {
        Self {
            raw_days: self.raw_days.or(usual.raw_days),
            quarter_days: self.quarter_days.or(usual.quarter_days),
            day_days: self.day_days.or(usual.day_days),
        }
    }

    /// How old a raw reading may be, milliseconds.
    pub fn raw_ms(&self) -> i64 {
        i64::from(self.raw_days.unwrap_or(RAW_DAYS_DEFAULT)) * DAY_MS
    }

    /// How old a rollup of 15 minutes may be, milliseconds.
    pub fn quarter_ms(&self) -> i64 {
        i64::from(self.quarter_days.unwrap_or(QUARTER_DAYS_DEFAULT)) * DAY_MS
    }

    /// How old a rollup of a day may be, milliseconds; `None` is for ever.
    pub fn day_ms(&self) -> Option<i64> {
        self.day_days.map(|days| i64::from(days) * DAY_MS)
    }
}

/// What a metric is; [`MetricDefinition::new`] says what makes sense.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MetricTraits {
    /// `°C`; empty for plain numbers; at most `UNIT_BYTES_MAX` bytes.
    pub unit: String,
    /// How the values behave over time.
    pub kind: MetricKind,
    /// Decimals worth showing, at most [`DECIMALS_MAX`]; `None` is as they come.
    pub decimals: Option<u8>,
    /// Value at which a counter starts again at 0; `None` if it never does.
    pub rollover: Option<f64>,
    /// Which of two readings of one time holds.
    pub on_conflict: OnConflict,
    /// How long it is kept.
    pub retention: Retention,
}

/// A metric's name with its traits, checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct MetricDefinition {
    name: MetricName,
    traits: MetricTraits,
}

impl MetricDefinition {
    /// Checks the traits of a metric.
    pub fn new(name: MetricName, traits: MetricTraits) -> Result<Self, Unfit> {
        let MetricTraits { unit, kind, decimals, rollover, on_conflict: _, retention } = &traits;
        let unfit = |field, expected| Err(Unfit { field, expected });
        if unit.len() > UNIT_BYTES_MAX || unit.chars().any(char::is_control) {
            return unfit("unit", "at most 16 bytes without control characters");
        }
        if decimals.is_some_and(|decimals| decimals > DECIMALS_MAX) {
            return unfit("decimals", "0 to 9");
        }
        if rollover.is_some_and(|modulus| !modulus.is_finite() || modulus <= 0.0) {
            return unfit("rollover", "a number above 0");
        }
        if rollover.is_some() && *kind != MetricKind::Counter {
            return unfit("rollover", "none, because only a counter rolls over");
        }
        let Retention { raw_days, quarter_days, day_days } = retention;
        for (field, days) in [("raw_days", raw_days), ("quarter_days", quarter_days), ("day_days", day_days)]
        {
            if days.is_some_and(|days| !(1..=RETENTION_DAYS_MAX).contains(&days)) {
                return unfit(field, "1 to 36500 days");
            }
        }
        Ok(Self { name, traits })
    }

    /// The standard definition of a name: what is compiled in, or a gauge without unit.
    pub fn standard(name: MetricName) -> Self {
        let known = metric(name.as_str());
        let traits = known.map(|known| MetricTraits {
            unit: known.unit.to_owned(),
            kind: known.kind,
            ..MetricTraits::default()
        });
        Self { name, traits: traits.unwrap_or_default() }
    }

    /// Its name.
    pub const fn name(&self) -> &MetricName {
        &self.name
    }

    /// What it is.
    pub const fn traits(&self) -> &MetricTraits {
        &self.traits
    }

    /// Whether unit and kind are those of the program, and therefore fixed.
    pub fn is_standard(&self) -> bool {
        metric(self.name.as_str()).is_some()
    }
}

/// A value that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}: expected {expected}")]
pub struct Unfit {
    /// `rollover`.
    pub field: &'static str,
    /// What would fit.
    pub expected: &'static str,
}

const _: () = assert!(UNIT_BYTES_MAX == 16 && DECIMALS_MAX == 9 && RETENTION_DAYS_MAX == 36_500);

/// The definition as it is stored.
#[derive(Serialize_tuple, Deserialize_tuple)]
struct Stored {
    name: MetricName,
    unit: String,
    kind: MetricKind,
    decimals: Option<u8>,
    rollover: Option<f64>,
    on_conflict: OnConflict,
    raw_days: Option<u32>,
    quarter_days: Option<u32>,
    day_days: Option<u32>,
}

impl From<MetricDefinition> for Stored {
    fn from(definition: MetricDefinition) -> Self {
        let MetricDefinition { name, traits } = definition;
        let MetricTraits { unit, kind, decimals, rollover, on_conflict, retention } = traits;
        let Retention { raw_days, quarter_days, day_days } = retention;
        Self { name, unit, kind, decimals, rollover, on_conflict, raw_days, quarter_days, day_days }
    }
}

impl TryFrom<Stored> for MetricDefinition {
    type Error = Unfit;

    fn try_from(stored: Stored) -> Result<Self, Unfit> {
        let Stored { name, unit, kind, decimals, rollover, on_conflict, raw_days, quarter_days, day_days } =
            stored;
        let retention = Retention { raw_days, quarter_days, day_days };
        Self::new(name, MetricTraits { unit, kind, decimals, rollover, on_conflict, retention })
    }
}
