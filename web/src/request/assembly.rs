//! What may be said of an assembly.

use crate::request::GovernanceAction;
use crate::view::{DocumentView, PresenceView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An assembly as it is prepared.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssemblyDraft {
    /// The revision that is changed; 0 for a new one.
    #[serde(default)]
    pub revision: u64,
    #[schema(example = "2030-06-15")]
    pub day: String,
    /// Hour and place, at most 200 bytes.
    pub place: String,
    /// The day on which everybody was called.
    #[serde(default)]
    pub notice: Option<String>,
    #[serde(default)]
    pub urgent: bool,
    /// Who chairs: a person of the registry.
    #[serde(default)]
    pub chair: Option<u32>,
    #[serde(default)]
    pub secretary: Option<u32>,
    /// Who enters paper together with the syndic.
    #[serde(default)]
    pub assessors: Vec<u32>,
    /// Number of the assembly that is held again: for lack of quorum, or because unanimity was missed through absence.
    #[serde(default)]
    pub again_of: Option<u32>,
    /// The agenda, in order; 1 to 64 items.
    pub items: Vec<ItemDraft>,
}

/// A resolution as it is prepared.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemDraft {
    /// At most 200 bytes.
    pub title: String,
    /// At most 16 KiB.
    pub text: String,
    /// Its kind, on which the majority depends, such as `works`.
    pub matter: String,
    /// Number of the charge that decides who votes; everybody when none.
    #[serde(default)]
    pub charge: Option<u16>,
    /// Number of the item whose second vote this is.
    #[serde(default)]
    pub second_of: Option<u16>,
    /// Persons whose own mission is decided.
    #[serde(default)]
    pub missions: Vec<u32>,
    #[serde(default)]
    pub documents: Vec<DocumentView>,
    #[serde(default)]
    pub effect: Option<EffectDraft>,
    /// Whether it is carried out only when no judge can be asked any more.
    #[serde(default)]
    pub after_appeal: bool,
}

/// What is carried out when a resolution is adopted. Money moves only by a person: amounts are the most that may be
/// spent, micro-EUR.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum EffectDraft {
    /// Opens a work order on an asset, by its code.
    WorkOrder { asset: String, most: i64 },
    /// Begins a group purchase.
    Purchase { most: i64 },
    /// Takes up a policy of the building: the document of this resolution that holds it, by its hash.
    Policy { document: String },
    /// Asks the authorities of the hive for one of its actions: an authority, a sharing rule, a tariff.
    Action { action: GovernanceAction },
}

/// For how many blocks an assembly is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnnounceRequest {
    #[schema(minimum = 1, maximum = 100_000_000)]
    pub blocks: u64,
}

/// Something signed: one of the three, canonical bytes in hex digits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HandInRequest {
    pub ballot: Option<String>,
    pub proxy: Option<String>,
    pub paper: Option<String>,
}

/// A sheet of paper, as the syndic or the assessor signed it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SheetRequest {
    /// Canonical bytes in hex digits.
    pub paper: String,
    /// Over the assembly and what the ledger knows the sheet by: 128 hex digits.
    pub signature: String,
}

/// Everybody who is or was there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PresencesRequest {
    /// At most 4,096.
    pub presences: Vec<PresenceView>,
}

/// What the chair or the syndic signed of the results, one for each part, 128 hex digits each.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResultSignaturesRequest {
    pub signatures: Vec<String>,
}

/// A ballot of another building, by what the ledger will know it by.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlipRequest {
    /// The assembly or poll: 64 hex digits.
    pub vote: String,
    /// 64 hex digits.
    pub commitment: String,
}

/// A node's signed promise.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromiseRequest {
    /// Canonical bytes in hex digits.
    pub promise: String,
}

/// What the chair or the syndic signed of the minutes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MinutesSignatureRequest {
    /// 128 hex digits.
    pub signature: String,
}

/// A question that decides nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PollDraft {
    /// At most 200 bytes.
    pub question: String,
    /// 2 to 16, at most 200 bytes each.
    pub choices: Vec<String>,
    /// Whether nobody is shown who chose what; totals then only from 15 voters on.
    #[serde(default)]
    pub hidden: bool,
    #[schema(minimum = 1, maximum = 100_000_000)]
    pub blocks: u64,
}

/// An answer to a poll, as it was signed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PollAnswerRequest {
    /// Canonical bytes in hex digits.
    pub ballot: String,
}
