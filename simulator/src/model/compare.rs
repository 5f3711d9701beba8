//! The model beside the state of a node that is at the same height.

use std::collections::{BTreeMap, BTreeSet};

use ledger::State;
use ledger::state::ProposalStatus;
use protocol::{Address, AuthoritySet, PublicKey, WorkOrderStatus};

use super::{Door, Model, Waiting, expect, may_vote};

impl Model {
    /// What is different, if anything is.
    pub fn compare(&self, state: &State) -> Result<(), String> {
        let meta = state.meta();
        expect("height", meta.height.0, self.height)?;
        expect("time", meta.time, self.time)?;
        let set = |height: u64| self.authorities(height).expect("invariant: known two heights ahead");
        compare_set("authorities", &meta.authorities, set(self.height + 1))?;
        compare_set("next authorities", &meta.next_authorities, set(self.height + 2))?;
        self.compare_members(state)?;
        self.compare_proposals(state)?;
        self.compare_orders(state)?;
        self.compare_keys(state)?;
        self.compare_sharing(state)?;
        self.compare_meetings(state)?;
        expect("pieces of evidence", state.evidence().count(), self.evidence.len())
    }

    fn compare_members(&self, state: &State) -> Result<(), String> {
        let mut open: BTreeMap<Address, u32> = BTreeMap::new();
        for order in self.orders.iter().filter(|order| order.status != WorkOrderStatus::Done) {
            *open.entry(order.building).or_default() += 1;
        }
        let mut count = 0;
        for (address, found) in state.members() {
            count += 1;
            let member = self.members.get(address).ok_or(format!("{address} should not be a member"))?;
            expect("key of a member", found.key, member.key)?;
            expect("sequence of a member", found.sequence.0, member.sequence)?;
            expect("whether a member may vote", may_vote(found.role_max), member.may_vote)?;
            expect("whether a member is revoked", found.revoked, member.is_revoked)?;
            let of_member = open.get(&self.origin(address)).copied().unwrap_or_default();
            expect("first address of a member", state.origin(address), self.origin(address))?;
            expect("open work orders of a member", found.open_work_orders, of_member)?;
        }
        expect("members", count, self.members.len())
    }

    fn compare_proposals(&self, state: &State) -> Result<(), String> {
        let mut count = 0;
        for (number, found) in state.proposals() {
            count += 1;
            let index = usize::try_from(number).unwrap_or(usize::MAX) - 1;
            let proposal = self.proposals.get(index).ok_or(format!("proposal {number} should not exist"))?;
            let approvals: BTreeSet<Address> = found.approvals.iter().copied().collect();
            let executed = match found.status {
                ProposalStatus::Open => None,
                ProposalStatus::Executed(height) => Some(height.0),
            };
            expect("action of a proposal", &found.action, &proposal.action)?;
            expect("approvals of a proposal", &approvals, &proposal.approvals)?;
            expect("when a proposal was carried out", executed, proposal.executed)?;
        }
        expect("proposals", count, self.proposals.len())
    }

    fn compare_keys(&self, state: &State) -> Result<(), String> {
        for (from, (key, to)) in &self.former {
            let found = state.moved(from).map(|moved| (moved.key, moved.to));
            expect("where a key went", found, Some((*key, *to)))?;
        }
        let asks = state.settings().asks_cosignatures;
        expect("whether co-signatures are asked for", asks, self.asks_cosignatures)?;
        let waiting = state.admissions().map(|(nonce, found)| {
            let signers: BTreeSet<Address> = found.signers.iter().copied().collect();
            let (key, may_vote) = (found.member, may_vote(found.role));
            (nonce, Waiting { key, may_vote, expires: found.expires, signers })
        });
        expect("admissions that wait", waiting.collect(), self.waiting.clone())?;
        let door = state.network_key().map(|named| Door {
            epoch: named.epoch,
            hash: named.hash,
            since: named.since,
            is_due: named.is_due,
        });
        expect("network key", door, self.door.clone())
    }

    fn compare_orders(&self, state: &State) -> Result<(), String> {
        let mut count = 0;
        for (id, found) in state.work_orders() {
            count += 1;
            let index = usize::try_from(id.0).unwrap_or(usize::MAX) - 1;
            let order = self.orders.get(index).ok_or(format!("work order {id} should not exist"))?;
            expect("building of a work order", found.building, order.building)?;
            expect("reference of a work order", found.reference, order.reference)?;
            expect("status of a work order", found.status, order.status)?;
            expect("commitment of a work order", found.commitment, order.commitment)?;
            expect("where a work order was opened", found.opened.height.0, order.opened)?;
            let changed = (found.changed.height.0, found.changed.transaction);
            expect("where a work order was changed", changed, order.changed)?;
        }
        expect("work orders", count, self.orders.len())
    }
}

fn compare_set(what: &str, found: &AuthoritySet, set: &BTreeMap<Address, PublicKey>) -> Result<(), String> {
    let found: BTreeMap<Address, PublicKey> =
        found.keys().iter().map(|key| (Address::of(key), *key)).collect();
    expect(what, &found, set)
}
