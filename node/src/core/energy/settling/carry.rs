//! How settling hangs in the building: what it is told, when it looks at the clock, and how what comes of it is stored,
//! sent and put on the ledger.

use ledger::state::energy::{EnergyEvent, week_of};
use protocol::energy::{Settlement, SettlementMessage, SlotId};
use protocol::{Address, Block, Digest, Now, Payload, SigningKey, encode};

use super::act::Act;
use super::hall::Hall;
use super::post::Pen;
use super::{Energy, MESSAGES_PER_S_MAX, Settling};
use crate::core::Core;
use crate::core::maintenance::Change;
use crate::core::outbox::Purpose;
use crate::core::output::{Event, Output};

/// What is too old is looked for this often, milliseconds.
const SWEEP_MS: u64 = 10 * 60 * 1000;

impl Settling {
    fn hear(
        &mut self,
        hall: &Hall<'_>,
        pen: Pen<'_>,
        from: Address,
        message: SettlementMessage,
        acts: &mut Vec<Act>,
    ) {
        match message {
            SettlementMessage::Statement(signed) => {
                self.office.hear_statement(hall, pen.key, from, &signed, acts);
            }
            SettlementMessage::Receipt(receipt) => self.post.hear_receipt(hall, pen, from, receipt, acts),
            SettlementMessage::Wanted(slot) => self.post.hear_wanted(hall, from, slot, acts),
            SettlementMessage::Offer(offer) => match offer.settlement {
                Settlement::Slot(_) | Settlement::Correction(_) => {
                    self.office.hear_offer(hall, pen.key, from, *offer, acts);
                }
                Settlement::Ruling(_) => self.office.hear_ruling(hall, pen.key, from, &offer, acts),
                Settlement::Week(_) | Settlement::Period(_) | Settlement::Credit(_) => {
                    self.bookings.hear(hall, pen.key, &self.office, from, &offer, acts);
                }
            },
            SettlementMessage::Held(held) => self.office.hear_held(hall, from, &held, acts),
            SettlementMessage::Share(some) => self.office.hear_share(hall, pen.key, from, &some, acts),
            SettlementMessage::AskLine(slot) => self.office.hear_ask(hall, from, slot, acts),
            SettlementMessage::Line(told) => self.post.hear_line(hall, from, &told, acts),
            SettlementMessage::Opinion(told) => {
                self.office.hear_opinion(hall, pen.key, from, *told, acts);
            }
            // Read before it comes here.
            SettlementMessage::Shift(_)
            | SettlementMessage::Aggregate(_)
            | SettlementMessage::Incident(_)
            | SettlementMessage::Street(_)
            | SettlementMessage::Enquiry(_) => {}
        }
    }

    fn on_ledger(&mut self, hall: &Hall<'_>, slot: SlotId, acts: &mut Vec<Act>) {
        self.office.on_ledger(hall, slot, acts);
        self.post.on_ledger(hall, slot, acts);
    }

    fn resume(&mut self, hall: &Hall<'_>) {
        if !std::mem::replace(&mut self.is_resumed, true) {
            self.post.resume(hall);
            self.office.resume(hall);
        }
    }

    fn sweep(&mut self, hall: &Hall<'_>, acts: &mut Vec<Act>) {
        let now = hall.now.tick;
        if self.swept.is_some_and(|swept| now.since(swept) < SWEEP_MS) {
            return;
        }
        self.swept = Some(now);
        let gone = self.post.forget(hall.kept_days(), acts);
        self.past.take(hall, gone.iter().filter_map(|own| own.checked()), acts);
        self.office.forget(hall.kept(), acts);
        self.office.tidy(now);
        self.bookings.forget(week_of(hall.kept(), hall.length()), acts);
    }
}

impl Energy {
    fn tend_settling(&mut self, hall: &Hall<'_>, pen: Pen<'_>, acts: &mut Vec<Act>) {
        let Self { settling, book, meters, terms, .. } = self;
        settling.resume(hall);
        let length = hall.length();
        let slot_of = |slot: SlotId| book.slots(slot.start(length), slot.end(length)).next();
        if hall.state.member(&hall.me).is_some_and(|entry| !entry.revoked) {
            let terms_at = |start| terms.at(start);
            settling.post.state(hall, pen, !meters.2.is_empty(), slot_of, terms_at, acts);
            settling.post.send(hall, acts);
            settling.post.dispute(hall, acts);
            settling.post.commit_days(hall, acts);
        }
        settling.office.tend(hall, pen.key, acts);
        settling.bookings.tend(hall, pen.key, &settling.office, acts);
        for slot in std::mem::take(&mut settling.bookings.lacks) {
            settling.office.ask_again(hall, slot);
        }
        settling.sweep(hall, acts);
    }
}

/// The hive as it settles, and what the building signs with; none while nobody is voted to settle.
fn hall_and_pen<'a>(
    ledger: &'a ledger::Ledger,
    key: &'a SigningKey,
    secret: Digest,
    now: Now,
) -> Option<(Hall<'a>, Pen<'a>)> {
    let hall = Hall::open(ledger.state(), ledger.chain(), ledger.address(), now)?;
    Some((hall, Pen { key, secret }))
}

impl Core {
    /// States what is over, sends what did not arrive, settles what may be settled.
    pub(in crate::core) fn tend_settling(&mut self, now: Now) {
        self.energy.follow(self.ledger.state().slot_length());
        let secret = self.maintenance.secret();
        let Some((hall, pen)) = hall_and_pen(&self.ledger, &self.key, secret, now) else { return };
        let mut acts = Vec::new();
        self.energy.tend_settling(&hall, pen, &mut acts);
        self.carry_settling(now, acts);
    }

