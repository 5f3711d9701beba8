//! Why the ledger refuses something. Each variant names what was expected and what was found.

use crate::energy::EnergyReject;
use crate::state::aggregate::AggregateReject;
use crate::state::assembly::AssemblyReject;
use crate::state::token::TokenReject;
use protocol::block::CertificateError;
use protocol::{
    Address, BlockId, Digest, Height, LogRoot, Sequence, StateHash, UnixMs, WorkOrderId, WorkOrderStatus,
};
use thiserror::Error;

/// A transaction that may not stand in a block.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Reject {
    /// The author is not a member, or no longer.
    #[error("{author} is not a member of this hive")]
    NotMember {
        /// The author.
        author: Address,
    },
    /// The author is not an authority, and this transaction asks for one.
    #[error("{author} is not an authority")]
    NotAuthority {
        /// The author.
        author: Address,
    },
    /// Another sequence is due.
    #[error("sequence {found}, {expected} is due")]
    Sequence {
        /// The sequence that is due.
        expected: Sequence,
        /// The sequence found.
        found: Sequence,
    },
    /// Its last height has passed, or lies too far ahead.
    #[error("expires at height {expires}; the block is at {height}, at most {max} later is allowed")]
    Expired {
        /// The transaction's last height.
        expires: Height,
        /// The block's height.
        height: Height,
        /// How far ahead it may lie.
        max: u64,
    },
    /// The same invitation, work order reference, approval or evidence is on the ledger already.
    #[error("{what} {key} is on the ledger already")]
    Known {
        /// What it is.
        what: &'static str,
        /// Which one.
        key: Digest,
    },
    /// There is no such work order or proposal.
    #[error("there is no {what} {number}")]
    Unknown {
        /// What it is.
        what: &'static str,
        /// Which one.
        number: u64,
    },
    /// A work order of another building.
    #[error("work order {id} belongs to {owner}")]
    NotYours {
        /// Which one.
        id: WorkOrderId,
        /// Its building.
        owner: Address,
    },
    /// A work order cannot go that way.
    #[error("work order {id} is {from}, it cannot become {to}")]
    Transition {
        /// Which one.
        id: WorkOrderId,
        /// Its status.
        from: WorkOrderStatus,
        /// The status asked for.
        to: WorkOrderStatus,
    },
    /// A table is full.
    #[error("{what}: {max} at the most")]
    Full {
        /// Which table.
        what: &'static str,
        /// Its maximum.
        max: usize,
    },
    /// An invitation that does not hold: signature, inviter, hive or time.
    #[error("the invitation does not hold: {detail}")]
    Invitation {
        /// Why.
        detail: &'static str,
    },
    /// A governed action that makes no sense now.
    #[error("the action does not apply: {detail}")]
    Action {
        /// Why.
        detail: &'static str,
    },
    /// Evidence that proves nothing.
    #[error("the evidence does not hold: {detail}")]
    Evidence {
        /// Why.
        detail: &'static str,
    },
    /// A change of a key that does not hold.
    #[error("the change of the key does not hold: {detail}")]
    Key {
        /// Why.
        detail: &'static str,
    },
    /// Another network key than the one that is due.
    #[error("the network key is not changed: {detail}")]
    NetworkKey {
        /// Why.
        detail: &'static str,
    },
    /// A record of shared energy that does not hold.
    #[error(transparent)]
    Energy(#[from] EnergyReject),
    /// Something about tokens that does not hold.
    #[error(transparent)]
    Token(#[from] TokenReject),
    /// Something about assemblies that does not hold.
    #[error(transparent)]
    Assembly(#[from] AssemblyReject),
    /// Something about private sums that does not hold.
    #[error(transparent)]
    Aggregate(#[from] AggregateReject),
    /// The mempool has no room for it.
    #[error("the queue of waiting transactions is full: {what}, {max} at the most")]
    Busy {
        /// Which bound.
        what: &'static str,
        /// The bound.
        max: usize,
    },
}

/// A block that does not follow from the chain.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BlockError {
    /// Not the block that is due.
    #[error("block {found} follows {expected}")]
    Height {
        /// Height that is due.
        expected: Height,
        /// Height found.
        found: Height,
    },
    /// Of another hive.
    #[error("the block belongs to another hive")]
    Chain,
    /// It names another predecessor.
    #[error("the block follows {found:?}, the chain ends at {expected:?}")]
    Previous {
        /// Our last block.
        expected: BlockId,
        /// The predecessor it names.
        found: BlockId,
    },
    /// Its time does not lie behind the block before, or lies ahead of this node's clock.
    #[error("block time {found}: after {after}, at the latest {latest}")]
    Time {
        /// Time of the block before.
        after: UnixMs,
        /// Latest time allowed.
        latest: UnixMs,
        /// Time found.
        found: UnixMs,
    },
    /// The proposer it names is not an authority.
    #[error("{proposer} may not propose")]
    Proposer {
        /// The proposer.
        proposer: Address,
    },
    /// Its list of transactions is not the one its header commits to.
    #[error("the transactions are not those of the header")]
    Transactions,
    /// A signature in it does not hold.
    #[error("transaction {index} is not signed by its author")]
    Signature {
        /// Position in the block.
        index: usize,
    },
    /// A transaction in it is refused.
    #[error("transaction {index} is refused: {reason}")]
    Transaction {
        /// Position in the block.
        index: usize,
        /// Why.
        reason: Reject,
    },
    /// Its state hash is not ours.
    #[error("state {found:?}, ours is {expected:?}")]
    State {
        /// Our state after the block.
        expected: StateHash,
        /// The header's.
        found: StateHash,
    },
    /// Its log root or size is not ours.
    #[error("log root {found:?}, ours is {expected:?}")]
    Log {
        /// Our root after the block.
        expected: LogRoot,
        /// The header's.
        found: LogRoot,
    },
    /// Its authority sets are not ours.
    #[error("the authority sets are not those of the chain")]
    Authorities,
    /// Its certificate does not hold.
    #[error("the certificate does not hold: {0}")]
    Certificate(#[from] CertificateError),
    /// The certificate is for another block.
    #[error("the certificate is for another block")]
    OtherBlock,
    /// The bytes do not decode.
    #[error("the block does not decode: {0}")]
    Decode(#[from] protocol::DecodeError),
}
