//! Assemblies as JSON sees them, from draft to result.

use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far an assembly is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssemblyStage {
    /// Everything can still be changed.
    Draft,
    /// On its way to the ledger, or before its first block.
    Announced,
    Open,
    /// Its last block has passed; chair and syndic sign the results.
    Closed,
    /// The results are on the ledger.
    Concluded,
}

/// An assembly of this building.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AssemblyView {
    /// The building's number for it.
    pub number: u32,
    pub revision: u64,
    pub stage: AssemblyStage,
    /// From the announcement on: 64 hex digits.
    pub id: Option<String>,
    /// The hive's id: what is signed names it.
    pub chain: String,
    pub day: String,
    pub place: String,
    pub law: String,
    /// The day on which everybody was called.
    pub notice: Option<String>,
    pub urgent: bool,
    /// Number of the assembly that is held again.
    pub again_of: Option<u32>,
    /// How it can be held again, when it could not decide.
    pub follow: Option<FollowView>,
    pub chair: Option<u32>,
    pub secretary: Option<u32>,
    pub assessors: Vec<u32>,
    /// The newest block.
    pub height: u64,
    /// The first block in which a ballot counts.
    pub opens: Option<u64>,
    /// The last one.
    pub closes: Option<u64>,
    pub items: Vec<ItemView>,
    pub checklist: Vec<DeadlineView>,
    /// Whom the syndic saw come, and go.
    pub presences: Vec<super::PresenceView>,
    /// Who is there so far, or was at the start.
    pub quorum: Option<QuorumView>,
    pub came_in: CameInView,
    pub record: RecordView,
    /// Keys of those who count, in the order chair, syndic, assessor.
    pub counters: Vec<String>,
    pub chair_signed: bool,
    pub syndic_signed: bool,
    /// What chair and syndic sign, part by part, as canonical bytes in hex digits.
    pub conclusions: Vec<String>,
}

/// An assembly that may follow one that could not decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FollowView {
    /// `without-quorum` or `for-unanimity`.
    pub kind: String,
    /// The first day on which the law allows it.
    pub from: String,
}

/// A resolution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ItemView {
    pub item: u16,
    pub title: String,
    pub text: String,
    pub matter: String,
    /// The rule of its majority, such as `be-two-thirds`.
    pub rule: String,
    pub article: String,
    /// Whether the rule is one we are not sure of.
    pub unsure: bool,
    /// Number of the charge that decides who votes; everybody when none.
    pub charge: Option<u16>,
    /// What that charge is called.
    pub charge_name: Option<String>,
    /// Number of the item whose second vote this is.
    pub second_of: Option<u16>,
    /// The question to several buildings that it answers for this one.
    pub joint: Option<String>,
    /// Persons whose own mission is decided.
    pub missions: Vec<u32>,
    /// The rule of the vote that may follow at once when the majority is missed narrowly, such as `fr-24`.
    pub bridge: Option<String>,
    /// What every ballot repeats.
    pub hash: String,
    pub documents: Vec<DocumentView>,
    /// What is carried out when it is adopted: `nothing`, `work-order`, `purchase`, `action` or `policy`.
    pub effect: String,
    /// The same with its particulars.
    pub carried: Option<crate::request::EffectDraft>,
    pub after_appeal: bool,
    pub result: Option<ItemResultView>,
    /// How far what follows from it is, once the ledger has its result.
    pub progress: Option<CarriedView>,
}

/// How far what follows from a decision is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CarriedView {
    pub state: CarriedState,
    /// The block, where it was carried out or did not apply any more.
    pub height: Option<u64>,
    /// Until when it waits.
    pub until: Option<Time>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CarriedState {
    /// The question to several buildings decides.
    Jointly,
    /// The time for an appeal runs from the minutes, which are not there yet.
    AwaitsMinutes,
    /// It waits until no judge can be asked any more.
    Due,
    Done,
    /// It did not apply any more.
    Impossible,
}

/// A document that can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentView {
    /// At most 200 bytes.
    pub name: String,
    /// BLAKE3 of the file: 64 hex digits.
    pub hash: String,
}

/// What the votes on an item came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemResultView {
    /// `adopted`, `refused`, `no-quorum`, `second-vote`, `again` or `not-put`.
    pub outcome: String,
    /// The rule with its figures, such as `3 × 612 ≥ 2 × 900`.
    pub arithmetic: String,
    pub in_favour: u64,
    pub against: u64,
    pub abstained: u64,
    pub blank: u64,
    pub null: u64,
    pub silent: u64,
    pub votes: u64,
    /// Names of those against.
    pub against_names: Vec<String>,
    /// Names of those who abstained.
    pub abstained_names: Vec<String>,
    /// Points that whoever chairs decides.
    pub doubts: Vec<String>,
    /// Whether it is on the ledger.
    pub on_ledger: bool,
}

