//! What the votes come to: totals as held and as the law counts them, the majority with its figures, the outcome, and
//! for the minutes who stood where. Integers only; the same input gives the same bytes everywhere.

use std::collections::BTreeSet;

use protocol::Digest;
use protocol::assembly::{Choice, LotId, PersonId, Resolution, RuleId, RuleSet, TallyRecord, Totals, Votes};

use super::counting::{Count, LotVote, takes_no_part};
use super::error::AssemblyError;
use super::judge::{Judged, Sums, bridge_of, counts_held, judge, majority};
use super::meeting::{Attendance, count_owners};
use super::reduce::{Reason, Reduction, reduce};

/// A vote counted out, with what stays in the building.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// What everybody is told.
    pub record: TallyRecord,
    /// What the law took off.
    pub reductions: Vec<Reduction>,
    /// Every lot that is present, represented or defaulting, in the order of the roll.
    pub stands: Vec<Stand>,
    /// Points on which the law says nothing: whoever chairs decides, and the page warns.
    pub doubts: BTreeSet<Doubt>,
}

/// Where a lot stood in a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stand {
    /// The lot.
    pub lot: LotId,
    /// Who votes for it.
    pub voter: Option<PersonId>,
    /// Its votes.
    pub held: Votes,
    /// Its votes as they count.
    pub counted: Votes,
    /// Its answer; none for silence.
    pub vote: Option<LotVote>,
    /// Whether its postal form answers a text that was changed.
    pub is_defaulting: bool,
}

/// A point on which the law says nothing, or that we are not sure of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// The rule itself is marked unsure.
    Rule(RuleId),
    /// How several persons who own a lot together count as owners.
    JointOwners,
    /// An owner voted in different ways with different lots, where owners are counted.
    DividedOwner,
    /// One person alone is there, so that the others hold nothing and nobody may vote.
    Alone,
    /// Somebody with reduced votes gave different answers.
    ReducedDivided,
    /// Whether all votes of the building shrink with those of an owner of more than half (France).
    ReducedTotal,
}

/// Counts a resolution out. `first` is the tally of the item that this one is a second vote on; `ballots` the root over
/// everything that came in.
pub fn tally(
    attendance: &Attendance<'_>,
    resolution: &Resolution,
    count: &Count,
    first: Option<&Tally>,
    ballots: Digest,
) -> Result<Tally, AssemblyError> {
    let hall = attendance.hall();
    let roll = hall.roll;
    let first = first.map(|first| &first.record);
    let rule = majority(hall.opening, roll.owners().len(), resolution.item, first)?;
    let weights = roll.weights(resolution.base)?;
    let mut present = attendance.present(resolution.item, count);
    for (place, lot) in roll.lots().iter().enumerate() {
        let takes_part = lot.voter.is_some_and(|voter| !takes_no_part(roll.law, resolution, voter));
        present[place] &= takes_part && weights[place] > Votes::ZERO;
    }
    // Unanimity and two owners (France, 41-15 and following) look at what is held.
    let (votes, reductions) = if counts_held(rule) {
        (weights.clone(), Vec::new())
    } else {
        reduce(attendance, &weights, &present, count, resolution.item)
    };

    let mut stands = Vec::new();
    let (mut held, mut counted) = (Totals::default(), Totals::default());
    for place in (0..present.len()).filter(|place| present[*place]) {
        let (lot, vote) = (&roll.lots()[place], count.votes[place]);
        let is_defaulting = count.defaulting.contains(&place);
        let choice = vote.map(|vote| vote.choice);
        held.add(choice, weights[place]);
        counted.add(choice, votes[place]);
        let (held, counted) = (weights[place], votes[place]);
        stands.push(Stand { lot: lot.lot, voter: lot.voter, held, counted, vote, is_defaulting });
    }

    let owners = owners_in_favour(attendance, &present, count);
    let counted_owners = u32::try_from(roll.owners().len()).expect("invariant: no more owners than lots");
    let votes_present: Votes = stands.iter().map(|stand| stand.held).sum();
    let all: Votes = weights.into_iter().sum();
    let owners_present = count_owners(hall, &present);
    let sums = Sums {
        rule,
        held,
        counted,
        owners_in_favour: owners.in_favour,
        owners_present,
        owners: counted_owners,
        votes_present,
        votes: all,
    };
    let Judged { arithmetic, bridge: bridge_worked, outcome } =
        judge(roll.law, resolution.round, attendance.quorum().is_reached(), &sums);
    let bridge = bridge_of(roll.law, resolution.round, rule).filter(|_| bridge_worked.is_some());
    let doubts = doubts(attendance, rule, bridge.map(|b| b.when), &reductions, &stands, owners.is_divided);
    let record = TallyRecord {
        assembly: hall.id(),
        item: resolution.item,
        resolution: resolution.hash(),
        rule,
        held,
        counted,
        owners_in_favour: owners.in_favour,
        owners_present,
        owners: counted_owners,
        votes_present,
        votes: all,
        arithmetic,
        bridge: bridge_worked,
        outcome,
        ballots,
    };
    Ok(Tally { record, reductions, stands, doubts })
}

