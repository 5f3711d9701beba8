//! What owners decided and the ledger carried out by itself: the building makes its own record of a work order that a
//! decision opened, at its block, and after a restart or from an older backup as well.

use ledger::state::WorkOrder as LedgerOrder;
use ledger::state::assembly::Cause;
use protocol::WorkOrderId;

use crate::core::Core;
use crate::core::maintenance::{Commissioned, OnLedger, Outcome};

impl Core {
    /// The building's own record of a work order on the ledger that a decision opened and that it does not know.
    pub(in crate::core) fn commission(&mut self, id: WorkOrderId) -> Option<Outcome> {
        let state = self.ledger.state();
        let LedgerOrder { reference, status, commitment, severity, opened, changed, .. } =
            *state.work_order(id)?;
        if self.maintenance.work_orders().contains_key(&reference) {
            return None;
        }
        let (decided, commission, reason) = state.commission(&self.origin(), &reference)?;
        let known = OnLedger { id: Some(id), status: Some(status), commitment: Some(commitment) };
        let commissioned = Commissioned {
            decided,
            most: commission.most,
            asset: commission.asset,
            reason,
            severity,
            opened: opened.time,
            changed: changed.time,
        };
        let title = self.title_of(decided);
        let catalogue = self.telemetry.catalogue();
        let outcome = self.maintenance.commissioned(catalogue, reference, known, &commissioned, &title);
        if outcome.is_none() {
            tracing::warn!(%reference, "a decision's work order is not taken into the building's own list");
        }
        outcome
    }

    /// What the resolution is called here; empty where the building does not keep it.
    fn title_of(&self, decided: Cause) -> String {
        let place = match decided {
            Cause::Item(id, item) => Some((id, item)),
            Cause::Joint(question) => self.home.gatherings().values().find_map(|gathering| {
                let opening = gathering.stored.opening.as_ref()?;
                let asks = |item: &&protocol::assembly::ItemNumber| {
                    opening.item(**item).is_some_and(|item| item.joint == Some(question))
                };
                Some((opening.id(), *gathering.items.keys().find(asks)?))
            }),
        };
        let item = place.and_then(|(id, item)| self.home.gathering(&id)?.items.get(&item));
        item.map(|item| item.resolution.title.to_string()).unwrap_or_default()
    }
}
