//! What may be asked about the building's energy.

use crate::request::Reply;
use crate::time::Time;
use crate::view::{
    AggregatesView, DisputeView, EnergyLimits, EnergyNowView, EnergyTotalsView, HiveEnergyView, LeavingView,
    MeterRole, MeterTestView, MetersView, MissingView, MonthSums, OwnCredits, ReleaseView, ResultProof,
    ResultView, SharingView, SlotView, TermsView,
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
    /// What the hive decided.
    Sharing(Reply<SharingView>),
    /// What became of the slots that start in `[from, to)`, by start, at most `limit`.
    Results { from: UnixMs, to: UnixMs, limit: usize, reply: Reply<Vec<ResultView>> },
    /// What a browser needs to check one slot; by its number.
    ResultProof { slot: u64, reply: Reply<ResultProof> },
    /// What the slots that start in `[from, to)` came to for this building.
    Sums { from: UnixMs, to: UnixMs, reply: Reply<MonthSums> },
    /// What the whole hive shared.
    Hive { from: UnixMs, to: UnixMs, reply: Reply<HiveEnergyView> },
    /// The names of this building on the ledger, and what it makes of its credit notes.
    Credits(Reply<OwnCredits>),
    /// Slots that an operator let pass, newest first.
    Releases(Reply<Vec<ReleaseView>>),
    /// Disputes of slots that start in `[from, to)`, newest first.
    Disputes { from: UnixMs, to: UnixMs, reply: Reply<Vec<DisputeView>> },
    /// How the building compares with similar ones.
    Aggregates(Reply<AggregatesView>),
    /// What leaves the building.
    Leaving(Reply<LeavingView>),
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

/// An operator's word on a slot that was held back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRequest {
    /// Why its figures are right all the same: 1 to 400 bytes.
    #[schema(example = "The bakery ran a borrowed oven that night.", min_length = 1, max_length = 400)]
    pub reason: String,
}

/// Slots to be cut again out of the readings that there are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecountRequest {
    pub from: Time,
    pub to: Time,
}
