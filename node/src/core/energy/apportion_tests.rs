//! Sharing a building's result out among its dwellings: exact sums, missing counters, doubtful ones.

use super::*;
use crate::core::energy::{Cell, Flow, SLOT_LENGTH};
use ledger::energy::Line;
use proptest::prelude::*;
use protocol::Address;
use protocol::energy::{MicroEuro, SlotId, WattHours};

fn slot(import_wh: i64) -> Slot {
    let flow = Some(Flow { import_wh, export_wh: 0, production_wh: None });
    Slot { id: SlotId(7), length: SLOT_LENGTH, flow, is_estimated: false, version: 1, held: None }
}

fn line(bought: i64, pay: i64, fee: i64) -> OwnPart {
    OwnPart::Checked(Line {
        member: Address::new([1; 20]),
        demand: WattHours(bought),
        surplus: WattHours(0),
        alloc: WattHours(bought),
        sold: WattHours(0),
        pay: MicroEuro(pay),
        rev: MicroEuro(0),
        fee: MicroEuro(fee),
    })
}

fn wh(wh: i64) -> Option<Used> {
    Some(Used { wh, is_estimated: false })
}

#[test]
fn each_dwelling_has_its_part_and_the_stairs_the_rest() {
    let mut sums = Apportioned::new(2, 2, true);
    let parts = sums.take(&slot(1_000), line(500, 67_500, 10_001), &[wh(600), wh(300)]);
    assert_eq!((parts[0].bought_wh, parts[1].bought_wh, sums.common.bought_wh), (300, 150, 50));
    assert_eq!((parts[0].pay, parts[1].pay, sums.common.pay), (40_500, 20_250, 6_750));
    assert_eq!(parts[0].fee + parts[1].fee + sums.common.fee, 10_001);
    assert_eq!((sums.common.used_wh, sums.agreement()), (100, Agreement::Holds));
    assert_eq!((sums.building_wh, sums.dwellings_wh, sums.compared, sums.apart), (1_000, 900, 1, 0));
}

#[test]
fn dwellings_that_count_more_than_came_in_are_told_of() {
    let take = |has_common_parts, dwellings: i64| {
        let mut sums = Apportioned::new(1, 1, has_common_parts);
        sums.take(&slot(1_000), OwnPart::None, &[wh(dwellings)]);
        (sums.agreement(), sums.apart)
    };
    // 3 % and a Wh for each of the two meters.
    assert_eq!(take(true, 1_032), (Agreement::Holds, 0));
    assert_eq!(take(true, 1_033), (Agreement::TooMuch, 1));
    assert_eq!(take(true, 100), (Agreement::Holds, 0));
    assert_eq!(take(false, 968), (Agreement::Holds, 0));
    assert_eq!(take(false, 967), (Agreement::TooLittle, 1));
}

#[test]
fn what_is_not_known_is_missing_and_never_zero() {
    let mut sums = Apportioned::new(2, 2, true);
    sums.take(&slot(1_000), line(500, 0, 0), &[wh(600), None]);
    assert_eq!((sums.parts[1].missing, sums.parts[1].used_wh, sums.compared), (1, 0, 0));
    assert_eq!(sums.agreement(), Agreement::Unknown);
    // Its use lies in what nobody explains until it tells.
    assert_eq!((sums.parts[0].bought_wh, sums.common.bought_wh), (300, 200));
    let unmetered = Slot { flow: None, ..slot(0) };
    sums.take(&unmetered, OwnPart::None, &[wh(5), wh(6)]);
    assert_eq!((sums.slots, sums.compared, sums.common.missing), (2, 0, 1));
    assert_eq!(sums.parts[1].used_wh, 6);
    let mut nobody = Apportioned::new(0, 0, false);
    nobody.take(&slot(1_000), line(500, 0, 0), &[]);
    assert_eq!((nobody.agreement(), nobody.common.bought_wh), (Agreement::Unknown, 500));
}

#[test]
fn a_dwelling_is_the_sum_of_its_counters_and_missing_with_any_of_them() {
    let course = |wh, covered_ms| {
        let cells = vec![Cell { wh, covered_ms, is_estimated: false }];
        Some(Course { cells, ..Course::default() })
    };
    let courses = [(0, course(5, 900)), (0, course(7, 900)), (1, course(9, 899)), (2, None)];
    assert_eq!(used(3, &courses, 0, 900), [wh(12), None, None]);
}

proptest! {
    #[test]
    fn parts_add_up_and_lie_within_one_of_their_proportion(
        amount in 0i64..1_000_000_000_000,
        weights in proptest::collection::vec(0i64..1_000_000_000, 1..40),
    ) {
        let parts = largest_remainder(amount, &weights);
        prop_assert_eq!(parts.iter().sum::<i64>(), amount);
        let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        for (part, weight) in parts.iter().zip(&weights) {
            prop_assert!(*part >= 0);
            let exact = i128::from(amount) * i128::from(*weight);
            let apart = (i128::from(*part) * total - exact).abs();
            prop_assert!(total == 0 || apart < total, "{part} for a weight of {weight} of {total}");
        }
    }
}
