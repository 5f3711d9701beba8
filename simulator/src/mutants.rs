//! Planted faults: each breaks one duty of the carrying side. A simulator that lets one of them live proves nothing.

use clap::ValueEnum;

/// One planted fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Mutant {
    /// Votes leave before the vote log is synced.
    VoteBeforeSync,
    /// A restart begins with an empty vote log.
    WalForgotten,
    /// Blocks are announced before `blocks.log` is synced.
    BlockNotSynced,
    /// A torn end of `blocks.log` is left in place and appended to.
    TornTailKept,
    /// A restart drops the second half of the recovered vote records.
    HalfRemembered,
    /// Readings are acknowledged before the telemetry log is synced.
    TelemetryNotSynced,
    /// What the building records is never flushed.
    LostPersist,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::VoteBeforeSync,
        Self::WalForgotten,
        Self::BlockNotSynced,
        Self::TornTailKept,
        Self::HalfRemembered,
        Self::TelemetryNotSynced,
        Self::LostPersist,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::VoteBeforeSync => "vote-before-sync",
            Self::WalForgotten => "wal-forgotten",
            Self::BlockNotSynced => "block-not-synced",
            Self::TornTailKept => "torn-tail-kept",
            Self::HalfRemembered => "half-remembered",
            Self::TelemetryNotSynced => "telemetry-not-synced",
            Self::LostPersist => "lost-persist",
        }
    }

    /// What it breaks.
    pub const fn about(self) -> &'static str {
        match self {
            Self::VoteBeforeSync => "votes leave before the vote log is synced",
            Self::WalForgotten => "a restart begins with an empty vote log",
            Self::BlockNotSynced => "blocks are announced before blocks.log is synced",
            Self::TornTailKept => "a torn end of blocks.log is left in place and appended to",
            Self::HalfRemembered => "a restart drops the second half of the recovered vote records",
            Self::TelemetryNotSynced => "readings are acknowledged before the telemetry log is synced",
            Self::LostPersist => "what the building records is never flushed",
        }
    }
}
