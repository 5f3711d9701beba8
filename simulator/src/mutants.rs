//! Planted faults: a simulator that lets one of them live proves nothing. Some break a duty of the carrying side and are
//! carried out here; the others are bugs inside the ledger, which are there to plant with the feature `simulation` only.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use ledger::planted::{Bug, Planted};

/// One planted fault. What each breaks says [`Mutant::about`], or [`Bug::about`] for those inside the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutant {
    QuorumHalf,
    VoteBeforeSync,
    WalForgotten,
    Amnesia,
    NoLock,
    NewValueAfterRestart,
    ValueAtStartOnly,
    NoRebroadcast,
    SyncStorm,
    UnboundedVotes,
    ReplayAccepted,
    NoRoundSkip,
    UnverifiedSync,
    BodyNotLogged,
    SetChangeEarly,
    NonCanonicalDecode,
    DoubleSale,
    OneSignature,
    UnevenBooking,
    LateBallot,
    BallotTwice,
    DecisionTwice,
    BlockNotSynced,
    TornTailKept,
    HalfRemembered,
    TelemetryNotSynced,
    LostPersist,
}

/// Where it is planted.
enum Plant {
    /// Inside the ledger, which knows what it breaks.
    Ledger(Bug),
    /// On the carrying side, which breaks this duty.
    Carrying(&'static str),
}

impl ValueEnum for Mutant {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.about()))
    }
}

impl Mutant {
    /// All of them, those that have to be found on every change first.
    pub const ALL: [Self; 27] = [
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
        Self::DoubleSale,
        Self::OneSignature,
        Self::UnevenBooking,
        Self::LateBallot,
        Self::BallotTwice,
        Self::DecisionTwice,
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
            Self::DoubleSale => "double-sale",
            Self::OneSignature => "one-signature",
            Self::UnevenBooking => "uneven-booking",
            Self::LateBallot => "late-ballot",
            Self::BallotTwice => "ballot-twice",
            Self::DecisionTwice => "decision-twice",
            Self::BlockNotSynced => "block-not-synced",
            Self::TornTailKept => "torn-tail-kept",
            Self::HalfRemembered => "half-remembered",
            Self::TelemetryNotSynced => "telemetry-not-synced",
            Self::LostPersist => "lost-persist",
        }
    }

    /// What it breaks.
    pub const fn about(self) -> &'static str {
        match self.plant() {
            Plant::Ledger(bug) => bug.about(),
            Plant::Carrying(about) => about,
        }
    }

    /// The bug inside the ledger; none where the carrying side breaks its duty.
    pub const fn bug(self) -> Option<Bug> {
        match self.plant() {
            Plant::Ledger(bug) => Some(bug),
            Plant::Carrying(_) => None,
        }
    }

    const fn plant(self) -> Plant {
        use Plant::{Carrying, Ledger};
        match self {
            Self::QuorumHalf => Ledger(Bug::QuorumHalf),
            Self::VoteBeforeSync => Carrying("votes leave before the vote log is synced"),
            Self::WalForgotten => Carrying("a restart begins with an empty vote log"),
            Self::Amnesia => Ledger(Bug::Amnesia),
            Self::NoLock => Ledger(Bug::NoLock),
            Self::NewValueAfterRestart => Ledger(Bug::NewValueAfterRestart),
            Self::ValueAtStartOnly => Ledger(Bug::ValueAtStartOnly),
            Self::NoRebroadcast => Ledger(Bug::NoRebroadcast),
            Self::SyncStorm => Ledger(Bug::SyncStorm),
            Self::UnboundedVotes => Ledger(Bug::UnboundedVotes),
            Self::ReplayAccepted => Ledger(Bug::ReplayAccepted),
            Self::NoRoundSkip => Ledger(Bug::NoRoundSkip),
            Self::UnverifiedSync => Ledger(Bug::UnverifiedSync),
            Self::BodyNotLogged => Ledger(Bug::BodyNotLogged),
            Self::SetChangeEarly => Ledger(Bug::SetChangeEarly),
            Self::NonCanonicalDecode => Ledger(Bug::NonCanonicalDecode),
            Self::DoubleSale => Ledger(Bug::DoubleSale),
            Self::OneSignature => Ledger(Bug::OneSignature),
            Self::UnevenBooking => Ledger(Bug::UnevenBooking),
            Self::LateBallot => Ledger(Bug::LateBallot),
            Self::BallotTwice => Ledger(Bug::BallotTwice),
            Self::DecisionTwice => Ledger(Bug::DecisionTwice),
            Self::BlockNotSynced => Carrying("blocks are announced before blocks.log is synced"),
            Self::TornTailKept => Carrying("a torn end of blocks.log is left in place and appended to"),
            Self::HalfRemembered => Carrying("a restart drops the second half of the recovered vote records"),
            Self::TelemetryNotSynced => {
                Carrying("readings are acknowledged before the telemetry log is synced")
            }
            Self::LostPersist => Carrying("what the building records is never flushed"),
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
