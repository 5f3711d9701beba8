//! Policies on machine states whose failures follow known rules (AI4I 2020): conditions that have to hold together,
//! products of metrics, and thresholds that differ by type. They have to find exactly what the rules made. The data is
//! not part of this repository: `SYMBIOSE_DATA` names its folder. Without it these tests say so and pass over.

use std::collections::BTreeSet;

use node::core::catalogue::{AssetId, Catalogue, Code, Column, MetricName};
use node::core::policy::{Condition, Criterion, Operator, Policy, PolicyId, RuleKind, Terms};
use node::core::rules::{DryRun, Start};
use protocol::{AssetKind, Severity, UnixMs};

use crate::vectors;

const METRICS: [&str; 6] = ["kind", "air_temp", "process_temp", "speed", "torque", "tool_wear"];
const START: UnixMs = UnixMs(1_765_275_323_000);
/// Two hours between rows, so that each stands for itself: after an hour a reading says nothing any more.
const ROW_MS: i64 = 2 * 60 * 60 * 1000;

/// The states of a machine and which of them are failures, by row.
struct Machine {
    rows: Vec<[f64; 6]>,
    /// Machine failure, and by heat, power and overstrain.
    failed: [BTreeSet<usize>; 4],
}

/// How many rows were found, found wrongly, and missed.
#[derive(Debug, PartialEq, Eq)]
struct Agreement {
    hit: usize,
    wrong: usize,
    missed: usize,
}

#[test]
fn policies_find_what_the_rules_made() {
    let Some(machine) = read() else { return };
    let found = [heat(), power(), overstrain()].map(|groups| machine.fired(groups));
    let exact = |hit| Agreement { hit, wrong: 0, missed: 0 };
    for ((found, failed), hit) in found.iter().zip(&machine.failed[1..]).zip([115, 58, 51]) {
        assert_eq!(agreement(found, failed), exact(hit));
    }
    let any: BTreeSet<usize> = found.iter().flatten().copied().collect();
    assert_eq!(agreement(&any, &machine.failed[0]), Agreement { hit: 210, wrong: 0, missed: 25 });
}

#[test]
fn one_policy_of_all_groups_finds_what_three_find() {
    let Some(machine) = read() else { return };
    let all = [heat(), power(), overstrain()].concat();
    let found = [heat(), power(), overstrain()].map(|groups| machine.fired(groups));
    let any: BTreeSet<usize> = found.iter().flatten().copied().collect();
    // A dry run names its first firings only, and counts the rest.
    let together = machine.run(all);
    assert_eq!(together.fired, any.len() as u64);
    assert_eq!(rows_of(&together.firings), any.into_iter().take(200).collect());
}

fn heat() -> Vec<Vec<Criterion>> {
    let difference = criterion("process_temp", Some((Operator::Minus, "air_temp")), Condition::Below, 8.6);
    vec![vec![difference, criterion("speed", None, Condition::Below, 1_380.0)]]
}

/// Torque times angular speed, in watts; the speed is in turns per minute.
fn power() -> Vec<Vec<Criterion>> {
    let watts = |watts: f64| watts * 60.0 / (2.0 * std::f64::consts::PI);
    let product =
        |condition, limit| criterion("torque", Some((Operator::Times, "speed")), condition, watts(limit));
    vec![vec![product(Condition::Below, 3_500.0)], vec![product(Condition::Above, 9_000.0)]]
}

/// The limit depends on the type: L is 0, M is 1, H is 2.
fn overstrain() -> Vec<Vec<Criterion>> {
    let of_kind = |kind: f64, limit: f64| {
        vec![
            criterion("kind", None, Condition::AtLeast, kind),
            criterion("kind", None, Condition::AtMost, kind),
            criterion("tool_wear", Some((Operator::Times, "torque")), Condition::Above, limit),
        ]
    };
    vec![of_kind(0.0, 11_000.0), of_kind(1.0, 12_000.0), of_kind(2.0, 13_000.0)]
}

