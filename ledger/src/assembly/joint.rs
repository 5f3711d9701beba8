//! Several buildings decide together: buildings are counted, each as its own assembly decided by its own law.

use std::collections::BTreeMap;

use protocol::Address;
use protocol::assembly::{Arithmetic, Figures, JointQuestion, Outcome, Quantity};

/// How a joint question stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joint {
    /// The rule with its figures, as far as buildings are closed.
    pub arithmetic: Arithmetic,
    /// How it stands.
    pub standing: Standing,
    /// Buildings that have not decided.
    pub open: Vec<Address>,
}

/// Whether a joint question is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// A building has not decided yet: nothing is carried out.
    Open,
    /// Adopted, in the block in which the last building closed.
    Adopted,
    /// Refused, even if single buildings adopted.
    Refused,
}

/// Counts the buildings asked. What a building that was not asked decided does not matter; a second vote or another
/// assembly that is still to come keeps the question open.
pub fn decide_jointly(question: &JointQuestion, outcomes: &BTreeMap<Address, Outcome>) -> Joint {
    let of = |building: &Address| outcomes.get(building).copied().filter(|outcome| is_final(*outcome));
    let open: Vec<Address> =
        question.buildings.iter().filter(|building| of(building).is_none()).copied().collect();
    let adopted = question.buildings.iter().filter(|building| of(building) == Some(Outcome::Adopted)).count();
    let asked = question.buildings.len();
    let figures = Figures::new(&[
        (Quantity::BuildingsFor, adopted as u64),
        (Quantity::BuildingsClosed, (asked - open.len()) as u64),
        (Quantity::BuildingsAsked, asked as u64),
    ]);
    let worked = question.needed.comparison().work(&figures);
    let standing = match (open.is_empty(), worked.holds()) {
        (false, _) => Standing::Open,
        (true, true) => Standing::Adopted,
        (true, false) => Standing::Refused,
    };
    Joint { arithmetic: Arithmetic::single(worked), standing, open }
}

/// Whether a building has nothing more to vote on: one without quorum holds its second assembly.
pub fn is_final(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Adopted | Outcome::Refused => true,
        Outcome::NoQuorum | Outcome::SecondVote(_) | Outcome::Again => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::assembly::{Effect, Needed};
    use protocol::{Bounded, Digest};

    fn stands(needed: Needed, outcomes: &[Option<Outcome>]) -> (Standing, String) {
        let building = |n: usize| Address::new([u8::try_from(n).unwrap(); 20]);
        let buildings: Vec<Address> = (1..=outcomes.len()).map(building).collect();
        let decided = buildings.iter().zip(outcomes).filter_map(|(b, outcome)| outcome.map(|o| (*b, o)));
        let mut decided: BTreeMap<Address, Outcome> = decided.collect();
        decided.insert(building(99), Outcome::Adopted);
        let question = Digest::new([1; 32]);
        let (lead, buildings) = (buildings[0], Bounded::new(buildings).unwrap());
        let question = JointQuestion { question, buildings, needed, lead, effect: Effect::Nothing };
        assert_eq!(question.check(), Ok(()));
        let joint = decide_jointly(&question, &decided);
        (joint.standing, joint.arithmetic.to_string())
    }

    #[test]
    fn five_adoptions_decide_and_four_do_not() {
        let [yes, no] = [Some(Outcome::Adopted), Some(Outcome::Refused)];
        assert_eq!(stands(Needed::All, &[yes; 5]), (Standing::Adopted, "5 = 5".to_owned()));
        assert_eq!(stands(Needed::All, &[yes, yes, no, yes, yes]), (Standing::Refused, "4 = 5".to_owned()));
        // Never before the last one is closed, however clear it is.
        for open in [None, Some(Outcome::NoQuorum), Some(Outcome::Again)] {
            assert_eq!(stands(Needed::Majority, &[yes, yes, yes, yes, open]).0, Standing::Open);
        }
    }

    #[test]
    fn each_rule_at_its_border() {
        let of = |needed, adopted: usize, asked: usize| {
            let outcome = |n| Some(if n < adopted { Outcome::Adopted } else { Outcome::Refused });
            stands(needed, &(0..asked).map(outcome).collect::<Vec<_>>()).0 == Standing::Adopted
        };
        assert_eq!([2, 3].map(|n| of(Needed::Majority, n, 4)), [false, true]);
        assert_eq!([3, 4, 5].map(|n| of(Needed::TwoThirds, n, 6)), [false, true, true]);
        assert_eq!([3, 4, 5].map(|n| of(Needed::FourFifths, n, 5)), [false, true, true]);
    }
}
