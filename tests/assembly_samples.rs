//! One instance of every word of assemblies that travels or is stored, for golden vectors and hostile input.

use ledger::assembly::CommitmentFrontier;
use ledger::state::assembly::{
    Assembly, AssemblyEntry, AssemblyKey, Breach, BreachKind, BrokenPromise, BuildingVotes, Carried, Cause,
    Decision, EnteredAt, Intake, JointState, MinutesHeld, PollState,
};
use ledger::state::{Entry, Key, Place};
use protocol::assembly::{
    Arithmetic, AssemblyAction, AssemblyId, Ballot, Base, Binding, ChargeKey, Choice, Commission,
    Commitments, Conclusion, Counters, Day, Duty, Effect, Figures, Item, ItemNumber, ItemResult,
    JointQuestion, Lot, LotId, LotKind, Mandate, Matter, Meeting, MinutesNotice, Needed, Occupancy, Office,
    Opening, Outcome, Owner, PaperEntry, Person, PersonId, PollBallot, PollNotice, PollRecord, Promise,
    Proxy, ProxyAct, Receipt, Registry, Right, Round, RuleId, RuleSet, SignedBinding, SignedConclusion,
    SignedMinutes, SignedPromise, TallyRecord, Text, Title, Totals, Turnout, Votes,
};
use protocol::energy::{MicroEuro, Salt};
use protocol::limits::{
    BALLOT_BYTES_MAX, BINDING_BYTES_MAX, PROMISE_BYTES_MAX, PROXY_BYTES_MAX, RECEIPT_BYTES_MAX,
    REGISTRY_BYTES_MAX, TRANSACTION_BYTES_MAX,
};
use protocol::{
    Action, AssetKind, Bounded, ChainId, Digest, Height, Payload, Severity, TransactionId, UnixMs,
};

use crate::samples::{self, Wire, key, transaction, wire};

pub(crate) fn digest(n: u8) -> Digest {
    Digest::new([n; 32])
}

pub(crate) fn chain() -> ChainId {
    samples::genesis().chain()
}

fn item(round: Round, effect: Effect) -> Item {
    let (matter, base) = (Matter::Works, Base::Whole);
    Item { resolution: digest(21), matter, base, round, effect, after_appeal: true, joint: None }
}

fn commission() -> Commission {
    let (most, kind, severity) = (MicroEuro(2_000_000_000), AssetKind::Elevator, Severity::High);
    Commission { most, asset: digest(31), kind, severity, commitment: digest(32) }
}

pub(crate) fn opening() -> Opening {
    let charge = Base::Charge(protocol::assembly::ChargeId(3));
    let items = vec![
        item(Round::First, Effect::WorkOrder(commission())),
        item(Round::Second(ItemNumber(1)), Effect::Purchase(MicroEuro(5))),
        Item { base: charge, ..item(Round::First, Effect::Policy(digest(33))) },
        item(Round::First, Effect::Action(Box::new(Action::AskCosignatures(true)))),
        Item { joint: Some(question().id()), after_appeal: false, ..item(Round::First, Effect::Nothing) },
    ];
    Opening {
        building: key(1).address(),
        number: 7,
        law: RuleSet::Belgium2020,
        meeting: Meeting::WithoutQuorum(AssemblyId::new([22; 32])),
        roll: digest(23),
        owners: 10,
        votes: Votes(1_000),
        items: Bounded::new(items).unwrap(),
        day: Day(22_080),
        opens: Height(100),
        closes: Height(200),
        counters: Counters { chair: key(4).public(), syndic: key(5).public(), assessor: key(6).public() },
    }
}

fn question() -> JointQuestion {
    let mut buildings = vec![key(1).address(), key(2).address()];
    buildings.sort();
    let effect = Effect::Purchase(MicroEuro(9));
    let (question, buildings) = (digest(24), Bounded::new(buildings).unwrap());
    JointQuestion { question, buildings, needed: Needed::TwoThirds, lead: key(2).address(), effect }
}

fn record() -> TallyRecord {
    let held = Totals { in_favour: Votes(600), against: Votes(400), ..Totals::default() };
    let (rule, figures) = (RuleId::BeTwoThirds, Figures::new(&[]));
    let arithmetic = Arithmetic::of(rule.formula().unwrap(), &figures);
    TallyRecord {
        assembly: opening().id(),
        item: ItemNumber(1),
        resolution: digest(21),
        rule,
        held,
        counted: held,
        owners_in_favour: 6,
        owners_present: 10,
        owners: 10,
        votes_present: Votes(1_000),
        votes: Votes(1_000),
        bridge: Some(arithmetic.clone()),
        arithmetic,
        outcome: Outcome::SecondVote(RuleId::Fr25),
        ballots: digest(25),
    }
}

