//! The relay of a week: keeps what buildings hand in, and when the week is over lets it out in one batch, if it is enough
//! that nobody can tell whose card is whose. It tells nobody from whom a card is.

use std::collections::{BTreeMap, BTreeSet};

use protocol::incident::{
    Batch, CardReceipt, CardRefusal, Contractor, IncidentMessage, Item, Offered, SignedBatch, SignedCard,
};
use protocol::limits::{
    CARD_BATCH_MAX, CARD_BATCH_MIN, CARD_WITHDRAWN_MAX, CARDS_PER_WEEK_MAX, CARDS_WAITING_MAX,
    SURVIVALS_PER_PART_MAX,
};
use protocol::{Address, PublicKey};

use super::act::{Act, Scene, end_of, lapse_of, month_at};
use super::shelf::Shelf;
use super::stored::{HeldCard, HeldWithdrawal, IncidentKept, IncidentKeptKey};

/// What waits at this node.
#[derive(Debug, Clone, Default)]
pub struct Relay {
    weeks: BTreeMap<u64, Tray>,
}

/// What waits of one week, with who handed it in.
#[derive(Debug, Clone, Default)]
struct Tray {
    cards: BTreeMap<PublicKey, (Address, SignedCard)>,
    withdrawals: BTreeMap<Contractor, Address>,
}

impl Relay {
    pub(super) fn restore(&mut self, kept: &IncidentKept) {
        match kept {
            IncidentKept::Held(held) => {
                let tray = self.weeks.entry(held.week).or_default();
                tray.cards.insert(held.card.key(), (held.building, held.card));
            }
            IncidentKept::HeldWithdrawal(held) => {
                let tray = self.weeks.entry(held.week).or_default();
                tray.withdrawals.insert(held.contractor, held.building);
            }
            IncidentKept::Own(_)
            | IncidentKept::Withdrawal(_)
            | IncidentKept::Batch(_)
            | IncidentKept::Switch(_)
            | IncidentKept::SurvivalSwitch(_) => {}
        }
    }

    /// Cards that wait here.
    pub fn len(&self) -> usize {
        self.weeks.values().map(|tray| tray.cards.len()).sum()
    }

    /// Whether none waits here.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A building hands something in.
    pub(super) fn hear_offer(
        &mut self,
        scene: &Scene<'_>,
        shelf: &Shelf,
        from: Address,
        offered: &Offered,
        acts: &mut Vec<Act>,
    ) {
        if !scene.is_member(&from) {
            return;
        }
        let week = offered.week();
        let building = scene.state.origin(&scene.state.current(&from));
        let taken = if scene.relay(week) != scene.me {
            Err(CardRefusal::NotRelay)
        } else if week != scene.week() {
            Err(CardRefusal::OtherWeek)
        } else {
            match offered {
                Offered::Card(_, card) => self.take_card(scene, shelf, week, building, card),
                Offered::Withdrawal(_, contractor) => self.take_withdrawal(week, building, *contractor),
            }
        };
        let refused = match taken {
            Ok(news) => {
                acts.extend(news.map(Act::Store));
                None
            }
            Err(refusal) => Some(refusal),
        };
        let receipt = CardReceipt { week, item: offered.item(), refused };
        acts.push(Act::Send(from, IncidentMessage::Receipt(receipt)));
    }

