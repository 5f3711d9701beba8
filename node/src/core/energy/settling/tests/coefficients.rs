//! Parts that an organiser gives: from the voted slot on the desks settle by them, and every member checks its own.

use protocol::energy::{
    Coefficients, EnergyAction, Factor, FullDynamic, ScheduledRule, SharingRule, SlotId, WattHours, Weights,
};

use super::street::{LENGTH, Street};
use super::{NET, checked, meter_all};
use crate::core::Command;

/// The house whose operator gives the parts; it has no desk and no vote.
const ORGANISER: usize = 4;

fn share(rule: SharingRule, from: SlotId) -> EnergyAction {
    EnergyAction::Share(ScheduledRule { rule, from })
}

fn give(street: &mut Street, house: usize, from: SlotId, of: &[(usize, u32)]) {
    let mut parts: Vec<_> = of.iter().map(|(house, part)| (street.address(*house), *part)).collect();
    parts.sort_unstable();
    let given = Coefficients { from, parts: Weights::new(parts).unwrap() };
    street.command(house, Command::GiveParts(given));
    street.pass(5_000);
}

/// What each metered house bought and sold in a slot, checked by itself.
fn settled(street: &mut Street, slot: SlotId) -> (Vec<(i64, i64)>, i64) {
    street.until(slot.end(LENGTH).plus(2_000));
    meter_all(street, slot);
    street.pass(10_000);
    let lines = (0..NET.len()).map(|house| {
        assert_eq!(street.core(house).settlement_trouble(), None, "house {house}");
        checked(street, house, slot).expect("its line holds")
    });
    let lines = lines.collect();
    (lines, street.core(0).ledger().state().settled(slot).unwrap().result.traded.0)
}

#[test]
fn desks_settle_by_an_organisers_parts_from_its_slot_on_until_the_next_rule() {
    let mut street = Street::sharing(6);
    let first = street.slot();
    let after = |slots: u64| SlotId(first.0 + slots);
    let organiser = street.address(ORGANISER);
    let rule = FullDynamic { organiser, whole: 100, factor: Factor::HALF };
    street.decide(share(SharingRule::FullDynamic(rule), after(1)));
    street.decide(share(SharingRule::DEFAULT, after(4)));
    give(&mut street, ORGANISER, after(2), &[(0, 50), (2, 10), (ORGANISER, 20)]);
    give(&mut street, ORGANISER, after(3), &[(3, 100)]);
    // Somebody else's parts, and parts of more than there is, are refused and change nothing.
    give(&mut street, 3, after(2), &[(3, 100)]);
    give(&mut street, ORGANISER, after(2), &[(0, 60), (2, 41)]);
    give(&mut street, ORGANISER, after(4), &[(0, 100)]);
    let proportional = vec![(215, 0), (0, 500), (144, 0), (86, 0), (55, 0)];
    for (slot, lines, traded) in [
        (first, proportional.clone(), 500),
        // Nobody gave any yet.
        (after(1), proportional.clone(), 500),
        // Of 100 Wh the organiser's house uses 77; what is not given away goes to the grid.
        (after(2), vec![(250, 0), (0, 377), (50, 0), (0, 0), (77, 0)], 377),
        (after(3), vec![(0, 0), (0, 120), (0, 0), (120, 0), (0, 0)], 120),
        (after(4), proportional, 500),
    ] {
        assert_eq!(settled(&mut street, slot), (lines, traded), "slot {slot}");
    }
    // A late figure is settled by the parts that held.
    street.meter(ORGANISER, after(2), 177, 0);
    street.pass(60_000);
    let corrected = street.core(0).ledger().state().settled(after(2)).unwrap();
    assert_eq!((corrected.result.version, corrected.result.traded), (2, WattHours(400)));
    assert_eq!(checked(&street, ORGANISER, after(2)), Some((100, 0)));
}
