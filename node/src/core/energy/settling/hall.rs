//! Who settles what: the hive's decisions as a node sees them now, and the desks a slot's figures may go to.

use std::collections::{BTreeMap, BTreeSet};

use ledger::energy::Setting;
use ledger::state::State;
use ledger::state::energy::{Books, SettledSlot};
use protocol::energy::{Rota, SharingRule, SlotId, SlotLength, Tariff, Weights};
use protocol::limits::{SETTLING_DAYS_MAX, STAND_BY_AFTER_MS};
use protocol::{Address, ChainId, Height, Now, PublicKey};

use crate::core::telemetry::DAY_MS;

/// Blocks for which the result of a slot may be on its way to the ledger.
const ON_ITS_WAY_BLOCKS: u64 = 64;

/// What a node needs of the hive to settle.
#[derive(Debug)]
pub(super) struct Hall<'a> {
    pub(super) state: &'a State,
    pub(super) books: &'a Books,
    pub(super) rota: &'a Rota,
    pub(super) chain: ChainId,
    /// This node.
    pub(super) me: Address,
    pub(super) now: Now,
}

impl<'a> Hall<'a> {
    /// None while nobody is voted to settle.
    pub(super) fn open(state: &'a State, chain: ChainId, me: Address, now: Now) -> Option<Self> {
        let books = state.opened_books()?;
        let rota = books.rota.as_ref()?;
        Some(Self { state, books, rota, chain, me, now })
    }

    pub(super) const fn length(&self) -> SlotLength {
        self.books.length
    }

    /// The slot after the last one that is over.
    pub(super) fn current(&self) -> SlotId {
        SlotId::at(self.now.time, self.length()).unwrap_or(SlotId(0))
    }

    /// The first slot that is kept.
    pub(super) fn kept(&self) -> SlotId {
        let days = i64::try_from(SETTLING_DAYS_MAX).expect("invariant: a small number");
        SlotId::at(self.now.time.plus(-days * DAY_MS), self.length()).unwrap_or(SlotId(0))
    }

    /// The first slot of the day of that: own slots are let go day by day.
    pub(super) fn kept_days(&self) -> SlotId {
        SlotId(day_of(self.kept(), self.length()) * u64::from(self.length().slots_per_day()))
    }

    /// The first slot that is not final.
    pub(super) fn oldest(&self) -> SlotId {
        self.kept().max(self.books.final_until)
    }

    /// Whether statements of a slot count now: those of final ones become corrections.
    pub(super) fn is_open(&self, slot: SlotId) -> bool {
        (self.kept()..self.current()).contains(&slot) && self.state.tariff_at(slot).is_some()
    }

    /// Whether a slot's period is final.
    pub(super) fn is_final(&self, slot: SlotId) -> bool {
        slot < self.books.final_until
    }

