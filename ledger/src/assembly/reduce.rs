//! What the law takes off large owners and holders of many proxies. What is left of somebody's votes is spread over
//! their lots in proportion, by largest remainder, ties to the lower lot.

use std::collections::BTreeMap;

use protocol::assembly::{
    Arithmetic, Figures, ItemNumber, LotId, PersonId, Quantity, RuleId, RuleSet, Votes,
};

use super::counting::Count;
use super::meeting::Attendance;
use crate::energy::share;

/// Why somebody's votes were reduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// An owner with more votes than all others who are there (Belgium, 3.87 §7).
    Owner,
    /// Somebody who with proxies carries more than all others who are there (Belgium, 3.87 §7).
    Holder,
    /// An owner of more than half of all votes (France, 22 I).
    Majority,
}

/// Votes taken off somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reduction {
    /// Whose lot it is, or who carries it.
    pub person: PersonId,
    /// Why.
    pub reason: Reason,
    /// Votes before.
    pub from: Votes,
    /// Votes after: those of all others.
    pub to: Votes,
}

/// Votes of each lot after reduction, in the order of the roll, and what was reduced.
pub(super) fn reduce(
    attendance: &Attendance<'_>,
    weights: &[Votes],
    present: &[bool],
    count: &Count,
    item: ItemNumber,
) -> (Vec<Votes>, Vec<Reduction>) {
    match attendance.hall().roll.law {
        RuleSet::Belgium2020 => cap(attendance, weights, present, count, item),
        RuleSet::France2020 => reduce_majority(attendance, weights),
    }
}

/// Nobody votes, as owner or as proxy, for more than the votes which the others who are there hold. First each owner's
/// own lots, whoever votes for them, then everything each holder of proxies votes for.
fn cap(
    attendance: &Attendance<'_>,
    weights: &[Votes],
    present: &[bool],
    count: &Count,
    item: ItemNumber,
) -> (Vec<Votes>, Vec<Reduction>) {
    let lots = attendance.hall().roll.lots();
    let there = || (0..lots.len()).filter(|place| present[*place]);
    let all: u64 = there().map(|place| weights[place].0).sum();
    let mut votes = weights.to_vec();
    let mut reductions = Vec::new();

    let mut owned: BTreeMap<PersonId, Vec<usize>> = BTreeMap::new();
    for place in there() {
        if let Some(voter) = lots[place].voter {
            owned.entry(voter).or_default().push(place);
        }
    }
    for (voter, places) in &owned {
        let held = sum(weights, places);
        let answered: Vec<usize> =
            places.iter().copied().filter(|place| count.votes[*place].is_some()).collect();
        if let Some((from, to)) = lower(&mut votes, &answered, all - held) {
            reductions.push(Reduction { person: *voter, reason: Reason::Owner, from, to });
        }
    }

    let mut carried: BTreeMap<PersonId, Vec<usize>> = BTreeMap::new();
    for held in attendance.proxies().held().filter(|held| held.mandate.covers(item)) {
        carried.entry(held.mandate.holder).or_default();
    }
    for place in there() {
        let by = match &count.votes[place] {
            Some(vote) => Some(vote.by),
            None => carrier(attendance, lots[place].lot, item).or(lots[place].voter),
        };
        if let Some(places) = by.and_then(|by| carried.get_mut(&by)) {
            places.push(place);
        }
    }
    for (holder, places) in &carried {
        let held = sum(weights, places);
        let answered: Vec<usize> =
            places.iter().copied().filter(|place| count.votes[*place].is_some()).collect();
        if let Some((from, to)) = lower(&mut votes, &answered, all - held) {
            reductions.push(Reduction { person: *holder, reason: Reason::Holder, from, to });
        }
    }
    (votes, reductions)
}

/// An owner of more than half of all votes has as many as all others together.
fn reduce_majority(attendance: &Attendance<'_>, weights: &[Votes]) -> (Vec<Votes>, Vec<Reduction>) {
    let roll = attendance.hall().roll;
    let all: u64 = weights.iter().map(|votes| votes.0).sum();
    let mut votes = weights.to_vec();
    let mut owned: Vec<Vec<usize>> = vec![Vec::new(); roll.owners().len()];
    for (place, lot) in roll.lots().iter().enumerate() {
        owned[lot.owner].push(place);
    }
    for (owner, places) in owned.iter().enumerate() {
        let held = sum(weights, places);
        if !is_majority(held, all) {
            continue;
        }
        let person =
            places.first().and_then(|place| roll.lots()[*place].voter).unwrap_or(roll.owners()[owner][0]);
        if let Some((from, to)) = lower(&mut votes, places, all - held) {
            return (votes, vec![Reduction { person, reason: Reason::Majority, from, to }]);
        }
    }
    (votes, Vec::new())
}

fn is_majority(owned: u64, all: u64) -> bool {
    let formula = RuleId::FrMajorityOwner.formula().expect("invariant: a majority is a predicate");
    Arithmetic::of(formula, &Figures::new(&[(Quantity::VotesOwned, owned), (Quantity::VotesAll, all)]))
        .holds()
}

/// Who would vote for a lot by proxy.
fn carrier(attendance: &Attendance<'_>, lot: LotId, item: ItemNumber) -> Option<PersonId> {
    let held = attendance.proxies().of_lot(lot).filter(|held| held.mandate.covers(item));
    held.map(|held| held.mandate.holder)
}

/// Brings the votes of some lots down to a limit in all; tells from what to what if they were above.
fn lower(votes: &mut [Votes], places: &[usize], limit: u64) -> Option<(Votes, Votes)> {
    let from = sum(votes, places);
    if from <= limit {
        return None;
    }
    let narrow = |votes: u64| i64::try_from(votes).expect("invariant: votes of one building fit an i64");
    let held: Vec<i64> = places.iter().map(|place| narrow(votes[*place].0)).collect();
    for (place, left) in places.iter().zip(share(narrow(limit), &held)) {
        votes[*place] = Votes(u64::try_from(left).expect("invariant: a share is not negative"));
    }
    Some((Votes(from), Votes(limit)))
}

fn sum(votes: &[Votes], places: &[usize]) -> u64 {
    places.iter().map(|place| votes[*place].0).sum()
}
