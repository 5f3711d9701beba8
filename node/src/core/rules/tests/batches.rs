//! The same readings give the same alerts, in however many payloads, in whatever order within a batch, and however long
//! a batch was on its way.

use super::*;
use crate::core::policy::Operator;

/// Rules of every kind over two metrics.
fn rules() -> Vec<Terms> {
    let of = |rule, threshold, window, samples| terms(rule, ">", threshold, window, samples).remove(0);
    let n = |criterion: &Criterion| Criterion { metric: MetricName::new("n").unwrap(), ..criterion.clone() };
    let mut all = vec![
        of(RuleKind::Threshold, 6.0, Some(2), 3),
        of(RuleKind::Threshold, 6.0, None, 4),
        of(RuleKind::Consecutive, 5.0, None, 4),
        of(RuleKind::RateOfChange, 9.0, Some(2), 3),
        of(RuleKind::Count, 7.0, Some(3), 5),
        of(RuleKind::Runtime, 40.0, None, 1),
    ];
    let first = all[1].groups[0][0].clone();
    let mut both = all[2].clone();
    both.groups[0][0].samples = 2;
    let second = n(&both.groups[0][0]);
    both.groups[0].push(second);
    let product =
        Criterion { with: Some((Operator::Times, n(&first).metric)), threshold: 30.0, samples: 2, ..first };
    let product = Terms { groups: vec![vec![product]], ..all[0].clone() };
    all.extend([both, product]);
    for (terms, number) in all.iter_mut().zip(1..) {
        terms.code = Code::new(&format!("X{number}")).unwrap();
    }
    all
}

/// Tells the rules rows at one moment of the clock; answers what they found, each once.
fn tell(bench: &mut Bench, now: UnixMs, rows: &[Row], found: &mut Vec<Breach>) {
    let applied: Vec<Applied> = rows.iter().map(|row| bench.telemetry.apply(row)).collect();
    let mut observed: Vec<(&Row, Applied)> = rows.iter().zip(applied).collect();
    for moment in moments(&mut observed) {
        for breach in bench.rules.observe_moment(now, bench.telemetry.catalogue(), moment).breaches {
            bench.rules.hold(breach.asset, breach.policy);
            found.push(breach);
        }
    }
}

fn bench() -> Bench {
    let mut bench = Bench::new(rules());
    for metric in ["m", "n"] {
        bench.telemetry.catalogue_mut().add_series(AssetId(0), MetricName::new(metric).unwrap()).unwrap();
    }
    bench
}

proptest! {
    #[test]
    fn the_same_readings_give_the_same_alerts(
        readings in prop::collection::vec((1i64..40, 0u8..11, 0u8..11, 0u8..4), 1..80),
        cuts in prop::collection::vec(any::<bool>(), 80),
        keys in prop::collection::vec(any::<u16>(), 160),
        late_ms in 0i64..300_000,
    ) {
        let value = |number: u8| crate::core::telemetry::Value::new(f64::from(number)).unwrap();
        let mut time = START;
        let mut rows = Vec::new();
        for (seconds, m, n, which) in &readings {
            time = time.plus(seconds * 1_000);
            let m = (*which != 1).then(|| (crate::core::catalogue::Column(0), value(*m)));
            let n = (*which != 2).then(|| (crate::core::catalogue::Column(1), value(*n)));
            rows.push(Row::new(AssetId(0), time, m.into_iter().chain(n).collect()).unwrap());
        }
        let (mut plain, mut expected) = (bench(), Vec::new());
        rows.iter().for_each(|row| tell(&mut plain, row.time(), std::slice::from_ref(row), &mut expected));

        let (mut shaken, mut found) = (bench(), Vec::new());
        let mut batch: Vec<(u16, Row)> = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            // Each value in a payload of its own, in any order.
            for value in row.values() {
                let single = Row::new(AssetId(0), row.time(), vec![*value]).unwrap();
                batch.push((keys[batch.len()], single));
            }
            if cuts[at] || at + 1 == rows.len() {
                batch.sort_by_key(|(key, _)| *key);
                let told: Vec<Row> = batch.drain(..).map(|(_, row)| row).collect();
                tell(&mut shaken, row.time().plus(late_ms), &told, &mut found);
            }
        }
        prop_assert_eq!(found, expected);
    }
}
