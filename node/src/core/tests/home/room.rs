//! In the room: proxies, paper that two persons enter, documents, and an assembly that is held again.

use ledger::assembly::Verdict;
use protocol::Height;
use protocol::assembly::{
    Answer, AssemblyAction, Commitments, CommittedPaper, Mandate, Paper, Promise, Proxy, ProxyAct,
    RoomBallot, Sheet,
};
use protocol::crypto::Domain;
use protocol::limits::REVOTES_MAX;
use protocol::transaction::TransactionBody;

use super::*;
use crate::core::assembly::Waiting;

impl House {
    /// An assembly that is open, and what the ledger was told of it.
    pub(super) fn open_assembly() -> (Self, u32, protocol::assembly::Opening) {
        Self::open_for(40)
    }

    fn open_for(blocks: u64) -> (Self, u32, protocol::assembly::Opening) {
        let mut house = Self::enrolled();
        let number = house.prepared();
        house.operator(Act::Announce { number, blocks });
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
    let (mut house, number, opening) = House::open_assembly();
    let paper = house.sheet(number, 4, Choice::Against);
    for (by, with) in [(1, 1), (2, 1), (3, 2), (2, 3)] {
        let refused = house.sign_sheet(&paper, by, with);
        assert!(
            matches!(refused, Err(HomeError::NotYours { .. })),
            "{by} with the key of {with}: {refused:?}"
        );
    }
    assert_eq!(house.sign_sheet(&paper, 2, 2), Ok(Done::Gathering(number)), "the syndic");
    assert_eq!(house.sign_sheet(&paper, 2, 2), Err(HomeError::SamePerson), "twice is not two persons");
    assert!(house.core.home().gatherings()[&number].taken.is_empty(), "one signature is not enough");
    house.restart();
    assert_eq!(house.core.home().sheets().len(), 1, "it waits over a restart");
    assert_eq!(house.sign_sheet(&paper, 2, 2), Err(HomeError::SamePerson), "also after it");
    let taken = Ok(Done::Taken(number, paper.commitment()));
    assert_eq!(house.sign_sheet(&paper, 3, 3), taken, "the assessor");
    assert!(house.core.home().sheets().is_empty());
    assert_eq!(house.sign_sheet(&paper, 3, 3), taken, "whoever did not hear the answer asks again");
    assert!(house.core.home().sheets().is_empty());
    house.pass(5_000);
    let state = house.core.ledger().state();
    assert!(house.core.home().gatherings()[&number].taken[&paper.commitment()].stands.is_some());
    assert!(state.entered(&opening.id(), &paper.commitment()).unwrap().is_paper, "the ledger checked both");
    assert_eq!(state.intake(&opening.id()).unwrap().papers, 1);
}

#[test]
fn a_sheet_that_was_handed_in_reaches_the_ledger_after_a_crash() {
    let (mut house, number, opening) = House::open_assembly();
    let paper = house.sheet(number, 4, Choice::Against);
    house.sign_sheet(&paper, 2, 2).unwrap();
    let blocks = house.blocks.clone();
    house.sign_sheet(&paper, 3, 3).unwrap();
    // What the second signature stored, without the block that came of it.
    let taken = house.core.home().gatherings()[&number].taken[&paper.commitment()].clone();
    house.stored([Kept::Taken(Box::new(Taken { stands: None, ..taken }))]);
    house.blocks = blocks;
    house.restart();
    assert!(house.core.ledger().state().entered(&opening.id(), &paper.commitment()).is_none());
    house.pass(5_000);
    let entered = house.core.ledger().state().entered(&opening.id(), &paper.commitment()).copied();
    assert!(entered.is_some_and(|entered| entered.is_paper), "{entered:?}");
}

/// Whoever sees a sheet on its way and brings its commitment as that of a ballot gains nothing by it.
#[test]
fn a_sheet_whose_commitment_stands_already_is_entered_all_the_same() {
    let (mut house, number, opening) = House::open_assembly();
    let paper = house.sheet(number, 4, Choice::Against);
    let (vote, commitment) = (opening.id(), paper.commitment());
    house.sign_sheet(&paper, 2, 2).unwrap();
    let ledger = house.core.ledger();
    let commitments = Commitments { vote, commitments: list(vec![commitment]) };
    let body = TransactionBody {
        author: key().public(),
        sequence: ledger.state().member(&ledger.address()).unwrap().sequence.next(),
        expires: Height(ledger.head().height.0 + 50),
        payload: protocol::Payload::Assembly(AssemblyAction::Commit(commitments)),
    };
    let transactions = vec![body.sign(&key(), &ledger.chain())];
    house.tell(Input::Ledger(ledger::Input::Submit { transactions, local: false }));
    house.pass(5_000);
    let entered = |house: &House| house.core.ledger().state().entered(&vote, &commitment).copied();
    assert!(entered(&house).is_some_and(|at| !at.is_paper));
    assert_eq!(house.sign_sheet(&paper, 3, 3), Ok(Done::Taken(number, commitment)));
    house.pass(5_000);
    assert!(entered(&house).is_some_and(|at| at.is_paper));
    let papers = |house: &House| {
        let intake = house.core.ledger().state().intake(&vote).unwrap();
        (intake.papers, intake.replayed)
    };
    house.restart();
    house.pass(5_000);
    assert_eq!(papers(&house), (1, 0), "once");
    house.until(opening.closes.0);
    let counted = house.core.counted(&house.core.home().gatherings()[&number]).unwrap();
    assert_eq!(counted.verdicts[&commitment], Verdict::Counts(1));
}

#[test]
fn what_is_given_in_the_room_overrides_the_phone_before_and_after() {
    let (mut house, number, opening) = House::open_assembly();
    for person in 1..=4 {
        let body = house.ballot(number, person, Choice::For, 1);
        house.hand_in(body).unwrap();
    }
    let paper = house.sheet(number, 4, Choice::Against);
    house.sign_sheet(&paper, 3, 3).unwrap();
    house.restart();
    house.sign_sheet(&paper, 2, 2).unwrap();
    house.pass(5_000);
    let later = house.ballot(number, 4, Choice::For, 9);
    house.hand_in(later.clone()).unwrap();
    house.until(opening.closes.0);
    let counted = house.core.counted(&house.core.home().gatherings()[&number]).unwrap();
    assert_eq!(counted.verdicts[&paper.commitment()], Verdict::Counts(1));
    for phone in [house.ballot(number, 4, Choice::For, 1), later] {
        assert_eq!(counted.verdicts[&phone.commitment()], Verdict::Replaced);
    }
    house.concluded(number);
    let decision = house.core.ledger().state().decision(&opening.id(), ItemNumber(1)).expect("a result");
    let protocol::assembly::ItemResult::Counted(record) = &decision.result else { panic!("{decision:?}") };
    assert_eq!((record.counted.in_favour, record.counted.against), (Votes(600), Votes(400)));
    assert_eq!(
        record.outcome,
        Outcome::Refused,
        "3 × 600 is less than 2 × 1000; by phone alone it was adopted"
    );
}

#[test]
fn sheets_of_before_the_ledger_checked_them_are_brought_and_signed_again() {
    let (mut house, number, opening) = House::open_assembly();
    let chain = house.core.ledger().chain();
    let before = |paper: &Paper, by: u32| own(by).sign(Domain::Paper, &chain, &protocol::encode(paper));
    let paper = house.sheet(number, 1, Choice::For);
    let (by_syndic, by_assessor) = (before(&paper, 2), before(&paper, 3));
    let whole = Body::Paper(CommittedPaper { paper, by_syndic, by_assessor });
    let (taken, by) = (house.core.ledger().head().height, opening.closes);
    let (assembly, commitment, node) = (opening.id(), whole.commitment(), key().public());
    let promise = Promise { assembly, commitment, taken, by, node }.sign(&key(), &chain);
    let taken = Taken { number, body: whole, at: UnixMs(0), promise, stands: None };
    let half = house.sheet(number, 4, Choice::Against);
    let signature = before(&half, 2);
    let waiting = Waiting { number, paper: half.clone(), is_syndics: true, signature, at: UnixMs(0) };
    house.stored([Kept::Taken(Box::new(taken)), Kept::Sheet(Box::new(waiting))]);
    house.restart();
    house.pass(5_000);
    let entered =
        |house: &House, commitment| house.core.ledger().state().entered(&assembly, &commitment).copied();
    assert!(!entered(&house, commitment).expect("it was promised").is_paper);

    assert_eq!(house.sign_sheet(&half, 3, 3), Ok(Done::Gathering(number)), "the first one does not count");
    assert!(entered(&house, half.commitment()).is_none());
    assert_eq!(house.sign_sheet(&half, 2, 2), Ok(Done::Taken(number, half.commitment())));
    house.pass(5_000);
    assert!(entered(&house, half.commitment()).unwrap().is_paper);
    house.until(opening.closes.0);
    let counted = house.core.counted(&house.core.home().gatherings()[&number]).unwrap();
    for commitment in [commitment, half.commitment()] {
        assert_eq!(counted.verdicts[&commitment], Verdict::Counts(1));
    }
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
fn one_resident_with_proxies_leaves_room_for_all_others() {
    let (mut house, number, opening) = House::open_for(200);
    let chain = house.core.ledger().chain();
    let give = |nth: usize| {
        let (lots, items) = (list(vec![LotId(4)]), list(vec![]));
        let act = ProxyAct::Give(Mandate { lots, holder: PersonId(1), items, covers_second: true });
        let salt = Salt::new([u8::try_from(nth).unwrap(); 16]);
        let proxy = Proxy { assembly: opening.id(), principal: own(4).public(), act, salt };
        Body::Proxy(proxy.sign(&own(4), &chain))
    };
    for nth in 0..REVOTES_MAX {
        assert!(house.hand_in(give(nth)).is_ok(), "{nth}");
    }
    assert!(house.hand_in(give(0)).is_ok(), "what was taken is no more than before");
    let more = house.hand_in(give(REVOTES_MAX));
    assert!(matches!(more, Err(HomeError::Full { .. })), "{more:?}");
    let ballot = house.ballot(number, 4, Choice::For, 1);
    assert!(house.hand_in(ballot).is_ok(), "the own ballot is counted by itself");
}

#[test]
fn sheets_that_nobody_countersigned_go_when_the_results_stand() {
    let (mut house, number, opening) = House::open_assembly();
    for person in 1..=3 {
        let body = house.ballot(number, person, Choice::For, 1);
        house.hand_in(body).unwrap();
    }
    let paper = house.sheet(number, 4, Choice::Against);
    house.sign_sheet(&paper, 2, 2).unwrap();
    house.until(opening.closes.0);
    let late = house.sign_sheet(&Paper { sequence: 2, ..paper.clone() }, 2, 2);
    assert!(matches!(late, Err(HomeError::Stage { .. })), "{late:?}");
    let late = house.sign_sheet(&paper, 3, 3);
    assert!(matches!(late, Err(HomeError::Stage { .. })), "{late:?}");
    assert_eq!(house.core.home().sheets().len(), 1, "until then the two see what was missed");
    house.concluded(number);
    house.pass(5_000);
    assert!(house.core.home().sheets().is_empty());
    house.restart();
    assert!(house.core.home().sheets().is_empty(), "also on disk");
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

#[test]
fn a_proxy_that_covers_the_assembly_held_again_carries_over_to_it() {
    let (mut house, number, opening) = House::open_assembly();
    let chain = house.core.ledger().chain();
    let say = |assembly, person: u32, act| {
        let salt = Salt::new([u8::try_from(person).unwrap(); 16]);
        Proxy { assembly, principal: own(person).public(), act, salt }.sign(&own(person), &chain)
    };
    let give = |person: u32, covers_second| {
        let (lots, items) = (list(vec![LotId(person)]), list(vec![]));
        ProxyAct::Give(Mandate { lots, holder: PersonId(1), items, covers_second })
    };
    let given =
        [(4, true), (3, false)].map(|(person, covers)| say(opening.id(), person, give(person, covers)));
    let [lasting, single] = [given[0].commitment(), given[1].commitment()];
    for signed in given {
        assert!(house.hand_in(Body::Proxy(signed)).is_ok());
    }
    house.until(opening.closes.0 + 1);
    house.concluded(number);

    let first = &house.core.home().gatherings()[&number];
    let (meeting, day) = (Meeting::WithoutQuorum(opening.id()), Day(first.stored.plan.day.0 + 15));
    let plan = Box::new(Plan { day, meeting, ..first.stored.plan.clone() });
    let items = vec![(first.items[&ItemNumber(1)].resolution.clone(), Vec::new())];
    let act = Act::Prepare { number: None, plan, seed: Salt::new([6; 16]), items };
    let Done::Gathering(second) = house.operator(act) else { panic!("a draft") };
    house.operator(Act::Announce { number: second, blocks: 40 });
    let again = house.core.home().gatherings()[&second].stored.opening.clone().unwrap();
    house.until(again.opens.0);
    house.restart();
    let under = |house: &House, lot: u32, proxy, sequence| {
        let Body::Ballot(signed) = house.ballot(second, 1, Choice::For, sequence) else { panic!("a ballot") };
        let (lots, votes) = (list(vec![LotId(lot)]), Votes(u64::from(lot) * 100));
        let ballot = Ballot { lots, votes, proxy: Some(proxy), ..signed.ballot };
        Body::Ballot(ballot.sign(&own(1), &chain))
    };
    let ballot = under(&house, 3, single, 1);
    assert!(matches!(house.hand_in(ballot), Err(HomeError::Refused(_))), "it was for the first one only");
    let ballot = under(&house, 4, lasting, 2);
    assert!(house.hand_in(ballot).is_ok());
    house.pass(5_000);
    let held = |house: &House| {
        let gathering = &house.core.home().gatherings()[&second];
        house.core.counted(gathering).unwrap().proxies.held().cloned().collect::<Vec<_>>()
    };
    assert_eq!(held(&house).iter().map(|held| held.principal).collect::<Vec<_>>(), [PersonId(4)]);
    let back = say(again.id(), 4, ProxyAct::TakeBack(lasting));
    assert!(house.hand_in(Body::Proxy(back)).is_ok());
    house.pass(5_000);
    assert!(held(&house).is_empty(), "it was taken back");
}
