//! Readings go from the log into day files and come back, whatever is cut short, damaged or gone on the way.

use std::collections::BTreeMap;
use std::path::Path;

use protocol::UnixMs;

use super::super::index::Index;
use super::super::scratch::Scratch;
use super::super::telemetry_log::{Keeping, TelemetryLog};
use super::super::telemetry_read::Piece;
use super::super::written::Written;
use super::read::DayFile;
use super::rules::{Retention, Rules};
use super::*;
use crate::core::catalogue::{AssetId, Column};
use crate::core::telemetry::{Row, Value};

const HOUR_MS: i64 = 3_600_000;
/// A day in 2026.
const DAY: Day = Day(20_777);

fn row(asset: u32, time: UnixMs, values: &[(u16, f64)]) -> Row {
    let values = values.iter().map(|(column, value)| (Column(*column), Value::new(*value).unwrap()));
    Row::new(AssetId(asset), time, values.collect()).unwrap()
}

fn at(hour: i64) -> UnixMs {
    DAY.start().plus(hour * HOUR_MS)
}

/// What is read back: time and value of each reading, by asset and column.
type Readings = BTreeMap<(u32, u16), BTreeMap<i64, f64>>;

fn readings_of(rows: &[Row]) -> Readings {
    let mut readings = Readings::new();
    for row in rows {
        for (column, value) in row.values() {
            readings.entry((row.asset().0, column.0)).or_default().entry(row.time().0).or_insert(value.get());
        }
    }
    readings
}

fn rules() -> Rules {
    Rules {
        retention: Retention { raw_days: 90, quarter_days: 730, day_days: None },
        assets: BTreeMap::new(),
    }
}

/// A data folder with its log, index and archive.
struct Store {
    scratch: Scratch,
    log: TelemetryLog,
    archive: Archive,
    index: Index,
}

impl Store {
    fn new(name: &str) -> Self {
        let scratch = Scratch::new(name);
        let (log, archive, index) = open(scratch.path());
        Self { scratch, log, archive, index }
    }

    /// The same folder after the process ended, as it was at that moment.
    fn restart(self) -> Self {
        let Self { scratch, log, archive, index } = self;
        index.flush().unwrap();
        drop((log, archive, index));
        let (log, archive, index) = open(scratch.path());
        Self { scratch, log, archive, index }
    }

    fn accept(&mut self, rows: &[Row]) {
        self.log.commit(&[rows]).unwrap();
    }

    /// Seals what was accepted so far.
    fn seal(&mut self) {
        self.log.finish();
        for piece in self.log.hand_out() {
            self.seal_piece(&piece).unwrap();
        }
    }

    fn seal_piece(&mut self, piece: &Piece) -> Result<(), super::super::StoreError> {
        self.archive.seal(piece, &rules(), at(24))?;
        self.log.let_go(piece.number)
    }

    /// Merges everything before a day.
    fn night(&mut self, night: Day, rules: &Rules) -> u32 {
        let mut turns = 0;
        while let Some(day) = self.archive.due(night, rules) {
            self.archive.turn(day, night, rules, night.start()).unwrap();
            self.archive.remove_released().unwrap();
            turns += 1;
            assert!(turns < 100, "the night ends");
        }
        turns
    }

    /// Everything, from day files and log.
    fn read(&self) -> (Readings, u64) {
        let (mut readings, mut damaged) = (Readings::new(), 0);
        for day in self.archive.view().days.values() {
            for view in [&day.seg, &day.open].into_iter().flatten() {
                let (file, damage) = DayFile::open(view).unwrap();
                damaged += damage.iter().filter(|damage| damage.bytes > 0).count() as u64;
                for (asset, places) in file.places() {
                    for place in places {
                        match file.chunk(*asset, place, None) {
                            Ok(rows) => add(&mut readings, asset.0, &rows),
                            Err(_) => damaged += 1,
                        }
                    }
                }
            }
        }
        for asset in 0..8 {
            let range = (UnixMs(i64::MIN), UnixMs(i64::MAX));
            let pieces = self.log.pieces(AssetId(asset), range.0, range.1);
            super::super::telemetry_read::read_rows(&pieces, AssetId(asset), range, |row| {
                for (key, values) in readings_of(std::slice::from_ref(row)) {
                    for (time, value) in values {
                        readings.entry(key).or_default().entry(time).or_insert(value);
                    }
                }
            })
            .unwrap();
        }
        (readings, damaged)
    }
}

fn add(readings: &mut Readings, asset: u32, rows: &crate::core::telemetry::Columns) {
    for (column, _) in rows.columns() {
        for (time, value) in rows.readings(*column) {
            readings.entry((asset, column.0)).or_default().entry(time.0).or_insert(value.get());
        }
    }
}

fn open(path: &Path) -> (TelemetryLog, Archive, Index) {
    let dir = path.join("telemetry");
    super::super::file::create_dir(&dir).unwrap();
    let (index, _) = Index::open(&path.join("index")).unwrap();
    let mut archive = Archive::open(&dir.join("days"), index.clone(), Written::default(), at(30)).unwrap();
    let keeping = Keeping {
        bytes_max: 512 * 1024 * 1024,
        numbers_above: archive.newest_generation(),
        written: Written::default(),
    };
    let (log, _) = TelemetryLog::open(&dir, keeping, drop).unwrap();
    archive.sealed_before(log.sealed_before());
    (log, archive, index)
}

/// Two assets over two hours around midnight, with something late.
fn some_rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for i in 0..120 {
        let time = at(23).plus(i * 60_000);
        rows.push(row(0, time, &[(0, 20.0 + (i % 7) as f64 / 10.0), (1, i as f64)]));
        if i % 3 == 0 {
            rows.push(row(1, time.plus(1), &[(0, -1.5)]));
        }
    }
    rows.push(row(1, at(2), &[(0, 4.0), (3, 0.125)]));
    rows
}

#[test]
fn readings_come_back_after_sealing_and_after_merging() {
    let mut store = Store::new("archive");
    let rows = some_rows();
    store.accept(&rows);
    store.seal();
    assert_eq!(store.log.bytes(), 0, "the log is let go");
    assert_eq!(store.read(), (readings_of(&rows), 0));
    assert_eq!(store.night(Day(DAY.0 + 1), &rules()), 1, "the day that is over");
    assert_eq!(store.read(), (readings_of(&rows), 0));
    let view = store.archive.view();
    let kinds = |day: Day| {
        let day = &view.days[&day];
        (day.open.is_some(), day.seg.is_some(), day.roll.is_some())
    };
    assert_eq!((kinds(DAY), kinds(Day(DAY.0 + 1))), ((false, true, true), (true, false, false)));
    let store = store.restart();
    assert_eq!(store.read(), (readings_of(&rows), 0));
    assert_eq!(store.archive.lost(), Losses::default());
}
