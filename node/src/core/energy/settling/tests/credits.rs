//! After a month is final: late figures become corrections and credit notes, which every member checks, whatever falls over.

use protocol::energy::{PeriodStatus, SlotId, WattHours};

use super::super::CreditCheck;
use super::street::{LENGTH, Street};
use super::{checked, meter_all};

/// A street whose first month is final, and a slot of it.
fn final_month() -> (Street, SlotId) {
    let mut street = Street::sharing(6);
    let slot = street.slot();
    street.until(slot.end(LENGTH).plus(2_000));
    meter_all(&mut street, slot);
    street.pass(10_000);
    // From the 8th of a month of 30 days to the 13th of the next: shown ten days, then final.
    street.pass_days(35);
    let state = street.core(5).ledger().state();
    assert_eq!(state.period(1).unwrap().step.status, PeriodStatus::Final);
    assert!(slot < state.books().final_until);
    (street, slot)
}

#[test]
fn late_figures_become_a_credit_note_that_members_check() {
    let (mut street, slot) = final_month();
    let before = street.core(0).ledger().state().settled(slot).unwrap().clone();
    let account = |street: &Street, house| street.core(5).ledger().state().account(&street.address(house));
    let booked: Vec<_> = (0..5).map(|house| account(&street, house)).collect();
    assert_eq!(booked[1].sold, WattHours(500));
    // House 1 gave less than was known, house 4 took more.
    street.meter(1, slot, 0, 400);
    street.meter(4, slot, 177, 0);
    street.pass(120_000);
    let state = street.core(5).ledger().state();
    assert_eq!(state.settled(slot), Some(&before), "final is final");
    let corrected = state.corrected(slot).unwrap();
    assert_eq!((corrected.result.version, corrected.result.traded), (2, WattHours(400)));
    let (period, sums) = (state.period(1).unwrap(), state.credit_sums(1));
    assert_eq!(
        (period.notes, sums.corrected, sums.credited, sums.results),
        (1, WattHours(-100), WattHours(-100), 0)
    );
    let sold = account(&street, 1).sold.0 - booked[1].sold.0;
    let bought: i64 = (0..5).map(|house| account(&street, house).bought.0 - booked[house].bought.0).sum();
    assert_eq!((sold, bought), (-100, -100));
    let money: i64 = state.accounts().map(|(_, account)| account.balance.0).sum();
    assert_eq!(money, 0);
    for house in 0..5 {
        assert_eq!(street.core(house).check_credits(1), CreditCheck::Holds, "house {house}");
        let own = street.core(house).energy().settled_slot(slot).unwrap();
        assert_eq!(own.correction().unwrap().doubt, None, "house {house}");
        assert!(checked(&street, house, slot).is_some(), "the month keeps what it was final with");
        assert_eq!(street.core(house).settlement_trouble(), None);
    }
    // A second thought: only the difference is told again, also by a desk that started anew meanwhile.
    let [desk, _] = street.pair(slot);
    street.stop(desk);
    street.start(desk);
    street.pass(60_000);
    street.meter(4, slot, 77, 0);
    street.pass(120_000);
    let state = street.core(5).ledger().state();
    assert_eq!((state.corrected(slot).unwrap().result.version, state.period(1).unwrap().notes), (3, 2));
    assert_eq!((0..5).map(|house| account(&street, house).sold.0).sum::<i64>(), 400);
    for house in 0..5 {
        assert_eq!(street.core(house).check_credits(1), CreditCheck::Holds, "house {house}");
    }
}

/// Whoever said nothing in time is left out of a final month, and is made good.
#[test]
fn a_building_that_was_left_out_is_made_good() {
    let mut street = Street::sharing(6);
    let slot = street.slot();
    street.until(slot.end(LENGTH).plus(2_000));
    for (house, net) in super::NET.into_iter().enumerate().take(4) {
        street.meter(house, slot, net.max(0), (-net).max(0));
    }
    street.pass(12 * 60_000);
    let missing = |street: &Street| {
        street.core(0).ledger().state().settled(slot).unwrap().result.missing.contains(&street.address(4))
    };
    assert!(missing(&street));
    street.pass_days(35);
    street.meter(4, slot, 77, 0);
    street.pass(120_000);
    assert!(missing(&street), "final is final");
    let state = street.core(4).ledger().state();
    assert_eq!(state.corrected(slot).unwrap().result.traded, WattHours(500));
    assert_eq!(state.period(1).unwrap().notes, 1);
    assert_eq!(state.account(&street.address(4)).bought, WattHours(55));
    assert_eq!(street.core(4).check_credits(1), CreditCheck::Holds);
}

/// Desks of a large hive let go of final slots: whoever corrects one sends what counted beside what counts now, and so do the
/// others. One of the desks started anew meanwhile, the other did not.
#[test]
fn a_final_slot_that_desks_let_go_is_made_good_all_the_same() {
    let (mut street, slot) = final_month();
    let pair = street.pair(slot);
    for desk in pair {
        let before = street.core(desk).energy().statements_held();
        assert!(street.makes_room(desk, SlotId(slot.0 + 1)));
        assert_eq!(street.core(desk).energy().statements_held(), before - 6);
    }
    street.stop(pair[0]);
    street.start(pair[0]);
    street.pass(60_000);
    street.meter(4, slot, 177, 0);
    street.pass(120_000);
    let state = street.core(5).ledger().state();
    let corrected = state.corrected(slot).expect("a correction");
    assert_eq!((corrected.result.version, corrected.result.demand), (2, WattHours(797)));
    assert_eq!((state.period(1).unwrap().notes, state.credit_sums(1).results), (1, 0));
    for house in 0..5 {
        assert_eq!(street.core(house).check_credits(1), CreditCheck::Holds, "house {house}");
    }
}
