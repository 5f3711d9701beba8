//! What two desks owe the ledger beside slots: the week's sums of the slots they settled together, and the steps of the
//! billing period. The first of a pair offers, the second adds its signature to what it finds itself.

use std::collections::BTreeMap;

use ledger::state::energy::{PairBooks, digest_of_lines, slots_of_week, week_of};
use protocol::energy::{
    MicroEuro, NetLine, Offer, Settlement, SettlementMessage, SignedSettlement, SlotId, WattHours,
    WeekBooking,
};
use protocol::limits::{BOOKED_LINES_MAX, WEEK_LINES_MAX};
use protocol::{Address, Bounded, Digest, SigningKey, Tick};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::act::Act;
use super::credit;
use super::desk::Office;
use super::exchange::wish;
use super::hall::{Hall, day_of};
use super::left::{self, BookedByOthers, Others};
use super::part::first_part;
use super::period;
use crate::core::maintenance::Change;

/// What is due is looked for this often, milliseconds.
const LOOK_MS: u64 = 20_000;
/// Slots whose statements are asked for again at a time.
const LACKING_MAX: usize = 64;
/// A week is booked this long after its end, so that late statements are among it, milliseconds.
pub(super) const BOOK_AFTER_MS: i64 = 2 * 60 * 60 * 1000;

/// What this desk booked of a week with another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Booked {
    /// The week.
    pub week: u64,
    /// The other desk, under its first key.
    pub partner: Address,
    /// Their bookings of the week on the ledger.
    pub bookings: u32,
    /// What those come to, by member's first key.
    pub lines: Bounded<NetLine, BOOKED_LINES_MAX>,
    /// What this desk signed last, written before its signature left.
    pub signed: Option<Bounded<NetLine, WEEK_LINES_MAX>>,
}

/// Bookings and periods of a desk.
#[derive(Debug, Clone, Default)]
pub(super) struct Bookings {
    booked: BTreeMap<(u64, Address), Booked>,
    others: Others,
    looked: Option<Tick>,
    /// Settled slots that each unbooked week waited with at the last look.
    waiting: BTreeMap<u64, u32>,
    /// Slots whose statements are to be asked for again.
    pub(super) lacks: Vec<SlotId>,
}

impl Booked {
    fn new(week: u64, partner: Address) -> Self {
        Self { week, partner, bookings: 0, lines: Bounded::default(), signed: None }
    }

    /// Takes in lines that stand on the ledger.
    fn add(&mut self, lines: &[NetLine], bookings: u32) {
        let sum = added(&self.lines, lines, 1);
        if let Ok(lines) = Bounded::new(sum) {
            (self.lines, self.bookings) = (lines, bookings);
        }
    }
}

impl Bookings {
    pub(super) fn restore(&mut self, booked: Booked) {
        self.booked.insert((booked.week, booked.partner), booked);
    }

    pub(super) fn restore_others(&mut self, booked: BookedByOthers) {
        self.others.insert((booked.week, booked.pair), booked);
    }

    /// A booking stands on the ledger.
    pub(super) fn landed(&mut self, hall: &Hall<'_>, signed: &SignedSettlement, acts: &mut Vec<Act>) {
        let Settlement::Week(booking) = &signed.settlement else { return };
        let me = hall.first_key(&hall.me);
        let pair = signed.signatures.each_ref().map(|(signer, _)| hall.first_key(signer));
        let partner = if pair[0] == me { pair[1] } else { pair[0] };
        if !pair.contains(&me) {
            let noted =
                left::note(&mut self.others, hall, signed, booking).filter(|_| hall.has_desk(&hall.me));
            acts.extend(noted.map(|booked| Act::Store(Change::PutBookedByOthers(Box::new(booked)))));
            return;
        }
        if self.booked(hall, booking.week, partner).is_none() {
            return;
        }
        let booked =
            self.booked.entry((booking.week, partner)).or_insert_with(|| Booked::new(booking.week, partner));
        let on_ledger = hall.state.pair_books(booking.week, pair).map_or(0, |books| books.bookings);
        if booked.bookings < on_ledger {
            let bookings = booked.bookings + 1;
            booked.add(&booking.lines, bookings);
            acts.push(Act::Store(Change::PutBooked(Box::new(booked.clone()))));
        }
    }

