//! Salted commitments in a tree whose root the ledger holds: of the lots on the roll, and of everything that came in for
//! an assembly. Whoever holds a leaf can show that it is there; nobody finds one by trying, and a neighbour can check
//! that nothing was added or removed without learning who voted.

use protocol::assembly::{AssemblyId, LotId, TallyRecord};
use protocol::energy::Salt;
use protocol::limits::{COMMITMENT_PATH_MAX, RECEIPT_BYTES_MAX};
use protocol::{Bounded, DecodeError, Digest, LogRoot, PublicKey, TransactionId, decode};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::roll::RollLot;
use crate::log::{Frontier, Log, verify_inclusion};

/// Commitments in their order.
#[derive(Debug, Clone, Default)]
pub struct CommitmentTree {
    leaves: Log,
}

/// As much of the tree as the ledger keeps to append to it and to know its root.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize_tuple, Deserialize_tuple)]
pub struct CommitmentFrontier {
    size: u64,
    /// Roots of the full subtrees, largest first.
    peaks: Bounded<Digest, { COMMITMENT_PATH_MAX + 1 }>,
}

/// Where a commitment stands, with the hashes beside its path to the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct CommitmentProof {
    /// Its place, from 0.
    pub index: u64,
    /// Commitments in the tree.
    pub size: u64,
    /// The top of the tree, which the root binds to the number of commitments: a path alone would hold for others.
    pub top: Digest,
    /// Hashes, leaf first.
    pub path: Bounded<Digest, COMMITMENT_PATH_MAX>,
}

/// That a ballot is among those a tally was made of. At most `RECEIPT_BYTES_MAX` bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct InTally {
    /// The assembly.
    pub assembly: AssemblyId,
    /// The ballot, as the ledger knows it.
    pub commitment: Digest,
    /// Its place among everything that came in.
    pub proof: CommitmentProof,
}

impl InTally {
    /// Reads one of at most `RECEIPT_BYTES_MAX` bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode(bytes, RECEIPT_BYTES_MAX)
    }

    /// Whether the ballot is among those that a tally names by its root.
    pub fn holds(&self, record: &TallyRecord) -> bool {
        record.assembly == self.assembly && self.proof.holds(&record.ballots, &self.commitment)
    }
}

impl CommitmentTree {
    /// The tree of these commitments.
    pub fn new(commitments: &[Digest]) -> Self {
        let mut leaves = Log::default();
        let ids: Vec<TransactionId> = commitments.iter().map(leaf).collect();
        leaves.append(&ids);
        Self { leaves }
    }

    /// What the ledger holds of it.
    pub fn root(&self) -> Digest {
        bind(self.leaves.size(), &self.top())
    }

    fn top(&self) -> Digest {
        Digest::new(*self.leaves.root().as_bytes())
    }

    /// The proof of the commitment at a place; none past the last, or past what a path may hold.
    pub fn prove(&self, index: u64) -> Option<CommitmentProof> {
        let path = self.leaves.prove(index)?.into_iter().map(Digest::new).collect();
        let (size, top) = (self.leaves.size(), self.top());
        Some(CommitmentProof { index, size, top, path: Bounded::new(path).ok()? })
    }
}

impl CommitmentFrontier {
    /// Commitments so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends one.
    pub fn push(&mut self, commitment: &Digest) {
        let mut frontier = self.frontier();
        frontier.push(&leaf(commitment));
        let peaks = frontier.peaks().iter().copied().map(Digest::new).collect();
        self.size = frontier.size();
        self.peaks = Bounded::new(peaks).expect("invariant: what comes in for one vote is bounded");
    }

    /// The root, the same as [`CommitmentTree::root`] over all of them.
    pub fn root(&self) -> Digest {
        bind(self.size, &Digest::new(*self.frontier().root().as_bytes()))
    }

    fn frontier(&self) -> Frontier {
        Frontier::kept(self.size, self.peaks.iter().map(|peak| *peak.as_bytes()).collect())
    }
}

impl CommitmentProof {
    /// Whether `commitment` stands under `root`.
    pub fn holds(&self, root: &Digest, commitment: &Digest) -> bool {
        let path: Vec<[u8; 32]> = self.path.iter().map(|hash| *hash.as_bytes()).collect();
        let top = LogRoot::new(*self.top.as_bytes());
        bind(self.size, &self.top) == *root
            && verify_inclusion(&top, self.size, self.index, &leaf(commitment), &path).is_ok()
    }
}

/// What stands in the tree of a roll for one lot: its votes, who owns, who votes and with which keys, in ascending order,
/// under a salt of its own. A key that is not among them when the assembly is announced never votes.
pub fn commit_lot(lot: &RollLot, keys: &[PublicKey], salt: &Salt) -> Digest {
    assert!(keys.is_sorted_by(|a, b| a < b), "invariant: keys of a voter stand once each, in order");
    let RollLot { lot: LotId(id), kind: _, votes, owner, voter } = lot;
    let voter = voter.map_or([0; 5], |voter| {
        let [a, b, c, d] = voter.0.to_be_bytes();
        [1, a, b, c, d]
    });
    let owner = (*owner as u64).to_be_bytes();
    let keys: Vec<u8> = keys.iter().flat_map(|key| *key.as_bytes()).collect();
    Digest::of(
        "symbiose roll v1",
        &[salt.as_bytes(), &id.to_be_bytes(), &votes.0.to_be_bytes(), &owner, &voter, &keys],
    )
}

fn bind(size: u64, top: &Digest) -> Digest {
    Digest::of("symbiose commitments v1", &[&size.to_be_bytes(), top.as_bytes()])
}

fn leaf(commitment: &Digest) -> TransactionId {
    TransactionId::new(*commitment.as_bytes())
}
