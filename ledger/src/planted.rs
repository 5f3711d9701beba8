//! Bugs that the simulator plants in a ledger to see whether it finds them. Without the feature `simulation` none can be
//! planted, and every place that asks for one is compiled away.

use protocol::limits::BLOCK_BYTES_MAX;
use protocol::{Block, DecodeError, decode};

/// A bug that can be planted.
#[expect(missing_docs, reason = "`about` says what each one is")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    QuorumHalf,
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
}

impl Bug {
    /// What it breaks.
    pub const fn about(self) -> &'static str {
        match self {
            Self::QuorumHalf => "more than half of the votes decide, in votes and in certificates",
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
            Self::DoubleSale => "a slot that is settled can be settled again as if it were not",
            Self::OneSignature => "the second signature under a settlement is not checked",
            Self::UnevenBooking => "net amounts of a week need not come to zero",
            Self::LateBallot => "a ballot that comes after its vote has closed is counted in",
            Self::BallotTwice => "a ballot that comes a second time counts a second time",
            Self::DecisionTwice => {
                "a decision that was carried out when its time had come is due again in the next block"
            }
        }
    }
}

/// Which bug a ledger carries: none, unless the simulator says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Planted {
    #[cfg(feature = "simulation")]
    bug: Option<Bug>,
}

impl Planted {
    /// This bug.
    #[cfg(feature = "simulation")]
    pub fn bug(bug: Bug) -> Self {
        Self { bug: Some(bug) }
    }

    /// Whether it is this one.
    #[cfg(feature = "simulation")]
    pub(crate) fn is(self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// Never.
    #[cfg(not(feature = "simulation"))]
    pub(crate) const fn is(self, _: Bug) -> bool {
        false
    }

    /// Reads a block: in its one encoding, or in any.
    pub(crate) fn decode_block(self, bytes: &[u8]) -> Result<Block, DecodeError> {
        #[cfg(feature = "simulation")]
        if self.is(Bug::NonCanonicalDecode) {
            return protocol::codec::decode_any_form(bytes, BLOCK_BYTES_MAX);
        }
        decode(bytes, BLOCK_BYTES_MAX)
    }
}