    /// What is known of a week with a partner, brought up to the ledger: a booking may have become final while this node
    /// went down. None where the ledger holds one that this node has no record of; it books no more of that week then.
    fn booked(&self, hall: &Hall<'_>, week: u64, partner: Address) -> Option<Booked> {
        let mut booked =
            self.booked.get(&(week, partner)).cloned().unwrap_or_else(|| Booked::new(week, partner));
        let on_ledger = hall.state.pair_books(week, [hall.me, partner]);
        let PairBooks { bookings, last, .. } = match on_ledger {
            Some(books) if books.bookings > booked.bookings => books,
            Some(_) | None => return Some(booked),
        };
        let signed = booked.signed.clone().filter(|lines| digest_of_lines(lines) == last)?;
        if bookings != booked.bookings + 1 {
            return None;
        }
        booked.add(&signed, bookings);
        Some(booked)
    }

    /// Offers what is due to the desks that come after this one.
    pub(super) fn tend(&mut self, hall: &Hall<'_>, key: &SigningKey, office: &Office, acts: &mut Vec<Act>) {
        let now = hall.now.tick;
        if self.looked.is_some_and(|looked| now.since(looked) < LOOK_MS) || !hall.has_desk(&hall.me) {
            return;
        }
        self.looked = Some(now);
        self.lacks = self.lacking(hall, office);
        let waits = waiting(hall);
        let before = std::mem::replace(&mut self.waiting, waits.clone());
        // Late slots come one by one: that they brought nothing is said once, when no more of them come.
        let still_comes = |settlement: &Settlement| {
            matches!(settlement, Settlement::Week(WeekBooking { week, lines, .. })
                if lines.is_empty() && before.get(week) != waits.get(week))
        };
        for partner in hall.desk_addresses() {
            if !hall.may_pair(&hall.me, &partner) || partner <= hall.me {
                continue;
            }
            for settlement in self.due(hall, office, partner).into_iter().filter(|due| !still_comes(due)) {
                self.remember(hall, partner, &settlement, acts);
                let signature = settlement.sign(key, &hall.chain);
                let basis = Digest::of("symbiose nothing to compare v1", &[]);
                let offer = Offer { settlement, basis, signature };
                acts.push(Act::Send(partner, SettlementMessage::Offer(Box::new(offer))));
            }
        }
    }

    /// The first desk of a pair offers: what this one finds too goes on the ledger with both signatures.
    pub(super) fn hear(
        &mut self,
        hall: &Hall<'_>,
        key: &SigningKey,
        office: &Office,
        from: Address,
        offer: &Offer,
        acts: &mut Vec<Act>,
    ) {
        let holds = hall
            .desk_key(&from)
            .is_some_and(|key| offer.settlement.verify(key, &hall.chain, &offer.signature).is_ok());
        if !holds || from >= hall.me || !hall.may_pair(&from, &hall.me) {
            return;
        }
        if !self.due(hall, office, from).contains(&offer.settlement) {
            return;
        }
        self.remember(hall, from, &offer.settlement, acts);
        let mine = (hall.me, offer.settlement.sign(key, &hall.chain));
        acts.push(wish(offer.settlement.clone(), mine, (from, offer.signature)));
    }

    /// What is signed of a week is on disk before it leaves.
    fn remember(&mut self, hall: &Hall<'_>, partner: Address, settlement: &Settlement, acts: &mut Vec<Act>) {
        let Settlement::Week(WeekBooking { week, lines, .. }) = settlement else { return };
        let partner = hall.first_key(&partner);
        let Some(mut booked) = self.booked(hall, *week, partner) else { return };
        if booked.signed.as_ref() == Some(lines) {
            return;
        }
        booked.signed = Some(lines.clone());
        acts.push(Act::Store(Change::PutBooked(Box::new(booked.clone()))));
        self.booked.insert((*week, partner), booked);
    }

