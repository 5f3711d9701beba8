//! Odd readings through the building's one door: the table of cases, one after the other, and what follows from each.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use protocol::limits::BACKFILL_ROWS_AT_ONCE_MAX;

use super::*;
use crate::core::catalogue::{
    AssetId, Column, MetricDefinition, MetricKind, MetricName, MetricTraits, OnConflict, Retention,
};

/// 2025-12-09T10:15:23Z.
const NOW: i64 = 1_765_275_323_000;
const S: i64 = 1_000;
const MINUTE: i64 = 60 * S;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A building behind its door.
struct Door {
    core: Core,
    now: Now,
    entries: BTreeMap<Vec<u8>, Vec<u8>>,
    wal: Vec<Replayed>,
    blocks: Vec<ledger::StoredBlock>,
    told: String,
}

impl Door {
    fn open() -> Self {
        let now = Now { tick: Tick(0), time: UnixMs(NOW) };
        let (core, outputs) = start(now, &BTreeMap::new(), &[], &[]);
        let (entries, wal, blocks) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut door = Self { core, now, entries, wal, blocks, told: String::new() };
        door.perform(outputs);
        door
    }

    /// A restart with the clock at `time`.
    fn reopen(&mut self, time: i64) {
        self.now.time = UnixMs(time);
        let (core, outputs) = start(self.now, &self.entries, &self.wal, &self.blocks);
        self.core = core;
        self.perform(outputs);
    }

    fn tell(&mut self, input: Input) {
        let outputs = self.core.handle(self.now, input);
        self.perform(outputs);
    }

    fn perform(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Persist(changes) => {
                    for change in changes {
                        match change.value() {
                            Some(value) => self.entries.insert(change.key(), value),
                            None => self.entries.remove(&change.key()),
                        };
                    }
                }
                Output::StoreTelemetry { ticket, definitions, rows } => {
                    self.wal.push(Replayed::Definitions(definitions));
                    self.wal.push(Replayed::Rows(rows.clone()));
                    self.tell(Input::TelemetryStored(vec![(ticket, rows)]));
                }
                Output::AnswerTelemetry {
                    stored: Stored { points, duplicates, conflicts, quarantined },
                    ..
                } => {
                    write!(
                        self.told,
                        "{points} new, {duplicates} again, {conflicts} contradict, {quarantined} wait"
                    )
                    .unwrap();
                }
                Output::RefuseTelemetry { payload, refusal, .. } => {
                    let again = refusal.retry_after_s().map(|s| format!(" (again in {s} s)"));
                    write!(self.told, "payload {payload}: {}{}", refusal.reason(), again.unwrap_or_default())
                        .unwrap();
                }
                Output::Answer { answer, .. } => answer.map(drop).unwrap(),
                Output::Ledger(ledger::Output::Committed(committed)) => {
                    let block = (*committed.block).clone();
                    self.blocks.push(ledger::StoredBlock { block, certificate: committed.certificate });
                }
                Output::Ledger(_)
                | Output::AnswerJoin { .. }
                | Output::SendOperator { .. }
                | Output::SendSettlement { .. }
                | Output::Members(_)
                | Output::MemberMoved { .. }
                | Output::ForgetHistory
                | Output::StoreNetworkKeys(_)
                | Output::NetworkKeys(_)
                | Output::Event(_) => {}
            }
        }
    }

    fn pass(&mut self, ms: i64) {
        self.now.tick = self.now.tick.plus(u64::try_from(ms).unwrap());
        self.now.time = self.now.time.plus(ms);
        self.tell(Input::Tick);
    }

    fn define(&mut self, name: &str, traits: MetricTraits) {
        let definition = MetricDefinition::new(MetricName::new(name).unwrap(), traits).unwrap();
        let command = Command::DefineMetric(definition);
        self.tell(Input::Command { ticket: Ticket(0), by: Actor::new("Amina"), command });
    }

    fn send(&mut self, payloads: Vec<Payload>) -> String {
        self.told.clear();
        self.tell(Input::Telemetry { ticket: Ticket(1), payloads });
        std::mem::take(&mut self.told)
    }

    fn one(&mut self, at: i64, metrics: &[(&str, Option<f64>)]) -> String {
        let at = self.now.time.plus(at);
        self.send(vec![payload(at, metrics)])
    }

    fn readings(&self, metric: &str) -> Vec<(i64, f64)> {
        let asset = self.core.telemetry().catalogue().asset(AssetId(0)).unwrap();
        let column = asset.column(metric).unwrap();
        let head = self.core.telemetry().head(AssetId(0)).unwrap();
        let readings = head.readings(column, UnixMs(i64::MIN), UnixMs(i64::MAX));
        readings.map(|(time, value)| (time.0 - NOW, value.get())).collect()
    }

    fn alerts(&self) -> usize {
        self.core.maintenance().alerts().iter().count()
    }
}

