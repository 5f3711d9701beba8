//! Work orders as the hive sees them: what kind of equipment, how urgent, how far along. Text that a person typed and
//! the name of the equipment stay in the building; the ledger carries salted hashes of them.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use std::fmt;

use crate::ids::{Digest, WorkOrderId};

/// What an asset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AssetKind {
    /// Air conditioning or ventilation unit.
    Hvac,
    /// Chilled-water unit.
    Chiller,
    /// Lift.
    Elevator,
    /// Metering point.
    Meter,
}

/// How urgent an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// Can be planned.
    Low,
    /// Wants attention.
    Medium,
    /// Wants attention now.
    High,
}

/// How far a work order is. It only moves forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum WorkOrderStatus {
    /// Nobody has started.
    Open,
    /// Somebody is on it.
    InProgress,
    /// Finished.
    Done,
}

/// Opens a work order. `reference` makes it single: a second one of the same building with the same reference is
/// refused, whatever was replayed or restarted in between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct OpenWorkOrder {
    /// Salted hash of the alert that caused it, unique per building.
    pub reference: Digest,
    /// Pseudonym of the asset, known to the building only.
    pub asset: Digest,
    /// What the asset is.
    pub kind: AssetKind,
    /// Hash of the policy that fired.
    pub policy: Digest,
    /// How urgent.
    pub severity: Severity,
    /// Salted hash of the building's own record of it.
    pub commitment: Digest,
}

/// Moves a work order of the author's building forward, or records a new state of its notes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct AdvanceWorkOrder {
    /// Which one.
    pub id: WorkOrderId,
    /// The status after this; the same status records a change of notes or assignee.
    pub status: WorkOrderStatus,
    /// Salted hash of the building's own record of it.
    pub commitment: Digest,
}

impl AssetKind {
    /// The name in configuration, API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hvac => "HVAC",
            Self::Chiller => "CHILLER",
            Self::Elevator => "ELEVATOR",
            Self::Meter => "METER",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Hvac, Self::Chiller, Self::Elevator, Self::Meter].into_iter().find(|kind| kind.name() == name)
    }
}

impl Severity {
    /// The name in configuration, API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// The severity of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Low, Self::Medium, Self::High].into_iter().find(|severity| severity.name() == name)
    }
}

impl WorkOrderStatus {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::InProgress => "in_progress",
            Self::Done => "done",
        }
    }

    /// The status of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Open, Self::InProgress, Self::Done].into_iter().find(|status| status.name() == name)
    }

    /// Whether a work order may go from this status to `next`: forward, or the same while not done.
    pub fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Open, Self::Open | Self::InProgress | Self::Done)
                | (Self::InProgress, Self::InProgress | Self::Done)
        )
    }
}

impl fmt::Display for AssetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for WorkOrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_what_they_name() {
        for kind in [AssetKind::Hvac, AssetKind::Chiller, AssetKind::Elevator, AssetKind::Meter] {
            assert_eq!(AssetKind::from_name(&kind.to_string()), Some(kind));
        }
        for severity in [Severity::Low, Severity::Medium, Severity::High] {
            assert_eq!(Severity::from_name(&severity.to_string()), Some(severity));
        }
        for status in [WorkOrderStatus::Open, WorkOrderStatus::InProgress, WorkOrderStatus::Done] {
            assert_eq!(WorkOrderStatus::from_name(&status.to_string()), Some(status));
        }
        assert_eq!(
            (AssetKind::from_name("hvac"), Severity::from_name(""), WorkOrderStatus::from_name("DONE")),
            (None, None, None)
        );
    }

    #[test]
    fn work_orders_only_go_forward() {
        use WorkOrderStatus::{Done, InProgress, Open};
        let all = [Open, InProgress, Done];
        let may: Vec<_> = all.into_iter().map(|from| all.map(|to| from.may_become(to))).collect();
        assert_eq!(may, [[true, true, true], [false, true, true], [false, false, false]]);
    }
}
