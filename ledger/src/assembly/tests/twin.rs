//! Random buildings: the tally against the law written down again with exact fractions, slowly, lot by lot, sharing
//! nothing with the real one but the nouns.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use protocol::assembly::{
    Choice, LotId, Mandate, Matter, Meeting, Outcome, PersonId, Proxy, ProxyAct, Right, RuleId, RuleSet,
    Votes,
};
use protocol::energy::Salt;
use protocol::{Bounded, Digest};

use super::{CHAIN, House, at, key, own, registry, resolution, title};
use crate::assembly::{
    Attendance, Count, Entered, LotVote, Presence, Proxies, ProxyPaper, Tally, Way, tally,
};

/// An exact fraction of whole numbers, the lower one positive.
#[derive(Debug, Clone, Copy)]
struct Part(u64, u64);

impl Part {
    fn compare(self, other: Self) -> Ordering {
        assert!(self.1 > 0 && other.1 > 0);
        (u128::from(self.0) * u128::from(other.1)).cmp(&(u128::from(other.0) * u128::from(self.1)))
    }

    fn more(self, other: Self) -> bool {
        self.compare(other) == Ordering::Greater
    }

    fn at_least(self, other: Self) -> bool {
        self.compare(other) != Ordering::Less
    }
}

/// A random building with what happened, as plain as it gets.
#[derive(Debug, Clone)]
struct Plain {
    law: RuleSet,
    matter: Matter,
    votes: Vec<u64>,
    /// First owner, whether somebody owns it too, and whether they have named the first owner.
    owned: Vec<(u32, bool, bool)>,
    there: BTreeSet<u32>,
    /// Principal and holder.
    proxies: Vec<(u32, u32)>,
    answers: Vec<Option<(Choice, bool)>>,
    mission: u32,
}

impl Plain {
    fn voter(&self, lot: usize) -> Option<u32> {
        let (first, is_joint, has_named) = self.owned[lot];
        (!is_joint || has_named).then_some(first)
    }

    fn owners(&self, lot: usize) -> Vec<u32> {
        let (first, is_joint, _) = self.owned[lot];
        if is_joint { vec![first, first + 1] } else { vec![first] }
    }
}

fn plain() -> impl Strategy<Value = Plain> {
    let lot = || {
        let choice = proptest::option::weighted(0.7, (0usize..7, any::<bool>()));
        (0u64..40, 1u32..5, any::<u8>(), choice)
    };
    let matter = prop_oneof![
        Just(Matter::Ordinary),
        Just(Matter::Works),
        Just(Matter::ChargeAllocation),
        Just(Matter::ShareChange),
        Just(Matter::Syndic),
        Just(Matter::AbsoluteMatter),
        Just(Matter::DoubleMatter),
    ];
    let persons = proptest::collection::btree_set(1u32..8, 0..7);
    let proxies = proptest::collection::vec((1u32..5, 1u32..8), 0..4);
    let lots = proptest::collection::vec(lot(), 1..8);
    (any::<bool>(), matter, lots, persons, proxies, 0u32..9).prop_map(
        |(is_belgian, matter, lots, there, proxies, mission)| {
            let law = if is_belgian { RuleSet::Belgium2020 } else { RuleSet::France2020 };
            let matter = if law.majority(matter).is_some() { matter } else { Matter::ChargeAllocation };
            let mut votes: Vec<u64> = lots.iter().map(|lot| lot.0).collect();
            votes[0] += 1;
            let owned = lots.iter().map(|lot| (lot.1, lot.2 % 5 == 0, lot.2 % 2 == 0)).collect();
            let choice = |(number, by_proxy): (usize, bool)| {
                // In favour three times as often: adopted and refused should both be frequent.
                (*Choice::ALL.get(number).unwrap_or(&Choice::For), by_proxy)
            };
            let answers = lots.iter().map(|lot| lot.3.map(choice)).collect();
            Plain { law, matter, votes, owned, there, proxies, answers, mission }
        },
    )
}

/// What both sides have to agree on.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    held: [u64; 2],
    counted: [u64; 2],
    present: u64,
    owners: [u32; 3],
    outcome: Outcome,
}

