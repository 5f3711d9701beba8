//! Why the ledger refuses a record of private sums.

use protocol::{Address, Digest, Invalid, SignatureError, UnixMs};
use thiserror::Error;

/// A record that may not stand in a block.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AggregateReject {
    /// A figure outside its bounds.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// A desk that is no authority, or another one than those whose turn it is.
    #[error("{signer} may not sum this: {detail}")]
    NotDesk {
        /// Who.
        signer: Address,
        /// Why.
        detail: &'static str,
    },
    /// Nothing of the kind was asked in that month.
    #[error("task {task} was not asked of group {group} in month {month}")]
    NotAsked {
        /// Hash of the task.
        task: Digest,
        /// The group.
        group: u16,
        /// Months since January 1970.
        month: u64,
    },
    /// The window is still open, or it is over.
    #[error("its figures are taken from {from} to {until}, the block is at {now}")]
    NotNow {
        /// When the window closes for reports.
        from: UnixMs,
        /// When nothing is taken any more.
        until: UnixMs,
        /// Time of the block.
        now: UnixMs,
    },
    /// A figure of that group and period is on the ledger; each is said once.
    #[error("the figure of group {group} is on the ledger already")]
    Known {
        /// The group.
        group: u16,
    },
    /// Fewer than there have to be, or more than there are.
    #[error("{found} {what}, {min} to {max} are allowed")]
    Count {
        /// Buildings or dwellings.
        what: &'static str,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
        /// What is claimed.
        found: u64,
    },
    /// A signature does not hold.
    #[error("signature of {signer}: {error}")]
    Signature {
        /// Who is said to have signed.
        signer: Address,
        /// What is wrong.
        error: SignatureError,
    },
    /// The author says of itself what the ledger knows already.
    #[error("the ledger knows this profile already")]
    Unchanged,
}
