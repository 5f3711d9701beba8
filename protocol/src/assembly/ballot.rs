//! Ballots: signed by the voter's own key over canonical bytes that name hive, assembly, resolution and its text. The
//! weight a ballot names is what its voter was shown; what counts is the registry's.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use thiserror::Error;

use super::ids::{AssemblyId, ItemNumber, LotId, Votes};
use crate::bounded::Bounded;
use crate::codec::{decode, encode};
use crate::crypto::{Domain, PublicKey, Signature, SigningKey};
use crate::energy::Salt;
use crate::error::{DecodeError, Invalid, SignatureError};
use crate::ids::{ChainId, Digest};
use crate::limits::{BALLOT_BYTES_MAX, LOTS_PER_BALLOT_MAX};

/// Lots that a ballot or a proxy speaks for: at least one, each once, in ascending order.
pub type Lots = Bounded<LotId, LOTS_PER_BALLOT_MAX>;

/// An answer. Abstentions, blank and null ballots are not votes cast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Choice {
    /// In favour.
    For,
    /// Against.
    Against,
    /// Neither.
    Abstain,
    /// Nothing is written on it.
    Blank,
    /// It cannot be read as an answer.
    Null,
}

/// One voter's answer to one resolution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Ballot {
    /// The assembly.
    pub assembly: AssemblyId,
    /// The resolution's number.
    pub item: ItemNumber,
    /// The hash of the resolution that the voter read.
    pub resolution: Digest,
    /// The voter's key.
    pub voter: PublicKey,
    /// The lots it speaks for.
    pub lots: Lots,
    /// Their weight as the voter was shown it. Another than the registry's makes the ballot refused.
    pub votes: Votes,
    /// The answer.
    pub choice: Choice,
    /// Higher than that of the ballot it replaces.
    pub sequence: u64,
    /// The proxy by which the voter speaks for another owner.
    pub proxy: Option<Digest>,
    /// Keeps the answer from being found by trying.
    pub salt: Salt,
}

/// A ballot with its voter's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedBallot {
    /// The ballot.
    pub ballot: Ballot,
    /// Over its canonical bytes.
    pub signature: Signature,
}

/// A ballot whose form and signature were checked, and what the ledger knows it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedBallot {
    signed: SignedBallot,
    commitment: Digest,
}

/// Something a resident or an assessor signed that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BallotError {
    /// Not its bytes.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A value outside its bounds.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The signature is not that of the key it names.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// One key where two persons sign.
    #[error("syndic and assessor sign with two keys")]
    OneKey,
}

impl Choice {
    /// Every answer.
    pub const ALL: [Self; 5] = [Self::For, Self::Against, Self::Abstain, Self::Blank, Self::Null];

    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::For => "for",
            Self::Against => "against",
            Self::Abstain => "abstain",
            Self::Blank => "blank",
            Self::Null => "null",
        }
    }

    /// The answer of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.name() == name)
    }
}

impl Ballot {
    /// Signs the ballot for one hive.
    pub fn sign(self, key: &SigningKey, chain: &ChainId) -> SignedBallot {
        assert_eq!(self.voter, key.public(), "invariant: a voter signs with the key it names");
        let signature = key.sign(Domain::Ballot, chain, &encode(&self));
        SignedBallot { ballot: self, signature }
    }
}

impl SignedBallot {
    /// Reads a ballot of at most [`BALLOT_BYTES_MAX`] bytes and checks form and signature.
    pub fn open(bytes: &[u8], chain: &ChainId) -> Result<VerifiedBallot, BallotError> {
        decode::<Self>(bytes, BALLOT_BYTES_MAX)?.verify(chain)
    }

    /// Checks form and signature. Whether the voter may vote is the roll's to say.
    pub fn verify(self, chain: &ChainId) -> Result<VerifiedBallot, BallotError> {
        check_lots(&self.ballot.lots)?;
        self.ballot.voter.verify(Domain::Ballot, chain, &encode(&self.ballot), &self.signature)?;
        let commitment = self.commitment();
        Ok(VerifiedBallot { signed: self, commitment })
    }

    /// What the ledger holds of it. Its salt keeps the answer from being found by trying.
    pub fn commitment(&self) -> Digest {
        Digest::of("symbiose ballot v1", &[&encode(self)])
    }
}

impl VerifiedBallot {
    /// The ballot.
    pub fn ballot(&self) -> &Ballot {
        &self.signed.ballot
    }

    /// As it was signed.
    pub fn signed(&self) -> &SignedBallot {
        &self.signed
    }

    /// What the ledger knows it by.
    pub fn commitment(&self) -> Digest {
        self.commitment
    }
}

/// At least one lot, each once, in ascending order.
pub(super) fn check_lots(lots: &Lots) -> Result<(), Invalid> {
    if lots.is_empty() {
        return Err(Invalid::Count { field: "lots", min: 1, max: LOTS_PER_BALLOT_MAX, found: 0 });
    }
    if !lots.is_sorted_by(|a, b| a < b) {
        return Err(Invalid::Duplicate { field: "lots in ascending order" });
    }
    Ok(())
}