    /// Everything that this desk and a partner may put on the ledger now.
    fn due(&self, hall: &Hall<'_>, office: &Office, partner: Address) -> Vec<Settlement> {
        let today = day_of(hall.current(), hall.length());
        let pair = hall.pair(today);
        let mut due = Vec::new();
        if pair.contains(&hall.me) && pair.contains(&partner) {
            due.extend(period::due(hall).into_iter().map(Settlement::Period));
        }
        let length = hall.length();
        let first = week_of(hall.oldest(), length);
        for week in first..week_of(hall.current(), length) {
            let end = slots_of_week(week, length).end.start(length);
            let sums = hall.state.energy_week(week);
            let is_open = sums.traded != sums.booked || sums.results > 0;
            if is_open && hall.now.time.since(end) >= BOOK_AFTER_MS {
                due.extend(self.due_week(hall, office, partner, week).map(Settlement::Week));
            }
        }
        due.extend(credit::due(hall, office, partner).into_iter().map(Settlement::Credit));
        due
    }

    /// What the slots of a week that both desks settled come to, less what they booked.
    fn due_week(&self, hall: &Hall<'_>, office: &Office, partner: Address, week: u64) -> Option<WeekBooking> {
        let booked = self.booked(hall, week, hall.first_key(&partner))?;
        let sums = hall.state.energy_week(week);
        let slots = slots_of_week(week, hall.length());
        let net = net_of(hall, office, partner, &slots)?;
        let own = added(&net, &booked.lines, -1);
        let left = sums.traded.0 - sums.booked.0;
        let back = hall.state.pair_books(week, [hall.me, partner]).map_or(0, |books| books.bought.0);
        // Where nothing was shared an empty booking says so: it falls to the pair of the last day.
        let last = hall.pair(day_of(SlotId(slots.end.0 - 1), hall.length()));
        let closers = [Some(last), hall.heirs(week)];
        let mut closers = closers.iter().flatten();
        let closes = left == 0 && closers.any(|pair| pair.contains(&partner) && pair.contains(&hall.me));
        let lines = if hall.heirs(week).is_some() {
            self.with_orphans(hall, partner, week, &own, left, back)?
        } else {
            first_part(&own, left, back)?
        };
        if lines.is_empty() && !closes {
            return None;
        }
        let lines = Bounded::new(lines).expect("invariant: a part keeps the limit");
        Some(WeekBooking { week, number: sums.bookings + 1, lines })
    }

    /// What a pair books of a week that others left: its own part, and off that what pairs booked whose slots it took over.
    fn with_orphans(
        &self,
        hall: &Hall<'_>,
        partner: Address,
        week: u64,
        own: &[NetLine],
        left: i64,
        back: i64,
    ) -> Option<Vec<NetLine>> {
        let pair = hall.pair_of(&[hall.me, partner]);
        let is_orphan = !hall.has_part(week, &pair);
        if is_orphan && hall.state.pair_books(week, pair).is_some() {
            return None;
        }
        if hall.deputy(week) != Some(pair) {
            return first_part(own, left, back);
        }
        let mut rest = own.to_vec();
        for (orphan, books) in hall.state.pairs_of_week(week) {
            if !hall.has_part(week, &orphan) {
                rest = added(&rest, &self.booked_of(hall, week, orphan, books.bookings)?, -1);
            }
        }
        first_part(&rest, left, back).or_else(|| first_part(own, left, back))
    }

    /// What a pair booked of a week; none where this desk has no record of all of it.
    fn booked_of(
        &self,
        hall: &Hall<'_>,
        week: u64,
        pair: [Address; 2],
        bookings: u32,
    ) -> Option<Vec<NetLine>> {
        let me = hall.first_key(&hall.me);
        let partner = pair.into_iter().find(|one| *one != me).filter(|_| pair.contains(&me));
        if let Some(partner) = partner {
            return self.booked(hall, week, partner).map(|booked| booked.lines.into_vec());
        }
        let known = self.others.get(&(week, pair)).filter(|known| known.bookings == bookings);
        known.map(|known| known.lines.to_vec())
    }

    /// Slots of weeks that are to be booked anew whose statements this desk let go of.
    pub(super) fn lacking(&self, hall: &Hall<'_>, office: &Office) -> Vec<SlotId> {
        let length = hall.length();
        let weeks = week_of(hall.oldest(), length)..week_of(hall.current(), length);
        let open = weeks.filter(|week| {
            let sums = hall.state.energy_week(*week);
            sums.traded != sums.booked || sums.results > 0
        });
        open.flat_map(|week| lacking_of(hall, office, week)).take(LACKING_MAX).collect()
    }

