//! What people ask of the hive: one client per building hands in transactions of its own key there, opens work orders,
//! moves them forward, and asks again until they are final.

use std::collections::{BTreeMap, VecDeque};

use ledger::{Committed, Event, State};
use protocol::transaction::TransactionBody;
use protocol::{
    Address, AdvanceWorkOrder, AssetKind, ChainId, Digest, Height, OpenWorkOrder, Payload, Sequence,
    Severity, SigningKey, VerifiedTransaction, WorkOrderId, WorkOrderStatus,
};

use crate::chance::Chance;

/// Transactions of one client that are not final yet, at the most.
const PENDING_MAX: usize = 32;
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
}

impl Client {
    /// A client that has asked for nothing yet.
    pub fn new(key: SigningKey, chance: Chance) -> Self {
        let address = key.address();
        let (pending, orders) = (VecDeque::new(), BTreeMap::new());
        Self { key, address, last: Sequence(0), pending, orders, chance }
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

    /// Its next transaction; none while too many wait.
    pub fn next(&mut self, chain: &ChainId) -> Option<VerifiedTransaction> {
        if self.pending.len() >= PENDING_MAX {
            return None;
        }
        self.last = self.last.next();
        let payload = self.payload();
        let expires = Height(EXPIRES_AFTER);
        let body = TransactionBody { author: self.key.public(), sequence: self.last, expires, payload };
        let transaction = body.sign(&self.key, chain);
        self.pending.push_back(transaction.clone());
        Some(transaction)
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
            return self.open();
        }
        let id = open[self.chance.index(open.len())];
        let status = match self.orders[&id] {
            WorkOrderStatus::Open => WorkOrderStatus::InProgress,
            WorkOrderStatus::InProgress | WorkOrderStatus::Done => WorkOrderStatus::Done,
        };
        self.orders.insert(id, status);
        Payload::AdvanceWorkOrder(AdvanceWorkOrder { id, status, commitment: self.digest("commitment") })
    }

    fn open(&mut self) -> Payload {
        Payload::OpenWorkOrder(OpenWorkOrder {
            reference: self.digest("reference"),
            asset: self.digest("asset"),
            kind: AssetKind::Elevator,
            policy: self.digest("policy"),
            severity: Severity::High,
            commitment: self.digest("commitment"),
        })
    }

    fn digest(&self, what: &str) -> Digest {
        let sequence = self.last.0.to_be_bytes();
        Digest::of("symbiose simulator client v1", &[self.address.as_bytes(), &sequence, what.as_bytes()])
    }
}
