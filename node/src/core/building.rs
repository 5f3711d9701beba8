//! The building's own half: rules, alerts, work orders, and what of it has to go on the ledger.

use protocol::{Now, Payload as LedgerPayload};

use super::Core;
use super::maintenance::{Change, Outcome, Step};
use super::outbox::Purpose;
use super::output::{Event, Output};

/// How long to wait before wishes that got lost are taken up again, milliseconds.
const RESETTLE_MS: u64 = 5_000;

impl Core {
    /// Rules that break by the clock alone.
    pub(super) fn evaluate(&mut self, now: Now) {
        let outcome = self.maintenance.evaluate(now.time, self.telemetry.catalogue());
        self.carry_out(now, outcome);
    }

    /// Takes up every step that the ledger has not been seen to take and that is not on its way.
    pub(super) fn settle_again(&mut self, now: Now) {
        let intents = self.maintenance.unsettled(self.telemetry.catalogue());
        let outbox = &self.outbox;
        let lost = intents.into_iter().filter(|intent| !outbox.holds(Purpose::WorkOrder(intent.reference)));
        let lost = Outcome { changes: Vec::new(), intents: lost.collect() };
        self.carry_out(now, lost);
    }

    pub(super) fn settle_again_soon(&mut self, now: Now) {
        self.resettle = Some(self.resettle.unwrap_or(now.tick.plus(RESETTLE_MS)));
    }

    /// Stores what changed, tells people, and wishes for the ledger what it has to know: in this order, so that a wish
    /// never leaves before the building remembers why.
    pub(super) fn carry_out(&mut self, now: Now, outcome: Outcome) {
        self.persist(outcome.changes);
        for intent in outcome.intents {
            let payload = match intent.step {
                Step::Open(open) => LedgerPayload::OpenWorkOrder(open),
                Step::Advance(advance) => LedgerPayload::AdvanceWorkOrder(advance),
            };
            if self.outbox.push(payload, Purpose::WorkOrder(intent.reference), now.tick).is_err() {
                self.settle_again_soon(now);
            }
        }
    }

    pub(super) fn persist(&mut self, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        let events: Vec<Event> = changes.iter().filter_map(event_of).collect();
        self.out.push(Output::Persist(changes));
        events.into_iter().for_each(|event| self.event(event));
    }

    /// Notes an event once per turn.
    pub(super) fn event(&mut self, event: Event) {
        let known = |output: &Output| matches!(output, Output::Event(other) if *other == event);
        if !self.out.iter().rev().take(8).any(known) {
            self.out.push(Output::Event(event));
        }
    }
}

fn event_of(change: &Change) -> Option<Event> {
    match change {
        Change::PutDefinition(_) | Change::PutMetric(_) | Change::PutSwap(_) => Some(Event::Catalogue),
        Change::PutPolicy(_) | Change::DeletePolicy(_) => Some(Event::Policies),
        Change::PutAlert(alert) => Some(Event::Alert(alert.id)),
        Change::PutWorkOrder(order) => Some(Event::WorkOrder(order.reference)),
        Change::PutPolicyVersion(_)
        | Change::DeletePolicyVersion(..)
        | Change::PutCounterBase(_)
        | Change::DeleteCounterBase(_)
        | Change::PutExtremes(_)
        | Change::DeleteExtremes(_)
        | Change::DeleteAlert(_)
        | Change::DeleteWorkOrder(_)
        | Change::PutHeld(_)
        | Change::DeleteHeld(_)
        | Change::PutInvitation(_)
        | Change::DeleteInvitation(_)
        | Change::PutSecret(_)
        | Change::PutMeterPlan(_)
        | Change::PutTerms(_)
        | Change::PutOwnSlot(_)
        | Change::DeleteOwnSlot(_)
        | Change::PutStatement(_)
        | Change::DeleteStatement(..)
        | Change::PutRefusals(_)
        | Change::PutEquipment(_)
        | Change::PutPlanMemory(_)
        | Change::PutBookedByOthers(_)
        | Change::DeleteBookedByOthers(..)
        | Change::PutDwellings(_)
        | Change::PutBooked(_)
        | Change::PutRelease(_)
        | Change::DeleteRelease(_)
        | Change::PutPastDay(_)
        | Change::DeletePastDay(_)
        | Change::DeleteBooked(..)
        | Change::PutKept(_)
        | Change::DeleteKept(_)
        | Change::PutAggregate(_)
        | Change::DeleteAggregate(_)
        | Change::PutIncident(_)
        | Change::DeleteIncident(_)
        | Change::PutStreet(_)
        | Change::DeleteStreet(_)
        | Change::PutEnquiry(_)
        | Change::DeleteEnquiry(_)
        | Change::PutSlots(_)
        | Change::DeleteSlots(_)
        | Change::PutSettings(_) => None,
    }
}
