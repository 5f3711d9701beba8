//! Residents decide in one building alone in its hive: from the registry over letters, keys and ballots to a result on
//! the ledger, with a crash between a promise and its block.

mod minutes;
mod polls;
mod room;

use protocol::assembly::{
    Ballot, Base, Binding, Choice, Commission, Day, Duty, Effect, ItemNumber, Lot, LotId, LotKind, Matter,
    Meeting, Office, Outcome, Owner, Person, PersonId, Registry, RegistryName, Resolution, Right, Round,
    RuleSet, Text, Title, Votes,
};
use protocol::energy::{MicroEuro, Salt};
use protocol::{Address, Bounded, Severity};

use super::*;
use crate::core::assembly::{Act, Body, Done, HomeError, Kept, KeyStage, NewLetter, Plan, Taken, Who};
use crate::core::catalogue::Code;
use crate::core::maintenance::{Change, OrderCause};

const TODAY: Day = Day(0);

fn list<T, const MAX: usize>(items: Vec<T>) -> Bounded<T, MAX> {
    Bounded::new(items).unwrap()
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).unwrap()
}

/// Four owners with 100, 200, 300 and 400 votes; the second is syndic, the third on the council.
fn registry() -> Registry {
    let name = |text: &str| RegistryName::new(text).unwrap();
    let lot = |id: u32| {
        let owner = Owner { person: PersonId(id), right: Right::Full, parts: 1 };
        let title = Title { from: TODAY, whole: 1, owners: list(vec![owner]), representative: None };
        let votes = Votes(u64::from(id) * 100);
        let (titles, occupants) = (list(vec![title]), list(vec![]));
        Lot { id: LotId(id), name: name("lot"), kind: LotKind::Dwelling, votes, titles, occupants }
    };
    let person = |id: u32| Person { id: PersonId(id), name: name(&format!("Owner {id}")), is_legal: false };
    let office = |id, duty| Office { person: PersonId(id), duty, from: TODAY, until: None };
    Registry {
        building: Address::new([0; 20]),
        votes: Votes(1_000),
        lots: list((1..=4).map(lot).collect()),
        persons: list((1..=5).map(person).collect()),
        charges: list(vec![]),
        offices: list(vec![office(2, Duty::Syndic), office(3, Duty::Council)]),
        laws: list(vec![(TODAY, RuleSet::Belgium2020)]),
    }
}

fn who(person: Option<u32>, is_operator: bool) -> Who {
    Who { name: "somebody".into(), person: person.map(PersonId), is_operator, today: TODAY }
}

fn own(person: u32) -> SigningKey {
    SigningKey::from_seed(&[u8::try_from(person).unwrap() + 40; 32])
}

fn code(person: u32) -> SigningKey {
    protocol::assembly::invitation_key(&format!("CODE{person}"))
}

fn letter(person: u32) -> NewLetter {
    let short = protocol::assembly::invitation_key(&format!("SHORT{person}")).public();
    NewLetter { person: PersonId(person), long: code(person).public(), short }
}

impl House {
    fn act(&mut self, who: Who, act: Act) -> Result<Done, HomeError> {
        let ticket = Ticket(7);
        self.outputs.clear();
        self.tell(Input::Command { ticket, by: Actor::default(), command: Command::AtHome(who, act) });
        let answer = self.outputs.iter().find_map(|output| {
            if let Output::Answer { ticket: Ticket(7), answer } = output {
                Some(answer.clone())
            } else {
                None
            }
        });
        match answer.expect("every act is answered") {
            Ok(Answer::Home(done)) => Ok(done),
            Err(Refused::Home(error)) => Err(error),
            other => panic!("{other:?}"),
        }
    }

    fn operator(&mut self, act: Act) -> Done {
        self.act(who(None, true), act).unwrap()
    }

