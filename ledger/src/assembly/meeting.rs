//! Who is there. Attendance is taken with arrivals and departures between votes; the quorum is that of the start, the
//! base of each vote those present or represented at that moment (Belgium, 3.87 §5 and §8). Who votes is there.

use std::collections::BTreeSet;

use protocol::assembly::{
    Arithmetic, Figures, ItemNumber, Mandate, Meeting, PersonId, Quantity, RuleId, RuleSet, Votes,
};

use super::counting::{Count, LotVote, Way};
use super::proxies::{Hall, Proxies};

/// Somebody's presence, in the room or from afar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    /// Who.
    pub person: PersonId,
    /// Whether from afar.
    pub is_remote: bool,
    /// The first vote it is there for; 0 is the start of the assembly.
    pub from: u16,
    /// The first vote it is not there for any more.
    pub until: Option<u16>,
}

/// Attendance at an assembly.
#[derive(Debug, Clone, Copy)]
pub struct Attendance<'a> {
    hall: &'a Hall<'a>,
    proxies: &'a Proxies,
    presences: &'a [Presence],
}

/// The quorum of an assembly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quorum {
    /// Owners there at the start.
    pub owners_present: u32,
    /// Votes there at the start.
    pub votes_present: Votes,
    /// The law's rule with its figures; none where none is needed.
    pub arithmetic: Option<Arithmetic>,
}

impl Quorum {
    /// The quorum of these owners and votes among all. France has none (22), nor has a second assembly in Belgium
    /// (3.87 §5).
    pub fn of(law: RuleSet, meeting: Meeting, present: (u32, Votes), all: (u64, Votes)) -> Self {
        let is_needed = match (law, meeting) {
            (RuleSet::France2020, _) | (RuleSet::Belgium2020, Meeting::WithoutQuorum(_)) => false,
            (RuleSet::Belgium2020, Meeting::First | Meeting::ForUnanimity(_)) => true,
        };
        let arithmetic = is_needed.then(|| {
            let formula = RuleId::BeQuorum.formula().expect("invariant: a quorum is a predicate");
            let counted = [
                (Quantity::OwnersPresent, present.0.into()),
                (Quantity::OwnersAll, all.0),
                (Quantity::VotesPresent, present.1.0),
                (Quantity::VotesAll, all.1.0),
            ];
            Arithmetic::of(formula, &Figures::new(&counted))
        });
        Self { owners_present: present.0, votes_present: present.1, arithmetic }
    }

    /// Whether the assembly may decide.
    pub fn is_reached(&self) -> bool {
        self.arithmetic.as_ref().is_none_or(Arithmetic::holds)
    }
}

impl<'a> Attendance<'a> {
    /// Attendance of an assembly with its proxies.
    pub fn new(hall: &'a Hall<'a>, proxies: &'a Proxies, presences: &'a [Presence]) -> Self {
        Self { hall, proxies, presences }
    }

    /// Where it is.
    pub fn hall(&self) -> &'a Hall<'a> {
        self.hall
    }

    /// The proxies that count.
    pub fn proxies(&self) -> &'a Proxies {
        self.proxies
    }

    /// The quorum at the start.
    pub fn quorum(&self) -> Quorum {
        let present = self.recorded(0);
        let there = |place: &usize| present[*place];
        let lots = self.hall.roll.lots();
        let votes_present: Votes = (0..lots.len()).filter(there).map(|place| lots[place].votes).sum();
        let owners_present = count_owners(self.hall, &present);
        let all = (self.hall.roll.owners().len() as u64, self.hall.roll.votes());
        let (law, meeting) = (self.hall.roll.law, self.hall.opening.meeting);
        Quorum::of(law, meeting, (owners_present, votes_present), all)
    }

    /// Which lots are present or represented at a vote, in the order of the roll: as recorded, and every lot for which
    /// an answer counts.
    pub fn present(&self, item: ItemNumber, count: &Count) -> Vec<bool> {
        let mut present = self.recorded(item.0);
        for (place, there) in present.iter_mut().enumerate() {
            *there |= count.votes[place].is_some() || count.defaulting.contains(&place);
        }
        present
    }

    /// Whether an answer was signed by somebody who was never in the room.
    pub fn is_from_afar(&self, vote: &LotVote) -> bool {
        let is_in_room = |presence: &Presence| presence.person == vote.by && !presence.is_remote;
        match vote.way {
            Way::Signed | Way::ByProxy => !self.presences.iter().any(is_in_room),
            Way::Post | Way::ByProxyInRoom | Way::InRoom => false,
        }
    }

    fn recorded(&self, step: u16) -> Vec<bool> {
        let is_there =
            |presence: &&Presence| presence.from <= step && presence.until.is_none_or(|until| step < until);
        let persons: BTreeSet<PersonId> =
            self.presences.iter().filter(is_there).map(|presence| presence.person).collect();
        let lots = self.hall.roll.lots();
        let mut present: Vec<bool> =
            lots.iter().map(|lot| lot.voter.is_some_and(|voter| persons.contains(&voter))).collect();
        let covers = |mandate: &Mandate| step == 0 || mandate.covers(ItemNumber(step));
        for held in self.proxies.held().filter(|held| covers(&held.mandate)) {
            if persons.contains(&held.mandate.holder) {
                let places = held.mandate.lots.iter().filter_map(|lot| self.hall.roll.place(*lot));
                places.for_each(|place| present[place] = true);
            }
        }
        present
    }
}

/// Owners with a lot among these.
pub(super) fn count_owners(hall: &Hall<'_>, among: &[bool]) -> u32 {
    let lots = hall.roll.lots().iter().zip(among).filter(|(_, among)| **among);
    let owners: BTreeSet<usize> = lots.map(|(lot, _)| lot.owner).collect();
    u32::try_from(owners.len()).expect("invariant: no more owners than lots")
}
