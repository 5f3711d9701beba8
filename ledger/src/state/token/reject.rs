//! Why the ledger refuses something about tokens.

use protocol::token::{Amount, Asset, Token};
use protocol::{Address, Invalid};
use thiserror::Error;

/// A transaction about tokens that may not stand in a block.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TokenReject {
    /// A figure outside its bounds, nothing to move among them.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is less than is to be moved or retired. Retired credits count no more.
    #[error("{owner} holds {found} units of {asset}, {expected} are asked for")]
    Short {
        /// Whose.
        owner: Address,
        /// Of what.
        asset: Asset,
        /// How many are asked for.
        expected: Amount,
        /// How many there are.
        found: Amount,
    },
    /// The owner does not let the author move as many.
    #[error("{owner} lets {spender} move {found} units of {}, {expected} are asked for", token.name())]
    NotAllowed {
        /// Whose.
        owner: Address,
        /// Who asks.
        spender: Address,
        /// Of what.
        token: Token,
        /// How many are asked for.
        expected: Amount,
        /// How many the owner allows.
        found: Amount,
    },
    /// Somebody is named that is no member, or none any more.
    #[error("{found} is not a member")]
    Stranger {
        /// Who.
        found: Address,
    },
    /// A table is full, or a member's day is.
    #[error("{what}: {max} at the most")]
    Full {
        /// Which one.
        what: &'static str,
        /// Its maximum.
        max: u64,
    },
    /// Minting that would begin in a week that is over.
    #[error("week {from_week} is over; minting begins in week {current} at the earliest")]
    Over {
        /// The week it was to begin with.
        from_week: u64,
        /// The week of the block.
        current: u64,
    },
}
