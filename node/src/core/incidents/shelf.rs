//! What was let out in the hive: one batch a week for two years, from whichever member it came, checked and handed on.

use std::collections::{BTreeMap, BTreeSet};

use protocol::incident::{Contractor, IncidentMessage, SignedBatch, SignedCard};
use protocol::limits::{CARD_WEEKS_KEPT, CARD_WEEKS_LISTED_MAX};
use protocol::{Address, Bounded, PublicKey};

use super::act::{Act, Scene, end_of, lapse_of, month_at};
use super::stored::{IncidentKept, IncidentKeptKey};

/// A clock may be behind another by this much, milliseconds.
const CLOCK_MS: i64 = 5 * 60 * 1000;
/// Batches handed to one member in one answer.
const ANSWER_MAX: usize = 8;

/// What was let out.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    batches: BTreeMap<u64, SignedBatch>,
    /// The week of each card.
    cards: BTreeMap<PublicKey, u64>,
    /// The last week in which a contractor was taken back.
    withdrawn: BTreeMap<Contractor, u64>,
    /// Batches that did not hold.
    spoilt: u64,
}

impl Shelf {
    pub(super) fn restore(&mut self, kept: &IncidentKept) {
        if let IncidentKept::Batch(signed) = kept {
            self.note((**signed).clone());
        }
    }

    /// Every card that was let out; one key counts once, as it was said first.
    pub fn cards(&self) -> impl Iterator<Item = &SignedCard> {
        self.by_week().map(|(_, card)| card)
    }

    /// How many of them tell of incidents.
    pub fn incidents(&self) -> usize {
        self.cards().filter(|card| card.facts().is_some()).count()
    }

    /// Every card with the week of its batch.
    pub(super) fn by_week(&self) -> impl Iterator<Item = (u64, &SignedCard)> {
        let all = self.batches.values().flat_map(|signed| {
            let week = signed.batch.week();
            signed.batch.cards().iter().map(move |card| (week, card))
        });
        all.filter(|(week, card)| self.cards.get(&card.key()) == Some(week))
    }

    /// The week with which a card was let out.
    pub fn week_of(&self, key: &PublicKey) -> Option<u64> {
        self.cards.get(key).copied()
    }

    /// The week in which a contractor was taken back.
    pub fn withdrawn(&self, contractor: &Contractor) -> Option<u64> {
        self.withdrawn.get(contractor).copied()
    }

    /// Whether the batch of a week is here.
    pub fn has(&self, week: u64) -> bool {
        self.batches.contains_key(&week)
    }

    /// How many batches were refused since the start because they did not hold.
    pub const fn spoilt(&self) -> u64 {
        self.spoilt
    }

    /// Which weeks are here.
    pub(super) fn known(&self) -> IncidentMessage {
        let weeks = self.batches.keys().rev().take(CARD_WEEKS_LISTED_MAX).copied();
        IncidentMessage::Known(Bounded::new(weeks.collect()).expect("invariant: no more weeks are kept"))
    }

    /// A member says which weeks it has: it is handed the newest of those it lacks.
    pub(super) fn hear_known(&self, from: Address, weeks: &[u64], acts: &mut Vec<Act>) {
        let has: BTreeSet<u64> = weeks.iter().copied().collect();
        let lacks = self.batches.iter().rev().filter(|(week, _)| !has.contains(week));
        for (_, signed) in lacks.take(ANSWER_MAX) {
            acts.push(Act::Send(from, IncidentMessage::Batch(Box::new(signed.clone()))));
        }
    }

    /// A batch comes from a member, or from this relay itself. Only one of its relay is kept while its week is fresh; who
    /// was relay long ago is not known any more, and any authority's word will do then, but still one batch a week.
    pub(super) fn take(
        &mut self,
        scene: &Scene<'_>,
        from: Option<Address>,
        signed: SignedBatch,
        acts: &mut Vec<Act>,
    ) -> bool {
        let week = signed.batch.week();
        if self.has(week) || week.saturating_add(CARD_WEEKS_KEPT) <= scene.week() {
            return false;
        }
        if !holds(scene, &signed) {
            self.spoilt += 1;
            tracing::warn!(week, relay = %signed.relay, "a batch of incident cards does not hold and is refused");
            return false;
        }
        let gone = |contractor: &Contractor| {
            self.withdrawn.contains_key(contractor) || signed.batch.withdrawn().contains(contractor)
        };
        let signed = SignedBatch { batch: signed.batch.without(gone), ..signed };
        acts.push(Act::Store(IncidentKept::Batch(Box::new(signed.clone()))));
        self.erase(signed.batch.withdrawn(), acts);
        self.note(signed.clone());
        acts.push(Act::Spread(IncidentMessage::Batch(Box::new(signed)), from));
        acts.push(Act::Tell);
        true
    }

    /// Contractors that were taken back disappear from every card that is kept.
    fn erase(&mut self, contractors: &[Contractor], acts: &mut Vec<Act>) {
        for signed in self.batches.values_mut() {
            let batch = signed.batch.without(|one| contractors.contains(one));
            if batch != signed.batch {
                signed.batch = batch;
                acts.push(Act::Store(IncidentKept::Batch(Box::new(signed.clone()))));
            }
        }
    }

    fn note(&mut self, signed: SignedBatch) {
        let week = signed.batch.week();
        for card in signed.batch.cards() {
            let first = self.cards.entry(card.key()).or_insert(week);
            *first = (*first).min(week);
        }
        for contractor in signed.batch.withdrawn() {
            let last = self.withdrawn.entry(*contractor).or_insert(week);
            *last = (*last).max(week);
        }
        self.batches.insert(week, signed);
    }

    /// Batches of more than two years ago are forgotten.
    pub(super) fn forget(&mut self, week: u64, acts: &mut Vec<Act>) {
        let is_old = |one: &u64| one.saturating_add(CARD_WEEKS_KEPT) <= week;
        let old: Vec<u64> = self.batches.keys().copied().filter(is_old).collect();
        for week in old {
            self.batches.remove(&week);
            self.cards.retain(|_, kept| *kept != week);
            self.withdrawn.retain(|_, kept| *kept != week);
            acts.push(Act::Forget(IncidentKeptKey::Batch(week)));
        }
    }
}

/// Whether a batch is its relay's, of a week that is over, and tells of nothing that had not happened.
fn holds(scene: &Scene<'_>, signed: &SignedBatch) -> bool {
    let (week, now) = (signed.batch.week(), scene.now.time);
    let is_over = now.plus(CLOCK_MS) >= end_of(week);
    let is_fresh = now < lapse_of(week).plus(CLOCK_MS);
    let is_relay = !is_fresh || scene.relay(week) == signed.relay;
    let month = month_at(end_of(week));
    let is_past = |card: &SignedCard| card.card().when().is_past(month);
    let key = scene.state.authorities().key_of(&signed.relay);
    is_over
        && is_relay
        && signed.batch.cards().iter().all(is_past)
        && key.is_some_and(|key| signed.verify(key, &scene.chain).is_ok())
}
