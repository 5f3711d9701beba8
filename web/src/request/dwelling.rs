//! What may be asked and said about the dwellings inside the building. None of it leaves the building.

use crate::request::Reply;
use crate::view::{DwellingPlanView, DwellingSlotView, DwellingsView};
use protocol::UnixMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A question about dwellings.
#[derive(Debug)]
pub enum DwellingCall {
    /// Which counters are whose.
    Plan(Reply<DwellingPlanView>),
    /// What dwellings used in the slots that start in `[from, to)` and what is theirs of the building's result; of one of
    /// them also slot by slot.
    Apportion { from: UnixMs, to: UnixMs, only: Option<String>, reply: Reply<Apportionment> },
}

/// Sums over dwellings, and the slots of one of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Apportionment {
    pub sums: DwellingsView,
    pub slots: Vec<DwellingSlotView>,
}

/// A counter and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DwellingMeterDraft {
    /// What people call it, 1 to 40 bytes. Counters of one label belong to one dwelling.
    #[schema(example = "3B", min_length = 1, max_length = 40)]
    pub dwelling: String,
    /// Code of the asset.
    pub asset: String,
    /// A counter in Wh, kWh or MWh that it has reported, of what the dwelling uses.
    #[schema(example = "import_wh")]
    pub metric: String,
}

/// Which counters tell the energy of dwellings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DwellingsDraft {
    /// At most 128, each counter once; none of them tells the whole building.
    pub meters: Vec<DwellingMeterDraft>,
    /// Whether something beside the dwellings uses energy: stairs, lift, boiler. Without it the dwellings must come to
    /// what the building uses.
    #[serde(default)]
    pub common_parts: bool,
}
