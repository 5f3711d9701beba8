//! What the law takes off large owners and holders of many proxies.

use protocol::assembly::{Matter, Meeting, Outcome, PersonId, RuleId, RuleSet, Totals, Votes};

use super::{House, own, registry, resolution, sole};
use crate::assembly::{Doubt, Reason, Reduction, Tally};

fn decide(law: RuleSet, votes: &[u64], answers: &str, matter: Matter) -> Tally {
    House::new(&registry(law, votes), Meeting::First, vec![resolution(matter)]).tally(answers)
}

fn reduced(person: u32, reason: Reason, from: u64, to: u64) -> Reduction {
    Reduction { person: PersonId(person), reason, from: Votes(from), to: Votes(to) }
}

#[test]
fn nobody_votes_for_more_than_the_others_hold() {
    let belgium = |votes: &[u64], answers| decide(RuleSet::Belgium2020, votes, answers, Matter::Ordinary);
    // At the border nothing happens; one vote more is taken off.
    let equal = belgium(&[500, 300, 200], "faa");
    assert_eq!((equal.reductions.len(), equal.record.outcome), (0, Outcome::Refused));
    let more = belgium(&[501, 299, 200], "faa");
    assert_eq!(more.reductions, [reduced(1, Reason::Owner, 501, 499)]);
    assert_eq!((more.record.held.in_favour, more.record.counted.in_favour), (Votes(501), Votes(499)));
    assert_eq!(more.record.outcome, Outcome::Refused, "a tie");
    // Votes that the others hold count, not those they cast.
    let silent = belgium(&[600, 250, 150], "fsn");
    assert_eq!(silent.reductions, [reduced(1, Reason::Owner, 600, 400)]);
    assert_eq!(silent.record.counted.in_favour, Votes(400));
    // Who is not there holds nothing.
    let absent = belgium(&[760, 140, 100], "fa-");
    assert_eq!(absent.reductions, [reduced(1, Reason::Owner, 760, 140)]);
    assert_eq!(absent.record.outcome, Outcome::Refused);
}

#[test]
fn a_person_alone_at_a_second_assembly_is_the_chairs_to_decide() {
    let meeting = Meeting::WithoutQuorum(super::other_assembly());
    let house = House::new(
        &registry(RuleSet::Belgium2020, &[500, 300, 200]),
        meeting,
        vec![resolution(Matter::Ordinary)],
    );
    let alone = house.tally("f--");
    assert_eq!(alone.record.counted, Totals::default());
    assert_eq!(alone.record.outcome, Outcome::Refused);
    assert!(alone.doubts.contains(&Doubt::Alone));
    assert!(!house.tally("ff-").doubts.contains(&Doubt::Alone));
}

#[test]
fn what_is_left_is_spread_over_the_lots() {
    let mut building = registry(RuleSet::Belgium2020, &[301, 200, 100, 200]);
    own(&mut building, 2, sole(1));
    own(&mut building, 3, sole(1));
    let house = House::new(&building, Meeting::First, vec![resolution(Matter::Ordinary)]);
    let tally = house.tally("ffff");
    assert_eq!(tally.reductions, [reduced(1, Reason::Owner, 601, 200)]);
    let counted: Vec<u64> = tally.stands.iter().map(|stand| stand.counted.0).collect();
    // 200 × 301, 200, 100 / 601: 100.17, 66.56, 33.28.
    assert_eq!(counted, [100, 67, 33, 200]);
    // Lots without an answer need no room.
    let tally = house.tally("fs-f");
    assert_eq!(tally.reductions, [reduced(1, Reason::Owner, 301, 200)]);
    assert!(house.tally("faff").doubts.contains(&Doubt::ReducedDivided));
    assert!(!house.tally("ffff").doubts.contains(&Doubt::ReducedDivided));
}

#[test]
fn a_french_owner_of_more_than_half_has_as_many_as_all_others() {
    let france = |votes: &[u64], answers| decide(RuleSet::France2020, votes, answers, Matter::Ordinary);
    let half = france(&[500, 300, 200], "faa");
    assert_eq!(half.reductions, []);
    let more = france(&[501, 299, 200], "faa");
    assert_eq!(more.reductions, [reduced(1, Reason::Majority, 501, 499)]);
    assert_eq!(more.record.outcome, Outcome::Refused);
    // Of the whole building, not of those present.
    let absent = france(&[501, 299, 200], "fa-");
    assert_eq!(absent.record.counted.in_favour, Votes(499));
    assert_eq!(absent.record.outcome, Outcome::Adopted);
    let elsewhere = france(&[400, 100, 300, 200], "fa--");
    assert_eq!(elsewhere.reductions, [], "most of those there, not most of the building");
    // Whether all votes shrink with it is not settled: article 25 is measured against the deed, and says so.
    let of_all = decide(RuleSet::France2020, &[700, 200, 100], "ffa", Matter::AbsoluteMatter);
    assert_eq!(of_all.record.arithmetic.to_string(), "2 × 500 > 1000");
    assert_eq!(of_all.record.outcome, Outcome::SecondVote(RuleId::Fr24));
    assert!(of_all.doubts.contains(&Doubt::ReducedTotal) && !more.doubts.contains(&Doubt::ReducedTotal));
}
