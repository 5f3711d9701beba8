//! A member that joins while the result of a slot is on its way to the ledger: nobody waits for its figure.

use protocol::energy::{SlotId, WattHours};

use super::street::{LENGTH, Street};
use super::{checked, meter_all};

/// The desks of a street need less to settle a slot after the last figure, milliseconds.
const SETTLED_WITHIN_MS: u64 = 200;

/// A slot that is settled, with a newcomer that joined no later than its result reached the ledger and that the result does
/// not name; `None` where the newcomer came so early that the desks knew it, or too late.
fn joined_on_the_way(after_ms: u64) -> Option<(Street, SlotId)> {
    let mut street = Street::sharing(6);
    let slot = street.slot();
    street.until(slot.end(LENGTH).plus(2_000));
    meter_all(&mut street, slot);
    street.pass(after_ms);
    let newcomer = street.admit(99);
    street.pass(10_000);
    let state = street.core(0).ledger().state();
    let settled = state.settled(slot).unwrap();
    let since = state.member(&newcomer).unwrap().since;
    let is_on_the_way =
        settled.result.version == 1 && since <= settled.height && !settled.result.missing.contains(&newcomer);
    is_on_the_way.then_some((street, slot))
}

#[test]
fn a_late_figure_corrects_a_slot_though_somebody_joined_while_its_result_was_on_its_way() {
    let found = (0..SETTLED_WITHIN_MS).find_map(joined_on_the_way);
    let (mut street, slot) = found.expect("invariant: a result needs some milliseconds to the ledger");
    street.meter(4, slot, 177, 0);
    street.pass(120_000);
    let settled = street.core(5).ledger().state().settled(slot).unwrap();
    assert_eq!((settled.result.version, settled.result.demand), (2, WattHours(797)));
    for house in 0..5 {
        assert!(checked(&street, house, slot).is_some(), "house {house}");
    }
}
