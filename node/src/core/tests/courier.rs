//! A building brings ballots for the residents of another one, and keeps an eye on promises.

use protocol::assembly::{
    AssemblyAction, AssemblyId, Base, Counters, Day, Effect, Item, Kept, Matter, Meeting, Opening, Promise,
    Round, RuleSet, SignedPromise, Votes,
};
use protocol::transaction::TransactionBody;
use protocol::{Bounded, Height, Payload as Wish, Sequence};

use super::*;
use crate::core::assembly::{Act, Done, HomeError, Who};

struct Street {
    core: Core,
    tick: u64,
    entries: BTreeMap<Vec<u8>, Vec<u8>>,
    blocks: Vec<ledger::StoredBlock>,
}

fn neighbour() -> SigningKey {
    SigningKey::from_seed(&[6; 32])
}

fn two() -> Genesis {
    let followers = vec![neighbour().public()];
    Genesis::new(UnixMs(0), Digest::new([0; 32]), vec![key().public()], followers).unwrap()
}

impl Street {
    fn new() -> Self {
        let mut street = Self::started(BTreeMap::new(), Vec::new(), 0);
        street.pass(1_000);
        street
    }

    fn started(entries: BTreeMap<Vec<u8>, Vec<u8>>, blocks: Vec<ledger::StoredBlock>, tick: u64) -> Self {
        let (core, outputs) = start_as(&key(), &two(), at(tick), &entries, &[], &blocks);
        let mut street = Self { core, tick, entries, blocks };
        street.perform(outputs);
        street
    }

    fn perform(&mut self, outputs: Vec<Output>) -> Option<Result<Done, HomeError>> {
        let mut answer = None;
        for output in outputs {
            if let Output::Persist(changes) = output {
                for change in changes {
                    match change.value() {
                        Some(value) => drop(self.entries.insert(change.key(), value)),
                        None => drop(self.entries.remove(&change.key())),
                    }
                }
            } else if let Output::Ledger(ledger::Output::Committed(committed)) = output {
                let block = (*committed.block).clone();
                self.blocks.push(ledger::StoredBlock { block, certificate: committed.certificate });
            } else if let Output::Answer { answer: told, .. } = output {
                answer = Some(match told {
                    Ok(Answer::Home(done)) => Ok(done),
                    Err(Refused::Home(error)) => Err(error),
                    other => panic!("{other:?}"),
                });
            }
        }
        answer
    }

    fn tell(&mut self, input: Input) -> Option<Result<Done, HomeError>> {
        let outputs = self.core.handle(at(self.tick), input);
        self.perform(outputs)
    }

    fn pass(&mut self, ms: u64) {
        for _ in 0..ms / 100 {
            self.tick += 100;
            self.tell(Input::Tick);
        }
    }

    fn act(&mut self, act: Act) -> Result<Done, HomeError> {
        let who = Who { name: "stranger".into(), person: None, is_operator: false, today: Day(0) };
        let command = Command::AtHome(who, act);
        let told = self.tell(Input::Command { ticket: Ticket(1), by: Actor::default(), command });
        told.expect("every act is answered")
    }

    fn head(&self) -> Height {
        self.core.ledger().head().height
    }

    /// The neighbour announces an assembly that is open for so many blocks.
    fn announced(&mut self, blocks: u64) -> AssemblyId {
        let of = |seed: u8| SigningKey::from_seed(&[seed; 32]).public();
        let item = Item {
            resolution: Digest::new([3; 32]),
            matter: Matter::Ordinary,
            base: Base::Whole,
            round: Round::First,
            effect: Effect::Nothing,
            after_appeal: false,
            joint: None,
        };
        let opens = Height(self.head().0 + 2);
        let opening = Opening {
            building: neighbour().address(),
            number: 1,
            law: RuleSet::Belgium2020,
            meeting: Meeting::First,
            roll: Digest::new([4; 32]),
            owners: 4,
            votes: Votes(1_000),
            items: Bounded::new(vec![item]).unwrap(),
            day: Day(1),
            opens,
            closes: Height(opens.0 + blocks),
            counters: Counters { chair: of(51), syndic: of(52), assessor: of(53) },
        };
        let id = opening.id();
        let payload = Wish::Assembly(AssemblyAction::Announce(Box::new(opening)));
        let expires = Height(self.head().0 + 50);
        let sequence = Sequence::default().next();
        let body = TransactionBody { author: neighbour().public(), sequence, expires, payload };
        let transactions = vec![body.sign(&neighbour(), &self.core.ledger().chain())];
        self.tell(Input::Ledger(ledger::Input::Submit { transactions, local: false }));
        self.pass(2_000);
        assert!(self.core.ledger().state().assembly(&id).is_some());
        id
    }

