//! Blocks, their headers and the certificates that make them final.

use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::authority::AuthoritySet;
use crate::bounded::Bounded;
use crate::codec::encode;
use crate::consensus::{Round, SignedVote, Vote, VoteKind};
use crate::crypto::Signature;
use crate::ids::{Address, BlockId, ChainId, Digest, Height, LogRoot, StateHash, TransactionId};
use crate::limits::{AUTHORITIES_MAX, BLOCK_TRANSACTIONS_MAX};
use crate::time::UnixMs;
use crate::transaction::Transaction;

/// What a block commits to. Its hash is the block's id, so that a header, a certificate and a log proof are enough
/// to check a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct BlockHeader {
    /// The hive.
    pub chain: ChainId,
    /// Height, from 1.
    pub height: Height,
    /// The block before; genesis for height 1.
    pub previous: BlockId,
    /// Time on the hive's clock; later than the block before, and not ahead of the authorities' clocks.
    pub time: UnixMs,
    /// Hash over the ids of the transactions, in order.
    pub transactions: Digest,
    /// The state after this block.
    pub state: StateHash,
    /// Root of the Merkle log after this block.
    pub log_root: LogRoot,
    /// Leaves of the Merkle log after this block.
    pub log_size: u64,
    /// Hash of the authority set that decides this block.
    pub authorities: Digest,
    /// Hash of the authority set that decides the next block.
    pub next_authorities: Digest,
    /// Who built the block.
    pub proposer: Address,
}

impl BlockHeader {
    /// blake3 of the canonical bytes.
    pub fn id(&self) -> BlockId {
        BlockId::new(*blake3::hash(&encode(self)).as_bytes())
    }
}

/// A header and its transactions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Block {
    /// What the block commits to.
    pub header: BlockHeader,
    /// The transactions, in the order they are carried out.
    pub transactions: Bounded<Transaction, BLOCK_TRANSACTIONS_MAX>,
}

impl Block {
    /// The block's id.
    pub fn id(&self) -> BlockId {
        self.header.id()
    }

    /// Whether its transactions are those its header commits to. The id, and so a certificate, covers the header alone:
    /// a block that is not whole was put together by whoever sent it.
    pub fn is_whole(&self) -> bool {
        let ids: Vec<TransactionId> = self.transactions.iter().map(Transaction::id).collect();
        self.header.transactions == Self::transactions_hash(&ids)
    }

    /// The commitment of a header to a list of transactions.
    pub fn transactions_hash(ids: &[TransactionId]) -> Digest {
        let parts: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
        Digest::of("symbiose block transactions v1", &parts)
    }
}

/// One authority's precommit in a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct CertificateSignature {
    /// Who.
    pub address: Address,
    /// Over the precommit for this block, height and round.
    pub signature: Signature,
}

/// More than two thirds of the authorities precommitted to a block: it is final. Two nodes may hold different
/// certificates of one block, both valid, so nothing hashes a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Certificate {
    /// Height of the block.
    pub height: Height,
    /// Round of the decision.
    pub round: Round,
    /// The block.
    pub block: BlockId,
    /// The precommits.
    pub signatures: Bounded<CertificateSignature, AUTHORITIES_MAX>,
}

/// Why a certificate does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// A signer is not in the authority set.
    #[error("{address} is not an authority")]
    Stranger {
        /// The signer.
        address: Address,
    },
    /// A signer stands twice.
    #[error("{address} stands twice")]
    Twice {
        /// The signer.
        address: Address,
    },
    /// A signature does not verify.
    #[error("the signature of {address} does not verify")]
    Signature {
        /// The signer.
        address: Address,
    },
    /// Fewer signatures than a quorum.
    #[error("{found} signatures, {expected} needed")]
    TooFew {
        /// Signatures needed.
        expected: usize,
        /// Signatures found.
        found: usize,
    },
}

impl Certificate {
    /// Checks every signature and the quorum against the authority set of the block's height.
    pub fn verify(&self, chain: &ChainId, authorities: &AuthoritySet) -> Result<(), CertificateError> {
        let mut seen = std::collections::BTreeSet::new();
        for CertificateSignature { address, signature } in &self.signatures {
            let key = authorities.key_of(address).ok_or(CertificateError::Stranger { address: *address })?;
            if !seen.insert(*address) {
                return Err(CertificateError::Twice { address: *address });
            }
            let vote = Vote {
                kind: VoteKind::Precommit,
                height: self.height,
                round: self.round,
                block: Some(self.block),
                address: *address,
            };
            SignedVote { vote, signature: *signature }
                .verify(key, chain)
                .map_err(|_| CertificateError::Signature { address: *address })?;
        }
        let (expected, found) = (authorities.quorum(), seen.len());
        if found < expected { Err(CertificateError::TooFew { expected, found }) } else { Ok(()) }
    }
}
