//! Transactions become state, authorities agree: the ledger of a hive as a pure state machine. It never touches a
//! clock, a socket, a file or a random source, and holds no float.
#![warn(missing_docs)]
#![deny(clippy::float_arithmetic)]

pub mod assembly;
pub mod chain;
mod consensus;
pub mod energy;
pub mod error;
pub mod input;
mod ledger;
pub mod light;
pub mod log;
pub mod mempool;
pub mod output;
pub mod planted;
pub mod record;
pub mod state;
mod sync;

pub use chain::{Chain, Replay, TimeBound};
pub use error::{BlockError, Reject};
pub use input::{Input, StoredBlock};
pub use ledger::{Config, Head, Held, Ledger, OpenError, Progress};
pub use output::{Committed, Fault, Output};
pub use record::{RecordError, VoteLog};
pub use state::{Event, State};

#[cfg(test)]
mod tests;
