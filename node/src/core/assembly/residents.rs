//! Letters, and the keys that residents made with them. A key counts when nobody objected in time; a lost one is
//! replaced by syndic and council together. Which block a key counts from is written down once and never moves.

use std::collections::BTreeMap;

use ledger::assembly::{Binding as Bound, Keys};
use protocol::assembly::{PersonId, SignedBinding};
use protocol::limits::{KEYS_PER_PERSON_MAX, LETTERS_MAX, VOTER_KEYS_MAX};
use protocol::{Height, PublicKey, UnixMs};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::error::HomeError;

/// Milliseconds of an hour.
pub(super) const HOUR_MS: i64 = 3_600_000;

/// A code for one person, by the public halves of its long and its short form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Letter {
    /// Key of the code that a camera reads.
    pub long: PublicKey,
    /// Key of the code that is typed.
    pub short: PublicKey,
    /// For whom.
    pub person: PersonId,
    /// When it was made.
    pub made: UnixMs,
    /// Who made it.
    pub by: String,
    /// Its last moment.
    pub expires: UnixMs,
    /// How much longer than usual its key waits, hours.
    pub extra_hours: u16,
    /// The key that came of it.
    pub used: Option<PublicKey>,
}

/// A key that a resident made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct ResidentKey {
    /// The key.
    pub key: PublicKey,
    /// Whose.
    pub person: PersonId,
    /// When it came.
    pub bound: UnixMs,
    /// Until when owners may object.
    pub objection_until: UnixMs,
    /// Who objected.
    pub objected: Option<PersonId>,
    /// The first block in which it may sign.
    pub from: Option<Height>,
    /// The first block in which it may not any more.
    pub until: Option<Height>,
}

/// A person who lost every key: syndic or operator asks, a member of the council agrees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Loss {
    /// Who.
    pub person: PersonId,
    /// When it was said.
    pub asked: UnixMs,
    /// Who said so.
    pub by: String,
    /// The same as a person of the registry, if it is one.
    pub by_person: Option<PersonId>,
}

/// How far a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStage {
    /// Owners may still object.
    Waiting,
    /// Somebody objected.
    Objected,
    /// It signs.
    Counts,
    /// It signed, or never will.
    Ended,
}

/// Letters and keys.
#[derive(Debug, Default)]
pub struct Residents {
    letters: BTreeMap<PublicKey, Letter>,
    keys: BTreeMap<PublicKey, ResidentKey>,
    losses: BTreeMap<PersonId, Loss>,
}

impl ResidentKey {
    /// How far it is.
    pub fn stage(&self) -> KeyStage {
        match (self.until, self.objected, self.from) {
            (Some(_), _, _) => KeyStage::Ended,
            (None, Some(_), _) => KeyStage::Objected,
            (None, None, None) => KeyStage::Waiting,
            (None, None, Some(_)) => KeyStage::Counts,
        }
    }
}

impl KeyStage {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Objected => "objected",
            Self::Counts => "counts",
            Self::Ended => "ended",
        }
    }
}

impl Residents {
    pub(super) fn restore_letter(&mut self, letter: Letter) {
        self.letters.insert(letter.long, letter);
    }

    pub(super) fn restore_key(&mut self, key: ResidentKey) {
        self.keys.insert(key.key, key);
    }

    pub(super) fn restore_loss(&mut self, loss: Loss) {
        self.losses.insert(loss.person, loss);
    }

    /// Letters, in no order that means anything.
    pub fn letters(&self) -> impl Iterator<Item = &Letter> {
        self.letters.values()
    }

    /// Keys, likewise.
    pub fn keys(&self) -> impl Iterator<Item = &ResidentKey> {
        self.keys.values()
    }

    /// Losses that wait for the council.
    pub fn losses(&self) -> impl Iterator<Item = &Loss> {
        self.losses.values()
    }

    /// The key, if it was ever bound.
    pub fn key(&self, key: &PublicKey) -> Option<&ResidentKey> {
        self.keys.get(key)
    }

    /// A letter that still opens, by the key of either form of its code.
    pub fn letter(&self, code: &PublicKey, now: UnixMs) -> Option<&Letter> {
        let found = self.letters.get(code).or_else(|| self.letters.values().find(|one| one.short == *code));
        found.filter(|letter| letter.used.is_none() && now < letter.expires)
    }

    /// Every key that counted at a height, with the blocks in which it may sign, as a count needs it. What came later
    /// stands on no roll.
    pub fn for_counting(&self, announced: Height) -> Keys {
        let counting = self.keys.values().filter_map(|key| {
            let from = key.from.filter(|from| *from <= announced)?;
            Some((key.key, Bound { person: key.person, from, until: key.until }))
        });
        Keys::new(counting)
    }

