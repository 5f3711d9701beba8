//! Rules: tables of readings and what comes of them.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use protocol::{AssetKind, Severity};
use std::fmt::Write as _;

use super::*;
use crate::core::catalogue::Code;
use crate::core::policy::{Condition, Criterion, RuleKind, Terms, default_terms};
use crate::core::telemetry::Payload;

const START: UnixMs = UnixMs(1_765_275_323_000);
const KINDS: [(&str, AssetKind); 3] =
    [("HVAC", AssetKind::Hvac), ("CHILLER", AssetKind::Chiller), ("ELEVATOR", AssetKind::Elevator)];

fn listens(criterion: &Criterion, metric: &str) -> bool {
    let second = criterion.with.as_ref().map(|(_, metric)| metric);
    [&criterion.metric].into_iter().chain(second).any(|known| known.as_str() == metric)
}

/// A building with one asset of each kind, a clock, and a log of what the rules found.
struct Bench {
    telemetry: Telemetry,
    rules: Rules,
    now: UnixMs,
    log: String,
}

impl Bench {
    fn new(terms: Vec<Terms>) -> Self {
        let mut catalogue = Catalogue::default();
        catalogue.add_site(Code::new("S").unwrap(), "S").unwrap();
        for (code, kind) in KINDS {
            catalogue.add_asset("S", Code::new(code).unwrap(), kind).unwrap();
        }
        let telemetry = Telemetry::new(catalogue);
        let mut rules = Rules::default();
        for (terms, id) in terms.into_iter().zip(1..) {
            let policy = Policy::new(PolicyId(id), 1, terms).unwrap();
            rules.put(START, policy, &telemetry, |_| Start::default());
        }
        Self { telemetry, rules, now: START, log: String::new() }
    }

    fn reading(&mut self, metric: &str, time: UnixMs, value: f64) {
        let meant = |policy: &&Policy| policy.terms().criteria().any(|criterion| listens(criterion, metric));
        let kind =
            self.rules.policies().values().find(meant).map_or(AssetKind::Hvac, |p| p.terms().asset_kind);
        let (asset_code, _) = KINDS.into_iter().find(|(_, known)| *known == kind).unwrap();
        let payload = Payload { site_code: "S", asset_code, time, metrics: vec![(metric, Some(value))] };
        let accepted = self.telemetry.accept(self.now, &payload).unwrap();
        let applied = self.telemetry.apply(&accepted.row);
        let findings = self.rules.observe(self.now, self.telemetry.catalogue(), &accepted.row, &applied);
        self.take(findings.breaches);
        for kept in findings.kept {
            match kept {
                Kept::Base(base) => writeln!(self.log, "base {:?} + {}", base.base, base.carried).unwrap(),
                Kept::Extremes(known) => {
                    writeln!(self.log, "extremes {} to {}", known.lowest, known.highest).unwrap();
                }
            }
        }
    }

    fn wait(&mut self, ms: i64) {
        self.now = self.now.plus(ms);
        let breaches = self.rules.evaluate(self.now).breaches;
        self.take(breaches);
    }

    fn take(&mut self, breaches: Vec<Breach>) {
        for Breach { asset, policy, evidence, .. } in breaches {
            self.rules.hold(asset, policy);
            let code = &self.rules.policies()[&policy].terms().code;
            let at = |time: UnixMs| time.since(START) / 1000;
            writeln!(
                self.log,
                "{code} at {} s: {} over {} readings from {} to {} s",
                at(self.now),
                (evidence.measured * 1000.0).round() / 1000.0,
                evidence.readings,
                at(evidence.from),
                at(evidence.to),
            )
            .unwrap();
        }
    }

    /// One line of a story, see [`check_rule`].
    fn step(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ms = |number: &str, unit: &str| {
            let unit = match unit {
                "s" => 1_000,
                "min" => 60_000,
                "h" => 3_600_000,
                other => panic!("unit {other}"),
            };
            number.parse::<i64>().unwrap() * unit
        };
        match words.as_slice() {
            ["wait", number, unit] => self.wait(ms(number, unit)),
            ["late", metric, value, number, unit] => {
                let time = self.now.plus(-ms(number, unit));
                self.reading(metric, time, value.parse().unwrap());
            }
            ["close"] => self.close(),
            ["serve"] => self.serve(),
            [metric, values @ .., "every", number, unit] => {
                for value in values {
                    self.reading(metric, self.now, value.parse().unwrap());
                    self.now = self.now.plus(ms(number, unit));
                }
            }
            _ => panic!("line {line:?}"),
        }
    }

    fn pairs(&self) -> Vec<(AssetId, PolicyId)> {
        let policies = self.rules.policies().keys().copied();
        policies.flat_map(|policy| (0..3).map(move |asset| (AssetId(asset), policy))).collect()
    }