    fn bind(&mut self, person: u32, with: &SigningKey) -> Result<Done, HomeError> {
        let building = self.core.origin();
        let binding = Binding { building, invitation: code(person).public(), voter: with.public() };
        let signed = binding.sign(&code(person), with, &self.core.ledger().chain());
        self.act(who(None, false), Act::Bind(Box::new(signed)))
    }

    /// A registry, and four residents whose keys count.
    fn enrolled() -> Self {
        let mut house = Self::new();
        let registry = Box::new(registry());
        house.operator(Act::PutRegistry { revision: 0, registry });
        house.operator(Act::SetObjection(0));
        house.operator(Act::Write((1..=4).map(letter).collect()));
        for person in 1..=4 {
            let bound = Done::Bound(own(person).public(), PersonId(person));
            assert_eq!(house.bind(person, &own(person)), Ok(bound));
        }
        house
    }

    fn prepared(&mut self) -> u32 {
        self.prepared_with(Effect::Nothing)
    }

    fn prepared_with(&mut self, effect: Effect) -> u32 {
        let plan = Plan {
            day: Day(1),
            place: text("Hall, 20:00"),
            meeting: Meeting::First,
            notice: None,
            is_urgent: false,
            chair: Some(PersonId(1)),
            secretary: None,
            assessors: list(vec![PersonId(3)]),
        };
        let resolution = Resolution {
            item: ItemNumber(1),
            title: text("New boiler"),
            text: text("The boiler is replaced."),
            matter: Matter::Works,
            base: Base::Whole,
            round: Round::First,
            missions: list(vec![]),
            documents: list(vec![]),
            effect,
            after_appeal: false,
            salt: Salt::new([1; 16]),
        };
        let items = vec![(resolution, Vec::new())];
        let act = Act::Prepare { number: None, plan: Box::new(plan), seed: Salt::new([2; 16]), items };
        let done = self.operator(act);
        let Done::Gathering(number) = done else { panic!("{done:?}") };
        number
    }

    fn ballot(&self, number: u32, person: u32, choice: Choice, sequence: u64) -> Body {
        let gathering = &self.core.home().gatherings()[&number];
        let opening = gathering.stored.opening.as_ref().unwrap();
        let ballot = Ballot {
            assembly: opening.id(),
            item: ItemNumber(1),
            resolution: *opening.hash_of(ItemNumber(1)).unwrap(),
            voter: own(person).public(),
            lots: list(vec![LotId(person)]),
            votes: Votes(u64::from(person) * 100),
            choice,
            sequence,
            proxy: None,
            salt: Salt::new([u8::try_from(sequence).unwrap(); 16]),
        };
        Body::Ballot(ballot.sign(&own(person), &self.core.ledger().chain()))
    }

    /// What chair and syndic do once the last block has passed: the result stands on the ledger.
    fn concluded(&mut self, number: u32) {
        let chain = self.core.ledger().chain();
        let parts = self.core.conclusions(&self.core.home().gatherings()[&number]).unwrap();
        for person in [1, 2] {
            let signatures = parts.iter().map(|part| part.sign(&own(person), &chain)).collect();
            self.act(who(Some(person), false), Act::Sign { number, signatures }).unwrap();
        }
        self.pass(5_000);
    }

    /// As it lies on disk for the next start.
    fn stored<const N: usize>(&mut self, kept: [Kept; N]) {
        for change in kept.map(|one| Change::PutKept(Box::new(one))) {
            self.entries.insert(change.key(), change.value().expect("it is put"));
        }
    }

    fn until(&mut self, height: u64) {
        for _ in 0..400 {
            if self.core.ledger().head().height.0 >= height {
                return;
            }
            self.pass(10_000);
        }
        panic!("{:?} is not {height}", self.core.ledger().head().height);
    }
}

