//! Whose key is whose, and from which height to which. What counts is the block in which something stood, never the time
//! its sender claims.

use std::collections::BTreeMap;

use protocol::assembly::PersonId;
use protocol::{Height, PublicKey};

use super::error::Refused;

/// Where something stood in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The block.
    pub height: Height,
    /// Its place among everything of that block.
    pub index: u32,
}

/// Something that came in, and where it stood.
#[derive(Debug, Clone)]
pub struct Entered<T> {
    /// What.
    pub value: T,
    /// Where.
    pub at: Place,
}

/// A resident's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// Whose.
    pub person: PersonId,
    /// The height from which it may sign: the objection period is over.
    pub from: Height,
    /// The height from which it may not any more.
    pub until: Option<Height>,
}

/// Every key of a building's residents.
#[derive(Debug, Clone, Default)]
pub struct Keys(BTreeMap<PublicKey, Binding>);

impl Keys {
    /// These keys; a key has one owner for good, so the first binding of a key stands.
    pub fn new(bindings: impl IntoIterator<Item = (PublicKey, Binding)>) -> Self {
        let mut keys = BTreeMap::new();
        for (key, binding) in bindings {
            keys.entry(key).or_insert(binding);
        }
        Self(keys)
    }

    /// The keys with which somebody may vote on what opens at a height, in ascending order.
    pub fn of(&self, person: PersonId, opens: Height) -> Vec<PublicKey> {
        let holds = |binding: &Binding| {
            binding.person == person
                && binding.from <= opens
                && binding.until.is_none_or(|until| opens < until)
        };
        self.0.iter().filter(|(_, binding)| holds(binding)).map(|(key, _)| *key).collect()
    }

    /// Whose key it is, at a place, for a vote that opened at a height. A key that came while the vote was open does
    /// not vote on it: who issues keys could otherwise add voters.
    pub fn person(&self, key: &PublicKey, at: Place, opens: Height) -> Result<PersonId, Refused> {
        let binding = self.0.get(key).ok_or(Refused::UnknownKey)?;
        if binding.from > opens {
            return Err(Refused::NewKey);
        }
        match binding.until {
            Some(until) if until <= at.height => Err(Refused::RevokedKey),
            Some(_) | None => Ok(binding.person),
        }
    }
}
