//! The ledger's state: entries under keys, in one order, with one hash. It is changed only by executing blocks on an
//! [`Overlay`] and committing the [`Delta`] that comes out.

pub mod aggregate;
pub mod assembly;
mod buckets;
mod cosigning;
pub mod energy;
mod entry;
mod execute;
mod governance;
mod identity;
mod maintenance;
mod membership;
mod network_key;
pub mod token;

pub use entry::{
    Admission, Entry, Evidenced, Key, MemberEntry, Meta, Moved, NamedNetworkKey, Origin, Place, Proposal,
    ProposalStatus, Settings, WorkOrder,
};
pub use execute::{BlockContext, Event, execute};
pub(crate) use execute::{begin_block, end_block};

use std::collections::{BTreeMap, BTreeSet};

use protocol::assembly::AssemblyId;
use protocol::{Address, AuthoritySet, Digest, Genesis, Height, PublicKey, Role, StateHash, WorkOrderId};

use assembly::AssemblyKey;
use buckets::{Buckets, Changed};

/// Entries that a block wrote; `None` is gone.
pub type Delta = BTreeMap<Key, Option<Entry>>;

/// What a block writes, with the state hash it leads to. It fits the state it was prepared on and no other.
#[derive(Debug, Clone)]
pub struct Prepared {
    delta: Delta,
    changed: Changed,
    hash: StateHash,
}

impl Prepared {
    /// Hash of the state with this committed.
    pub fn hash(&self) -> StateHash {
        self.hash
    }
}

/// The state after some height.
#[derive(Debug, Clone)]
pub struct State {
    /// All but the one under [`Key::Meta`].
    entries: BTreeMap<Key, Entry>,
    /// The entry under [`Key::Meta`], which is looked at with every message.
    meta: Meta,
    /// Whether any member ever changed its key: where nobody did, nobody has to be followed from key to key.
    has_moved: bool,
    buckets: Buckets,
    /// Where each commitment came in, by the commitment first: what the entries say, in another order.
    entered: BTreeSet<(Digest, AssemblyId)>,
}

impl State {
    /// The state after genesis.
    pub fn genesis(genesis: &Genesis) -> Self {
        let mut delta = Delta::new();
        let authorities = genesis.authorities().clone();
        for key in authorities.keys().iter().chain(genesis.followers()) {
            let entry = MemberEntry::new(*key, Height(0), Role::Authority);
            delta.insert(Key::Member(Address::of(key)), Some(Entry::Member(entry)));
        }
        let meta = Meta {
            height: Height(0),
            time: genesis.time(),
            authorities: authorities.clone(),
            next_authorities: authorities,
            work_orders: 0,
            proposals: 0,
        };
        delta.insert(Key::Meta, Some(Entry::Meta(meta.clone())));
        let (entries, buckets, entered) = (BTreeMap::new(), Buckets::default(), BTreeSet::new());
        let mut state = Self { entries, meta, has_moved: false, buckets, entered };
        let prepared = state.prepare(delta);
        state.commit(prepared);
        state
    }

    /// Hash of the whole state.
    pub fn hash(&self) -> StateHash {
        self.buckets.root()
    }

    /// Works out what `delta` would lead to.
    pub fn prepare(&self, delta: Delta) -> Prepared {
        let changed = self.buckets.changed(&delta);
        let hash = self.buckets.root_with(&changed);
        Prepared { delta, changed, hash }
    }

    /// Takes in what a block wrote.
    pub fn commit(&mut self, prepared: Prepared) {
        self.buckets.apply(prepared.changed, prepared.hash);
        self.write(prepared.delta);
    }

    /// Takes in what a stored block wrote. The hash stays what it was until [`Self::seal`].
    pub(crate) fn write(&mut self, delta: Delta) {
        for (key, entry) in delta {
            self.has_moved |= matches!(key, Key::Moved(_));
            match entry {
                Some(Entry::Meta(meta)) => self.meta = meta,
                Some(entry) => {
                    if let Key::Assembly(AssemblyKey::Entered(vote, commitment)) = key {
                        self.entered.insert((commitment, vote));
                    }
                    self.entries.insert(key, entry);
                }
                None => {
                    let is_entered = matches!(key, Key::Assembly(AssemblyKey::Entered(..)));
                    assert!(!is_entered, "invariant: what came in stays");
                    self.entries.remove(&key);
                }
            }
        }
    }

    /// Hashes everything that was written since the last time.
    pub(crate) fn seal(&mut self, written: Delta) {
        let Prepared { changed, hash, .. } = self.prepare(written);
        self.buckets.apply(changed, hash);
    }

    /// Counters and authority sets.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// The authorities that decide the next block.
    pub fn authorities(&self) -> &AuthoritySet {
        &self.meta.authorities
    }

    /// The set that decides the block after that.
    pub fn next_authorities(&self) -> &AuthoritySet {
        &self.meta().next_authorities
    }

    /// One member, revoked ones included.
    pub fn member(&self, address: &Address) -> Option<&MemberEntry> {
        match self.entries.get(&Key::Member(*address)) {
            Some(Entry::Member(member)) => Some(member),
            Some(_) | None => None,
        }
    }

    /// Every member in order of address, revoked ones included.
    pub fn members(&self) -> impl Iterator<Item = (&Address, &MemberEntry)> {
        self.entries.range(Key::Member(Address::new([0; 20]))..).map_while(|(key, entry)| {
            match (key, entry) {
                (Key::Member(address), Entry::Member(member)) => Some((address, member)),
                _ => None,
            }
        })
    }

