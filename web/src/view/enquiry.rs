//! What buildings ask each other, as JSON sees it: closed words in a question, and in a reply what its syndic wants to tell.

use crate::time::Time;
use crate::view::CardView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a building asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnquiryView {
    pub id: String,
    /// `water_riser` and so on.
    pub system: String,
    /// `leak` and so on.
    pub symptom: String,
    /// The card about which more is asked; `null` for anybody who had the same.
    pub card: Option<String>,
    /// The hour in which it was asked.
    pub at: Time,
    /// From then on it is over.
    pub until: Time,
}

/// What a building replies: what is `null` or empty is not said, but something is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplyView {
    /// A month (`2026-08`) or a year; empty where it is not said.
    #[serde(default)]
    #[schema(example = "2026-03")]
    pub when: String,
    #[serde(default)]
    pub cause: Option<String>,
    #[serde(default)]
    pub remedy: Option<String>,
    #[serde(default)]
    pub outcome: Option<String>,
    #[serde(default)]
    pub span: Option<String>,
    /// What it cost, whole euro.
    #[serde(default)]
    #[schema(example = 480)]
    pub cost_eur: Option<u32>,
    /// BE, FR, LU or NL and the company's number.
    #[serde(default)]
    pub contractor: Option<String>,
    /// In the syndic's own words, at most 500 characters, none that hides or reorders others.
    #[serde(default)]
    pub words: String,
    /// Whom to turn to, at most 120 characters.
    #[serde(default)]
    pub contact: String,
}

/// What another building replied to this one alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GotReplyView {
    /// Id of the building.
    pub from: String,
    pub at: Time,
    pub reply: ReplyView,
}

/// A question of this building.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnEnquiryView {
    pub enquiry: EnquiryView,
    /// Whether it is over.
    pub over: bool,
    /// Oldest first.
    pub replies: Vec<GotReplyView>,
}

/// Something this building had that is like what is asked. Nobody else learns of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlikeView {
    /// Id of the alert, where there was one.
    pub alert: Option<String>,
    pub at: Time,
    /// Its card, where one was handed in.
    pub card: Option<CardView>,
}

/// What this building replied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnReplyView {
    pub at: Time,
    /// `waiting`, `kept`, `lapsed`, or why the asker did not take it.
    pub told: String,
    pub reply: ReplyView,
}

/// A question of another building.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeldEnquiryView {
    /// Id of the building that asks.
    pub from: String,
    pub enquiry: EnquiryView,
    /// Newest first; empty where this building had nothing of the kind.
    pub alike: Vec<AlikeView>,
    pub replied: Option<OwnReplyView>,
}

/// What buildings ask each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnquiriesView {
    /// What this building asked, newest first.
    pub own: Vec<OwnEnquiryView>,
    /// What others ask: what this building had first, then the newest.
    pub others: Vec<HeldEnquiryView>,
    /// How many more questions may be asked just now.
    pub left: u32,
    pub per_day: u32,
    /// Days after which a question is over.
    pub days: u32,
    /// Members that hear a question, this building left out.
    pub reach: u32,
    /// Whether this building asks.
    pub asking: bool,
    /// Whether this building replies.
    pub replying: bool,
    /// Questions that this node refused since its start because they did not hold.
    pub refused: u64,
}

/// A question, in words of the lists of [`CardView`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnquiryDraft {
    #[schema(example = "water_riser")]
    pub system: String,
    #[schema(example = "leak")]
    pub symptom: String,
    /// Id of a card about which more is asked.
    #[serde(default)]
    pub card: Option<String>,
}
