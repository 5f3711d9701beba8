//! Rollups against sums made one by one, and their bytes.

use proptest::prelude::*;
use protocol::UnixMs;

use super::chunk::put_frame;
use super::*;
use crate::core::catalogue::AssetId;

const DAY: Day = Day(20_777);

fn grown(_: Column, earlier: (UnixMs, f64), later: (UnixMs, f64)) -> f64 {
    (later.1 - earlier.1).max(0.0)
}

/// Readings of a day at any times, of two metrics; decimals or any floats.
fn any_day() -> impl Strategy<Value = Columns> {
    let value = prop_oneof![
        (-100_000i32..100_000).prop_map(|number| f64::from(number) / 1000.0),
        prop::sample::select(vec![f64::MAX, f64::MIN, 1.0 / 3.0, 0.1 + 0.2]),
    ];
    let decimals = (-100_000i32..100_000).prop_map(|number| f64::from(number) / 1000.0);
    let column = |cell: BoxedStrategy<f64>| prop::collection::vec(prop::option::weighted(0.9, cell), 60);
    let times = prop::collection::btree_set(0i64..DAY_MS, 60);
    (times, column(value.boxed()), column(decimals.boxed())).prop_map(|(times, a, b)| {
        let cells =
            |column: Vec<Option<f64>>| column.into_iter().map(|cell| cell.unwrap_or(f64::NAN)).collect();
        let times = times.into_iter().map(|time| DAY.start().0 + time).collect();
        Columns::new(times, vec![(Column(1), cells(a)), (Column(4), cells(b))]).unwrap()
    })
}

fn encoded(rollup: &AssetRollup) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_rollup(rollup, &mut bytes);
    bytes
}

fn near(found: f64, expected: f64, size: f64) -> bool {
    (found - expected).abs() <= size * 1e-12 || !size.is_finite()
}

proptest! {
    #[test]
    fn slots_are_what_their_readings_come_to(day in any_day(), slot_ms in prop::sample::select(vec![60_000, QUARTER_MS, 3_600_000, DAY_MS])) {
        let rollup = AssetRollup::of(AssetId(3), DAY, slot_ms, &day, grown);
        for (column, slots) in &rollup.columns {
            prop_assert!(slots.windows(2).all(|pair| pair[0].0 < pair[1].0));
            let mut seen = 0;
            for (number, slot) in slots {
                let start = DAY.start().plus(i64::from(*number) * slot_ms);
                let inside: Vec<(UnixMs, f64)> =
                    day.slice(start, start.plus(slot_ms)).readings(*column).map(|(at, value)| (at, value.get())).collect();
                seen += inside.len();
                let values = || inside.iter().map(|(_, value)| *value);
                let size: f64 = values().map(f64::abs).sum();
                prop_assert_eq!(slot.count as usize, inside.len());
                prop_assert_eq!((slot.first_at, slot.first), inside[0]);
                prop_assert_eq!((slot.last_at, slot.last), inside[inside.len() - 1]);
                prop_assert_eq!(slot.min, values().fold(f64::INFINITY, f64::min));
                prop_assert_eq!(slot.max, values().fold(f64::NEG_INFINITY, f64::max));
                prop_assert!(near(slot.sum, values().sum(), size), "{} of {:?}", slot.sum, inside);
                let risen: f64 = inside.windows(2).map(|pair| grown(*column, pair[0], pair[1])).sum();
                prop_assert!(near(slot.rise, risen, size) || !risen.is_finite(), "{} and not {risen}", slot.rise);
                prop_assert!(slot.sum.is_finite() && slot.rise.is_finite());
            }
            prop_assert_eq!(seen, day.readings(*column).count());
        }
    }

    #[test]
    fn two_slots_add_up_to_one(day in any_day(), cut in 1i64..95) {
        let middle = DAY.start().plus(cut * QUARTER_MS);
        let of = |from, to| AssetRollup::of(AssetId(0), DAY, DAY_MS, &day.slice(from, to), grown);
        let (earlier, later, all) = (of(DAY.start(), middle), of(middle, DAY.end()), of(DAY.start(), DAY.end()));
        let slot = |rollup: &AssetRollup| rollup.columns.iter().find(|(id, _)| *id == Column(4)).map(|(_, slots)| slots[0].1);
        if let (Some(a), Some(b), Some(whole)) = (slot(&earlier), slot(&later), slot(&all)) {
            let sum = merge_slots(&a, &b, &mut |earlier, later| grown(Column(4), earlier, later));
            prop_assert!(near(sum.sum, whole.sum, 1e4) && near(sum.rise, whole.rise, 1e4));
            prop_assert_eq!(Slot { sum: whole.sum, rise: whole.rise, ..sum }, whole);
        }
    }

    #[test]
    fn every_slot_comes_back_bit_for_bit(day in any_day(), slot_ms in prop::sample::select(vec![60_000, QUARTER_MS, DAY_MS])) {
        let rollup = AssetRollup::of(AssetId(3), DAY, slot_ms, &day, grown);
        prop_assert_eq!(decode_rollup(&encoded(&rollup)), Ok(rollup));
    }

    #[test]
    fn damaged_or_forged_rollups_are_errors_or_rollups(
        day in any_day(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 1..5),
        cut in any::<prop::sample::Index>(),
    ) {
        let whole = encoded(&AssetRollup::of(AssetId(3), DAY, QUARTER_MS, &day, grown));
        prop_assert!(decode_rollup(&whole[..cut.index(whole.len())]).is_err());
        let mut body = whole[FRAME_HEADER_BYTES..].to_vec();
        for (at, change) in changes {
            let at = at.index(body.len());
            body[at] ^= change;
        }
        let mut damaged = whole[..FRAME_HEADER_BYTES].to_vec();
        damaged.extend_from_slice(&body);
        prop_assert!(damaged == whole || decode_rollup(&damaged).is_err());
        let mut forged = Vec::new();
        put_frame(&mut forged, ROLLUP_MAGIC, |out| out.extend_from_slice(&body));
        if let Ok(read) = decode_rollup(&forged) {
            // What was read can be written, and reads back again.
            prop_assert_eq!(decode_rollup(&encoded(&read)), Ok(read));
        }
    }
}

#[test]
fn sums_and_rises_of_decimals_are_decimals() {
    let times: Vec<i64> = (0..90).map(|i| DAY.start().0 + i * 10_000).collect();
    let values = (0..90).map(|i| (9_000_000 + i * 7) as f64 / 1000.0).collect();
    let day = Columns::new(times, vec![(Column(0), values)]).unwrap();
    let slots = roll_up(&day, Column(0), QUARTER_MS, &mut |earlier, later| later.1 - earlier.1);
    let [(0, slot)] = slots.as_slice() else { panic!("{slots:?}") };
    assert_eq!((slot.sum, slot.rise, slot.count), (810_028.035, 0.623, 90));
}

#[test]
fn decimals_that_are_added_up_stay_decimals() {
    let slot = |minute: i64, first: f64, last: f64, rise: f64| {
        let at = DAY.start().plus(minute * 60_000);
        Slot { count: 2, min: first, max: last, sum: rise, first, first_at: at, last, last_at: at, rise }
    };
    let (earlier, later) = (slot(0, 0.2, 0.3, 0.1), slot(15, 0.4, 0.6, 0.2));
    let sum = merge_slots(&earlier, &later, &mut |earlier, later| later.1 - earlier.1);
    assert_eq!((sum.sum, sum.rise), (0.3, 0.4));
    assert!(earlier.sum + later.sum > 0.3, "the noise is there");
}
