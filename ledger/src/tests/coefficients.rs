//! Parts that an organiser gives: who may, for which slots, and what becomes of them when the rule changes.

use protocol::energy::{
    Coefficients, EnergyAction, Factor, FullDynamic, Holders, ScheduledRule, SharingRule, SlotId, Weights,
};
use protocol::limits::{
    COEFFICIENTS_A_DAY_MAX, COEFFICIENTS_AHEAD_DAYS_MAX, COEFFICIENTS_KEPT_DAYS, SHARING_KEYS_MAX,
};
use protocol::{KeyChange, Payload, UnixMs};

use super::energy::{NOW, address, decide, key, put, settling, settling_of};
use crate::chain::Chain;

/// Slots 5 and 6 are the next ones to begin at [`NOW`]; the rule asks follower 4 from slot 10 on.
const BEGINS: u64 = 10;
const DAY_MS: i64 = 86_400_000;

fn organised(organiser: u8, whole: u32, from: u64) -> EnergyAction {
    let rule = FullDynamic { organiser: address(organiser), whole, factor: Factor::HALF };
    EnergyAction::Share(ScheduledRule { rule: SharingRule::FullDynamic(rule), from: SlotId(from) })
}

fn parts(of: &[(u8, u32)]) -> Weights {
    let mut parts: Vec<_> = of.iter().map(|(n, part)| (address(*n), *part)).collect();
    parts.sort_unstable();
    Weights::new(parts).unwrap()
}

fn give(chain: &mut Chain, author: u8, from: u64, of: &[(u8, u32)]) -> Result<(), String> {
    let given = Coefficients::new(&[(SlotId(from), parts(of))]).unwrap();
    put(chain, NOW, author, Payload::Coefficients(given))
}

fn organising() -> Chain {
    let mut chain = settling();
    decide(&mut chain, NOW, organised(4, 100, BEGINS)).unwrap();
    chain
}

/// The part of member 5 in a slot, and since which one.
fn part_of_five(chain: &Chain, slot: u64) -> Option<(u64, u32)> {
    let (from, given) = chain.state().coefficients_at(SlotId(slot))?;
    Some((from.0, given.parts.of(&address(5))))
}

#[test]
fn parts_hold_from_a_slot_until_the_next_ones() {
    let mut chain = organising();
    assert_eq!(part_of_five(&chain, BEGINS), None, "nothing was given");
    give(&mut chain, 4, BEGINS + 2, &[(5, 70), (0, 30)]).unwrap();
    give(&mut chain, 4, BEGINS + 6, &[(5, 10)]).unwrap();
    let held = [1, 2, 5, 6, 900].map(|after| part_of_five(&chain, BEGINS + after));
    let (first, second) = (Some((BEGINS + 2, 70)), Some((BEGINS + 6, 10)));
    assert_eq!(held, [None, first, first, second, second]);
    // Whoever gives anew for the same slot takes back what it gave.
    give(&mut chain, 4, BEGINS + 6, &[(5, 20)]).unwrap();
    assert_eq!(part_of_five(&chain, BEGINS + 6), Some((BEGINS + 6, 20)));
    assert_eq!(chain.state().coefficients(SlotId(0)..SlotId(BEGINS + 7)).count(), 2);
}

#[test]
fn parts_that_may_not_stand() {
    let mut chain = organising();
    let ahead = 96 * (COEFFICIENTS_AHEAD_DAYS_MAX + 1);
    for (author, from, of, reason) in [
        (4, 5, vec![(5, 1)], "slot 5 has begun"),
        (4, 6, vec![(5, 1)], "its rule names somebody else, or nobody"),
        (5, BEGINS, vec![(5, 1)], "its rule names somebody else, or nobody"),
        (0, BEGINS, vec![(5, 1)], "its rule names somebody else, or nobody"),
        (4, BEGINS, vec![(5, 60), (0, 41)], "parts of the whole, at most adds up to 101, expected 100"),
        (4, BEGINS, vec![(5, 60), (99, 1)], "is not a member"),
        (4, ahead, vec![(5, 1)], "days ahead of which parts are given: 31 at the most"),
        (4, u64::MAX, vec![(5, 1)], "days ahead of which parts are given: 31 at the most"),
    ] {
        let refused = give(&mut chain, author, from, &of).unwrap_err();
        assert!(refused.contains(reason), "{author} from {from}: {refused}");
    }
    give(&mut chain, 4, BEGINS, &[(5, 60), (0, 40)]).unwrap();
    give(&mut chain, 4, ahead - 1, &[(5, 100)]).unwrap();
}

