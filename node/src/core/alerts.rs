//! Alerts: at most one stands per asset and policy, a closed one stays closed, and the history is bounded. What
//! raises them is decided by the rules, what follows by [`super::maintenance`].

use protocol::limits::ALERTS_KEPT_MAX;
use protocol::{Digest, Invalid, Severity, UnixMs};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use thiserror::Error;

use super::catalogue::{AssetId, Code};
use super::policy::PolicyId;
use super::rules::Evidence;

/// Names an alert: a keyed hash of building, asset, policy and the reading that raised it, so that the same reading
/// never raises two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlertId(pub Digest);

impl fmt::Display for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for AlertId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.parse().map(Self)
    }
}

/// How far an alert is (F3.10). It only moves forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AlertStatus {
    /// Nobody has seen it.
    Open,
    /// Somebody has.
    Ack,
    /// It is over.
    Closed,
}

impl AlertStatus {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Ack => "ack",
            Self::Closed => "closed",
        }
    }

    /// The status of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Open, Self::Ack, Self::Closed].into_iter().find(|status| status.name() == name)
    }
}

impl fmt::Display for AlertStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something that wants attention.
#[derive(Debug, Clone, PartialEq, Serialize_tuple, Deserialize_tuple)]
pub struct Alert {
    /// Its name.
    pub id: AlertId,
    /// The asset.
    pub asset: AssetId,
    /// The policy that is broken.
    pub policy: PolicyId,
    /// The policy's short name when the alert was raised.
    pub policy_code: Code,
    /// When it was raised.
    pub opened: UnixMs,
    /// How urgent.
    pub severity: Severity,
    /// How far it is.
    pub status: AlertStatus,
    /// What it says: the policy's message when it was raised.
    pub message: String,
    /// What was measured.
    pub evidence: Evidence,
    /// Reference of the work order that deals with it.
    pub work_order: Option<Digest>,
    /// When somebody saw it.
    pub acknowledged: Option<UnixMs>,
    /// When it was over.
    pub closed: Option<UnixMs>,
}

/// How an asset is doing (F3.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AssetState {
    /// « OK »
    Ok,
    /// « sous surveillance »: an acknowledged alert, or a value within a tenth of a threshold.
    Watch,
    /// « en alerte »: an open alert.
    Alert,
}

impl AssetState {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Watch => "watch",
            Self::Alert => "alert",
        }
    }
}

/// Why an alert cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AlertError {
    /// No alert has this name.
    #[error("no alert {id}")]
    Unknown {
        /// The name.
        id: AlertId,
    },
    /// An alert never goes back.
    #[error("an alert that is {from} cannot become {to}")]
    Transition {
        /// Its status.
        from: AlertStatus,
        /// The status asked for.
        to: AlertStatus,
    },
}

/// The alerts of a building.
#[derive(Debug, Clone, Default)]
pub struct Alerts {
    by_id: BTreeMap<AlertId, Alert>,
    standing: BTreeMap<(AssetId, PolicyId), AlertId>,
    closed: BTreeSet<(UnixMs, AlertId)>,
    floors: BTreeMap<(AssetId, PolicyId), UnixMs>,
}

impl Alerts {
    /// Every alert that is kept, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Alert> {
        self.by_id.values()
    }

    /// An alert by name.
    pub fn get(&self, id: AlertId) -> Option<&Alert> {
        self.by_id.get(&id)
    }

    /// The open or acknowledged alert of an asset and a policy.
    pub fn standing(&self, asset: AssetId, policy: PolicyId) -> Option<&Alert> {
        self.standing.get(&(asset, policy)).and_then(|id| self.get(*id))
    }

    /// The open and acknowledged alerts of an asset.
    pub fn standing_of(&self, asset: AssetId) -> impl Iterator<Item = &Alert> {
        let range = self.standing.range((asset, PolicyId(0))..=(asset, PolicyId(u32::MAX)));
        range.filter_map(|(_, id)| self.get(*id))
    }

    /// When the last alert of an asset and a policy was closed.
    pub fn floor(&self, asset: AssetId, policy: PolicyId) -> Option<UnixMs> {
        self.floors.get(&(asset, policy)).copied()
    }

    /// The state of an asset, given whether a value is near a threshold.
    pub fn state(&self, asset: AssetId, is_near: bool) -> AssetState {
        let calm = if is_near { AssetState::Watch } else { AssetState::Ok };
        let worst = self.standing_of(asset).map(|alert| match alert.status {
            AlertStatus::Open => AssetState::Alert,
            AlertStatus::Ack => AssetState::Watch,
            AlertStatus::Closed => AssetState::Ok,
        });
        worst.max().unwrap_or(AssetState::Ok).max(calm)
    }

    /// Whether there is room for one more: standing alerts are never given up.
    pub fn has_room(&self) -> bool {
        self.by_id.len() < ALERTS_KEPT_MAX || !self.closed.is_empty()
    }

    /// Takes in an alert, a new one or one from storage, unless it is known or another one stands in its place.
    /// Answers whether it did.
    pub(super) fn insert(&mut self, alert: Alert) -> bool {
        let place = (alert.asset, alert.policy);
        let stands = alert.closed.is_none();
        if self.by_id.contains_key(&alert.id) || stands && self.standing.contains_key(&place) {
            return false;
        }
        match alert.closed {
            None => drop(self.standing.insert(place, alert.id)),
            Some(time) => self.note_closed(place, time, alert.id),
        }
        self.by_id.insert(alert.id, alert);
        true
    }

    /// Forgets the alert that was closed first, if there are too many.
    pub(super) fn evict(&mut self) -> Option<AlertId> {
        if self.by_id.len() <= ALERTS_KEPT_MAX {
            return None;
        }
        let (_, id) = self.closed.pop_first()?;
        self.by_id.remove(&id);
        Some(id)
    }

    /// Somebody has seen it.
    pub(super) fn acknowledge(&mut self, now: UnixMs, id: AlertId) -> Result<&Alert, AlertError> {
        let alert = self.by_id.get_mut(&id).ok_or(AlertError::Unknown { id })?;
        if alert.status != AlertStatus::Open {
            return Err(AlertError::Transition { from: alert.status, to: AlertStatus::Ack });
        }
        alert.status = AlertStatus::Ack;
        alert.acknowledged = Some(now);
        Ok(alert)
    }

    /// It is over.
    pub(super) fn close(&mut self, now: UnixMs, id: AlertId) -> Result<&Alert, AlertError> {
        let alert = self.by_id.get_mut(&id).ok_or(AlertError::Unknown { id })?;
        if alert.status == AlertStatus::Closed {
            return Err(AlertError::Transition { from: alert.status, to: AlertStatus::Closed });
        }
        alert.status = AlertStatus::Closed;
        alert.closed = Some(now);
        let place = (alert.asset, alert.policy);
        self.standing.remove(&place);
        self.note_closed(place, now, id);
        self.by_id.get(&id).ok_or(AlertError::Unknown { id })
    }

    /// A work order deals with it from now on.
    pub(super) fn attach(&mut self, id: AlertId, work_order: Digest) -> Result<&Alert, AlertError> {
        let alert = self.by_id.get_mut(&id).ok_or(AlertError::Unknown { id })?;
        alert.work_order = Some(work_order);
        Ok(alert)
    }

    fn note_closed(&mut self, place: (AssetId, PolicyId), time: UnixMs, id: AlertId) {
        self.closed.insert((time, id));
        let floor = self.floors.entry(place).or_insert(time);
        *floor = (*floor).max(time);
    }
}
