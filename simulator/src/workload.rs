//! What people ask of the hive: one client per building hands in transactions of its own key there, opens work orders,
//! moves them forward, and asks again until they are final.

use std::collections::{BTreeMap, VecDeque};

use ledger::{Committed, Event, Reject, State};
use protocol::transaction::TransactionBody;
use protocol::{
    Address, AdvanceWorkOrder, AssetKind, ChainId, Digest, Height, OpenWorkOrder, Payload, Sequence,
    Severity, SigningKey, TransactionId, VerifiedTransaction, WorkOrderId, WorkOrderStatus,
};

use crate::chance::Chance;
use crate::meetings::Meetings;

/// Transactions of one client that are not final yet, at the most.
const PENDING_MAX: usize = 32;
/// Of 1,000 transactions of a building whose people meet, how many are about that.
const MEETING_PER_MILLE: u64 = 700;
/// Heights until a transaction expires.
const EXPIRES_AFTER: u64 = 50_000;

/// One client and its building.
#[derive(Debug)]
pub struct Client {
    key: SigningKey,
    address: Address,
    last: Sequence,
    pending: VecDeque<VerifiedTransaction>,
    /// Its work orders that are not done, with the status it asked for last.
    orders: BTreeMap<WorkOrderId, WorkOrderStatus>,
    chance: Chance,
    /// The people of the building, where they meet.
    meetings: Option<Meetings>,
}

impl Client {
    /// A client that has asked for nothing yet.
    pub(crate) fn new(key: SigningKey, chance: Chance, meetings: Option<Meetings>) -> Self {
        let address = key.address();
        let (pending, orders) = (VecDeque::new(), BTreeMap::new());
        Self { key, address, last: Sequence(0), pending, orders, chance, meetings }
    }

    /// Its address.
    pub fn address(&self) -> Address {
        self.address
    }

    /// Sequence of its last transaction.
    pub fn last(&self) -> Sequence {
        self.last
    }

    /// What it hands in again at a building that came back.
    pub fn pending(&self) -> Vec<VerifiedTransaction> {
        self.pending.iter().cloned().collect()
    }

    /// Its next transaction; none while too many wait. The people of the building look at `state`, if they look at all.
    pub fn next(&mut self, chain: &ChainId, state: Option<&State>) -> Option<VerifiedTransaction> {
        if self.pending.len() >= PENDING_MAX {
            return None;
        }
        let asked = self.pending.iter().any(|waiting| matches!(waiting.body().payload, Payload::Assembly(_)));
        let people = self.meetings.as_mut().filter(|_| !asked && self.chance.per_mille(MEETING_PER_MILLE));
        let action = people.zip(state).and_then(|(people, state)| people.next(state, chain));
        self.last = self.last.next();
        let payload = action.map_or_else(|| self.payload(), Payload::Assembly);
        let transaction = self.sign(chain, self.last, payload);
        self.pending.push_back(transaction.clone());
        Some(transaction)
    }

    fn sign(&self, chain: &ChainId, sequence: Sequence, payload: Payload) -> VerifiedTransaction {
        let expires = Height(EXPIRES_AFTER);
        TransactionBody { author: self.key.public(), sequence, expires, payload }.sign(&self.key, chain)
    }

    /// Its building drops a transaction. What came too late for its assembly makes room for something that never does, so
    /// that those behind it go on. Answers whether there is something to hand in again.
    pub fn dropped(&mut self, chain: &ChainId, id: &TransactionId, reason: &Reject) -> bool {
        let Reject::Assembly(_) = reason else { return false };
        let Some(place) = self.pending.iter().position(|waiting| waiting.id() == *id) else { return false };
        let sequence = self.pending[place].body().sequence;
        let payload = self.open(sequence);
        self.pending[place] = self.sign(chain, sequence, payload);
        true
    }

    /// A block became final at its building.
    pub fn settle(&mut self, committed: &Committed) {
        self.pending.retain(|transaction| !committed.transactions.contains(&transaction.id()));
        for event in &committed.events {
            if let Event::WorkOrderOpened { id, building, .. } = event
                && *building == self.address
            {
                self.orders.entry(*id).or_insert(WorkOrderStatus::Open);
            }
        }
    }

    /// Its building is back with this state: what is in it needs not be asked again.
    pub fn catch_up(&mut self, state: &State) {
        let Some(member) = state.member(&self.address) else { return };
        self.pending.retain(|transaction| transaction.body().sequence > member.sequence);
        for (id, order) in state.work_orders().filter(|(_, order)| order.building == self.address) {
            self.orders.entry(id).or_insert(order.status);
        }
    }

    fn payload(&mut self) -> Payload {
        let open: Vec<WorkOrderId> = self
            .orders
            .iter()
            .filter(|(_, status)| **status != WorkOrderStatus::Done)
            .map(|(id, _)| *id)
            .collect();
        if open.is_empty() || self.chance.per_mille(500) {
            return self.open(self.last);
        }
        let id = open[self.chance.index(open.len())];
        let status = match self.orders[&id] {
            WorkOrderStatus::Open => WorkOrderStatus::InProgress,
            WorkOrderStatus::InProgress | WorkOrderStatus::Done => WorkOrderStatus::Done,
        };
        self.orders.insert(id, status);
        Payload::AdvanceWorkOrder(AdvanceWorkOrder {
            id,
            status,
            commitment: self.digest(self.last, "commitment"),
        })
    }

    fn open(&self, sequence: Sequence) -> Payload {
        let digest = |what| self.digest(sequence, what);
        Payload::OpenWorkOrder(OpenWorkOrder {
            reference: digest("reference"),
            asset: digest("asset"),
            kind: AssetKind::Elevator,
            policy: digest("policy"),
            severity: Severity::High,
            commitment: digest("commitment"),
        })
    }

    fn digest(&self, sequence: Sequence, what: &str) -> Digest {
        let sequence = sequence.0.to_be_bytes();
        Digest::of("symbiose simulator client v1", &[self.address.as_bytes(), &sequence, what.as_bytes()])
    }
}
