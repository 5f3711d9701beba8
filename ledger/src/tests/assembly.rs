//! Assemblies on the ledger: what counts and what does not, what is put on record, what is carried out and when.

mod any_order;
mod carrying;
mod receipts;

use protocol::assembly::{
    Arithmetic, AssemblyAction, AssemblyId, Base, Commission, Commitments, Conclusion, Counters, Day, Effect,
    Figures, Item, ItemNumber, ItemResult, Matter, Meeting, MinutesNotice, Opening, Outcome, PaperEntry,
    PollNotice, PollRecord, Promise, Quantity, Round, RuleSet, SignedConclusion, SignedMinutes, TallyRecord,
    Totals, Turnout, Votes,
};
use protocol::energy::MicroEuro;
use protocol::limits::{COMMITMENTS_OF_NEIGHBOUR_MAX, VOTES_OPEN_PER_BUILDING_MAX};
use protocol::transaction::TransactionBody;
use protocol::{
    Address, AssetKind, Bounded, Digest, Height, Payload, Sequence, Severity, SigningKey, UnixMs,
    VerifiedTransaction,
};

use super::{genesis, key};
use crate::chain::{Chain, TimeBound};
use crate::state::Event;
use crate::state::assembly::{AssemblyEvent, BreachKind, Carried, Cause, EnteredAt, NotCounted};

/// The building that votes, a follower.
const HOME: u8 = 4;
/// Its neighbour.
const NEIGHBOUR: u8 = 5;
const NOW: UnixMs = UnixMs(DAY_MS * 22_080);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Votes and owners of the building.
const VOTES: u64 = 1_000;
const OWNERS: u32 = 10;

fn chain() -> Chain {
    Chain::genesis(&genesis(4, 2))
}

fn address(n: u8) -> Address {
    key(n).address()
}

/// Chair, syndic and assessor.
fn counter(n: u8) -> SigningKey {
    key(100 + n)
}

fn next(chain: &Chain, n: u8, action: AssemblyAction) -> VerifiedTransaction {
    sign(chain, n, Payload::Assembly(action))
}

fn sign(chain: &Chain, n: u8, payload: Payload) -> VerifiedTransaction {
    let sequence = Sequence(chain.state().member(&address(n)).map_or(1, |member| member.sequence.0 + 1));
    let body = TransactionBody { author: key(n).public(), sequence, expires: Height(9_000), payload };
    body.sign(&key(n), &chain.id())
}

/// A block of these transactions, checked by another node before both take it.
fn block(chain: &mut Chain, now: UnixMs, of: Vec<VerifiedTransaction>) -> Result<Vec<Event>, String> {
    let (candidate, refused) = chain.build(key(0).address(), now, of.into_iter());
    if let Some((_, reason)) = refused.first() {
        return Err(reason.to_string());
    }
    let again = chain.check((*candidate.block).clone(), TimeBound::Certified, &|_| false).unwrap();
    assert_eq!(again.id, candidate.id);
    Ok(chain.commit(candidate))
}

fn put(chain: &mut Chain, n: u8, action: AssemblyAction) -> Result<Vec<Event>, String> {
    let transaction = next(chain, n, action);
    block(chain, NOW, vec![transaction])
}

/// Empty blocks up to a height.
fn until(chain: &mut Chain, height: Height) {
    while chain.height() < height {
        block(chain, NOW, Vec::new()).unwrap();
    }
}

fn item(number: u8, effect: Effect) -> Item {
    Item {
        resolution: Digest::new([number; 32]),
        matter: Matter::Ordinary,
        base: Base::Whole,
        round: Round::First,
        effect,
        after_appeal: false,
        joint: None,
    }
}

fn commission() -> Commission {
    Commission {
        most: MicroEuro(2_000_000_000),
        asset: Digest::new([31; 32]),
        kind: AssetKind::Elevator,
        severity: Severity::High,
        commitment: Digest::new([32; 32]),
    }
}

