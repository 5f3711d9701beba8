//! Minutes, polls, commitments, and what a registry's size asks for.

use std::collections::BTreeSet;

use protocol::assembly::{
    LotKind, Matter, Meeting, PersonId, Poll, PollBallot, Registry, RuleId, RuleSet, TallyRecord, Text, Votes,
};
use protocol::energy::Salt;
use protocol::limits::{COMMITMENT_PATH_MAX, RECEIPT_BYTES_MAX};
use protocol::{Bounded, Digest, decode, encode};

use super::{CHAIN, CLOSES, DAY, House, OPENS, at, key, own, registry, resolution, sole};
use crate::assembly::deadlines::{may_ask, needs_council};
use crate::assembly::{
    Attendance, CommitmentFrontier, CommitmentTree, Entered, InTally, PollResult, Proxies, Refused, Roll,
    commit_lot, count_poll, minutes, tally,
};

#[test]
fn minutes_name_whom_the_law_wants_named() {
    for (law, rule) in [(RuleSet::Belgium2020, RuleId::BeNamed), (RuleSet::France2020, RuleId::FrNamed)] {
        let mut building = registry(law, &[100; 7]);
        own(&mut building, 3, sole(2));
        let house = House::new(&building, Meeting::First, vec![resolution(Matter::Ordinary)]);
        let (presences, mut count) = super::answered(&house.roll, "faanxs-");
        count.defaulting = [5].into();
        let (hall, proxies) = (house.hall(), Proxies::default());
        let attendance = Attendance::new(&hall, &proxies, &presences);
        let tally = tally(&attendance, &house.resolutions[0], &count, None, Digest::new([1; 32])).unwrap();
        let minutes = minutes(&house.roll, attendance.quorum(), &proxies, std::slice::from_ref(&tally));
        assert_eq!((minutes.named, minutes.votes[0].record.clone()), (rule, tally.record));
        let vote = &minutes.votes[0];
        let lots =
            |named: &[crate::assembly::Named]| named.iter().map(|named| named.lot.0).collect::<Vec<_>>();
        assert_eq!(lots(&vote.against), [2, 3]);
        assert_eq!(
            (vote.against[1].owners.as_slice(), vote.against[1].votes),
            (&[PersonId(2)][..], Votes(100))
        );
        assert_eq!((lots(&vote.abstained), lots(&vote.without_answer)), (vec![4], vec![5]));
        assert_eq!((lots(&vote.defaulting), lots(&vote.silent)), (vec![6], vec![]));
        assert_eq!((lots(&vote.absent), vote.on_paper.len()), (vec![7], 1));
    }
}

fn poll(is_hidden: bool) -> Poll {
    let text = |text| Text::new(text).unwrap();
    Poll {
        question: text("Which colour?"),
        answers: Bounded::new(vec![text("red"), text("blue")]).unwrap(),
        is_hidden,
        opens: OPENS,
        closes: CLOSES,
        salt: Salt::new([1; 16]),
    }
}

/// Persons 1 to n answer in turns; the last one answers twice.
fn answered(poll: &Poll, voters: u32) -> PollResult {
    let house = House::new(
        &registry(RuleSet::Belgium2020, &[1; 20]),
        Meeting::First,
        vec![resolution(Matter::Ordinary)],
    );
    let cast = |person: u32, answer: u8, sequence: u64, height: u64| {
        let ballot = PollBallot {
            poll: poll.id(),
            voter: key(person).public(),
            answer,
            sequence,
            salt: Salt::new([2; 16]),
        };
        Entered { value: ballot.sign(&key(person), &CHAIN).verify(&CHAIN).unwrap(), at: at(height, person) }
    };
    let mut ballots: Vec<_> =
        (1..=voters).map(|person| cast(person, u8::try_from(person % 2).unwrap(), 1, 12)).collect();
    ballots.push(cast(voters, 0, 2, 13));
    // Late, unknown, uninvited, and an answer that is none.
    ballots.extend([cast(1, 1, 9, CLOSES.0 + 1), cast(99, 1, 1, 12), cast(25, 1, 1, 12), cast(2, 2, 9, 12)]);
    // The same again changes nothing.
    ballots.push(ballots[0].clone());
    let invited: BTreeSet<PersonId> = (1..=20).map(PersonId).collect();
    count_poll(poll, &invited, &house.keys, &ballots)
}

#[test]
fn a_hidden_poll_of_few_shows_nothing() {
    let few = answered(&poll(true), 14);
    assert_eq!((few.voters, few.answers.clone()), (14, None));
    let refused: Vec<Refused> = few.refused.values().copied().collect();
    assert!(refused.len() == 4 && refused.contains(&Refused::Late) && refused.contains(&Refused::UnknownKey));
    let enough = answered(&poll(true), 15);
    assert_eq!((enough.voters, enough.answers), (15, Some(vec![8, 7])));
    assert_eq!(answered(&poll(false), 2).answers, Some(vec![1, 1]));
}

#[test]
fn two_answers_of_one_sequence_are_void() {
    let poll = poll(false);
    let house =
        House::new(&registry(RuleSet::Belgium2020, &[1]), Meeting::First, vec![resolution(Matter::Ordinary)]);
    let cast = |answer, sequence| {
        let ballot = PollBallot {
            poll: poll.id(),
            voter: key(1).public(),
            answer,
            sequence,
            salt: Salt::new([2; 16]),
        };
        Entered { value: ballot.sign(&key(1), &CHAIN).verify(&CHAIN).unwrap(), at: at(12, 0) }
    };
    let invited = [PersonId(1)].into();
    let both = count_poll(&poll, &invited, &house.keys, &[cast(0, 1), cast(1, 1)]);
    assert_eq!((both.voters, both.void), (0, [PersonId(1)].into()));
    let later = count_poll(&poll, &invited, &house.keys, &[cast(0, 2), cast(1, 1), cast(0, 1)]);
    assert_eq!((later.answers, later.void.len()), (Some(vec![1, 0]), 0));
}

