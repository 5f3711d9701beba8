//! Why something asked for by a caretaker is not done.

use protocol::{Digest, Invalid, WorkOrderStatus};
use thiserror::Error;

use crate::core::alerts::{AlertError, AlertId};
use crate::core::policy::{PolicyError, PolicyId};

/// A command that is refused; nothing has changed.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum MaintenanceError {
    /// The alert is unknown or cannot go there.
    #[error(transparent)]
    Alert(#[from] AlertError),
    /// The terms of a policy make no sense.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A text is too long.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// One of several policies from a text cannot be taken over; so none is.
    #[error("{error}")]
    Imported {
        /// Its place in the text, from 0.
        at: usize,
        /// What is wrong with it.
        error: Box<Self>,
    },
    /// No policy has this number.
    #[error("no policy {id}")]
    UnknownPolicy {
        /// The number.
        id: PolicyId,
    },
    /// Another policy has this code.
    #[error("code: policy {id} is called {code} already")]
    CodeTaken {
        /// The code.
        code: String,
        /// Whose it is.
        id: PolicyId,
    },
    /// No more room.
    #[error("{max} {what} are the most this node keeps")]
    Full {
        /// `policies` or `open work orders`.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// No work order has this reference.
    #[error("no work order {reference}")]
    UnknownWorkOrder {
        /// The reference.
        reference: Digest,
    },
    /// The alert has a work order.
    #[error("alert {alert} has work order {reference} already")]
    HasWorkOrder {
        /// The alert.
        alert: AlertId,
        /// Its work order.
        reference: Digest,
    },
    /// A work order only goes forward, and nothing of it changes once it is done.
    #[error("status: a work order that is {from} cannot become {to}")]
    Transition {
        /// Its status.
        from: WorkOrderStatus,
        /// The status asked for.
        to: WorkOrderStatus,
    },
}

impl MaintenanceError {
    /// The field of the request that is wrong, if it is one: `threshold`, or `groups[0][1].threshold`.
    pub fn field(&self) -> Option<String> {
        match self {
            Self::Policy(error) => Some(error.path()),
            Self::Invalid(
                Invalid::Text { field, .. }
                | Invalid::Count { field, .. }
                | Invalid::Range { field, .. }
                | Invalid::Duplicate { field },
            ) => Some((*field).to_owned()),
            Self::Imported { error, .. } => error.field(),
            Self::CodeTaken { .. } => Some("code".to_owned()),
            Self::Transition { .. } => Some("status".to_owned()),
            Self::Invalid(Invalid::Hex { .. })
            | Self::Alert(_)
            | Self::UnknownPolicy { .. }
            | Self::Full { .. }
            | Self::UnknownWorkOrder { .. }
            | Self::HasWorkOrder { .. } => None,
        }
    }

    /// Whether the thing named does not exist (404).
    pub const fn is_unknown(&self) -> bool {
        matches!(
            self,
            Self::UnknownPolicy { .. }
                | Self::UnknownWorkOrder { .. }
                | Self::Alert(AlertError::Unknown { .. })
        )
    }

    /// Whether the request contradicts what there is (409).
    pub const fn is_conflict(&self) -> bool {
        matches!(
            self,
            Self::CodeTaken { .. }
                | Self::Full { .. }
                | Self::HasWorkOrder { .. }
                | Self::Transition { .. }
                | Self::Alert(AlertError::Transition { .. })
        )
    }
}
