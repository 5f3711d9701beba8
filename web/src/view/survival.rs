//! What became of machines after an alert, as JSON sees it: words and bands from closed lists, and no number that rests on
//! few.

use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a card says of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SurvivalCardView {
    /// The year of the alert; empty where it is not said.
    pub when: String,
    /// `pump`, `fan`, `compressor`, `burner`, `lift_drive`, `lift_door` or `motor`.
    pub part: String,
    /// Years: `unknown`, `under_5`, `5_10`, `10_15`, `15_20` or `from_20`.
    pub age: String,
    /// Running hours: `unknown`, `under_2000`, `2000_10000`, `10000_30000` or `from_30000`.
    pub hours: String,
    /// What was measured at the alert: `vibration_under_4_5` to `vibration_from_18` (mm/s) or `temperature_under_60` to
    /// `temperature_from_120` (°C).
    pub sign: String,
    /// Days after the alert: `under_7` to `from_365`.
    pub after: String,
    /// `failed`, `replaced` (before it failed) or `runs`.
    pub fate: String,
}

/// What had become of similar machines some time after their alert.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HorizonView {
    /// Days after the alert.
    pub days: u16,
    /// How many had failed.
    pub failed: u32,
    /// Of how many it is known whether they had; at least 10.
    pub known: u32,
    /// The part that still runs, in thousandths, with whoever was only seen for a while counted for as long.
    pub runs_permille: u16,
    /// The least and the most that it may truly be, in 95 of 100 cases.
    pub least_permille: u16,
    pub most_permille: u16,
}

/// Similar machines that had run as long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OfHoursView {
    pub hours: String,
    pub failed: u32,
    /// At least 10.
    pub known: u32,
}

/// What became of similar machines, from the cards that this node has: nobody learns that it was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SurvivalView {
    /// Fewer than 10 machines are known, or fewer than 3 batches tell of them: everything below is empty.
    pub too_few: bool,
    /// What the machines have in common: what was asked, or less where that would be too few. `null` for anything.
    pub part: String,
    /// `vibration` or `temperature`.
    pub quantity: Option<String>,
    pub sign: Option<String>,
    pub age: Option<String>,
    /// How many machines.
    pub machines: u32,
    /// Year of the first alert, where any is told.
    pub first_year: Option<u16>,
    /// Year of the last one.
    pub last_year: Option<u16>,
    /// Soonest first.
    pub horizons: Vec<HorizonView>,
    /// The place in `horizons` that is told first.
    pub headline: u32,
    /// How it was up to then, by running hours at the alert.
    pub hours: Vec<OfHoursView>,
    /// Such cards of any kind that this node has.
    pub kept: u64,
}

/// What this building can tell by itself of the machine behind an alert, and what became of similar ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SurvivalHintView {
    pub part: String,
    pub sign: String,
    pub hours: String,
    pub after: String,
    /// Whether the alert is two months old, so that a machine may be said to run still.
    pub may_still_run: bool,
    /// How far its card is; `null` while there is none.
    pub handed_in: Option<String>,
    /// Cards that may still be handed in this week.
    pub left: u32,
    pub survived: SurvivalView,
}

/// What a person says of a machine, in words of the lists of [`SurvivalCardView`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SurvivalDraft {
    /// Id of the alert.
    pub alert: String,
    #[schema(example = "pump")]
    pub part: String,
    #[schema(example = "10_15")]
    pub age: String,
    #[schema(example = "unknown")]
    pub hours: String,
    #[schema(example = "30_60")]
    pub after: String,
    #[schema(example = "failed")]
    pub fate: String,
}

/// Exactly what would leave, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SurvivalPreview {
    /// Hash of the card, to hand in what was shown.
    pub shown: String,
    pub card: SurvivalCardView,
    /// Id of the authority that relays cards this week: it alone knows from which building one is.
    pub relay: String,
    /// Cards that may still be handed in this week.
    pub left: u32,
}

/// A card, as it was shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SurvivalHandIn {
    pub draft: SurvivalDraft,
    /// [`SurvivalPreview::shown`].
    pub shown: String,
}

/// A card of this building.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnSurvivalView {
    pub card: SurvivalCardView,
    /// When a person handed it in; that stays at home.
    pub at: Time,
    /// `waiting`, `kept`, `let_out`, `given_up`, or why the relay did not take it.
    pub told: String,
}

/// Cards of this building.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnSurvivalsView {
    /// Newest first.
    pub cards: Vec<OwnSurvivalView>,
    /// Cards that may still be handed in this week.
    pub left: u32,
}
