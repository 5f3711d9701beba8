//! Slots on a street: stated, settled by two desks, told to each member, whatever fails in between.

mod coefficients;
mod credits;
mod disputes;
mod hostile;
mod joining;
mod left;
mod parted;
mod releases;
mod street;

use protocol::energy::{Price, SlotId, WattHours};

use super::own::SlotStage;
use street::{LENGTH, Street};

/// Energy of each house in a slot: import less export, Wh. The last house has no meter.
const NET: [i64; 5] = [300, -500, 200, 120, 77];

fn meter_all(street: &mut Street, slot: SlotId) {
    for (house, net) in NET.into_iter().enumerate() {
        street.meter(house, slot, net.max(0), (-net).max(0));
    }
}

fn checked(street: &Street, house: usize, slot: SlotId) -> Option<(i64, i64)> {
    let line = street.core(house).energy().settled_slot(slot)?.checked()?;
    Some((line.bought.0, line.sold.0))
}

#[test]
fn a_slot_is_settled_and_told_within_three_seconds_of_the_last_statement() {
    let mut street = Street::sharing(6);
    let slot = street.slot();
    street.until(slot.end(LENGTH).plus(2_000));
    meter_all(&mut street, slot);
    street.pass(3_000);
    let state = street.core(5).ledger().state();
    let settled = state.settled(slot).unwrap();
    assert_eq!((settled.result.demand, settled.result.surplus), (WattHours(697), WattHours(500)));
    assert_eq!((settled.result.traded, settled.result.version), (WattHours(500), 1));
    assert_eq!(settled.result.price, Some(Price(102_000)));
    assert_eq!(settled.result.missing.as_slice(), [street.address(5)]);
    let lines: Vec<_> = (0..5).map(|house| checked(&street, house, slot).unwrap()).collect();
    assert_eq!(lines, [(215, 0), (0, 500), (144, 0), (86, 0), (55, 0)]);
    let own = street.core(5).energy().settled_slot(slot).unwrap();
    assert_eq!(own.outcome().unwrap().doubt, None, "it said itself that it has no figure");
    assert_eq!(street.core(1).slot_stage(slot), SlotStage::Provisional);
    for house in 0..6 {
        assert_eq!(street.core(house).energy().unsettled_slots(), 0, "house {house}");
    }
}

/// Every node settles on what it holds on disk, whichever of the two desks falls over and when.
#[test]
fn a_desk_that_falls_over_and_comes_back_loses_and_doubles_nothing() {
    for which in 0..2 {
        for after_ms in [0, 6, 500] {
            let mut street = Street::sharing(6);
            let slot = street.slot();
            let desk = street.pair(slot)[which];
            street.until(slot.end(LENGTH).plus(2_000));
            meter_all(&mut street, slot);
            street.pass(after_ms);
            street.stop(desk);
            street.pass(60_000);
            street.start(desk);
            street.pass(60_000);
            let settled = street.core(5).ledger().state().settled(slot).unwrap().clone();
            assert_eq!(settled.result.version, 1, "desk {which} after {after_ms} ms");
            assert_eq!(settled.result.traded, WattHours(500));
            for house in 0..5 {
                assert!(checked(&street, house, slot).is_some(), "house {house}, {which}, {after_ms} ms");
            }
        }
    }
}

/// A week comes to what its slots came to, on accounts that are even, though two pairs of desks settled it.
#[test]
fn a_week_is_booked_by_the_desks_that_settled_it() {
    let mut street = Street::sharing(6);
    let mut sold = 0;
    // A Saturday and a Sunday.
    for day in 0..2 {
        let slot = SlotId(street.slot().0);
        street.until(slot.end(LENGTH).plus(2_000));
        meter_all(&mut street, slot);
        street.pass(10_000);
        sold += street.core(0).ledger().state().settled(slot).unwrap().result.traded.0;
        assert_eq!(sold, 500 * (day + 1));
        street.pass_coarse(if day == 0 { 24 } else { 15 } * 3_600_000);
    }
    let state = street.core(5).ledger().state();
    let first = state.settled_slots(SlotId(0)..=SlotId(u64::MAX)).next().unwrap().result.slot;
    let first = ledger::state::energy::week_of(first, LENGTH);
    let week = state.energy_week(first);
    assert_eq!((week.traded.0, week.booked.0, week.results), (sold, sold, 0));
    let accounts: Vec<_> = state.accounts().map(|(_, account)| account).collect();
    assert_eq!(accounts.iter().map(|account| account.bought.0).sum::<i64>(), sold);
    assert_eq!(accounts.iter().map(|account| account.balance.0).sum::<i64>(), 0);
    assert!(state.books().grid.0 > 0 && state.books().grid.0 <= sold * 86);
    assert_eq!(state.account(&street.address(1)).sold.0, sold);
    assert!(state.period(1).is_some());
}

