//! What this building hands in: each card once, within its quota, to the relay of the week until it was let out.

use std::collections::BTreeMap;

use protocol::incident::{Card, CardReceipt, Contractor, IncidentMessage, Item, Offered, Said};
use protocol::limits::{CARD_WEEKS_KEPT, CARD_WEEKS_WAITING, CARDS_PER_WEEK_MAX, CARDS_WAITING_MAX};
use protocol::{Digest, PublicKey, Tick, UnixMs};

use super::act::{Act, Scene, lapse_of, week_at};
use super::draft::{Draft, IncidentRefused};
use super::shelf::Shelf;
use super::stored::{IncidentKept, IncidentKeptKey, OwnCard, OwnWithdrawal, Told};
use crate::core::switch::Switch;

/// Something of which nothing is heard is handed in again after this long, milliseconds.
const AGAIN_MS: u64 = 60_000;

/// What the building handed in.
#[derive(Debug, Clone, Default)]
pub struct Own {
    cards: BTreeMap<Digest, OwnCard>,
    withdrawals: BTreeMap<Contractor, OwnWithdrawal>,
    switch: Option<Switch>,
    survival_switch: Option<Switch>,
    sent: BTreeMap<Item, Tick>,
}

impl Own {
    pub(super) fn restore(&mut self, kept: &IncidentKept) {
        match kept {
            IncidentKept::Own(own) => drop(self.cards.insert(own.source, own.clone())),
            IncidentKept::Withdrawal(own) => drop(self.withdrawals.insert(own.contractor, *own)),
            IncidentKept::Switch(switch) => self.switch = Some(*switch),
            IncidentKept::SurvivalSwitch(switch) => self.survival_switch = Some(*switch),
            IncidentKept::Held(_) | IncidentKept::HeldWithdrawal(_) | IncidentKept::Batch(_) => {}
        }
    }

    /// Whether cards of incidents may leave: each by a person's own hand, unless somebody said that none may.
    pub fn is_on(&self) -> bool {
        self.switch.is_none_or(|switch| switch.is_on)
    }

    /// Whether cards of what became of machines may leave, in the same way.
    pub fn tells_survival(&self) -> bool {
        self.survival_switch.is_none_or(|switch| switch.is_on)
    }

    fn may_leave(&self, card: &Card) -> bool {
        match card.said() {
            Said::Incident(_) => self.is_on(),
            Said::Survival(_) => self.tells_survival(),
        }
    }

    /// A person says whether cards of incidents may leave. What waits stays here while they may not.
    pub(super) fn switch(&mut self, switch: Switch, acts: &mut Vec<Act>) {
        self.switch = Some(switch);
        acts.push(Act::Store(IncidentKept::Switch(switch)));
        acts.push(Act::Tell);
    }

    /// A person says whether cards of what became of machines may leave.
    pub(super) fn switch_survival(&mut self, switch: Switch, acts: &mut Vec<Act>) {
        self.survival_switch = Some(switch);
        acts.push(Act::Store(IncidentKept::SurvivalSwitch(switch)));
        acts.push(Act::Tell);
    }

    /// The cards of the last two years, by what they are about.
    pub fn cards(&self) -> impl Iterator<Item = &OwnCard> {
        self.cards.values()
    }

    /// Contractors that this building asked to be forgotten.
    pub fn withdrawals(&self) -> impl Iterator<Item = &OwnWithdrawal> {
        self.withdrawals.values()
    }

    /// The card about something, if there is one.
    pub fn about(&self, source: &Digest) -> Option<&OwnCard> {
        self.cards.get(source)
    }

    /// How many more may be let out in the week of a time.
    pub fn left(&self, now: UnixMs) -> usize {
        let week = week_at(now);
        let this_week = self.cards.values().filter(|own| week_at(own.at) == week).count();
        let waiting = self.cards.values().filter(|own| own.told.is_open()).count();
        CARDS_PER_WEEK_MAX.saturating_sub(this_week).min(CARDS_WAITING_MAX.saturating_sub(waiting))
    }

    /// Whether a contractor was rated by this building already.
    pub fn has_rated(&self, contractor: &Contractor) -> bool {
        let rated = |own: &&OwnCard| {
            own.card.facts().is_some_and(|facts| facts.rating.is_some())
                && own.card.contractor().as_ref() == Some(contractor)
        };
        self.cards.values().any(|own| rated(&own))
    }

    /// A person lets a card out: stored first, then handed in.
    pub(super) fn hand_in(
        &mut self,
        scene: &Scene<'_>,
        draft: &Draft,
        acts: &mut Vec<Act>,
    ) -> Result<(), IncidentRefused> {
        if !self.may_leave(&draft.card) {
            return Err(IncidentRefused::SwitchedOff);
        }
        if self.cards.contains_key(&draft.source) {
            return Err(IncidentRefused::Sent);
        }
        if self.left(scene.now.time) == 0 {
            return Err(IncidentRefused::Quota { max: CARDS_PER_WEEK_MAX });
        }
        let card = draft.sign(scene);
        let own = OwnCard { source: draft.source, card, at: scene.now.time, told: Told::Waiting };
        acts.push(Act::Store(IncidentKept::Own(own.clone())));
        acts.push(Act::Tell);
        self.cards.insert(draft.source, own);
        Ok(())
    }

