//! How residents decide, as far as it is kept at home: the registry, letters and keys, assemblies from draft to minutes.
//! The ledger is told roots and commitments; names, texts and ballots stay here.

mod act;
mod announce;
mod book;
mod carried;
mod courier;
mod desk;
mod error;
mod hall;
mod kept;
mod looks;
mod meeting;
mod minutes;
mod polls;
mod questions;
mod residents;
mod results;
mod sheets;
mod shelf;
mod urn;

pub use act::{Act, Done, NewLetter, Who};
pub use book::Book;
pub use courier::Watched;
pub use error::HomeError;
pub use kept::{KEPT_BYTES_MAX, Kept, KeptKey};
pub use looks::{Look, Looked, Looks};
pub use meeting::{
    Body, DocumentName, Gathering, PlaceText, Plan, ResultSignatures, Stored, StoredItem, StoredPresence,
    Taken,
};
pub use minutes::MinutesSigned;
pub use polls::{Asking, NotPut, PollAnswer, PollRefused, Question, StoredPoll};
pub use residents::{KeyStage, Letter, Loss, ResidentKey, Residents};
pub use results::Counted;
pub use sheets::{Sheets, Waiting};
pub use shelf::{Leaf, Shelf};

use std::collections::{BTreeMap, BTreeSet};

use protocol::Digest;
use protocol::assembly::{AssemblyId, Day, Duty, Meeting, PersonId, Registry};
use protocol::limits::OBJECTION_HOURS;

use super::maintenance::Change;

/// Everything that is kept at home.
#[derive(Debug)]
pub struct Home {
    book: Book,
    residents: Residents,
    looks: Looks,
    gatherings: BTreeMap<u32, Gathering>,
    polls: BTreeMap<u32, Asking>,
    objection_hours: u16,
    shelf: Shelf,
    sheets: Sheets,
    /// Promises that are watched.
    watched: BTreeMap<Digest, Watched>,
    /// Commitments on their way to the ledger, by the first of each transaction.
    in_flight: BTreeMap<Digest, Vec<Digest>>,
    questions: questions::Errands,
}

impl Default for Home {
    fn default() -> Self {
        Self {
            book: Book::default(),
            residents: Residents::default(),
            looks: Looks::default(),
            gatherings: BTreeMap::new(),
            polls: BTreeMap::new(),
            objection_hours: OBJECTION_HOURS,
            shelf: Shelf::default(),
            sheets: Sheets::default(),
            watched: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            questions: questions::Errands::default(),
        }
    }
}

