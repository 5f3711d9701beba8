//! A card, its signature by a key that is used once, and the contractor's number beside it, which can be taken away again
//! without breaking the signature.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::contractor::Contractor;
use super::words::{Cause, Cost, Flow, Outcome, Rating, Remedy, Span, Symptom, System};
use crate::aggregate::Stratum;
use crate::codec::encode;
use crate::crypto::{Domain, PublicKey, Signature, SigningKey};
use crate::error::{Invalid, SignatureError};
use crate::ids::{ChainId, Digest};
use crate::maintenance::Severity;

/// Version of the card and its words.
const VERSION: u16 = 1;
/// Months since January 1970 up to the year 2200.
const MONTH_MAX: u16 = 2_760;

/// When it was, as exactly as enough buildings had the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum When {
    /// It is not said.
    Unsaid,
    /// In a year of the Christian era.
    Year(u16),
    /// In a month, counted from January 1970.
    Month(u16),
}

/// What a card says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Facts {
    /// When.
    pub when: When,
    /// What was concerned.
    pub system: System,
    /// What was noticed.
    pub symptom: Symptom,
    /// Why it was so.
    pub cause: Cause,
    /// What was done.
    pub remedy: Remedy,
    /// How urgent it was.
    pub severity: Severity,
    /// How much was lost; only of a leak.
    pub flow: Option<Flow>,
    /// What it cost.
    pub cost: Cost,
    /// How long the work took.
    pub span: Span,
    /// What came of it.
    pub outcome: Outcome,
    /// What the building has in common with at least ten.
    pub stratum: Stratum,
    /// Salted hash of the contractor's number; none where nobody came or nobody is named.
    pub contractor: Option<Digest>,
    /// How content the building was; only with a contractor, and once for each.
    pub rating: Option<Rating>,
}

/// Facts that keep their bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Card(Facts);

/// The contractor's number behind the hash in a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Named {
    /// The company.
    pub contractor: Contractor,
    /// What it is hashed with.
    pub salt: Digest,
}

/// A card that its building signed with a key made for this card alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedCard {
    key: PublicKey,
    card: Card,
    signature: Signature,
    named: Option<Named>,
}

impl When {
    fn is_bounded(self) -> bool {
        match self {
            Self::Unsaid => true,
            Self::Year(year) => (1970..=1970 + MONTH_MAX / 12).contains(&year),
            Self::Month(month) => month <= MONTH_MAX,
        }
    }

    /// Whether it has begun by a month, counted from January 1970.
    pub fn is_past(self, month: u64) -> bool {
        match self {
            Self::Unsaid => true,
            Self::Year(year) => u64::from(year) <= 1970 + month / 12,
            Self::Month(own) => u64::from(own) <= month,
        }
    }

    /// As text: `2026-08`, `2026`, or empty.
    pub fn text(self) -> String {
        match self {
            Self::Unsaid => String::new(),
            Self::Year(year) => year.to_string(),
            Self::Month(month) => format!("{}-{:02}", 1970 + month / 12, month % 12 + 1),
        }
    }
}

impl Named {
    /// The hash that a card carries of it.
    pub fn hash(&self) -> Digest {
        Digest::of("symbiose contractor v1", &[self.salt.as_bytes(), &encode(&self.contractor)])
    }
}

impl Card {
    /// Checks that facts fit together: a flow only of a leak, a rating only of somebody, a group that nests, a year that
    /// there is.
    pub fn new(facts: Facts) -> Result<Self, Invalid> {
        let wrong = |field| Invalid::Range { field, max: 0, found: 1 };
        if facts.flow.is_some() && facts.symptom != Symptom::Leak {
            return Err(wrong("flow of something that does not leak"));
        }
        if facts.rating.is_some() && facts.contractor.is_none() {
            return Err(wrong("rating of nobody"));
        }
        if !facts.when.is_bounded() {
            return Err(wrong("month or year out of reach"));
        }
        let Stratum { region, built, lots, heating } = facts.stratum;
        let said = [region.is_some(), built.is_some(), lots.is_some(), heating.is_some()];
        if said.windows(2).any(|pair| pair[1] && !pair[0]) {
            return Err(wrong("group of buildings that does not widen in order"));
        }
        Ok(Self(facts))
    }

    /// What it says.
    pub const fn facts(&self) -> &Facts {
        &self.0
    }

    /// The hash of what it says.
    pub fn digest(&self) -> Digest {
        Digest::of("symbiose incident card v1", &[&encode(self)])
    }

    /// Signs it with a key that is used for nothing else. The contractor's number has to be the one it carries the hash of.
    pub fn sign(self, key: &SigningKey, chain: &ChainId, named: Option<Named>) -> SignedCard {
        let is_same = named.as_ref().map(Named::hash) == self.0.contractor;
        assert!(is_same, "invariant: a card carries the hash of the number beside it");
        let signature = key.sign(Domain::Incident, chain, &encode(&self));
        SignedCard { key: key.public(), card: self, signature, named }
    }
}

impl SignedCard {
    /// The key that is used once: the card's name.
    pub const fn key(&self) -> PublicKey {
        self.key
    }

    /// What it says.
    pub const fn facts(&self) -> &Facts {
        self.card.facts()
    }

    /// The contractor, unless the number was taken away.
    pub fn contractor(&self) -> Option<Contractor> {
        self.named.map(|named| named.contractor)
    }

    /// The same without the contractor's number.
    pub const fn without_contractor(self) -> Self {
        Self { named: None, ..self }
    }

    /// Hash of everything but the contractor's number, which may be taken away later.
    pub fn digest(&self) -> Digest {
        let parts = (&self.key, &self.card, &self.signature);
        Digest::of("symbiose signed incident card v1", &[&encode(&parts)])
    }

    /// Checks the signature.
    pub fn verify(&self, chain: &ChainId) -> Result<(), SignatureError> {
        self.key.verify(Domain::Incident, chain, &encode(&self.card), &self.signature)
    }
}

impl Serialize for Card {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (VERSION, &self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Card {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let (version, facts) = <(u16, Facts)>::deserialize(deserializer)?;
        if version != VERSION {
            let wrong = format_args!("card version {version}, this node knows {VERSION}");
            return Err(D::Error::custom(wrong));
        }
        Self::new(facts).map_err(D::Error::custom)
    }
}

impl Serialize for SignedCard {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.key, &self.card, &self.signature, &self.named).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SignedCard {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let (key, card, signature, named) =
            <(PublicKey, Card, Signature, Option<Named>)>::deserialize(deserializer)?;
        if named.is_some_and(|named| Some(named.hash()) != card.0.contractor) {
            return Err(D::Error::custom("a contractor's number that the card does not carry the hash of"));
        }
        Ok(Self { key, card, signature, named })
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