/// An assembly of a building that opens five blocks from now and closes ten blocks later.
fn opening(chain: &Chain, n: u8, items: Vec<Item>) -> Opening {
    Opening {
        building: address(n),
        number: chain.state().building_votes(&address(n)).assemblies + 1,
        law: RuleSet::Belgium2020,
        meeting: Meeting::First,
        roll: Digest::new([4; 32]),
        owners: OWNERS,
        votes: Votes(VOTES),
        items: Bounded::new(items).unwrap(),
        day: Day(22_080),
        opens: Height(chain.height().0 + 5),
        closes: Height(chain.height().0 + 15),
        counters: Counters {
            chair: counter(0).public(),
            syndic: counter(1).public(),
            assessor: counter(2).public(),
        },
    }
}

fn announce(chain: &mut Chain, n: u8, items: Vec<Item>) -> Opening {
    let opening = opening(chain, n, items);
    put(chain, n, AssemblyAction::Announce(Box::new(opening.clone()))).unwrap();
    opening
}

fn ballot(n: u32) -> Digest {
    Digest::of("a test ballot", &[&n.to_be_bytes()])
}

fn commit(vote: AssemblyId, ballots: &[u32]) -> AssemblyAction {
    let commitments = Bounded::new(ballots.iter().copied().map(ballot).collect()).unwrap();
    AssemblyAction::Commit(Commitments { vote, commitments })
}

fn root(chain: &Chain, vote: &AssemblyId) -> Digest {
    let intake = chain.state().intake(vote).unwrap();
    assert_eq!(intake.frontier.root(), chain.state().commitment_tree(vote).root());
    intake.frontier.root()
}

/// So many of the thousand votes for and against, the others silent.
fn record(chain: &Chain, opening: &Opening, number: u16, votes: [u64; 2]) -> TallyRecord {
    let (item, vote) = (opening.item(ItemNumber(number)).unwrap(), opening.id());
    let rule = opening.law.majority(item.matter).unwrap();
    let [in_favour, against] = votes.map(Votes);
    let silent = Votes(VOTES - in_favour.0 - against.0);
    let held = Totals { in_favour, against, silent, ..Totals::default() };
    let figures = Figures::new(&[
        (Quantity::VotesFor, in_favour.0),
        (Quantity::VotesForHeld, in_favour.0),
        (Quantity::VotesCast, held.cast().0),
        (Quantity::VotesPresent, VOTES),
        (Quantity::VotesAll, VOTES),
        (Quantity::OwnersFor, 1),
        (Quantity::OwnersPresent, OWNERS.into()),
        (Quantity::OwnersAll, OWNERS.into()),
    ]);
    let arithmetic = Arithmetic::of(rule.formula().unwrap(), &figures);
    let outcome = if arithmetic.holds() { Outcome::Adopted } else { Outcome::Refused };
    TallyRecord {
        assembly: vote,
        item: ItemNumber(number),
        resolution: item.resolution,
        rule,
        held,
        counted: held,
        owners_in_favour: 1,
        owners_present: OWNERS,
        owners: OWNERS,
        votes_present: Votes(VOTES),
        votes: Votes(VOTES),
        arithmetic,
        bridge: None,
        outcome,
        ballots: root(chain, &vote),
    }
}

fn counted(record: TallyRecord) -> ItemResult {
    ItemResult::Counted(Box::new(record))
}

fn conclusion(chain: &Chain, vote: AssemblyId, results: Vec<ItemResult>) -> AssemblyAction {
    let turnout = Turnout { owners: OWNERS, votes: Votes(VOTES) };
    let conclusion = Conclusion { assembly: vote, turnout, results: Bounded::new(results).unwrap() };
    signed(chain, conclusion, [0, 1])
}

fn signed(chain: &Chain, conclusion: Conclusion, by: [u8; 2]) -> AssemblyAction {
    let [by_chair, by_syndic] = by.map(|n| conclusion.sign(&counter(n), &chain.id()));
    AssemblyAction::Conclude(Box::new(SignedConclusion { conclusion, by_chair, by_syndic }))
}

fn minutes(chain: &Chain, vote: AssemblyId, version: u32) -> AssemblyAction {
    let notice = MinutesNotice { assembly: vote, minutes: ballot(version), version };
    let [by_chair, by_syndic] = [0, 1].map(|n| notice.sign(&counter(n), &chain.id()));
    AssemblyAction::Minutes(SignedMinutes { notice, by_chair, by_syndic })
}

