//! The dwellings inside the building as JSON sees them. Energy is Wh, money micro-EUR; all whole.

use super::{MeterPlace, SlotQuality};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A counter and whose it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DwellingMeterView {
    /// Asset and metric.
    pub id: String,
    pub dwelling: String,
    /// Code of the asset.
    pub asset: String,
    pub metric: String,
}

/// Which counters tell the energy of dwellings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DwellingPlanView {
    /// Whether something beside the dwellings uses energy.
    pub common_parts: bool,
    pub items: Vec<DwellingMeterView>,
    /// Counters of energy that tell neither the building nor a dwelling.
    pub others: Vec<MeterPlace>,
}

/// What one dwelling used, and its part of what the building bought from and sold to neighbours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DwellingSums {
    /// Its label; empty for the common parts.
    pub id: String,
    pub used_wh: i64,
    pub bought_wh: i64,
    /// To neighbours, and to the network for their energy.
    pub pay: i64,
    pub fee: i64,
    pub sold_wh: i64,
    pub revenue: i64,
    /// Slots in which not all of its counters told: they are in no sum.
    pub missing: u32,
    pub estimated: u32,
}

/// Whether dwellings and main meter say the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DwellingAgreement {
    /// Nothing could be compared.
    #[default]
    Unknown,
    /// Within what meters may differ by; or the common parts used the rest.
    Holds,
    /// The dwellings counted more than the building used.
    TooMuch,
    /// They counted less, and there are no common parts.
    TooLittle,
}

/// All dwellings over a stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DwellingsView {
    pub from: Time,
    pub to: Time,
    /// By label.
    pub items: Vec<DwellingSums>,
    /// What no dwelling's counter explains.
    pub common: DwellingSums,
    /// Over the slots in which every counter told: what the building used, what its dwellings did, and how far apart the
    /// two may lie by the accuracy of meters.
    pub building_wh: i64,
    pub dwellings_wh: i64,
    pub tolerance_wh: i64,
    pub agreement: DwellingAgreement,
    pub slots: u32,
    pub compared: u32,
    /// Of those compared, where the two lie further apart than that.
    pub apart: u32,
}

/// One slot of one dwelling.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DwellingSlotView {
    /// Start in milliseconds since 1970.
    pub id: String,
    pub start: Time,
    pub end: Time,
    /// `null` is missing.
    pub used_wh: Option<i64>,
    pub quality: SlotQuality,
    pub bought_wh: i64,
    pub pay: i64,
    pub fee: i64,
    pub sold_wh: i64,
    pub revenue: i64,
}
