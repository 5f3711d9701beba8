//! Quorum, notice and who is there.

use protocol::Digest;
use protocol::assembly::{Meeting, Outcome, RuleId, RuleSet};

use super::{House, other_assembly, registry, resolution};
use crate::assembly::{Attendance, Doubt, Presence, Proxies, Way, tally};
use protocol::assembly::{ItemNumber, Matter, PersonId, Votes};

fn reached(votes: &[u64], answers: &str) -> bool {
    let house = House::new(
        &registry(RuleSet::Belgium2020, votes),
        Meeting::First,
        vec![resolution(Matter::Ordinary)],
    );
    house.tally(answers).record.outcome != Outcome::NoQuorum
}

#[test]
fn half_the_owners_with_half_the_votes_or_three_quarters() {
    // Three of four owners, and of votes 500, 499 of 1,000.
    assert!(reached(&[200, 200, 100, 500], "fff-"));
    assert!(!reached(&[200, 200, 99, 501], "fff-"));
    // Two of four owners are not more than half, two of three are.
    assert!(!reached(&[250, 250, 250, 250], "ff--"));
    assert!(reached(&[250, 250, 500], "ff-"));
    // More than three quarters of the votes whatever the owners; three quarters are not more.
    assert!(reached(&[751, 100, 100, 49], "f---"));
    assert!(!reached(&[750, 100, 100, 50], "f---"));
}

#[test]
fn a_second_assembly_and_france_need_none() {
    let quorum = |law, meeting| {
        let house = House::new(&registry(law, &[500, 500]), meeting, vec![resolution(Matter::Ordinary)]);
        let (presences, _) = super::answered(&house.roll, "f-");
        let (hall, proxies) = (house.hall(), Proxies::default());
        Attendance::new(&hall, &proxies, &presences).quorum()
    };
    assert!(!quorum(RuleSet::Belgium2020, Meeting::First).is_reached());
    assert!(!quorum(RuleSet::Belgium2020, Meeting::ForUnanimity(other_assembly())).is_reached());
    let second = quorum(RuleSet::Belgium2020, Meeting::WithoutQuorum(other_assembly()));
    assert_eq!((second.is_reached(), second.arithmetic), (true, None));
    let france = quorum(RuleSet::France2020, Meeting::First);
    assert_eq!((france.is_reached(), france.arithmetic), (true, None));
    assert_eq!((france.owners_present, france.votes_present), (1, Votes(500)));
}

#[test]
fn the_quorum_is_that_of_the_start_and_the_base_that_of_the_vote() {
    let votes = [250, 250, 250, 250];
    let items = vec![resolution(Matter::Ordinary)];
    let house = House::new(&registry(RuleSet::Belgium2020, &votes), Meeting::First, items);
    let there = |person, from, until| Presence { person: PersonId(person), is_remote: false, from, until };
    // Owner 3 leaves before the first vote, owner 4 arrives after it.
    let presences = [there(1, 0, None), there(2, 0, Some(2)), there(3, 0, Some(1)), there(4, 2, None)];
    let (hall, proxies) = (house.hall(), Proxies::default());
    let attendance = Attendance::new(&hall, &proxies, &presences);
    assert!(attendance.quorum().is_reached());
    let (_, nobody) = super::answered(&house.roll, "----");
    let present = |item| attendance.present(ItemNumber(item), &nobody);
    assert_eq!(present(1), [true, true, false, false]);
    assert_eq!(present(2), [true, false, false, true]);
    // Who votes is there, whatever attendance says.
    let (_, late) = super::answered(&house.roll, "--f-");
    assert_eq!(attendance.present(ItemNumber(1), &late), [true, true, true, false]);
}

#[test]
fn what_is_signed_from_afar_is_the_chairs_to_allow_in_belgium() {
    for (law, way, is_remote, expected) in [
        (RuleSet::Belgium2020, Way::Signed, true, true),
        (RuleSet::Belgium2020, Way::Signed, false, false),
        (RuleSet::Belgium2020, Way::InRoom, true, false),
        (RuleSet::France2020, Way::Signed, true, false),
    ] {
        let house =
            House::new(&registry(law, &[500, 500]), Meeting::First, vec![resolution(Matter::Ordinary)]);
        let (mut presences, mut count) = super::answered(&house.roll, "ff");
        presences.iter_mut().for_each(|presence| presence.is_remote = is_remote);
        count.votes.iter_mut().flatten().for_each(|vote| vote.way = way);
        let (hall, proxies) = (house.hall(), Proxies::default());
        let attendance = Attendance::new(&hall, &proxies, &presences);
        let tally = tally(&attendance, &house.resolutions[0], &count, None, Digest::new([5; 32])).unwrap();
        assert_eq!(
            tally.doubts.contains(&Doubt::Rule(RuleId::BeRemote)),
            expected,
            "{law:?} {way:?} {is_remote}"
        );
    }
}
