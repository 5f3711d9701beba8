//! Which ballots count: hostile and honest ones, two devices, paper, proxies, postal forms.

use protocol::assembly::{
    Answer, Ballot, ChargeId, Choice, Day, Duty, ItemNumber, LotId, Mandate, Matter, Meeting, Paper,
    PersonId, PostalForm, Proxy, ProxyAct, Registry, Resolution, RoomBallot, RuleSet, Sheet, SignedPaper,
    VerifiedBallot, VerifiedPaper, Votes,
};
use protocol::energy::Salt;
use protocol::{Bounded, Digest, Height};

use super::{
    CHAIN, CLOSES, DAY, House, OPENS, at, ballot, draft, key, other_assembly, registry, resolution, serve,
};
use crate::assembly::{
    AssemblyError, BallotBox, Binding, Count, Entered, Keys, Place, Proxies, ProxyPaper, Refused, Verdict,
    Way,
};

const IN_TIME: u64 = 12;

fn building(law: RuleSet) -> Registry {
    let mut building = registry(law, &[100, 200, 300, 400]);
    serve(&mut building, 12, Duty::Syndic);
    building
}

fn house() -> House {
    House::new(&building(RuleSet::Belgium2020), Meeting::First, vec![resolution(Matter::Ordinary)])
}

fn entered<T>(value: T, height: u64, index: u32) -> Entered<T> {
    Entered { value, at: at(height, index) }
}

fn verified(signed: protocol::assembly::SignedBallot) -> VerifiedBallot {
    signed.verify(&CHAIN).unwrap()
}

fn count(house: &House, ballots: &[Entered<VerifiedBallot>], papers: &[Entered<VerifiedPaper>]) -> Count {
    with_proxies(house, &Proxies::default(), ballots, papers)
}

fn with_proxies(
    house: &House,
    proxies: &Proxies,
    ballots: &[Entered<VerifiedBallot>],
    papers: &[Entered<VerifiedPaper>],
) -> Count {
    let hall = house.hall();
    BallotBox::new(&hall, proxies, &house.resolutions[0]).unwrap().count(ballots, papers).unwrap()
}

fn choices(count: &Count) -> Vec<Option<Choice>> {
    count.votes.iter().map(|vote| vote.map(|vote| vote.choice)).collect()
}

fn why(house: &House, draft: Ballot, person: u32, place: Place) -> Option<Refused> {
    let ballot = verified(draft.sign(&key(person), &CHAIN));
    let count = count(house, &[Entered { value: ballot.clone(), at: place }], &[]);
    match count.verdicts[&ballot.commitment()] {
        Verdict::Refused(why) => Some(why),
        Verdict::Counts(_) | Verdict::Replaced | Verdict::Void => None,
    }
}

fn sheet(house: &House, person: u32, sequence: u64, sheet: Sheet) -> Paper {
    Paper {
        assembly: house.opening.id(),
        person: PersonId(person),
        sheet,
        scan: Digest::new([6; 32]),
        sequence,
        syndic: key(12).public(),
        assessor: key(2).public(),
        salt: Salt::new([2; 16]),
    }
}

fn answer(house: &House, choice: Choice) -> Answer {
    Answer { item: ItemNumber(1), resolution: house.resolutions[0].hash(), choice }
}

fn room(house: &House, person: u32, sequence: u64, choice: Choice) -> Paper {
    let lots = Bounded::new(vec![LotId(person)]).unwrap();
    sheet(
        house,
        person,
        sequence,
        Sheet::Ballot(RoomBallot { lots, answer: answer(house, choice), proxy: None }),
    )
}

fn postal(house: &House, person: u32, received: Day, answer: Answer) -> Paper {
    let lots = Bounded::new(vec![LotId(person)]).unwrap();
    let answers = Bounded::new(vec![answer]).unwrap();
    sheet(house, person, 1, Sheet::Postal(PostalForm { lots, received, answers }))
}

