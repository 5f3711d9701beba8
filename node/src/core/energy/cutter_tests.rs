//! The cutter against resets, swaps, gaps, odd readings and every order of arrival.

#![expect(clippy::cast_possible_truncation, reason = "registers of tests are small")]

use super::*;
use crate::core::telemetry::Exchange;
use proptest::prelude::*;

const SLOT: i64 = 900_000;
const MINUTE: i64 = 60_000;

fn gauge() -> Gauge {
    Gauge { counting: Counting::default(), unit_mwh: 1_000.0, power_w_max: 100_000 }
}

fn cut_with(gauge: Gauge, grid: Grid, readings: &[(i64, f64)]) -> Course {
    let mut cutter = Cutter::new(gauge, grid);
    readings.iter().for_each(|(time, value)| cutter.read(UnixMs(*time), *value));
    cutter.finish()
}

fn grid(slot_ms: i64, count: usize) -> Grid {
    Grid { from: UnixMs(0), slot_ms, count }
}

fn wh(course: &Course) -> Vec<Option<i64>> {
    let slot = course.cells.iter().map(|cell| (cell.covered_ms == SLOT).then_some(cell.wh));
    slot.collect()
}

fn cut(count: usize, readings: &[(i64, f64)]) -> Course {
    cut_with(gauge(), grid(SLOT, count), readings)
}

#[test]
fn a_register_read_at_the_limits_is_taken_as_it_is() {
    let course = cut(2, &[(0, 100.0), (SLOT, 350.0), (2 * SLOT, 351.0)]);
    assert_eq!(wh(&course), [Some(250), Some(1)]);
    assert!(course.cells.iter().all(|cell| !cell.is_estimated));
}

#[test]
fn a_register_between_readings_lies_on_their_line_and_whole_wh_are_carried() {
    // 10 Wh in 15 minutes from 7.5 minutes before: the limit lies at 105, then at 115.
    let course =
        cut(2, &[(-SLOT / 2, 100.0), (SLOT / 2, 110.0), (SLOT * 3 / 2, 120.0), (SLOT * 5 / 2, 130.0)]);
    assert_eq!(wh(&course), [Some(10), Some(10)]);
    // A third of a Wh each: the third slot has it.
    let thirds = Gauge { unit_mwh: 1e6, ..gauge() };
    let thirds = cut_with(thirds, grid(SLOT, 3), &[(0, 0.0), (3 * SLOT / 2, 0.0005), (3 * SLOT, 0.001)]);
    assert_eq!(thirds.cells.iter().map(|cell| cell.wh).collect::<Vec<_>>(), [0, 0, 1]);
}

#[test]
fn half_an_hour_and_an_hour_are_the_sums_of_their_quarters() {
    let readings: Vec<(i64, f64)> = (0..200).map(|i| (i * 7 * MINUTE - SLOT, (i * i) as f64)).collect();
    let quarters = cut(64, &readings);
    for width in [2usize, 4] {
        let wide = cut_with(gauge(), grid(SLOT * width as i64, 64 / width), &readings);
        for (at, cell) in wide.cells.iter().enumerate() {
            let parts: i64 = quarters.cells[at * width..(at + 1) * width].iter().map(|cell| cell.wh).sum();
            assert_eq!(cell.wh, parts);
        }
    }
}

#[test]
fn a_short_gap_is_a_guess_and_a_long_one_says_nothing() {
    let hour = 4 * SLOT;
    let course = cut(4, &[(0, 0.0), (hour, 400.0)]);
    assert_eq!(wh(&course), [Some(100); 4]);
    assert!(course.cells.iter().all(|cell| cell.is_estimated));
    let long = cut(40, &[(0, 0.0), (SLOT, 10.0), (SLOT + ENERGY_GAP_MS_MAX + 1, 500.0), (39 * SLOT, 600.0)]);
    assert_eq!(wh(&long)[..2], [Some(10), None], "nothing, which is not zero");
    assert!(long.cells[1..25].iter().all(|cell| *cell == Cell::default()));
}

#[test]
fn a_reset_counts_from_zero_and_never_back() {
    let course = cut(2, &[(0, 5_000.0), (SLOT, 5_010.0), (SLOT + MINUTE, 2.0), (2 * SLOT, 9.0)]);
    assert_eq!(wh(&course), [Some(10), Some(9)]);
}

#[test]
fn a_swap_counts_both_meters() {
    let at = UnixMs(SLOT + MINUTE);
    let exchange = Exchange { at, end: 5_020.0, start: 700.0 };
    let swapped = Gauge { counting: Counting::new(None, vec![exchange]), ..gauge() };
    let readings = [(0, 5_000.0), (SLOT, 5_010.0), (2 * SLOT, 707.0)];
    assert_eq!(wh(&cut_with(swapped, grid(SLOT, 2), &readings)), [Some(10), Some(17)]);
}

#[test]
fn a_register_of_sixteen_bits_rolls_over() {
    let rolling = Gauge { counting: Counting::new(Some(65_536.0), Vec::new()), ..gauge() };
    let readings = [(0, 65_500.0), (SLOT, 65_530.0), (2 * SLOT, 4.0)];
    assert_eq!(wh(&cut_with(rolling, grid(SLOT, 2), &readings)), [Some(30), Some(10)]);
}

