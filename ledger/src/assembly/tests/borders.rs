//! Every majority of both countries at its border, one vote under it and one over it.

use protocol::assembly::{
    Base, ChargeId, ItemNumber, Matter, Meeting, Outcome, Round, RuleId, RuleSet, Votes,
};

use super::{House, other_assembly, registry, resolution};
use crate::assembly::{AssemblyError, Attendance, Doubt, Proxies, tally};
use protocol::Digest;

const SECOND: Meeting = Meeting::WithoutQuorum(super::AssemblyId::new([8; 32]));

/// Votes for, against, abstaining and not there, each spread over four owners so that no cap applies.
fn decide(law: RuleSet, matter: Matter, groups: [u64; 4]) -> super::Tally {
    let (mut votes, mut answers) = (Vec::new(), String::new());
    for (group, letter) in groups.into_iter().zip("fan-".chars()) {
        for part in 0..4 {
            votes.push(group / 4 + u64::from(part < group % 4));
            answers.push(letter);
        }
    }
    let house = House::new(&registry(law, &votes), SECOND, vec![resolution(matter)]);
    let tally = house.tally(&answers);
    assert_eq!(tally.reductions, [], "no cap in this test");
    tally
}

fn outcome(law: RuleSet, matter: Matter, groups: [u64; 4]) -> Outcome {
    decide(law, matter, groups).record.outcome
}

#[test]
fn belgian_majorities_of_votes_cast() {
    use Outcome::{Adopted, Refused};
    for (matter, groups, expected) in [
        // 3.87 §8: more than half; a tie is a refusal; abstentions and absence count for nothing.
        (Matter::Ordinary, [500, 500, 0, 0], Refused),
        (Matter::Ordinary, [501, 500, 0, 0], Adopted),
        (Matter::Ordinary, [500, 501, 0, 0], Refused),
        (Matter::Ordinary, [501, 500, 9_000, 9_000], Adopted),
        // 3.88 §1 1°: two thirds, reached exactly.
        (Matter::Works, [600, 300, 0, 0], Adopted),
        (Matter::Works, [599, 301, 0, 0], Refused),
        (Matter::Works, [599, 300, 0, 0], Refused),
        (Matter::Works, [601, 300, 0, 0], Adopted),
        (Matter::Works, [600, 300, 5_000, 5_000], Adopted),
        // 3.88 §1 2°: four fifths.
        (Matter::ChargeAllocation, [800, 200, 0, 0], Adopted),
        (Matter::ChargeAllocation, [799, 201, 0, 0], Refused),
        (Matter::ChargeAllocation, [799, 200, 0, 0], Refused),
        (Matter::ChargeAllocation, [801, 200, 0, 0], Adopted),
        // What the law exempts from two thirds.
        (Matter::ImposedWorks, [501, 500, 0, 0], Adopted),
        (Matter::ConservatoryWorks, [501, 500, 0, 0], Adopted),
    ] {
        assert_eq!(outcome(RuleSet::Belgium2020, matter, groups), expected, "{matter:?} {groups:?}");
    }
}

#[test]
fn nothing_is_adopted_by_nobody() {
    for law in RuleSet::ALL {
        for matter in Matter::ALL.into_iter().filter(|matter| law.majority(*matter).is_some()) {
            let silent = outcome(law, matter, [0, 0, 1_000, 0]);
            assert_eq!(silent, Outcome::Refused, "{law:?} {matter:?}");
        }
    }
}

#[test]
fn belgian_unanimity_and_its_second_chance() {
    let share = |groups| outcome(RuleSet::Belgium2020, Matter::ShareChange, groups);
    assert_eq!(share([1_000, 0, 0, 0]), Outcome::Adopted);
    // Missed through absence alone (3.88 §4): another assembly may decide.
    assert_eq!(share([999, 0, 0, 1]), Outcome::Again);
    assert_eq!(share([999, 1, 0, 0]), Outcome::Refused);
    assert_eq!(share([998, 0, 1, 1]), Outcome::Refused, "an abstention is not absence");

    let again = |answers: &str| {
        let item = super::Resolution { round: Round::Again, ..resolution(Matter::ShareChange) };
        let meeting = Meeting::ForUnanimity(other_assembly());
        House::new(&registry(RuleSet::Belgium2020, &[400, 300, 200, 100]), meeting, vec![item]).tally(answers)
    };
    let decided = again("fff-").record;
    assert_eq!((decided.rule, decided.outcome), (RuleId::BeUnanimityAgain, Outcome::Adopted));
    assert_eq!(decided.arithmetic.to_string(), "900 = 900");
    assert_eq!(again("ffn-").record.outcome, Outcome::Refused);
    assert_eq!(again("ffs-").record.outcome, Outcome::Refused, "who is there and silent is not in favour");
    assert_eq!(again("f---").record.outcome, Outcome::NoQuorum, "this assembly needs its quorum too");
}

