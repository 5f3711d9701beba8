//! Slots on a street: stated, settled by two desks, told to each member, whatever fails in between.

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
