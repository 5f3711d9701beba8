//! The minutes of an assembly: one text that is the same whoever makes it, with the names that the law wants.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The minutes, and what is signed of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MinutesView {
    /// The minutes as one JSON text: its bytes are what the hash is of.
    pub text: String,
    pub minutes: MinutesText,
    /// What the ledger knows the text by: 64 hex digits.
    pub hash: String,
    /// Hashed before the text: 64 hex digits.
    pub salt: String,
    /// What chair and syndic sign, canonical bytes in hex digits.
    pub notice: String,
    pub version: u32,
    pub chair_signed: bool,
    pub syndic_signed: bool,
    /// The block in which this version stands.
    pub height: Option<u64>,
}

/// What they say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MinutesText {
    #[schema(example = "symbiose minutes v1")]
    pub form: String,
    pub hive: String,
    pub assembly: String,
    pub number: u32,
    pub law: String,
    pub day: String,
    pub place: String,
    pub notice: Option<String>,
    pub chair: String,
    pub secretary: String,
    pub assessors: Vec<String>,
    /// First and last block with ballots.
    pub opens: u64,
    pub closes: u64,
    pub present: Vec<PresentText>,
    pub owners_present: u32,
    pub owners: u32,
    pub votes_present: u64,
    pub votes: u64,
    pub quorum: Option<String>,
    pub proxies: Vec<ProxyText>,
    pub items: Vec<MinutesItem>,
    /// Root over everything that came in: 64 hex digits.
    pub ballots_root: String,
    pub ballots: u64,
    pub papers: u32,
    /// Ballots on the ledger that this building was not given.
    pub unknown: u64,
    /// The block in which the last result stands.
    pub height: u64,
    /// Keys of chair, syndic and assessor.
    pub counters: Vec<String>,
    /// Signatures of chair and syndic under the results, part by part.
    pub signatures: Vec<Vec<String>>,
}

/// Somebody who was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PresentText {
    pub name: String,
    pub remote: bool,
    /// The first item it was there for; 0 is the start.
    pub from: u16,
    pub until: Option<u16>,
}

/// A proxy that counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProxyText {
    pub principal: String,
    pub holder: String,
    pub lots: Vec<String>,
    pub paper: bool,
}

/// A lot that is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NamedText {
    pub lot: String,
    pub owners: Vec<String>,
    /// Who answered for it.
    pub by: Option<String>,
    pub votes: u64,
}

/// Votes that the law took off somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReducedText {
    pub name: String,
    pub from: u64,
    pub to: u64,
}

/// What was decided on one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MinutesItem {
    pub item: u16,
    pub title: String,
    pub text: String,
    /// Hash of the resolution, which every ballot repeats.
    pub resolution: String,
    pub outcome: String,
    pub rule: String,
    pub article: String,
    pub arithmetic: String,
    pub bridge: Option<String>,
    pub in_favour: u64,
    pub against: u64,
    pub abstained: u64,
    pub blank: u64,
    pub null: u64,
    pub silent: u64,
    pub votes: u64,
    pub named_against: Vec<NamedText>,
    pub named_abstained: Vec<NamedText>,
    pub named_without_answer: Vec<NamedText>,
    pub named_defaulting: Vec<NamedText>,
    pub named_absent: Vec<NamedText>,
    pub papers: u32,
    pub reductions: Vec<ReducedText>,
    pub doubts: Vec<String>,
    /// What is carried out.
    pub effect: String,
    pub after_appeal: bool,
}