    /// A member says something on the settlement stream.
    pub(in crate::core) fn hear_settlement(&mut self, now: Now, from: Address, message: SettlementMessage) {
        if let SettlementMessage::Shift(message) = message {
            return self.hear_shift(now, from, message);
        }
        if let SettlementMessage::Aggregate(message) = message {
            return self.hear_aggregate(now, from, *message);
        }
        if let SettlementMessage::Incident(message) = message {
            return self.hear_incident(now, from, *message);
        }
        if let SettlementMessage::Street(message) = message {
            return self.hear_street(now, from, *message);
        }
        if let SettlementMessage::Enquiry(message) = message {
            return self.hear_enquiry(now, from, *message);
        }
        let secret = self.maintenance.secret();
        let Some((hall, pen)) = hall_and_pen(&self.ledger, &self.key, secret, now) else { return };
        let mut acts = Vec::new();
        self.energy.settling.resume(&hall);
        if !self.energy.settling.heard.listens(now.tick, from, MESSAGES_PER_S_MAX) {
            return;
        }
        self.energy.settling.hear(&hall, pen, from, message, &mut acts);
        self.carry_settling(now, acts);
    }

    /// Something of shared energy became final.
    pub(in crate::core) fn hear_energy(&mut self, now: Now, event: &EnergyEvent) {
        self.event(Event::Hive);
        self.event(Event::Energy);
        let slot = match event {
            EnergyEvent::Settled { slot, .. }
            | EnergyEvent::Corrected { slot, .. }
            | EnergyEvent::Ruled { slot, .. } => slot,
            EnergyEvent::Disputed { slot } => return self.open_dispute(now, *slot),
            EnergyEvent::Committed { .. }
            | EnergyEvent::Booked { .. }
            | EnergyEvent::Period { .. }
            | EnergyEvent::Credited { .. }
            | EnergyEvent::PartsGiven { .. } => return,
        };
        let secret = self.maintenance.secret();
        let Some((hall, _)) = hall_and_pen(&self.ledger, &self.key, secret, now) else { return };
        let mut acts = Vec::new();
        self.energy.settling.on_ledger(&hall, *slot, &mut acts);
        self.carry_settling(now, acts);
    }

    /// A slot is open to all desks: the building tells them what it stated, and a desk looks at it.
    fn open_dispute(&mut self, now: Now, slot: SlotId) {
        let secret = self.maintenance.secret();
        let Some((hall, pen)) = hall_and_pen(&self.ledger, &self.key, secret, now) else { return };
        let mut acts = Vec::new();
        self.energy.settling.resume(&hall);
        self.energy.settling.office.open_slot(&hall, slot);
        self.energy.settling.post.open_slot(&hall, slot);
        self.energy.settling.office.consider(&hall, pen.key, slot, &mut acts);
        self.energy.settling.post.send(&hall, &mut acts);
        self.carry_settling(now, acts);
    }

    /// Bookings of a final block, which desks keep account of.
    pub(in crate::core) fn take_bookings(&mut self, now: Now, block: &Block) {
        let week_bookings = block.transactions.iter().filter_map(|transaction| {
            let Payload::Settle(signed) = &transaction.body.payload else { return None };
            matches!(signed.settlement, Settlement::Week(_)).then_some(signed)
        });
        let signed: Vec<_> = week_bookings.collect();
        if signed.is_empty() {
            return;
        }
        let secret = self.maintenance.secret();
        let Some((hall, _)) = hall_and_pen(&self.ledger, &self.key, secret, now) else { return };
        let mut acts = Vec::new();
        for signed in signed {
            self.energy.settling.bookings.landed(&hall, signed, &mut acts);
        }
        self.carry_settling(now, acts);
    }

    /// A member that has just connected is sent at the next turn what it lacks.
    pub(in crate::core) fn greet_desk(&mut self, member: &Address) {
        self.energy.settling.post.connected(member);
    }

    fn carry_settling(&mut self, now: Now, acts: Vec<Act>) {
        let me = self.ledger.address();
        let (mut changes, mut to_myself) = (Vec::<Change>::new(), Vec::new());
        for act in acts {
            match act {
                Act::Store(change) => changes.push(change),
                Act::Tell => self.event(Event::Energy),
                Act::Send(to, message) if to == me => to_myself.push(message),
                Act::Send(to, message) => {
                    self.persist(std::mem::take(&mut changes));
                    self.out.push(Output::SendSettlement { to, message: Box::new(message) });
                }
                Act::Dispute(dispute) => {
                    let purpose = Purpose::Dispute(dispute.slot);
                    let is_new = !self.outbox.holds(purpose);
                    if is_new && self.outbox.push(Payload::Dispute(dispute), purpose, now.tick).is_err() {
                        tracing::warn!("the outbox is full; a slot is disputed later");
                    }
                }
                Act::Commit(commitment) => {
                    let purpose = Purpose::Commitment(commitment.day);
                    let is_new = !self.outbox.holds(purpose);
                    let payload = Payload::CommitDay(commitment);
                    if is_new && self.outbox.push(payload, purpose, now.tick).is_err() {
                        tracing::warn!("the outbox is full; a day is bound later");
                    }
                }
                Act::Wish(signed, wait_ms) => {
                    self.persist(std::mem::take(&mut changes));
                    let purpose =
                        Purpose::Settlement(Digest::of("symbiose wish v1", &[&encode(&signed.settlement)]));
                    let is_new = !self.outbox.holds(purpose);
                    let due = now.tick.plus(wait_ms);
                    if is_new && self.outbox.push(Payload::Settle(signed), purpose, due).is_err() {
                        tracing::warn!("the outbox is full; a settlement is put on the ledger later");
                    }
                }
            }
        }
        self.persist(changes);
        for message in to_myself {
            self.hear_settlement(now, me, message);
        }
    }
}
