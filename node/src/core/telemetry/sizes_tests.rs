//! How small a day of the reference workload is, so that a change which costs space is noticed.

use testnet::workload::{METRICS, Workload};

use super::*;
use crate::core::catalogue::AssetId;

/// Assets looked at; the whole workload has 120 alike.
const ASSETS: usize = 4;

#[test]
fn a_day_of_the_reference_workload_stays_small() {
    let mut assets = vec![(Vec::new(), vec![Vec::new(); METRICS.len()]); ASSETS];
    let start = Workload::default().next().map(|row| Day::of(UnixMs(row.time_ms))).unwrap();
    for row in Workload::default().take_while(|row| row.time_ms < start.end().0) {
        if let Some((times, columns)) = assets.get_mut(row.asset) {
            times.push(row.time_ms);
            columns.iter_mut().zip(row.values).for_each(|(column, value)| column.push(value));
        }
    }
    let (mut seg, mut roll, mut points) = (Vec::new(), Vec::new(), 0);
    let mut seg_writer = SegWriter::start(start, &mut seg);
    let mut roll_writer = RollWriter::start(start, &mut roll);
    for (asset, (times, columns)) in (0..).map(AssetId).zip(assets) {
        let rows = Columns::new(times, (0..).map(Column).zip(columns).collect()).unwrap();
        points += rows.points();
        seg_writer.push(asset, &rows, &mut seg);
        for slot_ms in [QUARTER_MS, DAY_MS] {
            let rise = |column: Column, earlier: (_, f64), later: (_, f64)| {
                if [5, 6].contains(&column.0) { later.1 - earlier.1 } else { 0.0 }
            };
            roll_writer.push(&AssetRollup::of(asset, start, slot_ms, &rows, rise), &mut roll);
        }
    }
    seg_writer.finish(Generations::default(), Losses::default(), &mut seg);
    roll_writer.finish(Generations::default(), Losses::default(), &mut roll);
    let per_value = |bytes: usize| bytes as f64 / points as f64;
    assert!(points > ASSETS * 8 * 8_630, "{points} values");
    assert!(per_value(seg.len()) < 0.40, "{} B per value", per_value(seg.len()));
    assert!(per_value(roll.len()) < 0.06, "{} B per value of rollups", per_value(roll.len()));
}
