//! Two desks come to one result: each offers what it found with its signature; where they rest on different statements
//! they exchange those first; where both say the same it goes on the ledger with both signatures.

use std::collections::BTreeSet;

use protocol::energy::{
    Dispute, DisputeReason, Held, Offer, Settlement, SettlementMessage, SignedSettlement, SlotId,
};
use protocol::limits::SHARED_STATEMENTS_MAX;
use protocol::{Address, Bounded, Signature, SigningKey, Tick};

use super::DISPUTE_AFTER_MS;
use super::act::Act;
use super::desk::Office;
use super::hall::Hall;
use super::tray::Tray;

/// An offer that came to nothing is sent again after this long, milliseconds.
const OFFER_AGAIN_MS: u64 = 3_000;
/// What two desks hold of a slot is compared at most this often, milliseconds.
const COMPARE_AGAIN_MS: u64 = 1_000;
/// A desk that waits for statements compares with the other this long after the last one came, milliseconds.
const QUIET_MS: u64 = 2_000;
/// And again after this long, milliseconds.
const COMPARE_EARLY_MS: u64 = 60_000;
/// Two desks that exchanged what they hold and go by different statements for this long disagree, milliseconds.
const APART_MS: u64 = 60_000;
/// The second of a pair leaves it to the first to put a result on the ledger, for this long, milliseconds.
const SECOND_WAITS_MS: u64 = 1_500;
/// What both signed and is not on the ledger is handed in again after this long, milliseconds.
const WISH_AGAIN_MS: u64 = 10_000;

impl Office {
    /// Settles a slot if it may be, and does what is next with its partners.
    pub(super) fn consider(&mut self, hall: &Hall<'_>, key: &SigningKey, slot: SlotId, acts: &mut Vec<Act>) {
        let Some(tray) = self.trays.get_mut(&slot) else { return };
        if !hall.is_open(slot) {
            self.busy.remove(&slot);
            tray.forget();
            return;
        }
        if !hall.has_desk(&hall.me) {
            return;
        }
        let packed = tray.statements.unpack();
        if !Self::is_ready(hall, slot, tray) {
            return tray.compare_early(hall, slot, acts);
        }
        if hall.is_disputed(slot) {
            return tray.opine(hall, key, slot, acts);
        }
        let settled = hall.latest(slot);
        if let Some(settled) = settled
            && let Some(found) = tray.found(hall, slot, settled.result.version)
            && found.says(&settled.result)
            && !hall.takes_over(slot)
        {
            let found = found.clone();
            self.busy.remove(&slot);
            tray.forget();
            if let Some(packed) = packed {
                tray.statements = packed;
            }
            self.sum_up(hall, slot, &found);
            return;
        }
        let version = settled.map_or(1, |settled| settled.result.version + 1);
        let Some(found) = tray.found(hall, slot, version) else { return };
        let (settlement, basis) = (found.settlement(hall), tray.known_basis(hall, slot));
        if tray.mine.as_ref().is_none_or(|mine| mine.settlement != settlement || mine.basis != basis) {
            let signature = settlement.sign(key, &hall.chain);
            tray.mine = Some(Offer { settlement, basis, signature });
            tray.told.clear();
            tray.wished = None;
        }
        let partners = hall.partners(slot);
        tray.offer(hall, &partners, acts);
        tray.meet(hall, slot, &partners, acts);
    }

    /// Another desk offers what it found of a slot.
    pub(super) fn hear_offer(
        &mut self,
        hall: &Hall<'_>,
        key: &SigningKey,
        from: Address,
        offer: Offer,
        acts: &mut Vec<Act>,
    ) {
        let (Settlement::Slot(result) | Settlement::Correction(result)) = &offer.settlement else { return };
        let slot = result.slot;
        let holds = hall
            .desk_key(&from)
            .is_some_and(|key| offer.settlement.verify(key, &hall.chain, &offer.signature).is_ok());
        if !holds || !hall.is_open(slot) || !hall.partners(slot).contains(&from) {
            return;
        }
        let tray = self.trays.entry(slot).or_insert_with(|| Tray::new(hall.now));
        let before = tray.offers.insert(from, offer.clone());
        if before.is_none_or(|before| before.basis != offer.basis) {
            tray.apart = None;
        }
        self.busy.insert(slot);
        self.consider(hall, key, slot, acts);
        let Some(tray) = self.trays.get_mut(&slot) else { return };
        let basis = tray.known_basis(hall, slot);
        let is_other = tray.offers.get(&from).is_some_and(|offer| offer.basis != basis);
        if is_other {
            tray.tell_marks(hall, slot, from, acts);
        }
    }

    /// Another desk tells what it holds: it is sent what it lacks, and asked for what is lacking here.
    pub(super) fn hear_held(&mut self, hall: &Hall<'_>, from: Address, theirs: &Held, acts: &mut Vec<Act>) {
        let slot = theirs.slot;
        if !hall.is_open(slot) || !hall.partners(slot).contains(&from) {
            return;
        }
        let tray = self.trays.entry(slot).or_insert_with(|| Tray::new(hall.now));
        let (lacking, has_more) = tray.compare(theirs);
        for some in lacking.chunks(SHARED_STATEMENTS_MAX) {
            let some = Bounded::new(some.to_vec()).expect("invariant: chunks keep the limit");
            acts.push(Act::Send(from, SettlementMessage::Share(some)));
        }
        if has_more {
            tray.tell_marks(hall, slot, from, acts);
        }
    }
}