fn criterion(
    metric: &str,
    with: Option<(Operator, &str)>,
    condition: Condition,
    threshold: f64,
) -> Criterion {
    let name = |name| MetricName::new(name).unwrap();
    Criterion {
        metric: name(metric),
        with: with.map(|(operator, second)| (operator, name(second))),
        rule: RuleKind::Threshold,
        condition,
        threshold,
        clear_threshold: None,
        window_minutes: None,
        samples: 1,
    }
}

impl Machine {
    /// The rows on which a policy would have fired.
    fn fired(&self, groups: Vec<Vec<Criterion>>) -> BTreeSet<usize> {
        let report = self.run(groups);
        assert_eq!((report.rows, report.is_truncated), (self.rows.len() as u64, false));
        assert_eq!(report.fired, report.firings.len() as u64);
        rows_of(&report.firings)
    }

    fn run(&self, groups: Vec<Vec<Criterion>>) -> node::core::rules::Report {
        let mut catalogue = Catalogue::default();
        let code = |text| Code::new(text).unwrap();
        catalogue.add_site(code("HALL"), "Hall").unwrap();
        catalogue.add_asset("HALL", code("MACHINE"), AssetKind::Chiller).unwrap();
        for metric in METRICS {
            catalogue.add_series(AssetId(0), MetricName::new(metric).unwrap()).unwrap();
        }
        let policy = Policy::new(PolicyId(1), 1, terms(groups)).unwrap();
        let end = time_of(self.rows.len());
        let mut run = DryRun::new(policy, START, end, catalogue.assets().iter(), |_| Start::default());
        for (row, values) in self.rows.iter().enumerate() {
            run.row(0, time_of(row), (0..).map(Column).zip(values.iter().copied()));
        }
        run.finish()
    }
}

fn terms(groups: Vec<Vec<Criterion>>) -> Terms {
    Terms {
        code: Code::new("AI4I").unwrap(),
        asset_kind: AssetKind::Chiller,
        groups,
        severity: Severity::High,
        message: "failure".to_owned(),
        description: String::new(),
        enabled: true,
        opens_work_order: false,
        clear_after_minutes: None,
        escalate: Vec::new(),
        downgrade_after_minutes: None,
    }
}

fn time_of(row: usize) -> UnixMs {
    START.plus(i64::try_from(row).unwrap() * ROW_MS)
}

fn rows_of(firings: &[node::core::rules::Firing]) -> BTreeSet<usize> {
    let row = |from: UnixMs| usize::try_from(from.since(START) / ROW_MS).unwrap();
    firings.iter().map(|firing| row(firing.from)).collect()
}

fn agreement(found: &BTreeSet<usize>, failed: &BTreeSet<usize>) -> Agreement {
    Agreement {
        hit: found.intersection(failed).count(),
        wrong: found.difference(failed).count(),
        missed: failed.difference(found).count(),
    }
}

fn read() -> Option<Machine> {
    let file = vectors::data("ai4i")?.join("ai4i2020_0001_5000.csv");
    let text = std::fs::read_to_string(file).unwrap();
    let mut machine = Machine { rows: Vec::new(), failed: Default::default() };
    for (row, line) in text.lines().skip(1).enumerate() {
        let fields: Vec<&str> = line.trim().split(',').collect();
        let number = |at: usize| fields[at].parse::<f64>().unwrap();
        let kind = match fields[2] {
            "L" => 0.0,
            "M" => 1.0,
            "H" => 2.0,
            other => panic!("type {other}"),
        };
        machine.rows.push([kind, number(3), number(4), number(5), number(6), number(7)]);
        for (failed, column) in machine.failed.iter_mut().zip([8, 10, 11, 12]) {
            if fields[column] == "1" {
                failed.insert(row);
            }
        }
    }
    assert_eq!(machine.rows.len(), 5_000);
    Some(machine)
}
