//! Counters: every kind of fall, and the clever way against the obvious one.

use proptest::prelude::*;

use super::*;

const T: i64 = 1_765_275_300_000;

/// Readings 10 s apart.
fn every_10_s(values: &[f64]) -> Vec<(UnixMs, f64)> {
    (0..).map(|i: i64| UnixMs(T + i * 10_000)).zip(values.iter().copied()).collect()
}

fn total(counting: &Counting, values: &[f64]) -> f64 {
    every_10_s(values).windows(2).map(|pair| counting.between(pair[0], pair[1])).sum()
}

fn exchange(ms: i64, end: f64, start: f64) -> Exchange {
    Exchange { at: UnixMs(T + ms), end, start }
}

#[test]
#[expect(clippy::float_cmp, reason = "whole numbers")]
fn each_kind_of_fall_is_seen_through() {
    let plain = Counting::default();
    assert_eq!(total(&plain, &[10.0, 12.0, 12.0, 15.0]), 5.0);
    assert_eq!(total(&plain, &[1_000.0, 1_010.0, 3.0, 5.0]), 10.0 + 3.0 + 2.0, "a reset counts from 0");
    assert_eq!(total(&plain, &[65_530.0, 4.0]), 4.0, "a roll-over nobody declared is a reset");
    let sixteen_bits = Counting::new(Some(65_536.0), Vec::new());
    assert_eq!(total(&sixteen_bits, &[65_530.0, 4.0, 9.0]), 15.0, "a declared one is a roll-over");
    assert_eq!(total(&sixteen_bits, &[30_000.0, 4.0]), 4.0, "half way it is a reset");
    let wide = Counting::new(Some(4_294_967_296.0), Vec::new());
    assert_eq!(total(&wide, &[4_294_967_290.0, 10.0]), 16.0);
    assert_eq!(total(&sixteen_bits, &[70_000.0, 5.0]), 5.0, "a register beyond its width was reset");
    let swapped = Counting::new(None, vec![exchange(15_000, 1_012.0, 500.0)]);
    assert_eq!(total(&swapped, &[1_000.0, 1_010.0, 501.0, 505.0]), 10.0 + 2.0 + 1.0 + 4.0);
    let upwards = Counting::new(None, vec![exchange(15_000, 12.0, 90_000.0)]);
    assert_eq!(total(&upwards, &[10.0, 11.0, 90_002.0]), 4.0, "a new meter that starts higher is no use");
    let twice = Counting::new(None, vec![exchange(14_000, 50.0, 7.0), exchange(12_000, 31.0, 40.0)]);
    assert_eq!(total(&twice, &[20.0, 30.0, 9.0]), 10.0 + 1.0 + 10.0 + 2.0, "two swaps between two readings");
    let slip = Counting::new(None, vec![exchange(15_000, 11.0, 0.0)]);
    assert_eq!(
        total(&slip, &[1_000.0, 1_010.0, 1.0]),
        11.0,
        "an end reading below the last one adds nothing"
    );
    assert_eq!(total(&plain, &[5.0, -3.0]), 0.0, "never negative");
}

#[test]
fn a_swap_at_the_time_of_a_reading_makes_it_the_new_meters() {
    let counting = Counting::new(None, vec![exchange(10_000, 104.0, 0.0)]);
    let counted = counting.windows(every_10_s(&[100.0, 0.0, 3.0]), UnixMs(T), 10_000, 3);
    assert_eq!(counted, [Some(4.0), Some(3.0), None]);
}

#[test]
fn a_gap_is_spread_in_equal_parts() {
    let readings = [(UnixMs(T), 100.0), (UnixMs(T + 40_000), 140.0)];
    let counted = Counting::default().windows(readings, UnixMs(T - 10_000), 10_000, 7);
    assert_eq!(counted, [None, Some(10.0), Some(10.0), Some(10.0), Some(10.0), None, None]);
}

#[derive(Debug, Clone)]
enum Fate {
    Counts(u32),
    Reset(u32),
    Swap { end: u32, start: u32, counts: u32 },
}

fn any_fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => (0u32..200).prop_map(Fate::Counts),
        1 => (0u32..50).prop_map(Fate::Reset),
        1 => (0u32..100, 0u32..900, 0u32..100).prop_map(|(end, start, counts)| Fate::Swap { end, start, counts }),
    ]
}

/// A meter of flesh and blood: its readings every 10 s, its swaps, and what was really counted between them.
fn live(fates: &[Fate], modulus: Option<u32>) -> (Vec<(UnixMs, f64)>, Vec<Exchange>, Vec<f64>) {
    let mut register = 0u32;
    let (mut readings, mut exchanges, mut counted) = (vec![(UnixMs(T), 0.0)], Vec::new(), Vec::new());
    for (i, fate) in (1i64..).zip(fates) {
        let at = UnixMs(T + i * 10_000);
        let turn = |value: u32| modulus.map_or(value, |modulus| value % modulus);
        let used = match fate {
            Fate::Counts(used) => {
                register = turn(register + used);
                *used
            }
            // Not told apart from counting on if it lands above the register: nobody could.
            Fate::Reset(after) if *after < register && modulus.is_none() => {
                register = *after;
                *after
            }
            Fate::Reset(_) => 0,
            Fate::Swap { end, start, counts } => {
                let last = turn(register + end);
                exchanges.push(Exchange {
                    at: at.plus(-4_000),
                    end: f64::from(last),
                    start: f64::from(*start),
                });
                register = turn(start + counts);
                end + counts
            }
        };
        readings.push((at, f64::from(register)));
        counted.push(f64::from(used));
    }
    (readings, exchanges, counted)
}

