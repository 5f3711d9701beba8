//! Policies: the defaults at the first start, and what a caretaker adds, changes and removes.

use protocol::limits::POLICIES_MAX;

use super::{Change, Maintenance, MaintenanceError, Outcome, Policy, PolicyId, Settings, Telemetry, UnixMs};
use crate::core::policy::{Terms, default_terms};

impl Maintenance {
    /// Adds a policy; it starts with the readings at hand.
    pub fn add_policy(
        &mut self,
        now: UnixMs,
        telemetry: &Telemetry,
        terms: Terms,
    ) -> Result<(PolicyId, Outcome), MaintenanceError> {
        let id = self.policy_next;
        if self.rules.policies().len() >= POLICIES_MAX {
            return Err(MaintenanceError::Full { what: "policies", max: POLICIES_MAX });
        }
        self.check_code(id, &terms)?;
        let policy = Policy::new(id, 1, terms)?;
        self.policy_next = PolicyId(id.0.checked_add(1).expect("invariant: policies are added by hand"));
        let mut changes = vec![Change::PutPolicy(policy.clone()), self.settings()];
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
    ) -> Result<Outcome, MaintenanceError> {
        let known = self.rules.policies().get(&id).ok_or(MaintenanceError::UnknownPolicy { id })?;
        let version = known.version().saturating_add(1);
        let same_counter = (known.terms().rule, &known.terms().metric) == (terms.rule, &terms.metric);
        self.check_code(id, &terms)?;
        let policy = Policy::new(id, version, terms)?;
        let mut changes = vec![Change::PutPolicy(policy.clone())];
        if !same_counter {
            changes.extend(self.forget_bases(id));
        }
        changes.extend(self.put_in_force(now, policy, telemetry));
        Ok(Outcome { changes, intents: Vec::new() })
    }

    /// Removes a policy. Its alerts and work orders stay, to be closed by hand.
    pub fn delete_policy(&mut self, id: PolicyId) -> Result<Outcome, MaintenanceError> {
        self.rules.remove(id).ok_or(MaintenanceError::UnknownPolicy { id })?;
        let mut changes = vec![Change::DeletePolicy(id)];
        changes.extend(self.forget_bases(id));
        Ok(Outcome { changes, intents: Vec::new() })
    }

    pub(super) fn install_defaults(&mut self, now: UnixMs, telemetry: &Telemetry) -> Vec<Change> {
        let mut changes = Vec::new();
        for terms in default_terms() {
            let (_, outcome) = self
                .add_policy(now, telemetry, terms)
                .expect("invariant: the default policies are valid, few and differently called");
            changes.extend(outcome.changes);
        }
        changes
    }

    /// Answers the counters whose base moved on the readings at hand.
    pub(super) fn put_in_force(&mut self, now: UnixMs, policy: Policy, telemetry: &Telemetry) -> Vec<Change> {
        let mut rules = std::mem::take(&mut self.rules);
        let id = policy.id();
        let bases = rules.put(now, policy, telemetry, |asset| self.start(asset, id));
        self.rules = rules;
        bases.into_iter().map(|base| self.note_base(base)).collect()
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
