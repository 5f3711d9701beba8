//! The building's plan as JSON sees it, and what the owner says about the building's equipment. Both stay in the
//! building.

use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whose store it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoreKind {
    /// Of a dwelling.
    Dwelling,
    #[default]
    Building,
    /// Shared by the hive, behind this building's meter.
    Hive,
    /// Large and slow: carries energy across weeks.
    Season,
}

/// A store that plans may use.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreDraft {
    #[serde(default)]
    pub kind: StoreKind,
    /// What it holds when full, Wh; 1 to 1,000,000,000.
    pub capacity_wh: i64,
    /// Most it takes in, W; 1 to 100,000,000.
    pub charge_w: i64,
    /// Most it gives out, W; 1 to 100,000,000.
    pub discharge_w: i64,
    /// What comes back of what went in, percent; 1 to 100.
    #[serde(default = "usual_round_trip")]
    pub round_trip_percent: u8,
    /// What plans never use, Wh; at most the capacity.
    #[serde(default)]
    pub reserve_wh: i64,
    /// What it loses by itself, millionths of its content a day.
    #[serde(default)]
    pub loss_ppm_day: i64,
}

const fn usual_round_trip() -> u8 {
    90
}

/// What kind of load can wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoadKind {
    #[default]
    Car,
    WaterHeater,
    /// A heat pump or other heating that can run ahead.
    Heating,
    /// A machine: dishwasher, washing machine, dryer.
    Machine,
}

/// A load that can wait: so much energy each day between two times of the local clock.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadDraft {
    pub kind: LoadKind,
    /// What it needs each time, Wh; 1 to 100,000,000.
    pub energy_wh: i64,
    /// Its power, W; 1 to 100,000,000.
    pub power_w: i64,
    /// Minutes since midnight from which it may run; 0 to 1,439.
    pub from_minute: u16,
    /// Minutes since midnight by which it must be done; not after `from_minute`: on the next day.
    pub until_minute: u16,
    /// Whether it must not be interrupted; at most two loads.
    #[serde(default)]
    pub in_one_go: bool,
}

/// Who is served first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServedFirst {
    /// Whatever is cheapest in all.
    #[default]
    Cheapest,
    /// Batteries, then loads that can wait.
    Stores,
    /// Loads that can wait, then batteries.
    Loads,
}

/// What energy costs, micro-EUR per kWh, 0 to 100,000,000.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum OwnTariff {
    /// As the hive voted.
    #[default]
    Voted,
    Flat {
        import: i64,
        export: i64,
    },
    /// A lower price at some hours, minutes since midnight; they may reach over midnight.
    TwoPrices {
        high: i64,
        low: i64,
        export: i64,
        low_from: u16,
        low_until: u16,
    },
}

/// How the hive's wishes to use energy earlier are answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Nobody has to be asked.
    Always,
    /// A person is asked each time; silence is a no.
    #[default]
    Ask,
    Never,
}

/// What the building has and what its plans are to reckon with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EquipmentView {
    /// At most 4.
    pub stores: Vec<StoreDraft>,
    /// At most 8.
    pub loads: Vec<LoadDraft>,
    pub served_first: ServedFirst,
    /// Import that plans keep below if they can, W; 1 to 10,000,000.
    pub import_max_w: Option<u32>,
    pub tariff: OwnTariff,
    pub consent: Consent,
    /// Most energy one wish of the hive may move, Wh.
    pub moved_max_wh: i64,
}

/// How a plan came about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanStage {
    /// As wished.
    #[default]
    Exact,
    /// Loads that wished to run in one go may be interrupted.
    Relaxed,
    /// Loads at once, batteries as surplus and need come.
    Greedy,
}

/// Why a plan is not all that was wished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PlanReason {
    /// The time is too short for the power of a load.
    TooLittleTime { load: LoadKind, asked_wh: i64, possible_wh: i64 },
    /// So many slots import more than is wished, the worst by so much.
    AboveLimit { slots: u32, worst_w: i64 },
    /// The history says nothing of so many slots.
    Unknown { slots: u32 },
    /// The solver gave no answer.
    Unsolved { said: String },
}

/// Where prices come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PriceSource {
    Own,
    Voted,
    /// Nobody said any: usual ones.
    #[default]
    Assumed,
}

