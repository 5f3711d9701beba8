//! One file of each kind that readings of past days are kept in, the same on every machine.

use node::core::catalogue::{AssetId, Column};
use node::core::telemetry::{
    AssetRollup, Columns, DAY_MS, Day, Generations, Losses, QUARTER_MS, RollWriter, SegWriter, encode_chunk,
    encode_rollup, open_header,
};
use protocol::UnixMs;

/// 2026-11-20.
pub(crate) const DAY: Day = Day(20_777);

/// 100 rows of asset 7, a column for each way of writing: noise, on and off, a counter, a constant, floats with gaps,
/// a register times 0.1.
pub(crate) fn rows() -> Columns {
    let times = (0..100).map(|i| DAY.start().0 + i * 10_000 + i % 7 / 6 * 1000).collect();
    let mut noise = 1u32;
    let mut random = || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise >> 24
    };
    let column = |id: u16, cell: &mut dyn FnMut(u32) -> f64| (Column(id), (0..100).map(cell).collect());
    let columns = vec![
        column(0, &mut |_| f64::from(200 + random().count_ones()) / 10.0),
        column(1, &mut |i| f64::from(i / 35 % 2)),
        column(2, &mut |i| f64::from(9_000_000 + i * 27 + i % 3) / 1000.0),
        column(3, &mut |_| 21.5),
        column(9, &mut |i| if i % 25 == 0 { f64::from(i + 2).sqrt() } else { f64::NAN }),
        column(10, &mut |i| f64::from(i % 4) * 0.1),
    ];
    Columns::new(times, columns).unwrap()
}

pub(crate) fn chunk() -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_chunk(AssetId(7), 42, &rows(), &mut bytes);
    bytes
}

pub(crate) fn open_file() -> Vec<u8> {
    let mut bytes = open_header(DAY);
    let middle = UnixMs(rows().times()[50]);
    encode_chunk(AssetId(7), 42, &rows().slice(DAY.start(), middle), &mut bytes);
    encode_chunk(AssetId(7), 43, &rows().slice(middle, DAY.end()), &mut bytes);
    bytes
}

pub(crate) fn seg_file() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = SegWriter::start(DAY, &mut bytes);
    writer.push(AssetId(7), &rows(), &mut bytes);
    writer.push(AssetId(8), &rows().keep_columns(|column| column == Column(3)), &mut bytes);
    let losses = Losses { gaps: 1, records: 2, bytes: 300, chunks: 0 };
    writer.finish([40, 42, 43].into_iter().collect(), losses, &mut bytes);
    bytes
}

/// Rollups of [`rows`] where column 2 counts.
pub(crate) fn rollup(slot_ms: i64) -> AssetRollup {
    AssetRollup::of(AssetId(7), DAY, slot_ms, &rows(), |column, earlier, later| {
        if column == Column(2) { later.1 - earlier.1 } else { 0.0 }
    })
}

pub(crate) fn rollup_part() -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_rollup(&rollup(QUARTER_MS), &mut bytes);
    bytes
}

pub(crate) fn roll_file() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = RollWriter::start(DAY, &mut bytes);
    writer.push(&rollup(QUARTER_MS), &mut bytes);
    writer.push(&rollup(DAY_MS), &mut bytes);
    writer.finish(Generations::default(), Losses::default(), &mut bytes);
    bytes
}
