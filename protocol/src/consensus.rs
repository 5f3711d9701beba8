//! What authorities sign while they agree on a block. Sign bytes are fixed-width, never CBOR, so that no two messages
//! share them.

use serde::{Deserialize, Deserializer, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::bounded::Bounded;
use crate::crypto::{Domain, PublicKey, Signature, SigningKey};
use crate::error::{Invalid, SignatureError};
use crate::ids::{Address, BlockId, ChainId, Height};
use crate::limits::{AUTHORITIES_MAX, ROUND_MAX};

/// A round of one height, from 0 to [`ROUND_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Round(pub u32);

impl<'de> Deserialize<'de> for Round {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = u32::deserialize(deserializer)?;
        if found > ROUND_MAX {
            let error = Invalid::Range { field: "round", max: u64::from(ROUND_MAX), found: u64::from(found) };
            return Err(serde::de::Error::custom(error));
        }
        Ok(Self(found))
    }
}

/// The two votes of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum VoteKind {
    /// The block seems right.
    Prevote,
    /// The block may be decided.
    Precommit,
}

impl VoteKind {
    /// The byte that is signed.
    pub const fn code(self) -> u8 {
        match self {
            Self::Prevote => 1,
            Self::Precommit => 2,
        }
    }
}

/// One vote of one authority, for a block or for none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize_tuple, Deserialize_tuple)]
pub struct Vote {
    /// Which vote.
    pub kind: VoteKind,
    /// At which height.
    pub height: Height,
    /// In which round.
    pub round: Round,
    /// For which block; `None` is nil.
    pub block: Option<BlockId>,
    /// By whom.
    pub address: Address,
}

impl Vote {
    /// kind 1 · height 8 · round 4 · nil flag 1 · block 32 · address 20 bytes.
    pub fn sign_bytes(&self) -> [u8; 66] {
        let mut bytes = [0; 66];
        bytes[0] = self.kind.code();
        bytes[1..9].copy_from_slice(&self.height.0.to_be_bytes());
        bytes[9..13].copy_from_slice(&self.round.0.to_be_bytes());
        if let Some(block) = &self.block {
            bytes[13] = 1;
            bytes[14..46].copy_from_slice(block.as_bytes());
        }
        bytes[46..66].copy_from_slice(self.address.as_bytes());
        bytes
    }

    /// Signs the vote.
    pub fn sign(self, key: &SigningKey, chain: &ChainId) -> SignedVote {
        let signature = key.sign(Domain::Vote, chain, &self.sign_bytes());
        SignedVote { vote: self, signature }
    }
}

/// A vote with its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedVote {
    /// The vote.
    pub vote: Vote,
    /// The authority's signature over [`Vote::sign_bytes`].
    pub signature: Signature,
}

impl SignedVote {
    /// Checks the signature.
    pub fn verify(&self, key: &PublicKey, chain: &ChainId) -> Result<(), SignatureError> {
        key.verify(Domain::Vote, chain, &self.vote.sign_bytes(), &self.signature)
    }
}

/// A proposal of one block, by id; the body travels beside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize_tuple, Deserialize_tuple)]
pub struct Proposal {
    /// At which height.
    pub height: Height,
    /// In which round.
    pub round: Round,
    /// Which block.
    pub block: BlockId,
    /// The round in which more than two thirds prevoted for it already, if any.
    pub pol_round: Option<Round>,
    /// By whom.
    pub address: Address,
}

impl Proposal {
    /// height 8 · round 4 · pol flag 1 · pol round 4 · block 32 · address 20 bytes.
    pub fn sign_bytes(&self) -> [u8; 69] {
        let mut bytes = [0; 69];
        bytes[0..8].copy_from_slice(&self.height.0.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.round.0.to_be_bytes());
        if let Some(pol_round) = self.pol_round {
            bytes[12] = 1;
            bytes[13..17].copy_from_slice(&pol_round.0.to_be_bytes());
        }
        bytes[17..49].copy_from_slice(self.block.as_bytes());
        bytes[49..69].copy_from_slice(self.address.as_bytes());
        bytes
    }

    /// Signs the proposal.
    pub fn sign(self, key: &SigningKey, chain: &ChainId) -> SignedProposal {
        let signature = key.sign(Domain::Proposal, chain, &self.sign_bytes());
        SignedProposal { proposal: self, signature }
    }
}

/// A proposal with its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedProposal {
    /// The proposal.
    pub proposal: Proposal,
    /// The authority's signature over [`Proposal::sign_bytes`].
    pub signature: Signature,
}

impl SignedProposal {
    /// Checks the signature.
    pub fn verify(&self, key: &PublicKey, chain: &ChainId) -> Result<(), SignatureError> {
        key.verify(Domain::Proposal, chain, &self.proposal.sign_bytes(), &self.signature)
    }
}

/// More than two thirds prevoted for one block in one round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct PolkaCertificate {
    /// At which height.
    pub height: Height,
    /// In which round.
    pub round: Round,
    /// For which block.
    pub block: BlockId,
    /// Who prevoted, with signatures.
    pub signatures: Bounded<(Address, Signature), AUTHORITIES_MAX>,
}

/// Why a round may be entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoundCertificateKind {
    /// More than two thirds precommitted in the round before.
    Precommit,
    /// More than one third is in this round already.
    Skip,
}

/// One signature of a round certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct RoundSignature {
    /// Which vote was signed.
    pub kind: VoteKind,
    /// For which block, `None` is nil.
    pub block: Option<BlockId>,
    /// By whom.
    pub address: Address,
    /// Over that vote.
    pub signature: Signature,
}

/// Proof that a round may be entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct RoundCertificate {
    /// At which height.
    pub height: Height,
    /// The round whose votes are shown.
    pub round: Round,
    /// Why it counts.
    pub kind: RoundCertificateKind,
    /// The votes.
    pub signatures: Bounded<RoundSignature, AUTHORITIES_MAX>,
}
