//! Planted faults: a simulator that lets one of them live proves nothing. Some break a duty of the carrying side and are
//! carried out here; the others are bugs inside the ledger, which are there to plant with the feature `simulation` only.

use clap::ValueEnum;
use ledger::planted::{Bug, Planted};

/// One planted fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Mutant {
    /// More than half of the votes decide.
    QuorumHalf,
    /// Votes leave before the vote log is synced.
    VoteBeforeSync,
    /// A restart begins with an empty vote log.
    WalForgotten,
    /// A restart remembers votes, but neither blocks nor polkas.
    Amnesia,
    /// Any valid proposal gets a prevote in spite of a lock.
    NoLock,
    /// After a restart another block is proposed in the same round.
    NewValueAfterRestart,
    /// A block is handed over in the first round only.
    ValueAtStartOnly,
    /// Nothing is sent a second time.
    NoRebroadcast,
    /// Every message of a later height asks for blocks.
    SyncStorm,
    /// Nothing bounds what is kept of the next height.
    UnboundedVotes,
    /// A transaction can be carried out twice.
    ReplayAccepted,
    /// Nothing of a later round is listened to.
    NoRoundSkip,
    /// A peer's block is taken without its certificate.
    UnverifiedSync,
    /// The vote log names blocks without their bodies.
    BodyNotLogged,
    /// A changed authority set decides one height early.
    SetChangeEarly,
    /// Blocks are read in any encoding.
    NonCanonicalDecode,
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
    /// All of them, those that have to be found on every change first.
    pub const ALL: [Self; 21] = [
        Self::QuorumHalf,
        Self::VoteBeforeSync,
        Self::WalForgotten,
        Self::Amnesia,
        Self::NoLock,
        Self::NewValueAfterRestart,
        Self::ValueAtStartOnly,
        Self::NoRebroadcast,
        Self::SyncStorm,
        Self::UnboundedVotes,
        Self::ReplayAccepted,
        Self::NoRoundSkip,
        Self::UnverifiedSync,
        Self::BodyNotLogged,
        Self::SetChangeEarly,
        Self::NonCanonicalDecode,
        Self::BlockNotSynced,
        Self::TornTailKept,
        Self::HalfRemembered,
        Self::TelemetryNotSynced,
        Self::LostPersist,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::QuorumHalf => "quorum-half",
            Self::VoteBeforeSync => "vote-before-sync",
            Self::WalForgotten => "wal-forgotten",
            Self::Amnesia => "amnesia",
            Self::NoLock => "no-lock",
            Self::NewValueAfterRestart => "new-value-after-restart",
            Self::ValueAtStartOnly => "value-at-start-only",
            Self::NoRebroadcast => "no-rebroadcast",
            Self::SyncStorm => "sync-storm",
            Self::UnboundedVotes => "unbounded-votes",
            Self::ReplayAccepted => "replay-accepted",
            Self::NoRoundSkip => "no-round-skip",
            Self::UnverifiedSync => "unverified-sync",
            Self::BodyNotLogged => "body-not-logged",
            Self::SetChangeEarly => "set-change-early",
            Self::NonCanonicalDecode => "non-canonical-decode",
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
            Self::QuorumHalf => "more than half of the votes decide, in votes and in certificates",
            Self::VoteBeforeSync => "votes leave before the vote log is synced",
            Self::WalForgotten => "a restart begins with an empty vote log",
            Self::Amnesia => {
                "a restart remembers votes, but neither blocks nor polkas: the lock is forgotten"
            }
            Self::NoLock => "any valid proposal gets a prevote in spite of a lock",
            Self::NewValueAfterRestart => "after a restart another block is proposed in a round that had one",
            Self::ValueAtStartOnly => "a block is handed over in the first round only",
            Self::NoRebroadcast => "votes, certificates and bodies are never sent a second time",
            Self::SyncStorm => "every message of a later height asks for blocks, without a limit",
            Self::UnboundedVotes => "nothing bounds what is kept of the next height",
            Self::ReplayAccepted => "sequences are not checked: a transaction can be carried out twice",
            Self::NoRoundSkip => "nothing of a later round is listened to, round certificates included",
            Self::UnverifiedSync => "a block brought by a peer is taken without its certificate",
            Self::BodyNotLogged => "the vote log names blocks without their bodies",
            Self::SetChangeEarly => "a changed authority set decides one height early",
            Self::NonCanonicalDecode => "blocks are read in any encoding",
            Self::BlockNotSynced => "blocks are announced before blocks.log is synced",
            Self::TornTailKept => "a torn end of blocks.log is left in place and appended to",
            Self::HalfRemembered => "a restart drops the second half of the recovered vote records",
            Self::TelemetryNotSynced => "readings are acknowledged before the telemetry log is synced",
            Self::LostPersist => "what the building records is never flushed",
        }
    }

    /// The bug inside the ledger; none where the carrying side breaks its duty.
    pub const fn bug(self) -> Option<Bug> {
        match self {
            Self::QuorumHalf => Some(Bug::QuorumHalf),
            Self::Amnesia => Some(Bug::Amnesia),
            Self::NoLock => Some(Bug::NoLock),
            Self::NewValueAfterRestart => Some(Bug::NewValueAfterRestart),
            Self::ValueAtStartOnly => Some(Bug::ValueAtStartOnly),
            Self::NoRebroadcast => Some(Bug::NoRebroadcast),
            Self::SyncStorm => Some(Bug::SyncStorm),
            Self::UnboundedVotes => Some(Bug::UnboundedVotes),
            Self::ReplayAccepted => Some(Bug::ReplayAccepted),
            Self::NoRoundSkip => Some(Bug::NoRoundSkip),
            Self::UnverifiedSync => Some(Bug::UnverifiedSync),
            Self::BodyNotLogged => Some(Bug::BodyNotLogged),
            Self::SetChangeEarly => Some(Bug::SetChangeEarly),
            Self::NonCanonicalDecode => Some(Bug::NonCanonicalDecode),
            Self::VoteBeforeSync
            | Self::WalForgotten
            | Self::BlockNotSynced
            | Self::TornTailKept
            | Self::HalfRemembered
            | Self::TelemetryNotSynced
            | Self::LostPersist => None,
        }
    }

    /// Whether this build can plant it.
    pub const fn is_at_hand(self) -> bool {
        cfg!(feature = "simulation") || self.bug().is_none()
    }

    /// What a ledger is opened with.
    pub fn planted(self) -> Planted {
        #[cfg(feature = "simulation")]
        if let Some(bug) = self.bug() {
            return Planted::bug(bug);
        }
        assert!(self.is_at_hand(), "invariant: asked for before a world starts");
        Planted::default()
    }
}
