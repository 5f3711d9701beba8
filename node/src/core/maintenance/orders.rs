//! Work orders: opening, moving on, and following what final blocks say of them.

use super::{
    Alert, AlertId, AlertStatus, Asset, AssetId, Catalogue, Change, Commissioned, Digest, Intent,
    Maintenance, MaintenanceError, OnLedger, OrderCause, Outcome, Policy, PolicyId, UnixMs,
    WORK_ORDERS_KEPT_MAX, WORK_ORDERS_OPEN_PER_MEMBER_MAX, WorkOrder, WorkOrderEdit, WorkOrderId,
    WorkOrderStatus,
};
use crate::core::alerts::{AlertError, EndedBy, Ending};

impl Maintenance {
    /// Opens a work order for an alert that has none: the caretaker's click.
    pub fn open_work_order(
        &mut self,
        now: UnixMs,
        catalogue: &Catalogue,
        id: AlertId,
    ) -> Result<Outcome, MaintenanceError> {
        let unknown = MaintenanceError::Alert(AlertError::Unknown { id });
        let alert = self.alerts.get(id).ok_or(unknown.clone())?.clone();
        if let Some(reference) = alert.work_order {
            return Err(MaintenanceError::HasWorkOrder { alert: id, reference });
        }
        if alert.status == AlertStatus::Closed {
            let (from, to) = (AlertStatus::Closed, AlertStatus::Open);
            return Err(AlertError::Transition { from, to }.into());
        }
        let policy = self.rules.policies().get(&alert.policy).cloned();
        let policy = policy.ok_or(MaintenanceError::UnknownPolicy { id: alert.policy })?;
        let asset = catalogue.asset(alert.asset).ok_or(unknown)?;
        if !self.has_room_for_order() {
            return Err(MaintenanceError::Full {
                what: "open work orders",
                max: WORK_ORDERS_OPEN_PER_MEMBER_MAX,
            });
        }
        let order = self.new_order(now, asset, &policy, &alert);
        let alert = self.alerts.attach(id, order.reference)?.clone();
        let mut outcome = Outcome { changes: vec![Change::PutAlert(alert)], intents: Vec::new() };
        outcome.add(self.open_order(order, asset));
        Ok(outcome)
    }

    /// Changes a work order. When it is done its alert is closed, the rule starts anew, and so does a counter.
    pub fn edit_work_order(
        &mut self,
        now: UnixMs,
        catalogue: &Catalogue,
        reference: Digest,
        edit: WorkOrderEdit,
    ) -> Result<Outcome, MaintenanceError> {
        let order = self.orders.get(&reference).ok_or(MaintenanceError::UnknownWorkOrder { reference })?;
        edit.check()?;
        let edited = edited(now, order, edit)?;
        if edited == *order {
            return Ok(Outcome::default());
        }
        let is_done_now = edited.status == WorkOrderStatus::Done;
        let place = edited.place();
        let mut outcome =
            Outcome { changes: vec![Change::PutWorkOrder(edited.clone())], intents: Vec::new() };
        self.note_order(edited);
        if is_done_now {
            if let Some(place) = place {
                outcome.changes.extend(self.work_is_done(now, place, reference)?);
            }
            outcome.changes.extend(self.evict_order());
        }
        outcome.intents.extend(self.next_intent(catalogue, reference));
        Ok(outcome)
    }

    /// What follows for the rule whose alert opened the work order.
    fn work_is_done(
        &mut self,
        now: UnixMs,
        place: (AssetId, PolicyId),
        reference: Digest,
    ) -> Result<Vec<Change>, MaintenanceError> {
        let mut changes = Vec::new();
        let standing =
            self.alerts.standing(place.0, place.1).filter(|alert| alert.work_order == Some(reference));
        if let Some(id) = standing.map(|alert| alert.id) {
            let ending = Ending { how: EndedBy::WorkOrder, by: String::new(), reason: String::new() };
            changes.push(Change::PutAlert(self.alerts.close(now, id, ending)?.clone()));
            self.release(now, place);
        }
        changes.extend(self.serve(now, place));
        Ok(changes)
    }

    /// A final block opens a work order of this building. Unknown ones are of a life before the index was lost.
    pub fn opened_on_ledger(
        &mut self,
        catalogue: &Catalogue,
        reference: Digest,
        id: WorkOrderId,
        commitment: Digest,
    ) -> Outcome {
        let status = Some(WorkOrderStatus::Open);
        self.told(catalogue, reference, OnLedger { id: Some(id), status, commitment: Some(commitment) })
    }

    /// The ledger holds a work order that a decision of the owners opened: the building makes its own record of it,
    /// as far along as the ledger's. None where the asset has no name here any more, or where so many are kept that it
    /// would push another one out.
    pub fn commissioned(
        &mut self,
        catalogue: &Catalogue,
        reference: Digest,
        known: OnLedger,
        commissioned: &Commissioned,
        title: &str,
    ) -> Option<Outcome> {
        if self.orders.contains_key(&reference) || self.orders.len() >= WORK_ORDERS_KEPT_MAX {
            return None;
        }
        let Commissioned { decided, most, reason, severity, opened, changed, .. } = *commissioned;
        let is_it = |asset: &&Asset| self.secret.pseudonym(&asset.code) == commissioned.asset;
        let asset = catalogue.assets().iter().find(is_it)?;
        let status = known.status.unwrap_or(WorkOrderStatus::Open);
        let order = WorkOrder {
            reference,
            cause: OrderCause::Decision { decided, most },
            asset: asset.id,
            kind: asset.kind,
            reason,
            severity,
            message: title.to_owned(),
            status,
            assigned_to: String::new(),
            notes: String::new(),
            created: opened,
            started: (status == WorkOrderStatus::InProgress).then_some(changed),
            closed: (status == WorkOrderStatus::Done).then_some(changed),
            ledger: known,
        };
        self.note_order(order.clone());
        let intents = self.next_intent(catalogue, reference).into_iter().collect();
        Some(Outcome { changes: vec![Change::PutWorkOrder(order)], intents })
    }

