//! What stands in the state of assemblies, and under which keys.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use protocol::assembly::{
    AssemblyId, Effect, ItemNumber, ItemResult, JointQuestion, Opening, Outcome, PollNotice, PollRecord,
    SignedPromise, Turnout,
};
use protocol::limits::BUILDINGS_ASKED_MAX;
use protocol::{Address, Bounded, Digest, Height, TransactionId, UnixMs};

use crate::assembly::CommitmentFrontier;
use crate::state::entry::Place;

/// Where an entry stands. The order of the variants is the order of the state. Buildings stand under the address of
/// their first key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AssemblyKey {
    /// A building's counts.
    Building(Address),
    /// An assembly as it was announced.
    Assembly(AssemblyId),
    /// A building's assembly by its own number.
    Numbered(Address, u32),
    /// A poll as it was announced, under [`PollNotice::vote`].
    Poll(AssemblyId),
    /// What came in for an assembly or a poll, in sums.
    Intake(AssemblyId),
    /// A commitment that came in.
    Entered(AssemblyId, Digest),
    /// How many commitments a member brought.
    Brought(AssemblyId, Address),
    /// What became of an item.
    Decision(AssemblyId, ItemNumber),
    /// A breach of an assembly's rules, from 1.
    Breach(AssemblyId, u32),
    /// A promise that was not kept, by its digest.
    BrokenPromise(AssemblyId, Digest),
    /// A question to several buildings.
    Joint(Digest),
    /// An effect that waits until a time.
    Due(UnixMs, Cause),
}

/// What an effect follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Cause {
    /// An item of one building's assembly.
    Item(AssemblyId, ItemNumber),
    /// A question to several buildings.
    Joint(Digest),
}

/// What stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AssemblyEntry {
    /// Under [`AssemblyKey::Building`].
    Building(BuildingVotes),
    /// Under [`AssemblyKey::Assembly`].
    Assembly(Box<Assembly>),
    /// Under [`AssemblyKey::Numbered`].
    Numbered(AssemblyId),
    /// Under [`AssemblyKey::Poll`].
    Poll(PollState),
    /// Under [`AssemblyKey::Intake`].
    Intake(Box<Intake>),
    /// Under [`AssemblyKey::Entered`].
    Entered(EnteredAt),
    /// Under [`AssemblyKey::Brought`].
    Brought(u32),
    /// Under [`AssemblyKey::Decision`].
    Decision(Box<Decision>),
    /// Under [`AssemblyKey::Breach`].
    Breach(Breach),
    /// Under [`AssemblyKey::BrokenPromise`].
    BrokenPromise(Box<BrokenPromise>),
    /// Under [`AssemblyKey::Joint`].
    Joint(Box<JointState>),
    /// Under [`AssemblyKey::Due`].
    Due,
}

/// A building's counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize_tuple, Deserialize_tuple)]
pub struct BuildingVotes {
    /// Assemblies announced so far.
    pub assemblies: u32,
    /// Assemblies that are not concluded.
    pub assemblies_open: u32,
    /// Polls that are not concluded.
    pub polls_open: u32,
}

/// An assembly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Assembly {
    /// What was announced.
    pub opening: Opening,
    /// Where.
    pub announced: Place,
    /// Who was there at the start, once the first items are concluded.
    pub turnout: Option<Turnout>,
    /// Items concluded so far.
    pub concluded: u16,
    /// Where the last one was.
    pub ended: Option<Place>,
    /// The minutes.
    pub minutes: Option<MinutesHeld>,
}

/// The minutes of an assembly as the ledger knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct MinutesHeld {
    /// Their salted hash.
    pub minutes: Digest,
    /// From 1; a correction counts on.
    pub version: u32,
    /// Where this version was recorded.
    pub at: Place,
}

/// A poll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct PollState {
    /// What was announced.
    pub notice: PollNotice,
    /// Where.
    pub announced: Place,
    /// What it came to, and where that was recorded.
    pub result: Option<(PollRecord, Place)>,
}

/// What came in for an assembly or a poll, in sums.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Intake {
    /// The building that votes.
    pub building: Address,
    /// The first height at which something counts.
    pub opens: Height,
    /// The last one.
    pub closes: Height,
    /// Everything that counts, in its order.
    pub frontier: CommitmentFrontier,
    /// Sheets of paper among it.
    pub papers: u32,
    /// Commitments that did not count because their block came before the first height.
    pub early: u32,
    /// Because it came after the last one.
    pub late: u32,
    /// Because they had come before.
    pub replayed: u32,
    /// Because the member that brought them had brought too many.
    pub excess: u32,
    /// Breaches on record.
    pub breaches: u32,
    /// Broken promises on record.
    pub broken_promises: u32,
}