#[test]
fn a_letter_binds_one_key_and_the_registry_says_who_may_what() {
    let mut house = House::enrolled();
    assert_eq!(house.bind(1, &own(9)), Err(HomeError::NoLetter), "a letter works once");
    let stage =
        |house: &House, person| house.core.home().residents().key(&own(person).public()).unwrap().stage();
    assert_eq!(stage(&house, 1), KeyStage::Counts);
    let refused = house.act(who(Some(1), false), Act::Write(vec![letter(1)]));
    assert!(matches!(refused, Err(HomeError::NotYours { .. })), "{refused:?}");
    assert_eq!(house.act(who(Some(2), false), Act::SetObjection(48)), Ok(Done::Nothing), "the syndic");

    // A lost key: the syndic says so, somebody else of the council agrees, and the new one waits.
    assert_eq!(house.act(who(Some(2), false), Act::Lose(PersonId(4))), Ok(Done::Nothing));
    let alone = house.act(who(Some(2), false), Act::Agree(letter(4)));
    assert!(matches!(alone, Err(HomeError::NotYours { .. })), "{alone:?}");
    assert_eq!(house.act(who(Some(3), false), Act::Agree(letter(4))), Ok(Done::Nothing));
    assert_eq!(stage(&house, 4), KeyStage::Ended);
    assert!(house.bind(4, &own(8)).is_ok());
    assert_eq!(stage(&house, 8), KeyStage::Waiting);
    house.pass(71 * 3_600_000);
    assert_eq!(stage(&house, 8), KeyStage::Waiting);
    house.restart();
    assert_eq!(stage(&house, 8), KeyStage::Waiting, "also after a restart");
    assert_eq!(house.act(who(Some(1), false), Act::Object(own(8).public())), Ok(Done::Nothing));
    house.pass(2 * 3_600_000);
    assert_eq!(stage(&house, 8), KeyStage::Objected);

    // A name goes when no law needs it any more.
    assert_eq!(house.act(who(None, true), Act::Erase(PersonId(1))), Err(HomeError::StillNeeded));
    assert!(matches!(house.act(who(None, true), Act::Erase(PersonId(5))), Ok(Done::Registry(_))));
    let stored: Vec<u8> = house.entries.values().flatten().copied().collect();
    assert!(!String::from_utf8_lossy(&stored).contains("Owner 5"));
    assert!(house.outputs.iter().any(|output| matches!(output, Output::ForgetHistory)));
}

