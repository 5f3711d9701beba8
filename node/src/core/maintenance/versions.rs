//! What each policy said before: every change by hand is kept, with its time and author, up to a bound.

use protocol::UnixMs;
use protocol::limits::{POLICY_VERSIONS_ALL_MAX, POLICY_VERSIONS_MAX};
use std::collections::BTreeMap;

use super::change::Change;
use crate::core::policy::{Policy, PolicyId, PolicyVersion};

/// The versions of all policies, by policy and version.
#[derive(Debug, Clone, Default)]
pub(super) struct Versions {
    kept: BTreeMap<(PolicyId, u32), PolicyVersion>,
}

impl Versions {
    /// Takes a version back from storage.
    pub(super) fn restore(&mut self, version: PolicyVersion) {
        self.kept.insert((version.policy.id(), version.policy.version()), version);
    }

    /// Whether the present version of a policy is kept.
    pub(super) fn knows(&self, policy: &Policy) -> bool {
        self.kept.contains_key(&(policy.id(), policy.version()))
    }

    /// The versions of a policy, oldest first.
    pub(super) fn of(&self, policy: PolicyId) -> impl Iterator<Item = &PolicyVersion> {
        self.kept.range((policy, 0)..=(policy, u32::MAX)).map(|(_, version)| version)
    }

    /// Notes a new version. The oldest of this policy, and beyond the bound of all of them the oldest of all, go.
    pub(super) fn push(&mut self, now: UnixMs, by: &str, policy: Policy) -> Vec<Change> {
        let id = policy.id();
        let version = PolicyVersion { policy, at: now, by: by.to_owned() };
        self.restore(version.clone());
        let mut changes = vec![Change::PutPolicyVersion(version)];
        if self.of(id).count() > POLICY_VERSIONS_MAX {
            let oldest = self.of(id).next().map(|version| (id, version.policy.version()));
            changes.extend(oldest.and_then(|place| self.drop(place)));
        }
        if self.kept.len() > POLICY_VERSIONS_ALL_MAX {
            // The last of a policy is what is in force: it stays.
            let is_superseded = |place: &(PolicyId, u32)| {
                self.kept.range((place.0, place.1 + 1)..=(place.0, u32::MAX)).next().is_some()
            };
            let superseded = self.kept.iter().filter(|(place, _)| is_superseded(place));
            let oldest = superseded.min_by_key(|(_, version)| version.at).map(|(place, _)| *place);
            changes.extend(oldest.and_then(|place| self.drop(place)));
        }
        changes
    }

    /// The policy is gone, and what it said with it.
    pub(super) fn forget(&mut self, policy: PolicyId) -> Vec<Change> {
        let places: Vec<_> = self.of(policy).map(|version| (policy, version.policy.version())).collect();
        places.into_iter().filter_map(|place| self.drop(place)).collect()
    }

    fn drop(&mut self, place: (PolicyId, u32)) -> Option<Change> {
        self.kept.remove(&place).map(|_| Change::DeletePolicyVersion(place.0, place.1))
    }
}
