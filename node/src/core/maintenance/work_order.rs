//! A work order as the building keeps it: with names and notes, which never leave, and with what the ledger is known
//! to hold of it.

use ledger::state::assembly::Cause as Decided;
use protocol::energy::MicroEuro;
use protocol::limits::NOTES_BYTES_MAX;
use protocol::{
    AdvanceWorkOrder, AssetKind, DecodeError, Digest, Invalid, OpenWorkOrder, Severity, UnixMs, WorkOrderId,
    WorkOrderStatus,
};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::secret::Secret;
use crate::core::alerts::AlertId;
use crate::core::catalogue::{AssetId, Code};
use crate::core::policy::PolicyId;

/// Longest name of who is on it, bytes.
pub const ASSIGNEE_BYTES_MAX: usize = 100;

/// Work on an asset (F3.11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkOrder {
    /// Its name here and on the ledger: a keyed hash of the alert, or the hash of the decision's place.
    pub reference: Digest,
    /// Why it is there.
    pub cause: OrderCause,
    /// The asset.
    pub asset: AssetId,
    /// What the asset is.
    pub kind: AssetKind,
    /// What the ledger carries of the cause: the policy's hash, or the resolution's.
    pub reason: Digest,
    /// How urgent.
    pub severity: Severity,
    /// What the alert said, or the resolution's title.
    pub message: String,
    /// How far it is.
    pub status: WorkOrderStatus,
    /// Who is on it; empty for nobody. Stays in the building.
    pub assigned_to: String,
    /// What was noted. Stays in the building.
    pub notes: String,
    /// When it was opened.
    pub created: UnixMs,
    /// When work began.
    pub started: Option<UnixMs>,
    /// When it was done.
    pub closed: Option<UnixMs>,
    /// What the ledger is known to hold.
    pub ledger: OnLedger,
}

/// Why a work order is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderCause {
    /// A rule was broken.
    Alert {
        /// The alert.
        alert: AlertId,
        /// The policy that was broken.
        policy: PolicyId,
        /// The policy's short name at that time.
        policy_code: Code,
    },
    /// Owners decided it.
    Decision {
        /// The decision.
        decided: Decided,
        /// The most it may cost. Money moves only by a person.
        most: MicroEuro,
    },
}

/// What the ledger says of a work order that a decision opened there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commissioned {
    /// The decision.
    pub decided: Decided,
    /// The most it may cost.
    pub most: MicroEuro,
    /// What the ledger calls the asset.
    pub asset: Digest,
    /// The resolution's hash, or the question's.
    pub reason: Digest,
    /// How urgent.
    pub severity: Severity,
    /// When the ledger opened it.
    pub opened: UnixMs,
    /// When the ledger changed it last.
    pub changed: UnixMs,
}

/// A work order that follows from an alert, as it is stored.
#[derive(Serialize_tuple, Deserialize_tuple)]
struct StoredOfAlert {
    reference: Digest,
    alert: AlertId,
    asset: AssetId,
    kind: AssetKind,
    policy: PolicyId,
    policy_code: Code,
    reason: Digest,
    severity: Severity,
    message: String,
    status: WorkOrderStatus,
    assigned_to: String,
    notes: String,
    created: UnixMs,
    started: Option<UnixMs>,
    closed: Option<UnixMs>,
    ledger: OnLedger,
}

/// One that follows from a decision.
#[derive(Serialize_tuple, Deserialize_tuple)]
struct StoredOfDecision {
    reference: Digest,
    decided: Decided,
    most: MicroEuro,
    asset: AssetId,
    kind: AssetKind,
    reason: Digest,
    severity: Severity,
    message: String,
    status: WorkOrderStatus,
    assigned_to: String,
    notes: String,
    created: UnixMs,
    started: Option<UnixMs>,
    closed: Option<UnixMs>,
    ledger: OnLedger,
}

/// What final blocks say of a work order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize_tuple, Deserialize_tuple)]
pub struct OnLedger {
    /// Its number, once it is opened there.
    pub id: Option<WorkOrderId>,
    /// How far it is there.
    pub status: Option<WorkOrderStatus>,
    /// The hash of the building's record there.
    pub commitment: Option<Digest>,
}

/// What a caretaker changes of a work order; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkOrderEdit {
    /// New status, further on or the same.
    pub status: Option<WorkOrderStatus>,
    /// Who is on it, up to 100 bytes.
    pub assigned_to: Option<String>,
    /// What was noted, up to `NOTES_BYTES_MAX` bytes.
    pub notes: Option<String>,
}

/// Something the ledger has to be told, by a transaction of this building.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The work order it is about.
    pub reference: Digest,
    /// What to say.
    pub step: Step,
}

/// One step of a work order on the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It is opened.
    Open(OpenWorkOrder),
    /// It moves on, or its record changed.
    Advance(AdvanceWorkOrder),
}

