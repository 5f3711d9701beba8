//! The building's energy as JSON sees it: slots of whole Wh, what flows now, which counters tell it.

use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the figures of a slot came about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SlotQuality {
    /// Read from the meters at both ends.
    Measured,
    /// Worked out between readings that lie far apart; corrected when more is known.
    Estimated,
    /// Not known, which is not zero.
    #[default]
    Missing,
}

/// Why a slot is held back: it cannot be true by the building's own limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SlotDoubt {
    ImportAboveConnection,
    ExportAboveConnection,
    ProductionAbovePanels,
    ExportAboveProduction,
    BeyondAnySlot,
}

/// The energy of the whole building in one slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SlotView {
    /// Start in milliseconds since 1970.
    pub id: String,
    pub start: Time,
    pub end: Time,
    /// From the grid, Wh; `null` is missing.
    pub import_wh: Option<i64>,
    /// To the grid, Wh.
    pub export_wh: Option<i64>,
    /// Made in the building, Wh; `null` also without a counter for it.
    pub production_wh: Option<i64>,
    /// Used in the building, Wh.
    pub consumption_wh: Option<i64>,
    pub quality: SlotQuality,
    /// 1 for the first; each correction has the next.
    pub version: u32,
    /// Why it is held back, if it is: then nothing of it is stated or summed up.
    pub held: Option<SlotDoubt>,
}

/// Mean power between two readings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PowerView {
    pub watts: f64,
    pub from: Time,
    pub to: Time,
}

/// What flows now; what is not metered, or was not told lately, is `null`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EnergyNowView {
    /// The node's time.
    pub time: Time,
    /// Minutes of a slot: 15, 30 or 60.
    pub slot_minutes: u32,
    pub import: Option<PowerView>,
    pub export: Option<PowerView>,
    pub production: Option<PowerView>,
    pub load: Option<PowerView>,
    /// End of the last slot that is closed; `null` before the first.
    pub closed_to: Option<Time>,
    /// Counters with a role.
    pub meters: u32,
}

/// Sums over the closed slots of a stretch of time. What is missing or held back is not in them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EnergyTotalsView {
    pub from: Time,
    pub to: Time,
    pub import_wh: i64,
    pub export_wh: i64,
    pub production_wh: Option<i64>,
    pub consumption_wh: i64,
    /// Of what was made, the part that was used in the building, 0 to 1.
    pub self_consumption: Option<f64>,
    /// Of what was used, the part that was made in the building, 0 to 1.
    pub self_sufficiency: Option<f64>,
    pub slots: u32,
    pub missing: u32,
    pub estimated: u32,
    pub held: u32,
}

/// Slots one behind the other that are missing, or held back for one reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MissingView {
    /// Start in milliseconds since 1970.
    pub id: String,
    pub from: Time,
    pub to: Time,
    pub slots: u32,
    /// `null` if they are missing.
    pub held: Option<SlotDoubt>,
    /// Whether readings may still come by themselves: the metering window is not over, or no reading came since.
    pub open: bool,
}

/// What a counter counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeterRole {
    /// Taken from the grid.
    #[default]
    Import,
    /// Given to the grid.
    Export,
    /// Made in the building.
    Production,
    /// Used in the building, where nobody meters the connection.
    Load,
}

/// What is odd about a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeterFinding {
    NeverSent,
    NotACounter,
    NoEnergy,
    Silent,
    OutOfRange,
    Fell,
    Jumped,
    Still,
}

/// A reading of a meter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MeterReading {
    pub t: Time,
    pub v: f64,
}

/// What a meter last sent, and what is odd about it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MeterTestView {
    /// The node's time.
    pub time: Time,
    /// Code of the asset.
    pub asset: String,
    pub metric: String,
    pub unit: String,
    pub last: Option<MeterReading>,
    pub before: Option<MeterReading>,
    /// Mean power between the two, W.
    pub watts: Option<f64>,
    /// Readings of the last two hours.
    pub readings: u32,
    /// Nothing in it: the meter works.
    pub findings: Vec<MeterFinding>,
}

/// A counter with its role.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MeterView {
    /// Asset and metric.
    pub id: String,
    /// Code of the asset.
    pub asset: String,
    pub metric: String,
    pub role: MeterRole,
    pub test: MeterTestView,
}

/// Which counters tell the building's energy, and what the building can do at the most.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetersView {
    /// Whether the names of metrics decide, because no operator did.
    pub by_name: bool,
    pub items: Vec<MeterView>,
    /// Counters of energy without a role.
    pub others: Vec<MeterPlace>,
    pub limits: EnergyLimits,
}

/// Where a counter is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MeterPlace {
    /// Code of the asset.
    pub asset: String,
    pub metric: String,
}

/// What the building can do at the most, W; `null` is not known. 1 to 10,000,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EnergyLimits {
    /// Of the connection to the grid.
    pub connection_w: Option<u32>,
    /// Of the panels.
    pub pv_wp: Option<u32>,
    /// Of batteries.
    pub storage_w: Option<u32>,
}
