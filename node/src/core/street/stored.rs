//! What a building and a watch remember of signals over a restart: whether this building takes part, what it signalled,
//! what came in this hour, and what the hive was told.

use protocol::street::{Noticed, SignalRefusal, SignedNotice};
use protocol::{Address, UnixMs, encode};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::core::switch::Switch;

/// Something that is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StreetKept {
    /// Whether the building takes part.
    Switch(Switch),
    /// What the building signalled.
    Said(Said),
    /// What another building, or this one, signalled to this watch, by its first key.
    Heard(Noticed, Address),
    /// What the hive was told.
    Notice(SignedNotice),
}

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StreetKeptKey {
    /// The one there is.
    Switch,
    /// By what.
    Said(Noticed),
    /// By what and whose.
    Heard(Noticed, Address),
    /// By what.
    Notice(Noticed),
}

/// What the building signalled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Said {
    /// What.
    pub noticed: Noticed,
    /// To whom, under its key of then.
    pub watch: Address,
    /// When.
    pub at: UnixMs,
    /// What became of it.
    pub heed: Heed,
}

/// What became of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Heed {
    /// Nothing was heard of it.
    Waiting,
    /// It counts.
    Kept,
    /// It does not.
    Refused(SignalRefusal),
}

impl Heed {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Kept => "kept",
            Self::Refused(refusal) => refusal.name(),
        }
    }
}

impl StreetKept {
    /// Which one it is.
    pub const fn key(&self) -> StreetKeptKey {
        match self {
            Self::Switch(_) => StreetKeptKey::Switch,
            Self::Said(said) => StreetKeptKey::Said(said.noticed),
            Self::Heard(noticed, building) => StreetKeptKey::Heard(*noticed, *building),
            Self::Notice(signed) => StreetKeptKey::Notice(signed.noticed),
        }
    }
}

impl StreetKeptKey {
    /// Where it lies, below the letter of all of them.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Switch => vec![0],
            Self::Said(noticed) => [vec![1], at(noticed)].concat(),
            Self::Heard(noticed, building) => [vec![2], at(noticed), building.as_bytes().to_vec()].concat(),
            Self::Notice(noticed) => [vec![3], at(noticed)].concat(),
        }
    }
}

/// By hour, then by kind.
fn at(noticed: &Noticed) -> Vec<u8> {
    [noticed.hour.0.to_be_bytes().to_vec(), encode(&noticed.kind)].concat()
}
