//! Comparing with similar buildings, and what leaves this building, as JSON sees them. Energy Wh, power W, parts in
//! thousandths; all whole.

use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a building says of itself so that it is compared with similar ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileDraft {
    /// `brussels`, `flanders`, `wallonia`, `paris_region`, `north_france`, `south_france`, `luxembourg`, `netherlands` or
    /// `elsewhere`.
    #[schema(example = "brussels")]
    pub region: String,
    /// `before_1919`, `1919_1945`, `1946_1970`, `1971_1985`, `1986_2005` or `since_2006`.
    #[schema(example = "1971_1985")]
    pub built: String,
    /// `gas`, `oil`, `electric`, `heat_pump`, `district` or `other`.
    #[schema(example = "gas")]
    pub heating: String,
    /// 1 to 1,000.
    #[schema(minimum = 1, maximum = 1000)]
    pub dwellings: u16,
}

/// Whether the building takes part, and as what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakePartDraft {
    /// `null` to take no part any more.
    pub profile: Option<ProfileDraft>,
}

/// What similar buildings have in common; what is absent differs among them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StratumView {
    pub region: Option<String>,
    pub built: Option<String>,
    /// Dwellings: `1_10`, `11_20`, `21_50` or `over_50`.
    pub lots: Option<String>,
    pub heating: Option<String>,
}

/// How far a comparison is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonState {
    /// The hive does not ask for it, or this building is in no group.
    #[default]
    NoGroup,
    /// The first figure is not there yet.
    Waiting,
    /// The group was too small: nothing is published.
    Suppressed,
    /// The figure is there, and too little was measured in this building.
    NotMeasured,
    /// It is made.
    Found,
}

/// This building among similar ones. The comparison is made in this node; what it is made of does not leave the building.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComparisonView {
    /// `consumption`, `production` or `peak`.
    pub measure: String,
    /// `week` or `month`.
    pub cadence: String,
    pub state: ComparisonState,
    pub from: Option<Time>,
    pub to: Option<Time>,
    pub stratum: StratumView,
    /// Buildings in the figure, or in the group while there is none.
    pub buildings: u32,
    pub dwellings: u32,
    /// This building's figure per dwelling, Wh or W.
    pub own: u64,
    /// That of similar ones, this one among them.
    pub group: u64,
    /// How much more than similar ones, in thousandths.
    pub difference_permille: i64,
    /// Twice the standard deviation of the noise in it, in thousandths. Within it there is no clear difference.
    pub margin_permille: u64,
    /// `more`, `less` or `unclear`; `null` unless found.
    pub verdict: Option<String>,
    /// `night_load`, `heating_curve` or `audit`; `null` without one.
    pub advice: Option<String>,
    /// The guarantee is for dwellings that use less than this in the period.
    pub clip: u64,
}

/// What the hive asks of its buildings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskView {
    pub measure: String,
    pub cadence: String,
    /// The most that one dwelling counts with, Wh or W.
    pub clip: u64,
    /// How much one figure tells of a dwelling at the most, in thousandths of epsilon.
    pub epsilon_milli: u32,
    pub buildings_min: u16,
    pub dwellings_min: u16,
}

/// Comparing with similar buildings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AggregatesView {
    /// What this building says of itself; `null` while it takes no part.
    pub profile: Option<ProfileDraft>,
    /// When that was said; `null` while nothing was ever said.
    pub since: Option<Time>,
    /// What is asked in the month that runs, and if nothing is yet, from the next on.
    pub tasks: Vec<TaskView>,
    /// Whether [`Self::tasks`] begin only with the next month.
    pub from_next_month: bool,
    /// Ids of the two desks that sum the period that ended last. Figures are secret unless the two collude.
    pub desks: Vec<String>,
    pub comparisons: Vec<ComparisonView>,
}

/// Something that leaves this building.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeavingKind {
    /// `statement`, `report`, `incident_card`, `survival`, `street_signal`, `enquiry`, `enquiry_reply`, `work_order`,
    /// `profile` or `transaction`.
    pub kind: String,
    /// How many are known to have left.
    pub count: u64,
    /// When the last one did.
    pub last: Option<Time>,
    /// Ids of those it goes to; nobody where it stands on the ledger, for all members to read.
    pub to: Vec<String>,
    /// Whether it goes on.
    pub on: bool,
    /// Whether it may be switched off here.
    pub optional: bool,
}

/// One message that left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeftView {
    pub kind: String,
    pub at: Time,
    pub to: Vec<String>,
    /// Of what time it tells.
    pub from: Option<Time>,
    pub until: Option<Time>,
    /// What it says in the clear, name by name. Of a report only that it is cut in two halves.
    pub says: std::collections::BTreeMap<String, String>,
    /// For each of [`Self::to`]: `waiting`, `kept`, or why it was not taken.
    pub told: Vec<String>,
}

/// What one dwelling's privacy may still lose in a year by one measure, millionths of rho.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BudgetView {
    pub measure: String,
    pub spent_micro: u64,
    pub year_micro: u64,
    /// Reports that were not made because it was spent.
    pub refused: u32,
}

/// What leaves this building.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeavingView {
    pub kinds: Vec<LeavingKind>,
    /// The last of each kind, newest first, some dozens.
    pub recent: Vec<LeftView>,
    pub budgets: Vec<BudgetView>,
}
