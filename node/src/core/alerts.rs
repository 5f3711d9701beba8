//! Alerts: at most one stands per asset and policy, a closed one stays closed, and the history is bounded. What
//! raises them is decided by the rules, what follows by [`super::maintenance`].

use protocol::limits::{
    ACTOR_BYTES_MAX, ALERT_PASSAGES_MAX, ALERTS_KEPT_MAX, ALERTS_STANDING_MAX, ALERTS_STANDING_PER_POLICY_MAX,
};
use protocol::{DecodeError, Digest, Invalid, Severity, UnixMs};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use thiserror::Error;

use super::catalogue::{AssetId, Code};
use super::policy::{CONDITIONS_PER_GROUP_MAX, GROUPS_MAX, PolicyId};
use super::rules::{Evidence, Ground};

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

/// Conditions of one policy.
const GROUNDS_MAX: usize = GROUPS_MAX * CONDITIONS_PER_GROUP_MAX;

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
    /// The policy's version when the alert was raised; 0 if it was raised before versions were noted.
    pub policy_version: u32,
    /// The conditions that were met together, and what each found; none in an alert from before they were noted.
    #[serde(deserialize_with = "protocol::bounded::list::<_, _, GROUNDS_MAX>")]
    pub grounds: Vec<Ground>,
    /// How severe it was since when, oldest first, the raising among them. At most 32; those after the first go first.
    #[serde(deserialize_with = "protocol::bounded::list::<_, _, ALERT_PASSAGES_MAX>")]
    pub history: Vec<Passage>,
    /// Who has seen it.
    pub acknowledged_by: Option<String>,
    /// How it ended.
    pub ending: Option<Ending>,
}

/// From when on an alert was how severe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Passage {
    /// Since when.
    pub at: UnixMs,
    /// How severe.
    pub severity: Severity,
}

/// What ended an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EndedBy {
    /// Somebody closed it.
    Person,
    /// The work order that dealt with it was done.
    WorkOrder,
    /// Its conditions were clear for as long as its policy asks.
    Quiet,
}

impl EndedBy {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::WorkOrder => "work_order",
            Self::Quiet => "quiet",
        }
    }
}

/// How an alert ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Ending {
    /// What ended it.
    pub how: EndedBy,
    /// Who, if it was a person; up to `ACTOR_BYTES_MAX` bytes.
    pub by: String,
    /// Why, in that person's words; up to `CLOSE_REASON_BYTES_MAX` bytes.
    pub reason: String,
}

impl Ending {
    /// Nobody ended it: it was quiet for long enough.
    pub const fn quiet() -> Self {
        Self { how: EndedBy::Quiet, by: String::new(), reason: String::new() }
    }
}

/// An alert as the first release stored it.
#[derive(Serialize_tuple, Deserialize_tuple)]
struct AlertV1 {
    id: AlertId,
    asset: AssetId,
    policy: PolicyId,
    policy_code: Code,
    opened: UnixMs,
    severity: Severity,
    status: AlertStatus,
    message: String,
    evidence: Evidence,
    work_order: Option<Digest>,
    acknowledged: Option<UnixMs>,
    closed: Option<UnixMs>,
}

impl From<AlertV1> for Alert {
    fn from(old: AlertV1) -> Self {
        Self {
            id: old.id,
            asset: old.asset,
            policy: old.policy,
            policy_code: old.policy_code,
            opened: old.opened,
            severity: old.severity,
            status: old.status,
            message: old.message,
            evidence: old.evidence,
            work_order: old.work_order,
            acknowledged: old.acknowledged,
            closed: old.closed,
            policy_version: 0,
            grounds: Vec::new(),
            history: vec![Passage { at: old.opened, severity: old.severity }],
            acknowledged_by: None,
            ending: None,
        }
    }
}

impl Alert {
    /// Reads an alert, in its form of today or in the first one.
    pub(super) fn decode(bytes: &[u8], bytes_max: usize) -> Result<Self, DecodeError> {
        protocol::decode::<Self>(bytes, bytes_max)
            .or_else(|error| protocol::decode::<AlertV1>(bytes, bytes_max).map(Self::from).map_err(|_| error))
    }

    fn note_severity(&mut self, at: UnixMs, severity: Severity) {
        self.severity = severity;
        if self.history.len() >= ALERT_PASSAGES_MAX {
            self.history.remove(1);
        }
        self.history.push(Passage { at, severity });
    }
}
const _: () = assert!(ALERT_PASSAGES_MAX > 2 && ACTOR_BYTES_MAX > 0 && ALERTS_STANDING_MAX < ALERTS_KEPT_MAX);

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
    standing_by_policy: BTreeMap<PolicyId, usize>,
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

    /// Whether there is room for one more of a policy: standing alerts are never given up, and a policy that fires
    /// everywhere is one message, not thousands.
    pub fn has_room(&self, policy: PolicyId) -> bool {
        let of_policy = self.standing_by_policy.get(&policy).copied().unwrap_or(0);
        self.standing.len() < ALERTS_STANDING_MAX && of_policy < ALERTS_STANDING_PER_POLICY_MAX
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
            None => {
                self.standing.insert(place, alert.id);
                *self.standing_by_policy.entry(alert.policy).or_default() += 1;
            }
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
    pub(super) fn acknowledge(&mut self, now: UnixMs, id: AlertId, by: &str) -> Result<&Alert, AlertError> {
        let alert = self.by_id.get_mut(&id).ok_or(AlertError::Unknown { id })?;
        if alert.status != AlertStatus::Open {
            return Err(AlertError::Transition { from: alert.status, to: AlertStatus::Ack });
        }
        alert.status = AlertStatus::Ack;
        alert.acknowledged = Some(now);
        alert.acknowledged_by = Some(by.to_owned()).filter(|by| !by.is_empty());
        Ok(alert)
    }

    /// It is over.
    pub(super) fn close(&mut self, now: UnixMs, id: AlertId, ending: Ending) -> Result<&Alert, AlertError> {
        let alert = self.by_id.get_mut(&id).ok_or(AlertError::Unknown { id })?;
        if alert.status == AlertStatus::Closed {
            return Err(AlertError::Transition { from: alert.status, to: AlertStatus::Closed });
        }
        alert.status = AlertStatus::Closed;
        alert.closed = Some(now);
        alert.ending = Some(ending);
        let place = (alert.asset, alert.policy);
        if self.standing.remove(&place).is_some()
            && let Some(count) = self.standing_by_policy.get_mut(&place.1)
        {
            *count = count.saturating_sub(1);
        }
        self.note_closed(place, now, id);
        self.by_id.get(&id).ok_or(AlertError::Unknown { id })
    }

    /// It becomes more or less severe.
    pub(super) fn set_severity(
        &mut self,
        now: UnixMs,
        id: AlertId,
        severity: Severity,
    ) -> Result<&Alert, AlertError> {
        let alert = self.by_id.get_mut(&id).ok_or(AlertError::Unknown { id })?;
        alert.note_severity(now, severity);
        Ok(alert)
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
