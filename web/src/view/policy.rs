//! Policies as JSON shows them, and what they would have done.

use super::{AssetKind, Reason, Severity};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a policy looks at its metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// Mean over the window, or the last value without one.
    Threshold,
    /// Growth of a counter since the last reset.
    Runtime,
    /// Change per minute over the window.
    RateOfChange,
    /// Readings in the window which meet the condition, at least `samples` of them.
    Count,
    /// The last `samples` readings all meet the condition; a gap breaks the row.
    Consecutive,
    /// No reading for the length of the window, once there has been one. Condition and threshold mean nothing to it.
    NoData,
    /// The mean of the last 8 readings lies `threshold` standard deviations (3 to 100) or more from those before, on
    /// either side. The condition means nothing to it.
    Unusual,
    /// A reading beyond the lowest or highest before by more than `threshold` percent (0 to 1,000) of what lies between
    /// them. The condition means nothing to it.
    Record,
}

/// How the readings of two metrics with the same time become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    Plus,
    Minus,
    Times,
    /// Where the second metric is 0 there is nothing to compare.
    Over,
}

/// How a value is compared with the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum Condition {
    #[serde(rename = ">")]
    Above,
    #[serde(rename = "<")]
    Below,
    #[serde(rename = ">=")]
    AtLeast,
    #[serde(rename = "<=")]
    AtMost,
}

/// One condition of a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyCondition {
    pub metric: String,
    /// With `metric2`: what is compared is `metric` plus, minus, times or over it.
    #[serde(default)]
    pub operator: Option<Operator>,
    #[serde(default)]
    pub metric2: Option<String>,
    pub rule: RuleKind,
    /// `>` when not given, which matters to `no_data` only.
    #[serde(default = "above")]
    pub condition: Condition,
    #[serde(default)]
    pub threshold: f64,
    /// Where it is over again, if that is not the threshold itself.
    #[serde(default)]
    pub clear_threshold: Option<f64>,
    /// 1 to 1,440.
    #[serde(default)]
    pub window_minutes: Option<u32>,
    /// How many readings the rule needs, 1 to 1,000; the fewest it can do with when not given.
    #[serde(default)]
    pub samples: Option<u32>,
}

const fn above() -> Condition {
    Condition::Above
}

/// How severe an alert becomes once it has stood for some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EscalationStep {
    /// Minutes since it was raised, 1 to 40,320.
    pub after_minutes: u32,
    pub severity: Severity,
}

/// A maintenance rule for all assets of one kind. `metric` to `samples` are those of its first condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyView {
    #[schema(example = "R5")]
    pub id: String,
    /// The same as `id`.
    pub code: String,
    /// How often it was changed, from 1.
    pub version: u32,
    pub asset_kind: AssetKind,
    pub metric: String,
    pub rule: RuleKind,
    pub condition: Condition,
    pub threshold: f64,
    pub unit: Option<String>,
    pub window_minutes: Option<u32>,
    pub samples: Option<u32>,
    pub severity: Severity,
    pub message: String,
    pub description: String,
    /// Opens a work order together with the alert.
    pub work_order: bool,
    pub enabled: bool,
    /// It is broken when every condition of any one group is met. 1 to 8 groups of 1 to 8 conditions.
    pub groups: Vec<Vec<PolicyCondition>>,
    /// Units of the conditions, in the same order; none for plain numbers.
    pub units: Vec<Vec<Option<String>>>,
    /// Quiet minutes after which its alert closes by itself; none leaves that to a person.
    pub clear_after_minutes: Option<u32>,
    /// How its alert becomes more severe while it lasts.
    pub escalate: Vec<EscalationStep>,
    /// Quiet minutes after each of which its alert loses a step of its severity.
    pub downgrade_after_minutes: Option<u32>,
    /// Why it may say less than it seems to, such as `metric_unreported`, `not_evaluable` or `held_back`.
    pub warnings: Vec<Reason>,
}

/// What a policy said once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyVersionView {
    /// The version, as text.
    pub id: String,
    pub version: u32,
    /// Since when.
    pub at: Time,
    /// Who wrote it; none for what came with the program.
    pub by: Option<String>,
    pub terms: PolicyView,
}

/// What a policy would have done on the readings that are stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DryRunView {
    /// How often it would have raised an alert.
    pub fired: u64,
    /// Where, most often first; assets where it would not have are left out.
    pub assets: Vec<DryRunAsset>,
    /// The first 200, by time.
    pub firings: Vec<DryRunFiring>,
    pub rows_read: u64,
    pub from: Time,
    /// Until when it came; before the end that was asked for if it was cut short.
    pub to: Time,
    /// There was more to read than one dry run may.
    pub truncated: bool,
    pub warnings: Vec<Reason>,
}

/// What a policy would have done on one asset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DryRunAsset {
    /// Code of the asset.
    pub asset: String,
    pub fired: u64,
    /// How long its alerts would have stood, minutes, as far as they would have ended by themselves or the policy was no
    /// longer broken.
    pub minutes: u64,
}

/// One alert that would have been raised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DryRunFiring {
    /// Code of the asset.
    pub asset: String,
    pub from: Time,
    /// When its conditions were no longer met, or it would have closed; none if that never came.
    pub to: Option<Time>,
    /// The highest it would have reached.
    pub severity: Severity,
    pub sentence: String,
}

/// What came of policies from a text, or would: their codes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportView {
    pub created: Vec<String>,
    pub changed: Vec<String>,
    pub unchanged: Vec<String>,
}