fn conclusion() -> SignedConclusion {
    let results = vec![ItemResult::Counted(Box::new(record())), ItemResult::NotPut(ItemNumber(2))];
    let turnout = Turnout { owners: 10, votes: Votes(1_000) };
    let conclusion =
        Conclusion { assembly: opening().id(), turnout, results: Bounded::new(results).unwrap() };
    let [by_chair, by_syndic] = [4, 5].map(|n| conclusion.sign(&key(n), &chain()));
    SignedConclusion { conclusion, by_chair, by_syndic }
}

fn minutes() -> SignedMinutes {
    let notice = MinutesNotice { assembly: opening().id(), minutes: digest(26), version: 1 };
    let [by_chair, by_syndic] = [4, 5].map(|n| notice.sign(&key(n), &chain()));
    SignedMinutes { notice, by_chair, by_syndic }
}

pub(crate) fn promise() -> SignedPromise {
    let (taken, by, node) = (Height(120), Height(130), key(1).public());
    Promise { assembly: opening().id(), commitment: digest(27), taken, by, node }.sign(&key(1), &chain())
}

fn paper() -> PaperEntry {
    let (assembly, commitment) = (opening().id(), digest(28));
    let [by_syndic, by_assessor] = [5, 6].map(|n| PaperEntry::sign(assembly, commitment, &key(n), &chain()));
    PaperEntry { assembly, commitment, by_syndic, by_assessor }
}

fn poll() -> PollNotice {
    let (opens, closes) = (Height(5), Height(9));
    PollNotice { building: key(1).address(), poll: digest(29), is_hidden: true, opens, closes }
}

fn poll_record(answers: Option<Vec<u32>>) -> PollRecord {
    let answers = answers.map(|answers| Bounded::new(answers).unwrap());
    PollRecord { poll: digest(29), ballots: digest(25), voters: 17, answers }
}

fn commit() -> AssemblyAction {
    let commitments = Bounded::new(vec![digest(27), digest(28)]).unwrap();
    AssemblyAction::Commit(Commitments { vote: opening().id(), commitments })
}

pub(crate) fn ballot() -> Ballot {
    Ballot {
        assembly: opening().id(),
        item: ItemNumber(1),
        resolution: digest(21),
        voter: key(7).public(),
        lots: Bounded::new(vec![LotId(12), LotId(120)]).unwrap(),
        votes: Votes(112),
        choice: Choice::For,
        sequence: 2,
        proxy: Some(digest(34)),
        salt: Salt::new([35; 16]),
    }
}

pub(crate) fn receipt() -> Receipt {
    Receipt {
        vote: opening().id(),
        commitment: digest(27),
        transaction: transaction(Payload::Assembly(commit())),
        index: 3,
        path: Bounded::new(vec![digest(1), digest(2)]).unwrap(),
        header: samples::block().header,
        certificate: samples::certificate(),
        promise: Some(promise()),
    }
}

pub(crate) fn proxy() -> Proxy {
    let mandate = Mandate {
        lots: Bounded::new(vec![LotId(12)]).unwrap(),
        holder: PersonId(3),
        items: Bounded::new(vec![ItemNumber(1)]).unwrap(),
        covers_second: true,
    };
    let (principal, salt) = (key(7).public(), Salt::new([36; 16]));
    Proxy { assembly: opening().id(), principal, act: ProxyAct::Give(mandate), salt }
}

pub(crate) fn poll_ballot() -> PollBallot {
    PollBallot { poll: digest(29), voter: key(7).public(), answer: 1, sequence: 2, salt: Salt::new([37; 16]) }
}

pub(crate) fn binding() -> SignedBinding {
    let binding = Binding { building: key(1).address(), invitation: key(8).public(), voter: key(7).public() };
    binding.sign(&key(8), &key(7), &chain())
}

