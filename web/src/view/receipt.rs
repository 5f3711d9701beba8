//! Ballots on the ledger as anybody may look for them: by the words of a receipt, in whatever building they were cast.

use crate::view::ProofView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is found, with what it is checked against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FoundView {
    /// The hive's id.
    pub chain: String,
    /// The newest block of this node.
    pub height: u64,
    /// Name of the building whose node answers.
    pub building: String,
    /// Keys of the authorities as this node has them.
    pub authorities: Vec<String>,
    pub ballots: Vec<FoundBallot>,
}

/// A ballot, proxy or sheet of paper on the ledger: no name, no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FoundBallot {
    /// The assembly or poll: 64 hex digits.
    pub vote: String,
    /// 64 hex digits.
    pub commitment: String,
    /// Name of the building that votes.
    pub building: String,
    /// The block in which it stands.
    pub height: u64,
    /// Whether syndic and assessor entered it from paper.
    pub paper: bool,
    /// The last block in which a ballot counts.
    pub closes: u64,
    pub transaction: String,
    /// Proof that the transaction is on the ledger.
    pub proof: Option<ProofView>,
}

/// A promise for a ballot of another building.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PromiseView {
    pub commitment: String,
    /// The last block in which it is kept.
    pub by: u64,
    /// Canonical bytes in hex digits.
    pub promise: String,
}

/// How a promise stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromiseState {
    /// There is time left; this node keeps an eye on it.
    Pending,
    Kept,
    /// It goes on record for good.
    Broken,
}

/// A promise that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WatchedView {
    pub state: PromiseState,
    pub by: u64,
}
