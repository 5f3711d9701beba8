//! How much a ledger holds in memory, counted: what piles up while a height does not get on has its bounds, and here
//! they can be looked at.

use super::Ledger;
use crate::chain::Chain;

/// Counts of what is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// Transactions that wait for a block.
    pub transactions: usize,
    /// Messages of the height after the next.
    pub early: usize,
    /// Block bodies of the height in progress.
    pub bodies: usize,
    /// Rounds of the height in progress of which votes are held.
    pub vote_rounds: usize,
    /// Votes of the height in progress.
    pub votes: usize,
    /// Members connected.
    pub peers: usize,
}

impl Ledger {
    /// What this ledger holds now.
    pub fn held(&self) -> Held {
        let of_engine = self.engine.as_ref().map(crate::consensus::Engine::held).unwrap_or_default();
        Held {
            transactions: self.mempool.len(),
            early: self.early.len(),
            peers: self.sync.len(),
            ..of_engine
        }
    }

    /// The chain up to its last final block, to look at.
    pub fn tip(&self) -> &Chain {
        &self.chain
    }
}
