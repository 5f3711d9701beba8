//! In the room: proxies, paper that two persons enter, documents, and an assembly that is held again.

use protocol::assembly::{Answer, Mandate, Paper, Proxy, ProxyAct, RoomBallot, Sheet};

use super::*;

impl House {
    /// An assembly that is open, and what the ledger was told of it.
    fn open_assembly() -> (Self, u32, protocol::assembly::Opening) {
        let mut house = Self::enrolled();
        let number = house.prepared();
        house.operator(Act::Announce { number, blocks: 40 });
        let opening = house.core.home().gatherings()[&number].stored.opening.clone().unwrap();
        house.until(opening.opens.0);
        (house, number, opening)
    }

    fn sheet(&self, number: u32, person: u32, choice: Choice) -> Paper {
        let opening = self.core.home().gatherings()[&number].stored.opening.clone().unwrap();
        let item = ItemNumber(1);
        let answer = Answer { item, resolution: *opening.hash_of(item).unwrap(), choice };
        Paper {
            assembly: opening.id(),
            person: PersonId(person),
            sheet: Sheet::Ballot(RoomBallot { lots: list(vec![LotId(person)]), answer, proxy: None }),
            scan: Digest::new([7; 32]),
            sequence: 1,
            syndic: opening.counters.syndic,
            assessor: opening.counters.assessor,
            salt: Salt::new([9; 16]),
        }
    }

    fn sign_sheet(&mut self, paper: &Paper, by: u32, with: u32) -> Result<Done, HomeError> {
        let signature = paper.sign(&own(with), &self.core.ledger().chain());
        self.act(who(Some(by), false), Act::SignSheet(Box::new(paper.clone()), signature))
    }

    fn hand_in(&mut self, body: Body) -> Result<Done, HomeError> {
        self.act(who(None, false), Act::HandIn(Box::new(body)))
    }
}

#[test]
fn a_sheet_of_paper_needs_syndic_and_assessor_each_with_the_own_key() {
    let (mut house, number, _) = House::open_assembly();
    let paper = house.sheet(number, 4, Choice::Against);
    for (by, with) in [(1, 1), (2, 1), (3, 2), (2, 3)] {
        let refused = house.sign_sheet(&paper, by, with);
        assert!(
            matches!(refused, Err(HomeError::NotYours { .. })),
            "{by} with the key of {with}: {refused:?}"
        );
    }
    assert_eq!(house.sign_sheet(&paper, 2, 2), Ok(Done::Gathering(number)), "the syndic");
    assert_eq!(house.sign_sheet(&paper, 2, 2), Ok(Done::Gathering(number)), "twice is once");
    assert!(house.core.home().gatherings()[&number].taken.is_empty(), "one signature is not enough");
    house.restart();
    assert_eq!(house.core.home().sheets().len(), 1, "it waits over a restart");
    let done = house.sign_sheet(&paper, 3, 3);
    assert!(matches!(done, Ok(Done::Taken(..))), "{done:?}");
    assert!(house.core.home().sheets().is_empty());
    house.pass(5_000);
    let home = house.core.home();
    assert!(home.gatherings()[&number].taken.values().all(|taken| taken.stands.is_some()));
}

#[test]
fn a_sheet_that_waits_is_taken_away_by_one_of_the_two() {
    let (mut house, number, opening) = House::open_assembly();
    let paper = house.sheet(number, 4, Choice::For);
    house.sign_sheet(&paper, 3, 3).unwrap();
    let name = *house.core.home().sheets().keys().next().unwrap();
    let refused = house.act(who(Some(1), false), Act::DropSheet(name));
    assert!(matches!(refused, Err(HomeError::NotYours { .. })), "{refused:?}");
    assert_eq!(house.act(who(Some(2), false), Act::DropSheet(name)), Ok(Done::Nothing));
    assert_eq!(house.act(who(Some(2), false), Act::DropSheet(name)), Err(HomeError::NoSheet));
    let other = Paper { syndic: opening.counters.chair, ..paper };
    let refused = house.sign_sheet(&other, 3, 3);
    assert!(matches!(refused, Err(HomeError::NotYours { .. })), "a key that was not announced: {refused:?}");
}