/// The real tally, and who carries which lot by the proxies that it admitted.
fn real(plain: &Plain) -> (Tally, BTreeMap<usize, u32>) {
    let mut building = registry(plain.law, &plain.votes);
    for lot in 0..plain.votes.len() {
        let owners: Vec<(u32, Right, u32)> = plain.owners(lot).iter().map(|p| (*p, Right::Full, 1)).collect();
        let whole = u32::try_from(owners.len()).unwrap();
        let representative = plain.voter(lot).filter(|_| whole > 1);
        own(&mut building, lot + 1, title(&owners, whole, representative));
    }
    let mut item = resolution(plain.matter);
    item.missions = Bounded::new(vec![PersonId(plain.mission)]).unwrap();
    let house = House::new(&building, Meeting::First, vec![item]);
    let hall = house.hall();
    let proxies = Proxies::admit(&hall, given(plain, &house));
    let mut carried = BTreeMap::new();
    for held in proxies.held() {
        for lot in &held.mandate.lots {
            carried.insert(house.roll.place(*lot).unwrap(), held.mandate.holder.0);
        }
    }
    let presences: Vec<Presence> = plain
        .there
        .iter()
        .map(|person| Presence { person: PersonId(*person), is_remote: false, from: 0, until: None })
        .collect();
    let votes = (0..plain.votes.len()).map(|lot| answer(plain, &carried, lot)).collect();
    let count = Count { votes, defaulting: [].into(), verdicts: [].into(), replayed: 0 };
    let attendance = Attendance::new(&hall, &proxies, &presences);
    (tally(&attendance, &house.resolutions[0], &count, None, Digest::new([0; 32])).unwrap(), carried)
}

fn given(plain: &Plain, house: &House) -> Vec<Entered<ProxyPaper>> {
    let mut entered = Vec::new();
    for ((principal, holder), index) in plain.proxies.iter().zip(0..) {
        let lots = (0..plain.votes.len()).filter(|lot| plain.voter(*lot) == Some(*principal));
        let lots: Vec<LotId> = lots.map(|lot| LotId(u32::try_from(lot).unwrap() + 1)).collect();
        if lots.is_empty() || principal == holder {
            continue;
        }
        let mandate = Mandate {
            lots: Bounded::new(lots).unwrap(),
            holder: PersonId(*holder),
            items: Bounded::default(),
            covers_second: true,
        };
        let salt = Salt::new([u8::try_from(index).unwrap(); 16]);
        let act = ProxyAct::Give(mandate);
        let proxy = Proxy { assembly: house.opening.id(), principal: key(*principal).public(), act, salt };
        let value = ProxyPaper::Signed(proxy.sign(&key(*principal), &CHAIN).verify(&CHAIN).unwrap());
        entered.push(Entered { value, at: at(11, index) });
    }
    entered
}

/// What counting leaves of a lot's answer.
fn answer(plain: &Plain, carried: &BTreeMap<usize, u32>, lot: usize) -> Option<LotVote> {
    let (choice, by_proxy) = plain.answers[lot]?;
    let voter = plain.voter(lot)?;
    let by = if by_proxy { *carried.get(&lot)? } else { voter };
    let is_out = plain.law == RuleSet::Belgium2020 && [by, voter].contains(&plain.mission);
    let vote = LotVote { choice, by: PersonId(by), way: Way::InRoom, commitment: Digest::new([0; 32]) };
    (!is_out && plain.votes[lot] > 0).then_some(vote)
}