fn refusals(chain: &Chain, vote: &AssemblyId) -> [u32; 4] {
    let intake = chain.state().intake(vote).unwrap();
    [intake.early, intake.late, intake.replayed, intake.excess]
}

#[test]
fn a_commitment_counts_once_and_within_its_heights() {
    let mut chain = chain();
    let opening = announce(&mut chain, HOME, vec![item(1, Effect::Nothing)]);
    let id = opening.id();
    put(&mut chain, HOME, commit(id, &[1])).unwrap();
    assert_eq!(refusals(&chain, &id), [1, 0, 0, 0]);
    until(&mut chain, Height(opening.opens.0 - 1));
    // The first height and the last count; anybody may bring a ballot; the same one counts once, also within one list.
    put(&mut chain, HOME, commit(id, &[1, 2, 1])).unwrap();
    let events = put(&mut chain, NEIGHBOUR, commit(id, &[2, 3])).unwrap();
    let (vote, why) = (id, NotCounted::Replayed);
    assert_eq!(
        events,
        [
            Event::Assembly(AssemblyEvent::NotCounted { vote, commitment: ballot(2), why }),
            Event::Assembly(AssemblyEvent::Entered { vote, commitment: ballot(3), index: 2 }),
        ]
    );
    until(&mut chain, Height(opening.closes.0 - 1));
    put(&mut chain, HOME, commit(id, &[4])).unwrap();
    assert_eq!(chain.height(), opening.closes);
    put(&mut chain, HOME, commit(id, &[5])).unwrap();
    assert_eq!(refusals(&chain, &id), [1, 1, 2, 0]);
    let entered = chain.state().commitments(&id);
    assert_eq!(entered.iter().map(|(digest, _)| *digest).collect::<Vec<_>>(), [1, 2, 3, 4].map(ballot));
    assert_eq!((entered[0].1.height, entered[3].1.height), (opening.opens, opening.closes));
    assert_eq!(chain.state().intake(&id).unwrap().frontier.size(), 4);
    root(&chain, &id);
    assert!(put(&mut chain, HOME, commit(AssemblyId::new([9; 32]), &[1])).is_err());
    assert!(put(&mut chain, HOME, commit(id, &[])).is_err());
}

#[test]
fn a_neighbour_cannot_fill_the_box() {
    let mut chain = chain();
    let opening = announce(&mut chain, HOME, vec![item(1, Effect::Nothing)]);
    let (id, most) = (opening.id(), COMMITMENTS_OF_NEIGHBOUR_MAX);
    until(&mut chain, Height(opening.opens.0 - 1));
    let mut sequence = chain.state().member(&address(NEIGHBOUR)).unwrap().sequence;
    let all: Vec<u32> = (0..most + 2).collect();
    let bring = |ballots: &[u32]| {
        sequence = sequence.next();
        let payload = Payload::Assembly(commit(id, ballots));
        let body =
            TransactionBody { author: key(NEIGHBOUR).public(), sequence, expires: Height(99), payload };
        body.sign(&key(NEIGHBOUR), &chain.id())
    };
    let brought = all.chunks(8).map(bring).collect();
    block(&mut chain, NOW, brought).unwrap();
    assert_eq!(refusals(&chain, &id), [0, 0, 0, 2]);
    put(&mut chain, HOME, commit(id, &[most, most + 1])).unwrap();
    assert_eq!(chain.state().intake(&id).unwrap().frontier.size(), u64::from(most) + 2);
}

#[test]
fn paper_needs_syndic_and_assessor() {
    let mut chain = chain();
    let opening = announce(&mut chain, HOME, vec![item(1, Effect::Nothing)]);
    let (id, commitment) = (opening.id(), ballot(7));
    until(&mut chain, opening.opens);
    let entry = |chain: &Chain, by: [u8; 2]| {
        let [by_syndic, by_assessor] = by.map(|n| PaperEntry::sign(id, commitment, &counter(n), &chain.id()));
        AssemblyAction::EnterPaper(PaperEntry { assembly: id, commitment, by_syndic, by_assessor })
    };
    for wrong in [[1, 1], [2, 1], [0, 2], [1, 0]] {
        let action = entry(&chain, wrong);
        let refused = put(&mut chain, NEIGHBOUR, action).unwrap_err();
        assert!(refused.contains("persons who count"), "{wrong:?}: {refused}");
    }
    let action = entry(&chain, [1, 2]);
    put(&mut chain, NEIGHBOUR, action).unwrap();
    let at = chain.state().entered(&id, &commitment).unwrap();
    assert!(at.is_paper && chain.state().intake(&id).unwrap().papers == 1);
}

