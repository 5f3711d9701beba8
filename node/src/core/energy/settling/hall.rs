//! Who settles what: the hive's decisions as a node sees them now, and the desks a slot's figures may go to.

use std::collections::{BTreeMap, BTreeSet};

use ledger::energy::Setting;
use ledger::state::State;
use ledger::state::energy::Books;
use protocol::energy::{Rota, SharingRule, SlotId, SlotLength, Tariff};
use protocol::limits::{SETTLING_DAYS_MAX, STAND_BY_AFTER_MS};
use protocol::{Address, ChainId, Now, PublicKey};

use crate::core::telemetry::DAY_MS;

/// What a node needs of the hive to settle.
#[derive(Debug)]
pub(super) struct Hall<'a> {
    pub(super) state: &'a State,
    pub(super) books: Books,
    pub(super) rota: Rota,
    pub(super) chain: ChainId,
    /// This node.
    pub(super) me: Address,
    pub(super) now: Now,
}

impl<'a> Hall<'a> {
    /// None while nobody is voted to settle.
    pub(super) fn open(state: &'a State, chain: ChainId, me: Address, now: Now) -> Option<Self> {
        let books = state.books();
        let rota = books.rota.clone()?;
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

    /// The first slot that statements are made and taken for.
    pub(super) fn oldest(&self) -> SlotId {
        self.kept().max(self.books.final_until)
    }

    /// Whether statements of a slot count now.
    pub(super) fn is_open(&self, slot: SlotId) -> bool {
        (self.oldest()..self.current()).contains(&slot) && self.state.tariff_at(slot).is_some()
    }

    /// Whether an authority has a desk now.
    pub(super) fn has_desk(&self, address: &Address) -> bool {
        self.rota.desks().iter().any(|desk| self.state.current(&desk.authority) == *address)
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

    /// The pairs that may have to do with a slot: those who settled it; else its own pair and, when it is late, the
    /// stand-by pair of each quarter of an hour that has passed.
    fn pairs(&self, slot: SlotId, late: u64) -> Vec<[Address; 2]> {
        if let Some(settled) = self.state.settled(slot) {
            let pair = settled.settlers.map(|settler| self.state.current(&settler));
            if pair.iter().all(|settler| self.has_desk(settler)) {
                return vec![pair];
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

    /// The desks that a statement made at `since` goes to now.
    pub(super) fn desks(&self, slot: SlotId, since: protocol::UnixMs) -> BTreeSet<Address> {
        let pairs = self.pairs(slot, self.late(slot, since));
        let (first, last) = (pairs.first().copied(), pairs.last().copied());
        first.into_iter().chain(last).flatten().collect()
    }

    /// Whether this node may be told figures of a slot.
    pub(super) fn is_desk_of(&self, slot: SlotId) -> bool {
        self.pairs(slot, self.late(slot, protocol::UnixMs(0))).iter().any(|pair| pair.contains(&self.me))
    }

    /// The other desks with which this one may settle a slot.
    pub(super) fn partners(&self, slot: SlotId) -> BTreeSet<Address> {
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
        members.map(|(address, _)| (self.state.origin(address), *address)).collect()
    }

    /// Whether a member belonged to the hive when a slot was settled, or may still be settled with it.
    pub(super) fn belonged(&self, slot: SlotId, member: &Address) -> bool {
        let height = self.state.settled(slot).map(|settled| settled.height);
        let since = self.state.member(&self.state.current(member)).map(|entry| entry.since);
        height.is_none_or(|height| since.is_some_and(|since| since <= height))
    }

    /// Rule and tariff of a slot.
    pub(super) fn terms(&self, slot: SlotId) -> Option<(SharingRule, Tariff)> {
        Some((self.state.rule_at(slot), self.state.tariff_at(slot)?))
    }

    /// What [`ledger::energy::settle`] needs of them.
    pub(super) fn setting<'b>(&self, rule: &'b SharingRule, tariff: &Tariff) -> Setting<'b> {
        Setting {
            rule,
            retail: tariff.retail,
            feed_in: tariff.feed_in,
            fee: tariff.fees.of(self.books.locality),
            coefficients: None,
        }
    }
}

/// The UTC day of a slot; 0 before 1970.
pub(super) fn day_of(slot: SlotId, length: SlotLength) -> u64 {
    u64::try_from(slot.start(length).0.div_euclid(DAY_MS)).unwrap_or(0)
}
