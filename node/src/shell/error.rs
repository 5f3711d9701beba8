//! Why a node does not start, or cannot go on. Each is one line; what is wrong with the configuration names its key.

use thiserror::Error;

use super::http::HttpError;
use super::network::NetworkError;
use super::secrets::SecretError;
use super::store::StoreError;
use super::store::index::IndexError;
use super::store::lock::LockError;

/// Why a node does not start, or cannot go on.
#[derive(Debug, Error)]
pub enum RunError {
    /// A file named by the configuration cannot be used.
    #[error("{key} in {origin}: {detail}")]
    Configuration {
        /// The key.
        key: &'static str,
        /// The configuration's file.
        origin: String,
        /// What is wrong.
        detail: String,
    },
    /// Another process has the data folder.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A file cannot be opened.
    #[error(transparent)]
    Store(StoreError),
    /// The index cannot be opened, not even a new one.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The stored ledger makes no sense.
    #[error("the ledger on disk cannot be opened: {0}")]
    Ledger(#[from] ledger::OpenError),
    /// The building's records or its configured sites make no sense.
    #[error("the building cannot be opened: {0}")]
    Core(#[from] crate::core::OpenError),
    /// No network.
    #[error("network.listen: {0}")]
    Network(#[from] NetworkError),
    /// The network said nothing.
    #[error("network.listen: the network does not listen")]
    NotListening,
    /// No page.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A secret cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The disk failed under a vote or a block.
    #[error("the disk failed: {0}")]
    Disk(StoreError),
    /// Another node runs with this one's key.
    #[error(
        "another copy of this node is running: {0} is connected with both and carried the proof. A key must have one \
         node; this one stops before both sign. Find the other one, stop it and remove its folder, then start the one \
         that is to stay. If you have no other one, somebody has your key: have the authorities revoke it"
    )]
    Copied(protocol::Address),
    /// A thread panicked.
    #[error("the thread `{0}` died; the log says why")]
    Died(&'static str),
    /// The operating system refused something basic.
    #[error("the system refuses: {0}")]
    Runtime(std::io::Error),
}

impl RunError {
    /// Whether the configuration is at fault.
    pub const fn is_configuration(&self) -> bool {
        match self {
            Self::Configuration { .. }
            | Self::Network(_)
            | Self::Http(HttpError::Listen { .. } | HttpError::Token(_) | HttpError::Certificate(_)) => true,
            Self::Core(crate::core::OpenError::Catalogue(_)) => true,
            Self::Lock(_)
            | Self::Store(_)
            | Self::Index(_)
            | Self::Ledger(_)
            | Self::NotListening
            | Self::Secret(_)
            | Self::Disk(_)
            | Self::Copied(_)
            | Self::Died(_)
            | Self::Runtime(_) => false,
        }
    }
}