    fn close(&mut self) {
        let now = self.now;
        self.pairs().into_iter().for_each(|(asset, policy)| self.rules.release(asset, policy, now));
    }

    fn serve(&mut self) {
        for (asset, policy) in self.pairs() {
            if let Some(base) = self.rules.serve(self.now, asset, policy) {
                writeln!(self.log, "base {:?} + {}", base.base, base.carried).unwrap();
            }
        }
    }
}

/// Plays a story, line by line: `metric values… every N s`, `wait N s`, `late metric value N s`, `close`, `serve`.
fn check_terms(terms: Vec<Terms>, story: &str, expect: &Expect) {
    let mut bench = Bench::new(terms);
    story.split(';').for_each(|line| bench.step(line));
    expect.assert_eq(&bench.log);
}

fn check_rule(story: &str, expect: &Expect) {
    check_terms(default_terms(), story, expect);
}

fn terms(
    rule: RuleKind,
    condition: &str,
    threshold: f64,
    window_minutes: Option<u32>,
    samples: u32,
) -> Vec<Terms> {
    vec![Terms {
        code: Code::new("X").unwrap(),
        asset_kind: AssetKind::Hvac,
        groups: vec![vec![Criterion {
            metric: MetricName::new("m").unwrap(),
            with: None,
            rule,
            condition: Condition::from_sign(condition).unwrap(),
            threshold,
            clear_threshold: None,
            window_minutes,
            samples,
        }]],
        severity: Severity::Low,
        message: "x".to_owned(),
        description: String::new(),
        enabled: true,
        opens_work_order: false,
        clear_after_minutes: None,
        escalate: Vec::new(),
        downgrade_after_minutes: None,
    }]
}

