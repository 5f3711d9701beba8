//! What was acknowledged is read back, bit for bit, whatever happened to the end of the file; what was damaged is
//! counted.

use protocol::AssetKind;

use super::super::scratch::Scratch;
use super::super::telemetry_read::read_rows;
use super::*;
use crate::core::catalogue::{Catalogue, Code, Column};
use crate::core::telemetry::Value;

const ROOM: u64 = 512 * 1024 * 1024;

fn keeping(bytes_max: u64) -> Keeping {
    Keeping { bytes_max, numbers_above: 0, written: Written::default() }
}

fn row(asset: u32, time: i64, value: f64) -> Row {
    Row::new(AssetId(asset), UnixMs(time), vec![(Column(0), Value::new(value).unwrap())]).unwrap()
}

fn open(dir: &Path) -> (TelemetryLog, Lost, Vec<Row>) {
    let mut rows = Vec::new();
    let (log, lost) = TelemetryLog::open(dir, keeping(ROOM), |body| match body {
        Body::Rows(found) => rows.extend(found),
        Body::Definitions(_) => {}
    })
    .unwrap();
    (log, lost, rows)
}

fn segment_files(dir: &Path) -> Vec<PathBuf> {
    segments(dir).unwrap().into_iter().map(|number| path_of(dir, number)).collect()
}

#[test]
fn rows_come_back_over_restarts() {
    let scratch = Scratch::new("telemetry");
    let (mut log, _, none) = open(scratch.path());
    assert!(none.is_empty());
    let first = [row(0, 1_000, 1.5), row(1, 1_000, -2.0)];
    log.commit(&[&first[..1], &first[1..]]).unwrap();
    drop(log);
    let (mut log, lost, rows) = open(scratch.path());
    assert_eq!((rows, lost), (first.to_vec(), Lost::default()));
    log.commit(&[&[row(0, 2_000, 3.0)]]).unwrap();
    drop(log);
    assert_eq!(open(scratch.path()).2, [first[0].clone(), first[1].clone(), row(0, 2_000, 3.0)]);
}

