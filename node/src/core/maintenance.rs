//! From a broken rule to work that is done: raises alerts, opens work orders with them in one stroke, follows both to
//! their end, and says what has to be stored and what the ledger has to be told. It stores and sends nothing itself.

mod change;
mod error;
mod orders;
mod policies;
mod secret;
mod versions;
mod work_order;

pub use change::{Change, ENTRY_BYTES_MAX, EntryError, Settings};
pub use error::MaintenanceError;
pub use policies::Imported;
pub use secret::{Secret, commitment};
pub use work_order::{
    ASSIGNEE_BYTES_MAX, Commissioned, Intent, OnLedger, OrderCause, Step, WorkOrder, WorkOrderEdit,
};

use protocol::limits::{ALERTS_KEPT_MAX, CLOSE_REASON_BYTES_MAX, WORK_ORDERS_OPEN_PER_MEMBER_MAX};
use protocol::{Digest, Invalid, Severity, UnixMs, WorkOrderId, WorkOrderStatus};
use std::collections::{BTreeMap, BTreeSet};

use super::alerts::{Alert, AlertId, AlertStatus, Alerts, AssetState, EndedBy, Ending, Passage};
use super::catalogue::{Asset, AssetId, Catalogue, Code, Definition, MetricName};
use super::policy::{Policy, PolicyId, PolicyVersion};
use super::rules::{
    Breach, CounterBase, Course, Doubt, Extremes, Findings, Kept, Rules, Standing, Start, Turn,
};
use super::telemetry::{Applied, Row, Telemetry};
use versions::Versions;

/// Work orders kept; those done first go first.
pub const WORK_ORDERS_KEPT_MAX: usize = ALERTS_KEPT_MAX;
const _: () = assert!(WORK_ORDERS_OPEN_PER_MEMBER_MAX < WORK_ORDERS_KEPT_MAX);

/// What came of something: to be stored in one batch, then to be told to the ledger.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// Entries to store, all or none.
    pub changes: Vec<Change>,
    /// Steps to send to the ledger once they are stored.
    pub intents: Vec<Intent>,
}

impl Outcome {
    fn add(&mut self, other: Self) {
        self.changes.extend(other.changes);
        self.intents.extend(other.intents);
    }
}

/// Rules, alerts and work orders of one building.
#[derive(Debug, Clone)]
pub struct Maintenance {
    secret: Secret,
    rules: Rules,
    alerts: Alerts,
    orders: BTreeMap<Digest, WorkOrder>,
    /// The work order that is not done, per asset and policy.
    orders_open: BTreeMap<(AssetId, PolicyId), Digest>,
    /// Those that a decision opened and that are not done.
    decided_open: BTreeSet<Digest>,
    /// The work orders that are done, by time.
    orders_done: BTreeSet<(UnixMs, Digest)>,
    /// The work orders the ledger knows.
    orders_by_id: BTreeMap<WorkOrderId, Digest>,
    /// Work orders of which a step is on its way to the ledger.
    in_flight: BTreeSet<Digest>,
    bases: BTreeMap<(AssetId, PolicyId), CounterBase>,
    extremes: BTreeMap<(AssetId, PolicyId), Extremes>,
    /// How far time has moved the standing alerts whose policy lets it.
    courses: BTreeMap<(AssetId, PolicyId), Course>,
    /// Breaches for which there was no room at the last look of the clock or since.
    held_back: BTreeSet<(PolicyId, AssetId)>,
    versions: Versions,
    policy_next: PolicyId,
}

impl Maintenance {
    fn empty(secret: Secret) -> Self {
        Self {
            secret,
            rules: Rules::default(),
            alerts: Alerts::default(),
            orders: BTreeMap::new(),
            orders_open: BTreeMap::new(),
            decided_open: BTreeSet::new(),
            orders_done: BTreeSet::new(),
            orders_by_id: BTreeMap::new(),
            in_flight: BTreeSet::new(),
            bases: BTreeMap::new(),
            extremes: BTreeMap::new(),
            courses: BTreeMap::new(),
            held_back: BTreeSet::new(),
            versions: Versions::default(),
            policy_next: PolicyId(1),
        }
    }

