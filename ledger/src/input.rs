//! Everything that can happen to a ledger.

use protocol::{Address, Block, Certificate, Message, VerifiedTransaction};

/// What the ledger is told.
#[derive(Debug, Clone)]
pub enum Input {
    /// A decoded, size-checked message of a member, authenticated by its connection.
    Message {
        /// The member that sent it.
        from: Address,
        /// What it sent.
        message: Message,
    },
    /// Transactions whose signatures hold. `local` ones were handed in at this node, which repeats them to the hive
    /// until they are final.
    Submit {
        /// The transactions.
        transactions: Vec<VerifiedTransaction>,
        /// Whether this node answers for them.
        local: bool,
    },
    /// Forget what waits of this author from this sequence on: its node signs it anew.
    Withdraw {
        /// Who signed it.
        author: Address,
        /// The first sequence that is obsolete; what stands before it still waits for its block.
        from: protocol::Sequence,
    },
    /// A peer's header says that a block became final there. A hint only.
    Hint {
        /// Who says so.
        from: Address,
        /// The height it names.
        height: protocol::Height,
    },
    /// A member's connection is up.
    Connected(Address),
    /// A member's connection is gone.
    Disconnected(Address),
    /// A member says that it knows of no other living run of this node's key.
    Alone(Address),
    /// Time has passed; deadlines may be due.
    Tick,
}

/// What an open ledger starts from: the blocks of `blocks.log` in order, then the records of the vote log.
#[derive(Debug, Clone)]
pub struct StoredBlock {
    /// The block.
    pub block: Block,
    /// Its certificate.
    pub certificate: Certificate,
}
