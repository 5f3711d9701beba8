//! Policies: the defaults at the first start, and what a caretaker adds, changes and removes.

use protocol::limits::POLICIES_MAX;

use super::{
    BTreeSet, Change, Invalid, Maintenance, MaintenanceError, Outcome, Policy, PolicyId, Settings, Telemetry,
    UnixMs,
};
use crate::core::policy::{Terms, default_terms};

/// What came of policies taken over from a text, or would: their codes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Imported {
    /// New ones.
    pub created: Vec<String>,
    /// Known ones with other terms.
    pub changed: Vec<String>,
    /// Known ones with the same terms.
    pub unchanged: Vec<String>,
}

/// The policy that gets new terms, if it is known, and the terms.
type Plan = Vec<(Option<PolicyId>, Terms)>;

impl Maintenance {
    /// Adds a policy; it starts with the readings at hand.
    pub fn add_policy(
        &mut self,
        now: UnixMs,
        telemetry: &Telemetry,
        terms: Terms,
        by: &str,
    ) -> Result<(PolicyId, Outcome), MaintenanceError> {
        let id = self.policy_next;
        if self.rules.policies().len() >= POLICIES_MAX {
            return Err(MaintenanceError::Full { what: "policies", max: POLICIES_MAX });
        }
        self.check_code(id, &terms)?;
        check_units(telemetry, &terms)?;
        let policy = Policy::new(id, 1, terms)?;
        self.policy_next = PolicyId(id.0.checked_add(1).expect("invariant: policies are added by hand"));
        let mut changes = vec![Change::PutPolicy(policy.clone()), self.settings()];
        changes.extend(self.versions.push(now, by, policy.clone()));
        changes.extend(self.put_in_force(now, policy, telemetry));
        Ok((id, Outcome { changes, intents: Vec::new() }))
    }

    /// Changes a policy. Alerts it raised keep what they say.
    pub fn change_policy(
        &mut self,
        now: UnixMs,
        telemetry: &Telemetry,
        id: PolicyId,
        terms: Terms,
        by: &str,
    ) -> Result<Outcome, MaintenanceError> {
        let known = self.rules.policies().get(&id).ok_or(MaintenanceError::UnknownPolicy { id })?;
        let version = known.version().saturating_add(1);
        let counter = |terms: &Terms| terms.counter().map(|criterion| criterion.metric.clone());
        let same_counter = counter(known.terms()) == counter(&terms);
        let record = |terms: &Terms| terms.record().map(|one| (one.metric.clone(), one.with.clone()));
        let same_record = record(known.terms()) == record(&terms);
        self.check_code(id, &terms)?;
        check_units(telemetry, &terms)?;
        let policy = Policy::new(id, version, terms)?;
        let mut changes = vec![Change::PutPolicy(policy.clone())];
        changes.extend(self.versions.push(now, by, policy.clone()));
        if !same_counter {
            changes.extend(self.forget_bases(id));
        }
        if !same_record {
            changes.extend(self.forget_extremes(id));
        }
        changes.extend(self.put_in_force(now, policy, telemetry));
        Ok(Outcome { changes, intents: Vec::new() })
    }

    /// Removes a policy. Its alerts and work orders stay, to be closed by hand.
    pub fn delete_policy(&mut self, id: PolicyId) -> Result<Outcome, MaintenanceError> {
        self.rules.remove(id).ok_or(MaintenanceError::UnknownPolicy { id })?;
        let mut changes = vec![Change::DeletePolicy(id)];
        changes.extend(self.forget_bases(id));
        changes.extend(self.forget_extremes(id));
        changes.extend(self.versions.forget(id));
        self.held_back.retain(|(policy, _)| *policy != id);
        self.courses.retain(|(_, policy), _| *policy != id);
        Ok(Outcome { changes, intents: Vec::new() })
    }

    /// Takes policies over from a text, all of them or none: known codes get new terms, others are added, and policies
    /// that the text does not name stay. With `is_preview` it only says what would come of it.
    pub fn import_policies(
        &mut self,
        now: UnixMs,
        telemetry: &Telemetry,
        terms: Vec<Terms>,
        by: &str,
        is_preview: bool,
    ) -> Result<(Imported, Outcome), MaintenanceError> {
        let (plan, imported) = self.plan_import(telemetry, terms)?;
        let mut outcome = Outcome::default();
        if is_preview {
            return Ok((imported, outcome));
        }
        for (known, terms) in plan {
            outcome.add(match known {
                Some(id) => self.change_policy(now, telemetry, id, terms, by)?,
                None => self.add_policy(now, telemetry, terms, by)?.1,
            });
        }
        Ok((imported, outcome))
    }