    /// None where it is kept already, or was let out.
    fn take_card(
        &mut self,
        scene: &Scene<'_>,
        shelf: &Shelf,
        week: u64,
        building: Address,
        card: &SignedCard,
    ) -> Result<Option<IncidentKept>, CardRefusal> {
        let tray = self.weeks.entry(week).or_default();
        if let Some((owner, held)) = tray.cards.get(&card.key()) {
            let is_same = *owner == building && held.digest() == card.digest();
            return if is_same { Ok(None) } else { Err(CardRefusal::Signature) };
        }
        if shelf.week_of(&card.key()).is_some() {
            return Ok(None);
        }
        card.verify(&scene.chain).map_err(|_| CardRefusal::Signature)?;
        if !card.card().when().is_past(month_at(scene.now.time)) {
            return Err(CardRefusal::Future);
        }
        let own = || tray.cards.values().filter(|(owner, _)| *owner == building);
        if own().count() >= CARDS_WAITING_MAX {
            return Err(CardRefusal::Quota);
        }
        let part = |one: &SignedCard| one.survival().map(|survival| survival.part);
        let same = own().filter(|(_, held)| part(card).is_some() && part(held) == part(card));
        if same.count() >= SURVIVALS_PER_PART_MAX {
            return Err(CardRefusal::Quota);
        }
        let rates = |one: &SignedCard| one.facts().and_then(|facts| facts.rating).and(one.contractor());
        if rates(card).is_some() && own().any(|(_, held)| rates(held) == rates(card)) {
            return Err(CardRefusal::Rated);
        }
        if tray.cards.len() >= CARD_BATCH_MAX {
            return Err(CardRefusal::Full);
        }
        tray.cards.insert(card.key(), (building, *card));
        Ok(Some(IncidentKept::Held(HeldCard { week, building, card: *card })))
    }

    fn take_withdrawal(
        &mut self,
        week: u64,
        building: Address,
        contractor: Contractor,
    ) -> Result<Option<IncidentKept>, CardRefusal> {
        let tray = self.weeks.entry(week).or_default();
        if tray.withdrawals.contains_key(&contractor) {
            return Ok(None);
        }
        if tray.withdrawals.values().filter(|owner| **owner == building).count() >= CARDS_PER_WEEK_MAX {
            return Err(CardRefusal::Quota);
        }
        if tray.withdrawals.len() >= CARD_WITHDRAWN_MAX {
            return Err(CardRefusal::Full);
        }
        tray.withdrawals.insert(contractor, building);
        Ok(Some(IncidentKept::HeldWithdrawal(HeldWithdrawal { week, building, contractor })))
    }

    /// Batches of weeks that are over, each once: what was let out is not let out again after a restart, because the
    /// batch is stored together with the forgetting of what it was made of.
    pub(super) fn release(
        &mut self,
        scene: &Scene<'_>,
        shelf: &Shelf,
        acts: &mut Vec<Act>,
    ) -> Vec<SignedBatch> {
        let now = scene.now.time;
        let over: Vec<u64> = self.weeks.keys().copied().filter(|week| now >= end_of(*week)).collect();
        let mut released = Vec::new();
        for week in over {
            let tray = self.weeks.remove(&week).expect("invariant: it was just there");
            let may = now < lapse_of(week) && scene.relay(week) == scene.me && !shelf.has(week);
            released.extend(
                tray.batch(week, shelf).filter(|_| may).map(|batch| batch.sign(scene.key, &scene.chain)),
            );
            acts.extend(tray.forgotten(week).map(Act::Forget));
        }
        released
    }
}

impl Tray {
    /// Three cards of three buildings at the least, or none of them; withdrawals always.
    fn batch(&self, week: u64, shelf: &Shelf) -> Option<Batch> {
        let news = || self.cards.iter().filter(|(key, _)| shelf.week_of(key).is_none());
        let buildings: BTreeSet<&Address> = news().map(|(_, (building, _))| building).collect();
        let cards: Vec<SignedCard> = match buildings.len() >= CARD_BATCH_MIN {
            true => news().map(|(_, (_, card))| *card).collect(),
            false => Vec::new(),
        };
        let withdrawn: Vec<Contractor> = self.withdrawals.keys().copied().collect();
        let gone = |contractor: &Contractor| self.withdrawals.contains_key(contractor);
        let batch =
            (!cards.is_empty() || !withdrawn.is_empty()).then(|| Batch::new(week, cards, withdrawn))?;
        Some(batch.expect("invariant: a tray keeps the bounds of a batch").without(gone))
    }

    fn forgotten(&self, week: u64) -> impl Iterator<Item = IncidentKeptKey> {
        let cards = self.cards.keys().map(|key| Item::Card(*key));
        let withdrawals = self.withdrawals.keys().map(|contractor| Item::Withdrawal(*contractor));
        cards.chain(withdrawals).map(move |item| IncidentKeptKey::Held(week, item))
    }
}
