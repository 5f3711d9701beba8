//! The reference model beside the nodes: it takes each final block in once, and nodes are held against it.

use ledger::Committed;

use crate::checker::{Rule, Violation};
use crate::model::Change;
use crate::world::World;

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

    fn note_change(&mut self, height: u64, change: Change) -> Result<(), Violation> {
        match change {
            Change::Admitted(_) => self.tally.admitted += 1,
            Change::Revoked(_) => self.tally.revoked += 1,
            Change::Authorities => self.tally.authority_changes += 1,
            Change::Evidenced(culprit) => {
                self.tally.evidence += 1;
                let detail = format!("block {height} holds evidence against {culprit}, who is honest");
                return Err(Violation::of(Rule::Blame, detail));
            }
        }
        Ok(())
    }
}