    /// A person asks that a contractor be forgotten.
    pub(super) fn withdraw(
        &mut self,
        now: UnixMs,
        contractor: Contractor,
        acts: &mut Vec<Act>,
    ) -> Result<(), IncidentRefused> {
        let waiting = self.withdrawals.values().filter(|own| own.told.is_open()).count();
        if self.withdrawals.get(&contractor).is_some_and(|own| own.told.is_open()) {
            return Err(IncidentRefused::Sent);
        }
        if waiting >= CARDS_PER_WEEK_MAX {
            return Err(IncidentRefused::Quota { max: CARDS_PER_WEEK_MAX });
        }
        let own = OwnWithdrawal { contractor, at: now, told: Told::Waiting };
        self.withdrawals.insert(contractor, own);
        acts.push(Act::Store(IncidentKept::Withdrawal(own)));
        acts.push(Act::Tell);
        Ok(())
    }

    /// Follows what was let out and hands in what was not.
    pub(super) fn tend(&mut self, scene: &Scene<'_>, shelf: &Shelf, acts: &mut Vec<Act>) {
        self.forget(scene.week(), acts);
        let let_out = |key: &PublicKey| shelf.week_of(key);
        for own in self.cards.values_mut().filter(|own| own.told.is_open()) {
            let told = next(scene, own.told, own.at, let_out(&own.card.key()));
            if told != own.told {
                own.told = told;
                acts.push(Act::Store(IncidentKept::Own(own.clone())));
                acts.push(Act::Tell);
            }
        }
        for own in self.withdrawals.values_mut().filter(|own| own.told.is_open()) {
            let let_out = shelf.withdrawn(&own.contractor).filter(|week| *week >= week_at(own.at));
            let told = next(scene, own.told, own.at, let_out);
            if told != own.told {
                own.told = told;
                acts.push(Act::Store(IncidentKept::Withdrawal(*own)));
                acts.push(Act::Tell);
            }
        }
        self.offer(scene, acts);
    }

    fn offer(&mut self, scene: &Scene<'_>, acts: &mut Vec<Act>) {
        let (week, now) = (scene.week(), scene.now.tick);
        let is_due = |own: &&OwnCard| own.told == Told::Waiting && self.may_leave(own.card.card());
        let cards = self.cards.values().filter(is_due);
        let cards = cards.map(|own| Offered::Card(week, own.card));
        let withdrawals = self.withdrawals.values().filter(|own| own.told == Told::Waiting);
        let withdrawals = withdrawals.map(|own| Offered::Withdrawal(week, own.contractor));
        let offered: Vec<Offered> = cards.chain(withdrawals).collect();
        for offered in offered {
            let item = offered.item();
            if self.sent.get(&item).is_some_and(|sent| now.since(*sent) < AGAIN_MS) {
                continue;
            }
            self.sent.insert(item, now);
            acts.push(Act::Send(scene.relay(week), IncidentMessage::Offer(Box::new(offered))));
        }
    }

    /// Somebody has connected: what waits is handed in at once.
    pub(super) fn connected(&mut self) {
        self.sent.clear();
    }

    /// A relay says what became of something.
    pub(super) fn hear_receipt(
        &mut self,
        scene: &Scene<'_>,
        from: protocol::Address,
        receipt: CardReceipt,
        acts: &mut Vec<Act>,
    ) {
        if receipt.week != scene.week() || from != scene.relay(receipt.week) {
            return;
        }
        let told = match receipt.refused {
            None => Told::Kept(receipt.week),
            Some(refusal) => Told::Refused(receipt.week, refusal),
        };
        match receipt.item {
            Item::Card(key) => {
                let own = self.cards.values_mut().find(|own| own.card.key() == key);
                if let Some(own) = own.filter(|own| own.told == Told::Waiting) {
                    own.told = told;
                    acts.push(Act::Store(IncidentKept::Own(own.clone())));
                    acts.push(Act::Tell);
                }
            }
            Item::Withdrawal(contractor) => {
                let own = self.withdrawals.get_mut(&contractor);
                if let Some(own) = own.filter(|own| own.told == Told::Waiting) {
                    own.told = told;
                    acts.push(Act::Store(IncidentKept::Withdrawal(*own)));
                    acts.push(Act::Tell);
                }
            }
        }
    }

    fn forget(&mut self, week: u64, acts: &mut Vec<Act>) {
        let is_old = |at: UnixMs| week_at(at).saturating_add(CARD_WEEKS_KEPT) < week;
        let old: Vec<Digest> =
            self.cards.values().filter(|own| is_old(own.at)).map(|own| own.source).collect();
        for source in old {
            self.cards.remove(&source);
            acts.push(Act::Forget(IncidentKeptKey::Own(source)));
        }
        let old: Vec<Contractor> =
            self.withdrawals.values().filter(|own| is_old(own.at)).map(|own| own.contractor).collect();
        for contractor in old {
            self.withdrawals.remove(&contractor);
            acts.push(Act::Forget(IncidentKeptKey::Withdrawal(contractor)));
        }
        self.sent.retain(|item, _| match item {
            Item::Card(key) => self.cards.values().any(|own| own.card.key() == *key && own.told.is_open()),
            Item::Withdrawal(contractor) => {
                self.withdrawals.get(contractor).is_some_and(|own| own.told.is_open())
            }
        });
    }
}

/// How far something is now that time has passed. What a relay kept and did not let out in time is handed in again.
fn next(scene: &Scene<'_>, told: Told, at: UnixMs, let_out: Option<u64>) -> Told {
    if let Some(week) = let_out {
        return Told::LetOut(week);
    }
    let week = scene.week();
    if week_at(at).saturating_add(CARD_WEEKS_WAITING) <= week {
        return Told::GivenUp;
    }
    match told {
        Told::Kept(kept) if kept < week && scene.now.time >= lapse_of(kept) => Told::Waiting,
        Told::Refused(refused, _) if refused < week => Told::Waiting,
        Told::Waiting | Told::Kept(_) | Told::Refused(..) | Told::LetOut(_) | Told::GivenUp => told,
    }
}
