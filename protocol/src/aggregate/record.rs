//! What reaches the ledger: what a building says of itself, and what two desks found together. No building's figure is
//! among it, and neither is which buildings a sum counts.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::period::Period;
use super::profile::Profile;
use crate::codec::encode;
use crate::crypto::{Domain, Signature};
use crate::ids::{Address, Digest};
use crate::signed::signed_beside;

/// A transaction about figures of many buildings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AggregateRecord {
    /// From the next month on the author takes part as this, or no longer.
    Profile(Option<Profile>),
    /// What two desks found. Any member may bring it.
    Outcome(Box<SignedOutcome>),
}

/// What two desks found of one group and period. It is said once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Outcome {
    /// Hash of the task.
    pub task: Digest,
    /// The period.
    pub period: Period,
    /// Number of the group among those of the period's month.
    pub group: u16,
    /// What was found.
    pub found: Found,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Found {
    /// A sum, with the noise of both desks in it.
    Sum(Sum),
    /// The group was too small: nothing is published, and never will be.
    Suppressed,
}

/// A sum with the noise of both desks in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Sum {
    /// Wh or W; noise may make it negative.
    pub amount: i64,
    /// Buildings it counts.
    pub buildings: u32,
    /// Their dwellings.
    pub dwellings: u32,
    /// Salted hash of which buildings it counts.
    pub batch: Digest,
}

/// What was found, with the signatures of both desks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedOutcome {
    /// What was found.
    pub outcome: Outcome,
    /// Who signed, and what; two different desks.
    pub signatures: [(Address, Signature); 2],
}

signed_beside!(Outcome, Domain::Aggregate, encode);