/// What is given ahead is given under one rule: another organiser, or another whole, does not inherit it.
#[test]
fn parts_lapse_where_another_rule_begins() {
    let mut chain = organising();
    give(&mut chain, 4, BEGINS + 1, &[(5, 70)]).unwrap();
    give(&mut chain, 4, BEGINS + 8, &[(5, 30)]).unwrap();
    decide(&mut chain, NOW, organised(5, 100, BEGINS + 4)).unwrap();
    let held = |chain: &Chain| [1, 3, 4, 8].map(|after| part_of_five(chain, BEGINS + after));
    let first = Some((BEGINS + 1, 70));
    assert_eq!(held(&chain), [first, first, None, None], "those were another organiser's");
    let refused = give(&mut chain, 4, BEGINS + 8, &[(5, 31)]).unwrap_err();
    assert!(refused.contains("names somebody else"), "{refused}");
    give(&mut chain, 5, BEGINS + 8, &[(5, 40)]).unwrap();
    assert_eq!(held(&chain), [first, first, None, Some((BEGINS + 8, 40))]);
    decide(&mut chain, NOW, organised(5, 1_000, BEGINS + 5)).unwrap();
    assert_eq!(part_of_five(&chain, BEGINS + 8), None, "40 of 100 are not 40 of 1,000");
    let proportional = ScheduledRule { rule: SharingRule::DEFAULT, from: SlotId(BEGINS + 9) };
    give(&mut chain, 5, BEGINS + 6, &[(5, 400)]).unwrap();
    give(&mut chain, 5, BEGINS + 8, &[(5, 400)]).unwrap();
    decide(&mut chain, NOW, EnergyAction::Share(proportional)).unwrap();
    assert_eq!(part_of_five(&chain, BEGINS + 8), Some((BEGINS + 8, 400)));
    assert_eq!(part_of_five(&chain, BEGINS + 9), None);
}

#[test]
fn an_organiser_that_changed_its_key_goes_on_and_nobody_has_two_parts() {
    let mut chain = organising();
    give(&mut chain, 4, BEGINS, &[(5, 70)]).unwrap();
    for (old, new) in [(4, 44), (5, 55)] {
        let change = KeyChange::prove(&chain.id(), address(old), &key(new));
        put(&mut chain, NOW, old, Payload::ChangeKey(change)).unwrap();
    }
    assert_eq!(part_of_five(&chain, BEGINS), Some((BEGINS, 70)));
    assert!(give(&mut chain, 4, BEGINS + 1, &[(5, 50)]).is_err(), "the old key is of no use");
    let twice = give(&mut chain, 44, BEGINS + 1, &[(5, 50), (55, 10)]).unwrap_err();
    assert!(twice.contains("members with parts"), "{twice}");
    give(&mut chain, 44, BEGINS + 1, &[(55, 50)]).unwrap();
    let (from, given) = chain.state().coefficients_at(SlotId(BEGINS + 1)).unwrap();
    assert_eq!((from.0, given.parts.of(&address(55)), given.organiser), (BEGINS + 1, 50, address(4)));
}

/// A hive of two members may be given parts for every slot of a day, however often an organiser changes its mind.
#[test]
fn a_small_hive_is_given_parts_for_every_slot() {
    let mut chain = organising();
    for slot in 96..192 {
        give(&mut chain, 4, slot, &[(5, 50), (4, 50)]).unwrap();
    }
    give(&mut chain, 4, 96, &[(5, 51), (4, 49)]).unwrap();
    assert_eq!(chain.state().coefficients(SlotId(96)..SlotId(192)).count(), 96);
    // The largest hive is given parts for every half-hour.
    const { assert!(COEFFICIENTS_A_DAY_MAX / SHARING_KEYS_MAX >= 48) };
}

/// Two hundred members are given parts for every quarter of an hour of a day, and not one more.
#[test]
fn what_is_given_for_a_day_has_its_bound() {
    let mut chain = settling_of(210);
    decide(&mut chain, NOW, organised(4, 1_000, BEGINS)).unwrap();
    let first = |count: usize| (4..210).map(|n| (n, 1)).take(count).collect::<Vec<_>>();
    for slot in 96..192 {
        give(&mut chain, 4, slot, &first(200)).unwrap();
    }
    let refused = give(&mut chain, 4, 191, &first(201)).unwrap_err();
    assert!(refused.contains("members with parts in a day"), "{refused}");
    give(&mut chain, 4, 191, &first(200)).unwrap();
    give(&mut chain, 4, 192, &first(206)).unwrap();
}