fn countersigned(paper: Paper, syndic: u32, assessor: u32) -> VerifiedPaper {
    let paper = Paper { syndic: key(syndic).public(), assessor: key(assessor).public(), ..paper };
    let (by_syndic, by_assessor) = (paper.sign(&key(syndic), &CHAIN), paper.sign(&key(assessor), &CHAIN));
    SignedPaper { paper, by_syndic, by_assessor }.verify(&CHAIN).unwrap()
}

#[test]
fn the_highest_sequence_counts_in_any_order_of_arrival() {
    let house = house();
    let cast = [(Choice::For, 1, 12), (Choice::Against, 3, 13), (Choice::Abstain, 2, 14)];
    let mut ballots: Vec<_> = cast
        .map(|(choice, sequence, height)| {
            entered(verified(ballot(&house, &[1], 1, choice, sequence)), height, 0)
        })
        .into();
    for _ in 0..3 {
        ballots.rotate_left(1);
        let count = count(&house, &ballots, &[]);
        assert_eq!(choices(&count), [Some(Choice::Against), None, None, None]);
        let counts = count.verdicts.values().filter(|verdict| **verdict == Verdict::Counts(1)).count();
        let replaced = count.verdicts.values().filter(|verdict| **verdict == Verdict::Replaced).count();
        assert_eq!((counts, replaced, count.replayed), (1, 2, 0));
    }
    // A replay changes nothing and is counted.
    ballots.push(Entered { at: at(19, 0), ..ballots[0].clone() });
    let replayed = count(&house, &ballots, &[]);
    assert_eq!((choices(&replayed)[0], replayed.replayed), (Some(Choice::Against), 1));
}

#[test]
fn two_devices_at_once_void_each_other_until_the_next() {
    let house = house();
    let cast = |choice, sequence| verified(ballot(&house, &[2], 2, choice, sequence));
    let (before, one, other) = (cast(Choice::For, 1), cast(Choice::For, 2), cast(Choice::Against, 2));
    let mut ballots =
        vec![entered(before, 12, 0), entered(one.clone(), 12, 1), entered(other.clone(), 12, 2)];
    let both = count(&house, &ballots, &[]);
    assert_eq!(choices(&both), [None; 4]);
    for ballot in [&one, &other] {
        assert_eq!(both.verdicts[&ballot.commitment()], Verdict::Void);
    }
    ballots.push(entered(cast(Choice::Abstain, 3), 12, 3));
    let next = count(&house, &ballots, &[]);
    assert_eq!(choices(&next)[1], Some(Choice::Abstain));
    assert_eq!(next.verdicts[&one.commitment()], Verdict::Replaced);
}

#[test]
fn the_block_decides_what_is_late() {
    let house = house();
    let draft = || draft(&house, &[1], 1, Choice::For, 1);
    let place = |height: Height| Place { height, index: 0 };
    assert_eq!(why(&house, draft(), 1, place(Height(OPENS.0 - 1))), Some(Refused::Early));
    assert_eq!(why(&house, draft(), 1, place(OPENS)), None);
    assert_eq!(why(&house, draft(), 1, place(CLOSES)), None);
    assert_eq!(why(&house, draft(), 1, place(CLOSES.next())), Some(Refused::Late));
}

