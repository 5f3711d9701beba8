//! Two desks come to one result: each offers what it found with its signature; where they rest on different statements
//! they exchange those first; where both say the same it goes on the ledger with both signatures.

use protocol::energy::{Held, Offer, Settlement, SettlementMessage, SignedSettlement, SlotId};
use protocol::limits::SHARED_STATEMENTS_MAX;
use protocol::{Address, Bounded, Signature, SigningKey, Tick};

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
            return;
        }
        if !hall.has_desk(&hall.me) {
            return;
        }
        if !Self::is_ready(hall, slot, tray) {
            return tray.compare_early(hall, slot, acts);
        }
        let settled = hall.state.settled(slot);
        if let Some(settled) = settled
            && tray.find(hall, slot, settled.result.version).is_some_and(|found| found.says(&settled.result))
        {
            self.busy.remove(&slot);
            return;
        }
        let version = settled.map_or(1, |settled| settled.result.version + 1);
        let Some(found) = tray.find(hall, slot, version) else { return };
        let (settlement, basis) = (found.settlement(), tray.basis());
        if tray.mine.as_ref().is_none_or(|mine| mine.settlement != settlement || mine.basis != basis) {
            let signature = settlement.sign(key, &hall.chain);
            tray.mine = Some(Offer { settlement, basis, signature });
            tray.told.clear();
            tray.wished = None;
        }
        tray.offer(hall, slot, acts);
        tray.meet(hall, slot, acts);
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
        let Settlement::Slot(result) = &offer.settlement else { return };
        let slot = result.slot;
        let holds = hall
            .desk_key(&from)
            .is_some_and(|key| offer.settlement.verify(key, &hall.chain, &offer.signature).is_ok());
        if !holds || !hall.is_open(slot) || !hall.partners(slot).contains(&from) {
            return;
        }
        let tray = self.trays.entry(slot).or_insert_with(|| Tray::new(hall.now));
        tray.offers.insert(from, offer);
        self.busy.insert(slot);
        self.consider(hall, key, slot, acts);
        let Some(tray) = self.trays.get_mut(&slot) else { return };
        let is_other = tray.offers.get(&from).is_some_and(|offer| offer.basis != tray.basis());
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
    fn offer(&mut self, hall: &Hall<'_>, slot: SlotId, acts: &mut Vec<Act>) {
        let Some(mine) = self.mine.clone() else { return };
        for partner in hall.partners(slot) {
            if self.told.get(&partner).is_some_and(|told| hall.now.tick.since(*told) < OFFER_AGAIN_MS) {
                continue;
            }
            self.told.insert(partner, hall.now.tick);
            acts.push(Act::Send(partner, SettlementMessage::Offer(Box::new(mine.clone()))));
        }
    }

    /// Looks for a partner that found the same.
    fn meet(&mut self, hall: &Hall<'_>, slot: SlotId, acts: &mut Vec<Act>) {
        let Some(mine) = self.mine.clone() else { return };
        let partners = hall.partners(slot);
        let offers: Vec<(Address, Offer)> = self
            .offers
            .iter()
            .filter(|(desk, _)| partners.contains(*desk) && hall.may_pair(desk, &hall.me))
            .filter(|(_, offer)| version_of(&offer.settlement) == version_of(&mine.settlement))
            .map(|(desk, offer)| (*desk, offer.clone()))
            .collect();
        if let Some((desk, offer)) = offers.iter().find(|(_, offer)| offer.settlement == mine.settlement) {
            self.differs = None;
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
                self.tell_marks(hall, slot, *desk, acts);
            }
        }
    }

    /// What one desk waits for the other may hold: a member reaches one of them sometimes.
    fn compare_early(&mut self, hall: &Hall<'_>, slot: SlotId, acts: &mut Vec<Act>) {
        let (now, changed) = (hall.now.tick, self.changed.tick);
        if self.statements.is_empty() || now.since(changed) < QUIET_MS || hall.state.settled(slot).is_some() {
            return;
        }
        for partner in hall.partners(slot) {
            let is_due = |last: &Tick| *last < changed || now.since(*last) >= COMPARE_EARLY_MS;
            if self.compared.get(&partner).is_none_or(is_due) {
                self.tell_marks(hall, slot, partner, acts);
            }
        }
    }

    fn tell_marks(&mut self, hall: &Hall<'_>, slot: SlotId, to: Address, acts: &mut Vec<Act>) {
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
    if let Settlement::Slot(result) = settlement { Some(result.version) } else { None }
}

/// Both signatures in order of address; the desk that comes first puts it on the ledger, the other one if that does not.
pub(super) fn wish(settlement: Settlement, mine: (Address, Signature), theirs: (Address, Signature)) -> Act {
    let mut signatures = [mine, theirs];
    signatures.sort_unstable_by_key(|(desk, _)| *desk);
    let wait_ms = if signatures[0].0 == mine.0 { 0 } else { SECOND_WAITS_MS };
    Act::Wish(Box::new(SignedSettlement { settlement, signatures }), wait_ms)
}