    /// What the ledger calls an asset of this building.
    pub fn pseudonym(&self, asset: &Code) -> Digest {
        self.secret.pseudonym(asset)
    }

    /// What this building's pseudonyms and commitments are made with.
    pub(in crate::core) const fn secret(&self) -> Digest {
        self.secret.bytes()
    }

    /// Opens a building with its stored entries, in any order, and the readings at hand: those of the log have to be
    /// applied already, and the catalogue has to be complete, see [`restore_catalogue`]. Without stored settings it starts for the first time: the default
    /// policies are installed, and answered to be stored.
    pub fn open(
        now: UnixMs,
        secret: Secret,
        telemetry: &Telemetry,
        entries: Vec<Change>,
    ) -> (Self, Vec<Change>) {
        let mut maintenance = Self::empty(secret);
        let mut policies = Vec::new();
        let mut is_fresh = true;
        for entry in entries {
            match entry {
                Change::PutPolicy(policy) => policies.push(policy),
                Change::PutCounterBase(base) => {
                    maintenance.bases.insert((base.asset, base.policy), base);
                }
                Change::PutExtremes(known) => {
                    maintenance.extremes.insert((known.asset, known.policy), known);
                }
                Change::PutAlert(alert) => {
                    maintenance.alerts.insert(alert);
                }
                Change::PutWorkOrder(order) => maintenance.note_order(order),
                Change::PutSettings(settings) => {
                    maintenance.policy_next = settings.policy_next;
                    is_fresh = false;
                }
                Change::PutPolicyVersion(version) => maintenance.versions.restore(version),
                Change::PutDefinition(_)
                | Change::PutMetric(_)
                | Change::PutSwap(_)
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
                | Change::DeletePolicy(_)
                | Change::DeletePolicyVersion(..)
                | Change::DeleteCounterBase(_)
                | Change::DeleteExtremes(_)
                | Change::DeleteAlert(_)
                | Change::DeleteWorkOrder(_) => {}
            }
        }
        let mut changes = Vec::new();
        for policy in policies {
            maintenance.policy_next = maintenance.policy_next.max(PolicyId(policy.id().0.saturating_add(1)));
            if !maintenance.versions.knows(&policy) {
                changes.extend(maintenance.versions.push(now, "", policy.clone()));
            }
            changes.extend(maintenance.put_in_force(now, policy, telemetry));
        }
        if is_fresh {
            changes.extend(maintenance.install_defaults(now, telemetry));
        }
        (maintenance, changes)
    }

    /// The alerts.
    pub const fn alerts(&self) -> &Alerts {
        &self.alerts
    }

    /// The work orders, by reference.
    pub const fn work_orders(&self) -> &BTreeMap<Digest, WorkOrder> {
        &self.orders
    }

    /// The policies, by number.
    pub const fn policies(&self) -> &BTreeMap<PolicyId, Policy> {
        self.rules.policies()
    }

    /// How an asset is doing.
    pub fn state(&self, asset: AssetId) -> AssetState {
        self.alerts.state(asset, self.rules.is_near(asset))
    }

    /// The versions of a policy that are kept, oldest first.
    pub fn versions(&self, policy: PolicyId) -> impl Iterator<Item = &PolicyVersion> {
        self.versions.of(policy)
    }

    /// Why a policy may say less than it seems to.
    pub fn doubts(&self, policy: &Policy, catalogue: &Catalogue) -> Vec<Doubt> {
        self.rules.doubts(policy, catalogue)
    }

