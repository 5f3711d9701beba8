//! The building's own side: it states each slot that is over, sends that to the slot's desks until they have it, and
//! checks the line it is told.

use std::collections::{BTreeMap, BTreeSet};

use ledger::energy::commit_day;
use protocol::energy::{
    DayCommitment, Dispute, DisputeReason, Quality, Receipt, Salt, SettlementMessage, SignedStatement,
    SlotId, Statement, StatementRefusal, Terms, ToldLine, WattHours,
};
use protocol::limits::{SETTLE_DEADLINE_MS, SLOT_ENERGY_WH_MAX};
use protocol::{Address, Digest, SigningKey, Tick, UnixMs};

use super::act::Act;
use super::check;
use super::hall::{Hall, day_of};
use super::own::{LineDoubt, OwnOutcome, OwnSlot};
use crate::core::energy::Slot;
use crate::core::maintenance::Change;
use crate::core::telemetry::DAY_MS;

/// A slot of which nothing is known this long before its deadline is stated as missing, milliseconds.
const SAY_MISSING_BEFORE_MS: i64 = 60_000;
/// A statement that no desk took is sent again after this long, milliseconds.
const SEND_AGAIN_MS: u64 = 3_000;
/// A line that did not come is asked for after this long, milliseconds.
const ASK_AGAIN_MS: u64 = 3_000;
/// Slots of which something is sent in one turn.
const SLOTS_PER_TURN: usize = 64;
/// How far back a building looks that has never stated anything, milliseconds.
const FIRST_LOOK_MS: i64 = DAY_MS;
/// A day's statements are bound this long after its end, so that late ones are among them, milliseconds.
const COMMIT_AFTER_MS: i64 = 60 * 60 * 1000;
/// Days are looked at this often, milliseconds.
const COMMIT_LOOK_MS: u64 = 60_000;
/// What is not corrected, or not shown, so long after the statement was made is disputed, milliseconds.
const DISPUTE_AFTER_MS: i64 = 10 * 60 * 1000;
/// Days that may still be bound.
const COMMIT_DAYS: u64 = 30;

/// What is under way of one slot.
#[derive(Debug, Clone)]
struct Way {
    /// When its latest version was made, or the node started.
    since: UnixMs,
    /// Desks that answered the latest version.
    answered: BTreeMap<Address, Option<StatementRefusal>>,
    /// When it was sent to each.
    sent: BTreeMap<Address, Tick>,
    /// When the line was asked for last.
    asked: Option<Tick>,
    /// A line for a result that the ledger does not hold yet.
    early: Option<(Address, ToldLine)>,
    /// Whether all is well with it, and it is sent because somebody disputes the slot.
    is_for_dispute: bool,
}

impl Way {
    const fn new(since: UnixMs) -> Self {
        Self {
            since,
            answered: BTreeMap::new(),
            sent: BTreeMap::new(),
            asked: None,
            early: None,
            is_for_dispute: false,
        }
    }
}

/// The building's slots on their way.
#[derive(Debug, Clone, Default)]
pub(super) struct Post {
    pub(super) own: BTreeMap<SlotId, OwnSlot>,
    /// Slots whose line is not there, or not right.
    open: BTreeMap<SlotId, Way>,
    /// Whether slots of the book may have changed.
    is_stale: bool,
    /// When days were last looked at that no commitment binds to.
    committed: Option<Tick>,
}

/// What a building needs to sign.
#[derive(Clone, Copy)]
pub(super) struct Pen<'a> {
    pub(super) key: &'a SigningKey,
    /// The building's secret, from which salts follow.
    pub(super) secret: Digest,
}

impl Pen<'_> {
    /// Another salt for every slot and version; the same one after a restart.
    fn salt(&self, slot: SlotId, version: u32) -> Salt {
        let parts: [&[u8]; 3] = [self.secret.as_bytes(), &slot.0.to_be_bytes(), &version.to_be_bytes()];
        let digest = Digest::of("symbiose statement salt v1", &parts);
        let mut bytes = [0; Salt::LEN];
        bytes.copy_from_slice(&digest.as_bytes()[..Salt::LEN]);
        Salt::new(bytes)
    }
}

/// The energy of a slot as it is stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Figure {
    import: i64,
    export: i64,
    quality: Quality,
}

const MISSING: Figure = Figure { import: 0, export: 0, quality: Quality::Missing };

