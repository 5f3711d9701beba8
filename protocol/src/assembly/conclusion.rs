//! What the persons who count an assembly sign for the ledger: sheets of paper they enter together, what the votes came
//! to, the minutes. Two persons sign each, so that neither adds a sheet or changes a result alone.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::ids::{AssemblyId, ItemNumber, Votes};
use super::outcome::TallyRecord;
use crate::bounded::Bounded;
use crate::codec::encode;
use crate::crypto::{Domain, PublicKey, Signature, SigningKey};
use crate::error::{Invalid, SignatureError};
use crate::ids::{ChainId, Digest};
use crate::limits::RESOLUTIONS_MAX;

/// Who counts an assembly, as keys that say nothing of a person outside the building. Best another key for each
/// assembly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Counters {
    /// Whoever chairs.
    pub chair: PublicKey,
    /// The syndic.
    pub syndic: PublicKey,
    /// Who enters paper together with the syndic.
    pub assessor: PublicKey,
}

/// A sheet of paper on its way to the ledger, which learns nothing of it but that both entered it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct PaperEntry {
    /// The assembly.
    pub assembly: AssemblyId,
    /// The sheet, by what it is known by.
    pub commitment: Digest,
    /// The syndic's, over assembly and commitment.
    pub by_syndic: Signature,
    /// The assessor's, over the same.
    pub by_assessor: Signature,
}

/// Who was there when an assembly began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Turnout {
    /// Owners present or represented.
    pub owners: u32,
    /// Their votes.
    pub votes: Votes,
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ItemResult {
    /// It was voted on.
    Counted(Box<TallyRecord>),
    /// A second vote that nothing led to.
    NotPut(ItemNumber),
}

/// What the votes on some items came to, one item behind the other; a long agenda takes several of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Conclusion {
    /// The assembly.
    pub assembly: AssemblyId,
    /// Who was there at the start.
    pub turnout: Turnout,
    /// The items, at least one.
    pub results: Bounded<ItemResult, RESOLUTIONS_MAX>,
}

/// A conclusion with the signatures of those who answer for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedConclusion {
    /// What is signed.
    pub conclusion: Conclusion,
    /// Over its canonical bytes.
    pub by_chair: Signature,
    /// Over the same.
    pub by_syndic: Signature,
}

/// The minutes of an assembly, of which the ledger holds a salted hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct MinutesNotice {
    /// The assembly.
    pub assembly: AssemblyId,
    /// Salted hash of the minutes.
    pub minutes: Digest,
    /// From 1; a correction counts on.
    pub version: u32,
}

/// The notice with the signatures of those who answer for the minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedMinutes {
    /// What is signed.
    pub notice: MinutesNotice,
    /// Over its canonical bytes.
    pub by_chair: Signature,
    /// Over the same.
    pub by_syndic: Signature,
}

impl Counters {
    /// Nobody countersigns their own word.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.syndic == self.assessor || self.syndic == self.chair {
            return Err(Invalid::Duplicate { field: "keys of those who count" });
        }
        Ok(())
    }
}

impl PaperEntry {
    /// One person's signature for one hive.
    pub fn sign(assembly: AssemblyId, commitment: Digest, key: &SigningKey, chain: &ChainId) -> Signature {
        key.sign(Domain::PaperEntry, chain, &encode(&(assembly, commitment)))
    }

    /// Checks one person's signature, given with the key.
    pub fn check(
        assembly: AssemblyId,
        commitment: Digest,
        (key, signature): (&PublicKey, &Signature),
        chain: &ChainId,
    ) -> Result<(), SignatureError> {
        key.verify(Domain::PaperEntry, chain, &encode(&(assembly, commitment)), signature)
    }

    /// Checks both signatures.
    pub fn verify(&self, counters: &Counters, chain: &ChainId) -> Result<(), SignatureError> {
        let by_both = [(&counters.syndic, &self.by_syndic), (&counters.assessor, &self.by_assessor)];
        by_both.into_iter().try_for_each(|by| Self::check(self.assembly, self.commitment, by, chain))
    }
}

impl ItemResult {
    /// Which item.
    pub fn item(&self) -> ItemNumber {
        match self {
            Self::Counted(record) => record.item,
            Self::NotPut(item) => *item,
        }
    }
}

impl Conclusion {
    /// One person's signature for one hive.
    pub fn sign(&self, key: &SigningKey, chain: &ChainId) -> Signature {
        key.sign(Domain::Conclusion, chain, &encode(self))
    }

    /// Whether somebody signed it.
    pub fn is_signed_by(&self, key: &PublicKey, signature: &Signature, chain: &ChainId) -> bool {
        key.verify(Domain::Conclusion, chain, &encode(self), signature).is_ok()
    }
}

impl SignedConclusion {
    /// Checks both signatures.
    pub fn verify(&self, counters: &Counters, chain: &ChainId) -> Result<(), SignatureError> {
        let body = encode(&self.conclusion);
        counters.chair.verify(Domain::Conclusion, chain, &body, &self.by_chair)?;
        counters.syndic.verify(Domain::Conclusion, chain, &body, &self.by_syndic)
    }
}

impl MinutesNotice {
    /// One person's signature for one hive.
    pub fn sign(&self, key: &SigningKey, chain: &ChainId) -> Signature {
        key.sign(Domain::Minutes, chain, &encode(self))
    }

    /// Whether somebody signed it.
    pub fn is_signed_by(&self, key: &PublicKey, signature: &Signature, chain: &ChainId) -> bool {
        key.verify(Domain::Minutes, chain, &encode(self), signature).is_ok()
    }
}

impl SignedMinutes {
    /// Checks both signatures.
    pub fn verify(&self, counters: &Counters, chain: &ChainId) -> Result<(), SignatureError> {
        let body = encode(&self.notice);
        counters.chair.verify(Domain::Minutes, chain, &body, &self.by_chair)?;
        counters.syndic.verify(Domain::Minutes, chain, &body, &self.by_syndic)
    }
}