/// Two lots, of which one is owned barely by one person while another has the use of it.
pub(crate) fn registry() -> Registry {
    let owner = |person, right, parts| Owner { person: PersonId(person), right, parts };
    let title = |owners: Vec<Owner>, representative| Title {
        from: Day(10_957),
        whole: 2,
        owners: Bounded::new(owners).unwrap(),
        representative,
    };
    let split = vec![owner(1, Right::Bare, 2), owner(2, Right::Usufruct, 2)];
    let lot = |id, kind, votes, title| Lot {
        id: LotId(id),
        name: Text::new(&format!("lot {id}")).unwrap(),
        kind,
        votes: Votes(votes),
        titles: Bounded::new(vec![title]).unwrap(),
        occupants: Bounded::default(),
    };
    let occupant = Occupancy { person: PersonId(3), from: Day(20_000), until: Some(Day(21_000)) };
    let lots = vec![
        Lot {
            occupants: Bounded::new(vec![occupant]).unwrap(),
            ..lot(1, LotKind::Dwelling, 900, title(split, Some(PersonId(2))))
        },
        lot(2, LotKind::Parking, 100, title(vec![owner(3, Right::Full, 2)], None)),
    ];
    let person = |id, is_legal| {
        let name = Text::new(&format!("Personne {id}")).unwrap();
        Person { id: PersonId(id), name, is_legal }
    };
    let parts = Bounded::new(vec![(LotId(2), Votes(7))]).unwrap();
    let charge = ChargeKey { id: protocol::assembly::ChargeId(3), name: Text::new("garage").unwrap(), parts };
    let syndic = Office { person: PersonId(3), duty: Duty::Syndic, from: Day(20_000), until: None };
    Registry {
        building: key(1).address(),
        votes: Votes(1_000),
        lots: Bounded::new(lots).unwrap(),
        persons: Bounded::new(vec![person(1, false), person(2, false), person(3, true)]).unwrap(),
        charges: Bounded::new(vec![charge]).unwrap(),
        offices: Bounded::new(vec![syndic]).unwrap(),
        laws: Bounded::new(vec![(Day(0), RuleSet::Belgium2020), (Day(21_000), RuleSet::France2020)]).unwrap(),
    }
}

/// Everything of the protocol.
pub(crate) fn protocol_types() -> Vec<Wire> {
    let put = |name, action| wire(name, &transaction(Payload::Assembly(action)), TRANSACTION_BYTES_MAX);
    let ask = Payload::Propose(Action::AskJointly(Box::new(question())));
    vec![
        put("Transaction assembly announce", AssemblyAction::Announce(Box::new(opening()))),
        put("Transaction assembly commit", commit()),
        put("Transaction assembly paper", AssemblyAction::EnterPaper(paper())),
        put("Transaction assembly conclude", AssemblyAction::Conclude(Box::new(conclusion()))),
        put("Transaction assembly minutes", AssemblyAction::Minutes(minutes())),
        put("Transaction assembly broken promise", AssemblyAction::Accuse(promise())),
        put("Transaction poll announce", AssemblyAction::AnnouncePoll(poll())),
        put("Transaction poll conclude", AssemblyAction::ConcludePoll(poll_record(Some(vec![8, 9])))),
        put("Transaction poll conclude in silence", AssemblyAction::ConcludePoll(poll_record(None))),
        wire("Transaction propose a joint question", &transaction(ask), TRANSACTION_BYTES_MAX),
        wire("SignedBallot", &ballot().sign(&key(7), &chain()), BALLOT_BYTES_MAX),
        wire("SignedPromise", &promise(), PROMISE_BYTES_MAX),
        wire("Receipt", &receipt(), RECEIPT_BYTES_MAX),
        wire("SignedConclusion", &conclusion(), TRANSACTION_BYTES_MAX),
        wire("SignedProxy", &proxy().sign(&key(7), &chain()), PROXY_BYTES_MAX),
        wire("SignedPollBallot", &poll_ballot().sign(&key(7), &chain()), BALLOT_BYTES_MAX),
        wire("SignedBinding", &binding(), BINDING_BYTES_MAX),
        wire("Registry", &registry(), REGISTRY_BYTES_MAX),
    ]
}

