//! A card, its signature by a key that is used once, and the contractor's number beside it, which can be taken away again
//! without breaking the signature.

use serde::de::{Error as _, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::contractor::Contractor;
use super::survival::Survival;
use super::words::{Cause, Cost, Flow, Outcome, Rating, Remedy, Span, Symptom, System};
use crate::aggregate::Stratum;
use crate::codec::encode;
use crate::crypto::{Domain, PublicKey, Signature, SigningKey};
use crate::error::{Invalid, SignatureError};
use crate::ids::{ChainId, Digest};
use crate::maintenance::Severity;

/// Version of a card of an incident and its words.
const INCIDENT: u16 = 1;
/// Version of a card of what became of a machine, and its words.
const SURVIVAL: u16 = 2;
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

/// What a card tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// An incident that is over.
    Incident(Facts),
    /// What became of a machine after its alert.
    Survival(Survival),
}

/// Words that keep their bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Card(Said);

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
    pub(crate) fn is_bounded(self) -> bool {
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
        Ok(Self(Said::Incident(facts)))
    }

    /// Checks that what became of a machine is told without its month, and of something that did not fail only after a
    /// week or more.
    pub fn of_survival(survival: Survival) -> Result<Self, Invalid> {
        survival.check()?;
        if !survival.when.is_bounded() {
            return Err(Invalid::Range { field: "month or year out of reach", max: 0, found: 1 });
        }
        Ok(Self(Said::Survival(survival)))
    }

    /// What it says.
    pub const fn said(&self) -> &Said {
        &self.0
    }

    /// What it says of an incident.
    pub const fn facts(&self) -> Option<&Facts> {
        match &self.0 {
            Said::Incident(facts) => Some(facts),
            Said::Survival(_) => None,
        }
    }

    /// What it says of a machine after its alert.
    pub const fn survival(&self) -> Option<&Survival> {
        match &self.0 {
            Said::Incident(_) => None,
            Said::Survival(survival) => Some(survival),
        }
    }

    /// When what it tells of was.
    pub const fn when(&self) -> When {
        match &self.0 {
            Said::Incident(facts) => facts.when,
            Said::Survival(survival) => survival.when,
        }
    }

    /// The hash it carries of a contractor's number.
    const fn contractor(&self) -> Option<Digest> {
        match &self.0 {
            Said::Incident(facts) => facts.contractor,
            Said::Survival(_) => None,
        }
    }

    /// The hash of what it says.
    pub fn digest(&self) -> Digest {
        Digest::of("symbiose incident card v1", &[&encode(self)])
    }

    /// Signs it with a key that is used for nothing else. The contractor's number has to be the one it carries the hash of.
    pub fn sign(self, key: &SigningKey, chain: &ChainId, named: Option<Named>) -> SignedCard {
        let is_same = named.as_ref().map(Named::hash) == self.contractor();
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
    pub const fn card(&self) -> &Card {
        &self.card
    }

    /// What it says of an incident.
    pub const fn facts(&self) -> Option<&Facts> {
        self.card.facts()
    }

    /// What it says of a machine after its alert.
    pub const fn survival(&self) -> Option<&Survival> {
        self.card.survival()
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
        match &self.0 {
            Said::Incident(facts) => (INCIDENT, facts).serialize(serializer),
            Said::Survival(survival) => (SURVIVAL, survival).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Card {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple(2, Reader)
    }
}

/// Reads a version, then what that version says.
struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Card;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a card: its version and what it says")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Card, A::Error> {
        let missing = || A::Error::invalid_length(0, &self);
        let version: u16 = parts.next_element()?.ok_or_else(missing)?;
        let card = match version {
            INCIDENT => Card::new(parts.next_element()?.ok_or_else(missing)?),
            SURVIVAL => Card::of_survival(parts.next_element()?.ok_or_else(missing)?),
            0 | 3.. => {
                let wrong = format_args!("card version {version}, this node knows {INCIDENT} and {SURVIVAL}");
                return Err(A::Error::custom(wrong));
            }
        };
        let card = card.map_err(A::Error::custom)?;
        match parts.next_element::<IgnoredAny>()? {
            None => Ok(card),
            Some(_) => Err(A::Error::invalid_length(3, &self)),
        }
    }
}

impl Serialize for SignedCard {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.key, &self.card, &self.signature, &self.named).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SignedCard {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (key, card, signature, named) =
            <(PublicKey, Card, Signature, Option<Named>)>::deserialize(deserializer)?;
        if named.is_some_and(|named| Some(named.hash()) != card.contractor()) {
            return Err(D::Error::custom("a contractor's number that the card does not carry the hash of"));
        }
        Ok(Self { key, card, signature, named })
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

#[cfg(test)]
#[path = "survival_tests.rs"]
mod survival_tests;
