//! A disputed slot at a desk: its statements are opened to all desks, each settles it anew and tells the others what it
//! found; what most of them find goes on the ledger, with the names of those that found something else.

use std::collections::BTreeSet;

use protocol::energy::{
    Offer, Opinion, Ruling, Settlement, SettlementMessage, SignedOpinion, SlotId, SlotResult,
};
use protocol::limits::{RULING_AGREED_MAX, RULING_OTHERS_MAX};
use protocol::{Address, Bounded, Digest, SigningKey};

use super::act::Act;
use super::desk::Office;
use super::exchange::wish;
use super::hall::Hall;
use super::tray::Tray;

/// What a desk found is told again after this long, milliseconds.
const OPINE_AGAIN_MS: u64 = 3_000;
/// Desks that found something else have this long to hear what they lack, milliseconds.
const HEAR_ALL_MS: u64 = 30_000;
/// Each agreeing desk gives those before it this long to put the ruling on the ledger, milliseconds.
const TURN_MS: u64 = 20_000;

impl Office {
    /// A slot is open to all desks from now on.
    pub(super) fn open_slot(&mut self, hall: &Hall<'_>, slot: SlotId) {
        if hall.has_desk(&hall.me) && hall.is_disputed(slot) {
            let tray = self.trays.entry(slot).or_insert_with(|| Tray::new(hall.now));
            tray.opinions.clear();
            (tray.agreed, tray.mine) = (None, None);
            tray.told.clear();
            self.busy.insert(slot);
        }
    }

    /// Another desk tells what it found of a disputed slot.
    pub(super) fn hear_opinion(
        &mut self,
        hall: &Hall<'_>,
        key: &SigningKey,
        from: Address,
        told: SignedOpinion,
        acts: &mut Vec<Act>,
    ) {
        let slot = told.opinion.slot;
        let signed = hall.desk_key(&from);
        let signed = signed.is_some_and(|key| told.opinion.verify(key, &hall.chain, &told.signature).is_ok());
        if told.desk != from || !signed || !hall.is_disputed(slot) || !hall.is_open(slot) {
            return;
        }
        let tray = self.trays.entry(slot).or_insert_with(|| Tray::new(hall.now));
        if told.opinion.basis != tray.known_basis(hall, slot) {
            tray.tell_marks(hall, slot, from, acts);
        }
        tray.opinions.insert(from, told);
        self.busy.insert(slot);
        self.consider(hall, key, slot, acts);
    }

    /// Another desk drew up what most of them found: this one signs it too if it is among them.
    pub(super) fn hear_ruling(
        &mut self,
        hall: &Hall<'_>,
        key: &SigningKey,
        from: Address,
        offer: &Offer,
        acts: &mut Vec<Act>,
    ) {
        let Settlement::Ruling(ruling) = &offer.settlement else { return };
        let slot = ruling.result.slot;
        let held = |desk: &Address, opinion: &Opinion, signature| {
            hall.desk_key(desk).is_some_and(|key| opinion.verify(key, &hall.chain, signature).is_ok())
        };
        let signed = hall
            .desk_key(&from)
            .is_some_and(|key| offer.settlement.verify(key, &hall.chain, &offer.signature).is_ok());
        if !signed || !hall.is_disputed(slot) || !hall.may_pair(&from, &hall.me) {
            return;
        }
        let Some(tray) = self.trays.get_mut(&slot) else { return };
        let Some(mine) = tray.found_now(hall, slot) else { return };
        let opinion = ruling.opinion();
        let is_mine = opinion == Opinion::new(&mine, tray.known_basis(hall, slot));
        let names = |desk: &Address| ruling.agreed.iter().any(|(agreed, _)| agreed == desk);
        let agreed = ruling.agreed.iter().all(|(desk, signature)| held(desk, &opinion, signature));
        let others = ruling.others.iter().all(|one| held(&one.desk, &one.opinion, &one.signature));
        let is_most = ruling.agreed.len() * 2 > hall.rota.desks().len();
        if !is_mine || !agreed || !others || !is_most || !names(&from) || !names(&hall.me) {
            return;
        }
        let mine = (hall.me, offer.settlement.sign(key, &hall.chain));
        acts.push(wish(offer.settlement.clone(), mine, (from, offer.signature)));
    }
}

