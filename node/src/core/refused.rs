//! Why a command is not carried out.

use thiserror::Error;

use super::catalogue::CatalogueError;
use super::joining::InviteError;
use super::maintenance::MaintenanceError;
use super::outbox::OutboxFull;

/// A command that is refused; nothing has changed.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Refused {
    /// Alerts, work orders and policies.
    #[error(transparent)]
    Maintenance(#[from] MaintenanceError),
    /// Sites and assets.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// Invitations.
    #[error(transparent)]
    Invite(#[from] InviteError),
    /// Too much waits for the ledger.
    #[error(transparent)]
    Outbox(#[from] OutboxFull),
    /// Only an authority may do this.
    #[error("only an authority's operator can do this")]
    NotAuthority,
    /// Nobody asks that, or it is answered.
    #[error("no such request waits for an answer")]
    NoWish,
    /// The ledger says no.
    #[error("the ledger refuses: {0}")]
    Ledger(#[from] ledger::Reject),
    /// A figure is beyond its bounds.
    #[error(transparent)]
    Invalid(#[from] protocol::Invalid),
    /// Energy is given to a neighbour, neither to oneself nor to a stranger.
    #[error("expected the address of another member of the hive, found {found}")]
    NoNeighbour {
        /// Who was named.
        found: protocol::Address,
    },
    /// A slot that is not released.
    #[error(transparent)]
    Release(#[from] super::energy::ReleaseRefused),
    /// Registry, keys and assemblies.
    #[error(transparent)]
    Home(#[from] super::assembly::HomeError),
    /// Incident cards.
    #[error(transparent)]
    Incident(#[from] super::incidents::IncidentRefused),
    /// Questions to neighbours.
    #[error(transparent)]
    Enquiry(#[from] super::enquiries::EnquiryRefused),
    /// Too many callers wait already.
    #[error("too many callers wait for transactions; try again in a moment")]
    Busy,
}