#[test]
fn every_commitment_can_be_shown_and_no_other() {
    let commitments: Vec<Digest> = (0u8..21).map(|n| Digest::new([n; 32])).collect();
    let tree = CommitmentTree::new(&commitments);
    for (commitment, index) in commitments.iter().zip(0..) {
        let proof = tree.prove(index).unwrap();
        assert!(proof.holds(&tree.root(), commitment));
        assert!(!proof.holds(&tree.root(), &Digest::new([99; 32])));
        assert!(!proof.holds(&Digest::new([0; 32]), commitment));
        let elsewhere = crate::assembly::CommitmentProof { index: (index + 1) % 21, ..proof.clone() };
        assert!(!elsewhere.holds(&tree.root(), commitment));
        assert!(
            encode(&proof).len() < COMMITMENT_PATH_MAX * 34 + 64 && encode(&proof).len() < RECEIPT_BYTES_MAX
        );
    }
    assert_eq!(tree.prove(21), None);
    let mut frontier = CommitmentFrontier::default();
    for (commitment, size) in commitments.iter().zip(1..) {
        frontier.push(commitment);
        assert_eq!(frontier.root(), CommitmentTree::new(&commitments[..size]).root());
        assert_eq!(decode::<CommitmentFrontier>(&encode(&frontier), 999), Ok(frontier.clone()));
    }
    assert_eq!(CommitmentFrontier::default().root(), CommitmentTree::default().root());
    // Removing, adding or swapping one gives another root.
    for changed in [&commitments[1..], &commitments[..20]] {
        assert_ne!(CommitmentTree::new(changed).root(), tree.root());
    }
}

#[test]
fn a_receipt_shows_a_ballot_under_its_tally() {
    let commitments: Vec<Digest> = (0u8..210).map(|n| Digest::new([n; 32])).collect();
    let tree = CommitmentTree::new(&commitments);
    let house = House::new(
        &registry(RuleSet::Belgium2020, &[1; 3]),
        Meeting::First,
        vec![resolution(Matter::Ordinary)],
    );
    let record = TallyRecord { ballots: tree.root(), ..house.tally("ffa").record };
    let proof = tree.prove(7).unwrap();
    let receipt = InTally { assembly: record.assembly, commitment: commitments[7], proof };
    let bytes = encode(&receipt);
    assert!(receipt.holds(&record) && bytes.len() <= RECEIPT_BYTES_MAX, "{}", bytes.len());
    assert_eq!(InTally::from_bytes(&bytes), Ok(receipt.clone()));
    assert!(InTally::from_bytes(&[bytes.as_slice(), &[0]].concat()).is_err());
    assert!(InTally::from_bytes(&vec![0; RECEIPT_BYTES_MAX + 1]).is_err());
    let other = |change: &dyn Fn(&mut InTally)| {
        let mut receipt = receipt.clone();
        change(&mut receipt);
        receipt.holds(&record)
    };
    assert!(!other(&|receipt| receipt.assembly = super::other_assembly()));
    assert!(!other(&|receipt| receipt.commitment = commitments[8]));
    assert!(!other(&|receipt| receipt.proof.size += 1));
    assert!(!other(&|receipt| receipt.proof.index = u64::MAX));
}

#[test]
fn a_lots_commitment_says_everything_under_its_salt() {
    let mut building = registry(RuleSet::Belgium2020, &[100, 200]);
    let lot = |building: &Registry| Roll::of(building, DAY).unwrap().lots()[0];
    let salt = Salt::new([1; 16]);
    let first = commit_lot(&lot(&building), &[], &salt);
    assert_ne!(first, commit_lot(&lot(&building), &[], &Salt::new([2; 16])));
    assert_ne!(first, commit_lot(&lot(&building), &[key(1).public()], &salt));
    own(&mut building, 1, sole(2));
    assert_ne!(first, commit_lot(&lot(&building), &[], &salt));
    let other = registry(RuleSet::Belgium2020, &[101, 199]);
    assert_ne!(first, commit_lot(&lot(&other), &[], &salt));
}

#[test]
fn a_fifth_may_ask_and_twenty_lots_need_a_council() {
    let roll = |law, lots: usize| Roll::of(&registry(law, &vec![50; lots]), DAY).unwrap();
    let belgium = roll(RuleSet::Belgium2020, 20);
    let asks = |votes| may_ask(&belgium, Votes(votes)).unwrap().holds();
    assert_eq!([199, 200, 201].map(asks), [false, true, true]);
    assert_eq!(may_ask(&roll(RuleSet::France2020, 20), Votes(1_000)), None);
    let council = |lots| needs_council(&roll(RuleSet::Belgium2020, lots)).unwrap().holds();
    assert_eq!([19, 20, 21].map(council), [false, true, true]);
    // A garage is none of the twenty.
    let mut building = registry(RuleSet::Belgium2020, &[50; 20]);
    let mut lots = building.lots.clone().into_vec();
    lots[0].kind = LotKind::Parking;
    building.lots = Bounded::new(lots).unwrap();
    assert!(!needs_council(&Roll::of(&building, DAY).unwrap()).unwrap().holds());
}
