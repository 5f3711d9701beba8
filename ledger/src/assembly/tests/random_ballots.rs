//! Random ballots: which one counts for a lot, found again by looking at each lot alone; and whatever is told in another
//! order gives the same count.

use proptest::prelude::*;
use protocol::Digest;
use protocol::assembly::{Ballot, Choice, LotId, Matter, Meeting, RuleSet, VerifiedBallot, Votes};
use protocol::energy::Salt;

use super::{CHAIN, CLOSES, House, OPENS, at, draft, key, other_assembly, registry, resolution};
use crate::assembly::{BallotBox, Entered, Proxies, Verdict};

/// Whose lots (person n owns lot n), answer, sequence, height, and what is wrong with it.
type Cast = (u32, usize, u64, u64, u8);

fn casts() -> impl Strategy<Value = Vec<Cast>> {
    proptest::collection::vec((1u32..4, 0usize..5, 0u64..3, OPENS.0 - 1..CLOSES.0 + 2, 0u8..10), 0..12)
}

fn sign(house: &House, (person, choice, sequence, _, wrong): Cast, salt: u8) -> VerifiedBallot {
    let mut ballot: Ballot = draft(house, &[person], person, Choice::ALL[choice], sequence);
    ballot.salt = Salt::new([salt; 16]);
    match wrong {
        0 => ballot.assembly = other_assembly(),
        1 => ballot.votes = Votes(1),
        2 => ballot.lots = protocol::Bounded::new(vec![LotId(person % 3 + 1)]).unwrap(),
        3 => ballot.resolution = Digest::new([0; 32]),
        _ => {}
    }
    ballot.sign(&key(person), &CHAIN).verify(&CHAIN).unwrap()
}

fn counts((_, _, _, height, wrong): &Cast) -> bool {
    (OPENS.0..=CLOSES.0).contains(height) && *wrong > 3
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn each_lot_has_its_highest_honest_ballot(casts in casts(), turn in 0usize..12) {
        let building = registry(RuleSet::Belgium2020, &[100, 200, 300]);
        let house = House::new(&building, Meeting::First, vec![resolution(Matter::Ordinary)]);
        let (hall, proxies) = (house.hall(), Proxies::default());
        let ballots = BallotBox::new(&hall, &proxies, &house.resolutions[0]).unwrap();
        let mut entered: Vec<Entered<VerifiedBallot>> = casts
            .iter()
            .zip(0u8..)
            .map(|(cast, n)| Entered { value: sign(&house, *cast, n), at: at(cast.3, n.into()) })
            .collect();
        let count = ballots.count(&entered, &[]).unwrap();
        for person in 1u32..4 {
            let mine = || casts.iter().filter(|cast| cast.0 == person && counts(cast));
            let highest: Vec<&Cast> = {
                let highest = mine().map(|cast| cast.2).max();
                mine().filter(|cast| Some(cast.2) == highest).collect()
            };
            let expected = if let [only] = highest.as_slice() { Some(Choice::ALL[only.1]) } else { None };
            let place = usize::try_from(person).unwrap() - 1;
            prop_assert_eq!(count.votes[place].map(|vote| vote.choice), expected);
        }
        let refused = count.verdicts.values().filter(|verdict| matches!(verdict, Verdict::Refused(_))).count();
        prop_assert_eq!(refused, casts.iter().filter(|cast| !counts(cast)).count());
        prop_assert_eq!((count.verdicts.len(), count.replayed), (casts.len(), 0));

        entered.rotate_left(turn.min(casts.len()));
        let told_otherwise = ballots.count(&entered, &[]).unwrap();
        prop_assert_eq!(told_otherwise.votes, count.votes);
        prop_assert_eq!(told_otherwise.verdicts, count.verdicts);
    }
}
