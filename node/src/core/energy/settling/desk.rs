//! A settlement authority's side: it keeps what members state, settles a slot with the other desk of its pair, and tells
//! every member its line.

use std::collections::BTreeMap;

use protocol::energy::{
    Receipt, SettlementMessage, SignedStatement, SlotId, StatementError, StatementRefusal,
};
use protocol::limits::{SETTLE_DEADLINE_MS, STATEMENTS_KEPT_MAX};
use protocol::{Address, SigningKey, Tick};

use super::act::Act;
use super::hall::Hall;
use super::refusals::Refusals;
use super::tray::{HeldStatement, Placed, Tray};
use crate::core::maintenance::Change;

/// A desk that begins with a slot after its deadline waits this long for the rest, milliseconds of hive time.
const LATE_GRACE_MS: i64 = 20_000;
/// A slot that is settled already is settled anew this long after the last correction, milliseconds.
const CORRECTION_PAUSE_MS: u64 = 5_000;
/// Members whose statements a correction lacks are asked this often, milliseconds.
const WANT_AGAIN_MS: u64 = 10_000;
/// Slots that a desk looks at in one turn of the clock.
const SLOTS_PER_TURN: usize = 128;

/// What a settlement authority holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Office {
    pub(super) trays: BTreeMap<SlotId, Tray>,
    pub(super) refusals: Refusals,
    /// Slots that are not settled as they are held.
    pub(super) busy: std::collections::BTreeSet<SlotId>,
    count: usize,
}

impl Office {
    pub(super) fn restore(&mut self, held: HeldStatement) {
        let slot = held.signed.statement.slot;
        let tray = self.trays.entry(slot).or_insert_with(|| Tray::new(protocol::Now::default()));
        if tray.statements.insert(held.member, held).is_none() {
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
        let member = hall.state.origin(&statement.member);
        let is_held = self.trays.get(&slot).is_some_and(|tray| tray.statements.contains_key(&member));
        if !is_held && self.count >= STATEMENTS_KEPT_MAX {
            return Err(StatementRefusal::Full);
        }
        let tray = self.trays.entry(slot).or_insert_with(|| Tray::new(hall.now));
        let contradicted =
            |tray: &Tray| tray.statements.get(&member).is_some_and(|one| one.contradiction.is_some());
        let before = contradicted(tray);
        let placed = tray.place(hall.now, member, signed.clone());
        self.count += usize::from(!is_held);
        let is_news = placed == Placed::New || contradicted(tray) != before;
        if is_news {
            let held = tray.statements[&member].clone();
            acts.push(Act::Store(Change::PutStatement(Box::new(held))));
            self.busy.insert(slot);
        }
        match placed {
            Placed::New | Placed::Known => Ok(()),
            Placed::Superseded => Err(StatementRefusal::Superseded),
            Placed::Contradiction => Err(StatementRefusal::Contradiction),
        }
    }

    /// What the clock brings: deadlines, offers that got lost, statements that are lacking.
    pub(super) fn tend(&mut self, hall: &Hall<'_>, key: &SigningKey, acts: &mut Vec<Act>) {
        let slots: Vec<SlotId> = self.busy.iter().rev().take(SLOTS_PER_TURN).copied().collect();
        for slot in slots {
            self.consider(hall, key, slot, acts);
            self.want(hall, slot, acts);
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
        let lost = tray.lost(hall, slot);
        if !lost.is_empty() && hall.is_desk_of(slot) {
            tray.wanted = Some(hall.now.tick);
            acts.extend(lost.into_iter().map(|member| Act::Send(member, SettlementMessage::Wanted(slot))));
        }
    }

    /// Tells every member its line of a slot that the ledger has just taken.
    pub(super) fn on_ledger(&mut self, hall: &Hall<'_>, slot: SlotId, acts: &mut Vec<Act>) {
        let Some(tray) = self.trays.get_mut(&slot) else { return };
        let Some(settled) = hall.state.settled(slot) else { return };
        (tray.mine, tray.wished, tray.differs) = (None, None, None);
        tray.offers.clear();
        if !settled.settlers.contains(&hall.me) {
            return;
        }
        let Some(found) = tray.find(hall, slot, settled.result.version) else { return };
        if !found.says(&settled.result) {
            return;
        }
        self.busy.remove(&slot);
        for told in found.lines() {
            let to = hall.state.current(&told.member);
            acts.push(Act::Send(to, SettlementMessage::Line(Box::new(told))));
        }
    }

    /// A member asks for its line.
    pub(super) fn hear_ask(&self, hall: &Hall<'_>, from: Address, slot: SlotId, acts: &mut Vec<Act>) {
        let (Some(tray), Some(settled)) = (self.trays.get(&slot), hall.state.settled(slot)) else { return };
        let origin = hall.state.origin(&from);
        if !tray.statements.contains_key(&origin) {
            return;
        }
        let found = tray.find(hall, slot, settled.result.version);
        let Some(found) = found.filter(|found| found.says(&settled.result)) else { return };
        let mine = |told: &protocol::energy::ToldLine| hall.state.origin(&told.member) == origin;
        if let Some(told) = found.lines().into_iter().find(mine) {
            acts.push(Act::Send(from, SettlementMessage::Line(Box::new(told))));
        }
    }

    /// Whether a slot may be settled as it is held now.
    pub(super) fn is_ready(hall: &Hall<'_>, slot: SlotId, tray: &Tray) -> bool {
        if tray.statements.is_empty() {
            return false;
        }
        if hall.state.settled(slot).is_some() {
            let is_quiet = hall.now.tick.since(tray.changed.tick) >= CORRECTION_PAUSE_MS;
            return is_quiet && tray.lost(hall, slot).is_empty();
        }
        let deadline = slot.end(hall.length()).plus(SETTLE_DEADLINE_MS);
        let late = tray.begun.time.plus(LATE_GRACE_MS);
        tray.is_full(hall, slot) || hall.now.time >= deadline.max(late)
    }

    /// Lets go of slots that are final and of those older than is kept.
    pub(super) fn forget(&mut self, before: SlotId, acts: &mut Vec<Act>) {
        let kept = self.trays.split_off(&before);
        for (slot, tray) in std::mem::replace(&mut self.trays, kept) {
            self.busy.remove(&slot);
            for member in tray.statements.into_keys() {
                self.count -= 1;
                acts.push(Act::Store(Change::DeleteStatement(slot, member)));
            }
        }
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
