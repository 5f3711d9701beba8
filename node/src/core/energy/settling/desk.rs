//! A settlement authority's side: it keeps what members state, settles a slot with the other desk of its pair, and tells
//! every member its line.

use std::collections::BTreeMap;

use ledger::state::energy::{SettledSlot, week_of};
use protocol::energy::{
    NetLine, Receipt, SettlementMessage, SignedStatement, SlotId, StatementError, StatementRefusal,
};
use protocol::limits::{SETTLE_DEADLINE_MS, STATEMENTS_KEPT_MAX};
use protocol::{Address, SigningKey, Tick};

use super::act::Act;
use super::credit::lines_of;
use super::hall::Hall;
use super::refusals::Refusals;
use super::sums::Sums;
use super::tray::{Found, HeldStatement, Placed, Then, Tray};
use crate::core::maintenance::Change;

/// A desk that begins with a slot after its deadline waits this long for the rest, milliseconds of hive time.
const LATE_GRACE_MS: i64 = 20_000;
/// A slot that is settled already is settled anew this long after the last correction, milliseconds.
const CORRECTION_PAUSE_MS: u64 = 5_000;
/// Members whose statements a correction lacks are asked this often, milliseconds.
const WANT_AGAIN_MS: u64 = 10_000;
/// Statements of a slot with which nothing was done for this long are packed, milliseconds.
const TIDY_AFTER_MS: u64 = 5 * 60 * 1000;
/// The newest slots on which a desk works of which it remembers what it found; each takes some 100 bytes a member.
const REMEMBERED_MAX: usize = 64;
/// Slots that a desk looks at in one turn of the clock.
const SLOTS_PER_TURN: usize = 128;

/// What a settlement authority holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Office {
    pub(super) trays: BTreeMap<SlotId, Tray>,
    /// What slots came to that this desk settled.
    pub(super) sums: Sums,
    pub(super) refusals: Refusals,
    /// Slots that are not settled as they are held.
    pub(super) busy: std::collections::BTreeSet<SlotId>,
    count: usize,
    /// The slot whose statements were taken back last.
    restored: Option<SlotId>,
}

impl Office {
    /// Takes back what is stored, slot by slot.
    pub(super) fn restore(&mut self, held: HeldStatement) {
        let slot = held.signed.statement.slot;
        let before = self.restored.replace(slot).filter(|before| *before != slot);
        if let Some(before) = before.and_then(|before| self.trays.get_mut(&before)) {
            before.statements.shut();
        }
        let tray = self.trays.entry(slot).or_insert_with(|| Tray::new(protocol::Now::default()));
        if tray.statements.open().insert(held.member, held).is_none() {
            self.count += 1;
        }
        self.busy.insert(slot);
    }

    /// After a start nothing is known of when statements came.
    pub(super) fn resume(&mut self, hall: &Hall<'_>) {
        for tray in self.trays.values_mut() {
            (tray.begun, tray.changed) = (hall.now, hall.now);
        }
    }

    /// A member's statement, from itself.
    pub(super) fn hear_statement(
        &mut self,
        hall: &Hall<'_>,
        key: &SigningKey,
        from: Address,
        signed: &SignedStatement,
        acts: &mut Vec<Act>,
    ) {
        let statement = &signed.statement;
        let is_sender = statement.member == from || hall.state.current(&statement.member) == from;
        let refused =
            if is_sender { self.take(hall, signed, acts).err() } else { Some(StatementRefusal::OtherMember) };
        if let Some(reason) = refused {
            self.refusals.note(hall.now.time, from, statement.slot, statement.version, reason);
            acts.push(Act::Tell);
        }
        let receipt = Receipt { slot: statement.slot, version: statement.version, refused };
        acts.push(Act::Send(from, SettlementMessage::Receipt(receipt)));
        self.consider(hall, key, statement.slot, acts);
    }

    /// Statements that another desk holds.
    pub(super) fn hear_share(
        &mut self,
        hall: &Hall<'_>,
        key: &SigningKey,
        from: Address,
        statements: &[SignedStatement],
        acts: &mut Vec<Act>,
    ) {
        let mut slots = std::collections::BTreeSet::new();
        for signed in statements {
            let statement = &signed.statement;
            if !hall.partners(statement.slot).contains(&from) {
                continue;
            }
            slots.insert(statement.slot);
            match self.take(hall, signed, acts) {
                Ok(()) | Err(StatementRefusal::Superseded) => {}
                Err(reason) => {
                    let (member, slot) = (statement.member, statement.slot);
                    self.refusals.note(hall.now.time, member, slot, statement.version, reason);
                    acts.push(Act::Tell);
                }
            }
        }
        for slot in slots {
            self.consider(hall, key, slot, acts);
        }
    }