    /// Keys that may connect: those of members, and that of an authority which changed it while it still decides the
    /// next block.
    pub fn member_keys(&self) -> impl Iterator<Item = PublicKey> {
        let leaving = self.authorities().keys().iter().filter(|key| self.member(&Address::of(key)).is_none());
        let members = self.members().filter(|(_, member)| !member.revoked).map(|(_, member)| member.key);
        members.chain(leaving.copied())
    }

    /// One work order.
    pub fn work_order(&self, id: WorkOrderId) -> Option<&WorkOrder> {
        match self.entries.get(&Key::WorkOrder(id)) {
            Some(Entry::WorkOrder(order)) => Some(order),
            Some(_) | None => None,
        }
    }

    /// The work order that a building opened under a reference.
    pub fn work_order_of(&self, building: &Address, reference: &Digest) -> Option<WorkOrderId> {
        match self.entries.get(&maintenance::reference_key(*building, reference)) {
            Some(Entry::Reference(id)) => Some(*id),
            Some(_) | None => None,
        }
    }

    /// Whether an invitation was used or taken back, and would still hold otherwise.
    pub fn invitation_used(&self, nonce: &Digest) -> bool {
        self.entries.contains_key(&Key::Invitation(*nonce))
    }

    /// Every work order, newest first.
    pub fn work_orders(&self) -> impl Iterator<Item = (WorkOrderId, &WorkOrder)> {
        let all = Key::WorkOrder(WorkOrderId(0))..=Key::WorkOrder(WorkOrderId(u64::MAX));
        self.entries.range(all).rev().filter_map(|(key, entry)| match (key, entry) {
            (Key::WorkOrder(id), Entry::WorkOrder(order)) => Some((*id, order)),
            _ => None,
        })
    }

    /// Every proposal, newest first.
    pub fn proposals(&self) -> impl Iterator<Item = (u64, &Proposal)> {
        self.entries.range(Key::Proposal(0)..=Key::Proposal(u64::MAX)).rev().filter_map(
            |(key, entry)| match (key, entry) {
                (Key::Proposal(number), Entry::Proposal(proposal)) => Some((*number, proposal)),
                _ => None,
            },
        )
    }

    /// Every recorded double signing.
    pub fn evidence(&self) -> impl Iterator<Item = &Evidenced> {
        let first = Key::Evidence(Address::new([0; 20]), Digest::new([0; 32]));
        self.entries.range(first..).filter_map(|(_, entry)| {
            let Entry::Evidence(evidenced) = entry else { return None };
            Some(evidenced)
        })
    }

    /// Whether a piece of evidence is on the ledger.
    pub fn has_evidence(&self, evidence: &protocol::Evidence) -> bool {
        self.entries.contains_key(&Key::Evidence(evidence.culprit(), evidence.key()))
    }

    fn get(&self, key: &Key) -> Option<&Entry> {
        self.entries.get(key)
    }
}

/// A state with changes on top that are not committed.
#[derive(Debug)]
pub struct Overlay<'a> {
    base: &'a State,
    delta: Delta,
}

impl<'a> Overlay<'a> {
    /// No changes yet.
    pub fn new(base: &'a State) -> Self {
        Self { base, delta: Delta::new() }
    }

    /// The changes.
    pub fn into_delta(self) -> Delta {
        self.delta
    }

    fn get(&self, key: &Key) -> Option<&Entry> {
        match self.delta.get(key) {
            Some(entry) => entry.as_ref(),
            None => self.base.get(key),
        }
    }

    fn has(&self, key: &Key) -> bool {
        self.get(key).is_some()
    }

    fn put(&mut self, key: Key, entry: Entry) {
        self.delta.insert(key, Some(entry));
    }

    fn remove(&mut self, key: Key) {
        self.delta.insert(key, None);
    }

    fn meta(&self) -> &Meta {
        match self.delta.get(&Key::Meta) {
            Some(Some(Entry::Meta(meta))) => meta,
            _ => self.base.meta(),
        }
    }

    fn member(&self, address: &Address) -> Option<&MemberEntry> {
        match self.get(&Key::Member(*address)) {
            Some(Entry::Member(member)) => Some(member),
            Some(_) | None => None,
        }
    }

    fn put_meta(&mut self, meta: Meta) {
        self.put(Key::Meta, Entry::Meta(meta));
    }

    fn put_member(&mut self, address: Address, member: MemberEntry) {
        self.put(Key::Member(address), Entry::Member(member));
    }

    /// Entries of a range of keys, changes included, in order.
    fn range(&self, range: std::ops::RangeInclusive<Key>) -> Vec<(Key, Entry)> {
        let stored = self.base.entries.range(range.clone());
        let mut changed = self.delta.range(range).peekable();
        if changed.peek().is_none() {
            return stored.map(|(key, entry)| (*key, entry.clone())).collect();
        }
        let mut merged: BTreeMap<Key, Option<Entry>> =
            stored.map(|(key, entry)| (*key, Some(entry.clone()))).collect();
        merged.extend(changed.map(|(key, entry)| (*key, entry.clone())));
        merged.into_iter().filter_map(|(key, entry)| entry.map(|entry| (key, entry))).collect()
    }
}