#[test]
fn french_majorities_and_their_bridges() {
    use Outcome::{Adopted, Refused, SecondVote};
    let at_24 = SecondVote(RuleId::Fr24);
    for (matter, groups, expected) in [
        (Matter::Ordinary, [500, 500, 0, 9_000], Refused),
        (Matter::Ordinary, [501, 500, 3_000, 9_000], Adopted),
        // 25: more than half of all votes, the absent among them.
        (Matter::AbsoluteMatter, [501, 0, 0, 499], Adopted),
        (Matter::AbsoluteMatter, [500, 0, 0, 500], at_24),
        // 25-1: a third of all votes opens a second vote.
        (Matter::AbsoluteMatter, [300, 0, 0, 600], at_24),
        (Matter::AbsoluteMatter, [299, 0, 1, 600], Refused),
        (Matter::AbsoluteMatter, [301, 599, 0, 0], at_24),
        (Matter::ChargeAllocation, [1_000, 0, 0, 0], Adopted),
        (Matter::ChargeAllocation, [999, 0, 0, 1], Refused),
    ] {
        assert_eq!(outcome(RuleSet::France2020, matter, groups), expected, "{matter:?} {groups:?}");
    }
}

#[test]
fn the_double_majority_counts_owners_and_votes() {
    let double = |votes: &[u64], answers: &str| {
        let house = House::new(
            &registry(RuleSet::France2020, votes),
            Meeting::First,
            vec![resolution(Matter::DoubleMatter)],
        );
        house.tally(answers).record
    };
    // Four of seven owners with 600 of 900.
    let reached = double(&[200, 200, 100, 100, 100, 100, 100], "ffffa--");
    assert_eq!(reached.arithmetic.to_string(), "2 × 4 > 7 and 3 × 600 ≥ 2 × 900");
    assert_eq!(reached.outcome, Outcome::Adopted);
    // One vote less; then one owner less with more votes: heads and shares move in opposite directions.
    assert_eq!(
        double(&[200, 200, 100, 99, 101, 100, 100], "ffffa--").outcome,
        Outcome::SecondVote(RuleId::Fr25)
    );
    assert_eq!(
        double(&[250, 250, 200, 50, 50, 50, 50], "fffa---").outcome,
        Outcome::SecondVote(RuleId::Fr25)
    );
    // Half of six owners is not more than half.
    assert_eq!(double(&[200, 200, 200, 100, 100, 100], "fff---").outcome, Outcome::SecondVote(RuleId::Fr25));
    // 26-1: half of those present, a third of all votes; at the border and one under each.
    let border = double(&[150, 150, 150, 150, 150, 150], "ffaa--");
    assert_eq!(border.outcome, Outcome::SecondVote(RuleId::Fr25));
    assert_eq!(border.bridge.unwrap().to_string(), "2 × 2 ≥ 4 and 3 × 300 ≥ 900");
    assert_eq!(double(&[150, 149, 151, 150, 150, 150], "ffaa--").outcome, Outcome::Refused);
    assert_eq!(double(&[150, 150, 150, 150, 150, 150], "ffaaa-").outcome, Outcome::Refused);
}

