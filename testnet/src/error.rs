//! What can go wrong around a testnet, with the exit code each failure ends the command with.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::replay::ReplayError;

/// A failure of the tool or of the neighbourhood it runs.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder does not do what is asked.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The command line or a scenario asks for something that does not exist.
    #[error("{0}")]
    Usage(String),
    /// The recorded meters cannot be used.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// Another testnet lives in this folder.
    #[error(
        "{dir} is in use by the testnet of process {pid}: stop it (cargo testnet down --dir {dir}) or choose another --dir"
    )]
    InUse {
        /// The folder.
        dir: PathBuf,
        /// The process that holds it.
        pid: String,
    },
    /// Nothing runs in this folder.
    #[error("no testnet is running in {dir}: start one with cargo testnet --dir {dir}")]
    NotRunning {
        /// The folder.
        dir: PathBuf,
    },
    /// `symbiose` is neither there nor could it be built.
    #[error("cannot build symbiose: {0}")]
    Build(String),
    /// A node ended before it was ready.
    #[error("{node} ended before it was ready ({status}); its log ends with:\n{log_tail}")]
    Ended {
        /// The node.
        node: String,
        /// Exit status.
        status: String,
        /// Last lines of its log.
        log_tail: String,
    },
    /// A node was not ready in time.
    #[error("{node} was not ready after {} s ({reason}); its log ends with:\n{log_tail}", waited.as_secs())]
    NotReady {
        /// The node.
        node: String,
        /// How long it was waited for.
        waited: Duration,
        /// What it said of itself last.
        reason: String,
        /// Last lines of its log.
        log_tail: String,
    },
    /// A node cannot be reached over HTTP.
    #[error("cannot reach {node}: {reason}")]
    Unreachable {
        /// The node or its address.
        node: String,
        /// What happened.
        reason: String,
    },
    /// A node answered with a problem.
    #[error("{node} answered {status} to {request}: {detail}")]
    Refused {
        /// The node.
        node: String,
        /// Method and path.
        request: String,
        /// HTTP status.
        status: u16,
        /// Title and detail of the problem.
        detail: String,
    },
    /// An answer is not what the contract says.
    #[error("{node} answered {request} with something else than expected: {detail}")]
    Answer {
        /// The node.
        node: String,
        /// Method and path.
        request: String,
        /// What is wrong with it.
        detail: String,
    },
    /// An expectation of a scenario, a chaos run or a benchmark does not hold.
    #[error("{0}")]
    Expectation(String),
    /// A signal asked the command to end.
    #[error("interrupted")]
    Interrupted,
}

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The command's exit code: 1 failure, 2 usage, 3 not ready, 4 refused by the ledger, 5 cannot reach a node,
    /// 130 interrupted.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::File { .. }
            | Self::Build(_)
            | Self::Answer { .. }
            | Self::Expectation(_)
            | Self::InUse { .. } => 1,
            Self::Usage(_) | Self::Replay(_) => 2,
            Self::Ended { .. } | Self::NotReady { .. } => 3,
            Self::Refused { .. } => 4,
            Self::NotRunning { .. } | Self::Unreachable { .. } => 5,
            Self::Interrupted => 130,
        }
    }

    /// For `map_err` after a file operation.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::File { action, path: path.to_owned(), source }
    }
}
