//! A desk that is gone for good: what it settled and did not book falls to others, and nothing is booked twice.

use ledger::state::energy::week_of;
use protocol::energy::{SlotId, WattHours};

use super::street::{LENGTH, Street};
use super::{checked, meter_all};

const HOUR_MS: u64 = 3_600_000;

fn settled_slot(street: &mut Street) -> SlotId {
    let slot = street.slot();
    street.until(slot.end(LENGTH).plus(2_000));
    meter_all(street, slot);
    street.pass(10_000);
    slot
}

/// What a member was told of a slot is what stands on its account, for everybody, and all is even.
pub(super) fn check_accounts(street: &Street, slot: SlotId, houses: &[usize]) {
    let state = street.core(houses[0]).ledger().state();
    let week = state.energy_week(week_of(slot, LENGTH));
    assert_eq!((week.traded, week.results), (week.booked, 0));
    for house in houses {
        let account = state.account(&street.address(*house));
        let (bought, sold) = checked(street, *house, slot).unwrap_or_default();
        assert_eq!((account.bought.0, account.sold.0), (bought, sold), "house {house}");
        assert_eq!(street.core(*house).settlement_trouble(), None, "house {house}");
    }
    let balance: i64 = state.accounts().map(|(_, account)| account.balance.0).sum();
    assert_eq!(balance, 0);
}

#[test]
fn what_a_desk_settled_and_left_is_booked_by_others() {
    // A Saturday.
    let mut street = Street::sharing(6);
    let slot = settled_slot(&mut street);
    let pair = street.pair(slot);
    let others: Vec<usize> = (0..6).filter(|house| *house != pair[1]).collect();
    street.stop(pair[1]);
    street.pass_coarse(40 * HOUR_MS);
    let week = week_of(slot, LENGTH);
    let booked = |street: &Street| street.core(others[0]).ledger().state().energy_week(week).booked;
    assert_eq!(booked(&street), WattHours::ZERO, "it may come back within a day");
    street.pass_coarse(90 * HOUR_MS);
    assert_eq!(booked(&street), WattHours(500));
    let state = street.core(others[0]).ledger().state();
    let settled = state.settled(slot).unwrap();
    assert!(settled.result.version >= 2 && !settled.settlers.contains(&street.address(pair[1])));
    check_accounts(&street, slot, &others);
    // It comes back after all and changes nothing.
    street.start(pair[1]);
    street.pass_coarse(26 * HOUR_MS);
    check_accounts(&street, slot, &(0..6).collect::<Vec<_>>());
}

#[test]
fn what_it_booked_is_taken_back_where_others_took_its_slots_over() {
    let mut street = Street::sharing(6);
    let slot = settled_slot(&mut street);
    let pair = street.pair(slot);
    street.pass_coarse(40 * HOUR_MS);
    let week = week_of(slot, LENGTH);
    assert_eq!(street.core(0).ledger().state().energy_week(week).booked, WattHours(500));
    street.stop(pair[1]);
    // Its own figures stay as they were: whoever of the others is no desk of that day takes more.
    street.meter(4, slot, 177, 0);
    let others: Vec<usize> = (0..6).filter(|house| *house != pair[1]).collect();
    street.pass_coarse(100 * HOUR_MS);
    let state = street.core(others[0]).ledger().state();
    let settled = state.settled(slot).unwrap();
    assert_eq!(settled.result.demand, WattHours(797), "the dispute brought the correction");
    assert!(!settled.settlers.contains(&street.address(pair[1])));
    check_accounts(&street, slot, &others);
}
