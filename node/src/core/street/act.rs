//! What comes of signals: to be stored and sent, in this order.

use protocol::Address;
use protocol::street::StreetMessage;

pub(super) use crate::core::scene::Scene;

use super::stored::{StreetKept, StreetKeptKey};

/// A clock may be behind another by this much, milliseconds.
pub(super) const CLOCK_MS: i64 = 5 * 60 * 1000;

/// Something to be done.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Act {
    /// Store it, before anything behind it leaves.
    Store(StreetKept),
    /// Forget it.
    Forget(StreetKeptKey),
    /// Send it to a member, which may be this node itself.
    Send(Address, StreetMessage),
    /// Send it to everybody who is connected, but for one.
    Spread(StreetMessage, Option<Address>),
    /// People see something else.
    Tell,
}
