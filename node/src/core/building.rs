//! The building's own half: readings in, rules, alerts, work orders, and what of it has to go on the ledger.

use protocol::{Now, Payload as LedgerPayload};

use super::Core;
use super::input::{Payload, Ticket};
use super::maintenance::{Change, Outcome, Step};
use super::outbox::Purpose;
use super::output::{Event, Output, Stored};
use super::telemetry::{Applied, Row};

/// How long to wait before wishes that got lost are taken up again, milliseconds.
const RESETTLE_MS: u64 = 5_000;

impl Core {
    /// All payloads of a request or none.
    pub(super) fn accept_telemetry(&mut self, now: Now, ticket: Ticket, payloads: &[Payload]) {
        // Only a request of several payloads can be refused after its first ones were accepted.
        let before = (payloads.len() > 1).then(|| self.telemetry.catalogue().clone());
        let (mut rows, mut definitions) = (Vec::with_capacity(payloads.len()), Vec::new());
        for (index, payload) in payloads.iter().enumerate() {
            match self.telemetry.accept(now.time, &payload.borrow()) {
                Ok(accepted) => {
                    definitions.extend(accepted.definitions);
                    rows.push(accepted.row);
                }
                Err(refusal) => {
                    if let Some(before) = before {
                        *self.telemetry.catalogue_mut() = before;
                    }
                    self.out.push(Output::RefuseTelemetry { ticket, payload: index, refusal });
                    return;
                }
            }
        }
        if !definitions.is_empty() {
            self.persist(definitions.iter().cloned().map(Change::PutDefinition).collect());
        }
        self.out.push(Output::StoreTelemetry { ticket, definitions, rows });
    }

    /// Rows are on disk: they count from here on.
    pub(super) fn apply_telemetry(&mut self, now: Now, stored: Vec<(Ticket, Vec<Row>)>) {
        let mut observed = Vec::new();
        let mut answers = Vec::with_capacity(stored.len());
        for (ticket, rows) in &stored {
            let mut counts = Stored::default();
            for row in rows {
                let applied = self.telemetry.apply(row);
                counts.points += u64::from(applied.points);
                counts.duplicates += u64::from(applied.duplicates);
                counts.conflicts += u64::from(applied.conflicts);
                observed.push((row, applied));
            }
            answers.push(Output::AnswerTelemetry { ticket: *ticket, stored: counts });
        }
        self.observe(now, observed);
        self.out.extend(answers);
    }

    /// The rules see readings in the order of their times, and those of one asset and one time together: it does not
    /// matter in which order, and in how many payloads, they came.
    fn observe(&mut self, now: Now, mut observed: Vec<(&Row, Applied)>) {
        let moment = |(row, _): &(&Row, Applied)| (row.time(), row.asset());
        if !observed.is_sorted_by_key(moment) {
            observed.sort_by_key(moment);
        }
        for rows in observed.chunk_by(|a, b| moment(a) == moment(b)) {
            let outcome = self.maintenance.observe_moment(now.time, self.telemetry.catalogue(), rows);
            self.carry_out(now, outcome);
            if let Some((row, _)) = rows.first() {
                self.event(Event::Samples(row.asset()));
            }
        }
    }

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
        | Change::DeleteAlert(_)
        | Change::DeleteWorkOrder(_)
        | Change::PutSettings(_) => None,
    }
}
