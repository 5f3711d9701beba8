//! Commitments in any order, brought by anybody and again and again, over blocks and restarts: what counts is what a slow
//! twin says. And whatever a syndic tries, at whatever time: it stands on record and changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use protocol::assembly::AssemblyId;

use super::*;

/// So many empty blocks, then lists by home (true) or neighbour, all in one block.
type Step = (u8, Vec<(bool, Vec<u32>)>);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let list = (any::<bool>(), prop::collection::vec(0u32..12, 1..5));
    prop::collection::vec((0u8..4, prop::collection::vec(list, 1..4)), 1..8)
}

/// What came in, as somebody with a list and a pencil keeps it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Twin {
    /// Height of each ballot that counts.
    entered: BTreeMap<u32, u64>,
    order: Vec<u32>,
    early: u32,
    late: u32,
    replayed: u32,
}

impl Twin {
    fn bring(&mut self, opening: &Opening, height: u64, ballots: &[u32]) {
        for ballot in ballots {
            if self.entered.contains_key(ballot) {
                self.replayed += 1;
            } else if height < opening.opens.0 {
                self.early += 1;
            } else if height > opening.closes.0 {
                self.late += 1;
            } else {
                self.entered.insert(*ballot, height);
                self.order.push(*ballot);
            }
        }
    }
}

/// Transactions of one block: each author's in the order of its sequence.
fn transactions(chain: &Chain, vote: AssemblyId, lists: &[(bool, Vec<u32>)]) -> Vec<VerifiedTransaction> {
    let mut sequences: BTreeMap<u8, Sequence> = BTreeMap::new();
    let one = |(is_home, ballots): &(bool, Vec<u32>)| {
        let n = if *is_home { HOME } else { NEIGHBOUR };
        let known = chain.state().member(&address(n)).map_or(Sequence(0), |member| member.sequence);
        let sequence = sequences.entry(n).or_insert(known);
        *sequence = sequence.next();
        let payload = Payload::Assembly(commit(vote, ballots));
        let body =
            TransactionBody { author: key(n).public(), sequence: *sequence, expires: Height(9_000), payload };
        body.sign(&key(n), &chain.id())
    };
    lists.iter().map(one).collect()
}

/// The steps on a chain and on paper; with the blocks, for somebody who starts again.
fn run(steps: &[Step]) -> (Chain, Twin, AssemblyId, Vec<protocol::Block>) {
    let mut chain = chain();
    let mut twin = Twin::default();
    let mut blocks = Vec::new();
    let put = |chain: &mut Chain, blocks: &mut Vec<protocol::Block>, of: Vec<VerifiedTransaction>| {
        let (candidate, refused) = chain.build(key(0).address(), NOW, of.into_iter());
        assert!(refused.is_empty(), "{refused:?}");
        blocks.push((*candidate.block).clone());
        chain.commit(candidate);
    };
    let mut opening = opening(&chain, HOME, vec![item(1, Effect::Nothing)]);
    opening.closes = Height(opening.opens.0 + 6);
    let announced = next(&chain, HOME, AssemblyAction::Announce(Box::new(opening.clone())));
    put(&mut chain, &mut blocks, vec![announced]);
    for (empty, lists) in steps {
        (0..*empty).for_each(|_| put(&mut chain, &mut blocks, Vec::new()));
        let of = transactions(&chain, opening.id(), lists);
        let height = chain.height().next().0;
        // A block takes its authors' transactions in the order in which they were handed in.
        lists.iter().for_each(|(_, ballots)| twin.bring(&opening, height, ballots));
        put(&mut chain, &mut blocks, of);
    }
    (chain, twin, opening.id(), blocks)
}

