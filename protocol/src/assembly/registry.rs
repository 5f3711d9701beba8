//! A building's registry: lots and their shares, who owns them since when, who lives there, who holds an office, which
//! charges only some lots bear, and which law holds. It stays in the building; the ledger is told a root of salted
//! commitments to what one assembly needs of it.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use thiserror::Error;

use super::day::Day;
use super::ids::{ChargeId, LotId, PersonId, Votes};
use super::law::RuleSet;
use super::text::Text;
use crate::bounded::Bounded;
use crate::codec::decode;
use crate::error::{DecodeError, Invalid};
use crate::ids::Address;
use crate::limits::{
    CHARGE_KEYS_MAX, LAWS_DATED_MAX, LOTS_MAX, OCCUPANTS_PER_LOT_MAX, OFFICES_MAX, OWNERS_PER_LOT_MAX,
    PERSONS_MAX, REGISTRY_BYTES_MAX, REGISTRY_NAME_BYTES_MAX, TITLES_PER_LOT_MAX, VOTES_MAX,
};

/// What people call a lot, a person or a charge.
pub type RegistryName = Text<REGISTRY_NAME_BYTES_MAX>;

/// A building as its deed and its owners have it. A value from [`Registry::open`] is consistent: everything is named
/// once and in order, votes add up to the deed's, whoever is named is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Registry {
    /// The building's node.
    pub building: Address,
    /// All votes of the deed.
    pub votes: Votes,
    /// Lots in ascending order.
    pub lots: Bounded<Lot, LOTS_MAX>,
    /// Persons in ascending order.
    pub persons: Bounded<Person, PERSONS_MAX>,
    /// Charges that only some lots bear, in ascending order.
    pub charges: Bounded<ChargeKey, CHARGE_KEYS_MAX>,
    /// Offices, mandates and what else keeps somebody from voting or standing for others.
    pub offices: Bounded<Office, OFFICES_MAX>,
    /// Which law holds from which day on, in ascending order.
    pub laws: Bounded<(Day, RuleSet), LAWS_DATED_MAX>,
}

/// A lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Lot {
    /// Which one.
    pub id: LotId,
    /// What people call it.
    pub name: RegistryName,
    /// What it is.
    pub kind: LotKind,
    /// Its shares in the common parts.
    pub votes: Votes,
    /// Who owns it from which day on, in ascending order: a transfer adds one.
    pub titles: Bounded<Title, TITLES_PER_LOT_MAX>,
    /// Who lives there without owning it. They have no vote.
    pub occupants: Bounded<Occupancy, OCCUPANTS_PER_LOT_MAX>,
}

/// What a lot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LotKind {
    /// Somebody lives there.
    Dwelling,
    /// Somebody works or sells there.
    Premises,
    /// A cellar or attic.
    Cellar,
    /// A garage or parking place.
    Parking,
}

/// Who owns a lot from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Title {
    /// The first day.
    pub from: Day,
    /// Parts of the whole lot.
    pub whole: u32,
    /// The owners, each once for each right, in ascending order.
    pub owners: Bounded<Owner, OWNERS_PER_LOT_MAX>,
    /// Who votes, where there is more than one owner. Until they name somebody the lot's vote rests.
    pub representative: Option<PersonId>,
}

/// One owner's part of a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize_tuple, Deserialize_tuple)]
pub struct Owner {
    /// Who.
    pub person: PersonId,
    /// Which right.
    pub right: Right,
    /// Parts of [`Title::whole`].
    pub parts: u32,
}

/// A right in a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Right {
    /// Full property.
    Full,
    /// Bare property: somebody else has the use of it.
    Bare,
    /// The use of what somebody else owns barely.
    Usufruct,
}

/// Somebody lives in a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Occupancy {
    /// Who.
    pub person: PersonId,
    /// The first day.
    pub from: Day,
    /// The last day, if it is known.
    pub until: Option<Day>,
}

/// A natural or legal person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Person {
    /// Which one.
    pub id: PersonId,
    /// Its name.
    pub name: RegistryName,
    /// Whether it is a company or another legal person, for which somebody acts.
    pub is_legal: bool,
}