/// Whoever sees a sheet on its way cannot have its mark lost by bringing the commitment first.
#[test]
fn paper_is_paper_also_where_somebody_brought_its_commitment_before() {
    let mut chain = chain();
    let opening = announce(&mut chain, HOME, vec![item(1, Effect::Nothing)]);
    let (id, commitment) = (opening.id(), ballot(7));
    until(&mut chain, opening.opens);
    put(&mut chain, NEIGHBOUR, commit(id, &[6, 7, 8])).unwrap();
    let plain = *chain.state().entered(&id, &commitment).unwrap();
    let root = chain.state().intake(&id).unwrap().frontier.root();
    assert!(!plain.is_paper);
    let [by_syndic, by_assessor] = [1, 2].map(|n| PaperEntry::sign(id, commitment, &counter(n), &chain.id()));
    let entry = PaperEntry { assembly: id, commitment, by_syndic, by_assessor };
    let action = AssemblyAction::EnterPaper(entry);
    assert!(!chain.state().has_assembly_action(&action), "it has to be entered all the same");
    put(&mut chain, HOME, action.clone()).unwrap();
    let marked = *chain.state().entered(&id, &commitment).unwrap();
    assert_eq!(marked, EnteredAt { is_paper: true, ..plain }, "where it stood");
    let intake = chain.state().intake(&id).unwrap();
    assert_eq!((intake.papers, intake.replayed, intake.frontier.size()), (1, 0, 3));
    assert_eq!(intake.frontier.root(), root, "what receipts prove stays");
    assert!(chain.state().has_assembly_action(&action));
    put(&mut chain, HOME, action).unwrap();
    put(&mut chain, NEIGHBOUR, commit(id, &[7])).unwrap();
    let intake = chain.state().intake(&id).unwrap();
    assert_eq!((intake.papers, intake.replayed), (1, 2), "from then on it is nothing new");
    // Too late is too late, for the mark as for the sheet.
    until(&mut chain, opening.closes);
    let late = ballot(6);
    let [by_syndic, by_assessor] = [1, 2].map(|n| PaperEntry::sign(id, late, &counter(n), &chain.id()));
    let entry = PaperEntry { assembly: id, commitment: late, by_syndic, by_assessor };
    put(&mut chain, HOME, AssemblyAction::EnterPaper(entry)).unwrap();
    assert!(!chain.state().entered(&id, &late).unwrap().is_paper);
}

/// What a stranger looks for is found in whatever vote it stands, and nothing else is.
#[test]
fn a_commitment_is_found_by_its_first_bytes_in_any_vote() {
    let mut chain = chain();
    let first = announce(&mut chain, HOME, vec![item(1, Effect::Nothing)]);
    let second = announce(&mut chain, NEIGHBOUR, vec![item(2, Effect::Nothing)]);
    until(&mut chain, second.opens);
    let all: Vec<u32> = (0..60).collect();
    let sent: Vec<_> = all.chunks(8).map(|some| commit(first.id(), some)).collect();
    for action in sent {
        put(&mut chain, HOME, action).unwrap();
    }
    put(&mut chain, NEIGHBOUR, commit(second.id(), &[3, 61])).unwrap();
    let found = |prefix: &[u8], most| chain.state().entered_like(prefix, most);
    for n in [3, 5, 61] {
        let expected: Vec<_> = [first.id(), second.id()]
            .into_iter()
            .filter_map(|vote| Some((vote, ballot(n), *chain.state().entered(&vote, &ballot(n))?)))
            .collect();
        let mut seen = found(&ballot(n).as_bytes()[..11], 8);
        seen.sort_by_key(|(vote, ..)| *vote != first.id());
        assert_eq!(seen, expected, "{n}");
    }
    assert_eq!(found(ballot(90).as_bytes(), 8), []);
    assert_eq!(found(&[], 8).len(), 8, "never more than asked for");
    assert_eq!(found(&[], 100).len(), 62);
}

