//! Readings go from the log into day files and come back, whatever is cut short, damaged or gone on the way.

use std::collections::BTreeMap;
use std::path::Path;

use protocol::UnixMs;

use super::super::index::Index;
use super::super::scratch::Scratch;
use super::super::telemetry_log::{Keeping, TelemetryLog};
use super::super::telemetry_read::Piece;
use super::super::written::Written;
use super::read::{DayFile, RollFile};
use super::rules::{ColumnRule, Retention, Rules};
use super::*;
use crate::core::catalogue::{AssetId, Column};
use crate::core::telemetry::{DAY_MS, Keep, QUARTER_MS, Row, Value};

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

/// A store with two sealed segments: most of a day, and what came late for it.
fn two_segments(name: &str) -> (Store, Vec<Row>) {
    let mut store = Store::new(name);
    let mut rows = some_rows();
    store.accept(&rows);
    store.seal();
    let late = [row(0, at(22), &[(0, 9.0)]), row(0, at(23), &[(0, 77.0)]), row(2, at(20), &[(5, 1.0)])];
    store.accept(&late);
    // The reading of 23:00 contradicts one that came first.
    rows.extend([late[0].clone(), late[2].clone()]);
    (store, rows)
}

#[test]
fn cut_anywhere_between_two_steps_nothing_is_lost_and_nothing_is_there_twice() {
    let mut cuts = 0;
    for deeds in 0.. {
        let (mut store, rows) = two_segments("archive-cut");
        store.archive.disk.left = Some(deeds);
        store.log.finish();
        let sealed = store.log.hand_out().iter().try_for_each(|piece| store.seal_piece(piece));
        let night = Day(DAY.0 + 1);
        let finished = sealed.is_ok()
            && store.archive.due(night, &rules()).is_some_and(|day| {
                let turned = store.archive.turn(day, night, &rules(), night.start());
                turned.is_ok() && store.archive.remove_released().is_ok()
            });
        store.archive.disk.left = None;
        let mut store = store.restart();
        assert_eq!(store.read(), (readings_of(&rows), 0), "cut after {deeds} deeds");
        store.seal();
        store.night(night, &rules());
        let mut store = store.restart();
        assert_eq!(store.read(), (readings_of(&rows), 0), "cut after {deeds} deeds, gone on");
        assert_eq!(store.archive.lost(), Losses::default(), "cut after {deeds} deeds");
        let day = store.archive.figures().into_iter().find(|figures| figures.day == DAY).unwrap();
        assert!(day.seg && !day.open);
        assert_eq!(day.points, points_of(&rows, DAY), "cut after {deeds} deeds: each reading once");
        assert_eq!(store.night(night, &rules()), 0, "nothing is due twice");
        if finished {
            cuts = deeds;
            break;
        }
    }
    assert!(cuts >= 12, "{cuts} places to cut");
}

fn points_of(rows: &[Row], day: Day) -> u64 {
    let of_day: Vec<Row> = rows.iter().filter(|row| day.contains(row.time())).cloned().collect();
    readings_of(&of_day).values().map(|values| values.len() as u64).sum()
}

#[test]
fn a_segment_that_is_sealed_twice_counts_once() {
    let (mut store, rows) = two_segments("archive-twice");
    store.log.finish();
    let pieces = store.log.hand_out();
    for piece in pieces.iter().chain(&pieces) {
        store.archive.seal(piece, &rules(), at(24)).unwrap();
    }
    let before = store.archive.figures();
    store.night(Day(DAY.0 + 1), &rules());
    // The power went after the merge and before the segment was let go.
    for piece in &pieces {
        store.archive.seal(piece, &rules(), at(24)).unwrap();
    }
    assert!(!store.archive.figures()[0].open, "what is merged is not sealed again");
    let sums: (u64, u64) = (before[0].points, store.archive.figures()[0].points);
    assert!(sums.0 >= sums.1, "{sums:?}");
    assert_eq!(store.read(), (readings_of(&rows), 0));
}

#[test]
fn an_index_made_again_from_the_files_is_the_one_that_was_kept() {
    let (mut store, rows) = two_segments("archive-index");
    store.seal();
    store.night(Day(DAY.0 + 1), &rules());
    store.accept(&[row(1, at(5), &[(0, 3.0)])]);
    store.seal();
    let store = store.restart();
    let kept = rows::Rows::load(&store.index).unwrap();
    assert_eq!(kept.files.len(), 4, "two open files, a merged day and its sums");
    let Store { scratch, log, archive, index } = store;
    drop((log, archive, index));
    std::fs::remove_dir_all(scratch.path().join("index")).unwrap();
    let (log, archive, index) = open(scratch.path());
    assert_eq!(rows::Rows::load(&index).unwrap(), kept);
    assert_eq!(archive.newest_generation(), 3, "so that the next segment gets a number of its own");
    let store = Store { scratch, log, archive, index };
    let mut expected = rows;
    expected.push(row(1, at(5), &[(0, 3.0)]));
    assert_eq!(store.read(), (readings_of(&expected), 0));
}

