//! What may be asked about metrics and meters.

use crate::time::Time;
use crate::view::{MetricKind, OnConflict};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// A change of a metric; what is left out stays as it is, `null` goes back to the default.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MetricChange {
    /// At most 16 bytes; fixed for a standard metric.
    pub unit: Option<String>,
    /// Fixed for a standard metric.
    pub kind: Option<MetricKind>,
    /// 0 to 9.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u8>)]
    pub decimals: Option<Option<u8>>,
    /// Of a counter: where it starts again at 0.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub rollover: Option<Option<f64>>,
    pub on_conflict: Option<OnConflict>,
    /// 1 to 36,500; 90 by default.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub raw_days: Option<Option<u32>>,
    /// 1 to 36,500; 730 by default.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub quarter_days: Option<Option<u32>>,
    /// 1 to 36,500; for ever by default.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub day_days: Option<Option<u32>>,
}

/// A meter that was replaced.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SwapDraft {
    /// A counter that the asset has reported.
    #[schema(example = "energy_kwh")]
    pub metric: String,
    /// Readings from here on are those of the new meter.
    pub at: Time,
    /// Last reading of the old meter.
    pub end_reading: f64,
    /// First reading of the new one.
    pub start_reading: f64,
    /// For people; at most 256 bytes.
    #[serde(default)]
    pub note: String,
}

/// Tells `null` from what is left out.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
