//! What may be asked about the building's energy.

use crate::request::Reply;
use crate::time::Time;
use crate::view::{
    EnergyLimits, EnergyNowView, EnergyTotalsView, MeterRole, MeterTestView, MetersView, MissingView,
    SlotView, TermsView,
};
use protocol::UnixMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A question about energy.
#[derive(Debug)]
pub enum EnergyCall {
    /// What flows now.
    Now(Reply<EnergyNowView>),
    /// The slots that start in `[from, to)`, at most `limit`.
    Slots { from: UnixMs, to: UnixMs, limit: usize, reply: Reply<Vec<SlotView>> },
    /// Their sums.
    Totals { from: UnixMs, to: UnixMs, reply: Reply<EnergyTotalsView> },
    /// What is missing among them, newest first.
    Missing { from: UnixMs, to: UnixMs, reply: Reply<Vec<MissingView>> },
    /// The meters and how they are doing.
    Meters(Reply<MetersView>),
    /// The building's own rules of sharing.
    Terms(Reply<TermsView>),
    /// One meter, whether it has a role or not.
    Test { asset: String, metric: String, reply: Reply<MeterTestView> },
}

/// A counter and what it counts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeterDraft {
    /// Code of the asset.
    pub asset: String,
    /// A counter in Wh, kWh or MWh that it has reported.
    #[schema(example = "import_wh")]
    pub metric: String,
    pub role: MeterRole,
}

/// Which counters tell the building's energy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MetersDraft {
    /// 1 to 64, each once, one of them of import or load; `null` leaves the choice to the names of metrics.
    pub meters: Option<Vec<MeterDraft>>,
    pub limits: EnergyLimits,
}

/// A counter to be tested.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeterTestRequest {
    /// Code of the asset.
    pub asset: String,
    pub metric: String,
}

/// Slots to be cut again out of the readings that there are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecountRequest {
    pub from: Time,
    pub to: Time,
}
