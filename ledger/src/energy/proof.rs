//! How a member knows that its line is the one both settlement authorities signed: a Merkle tree over salted lines, of
//! which the ledger holds the root. A neighbour's line cannot be found by trying figures, as its salt is not known.

use protocol::energy::{Salt, SignedStatement, SlotId, SlotResult};
use protocol::{Address, Bounded, Digest, Invalid, LogRoot, TransactionId, encode};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::settle::{Line, Outcome};
use crate::log::{Frontier, Log, verify_inclusion};

/// The lines of one version of one slot.
#[derive(Debug, Clone)]
pub struct LineTree {
    leaves: Log,
}

/// Where a line stands, with the hashes beside its path to the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct LineProof {
    /// Its place, from 0.
    pub index: u64,
    /// Lines of the slot.
    pub size: u64,
    /// Hashes, leaf first: one for each halving of 5,000 lines, rounded up.
    pub path: Bounded<Digest, 16>,
}

impl LineTree {
    /// The tree of a settled slot; `salts` are those of the statements, in the order of the lines.
    pub fn new(slot: SlotId, version: u32, outcome: &Outcome, salts: &[Salt]) -> Self {
        assert_eq!(outcome.lines.len(), salts.len(), "invariant: every line comes from a statement");
        let mut leaves = Log::default();
        let hashed = outcome.lines.iter().zip(salts).map(|(line, salt)| leaf(slot, version, line, salt));
        leaves.append(&hashed.collect::<Vec<_>>());
        Self { leaves }
    }

    /// What the ledger holds of it.
    pub fn root(&self) -> Digest {
        Digest::new(*self.leaves.root().as_bytes())
    }

    /// The root alone, without the tree.
    fn root_of(slot: SlotId, version: u32, outcome: &Outcome, salts: &[Salt]) -> Digest {
        assert_eq!(outcome.lines.len(), salts.len(), "invariant: every line comes from a statement");
        let mut frontier = Frontier::default();
        for (line, salt) in outcome.lines.iter().zip(salts) {
            frontier.push(&leaf(slot, version, line, salt));
        }
        Digest::new(*frontier.root().as_bytes())
    }

    /// The proof of the line at a place; none past the last.
    pub fn prove(&self, index: u64) -> Option<LineProof> {
        let path = self.leaves.prove(index)?.into_iter().map(Digest::new).collect();
        let path = Bounded::new(path).expect("invariant: a slot has at most 5,000 lines");
        Some(LineProof { index, size: self.leaves.size(), path })
    }
}

impl LineProof {
    /// Whether `line` stands under `root`.
    pub fn holds(&self, root: &Digest, slot: SlotId, version: u32, line: &Line, salt: &Salt) -> bool {
        let path: Vec<[u8; 32]> = self.path.iter().map(|hash| *hash.as_bytes()).collect();
        let root = LogRoot::new(*root.as_bytes());
        verify_inclusion(&root, self.size, self.index, &leaf(slot, version, line, salt), &path).is_ok()
    }
}

/// What both settlement authorities sign of a settled slot. `missing` are members without a figure, in ascending order.
pub fn slot_result(
    slot: SlotId,
    version: u32,
    outcome: &Outcome,
    salts: &[Salt],
    missing: Vec<Address>,
) -> Result<SlotResult, Invalid> {
    Ok(SlotResult {
        slot,
        version,
        demand: outcome.demand,
        surplus: outcome.surplus,
        traded: outcome.traded,
        given: outcome.given,
        declined: outcome.declined,
        price: outcome.price,
        lines: LineTree::root_of(slot, version, outcome, salts),
        missing: Bounded::new(missing)?,
    })
}

/// What a building puts on the ledger of one day: a hash over its statements in the order of slots and versions. Their
/// salts keep the figures from being found by trying.
pub fn commit_day(day: u64, statements: &[SignedStatement]) -> Digest {
    let day = day.to_be_bytes();
    let statements: Vec<Vec<u8>> = statements.iter().map(encode).collect();
    let parts: Vec<&[u8]> =
        std::iter::once(day.as_slice()).chain(statements.iter().map(Vec::as_slice)).collect();
    Digest::of("symbiose day of statements v1", &parts)
}

fn leaf(slot: SlotId, version: u32, line: &Line, salt: &Salt) -> TransactionId {
    let Line { member, demand, surplus, alloc, sold, pay, rev, fee } = line;
    let amounts = [demand.0, surplus.0, alloc.0, sold.0, pay.0, rev.0, fee.0].map(i64::to_be_bytes).concat();
    let (slot, version) = (slot.0.to_be_bytes(), version.to_be_bytes());
    let parts: [&[u8]; 5] = [&slot, &version, member.as_bytes(), salt.as_bytes(), &amounts];
    TransactionId::new(*Digest::of("symbiose slot line v1", &parts).as_bytes())
}
