//! What comes of signals: to be stored and sent, in this order.

use protocol::street::StreetMessage;

pub(super) use crate::core::scene::Scene;

use super::stored::{StreetKept, StreetKeptKey};
use crate::core::act;

/// A clock may be behind another by this much, milliseconds.
pub(super) const CLOCK_MS: i64 = 5 * 60 * 1000;

/// Something to be done.
pub(super) type Act = act::Act<StreetKept, StreetKeptKey, StreetMessage>;