/// A charge that only some lots bear, and how much of it each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct ChargeKey {
    /// Which one.
    pub id: ChargeId,
    /// What people call it.
    pub name: RegistryName,
    /// Parts of the lots that bear it, in ascending order, none zero.
    pub parts: Bounded<(LotId, Votes), LOTS_MAX>,
}

/// What somebody is to the association for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Office {
    /// Who.
    pub person: PersonId,
    /// What.
    pub duty: Duty,
    /// The first day.
    pub from: Day,
    /// The last day, if it is known.
    pub until: Option<Day>,
}

/// An office, a mandate or a tie that the law looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Duty {
    /// The syndic.
    Syndic,
    /// Husband, wife or partner of the syndic.
    SyndicPartner,
    /// Ascendant or descendant of the syndic or of its partner.
    SyndicRelative,
    /// In the syndic's service.
    SyndicStaff,
    /// Member of the council.
    Council,
    /// Auditor of the accounts.
    Auditor,
    /// In the service of the association, or under contract or mandate with it.
    Mandated,
    /// Looks after the equipment.
    Manager,
    /// Repairs the equipment.
    Technician,
}

/// A registry that contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RegistryError {
    /// Not the bytes of a registry.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A value outside its bounds.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The votes of the lots are not those of the deed.
    #[error("the lots have {found} votes, the deed {expected}")]
    Sum {
        /// The deed's.
        expected: Votes,
        /// The lots'.
        found: Votes,
    },
    /// Something stands twice or out of order.
    #[error("{what} stand once each and in ascending order")]
    Order {
        /// What.
        what: &'static str,
    },
    /// A person that the registry does not know.
    #[error("person {person} is not in the registry")]
    Person {
        /// Who is named.
        person: PersonId,
    },
    /// A lot that the registry does not know.
    #[error("lot {lot} is not in the registry")]
    Lot {
        /// The lot named.
        lot: LotId,
    },
    /// The parts of a lot's owners do not make it whole.
    #[error("the parts of lot {lot}'s owners do not add up to {whole}, or usufruct and bare property differ")]
    Parts {
        /// The lot.
        lot: LotId,
        /// Parts of the whole.
        whole: u32,
    },
    /// A time that ends before it begins.
    #[error("from {from} until {until}")]
    Ends {
        /// The first day.
        from: Day,
        /// The last day.
        until: Day,
    },
}

impl Registry {
    /// Reads a registry of at most [`REGISTRY_BYTES_MAX`] bytes and checks it whole.
    pub fn open(bytes: &[u8]) -> Result<Self, RegistryError> {
        let registry: Self = decode(bytes, REGISTRY_BYTES_MAX)?;
        registry.check()?;
        Ok(registry)
    }

    /// Checks that the registry does not contradict itself.
    pub fn check(&self) -> Result<(), RegistryError> {
        ascending("persons", self.persons.iter().map(|person| person.id))?;
        ascending("lots", self.lots.iter().map(|lot| lot.id))?;
        ascending("charges", self.charges.iter().map(|charge| charge.id))?;
        ascending("laws", self.laws.iter().map(|(from, _)| *from))?;
        self.lots.iter().try_for_each(|lot| self.check_lot(lot))?;
        self.charges.iter().try_for_each(|charge| self.check_charge(charge))?;
        for Office { person, from, until, .. } in &self.offices {
            self.check_person(*person)?;
            in_order(*from, *until)?;
        }
        let (expected, found) = (self.votes, self.lots.iter().map(|lot| lot.votes).sum());
        if expected != found {
            return Err(RegistryError::Sum { expected, found });
        }
        votes_within("votes of the deed", found)
    }

    /// The lot of that number.
    pub fn lot(&self, id: LotId) -> Option<&Lot> {
        self.lots.binary_search_by_key(&id, |lot| lot.id).ok().map(|place| &self.lots[place])
    }

    /// The person of that number.
    pub fn person(&self, id: PersonId) -> Option<&Person> {
        self.persons.binary_search_by_key(&id, |person| person.id).ok().map(|place| &self.persons[place])
    }

    /// The charge of that number.
    pub fn charge(&self, id: ChargeId) -> Option<&ChargeKey> {
        self.charges.iter().find(|charge| charge.id == id)
    }

