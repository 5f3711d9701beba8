//! What comes of incident cards: to be stored and sent, in this order.

use protocol::aggregate::{Cadence, Period};
use protocol::incident::IncidentMessage;
use protocol::limits::CARD_RELEASE_MS;
use protocol::{Address, UnixMs};

pub(super) use crate::core::scene::Scene;

use super::stored::{IncidentKept, IncidentKeptKey};

/// Something to be done.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Act {
    /// Store it, before anything behind it leaves.
    Store(IncidentKept),
    /// Forget it.
    Forget(IncidentKeptKey),
    /// Send it to a member, which may be this node itself.
    Send(Address, IncidentMessage),
    /// Send it to everybody who is connected, but for one.
    Spread(IncidentMessage, Option<Address>),
    /// People see something else.
    Tell,
}

impl Scene<'_> {
    /// The week that runs.
    pub(super) fn week(&self) -> u64 {
        week_at(self.now.time)
    }

    /// Who relays cards in a week: each authority in turn.
    pub(super) fn relay(&self, week: u64) -> Address {
        let authorities = self.state.authorities().addresses();
        let place = week % authorities.len() as u64;
        authorities[usize::try_from(place).expect("invariant: a hive has few authorities")]
    }
}

/// The week in which a time lies.
pub(super) fn week_at(time: UnixMs) -> u64 {
    Period::at(Cadence::Week, time).number
}

/// The first moment after a week.
pub(super) fn end_of(week: u64) -> UnixMs {
    Period { cadence: Cadence::Week, number: week }.end()
}

/// From then on nothing of a week is let out any more.
pub(super) fn lapse_of(week: u64) -> UnixMs {
    end_of(week).plus(CARD_RELEASE_MS)
}

/// The month in which a time lies, counted from January 1970.
pub(super) fn month_at(time: UnixMs) -> u64 {
    Period::at(Cadence::Month, time).number
}