#[test]
fn a_flipped_byte_never_gives_a_wrong_reading_and_every_loss_is_on_record() {
    let (mut store, rows) = two_segments("archive-flip");
    store.seal();
    store.night(Day(DAY.0 + 1), &rules());
    store.accept(&[row(1, at(5), &[(0, 3.0)]), row(0, at(5), &[(0, 3.5)])]);
    store.seal();
    let mut expected = rows;
    expected.extend([row(1, at(5), &[(0, 3.0)]), row(0, at(5), &[(0, 3.5)])]);
    let expected = readings_of(&expected);
    let Store { scratch, log, archive, index } = store.restart();
    index.flush().unwrap();
    drop((log, archive, index));
    let folder = scratch.path();
    let keep = Scratch::new("archive-flip-kept");
    copy(folder, keep.path());
    for kind in ["open", "seg", "roll"] {
        let path = folder.join("telemetry/days").join(format!("{DAY}.{kind}"));
        let len = std::fs::metadata(&path).unwrap().len();
        for flip in 0..40 {
            let at = usize::try_from(len * flip / 40).unwrap();
            let mut bytes = std::fs::read(&path).unwrap();
            bytes[at] ^= 0x10;
            std::fs::write(&path, &bytes).unwrap();
            let store = damaged(folder, &path);
            let (found, _) = store.read();
            for (series, values) in &found {
                for (time, value) in values {
                    assert_eq!(expected[series].get(time), Some(value), "{kind} at {at}: {series:?}");
                }
            }
            let is_whole = found == expected;
            assert!(is_whole || store.archive.lost().gaps > 0, "{kind} at {at}: lost in silence");
            assert!(is_whole || kind != "roll", "sums are made again");
            let Store { scratch: _, log, archive, index } = store;
            drop((log, archive, index));
            std::fs::remove_dir_all(folder).unwrap();
            copy(keep.path(), folder);
        }
    }
}

