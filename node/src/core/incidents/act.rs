//! What comes of incident cards: to be stored and sent, in this order.

use protocol::aggregate::{Cadence, Period};
use protocol::incident::IncidentMessage;
use protocol::limits::CARD_RELEASE_MS;
use protocol::{Address, UnixMs};

pub(super) use crate::core::scene::Scene;

use super::stored::{IncidentKept, IncidentKeptKey};
use crate::core::act;

/// Something to be done.
pub(super) type Act = act::Act<IncidentKept, IncidentKeptKey, IncidentMessage>;

impl Scene<'_> {
    /// The week that runs.
    pub(super) fn week(&self) -> u64 {
        week_at(self.now.time)
    }

    /// Who relays cards in a week: each authority in turn.
    pub(super) fn relay(&self, week: u64) -> Address {
        self.in_turn(week)
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