    /// Checks a statement and keeps it.
    fn take(
        &mut self,
        hall: &Hall<'_>,
        signed: &SignedStatement,
        acts: &mut Vec<Act>,
    ) -> Result<(), StatementRefusal> {
        let statement = &signed.statement;
        let slot = statement.slot;
        if !hall.has_desk(&hall.me) || !hall.is_desk_of(slot) {
            return Err(StatementRefusal::NotHere);
        }
        let key = hall.key_of(&statement.member).ok_or(StatementRefusal::OtherMember)?;
        signed.verify(&key, &hall.chain).map_err(|error| refusal(&error))?;
        if statement.length != hall.length() {
            return Err(StatementRefusal::Length);
        }
        if slot >= hall.current() {
            return Err(StatementRefusal::NotOver);
        }
        if !hall.is_open(slot) || !hall.belonged(slot, &statement.member) {
            return Err(StatementRefusal::TooLate);
        }
        let member = hall.first_key(&statement.member);
        let was_shut = self.trays.get(&slot).is_some_and(|tray| !tray.statements.is_open());
        let held = self.trays.get_mut(&slot).map(|tray| tray.statements.open());
        let is_held = held.is_some_and(|held| held.contains_key(&member));
        if !is_held && self.count >= STATEMENTS_KEPT_MAX && !self.make_room(hall, slot, acts) {
            return Err(StatementRefusal::Full);
        }
        let tray = self.trays.entry(slot).or_insert_with(|| Tray::new(hall.now));
        let contradicted = |tray: &mut Tray| {
            tray.statements.open().get(&member).is_some_and(|one| one.contradiction.is_some())
        };
        let before = contradicted(tray);
        let placed = tray.place(hall.now, member, signed.clone(), &Then::of(hall, slot));
        self.count += usize::from(!is_held);
        let is_news = matches!(placed, Placed::New | Placed::Counted) || contradicted(tray) != before;
        if is_news {
            let held = tray.statements.open()[&member].clone();
            acts.push(Act::Store(Change::PutStatement(Box::new(held))));
            self.busy.insert(slot);
        } else if was_shut {
            tray.statements.shut();
        }
        match placed {
            Placed::New | Placed::Counted | Placed::Known => Ok(()),
            Placed::Superseded => Err(StatementRefusal::Superseded),
            Placed::Contradiction => Err(StatementRefusal::Contradiction),
        }
    }

    /// Lets go of the oldest slot before this one that is settled and booked: whoever corrects it is asked for again what it
    /// stated, and so are the others. Answers whether there was one.
    pub(super) fn make_room(&mut self, hall: &Hall<'_>, before: SlotId, acts: &mut Vec<Act>) -> bool {
        let is_done = |slot: &SlotId| {
            let week = hall.state.energy_week(week_of(*slot, hall.length()));
            let is_booked = week.traded == week.booked && week.results == 0;
            hall.latest(*slot).is_some() && is_booked && !hall.is_disputed(*slot)
        };
        let oldest = self.trays.keys().take_while(|slot| **slot < before).find(|slot| is_done(slot)).copied();
        if let Some(slot) = oldest {
            self.let_go(slot, acts);
        }
        oldest.is_some()
    }

    /// What was let go of a slot is needed again.
    pub(super) fn ask_again(&mut self, hall: &Hall<'_>, slot: SlotId) {
        self.trays.entry(slot).or_insert_with(|| Tray::new(hall.now));
        self.busy.insert(slot);
    }

    fn let_go(&mut self, slot: SlotId, acts: &mut Vec<Act>) {
        self.busy.remove(&slot);
        let Some(tray) = self.trays.remove(&slot) else { return };
        for member in tray.statements.read().keys() {
            self.count -= 1;
            acts.push(Act::Store(Change::DeleteStatement(slot, *member)));
        }
    }

    /// Packs the statements of slots with which nothing is done.
    pub(super) fn tidy(&mut self, now: Tick) {
        let Self { trays, busy, .. } = self;
        for (slot, tray) in trays {
            if now.since(tray.changed.tick) >= TIDY_AFTER_MS && !busy.contains(slot) {
                tray.statements.shut();
            }
        }
    }

    /// Statements held.
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// What a result on the ledger brought each member, where this desk knows it.
    pub(super) fn lines(&self, hall: &Hall<'_>, settled: &SettledSlot) -> Option<Vec<NetLine>> {
        let (slot, version) = (settled.result.slot, settled.result.version);
        if let Some(lines) = self.sums.of(slot, version) {
            return Some(lines);
        }
        let tray = self.trays.get(&slot)?;
        let found = tray.find(hall, slot, version).filter(|found| found.says(&settled.result));
        let found =
            found.or_else(|| tray.find_final(hall, slot).filter(|found| found.says(&settled.result)))?;
        Some(lines_of(hall, &found.outcome))
    }

    /// Keeps what a result on the ledger came to.
    pub(super) fn sum_up(&mut self, hall: &Hall<'_>, slot: SlotId, found: &Found) {
        let version = found.result.version;
        if !hall.is_final(slot) {
            self.sums.keep_only(slot, version);
        }
        if !self.sums.has(slot, version) {
            self.sums.note(slot, version, &lines_of(hall, &found.outcome));
        }
    }