/// Opens a folder with a damaged file, reports what reading meets, and goes through a night and a restart.
fn damaged(folder: &Path, path: &Path) -> Store {
    let scratch = Scratch::new("archive-flip-work");
    copy(folder, scratch.path());
    assert!(path.starts_with(folder));
    let (log, archive, index) = open(scratch.path());
    let mut store = Store { scratch, log, archive, index };
    let view = store.archive.view();
    for day in view.days.values() {
        for file in [&day.seg, &day.open].into_iter().flatten() {
            let (file, damage) = DayFile::open(file).unwrap();
            let chunks =
                file.places().iter().flat_map(|(asset, places)| places.iter().map(|place| (*asset, place)));
            let met = chunks.filter_map(|(asset, place)| file.chunk(asset, place, None).err());
            for damage in damage.into_iter().chain(met).collect::<Vec<_>>() {
                store.archive.damaged(&damage, at(30)).unwrap();
                store.archive.damaged(&damage, at(30)).unwrap();
            }
        }
    }
    let lost = store.archive.lost();
    let mut store = store.restart();
    assert_eq!(store.archive.lost(), lost, "once, and for good");
    store.night(Day(DAY.0 + 1), &rules());
    store.restart()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_day_that_vanished_is_missed_and_leftovers_go() {
    let (mut store, _) = two_segments("archive-gone");
    store.seal();
    store.night(Day(DAY.0 + 1), &rules());
    let dir = store.scratch.path().join("telemetry/days");
    std::fs::write(dir.join(format!("{DAY}.seg.tmp")), b"half").unwrap();
    store = store.restart();
    assert!(!dir.join(format!("{DAY}.seg.tmp")).exists());
    assert_eq!(store.archive.lost(), Losses::default());
    std::fs::remove_file(dir.join(format!("{DAY}.seg"))).unwrap();
    let store = store.restart();
    assert_eq!(store.archive.lost().gaps, 1);
    assert!(store.archive.lost().records > 50, "its rows are told");
    let mut store = store.restart();
    assert_eq!(store.archive.lost().gaps, 1, "once");
    std::fs::remove_file(dir.join(format!("{DAY}.roll"))).unwrap();
    store = store.restart();
    assert_eq!(store.archive.lost().gaps, 2, "sums nobody can make again");
}

#[test]
fn a_file_that_goes_away_while_the_node_runs_is_missed_once_and_holds_nothing_up() {
    let (mut store, _) = two_segments("archive-went");
    store.seal();
    store.night(Day(DAY.0 + 1), &rules());
    let view = store.archive.view();
    let seg = view.days[&DAY].seg.clone().unwrap();
    std::fs::remove_file(&seg.path).unwrap();
    assert!(DayFile::open(&seg).is_err());
    let damage =
        Damage { day: DAY, kind: FileKind::Seg, incarnation: seg.incarnation, offset: 0, bytes: seg.bytes };
    assert!(store.archive.damaged(&damage, at(30)).unwrap(), "there is a new view");
    assert!(store.archive.view().days[&DAY].seg.is_none());
    assert!(!store.archive.damaged(&damage, at(31)).unwrap());
    // Late rows of that day are sealed and merged all the same.
    store.accept(&[row(0, at(3), &[(0, 1.0)])]);
    store.seal();
    assert_eq!(store.night(Day(DAY.0 + 1), &rules()), 1);
    assert_eq!(store.read().0[&(0, 0)][&at(3).0], 1.0);
    assert_eq!(store.archive.lost().gaps, 1);
    assert_eq!(store.restart().archive.lost().gaps, 1);
}

#[test]
fn two_metrics_of_different_life_go_at_different_times() {
    let mut store = Store::new("archive-retention");
    let rows = some_rows();
    store.accept(&rows);
    // Retention counts from the newest reading.
    store.accept(&[row(7, at(24 * 100), &[(0, 1.0)])]);
    store.seal();
    let rule = |metric: &str, raw_days, quarter_days| ColumnRule {
        metric: metric.to_owned(),
        keep: Keep::First,
        counting: None,
        retention: Retention { raw_days, quarter_days, day_days: None },
    };
    let columns = BTreeMap::from([(Column(0), rule("short", 10, 20)), (Column(1), rule("long", 50, 400))]);
    let retention = Retention { raw_days: 10, quarter_days: 20, day_days: None };
    let rules = Rules { retention, assets: BTreeMap::from([(AssetId(0), columns)]) };
    let left = |store: &Store| {
        let mut left = store.read().0;
        left.retain(|(asset, _), _| *asset != 7);
        left.keys().copied().collect::<Vec<_>>()
    };
    store.night(Day(DAY.0 + 5), &rules);
    assert_eq!(left(&store), [(0, 0), (0, 1), (1, 0), (1, 3)]);
    store.night(Day(DAY.0 + 13), &rules);
    assert_eq!(left(&store), [(0, 1)], "the short one is taken out of the files");
    let quarters = |store: &Store, day: Day| {
        let view = store.archive.view();
        let file = RollFile::open(view.days[&day].roll.as_ref().unwrap()).unwrap().unwrap();
        let columns = |slot_ms| {
            let sums = file.asset(AssetId(0), slot_ms).unwrap();
            sums.map_or(Vec::new(), |sums| sums.columns.iter().map(|(column, _)| column.0).collect())
        };
        (columns(QUARTER_MS), columns(DAY_MS))
    };
    assert_eq!(quarters(&store, DAY), (vec![0, 1], vec![0, 1]), "sums outlive readings");
    store = store.restart();
    assert_eq!(store.night(Day(DAY.0 + 13), &rules), 0, "a restart does nothing again");
    store.night(Day(DAY.0 + 40), &rules);
    assert_eq!(quarters(&store, DAY), (vec![1], vec![0, 1]));
    store.night(Day(DAY.0 + 60), &rules);
    assert_eq!(left(&store), []);
    assert!(!store.scratch.path().join(format!("telemetry/days/{DAY}.seg")).exists(), "unlinked");
    assert_eq!(quarters(&store, DAY), (vec![1], vec![0, 1]));
    let mut store = store.restart();
    assert_eq!(store.archive.lost(), Losses::default(), "what was let go is not lost");
    // A clock that jumps two centuries ahead lets nothing go that the newest reading does not.
    store.night(Day(DAY.0 + 70_000), &rules);
    assert_eq!(store.read().0.keys().copied().collect::<Vec<_>>(), [(7, 0)]);
}

#[test]
fn late_rows_open_a_merged_day_again_and_sums_follow() {
    let mut store = Store::new("archive-late");
    let night = Day(DAY.0 + 1);
    let slot = |store: &Store| {
        let view = store.archive.view();
        let file = RollFile::open(view.days[&DAY].roll.as_ref().unwrap()).unwrap().unwrap();
        let sums = file.asset(AssetId(0), QUARTER_MS).unwrap().unwrap();
        let slots = &sums.columns[0].1;
        (slots.len(), slots[0].1.count, slots[0].1.sum)
    };
    store.accept(&[row(0, at(6), &[(0, 1.0)])]);
    store.seal();
    store.night(night, &rules());
    assert_eq!(slot(&store), (1, 1, 1.0));
    // Late, a duplicate and a contradiction.
    store.accept(&[
        row(0, at(6).plus(1), &[(0, 2.0)]),
        row(0, at(6), &[(0, 1.0)]),
        row(0, at(6), &[(0, 5.0)]),
    ]);
    store.seal();
    let figures = store.archive.figures()[0].clone();
    assert!(figures.open && figures.seg);
    store.night(night, &rules());
    assert_eq!(slot(&store), (1, 2, 3.0));
    let last_wins = Rules {
        assets: BTreeMap::from([(
            AssetId(0),
            BTreeMap::from([(
                Column(0),
                ColumnRule {
                    metric: "m".to_owned(),
                    keep: Keep::Last,
                    counting: None,
                    retention: rules().retention,
                },
            )]),
        )]),
        ..rules()
    };
    store.accept(&[row(0, at(6), &[(0, 7.0)])]);
    store.log.finish();
    for piece in store.log.hand_out() {
        store.archive.seal(&piece, &last_wins, at(24)).unwrap();
        store.log.let_go(piece.number).unwrap();
    }
    store.night(night, &last_wins);
    assert_eq!(slot(&store), (1, 2, 9.0), "the one that came last");
}

#[test]
fn damage_in_the_log_is_on_record_before_the_segment_goes() {
    let mut store = Store::new("archive-wal");
    for second in 0..20 {
        store.accept(&[row(0, at(1).plus(second * 1_000), &[(0, 0.5)])]);
    }
    store.log.finish();
    let piece = store.log.hand_out().remove(0);
    let mut bytes = std::fs::read(&piece.path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    // The end of a segment that was closed is no torn write.
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&piece.path, &bytes).unwrap();
    store.seal_piece(&piece).unwrap();
    let lost = store.archive.lost();
    assert_eq!((lost.gaps, lost.records), (2, 1), "{lost:?}");
    assert_eq!(store.read().0[&(0, 0)].len(), 18);
    assert!(!piece.path.exists());
    assert_eq!(store.restart().archive.lost(), lost);
}

#[test]
fn the_core_gets_its_last_two_hours_back_and_names_are_kept() {
    use crate::core::catalogue::{Catalogue, Code};
    let mut store = Store::new("archive-recent");
    let mut catalogue = Catalogue::new(10);
    let site = catalogue.add_site(Code::new("S").unwrap(), "Site").unwrap().unwrap();
    store.log.define(vec![site.clone()]);
    let rows: Vec<Row> = (0..400).map(|i| row(0, at(20).plus(i * 60_000), &[(0, i as f64)])).collect();
    store.accept(&rows);
    store.seal();
    store.night(Day(DAY.0 + 1), &rules());
    let mut store = store.restart();
    let mut recent = Vec::new();
    store.archive.recent(|rows| recent.extend(rows)).unwrap();
    assert_eq!(recent, rows[400 - 121..], "over midnight, out of both files");
    assert_eq!(store.archive.definitions(), [site]);
}

#[test]
fn a_full_disk_loses_nothing_and_old_readings_make_room() {
    let mut store = Store::new("archive-full");
    store.accept(&some_rows());
    store.accept(&[row(7, at(24 * 100), &[(0, 1.0)])]);
    store.seal();
    let night = Day(DAY.0 + 101);
    let forever = Retention { raw_days: 36_500, quarter_days: 36_500, day_days: None };
    store.night(night, &Rules { retention: forever, ..rules() });
    store.archive.disk.left = Some(0);
    let soon = Rules { retention: Retention { raw_days: 10, ..forever }, ..rules() };
    assert_eq!(store.archive.let_oldest_go(night, &soon), Some(DAY), "without writing");
    assert!(store.archive.remove_released().is_err());
    store.archive.disk.left = None;
    store.archive.remove_released().unwrap();
    assert!(!store.scratch.path().join(format!("telemetry/days/{DAY}.seg")).exists());
    assert_eq!(store.archive.let_oldest_go(night, &soon), Some(Day(DAY.0 + 1)));
    assert_eq!(store.archive.let_oldest_go(night, &soon), None);
}
