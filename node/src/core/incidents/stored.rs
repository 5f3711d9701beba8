//! What a building and a relay remember of incident cards over a restart: what was handed in, what came in, and what was
//! let out.

use protocol::incident::{CardRefusal, Contractor, Item, SignedBatch, SignedCard};
use protocol::limits::CARD_BATCH_BYTES_MAX;
use protocol::{Address, Digest, UnixMs, encode};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::core::switch::Switch;

/// Longest value of an entry, bytes: a batch.
pub const INCIDENT_BYTES_MAX: usize = CARD_BATCH_BYTES_MAX + 64;

/// Something that is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum IncidentKept {
    /// A card of this building.
    Own(OwnCard),
    /// A contractor that this building asked to be forgotten.
    Withdrawal(OwnWithdrawal),
    /// A card that waits at this relay.
    Held(HeldCard),
    /// A withdrawal that waits at this relay.
    HeldWithdrawal(HeldWithdrawal),
    /// What was let out of a week.
    Batch(Box<SignedBatch>),
    /// Whether cards of incidents may leave.
    Switch(Switch),
    /// Whether cards of what became of machines may leave.
    SurvivalSwitch(Switch),
}

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IncidentKeptKey {
    /// By what it is about.
    Own(Digest),
    /// By contractor.
    Withdrawal(Contractor),
    /// By week and item.
    Held(u64, Item),
    /// By week.
    Batch(u64),
    /// The one there is.
    Switch,
    /// The other one.
    SurvivalSwitch,
}

/// A card of this building. What it says never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct OwnCard {
    /// The alert it is about, or the work order of a decision; another name of it where the card tells of the machine.
    pub source: Digest,
    /// The card.
    pub card: SignedCard,
    /// When a person let it out.
    pub at: UnixMs,
    /// How far it got.
    pub told: Told,
}

/// A contractor that this building asked to be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct OwnWithdrawal {
    /// The company.
    pub contractor: Contractor,
    /// When a person asked.
    pub at: UnixMs,
    /// How far it got.
    pub told: Told,
}

/// How far something got. Weeks are those it was handed in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// Nothing was heard of it.
    Waiting,
    /// The relay of a week keeps it.
    Kept(u64),
    /// The relay of a week did not take it.
    Refused(u64, CardRefusal),
    /// It was let out with the batch of a week.
    LetOut(u64),
    /// Too few buildings handed cards in: it is given up.
    GivenUp,
}

/// A card that waits at this relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct HeldCard {
    /// The week it is let out with.
    pub week: u64,
    /// Who handed it in, by its first key.
    pub building: Address,
    /// The card.
    pub card: SignedCard,
}

/// A withdrawal that waits at this relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct HeldWithdrawal {
    /// The week it is let out with.
    pub week: u64,
    /// Who handed it in, by its first key.
    pub building: Address,
    /// The company.
    pub contractor: Contractor,
}

impl Told {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Kept(_) => "kept",
            Self::Refused(_, refusal) => refusal.name(),
            Self::LetOut(_) => "let_out",
            Self::GivenUp => "given_up",
        }
    }

    /// Whether something may still become of it.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Waiting | Self::Kept(_) | Self::Refused(..) => true,
            Self::LetOut(_) | Self::GivenUp => false,
        }
    }
}

impl IncidentKept {
    /// Which one it is.
    pub const fn key(&self) -> IncidentKeptKey {
        match self {
            Self::Own(own) => IncidentKeptKey::Own(own.source),
            Self::Withdrawal(own) => IncidentKeptKey::Withdrawal(own.contractor),
            Self::Held(held) => IncidentKeptKey::Held(held.week, Item::Card(held.card.key())),
            Self::HeldWithdrawal(held) => IncidentKeptKey::Held(held.week, Item::Withdrawal(held.contractor)),
            Self::Batch(signed) => IncidentKeptKey::Batch(signed.batch.week()),
            Self::Switch(_) => IncidentKeptKey::Switch,
            Self::SurvivalSwitch(_) => IncidentKeptKey::SurvivalSwitch,
        }
    }
}

impl IncidentKeptKey {
    /// Where it lies, below the letter of all of them.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Own(source) => [vec![0], source.as_bytes().to_vec()].concat(),
            Self::Withdrawal(contractor) => [vec![1], encode(contractor)].concat(),
            Self::Held(week, item) => [vec![2], week.to_be_bytes().to_vec(), encode(item)].concat(),
            Self::Batch(week) => [vec![3], week.to_be_bytes().to_vec()].concat(),
            Self::Switch => vec![4],
            Self::SurvivalSwitch => vec![5],
        }
    }
}
