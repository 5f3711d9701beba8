//! What comes on paper: ballots in the room, proxies, French postal forms. Syndic and assessor enter it together, with
//! the hash of its scan, so that neither can add a ballot alone.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::ballot::{BallotError, Choice, Lots, check_lots};
use super::day::Day;
use super::ids::{AssemblyId, ItemNumber, PersonId};
use super::proxy::Mandate;
use crate::bounded::Bounded;
use crate::codec::{decode, encode};
use crate::crypto::{Domain, PublicKey, Signature, SigningKey};
use crate::energy::Salt;
use crate::error::Invalid;
use crate::ids::{ChainId, Digest};
use crate::limits::{PAPER_BYTES_MAX, RESOLUTIONS_MAX};

/// A sheet of paper, as two persons entered it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Paper {
    /// The assembly.
    pub assembly: AssemblyId,
    /// Who signed the sheet.
    pub person: PersonId,
    /// What it says.
    pub sheet: Sheet,
    /// Hash of its scan.
    pub scan: Digest,
    /// Higher than that of the sheet it replaces.
    pub sequence: u64,
    /// The syndic's key.
    pub syndic: PublicKey,
    /// The assessor's key.
    pub assessor: PublicKey,
    /// Keeps the answer from being found by trying.
    pub salt: Salt,
}

/// What a sheet says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sheet {
    /// A ballot given in the room.
    Ballot(RoomBallot),
    /// A proxy.
    Proxy(PaperProxy),
    /// A form that came by post.
    Postal(PostalForm),
}

/// A ballot given in the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct RoomBallot {
    /// The lots.
    pub lots: Lots,
    /// The answer.
    pub answer: Answer,
    /// The proxy by which the person speaks for another owner.
    pub proxy: Option<Digest>,
}

/// An answer to one resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Answer {
    /// The resolution's number.
    pub item: ItemNumber,
    /// The hash of the resolution as the person read it.
    pub resolution: Digest,
    /// The answer.
    pub choice: Choice,
}

/// A proxy on paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct PaperProxy {
    /// What it lets somebody do.
    pub mandate: Mandate,
    /// Whether a notary drew it up, so that it is not for one assembly only.
    pub is_notarial: bool,
}

/// Answers that came by post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct PostalForm {
    /// The lots.
    pub lots: Lots,
    /// The day it arrived.
    pub received: Day,
    /// The answers, in the order of the items.
    pub answers: Bounded<Answer, RESOLUTIONS_MAX>,
}

/// A sheet with both signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedPaper {
    /// The sheet.
    pub paper: Paper,
    /// The syndic's, over its canonical bytes.
    pub by_syndic: Signature,
    /// The assessor's, over the same.
    pub by_assessor: Signature,
}

/// A sheet whose form and signatures were checked, and what the ledger knows it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedPaper {
    signed: SignedPaper,
    commitment: Digest,
}

impl Paper {
    /// One person's signature for one hive.
    pub fn sign(&self, key: &SigningKey, chain: &ChainId) -> Signature {
        key.sign(Domain::Paper, chain, &encode(self))
    }

    /// Reads a sheet that is to be signed, of at most [`PAPER_BYTES_MAX`] bytes, and checks its form.
    pub fn open(bytes: &[u8]) -> Result<Self, BallotError> {
        let paper: Self = decode(bytes, PAPER_BYTES_MAX)?;
        paper.check()?;
        Ok(paper)
    }

    fn check(&self) -> Result<(), BallotError> {
        if self.syndic == self.assessor {
            return Err(BallotError::OneKey);
        }
        match &self.sheet {
            Sheet::Ballot(ballot) => check_lots(&ballot.lots)?,
            Sheet::Proxy(proxy) => check_lots(&proxy.mandate.lots)?,
            Sheet::Postal(form) => {
                check_lots(&form.lots)?;
                if !form.answers.is_sorted_by(|a, b| a.item < b.item) {
                    return Err(Invalid::Duplicate { field: "answers in ascending order" }.into());
                }
            }
        }
        Ok(())
    }
}

impl SignedPaper {
    /// Reads a sheet of at most [`PAPER_BYTES_MAX`] bytes and checks form and signatures.
    pub fn open(bytes: &[u8], chain: &ChainId) -> Result<VerifiedPaper, BallotError> {
        decode::<Self>(bytes, PAPER_BYTES_MAX)?.verify(chain)
    }

    /// Checks form and both signatures. Whether the keys are those of syndic and assessor is the assembly's to say.
    pub fn verify(self, chain: &ChainId) -> Result<VerifiedPaper, BallotError> {
        self.paper.check()?;
        let body = encode(&self.paper);
        self.paper.syndic.verify(Domain::Paper, chain, &body, &self.by_syndic)?;
        self.paper.assessor.verify(Domain::Paper, chain, &body, &self.by_assessor)?;
        let commitment = self.commitment();
        Ok(VerifiedPaper { signed: self, commitment })
    }

    /// What the ledger holds of it.
    pub fn commitment(&self) -> Digest {
        Digest::of("symbiose paper v1", &[&encode(self)])
    }
}

impl VerifiedPaper {
    /// The sheet.
    pub fn paper(&self) -> &Paper {
        &self.signed.paper
    }

    /// As it was signed.
    pub fn signed(&self) -> &SignedPaper {
        &self.signed
    }

    /// What the ledger knows it by.
    pub fn commitment(&self) -> Digest {
        self.commitment
    }
}
