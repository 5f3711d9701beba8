//! Bugs that the simulator plants in a ledger to see whether it finds them. Without the feature `simulation` none can be
//! planted, and every place that asks for one is compiled away.

use protocol::limits::BLOCK_BYTES_MAX;
use protocol::{Block, DecodeError, decode};

/// A bug that can be planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// More than half of the votes decide, in votes and in certificates.
    QuorumHalf,
    /// After a restart votes are remembered, but neither the blocks they were for nor polkas.
    Amnesia,
    /// Any valid proposal gets a prevote in spite of a lock.
    NoLock,
    /// After a restart another block is proposed in a round that had one.
    NewValueAfterRestart,
    /// A block is handed over in the first round only.
    ValueAtStartOnly,
    /// Votes, certificates and bodies are sent once and never again.
    NoRebroadcast,
    /// Every message of a later height asks for blocks.
    SyncStorm,
    /// Nothing bounds what is kept of the next height.
    UnboundedVotes,
    /// Sequences are not checked: a transaction can be carried out twice.
    ReplayAccepted,
    /// Nothing of a later round is listened to.
    NoRoundSkip,
    /// A block brought by a peer is taken without its certificate.
    UnverifiedSync,
    /// The vote log names blocks without their bodies.
    BodyNotLogged,
    /// A changed authority set decides one height early.
    SetChangeEarly,
    /// Blocks are read in any encoding.
    NonCanonicalDecode,
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