#[test]
fn four_owners_decide_and_a_crash_loses_no_ballot() {
    let mut house = House::enrolled();
    let number = house.prepared();
    assert_eq!(house.operator(Act::Announce { number, blocks: 12 }), Done::Gathering(number));
    let again = house.act(who(None, true), Act::Announce { number, blocks: 12 });
    assert!(matches!(again, Err(HomeError::Stage { .. })), "{again:?}");
    let opening = house.core.home().gatherings()[&number].stored.opening.clone().unwrap();
    house.until(opening.opens.0);

    for (person, choice) in [(1, Choice::For), (2, Choice::Against), (3, Choice::For)] {
        let body = house.ballot(number, person, choice, 1);
        let told = house.act(who(None, false), Act::HandIn(Box::new(body.clone())));
        assert_eq!(told, Ok(Done::Taken(number, body.commitment())));
    }
    // What was promised is on disk before it is told: the node dies before a block holds it.
    let last = house.ballot(number, 4, Choice::For, 1);
    let blocks = house.blocks.clone();
    assert!(house.act(who(None, false), Act::HandIn(Box::new(last.clone()))).is_ok());
    let taken = house.core.home().gatherings()[&number].taken[&last.commitment()].clone();
    house.stored([Kept::Taken(Box::new(Taken { stands: None, ..taken }))]);
    house.blocks = blocks;
    house.restart();
    house.pass(5_000);
    let taken = house.core.home().gatherings()[&number].taken[&last.commitment()].clone();
    assert!(taken.stands.is_some_and(|(height, _)| height <= taken.promise.promise.by), "{taken:?}");

    // A second thought counts; somebody else's lots do not, nor does a weight of one's own making.
    let thought = house.ballot(number, 2, Choice::For, 2);
    assert!(house.act(who(None, false), Act::HandIn(Box::new(thought))).is_ok());
    let Body::Ballot(signed) = house.ballot(number, 1, Choice::For, 3) else { panic!("a ballot") };
    for (lots, votes) in [(list(vec![LotId(2)]), Votes(200)), (list(vec![LotId(1)]), Votes(900))] {
        let forged = Ballot { lots, votes, ..signed.ballot.clone() };
        let forged = Body::Ballot(forged.sign(&own(1), &house.core.ledger().chain()));
        let refused = house.act(who(None, false), Act::HandIn(Box::new(forged)));
        assert!(matches!(refused, Err(HomeError::Refused(_))), "{refused:?}");
    }

    house.until(opening.closes.0);
    let late = house.ballot(number, 1, Choice::Against, 9);
    assert!(matches!(house.act(who(None, false), Act::HandIn(Box::new(late))), Err(HomeError::Stage { .. })));
    let parts = house.core.conclusions(&house.core.home().gatherings()[&number]).unwrap();
    let sign = |house: &House, key: &SigningKey| {
        parts.iter().map(|part| part.sign(key, &house.core.ledger().chain())).collect::<Vec<_>>()
    };
    let wrong = sign(&house, &own(4));
    assert!(house.act(who(Some(4), false), Act::Sign { number, signatures: wrong }).is_err());
    for person in [1, 2] {
        let signatures = sign(&house, &own(person));
        assert!(house.act(who(Some(person), false), Act::Sign { number, signatures }).is_ok());
    }
    house.pass(5_000);
    let decision = house.core.ledger().state().decision(&opening.id(), ItemNumber(1)).expect("a result");
    let protocol::assembly::ItemResult::Counted(record) = &decision.result else { panic!("{decision:?}") };
    assert_eq!((record.outcome, record.counted.in_favour), (Outcome::Adopted, Votes(1_000)));
    assert_eq!(house.core.ledger().state().intake(&opening.id()).unwrap().breaches, 0);
    let on_ledger: Vec<u8> = house.blocks.iter().flat_map(|stored| protocol::encode(&stored.block)).collect();
    let text = String::from_utf8_lossy(&on_ledger).into_owned();
    assert!(!text.contains("boiler") && !text.contains("Owner"), "names or texts left the building");
}

#[test]
fn a_decision_opens_its_work_order_in_the_buildings_own_list_exactly_once() {
    let mut house = House::enrolled();
    let asset = Code::new("CAS-S1-ELEVATOR_1").unwrap();
    let most = MicroEuro(1_500_000_000);
    let commission = Commission {
        most,
        asset: house.core.maintenance().pseudonym(&asset),
        kind: protocol::AssetKind::Elevator,
        severity: Severity::Medium,
        commitment: Digest::new([9; 32]),
    };
    let number = house.prepared_with(Effect::WorkOrder(commission));
    house.operator(Act::Announce { number, blocks: 12 });
    let opening = house.core.home().gatherings()[&number].stored.opening.clone().unwrap();
    house.until(opening.opens.0);
    for person in 1..=4 {
        let body = house.ballot(number, person, Choice::For, 1);
        house.act(who(None, false), Act::HandIn(Box::new(body))).unwrap();
    }
    house.until(opening.closes.0 + 1);
    let backup = house.entries.clone();
    house.concluded(number);
    let mine = |house: &House| house.core.maintenance().work_orders().values().cloned().collect::<Vec<_>>();
    let check = |house: &House, when: &str| {
        assert_eq!(house.counts(), (0, 1, 1), "{when}");
        let order = mine(house).remove(0);
        let decided = ledger::state::assembly::Cause::Item(opening.id(), ItemNumber(1));
        assert_eq!(order.cause, OrderCause::Decision { decided, most }, "{when}");
        let code = house.core.telemetry().catalogue().asset(order.asset).map(|asset| asset.code.clone());
        assert_eq!((order.message.as_str(), code), ("New boiler", Some(asset.clone())), "{when}");
        let (_, on_ledger) = house.core.ledger().state().work_orders().next().unwrap();
        assert_eq!(order.reference, on_ledger.reference);
        assert_eq!(order.status, on_ledger.status, "{when}");
        assert_eq!(order.ledger.commitment, Some(on_ledger.commitment), "{when}");
        order.reference
    };
    let reference = check(&house, "at its block");
    house.restart();
    house.pass(10_000);
    check(&house, "after a restart");
    // The building's own list as it was before the decision: a backup, or a crash between block and list.
    house.entries = backup.clone();
    house.restart();
    house.pass(10_000);
    check(&house, "from a backup");

    let edit = |status, notes: &str| WorkOrderEdit { status, notes: Some(notes.into()), assigned_to: None };
    for status in [WorkOrderStatus::InProgress, WorkOrderStatus::Done] {
        let edit = edit(Some(status), "cable replaced");
        let command = Command::EditWorkOrder { reference, edit };
        house.tell(Input::Command { ticket: Ticket(1), by: Actor::new("Jan"), command });
        house.pass(1_000);
    }
    check(&house, "done");
    assert!(mine(&house)[0].closed.is_some());
    house.entries = backup;
    house.restart();
    house.pass(10_000);
    check(&house, "from a backup of before, when it is done");
    assert!(mine(&house)[0].closed.is_some());
}

