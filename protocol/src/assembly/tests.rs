//! The nouns of an assembly: what contradicts itself, what was altered, what is too large.

use super::*;
use crate::crypto::Domain;
use crate::energy::Salt;
use crate::limits::{
    BALLOT_BYTES_MAX, LOTS_PER_BALLOT_MAX, PAPER_BYTES_MAX, PROMISE_BYTES_MAX, PROXY_BYTES_MAX,
    REGISTRY_BYTES_MAX, RESOLUTIONS_MAX, VOTE_HEIGHTS_MAX, VOTES_MAX,
};
use crate::{Address, Bounded, ChainId, Digest, Height, SigningKey, decode, encode};

const CHAIN: ChainId = ChainId::new([1; 32]);
const SALT: Salt = Salt::new([9; 16]);

fn name(text: &str) -> RegistryName {
    Text::new(text).unwrap()
}

fn owner(person: u32, right: Right, parts: u32) -> Owner {
    Owner { person: PersonId(person), right, parts }
}

fn title(from: i32, owners: Vec<Owner>, whole: u32) -> Title {
    Title { from: Day(from), whole, owners: Bounded::new(owners).unwrap(), representative: None }
}

fn lot(id: u32, votes: u64, titles: Vec<Title>) -> Lot {
    Lot {
        id: LotId(id),
        name: name("flat"),
        kind: LotKind::Dwelling,
        votes: Votes(votes),
        titles: Bounded::new(titles).unwrap(),
        occupants: Bounded::default(),
    }
}

fn registry() -> Registry {
    let person = |id| Person { id: PersonId(id), name: name("Ann"), is_legal: id == 3 };
    let couple = vec![owner(1, Right::Bare, 1), owner(2, Right::Usufruct, 1), owner(3, Right::Full, 2)];
    let lots = vec![
        lot(1, 600, vec![title(0, vec![owner(1, Right::Full, 1)], 1), title(9, couple, 3)]),
        lot(2, 400, vec![title(5, vec![owner(2, Right::Full, 100)], 100)]),
    ];
    let office = |until| Office { person: PersonId(3), duty: Duty::Syndic, from: Day(3), until };
    let charge = ChargeKey {
        id: ChargeId(1),
        name: name("lift"),
        parts: Bounded::new(vec![(LotId(2), Votes(1))]).unwrap(),
    };
    Registry {
        building: Address::new([1; 20]),
        votes: Votes(1_000),
        lots: Bounded::new(lots).unwrap(),
        persons: Bounded::new((1..=3).map(person).collect()).unwrap(),
        charges: Bounded::new(vec![charge]).unwrap(),
        offices: Bounded::new(vec![office(Some(Day(7)))]).unwrap(),
        laws: Bounded::new(vec![(Day(2), RuleSet::Belgium2020), (Day(8), RuleSet::France2020)]).unwrap(),
    }
}

#[test]
fn a_registry_tells_what_holds_on_a_day() {
    let registry = registry();
    assert_eq!(Registry::open(&encode(&registry)), Ok(registry.clone()));
    let law = [1, 2, 7, 8].map(|day| registry.law_on(Day(day)));
    assert_eq!(
        law,
        [None, Some(RuleSet::Belgium2020), Some(RuleSet::Belgium2020), Some(RuleSet::France2020)]
    );
    let is_syndic = [2, 3, 7, 8].map(|day| registry.holds_duty(PersonId(3), Duty::Syndic, Day(day)));
    assert_eq!(is_syndic, [false, true, true, false]);
    assert!(!registry.holds_duty(PersonId(3), Duty::Council, Day(5)));
    let first = registry.lot(LotId(1)).unwrap();
    let voter = |day| first.title_on(Day(day)).and_then(Title::voter);
    assert_eq!([-1, 8, 9].map(voter), [None, Some(PersonId(1)), None]);
    assert_eq!((registry.lot(LotId(3)), registry.person(PersonId(4))), (None, None));
    assert!(registry.charge(ChargeId(1)).is_some() && registry.charge(ChargeId(2)).is_none());
}

/// A registry with one thing wrong.
fn spoilt(change: impl Fn(&mut Registry)) -> RegistryError {
    let mut registry = registry();
    change(&mut registry);
    assert_eq!(Registry::open(&encode(&registry)), registry.check().map(|()| registry.clone()));
    registry.check().unwrap_err()
}

