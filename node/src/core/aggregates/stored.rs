//! What a building and a desk remember of private sums over a restart: what was sent and to whom, which halves came in,
//! and which reports count. It is what makes a report go out once and noise be drawn once.

use protocol::aggregate::{AggregateRefusal, Measure, Period, Profile, Task, Work};
use protocol::limits::{AGGREGATE_BATCH_BYTES_MAX, AGGREGATE_HALF_BYTES_MAX};
use protocol::{Address, Bytes, Digest, UnixMs, encode};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

/// Something that is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AggregateKept {
    /// Whether the building takes part, and as what.
    Consent(Consent),
    /// A report that was made.
    Report(OwnReport),
    /// A half of another building's report.
    Half(HeldHalf),
    /// Which reports of a work count.
    Batch(HeldBatch),
}

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AggregateKeptKey {
    /// The one there is.
    Consent,
    /// By period and measure.
    Report(Period, Measure),
    /// By work and the building's first key.
    Half(Work, Address),
    /// By work.
    Batch(Work),
}

/// Whether the building takes part, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Consent {
    /// What it says of itself; none while it does not take part.
    pub profile: Option<Profile>,
    /// When that was said.
    pub at: UnixMs,
}

/// A report of this building. Once made it never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct OwnReport {
    /// What it is for.
    pub work: Work,
    /// The task.
    pub task: Task,
    /// The two desks, under their keys of then.
    pub desks: [Address; 2],
    /// What was reported, Wh or W; it stays at home.
    pub amount: u64,
    /// The most it could have been.
    pub most: u64,
    /// What it took of the budget, millionths of rho.
    pub cost_micro: u64,
    /// When it was made.
    pub at: UnixMs,
    /// What each desk said to it.
    pub told: [Delivery; 2],
}

/// How far a half got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    /// Nothing was heard of it.
    Waiting,
    /// It is kept there.
    Kept,
    /// It does not count.
    Refused(AggregateRefusal),
}

/// A half of another building's report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct HeldHalf {
    /// What it is for.
    pub work: Work,
    /// Whose, by its first key.
    pub building: Address,
    /// The half.
    pub share: Bytes<AGGREGATE_HALF_BYTES_MAX>,
}

/// Which reports of a work count. Said once, so that one work has one noise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct HeldBatch {
    /// The work.
    pub work: Work,
    /// A bit for each building of the group.
    pub members: Bytes<AGGREGATE_BATCH_BYTES_MAX>,
    /// Where this desk is bound by a hash: that of the other desk. None where the group is too small.
    pub other: Option<Digest>,
}

impl AggregateKept {
    /// Which one it is.
    pub const fn key(&self) -> AggregateKeptKey {
        match self {
            Self::Consent(_) => AggregateKeptKey::Consent,
            Self::Report(report) => AggregateKeptKey::Report(report.work.period, report.task.measure),
            Self::Half(half) => AggregateKeptKey::Half(half.work, half.building),
            Self::Batch(batch) => AggregateKeptKey::Batch(batch.work),
        }
    }
}

impl AggregateKeptKey {
    /// Where it lies, below the letter of all of them.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Consent => vec![0],
            Self::Report(period, measure) => [vec![1], encode(&(period, measure))].concat(),
            Self::Half(work, building) => [vec![2], encode(work), building.as_bytes().to_vec()].concat(),
            Self::Batch(work) => [vec![3], encode(work)].concat(),
        }
    }
}