/// The obvious way: walk the windows millisecond-wise limits by hand, one index at a time.
fn slowly(counting: &Counting, readings: &[(UnixMs, f64)], from: i64, to: i64) -> Option<f64> {
    let mut sum = None;
    for pair in readings.windows(2) {
        let mut left = pair[0];
        let mut stops: Vec<Exchange> = counting.exchanges.clone();
        stops.retain(|one| pair[0].0 < one.at && one.at <= pair[1].0);
        for stop in stops {
            let old = Counting { rollover: counting.rollover, exchanges: Vec::new() };
            share(&mut sum, from, to, (left.0, stop.at), old.between(left, (stop.at, stop.end)));
            left = (stop.at, stop.start);
        }
        let plain = Counting { rollover: counting.rollover, exchanges: Vec::new() };
        share(&mut sum, from, to, (left.0, pair[1].0), plain.between(left, pair[1]));
    }
    sum
}

fn share(sum: &mut Option<f64>, from: i64, to: i64, (start, end): (UnixMs, UnixMs), counted: f64) {
    // A swap at the very time of a reading that contradicts it: what is counted then falls into the window that begins there.
    if start == end && (from..to).contains(&end.0) {
        *sum = Some(sum.unwrap_or(0.0) + counted);
    }
    let overlap = end.0.min(to) - start.0.max(from);
    if overlap > 0 {
        #[expect(clippy::cast_precision_loss, reason = "seconds")]
        let part = counted * overlap as f64 / (end.0 - start.0) as f64;
        *sum = Some(sum.unwrap_or(0.0) + part);
    }
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-6 * (1.0 + a.abs())
}

#[test]
fn a_swap_at_the_time_of_a_reading_is_counted_once_in_the_window_that_begins_there() {
    let counting = Counting::new(None, vec![exchange(90_000, 1_000.0, 2.0)]);
    let readings = every_10_s(&[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    let windows = counting.windows(readings.iter().copied(), UnixMs(T + 80_000), 10_000, 3);
    assert_eq!(windows, [Some(1_000.0), Some(1.0), None]);
    let window = |n: i64| slowly(&counting, &readings, T + (8 + n) * 10_000, T + (9 + n) * 10_000);
    assert_eq!(windows, [0, 1, 2].map(window), "the slow way");
    assert_eq!(windows.iter().flatten().sum::<f64>(), counting.between(readings[8], readings[9]));
}

proptest! {
    #[test]
    fn what_is_counted_is_what_was_used(fates in prop::collection::vec(any_fate(), 1..60), rolls in any::<bool>()) {
        let modulus = rolls.then_some(1_000u32);
        let (readings, exchanges, used) = live(&fates, modulus);
        let counting = Counting::new(modulus.map(f64::from), exchanges);
        for (pair, used) in readings.windows(2).zip(&used) {
            let counted = counting.between(pair[0], pair[1]);
            prop_assert!(near(counted, *used), "{counted} for {used} in {pair:?}");
        }
    }

    #[test]
    fn windows_are_never_negative_add_up_and_equal_the_slow_way(
        values in prop::collection::vec(0u32..1_000, 2..40),
        swaps in prop::collection::vec((0i64..400_000, 0u32..1_000, 0u32..1_000), 0..3),
        rollover in prop::option::of(Just(1_000.0)),
        step_ms in 1_000i64..90_000,
        offset in -50_000i64..50_000,
    ) {
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let readings = every_10_s(&values);
        let mut swaps: Vec<Exchange> =
            swaps.into_iter().map(|(at, end, start)| exchange(at, f64::from(end), f64::from(start))).collect();
        // The twin has no notion of a slip of the pen.
        swaps.iter_mut().for_each(|swap| swap.end += 1_000.0);
        swaps.sort_by_key(|swap| swap.at);
        swaps.dedup_by_key(|swap| swap.at);
        let counting = Counting::new(rollover, swaps);
        let (from, count) = (T + offset - 60_000, 600);
        let windows = counting.windows(readings.iter().copied(), UnixMs(from), step_ms, count);
        let mut sum = 0.0;
        for (i, counted) in (0i64..).zip(&windows) {
            let start = from + i * step_ms;
            let slow = slowly(&counting, &readings, start, start + step_ms);
            match (counted, slow) {
                (Some(counted), slow) => {
                    prop_assert!(*counted >= 0.0);
                    prop_assert!(near(*counted, slow.unwrap_or(0.0)), "{counted} against {slow:?}");
                }
                (None, slow) => prop_assert_eq!(slow, None),
            }
            sum += counted.unwrap_or(0.0);
        }
        let all: f64 = readings.windows(2).map(|pair| counting.between(pair[0], pair[1])).sum();
        prop_assert!(near(sum, all), "{sum} in windows, {all} in all");
    }
}