#[test]
fn an_assembly_opens_with_the_next_block_and_a_late_announcement_is_made_again() {
    let mut house = House::enrolled();
    let number = house.prepared();
    let (entries, blocks) = (house.entries.clone(), house.blocks.clone());
    house.operator(Act::Announce { number, blocks: 12 });
    house.pass(2_000);
    let opening = house.core.home().gatherings()[&number].stored.opening.clone().unwrap();
    let head = house.core.ledger().head().height;
    assert_eq!(head.next(), opening.opens, "nobody waits for blocks that a quiet hive does not make");
    let first = Box::new(house.ballot(number, 1, Choice::For, 1));
    assert!(house.act(who(None, false), Act::HandIn(first.clone())).is_ok());

    // The node stored what it announces and died; meanwhile the hive went on without it.
    let announced = house.entries.clone();
    (house.entries, house.blocks) = (entries, blocks);
    house.restart();
    house.until(opening.opens.0 + 3);
    let late = house.core.ledger().head().height;
    house.entries = announced;
    house.restart();
    house.pass(10_000);
    let anew = house.core.home().gatherings()[&number].stored.opening.clone().unwrap();
    assert_ne!(anew.id(), opening.id());
    assert!(anew.opens > late, "{:?} {late:?}", anew.opens);
    assert_eq!(anew.closes.0 - anew.opens.0, 12, "it stays open as long");
    let state = house.core.ledger().state();
    assert!(state.assembly(&anew.id()).is_some() && state.assembly(&opening.id()).is_none());
    assert_eq!(state.intake(&anew.id()).unwrap().breaches, 0);
    let stale = house.act(who(None, false), Act::HandIn(first));
    assert_eq!(stale, Err(HomeError::NoAssembly), "a ballot for what never stood");
}

#[test]
fn what_the_ledger_never_takes_is_a_draft_again() {
    let mut house = House::enrolled();
    let number = house.prepared();
    let prepared = house.entries.clone();
    house.operator(Act::Announce { number, blocks: 12 });
    let reason = ledger::Reject::Assembly(ledger::state::assembly::AssemblyReject::NotAsked);
    // As if an item answered a question that nobody put.
    house.entries = prepared;
    house.core.announcement_refused(number, &reason);
    let gathering = &house.core.home().gatherings()[&number];
    assert!(gathering.stored.opening.is_none() && gathering.registry.is_none());
}
