//! Polls as JSON sees them: they decide nothing and stand apart from assemblies.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far a poll is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PollStage {
    /// On its way to the ledger, or before its first block.
    Announced,
    Open,
    /// Its last block has passed.
    Closed,
    /// What it came to is on the ledger.
    Concluded,
    /// The ledger did not take it: nobody was asked.
    Refused,
}

/// Why the ledger did not take a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PollNotPut {
    /// As many of the building's polls as may be were open.
    TooMany,
    /// It does not take it as it is.
    Refused,
}

/// A poll of this building.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PollView {
    /// The building's number for it.
    pub number: u32,
    /// What is signed names it: 64 hex digits.
    pub id: String,
    /// The hive's id: what is signed names it.
    pub chain: String,
    pub stage: PollStage,
    /// Why it was refused, where it was.
    pub not_put: Option<PollNotPut>,
    pub question: String,
    pub choices: Vec<PollChoice>,
    /// Whether nobody is shown who chose what.
    pub hidden: bool,
    /// The newest block.
    pub height: u64,
    /// The first block in which an answer counts.
    pub opens: u64,
    /// The last one.
    pub closes: u64,
    /// Persons who may take part: owners and whoever lives there.
    pub invited: u64,
    /// Persons whose answer counts so far.
    pub voters: u64,
    /// Voters from which on a hidden poll shows its totals.
    pub hidden_min: u64,
    /// Whether I may take part.
    pub is_mine: bool,
}

/// What one may choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PollChoice {
    pub text: String,
    /// Persons who chose it, once it is closed; none where too few took part in a hidden poll.
    pub voters: Option<u64>,
}
