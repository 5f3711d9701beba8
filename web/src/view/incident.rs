//! Incident cards as JSON sees them: words and bands from closed lists, and nothing that somebody typed.

use crate::time::Time;
use crate::view::StratumView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a card says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardView {
    /// A month (`2026-08`) or a year, as exactly as enough buildings had the same; empty where it is not said.
    pub when: String,
    /// `water_riser`, `hot_water`, `drain`, `heating`, `ventilation`, `cooling`, `elevator`, `electricity`, `solar`, `meter`
    /// or `envelope`.
    pub system: String,
    /// `leak`, `overheating`, `too_cold`, `vibration`, `noise`, `low_pressure`, `high_use`, `low_output`, `stopped`,
    /// `blocked`, `wear` or `wrong_figures`.
    pub symptom: String,
    pub cause: String,
    pub remedy: String,
    /// `low`, `medium` or `high`.
    pub severity: String,
    /// Litres an hour: `under_5`, `5_20`, `20_100` or `from_100`; only of a leak.
    pub flow: Option<String>,
    /// Euro: `under_50` to `from_5000`.
    pub cost: String,
    /// How long the work took: `under_1h` to `from_3d`.
    pub span: String,
    /// `solved`, `partly`, `came_back` or `not_solved`.
    pub outcome: String,
    /// What its building has in common with at least ten; empty says nothing of it.
    pub stratum: StratumView,
    /// Company number, such as `BE0202239951`.
    pub contractor: Option<String>,
    /// `poor`, `fair` or `good`.
    pub rating: Option<String>,
}

/// A card of another building that is alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FoundCardView {
    pub card: CardView,
    /// How much it is alike, out of 10.
    pub score: u8,
}

/// How often something was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemedyView {
    pub remedy: String,
    /// At least 3.
    pub count: u32,
}

/// A contractor whom at least three buildings rated, each once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContractorView {
    pub contractor: String,
    /// Cards that name it.
    pub jobs: u32,
    pub ratings: u32,
    /// Of which good, in thousandths.
    pub good_permille: u32,
}

/// What others did, answered from the cards that this node has: nobody learns that it was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LearntView {
    /// The most alike first, then the newest; at most 20.
    pub cards: Vec<FoundCardView>,
    /// How many are alike; `null` below 3.
    pub alike: Option<u32>,
    /// The most frequent first.
    pub remedies: Vec<RemedyView>,
    /// The best first.
    pub contractors: Vec<ContractorView>,
    /// Cards of any kind that this node has.
    pub kept: u64,
}

/// What this building can tell by itself of an alert or a work order, and what others did about the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HintView {
    pub system: String,
    pub symptom: String,
    pub flow: Option<String>,
    pub span: Option<String>,
    /// How far its card is; `null` while there is none.
    pub handed_in: Option<String>,
    /// Cards that may still be handed in this week.
    pub left: u32,
    pub learnt: LearntView,
}

/// What a person says of something that is over, in words of the lists of [`CardView`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CardDraft {
    /// Id of an alert that is closed; either this or `work_order`.
    #[serde(default)]
    pub alert: Option<String>,
    /// Id of a work order of this building that is done.
    #[serde(default)]
    pub work_order: Option<String>,
    #[schema(example = "water_riser")]
    pub system: String,
    #[schema(example = "leak")]
    pub symptom: String,
    /// `unknown`, `worn_part`, `worn_seal`, `corrosion`, `limescale`, `dirt`, `setting`, `frost`, `damage`, `electrical` or
    /// `installation`.
    #[schema(example = "worn_seal")]
    pub cause: String,
    /// `repaired`, `part_replaced`, `unit_replaced`, `sealed`, `cleaned`, `adjusted`, `refilled`, `restarted` or `nothing`.
    #[schema(example = "part_replaced")]
    pub remedy: String,
    #[serde(default)]
    pub flow: Option<String>,
    #[schema(example = "100_200")]
    pub cost: String,
    #[schema(example = "1_2h")]
    pub span: String,
    #[schema(example = "solved")]
    pub outcome: String,
    /// BE, FR, LU or NL and the company's number.
    #[serde(default)]
    pub contractor: Option<String>,
    #[serde(default)]
    pub rating: Option<String>,
}

/// Exactly what would leave, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardPreview {
    /// Hash of the card, to hand in what was shown.
    pub shown: String,
    pub card: CardView,
    /// Whether the rating was left out, because this building rated the contractor before.
    pub rated_before: bool,
    /// Id of the authority that relays cards this week: it alone knows from which building one is.
    pub relay: String,
    /// Cards that may still be handed in this week.
    pub left: u32,
}

/// A card, as it was shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandInDraft {
    pub draft: CardDraft,
    /// [`CardPreview::shown`].
    pub shown: String,
}

/// A contractor to be forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawalDraft {
    /// BE, FR, LU or NL and the company's number.
    #[schema(example = "BE0202239951")]
    pub contractor: String,
}

/// A card of this building.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnCardView {
    pub card: CardView,
    /// When a person handed it in; that stays at home.
    pub at: Time,
    /// `waiting`, `kept`, `let_out`, `given_up`, or why the relay did not take it.
    pub told: String,
}

/// A contractor that this building asked to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WithdrawalView {
    pub contractor: String,
    pub at: Time,
    pub told: String,
}

/// What this building handed in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnCardsView {
    /// Newest first.
    pub cards: Vec<OwnCardView>,
    pub withdrawals: Vec<WithdrawalView>,
    /// Cards that may still be handed in this week.
    pub left: u32,
    pub per_week: u32,
    /// Id of the authority that relays cards this week.
    pub relay: String,
    /// Cards of others that wait at this node while it relays.
    pub relaying: u64,
    /// Batches that this node refused since its start because they did not hold.
    pub spoilt: u64,
}