#[test]
fn foreign_altered_and_wrong_ballots_are_refused_with_their_reason() {
    let house = house();
    let fine = || draft(&house, &[1], 1, Choice::For, 1);
    let text = Digest::new([1; 32]);
    let lots = |lots: &[u32]| Bounded::new(lots.iter().copied().map(LotId).collect()).unwrap();
    for (draft, person, expected) in [
        (
            Ballot { assembly: other_assembly(), ..fine() },
            1,
            Refused::OtherAssembly { found: other_assembly() },
        ),
        (Ballot { item: ItemNumber(2), ..fine() }, 1, Refused::OtherItem { found: ItemNumber(2) }),
        (Ballot { resolution: text, ..fine() }, 1, Refused::OtherText { found: text }),
        (Ballot { lots: lots(&[9]), ..fine() }, 1, Refused::NoLot { lot: LotId(9) }),
        (Ballot { lots: lots(&[1, 2]), ..fine() }, 1, Refused::NotTheirs { lot: LotId(2) }),
        (
            Ballot { votes: Votes(101), ..fine() },
            1,
            Refused::OtherWeight { expected: Votes(100), found: Votes(101) },
        ),
        (Ballot { voter: key(99).public(), ..fine() }, 99, Refused::UnknownKey),
        (Ballot { proxy: Some(text), ..fine() }, 1, Refused::NoProxy),
    ] {
        assert_eq!(why(&house, draft, person, at(IN_TIME, 0)), Some(expected));
    }
    // Altered after signing, it is not even a ballot.
    let mut altered = ballot(&house, &[1], 1, Choice::For, 1);
    altered.ballot.choice = Choice::Against;
    assert!(altered.verify(&CHAIN).is_err());
    let changed = Resolution { after_appeal: true, ..resolution(Matter::Ordinary) };
    let (hall, proxies) = (house.hall(), Proxies::default());
    let opened = Some(house.resolutions[0].hash());
    let expected =
        AssemblyError::OtherResolution { item: ItemNumber(1), expected: opened, found: changed.hash() };
    assert_eq!(BallotBox::new(&hall, &proxies, &changed).unwrap_err(), expected);
}

#[test]
fn resting_lots_missions_and_charges_keep_ballots_out() {
    let mut building = building(RuleSet::Belgium2020);
    let couple = [(3, protocol::assembly::Right::Full, 1), (4, protocol::assembly::Right::Full, 1)];
    super::own(&mut building, 3, super::title(&couple, 2, None));
    super::charge(&mut building, &[(1, 1), (2, 1), (3, 1)]);
    let mut item = resolution(Matter::Ordinary);
    item.base = super::Base::Charge(ChargeId(1));
    item.missions = Bounded::new(vec![PersonId(2)]).unwrap();
    let house = House::new(&building, Meeting::First, vec![item]);
    for (lot, person, expected) in [
        (3, 3, Some(Refused::Resting { lot: LotId(3) })),
        (4, 4, Some(Refused::NoPart { lot: LotId(4) })),
        (2, 2, Some(Refused::OwnMission)),
        (1, 1, None),
    ] {
        let draft = draft(&house, &[lot], person, Choice::For, 1);
        assert_eq!(why(&house, draft, person, at(IN_TIME, 0)), expected);
    }
}

#[test]
fn keys_count_from_before_the_opening_to_their_revocation() {
    let mut house = house();
    for (from, until, expected) in [
        (OPENS.0, None, None),
        (OPENS.0 + 1, None, Some(Refused::NewKey)),
        (1, Some(IN_TIME), Some(Refused::RevokedKey)),
        (1, Some(IN_TIME + 1), None),
    ] {
        let binding = Binding { person: PersonId(1), from: Height(from), until: until.map(Height) };
        // Who binds a key again takes nothing over.
        let stolen = Binding { person: PersonId(4), ..binding };
        house.keys = Keys::new([(key(1).public(), binding), (key(1).public(), stolen)]);
        let draft = draft(&house, &[1], 1, Choice::For, 1);
        assert_eq!(why(&house, draft, 1, at(IN_TIME, 0)), expected, "{from} {until:?}");
    }
}

#[test]
fn the_room_overrides_and_two_persons_enter_it() {
    let house = house();
    let signed = entered(verified(ballot(&house, &[1], 1, Choice::For, 9)), 15, 0);
    let paper = entered(countersigned(room(&house, 1, 1, Choice::Against), 12, 2), 14, 0);
    let counted = count(&house, &[signed], &[paper]);
    assert_eq!(counted.votes[0].map(|vote| (vote.choice, vote.way)), Some((Choice::Against, Way::InRoom)));
    // Only the syndic of the day with an assessor of this assembly.
    for (syndic, assessor, expected) in
        [(12, 3, Refused::NotCountersigned), (1, 2, Refused::NotCountersigned), (12, 99, Refused::UnknownKey)]
    {
        let paper = countersigned(room(&house, 1, 1, Choice::Against), syndic, assessor);
        let counted = count(&house, &[], &[entered(paper.clone(), IN_TIME, 0)]);
        assert_eq!(counted.verdicts[&paper.commitment()], Verdict::Refused(expected));
    }
    // One person cannot sign for both.
    let mut alone = room(&house, 1, 1, Choice::For);
    alone.assessor = alone.syndic;
    let by = alone.sign(&key(12), &CHAIN);
    assert!(SignedPaper { paper: alone, by_syndic: by, by_assessor: by }.verify(&CHAIN).is_err());
}

