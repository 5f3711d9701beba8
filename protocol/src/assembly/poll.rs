//! Polls: one head, one vote, nothing binding, apart from assemblies. A poll may hide who chose what only when enough
//! take part; no resolution is ever decided so, as the law wants names.

use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::ballot::BallotError;
use super::text::Text;
use crate::bounded::Bounded;
use crate::codec::{decode, encode};
use crate::crypto::{Domain, PublicKey, Signature, SigningKey};
use crate::energy::Salt;
use crate::error::Invalid;
use crate::ids::{ChainId, Digest, Height};
use crate::limits::{BALLOT_BYTES_MAX, POLL_ANSWERS_MAX, RESOLUTION_TITLE_BYTES_MAX};

/// A line of a poll.
pub type PollText = Text<RESOLUTION_TITLE_BYTES_MAX>;

/// A poll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Poll {
    /// The question.
    pub question: PollText,
    /// The answers, at least two.
    pub answers: Bounded<PollText, POLL_ANSWERS_MAX>,
    /// Whether only totals are shown, and only when enough took part.
    pub is_hidden: bool,
    /// The first height at which an answer counts.
    pub opens: Height,
    /// The last one.
    pub closes: Height,
    /// Keeps the question from being found by trying.
    pub salt: Salt,
}

/// One person's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct PollBallot {
    /// The poll.
    pub poll: Digest,
    /// The person's key.
    pub voter: PublicKey,
    /// The place of the answer, from 0.
    pub answer: u8,
    /// Higher than that of the ballot it replaces.
    pub sequence: u64,
    /// Keeps the answer from being found by trying.
    pub salt: Salt,
}

/// An answer with its person's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedPollBallot {
    /// The answer.
    pub ballot: PollBallot,
    /// Over its canonical bytes.
    pub signature: Signature,
}

/// An answer whose signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedPollBallot {
    signed: SignedPollBallot,
    commitment: Digest,
}

impl Poll {
    /// What answers and ledger name it by.
    pub fn id(&self) -> Digest {
        Digest::of("symbiose poll v1", &[&encode(self)])
    }

    /// Checks what no constructor checks.
    pub fn check(&self) -> Result<(), Invalid> {
        let found = self.answers.len();
        if found < 2 {
            return Err(Invalid::Count { field: "answers", min: 2, max: POLL_ANSWERS_MAX, found });
        }
        if self.opens > self.closes {
            let field = "height at which it opens";
            return Err(Invalid::Range { field, max: self.closes.0, found: self.opens.0 });
        }
        Ok(())
    }
}

impl PollBallot {
    /// Signs the answer for one hive.
    pub fn sign(self, key: &SigningKey, chain: &ChainId) -> SignedPollBallot {
        assert_eq!(self.voter, key.public(), "invariant: a voter signs with the key it names");
        let signature = key.sign(Domain::Poll, chain, &encode(&self));
        SignedPollBallot { ballot: self, signature }
    }
}

impl SignedPollBallot {
    /// Reads an answer of at most [`BALLOT_BYTES_MAX`] bytes and checks its signature.
    pub fn open(bytes: &[u8], chain: &ChainId) -> Result<VerifiedPollBallot, BallotError> {
        decode::<Self>(bytes, BALLOT_BYTES_MAX)?.verify(chain)
    }

    /// Checks the signature. Whether the voter takes part is the poll's to say.
    pub fn verify(self, chain: &ChainId) -> Result<VerifiedPollBallot, BallotError> {
        self.ballot.voter.verify(Domain::Poll, chain, &encode(&self.ballot), &self.signature)?;
        let commitment = Digest::of("symbiose poll ballot v1", &[&encode(&self)]);
        Ok(VerifiedPollBallot { signed: self, commitment })
    }
}

impl VerifiedPollBallot {
    /// As it was signed.
    pub fn signed(&self) -> &SignedPollBallot {
        &self.signed
    }

    /// The answer.
    pub fn ballot(&self) -> &PollBallot {
        &self.signed.ballot
    }

    /// What the ledger knows it by.
    pub fn commitment(&self) -> Digest {
        self.commitment
    }
}