    /// On how many assets a policy is broken without an alert, because too many stand already.
    pub fn held_back(&self, policy: PolicyId) -> usize {
        self.held_back.range((policy, AssetId(0))..=(policy, AssetId(u32::MAX))).count()
    }

    /// In how many places any policy is broken without an alert.
    pub fn held_back_all(&self) -> usize {
        self.held_back.len()
    }

    /// From where the counter of a metric is counted on an asset, if any policy has seen it served or reset.
    pub fn counter_base(&self, asset: AssetId, metric: &MetricName) -> Option<CounterBase> {
        let counts = |policy: &&Policy| policy.terms().counter().is_some_and(|one| one.metric == *metric);
        let policies = self.policies().values().filter(counts);
        policies.filter_map(|policy| self.bases.get(&(asset, policy.id())).copied()).next()
    }

    /// Since when the conditions of an alert that stands have been clear.
    pub fn quiet_since(&self, alert: &Alert) -> Option<UnixMs> {
        self.rules.quiet_since(alert.asset, alert.policy).filter(|_| alert.closed.is_none())
    }

    /// Takes the new values of a row that was applied, and does what follows.
    pub fn observe(&mut self, now: UnixMs, catalogue: &Catalogue, row: &Row, applied: &Applied) -> Outcome {
        self.observe_moment(now, catalogue, &[(row, *applied)])
    }

    /// The same for rows of one asset and one time, which are judged together.
    pub fn observe_moment(
        &mut self,
        now: UnixMs,
        catalogue: &Catalogue,
        rows: &[(&Row, Applied)],
    ) -> Outcome {
        let Findings { breaches, kept, standing: _ } = self.rules.observe_moment(now, catalogue, rows);
        let mut outcome = Outcome::default();
        outcome.changes.extend(kept.into_iter().map(|kept| self.note_kept(kept)));
        self.raise_all(now, catalogue, breaches, &mut outcome);
        outcome
    }

    /// Evaluates every rule on the clock, and does what follows.
    pub fn evaluate(&mut self, now: UnixMs, catalogue: &Catalogue) -> Outcome {
        self.rules.follow(now, catalogue);
        self.held_back.clear();
        let mut outcome = Outcome::default();
        let Findings { breaches, kept: _, standing } = self.rules.evaluate(now);
        self.raise_all(now, catalogue, breaches, &mut outcome);
        for standing in standing {
            if let Some(turned) = self.move_on(now, catalogue, standing) {
                outcome.add(turned);
            }
        }
        outcome
    }

    /// Lets time act on a standing alert.
    fn move_on(&mut self, now: UnixMs, catalogue: &Catalogue, standing: Standing) -> Option<Outcome> {
        let Standing { asset, policy, verdict, quiet_since } = standing;
        let place = (asset, policy);
        let alert = self.alerts.standing(asset, policy)?;
        let (id, fresh) = (alert.id, Course::new(alert.opened, alert.severity));
        let terms = self.rules.policies().get(&policy)?.terms();
        let course = self.courses.entry(place).or_insert(fresh);
        let opens = terms.opens_work_order;
        match course.step(now, terms, verdict, quiet_since)? {
            Turn::Clear => self.end(now, id, Ending::quiet()).ok(),
            Turn::Severity(severity) => self.change_severity(now, catalogue, id, severity, opens),
        }
    }

    /// An alert that becomes important enough opens the work order that it did not open at first, in the same stroke.
    fn change_severity(
        &mut self,
        now: UnixMs,
        catalogue: &Catalogue,
        id: AlertId,
        severity: Severity,
        opens: bool,
    ) -> Option<Outcome> {
        let mut alert = self.alerts.set_severity(now, id, severity).ok()?.clone();
        let policy = self.rules.policies().get(&alert.policy).cloned();
        let wants = opens && severity > Severity::Low && alert.work_order.is_none();
        let mut order = None;
        if let (Some(policy), Some(asset), true) = (policy, catalogue.asset(alert.asset), wants)
            && self.has_room_for_order()
        {
            let opened = self.new_order(now, asset, &policy, &alert);
            alert = self.alerts.attach(id, opened.reference).ok()?.clone();
            order = Some((opened, asset));
        }
        let mut outcome = Outcome { changes: vec![Change::PutAlert(alert)], intents: Vec::new() };
        order.into_iter().for_each(|(order, asset)| outcome.add(self.open_order(order, asset)));
        Some(outcome)
    }