    /// What the clock brings: deadlines, offers that got lost, statements that are lacking.
    pub(super) fn tend(&mut self, hall: &Hall<'_>, key: &SigningKey, acts: &mut Vec<Act>) {
        let slots: Vec<SlotId> = self.busy.iter().rev().take(SLOTS_PER_TURN).copied().collect();
        for (turn, slot) in slots.into_iter().enumerate() {
            self.consider(hall, key, slot, acts);
            self.want(hall, slot, acts);
            if (turn >= REMEMBERED_MAX || !self.busy.contains(&slot))
                && let Some(tray) = self.trays.get_mut(&slot)
            {
                tray.forget();
            }
        }
        if self.refusals.is_due(hall.now.tick) {
            acts.push(Act::Store(Change::PutRefusals(Box::new(self.refusals.store(hall.now.tick)))));
        }
    }

    /// Asks members for statements on which an earlier version of the slot rests.
    fn want(&mut self, hall: &Hall<'_>, slot: SlotId, acts: &mut Vec<Act>) {
        let Some(tray) = self.trays.get_mut(&slot) else { return };
        if tray.wanted.is_some_and(|wanted| hall.now.tick.since(wanted) < WANT_AGAIN_MS) {
            return;
        }
        let mut lost = tray.lost(hall, slot).to_vec();
        if lost.is_empty() && !tray.knows_final(hall, slot) {
            lost = hall.expected(slot).into_values().collect();
        }
        if !lost.is_empty() && hall.is_desk_of(slot) {
            acts.extend(lost.iter().map(|member| Act::Send(*member, SettlementMessage::Wanted(slot))));
            tray.wanted = Some(hall.now.tick);
        }
    }

    /// Tells every member its line of a slot that the ledger has just taken.
    pub(super) fn on_ledger(&mut self, hall: &Hall<'_>, slot: SlotId, acts: &mut Vec<Act>) {
        let Some(tray) = self.trays.get_mut(&slot) else { return };
        let Some(settled) = hall.latest(slot) else { return };
        (tray.mine, tray.wished, tray.differs, tray.apart) = (None, None, None, None);
        tray.offers.clear();
        tray.opinions.clear();
        tray.told.clear();
        if !settled.settlers.contains(&hall.me) {
            return;
        }
        let Some(found) = tray.found(hall, slot, settled.result.version) else { return };
        if !found.says(&settled.result) {
            return;
        }
        let found = found.clone();
        self.busy.remove(&slot);
        tray.forget();
        self.sum_up(hall, slot, &found);
        for told in found.lines() {
            let to = hall.state.current(&told.member);
            acts.push(Act::Send(to, SettlementMessage::Line(Box::new(told))));
        }
    }

    /// A member asks for its line.
    pub(super) fn hear_ask(&self, hall: &Hall<'_>, from: Address, slot: SlotId, acts: &mut Vec<Act>) {
        let (Some(tray), Some(settled)) = (self.trays.get(&slot), hall.latest(slot)) else { return };
        let origin = hall.first_key(&from);
        if !tray.statements.read().contains_key(&origin) {
            return;
        }
        let found = tray.find(hall, slot, settled.result.version);
        let Some(found) = found.filter(|found| found.says(&settled.result)) else { return };
        let mine = |told: &protocol::energy::ToldLine| hall.first_key(&told.member) == origin;
        if let Some(told) = found.lines().into_iter().find(mine) {
            acts.push(Act::Send(from, SettlementMessage::Line(Box::new(told))));
        }
    }

    /// Whether a slot may be settled as it is held now.
    pub(super) fn is_ready(hall: &Hall<'_>, slot: SlotId, tray: &mut Tray) -> bool {
        if tray.statements.len() == 0 {
            return false;
        }
        if hall.latest(slot).is_some() {
            let is_quiet = hall.now.tick.since(tray.changed.tick) >= CORRECTION_PAUSE_MS;
            return is_quiet && tray.lost(hall, slot).is_empty() && tray.knows_final(hall, slot);
        }
        let deadline = slot.end(hall.length()).plus(SETTLE_DEADLINE_MS);
        let late = tray.begun.time.plus(LATE_GRACE_MS);
        tray.is_full(hall, slot) || hall.now.time >= deadline.max(late)
    }

    /// Lets go of slots that are final and of those older than is kept.
    pub(super) fn forget(&mut self, before: SlotId, acts: &mut Vec<Act>) {
        while let Some(slot) =
            self.trays.first_key_value().map(|(slot, _)| *slot).filter(|slot| *slot < before)
        {
            self.let_go(slot, acts);
        }
        self.sums.forget(before);
    }

    /// Slots on which this desk and another find something else in the same statements.
    pub(super) fn disputed(&self, now: Tick, after_ms: u64) -> impl Iterator<Item = SlotId> {
        let differs = move |tray: &Tray| tray.differs.is_some_and(|since| now.since(since) >= after_ms);
        self.trays.iter().filter(move |(_, tray)| differs(tray)).map(|(slot, _)| *slot)
    }
}

fn refusal(error: &StatementError) -> StatementRefusal {
    match error {
        StatementError::Decode(_)
        | StatementError::Invalid(_)
        | StatementError::BothWays { .. }
        | StatementError::MissingWithEnergy { .. } => StatementRefusal::Figures,
        StatementError::Signature(_) => StatementRefusal::Signature,
        StatementError::OtherMember { .. } => StatementRefusal::OtherMember,
    }
}