impl WorkOrderEdit {
    /// Checks the texts.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        check_text("assigned_to", self.assigned_to.as_deref(), ASSIGNEE_BYTES_MAX, "up to 100 bytes")?;
        check_text("notes", self.notes.as_deref(), NOTES_BYTES_MAX, "up to 4000 bytes")
    }
}

fn check_text(
    field: &'static str,
    text: Option<&str>,
    max: usize,
    expected: &'static str,
) -> Result<(), Invalid> {
    match text {
        Some(text) if text.len() > max => Err(Invalid::Text { field, expected, found: text.len() }),
        Some(_) | None => Ok(()),
    }
}

impl WorkOrder {
    /// The alert that caused it, if one did.
    pub const fn alert(&self) -> Option<AlertId> {
        match &self.cause {
            OrderCause::Alert { alert, .. } => Some(*alert),
            OrderCause::Decision { .. } => None,
        }
    }

    /// Asset and policy, for one that follows from an alert: there is never a second open one of them.
    pub const fn place(&self) -> Option<(AssetId, PolicyId)> {
        match &self.cause {
            OrderCause::Alert { policy, .. } => Some((self.asset, *policy)),
            OrderCause::Decision { .. } => None,
        }
    }

    /// As it is stored: one of two forms, told apart by their length.
    pub fn encode(&self) -> Vec<u8> {
        let Self {
            reference,
            cause,
            asset,
            kind,
            reason,
            severity,
            message,
            status,
            assigned_to,
            notes,
            created,
            started,
            closed,
            ledger,
        } = self.clone();
        match cause {
            OrderCause::Alert { alert, policy, policy_code } => protocol::encode(&StoredOfAlert {
                reference,
                alert,
                asset,
                kind,
                policy,
                policy_code,
                reason,
                severity,
                message,
                status,
                assigned_to,
                notes,
                created,
                started,
                closed,
                ledger,
            }),
            OrderCause::Decision { decided, most } => protocol::encode(&StoredOfDecision {
                reference,
                decided,
                most,
                asset,
                kind,
                reason,
                severity,
                message,
                status,
                assigned_to,
                notes,
                created,
                started,
                closed,
                ledger,
            }),
        }
    }

    /// Reads either form.
    pub fn decode(bytes: &[u8], bytes_max: usize) -> Result<Self, DecodeError> {
        let of_decision =
            |error| protocol::decode::<StoredOfDecision>(bytes, bytes_max).map(Self::from).map_err(|_| error);
        protocol::decode::<StoredOfAlert>(bytes, bytes_max).map(Self::from).or_else(of_decision)
    }

    /// What the ledger has to be told next: one step at a time, in order, until it knows what the building knows.
    pub fn next_intent(&self, secret: &Secret, asset_code: &Code) -> Option<Intent> {
        let step = match (self.ledger.id, self.ledger.status) {
            (Some(id), Some(known)) => Step::Advance(self.next_advance(secret, id, known)?),
            (Some(_) | None, _) => Step::Open(OpenWorkOrder {
                reference: self.reference,
                asset: secret.pseudonym(asset_code),
                kind: self.kind,
                policy: self.reason,
                severity: self.severity,
                commitment: secret.commitment(self, WorkOrderStatus::Open),
            }),
        };
        Some(Intent { reference: self.reference, step })
    }

    fn next_advance(
        &self,
        secret: &Secret,
        id: WorkOrderId,
        known: WorkOrderStatus,
    ) -> Option<AdvanceWorkOrder> {
        let status = if known.may_become(self.status) { self.status } else { WorkOrderStatus::InProgress };
        if !known.may_become(status) {
            return None;
        }
        let commitment = secret.commitment(self, status);
        let is_news = status != known || self.ledger.commitment != Some(commitment);
        is_news.then_some(AdvanceWorkOrder { id, status, commitment })
    }
}

/// A work order of what both stored forms have, and its cause.
macro_rules! restored {
    ($stored:ident, $cause:expr) => {
        Self {
            reference: $stored.reference,
            cause: $cause,
            asset: $stored.asset,
            kind: $stored.kind,
            reason: $stored.reason,
            severity: $stored.severity,
            message: $stored.message,
            status: $stored.status,
            assigned_to: $stored.assigned_to,
            notes: $stored.notes,
            created: $stored.created,
            started: $stored.started,
            closed: $stored.closed,
            ledger: $stored.ledger,
        }
    };
}

impl From<StoredOfAlert> for WorkOrder {
    fn from(stored: StoredOfAlert) -> Self {
        let (alert, policy, policy_code) = (stored.alert, stored.policy, stored.policy_code);
        restored!(stored, OrderCause::Alert { alert, policy, policy_code })
    }
}

impl From<StoredOfDecision> for WorkOrder {
    fn from(stored: StoredOfDecision) -> Self {
        restored!(stored, OrderCause::Decision { decided: stored.decided, most: stored.most })
    }
}