impl Home {
    /// What was remembered over a restart.
    pub(super) fn open(remembered: &[Change]) -> Self {
        let mut home = Self::default();
        let mut parts: BTreeMap<u32, Vec<kept::Part>> = BTreeMap::new();
        let mut items = Vec::new();
        let mut taken = Vec::new();
        let mut leaves = Vec::new();
        let mut minutes = Vec::new();
        let mut answers = Vec::new();
        let mut refused = Vec::new();
        for change in remembered {
            let Change::PutKept(kept) = change else { continue };
            match kept.as_ref() {
                Kept::Part(part) => parts.entry(part.book).or_default().push(part.clone()),
                Kept::Letter(letter) => home.residents.restore_letter(letter.clone()),
                Kept::Key(key) => home.residents.restore_key(key.clone()),
                Kept::Loss(loss) => home.residents.restore_loss(loss.clone()),
                Kept::Objection(hours) => home.objection_hours = *hours,
                Kept::Look(look) => home.looks.restore(look.clone()),
                Kept::Gathering(stored) => {
                    home.gatherings.insert(stored.number, Gathering::new(stored.as_ref().clone()));
                }
                Kept::Item(item) => items.push(item),
                Kept::Taken(one) => taken.push(one),
                Kept::Leaf(leaf) => leaves.push(leaf.clone()),
                Kept::Poll(stored) => {
                    home.polls.insert(stored.number, Asking::new(stored.as_ref().clone()));
                }
                Kept::PollAnswer(answer) => answers.push(answer),
                Kept::PollRefused(one) => refused.push(*one),
                Kept::Sheet(waiting) => {
                    home.sheets.insert(waiting.name(), waiting.as_ref().clone());
                }
                Kept::Minutes(signed) => minutes.push(*signed),
                Kept::Watched(watched) => {
                    home.watched.insert(watched.key(), watched.as_ref().clone());
                }
            }
        }
        home.shelf = Shelf::restore(leaves);
        for answer in answers {
            if let Some(asking) = home.polls.get_mut(&answer.number) {
                asking.answers.insert(answer.commitment, answer.as_ref().clone());
            }
        }
        for one in refused {
            if let Some(asking) = home.polls.get_mut(&one.number) {
                asking.refused = Some(one.why);
            }
        }
        for item in items {
            if let Some(gathering) = home.gatherings.get_mut(&item.number) {
                gathering.items.insert(item.resolution.item, item.as_ref().clone());
            }
        }
        for one in taken {
            if let Some(gathering) = home.gatherings.get_mut(&one.number) {
                gathering.taken.insert(one.commitment(), one.as_ref().clone());
            }
        }
        for signed in minutes {
            if let Some(gathering) = home.gatherings.get_mut(&signed.number) {
                gathering.minutes = Some(signed);
            }
        }
        for (book, mut parts) in parts {
            parts.sort_by_key(|part| part.index);
            match (book, home.gatherings.get_mut(&book)) {
                (0, _) => home.book.restore(parts),
                (_, Some(gathering)) => match kept::whole(&parts) {
                    Ok(registry) => gathering.registry = Some(registry),
                    Err(error) => tracing::error!(book, %error, "the registry of an assembly does not read"),
                },
                (_, None) => tracing::warn!(book, "a registry of no assembly"),
            }
        }
        home
    }

    /// The registry of today.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// The registry of today, if there is one.
    pub fn registry(&self) -> Option<&Registry> {
        self.book.registry()
    }

    /// Letters and keys.
    pub fn residents(&self) -> &Residents {
        &self.residents
    }

    /// Who saw what.
    pub fn looks(&self) -> &Looks {
        &self.looks
    }

    /// How long owners may object to a key, hours.
    pub fn objection_hours(&self) -> u16 {
        self.objection_hours
    }

    /// Assemblies by the building's number.
    pub fn gatherings(&self) -> &BTreeMap<u32, Gathering> {
        &self.gatherings
    }

    /// Sheets of paper that wait for the second signature.
    pub fn sheets(&self) -> &Sheets {
        &self.sheets
    }

    /// Polls by the building's number.
    pub fn polls(&self) -> &BTreeMap<u32, Asking> {
        &self.polls
    }

    /// Documents that resolutions name.
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// The assembly that the ledger knows by this id.
    pub fn gathering(&self, id: &AssemblyId) -> Option<&Gathering> {
        self.gatherings.values().find(|gathering| gathering.id().as_ref() == Some(id))
    }

    /// Commitments that are on their way to the ledger.
    fn flying(&self) -> BTreeSet<Digest> {
        self.in_flight.values().flatten().copied().collect()
    }

    /// The assembly without quorum that this one holds again.
    pub fn without_quorum(&self, gathering: &Gathering) -> Option<&Gathering> {
        match gathering.stored.opening.as_ref()?.meeting {
            Meeting::WithoutQuorum(first) => self.gathering(&first),
            Meeting::First | Meeting::ForUnanimity(_) => None,
        }
    }

    /// Something changed on which a count may rest.
    fn forget_counts(&mut self) {
        for gathering in self.gatherings.values_mut() {
            gathering.count = std::sync::OnceLock::new();
        }
        for asking in self.polls.values_mut() {
            asking.count = std::sync::OnceLock::new();
        }
    }

    /// Whether somebody holds an office today.
    pub fn has_duty(&self, person: Option<PersonId>, duty: Duty, day: Day) -> bool {
        match (self.registry(), person) {
            (Some(registry), Some(person)) => registry.holds_duty(person, duty, day),
            (None, _) | (_, None) => false,
        }
    }
}
