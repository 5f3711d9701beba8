//! Conditions together: groups, two metrics as one number, silence, and what is said of all that.

use super::*;
use crate::core::catalogue::metric;
use crate::core::policy::Operator;
use crate::core::rules::sentence;

fn criterion(metric: &str, condition: &str, threshold: f64) -> Criterion {
    Criterion {
        metric: MetricName::new(metric).unwrap(),
        ..terms(RuleKind::Threshold, condition, threshold, None, 1)[0].groups[0][0].clone()
    }
}

fn with(operator: Operator, second: &str, criterion: Criterion) -> Criterion {
    Criterion { with: Some((operator, MetricName::new(second).unwrap())), ..criterion }
}

fn groups(groups: Vec<Vec<Criterion>>) -> Vec<Terms> {
    vec![Terms { groups, ..terms(RuleKind::Threshold, ">", 0.0, None, 1).remove(0) }]
}

fn silence(minutes: u32) -> Criterion {
    Criterion { rule: RuleKind::NoData, window_minutes: Some(minutes), ..criterion("m", ">", 0.0) }
}

#[test]
fn all_of_a_group_and_any_of_the_groups() {
    let both = || groups(vec![vec![criterion("m", ">", 5.0), criterion("n", "<", 3.0)]]);
    check_terms(
        both(),
        "m 6 every 0 s; n 4 every 10 s; m 4 every 0 s; n 2 every 10 s; m 6 every 0 s; n 2 every 10 s",
        &expect![[r#"
            X at 20 s: 6 over 1 readings from 20 to 20 s
        "#]],
    );
    // Values of one time in two payloads: the old value of the one never meets the new value of the other.
    check_terms(both(), "m 4 every 0 s; n 2 every 10 s; m 6 every 0 s; n 4 every 10 s", &expect![""]);
    // Values that never bear the same time meet on the clock.
    check_terms(
        both(),
        "m 6 every 3 s; n 2 every 3 s; wait 1 s",
        &expect![[r#"
        X at 7 s: 6 over 1 readings from 0 to 3 s
    "#]],
    );
    let either = groups(vec![vec![criterion("m", ">", 5.0)], vec![criterion("n", "<", 3.0)]]);
    check_terms(
        either,
        "m 4 every 0 s; n 4 every 10 s; n 2 every 10 s",
        &expect![[r#"
        X at 10 s: 2 over 1 readings from 10 to 10 s
    "#]],
    );
}

#[test]
fn two_metrics_are_one_number_where_they_bear_the_same_time() {
    let hot = groups(vec![vec![with(Operator::Minus, "n", criterion("m", ">", 8.0))]]);
    check_terms(
        hot,
        "m 20 every 0 s; n 12 every 10 s; m 21 every 5 s; n 12 every 5 s; m 21 every 0 s; n 12 every 10 s",
        &expect![[r#"
            X at 20 s: 9 over 1 readings from 20 to 20 s
        "#]],
    );
    let row = Criterion { rule: RuleKind::Consecutive, samples: 2, ..criterion("m", ">", 2.0) };
    let quotient = groups(vec![vec![with(Operator::Over, "n", row)]]);
    let mut bench = Bench::new(quotient);
    for line in "m 9 every 0 s; n 3 every 10 s; m 9 every 0 s; n 0 every 10 s; m 9 every 0 s; n 3 every 10 s"
        .split("; ")
    {
        bench.step(line);
    }
    assert_eq!(bench.log, "", "a quotient that is none breaks the row");
    let policy = &bench.rules.policies()[&PolicyId(1)];
    let doubts = bench.rules.doubts(policy, bench.telemetry.catalogue());
    assert!(
        matches!(&doubts[..], [Doubt::Unevaluable { readings: 1, last, .. }] if *last == START.plus(10_000)),
        "{doubts:?}"
    );
    bench.step("m 9 every 0 s");
    bench.step("n 3 every 0 s");
    assert_eq!(bench.log.lines().count(), 1);
}

#[test]
fn silence_is_found_by_the_clock_and_once() {
    let story = "wait 20 min; m 5 every 10 s; wait 9 min; wait 1 min; wait 60 min; close; wait 60 min; m 5 every 0 s; wait 9 min; wait 1 min";
    check_terms(
        groups(vec![vec![silence(10)]]),
        story,
        &expect![[r#"
        X at 1810 s: 10.167 over 1 readings from 1200 to 1200 s
        X at 9610 s: 10 over 1 readings from 9010 to 9010 s
    "#]],
    );
    // Nobody listened before the start: a long silence until then is no news at once.
    let mut bench = Bench::new(Vec::new());
    bench.step("m 5 every 60 min");
    let policy = Policy::new(PolicyId(1), 1, groups(vec![vec![silence(10)]]).remove(0)).unwrap();
    bench.rules.put(bench.now, policy, &bench.telemetry, |_| Start::default());
    bench.step("wait 9 min");
    assert_eq!(bench.log, "");
    bench.step("wait 1 min");
    assert_eq!(bench.log.lines().count(), 1);
}

#[test]
fn a_metric_that_nothing_reports_is_told() {
    let mut bench =
        Bench::new(groups(vec![vec![criterion("m", ">", 5.0)], vec![criterion("typo", ">", 5.0)]]));
    bench.step("m 1 every 1 s");
    let policy = &bench.rules.policies()[&PolicyId(1)];
    let doubts = bench.rules.doubts(policy, bench.telemetry.catalogue());
    assert_eq!(doubts, [Doubt::Unreported(MetricName::new("typo").unwrap())]);
}

#[test]
fn every_alert_has_a_sentence() {
    let unit = |name: &str| metric(name).map_or("", |known| known.unit);
    let hot = |rule, window, samples| Criterion {
        rule,
        window_minutes: window,
        samples,
        ..criterion("motor_temp", ">", 80.0)
    };
    let product = with(Operator::Times, "current_a", criterion("power_kw", ">=", 0.5));
    let all = [
        hot(RuleKind::Threshold, None, 1),
        hot(RuleKind::Threshold, None, 5),
        hot(RuleKind::Threshold, Some(15), 5),
        hot(RuleKind::Consecutive, None, 5),
        hot(RuleKind::RateOfChange, Some(10), 2),
        hot(RuleKind::Count, Some(10), 3),
        hot(RuleKind::NoData, Some(30), 1),
        Criterion { rule: RuleKind::Runtime, ..criterion("run_hours", ">", 500.0) },
        product.clone(),
    ];
    let last = vec![(START, 81.25)];
    let found = |measured| Evidence {
        measured,
        threshold: 80.0,
        readings: 5,
        from: START,
        to: START,
        last: last.clone(),
    };
    let ground = |criterion: Criterion| Ground { group: 0, place: 0, criterion, evidence: found(31.257_4) };
    let mut lines: Vec<String> = all.iter().map(|one| sentence(&[ground(one.clone())], unit)).collect();
    lines.push(sentence(&[ground(product), ground(criterion("n", "<", -0.0))], unit));
    expect![[r#"
        motor_temp was 31.257 °C, above 80 °C.
        the last 5 readings of motor_temp were all above 80 °C, the newest 31.257 °C.
        the mean of motor_temp over 15 min was 31.257 °C, above 80 °C (5 readings).
        motor_temp was above 80 °C on 5 readings in a row without a gap, the newest 31.257 °C.
        motor_temp changed by 31.257 °C per minute within 10 min, above 80 °C per minute.
        31.2574 readings of motor_temp within 10 min were above 80 °C, 3 are enough.
        motor_temp has not been heard of for 31 min, the last reading was 81.25 °C.
        run_hours has counted 31.257 h since it was served, above 500 h.
        power_kw × current_a was 31.257 kW·A, at least 0.5 kW·A.
        power_kw × current_a was 31.257 kW·A, at least 0.5 kW·A; and n was 31.257, below 0."#]]
    .assert_eq(&lines.join("\n"));
}
