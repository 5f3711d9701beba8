//! What a resident keeps of a ballot: the final block in which its commitment stands, with everything needed to check it
//! without any node, and the promise of the node that took it.

use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::action::AssemblyAction;
use super::ids::AssemblyId;
use super::promise::SignedPromise;
use super::tracker::Tracker;
use crate::block::{BlockHeader, Certificate};
use crate::bounded::Bounded;
use crate::codec::decode;
use crate::error::DecodeError;
use crate::ids::Digest;
use crate::limits::{RECEIPT_BYTES_MAX, RECEIPT_PATH_MAX};
use crate::transaction::{Payload, Transaction};

/// A ballot's receipt, at most [`RECEIPT_BYTES_MAX`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Receipt {
    /// The assembly, or the poll.
    pub vote: AssemblyId,
    /// The ballot, proxy or sheet, as the ledger knows it.
    pub commitment: Digest,
    /// The transaction that brought it.
    pub transaction: Transaction,
    /// The transaction's place in the log, from 0.
    pub index: u64,
    /// Hashes beside its path, leaf first.
    pub path: Bounded<Digest, RECEIPT_PATH_MAX>,
    /// Header of a block at or after the one it stands in.
    pub header: BlockHeader,
    /// Proof that the block is final: no more signatures than a quorum.
    pub certificate: Certificate,
    /// What the node that took it promised.
    pub promise: Option<SignedPromise>,
}

impl Receipt {
    /// Reads a receipt of at most [`RECEIPT_BYTES_MAX`] bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode(bytes, RECEIPT_BYTES_MAX)
    }

    /// The words that name the ballot.
    pub fn tracker(&self) -> Tracker {
        Tracker::of(&self.commitment)
    }

    /// Whether its transaction brings this commitment for this vote.
    pub fn is_of_its_transaction(&self) -> bool {
        let Payload::Assembly(action) = &self.transaction.body.payload else { return false };
        match action {
            AssemblyAction::Commit(brought) => {
                brought.vote == self.vote && brought.commitments.contains(&self.commitment)
            }
            AssemblyAction::EnterPaper(entry) => {
                entry.assembly == self.vote && entry.commitment == self.commitment
            }
            AssemblyAction::Announce(_)
            | AssemblyAction::Conclude(_)
            | AssemblyAction::Minutes(_)
            | AssemblyAction::Accuse(_)
            | AssemblyAction::AnnouncePoll(_)
            | AssemblyAction::ConcludePoll(_) => false,
        }
    }
}