fn told(chain: &Chain, vote: &AssemblyId) -> ([u32; 4], Vec<(Digest, Height)>) {
    let entered = chain.state().commitments(vote);
    (refusals(chain, vote), entered.into_iter().map(|(digest, at)| (digest, at.height)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_counts_is_what_the_twin_says_and_a_restart_comes_to_the_same(steps in steps()) {
        let (chain, twin, vote, blocks) = run(&steps);
        let (sums, entered) = told(&chain, &vote);
        prop_assert_eq!(sums, [twin.early, twin.late, twin.replayed, 0]);
        let expected: Vec<_> = twin.order.iter().map(|n| (ballot(*n), Height(twin.entered[n]))).collect();
        prop_assert_eq!(&entered, &expected);
        root(&chain, &vote);

        let mut again = Chain::genesis(&genesis(4, 2));
        for block in blocks {
            let candidate = again.check(block, TimeBound::Certified, &|_| false).unwrap();
            again.commit(candidate);
        }
        prop_assert_eq!(again.state().hash(), chain.state().hash());
        prop_assert_eq!(told(&again, &vote), (sums, entered));
    }

    #[test]
    fn in_whatever_order_a_block_has_them_the_same_ballots_count(steps in steps(), turn in 0usize..4) {
        let turned = steps.iter().map(|(empty, lists)| {
            let mut lists = lists.clone();
            let by = turn % lists.len();
            lists.rotate_left(by);
            lists.iter_mut().for_each(|(_, ballots)| ballots.reverse());
            (*empty, lists)
        });
        let turned: Vec<Step> = turned.collect();
        let (chain, _, vote, _) = run(&steps);
        let (other, _, same, _) = run(&turned);
        prop_assert_eq!(vote, same);
        let (sums, mut entered) = told(&chain, &vote);
        let (other_sums, mut other_entered) = told(&other, &vote);
        entered.sort_unstable();
        other_entered.sort_unstable();
        prop_assert_eq!((sums, entered), (other_sums, other_entered));
    }

    #[test]
    fn whatever_a_syndic_tries_stands_on_record_and_decides_nothing(
        tries in prop::collection::vec((0u8..4, 0u8..12, 0u64..500), 1..6), ballots in 1u32..20,
    ) {
        let mut chain = chain();
        let first = announce(&mut chain, HOME, vec![item(1, Effect::Nothing)]);
        let id = first.id();
        until(&mut chain, Height(first.opens.0 - 1));
        put(&mut chain, HOME, commit(id, &(0..ballots.min(8)).collect::<Vec<_>>())).unwrap();
        let mut tried = BTreeSet::new();
        for (what, wait, votes) in tries {
            let height = Height((chain.height().0 + u64::from(wait)).min(first.closes.0 + 3));
            until(&mut chain, height);
            let is_early = chain.height().next() <= first.closes;
            let honest = record(&chain, &first, 1, [700, 100]);
            let (action, kind) = match what {
                // Other voters under the same number.
                0 => {
                    let roll = Digest::new([u8::try_from(votes % 200).unwrap() + 10; 32]);
                    let other = Opening { roll, ..first.clone() };
                    (AssemblyAction::Announce(Box::new(other)), BreachKind::AnnouncedAgain)
                }
                // Ballots left out, or added.
                1 => {
                    let ballots = Digest::of("other ballots", &[&votes.to_be_bytes()]);
                    let kind = BreachKind::WrongResult(ItemNumber(1));
                    (conclusion(&chain, id, vec![counted(TallyRecord { ballots, ..honest })]), kind)
                }
                // Sums of one's own making.
                2 => {
                    let held = Totals { in_favour: Votes(1_001 + votes), ..honest.held };
                    let kind = BreachKind::WrongResult(ItemNumber(1));
                    (conclusion(&chain, id, vec![counted(TallyRecord { held, counted: held, ..honest })]), kind)
                }
                // Honest sums before the end.
                _ if is_early => {
                    let early = record(&chain, &first, 1, [700, 100 + votes % 200]);
                    (conclusion(&chain, id, vec![counted(early)]), BreachKind::ConcludedEarly)
                }
                _ => continue,
            };
            let kind = if is_early && what > 0 { BreachKind::ConcludedEarly } else { kind };
            let before = chain.state().breaches(&id).count();
            let is_new = tried.insert(protocol::encode(&action));
            let taken = put(&mut chain, HOME, action).is_ok();
            prop_assert_eq!(taken, is_new, "the same thing stands once");
            let on_record: Vec<BreachKind> = chain.state().breaches(&id).map(|breach| breach.kind).collect();
            prop_assert_eq!(on_record.len(), before + usize::from(taken));
            if taken {
                prop_assert_eq!(on_record.last(), Some(&kind));
            }
            prop_assert!(chain.state().decision(&id, ItemNumber(1)).is_none(), "nothing is decided by it");
            prop_assert_eq!(chain.state().assembly(&id).unwrap().opening.roll, first.roll);
        }
    }
}