impl Tray {
    /// Sends partners what this desk found, now and then again.
    fn offer(&mut self, hall: &Hall<'_>, partners: &BTreeSet<Address>, acts: &mut Vec<Act>) {
        let Some(mine) = &self.mine else { return };
        for partner in partners {
            if self.told.get(partner).is_some_and(|told| hall.now.tick.since(*told) < OFFER_AGAIN_MS) {
                continue;
            }
            self.told.insert(*partner, hall.now.tick);
            acts.push(Act::Send(*partner, SettlementMessage::Offer(Box::new(mine.clone()))));
        }
    }

    /// Looks for a partner that found the same.
    fn meet(&mut self, hall: &Hall<'_>, slot: SlotId, partners: &BTreeSet<Address>, acts: &mut Vec<Act>) {
        let Some(mine) = self.mine.clone() else { return };
        let offers: Vec<(Address, Offer)> = self
            .offers
            .iter()
            .filter(|(desk, _)| partners.contains(*desk) && hall.may_pair(desk, &hall.me))
            .filter(|(_, offer)| version_of(&offer.settlement) == version_of(&mine.settlement))
            .map(|(desk, offer)| (*desk, offer.clone()))
            .collect();
        if let Some((desk, offer)) = offers.iter().find(|(_, offer)| offer.settlement == mine.settlement) {
            (self.differs, self.apart) = (None, None);
            if self.wished.is_none_or(|wished| hall.now.tick.since(wished) >= WISH_AGAIN_MS) {
                self.wished = Some(hall.now.tick);
                acts.push(wish(mine.settlement, (hall.me, mine.signature), (*desk, offer.signature)));
            }
            return;
        }
        for (desk, offer) in &offers {
            if offer.basis == mine.basis {
                self.differs.get_or_insert(hall.now.tick);
            } else {
                self.apart.get_or_insert(hall.now.tick);
                self.tell_marks(hall, slot, *desk, acts);
            }
        }
        let is_over =
            |since: Option<Tick>, ms: u64| since.is_some_and(|since| hall.now.tick.since(since) >= ms);
        if is_over(self.differs, DISPUTE_AFTER_MS) || is_over(self.apart, APART_MS) {
            let version = hall.latest(slot).map_or(0, |settled| settled.result.version);
            acts.push(Act::Dispute(Dispute { slot, version, reason: DisputeReason::Desks }));
        }
    }

    /// What one desk waits for the other may hold: a member reaches one of them sometimes.
    fn compare_early(&mut self, hall: &Hall<'_>, slot: SlotId, acts: &mut Vec<Act>) {
        let (now, changed) = (hall.now.tick, self.changed.tick);
        // Whoever takes a slot over that another pair settled asks the one of them that is still there first.
        let takes_over = hall.takes_over(slot);
        let is_concluded = hall.latest(slot).is_some() && !hall.is_disputed(slot);
        if !takes_over && (self.statements.len() == 0 || now.since(changed) < QUIET_MS || is_concluded) {
            return;
        }
        for partner in hall.partners(slot) {
            let is_due = |last: &Tick| *last < changed || now.since(*last) >= COMPARE_EARLY_MS;
            if self.compared.get(&partner).is_none_or(is_due) {
                self.tell_marks(hall, slot, partner, acts);
            }
        }
    }

    pub(super) fn tell_marks(&mut self, hall: &Hall<'_>, slot: SlotId, to: Address, acts: &mut Vec<Act>) {
        let last = self.compared.get(&to);
        if last.is_some_and(|last| hall.now.tick.since(*last) < COMPARE_AGAIN_MS) {
            return;
        }
        self.compared.insert(to, hall.now.tick);
        if let Some(held) = self.marks(slot) {
            acts.push(Act::Send(to, SettlementMessage::Held(held)));
        }
    }
}

fn version_of(settlement: &Settlement) -> Option<u32> {
    match settlement {
        Settlement::Slot(result) | Settlement::Correction(result) => Some(result.version),
        Settlement::Week(_) | Settlement::Period(_) | Settlement::Credit(_) | Settlement::Ruling(_) => None,
    }
}

/// Both signatures in order of address; the desk that comes first puts it on the ledger, the other one if that does not.
pub(super) fn wish(settlement: Settlement, mine: (Address, Signature), theirs: (Address, Signature)) -> Act {
    let mut signatures = [mine, theirs];
    signatures.sort_unstable_by_key(|(desk, _)| *desk);
    let wait_ms = if signatures[0].0 == mine.0 { 0 } else { SECOND_WAITS_MS };
    Act::Wish(Box::new(SignedSettlement { settlement, signatures }), wait_ms)
}
