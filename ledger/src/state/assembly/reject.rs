//! Why the ledger refuses something about assemblies. What is worth keeping as proof is not refused but put on record.

use protocol::assembly::{AssemblyId, ItemNumber};
use protocol::{Address, Height, Invalid, SignatureError};
use thiserror::Error;

use crate::assembly::WrongRecord;

/// A transaction about assemblies that may not stand in a block.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AssemblyReject {
    /// A figure outside its bounds.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no such assembly, poll or question.
    #[error("there is no {what} {found:?}")]
    Unknown {
        /// What.
        what: &'static str,
        /// Which one.
        found: AssemblyId,
    },
    /// Somebody else's building.
    #[error("it is of {expected}, not of {found}")]
    NotYours {
        /// The building's.
        expected: Address,
        /// The author's.
        found: Address,
    },
    /// Another number is due.
    #[error("the building's next assembly is number {expected}, this is {found}")]
    Number {
        /// The number that is due.
        expected: u32,
        /// The number found.
        found: u32,
    },
    /// The first height lies behind: nobody could have known of it.
    #[error("it opens at height {opens}, the block is at {height}")]
    Opens {
        /// The first height.
        opens: Height,
        /// The block's.
        height: Height,
    },
    /// The vote is not over.
    #[error("the vote closes at height {closes}, the block is at {height}")]
    Closes {
        /// The last height.
        closes: Height,
        /// The block's.
        height: Height,
    },
    /// It follows an assembly that does not lead to it.
    #[error("the assembly it follows does not lead to it: {detail}")]
    Follows {
        /// Why.
        detail: &'static str,
    },
    /// It answers a question that was not put to this building, or is decided.
    #[error("it answers a question that was not put to this building, or is decided")]
    NotAsked,
    /// The law knows no such matter.
    #[error("the law knows no matter as that of item {item}")]
    Matter {
        /// The item.
        item: ItemNumber,
    },
    /// The signatures are not those of the persons who count.
    #[error("the signatures are not those of the persons who count: {0}")]
    Signature(#[from] SignatureError),
    /// Another item is due.
    #[error("item {expected} is due, this is {found}")]
    Item {
        /// The item that is due.
        expected: ItemNumber,
        /// The item found.
        found: ItemNumber,
    },
    /// It is on record already.
    #[error("{what} is on record already")]
    Known {
        /// What.
        what: &'static str,
    },
    /// A promise that does not hold, or that was kept.
    #[error("the promise proves nothing: {detail}")]
    Promise {
        /// Why.
        detail: &'static str,
    },
    /// A result that is wrong in itself.
    #[error(transparent)]
    Wrong(#[from] WrongRecord),
    /// A table is full.
    #[error("{what}: {max} at the most")]
    Full {
        /// Which one.
        what: &'static str,
        /// Its maximum.
        max: u64,
    },
    /// The assembly is not concluded.
    #[error("the assembly is not concluded")]
    NotConcluded,
}
