//! Alerts as JSON shows them.

use super::policy::{Condition, PolicyCondition};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How much an alert matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Low,
    Medium,
    High,
}

/// Life of an alert: `open` → `ack` → `closed`, or straight to `closed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertStatus {
    Open,
    Ack,
    Closed,
}

/// One breach of one policy by one asset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlertView {
    pub id: String,
    /// Code of the asset.
    pub asset: String,
    /// Code of the site.
    pub site: String,
    /// Id of the policy.
    pub policy: String,
    pub severity: Severity,
    pub status: AlertStatus,
    #[schema(example = "Surchauffe moteur ascenseur")]
    pub message: String,
    pub opened: Time,
    pub acknowledged: Option<Time>,
    pub closed: Option<Time>,
    /// Id of the work order opened for it.
    pub work_order: Option<String>,
    pub evidence: Option<Evidence>,
    /// Why it was raised, in one plain English sentence; none for an alert from before sentences were kept.
    #[schema(
        example = "motor_temp was above 80 °C on 5 readings in a row without a gap, the newest 83.4 °C."
    )]
    pub sentence: Option<String>,
    /// Version of the policy which raised it; none when it was not noted.
    pub policy_version: Option<u32>,
    /// Since when its conditions have not been met any more although it stands; none while they are.
    pub cleared: Option<Time>,
    /// How severe it was since when, oldest first.
    pub history: Vec<SeverityChange>,
    /// Who has seen it.
    pub acknowledged_by: Option<String>,
    /// What ended it.
    pub ending: Option<Ending>,
}

/// From when on an alert was how severe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SeverityChange {
    pub at: Time,
    pub severity: Severity,
}

/// What ended an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndingKind {
    /// Somebody closed it.
    Person,
    /// The work order for it was done.
    WorkOrder,
    /// Its conditions were clear for as long as the policy asks.
    Quiet,
}

/// How an alert ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ending {
    pub how: EndingKind,
    /// Who closed it; none when nobody did.
    pub by: Option<String>,
    /// Why, in that person's words.
    pub reason: Option<String>,
}

/// What was measured when the rule fired: the first condition for itself, and each condition of the group which was met.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    pub metric: String,
    /// The figure compared with the threshold: a mean, the last reading, a rate per minute or a count since the last reset.
    pub value: f64,
    pub condition: Condition,
    pub threshold: f64,
    pub unit: Option<String>,
    /// First and last reading looked at.
    pub from: Time,
    pub to: Time,
    pub samples: u32,
    /// Each condition that was met, the first among them.
    pub conditions: Vec<EvidenceCondition>,
}

/// A condition that was met, and what it rested on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EvidenceCondition {
    /// Number of its group in the policy's version, from 0.
    pub group: u8,
    /// Its number in the group, from 0.
    pub place: u8,
    /// The condition as it was then.
    pub condition: PolicyCondition,
    /// Unit of value and threshold, such as `°C` or `kW/A`; none for a plain number.
    pub unit: Option<String>,
    /// The figure which was compared: a mean, the newest reading, a rate per minute, a count, or minutes without data.
    pub value: f64,
    /// First and last reading looked at.
    pub from: Time,
    pub to: Time,
    /// How many readings.
    pub readings: u32,
    /// The last few of them, oldest first.
    pub last: Vec<EvidenceReading>,
}

/// One reading a condition rested on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EvidenceReading {
    pub t: Time,
    pub v: f64,
}
