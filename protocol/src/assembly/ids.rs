//! Who and what takes part in an assembly, and how much it weighs. Lots and persons are numbers that mean something in
//! their own building's registry only.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::bytes::fixed_bytes;

fixed_bytes! {
    /// An assembly: hash of everything the ledger is told when it opens, so that nothing of it can change afterwards.
    AssemblyId, 32
}

macro_rules! counted {
    ($(#[$doc:meta])* $name:ident, $number:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $number);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

counted! {
    /// A lot of one building.
    LotId, u32
}
counted! {
    /// A natural or legal person of one building's registry.
    PersonId, u32
}
counted! {
    /// A charge that only some lots bear, of one building.
    ChargeId, u16
}
counted! {
    /// A resolution of one assembly, from 1 in the order of the agenda.
    ItemNumber, u16
}
counted! {
    /// Shares in the common parts, which are votes. Fractions of the deed are brought to one denominator first.
    Votes, u64
}

impl Votes {
    /// None.
    pub const ZERO: Self = Self(0);
}

impl std::iter::Sum for Votes {
    fn sum<I: Iterator<Item = Self>>(votes: I) -> Self {
        let add = |sum: u64, votes: Self| sum.checked_add(votes.0);
        Self(votes.into_iter().try_fold(0, add).expect("invariant: votes of one building fit an i64"))
    }
}