/// A day that a rule of the law sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadlineView {
    pub rule: String,
    pub article: String,
    pub unsure: bool,
    pub day: String,
    /// Whether it is the last day allowed, and not the first.
    pub is_last: bool,
    /// Whether it is kept, as far as known.
    pub kept: Option<bool>,
}

/// Who is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuorumView {
    pub owners_present: u32,
    pub owners: u32,
    pub votes_present: u64,
    pub votes: u64,
    /// The rule with its figures; none where none is needed.
    pub arithmetic: Option<String>,
    pub reached: bool,
}

/// What came in, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CameInView {
    /// Taken here.
    pub taken: u64,
    /// Of these on the ledger.
    pub standing: u64,
    pub early: u32,
    pub late: u32,
    pub replayed: u32,
    /// What the rules do not allow and somebody tried; for good on the ledger.
    pub breaches: u32,
    pub broken_promises: u32,
}

/// A ballot or proxy that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TakenView {
    /// What the ledger knows it by: 64 hex digits.
    pub commitment: String,
    pub at: Time,
    /// The last block in which the node's promise is kept.
    pub by: u64,
    /// The signed promise, canonical bytes in hex digits.
    pub promise: String,
    /// The block in which it stands.
    pub height: Option<u64>,
    /// The transaction that brought it; its proof is at `/api/v1/ledger/transactions/{id}/proof`.
    pub transaction: Option<String>,
    /// `counts`, `replaced`, `void` or `refused`, once everything is counted.
    pub verdict: Option<String>,
}

/// The law of a country, as far as a page has to choose from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleSetView {
    /// `be-2020` or `fr-2020`.
    pub law: String,
    /// What may be decided, in the order of the law's articles.
    pub matters: Vec<MatterView>,
}

/// A kind of resolution, with the majority it needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MatterView {
    /// Such as `works`.
    pub matter: String,
    /// The rule of its majority, such as `be-two-thirds`.
    pub rule: String,
    pub article: String,
    /// Whether the rule is one we are not sure of.
    pub unsure: bool,
    /// The vote that may follow at once when the majority is missed.
    pub bridge: Option<BridgeView>,
}

/// A second vote at a lower majority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BridgeView {
    /// When it may follow.
    pub when: String,
    pub article: String,
    pub unsure: bool,
    /// The majority it then needs.
    pub rule: String,
}

/// A document that was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeptDocumentView {
    /// BLAKE3 of the file: 64 hex digits.
    pub hash: String,
    pub bytes: u64,
}

/// What stands on the ledger against the rules, for good, and what this building cannot account for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordView {
    /// Ballots on the ledger that this building was not given.
    pub unknown: u64,
    pub breaches: Vec<BreachView>,
    pub broken_promises: Vec<BrokenPromiseView>,
}

/// What somebody tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreachName {
    /// Another announcement under the same number: other voters, texts or heights.
    AnnouncedAgain,
    /// A result before the close.
    ConcludedEarly,
    /// A result that does not follow from what came in.
    WrongResult,
    /// A second result of one item.
    TwoResults,
}

/// A breach of the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BreachView {
    pub kind: BreachName,
    pub item: Option<u16>,
    pub height: u64,
    pub transaction: String,
}

/// A promise that a node did not keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BrokenPromiseView {
    /// The member whose node it was: 40 hex digits.
    pub member: String,
    pub height: u64,
    pub transaction: String,
}

/// A question put to several buildings: each votes in its own assembly, by its own law.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JointQuestionView {
    /// What each building's agenda names it by: 64 hex digits.
    pub id: String,
    /// BLAKE3 of the question's text, which is a document of each building's resolution.
    pub text: String,
    pub buildings: Vec<JointBuildingView>,
    /// `all`, `majority`, `two-thirds` or `four-fifths` of the buildings asked.
    pub needed: String,
    /// The rule with its figures, as far as buildings are closed.
    pub arithmetic: String,
    /// `open`, `adopted` or `refused`.
    pub standing: String,
    /// Whether this building is asked.
    pub is_asked: bool,
    /// What is carried out when enough have adopted: as in a resolution.
    pub effect: String,
    /// The most it may cost, micro-EUR, where it has a price.
    pub most: Option<i64>,
    /// How far what follows from it is, once it is decided.
    pub progress: Option<CarriedView>,
}

/// A building that is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JointBuildingView {
    /// Its address.
    pub building: String,
    /// What it decided, as in a result; none so far.
    pub outcome: Option<String>,
}
