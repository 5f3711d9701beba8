//! A work order as the building keeps it: with names and notes, which never leave, and with what the ledger is known
//! to hold of it.

use protocol::limits::NOTES_BYTES_MAX;
use protocol::{
    AdvanceWorkOrder, AssetKind, Digest, Invalid, OpenWorkOrder, Severity, UnixMs, WorkOrderId,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct WorkOrder {
    /// Its name here and on the ledger: a keyed hash of the alert.
    pub reference: Digest,
    /// The alert that caused it.
    pub alert: AlertId,
    /// The asset.
    pub asset: AssetId,
    /// What the asset is.
    pub kind: AssetKind,
    /// The policy that was broken.
    pub policy: PolicyId,
    /// The policy's short name at that time.
    pub policy_code: Code,
    /// What the ledger carries of the policy.
    pub policy_digest: Digest,
    /// How urgent.
    pub severity: Severity,
    /// What the alert said.
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
    /// What the ledger has to be told next: one step at a time, in order, until it knows what the building knows.
    pub fn next_intent(&self, secret: &Secret, asset_code: &Code) -> Option<Intent> {
        let step = match (self.ledger.id, self.ledger.status) {
            (Some(id), Some(known)) => Step::Advance(self.next_advance(secret, id, known)?),
            (Some(_) | None, _) => Step::Open(OpenWorkOrder {
                reference: self.reference,
                asset: secret.pseudonym(asset_code),
                kind: self.kind,
                policy: self.policy_digest,
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
