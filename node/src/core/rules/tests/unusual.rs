//! What is unlike everything before: when it is said, how strongly, how often, and what a restart must not forget.

use proptest::prelude::*;

use super::*;
use crate::core::rules::unusual::{Deviation, Record};

const ENOUGH: f64 = 6.4;

/// A usual course: small changes that repeat.
fn usual(at: usize) -> f64 {
    20.0 + [0.0, 0.3, 0.1, 0.4, 0.2][at % 5]
}

fn time(at: usize) -> i64 {
    i64::try_from(at).unwrap() * 60_000
}

fn told(values: impl Iterator<Item = f64>) -> Vec<(usize, f64)> {
    let mut deviation = Deviation::new(ENOUGH);
    let mut alarms = Vec::new();
    for (at, value) in values.enumerate() {
        deviation.insert(time(at), value);
        if deviation.is_alarm() {
            alarms.push((at, deviation.deviations().unwrap()));
        }
    }
    alarms
}

#[test]
fn nothing_is_said_before_there_is_enough_to_compare_with() {
    let jump = |from: usize| told((0..from).map(usual).chain((0..20).map(|_| 99.0)));
    assert_eq!(jump(WARM_UP - 20), []);
    assert_eq!(jump(WARM_UP + 2 * SHORT_READINGS)[0].0, WARM_UP + 2 * SHORT_READINGS);
}

#[test]
fn a_lasting_change_is_told_while_it_grows_and_then_not_for_a_hundred_readings() {
    let alarms = told((0..400).map(usual).chain((0..150).map(|at| usual(at) + 5.0)));
    let readings: Vec<usize> = alarms.iter().map(|(at, _)| *at).collect();
    // It grows until the last reading of before has left the mean; afterwards it is usual soon.
    assert_eq!(readings, (400..408).collect::<Vec<_>>());
    assert!(
        alarms.is_sorted_by(|a, b| a.1 < b.1) && alarms.iter().all(|(_, by)| *by >= ENOUGH),
        "{alarms:?}"
    );
}

#[test]
fn a_fall_is_told_with_its_sign() {
    let alarms = told((0..400).map(usual).chain((0..3).map(|_| 0.0)));
    assert!(!alarms.is_empty() && alarms.iter().all(|(_, by)| *by <= -ENOUGH), "{alarms:?}");
}

#[test]
fn a_level_that_never_changes_raises_nothing_however_its_sum_rounds() {
    for level in [0.0, 0.1, -1e-300, 1e15 / 3.0, f64::MAX / 16.0] {
        assert_eq!(told((0..3_000).map(|_| level)), [], "{level}");
    }
    let alarms = told((0..300).map(|_| 0.1).chain([0.2]));
    assert_eq!(alarms, [(300, DEVIATIONS_MAX)]);
}

