//! How small and how fast the files of past days are: bytes per value of the reference workload, metric by metric
//! against its entropy, then chunks written and read.

use std::collections::BTreeMap;

use divan::counter::ItemsCount;
use node::core::catalogue::{AssetId, Column};
use node::core::telemetry::{
    AssetRollup, Columns, DAY_MS, Day, Generations, Losses, QUARTER_MS, RollWriter, SegWriter, decode_chunk,
    encode_chunk,
};
use protocol::UnixMs;
use testnet::workload::{ASSETS, METRICS, STARTS_MS, Workload};

const DAY: Day = Day(20_431);
const ROWS_PER_DAY: usize = 8_640;
const ROWS_PER_TWO_HOURS: usize = 720;

#[expect(clippy::print_stdout, reason = "the table is what this is run for")]
fn main() {
    let day = reference_day();
    let points: usize = day.iter().map(Columns::points).sum();
    println!("B/value         floor  720 rows  8,640 rows");
    for (i, metric) in (0..).zip(METRICS) {
        let column: Vec<Columns> = day.iter().map(|rows| only(rows, Column(i))).collect();
        let floor = column.iter().map(|rows| floor_bits(rows, Column(i))).sum::<f64>() / 8.0;
        let count: usize = column.iter().map(Columns::points).sum();
        println!(
            "{metric:<15} {:.3}  {:.3}     {:.3}",
            floor / f(count),
            f(chunks(&column, ROWS_PER_TWO_HOURS)) / f(count),
            f(chunks(&column, ROWS_PER_DAY)) / f(count)
        );
    }
    let floor: f64 =
        day.iter().flat_map(|rows| (0..8).map(|i| floor_bits(rows, Column(i)))).sum::<f64>() / 8.0;
    let hours = chunks(&day, ROWS_PER_TWO_HOURS);
    let (seg, roll) = (seg_file(&day).len(), roll_file(&day).len());
    println!(
        "{:<15} {:.3}  {:.3}     {:.3}",
        "all with times",
        floor / f(points),
        f(hours) / f(points),
        f(seg) / f(points)
    );
    println!(
        "day segment {seg} bytes, {:.3} of the floor; rollups {roll} bytes, {:.4} B/value",
        f(seg) / floor,
        f(roll) / f(points)
    );
    divan::main();
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
const fn f(number: usize) -> f64 {
    number as f64
}

/// A day of the reference workload, asset by asset.
fn reference_day() -> Vec<Columns> {
    assert_eq!(DAY.start(), UnixMs(STARTS_MS), "the workload starts with its day");
    let mut assets: Vec<(Vec<i64>, Vec<Vec<f64>>)> =
        vec![(Vec::new(), vec![Vec::new(); METRICS.len()]); ASSETS];
    for row in Workload::default().take_while(|row| row.time_ms < DAY.end().0) {
        let (times, columns) = &mut assets[row.asset];
        times.push(row.time_ms);
        columns.iter_mut().zip(row.values).for_each(|(column, value)| column.push(value));
    }
    let columns = |(times, columns): (Vec<i64>, Vec<Vec<f64>>)| {
        Columns::new(times, (0..).map(Column).zip(columns).collect()).expect("the workload is in order")
    };
    assets.into_iter().map(columns).collect()
}

fn only(rows: &Columns, column: Column) -> Columns {
    rows.clone().keep_columns(|found| found == column)
}

/// Entropy of order 0, of the values or of their differences, whichever is less, in bits. Times are not counted.
fn floor_bits(rows: &Columns, column: Column) -> f64 {
    let values: Vec<f64> = rows.readings(column).map(|(_, value)| value.get()).collect();
    let whole = |value: &f64| (value * 1000.0).round();
    let deltas = values.windows(2).map(|pair| whole(&pair[1]) - whole(&pair[0]));
    entropy_bits(values.iter().map(whole)).min(entropy_bits(deltas))
}

fn entropy_bits(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    numbers.for_each(|number| *counts.entry(number.to_bits()).or_default() += 1);
    let all = f(counts.values().sum());
    counts.values().map(|count| f(*count) * (all / f(*count)).log2()).sum()
}

/// Bytes of chunks of so many rows each.
fn chunks(day: &[Columns], rows: usize) -> usize {
    pieces(day, rows).iter().map(|piece| encoded(piece).len()).sum()
}

fn pieces(day: &[Columns], rows: usize) -> Vec<Columns> {
    let ends =
        |times: &[i64]| times.iter().skip(rows).step_by(rows).copied().chain([i64::MAX]).collect::<Vec<_>>();
    let mut pieces = Vec::new();
    for asset in day {
        let mut from = i64::MIN;
        for to in ends(asset.times()) {
            pieces.push(asset.slice(UnixMs(from), UnixMs(to)));
            from = to;
        }
    }
    pieces
}

fn encoded(rows: &Columns) -> Vec<u8> {
    let mut out = Vec::new();
    encode_chunk(AssetId(1), 1, rows, &mut out);
    out
}

fn seg_file(day: &[Columns]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = SegWriter::start(DAY, &mut out);
    (0..).zip(day).for_each(|(asset, rows)| writer.push(AssetId(asset), rows, &mut out));
    writer.finish(Generations::default(), Losses::default(), &mut out);
    out
}

fn roll_file(day: &[Columns]) -> Vec<u8> {
    let counts = [Column(5), Column(6)];
    let mut out = Vec::new();
    let mut writer = RollWriter::start(DAY, &mut out);
    for (asset, rows) in (0..).map(AssetId).zip(day) {
        for slot_ms in [QUARTER_MS, DAY_MS] {
            let rollup = AssetRollup::of(asset, DAY, slot_ms, rows, |column, earlier, later| {
                if counts.contains(&column) { (later.1 - earlier.1).max(0.0) } else { 0.0 }
            });
            writer.push(&rollup, &mut out);
        }
    }
    writer.finish(Generations::default(), Losses::default(), &mut out);
    out
}

#[divan::bench(args = [ROWS_PER_TWO_HOURS, ROWS_PER_DAY])]
fn encode(bencher: divan::Bencher<'_, '_>, rows: usize) {
    let pieces = pieces(&reference_day()[..12], rows);
    let points: usize = pieces.iter().map(Columns::points).sum();
    bencher
        .counter(ItemsCount::new(points))
        .bench_local(|| pieces.iter().map(|piece| encoded(piece).len()).sum::<usize>());
}

#[divan::bench(args = [ROWS_PER_TWO_HOURS, ROWS_PER_DAY])]
fn decode(bencher: divan::Bencher<'_, '_>, rows: usize) {
    let pieces = pieces(&reference_day()[..12], rows);
    let points: usize = pieces.iter().map(Columns::points).sum();
    let chunks: Vec<Vec<u8>> = pieces.iter().map(encoded).collect();
    let read = |chunk: &Vec<u8>| decode_chunk(chunk, None).expect("it is whole").1.len();
    bencher.counter(ItemsCount::new(points)).bench_local(|| chunks.iter().map(read).sum::<usize>());
}

/// Rollups of a day of twelve assets out of their readings.
#[divan::bench]
fn roll_up(bencher: divan::Bencher<'_, '_>) {
    let day = reference_day();
    let points: usize = day[..12].iter().map(Columns::points).sum();
    bencher.counter(ItemsCount::new(points)).bench_local(|| roll_file(&day[..12]).len());
}
