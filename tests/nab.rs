//! Rules that know no limit, on labelled series (Numenta Anomaly Benchmark): the scorer gives known alarms their known
//! score, and the policy scores as the plain rule it is. The data is not part of this repository: `SYMBIOSE_DATA` names
//! its folder. Without it these tests say so and pass over.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::anomalies::{Score, Series, read, score};
use crate::vectors;

/// What `reference_alarms.csv` is worth.
const REFERENCE: Score = Score { standard: 66.65, low_false_positives: 60.11, low_false_negatives: 70.41 };

fn series() -> Option<Vec<Series>> {
    let folder = vectors::data("nab")?;
    Some(read(&folder).unwrap())
}

#[test]
fn known_alarms_get_their_known_score() {
    let Some(series) = series() else { return };
    let text = fs::read_to_string(vectors::data("nab").unwrap().join("reference_alarms.csv")).unwrap();
    let mut alarms: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let (file, sample) = line.split_once(',').unwrap();
        alarms.entry(file.to_owned()).or_default().insert(sample.parse().unwrap());
    }
    let found = score(&series, &alarms);
    let hundredths = |score: f64| (score * 100.0).round() / 100.0;
    assert_eq!(hundredths(found.standard), REFERENCE.standard);
    assert_eq!(hundredths(found.low_false_positives), REFERENCE.low_false_positives);
    assert_eq!(hundredths(found.low_false_negatives), REFERENCE.low_false_negatives);
    assert_eq!(score(&series, &BTreeMap::new()).standard, 0.0);
}

#[test]
fn the_policy_finds_what_the_plain_rule_finds() {
    let Some(series) = series() else { return };
    let alarms: BTreeMap<_, _> = series.iter().map(|one| (one.name.clone(), one.alarms())).collect();
    let found = score(&series, &alarms);
    assert!((found.standard - REFERENCE.standard).abs() <= 2.0, "{found:?}");
    let quiet = alarms.iter().filter(|(file, _)| file.contains("NoAnomaly"));
    assert!(quiet.clone().count() == 5 && quiet.clone().all(|(_, alarms)| alarms.is_empty()));
}