impl Figure {
    /// What is held back, or beyond every bound, is missing to others.
    fn of(slot: &Slot) -> Self {
        let Some(flow) = slot.flow.filter(|_| slot.held.is_none()) else { return MISSING };
        let (import, export) = flow.net();
        if import.max(export) > SLOT_ENERGY_WH_MAX {
            return MISSING;
        }
        Self { import, export, quality: slot.quality() }
    }

    fn is_of(&self, statement: &Statement) -> bool {
        let Statement { import, export, quality, .. } = statement;
        (self.import, self.export, self.quality) == (import.0, export.0, *quality)
    }
}

impl Post {
    pub(super) fn restore(&mut self, own: OwnSlot) {
        self.own.insert(own.slot(), own);
        self.is_stale = true;
    }

    pub(super) const fn stale(&mut self) {
        self.is_stale = true;
    }

    /// Takes up, after a start, what is not settled as stated.
    pub(super) fn resume(&mut self, hall: &Hall<'_>) {
        let open: Vec<SlotId> =
            self.own.values().filter(|own| !is_concluded(own, hall)).map(OwnSlot::slot).collect();
        for slot in open {
            self.open.entry(slot).or_insert_with(|| Way::new(hall.now.time));
        }
    }

    /// A slot stands on the ledger, in whichever version.
    pub(super) fn on_ledger(&mut self, hall: &Hall<'_>, slot: SlotId, acts: &mut Vec<Act>) {
        let Some(own) = self.own.get(&slot) else { return };
        if is_concluded(own, hall) {
            return;
        }
        let way = self.open.entry(slot).or_insert_with(|| Way::new(hall.now.time));
        way.asked = Some(hall.now.tick);
        if let Some((from, told)) = way.early.take() {
            self.hear_line(hall, from, &told, acts);
        }
    }

    /// A slot is open to all desks, so that those that do not have its statement are sent it.
    pub(super) fn open_slot(&mut self, hall: &Hall<'_>, slot: SlotId) {
        if let Some(own) = self.own.get(&slot)
            && hall.is_open(slot)
        {
            let is_for_dispute = is_concluded(own, hall);
            let new = || Way { is_for_dispute, ..Way::new(hall.now.time) };
            let way = self.open.entry(slot).or_insert_with(new);
            way.answered.clear();
            way.sent.clear();
        }
    }

    /// Names slots on the ledger that were settled wrong, or of which nobody shows this building's line, one at a time.
    pub(super) fn dispute(&self, hall: &Hall<'_>, acts: &mut Vec<Act>) {
        let wrong = self.open.iter().find_map(|(slot, way)| {
            let (settled, own) = (hall.state.settled(*slot)?, self.own.get(slot)?);
            let version = settled.result.version;
            let is_known = hall.state.disputed(*slot).is_some_and(|disputed| {
                disputed.verdict.as_ref().map_or(disputed.version, |verdict| verdict.version) >= version
            });
            if is_known || hall.is_final(*slot) || !hall.is_open(*slot) {
                return None;
            }
            let is_late = hall.now.time.since(way.since) >= DISPUTE_AFTER_MS;
            let reason = wrong_with(own, version, is_late)?;
            Some(Dispute { slot: *slot, version, reason })
        });
        acts.extend(wrong.map(Act::Dispute));
    }

    /// Whoever connects is sent at once what it lacks.
    pub(super) fn connected(&mut self, member: &Address) {
        for way in self.open.values_mut() {
            way.sent.remove(member);
        }
    }