/// How wrong a forecast was in the last seven days.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ForecastError {
    /// Its mean error over that of "as yesterday": below 1 it is the better one.
    pub mase: f64,
    /// The same for "as a week ago"; `null` without a week.
    pub mase_week: Option<f64>,
    /// Mean error, Wh a slot.
    pub mean_wh: f64,
    /// Slots that were compared.
    pub slots: u32,
}

/// What a store is to do in a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedStore {
    /// What it takes in, negative where it gives out, Wh.
    pub net_wh: i64,
    /// What is in it behind the slot, Wh.
    pub stored_wh: i64,
    /// Stored energy that need alone does not touch, Wh.
    pub hold_wh: i64,
    /// Stored energy to reach from the grid, Wh.
    pub fill_wh: i64,
}

/// One slot of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanSlotView {
    /// Start in milliseconds since 1970.
    pub id: String,
    pub start: Time,
    pub end: Time,
    /// What the building will probably use, loads that can wait left out, Wh; `null` is unknown.
    pub load_wh: Option<i64>,
    /// What the sun will probably give, Wh.
    pub sun_wh: Option<i64>,
    /// Store by store.
    pub stores: Vec<PlannedStore>,
    /// What each load that can wait takes, Wh.
    pub loads_wh: Vec<i64>,
    /// From the grid, negative where to it, Wh.
    pub net_wh: i64,
    /// Price of import and of export, micro-EUR per kWh.
    pub import_price: i64,
    pub export_price: i64,
}

/// How batteries behind this building's meter that neighbours share are planned: for all of the hive, from its settled
/// totals and from what its coordinator asked. What they do stands with the other stores of a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SharedPlanView {
    pub stage: PlanStage,
    pub reasons: Vec<PlanReason>,
    /// Import of the hive that they keep below where they can, W; `null` before a day of it is known.
    pub import_max_w: Option<i64>,
    /// What the coordinator asked for where the hive's peak is, W; `null` where it asked for nothing.
    pub asked_max_w: Option<i64>,
    /// Energy that is kept for peaks, Wh.
    pub reserve_wh: i64,
}

/// The building's plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DayPlanView {
    pub made: Time,
    /// Slots from here on are of this plan, those before of earlier ones of today.
    pub from: Time,
    pub stage: PlanStage,
    /// Nothing in it: the plan is all that was wished.
    pub reasons: Vec<PlanReason>,
    /// To the end of tomorrow.
    pub slots: Vec<PlanSlotView>,
    pub prices: PriceSource,
    /// How wrong forecasts of use were; `null` without two days to compare.
    pub load_error: Option<ForecastError>,
    pub sun_error: Option<ForecastError>,
    /// What it costs from `from` on, micro-EUR.
    pub cost: i64,
    /// What everything at once, with batteries by themselves, would cost.
    pub cost_without: i64,
    /// `null` where no battery here is shared.
    pub shared: Option<SharedPlanView>,
}

/// The plan in force.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanView {
    /// `null` until there is one.
    pub plan: Option<DayPlanView>,
    /// Whether any slot was ever metered.
    pub metered: bool,
}

/// How far a request to use energy earlier got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShiftStage {
    /// A person is asked.
    Waiting,
    /// The offer is on its way to the coordinator.
    Offered,
    /// The owner's rules, or a person, said no.
    Declined,
    /// Nothing here can be moved.
    Unable,
    /// The offer is taken, all of it or some.
    Agreed,
    /// The offer is not needed.
    NotNeeded,
    /// Nobody answered in time.
    Lapsed,
}

/// The hive asks to use energy earlier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShiftView {
    /// 64 hex digits.
    pub id: String,
    pub stage: ShiftStage,
    /// From here to `relieved` more may be used.
    pub earlier: Time,
    /// From here to `end` less is to be used.
    pub relieved: Time,
    pub end: Time,
    /// Answers count until then.
    pub until: Time,
    /// Energy that should move, of all buildings together, Wh.
    pub wanted_wh: i64,
    /// Import of the hive that is aimed at, Wh a slot.
    pub import_max_wh: i64,
    /// What this building offered to move, Wh.
    pub offered_wh: Option<i64>,
    /// What of it is taken.
    pub taken_wh: Option<i64>,
    /// What all buildings move together, once it is agreed.
    pub moved_wh: Option<i64>,
}
