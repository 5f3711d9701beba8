//! The reference model beside the nodes: it takes each final block in once, and nodes are held against it.

use ledger::Committed;
use protocol::limits::{
    BODIES_KEPT_MAX, EARLY_MESSAGES_MAX, MEMBERS_MAX, MEMPOOL_TRANSACTIONS_MAX, OUTBOX_MAX,
};

use crate::checker::{Rule, Violation};
use crate::model::Change;
use crate::world::World;

/// Rounds beyond its own of which a node keeps votes at the most: as far ahead as the core listens, and those that
/// certificates showed.
const VOTE_ROUNDS_AHEAD: usize = 16;
/// While the state is this small every block is compared; later every [`STRIDE`]th.
const COMPARED_ALWAYS: u64 = 64;
/// See [`COMPARED_ALWAYS`].
const STRIDE: u64 = 16;

impl World<'_> {
    /// A block is final at a node. The first to say so leads the model on, and is compared with it.
    pub(crate) fn follow(&mut self, node: usize, committed: &Committed) -> Result<(), Violation> {
        let height = committed.height.0;
        if height != self.model.height() + 1 {
            return Ok(());
        }
        let changes = self
            .model
            .follow(&committed.block, &committed.certificate)
            .map_err(|error| Violation::of(Rule::Model, error))?;
        for change in changes {
            self.note_change(height, change)?;
        }
        if height <= COMPARED_ALWAYS || height.is_multiple_of(STRIDE) {
            self.compare(node)?;
        }
        Ok(())
    }

    /// A node's state against the model's, if both are at the same height.
    pub(crate) fn compare(&mut self, node: usize) -> Result<(), Violation> {
        let place = &self.places[node];
        let Some(ledger) = place.building.ledger() else { return Ok(()) };
        if ledger.head().height.0 != self.model.height() {
            return Ok(());
        }
        self.tally.compared += 1;
        self.model.compare(ledger.state()).map_err(|error| {
            let detail = format!("{} at block {}: {error}", place.building.name, self.model.height());
            Violation::of(Rule::Model, detail)
        })
    }

    /// What a node holds in memory, whether its height gets on or not.
    pub(crate) fn check_bounds(&self, node: usize) -> Result<(), Violation> {
        let place = &self.places[node];
        let Some(core) = place.building.core().filter(|_| place.is_held()) else { return Ok(()) };
        let held = core.ledger().held();
        let round = core.ledger().round().unwrap_or_default();
        let authorities = core.ledger().state().authorities().len();
        let rounds_max = usize::try_from(round).unwrap_or(usize::MAX).saturating_add(VOTE_ROUNDS_AHEAD);
        let kept = [
            ("transactions", held.transactions, MEMPOOL_TRANSACTIONS_MAX),
            ("messages of the next height", held.early, EARLY_MESSAGES_MAX),
            ("bodies", held.bodies, BODIES_KEPT_MAX),
            ("rounds with votes", held.vote_rounds, rounds_max),
            ("votes", held.votes, 2 * authorities * held.vote_rounds),
            ("peers", held.peers, MEMBERS_MAX),
            ("wishes", core.outbox_len(), OUTBOX_MAX),
        ];
        match kept.into_iter().find(|(_, count, max)| count > max) {
            None => Ok(()),
            Some((what, count, max)) => {
                let detail = format!("{} holds {count} {what}, {max} at the most", place.building.name);
                Err(Violation::of(Rule::Bounds, detail))
            }
        }
    }

    fn note_change(&mut self, height: u64, change: Change) -> Result<(), Violation> {
        match change {
            Change::Admitted(_) => self.tally.admitted += 1,
            Change::Revoked(_) => self.tally.revoked += 1,
            Change::Authorities => self.tally.authority_changes += 1,
            Change::Moved(..) => self.tally.keys_changed += 1,
            Change::NetworkKey => self.tally.network_keys += 1,
            Change::Evidenced(culprit) => {
                self.tally.evidence += 1;
                if self.is_liar(&culprit) {
                    return Ok(());
                }
                let detail = format!("block {height} holds evidence against {culprit}, who is honest");
                return Err(Violation::of(Rule::Blame, detail));
            }
        }
        Ok(())
    }
}
