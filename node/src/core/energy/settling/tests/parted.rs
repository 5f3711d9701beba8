//! A street in two halves, each with desks that settle by themselves: what one roof gave is sold once.

use std::collections::BTreeSet;

use protocol::energy::{SettlementMessage, WattHours};
use protocol::limits::SETTLEMENT_FRAME_BYTES_MAX;
use protocol::{Address, decode};

use super::left::check_accounts;
use super::street::{LENGTH, Street};
use super::{checked, meter_all};
use crate::core::Input;

const MINUTE_MS: u64 = 60_000;

impl Street {
    /// Cuts the street in two halves, this one and the others.
    fn part(&mut self, half: &[usize]) {
        self.half = half.iter().copied().collect();
        self.across(&self.half.clone(), ledger::Input::Disconnected);
    }

    /// Both halves reach each other again.
    fn heal(&mut self) {
        let half = std::mem::take(&mut self.half);
        self.across(&half, ledger::Input::Connected);
    }

    fn across(&mut self, half: &BTreeSet<usize>, input: impl Fn(Address) -> ledger::Input) {
        for inside in half {
            for outside in (0..self.houses.len()).filter(|house| !half.contains(house)) {
                let (a, b) = (self.address(*inside), self.address(outside));
                self.tell(*inside, Input::Ledger(input(b)));
                self.tell(outside, Input::Ledger(input(a)));
            }
        }
    }
}

/// Whether a desk has offered another one of these houses a result to sign.
fn settles(street: &Street, houses: &[usize]) -> bool {
    street.heard.iter().any(|(from, to, bytes)| {
        let message = decode::<SettlementMessage>(bytes, SETTLEMENT_FRAME_BYTES_MAX).unwrap();
        houses.contains(from) && houses.contains(to) && matches!(message, SettlementMessage::Offer(_))
    })
}

#[test]
fn one_surplus_is_sold_once_though_both_halves_settle_it() {
    let mut street = Street::sharing_with(6, 5);
    let slot = street.slot();
    street.until(slot.end(LENGTH).plus(2_000));
    let pair = street.pair(slot);
    let others: Vec<usize> = (0..6).filter(|house| !pair.contains(house)).collect();
    street.part(&pair);
    street.heard.clear();
    meter_all(&mut street, slot);
    street.pass(40 * MINUTE_MS);
    assert!(settles(&street, &pair) && settles(&street, &others), "each half settles what it heard");
    for house in 0..6 {
        let state = street.core(house).ledger().state();
        assert!(state.settled(slot).is_none(), "house {house}: neither half is a quorum");
    }
    street.heal();
    street.pass(40 * MINUTE_MS);
    let settled = street.core(5).ledger().state().settled(slot).unwrap();
    assert_eq!((settled.result.surplus, settled.result.traded), (WattHours(500), WattHours(500)));
    let lines: Vec<_> = (0..5).map(|house| checked(&street, house, slot)).collect();
    assert_eq!(lines, [(215, 0), (0, 500), (144, 0), (86, 0), (55, 0)].map(Some));
    street.pass_coarse(40 * 60 * MINUTE_MS);
    check_accounts(&street, slot, &[0, 1, 2, 3, 4, 5]);
}
