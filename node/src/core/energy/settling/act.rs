//! What comes of settling: to be stored, sent, put on the ledger or told to people, in this order.

use protocol::Address;
use protocol::energy::{DayCommitment, Dispute, SettlementMessage, SignedSettlement};

use crate::core::maintenance::Change;

/// Something to be done.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "few live at a time, and most are changes")]
pub(super) enum Act {
    /// Store it, before anything behind it leaves.
    Store(Change),
    /// Send it to a member, which may be this node itself.
    Send(Address, SettlementMessage),
    /// Put it on the ledger after so many milliseconds, unless it is there by then.
    Wish(Box<SignedSettlement>, u64),
    /// Bind this building on the ledger to what it stated of a day.
    Commit(DayCommitment),
    /// Open a slot to all desks.
    Dispute(Dispute),
    /// People see something else.
    Tell,
}
