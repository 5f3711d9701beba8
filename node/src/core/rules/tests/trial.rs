//! A dry run says what live readings would have done.

use super::*;

/// One reading of the lift's motor every 10 s: hot from reading 100 to 109 and from 1,000 to 1,003, then two hours of
/// nothing.
fn motor(reading: i64) -> f64 {
    if (100..110).contains(&reading) || (1_000..1_004).contains(&reading) { 85.0 } else { 60.0 }
}

fn trial(terms: Terms, to: UnixMs, readings: i64) -> Report {
    let mut bench = Bench::new(vec![terms.clone()]);
    bench.reading("motor_temp", START.plus(-1), 60.0);
    let policy = Policy::new(PolicyId(1), 1, terms).unwrap();
    let catalogue = bench.telemetry.catalogue();
    let mut run = DryRun::new(policy, START, to, catalogue.assets().iter(), |_| Start::default());
    let columns: Vec<_> = run.assets().collect();
    assert_eq!(columns, [(AssetId(2), vec![crate::core::catalogue::Column(0)])]);
    for reading in 0..readings {
        let value = (crate::core::catalogue::Column(0), motor(reading));
        run.row(0, START.plus(reading * 10_000), std::iter::once(value));
    }
    run.finish()
}

#[test]
fn firings_have_a_beginning_an_end_and_grounds() {
    let r5 = default_terms().remove(4);
    let end = START.plus(6 * 3_600_000);
    let report = trial(r5.clone(), end, 1_440);
    let told =
        |firing: &Firing| (firing.from.since(START) / 1_000, firing.to.map(|to| to.since(START) / 1_000));
    assert_eq!(report.firings.iter().map(told).collect::<Vec<_>>(), [(1_040, Some(1_100))]);
    assert_eq!((report.fired, report.rows, report.is_truncated), (1, 1_440, false));
    assert_eq!(report.assets, [(AssetId(2), 1, 60_000)]);
    assert_eq!(report.firings[0].grounds.len(), 1);
    assert!(report.doubts.is_empty());
    // With four readings in a row it fires twice, and closes after ten quiet minutes.
    let mut terms = Terms { clear_after_minutes: Some(10), ..r5 };
    terms.groups[0][0].samples = 4;
    let report = trial(terms, end, 1_440);
    let expected = [(1_030, Some(1_700)), (10_030, Some(10_640))];
    assert_eq!(report.firings.iter().map(told).collect::<Vec<_>>(), expected);
}

#[test]
fn silence_is_found_between_and_after_the_rows() {
    let mut terms = default_terms().remove(4);
    let criterion = &mut terms.groups[0][0];
    (criterion.rule, criterion.window_minutes) = (RuleKind::NoData, Some(30));
    let report = trial(terms, START.plus(6 * 3_600_000), 1_440);
    assert_eq!((report.fired, report.firings[0].to), (1, None));
}

#[test]
fn rows_before_the_beginning_fill_windows_and_are_not_judged() {
    let mut bench = Bench::new(default_terms());
    bench.reading("motor_temp", START, 60.0);
    let policy = Policy::new(PolicyId(1), 1, default_terms().remove(4)).unwrap();
    let catalogue = bench.telemetry.catalogue();
    let mut run =
        DryRun::new(policy, START, START.plus(600_000), catalogue.assets().iter(), |_| Start::default());
    assert_eq!(run.reads_from(), START.plus(-3_600_000));
    for reading in -5..=0 {
        run.row(0, START.plus(reading * 10_000), std::iter::once((crate::core::catalogue::Column(0), 85.0)));
    }
    let report = run.finish();
    assert_eq!(report.firings.iter().map(|firing| firing.from).collect::<Vec<_>>(), [START]);
}
