//! What buildings learn of each other without watching each other: sums over many buildings to which each sends two halves
//! of one number, and the comparison with them that every building makes at home.

mod act;
mod compare;
mod office;
mod own;
mod stored;
pub mod vdaf;

pub use compare::{Advice, Compared, Comparison, Verdict};
pub use office::Office;
pub use own::Own;
pub use stored::{AggregateKept, AggregateKeptKey, Consent, Delivery, HeldBatch, HeldHalf, OwnReport};

use ledger::state::aggregate::AggregateEvent;
use protocol::aggregate::{AggregateMessage, AggregateRecord, Profile};
use protocol::energy::SettlementMessage;
use protocol::{Address, Digest, Invalid, Now, Payload, Tick, encode};

use super::Core;
use super::energy::Book;
use super::heard::Heard;
use super::maintenance::Change;
use super::outbox::Purpose;
use super::output::{Event, Output};
use act::{Act, Scene};

/// How often reports are looked after, milliseconds.
const TEND_MS: u64 = 10_000;
/// Messages of one member that are listened to in a second; what is lost is sent again.
const MESSAGES_PER_S_MAX: u32 = 128;

/// A building's part in private sums.
#[derive(Debug, Clone, Default)]
pub struct Aggregates {
    own: Own,
    office: Office,
    next: Tick,
    heard: Heard,
}

impl Aggregates {
    /// Takes back what is stored.
    pub(super) fn open(entries: &[Change]) -> Self {
        let mut aggregates = Self::default();
        for entry in entries {
            if let Change::PutAggregate(kept) = entry {
                aggregates.own.restore(kept);
                aggregates.office.restore(kept);
            }
        }
        aggregates
    }

    /// What this building reported.
    pub const fn own(&self) -> &Own {
        &self.own
    }

    /// What this node keeps as a desk.
    pub const fn office(&self) -> &Office {
        &self.office
    }

    fn tend(&mut self, scene: &Scene<'_>, book: &Book, acts: &mut Vec<Act>) {
        if scene.is_member(&scene.me) {
            self.own.tend(scene, book, acts);
            self.office.tend(scene, acts);
        }
    }

    fn hear(&mut self, scene: &Scene<'_>, from: Address, message: AggregateMessage, acts: &mut Vec<Act>) {
        let Self { own, office, .. } = self;
        match message {
            AggregateMessage::Half(half) => office.hear_half(scene, from, half, acts),
            AggregateMessage::Receipt(receipt) => own.hear_receipt(scene, from, receipt, acts),
            AggregateMessage::Check(check) => office.hear_check(scene, from, &check, acts),
            AggregateMessage::Checked(checked) => office.hear_checked(scene, from, checked, acts),
            AggregateMessage::Batch(batch) => office.hear_batch(scene, from, &batch, acts),
            AggregateMessage::Bound(work, bound) => office.hear_bound(scene, from, (work, bound), acts),
            AggregateMessage::Reveal(reveal) => office.hear_reveal(scene, from, reveal, acts),
            AggregateMessage::Offered(offered) => office.hear_offered(scene, from, offered, acts),
        }
    }
}

impl Core {
    /// The building's part in private sums.
    pub fn aggregates(&self) -> &Aggregates {
        &self.aggregates
    }

    /// Makes, sends and sums what is due.
    pub(super) fn tend_aggregates(&mut self, now: Now) {
        if now.tick < self.aggregates.next {
            return;
        }
        self.aggregates.next = now.tick.plus(TEND_MS);
        self.say_on_ledger(now);
        self.with_aggregates(now, |aggregates, scene, book, acts| aggregates.tend(scene, book, acts));
    }

    /// A member says something about private sums.
    pub(super) fn hear_aggregate(&mut self, now: Now, from: Address, message: AggregateMessage) {
        if !self.aggregates.heard.listens(now.tick, from, MESSAGES_PER_S_MAX) {
            return;
        }
        self.with_aggregates(now, |aggregates, scene, _, acts| aggregates.hear(scene, from, message, acts));
    }

    /// Somebody says whether the building takes part, and as what. It stops at once; groups change with the month.
    pub(super) fn take_part(&mut self, now: Now, profile: Option<Profile>) -> Result<(), Invalid> {
        profile.as_ref().map_or(Ok(()), Profile::check)?;
        let mut acts = Vec::new();
        self.aggregates.own.say(profile, now.time, &mut acts);
        self.carry_aggregates(now, acts);
        self.say_on_ledger(now);
        Ok(())
    }

    /// Something about private sums became final.
    pub(super) fn hear_aggregate_event(&mut self, event: &AggregateEvent) {
        match event {
            AggregateEvent::Fixed(_) | AggregateEvent::Found { .. } => self.aggregates.next = Tick(0),
            AggregateEvent::Profiled(_) => {}
        }
        self.event(Event::Hive);
    }

    /// A member that has just connected is sent what it lacks.
    pub(super) fn greet_aggregates(&mut self) {
        self.aggregates.own.connected();
        self.aggregates.next = Tick(0);
    }

    /// The ledger is told what the building says of itself, until it knows.
    fn say_on_ledger(&mut self, now: Now) {
        let Some(_) = self.aggregates.own.said_at() else { return };
        let profile = self.aggregates.own.profile();
        if self.ledger.state().profile(&self.ledger.address()) == profile
            || self.outbox.holds(Purpose::Profile)
        {
            return;
        }
        let payload = Payload::Aggregate(AggregateRecord::Profile(profile));
        if self.outbox.push(payload, Purpose::Profile, now.tick).is_err() {
            tracing::warn!("the outbox is full; the ledger is told later what the building says of itself");
        }
    }

    fn with_aggregates(
        &mut self,
        now: Now,
        then: impl FnOnce(&mut Aggregates, &Scene<'_>, &Book, &mut Vec<Act>),
    ) {
        let mut aggregates = std::mem::take(&mut self.aggregates);
        let mut acts = Vec::new();
        then(&mut aggregates, &self.scene(now), self.energy.book(), &mut acts);
        self.aggregates = aggregates;
        self.carry_aggregates(now, acts);
    }

    fn carry_aggregates(&mut self, now: Now, acts: Vec<Act>) {
        let me = self.ledger.address();
        let (mut changes, mut to_myself) = (Vec::new(), Vec::new());
        for act in acts {
            match act {
                Act::Store(kept) => changes.push(Change::PutAggregate(Box::new(kept))),
                Act::Forget(key) => changes.push(Change::DeleteAggregate(key)),
                Act::Tell => self.event(Event::Energy),
                Act::Send(to, message) if to == me => to_myself.push(message),
                Act::Send(to, message) => {
                    self.persist(std::mem::take(&mut changes));
                    let message = Box::new(SettlementMessage::Aggregate(Box::new(message)));
                    self.out.push(Output::SendSettlement { to, message });
                }
                Act::Publish(signed, wait_ms) => {
                    self.persist(std::mem::take(&mut changes));
                    let purpose =
                        Purpose::Figure(Digest::of("symbiose figure v1", &[&encode(&signed.outcome)]));
                    let payload = Payload::Aggregate(AggregateRecord::Outcome(signed));
                    let is_new = !self.outbox.holds(purpose);
                    if is_new && self.outbox.push(payload, purpose, now.tick.plus(wait_ms)).is_err() {
                        tracing::warn!("the outbox is full; a figure is put on the ledger later");
                    }
                }
            }
        }
        self.persist(changes);
        for message in to_myself {
            self.hear_aggregate(now, me, message);
        }
    }
}

#[cfg(test)]
mod tests;