#[test]
fn an_owners_own_ballot_beats_the_proxys() {
    let house = house();
    let lots = Bounded::new(vec![LotId(1)]).unwrap();
    let mandate = Mandate {
        lots,
        holder: PersonId(3),
        items: Bounded::new(vec![ItemNumber(1)]).unwrap(),
        covers_second: true,
    };
    let act = ProxyAct::Give(mandate);
    let proxy =
        Proxy { assembly: house.opening.id(), principal: key(1).public(), act, salt: Salt::new([1; 16]) };
    let proxy = ProxyPaper::Signed(proxy.sign(&key(1), &CHAIN).verify(&CHAIN).unwrap());
    let by_proxy = Ballot {
        proxy: Some(proxy.commitment()),
        voter: key(3).public(),
        ..draft(&house, &[1], 1, Choice::Against, 99)
    };
    let by_proxy = entered(verified(by_proxy.sign(&key(3), &CHAIN)), 13, 0);
    let proxies = Proxies::admit(&house.hall(), vec![entered(proxy, 11, 0)]);
    let alone = with_proxies(&house, &proxies, std::slice::from_ref(&by_proxy), &[]);
    let vote = alone.votes[0].unwrap();
    assert_eq!((vote.choice, vote.by, vote.way), (Choice::Against, PersonId(3), Way::ByProxy));
    let own = entered(verified(ballot(&house, &[1], 1, Choice::For, 1)), 12, 0);
    let both = with_proxies(&house, &proxies, &[by_proxy, own], &[]);
    assert_eq!(both.votes[0].map(|vote| vote.way), Some(Way::Signed));
}

#[test]
fn a_postal_form_is_french_comes_in_time_and_answers_the_text() {
    let house = |law| House::new(&building(law), Meeting::First, vec![resolution(Matter::Ordinary)]);
    let france = house(RuleSet::France2020);
    let verdict = |house: &House, received: i32, answer| {
        let paper = countersigned(postal(house, 1, Day(DAY.0 - received), answer), 12, 2);
        let counted = count(house, &[], &[entered(paper.clone(), IN_TIME, 0)]);
        (counted.verdicts[&paper.commitment()], counted)
    };
    let fine = answer(&france, Choice::For);
    // Three clear days: neither the day it comes nor the day of the assembly counts.
    assert_eq!(verdict(&france, 4, fine).0, Verdict::Counts(1));
    let late = Refused::LatePost { last: Day(DAY.0 - 4), found: Day(DAY.0 - 3) };
    assert_eq!(verdict(&france, 3, fine).0, Verdict::Refused(late));
    // A text changed in the room makes its author defaulting.
    let changed = Answer { resolution: Digest::new([1; 32]), ..fine };
    let (_, counted) = verdict(&france, 10, changed);
    assert_eq!((choices(&counted), counted.defaulting), (vec![None; 4], [0].into()));
    let belgium = house(RuleSet::Belgium2020);
    let (refused, _) = verdict(&belgium, 10, answer(&belgium, Choice::For));
    assert_eq!(refused, Verdict::Refused(Refused::NoPost));
    // Whoever is there or represented overrides the form.
    let paper = entered(countersigned(postal(&france, 1, Day(DAY.0 - 9), fine), 12, 2), IN_TIME, 0);
    let own = entered(verified(ballot(&france, &[1], 1, Choice::Against, 1)), IN_TIME, 1);
    assert_eq!(choices(&count(&france, &[own], &[paper]))[0], Some(Choice::Against));
}