    /// Weeks that stand on the ledger otherwise than in this desk's records.
    pub(super) fn broken(&self, hall: &Hall<'_>) -> Vec<u64> {
        let known = self.booked.keys().filter(|(week, partner)| self.booked(hall, *week, *partner).is_none());
        known.map(|(week, _)| *week).collect()
    }

    /// Lets go of weeks that are final.
    pub(super) fn forget(&mut self, before: u64, acts: &mut Vec<Act>) {
        let gone: Vec<(u64, Address)> =
            self.booked.keys().filter(|(week, _)| *week < before).copied().collect();
        for (week, partner) in gone {
            self.booked.remove(&(week, partner));
            acts.push(Act::Store(Change::DeleteBooked(week, partner)));
        }
        while let Some((week, pair)) = self.others.keys().next().copied().filter(|(week, _)| *week < before) {
            self.others.remove(&(week, pair));
            acts.push(Act::Store(Change::DeleteBookedByOthers(week, pair)));
        }
    }
}

/// Settled slots that stand on the ledger and are not booked, by week.
fn waiting(hall: &Hall<'_>) -> BTreeMap<u64, u32> {
    let weeks = week_of(hall.oldest(), hall.length())..week_of(hall.current(), hall.length());
    weeks
        .map(|week| (week, hall.state.energy_week(week).results))
        .filter(|(_, results)| *results > 0)
        .collect()
}

/// The same of one week. Whether its slots fall to this desk is asked once for each pair that settled some of them.
fn lacking_of(hall: &Hall<'_>, office: &Office, week: u64) -> Vec<SlotId> {
    let slots = slots_of_week(week, hall.length());
    let settled = hall.state.settled_slots(slots.start..=SlotId(slots.end.0.saturating_sub(1)));
    let mut left: BTreeMap<[Address; 2], bool> = BTreeMap::new();
    let unknown = settled.filter(|settled| {
        let (slot, version) = (settled.result.slot, settled.result.version);
        let is_mine = settled.settlers.iter().any(|settler| hall.state.current(settler) == hall.me);
        let is_known = office.trays.contains_key(&slot) || office.sums.has(slot, version);
        let pair = hall.pair_of(&settled.settlers);
        let is_left = *left.entry(pair).or_insert_with(|| hall.takes_over_from(week, &pair));
        let falls_here = is_left && !hall.is_final(slot) && !office.busy.contains(&slot);
        slot >= hall.kept() && (is_mine && !is_known || falls_here)
    });
    unknown.map(|settled| settled.result.slot).collect()
}

/// Sums over the slots that stand on the ledger with the signatures of this desk and a partner. None where this desk
/// cannot tell the lines of one of them, because a correction is on its way.
fn net_of(
    hall: &Hall<'_>,
    office: &Office,
    partner: Address,
    slots: &std::ops::Range<SlotId>,
) -> Option<Vec<NetLine>> {
    let last = SlotId(slots.end.0.checked_sub(1)?);
    let mut net = Vec::new();
    for settled in hall.state.settled_slots(slots.start..=last) {
        let settlers = settled.settlers.map(|settler| hall.state.current(&settler));
        if !settlers.contains(&hall.me) || !settlers.contains(&partner) {
            continue;
        }
        net = added(&net, &office.lines(hall, settled)?, 1);
    }
    Some(net)
}

pub(super) const fn zero(member: Address) -> NetLine {
    let (energy, money) = (WattHours::ZERO, MicroEuro::ZERO);
    NetLine { member, bought: energy, sold: energy, balance: money, fee: money }
}

pub(super) fn is_zero(line: &NetLine) -> bool {
    *line == zero(line.member)
}

/// `lines` plus `sign` times `more`, by member; what comes to nothing is left out.
pub(super) fn added(lines: &[NetLine], more: &[NetLine], sign: i64) -> Vec<NetLine> {
    let mut sums: BTreeMap<Address, NetLine> = lines.iter().map(|line| (line.member, *line)).collect();
    for line in more {
        let sum = sums.entry(line.member).or_insert_with(|| zero(line.member));
        sum.bought.0 += sign * line.bought.0;
        sum.sold.0 += sign * line.sold.0;
        sum.balance.0 += sign * line.balance.0;
        sum.fee.0 += sign * line.fee.0;
    }
    sums.into_values().filter(|line| !is_zero(line)).collect()
}