fn spoilt_title(title: Title) -> RegistryError {
    spoilt(|registry| registry.lots = Bounded::new(vec![lot(1, 1_000, vec![title.clone()])]).unwrap())
}

#[test]
fn a_registry_does_not_contradict_itself() {
    let sum = |votes| spoilt(|registry| registry.votes = Votes(votes));
    for wrong in [999, 1_001] {
        assert_eq!(sum(wrong), RegistryError::Sum { expected: Votes(wrong), found: Votes(1_000) });
    }
    let twice = |registry: &mut Registry| {
        registry.persons = Bounded::new(vec![registry.persons[0].clone(); 2]).unwrap();
    };
    assert_eq!(spoilt(twice), RegistryError::Order { what: "persons" });
    let full = |parts| owner(1, Right::Full, parts);
    let parts = RegistryError::Parts { lot: LotId(1), whole: 2 };
    for owners in [
        vec![],
        vec![full(1)],
        vec![full(3)],
        vec![full(2), owner(2, Right::Full, 0)],
        vec![full(1), owner(2, Right::Bare, 1)],
        vec![full(2), owner(2, Right::Usufruct, 1)],
    ] {
        assert_eq!(spoilt_title(title(0, owners, 2)), parts);
    }
    assert_eq!(spoilt_title(title(0, vec![], 0)), RegistryError::Parts { lot: LotId(1), whole: 0 });
    let unsorted = title(0, vec![owner(2, Right::Full, 1), full(1)], 2);
    assert_eq!(spoilt_title(unsorted), RegistryError::Order { what: "owners of a lot" });
    let unknown = RegistryError::Person { person: PersonId(8) };
    assert_eq!(spoilt_title(title(0, vec![owner(8, Right::Full, 2)], 2)), unknown);
    let named = Title { representative: Some(PersonId(8)), ..title(0, vec![full(2)], 2) };
    assert_eq!(spoilt_title(named), unknown);
    let ends = Office { person: PersonId(1), duty: Duty::Council, from: Day(4), until: Some(Day(3)) };
    let wrong = spoilt(|registry| registry.offices = Bounded::new(vec![ends]).unwrap());
    assert_eq!(wrong, RegistryError::Ends { from: Day(4), until: Day(3) });
    let charge = |lot, part| {
        let parts = Bounded::new(vec![(LotId(lot), Votes(part))]).unwrap();
        spoilt(|registry| {
            let charge = ChargeKey { parts: parts.clone(), ..registry.charges[0].clone() };
            registry.charges = Bounded::new(vec![charge]).unwrap();
        })
    };
    assert_eq!(charge(3, 1), RegistryError::Lot { lot: LotId(3) });
    assert!(matches!(charge(1, 0), RegistryError::Invalid(_)));
    assert!(matches!(charge(1, VOTES_MAX + 1), RegistryError::Invalid(_)));
    let huge = |votes: u64| {
        spoilt(|registry| {
            registry.lots = Bounded::new(vec![lot(1, votes, vec![title(0, vec![full(1)], 1)])]).unwrap();
            registry.votes = Votes(votes);
        })
    };
    assert!(matches!(huge(VOTES_MAX + 1), RegistryError::Invalid(_)));
    assert!(matches!(Registry::open(&vec![0; REGISTRY_BYTES_MAX + 1]), Err(RegistryError::Decode(_))));
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

/// As many lots as a ballot takes, with the largest numbers.
fn most_lots() -> Lots {
    let first = u32::MAX - u32::try_from(LOTS_PER_BALLOT_MAX).unwrap() + 1;
    Bounded::new((first..=u32::MAX).map(LotId).collect()).unwrap()
}

fn ballot() -> Ballot {
    Ballot {
        assembly: AssemblyId::new([2; 32]),
        item: ItemNumber(u16::MAX),
        resolution: Digest::new([3; 32]),
        voter: key(1).public(),
        lots: most_lots(),
        votes: Votes(u64::MAX),
        choice: Choice::Against,
        sequence: u64::MAX,
        proxy: Some(Digest::new([4; 32])),
        salt: SALT,
    }
}

#[test]
fn a_ballot_is_its_voters_for_one_hive() {
    let signed = ballot().sign(&key(1), &CHAIN);
    let bytes = encode(&signed);
    assert!(bytes.len() <= BALLOT_BYTES_MAX, "{}", bytes.len());
    let verified = SignedBallot::open(&bytes, &CHAIN).unwrap();
    assert_eq!((verified.signed(), verified.commitment()), (&signed, signed.commitment()));
    assert!(matches!(SignedBallot::open(&bytes, &ChainId::new([2; 32])), Err(BallotError::Signature(_))));
    for change in [
        |b: &mut Ballot| b.choice = Choice::For,
        |b: &mut Ballot| b.sequence -= 1,
        |b: &mut Ballot| b.votes = Votes(1),
        |b: &mut Ballot| b.proxy = None,
        |b: &mut Ballot| b.voter = key(2).public(),
        |b: &mut Ballot| b.item = ItemNumber(1),
        |b: &mut Ballot| b.resolution = Digest::new([0; 32]),
    ] {
        let mut altered = signed.clone();
        change(&mut altered.ballot);
        assert!(matches!(altered.clone().verify(&CHAIN), Err(BallotError::Signature(_))));
        assert_ne!(altered.commitment(), signed.commitment());
    }
    for lots in [vec![], vec![LotId(1), LotId(1)], vec![LotId(2), LotId(1)]] {
        let wrong = Ballot { lots: Bounded::new(lots).unwrap(), ..ballot() }.sign(&key(1), &CHAIN);
        assert!(matches!(wrong.verify(&CHAIN), Err(BallotError::Invalid(_))));
    }
    // A proxy's signature is none over a ballot of the same bytes, and the other way round.
    let other = key(1).sign(Domain::Proxy, &CHAIN, &encode(&signed.ballot));
    assert!(SignedBallot { ballot: ballot(), signature: other }.verify(&CHAIN).is_err());
}

#[test]
fn proxies_sheets_and_promises_keep_their_bounds_and_signers() {
    let items = Bounded::new(
        (0..RESOLUTIONS_MAX).map(|n| ItemNumber(u16::MAX - u16::try_from(n).unwrap())).collect(),
    );
    let mandate =
        Mandate { lots: most_lots(), holder: PersonId(u32::MAX), items: items.unwrap(), covers_second: true };
    let act = ProxyAct::Give(mandate.clone());
    let proxy = Proxy { assembly: AssemblyId::new([2; 32]), principal: key(1).public(), act, salt: SALT };
    let signed = proxy.sign(&key(1), &CHAIN);
    assert!(encode(&signed).len() <= PROXY_BYTES_MAX);
    assert_eq!(SignedProxy::open(&encode(&signed), &CHAIN).unwrap().signed(), &signed);
    let mut stolen = signed.clone();
    stolen.proxy.act = ProxyAct::TakeBack(signed.commitment());
    assert!(stolen.verify(&CHAIN).is_err());
    assert!(mandate.covers(ItemNumber(u16::MAX)) && !mandate.covers(ItemNumber(1)));

    let answer = |n: usize| Answer {
        item: ItemNumber(u16::MAX - u16::try_from(RESOLUTIONS_MAX - n).unwrap()),
        resolution: Digest::new([3; 32]),
        choice: Choice::Abstain,
    };
    let form = |answers: Vec<Answer>| PostalForm {
        lots: most_lots(),
        received: Day(i32::MIN),
        answers: Bounded::new(answers).unwrap(),
    };
    let paper = |answers| Paper {
        assembly: AssemblyId::new([2; 32]),
        person: PersonId(u32::MAX),
        sheet: Sheet::Postal(form(answers)),
        scan: Digest::new([5; 32]),
        sequence: u64::MAX,
        syndic: key(1).public(),
        assessor: key(2).public(),
        salt: SALT,
    };
    let sign = |paper: Paper, other: u8| {
        let (by_syndic, by_assessor) = (paper.sign(&key(1), &CHAIN), paper.sign(&key(other), &CHAIN));
        SignedPaper { paper, by_syndic, by_assessor }
    };
    let signed = sign(paper((0..RESOLUTIONS_MAX).map(answer).collect()), 2);
    assert!(encode(&signed).len() <= PAPER_BYTES_MAX, "{}", encode(&signed).len());
    assert_eq!(SignedPaper::open(&encode(&signed), &CHAIN).as_ref(), Ok(&signed));
    assert!(matches!(sign(signed.paper, 1).verify(&CHAIN), Err(BallotError::Signature(_))));
    assert!(matches!(
        sign(paper(vec![answer(1), answer(1)]), 2).verify(&CHAIN),
        Err(BallotError::Invalid(_))
    ));
    let alone = Paper { assessor: key(1).public(), ..paper(vec![]) };
    assert_eq!(sign(alone, 1).verify(&CHAIN), Err(BallotError::OneKey));
}

/// The same sheet, keys and figures as in the page's test of what syndic and assessor sign.
#[test]
fn one_signature_of_each_holds_for_the_sheet_and_for_the_ledger() {
    let answer = Answer { item: ItemNumber(2), resolution: Digest::new([0xcd; 32]), choice: Choice::Blank };
    let lots = Bounded::new(vec![LotId(1), LotId(5)]).unwrap();
    let paper = Paper {
        assembly: AssemblyId::new([0x12; 32]),
        person: PersonId(3),
        sheet: Sheet::Ballot(RoomBallot { lots, answer, proxy: None }),
        scan: Digest::new([0xef; 32]),
        sequence: 7,
        syndic: key(1).public(),
        assessor: key(2).public(),
        salt: SALT,
    };
    let (by_syndic, by_assessor) = (paper.sign(&key(1), &CHAIN), paper.sign(&key(2), &CHAIN));
    let signed = SignedPaper { paper: paper.clone(), by_syndic, by_assessor };
    let entry = signed.entry();
    assert_eq!(entry.commitment, paper.commitment(), "known before anybody signs");
    assert_eq!(
        entry.commitment.to_string(),
        "1f025b983420bd91751c4d1e2c3b1130856a72a55d1fb284626dfc36807839eb"
    );
    let signature = "8fbdf1c6b3373a64d97caafddf0c91c10573246bd459f6bcfe441bd51d78ca6da2ad298e115f01d90bbae57521f89a2e3d067e5fd26a2a8d8d9bebfffb66050d";
    assert_eq!(by_syndic.to_string(), signature);
    assert!(entry.verify(&counters(3, 1, 2), &CHAIN).is_ok());
    assert!(entry.verify(&counters(3, 2, 1), &CHAIN).is_err(), "each with the own key");
    assert!(paper.is_signed_by(&key(2).public(), &by_assessor, &CHAIN));
    let other = Paper { sequence: 8, ..paper.clone() };
    assert!(!other.is_signed_by(&key(2).public(), &by_assessor, &CHAIN), "another sheet");
    assert_eq!(signed.clone().verify(&CHAIN).unwrap().commitment(), entry.commitment);
    let twice = SignedPaper { by_assessor: by_syndic, ..signed };
    assert!(matches!(twice.verify(&CHAIN), Err(BallotError::Signature(_))), "two persons");

    // As it was signed before: it still reads, under the name it had, and is no entry.
    let before = [1, 2].map(|n| key(n).sign(Domain::Paper, &CHAIN, &encode(&paper)));
    let committed = CommittedPaper { paper, by_syndic: before[0], by_assessor: before[1] };
    assert_eq!(committed.clone().verify(&CHAIN).unwrap().commitment(), committed.commitment());
    assert_ne!(committed.commitment(), entry.commitment);
    assert!(SignedPaper::open(&encode(&committed), &CHAIN).is_err());
    let mixed = CommittedPaper { by_assessor, ..committed };
    assert!(mixed.verify(&CHAIN).is_err());
}

#[test]
fn a_broken_promise_is_told_by_height_alone() {
    let promise = |by| Promise {
        assembly: AssemblyId::new([2; 32]),
        commitment: Digest::new([3; 32]),
        taken: Height(10),
        by: Height(by),
        node: key(1).public(),
    };
    let signed = promise(70).sign(&key(1), &CHAIN);
    assert!(encode(&signed).len() <= PROMISE_BYTES_MAX);
    assert_eq!(SignedPromise::open(&encode(&signed), &CHAIN), Ok(signed));
    for wrong in [9, 10, 1_011] {
        assert!(matches!(promise(wrong).sign(&key(1), &CHAIN).verify(&CHAIN), Err(BallotError::Invalid(_))));
    }
    assert_eq!(promise(1_010).sign(&key(1), &CHAIN).verify(&CHAIN), Ok(()));
    let mut longer = promise(70).sign(&key(1), &CHAIN);
    longer.promise.by = Height(71);
    assert!(matches!(longer.verify(&CHAIN), Err(BallotError::Signature(_))));
    let at = |tip, found: Option<u64>| promise(70).at(Height(tip), found.map(Height));
    assert_eq!([at(69, None), at(70, None), at(99, None)], [Kept::Pending, Kept::Broken, Kept::Broken]);
    assert_eq!([at(99, Some(70)), at(99, Some(71))], [Kept::Yes, Kept::Broken]);
}

/// One changed bit anywhere in something signed, and it is nobody's word any more.
#[test]
fn no_bit_can_be_changed() {
    fn check<T>(what: &str, bytes: &[u8], open: impl Fn(&[u8]) -> Result<T, BallotError>) {
        assert!(open(bytes).is_ok(), "{what}");
        for place in 0..bytes.len() {
            for bit in [0x01, 0x20, 0x80] {
                let mut altered = bytes.to_vec();
                altered[place] ^= bit;
                assert!(open(&altered).is_err(), "{what}: byte {place} xor {bit}");
            }
            assert!(open(&bytes[..place]).is_err(), "{what} cut at {place}");
        }
    }
    let lots = || Bounded::new(vec![LotId(1), LotId(7)]).unwrap();
    let ballot = Ballot { lots: lots(), ..ballot() }.sign(&key(1), &CHAIN);
    check("ballot", &encode(&ballot), |bytes| SignedBallot::open(bytes, &CHAIN));
    let mandate =
        Mandate { lots: lots(), holder: PersonId(2), items: Bounded::default(), covers_second: false };
    let act = ProxyAct::Give(mandate);
    let assembly = AssemblyId::new([2; 32]);
    let proxy = Proxy { assembly, principal: key(1).public(), act, salt: SALT }.sign(&key(1), &CHAIN);
    check("proxy", &encode(&proxy), |bytes| SignedProxy::open(bytes, &CHAIN));
    let answer = Answer { item: ItemNumber(1), resolution: Digest::new([3; 32]), choice: Choice::Null };
    let paper = Paper {
        assembly,
        person: PersonId(1),
        sheet: Sheet::Ballot(RoomBallot { lots: lots(), answer, proxy: None }),
        scan: Digest::new([5; 32]),
        sequence: 1,
        syndic: key(1).public(),
        assessor: key(2).public(),
        salt: SALT,
    };
    let (by_syndic, by_assessor) = (paper.sign(&key(1), &CHAIN), paper.sign(&key(2), &CHAIN));
    let paper = SignedPaper { paper, by_syndic, by_assessor };
    check("paper", &encode(&paper), |bytes| SignedPaper::open(bytes, &CHAIN));
    let promise =
        Promise { assembly, commitment: SALTED, taken: Height(1), by: Height(2), node: key(1).public() };
    check("promise", &encode(&promise.sign(&key(1), &CHAIN)), |bytes| SignedPromise::open(bytes, &CHAIN));
    let poll = PollBallot { poll: SALTED, voter: key(1).public(), answer: 1, sequence: 2, salt: SALT };
    check("poll", &encode(&poll.sign(&key(1), &CHAIN)), |bytes| SignedPollBallot::open(bytes, &CHAIN));
}

fn counters(chair: u8, syndic: u8, assessor: u8) -> Counters {
    let [chair, syndic, assessor] = [chair, syndic, assessor].map(|n| key(n).public());
    Counters { chair, syndic, assessor }
}

const SALTED: Digest = Digest::new([6; 32]);

fn resolution(item: u16, round: Round) -> Resolution {
    Resolution {
        item: ItemNumber(item),
        title: Text::new("Boiler").unwrap(),
        text: Text::new("One for five buildings.").unwrap(),
        matter: Matter::Works,
        base: Base::Whole,
        round,
        missions: Bounded::default(),
        documents: Bounded::default(),
        effect: Effect::Purchase(crate::energy::MicroEuro(1)),
        after_appeal: true,
        salt: SALT,
    }
}

#[test]
fn agendas_and_questions_are_fixed_by_their_hash() {
    let first = resolution(1, Round::First);
    let changed = Resolution { text: Text::new("One for five buildings!").unwrap(), ..first.clone() };
    let salted = Resolution { salt: Salt::new([8; 16]), ..first.clone() };
    assert!(first.hash() != changed.hash() && first.hash() != salted.hash());
    assert_eq!(decode(&encode(&first), crate::limits::RESOLUTION_BYTES_MAX), Ok(first.clone()));
    let second = |item, of| resolution(item, Round::Second(ItemNumber(of))).check().is_ok();
    assert_eq!([second(2, 1), second(2, 2), second(2, 3), second(2, 0)], [true, false, false, false]);
    assert_eq!(
        [0, 1, 64, 65].map(|item| resolution(item, Round::First).check().is_ok()),
        [false, true, true, false]
    );

    let item = Item::of(&first, None);
    let opening = Opening {
        building: Address::new([1; 20]),
        number: 1,
        law: RuleSet::Belgium2020,
        meeting: Meeting::First,
        roll: Digest::new([2; 32]),
        owners: 4,
        votes: Votes(1_000),
        items: Bounded::new(vec![item.clone()]).unwrap(),
        day: Day(22_000),
        opens: Height(5),
        closes: Height(5),
        counters: counters(1, 2, 3),
    };
    assert_eq!((opening.check(), opening.hash_of(ItemNumber(1))), (Ok(()), Some(&first.hash())));
    // Whoever chairs may also enter paper.
    assert_eq!(Opening { counters: counters(1, 2, 1), ..opening.clone() }.check(), Ok(()));
    let items = |item: Item| Bounded::new(vec![item]).unwrap();
    let question = JointQuestion {
        question: SALTED,
        buildings: Bounded::new(vec![Address::new([1; 20]), Address::new([2; 20])]).unwrap(),
        needed: Needed::All,
        lead: Address::new([2; 20]),
        effect: Effect::Nothing,
    };
    assert_eq!(question.check(), Ok(()));
    assert!(JointQuestion { lead: Address::new([3; 20]), ..question.clone() }.check().is_err());
    let asking = Effect::Action(Box::new(crate::Action::AskJointly(Box::new(question.clone()))));
    assert!(JointQuestion { effect: asking.clone(), ..question }.check().is_err());
    assert_eq!((opening.hash_of(ItemNumber(0)), opening.hash_of(ItemNumber(2))), (None, None));
    for wrong in [
        Opening { closes: Height(4), ..opening.clone() },
        Opening { number: 0, ..opening.clone() },
        Opening { items: Bounded::default(), ..opening.clone() },
        Opening { votes: Votes(VOTES_MAX + 1), ..opening.clone() },
        Opening { owners: 10_001, ..opening.clone() },
        Opening { closes: Height(6 + VOTE_HEIGHTS_MAX), ..opening.clone() },
        Opening { counters: counters(1, 2, 2), ..opening.clone() },
        Opening { counters: counters(2, 2, 3), ..opening.clone() },
        Opening {
            items: items(Item { round: Round::Second(ItemNumber(1)), ..item.clone() }),
            ..opening.clone()
        },
        Opening { items: items(Item { joint: Some(SALTED), ..item.clone() }), ..opening.clone() },
        Opening { items: items(Item { effect: asking, ..item }), ..opening.clone() },
    ] {
        assert!(wrong.check().is_err() && wrong.id() != opening.id());
    }

    let building = |n| Address::new([n; 20]);
    let joint = |buildings: Vec<Address>| JointQuestion {
        question: Digest::new([1; 32]),
        lead: buildings[0],
        buildings: Bounded::new(buildings).unwrap(),
        needed: Needed::All,
        effect: Effect::Nothing,
    };
    assert_eq!(joint(vec![building(1), building(2)]).check(), Ok(()));
    for wrong in [vec![building(1)], vec![building(2), building(1)], vec![building(1), building(1)]] {
        assert!(joint(wrong).check().is_err());
    }
    let poll = |answers: &[&str], opens| Poll {
        question: Text::new("Which colour?").unwrap(),
        answers: Bounded::new(answers.iter().map(|answer| Text::new(answer).unwrap()).collect()).unwrap(),
        is_hidden: true,
        opens: Height(opens),
        closes: Height(9),
        salt: SALT,
    };
    assert_eq!(poll(&["red", "blue"], 9).check(), Ok(()));
    assert!(poll(&["red"], 9).check().is_err() && poll(&["red", "blue"], 10).check().is_err());
}

#[test]
fn names_lead_back_to_what_they_name() {
    for choice in Choice::ALL {
        assert_eq!(Choice::from_name(choice.name()), Some(choice));
    }
    for matter in Matter::ALL {
        assert_eq!(Matter::from_name(matter.name()), Some(matter));
    }
    assert_eq!((Choice::from_name("yes"), Matter::from_name("Works")), (None, None));
}