    /// A final block moves a work order of this building on.
    pub fn advanced_on_ledger(
        &mut self,
        catalogue: &Catalogue,
        id: WorkOrderId,
        status: WorkOrderStatus,
        commitment: Digest,
    ) -> Outcome {
        let Some(reference) = self.orders_by_id.get(&id).copied() else { return Outcome::default() };
        let known = OnLedger { id: Some(id), status: Some(status), commitment: Some(commitment) };
        self.told(catalogue, reference, known)
    }

    /// Every step the ledger has not been seen to take, whether it was sent or not: after a restart, and when a
    /// transaction was refused or expired.
    pub fn unsettled(&mut self, catalogue: &Catalogue) -> Vec<Intent> {
        self.in_flight.clear();
        let references: Vec<Digest> = self.orders.keys().copied().collect();
        references.into_iter().filter_map(|reference| self.next_intent(catalogue, reference)).collect()
    }

    /// What final blocks say wins, but an older block seen again (after a restart) takes nothing back.
    fn told(&mut self, catalogue: &Catalogue, reference: Digest, known: OnLedger) -> Outcome {
        let Some(order) = self.orders.get_mut(&reference) else { return Outcome::default() };
        let is_older = order.ledger.id.is_some() && known.status < order.ledger.status;
        if is_older || order.ledger == known {
            return Outcome::default();
        }
        order.ledger = known;
        let order = order.clone();
        self.note_order(order.clone());
        self.in_flight.remove(&reference);
        let intents = self.next_intent(catalogue, reference).into_iter().collect();
        Outcome { changes: vec![Change::PutWorkOrder(order)], intents }
    }

    /// The next step for the ledger, unless one is on its way.
    fn next_intent(&mut self, catalogue: &Catalogue, reference: Digest) -> Option<Intent> {
        if self.in_flight.contains(&reference) {
            return None;
        }
        let order = self.orders.get(&reference)?;
        let intent = order.next_intent(&self.secret, &catalogue.asset(order.asset)?.code)?;
        self.in_flight.insert(reference);
        Some(intent)
    }

    pub(super) fn has_room_for_order(&self) -> bool {
        self.orders_open.len() + self.decided_open.len() < WORK_ORDERS_OPEN_PER_MEMBER_MAX
    }

    pub(super) fn new_order(&self, now: UnixMs, asset: &Asset, policy: &Policy, alert: &Alert) -> WorkOrder {
        WorkOrder {
            reference: self.secret.reference(alert.id),
            cause: OrderCause::Alert {
                alert: alert.id,
                policy: policy.id(),
                policy_code: policy.terms().code.clone(),
            },
            asset: asset.id,
            kind: asset.kind,
            reason: policy.digest(),
            severity: alert.severity,
            message: alert.message.clone(),
            status: WorkOrderStatus::Open,
            assigned_to: String::new(),
            notes: String::new(),
            created: now,
            started: None,
            closed: None,
            ledger: OnLedger::default(),
        }
    }

    pub(super) fn open_order(&mut self, order: WorkOrder, asset: &Asset) -> Outcome {
        let intents = order.next_intent(&self.secret, &asset.code).into_iter().collect();
        self.in_flight.insert(order.reference);
        self.note_order(order.clone());
        Outcome { changes: vec![Change::PutWorkOrder(order)], intents }
    }

    /// Takes in a work order, a new one, a changed one or one from storage.
    pub(super) fn note_order(&mut self, order: WorkOrder) {
        match (order.closed, order.place()) {
            (None, Some(place)) => drop(self.orders_open.insert(place, order.reference)),
            (None, None) => drop(self.decided_open.insert(order.reference)),
            (Some(time), place) => {
                self.decided_open.remove(&order.reference);
                if let Some(place) = place
                    && self.orders_open.get(&place) == Some(&order.reference)
                {
                    self.orders_open.remove(&place);
                }
                self.orders_done.insert((time, order.reference));
            }
        }
        if let Some(id) = order.ledger.id {
            self.orders_by_id.insert(id, order.reference);
        }
        self.orders.insert(order.reference, order);
    }

    /// Forgets the work order that was done first, if there are too many.
    fn evict_order(&mut self) -> Option<Change> {
        if self.orders.len() <= WORK_ORDERS_KEPT_MAX {
            return None;
        }
        let (_, reference) = self.orders_done.pop_first()?;
        let order = self.orders.remove(&reference)?;
        order.ledger.id.and_then(|id| self.orders_by_id.remove(&id));
        self.in_flight.remove(&reference);
        Some(Change::DeleteWorkOrder(reference))
    }
}

fn edited(now: UnixMs, order: &WorkOrder, edit: WorkOrderEdit) -> Result<WorkOrder, MaintenanceError> {
    let mut edited = order.clone();
    edited.assigned_to = edit.assigned_to.unwrap_or(edited.assigned_to);
    edited.notes = edit.notes.unwrap_or(edited.notes);
    edited.status = edit.status.unwrap_or(order.status);
    let (from, to) = (order.status, edited.status);
    if edited != *order && !from.may_become(to) {
        return Err(MaintenanceError::Transition { from, to });
    }
    if from != to {
        match to {
            WorkOrderStatus::Open => {}
            WorkOrderStatus::InProgress => edited.started = Some(now),
            WorkOrderStatus::Done => edited.closed = Some(now),
        }
    }
    Ok(edited)
}