#[test]
fn late_and_repeated_readings_change_nothing() {
    let mut deviation = Deviation::new(ENOUGH);
    for at in 0..300 {
        deviation.insert(time(at), usual(at));
        let told = deviation.deviations();
        deviation.insert(time(at), 1e9);
        deviation.insert(time(at / 2), 1e9);
        deviation.insert(time(at + 1), f64::NAN);
        assert_eq!(deviation.deviations(), told);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The same as reading the definition word by word over all readings.
    #[test]
    fn deviations_are_those_of_the_definition(values in prop::collection::vec(-50.0..50.0f64, 1..1_400)) {
        let mut deviation = Deviation::new(ENOUGH);
        for (at, value) in values.iter().enumerate() {
            deviation.insert(time(at), *value);
        }
        let means: Vec<f64> =
            values.windows(SHORT_READINGS).map(|last| last.iter().sum::<f64>() / SHORT_READINGS as f64).collect();
        let past = means.len().saturating_sub(SHORT_READINGS);
        let history = &means[past.saturating_sub(HISTORY_MEANS)..past];
        let expected = (history.len() >= WARM_UP).then(|| {
            let mean = history.iter().sum::<f64>() / history.len() as f64;
            let square = history.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / history.len() as f64;
            (means.last().unwrap() - mean) / square.sqrt()
        });
        match (deviation.deviations(), expected) {
            (Some(found), Some(expected)) => prop_assert!((found - expected).abs() < 1e-6, "{found} {expected}"),
            (found, expected) => prop_assert_eq!(found, expected),
        }
    }
}

/// A record's alarms, and how often something was to be stored.
fn records(record: &mut Record, values: impl Iterator<Item = (usize, f64)>) -> (Vec<(usize, f64)>, usize) {
    let (mut alarms, mut stored) = (Vec::new(), 0);
    for (at, value) in values {
        if record.insert(time(at), value) {
            record.extremes(AssetId(0), PolicyId(1)).unwrap();
            stored += 1;
        }
        if record.is_alarm() {
            alarms.push((at, record.evidence().unwrap().threshold));
        }
    }
    (alarms, stored)
}

#[test]
fn a_record_is_beyond_the_margin_and_names_what_it_passed() {
    let mut record = Record::new(2.0, None);
    assert_eq!(records(&mut record, (0..WARM_UP - 1).map(|at| (at, usual(at)))).0, []);
    // The range is 0.4, two percent of it 0.008.
    let next = [20.2, 20.407, 20.42, 19.5, 20.42, 30.0];
    let (alarms, _) = records(&mut record, (WARM_UP..).zip(next));
    let places: Vec<usize> = alarms.iter().map(|(at, _)| *at - WARM_UP).collect();
    // 20.42 is 0.013 above 20.407; the stronger ones break the time of silence after it.
    assert_eq!(places, [2, 3, 5]);
    assert_eq!(alarms.iter().map(|(_, limit)| *limit).collect::<Vec<_>>(), [20.407, 20.0, 20.42]);
}

#[test]
fn a_restart_forgets_no_record_and_a_slow_rise_is_not_written_at_each_reading() {
    let mut record = Record::new(2.0, None);
    let rise = |at: usize| (at, usual(at) + at as f64 / 1_000.0);
    let (_, stored) = records(&mut record, (0..5_000).map(rise));
    assert!((100..250).contains(&stored), "{stored} times");
    let extremes = record.extremes(AssetId(0), PolicyId(1)).unwrap();
    let mut again = Record::new(2.0, Some(&extremes));
    assert_eq!(records(&mut again, (4_800..5_000).map(rise)), (Vec::new(), 0), "read back from the log");
    let highest = extremes.highest;
    assert_eq!(
        records(&mut again, [(5_000, highest), (5_001, highest * 2.0)].into_iter()).0,
        [(5_001, highest)]
    );
}

fn unusual_terms() -> Terms {
    let mut terms = default_terms().remove(0);
    let criterion = Criterion {
        rule: RuleKind::Unusual,
        threshold: ENOUGH,
        window_minutes: None,
        samples: 1,
        ..terms.groups[0][0].clone()
    };
    let record = Criterion { rule: RuleKind::Record, threshold: 2.0, ..criterion.clone() };
    terms.groups = vec![vec![criterion], vec![record]];
    terms
}

#[test]
fn a_policy_of_both_raises_once_and_again_only_for_something_stronger() {
    let mut bench = Bench::new(vec![unusual_terms()]);
    for at in 0..300 {
        bench.reading("temp_supply_air", bench.now, usual(at));
        bench.wait(60_000);
    }
    bench.log.clear();
    for value in [21.0, 21.5, 20.0] {
        bench.reading("temp_supply_air", bench.now, value);
        bench.wait(60_000);
    }
    bench.close();
    for value in [21.52, 40.0] {
        bench.reading("temp_supply_air", bench.now, value);
        bench.wait(60_000);
    }
    expect![[r#"
        R1 at 18000 s: 7.064 over 8 readings from 17580 to 18000 s
        extremes 20 to 21
        extremes 20 to 21.5
        R1 at 18240 s: 154.721 over 8 readings from 17760 to 18240 s
        extremes 20 to 40
    "#]]
    .assert_eq(&bench.log);
}

#[test]
fn a_sentence_says_which_way_and_against_what() {
    let [unusual, record] = [0, 1].map(|group| unusual_terms().groups[group][0].clone());
    let found = |measured, threshold, readings| Evidence {
        measured,
        threshold,
        readings,
        from: START,
        to: START,
        last: vec![(START, 21.0)],
    };
    let say = |criterion: &Criterion, evidence| {
        let ground = Ground { group: 0, place: 0, criterion: criterion.clone(), evidence };
        sentence(&[ground], |_| "°C")
    };
    let lines = [
        say(&unusual, found(7.25, ENOUGH, 8)),
        say(&unusual, found(-7.25, ENOUGH, 8)),
        say(&record, found(21.0, 20.4, 301)),
        say(&record, found(19.0, 20.0, 301)),
    ];
    expect![[r#"
        the mean of the last 8 readings of temp_supply_air lay 7.25 standard deviations above the usual one, the newest 21 °C.
        the mean of the last 8 readings of temp_supply_air lay 7.25 standard deviations below the usual one, the newest 21 °C.
        temp_supply_air was 21 °C, the highest of 301 readings; until then 20.4 °C was.
        temp_supply_air was 19 °C, the lowest of 301 readings; until then 20 °C was."#]].assert_eq(&lines.join("\n"));
}
