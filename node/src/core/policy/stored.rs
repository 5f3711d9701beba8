//! How policies lie on disk: as they are now, and as they were while a policy had one condition.

use protocol::{AssetKind, DecodeError, Severity};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::{Condition, Criterion, Policy, PolicyError, PolicyId, RuleKind, Terms};
use crate::core::catalogue::{Code, MetricName};

/// A policy as it is stored now.
#[derive(Serialize_tuple, Deserialize_tuple)]
pub(super) struct StoredPolicy {
    pub(super) id: PolicyId,
    pub(super) version: u32,
    pub(super) terms: Terms,
}

/// A policy of one condition, as the first release stored it.
#[derive(Clone, Serialize_tuple, Deserialize_tuple)]
struct PolicyV1 {
    id: PolicyId,
    version: u32,
    terms: TermsV1,
}

#[derive(Clone, Serialize_tuple, Deserialize_tuple)]
struct TermsV1 {
    code: Code,
    asset_kind: AssetKind,
    metric: MetricName,
    rule: RuleKind,
    condition: Condition,
    threshold: f64,
    window_minutes: Option<u32>,
    samples: u32,
    severity: Severity,
    message: String,
    description: String,
    enabled: bool,
    opens_work_order: bool,
}

/// Reads a policy, in its form of today or in the first one.
pub(in crate::core) fn decode(bytes: &[u8], bytes_max: usize) -> Result<Policy, DecodeError> {
    protocol::decode::<Policy>(bytes, bytes_max).or_else(|error| {
        let old = protocol::decode::<PolicyV1>(bytes, bytes_max).map_err(|_| error.clone())?;
        Policy::new(old.id, old.version, old.terms.into()).map_err(|_| error)
    })
}

impl From<TermsV1> for Terms {
    fn from(old: TermsV1) -> Self {
        let criterion = Criterion {
            metric: old.metric,
            with: None,
            rule: old.rule,
            condition: old.condition,
            threshold: old.threshold,
            clear_threshold: None,
            window_minutes: old.window_minutes,
            samples: old.samples,
        };
        Self {
            code: old.code,
            asset_kind: old.asset_kind,
            groups: vec![vec![criterion]],
            severity: old.severity,
            message: old.message,
            description: old.description,
            enabled: old.enabled,
            opens_work_order: old.opens_work_order,
            clear_after_minutes: None,
            escalate: Vec::new(),
            downgrade_after_minutes: None,
        }
    }
}

impl TryFrom<StoredPolicy> for Policy {
    type Error = PolicyError;

    fn try_from(stored: StoredPolicy) -> Result<Self, PolicyError> {
        Self::new(stored.id, stored.version, stored.terms)
    }
}

impl From<Policy> for StoredPolicy {
    fn from(policy: Policy) -> Self {
        Self { id: policy.id, version: policy.version, terms: policy.terms }
    }
}