#[test]
fn what_is_announced_is_fixed() {
    let mut chain = chain();
    let first = opening(&chain, HOME, vec![item(1, Effect::Nothing)]);
    let announced = |opening: &Opening| AssemblyAction::Announce(Box::new(opening.clone()));
    let height = chain.height().next();
    for (wrong, why) in [
        (Opening { number: 2, ..first.clone() }, "number 1"),
        (Opening { building: address(NEIGHBOUR), ..first.clone() }, "not of"),
        (Opening { opens: height, ..first.clone() }, "opens at"),
        (Opening { closes: Height(1), ..first.clone() }, "height"),
        (Opening { meeting: Meeting::WithoutQuorum(first.id()), ..first.clone() }, "no assembly"),
        (Opening { law: RuleSet::France2020, items: of(Matter::Delegation), ..first }, "matter"),
    ] {
        let refused = put(&mut chain, HOME, announced(&wrong)).unwrap_err();
        assert!(refused.contains(why), "{why}: {refused}");
    }
    put(&mut chain, HOME, announced(&first)).unwrap();
    assert!(put(&mut chain, HOME, announced(&first)).unwrap_err().contains("on record"));
    // More voters, another text, another end under the same number: on record, once each, and without effect.
    let changes = [
        Opening { roll: Digest::new([5; 32]), ..first.clone() },
        Opening { items: Bounded::new(vec![item(2, Effect::Nothing)]).unwrap(), ..first.clone() },
        Opening { closes: first.opens, ..first.clone() },
    ];
    for changed in &changes {
        put(&mut chain, HOME, announced(changed)).unwrap();
        assert!(put(&mut chain, HOME, announced(changed)).unwrap_err().contains("on record"));
        assert_eq!(chain.state().assembly(&changed.id()), None);
    }
    let kinds: Vec<BreachKind> = chain.state().breaches(&first.id()).map(|breach| breach.kind).collect();
    assert_eq!(kinds, [BreachKind::AnnouncedAgain; 3]);
    assert_eq!(chain.state().assembly(&first.id()).unwrap().opening, first);
    for _ in 1..VOTES_OPEN_PER_BUILDING_MAX {
        announce(&mut chain, HOME, vec![item(1, Effect::Nothing)]);
    }
    let one_more = opening(&chain, HOME, vec![item(1, Effect::Nothing)]);
    assert!(put(&mut chain, HOME, announced(&one_more)).unwrap_err().contains("16 at the most"));
    assert_eq!(chain.state().assemblies_of(&address(HOME)).count(), VOTES_OPEN_PER_BUILDING_MAX);
}

fn of(matter: Matter) -> Bounded<Item, { protocol::limits::RESOLUTIONS_MAX }> {
    Bounded::new(vec![Item { matter, ..item(1, Effect::Nothing) }]).unwrap()
}