    /// Somebody has seen an alert.
    pub fn acknowledge(&mut self, now: UnixMs, id: AlertId, by: &str) -> Result<Outcome, MaintenanceError> {
        let alert = self.alerts.acknowledge(now, id, by)?.clone();
        Ok(Outcome { changes: vec![Change::PutAlert(alert)], intents: Vec::new() })
    }

    /// Somebody says that an alert is over, and perhaps why.
    pub fn close(
        &mut self,
        now: UnixMs,
        id: AlertId,
        by: &str,
        reason: &str,
    ) -> Result<Outcome, MaintenanceError> {
        if reason.len() > CLOSE_REASON_BYTES_MAX {
            let found = reason.len();
            return Err(Invalid::Text { field: "reason", expected: "up to 500 bytes", found }.into());
        }
        self.end(now, id, Ending { how: EndedBy::Person, by: by.to_owned(), reason: reason.to_owned() })
    }

    /// An alert is over. Its rule starts anew; without a work order that is still to be done a counter does, too.
    fn end(&mut self, now: UnixMs, id: AlertId, ending: Ending) -> Result<Outcome, MaintenanceError> {
        let alert = self.alerts.close(now, id, ending)?.clone();
        let place = (alert.asset, alert.policy);
        let mut changes = vec![Change::PutAlert(alert)];
        self.release(now, place);
        if !self.orders_open.contains_key(&place) {
            changes.extend(self.serve(now, place));
        }
        Ok(Outcome { changes, intents: Vec::new() })
    }

    fn release(&mut self, now: UnixMs, place: (AssetId, PolicyId)) {
        self.rules.release(place.0, place.1, now);
        self.courses.remove(&place);
    }

    fn raise_all(
        &mut self,
        now: UnixMs,
        catalogue: &Catalogue,
        breaches: Vec<Breach>,
        outcome: &mut Outcome,
    ) {
        for breach in breaches {
            if let Some(asset) = catalogue.asset(breach.asset) {
                outcome.add(self.raise(now, asset, breach));
            }
        }
    }

    /// Raises an alert, and opens a work order with it if the policy says so (rule F3.9: both or neither, and never
    /// a second one of an asset and a policy).
    fn raise(&mut self, now: UnixMs, asset: &Asset, breach: Breach) -> Outcome {
        let place = (breach.asset, breach.policy);
        let Some(policy) = self.rules.policies().get(&breach.policy).cloned() else {
            return Outcome::default();
        };
        let id = self.secret.alert_id(&asset.code, policy.id(), breach.evidence.to);
        if self.alerts.standing(place.0, place.1).is_some() {
            self.rules.hold(place.0, place.1);
            return Outcome::default();
        }
        if self.alerts.get(id).is_some() {
            // Raised by this reading before and closed since: it says nothing new.
            self.rules.release(place.0, place.1, breach.evidence.to);
            return Outcome::default();
        }
        if !self.alerts.has_room(policy.id()) {
            self.held_back.insert((policy.id(), breach.asset));
            return Outcome::default();
        }
        self.held_back.remove(&(policy.id(), breach.asset));
        let terms = policy.terms();
        let mut alert = Alert {
            id,
            asset: breach.asset,
            policy: breach.policy,
            policy_code: terms.code.clone(),
            opened: now,
            severity: terms.severity,
            status: AlertStatus::Open,
            message: terms.message.clone(),
            evidence: breach.evidence,
            work_order: self.orders_open.get(&place).copied(),
            acknowledged: None,
            closed: None,
            policy_version: breach.version,
            grounds: breach.grounds,
            history: vec![Passage { at: now, severity: terms.severity }],
            acknowledged_by: None,
            ending: None,
        };
        let opens = terms.opens_work_order && terms.severity > Severity::Low;
        let order = (opens && alert.work_order.is_none() && self.has_room_for_order())
            .then(|| self.new_order(now, asset, &policy, &alert));
        alert.work_order = alert.work_order.or(order.as_ref().map(|order| order.reference));
        let mut outcome = Outcome { changes: vec![Change::PutAlert(alert.clone())], intents: Vec::new() };
        assert!(self.alerts.insert(alert), "no alert of this name or place was there");
        self.rules.hold(place.0, place.1);
        outcome.changes.extend(self.alerts.evict().map(Change::DeleteAlert));
        order.into_iter().for_each(|order| outcome.add(self.open_order(order, asset)));
        outcome
    }