#[test]
fn a_proxy_lets_its_holder_vote_until_it_is_taken_back() {
    let (mut house, number, opening) = House::open_assembly();
    let chain = house.core.ledger().chain();
    let give = |holder: u32| {
        let (lots, items) = (list(vec![LotId(4)]), list(vec![]));
        let mandate = Mandate { lots, holder: PersonId(holder), items, covers_second: true };
        let (act, principal) = (ProxyAct::Give(mandate), own(4).public());
        Proxy { assembly: opening.id(), principal, act, salt: Salt::new([3; 16]) }.sign(&own(4), &chain)
    };
    let barred = house.hand_in(Body::Proxy(give(2)));
    assert!(matches!(barred, Err(HomeError::Proxy(_))), "the syndic is nobody's proxy: {barred:?}");
    let given = give(1);
    let proxy = given.commitment();
    assert!(house.hand_in(Body::Proxy(given)).is_ok());
    house.pass(5_000);
    let for_four = |house: &House, sequence| {
        let Body::Ballot(signed) = house.ballot(number, 1, Choice::For, sequence) else { panic!("a ballot") };
        let (lots, votes) = (list(vec![LotId(4)]), Votes(400));
        let ballot = Ballot { lots, votes, proxy: Some(proxy), ..signed.ballot };
        Body::Ballot(ballot.sign(&own(1), &chain))
    };
    let ballot = for_four(&house, 1);
    assert!(house.hand_in(ballot).is_ok());
    let counted = house.core.counted(&house.core.home().gatherings()[&number]).unwrap();
    assert_eq!(counted.proxies.held().count(), 1);
    let act = ProxyAct::TakeBack(proxy);
    let back = Proxy { assembly: opening.id(), principal: own(4).public(), act, salt: Salt::new([4; 16]) };
    assert!(house.hand_in(Body::Proxy(back.sign(&own(4), &chain))).is_ok());
    house.pass(5_000);
    let late = for_four(&house, 2);
    assert!(matches!(house.hand_in(late), Err(HomeError::Refused(_))), "it was taken back");
}

#[test]
fn documents_are_kept_under_their_hash_and_named_by_resolutions() {
    let mut house = House::enrolled();
    let bytes = vec![5; 100_000];
    let hash = Digest::new(*blake3::hash(&bytes).as_bytes());
    let refused = house.act(who(Some(1), false), Act::KeepDocument(hash, bytes.clone()));
    assert!(matches!(refused, Err(HomeError::NotYours { .. })), "{refused:?}");
    for wrong in [Vec::new(), vec![0; protocol::limits::DOCUMENT_BYTES_MAX + 1]] {
        let refused = house.act(who(Some(2), false), Act::KeepDocument(hash, wrong));
        assert!(matches!(refused, Err(HomeError::Invalid(_))), "{refused:?}");
    }
    let number = house.prepared();
    let named = house.with_document(number, hash);
    assert_eq!(named, Err(HomeError::NoDocument { document: hash }));
    house.operator(Act::KeepDocument(hash, bytes.clone()));
    house.with_document(number, hash).unwrap();
    assert!(!house.core.home().is_announced(&hash), "a draft is not for everybody");
    house.restart();
    assert_eq!(house.core.home().shelf().get(&hash), Some(bytes.as_slice()));
    house.operator(Act::Announce { number, blocks: 10 });
    assert!(house.core.home().is_announced(&hash));
}

impl House {
    /// The draft as it stands, with a document.
    fn with_document(&mut self, number: u32, document: Digest) -> Result<Done, HomeError> {
        let gathering = &self.core.home().gatherings()[&number];
        let (plan, revision) = (Box::new(gathering.stored.plan.clone()), gathering.stored.revision);
        let mut resolution = gathering.items[&ItemNumber(1)].resolution.clone();
        resolution.documents = list(vec![document]);
        let items = vec![(resolution, vec![text("offer.pdf")])];
        let (number, seed) = (Some((number, revision)), Salt::new([2; 16]));
        self.act(who(Some(2), false), Act::Prepare { number, plan, seed, items })
    }
}

#[test]
fn an_assembly_held_again_waits_and_keeps_to_the_same_items() {
    let (mut house, number, opening) = House::open_assembly();
    let gathering = &house.core.home().gatherings()[&number];
    let (first, resolution) =
        (gathering.stored.plan.clone(), gathering.items[&ItemNumber(1)].resolution.clone());
    let again = |house: &mut House, before, day: i32, title: &str| {
        let plan = Plan { day: Day(day), meeting: Meeting::WithoutQuorum(before), ..first.clone() };
        let resolution = Resolution { title: text(title), ..resolution.clone() };
        let (plan, items) = (Box::new(plan), vec![(resolution, Vec::new())]);
        house.act(who(None, true), Act::Prepare { number: None, plan, seed: Salt::new([6; 16]), items })
    };
    let stranger = protocol::assembly::AssemblyId::new([1; 32]);
    assert_eq!(again(&mut house, stranger, 20, "New boiler"), Err(HomeError::NoAssembly));
    let soon = again(&mut house, opening.id(), 15, "New boiler");
    assert_eq!(soon, Err(HomeError::TooSoon { first: Day(16) }), "15 days after day 1");
    let other = again(&mut house, opening.id(), 16, "Another boiler");
    assert_eq!(other, Err(HomeError::NoItem { item: ItemNumber(1) }));
    assert!(again(&mut house, opening.id(), 16, "New boiler").is_ok());
}