#[test]
fn a_result_is_what_came_in_or_stands_against_those_who_signed_it() {
    let mut chain = chain();
    let opening = announce(&mut chain, HOME, vec![item(1, Effect::Nothing), item(2, Effect::Nothing)]);
    let id = opening.id();
    until(&mut chain, opening.opens);
    put(&mut chain, HOME, commit(id, &[1, 2])).unwrap();
    let early = conclusion(&chain, id, vec![counted(record(&chain, &opening, 1, [600, 400]))]);
    until(&mut chain, Height(opening.closes.0 - 1));
    let (first, second) = (next(&chain, HOME, early.clone()), next(&chain, NEIGHBOUR, early));
    block(&mut chain.clone(), NOW, vec![first.clone()]).unwrap();
    assert!(block(&mut chain.clone(), NOW, vec![first.clone(), second]).unwrap_err().contains("on record"));
    block(&mut chain, NOW, vec![first]).unwrap();
    assert_eq!(chain.height(), opening.closes);
    assert_eq!(chain.state().decision(&id, ItemNumber(1)), None);

    let right = record(&chain, &opening, 1, [601, 399]);
    let other_signers = {
        let AssemblyAction::Conclude(signed) = conclusion(&chain, id, vec![counted(right.clone())]) else {
            unreachable!()
        };
        super::assembly::signed(&chain, signed.conclusion, [0, 2])
    };
    assert!(put(&mut chain, HOME, other_signers).unwrap_err().contains("persons who count"));
    let more = Votes(VOTES + 1);
    let wrongs = [
        TallyRecord { ballots: ballot(9), ..right.clone() },
        TallyRecord { resolution: ballot(9), ..right.clone() },
        TallyRecord { rule: protocol::assembly::RuleId::BeTwoThirds, ..right.clone() },
        TallyRecord { outcome: Outcome::Refused, ..right.clone() },
        TallyRecord { arithmetic: record(&chain, &opening, 1, [602, 398]).arithmetic, ..right.clone() },
        TallyRecord { owners: OWNERS + 1, ..right.clone() },
        TallyRecord { owners_present: OWNERS + 1, ..right.clone() },
        TallyRecord { votes: more, ..right.clone() },
        TallyRecord { votes_present: more, ..right.clone() },
        TallyRecord { held: Totals { silent: Votes(u64::MAX), ..right.held }, ..right.clone() },
        TallyRecord { counted: Totals { blank: Votes(1), ..right.counted }, ..right.clone() },
    ];
    for wrong in &wrongs {
        let action = conclusion(&chain, id, vec![counted(wrong.clone())]);
        let events = put(&mut chain, HOME, action).unwrap();
        let kind = BreachKind::WrongResult(ItemNumber(1));
        assert_eq!(events, [Event::Assembly(AssemblyEvent::Breach { assembly: id, kind })], "{wrong:?}");
    }
    let dropped = conclusion(&chain, id, vec![ItemResult::NotPut(ItemNumber(1))]);
    put(&mut chain, HOME, dropped).unwrap();
    let kinds: Vec<BreachKind> = chain.state().breaches(&id).map(|breach| breach.kind).collect();
    assert_eq!((kinds.len(), kinds[0]), (2 + wrongs.len(), BreachKind::ConcludedEarly));

    // Items come in their order, in as many pieces as it takes.
    let second = conclusion(&chain, id, vec![counted(record(&chain, &opening, 2, [1, 2]))]);
    assert!(put(&mut chain, HOME, second.clone()).unwrap_err().contains("item 1 is due"));
    let action = conclusion(&chain, id, vec![counted(right.clone())]);
    put(&mut chain, NEIGHBOUR, action.clone()).unwrap();
    assert!(put(&mut chain, HOME, action).unwrap_err().contains("on record"));
    let minutes_before = minutes(&chain, id, 1);
    assert!(put(&mut chain, HOME, minutes_before).unwrap_err().contains("not concluded"));
    let two = conclusion(&chain, id, vec![counted(record(&chain, &opening, 1, [700, 300]))]);
    put(&mut chain, HOME, two).unwrap();
    assert_eq!(chain.state().breaches(&id).last().unwrap().kind, BreachKind::TwoResults(ItemNumber(1)));
    put(&mut chain, HOME, second).unwrap();
    let outcomes: Vec<_> =
        chain.state().decisions(&id).map(|(_, decision)| decision.result.clone()).collect();
    assert_eq!(outcomes, [counted(right), counted(record(&chain, &opening, 2, [1, 2]))]);
    assert_eq!(chain.state().building_votes(&address(HOME)).assemblies_open, 0);
    for version in [1, 2] {
        let action = minutes(&chain, id, version);
        put(&mut chain, NEIGHBOUR, action.clone()).unwrap();
        assert!(put(&mut chain, NEIGHBOUR, action).is_err());
    }
    let held = chain.state().assembly(&id).unwrap().minutes.unwrap();
    assert_eq!((held.version, held.minutes), (2, ballot(2)));
}