/// Everything the ledger's state holds.
pub(crate) fn ledger_types() -> Vec<Wire> {
    let stored = |name, key: AssemblyKey| wire(name, &Key::Assembly(key), 256);
    let entry = |name, entry: AssemblyEntry| wire(name, &Entry::Assembly(entry), TRANSACTION_BYTES_MAX);
    let (id, member, number) = (opening().id(), key(1).address(), ItemNumber(1));
    let (cause, time) = (Cause::Item(id, number), UnixMs(1_800_000_000_000));
    let at = Place { height: Height(9), time, transaction: TransactionId::new([0x42; 32]) };
    let turnout = Some(Turnout { owners: 10, votes: Votes(1_000) });
    let minutes = Some(MinutesHeld { minutes: digest(26), version: 1, at });
    let assembly =
        Assembly { opening: opening(), announced: at, turnout, concluded: 5, ended: Some(at), minutes };
    let mut frontier = CommitmentFrontier::default();
    [1, 2, 3].map(digest).iter().for_each(|commitment| frontier.push(commitment));
    let intake = Intake {
        building: member,
        opens: Height(100),
        closes: Height(200),
        frontier,
        papers: 1,
        early: 2,
        late: 3,
        replayed: 4,
        excess: 5,
        breaches: 6,
        broken_promises: 7,
    };
    let entered = EnteredAt { index: 2, height: Height(150), transaction: at.transaction, is_paper: true };
    let decision = |carried| {
        let result = ItemResult::Counted(Box::new(record()));
        AssemblyEntry::Decision(Box::new(Decision { result, at, carried }))
    };
    let breach = |kind| AssemblyEntry::Breach(Breach { kind, at, brought: digest(30) });
    let joint = JointState {
        question: question(),
        asked: Height(3),
        outcomes: Bounded::new(vec![(member, Outcome::Adopted)]).unwrap(),
        not_before: time,
        decided: Some(at),
        is_adopted: true,
        carried: Carried::Due(time),
    };
    let poll = PollState { notice: poll(), announced: at, result: Some((poll_record(None), at)) };
    let broken = BrokenPromise { promise: promise(), member, at };
    vec![
        stored("Key building's assemblies", AssemblyKey::Building(member)),
        stored("Key assembly", AssemblyKey::Assembly(id)),
        stored("Key assembly's number", AssemblyKey::Numbered(member, 7)),
        stored("Key poll", AssemblyKey::Poll(id)),
        stored("Key assembly's intake", AssemblyKey::Intake(id)),
        stored("Key commitment entered", AssemblyKey::Entered(id, digest(27))),
        stored("Key commitments brought", AssemblyKey::Brought(id, member)),
        stored("Key decision", AssemblyKey::Decision(id, number)),
        stored("Key breach", AssemblyKey::Breach(id, 1)),
        stored("Key broken promise", AssemblyKey::BrokenPromise(id, digest(30))),
        stored("Key joint question", AssemblyKey::Joint(digest(24))),
        stored("Key effect due of an item", AssemblyKey::Due(time, cause)),
        stored("Key effect due of a question", AssemblyKey::Due(time, Cause::Joint(digest(24)))),
        entry(
            "Entry building's assemblies",
            AssemblyEntry::Building(BuildingVotes { assemblies: 7, assemblies_open: 2, polls_open: 1 }),
        ),
        entry("Entry assembly", AssemblyEntry::Assembly(Box::new(assembly))),
        entry("Entry assembly's number", AssemblyEntry::Numbered(id)),
        entry("Entry poll", AssemblyEntry::Poll(poll)),
        entry("Entry assembly's intake", AssemblyEntry::Intake(Box::new(intake))),
        entry("Entry commitment entered", AssemblyEntry::Entered(entered)),
        entry("Entry commitments brought", AssemblyEntry::Brought(256)),
        entry("Entry decision", decision(Carried::Done(Height(9)))),
        entry("Entry decision of several buildings", decision(Carried::Jointly)),
        entry("Entry decision that waits for minutes", decision(Carried::AwaitsMinutes)),
        entry("Entry decision that did not apply", decision(Carried::Impossible(Height(9)))),
        entry("Entry decision without effect", decision(Carried::Nothing)),
        entry("Entry breach announced again", breach(BreachKind::AnnouncedAgain)),
        entry("Entry breach concluded early", breach(BreachKind::ConcludedEarly)),
        entry("Entry breach wrong result", breach(BreachKind::WrongResult(number))),
        entry("Entry breach two results", breach(BreachKind::TwoResults(number))),
        entry("Entry broken promise", AssemblyEntry::BrokenPromise(Box::new(broken))),
        entry("Entry joint question", AssemblyEntry::Joint(Box::new(joint))),
        entry("Entry effect due", AssemblyEntry::Due),
    ]
}
