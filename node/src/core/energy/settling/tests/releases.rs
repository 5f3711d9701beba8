//! A slot that was held back is signed and settled once its operator says that it is right, be it late.

use protocol::energy::{PeriodStatus, Quality, SlotId};

use super::super::CreditCheck;
use super::street::{LENGTH, Street};
use super::{NET, checked};
use crate::core::energy::{Doubt, ReleaseRefused};

/// Everybody measured, and the last meter's figure is held back.
fn held(street: &mut Street) -> SlotId {
    let slot = street.slot();
    street.until(slot.end(LENGTH).plus(2_000));
    for (house, net) in NET.into_iter().enumerate().take(4) {
        street.meter(house, slot, net.max(0), (-net).max(0));
    }
    street.meter_held(4, slot, 77, Doubt::ImportAboveConnection);
    street.pass(60_000);
    let own = street.core(4).energy().settled_slot(slot).unwrap();
    assert_eq!(own.latest().quality, Quality::Missing, "nothing of it is signed");
    let settled = street.core(0).ledger().state().settled(slot).unwrap();
    assert!(settled.result.missing.contains(&street.address(4)));
    slot
}

#[test]
fn a_released_slot_is_signed_and_settled() {
    let mut street = Street::sharing(6);
    let slot = held(&mut street);
    let start = slot.start(LENGTH);
    assert_eq!(street.release(4, start, "  "), Err(ReleaseRefused::Reason));
    assert_eq!(
        street.release(4, start.plus(1), "why"),
        Err(ReleaseRefused::Unknown { start: start.plus(1) })
    );
    assert_eq!(street.release(0, start, "why"), Err(ReleaseRefused::NotHeld { start }));
    assert_eq!(street.release(4, start, "the oven was on loan"), Ok(()));
    assert_eq!(street.release(4, start, "again"), Err(ReleaseRefused::NotHeld { start }));
    street.pass(60_000);
    let settled = street.core(0).ledger().state().settled(slot).unwrap();
    assert_eq!((settled.result.version, settled.result.missing.len()), (2, 1));
    assert_eq!(checked(&street, 4, slot), Some((55, 0)));
    // It stays released over a restart.
    street.stop(4);
    street.start(4);
    let release = street.core(4).energy().releases().all().next().unwrap();
    assert_eq!((release.start, release.reason.as_slice()), (start, b"the oven was on loan".as_slice()));
}

#[test]
fn a_slot_released_after_its_month_is_a_correction() {
    let mut street = Street::sharing(6);
    let slot = held(&mut street);
    street.pass_days(35);
    assert_eq!(street.core(5).ledger().state().period(1).unwrap().step.status, PeriodStatus::Final);
    street.release(4, slot.start(LENGTH), "the oven was on loan").unwrap();
    street.pass(120_000);
    assert_eq!(street.core(5).ledger().state().account(&street.address(4)).bought.0, 55);
    assert_eq!(street.core(4).check_credits(1), CreditCheck::Holds);
}
