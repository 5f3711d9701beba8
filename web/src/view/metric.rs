//! Metrics and meters as JSON sees them: what a metric is, which meter was swapped, which readings contradict.

use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the values of a metric behave over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MetricKind {
    /// Goes up and down.
    #[default]
    Gauge,
    /// Only grows, until it is reset, rolls over or the meter is swapped.
    Counter,
    /// One of a few numbers.
    State,
}

/// Which of two different readings of one series and time holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnConflict {
    #[default]
    First,
    Last,
}

/// What a metric is in the whole building.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetricView {
    /// The same as `name`.
    pub id: String,
    #[schema(example = "energy_kwh")]
    pub name: String,
    /// Empty for plain numbers.
    pub unit: String,
    pub kind: MetricKind,
    /// Decimals worth showing; `null` is as they come.
    pub decimals: Option<u8>,
    /// Value at which a counter starts again at 0, such as 65536; `null` if it never does.
    pub rollover: Option<f64>,
    pub on_conflict: OnConflict,
    /// Days that raw readings are kept; older ones are refused.
    pub raw_days: u32,
    /// Days that rollups of 15 minutes are kept.
    pub quarter_days: u32,
    /// Days that rollups of a day are kept; `null` is for ever.
    pub day_days: Option<u32>,
    /// Known to the program: its unit and kind are fixed.
    pub standard: bool,
    /// Series of this metric.
    pub series: u32,
    /// Readings since the start of the node that came again with the same value.
    pub duplicates: u64,
    /// Readings since the start of the node that contradicted one of the same time.
    pub conflicts: u64,
}

/// A meter that was replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SwapView {
    pub id: String,
    /// Code of the asset.
    pub asset: String,
    pub metric: String,
    /// Readings from here on are those of the new meter.
    pub at: Time,
    /// Last reading of the old meter.
    pub end_reading: f64,
    /// First reading of the new one.
    pub start_reading: f64,
    pub note: String,
}

/// Two different readings of one series and time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConflictView {
    pub id: String,
    /// Code of the asset.
    pub asset: String,
    pub metric: String,
    /// Time of both readings.
    pub t: Time,
    /// The reading that holds.
    pub holds: f64,
    /// The reading that does not.
    pub dropped: f64,
    /// When the second one arrived, by this node's clock.
    pub seen: Time,
}