/// A desk of a large hive lets go of what is settled and booked, oldest first, and of nothing else; what was let go is asked
/// for again when somebody corrects it.
#[test]
fn a_desk_makes_room_and_a_correction_brings_back_what_it_needs() {
    let mut street = Street::sharing(6);
    let slot = street.slot();
    let later = SlotId(slot.0 + 2);
    for slot in slot.0..later.0 {
        street.until(SlotId(slot).end(LENGTH).plus(2_000));
        meter_all(&mut street, SlotId(slot));
        street.pass(10_000);
    }
    let pair = street.pair(slot);
    assert!(!street.makes_room(pair[0], later), "its week is not booked");
    street.pass_coarse(39 * 3_600_000);
    assert!(!street.makes_room(pair[0], slot), "nothing is older");
    for desk in pair {
        assert!(street.makes_room(desk, later) && street.makes_room(desk, later));
        let is_held = |slot: u64| {
            let key = [b"d".as_slice(), &slot.to_be_bytes()].concat();
            street.houses[desk].entries.keys().any(|held| held.starts_with(&key))
        };
        assert!(
            !is_held(slot.0) && !is_held(slot.0 + 1) && is_held(later.0),
            "nothing of it is left on disk"
        );
        assert!(!street.makes_room(desk, later));
    }
    street.meter(4, slot, 177, 0);
    street.pass(120_000);
    let settled = street.core(0).ledger().state().settled(slot).unwrap();
    assert_eq!((settled.result.version, settled.result.demand), (2, WattHours(797)));
    for house in 0..5 {
        assert!(checked(&street, house, slot).is_some(), "house {house}");
    }
    street.pass(60_000);
    let state = street.core(5).ledger().state();
    let week = state.energy_week(ledger::state::energy::week_of(slot, LENGTH));
    assert_eq!((week.results, week.bookings, week.booked), (0, 2, WattHours(1_000)));
}

/// After an outage late slots are settled one by one: that they brought nothing is booked when they have all come.
#[test]
fn late_slots_that_bring_nothing_are_booked_together() {
    const LATE: u64 = 8;
    let mut street = Street::sharing(6);
    let first = street.slot();
    street.pass_coarse(39 * 3_600_000);
    for late in first.0..first.0 + LATE {
        for house in 0..6 {
            street.meter(house, SlotId(late), 100, 0);
        }
        street.pass(10_000);
    }
    street.pass(120_000);
    let state = street.core(0).ledger().state();
    for late in first.0..first.0 + LATE {
        assert!(state.settled(SlotId(late)).is_some(), "slot {late}");
    }
    let week = state.energy_week(ledger::state::energy::week_of(first, LENGTH));
    assert_eq!((week.results, week.traded, week.booked), (0, WattHours(0), WattHours(0)));
    assert!((1..=2).contains(&week.bookings), "{} bookings of nothing", week.bookings);
}

/// What was signed is what goes out again, to the last byte, and a node that is down for a day states the day after it.
#[test]
fn a_building_that_was_down_for_a_day_settles_it_afterwards() {
    let mut street = Street::sharing(6);
    let slot = street.slot();
    street.until(slot.end(LENGTH).plus(2_000));
    meter_all(&mut street, slot);
    street.pass(5_000);
    let stated = street.core(4).energy().settled_slot(slot).unwrap().signed().clone();
    street.stop(4);
    let missed: Vec<SlotId> = (1..=96).map(|n| SlotId(slot.0 + n)).collect();
    for slot in &missed {
        street.until(slot.end(LENGTH).plus(1_000));
        for (house, net) in NET.into_iter().enumerate().take(4) {
            street.meter(house, *slot, net.max(0), (-net).max(0));
        }
    }
    street.pass(15 * 60_000);
    let late = missed[40];
    let before = street.core(0).ledger().state().settled(late).unwrap().result.clone();
    assert!(before.missing.contains(&street.address(4)));
    let day = super::hall::day_of(slot, LENGTH);
    street.until(SlotId((day + 1) * 96).start(LENGTH).plus(62 * 60_000));
    let state = street.core(0).ledger().state();
    assert!(state.day_commitment(day, street.address(0)).is_some());
    assert!(state.day_commitment(day, street.address(4)).is_none());
    street.start(4);
    assert_eq!(street.core(4).energy().settled_slot(slot).unwrap().signed(), &stated);
    for slot in &missed {
        street.meter(4, *slot, 77, 0);
    }
    street.pass(5 * 60_000);
    for slot in &missed {
        let settled = street.core(0).ledger().state().settled(*slot).unwrap();
        assert!(!settled.result.missing.contains(&street.address(4)), "slot {slot}");
        assert_eq!(settled.result.traded, WattHours(500));
        assert_eq!(checked(&street, 4, *slot), Some((55, 0)), "slot {slot}");
        assert!(checked(&street, 0, *slot).is_some(), "a correction is told to everybody");
    }
}