fn payload(time: UnixMs, metrics: &[(&str, Option<f64>)]) -> Payload {
    Payload {
        site_code: "CAS-S1".into(),
        asset_code: "CAS-S1-ELEVATOR_1".into(),
        time,
        metrics: metrics.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
    }
}

/// Milliseconds from now, and what is sent.
type Case<'a> = (&'a str, i64, &'a [(&'a str, Option<f64>)]);

fn table(cases: &[Case<'_>], expect: &Expect) {
    let mut door = Door::open();
    let mut text = String::new();
    for (name, at, metrics) in cases {
        writeln!(text, "{name}: {}", door.one(*at, metrics)).unwrap();
    }
    expect.assert_eq(&text);
}

#[test]
fn every_odd_case_is_answered_as_the_table_says() {
    let many: Vec<(String, Option<f64>)> = (0..100).map(|i| (format!("m{i}"), Some(1.0))).collect();
    let many: Vec<(&str, Option<f64>)> = many.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    table(
        &[
            ("first", 0, &[("motor_temp", Some(60.0)), ("run_hours", Some(500.0))]),
            ("same time, same value", 0, &[("motor_temp", Some(60.0))]),
            ("same time, other value", 0, &[("motor_temp", Some(61.0))]),
            ("5 min late", -5 * MINUTE, &[("motor_temp", Some(59.0))]),
            ("1.5 h late", -90 * MINUTE, &[("motor_temp", Some(58.0))]),
            ("5 days late", -5 * DAY, &[("motor_temp", Some(57.0))]),
            ("91 days late", -91 * DAY, &[("motor_temp", Some(57.0))]),
            ("5 min ahead", 5 * MINUTE, &[("motor_temp", Some(62.0))]),
            ("more than 5 min ahead", 5 * MINUTE + 1, &[("motor_temp", Some(62.0))]),
            ("2 days ahead", 2 * DAY, &[("motor_temp", Some(62.0))]),
            ("NaN", S, &[("motor_temp", Some(f64::NAN))]),
            ("infinity", S, &[("motor_temp", Some(f64::INFINITY))]),
            ("minus infinity", S, &[("motor_temp", Some(f64::NEG_INFINITY))]),
            ("null", S, &[("motor_temp", None)]),
            ("minus zero", 2 * S, &[("motor_temp", Some(-0.0))]),
            ("zero again", 2 * S, &[("motor_temp", Some(0.0))]),
            ("counter falls", 3 * S, &[("run_hours", Some(2.0))]),
            ("new metric", 4 * S, &[("oil_level", Some(0.8))]),
            ("too many new metrics", 4 * S, &many[..64]),
            ("too many metrics", 4 * S, &many[..65]),
            ("twice", 5 * S, &[("motor_temp", Some(1.0)), ("motor_temp", Some(1.0))]),
            ("a new one twice", 5 * S, &[("brand_new", Some(1.0)), ("brand_new", Some(1.0))]),
            ("bad name", 5 * S, &[("Motor", Some(1.0))]),
        ],
        &expect![[r#"
            first: 2 new, 0 again, 0 contradict, 0 wait
            same time, same value: 0 new, 1 again, 0 contradict, 0 wait
            same time, other value: 0 new, 0 again, 1 contradict, 0 wait
            5 min late: 1 new, 0 again, 0 contradict, 0 wait
            1.5 h late: 1 new, 0 again, 0 contradict, 0 wait
            5 days late: 1 new, 0 again, 0 contradict, 0 wait
            91 days late: payload 0: too_old
            5 min ahead: 1 new, 0 again, 0 contradict, 0 wait
            more than 5 min ahead: payload 0: future
            2 days ahead: payload 0: future
            NaN: payload 0: not_finite
            infinity: payload 0: not_finite
            minus infinity: payload 0: not_finite
            null: 0 new, 0 again, 0 contradict, 0 wait
            minus zero: 1 new, 0 again, 0 contradict, 0 wait
            zero again: 0 new, 1 again, 0 contradict, 0 wait
            counter falls: 1 new, 0 again, 0 contradict, 0 wait
            new metric: 1 new, 0 again, 0 contradict, 0 wait
            too many new metrics: 64 new, 0 again, 0 contradict, 0 wait
            too many metrics: payload 0: metric_count
            twice: payload 0: metric_twice
            a new one twice: payload 0: metric_twice
            bad name: payload 0: metric_name
        "#]],
    );
}

#[test]
fn strangers_and_series_beyond_the_limit_leave_nothing_behind() {
    let mut door = Door::open();
    let stranger = |site: &str, asset: &str| Payload {
        site_code: site.into(),
        asset_code: asset.into(),
        ..payload(UnixMs(NOW), &[("motor_temp", Some(1.0))])
    };
    assert_eq!(door.send(vec![stranger("CAS-S9", "CAS-S1-ELEVATOR_1")]), "payload 0: unknown_site");
    assert_eq!(door.send(vec![stranger("CAS-S1", "NOBODY")]), "payload 0: unknown_asset");
    let names: Vec<String> = (0..101).map(|i| format!("m{i}")).collect();
    let some = |range: std::ops::Range<usize>| {
        let metrics: Vec<_> = names[range].iter().map(|name| (name.as_str(), Some(1.0))).collect();
        payload(UnixMs(NOW), &metrics)
    };
    // The request fits but for its last payload: nothing of it is there afterwards.
    let refused = door.send(vec![some(0..64), some(64..100), some(100..101)]);
    assert_eq!(refused, "payload 2: series_limit (again in 60 s)");
    assert_eq!(door.core.telemetry().catalogue().series_count(), 0);
    assert_eq!(door.core.telemetry().counts().series_refused, 1);
    assert_eq!(door.send(vec![some(0..64), some(64..100)]), "100 new, 0 again, 0 contradict, 0 wait");
    assert_eq!(door.core.telemetry().catalogue().series_count(), 100);
}

#[test]
fn contradictions_are_kept_and_the_metric_says_which_reading_holds() {
    let mut door = Door::open();
    let last = MetricTraits { on_conflict: OnConflict::Last, ..MetricTraits::default() };
    door.define("flow", last);
    for value in [1.0, 2.0, 3.0] {
        door.one(0, &[("motor_temp", Some(value)), ("flow", Some(value))]);
    }
    assert_eq!((door.readings("motor_temp"), door.readings("flow")), (vec![(0, 1.0)], vec![(0, 3.0)]));
    let telemetry = door.core.telemetry();
    let kept: Vec<_> =
        telemetry.conflicts().map(|one| (one.column.0, one.holds.get(), one.dropped.get())).collect();
    assert_eq!(kept, [(1, 3.0, 2.0), (0, 1.0, 3.0), (1, 2.0, 1.0), (0, 1.0, 2.0)]);
    assert_eq!(telemetry.tally(AssetId(0), Column(0)).conflicts, 2);
    door.reopen(NOW);
    assert_eq!(door.readings("flow"), [(0, 3.0)], "and after a restart");
}

#[test]
fn raw_readings_are_taken_as_long_as_their_metric_is_kept() {
    let mut door = Door::open();
    let kept = |days| Retention { raw_days: Some(days), ..Retention::default() };
    let gauge = |days| MetricTraits { retention: kept(days), ..MetricTraits::default() };
    door.define("short", gauge(2));
    door.define("long", gauge(400));
    let told = |door: &mut Door, at, name: &str| door.one(at, &[(name, Some(1.0))]);
    assert_eq!(told(&mut door, -3 * DAY, "short"), "payload 0: too_old");
    assert_eq!(told(&mut door, -2 * DAY, "short"), "1 new, 0 again, 0 contradict, 0 wait");
    assert_eq!(told(&mut door, -399 * DAY, "long"), "1 new, 0 again, 0 contradict, 0 wait");
    assert_eq!(told(&mut door, -401 * DAY, "long"), "payload 0: too_old");
    assert_eq!(told(&mut door, -91 * DAY, "other"), "payload 0: too_old");
    let both = door.one(-3 * DAY, &[("long", Some(1.0)), ("short", Some(1.0))]);
    assert_eq!(both, "payload 0: too_old", "half of a payload is never lost silently");
}

#[test]
fn a_flood_of_old_rows_never_holds_up_those_of_now() {
    let mut door = Door::open();
    door.one(0, &[("power_kw", Some(1.0))]);
    let old = |count: usize| -> Vec<Payload> {
        let time = |i: usize| UnixMs(NOW - 10 * DAY + i64::try_from(i).unwrap());
        (0..count).map(|i| payload(time(i), &[("power_kw", Some(2.0))])).collect()
    };
    let all = BACKFILL_ROWS_AT_ONCE_MAX;
    assert_eq!(door.send(old(all)), format!("{all} new, 0 again, 0 contradict, 0 wait"));
    assert_eq!(door.send(old(1)), "payload 0: backfill (again in 1 s)");
    assert_eq!(door.send(old(3_000)), "payload 2999: backfill (again in 3 s)");
    assert_eq!(door.one(10 * S, &[("power_kw", Some(1.0))]), "1 new, 0 again, 0 contradict, 0 wait");
    assert_eq!(door.core.telemetry().counts().backfill_refused, 3_001);
    door.pass(3 * S);
    assert_eq!(door.send(old(3_000)), "3000 new, 0 again, 0 contradict, 0 wait");
    assert_eq!(door.readings("power_kw").len(), 2, "none of them is at hand");
}

#[test]
fn a_clock_that_cannot_be_right_makes_readings_wait_over_a_restart() {
    let mut door = Door::open();
    door.one(0, &[("motor_temp", Some(60.0))]);
    door.reopen(3 * MINUTE);
    assert!(door.core.is_clock_doubtful(door.now), "three minutes after 1970");
    let right = UnixMs(NOW + HOUR);
    let sent = vec![payload(right, &[("motor_temp", Some(61.0)), ("brand_new", Some(7.0))])];
    assert_eq!(door.send(sent), "0 new, 0 again, 0 contradict, 2 wait");
    let wrong = vec![payload(UnixMs(NOW + 10 * DAY), &[("motor_temp", Some(99.0))])];
    assert_eq!(door.send(wrong), "0 new, 0 again, 0 contradict, 1 wait");
    assert_eq!(door.readings("motor_temp"), [(0, 60.0)], "the readings at hand do not move");
    door.pass(5 * S);
    assert_eq!(door.core.quarantined(), 2, "nor does anything leave");
    door.reopen(4 * MINUTE);
    assert_eq!(door.core.quarantined(), 2, "it is on disk");
    // The clock is set right.
    door.now.time = UnixMs(NOW + HOUR + MINUTE);
    door.pass(2 * S);
    assert_eq!(door.core.quarantined(), 0);
    assert_eq!(door.readings("motor_temp"), [(0, 60.0), (HOUR, 61.0)]);
    assert_eq!(door.readings("brand_new"), [(HOUR, 7.0)]);
    let waited = door.core.waited();
    assert_eq!((waited.released, waited.refused), (1, 1), "what still lies ahead is refused");
    assert_eq!(door.core.clock_jumps(), 1);
    door.reopen(NOW + HOUR + 2 * MINUTE);
    assert_eq!(door.core.quarantined(), 0, "and it does not come back");
    assert_eq!(door.readings("motor_temp"), [(0, 60.0), (HOUR, 61.0)]);
}

#[test]
fn a_clock_that_jumps_back_flags_itself_and_readings_keep_their_time() {
    let mut door = Door::open();
    door.one(0, &[("motor_temp", Some(60.0))]);
    door.now.time = UnixMs(NOW - DAY);
    door.pass(S);
    assert_eq!(door.core.clock_jumps(), 1);
    let told = door.send(vec![payload(UnixMs(NOW + 10 * S), &[("motor_temp", Some(61.0))])]);
    assert_eq!(told, "0 new, 0 again, 0 contradict, 1 wait");
    door.now.time = UnixMs(NOW + MINUTE);
    door.pass(2 * S);
    assert_eq!(door.readings("motor_temp"), [(0, 60.0), (10 * S, 61.0)]);
}

/// A hive whose time runs 900 times as fast as the machine's, as in a replay, is no clock that jumps at every look.
#[test]
fn a_fast_clock_is_no_clock_that_jumps() {
    let mut door = Door::open();
    door.core.clock_speed_millis = 900_000;
    for _ in 0..20 {
        door.now.tick = door.now.tick.plus(1_000);
        door.now.time = door.now.time.plus(900 * S);
        door.core.handle(door.now, Input::Tick);
    }
    assert_eq!(door.core.clock_jumps(), 0);
    door.now.time = door.now.time.plus(901 * MINUTE);
    door.core.handle(door.now, Input::Tick);
    assert_eq!(door.core.clock_jumps(), 1, "a minute of the machine's clock");
    door.core.handle(door.now, Input::Tick);
    assert_eq!(door.core.clock_jumps(), 1, "said once");
}

#[test]
fn rules_hear_a_reading_once_however_often_and_late_it_comes() {
    let mut door = Door::open();
    let hot = |door: &mut Door, at| door.one(at, &[("motor_temp", Some(95.0))]);
    for i in 0..4 {
        hot(&mut door, i * 10 * S);
        hot(&mut door, i * 10 * S);
        door.one(i * 10 * S, &[("motor_temp", Some(96.0))]);
    }
    for _ in 0..10 {
        hot(&mut door, -30 * DAY);
        hot(&mut door, -5 * HOUR);
    }
    door.pass(2 * S);
    assert_eq!(door.alerts(), 0, "four hot readings, none of them counted twice");
    let at = UnixMs(NOW + 40 * S);
    door.send(vec![payload(at, &[("motor_temp", Some(95.0))])]);
    assert_eq!(door.alerts(), 1, "the fifth one breaks the rule");
    for _ in 0..3 {
        door.send(vec![payload(at, &[("motor_temp", Some(95.0))])]);
        hot(&mut door, -5 * HOUR);
    }
    door.pass(2 * S);
    assert_eq!(door.alerts(), 1, "and the same readings never break it again");
}

#[test]
fn a_metric_keeps_its_kind_over_a_restart() {
    let mut door = Door::open();
    let counter =
        MetricTraits { kind: MetricKind::Counter, rollover: Some(65_536.0), ..MetricTraits::default() };
    door.define("pulses", counter.clone());
    door.one(0, &[("pulses", Some(65_530.0))]);
    door.one(10 * S, &[("pulses", Some(4.0))]);
    door.reopen(NOW + MINUTE);
    let catalogue = door.core.telemetry().catalogue();
    assert_eq!(catalogue.traits("pulses"), &counter);
    let counting = catalogue.counting(AssetId(0), "pulses").unwrap();
    let readings = door.readings("pulses");
    let counted =
        counting.between((UnixMs(readings[0].0), readings[0].1), (UnixMs(readings[1].0), readings[1].1));
    assert!((counted - 10.0).abs() < 1e-9, "{counted}");
}