    /// What holds of a slot: its correction where there is one, else what was settled.
    pub(super) fn latest(&self, slot: SlotId) -> Option<&'a SettledSlot> {
        self.state.latest_result(slot)
    }

    /// The first key of whoever has, or had, an address.
    pub(super) fn first_key(&self, address: &Address) -> Address {
        self.state.first_key(address)
    }

    /// Whether an authority has a desk now: whoever is no authority any more has none.
    pub(super) fn has_desk(&self, address: &Address) -> bool {
        self.state.authorities().key_of(address).is_some()
            && self.rota.desks().iter().any(|desk| self.state.current(&desk.authority) == *address)
    }

    /// Every desk, by the key it has now.
    pub(super) fn desk_addresses(&self) -> Vec<Address> {
        self.rota.desks().iter().map(|desk| self.state.current(&desk.authority)).collect()
    }

    /// The key of a desk.
    pub(super) fn desk_key(&self, address: &Address) -> Option<&PublicKey> {
        self.state.authorities().key_of(address).filter(|_| self.has_desk(address))
    }

    /// Whether two desks are of two operators.
    pub(super) fn may_pair(&self, one: &Address, other: &Address) -> bool {
        let operator = |address: &Address| {
            let desk = self.rota.desks().iter().find(|desk| self.state.current(&desk.authority) == *address);
            desk.map(|desk| desk.operator)
        };
        operator(one).is_some() && operator(other).is_some() && operator(one) != operator(other)
    }

    /// The pairs that may have to do with a slot: those who settled it and, where they left its week unbooked, the one whose
    /// turn it is; else its own pair and, when it is late, the
    /// stand-by pair of each quarter of an hour that has passed.
    fn pairs(&self, slot: SlotId, late: u64) -> Vec<[Address; 2]> {
        if let Some(settled) = self.latest(slot) {
            let pair = settled.settlers.map(|settler| self.state.current(&settler));
            let has_desks = pair.iter().all(|settler| self.has_desk(settler));
            let heirs = self.heirs_of(slot);
            if has_desks || heirs.is_some() {
                return Some(pair).filter(|_| has_desks).into_iter().chain(heirs).collect();
            }
        }
        let day = day_of(slot, self.length());
        let turns = late.min(self.rota.desks().len() as u64 - 1);
        (0..=turns).map(|turn| self.pair(day + turn)).collect()
    }

    /// The two desks of a UTC day.
    pub(super) fn pair(&self, day: u64) -> [Address; 2] {
        self.rota.pair(day).map(|authority| self.state.current(&authority))
    }

    /// Quarters of an hour that a slot is late, counted from its end or from when its statement was made.
    fn late(&self, slot: SlotId, since: protocol::UnixMs) -> u64 {
        let since = slot.end(self.length()).max(since);
        u64::try_from(self.now.time.since(since) / STAND_BY_AFTER_MS).unwrap_or(0)
    }

    /// Whether a slot is open to all desks.
    pub(super) fn is_disputed(&self, slot: SlotId) -> bool {
        let disputed = self.state.disputed(slot);
        !self.is_final(slot) && disputed.is_some_and(|disputed| disputed.is_open(self.now.time))
    }

    /// The desks that a statement made at `since` goes to now.
    pub(super) fn desks(&self, slot: SlotId, since: protocol::UnixMs) -> BTreeSet<Address> {
        if self.is_disputed(slot) {
            return self.desk_addresses().into_iter().collect();
        }
        let pairs = self.pairs(slot, self.late(slot, since));
        let (first, last) = (pairs.first().copied(), pairs.last().copied());
        first.into_iter().chain(last).flatten().collect()
    }

    /// Whether this node may be told figures of a slot.
    pub(super) fn is_desk_of(&self, slot: SlotId) -> bool {
        if self.is_disputed(slot) {
            return self.has_desk(&self.me);
        }
        self.pairs(slot, self.late(slot, protocol::UnixMs(0))).iter().any(|pair| pair.contains(&self.me))
    }

    /// The other desks with which this one may settle a slot.
    pub(super) fn partners(&self, slot: SlotId) -> BTreeSet<Address> {
        if self.is_disputed(slot) {
            return self.desk_addresses().into_iter().filter(|desk| *desk != self.me).collect();
        }
        if self.takes_over(slot) {
            return self.heirs_of(slot).into_iter().flatten().filter(|desk| *desk != self.me).collect();
        }
        let pairs = self.pairs(slot, self.late(slot, protocol::UnixMs(0)));
        let mine = pairs.into_iter().filter(|pair| pair.contains(&self.me));
        mine.flatten().filter(|desk| *desk != self.me).collect()
    }

    /// The key that signed in the name of a member, were it before it changed it.
    pub(super) fn key_of(&self, member: &Address) -> Option<PublicKey> {
        let now = self.state.member(member).map(|entry| entry.key);
        now.or_else(|| self.state.moved(member).map(|moved| moved.key))
    }

    /// The members whose statements a slot waits for, by first key, with the key they have now. A slot that is settled
    /// waits for nobody who joined after.
    pub(super) fn expected(&self, slot: SlotId) -> BTreeMap<Address, Address> {
        let height = self.state.settled(slot).map(|settled| settled.height);
        let members = self.state.members().filter(|(_, entry)| !entry.revoked);
        let members = members.filter(|(_, entry)| height.is_none_or(|height| entry.since <= height));
        members.map(|(address, _)| (self.first_key(address), *address)).collect()
    }

    /// Whether a member belonged to the hive when a slot was settled, or may still be settled with it.
    pub(super) fn belonged(&self, slot: SlotId, member: &Address) -> bool {
        let height = self.state.settled(slot).map(|settled| settled.height);
        let since = self.state.member(&self.state.current(member)).map(|entry| entry.since);
        height.is_none_or(|height| since.is_some_and(|since| since <= height))
    }

    /// Whether the desks that settled a slot at `height` knew a member when they signed. Who joined while their result was
    /// on its way is named nowhere in it, and nobody must wait for its figure. If it had one after all it says so, and is
    /// taken in with the next version.
    pub(super) fn was_known(&self, height: Height, member: &Address) -> bool {
        let since = self.state.member(member).map(|entry| entry.since);
        let is_old = |since: Height| since.0.saturating_add(ON_ITS_WAY_BLOCKS) <= height.0;
        since.is_some_and(|since| since == Height(0) || is_old(since))
    }

    /// What the hive decided for a slot; none while there is no tariff.
    pub(super) fn agreed(&self, slot: SlotId) -> Option<Agreed> {
        let coefficients = self.state.coefficients_at(slot).map(|(_, given)| given.parts.clone());
        Some(Agreed { rule: self.state.rule_at(slot), tariff: self.state.tariff_at(slot)?, coefficients })
    }

    /// What [`ledger::energy::settle`] needs of that.
    pub(super) fn setting<'b>(&self, agreed: &'b Agreed) -> Setting<'b> {
        let tariff = &agreed.tariff;
        Setting {
            rule: &agreed.rule,
            retail: tariff.retail,
            feed_in: tariff.feed_in,
            fee: tariff.fees.of(self.books.locality),
            coefficients: agreed.coefficients.as_ref(),
        }
    }
}

/// What a slot is settled by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Agreed {
    pub(super) rule: SharingRule,
    pub(super) tariff: Tariff,
    /// The parts that an organiser gave; none where the rule asks for none, or nobody gave any.
    pub(super) coefficients: Option<Weights>,
}

impl Agreed {
    /// The same for members by the names under which they stated: who changed its key keeps its part.
    pub(super) fn named(&self, name: &impl Fn(&Address) -> Address) -> Self {
        let coefficients = self.coefficients.as_ref().map(|parts| parts.named(name));
        Self { rule: self.rule.named(name), tariff: self.tariff, coefficients }
    }
}

/// The UTC day of a slot; 0 before 1970.
pub(super) fn day_of(slot: SlotId, length: SlotLength) -> u64 {
    u64::try_from(slot.start(length).0.div_euclid(DAY_MS)).unwrap_or(0)
}