    /// Keeps a letter; one for the same person that nobody answered ends. Answers the letters that are gone.
    pub(super) fn write(&mut self, letter: Letter) -> Result<Vec<PublicKey>, HomeError> {
        let replaced: Vec<PublicKey> = self
            .letters
            .values()
            .filter(|old| old.person == letter.person && old.used.is_none())
            .map(|old| old.long)
            .collect();
        if self.letters.len() >= LETTERS_MAX + replaced.len() {
            return Err(HomeError::Full { field: "letters", max: LETTERS_MAX });
        }
        replaced.iter().for_each(|old| drop(self.letters.remove(old)));
        self.letters.insert(letter.long, letter);
        Ok(replaced)
    }

    /// Binds a key by the code that vouches for it.
    pub(super) fn bind(
        &mut self,
        now: UnixMs,
        signed: &SignedBinding,
        objection_hours: u16,
    ) -> Result<(Letter, ResidentKey), HomeError> {
        let binding = &signed.binding;
        let letter = self.letter(&binding.invitation, now).ok_or(HomeError::NoLetter)?.clone();
        if self.keys.contains_key(&binding.voter) {
            return Err(HomeError::KeyTaken);
        }
        if self.keys.len() >= VOTER_KEYS_MAX {
            return Err(HomeError::Full { field: "keys", max: VOTER_KEYS_MAX });
        }
        let own = self.keys.values().filter(|key| key.person == letter.person && key.until.is_none()).count();
        if own >= KEYS_PER_PERSON_MAX {
            return Err(HomeError::Full { field: "keys of one person", max: KEYS_PER_PERSON_MAX });
        }
        let hours = i64::from(objection_hours) + i64::from(letter.extra_hours);
        let key = ResidentKey {
            key: binding.voter,
            person: letter.person,
            bound: now,
            objection_until: now.plus(hours * HOUR_MS),
            objected: None,
            from: None,
            until: None,
        };
        self.keys.insert(key.key, key.clone());
        let letter = Letter { used: Some(key.key), ..letter };
        self.letters.insert(letter.long, letter.clone());
        Ok((letter, key))
    }

    /// Keys whose objection period is over count from this block on.
    pub(super) fn mature(&mut self, now: UnixMs, head: Height) -> Vec<ResidentKey> {
        let mut matured = Vec::new();
        for key in self.keys.values_mut() {
            if key.stage() == KeyStage::Waiting && key.objection_until <= now {
                key.from = Some(head);
                matured.push(key.clone());
            }
        }
        matured
    }

    /// Somebody objects to a key whose period is not over.
    pub(super) fn object(&mut self, key: &PublicKey, by: PersonId) -> Result<ResidentKey, HomeError> {
        let found = self.keys.get_mut(key).ok_or(HomeError::NoKey)?;
        if found.stage() != KeyStage::Waiting {
            return Err(HomeError::TooLate);
        }
        found.objected = Some(by);
        Ok(found.clone())
    }

    /// An objection is set aside: the period begins anew.
    pub(super) fn set_aside(
        &mut self,
        now: UnixMs,
        key: &PublicKey,
        hours: u16,
    ) -> Result<ResidentKey, HomeError> {
        let found = self.keys.get_mut(key).ok_or(HomeError::NoKey)?;
        if found.stage() != KeyStage::Objected {
            return Err(HomeError::TooLate);
        }
        found.objected = None;
        found.objection_until = now.plus(i64::from(hours) * HOUR_MS);
        Ok(found.clone())
    }

    /// Ends keys of a person, all or one, from the next block on.
    pub(super) fn end(
        &mut self,
        person: PersonId,
        only: Option<&PublicKey>,
        head: Height,
    ) -> Vec<ResidentKey> {
        let mut ended = Vec::new();
        for key in self.keys.values_mut() {
            let is_meant = key.person == person && only.is_none_or(|only| *only == key.key);
            if is_meant && key.until.is_none() {
                key.until = Some(head.next());
                ended.push(key.clone());
            }
        }
        ended
    }

    /// Somebody says that a person lost every key.
    pub(super) fn lose(&mut self, loss: Loss) {
        self.losses.insert(loss.person, loss);
    }

    /// The loss of a person that somebody else than who asked may agree to.
    pub(super) fn agree(&mut self, person: PersonId, by: PersonId) -> Result<Loss, HomeError> {
        let loss = self.losses.get(&person).ok_or(HomeError::NoLoss)?;
        if loss.by_person == Some(by) || by == person {
            return Err(HomeError::SamePerson);
        }
        Ok(self.losses.remove(&person).expect("invariant: it was just seen"))
    }
}
