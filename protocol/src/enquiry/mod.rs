//! What one building asks all the others by name, in closed words: who had this? And what one of them answers it alone, in as
//! much detail as its syndic wants.

mod text;

pub use text::PlainText;

use serde::{Deserialize, Deserializer, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::bounded::Bounded;
use crate::codec::encode;
use crate::crypto::{Domain, PublicKey, Signature, SigningKey};
use crate::error::{Invalid, SignatureError};
use crate::ids::{Address, ChainId, Digest};
use crate::incident::{Cause, Contractor, Outcome, Remedy, Span, Symptom, System, When};
use crate::limits::{
    ENQUIRIES_TOLD_MAX, ENQUIRY_CONTACT_MAX, ENQUIRY_COST_EUR_MAX, ENQUIRY_LIFE_MS, ENQUIRY_WORDS_MAX,
};
use crate::street::Hour;
use crate::time::UnixMs;

/// What a building asks. It is known by its hash: the same words in the same hour are the same question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Enquiry {
    /// Who asks, under its first key.
    pub asker: Address,
    /// In which hour.
    pub hour: Hour,
    /// What is concerned.
    pub system: System,
    /// What is noticed.
    pub symptom: Symptom,
    /// The card about which more is asked, by its key; none for anybody who had the same.
    pub card: Option<PublicKey>,
}

/// A question with the signature of its building.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedEnquiry {
    /// What is asked.
    pub enquiry: Enquiry,
    /// Signature by the key that the asker has now.
    pub signature: Signature,
}

/// What somebody who had the same tells. Each part may be left out, but not all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Detail {
    /// When it was.
    pub when: When,
    /// Why it was so.
    pub cause: Option<Cause>,
    /// What was done.
    pub remedy: Option<Remedy>,
    /// What came of it.
    pub outcome: Option<Outcome>,
    /// How long the work took.
    pub span: Option<Span>,
    /// What it cost, euro.
    pub cost_eur: Option<u32>,
    /// Who did it.
    pub contractor: Option<Contractor>,
    /// In the syndic's own words.
    pub words: PlainText<ENQUIRY_WORDS_MAX>,
    /// Whom to turn to.
    pub contact: PlainText<ENQUIRY_CONTACT_MAX>,
}

/// Details within their bounds, for one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple)]
pub struct Reply {
    enquiry: Digest,
    detail: Detail,
}

/// One message about them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EnquiryMessage {
    /// To everybody: questions that are not over.
    Asked(Bounded<SignedEnquiry, ENQUIRIES_TOLD_MAX>),
    /// To the asker alone.
    Reply(Box<Reply>),
    /// From the asker: what became of the reply to a question; nothing where it is kept.
    Heard(Digest, Option<ReplyRefusal>),
}

/// Why a reply is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ReplyRefusal {
    /// The receiver asks no such thing, or does not any more.
    NotAsked,
    /// Another reply of the same building is here.
    Another,
    /// The receiver keeps no more.
    Full,
}

impl Enquiry {
    /// Its name everywhere.
    pub fn id(&self) -> Digest {
        Digest::of("symbiose enquiry v1", &[&encode(self)])
    }

    /// The first moment at which it is over.
    pub fn end(&self) -> UnixMs {
        self.hour.start().plus(ENQUIRY_LIFE_MS)
    }

    /// Day in which it was asked, counted from January 1970.
    pub const fn day(&self) -> u64 {
        self.hour.0 / 24
    }

    /// Signs it as the asker.
    pub fn sign(self, key: &SigningKey, chain: &ChainId) -> SignedEnquiry {
        SignedEnquiry { enquiry: self, signature: key.sign(Domain::Enquiry, chain, &encode(&self)) }
    }
}

impl SignedEnquiry {
    /// Checks the signature of the asker, by the key it has now.
    pub fn verify(&self, asker: &PublicKey, chain: &ChainId) -> Result<(), SignatureError> {
        asker.verify(Domain::Enquiry, chain, &encode(&self.enquiry), &self.signature)
    }
}

impl Reply {
    /// Checks that details keep their bounds and say something.
    pub fn new(enquiry: Digest, detail: Detail) -> Result<Self, Invalid> {
        let cost = detail.cost_eur.unwrap_or(0);
        if cost > ENQUIRY_COST_EUR_MAX {
            let (max, found) = (u64::from(ENQUIRY_COST_EUR_MAX), u64::from(cost));
            return Err(Invalid::Range { field: "cost_eur", max, found });
        }
        if !detail.when.is_bounded() {
            return Err(Invalid::Range { field: "when", max: 0, found: 1 });
        }
        if detail.is_empty() {
            return Err(Invalid::Count { field: "details", min: 1, max: 9, found: 0 });
        }
        Ok(Self { enquiry, detail })
    }

    /// The question, by name.
    pub const fn enquiry(&self) -> Digest {
        self.enquiry
    }

    /// What it tells.
    pub const fn detail(&self) -> &Detail {
        &self.detail
    }
}

impl Detail {
    fn is_empty(&self) -> bool {
        let told = [
            self.cause.is_some(),
            self.remedy.is_some(),
            self.outcome.is_some(),
            self.span.is_some(),
            self.cost_eur.is_some(),
            self.contractor.is_some(),
            !self.words.is_empty(),
            !self.contact.is_empty(),
        ];
        self.when == When::Unsaid && !told.contains(&true)
    }
}

impl ReplyRefusal {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAsked => "not_asked",
            Self::Another => "another",
            Self::Full => "full",
        }
    }
}

impl<'de> Deserialize<'de> for Reply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (enquiry, detail) = <(Digest, Detail)>::deserialize(deserializer)?;
        Self::new(enquiry, detail).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