    fn promised(&mut self, vote: AssemblyId, ballot: u8) -> SignedPromise {
        let done = self.act(Act::Carry(vote, Digest::new([ballot; 32])));
        let Ok(Done::Promised(promise)) = done else { panic!("{done:?}") };
        *promise
    }

    fn entered(&self, vote: AssemblyId, ballot: u8) -> Option<Height> {
        let state = self.core.ledger().state();
        state.entered(&vote, &Digest::new([ballot; 32])).map(|entered| entered.height)
    }
}

fn at(tick: u64) -> Now {
    Now { tick: Tick(tick), time: UnixMs(1_000_000 + i64::try_from(tick).unwrap()) }
}

#[test]
fn a_neighbours_ballot_is_promised_and_stands_also_after_a_crash() {
    let mut street = Street::new();
    let unknown = street.act(Act::Carry(AssemblyId::new([9; 32]), Digest::new([1; 32])));
    assert_eq!(unknown, Err(HomeError::NoAssembly));
    let vote = street.announced(50);
    let promise = street.promised(vote, 1);
    assert_eq!(street.promised(vote, 1), promise, "the same again is the same promise");
    street.pass(2_000);
    assert!(street.entered(vote, 1).is_some_and(|height| height <= promise.promise.by));
    assert!(!street.entries.keys().any(|key| key.starts_with(&[b'u', 16])), "what was kept is forgotten");

    // It dies between the promise and the block: what it stored is brought by the next one.
    let blocks = street.blocks.clone();
    let promise = street.promised(vote, 2);
    let mut street = Street::started(street.entries.clone(), blocks, street.tick);
    assert_eq!(street.entered(vote, 2), None);
    street.pass(5_000);
    assert!(street.entered(vote, 2).is_some_and(|height| height <= promise.promise.by));
    assert_eq!(street.act(Act::Watch(Box::new(promise))), Ok(Done::Standing(Kept::Yes)));
}

#[test]
fn a_node_that_drops_a_ballot_has_signed_the_proof_and_anybody_hands_it_in() {
    let mut street = Street::new();
    let vote = street.announced(400);
    // The neighbour's node takes a ballot, promises it, and drops it.
    let (taken, commitment) = (street.head(), Digest::new([1; 32]));
    let by = Height(taken.0 + 3);
    let promise = Promise { assembly: vote, commitment, taken, by, node: neighbour().public() };
    let promise = promise.sign(&neighbour(), &street.core.ledger().chain());
    assert_eq!(street.act(Act::Watch(Box::new(promise.clone()))), Ok(Done::Standing(Kept::Pending)));
    let mut street = Street::started(street.entries.clone(), street.blocks.clone(), street.tick);
    while street.head() < promise.promise.by {
        street.pass(60_000);
    }
    street.pass(5_000);
    let broken: Vec<_> = street.core.ledger().state().broken_promises(&vote).cloned().collect();
    assert_eq!(broken.len(), 1, "it goes on record by itself");
    assert_eq!((&broken[0].promise, broken[0].member), (&promise, neighbour().address()));
    assert_eq!(street.act(Act::Watch(Box::new(promise.clone()))), Ok(Done::Standing(Kept::Broken)));
    street.pass(5_000);
    assert_eq!(street.core.ledger().state().intake(&vote).unwrap().broken_promises, 1, "once");

    // What nobody of the hive signed proves nothing.
    let stranger = SigningKey::from_seed(&[99; 32]);
    let mut forged = promise.promise;
    forged.node = stranger.public();
    let forged = forged.sign(&stranger, &street.core.ledger().chain());
    assert!(matches!(street.act(Act::Watch(Box::new(forged))), Err(HomeError::NotYours { .. })));
    let mut altered = promise;
    altered.promise.commitment = Digest::new([7; 32]);
    assert!(matches!(street.act(Act::Watch(Box::new(altered))), Err(HomeError::NotYours { .. })));
}

#[test]
fn no_stranger_makes_a_node_promise_more_than_the_ledger_takes_of_it() {
    let mut street = Street::new();
    let vote = street.announced(400);
    for ballot in 0..=u8::MAX {
        street.promised(vote, ballot);
        street.pass(200);
    }
    street.pass(5_000);
    assert!(
        (0..=u8::MAX).all(|ballot| street.entered(vote, ballot).is_some()),
        "all that was promised stands"
    );
    assert!(!street.entries.keys().any(|key| key.starts_with(&[b'u', 16])), "nothing is watched any more");
    let one_more = Act::Carry(vote, Digest::of("one more", &[]));
    assert!(matches!(street.act(one_more), Err(HomeError::Full { .. })), "the ledger would not count it");
    let intake = street.core.ledger().state().intake(&vote).unwrap();
    assert_eq!((intake.excess, intake.broken_promises), (0, 0));
}
