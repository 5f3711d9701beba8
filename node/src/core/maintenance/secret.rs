//! What only this building knows, and the hashes made with it: outsiders can neither guess an asset behind its
//! pseudonym nor a note behind its commitment.

use protocol::{Digest, UnixMs, WorkOrderStatus};
use std::fmt;

use super::work_order::WorkOrder;
use crate::core::alerts::AlertId;
use crate::core::catalogue::Code;
use crate::core::policy::PolicyId;

/// A secret of 32 bytes, derived from the node's key by the caller.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// Takes the secret.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be kept by the building itself.
    pub const fn bytes(&self) -> Digest {
        Digest::new(self.0)
    }

    /// The name of the alert that a reading raises.
    pub fn alert_id(&self, asset: &Code, policy: PolicyId, reading: UnixMs) -> AlertId {
        let (policy, reading) = (policy.0.to_be_bytes(), reading.0.to_be_bytes());
        AlertId(Digest::of("symbiose alert v1", &[&self.0, asset.as_str().as_bytes(), &policy, &reading]))
    }

    /// What the ledger calls an asset.
    pub fn pseudonym(&self, asset: &Code) -> Digest {
        Digest::of("symbiose asset pseudonym v1", &[&self.0, asset.as_str().as_bytes()])
    }

    /// What the ledger calls the work order of an alert.
    pub fn reference(&self, alert: AlertId) -> Digest {
        Digest::of("symbiose work order reference v1", &[&self.0, alert.0.as_bytes()])
    }

    /// The salt of a work order's commitment. Shown together with the record it opens the commitment, and no other.
    pub fn salt(&self, reference: Digest) -> Digest {
        Digest::of("symbiose work order salt v1", &[&self.0, reference.as_bytes()])
    }

    /// What the ledger carries of the building's record at a status.
    pub fn commitment(&self, order: &WorkOrder, status: WorkOrderStatus) -> Digest {
        commitment(self.salt(order.reference), order, status)
    }
}

/// Salted hash of a work order's record at a status: who is on it, what was noted, when it was opened and done.
pub fn commitment(salt: Digest, order: &WorkOrder, status: WorkOrderStatus) -> Digest {
    let closed = order.closed.filter(|_| status == WorkOrderStatus::Done);
    // A decision's work order has no alert: its own reference stands in its place.
    let alert = order.alert().unwrap_or(AlertId(order.reference));
    let record = (order.reference, alert, status, &order.assigned_to, &order.notes, order.created, closed);
    Digest::of("symbiose work order v1", &[salt.as_bytes(), &protocol::encode(&record)])
}
