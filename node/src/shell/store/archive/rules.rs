//! What holds for the readings of a column when they are sealed, merged and let go: the archivist asks the core for it
//! before each step, so that it never works with what an operator has changed since.

use std::collections::BTreeMap;

use protocol::UnixMs;

use crate::core::catalogue::{AssetId, Column};
use crate::core::telemetry::{Counting, Day, Keep};

/// How long something is kept, in whole days after its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Readings.
    pub raw_days: u32,
    /// Sums of 15 minutes.
    pub quarter_days: u32,
    /// Sums of a day; `None` is for ever.
    pub day_days: Option<u32>,
}

/// What a column is.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnRule {
    /// Name of its metric.
    pub metric: String,
    /// Which of two readings of one time stays.
    pub keep: Keep,
    /// How it counts; `None` unless it is a counter.
    pub counting: Option<Counting>,
    /// How long it is kept.
    pub retention: Retention,
}

/// The rules of all columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// Of columns nobody knows any more.
    pub retention: Retention,
    /// By asset and column.
    pub assets: BTreeMap<AssetId, BTreeMap<Column, ColumnRule>>,
}

/// What is past its time on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Expired {
    /// Readings.
    pub raw: bool,
    /// Sums of 15 minutes.
    pub quarter: bool,
    /// Sums of the day.
    pub day: bool,
}

impl Retention {
    /// What is past its time on a day that ended `age` days ago.
    pub fn expired(&self, age: i64) -> Expired {
        Expired {
            raw: age > i64::from(self.raw_days),
            quarter: age > i64::from(self.quarter_days),
            day: self.day_days.is_some_and(|days| age > i64::from(days)),
        }
    }
}

impl Rules {
    /// Which of two readings stays.
    pub(super) fn keep(&self, asset: AssetId, column: Column) -> Keep {
        self.rule(asset, column).map_or(Keep::First, |rule| rule.keep)
    }

    /// What is past its time.
    pub(super) fn expired(&self, asset: AssetId, column: Column, age: i64) -> Expired {
        self.rule(asset, column).map_or(self.retention, |rule| rule.retention).expired(age)
    }

    /// What was counted between two readings; 0 for what does not count.
    pub(super) fn rise(&self, asset: AssetId, column: Column, from: (UnixMs, f64), to: (UnixMs, f64)) -> f64 {
        let counting = self.rule(asset, column).and_then(|rule| rule.counting.as_ref());
        counting.map_or(0.0, |counting| counting.between(from, to))
    }

    /// By metric what is past its time on a day of this age, what is not left out. The empty name stands for columns
    /// nobody knows.
    pub(super) fn past(&self, age: i64) -> BTreeMap<&str, Expired> {
        let rules = self.assets.values().flat_map(BTreeMap::values);
        let all = rules.map(|rule| (rule.metric.as_str(), rule.retention)).chain([("", self.retention)]);
        let past = all.map(|(metric, retention)| (metric, retention.expired(age)));
        past.filter(|(_, expired)| *expired != Expired::default()).collect()
    }

    /// Whether the readings of every metric are past their time.
    pub(super) fn all_raw_past(&self, age: i64) -> bool {
        let mut rules = self.assets.values().flat_map(BTreeMap::values);
        self.retention.expired(age).raw && rules.all(|rule| rule.retention.expired(age).raw)
    }

    /// Whether the sums of every metric are past their time.
    pub(super) fn all_sums_past(&self, age: i64) -> bool {
        let mut rules = self.assets.values().flat_map(BTreeMap::values);
        let past = |retention: Retention| retention.expired(age).quarter && retention.expired(age).day;
        past(self.retention) && rules.all(|rule| past(rule.retention))
    }

    fn rule(&self, asset: AssetId, column: Column) -> Option<&ColumnRule> {
        self.assets.get(&asset)?.get(&column)
    }
}

/// How many days before `today` a day was.
pub(super) fn age(day: Day, today: Day) -> i64 {
    i64::from(today.0) - i64::from(day.0)
}