#[test]
fn a_second_vote_needs_a_first_and_leads_no_further() {
    let second = super::Resolution {
        item: ItemNumber(2),
        round: Round::Second(ItemNumber(1)),
        ..resolution(Matter::DoubleMatter)
    };
    let votes = [150; 6];
    let items = vec![resolution(Matter::DoubleMatter), second];
    let house = House::new(&registry(RuleSet::France2020, &votes), Meeting::First, items);
    let first = house.tally("fff---");
    assert_eq!(first.record.outcome, Outcome::SecondVote(RuleId::Fr25));
    assert!(first.doubts.contains(&Doubt::Rule(RuleId::Fr26Bridge)), "{:?}", first.doubts);
    let outright = house.tally("ffff--");
    assert_eq!(outright.record.outcome, Outcome::Adopted);
    assert!(!outright.doubts.contains(&Doubt::Rule(RuleId::Fr26Bridge)), "nobody looked at it");
    let adopted = house.tally_item(1, "ffff--", Some(&first)).record;
    assert_eq!((adopted.rule, adopted.outcome), (RuleId::Fr25, Outcome::Adopted));
    // 450 of 900 misses article 25 and has its third; no vote at article 24 follows (decree, 19-1).
    assert_eq!(house.tally_item(1, "fff---", Some(&first)).record.outcome, Outcome::Refused);

    let refused = |first: Option<&super::Tally>| {
        let (presences, count) = super::answered(&house.roll, "ffff--");
        let (hall, proxies) = (house.hall(), Proxies::default());
        let attendance = Attendance::new(&hall, &proxies, &presences);
        tally(&attendance, &house.resolutions[1], &count, first, Digest::new([5; 32]))
    };
    let adopted_at_once = house.tally("fffff-");
    assert_eq!(adopted_at_once.record.outcome, Outcome::Adopted);
    for first in [None, Some(&adopted_at_once)] {
        assert_eq!(refused(first), Err(AssemblyError::NoSecondVote { item: ItemNumber(2) }));
    }
    assert!(refused(Some(&first)).is_ok());
}

#[test]
fn between_two_french_owners_the_larger_decides() {
    let decide = |matter, votes: &[u64; 2], answers| {
        let house =
            House::new(&registry(RuleSet::France2020, votes), Meeting::First, vec![resolution(matter)]);
        house.tally(answers).record
    };
    for (matter, votes, answers, rule, expected) in [
        (Matter::Ordinary, [501, 499], "fa", RuleId::FrTwoOwners24, Outcome::Adopted),
        (Matter::Ordinary, [501, 499], "af", RuleId::FrTwoOwners24, Outcome::Refused),
        (Matter::Ordinary, [500, 500], "fa", RuleId::FrTwoOwners24, Outcome::Refused),
        (Matter::Syndic, [501, 499], "f-", RuleId::FrTwoOwners24, Outcome::Adopted),
        (Matter::AbsoluteMatter, [600, 300], "fa", RuleId::FrTwoOwners25, Outcome::Adopted),
        (Matter::AbsoluteMatter, [599, 301], "fa", RuleId::FrTwoOwners25, Outcome::Refused),
        (Matter::AbsoluteMatter, [599, 301], "ff", RuleId::FrTwoOwners25, Outcome::Adopted),
    ] {
        let record = decide(matter, &votes, answers);
        assert_eq!((record.rule, record.outcome), (rule, expected), "{matter:?} {votes:?} {answers}");
    }
}

#[test]
fn only_those_who_bear_a_charge_vote_on_it() {
    let mut building = registry(RuleSet::Belgium2020, &[100, 100, 100, 700]);
    super::charge(&mut building, &[(1, 2), (2, 2), (3, 1)]);
    let item = super::Resolution { base: Base::Charge(ChargeId(1)), ..resolution(Matter::Works) };
    let house = House::new(&building, Meeting::First, vec![item]);
    // Lot 4 owns most of the building and bears nothing of the lift; lot 3 has no part of two thirds in it.
    let record = house.tally("ffas").record;
    assert_eq!((record.votes, record.votes_present), (Votes(5), Votes(5)));
    assert_eq!((record.arithmetic.to_string().as_str(), record.outcome), ("3 × 4 ≥ 2 × 5", Outcome::Adopted));
    assert_eq!(house.tally("fafs").record.outcome, Outcome::Refused);
    let unknown = super::Resolution { base: Base::Charge(ChargeId(2)), ..resolution(Matter::Works) };
    assert_eq!(house.roll.weights(unknown.base), Err(AssemblyError::NoCharge { charge: ChargeId(2) }));
}

#[test]
fn the_arithmetic_can_be_read() {
    let record = decide(RuleSet::Belgium2020, Matter::Works, [612, 288, 0, 100]).record;
    assert_eq!(record.arithmetic.to_string(), "3 × 612 ≥ 2 × 900");
    assert_eq!((record.votes, record.votes_present), (Votes(1_000), Votes(900)));
}