    fn note_base(&mut self, base: CounterBase) -> Change {
        self.bases.insert((base.asset, base.policy), base);
        Change::PutCounterBase(base)
    }

    fn note_kept(&mut self, kept: Kept) -> Change {
        match kept {
            Kept::Base(base) => self.note_base(base),
            Kept::Extremes(known) => {
                self.extremes.insert((known.asset, known.policy), known);
                Change::PutExtremes(known)
            }
        }
    }

    fn serve(&mut self, now: UnixMs, place: (AssetId, PolicyId)) -> Option<Change> {
        self.rules.serve(now, place.0, place.1).map(|base| self.note_base(base))
    }

    /// How a rule starts on an asset, after a restart or a change of its policy.
    fn start(&self, asset: AssetId, policy: PolicyId) -> Start {
        Start {
            on_hold: self.alerts.standing(asset, policy).is_some(),
            floor: self.alerts.floor(asset, policy),
            base: self.bases.get(&(asset, policy)).copied(),
            extremes: self.extremes.get(&(asset, policy)).copied(),
        }
    }
}

/// Puts the stored definitions into a catalogue: sites, then assets, then series. Those that are missing are taken from
/// `known`, and answered to be stored again. Behind a hole that nobody fills the rest is left out: the telemetry log
/// defines it once more.
pub fn restore_catalogue(catalogue: &mut Catalogue, entries: &[Change], known: &[Definition]) -> Vec<Change> {
    let stored =
        |change: &Change| matches!(change, Change::PutDefinition(_)).then(|| (change.key(), change.clone()));
    let stored: BTreeMap<_, _> = entries.iter().filter_map(stored).collect();
    let mut all = stored.clone();
    for definition in known {
        let change = Change::PutDefinition(definition.clone());
        all.entry(change.key()).or_insert(change);
    }
    let mut missing = Vec::new();
    for (key, change) in all {
        let Change::PutDefinition(definition) = &change else { continue };
        match catalogue.define(definition) {
            Ok(()) if stored.contains_key(&key) => {}
            Ok(()) => missing.push(change),
            Err(error) => tracing::error!(%error, "an entry of the catalogue is left out"),
        }
    }
    restore_measures(catalogue, entries);
    missing
}

/// What metrics are and which meters were swapped. One that no longer fits is passed over: it says nothing about where
/// readings belong.
fn restore_measures(catalogue: &mut Catalogue, entries: &[Change]) {
    for entry in entries {
        let restored = if let Change::PutMetric(metric) = entry {
            catalogue.define_metric(metric.clone()).map(drop)
        } else if let Change::PutSwap(swap) = entry {
            catalogue.restore_swap(swap.clone())
        } else {
            continue;
        };
        if let Err(error) = restored {
            tracing::warn!(%error, "a metric or a swap of a meter does not fit the catalogue");
        }
    }
}

#[cfg(test)]
mod tests;