    /// The law that holds on a day; none before the first dated one.
    pub fn law_on(&self, day: Day) -> Option<RuleSet> {
        self.laws.iter().rev().find(|(from, _)| *from <= day).map(|(_, set)| *set)
    }

    /// Whether somebody is something to the association on a day.
    pub fn holds_duty(&self, person: PersonId, duty: Duty, day: Day) -> bool {
        self.offices
            .iter()
            .any(|office| office.person == person && office.duty == duty && office.lasts_on(day))
    }

    fn check_lot(&self, lot: &Lot) -> Result<(), RegistryError> {
        votes_within("votes of a lot", lot.votes)?;
        ascending("titles of a lot", lot.titles.iter().map(|title| title.from))?;
        for title in &lot.titles {
            title.check(lot.id)?;
            let named = title.owners.iter().map(|owner| owner.person).chain(title.representative);
            named.into_iter().try_for_each(|person| self.check_person(person))?;
        }
        for Occupancy { person, from, until } in &lot.occupants {
            self.check_person(*person)?;
            in_order(*from, *until)?;
        }
        Ok(())
    }

    fn check_charge(&self, charge: &ChargeKey) -> Result<(), RegistryError> {
        ascending("lots of a charge", charge.parts.iter().map(|(lot, _)| *lot))?;
        if charge.parts.is_empty() {
            return Err(Invalid::Count { field: "lots of a charge", min: 1, max: LOTS_MAX, found: 0 }.into());
        }
        for (lot, part) in &charge.parts {
            self.lot(*lot).ok_or(RegistryError::Lot { lot: *lot })?;
            votes_within("part of a charge", *part)?;
            if *part == Votes::ZERO {
                return Err(
                    Invalid::Range { field: "part of a charge, from 1", max: VOTES_MAX, found: 0 }.into()
                );
            }
        }
        votes_within("parts of a charge", charge.parts.iter().map(|(_, part)| *part).sum())
    }

    fn check_person(&self, person: PersonId) -> Result<(), RegistryError> {
        self.person(person).map(drop).ok_or(RegistryError::Person { person })
    }
}

impl Lot {
    /// Who owns the lot on a day; none before the first title.
    pub fn title_on(&self, day: Day) -> Option<&Title> {
        self.titles.iter().rev().find(|title| title.from <= day)
    }
}

impl Title {
    /// Who votes: the only owner, or whom several have named.
    pub fn voter(&self) -> Option<PersonId> {
        let first = self.owners.first()?.person;
        let is_alone = self.owners.iter().all(|owner| owner.person == first);
        if is_alone { Some(first) } else { self.representative }
    }

    /// Parts make the lot whole, and each part that is owned barely is used by somebody.
    fn check(&self, lot: LotId) -> Result<(), RegistryError> {
        ascending("owners of a lot", self.owners.iter().map(|owner| (owner.person, owner.right)))?;
        let of = |right: Right| {
            let parts = self.owners.iter().filter(|owner| owner.right == right);
            parts.map(|owner| u64::from(owner.parts)).sum::<u64>()
        };
        let is_whole = of(Right::Full) + of(Right::Bare) == u64::from(self.whole);
        let is_used = of(Right::Bare) == of(Right::Usufruct);
        if self.whole == 0 || !is_whole || !is_used || self.owners.iter().any(|owner| owner.parts == 0) {
            return Err(RegistryError::Parts { lot, whole: self.whole });
        }
        Ok(())
    }
}

impl Office {
    /// Whether it lasts on a day.
    pub fn lasts_on(&self, day: Day) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}

fn ascending<T: PartialOrd>(what: &'static str, items: impl Iterator<Item = T>) -> Result<(), RegistryError> {
    if items.is_sorted_by(|a, b| a < b) { Ok(()) } else { Err(RegistryError::Order { what }) }
}

fn in_order(from: Day, until: Option<Day>) -> Result<(), RegistryError> {
    match until {
        Some(until) if until < from => Err(RegistryError::Ends { from, until }),
        Some(_) | None => Ok(()),
    }
}

fn votes_within(field: &'static str, votes: Votes) -> Result<(), RegistryError> {
    if votes.0 > VOTES_MAX {
        return Err(Invalid::Range { field, max: VOTES_MAX, found: votes.0 }.into());
    }
    Ok(())
}
