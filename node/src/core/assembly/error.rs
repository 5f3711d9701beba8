//! Why something about registry, keys or assemblies is not done.

use protocol::Invalid;
use protocol::assembly::{BallotError, ItemNumber, LotId, PersonId, RegistryError};
use thiserror::Error;

/// Refused; nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HomeError {
    /// The registry contradicts itself.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A value outside its bounds.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Not what it should be, or not signed by whom it names.
    #[error(transparent)]
    Signed(#[from] BallotError),
    /// Somebody else changed it meanwhile.
    #[error("revision {expected} expected, found {found}: somebody changed it meanwhile")]
    Revision {
        /// What stands now.
        expected: u64,
        /// What the change was made on.
        found: u64,
    },
    /// Nothing is kept yet.
    #[error("this building has no registry yet")]
    NoRegistry,
    /// No such person.
    #[error("person {person} is not in the registry")]
    NoPerson {
        /// Who was named.
        person: PersonId,
    },
    /// No such lot.
    #[error("lot {lot} is not in the registry")]
    NoLot {
        /// Which was named.
        lot: LotId,
    },
    /// Whoever asks may not.
    #[error("expected {expected}")]
    NotYours {
        /// Who may.
        expected: &'static str,
    },
    /// The code opens nothing.
    #[error("this code is not valid, or was used")]
    NoLetter,
    /// The key belongs to somebody already.
    #[error("this key is known already")]
    KeyTaken,
    /// No such key.
    #[error("there is no such key")]
    NoKey,
    /// It is decided already.
    #[error("the time for this is over")]
    TooLate,
    /// Nobody said that this person lost the keys.
    #[error("nobody asked for this person's keys to be replaced")]
    NoLoss,
    /// Two persons are needed.
    #[error("somebody else than who asked has to agree")]
    SamePerson,
    /// The law still needs the name.
    #[error("this person owns, lives in or serves the building: the law still needs the name")]
    StillNeeded,
    /// Enough of them.
    #[error("at most {max} {field} are kept")]
    Full {
        /// What.
        field: &'static str,
        /// How many.
        max: usize,
    },
    /// No such assembly.
    #[error("there is no such assembly")]
    NoAssembly,
    /// No such resolution.
    #[error("item {item} is not on the agenda")]
    NoItem {
        /// Which was named.
        item: ItemNumber,
    },
    /// No such poll.
    #[error("there is no such poll")]
    NoPoll,
    /// No such sheet.
    #[error("no such sheet waits for a signature")]
    NoSheet,
    /// No such document.
    #[error("document {document} is not kept here")]
    NoDocument {
        /// Which was named.
        document: protocol::Digest,
    },
    /// The law lets a second assembly be held later only.
    #[error("the law allows this assembly from {first} on")]
    TooSoon {
        /// The first day.
        first: protocol::assembly::Day,
    },
    /// Not at this stage of an assembly.
    #[error("expected an assembly that {expected}")]
    Stage {
        /// Which.
        expected: &'static str,
    },
    /// The law of the building says no.
    #[error(transparent)]
    Law(#[from] ledger::assembly::AssemblyError),
    /// A proxy that the law or the assembly does not let count.
    #[error("this proxy does not count: {0}")]
    Proxy(ledger::assembly::ProxyRefused),
    /// What came does not count.
    #[error("it does not count: {0}")]
    Refused(#[from] ledger::assembly::Refused),
}
