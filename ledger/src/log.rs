//! The Merkle log of all transactions (RFC 6962 hashing over blake3): leaf n is the id of the n-th transaction of the
//! hive. Its root stands in every header, so that anybody can be shown that a transaction is in.

use blake3::Hasher;
use ct_merkle::{InclusionProof, RootHash};
use protocol::{LogRoot, TransactionId};
use thiserror::Error;

type Leaf = [u8; 32];

/// Why a proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the transaction is not at place {index} of the log of {size}")]
pub struct ProofError {
    /// The place claimed.
    pub index: u64,
    /// The log's size.
    pub size: u64,
}

/// The log, all of it in memory: about 64 bytes a transaction.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// Hashes of the full subtrees by their height, those of single leaves first. They never change once they are there, so
    /// that a transaction costs two hashes however long the log is.
    levels: Vec<Vec<Leaf>>,
    /// Of the last transaction; none before the first.
    root: Option<LogRoot>,
}

impl Log {
    /// Transactions in the log.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// Its root.
    pub fn root(&self) -> LogRoot {
        self.root.unwrap_or_else(|| self.frontier().root())
    }

    /// Root and size with these transactions appended, without appending them.
    pub fn with(&self, ids: &[TransactionId]) -> (LogRoot, u64) {
        if ids.is_empty() {
            return (self.root(), self.size());
        }
        let mut frontier = self.frontier();
        ids.iter().for_each(|id| frontier.push(id));
        (frontier.root(), frontier.size)
    }

    /// Appends transactions.
    pub fn append(&mut self, ids: &[TransactionId]) {
        ids.iter().for_each(|id| self.push(leaf_hash(id.as_bytes())));
        if !ids.is_empty() {
            self.root = Some(self.frontier().root());
        }
    }

    /// Hashes beside the path from a leaf to the root, leaf first; `None` past the end.
    pub fn prove(&self, index: u64) -> Option<Vec<[u8; 32]>> {
        let mut place = usize::try_from(index).ok().filter(|_| index < self.size())?;
        let mut path = Vec::new();
        for level in 0..self.levels.len() {
            path.extend(self.subtree(level, place ^ 1));
            place >>= 1;
        }
        Some(path)
    }

    /// Takes in the hash of a leaf, and of each subtree that it makes full.
    fn push(&mut self, leaf: Leaf) {
        let mut node = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let nodes = &mut self.levels[level];
            nodes.push(node);
            if nodes.len() % 2 == 1 {
                return;
            }
            node = parent_hash(&nodes[nodes.len() - 2], &node);
        }
    }

    /// Hash of the subtree of a height at a place, as far as there are leaves under it; none where there are none.
    fn subtree(&self, level: usize, place: usize) -> Option<Leaf> {
        if let Some(full) = self.levels.get(level).and_then(|nodes| nodes.get(place)) {
            return Some(*full);
        }
        let below = level.checked_sub(1)?;
        let left = self.subtree(below, place * 2)?;
        Some(self.subtree(below, place * 2 + 1).map_or(left, |right| parent_hash(&left, &right)))
    }

    fn frontier(&self) -> Frontier {
        let size = self.size();
        let peaks = self.levels.iter().enumerate().rev().filter(|(level, _)| size >> level & 1 == 1);
        let peaks =
            peaks.map(|(_, nodes)| *nodes.last().expect("invariant: one peak per set bit of the size"));
        Frontier { size, peaks: peaks.collect() }
    }
}

/// Checks that a transaction stands at a place of the log with this root and size.
pub fn verify_inclusion(
    root: &LogRoot,
    size: u64,
    index: u64,
    id: &TransactionId,
    path: &[[u8; 32]],
) -> Result<(), ProofError> {
    let error = ProofError { index, size };
    // The library bounds the index by the size; a size beyond any real log would overflow its tree arithmetic.
    if size > 1 << 48 {
        return Err(error);
    }
    let proof = InclusionProof::<Hasher>::try_from_bytes(path.concat()).map_err(|_| error.clone())?;
    RootHash::<Hasher>::new((*root.as_bytes()).into(), size)
        .verify_inclusion(id.as_bytes(), index, &proof)
        .map_err(|_| error)
}

/// Roots of the full subtrees of the log, largest first: enough to append and to know the root.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frontier {
    size: u64,
    peaks: Vec<Leaf>,
}

impl Frontier {
    /// One that was kept as its parts.
    pub(crate) fn kept(size: u64, peaks: Vec<Leaf>) -> Self {
        Self { size, peaks }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn peaks(&self) -> &[Leaf] {
        &self.peaks
    }

    pub(crate) fn push(&mut self, id: &TransactionId) {
        let mut node = leaf_hash(id.as_bytes());
        let mut size = self.size;
        while size & 1 == 1 {
            let left = self.peaks.pop().expect("invariant: one peak per set bit of the size");
            node = parent_hash(&left, &node);
            size >>= 1;
        }
        self.peaks.push(node);
        self.size += 1;
    }

    pub(crate) fn root(&self) -> LogRoot {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => LogRoot::new(*Hasher::new().finalize().as_bytes()),
            Some(last) => LogRoot::new(peaks.fold(*last, |right, left| parent_hash(left, &right))),
        }
    }
}

fn leaf_hash(leaf: &Leaf) -> Leaf {
    let mut bytes = [0; 33];
    bytes[1..].copy_from_slice(leaf);
    *blake3::hash(&bytes).as_bytes()
}

fn parent_hash(left: &Leaf, right: &Leaf) -> Leaf {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    *blake3::hash(&bytes).as_bytes()
}

#[cfg(test)]
mod tests {
    use ct_merkle::mem_backed_tree::MemoryBackedTree;

    use super::*;

    fn id(i: u8) -> TransactionId {
        TransactionId::new([i; 32])
    }

    /// The same log as the library keeps it.
    fn library(size: u8) -> MemoryBackedTree<Hasher, Leaf> {
        let mut tree = MemoryBackedTree::new();
        (1..=size).for_each(|i| tree.push(*id(i).as_bytes()));
        tree
    }

    #[test]
    fn every_transaction_can_be_proven_at_every_size() {
        let mut log = Log::default();
        for size in 1..=70u8 {
            let (root, _) = log.with(&[id(size)]);
            log.append(&[id(size)]);
            assert_eq!(log.root(), root);
            assert_eq!(log.root().as_bytes().as_slice(), library(size).root().as_bytes().as_slice());
            for index in 0..u64::from(size) {
                let path = log.prove(index).unwrap();
                let proof = library(size).prove_inclusion(usize::try_from(index).unwrap());
                assert_eq!(path.concat(), proof.as_bytes());
                let leaf = id(u8::try_from(index).unwrap() + 1);
                assert_eq!(verify_inclusion(&root, log.size(), index, &leaf, &path), Ok(()));
                assert!(verify_inclusion(&root, log.size(), index, &id(99), &path).is_err());
                assert!(verify_inclusion(&root, u64::MAX, index, &leaf, &path).is_err());
            }
            assert_eq!(log.prove(u64::from(size)), None);
        }
    }
}
