//! A node that starts may be the copy of one that runs: with the same key both would vote, and the key would have signed
//! twice. So it votes only when enough other authorities have said that they know of no other living run of its key.
//!
//! A second run does harm only if a quorum hears it. Of `n` others so many say it is alone that no quorum can be made of
//! the rest and the second run. Where so few are reachable that they cannot say it, they could not decide anything with
//! this node either, so waiting for them holds nothing up.

use std::collections::BTreeSet;

use protocol::{Address, Now};

use super::Ledger;
use crate::record::VoteLog;

/// What waits for it.
#[derive(Debug)]
pub(super) struct Waiting {
    /// Authorities that know of nobody else.
    heard: BTreeSet<Address>,
    /// What this key signed at the height in progress, to be taken up again.
    votes: Option<VoteLog>,
}

impl Waiting {
    pub(super) fn new() -> Self {
        Self { heard: BTreeSet::new(), votes: None }
    }

    pub(super) fn keep(&mut self, votes: VoteLog) {
        self.votes = Some(votes);
    }
}

impl Ledger {
    /// Whether votes wait until other authorities have said that no copy of this node runs.
    pub fn waits_to_be_alone(&self) -> bool {
        self.waiting.is_some()
    }

    /// This member knows of no other living run of our key.
    pub(super) fn told_alone(&mut self, peer: Address) {
        if let Some(waiting) = &mut self.waiting
            && self.chain.state().authorities().key_of(&peer).is_some()
        {
            waiting.heard.insert(peer);
        }
    }

    /// Looks whether enough have said it by now, and goes on where the vote log ends.
    pub(super) fn look_around(&mut self, now: Now) {
        let Some(waiting) = &self.waiting else { return };
        let set = self.chain.state().authorities();
        let others = set.keys().iter().map(Address::of).filter(|address| *address != self.address);
        let others: BTreeSet<Address> = others.collect();
        let heard = others.intersection(&waiting.heard).count();
        let wanted = if others.is_empty() { 0 } else { others.len() / 3 + 1 };
        if heard < wanted {
            return;
        }
        let votes = self.waiting.take().and_then(|waiting| waiting.votes);
        if !others.is_empty() {
            tracing::info!(heard, "no copy of this node is known to {heard} other authorities: it votes");
        }
        if let Some(votes) = votes.filter(|votes| votes.height == self.chain.height().next())
            && let Err(error) = self.take_up(now, &votes)
        {
            tracing::error!(%error, "the vote log cannot be taken up; not signing at this height");
            self.abstain_until = self.chain.height().next();
        }
    }
}