#[test]
fn a_broken_promise_is_proven_and_a_kept_one_is_not() {
    let mut chain = chain();
    let opening = announce(&mut chain, HOME, vec![item(1, Effect::Nothing)]);
    let vote = opening.id();
    until(&mut chain, opening.opens);
    let promise = |n: u8, of: u32, by: Height| {
        let (taken, node) = (opening.opens, key(n).public());
        Promise { assembly: vote, commitment: ballot(of), taken, by, node }.sign(&key(n), &chain.id())
    };
    let by = Height(opening.opens.0 + 3);
    let (kept, broken, late) = (promise(HOME, 1, by), promise(HOME, 2, by), promise(NEIGHBOUR, 3, by));
    let stranger = promise(77, 4, by);
    let mut altered = promise(HOME, 5, by);
    altered.promise.commitment = ballot(6);
    put(&mut chain, HOME, commit(vote, &[1])).unwrap();
    until(&mut chain, Height(by.0 - 1));
    assert!(put(&mut chain, 0, AssemblyAction::Accuse(broken.clone())).unwrap_err().contains("time left"));
    until(&mut chain, by);
    put(&mut chain, HOME, commit(vote, &[3])).unwrap();
    for (wrong, why) in [(kept, "was kept"), (stranger, "no member"), (altered, "do not hold")] {
        let refused = put(&mut chain, 0, AssemblyAction::Accuse(wrong)).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
    for proof in [broken, late] {
        put(&mut chain, 0, AssemblyAction::Accuse(proof.clone())).unwrap();
        assert!(chain.state().has_assembly_action(&AssemblyAction::Accuse(proof.clone())));
        assert!(put(&mut chain, 1, AssemblyAction::Accuse(proof)).unwrap_err().contains("on record"));
    }
    let mut accused: Vec<Address> =
        chain.state().broken_promises(&vote).map(|broken| broken.member).collect();
    accused.sort();
    let mut expected = [HOME, NEIGHBOUR].map(address);
    expected.sort();
    assert_eq!(accused, expected);
}

#[test]
fn a_poll_is_told_once_and_decides_nothing() {
    let mut chain = chain();
    let (opens, closes) = (Height(chain.height().0 + 3), Height(chain.height().0 + 5));
    let notice = PollNotice { building: address(HOME), poll: ballot(50), is_hidden: true, opens, closes };
    let announced = AssemblyAction::AnnouncePoll(notice);
    assert!(put(&mut chain, NEIGHBOUR, announced.clone()).unwrap_err().contains("not of"));
    put(&mut chain, HOME, announced.clone()).unwrap();
    assert!(put(&mut chain, HOME, announced).unwrap_err().contains("on record"));
    until(&mut chain, Height(opens.0 - 1));
    put(&mut chain, HOME, commit(notice.vote(), &(1..=8).collect::<Vec<_>>())).unwrap();
    let two: Vec<u32> = (9..=15).collect();
    put(&mut chain, NEIGHBOUR, commit(notice.vote(), &two)).unwrap();
    let ballots = root(&chain, &notice.vote());
    let told = |voters: u32, answers: Option<[u32; 2]>| {
        let answers = answers.map(|answers| Bounded::new(answers.to_vec()).unwrap());
        AssemblyAction::ConcludePoll(PollRecord { poll: notice.poll, ballots, voters, answers })
    };
    assert!(put(&mut chain, HOME, told(15, Some([8, 7]))).unwrap_err().contains("closes"));
    until(&mut chain, closes);
    for wrong in [told(14, Some([7, 7])), told(15, Some([8, 8])), told(16, Some([8, 8]))] {
        assert!(put(&mut chain, HOME, wrong).is_err());
    }
    assert!(put(&mut chain, NEIGHBOUR, told(15, Some([8, 7]))).unwrap_err().contains("not of"));
    put(&mut chain, HOME, told(15, Some([8, 7]))).unwrap();
    assert!(put(&mut chain, HOME, told(15, None)).unwrap_err().contains("on record"));
    assert_eq!(chain.state().poll(&notice.vote()).unwrap().result.as_ref().unwrap().0.voters, 15);
    assert_eq!(chain.state().building_votes(&address(HOME)).polls_open, 0);
    let as_assembly = conclusion(&chain, notice.vote(), Vec::new());
    assert!(put(&mut chain, HOME, as_assembly).unwrap_err().contains("no assembly"));
}