/// A commitment that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct EnteredAt {
    /// Its place among everything that came in, from 0.
    pub index: u64,
    /// The block.
    pub height: Height,
    /// The transaction that brought it.
    pub transaction: TransactionId,
    /// Whether it is a sheet of paper that syndic and assessor entered.
    pub is_paper: bool,
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Decision {
    /// The result.
    pub result: ItemResult,
    /// Where it was recorded.
    pub at: Place,
    /// What became of its effect.
    pub carried: Carried,
}

/// How far an effect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Carried {
    /// Nothing is to be carried out.
    Nothing,
    /// The question to several buildings decides.
    Jointly,
    /// It waits for the minutes, from which the time for an appeal runs.
    AwaitsMinutes,
    /// It waits until this time, when no judge can be asked any more.
    Due(UnixMs),
    /// It was carried out in the block of this height.
    Done(Height),
    /// It was to be carried out in the block of this height and did not apply any more.
    Impossible(Height),
}

/// Something that the rules of an assembly do not allow, on record for good. The transaction is the proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Breach {
    /// What.
    pub kind: BreachKind,
    /// Where.
    pub at: Place,
    /// What was brought, by its digest.
    pub brought: Digest,
}

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum BreachKind {
    /// The building announced another assembly under the same number: other voters, texts or heights.
    AnnouncedAgain,
    /// Chair and syndic signed a result before the vote closed.
    ConcludedEarly,
    /// They signed a result that leaves something out, adds something or does not add up.
    WrongResult(ItemNumber),
    /// They signed two results of one item.
    TwoResults(ItemNumber),
}

/// A promise that was not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct BrokenPromise {
    /// What was promised.
    pub promise: SignedPromise,
    /// The member that promised it, by the address of its first key.
    pub member: Address,
    /// Where it was recorded.
    pub at: Place,
}

/// A question to several buildings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct JointState {
    /// The question.
    pub question: JointQuestion,
    /// Height at which the authorities put it.
    pub asked: Height,
    /// What buildings decided for good, in ascending order.
    pub outcomes: Bounded<(Address, Outcome), BUILDINGS_ASKED_MAX>,
    /// The time before which nothing is carried out, as somebody may still ask a judge.
    pub not_before: UnixMs,
    /// Where the last building decided.
    pub decided: Option<Place>,
    /// Whether enough have adopted, once it is decided.
    pub is_adopted: bool,
    /// What became of its effect.
    pub carried: Carried,
}

/// Something happened to an assembly or a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssemblyEvent {
    /// An assembly was announced.
    Announced {
        /// The assembly.
        assembly: AssemblyId,
        /// Its building, by the address of its first key.
        building: Address,
    },
    /// A poll was announced.
    PollAnnounced {
        /// The poll.
        vote: AssemblyId,
        /// Its building.
        building: Address,
    },
    /// A commitment counts.
    Entered {
        /// The assembly or poll.
        vote: AssemblyId,
        /// Which one.
        commitment: Digest,
        /// Its place among everything that came in.
        index: u64,
    },
    /// A commitment does not count.
    NotCounted {
        /// The assembly or poll.
        vote: AssemblyId,
        /// Which one.
        commitment: Digest,
        /// Why.
        why: NotCounted,
    },
    /// Items have their results.
    Concluded {
        /// The assembly.
        assembly: AssemblyId,
        /// The last of them.
        item: ItemNumber,
        /// Whether it was the last of the agenda.
        is_whole: bool,
    },
    /// A poll has its result.
    PollConcluded(AssemblyId),
    /// The minutes are on record.
    Minutes {
        /// The assembly.
        assembly: AssemblyId,
        /// Their version.
        version: u32,
    },
    /// Something is on record that the rules do not allow.
    Breach {
        /// The assembly.
        assembly: AssemblyId,
        /// What.
        kind: BreachKind,
    },
    /// A promise is on record that was not kept.
    BrokenPromise {
        /// The assembly or poll.
        vote: AssemblyId,
        /// Who promised it.
        member: Address,
    },
    /// A question to several buildings was put.
    Asked(Digest),
    /// The last building decided.
    DecidedJointly {
        /// The question.
        question: Digest,
        /// Whether enough adopted.
        is_adopted: bool,
    },
    /// An effect was carried out.
    CarriedOut {
        /// What it follows from.
        cause: Cause,
        /// The building for which.
        building: Address,
        /// The effect.
        effect: Effect,
    },
    /// An effect did not apply any more.
    Impossible {
        /// What it followed from.
        cause: Cause,
    },
}

/// Why a commitment does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotCounted {
    /// Its block came before the first height.
    Early,
    /// Its block came after the last height.
    Late,
    /// It had come before.
    Replayed,
    /// The member that brought it had brought as many as it may.
    Excess,
}