    /// Everything that could go wrong with a policy goes wrong here, before the first one is touched.
    fn plan_import(
        &self,
        telemetry: &Telemetry,
        terms: Vec<Terms>,
    ) -> Result<(Plan, Imported), MaintenanceError> {
        let (mut plan, mut imported, mut codes) = (Vec::new(), Imported::default(), BTreeSet::new());
        for (at, terms) in terms.into_iter().enumerate() {
            let wrong = |error| MaintenanceError::Imported { at, error: Box::new(error) };
            if !codes.insert(terms.code.clone()) {
                return Err(wrong(Invalid::Duplicate { field: "code" }.into()));
            }
            check_units(telemetry, &terms).map_err(wrong)?;
            let known = self.rules.policies().values().find(|policy| policy.terms().code == terms.code);
            let id = known.map_or(self.policy_next, Policy::id);
            let checked = Policy::new(id, 1, terms).map_err(|error| wrong(error.into()))?;
            let (code, terms) = (checked.terms().code.to_string(), checked.terms().clone());
            match known {
                Some(known) if *known.terms() == terms => imported.unchanged.push(code),
                Some(known) => {
                    imported.changed.push(code);
                    plan.push((Some(known.id()), terms));
                }
                None => {
                    imported.created.push(code);
                    plan.push((None, terms));
                }
            }
        }
        if self.rules.policies().len() + imported.created.len() > POLICIES_MAX {
            return Err(MaintenanceError::Full { what: "policies", max: POLICIES_MAX });
        }
        Ok((plan, imported))
    }

    /// Whether terms make sense in this building, without taking them over.
    pub fn check_policy(
        &self,
        telemetry: &Telemetry,
        id: PolicyId,
        terms: Terms,
    ) -> Result<Policy, MaintenanceError> {
        check_units(telemetry, &terms)?;
        Ok(Policy::new(id, 1, terms)?)
    }

    pub(super) fn install_defaults(&mut self, now: UnixMs, telemetry: &Telemetry) -> Vec<Change> {
        let mut changes = Vec::new();
        for terms in default_terms() {
            let (_, outcome) = self
                .add_policy(now, telemetry, terms, "")
                .expect("invariant: the default policies are valid, few and differently called");
            changes.extend(outcome.changes);
        }
        changes
    }

    /// Answers what is to be stored of the readings at hand.
    pub(super) fn put_in_force(&mut self, now: UnixMs, policy: Policy, telemetry: &Telemetry) -> Vec<Change> {
        let mut rules = std::mem::take(&mut self.rules);
        let id = policy.id();
        let kept = rules.put(now, policy, telemetry, |asset| self.start(asset, id));
        self.rules = rules;
        kept.into_iter().map(|kept| self.note_kept(kept)).collect()
    }

    /// Another counter has not been served yet.
    fn forget_bases(&mut self, id: PolicyId) -> Vec<Change> {
        let places: Vec<_> = self.bases.keys().filter(|(_, policy)| *policy == id).copied().collect();
        places
            .into_iter()
            .filter_map(|place| self.bases.remove(&place))
            .map(Change::DeleteCounterBase)
            .collect()
    }

    /// What was the highest of another metric is nothing to this one.
    fn forget_extremes(&mut self, id: PolicyId) -> Vec<Change> {
        let places: Vec<_> = self.extremes.keys().filter(|(_, policy)| *policy == id).copied().collect();
        let forgotten = places.into_iter().filter_map(|place| self.extremes.remove(&place));
        forgotten.map(Change::DeleteExtremes).collect()
    }

    fn check_code(&self, id: PolicyId, terms: &Terms) -> Result<(), MaintenanceError> {
        let taken = |policy: &&Policy| policy.id() != id && policy.terms().code == terms.code;
        match self.rules.policies().values().find(taken) {
            Some(policy) => {
                Err(MaintenanceError::CodeTaken { code: terms.code.to_string(), id: policy.id() })
            }
            None => Ok(()),
        }
    }

    fn settings(&self) -> Change {
        Change::PutSettings(Settings { version: 1, policy_next: self.policy_next })
    }
}

/// A metric that nobody defined has no unit that could be wrong.
fn check_units(telemetry: &Telemetry, terms: &Terms) -> Result<(), MaintenanceError> {
    let catalogue = telemetry.catalogue();
    let unit = |name: &str| {
        let defined = catalogue.metrics().find(|metric| metric.name().as_str() == name)?;
        Some(defined.traits().unit.as_str())
    };
    Ok(terms.check_units(unit)?)
}