    /// States what has to be stated now. `slot_of` is the building's book; a building without meters states that its
    /// figures are missing, so that nobody waits for it.
    pub(super) fn state<'b>(
        &mut self,
        hall: &Hall<'_>,
        pen: Pen<'_>,
        has_meters: bool,
        slot_of: impl Fn(SlotId) -> Option<&'b Slot>,
        terms_at: impl Fn(UnixMs) -> Terms,
        acts: &mut Vec<Act>,
    ) {
        let length = hall.length();
        let current = hall.current();
        let back = if std::mem::take(&mut self.is_stale) {
            let first = self.own.first_key_value().map(|(slot, _)| *slot);
            let look = SlotId::at(hall.now.time.plus(-FIRST_LOOK_MS), length).unwrap_or(SlotId(0));
            first.map_or(look, |first| first.min(look))
        } else {
            SlotId(current.0.saturating_sub(4))
        };
        for slot in (back.max(hall.kept()).0..current.0).map(SlotId) {
            let age = hall.now.time.since(slot.end(length));
            let figure = match slot_of(slot) {
                Some(closed) if closed.length == length => Figure::of(closed),
                Some(_) => MISSING,
                None if !has_meters || age >= SETTLE_DEADLINE_MS - SAY_MISSING_BEFORE_MS => MISSING,
                None => continue,
            };
            let terms = || terms_at(slot.start(length));
            self.state_one(hall, pen, slot, figure, &terms, acts);
        }
    }

    fn state_one(
        &mut self,
        hall: &Hall<'_>,
        pen: Pen<'_>,
        slot: SlotId,
        figure: Figure,
        terms: &dyn Fn() -> Terms,
        acts: &mut Vec<Act>,
    ) {
        let known = self.own.get(&slot);
        if known.is_some_and(|own| figure.is_of(own.latest()) || !own.has_room()) {
            return;
        }
        if !hall.is_open(slot) || (known.is_none() && !hall.belonged(slot, &hall.me)) {
            return;
        }
        // Terms are those of the first version: they hold from the start of a slot.
        let (version, terms) =
            known.map_or_else(|| (1, terms()), |own| (own.latest().version + 1, own.latest().terms));
        let statement = Statement {
            member: hall.me,
            length: hall.length(),
            slot,
            import: WattHours(figure.import),
            export: WattHours(figure.export),
            quality: figure.quality,
            version,
            terms,
            salt: pen.salt(slot, version),
        };
        self.sign(hall, pen, statement, acts);
    }

    fn sign(&mut self, hall: &Hall<'_>, pen: Pen<'_>, statement: Statement, acts: &mut Vec<Act>) {
        let slot = statement.slot;
        if statement.check().is_err() {
            return;
        }
        let signed = statement.sign(pen.key, &hall.chain);
        let own = match self.own.remove(&slot) {
            Some(mut own) => {
                own.restate(signed);
                own
            }
            None => OwnSlot::new(signed),
        };
        acts.push(Act::Store(Change::PutOwnSlot(Box::new(own.clone()))));
        acts.push(Act::Tell);
        self.own.insert(slot, own);
        self.open.insert(slot, Way::new(hall.now.time));
    }

    /// Sends what desks do not have, and asks for lines that did not come.
    pub(super) fn send(&mut self, hall: &Hall<'_>, acts: &mut Vec<Act>) {
        let mut turn = 0;
        let mut done = Vec::new();
        for (slot, way) in self.open.iter_mut().rev() {
            let Some(own) = self.own.get(slot) else {
                done.push(*slot);
                continue;
            };
            if turn >= SLOTS_PER_TURN {
                break;
            }
            let before = acts.len();
            if way.is_for_dispute && !hall.is_disputed(*slot) {
                done.push(*slot);
                continue;
            }
            if hall.is_open(*slot) {
                push_statement(hall, own, way, acts);
            }
            ask_line(hall, own, way, acts);
            turn += usize::from(acts.len() > before);
        }
        for slot in done {
            self.open.remove(&slot);
        }
        self.conclude_without_line(hall, acts);
    }

    /// Slots that are settled without a figure of this building have no line.
    fn conclude_without_line(&mut self, hall: &Hall<'_>, acts: &mut Vec<Act>) {
        let slots: Vec<SlotId> = self.open.keys().copied().collect();
        for slot in slots {
            let (Some(settled), Some(own)) = (hall.latest(slot), self.own.get_mut(&slot)) else {
                continue;
            };
            let me = hall.first_key(&hall.me);
            if !settled.result.missing.iter().any(|member| hall.first_key(member) == me) {
                continue;
            }
            let is_missing = own.latest().quality == Quality::Missing;
            let outcome = OwnOutcome {
                version: settled.result.version,
                price: settled.result.price,
                settlers: settled.settlers,
                height: settled.height,
                line: None,
                doubt: (!is_missing).then_some(LineDoubt::LeftOut),
            };
            if own.conclude(outcome, hall.state.corrected(slot).is_some()) {
                acts.push(Act::Store(Change::PutOwnSlot(Box::new(own.clone()))));
                acts.push(Act::Tell);
            }
            if is_missing {
                self.open.remove(&slot);
            }
        }
    }

    /// A desk says what became of a statement.
    pub(super) fn hear_receipt(
        &mut self,
        hall: &Hall<'_>,
        pen: Pen<'_>,
        from: Address,
        receipt: Receipt,
        acts: &mut Vec<Act>,
    ) {
        let Receipt { slot, version, refused } = receipt;
        let Some(own) = self.own.get(&slot).filter(|own| own.latest().version == version) else { return };
        if !hall.has_desk(&from) {
            return;
        }
        let Some(way) = self.open.get_mut(&slot) else { return };
        match refused {
            // The desk thinks otherwise of who settles, of the time or of the hive's slots: that passes.
            Some(StatementRefusal::NotHere | StatementRefusal::NotOver | StatementRefusal::Full) => {}
            // This node lost what it stated before: the next version says what it knows now.
            Some(StatementRefusal::Superseded | StatementRefusal::Contradiction) if own.has_room() => {
                let version = version + 1;
                let salt = pen.salt(slot, version);
                let next = Statement { member: hall.me, version, salt, ..own.latest().clone() };
                self.sign(hall, pen, next, acts);
            }
            None | Some(_) => {
                if let Some(reason) = refused {
                    tracing::warn!(%slot, desk = %from, reason = reason.name(), "a statement is refused");
                }
                way.answered.insert(from, refused);
            }
        }
    }

    /// A desk lacks a statement.
    pub(super) fn hear_wanted(&mut self, hall: &Hall<'_>, from: Address, slot: SlotId, acts: &mut Vec<Act>) {
        let Some(own) = self.own.get(&slot) else { return };
        let since = self.open.get(&slot).map_or(hall.now.time, |way| way.since);
        if !hall.desks(slot, since).contains(&from) {
            return;
        }
        // A desk that let go of a final slot needs what counted in it beside what counts now.
        let settled = hall.state.settled(slot).filter(|_| hall.is_final(slot));
        let line = own.outcome().and_then(|outcome| outcome.line.as_ref());
        let counted = settled.zip(line).and_then(|(settled, line)| check::counted(own, line, settled));
        let before = counted.filter(|counted| *counted != own.signed());
        for signed in before.into_iter().chain([own.signed()]) {
            acts.push(Act::Send(from, SettlementMessage::Statement(Box::new(signed.clone()))));
        }
    }

    /// A desk tells this building's line of a slot.
    pub(super) fn hear_line(&mut self, hall: &Hall<'_>, from: Address, told: &ToldLine, acts: &mut Vec<Act>) {
        let slot = told.slot;
        let (Some(own), Some(way)) = (self.own.get_mut(&slot), self.open.get_mut(&slot)) else { return };
        let settled = hall.latest(slot).filter(|settled| settled.result.version >= told.version);
        let Some(settled) = settled else {
            way.early = Some((from, told.clone()));
            return;
        };
        if settled.result.version > told.version || !hall.has_desk(&from) {
            return;
        }
        let origin = hall.first_key(&told.member);
        let stated = |listed: &Address| if hall.first_key(listed) == origin { told.member } else { *listed };
        let Some(agreed) = hall.agreed(slot).map(|agreed| agreed.named(&stated)) else { return };
        let doubt = check::doubt(own, told, settled, &hall.setting(&agreed));
        if doubt == Some(LineDoubt::Proof)
            && own.newest_checked().is_some_and(|line| line.version == told.version)
        {
            // What was checked stays, whatever somebody says.
            return;
        }
        let outcome = OwnOutcome {
            version: told.version,
            price: settled.result.price,
            settlers: settled.settlers,
            height: settled.height,
            line: Some(told.clone()),
            doubt,
        };
        if own.conclude(outcome, hall.state.corrected(slot).is_some()) {
            acts.push(Act::Store(Change::PutOwnSlot(Box::new(own.clone()))));
            acts.push(Act::Tell);
        }
        if doubt.is_none() {
            self.open.remove(&slot);
        }
    }

    /// Binds the building to what it stated of days that are over, an hour after their end.
    pub(super) fn commit_days(&mut self, hall: &Hall<'_>, acts: &mut Vec<Act>) {
        let now = hall.now.tick;
        if self.committed.is_some_and(|last| now.since(last) < COMMIT_LOOK_MS) {
            return;
        }
        self.committed = Some(now);
        let length = hall.length();
        let last = day_of(hall.current(), length);
        for day in last.saturating_sub(COMMIT_DAYS)..last {
            let first = SlotId(day * u64::from(length.slots_per_day()));
            let after = SlotId(first.0 + u64::from(length.slots_per_day()));
            let is_over = hall.now.time.since(after.start(length)) >= COMMIT_AFTER_MS;
            if !is_over || hall.state.day_commitment(day, hall.me).is_some() {
                continue;
            }
            let own = self.own.range(first..after).flat_map(|(_, own)| own.statements().iter().cloned());
            let statements: Vec<SignedStatement> = own.collect();
            if !statements.is_empty() {
                acts.push(Act::Commit(DayCommitment { day, commitment: commit_day(day, &statements) }));
            }
        }
    }

    /// Lets go of what is older than is kept, and answers it.
    pub(super) fn forget(&mut self, before: SlotId, acts: &mut Vec<Act>) -> Vec<OwnSlot> {
        let kept = self.own.split_off(&before);
        let gone = std::mem::replace(&mut self.own, kept);
        for slot in gone.keys() {
            self.open.remove(slot);
            acts.push(Act::Store(Change::DeleteOwnSlot(*slot)));
        }
        gone.into_values().collect()
    }

    /// Slots whose line did not come, or does not hold.
    pub(super) fn open_slots(&self) -> BTreeSet<SlotId> {
        self.open.keys().copied().collect()
    }
}

