//! What comes on paper: ballots in the room, proxies, French postal forms. Syndic and assessor enter it together, with
//! the hash of its scan, so that neither can add a ballot alone.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::ballot::{BallotError, Choice, Lots, check_lots};
use super::conclusion::PaperEntry;
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

/// A sheet with both signatures, over assembly and commitment: the ledger checks the same ones without the sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedPaper {
    /// The sheet.
    pub paper: Paper,
    /// The syndic's.
    pub by_syndic: Signature,
    /// The assessor's.
    pub by_assessor: Signature,
}

/// A sheet as both signed it for the building alone, before the ledger checked their signatures: it stood there as a
/// ballot does. Read from what is stored, never taken any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct CommittedPaper {
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
    paper: Paper,
    commitment: Digest,
}

impl Paper {
    /// What the ledger knows it by, fixed before anybody signs.
    pub fn commitment(&self) -> Digest {
        Digest::of("symbiose paper v2", &[&encode(self)])
    }

    /// One person's signature for one hive, over assembly and commitment.
    pub fn sign(&self, key: &SigningKey, chain: &ChainId) -> Signature {
        PaperEntry::sign(self.assembly, self.commitment(), key, chain)
    }

    /// Whether somebody signed it so.
    pub fn is_signed_by(&self, key: &PublicKey, signature: &Signature, chain: &ChainId) -> bool {
        PaperEntry::check(self.assembly, self.commitment(), (key, signature), chain).is_ok()
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
    pub fn open(bytes: &[u8], chain: &ChainId) -> Result<Self, BallotError> {
        let signed: Self = decode(bytes, PAPER_BYTES_MAX)?;
        signed.check(chain)?;
        Ok(signed)
    }

    /// Checks form and both signatures. Whether the keys are those of syndic and assessor is the assembly's to say.
    pub fn verify(self, chain: &ChainId) -> Result<VerifiedPaper, BallotError> {
        self.check(chain)?;
        Ok(VerifiedPaper { commitment: self.commitment(), paper: self.paper })
    }

    fn check(&self, chain: &ChainId) -> Result<(), BallotError> {
        self.paper.check()?;
        let Self { paper, by_syndic, by_assessor } = self;
        let (assembly, commitment) = (paper.assembly, paper.commitment());
        for by in [(&paper.syndic, by_syndic), (&paper.assessor, by_assessor)] {
            PaperEntry::check(assembly, commitment, by, chain)?;
        }
        Ok(())
    }

    /// What the ledger holds of it.
    pub fn commitment(&self) -> Digest {
        self.paper.commitment()
    }

    /// What the ledger is told of it.
    pub fn entry(&self) -> PaperEntry {
        let Self { paper, by_syndic, by_assessor } = self;
        PaperEntry {
            assembly: paper.assembly,
            commitment: self.commitment(),
            by_syndic: *by_syndic,
            by_assessor: *by_assessor,
        }
    }
}

impl CommittedPaper {
    /// Checks form and both signatures.
    pub fn verify(self, chain: &ChainId) -> Result<VerifiedPaper, BallotError> {
        self.paper.check()?;
        let body = encode(&self.paper);
        self.paper.syndic.verify(Domain::Paper, chain, &body, &self.by_syndic)?;
        self.paper.assessor.verify(Domain::Paper, chain, &body, &self.by_assessor)?;
        Ok(VerifiedPaper { commitment: self.commitment(), paper: self.paper })
    }

    /// What the ledger holds of it.
    pub fn commitment(&self) -> Digest {
        Digest::of("symbiose paper v1", &[&encode(self)])
    }
}

impl VerifiedPaper {
    /// The sheet.
    pub fn paper(&self) -> &Paper {
        &self.paper
    }

    /// What the ledger knows it by.
    pub fn commitment(&self) -> Digest {
        self.commitment
    }
}
