//! Everything a ledger asks of the world. Outputs are carried out strictly in order: what stands before a sync is on
//! disk before anything behind it leaves the node.

use std::sync::Arc;

use protocol::membership::Evidence;
use protocol::{
    Address, Block, BlockId, Certificate, Height, Message, StateHash, Transaction, TransactionId,
};

use crate::error::Reject;
use crate::state::Event;

/// What the shell has to do.
#[derive(Debug, Clone)]
pub enum Output {
    /// Append one framed record to the vote log.
    VoteAppend(Vec<u8>),
    /// `fdatasync` the vote log. Barrier: a failure stops the process.
    VoteSync,
    /// Start an empty vote log for this height (header written and synced); the records before it are obsolete.
    VoteReset(Height),
    /// Append one framed record to `blocks.log`.
    BlockAppend {
        /// Its height.
        height: Height,
        /// Framed record, as [`crate::record::encode_block`] gives it.
        record: Vec<u8>,
    },
    /// `fdatasync` `blocks.log`. Barrier: a failure stops the process.
    BlockSync,
    /// Send to one member.
    Send {
        /// To whom.
        to: Address,
        /// What.
        message: Message,
    },
    /// Send to every other authority that is connected.
    Broadcast(Message),
    /// Tell every connected member how far this node is.
    Announce(Message),
    /// Gossip transactions to the hive.
    GossipTransactions(Vec<Transaction>),
    /// Gossip a decided header to followers.
    GossipHeader(protocol::message::HeaderGossip),
    /// Read final blocks from disk and send them as one [`Message::SyncResponse`] within its limits.
    ServeBlocks {
        /// To whom.
        to: Address,
        /// First height.
        from: Height,
        /// Last height, inclusive.
        last: Height,
    },
    /// A block is final and on disk.
    Committed(Box<Committed>),
    /// Transactions left the mempool without becoming final.
    Rejected {
        /// Which.
        id: TransactionId,
        /// Who signed it.
        author: Address,
        /// Why.
        reason: Reject,
    },
    /// An authority signed twice; the node puts it on the ledger.
    Evidence(Box<Evidence>),
    /// A peer broke a rule; its standing goes down.
    Blame {
        /// Who.
        peer: Address,
        /// What it did, in one word for counters.
        fault: Fault,
    },
    /// The ledger cannot go on: more than two thirds of the authorities certified a block that this node's rules refuse.
    /// The node alarms and stops following; local telemetry and rules go on.
    Halt {
        /// In words.
        reason: String,
    },
}

/// A final block and what it did.
#[derive(Debug, Clone)]
pub struct Committed {
    /// Height of the block.
    pub height: Height,
    /// Its id.
    pub id: BlockId,
    /// State after it.
    pub state: StateHash,
    /// The block.
    pub block: Arc<Block>,
    /// Proof that it is final.
    pub certificate: Certificate,
    /// Ids of its transactions, in order.
    pub transactions: Vec<TransactionId>,
    /// What changed.
    pub events: Vec<Event>,
}

/// What a peer did wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A signature that does not hold.
    Signature,
    /// Bytes that do not decode to what they should be.
    Malformed,
    /// A block that its certificate does not make final.
    Certificate,
    /// A block body that breaks the ledger's rules.
    Block,
    /// A transaction that breaks the ledger's rules on its face.
    Transaction,
}

impl Fault {
    /// The word for counters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Malformed => "malformed",
            Self::Certificate => "certificate",
            Self::Block => "block",
            Self::Transaction => "transaction",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn every_fault_has_a_word_of_its_own() {
        let faults =
            [Fault::Signature, Fault::Malformed, Fault::Certificate, Fault::Block, Fault::Transaction];
        let words: std::collections::BTreeSet<_> = faults.iter().map(|fault| fault.name()).collect();
        assert_eq!(words.len(), faults.len());
        assert!(words.iter().all(|word| word.chars().all(|c| c.is_ascii_lowercase())), "{words:?}");
    }
}