#[test]
fn a_slip_is_left_out_and_told() {
    let odd = |readings: &[(i64, f64)]| {
        let course = cut(2, readings);
        (wh(&course), course.odd.iter().map(|odd| odd.why).collect::<Vec<_>>())
    };
    let end = (2 * SLOT, 5_020.0);
    let good = [(0, 5_000.0), (SLOT, 5_010.0)];
    let both = vec![Some(10), Some(10)];
    // Zero, and back again.
    assert_eq!(odd(&[good[0], good[1], (SLOT + MINUTE, 0.0), end]), (both.clone(), vec![OddKind::Dip]));
    // A thousand times too much, once.
    assert_eq!(
        odd(&[good[0], good[1], (SLOT + MINUTE, 5_012_000.0), end]),
        (both.clone(), vec![OddKind::Spike])
    );
    assert_eq!(
        odd(&[good[0], good[1], (SLOT + MINUTE, -3.0), end]),
        (both.clone(), vec![OddKind::OutOfRange])
    );
    assert_eq!(
        odd(&[good[0], good[1], (SLOT + MINUTE, 1e300), end]),
        (both.clone(), vec![OddKind::OutOfRange])
    );
    // The same again, and one that comes from before.
    assert_eq!(odd(&[good[0], good[1], good[1], good[0], end]), (both, vec![]));
}

#[test]
fn a_suspicious_last_reading_waits_for_the_next() {
    let readings = [(0, 5_000.0), (SLOT, 5_010.0), (2 * SLOT, 0.0)];
    assert_eq!(wh(&cut(2, &readings)), [Some(10), None], "a reset or a slip: nobody knows yet");
    let later = [&readings[..], &[(3 * SLOT, 4.0)]].concat();
    assert_eq!(wh(&cut(2, &later)), [Some(10), Some(0)], "a reset");
}

/// Readings of a meter that counts, now and then resets, and is read at odd moments.
fn readings() -> impl Strategy<Value = Vec<(i64, f64)>> {
    let step = (1i64..3_000_000, 0u32..4_000, 0u32..40);
    prop::collection::vec(step, 2..80).prop_map(|steps| {
        let (mut time, mut register) = (-3_000_000i64, 12_345.678f64);
        let mut readings = Vec::new();
        for (apart, tenths, luck) in steps {
            time += apart;
            register = if luck == 0 { 0.0 } else { register + f64::from(tenths) / 10.0 };
            readings.push((time, (register * 1_000.0).round() / 1_000.0));
        }
        readings
    })
}

/// The obvious way, pair by pair: whole Wh between two registers, from 0 after a fall.
fn difference(readings: &[(i64, f64)]) -> i64 {
    let whole = |register: f64| (register * 1_000.0).round() as i64 / 1_000;
    let pair = |pair: &[(i64, f64)]| {
        if pair[1].1 >= pair[0].1 { whole(pair[1].1) - whole(pair[0].1) } else { whole(pair[1].1) }
    };
    readings.windows(2).map(pair).sum()
}

proptest! {
    #[test]
    fn slots_add_up_to_the_counters_difference(readings in readings()) {
        let loose = Gauge { power_w_max: u32::MAX, ..gauge() };
        let (first, last) = (readings[0].0, readings[readings.len() - 1].0);
        let from = super::super::grid::floor(UnixMs(first), SLOT);
        let grid = Grid::over(from, UnixMs(last + 1), SLOT, 10_000);
        let course = cut_with(loose, grid, &readings);
        // What is still doubted at the end, or was left out as a slip, is not counted.
        let odd: Vec<i64> = course.odd.iter().map(|odd| odd.time.0).collect();
        let end = course.last.unwrap().0;
        let counted: Vec<(i64, f64)> =
            readings.iter().copied().filter(|(time, _)| *time <= end && !odd.contains(time)).collect();
        let sum: i64 = course.cells.iter().map(|cell| cell.wh).sum();
        prop_assert_eq!(sum, difference(&counted));
        prop_assert!(course.cells.iter().all(|cell| cell.wh >= 0 && cell.covered_ms <= SLOT));
    }

    #[test]
    fn a_slot_does_not_depend_on_where_the_cut_begins(readings in readings(), skip in 0usize..20) {
        let loose = Gauge { power_w_max: u32::MAX, ..gauge() };
        let rising: Vec<(i64, f64)> =
            readings.iter().scan(0.0, |sum, (time, value)| { *sum += value; Some((*time, *sum)) }).collect();
        let whole = cut_with(loose.clone(), grid(SLOT, 60), &rising);
        let from = Grid { from: UnixMs(skip as i64 * SLOT), slot_ms: SLOT, count: 60 - skip };
        let part = cut_with(loose, from, &rising);
        prop_assert_eq!(&whole.cells[skip..], &part.cells[..]);
    }

    #[test]
    fn any_reading_at_all_is_survived(readings in prop::collection::vec((any::<i64>(), any::<f64>()), 0..40)) {
        let mut sorted = readings;
        sorted.sort_by_key(|(time, _)| *time);
        let course = cut(96, &sorted);
        prop_assert_eq!(course.cells.len(), 96);
        prop_assert!(course.odd.len() <= ODD_MAX);
    }
}