#[test]
fn catalogue_entries_stand_in_every_segment() {
    let scratch = Scratch::new("telemetry-definitions");
    let mut catalogue = Catalogue::new(10);
    let site = catalogue.add_site(Code::new("S").unwrap(), "Site").unwrap().unwrap();
    let (mut log, _, _) = open(scratch.path());
    log.define(vec![site.clone()]);
    log.commit(&[&[row(0, 1, 1.0)]]).unwrap();
    let asset = catalogue.add_asset("S", Code::new("A").unwrap(), AssetKind::Hvac).unwrap().unwrap();
    log.define(vec![asset.clone()]);
    log.commit(&[&[row(0, 2, 1.0)]]).unwrap();
    log.close();
    log.commit(&[&[row(0, 3, 1.0)]]).unwrap();
    drop(log);
    let mut found = Vec::new();
    let sink = |body: Body| found.push(body);
    let (_, lost) = TelemetryLog::open(scratch.path(), keeping(ROOM), sink).unwrap();
    assert_eq!(lost, Lost::default());
    let rows = |time| Body::Rows(vec![row(0, time, 1.0)]);
    let expected = [
        Body::Definitions(vec![site.clone()]),
        rows(1),
        Body::Definitions(vec![asset.clone()]),
        rows(2),
        Body::Definitions(vec![site, asset]),
        rows(3),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_torn_end_loses_nothing_that_was_acknowledged() {
    let scratch = Scratch::new("telemetry-torn");
    let (mut log, _, _) = open(scratch.path());
    log.commit(&[&[row(0, 1, 1.0)]]).unwrap();
    let acknowledged = log.current.as_ref().unwrap().len;
    log.commit(&[&[row(0, 2, 2.0)]]).unwrap();
    let end = log.current.as_ref().unwrap().len;
    drop(log);
    let path = segment_files(scratch.path())[0].clone();
    let bytes = fs::read(&path).unwrap();
    assert_eq!(bytes.len(), TELEMETRY_SEGMENT_BYTES, "space is taken beforehand");
    for cut in acknowledged..end {
        drop(fs::remove_dir_all(scratch.path()));
        fs::create_dir_all(scratch.path()).unwrap();
        let mut torn = bytes.clone();
        torn[usize::try_from(cut).unwrap()..].fill(0);
        fs::write(&path, &torn).unwrap();
        let (mut log, lost, rows) = open(scratch.path());
        // Zeros are what a cut value may have been: then the record was whole.
        if rows.len() == 1 {
            assert_eq!(rows, [row(0, 1, 1.0)], "cut at {cut}");
            assert_eq!(lost.gaps, 0);
        } else {
            assert_eq!(rows, [row(0, 1, 1.0), row(0, 2, 2.0)], "cut at {cut}");
        }
        log.commit(&[&[row(0, 3, 3.0)]]).unwrap();
        drop(log);
        assert_eq!(open(scratch.path()).2.last(), Some(&row(0, 3, 3.0)));
    }
}

#[test]
fn damage_in_the_middle_is_counted_and_passed_over() {
    let scratch = Scratch::new("telemetry-flip");
    let (mut log, _, _) = open(scratch.path());
    let mut ends = Vec::new();
    for time in 1..=3 {
        log.commit(&[&[row(0, time, 0.25)]]).unwrap();
        ends.push(usize::try_from(log.current.as_ref().unwrap().len).unwrap());
    }
    drop(log);
    let path = segment_files(scratch.path())[0].clone();
    let bytes = fs::read(&path).unwrap();
    for at in ends[0]..ends[1] {
        drop(fs::remove_dir_all(scratch.path()));
        fs::create_dir_all(scratch.path()).unwrap();
        let mut flipped = bytes.clone();
        flipped[at] ^= 4;
        fs::write(&path, &flipped).unwrap();
        let (_, lost, rows) = open(scratch.path());
        assert_eq!(rows, [row(0, 1, 0.25), row(0, 3, 0.25)], "flip at {at}");
        assert_eq!((lost.gaps, lost.records), (1, 1), "flip at {at}");
    }
}

#[test]
fn questions_find_old_rows_and_skip_other_segments() {
    let scratch = Scratch::new("telemetry-range");
    let (mut log, _, _) = open(scratch.path());
    for (asset, time) in [(0, 10), (1, 20), (0, 30)] {
        log.commit(&[&[row(asset, time, 1.0)]]).unwrap();
        log.close();
    }
    let range = (UnixMs(0), UnixMs(30));
    let pieces = log.pieces(AssetId(0), range.0, range.1);
    assert_eq!(pieces.len(), 1, "one segment has asset 0 before 30");
    let mut rows = Vec::new();
    read_rows(&pieces, AssetId(0), range, |row| rows.push(row.clone())).unwrap();
    assert_eq!(rows, [row(0, 10, 1.0)]);
    assert_eq!(log.pieces(AssetId(0), UnixMs(0), UnixMs(31)).len(), 2);
    fs::remove_file(&pieces[0].path).unwrap();
    read_rows(&pieces, AssetId(0), range, |_| panic!("the segment is gone")).unwrap();
}

#[test]
fn beyond_its_budget_the_log_refuses_and_keeps_what_it_has() {
    let scratch = Scratch::new("telemetry-budget");
    let budget = 2 * TELEMETRY_SEGMENT_BYTES as u64;
    let (mut log, _) = TelemetryLog::open(scratch.path(), keeping(budget), drop).unwrap();
    let rows: Vec<Row> = (0..5_000).map(|i| row(0, i * 1_000, 0.1 + 1.0 / (i + 1) as f64)).collect();
    let mut accepted = 0;
    let refused = loop {
        match log.commit(&[&rows]) {
            Ok(()) => accepted += 1,
            Err(error) => break error,
        }
    };
    assert!(refused.is_full(), "{refused}");
    assert!(log.bytes() <= budget, "{} bytes", log.bytes());
    assert_eq!(log.waiting().rows, accepted * rows.len() as u64, "every accepted row waits");
    assert!(log.commit(&[&rows]).is_err(), "until the archivist has taken some");
    let closed = log.hand_out();
    assert!(log.hand_out().is_empty(), "each is handed out once");
    log.let_go(closed[0].number).unwrap();
    assert!(!closed[0].path.exists());
    log.commit(&[&rows]).unwrap();
    assert_eq!(log.sealed_before(), closed[1].number - 1);
}

#[test]
fn a_segment_closes_when_one_asset_has_a_chunks_worth_of_rows() {
    let scratch = Scratch::new("telemetry-close");
    let (mut log, _, _) = open(scratch.path());
    let value = |i: i64| 0.1 + 1.0 / (i + 1) as f64;
    let few: Vec<Row> = (0..100).map(|i| row(0, i, value(i))).collect();
    let many: Vec<Row> = (0..26_000).map(|i| row(u32::try_from(i % 50).unwrap(), i, value(i))).collect();
    log.commit(&[&few]).unwrap();
    assert!(log.hand_out().is_empty());
    log.commit(&[&many]).unwrap();
    assert!(log.hand_out().is_empty(), "520 rows of each asset, and 100 of one");
    log.commit(&[&few]).unwrap();
    assert_eq!(log.hand_out().len(), 1);
    drop(log);
    let (mut log, _, rows) = open(scratch.path());
    assert_eq!(rows.len(), 26_200);
    assert_eq!(log.hand_out().len(), 1, "what an earlier process closed is handed out too");
    drop(log);
    let numbers_above = 40;
    let taken = Keeping { numbers_above, ..keeping(ROOM) };
    let (mut log, _) = TelemetryLog::open(scratch.path(), taken, drop).unwrap();
    log.commit(&[&few]).unwrap();
    log.finish();
    assert_eq!(log.hand_out().last().unwrap().number, numbers_above + 1, "numbers in day files are taken");
}

#[test]
fn old_segments_are_not_read_at_the_start() {
    let scratch = Scratch::new("telemetry-recent");
    let (mut log, _, _) = open(scratch.path());
    let hours = |hours: i64| hours * 3_600_000;
    for time in [hours(1), hours(10), hours(11), hours(12)] {
        log.commit(&[&[row(0, time, 1.0)]]).unwrap();
        log.close();
    }
    drop(log);
    let first = &segment_files(scratch.path())[0];
    let mut bytes = fs::read(first).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(first, bytes).unwrap();
    let (mut log, lost, rows) = open(scratch.path());
    assert_eq!(rows.iter().map(|row| row.time().0).collect::<Vec<_>>(), [hours(10), hours(11), hours(12)]);
    assert_eq!(lost, Lost::default(), "damage there is found by who seals it or asks for it");
    log.commit(&[&[row(0, hours(13), 1.0)]]).unwrap();
    drop(log);
    assert_eq!(open(scratch.path()).1, Lost::default(), "numbers go on where they were");
}

#[test]
fn an_end_that_was_acknowledged_and_is_missing_is_counted() {
    let scratch = Scratch::new("telemetry-end");
    let (mut log, _, _) = open(scratch.path());
    log.commit(&[&[row(0, 1, 1.0)]]).unwrap();
    let first = log.current.as_ref().unwrap().len;
    log.commit(&[&[row(0, 2, 2.0)]]).unwrap();
    let end = log.current.as_ref().unwrap().len;
    drop(log);
    let path = segment_files(scratch.path())[0].clone();
    let note = scratch.path().join("reached");
    let (bytes, noted) = (fs::read(&path).unwrap(), fs::read(&note).unwrap());
    let cut = usize::try_from(first).unwrap();
    let mut zeroed = bytes.clone();
    zeroed[cut..].fill(0);
    for (harmed, rows_left) in [(Some(&zeroed[..]), 1), (Some(&bytes[..cut]), 1), (None, 0)] {
        drop(fs::remove_dir_all(scratch.path()));
        fs::create_dir_all(scratch.path()).unwrap();
        fs::write(&note, &noted).unwrap();
        if let Some(harmed) = harmed {
            fs::write(&path, harmed).unwrap();
        }
        let (log, lost, rows) = open(scratch.path());
        assert_eq!((rows.len(), lost.gaps), (rows_left, 1));
        let offset = if rows_left == 0 { 0 } else { first };
        assert_eq!(log.lost_ends(), [LostEnd { segment: 1, offset, bytes: end - offset }]);
    }
    drop(fs::remove_dir_all(scratch.path()));
    fs::create_dir_all(scratch.path()).unwrap();
    fs::write(&note, &noted).unwrap();
    fs::write(&path, &bytes).unwrap();
    let (mut log, lost, rows) = open(scratch.path());
    assert_eq!((rows.len(), lost.gaps, log.lost_ends()), (2, 0, &[][..]), "nothing is missing");
    log.let_go(1).unwrap();
    drop(log);
    assert_eq!(open(scratch.path()).1.gaps, 0, "what is in day files is not missed");
}

#[test]
fn a_closed_segment_that_is_gone_is_counted() {
    let scratch = Scratch::new("telemetry-gone");
    let (mut log, _, _) = open(scratch.path());
    log.commit(&[&[row(0, 1, 1.0)]]).unwrap();
    log.finish();
    drop(log);
    fs::remove_file(scratch.path().join("reached")).unwrap();
    fs::remove_file(&segment_files(scratch.path())[0]).unwrap();
    let (log, lost, rows) = open(scratch.path());
    assert_eq!((rows.len(), lost.gaps, log.lost_ends()[0].segment), (0, 1, 1));
}