impl Tray {
    /// What this desk finds of a disputed slot: what stands on the ledger, or the next version.
    fn found_now(&mut self, hall: &Hall<'_>, slot: SlotId) -> Option<SlotResult> {
        let Some(settled) = hall.latest(slot) else { return Some(self.found(hall, slot, 1)?.result.clone()) };
        let version = settled.result.version;
        if self.found(hall, slot, version)?.says(&settled.result) {
            return Some(settled.result.clone());
        }
        Some(self.found(hall, slot, version + 1)?.result.clone())
    }

    /// Tells every desk what this one found, and draws up the ruling when most agree.
    pub(super) fn opine(&mut self, hall: &Hall<'_>, key: &SigningKey, slot: SlotId, acts: &mut Vec<Act>) {
        let Some(result) = self.found_now(hall, slot) else { return };
        let opinion = Opinion::new(&result, self.known_basis(hall, slot));
        let mine = match self.opinions.get(&hall.me) {
            Some(mine) if mine.opinion == opinion => *mine,
            Some(_) | None => {
                self.told.clear();
                self.agreed = None;
                SignedOpinion { desk: hall.me, opinion, signature: opinion.sign(key, &hall.chain) }
            }
        };
        self.opinions.insert(hall.me, mine);
        for desk in hall.partners(slot) {
            if self.told.get(&desk).is_some_and(|told| hall.now.tick.since(*told) < OPINE_AGAIN_MS) {
                continue;
            }
            self.told.insert(desk, hall.now.tick);
            acts.push(Act::Send(desk, SettlementMessage::Opinion(Box::new(mine))));
        }
        self.draw_up(hall, key, result, acts);
    }

    fn draw_up(&mut self, hall: &Hall<'_>, key: &SigningKey, result: SlotResult, acts: &mut Vec<Act>) {
        let desks: BTreeSet<Address> = hall.desk_addresses().into_iter().collect();
        self.opinions.retain(|desk, _| desks.contains(desk));
        let opinion = self.opinions[&hall.me].opinion;
        let agreeing = || self.opinions.values().filter(|one| one.opinion == opinion);
        if agreeing().count() * 2 <= desks.len() {
            self.agreed = None;
            return;
        }
        let since = *self.agreed.get_or_insert(hall.now.tick);
        let agreeing = || self.opinions.values().filter(|one| one.opinion == opinion);
        let turn = agreeing().position(|one| one.desk == hall.me).unwrap_or(0);
        let all_agree = agreeing().count() == desks.len();
        let patience = if all_agree { 0 } else { HEAR_ALL_MS };
        let turn_ms = TURN_MS * u64::try_from(turn).unwrap_or(0);
        if hall.now.tick.since(since) < patience + turn_ms {
            return;
        }
        let (least, most) = (desks.len() / 2 + 1, RULING_AGREED_MAX);
        let mut agreed: Vec<_> = agreeing().map(|one| (one.desk, one.signature)).collect();
        agreed.sort_by_key(|(desk, _)| (*desk != hall.me, *desk));
        agreed.truncate(most.max(least));
        agreed.sort_unstable_by_key(|(desk, _)| *desk);
        let others = self.opinions.values().filter(|one| one.opinion.result != opinion.result).copied();
        let others: Vec<SignedOpinion> = others.take(RULING_OTHERS_MAX).collect();
        let partners: Vec<Address> = agreed.iter().map(|(desk, _)| *desk).collect();
        let (Ok(agreed), Ok(others)) = (Bounded::new(agreed), Bounded::new(others)) else { return };
        let settlement =
            Settlement::Ruling(Box::new(Ruling { result, basis: opinion.basis, agreed, others }));
        if settlement.check().is_err() {
            return;
        }
        let signature = settlement.sign(key, &hall.chain);
        let basis = Digest::of("symbiose ruling v1", &[]);
        // Whoever of another operator answers first puts it on the ledger; asked again until it is there.
        self.agreed = Some(hall.now.tick);
        for desk in partners.into_iter().filter(|desk| hall.may_pair(desk, &hall.me)) {
            let offer = Offer { settlement: settlement.clone(), basis, signature };
            acts.push(Act::Send(desk, SettlementMessage::Offer(Box::new(offer))));
        }
    }
}
