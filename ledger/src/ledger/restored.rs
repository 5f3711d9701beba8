//! A node whose folder was restored from a backup does not know what it signed after that backup. It signs nothing
//! until it knows of a height beyond which it cannot have voted.
//!
//! It voted at height `v` only after block `v - 1` was final for it, so a quorum signed `v - 1`, and every honest one of
//! that quorum held block `v - 2`. Of any `n - q + 1` other authorities at least one is of that quorum. So once it has
//! caught up with the furthest of that many, at `m`, its forgotten votes lie at `m + 2` at the most.

use protocol::{Address, Height};

use super::Ledger;
use crate::output::Output;

/// How far forgotten votes are believed to reach beyond the furthest authority heard: one more than they can.
const FORGOTTEN_HEIGHTS: u64 = 3;

impl Ledger {
    /// Whether this node still holds its votes back because its folder was restored from a backup.
    pub fn is_restored(&self) -> bool {
        self.restored.is_some_and(|until| self.chain.height().next() <= until)
    }

    /// Nothing is known of our votes.
    pub(super) fn forget_votes(&mut self) {
        self.restored = Some(Height(u64::MAX));
    }

    /// Looks whether it is known by now how far forgotten votes may reach.
    pub(super) fn find_bearings(&mut self) {
        if self.restored != Some(Height(u64::MAX)) {
            return;
        }
        let set = self.chain.state().authorities();
        let addresses = set.keys().iter().map(Address::of);
        let others = addresses.filter(|address| *address != self.address).collect::<Vec<_>>();
        let wanted = (set.len() + 1 - set.quorum()).min(others.len());
        let heard = self.sync.peers().filter(|(peer, height)| height.0 > 0 && others.contains(peer)).count();
        let furthest = self.sync.peers().map(|(_, height)| height).max().unwrap_or_default();
        if heard < wanted || self.chain.height() < furthest {
            return;
        }
        // Where each authority is needed for a quorum, the others go nowhere without this one, and without them its
        // forgotten votes cannot have decided anything: it goes on at once.
        let margin = if set.quorum() == set.len() { 0 } else { FORGOTTEN_HEIGHTS };
        let until = Height(self.chain.height().0 + margin);
        tracing::warn!(until = until.0, "restored from a backup: votes are held back up to this height");
        self.restored = Some(until);
        self.out.push(Output::VoteReset(self.chain.height().next()));
    }
}