#[test]
fn r1_looks_at_the_mean_of_15_minutes() {
    check_rule(
        "temp_supply_air 19 19 19 22 22 22 every 10 s",
        &expect![[r#"
            R1 at 40 s: 20.2 over 5 readings from 0 to 40 s
        "#]],
    );
    check_rule("temp_supply_air 20 20 20 20 20 20 every 60 s", &expect![""]);
    // Four readings are too few to say anything.
    check_rule("temp_supply_air 30 30 30 30 every 10 s", &expect![""]);
    check_rule(
        "temp_supply_air 30 30 30 30 30 every 10 s",
        &expect![[r#"
            R1 at 40 s: 30 over 5 readings from 0 to 40 s
        "#]],
    );
}

#[test]
fn r1_fires_on_the_clock_when_cool_readings_leave_the_window() {
    check_rule(
        "temp_supply_air 12 12 12 12 every 10 s; wait 10 min; temp_supply_air 21 21 21 21 21 every 10 s; wait 200 s; wait 60 s",
        &expect![[r#"
            R1 at 950 s: 21 over 5 readings from 640 to 680 s
        "#]],
    );
}

#[test]
fn r2_wants_each_of_the_last_five() {
    check_rule("vibration_level 8 8 8 7 8 8 8 8 every 10 s", &expect![""]);
    check_rule(
        "vibration_level 8 8 8 7 8 8 8 8 7.1 every 10 s",
        &expect![[r#"
            R2 at 80 s: 7.1 over 5 readings from 40 to 80 s
        "#]],
    );
    // R2 does not ask for readings without a gap.
    check_rule(
        "vibration_level 8 8 8 every 10 s; wait 20 min; vibration_level 8 8 every 10 s",
        &expect![[r#"
            R2 at 1240 s: 8 over 5 readings from 0 to 1240 s
        "#]],
    );
}

#[test]
fn r3_looks_at_the_mean_of_10_minutes() {
    check_rule(
        "water_temp_out 7 7 7 7 7 every 10 s; wait 10 min; water_temp_out 15 15 15 15 14.5 every 10 s",
        &expect![[r#"
            R3 at 690 s: 14.9 over 5 readings from 650 to 690 s
        "#]],
    );
}

#[test]
fn r4_counts_hours_since_the_last_service_through_resets() {
    check_rule(
        "run_hours 100 499 500 501 every 60 s; serve; close; run_hours 700 1000 1002 every 60 s",
        &expect![[r#"
            R4 at 180 s: 501 over 1 readings from 180 to 180 s
            base Some(501.0) + 0
            base None + 0
            R4 at 360 s: 501 over 1 readings from 360 to 360 s
        "#]],
    );
    // Reset at 400: the 400 hours are carried over. A single low reading is no reset.
    check_rule(
        "run_hours 400 0 401 0 1 99 100 every 60 s",
        &expect![[r#"
            base Some(0.0) + 401
            R4 at 360 s: 501 over 1 readings from 360 to 360 s
        "#]],
    );
    // A late, lower reading is no reset either.
    check_rule(
        "run_hours 400 every 60 s; late run_hours 300 90 s; late run_hours 301 80 s; run_hours 401 every 60 s",
        &expect![""],
    );
}

#[test]
fn r5_wants_five_in_a_row_and_a_gap_breaks_them() {
    check_rule(
        "motor_temp 81 81 81 81 81 every 10 s",
        &expect![[r#"
            R5 at 40 s: 81 over 5 readings from 0 to 40 s
        "#]],
    );
    check_rule("motor_temp 81 81 80 81 81 81 81 every 10 s", &expect![""]);
    check_rule(
        "motor_temp 81 81 81 81 every 10 s; wait 60 s; motor_temp 81 81 81 81 every 10 s",
        &expect![""],
    );
    check_rule(
        "motor_temp 81 81 81 81 every 10 s; wait 60 s; motor_temp 81 81 81 81 81 every 10 s",
        &expect![[r#"
            R5 at 140 s: 81 over 5 readings from 100 to 140 s
        "#]],
    );
    // A slow sensor has no gaps as long as it keeps its pace.
    check_rule(
        "motor_temp 81 81 81 81 81 every 5 min",
        &expect![[r#"
            R5 at 1200 s: 81 over 5 readings from 0 to 1200 s
        "#]],
    );
}

#[test]
fn r6_counts_door_cycles() {
    check_rule(
        "door_cycles 99999 100000 100001 every 10 s; serve; close; door_cycles 200000 200001 200002 every 10 s",
        &expect![[r#"
            R6 at 20 s: 100001 over 1 readings from 20 to 20 s
            base None + 0
            base Some(100001.0) + 0
            R6 at 50 s: 100001 over 1 readings from 50 to 50 s
        "#]],
    );
}

#[test]
fn late_readings_are_sorted_in_or_left_out() {
    // In time: the third of five arrives last.
    check_rule(
        "motor_temp 81 81 every 10 s; wait 10 s; motor_temp 81 81 every 10 s; late motor_temp 81 30 s",
        &expect![[r#"
            R5 at 50 s: 81 over 5 readings from 0 to 40 s
        "#]],
    );
    // In time, and it breaks the row that was about to be complete.
    check_rule(
        "motor_temp 81 81 every 10 s; wait 10 s; motor_temp 81 every 10 s; late motor_temp 60 20 s; motor_temp 81 every 10 s",
        &expect![""],
    );
    // Out of the window: the mean stays what it is.
    check_rule(
        "temp_supply_air 19 19 19 19 19 every 10 s; late temp_supply_air 900 16 min; late temp_supply_air 900 20 min; wait 1 s",
        &expect![""],
    );
    // Readings from two days ago say nothing about now.
    check_rule(
        "late motor_temp 99 49 h; late motor_temp 99 48 h; late motor_temp 99 47 h; late motor_temp 99 46 h; late motor_temp 99 45 h",
        &expect![""],
    );
}

#[test]
fn after_closing_a_rule_starts_anew() {
    check_rule(
        "motor_temp 81 81 81 81 81 81 every 10 s; close; motor_temp 81 81 81 81 every 10 s; wait 60 s; close; motor_temp 81 81 81 81 81 81 every 10 s",
        &expect![[r#"
            R5 at 40 s: 81 over 5 readings from 0 to 40 s
            R5 at 210 s: 81 over 5 readings from 170 to 210 s
        "#]],
    );
}

#[test]
fn count_rate_and_the_other_conditions() {
    check_terms(
        terms(RuleKind::Count, ">=", 3.0, Some(10), 3),
        "m 3 0 4 0 0 every 60 s; wait 4 min; m 3 3 every 60 s; wait 10 min; m 3 every 60 s",
        &expect![[r#"
            X at 540 s: 3 over 6 readings from 0 to 540 s
        "#]],
    );
    check_terms(
        terms(RuleKind::RateOfChange, ">", 2.0, Some(10), 3),
        "m 20 22 24 26.5 every 60 s",
        &expect![[r#"
            X at 180 s: 2.167 over 4 readings from 0 to 180 s
        "#]],
    );
    check_terms(
        terms(RuleKind::RateOfChange, "<", -2.0, Some(5), 2),
        "m 20 18 15 every 60 s",
        &expect![[r#"
            X at 120 s: -2.5 over 3 readings from 0 to 120 s
        "#]],
    );
    check_terms(
        terms(RuleKind::Threshold, "<=", 4.0, None, 2),
        "m 4.1 4 4 every 10 s",
        &expect![[r#"
            X at 20 s: 4 over 2 readings from 10 to 20 s
        "#]],
    );
    check_terms(terms(RuleKind::Threshold, "<", 4.0, None, 1), "m 4 4 4 every 10 s", &expect![""]);
}

#[test]
fn a_policy_put_later_starts_with_the_readings_at_hand() {
    let mut bench = Bench::new(terms(RuleKind::Threshold, ">", 90.0, None, 3));
    bench.step("m 85 85 every 10 s");
    let stricter = terms(RuleKind::Threshold, ">", 80.0, None, 3).remove(0);
    let policy = Policy::new(PolicyId(1), 2, stricter).unwrap();
    bench.rules.put(bench.now, policy, &bench.telemetry, |_| Start::default());
    bench.step("m 85 every 10 s");
    expect![[r#"
        X at 20 s: 85 over 3 readings from 0 to 20 s
    "#]]
    .assert_eq(&bench.log);
    bench.rules.remove(PolicyId(1));
    bench.step("close; m 85 85 85 every 10 s".split(';').next().unwrap());
    bench.step("m 99 99 99 99 every 10 s");
    assert_eq!(bench.log.lines().count(), 1, "a removed policy finds nothing");
}

#[test]
fn near_follows_the_readings_and_the_clock() {
    let mut bench = Bench::new(default_terms());
    let elevator = AssetId(2);
    bench.step("motor_temp 60 72 every 10 s");
    assert!(!bench.rules.is_near(elevator));
    bench.step("motor_temp 72.1 every 10 s");
    assert!(bench.rules.is_near(elevator) && !bench.rules.is_near(AssetId(0)));
    bench.step("wait 59 min");
    assert!(bench.rules.is_near(elevator));
    bench.step("wait 2 min");
    assert!(!bench.rules.is_near(elevator), "an hour without a reading says nothing any more");
}

proptest! {
    /// Kept up reading by reading or computed from scratch, a mean window says the same.
    #[test]
    fn a_window_equals_its_slow_twin(
        readings in prop::collection::vec((0i64..600, -50i32..50, 0i64..40), 1..120),
    ) {
        let span_ms = 100;
        let test = tracker::Test { condition: Condition::Above, threshold: 0.0 };
        let mut window = window::Window::new(span_ms, test);
        let mut twin: BTreeMap<i64, f64> = BTreeMap::new();
        let mut now = 0;
        for (time, value, step) in readings {
            now += step;
            let (time, value) = (time.min(now), f64::from(value));
            window.insert(time, value);
            let newest = twin.last_key_value().map_or(time, |(newest, _)| time.max(*newest));
            if time > newest - span_ms {
                twin.entry(time).or_insert(value);
            }
            twin.retain(|time, _| *time > newest - span_ms);
            // At the moment of the newest reading, then on the clock, then at that reading again.
            for at in [newest, now, newest] {
                window.seek(at);
                let seen: Vec<(i64, f64)> =
                    twin.range(at - span_ms + 1..).map(|(time, value)| (*time, *value)).collect();
                prop_assert_eq!(window.readings().copied().collect::<Vec<_>>(), &seen[..]);
                let meeting = seen.iter().filter(|(_, value)| *value > 0.0).count();
                prop_assert_eq!(window.meeting() as usize, meeting);
                if !seen.is_empty() {
                    #[expect(clippy::cast_precision_loss, reason = "few readings")]
                    let mean = seen.iter().map(|(_, value)| value).sum::<f64>() / seen.len() as f64;
                    prop_assert_eq!(window.mean(), mean);
                }
            }
        }
    }

    /// In whatever order the readings of a streak arrive, it ends up with the same verdict.
    #[test]
    fn a_streak_does_not_depend_on_the_order_of_arrival(
        values in prop::collection::vec(prop::bool::weighted(0.8), 5..12),
        keys in prop::collection::vec(any::<u16>(), 12),
    ) {
        let test = tracker::Test { condition: Condition::Above, threshold: 0.5 };
        let verdict = |order: &[usize]| {
            let mut streak = streak::Streak::new(5, 1_000_000, test, true);
            for at in order {
                let time = i64::try_from(*at).unwrap() * 10_000;
                streak.insert(time, f64::from(u8::from(values[*at])));
            }
            (streak.is_complete(500_000), streak.readings().clone())
        };
        let sorted: Vec<usize> = (0..values.len()).collect();
        let mut shuffled = sorted.clone();
        shuffled.sort_by_key(|at| keys[*at]);
        prop_assert_eq!(verdict(&shuffled), verdict(&sorted));
    }
}

#[test]
fn extreme_values_leave_no_trace_in_a_mean() {
    let test = tracker::Test { condition: Condition::Above, threshold: 20.0 };
    let mut window = window::Window::new(1_000, test);
    window.insert(0, 1e300);
    window.insert(1, -1e300);
    (2..900).for_each(|time| assert!(window.insert(time, 0.1)));
    window.seek(1_001);
    assert!((window.mean() - 0.1).abs() < 1e-12, "{}", window.mean());
}

mod batches;
mod groups;
mod trial;
mod unusual;
