//! Weeks that those who settled them do not book, because a desk is gone for good. A day after a week was due its slots fall
//! to another pair of the rota, each day to the next: it settles them again as they stand, which makes them its own on the
//! ledger, and books them. Everybody finds the same pair from ledger and clock, so that members know whom to answer.

use std::collections::BTreeMap;

use ledger::state::energy::{slots_of_week, week_of};
use protocol::energy::{NetLine, SignedSettlement, SlotId, WeekBooking};
use protocol::limits::BOOKED_LINES_MAX;
use protocol::{Address, Bounded};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::booking::{BOOK_AFTER_MS, added};
use super::hall::{Hall, day_of};
use crate::core::telemetry::DAY_MS;

/// Days on which another pair tries.
const TURNS: std::ops::RangeInclusive<i64> = 1..=14;

/// What two other desks booked of a week, as everybody reads it on the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct BookedByOthers {
    /// The week.
    pub week: u64,
    /// The desks, under their first keys, in order.
    pub pair: [Address; 2],
    /// Their bookings of the week.
    pub bookings: u32,
    /// What those come to, by member's first key.
    pub lines: Bounded<NetLine, BOOKED_LINES_MAX>,
}

/// What others booked, by week and pair.
pub(super) type Others = BTreeMap<(u64, [Address; 2]), BookedByOthers>;

impl Hall<'_> {
    /// Two desks by their first keys, in order.
    pub(super) fn pair_of(&self, pair: &[Address; 2]) -> [Address; 2] {
        let mut pair = pair.map(|desk| self.first_key(&desk));
        pair.sort_unstable();
        pair
    }

    /// Whose turn it is to book what is left of a week; none while those who settled it have time.
    pub(super) fn heirs(&self, week: u64) -> Option<[Address; 2]> {
        let slots = slots_of_week(week, self.length());
        let due = slots.end.start(self.length()).plus(BOOK_AFTER_MS);
        let turn = self.now.time.since(due).div_euclid(DAY_MS);
        let last = day_of(SlotId(slots.end.0.saturating_sub(1)), self.length());
        TURNS.contains(&turn).then(|| self.pair(last + turn.unsigned_abs()))
    }

    /// The same of a slot: none unless its pair left it unbooked.
    pub(super) fn heirs_of(&self, slot: SlotId) -> Option<[Address; 2]> {
        if self.is_final(slot) {
            return None;
        }
        let pair = self.pair_of(&self.state.settled(slot)?.settlers);
        self.heirs_of_pair(week_of(slot, self.length()), &pair)
    }

    /// The same of every slot of a week that a pair settled, as far as it is not final. Walks over the week.
    fn heirs_of_pair(&self, week: u64, pair: &[Address; 2]) -> Option<[Address; 2]> {
        let sums = self.state.energy_week(week);
        let is_open = sums.traded != sums.booked || sums.results > 0;
        let heirs = self.heirs(week).filter(|_| is_open)?;
        (self.shared_by(week, pair).is_some_and(|shared| shared != self.booked_by(week, pair)))
            .then_some(heirs)
    }

    /// Whether a slot falls to this desk and another, though a third one settled it.
    pub(super) fn takes_over(&self, slot: SlotId) -> bool {
        let Some(settled) = self.state.settled(slot).filter(|_| !self.is_final(slot)) else { return false };
        self.takes_over_from(week_of(slot, self.length()), &self.pair_of(&settled.settlers))
    }

    /// The same of every slot of a week that a pair settled, as far as it is not final. Walks over the week.
    pub(super) fn takes_over_from(&self, week: u64, pair: &[Address; 2]) -> bool {
        let heirs = self.heirs_of_pair(week, pair).filter(|heirs| heirs.contains(&self.me));
        heirs.is_some_and(|heirs| self.pair_of(&heirs) != *pair)
    }

    /// Energy of the slots of a week that a pair settled, Wh; none where it settled none.
    fn shared_by(&self, week: u64, pair: &[Address; 2]) -> Option<i64> {
        let slots = slots_of_week(week, self.length());
        let all = self.state.settled_slots(slots.start..=SlotId(slots.end.0.saturating_sub(1)));
        let of_pair = all.filter(|settled| self.pair_of(&settled.settlers) == *pair);
        of_pair.map(|settled| settled.result.traded.0).reduce(|sum, traded| sum + traded)
    }

    fn booked_by(&self, week: u64, pair: &[Address; 2]) -> i64 {
        self.state.pair_books(week, *pair).map_or(0, |books| books.bought.0)
    }

    /// Whether a pair settled any slot of a week as it stands.
    pub(super) fn has_part(&self, week: u64, pair: &[Address; 2]) -> bool {
        self.shared_by(week, pair).is_some()
    }

    /// Who takes back what pairs booked that have no slot of the week any more: of the pairs that have something to book,
    /// the one that settled last.
    pub(super) fn deputy(&self, week: u64) -> Option<[Address; 2]> {
        let slots = slots_of_week(week, self.length());
        let all = self.state.settled_slots(slots.start..=SlotId(slots.end.0.saturating_sub(1)));
        let mut latest = BTreeMap::new();
        for settled in all {
            let at = (settled.height, settled.result.slot);
            let known = latest.entry(self.pair_of(&settled.settlers)).or_insert(at);
            *known = at.max(*known);
        }
        latest.retain(|pair, _| self.shared_by(week, pair) != Some(self.booked_by(week, pair)));
        latest.into_iter().max_by_key(|(_, at)| *at).map(|(pair, _)| pair)
    }
}

/// Takes in a booking of other desks. The record, if it could be brought up to the ledger.
pub(super) fn note(
    others: &mut Others,
    hall: &Hall<'_>,
    signed: &SignedSettlement,
    booking: &WeekBooking,
) -> Option<BookedByOthers> {
    let pair = hall.pair_of(&signed.signatures.each_ref().map(|(signer, _)| *signer));
    let week = booking.week;
    let new = || BookedByOthers { week, pair, bookings: 0, lines: Bounded::default() };
    let before = others.get(&(week, pair)).cloned().unwrap_or_else(new);
    let on_ledger = hall.state.pair_books(week, pair).map_or(0, |books| books.bookings);
    if before.bookings >= on_ledger {
        return None;
    }
    let lines = Bounded::new(added(&before.lines, &booking.lines, 1)).ok()?;
    let after = BookedByOthers { bookings: before.bookings + 1, lines, ..before };
    others.insert((week, pair), after.clone());
    Some(after)
}