/// The law again.
fn law(plain: &Plain, carried: &BTreeMap<usize, u32>) -> Found {
    let lots: Vec<usize> = (0..plain.votes.len()).collect();
    let is_belgian = plain.law == RuleSet::Belgium2020;
    let all: u64 = plain.votes.iter().sum();
    let recorded: Vec<usize> = lots
        .iter()
        .copied()
        .filter(|lot| {
            let persons = [plain.voter(*lot), carried.get(lot).copied()];
            plain.voter(*lot).is_some() && persons.iter().flatten().any(|person| plain.there.contains(person))
        })
        .collect();
    let heads =
        |lots: &[usize]| lots.iter().map(|lot| plain.owners(*lot)).collect::<BTreeSet<_>>().len() as u64;
    let sum = |lots: &[usize]| lots.iter().map(|lot| plain.votes[*lot]).sum::<u64>();
    let given: Vec<Option<LotVote>> = lots.iter().map(|lot| answer(plain, carried, *lot)).collect();
    let present: Vec<usize> = lots
        .iter()
        .copied()
        .filter(|lot| recorded.contains(lot) || given[*lot].is_some())
        .filter(|lot| plain.votes[*lot] > 0)
        .filter(|lot| plain.voter(*lot).is_some_and(|voter| !is_belgian || voter != plain.mission))
        .collect();

    let is_quorum = !is_belgian || {
        let votes = Part(sum(&recorded), all);
        let owners = Part(heads(&recorded), heads(&lots));
        (owners.more(Part(1, 2)) && votes.at_least(Part(1, 2))) || votes.more(Part(3, 4))
    };
    let two = heads(&lots) == 2 && !is_belgian;
    let is_simple = matches!(plain.matter, Matter::Ordinary | Matter::Syndic);
    let looks_at_held = plain.matter == Matter::ShareChange
        || (!is_belgian && plain.matter == Matter::ChargeAllocation)
        || (two && (is_simple || plain.matter == Matter::AbsoluteMatter));
    let counted = if looks_at_held {
        plain.votes.clone()
    } else if is_belgian {
        capped(plain, carried, &present, &given)
    } else {
        halved(plain, all)
    };
    let answered = |choice: Choice, votes: &[u64]| {
        let of = |lot: &&usize| given[**lot].is_some_and(|vote| vote.choice == choice);
        present.iter().filter(of).map(|lot| votes[*lot]).sum::<u64>()
    };
    let held = [Choice::For, Choice::Against].map(|choice| answered(choice, &plain.votes));
    let effective = [Choice::For, Choice::Against].map(|choice| answered(choice, &counted));
    let of_choice = |choice: Choice| -> BTreeSet<Vec<u32>> {
        let of = |lot: &&usize| given[**lot].is_some_and(|vote| vote.choice == choice);
        present.iter().filter(of).map(|lot| plain.owners(*lot)).collect()
    };
    let in_favour = of_choice(Choice::For).difference(&of_choice(Choice::Against)).count() as u64;

    let [pour, contre] = effective;
    let cast = pour + contre;
    let of_cast = |part: Part, strictly: bool| {
        cast > 0 && if strictly { Part(pour, cast).more(part) } else { Part(pour, cast).at_least(part) }
    };
    let of_all = Part(pour, all);
    let owners_of_all = Part(in_favour, heads(&lots));
    let present_heads = heads(&present);
    let outcome = if !is_quorum {
        Outcome::NoQuorum
    } else if pour == 0 {
        Outcome::Refused
    } else {
        let decide = |adopted: bool, otherwise: Outcome| if adopted { Outcome::Adopted } else { otherwise };
        match (is_belgian, plain.matter) {
            (true, Matter::Works) => decide(of_cast(Part(2, 3), false), Outcome::Refused),
            (true, Matter::ChargeAllocation) => decide(of_cast(Part(4, 5), false), Outcome::Refused),
            (true, Matter::ShareChange) => {
                let missed = if pour == sum(&present) { Outcome::Again } else { Outcome::Refused };
                decide(pour == all, missed)
            }
            (false, Matter::Ordinary | Matter::Syndic) if two => {
                decide(of_all.more(Part(1, 2)), Outcome::Refused)
            }
            (false, Matter::AbsoluteMatter) if two => decide(of_all.at_least(Part(2, 3)), Outcome::Refused),
            (false, Matter::Syndic | Matter::AbsoluteMatter) => {
                let third = of_all.at_least(Part(1, 3));
                let missed = if third { Outcome::SecondVote(RuleId::Fr24) } else { Outcome::Refused };
                decide(of_all.more(Part(1, 2)), missed)
            }
            (false, Matter::DoubleMatter) => {
                let half = Part(in_favour, present_heads).at_least(Part(1, 2));
                let is_bridged = half && of_all.at_least(Part(1, 3));
                let missed = if is_bridged { Outcome::SecondVote(RuleId::Fr25) } else { Outcome::Refused };
                decide(owners_of_all.more(Part(1, 2)) && of_all.at_least(Part(2, 3)), missed)
            }
            (false, Matter::ChargeAllocation) => decide(pour == all, Outcome::Refused),
            (_, matter) => {
                assert!(is_simple, "{matter:?} is not in this test");
                decide(of_cast(Part(1, 2), true), Outcome::Refused)
            }
        }
    };
    let small = |count: u64| u32::try_from(count).unwrap();
    let owners = [small(in_favour), small(present_heads), small(heads(&lots))];
    Found { held, counted: effective, present: sum(&present), owners, outcome }
}