/// Parts that lapsed are let go of once nobody settles their slots any more; those that still held then stay.
#[test]
fn what_lapsed_long_ago_is_let_go_of() {
    let mut chain = organising();
    for slot in [20, 21, 22] {
        give(&mut chain, 4, slot, &[(5, 50)]).unwrap();
    }
    let kept = |chain: &Chain| -> Vec<u64> {
        chain.state().coefficients(SlotId(0)..SlotId(u64::MAX)).map(|(slot, _)| slot.0).collect()
    };
    for (days, expected) in
        [(COEFFICIENTS_KEPT_DAYS, vec![20, 21, 22]), (COEFFICIENTS_KEPT_DAYS + 1, vec![22])]
    {
        let now = UnixMs(NOW.0 + i64::try_from(days).unwrap() * DAY_MS);
        let from = SlotId(96 * (days + 1));
        let given = Coefficients::new(&[(from, parts(&[(5, 60)]))]).unwrap();
        put(&mut chain, now, 4, Payload::Coefficients(given)).unwrap();
        let old: Vec<u64> = kept(&chain).into_iter().filter(|slot| *slot < 96).collect();
        assert_eq!(old, expected, "after {days} days");
    }
    assert_eq!(part_of_five(&chain, 96 * 20), Some((22, 50)), "it held until the next");
}

/// Several slots at once hold as if they were given one by one, and replace what was given between the first and the last.
#[test]
fn slots_given_at_once_replace_what_lies_between() {
    let mut chain = organising();
    for slot in [BEGINS, BEGINS + 3, BEGINS + 9] {
        give(&mut chain, 4, slot, &[(5, 1)]).unwrap();
    }
    let rows = [(1, 20), (2, 20), (5, 30)].map(|(after, part)| (SlotId(BEGINS + after), parts(&[(5, part)])));
    put(&mut chain, NOW, 4, Payload::Coefficients(Coefficients::new(&rows).unwrap())).unwrap();
    let held = [0, 1, 2, 3, 4, 5, 8, 9].map(|after| part_of_five(&chain, BEGINS + after));
    let [first, second, third, last] =
        [(0, 1), (1, 20), (5, 30), (9, 1)].map(|(after, part)| Some((BEGINS + after, part)));
    assert_eq!(held, [first, second, second, second, second, third, third, last]);
    // Under another whole, or another organiser, from a slot between them on, none of them stands.
    decide(&mut chain, NOW, organised(4, 25, BEGINS + 4)).unwrap();
    let refused = put(&mut chain, NOW, 4, Payload::Coefficients(Coefficients::new(&rows).unwrap()));
    assert!(refused.unwrap_err().contains("adds up to 30, expected 25"));
    assert_eq!(part_of_five(&chain, BEGINS + 1), second, "nothing of it was written");
    decide(&mut chain, NOW, organised(5, 100, BEGINS + 4)).unwrap();
    let refused = put(&mut chain, NOW, 4, Payload::Coefficients(Coefficients::new(&rows).unwrap()));
    assert!(refused.unwrap_err().contains("names somebody else"));
}

/// Whoever gives parts to the same members again need not list them; a list that is not the one meant is never taken for it.
#[test]
fn members_are_named_by_what_was_given_before() {
    let mut chain = organising();
    let again = |chain: &Chain, from: u64, of: &[(u8, u32)]| {
        let given = Coefficients::new(&[(SlotId(from), parts(of))]).unwrap();
        chain.state().shortened(given, &address(4))
    };
    let same = [(5, 10), (0, 20)];
    let listed = again(&chain, BEGINS + 1, &same);
    assert!(matches!(listed.holders(), Holders::Listed(_)), "nothing was given before");
    put(&mut chain, NOW, 4, Payload::Coefficients(listed)).unwrap();
    let short = again(&chain, BEGINS + 2, &[(5, 30), (0, 0)]);
    assert!(matches!(short.holders(), Holders::AsFrom(SlotId(slot), _) if *slot == BEGINS + 1));
    put(&mut chain, NOW, 4, Payload::Coefficients(short.clone())).unwrap();
    assert_eq!(part_of_five(&chain, BEGINS + 2), Some((BEGINS + 2, 30)));
    let others = again(&chain, BEGINS + 3, &[(5, 30), (4, 1)]);
    assert!(matches!(others.holders(), Holders::Listed(_)), "those are others");
    // Meanwhile the slot that is named holds other members, as many: nobody gets another's part.
    give(&mut chain, 4, BEGINS + 1, &[(5, 10), (4, 20)]).unwrap();
    let refused = put(&mut chain, NOW, 4, Payload::Coefficients(short)).unwrap_err();
    assert!(refused.contains("is not of the members that are meant"), "{refused}");
    // Nor does another organiser name members by what somebody else gave.
    decide(&mut chain, NOW, organised(5, 100, BEGINS + 6)).unwrap();
    let given = Coefficients::new(&[(SlotId(BEGINS + 7), parts(&[(5, 1), (4, 1)]))]).unwrap();
    let members: Vec<_> = parts(&[(5, 1), (4, 1)]).members().collect();
    let refused = put(&mut chain, NOW, 5, Payload::Coefficients(given.naming(SlotId(BEGINS + 1), &members)));
    assert!(refused.unwrap_err().contains("is not of the members that are meant"));
}
