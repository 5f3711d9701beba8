//! What several buildings notice at once, as JSON shows it. Neither how many they are nor which is said anywhere.

use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that several buildings noticed at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StreetNoticeView {
    pub id: String,
    /// `water_pressure`, `water_loss`, `power_dip`, `heat`, `cold` or `high_use`.
    pub kind: String,
    /// Begin of the hour in which the hive was first told.
    pub from: Time,
    /// End of the hour in which it was last told.
    pub until: Time,
}

/// What the hive was told, and this building's part in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StreetView {
    /// Newest first.
    pub notices: Vec<StreetNoticeView>,
    /// Whether this building signals what it notices.
    pub on: bool,
    /// When somebody last said whether it does.
    pub said_at: Option<Time>,
    /// Id of the authority that watches in this hour: it alone learns which building signals what.
    pub watch: String,
    /// How many buildings have to signal the same before the hive is told; `null` in a hive that is too small.
    pub needed: Option<u32>,
    /// Notices that this node refused since its start because they did not hold.
    pub refused: u64,
}

/// Whether something may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SwitchDraft {
    pub on: bool,
}
