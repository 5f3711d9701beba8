//! Desks that lie about a line, leave somebody out or say nothing; members that are settled wrong; operators that know better.

use ledger::state::energy::Verdict;
use protocol::energy::{DisputeReason, SlotId, WattHours};

use super::street::{LENGTH, Lie, Street};
use super::{checked, meter_all};

fn verdict(street: &Street, slot: SlotId) -> Verdict {
    let state = street.core(5).ledger().state();
    state.disputed(slot).expect("a dispute").verdict.clone().expect("a verdict")
}

fn all_hold(street: &Street, slot: SlotId) {
    for house in 0..5 {
        let own = street.core(house).energy().settled_slot(slot).unwrap();
        let doubt = own.outcome().map(|outcome| outcome.doubt);
        assert!(checked(street, house, slot).is_some(), "house {house}: {doubt:?}");
    }
}

/// One of the two finds another line in the same statements: all desks settle the slot, and the ledger names who was wrong.
#[test]
fn a_desk_that_lies_about_a_line_is_found_out() {
    for which in 0..2 {
        let mut street = Street::sharing(6);
        let slot = street.slot();
        let liar = street.pair(slot)[which];
        street.lies.insert(liar, Lie::AboutLines);
        street.until(slot.end(LENGTH).plus(2_000));
        meter_all(&mut street, slot);
        street.pass(20_000);
        assert!(street.core(5).ledger().state().settled(slot).is_none());
        street.pass(160_000);
        let found = verdict(&street, slot);
        assert_eq!((found.wrong.as_slice(), found.otherwise.len()), ([street.address(liar)].as_slice(), 0));
        assert_eq!((found.agreed, found.version, found.is_changed), (2, 1, true));
        let settled = street.core(5).ledger().state().settled(slot).unwrap();
        assert_eq!(settled.result.traded, WattHours(500));
        assert!(!settled.settlers.contains(&street.address(liar)));
        all_hold(&street, slot);
    }
}

/// One of the two takes no statement of a member, from whoever it comes.
#[test]
fn a_member_that_one_desk_drops_is_settled_all_the_same() {
    let mut street = Street::sharing(6);
    let slot = street.slot();
    let liar = street.pair(slot)[1];
    street.lies.insert(liar, Lie::Drops(4));
    street.until(slot.end(LENGTH).plus(2_000));
    meter_all(&mut street, slot);
    street.pass(14 * 60_000);
    let found = verdict(&street, slot);
    assert_eq!((found.wrong.len(), found.otherwise.as_slice()), (0, [street.address(liar)].as_slice()));
    let state = street.core(5).ledger().state();
    assert_eq!(state.disputed(slot).unwrap().reason, DisputeReason::Desks);
    assert!(!state.settled(slot).unwrap().result.missing.contains(&street.address(4)));
    all_hold(&street, slot);
}

/// Both take none: the slot is settled without the member, which disputes it; the desks that stand by know better.
#[test]
fn a_member_that_both_desks_drop_disputes_it() {
    let mut street = Street::sharing_with(6, 5);
    let slot = street.slot();
    let pair = street.pair(slot);
    for desk in pair {
        street.lies.insert(desk, Lie::Drops(5));
    }
    street.until(slot.end(LENGTH).plus(2_000));
    meter_all(&mut street, slot);
    street.meter(5, slot, 77, 0);
    street.pass(14 * 60_000);
    let found = verdict(&street, slot);
    let state = street.core(4).ledger().state();
    assert_eq!(state.disputed(slot).unwrap().by, street.address(5));
    assert_eq!((found.version, found.is_changed, found.agreed), (2, true, 3));
    assert_eq!(found.otherwise.len(), 2);
    assert!(!state.settled(slot).unwrap().result.missing.contains(&street.address(5)));
    assert!(checked(&street, 5, slot).is_some());
}

/// One of the two says nothing to anybody: nobody waits for it longer than a quarter of an hour.
#[test]
fn a_desk_that_says_nothing_stops_nobody() {
    let mut street = Street::sharing(6);
    let slot = street.slot();
    let [silent, _] = street.pair(slot);
    street.lies.insert(silent, Lie::Silent);
    street.until(slot.end(LENGTH).plus(2_000));
    meter_all(&mut street, slot);
    street.until(slot.end(LENGTH).plus(35 * 60_000));
    let settled = street.core(5).ledger().state().settled(slot).unwrap();
    assert!(!settled.settlers.contains(&street.address(silent)));
    for house in (0..5).filter(|house| *house != silent) {
        assert!(checked(&street, house, slot).is_some(), "house {house}");
    }
}

/// What nobody disputes stays with its pair: only the statements of the slot in dispute reach the others.
#[test]
fn only_the_disputed_slot_is_opened() {
    let mut street = Street::sharing(6);
    let first = street.slot();
    let pair = street.pair(first);
    let third = (0..3).find(|desk| !pair.contains(desk)).unwrap();
    let planted = [7_654_321i64, 5_432_109];
    for (step, figure) in planted.into_iter().enumerate() {
        let slot = SlotId(first.0 + step as u64);
        if step == 1 {
            street.lies.insert(pair[0], Lie::AboutLines);
        }
        street.until(slot.end(LENGTH).plus(2_000));
        for house in 0..4 {
            street.meter(house, slot, super::NET[house].max(0), (-super::NET[house]).max(0));
        }
        street.meter(4, slot, figure, 0);
        street.pass(170_000);
        assert!(checked(&street, 4, slot).is_some());
    }
    let holds = |bytes: &[u8], figure: i64| {
        let needle = u32::try_from(figure).unwrap().to_be_bytes();
        bytes.windows(4).any(|window| window == needle)
    };
    let knows = |figure| street.houses[third].entries.values().any(|value| holds(value, figure));
    assert_eq!(planted.map(knows), [false, true]);
    assert!(!street.said.iter().any(|bytes| planted.iter().any(|figure| holds(bytes, *figure))));
}
