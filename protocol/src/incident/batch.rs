//! Cards that a relay lets out together, in the order of their keys, which says nothing; and contractors that are to be
//! forgotten.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::card::SignedCard;
use super::contractor::Contractor;
use crate::bounded::Bounded;
use crate::codec::encode;
use crate::crypto::{Domain, PublicKey, Signature, SigningKey};
use crate::error::{Invalid, SignatureError};
use crate::ids::{Address, ChainId, Digest};
use crate::limits::{CARD_BATCH_MAX, CARD_BATCH_MIN, CARD_WITHDRAWN_MAX};

/// What is let out of one week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    week: u64,
    cards: Bounded<SignedCard, CARD_BATCH_MAX>,
    withdrawn: Bounded<Contractor, CARD_WITHDRAWN_MAX>,
}

/// A batch with the signature of its relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedBatch {
    /// What is let out.
    pub batch: Batch,
    /// The relay.
    pub relay: Address,
    /// Its signature.
    pub signature: Signature,
}

impl Batch {
    /// Cards of a week, in the order of their keys, three at the least or none; and contractors to be forgotten, in
    /// ascending order. Not nothing.
    pub fn new(week: u64, cards: Vec<SignedCard>, withdrawn: Vec<Contractor>) -> Result<Self, Invalid> {
        let found = cards.len();
        if (1..CARD_BATCH_MIN).contains(&found) || (found == 0 && withdrawn.is_empty()) {
            let (min, max) = (CARD_BATCH_MIN, CARD_BATCH_MAX);
            return Err(Invalid::Count { field: "cards of a batch", min, max, found });
        }
        if !cards.is_sorted_by(|a, b| a.key() < b.key()) {
            return Err(Invalid::Duplicate { field: "cards in the order of their keys" });
        }
        if !withdrawn.is_sorted_by(|a, b| a < b) {
            return Err(Invalid::Duplicate { field: "withdrawn contractors in ascending order" });
        }
        Ok(Self { week, cards: Bounded::new(cards)?, withdrawn: Bounded::new(withdrawn)? })
    }

    /// Number of the week in which the cards were handed in.
    pub const fn week(&self) -> u64 {
        self.week
    }

    /// The cards.
    pub fn cards(&self) -> &[SignedCard] {
        &self.cards
    }

    /// Contractors that are to be forgotten.
    pub fn withdrawn(&self) -> &[Contractor] {
        &self.withdrawn
    }

    /// The same without the numbers of some contractors; the signature over it still holds.
    pub fn without(&self, is_gone: impl Fn(&Contractor) -> bool) -> Self {
        let kept = |card: &SignedCard| {
            if card.contractor().as_ref().is_some_and(&is_gone) { card.without_contractor() } else { *card }
        };
        let cards = Bounded::new(self.cards.iter().map(kept).collect());
        Self { cards: cards.expect("invariant: as many as before"), ..self.clone() }
    }

    /// What is signed: everything but the contractors' numbers.
    fn signed(&self) -> Vec<u8> {
        let cards: Vec<Digest> = self.cards.iter().map(SignedCard::digest).collect();
        encode(&(self.week, cards, &self.withdrawn))
    }

    /// Signs it as the relay.
    pub fn sign(self, key: &SigningKey, chain: &ChainId) -> SignedBatch {
        let signature = key.sign(Domain::IncidentBatch, chain, &self.signed());
        SignedBatch { batch: self, relay: key.address(), signature }
    }
}

impl SignedBatch {
    /// Checks the relay's signature, and that of each card.
    pub fn verify(&self, relay: &PublicKey, chain: &ChainId) -> Result<(), SignatureError> {
        relay.verify(Domain::IncidentBatch, chain, &self.batch.signed(), &self.signature)?;
        self.batch.cards.iter().try_for_each(|card| card.verify(chain))
    }
}

impl Serialize for Batch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.week, &self.cards, &self.withdrawn).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Batch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize_tuple)]
        struct Wire {
            week: u64,
            cards: Bounded<SignedCard, CARD_BATCH_MAX>,
            withdrawn: Bounded<Contractor, CARD_WITHDRAWN_MAX>,
        }
        let Wire { week, cards, withdrawn } = Wire::deserialize(deserializer)?;
        Self::new(week, cards.into_vec(), withdrawn.into_vec()).map_err(serde::de::Error::custom)
    }
}