/// Belgium: nobody for more than the others hold, first what each owns, then what each carries.
fn capped(
    plain: &Plain,
    carried: &BTreeMap<usize, u32>,
    present: &[usize],
    given: &[Option<LotVote>],
) -> Vec<u64> {
    let mut votes = plain.votes.clone();
    let all: u64 = present.iter().map(|lot| plain.votes[*lot]).sum();
    let persons = 1..9u32;
    let mut lower = |mine: Vec<usize>| {
        let held: u64 = mine.iter().map(|lot| plain.votes[*lot]).sum();
        let answered: Vec<usize> = mine.into_iter().filter(|lot| given[*lot].is_some()).collect();
        take_down(&mut votes, &answered, all - held);
    };
    for person in persons.clone() {
        lower(present.iter().copied().filter(|lot| plain.voter(*lot) == Some(person)).collect());
    }
    for holder in persons.filter(|person| carried.values().any(|holder| holder == person)) {
        let speaks = |lot: &usize| match given[*lot] {
            Some(vote) => vote.by.0 == holder,
            None => match carried.get(lot) {
                Some(other) => *other == holder,
                None => plain.voter(*lot) == Some(holder),
            },
        };
        lower(present.iter().copied().filter(speaks).collect());
    }
    votes
}

/// France: an owner of more than half has what all others have.
fn halved(plain: &Plain, all: u64) -> Vec<u64> {
    let mut votes = plain.votes.clone();
    let groups: BTreeSet<Vec<u32>> = (0..votes.len()).map(|lot| plain.owners(lot)).collect();
    for group in groups {
        let mine: Vec<usize> = (0..votes.len()).filter(|lot| plain.owners(*lot) == group).collect();
        let held: u64 = mine.iter().map(|lot| plain.votes[*lot]).sum();
        if Part(held, all).more(Part(1, 2)) {
            take_down(&mut votes, &mine, all - held);
        }
    }
    votes
}

/// Rounded down first, then one vote at a time to the largest remainder, the first of equals.
fn take_down(votes: &mut [u64], lots: &[usize], limit: u64) {
    let held: u64 = lots.iter().map(|lot| votes[*lot]).sum();
    if held <= limit {
        return;
    }
    let mut rest: Vec<(usize, u64)> = lots.iter().map(|lot| (*lot, votes[*lot] * limit % held)).collect();
    lots.iter().for_each(|lot| votes[*lot] = votes[*lot] * limit / held);
    while lots.iter().map(|lot| votes[*lot]).sum::<u64>() < limit {
        let most = rest.iter().map(|(_, rest)| *rest).max().unwrap();
        let place = rest.iter().position(|(_, rest)| *rest == most).unwrap();
        votes[rest.remove(place).0] += 1;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_tally_is_the_law(plain in plain()) {
        let (tally, carried) = real(&plain);
        let record = tally.record;
        let of = |totals: protocol::assembly::Totals| [totals.in_favour.0, totals.against.0];
        let found = Found {
            held: of(record.held),
            counted: of(record.counted),
            present: record.votes_present.0,
            owners: [record.owners_in_favour, record.owners_present, record.owners],
            outcome: record.outcome,
        };
        prop_assert_eq!(found, law(&plain, &carried));
        let answers: Votes = tally.stands.iter().map(|stand| stand.counted).sum();
        prop_assert!(answers <= record.votes_present && record.votes_present <= record.votes);
    }
}