struct OwnersInFavour {
    in_favour: u32,
    is_divided: bool,
}

/// Owners who answered in favour with at least one lot and against with none.
fn owners_in_favour(attendance: &Attendance<'_>, present: &[bool], count: &Count) -> OwnersInFavour {
    let roll = attendance.hall().roll;
    let mut answers: Vec<BTreeSet<Choice>> = vec![BTreeSet::new(); roll.owners().len()];
    for (place, lot) in roll.lots().iter().enumerate().filter(|(place, _)| present[*place]) {
        answers[lot.owner].extend(count.votes[place].map(|vote| vote.choice));
    }
    let is_for =
        |given: &&BTreeSet<Choice>| given.contains(&Choice::For) && !given.contains(&Choice::Against);
    let in_favour = answers.iter().filter(is_for).count();
    OwnersInFavour {
        in_favour: u32::try_from(in_favour).expect("invariant: no more owners than lots"),
        is_divided: answers.iter().any(|given| given.len() > 1),
    }
}

fn doubts(
    attendance: &Attendance<'_>,
    rule: RuleId,
    bridge: Option<RuleId>,
    reductions: &[Reduction],
    stands: &[Stand],
    is_divided: bool,
) -> BTreeSet<Doubt> {
    let roll = attendance.hall().roll;
    let mut doubts: BTreeSet<Doubt> = BTreeSet::new();
    let rules = || std::iter::once(rule).chain(bridge);
    doubts.extend(rules().filter(|rule| rule.rule().certainty.is_unsure()).map(Doubt::Rule));
    let mut note = |doubt, is_so: bool| is_so.then(|| doubts.insert(doubt));
    let is_joint = roll.owners().iter().any(|owner| owner.len() > 1);
    let counts_owners = rules().any(RuleId::counts_owners) || attendance.quorum().arithmetic.is_some();
    note(Doubt::JointOwners, counts_owners && is_joint);
    note(Doubt::DividedOwner, is_divided && rules().any(RuleId::counts_owners));
    note(Doubt::Rule(RuleId::FrSplit), roll.law == RuleSet::France2020 && is_joint);
    let is_from_afar =
        stands.iter().filter_map(|stand| stand.vote).any(|vote| attendance.is_from_afar(&vote));
    note(Doubt::Rule(RuleId::BeRemote), roll.law == RuleSet::Belgium2020 && is_from_afar);
    let voters: BTreeSet<PersonId> = stands.iter().filter_map(|stand| stand.voter).collect();
    note(Doubt::Alone, roll.law == RuleSet::Belgium2020 && voters.len() == 1 && !reductions.is_empty());
    let is_of =
        |stand: &&Stand, person| stand.voter == Some(person) || stand.vote.is_some_and(|v| v.by == person);
    let answers = |person| -> BTreeSet<Choice> {
        let answered = stands.iter().filter(|stand| is_of(stand, person)).filter_map(|stand| stand.vote);
        answered.map(|vote| vote.choice).collect()
    };
    note(Doubt::ReducedDivided, reductions.iter().any(|reduction| answers(reduction.person).len() > 1));
    let is_majority = reductions.iter().any(|reduction| reduction.reason == Reason::Majority);
    note(Doubt::ReducedTotal, is_majority && rule != RuleId::Fr24);
    doubts
}
