//! Why a slot cannot be settled. Nothing of it is settled then.

use protocol::energy::{MicroEuro, WattHours};
use protocol::{Address, Invalid};
use thiserror::Error;

/// Figures or rules that no slot can be settled with.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettleError {
    /// More members than one slot settles.
    #[error("{found} members in one slot, {max} at the most")]
    TooMany {
        /// Most allowed.
        max: usize,
        /// Members found.
        found: usize,
    },
    /// A member stands in the slot twice: its surplus would be sold twice.
    #[error("{member} stands in the slot twice")]
    Twice {
        /// The member.
        member: Address,
    },
    /// An amount of energy outside its bounds.
    #[error("{member}: {field} {found}, 0 to {max} expected")]
    Energy {
        /// The member.
        member: Address,
        /// Demand or surplus.
        field: &'static str,
        /// Most allowed.
        max: WattHours,
        /// Amount found.
        found: WattHours,
    },
    /// Demand and surplus of one member in one slot.
    #[error("{member} needs {demand} and offers {surplus} in one slot; one of them is zero")]
    BothWays {
        /// The member.
        member: Address,
        /// Its demand.
        demand: WattHours,
        /// Its surplus.
        surplus: WattHours,
    },
    /// A price, a term or a parameter of the rule outside its bounds.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Parts of an organiser that give away more than there is.
    #[error("parts of {found}, the whole has {whole}")]
    Parts {
        /// Parts of the whole.
        whole: u32,
        /// Parts given away.
        found: u64,
    },
    /// Sums beyond what an account holds.
    #[error("a bill beyond {max}")]
    Overflow {
        /// Largest amount of an account.
        max: MicroEuro,
    },
}