/// What is wrong with the building's part of a result, if it is wrong for good or for too long.
fn wrong_with(own: &OwnSlot, version: u32, is_late: bool) -> Option<DisputeReason> {
    let outcome = own.newest().filter(|outcome| outcome.version == version);
    let Some(outcome) = outcome else {
        return (is_late && own.latest().quality != Quality::Missing).then_some(DisputeReason::NoLine);
    };
    let Some(doubt) = outcome.doubt else {
        // It held when it was told, and the building said better since.
        return (is_late && !rests_on_latest(own, outcome)).then_some(DisputeReason::LeftOut);
    };
    match doubt {
        LineDoubt::TooMuch | LineDoubt::TooLittle | LineDoubt::Payment | LineDoubt::Terms => {
            Some(DisputeReason::Line)
        }
        LineDoubt::Proof => is_late.then_some(DisputeReason::NoLine),
        LineDoubt::OtherFigures | LineDoubt::LeftOut => is_late.then_some(DisputeReason::LeftOut),
    }
}

/// Whether the building's part of the latest result is known, and is what it stated last.
fn is_concluded(own: &OwnSlot, hall: &Hall<'_>) -> bool {
    let version = hall.latest(own.slot()).map(|settled| settled.result.version);
    let Some(outcome) = own.newest() else { return false };
    if version != Some(outcome.version) || outcome.doubt.is_some() {
        return false;
    }
    rests_on_latest(own, outcome)
}

