//! What comes of settling: to be stored, sent, put on the ledger or told to people, in this order.

use protocol::Address;
use protocol::energy::{SettlementMessage, SignedSettlement};

use crate::core::maintenance::Change;

/// Something to be done.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Act {
    /// Store it, before anything behind it leaves.
    Store(Change),
    /// Send it to a member, which may be this node itself.
    Send(Address, SettlementMessage),
    /// Put it on the ledger after so many milliseconds, unless it is there by then.
    Wish(Box<SignedSettlement>, u64),
    /// People see something else.
    Tell,
}
