//! Owners who own together, usufruct, companies, and whose own mission is decided.

use protocol::Bounded;
use protocol::assembly::{Day, Matter, Meeting, Outcome, PersonId, Registry, Right, RuleSet, Votes};

use super::{DAY, House, own, registry, resolution, sole, title};
use crate::assembly::{AssemblyError, Doubt, Roll};

#[test]
fn a_lot_of_several_owners_rests_until_they_name_one() {
    let couple = |representative| title(&[(3, Right::Full, 1), (5, Right::Full, 1)], 2, representative);
    let usufruct = |representative| title(&[(3, Right::Bare, 1), (5, Right::Usufruct, 1)], 1, representative);
    for (law, is_couple) in
        [(RuleSet::Belgium2020, true), (RuleSet::Belgium2020, false), (RuleSet::France2020, true)]
    {
        let titled = |named| if is_couple { couple(named) } else { usufruct(named) };
        let mut building = registry(law, &[300, 300, 400]);
        own(&mut building, 3, titled(None));
        let house =
            |building: &Registry| House::new(building, Meeting::First, vec![resolution(Matter::Ordinary)]);
        let resting = house(&building);
        assert_eq!(resting.roll.lots()[2].voter, None);
        let record = resting.tally("ff-").record;
        assert_eq!((record.votes, record.votes_present, record.owners), (Votes(1_000), Votes(600), 3));
        // Even if it were noted as present, it has no vote.
        assert_eq!(resting.tally("ffs").record.votes_present, Votes(600));
        own(&mut building, 3, titled(Some(5)));
        let named = house(&building).tally("ffa");
        assert_eq!(named.record.held.against, Votes(400));
        assert_eq!(named.doubts.contains(&Doubt::JointOwners), law == RuleSet::Belgium2020);
    }
}

#[test]
fn owners_are_counted_by_who_owns_together() {
    let mut building = registry(RuleSet::Belgium2020, &[100; 6]);
    let couple = title(&[(1, Right::Full, 1), (2, Right::Full, 1)], 2, Some(1));
    own(&mut building, 2, sole(1));
    own(&mut building, 3, couple.clone());
    own(&mut building, 4, couple);
    let roll = Roll::of(&building, DAY).unwrap();
    let owners: Vec<Vec<u32>> =
        roll.owners().iter().map(|owner| owner.iter().map(|person| person.0).collect()).collect();
    assert_eq!(owners, [vec![1], vec![1, 2], vec![5], vec![6]]);
    // Bare and usufruct of one person are one owner, who votes.
    own(&mut building, 5, title(&[(5, Right::Bare, 2), (5, Right::Usufruct, 2)], 2, None));
    assert_eq!(Roll::of(&building, DAY).unwrap().lots()[4].voter, Some(PersonId(5)));
}

#[test]
fn the_roll_is_that_of_the_day() {
    let mut building = registry(RuleSet::Belgium2020, &[100, 100]);
    let mut lots = building.lots.clone().into_vec();
    let sold = protocol::assembly::Title { from: DAY, ..sole(2) };
    lots[0].titles = Bounded::new(vec![sole(1), sold]).unwrap();
    building.lots = Bounded::new(lots).unwrap();
    let voter = |day| Roll::of(&building, day).unwrap().lots()[0].voter;
    assert_eq!([Day(DAY.0 - 1), DAY].map(voter), [Some(PersonId(1)), Some(PersonId(2))]);
    let early = Day(-1);
    assert_eq!(Roll::of(&building, early).unwrap_err(), AssemblyError::NoLaw { day: early });
}

#[test]
fn nobody_votes_on_the_own_mission_in_belgium() {
    for (law, expected) in [(RuleSet::Belgium2020, Outcome::Refused), (RuleSet::France2020, Outcome::Adopted)]
    {
        let building = registry(law, &[400, 300, 300]);
        let mut item = resolution(Matter::Ordinary);
        item.missions = Bounded::new(vec![PersonId(1)]).unwrap();
        let house = House::new(&building, Meeting::First, vec![item]);
        let record = house.tally("ffa").record;
        assert_eq!(record.outcome, expected, "{law:?}");
    }
}