/// Whether the building's part of a result is what it stated last.
fn rests_on_latest(own: &OwnSlot, outcome: &OwnOutcome) -> bool {
    let latest = own.latest();
    match &outcome.line {
        Some(line) => {
            (line.demand, line.surplus) == (latest.import, latest.export)
                && latest.quality != Quality::Missing
        }
        None => latest.quality == Quality::Missing,
    }
}

fn push_statement(hall: &Hall<'_>, own: &OwnSlot, way: &mut Way, acts: &mut Vec<Act>) {
    for desk in hall.desks(own.slot(), way.since) {
        let is_waiting = way.sent.get(&desk).is_some_and(|sent| hall.now.tick.since(*sent) < SEND_AGAIN_MS);
        if way.answered.contains_key(&desk) || is_waiting {
            continue;
        }
        way.sent.insert(desk, hall.now.tick);
        acts.push(Act::Send(desk, SettlementMessage::Statement(Box::new(own.signed().clone()))));
    }
}

fn ask_line(hall: &Hall<'_>, own: &OwnSlot, way: &mut Way, acts: &mut Vec<Act>) {
    let slot = own.slot();
    let Some(settled) = hall.latest(slot) else { return };
    let knows = own.newest().is_some_and(|outcome| {
        outcome.version == settled.result.version && outcome.doubt != Some(LineDoubt::Proof)
    });
    if knows || own.latest().quality == Quality::Missing {
        return;
    }
    if way.asked.is_some_and(|asked| hall.now.tick.since(asked) < ASK_AGAIN_MS) {
        return;
    }
    way.asked = Some(hall.now.tick);
    for settler in settled.settlers {
        acts.push(Act::Send(hall.state.current(&settler), SettlementMessage::AskLine(slot)));
    }
}
