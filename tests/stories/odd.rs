//! Odd readings over HTTP: what comes twice, late, ahead or contradicting is answered as documented, counted, and kept or
//! refused; metrics are typed and meters swapped.

use serde_json::{Value, json};

use crate::harness::wait::ensure;
use crate::harness::{Answer, Building, Client, story_folder, until};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

#[test]
fn odd_readings_are_answered_counted_and_kept_or_refused() {
    let mut building = Building::init(&story_folder("odd-readings")).start();
    let api = building.api();
    let now = now(&api);
    let send = |at: i64, metrics: Value| send(&api, now + at, metrics);
    let told = |at: i64, metrics: Value| {
        let answer = send(at, metrics);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    assert_eq!(told(0, json!({"power_kw": 5.0, "temp_out_air": -0.0}))["inserted_points"], 2);
    assert_eq!(told(0, json!({"power_kw": 5.0}))["duplicate_points"], 1);
    assert_eq!(told(0, json!({"power_kw": 6.0}))["conflicting_points"], 1);
    for late in [5 * MINUTE, 90 * MINUTE, 5 * DAY] {
        assert_eq!(told(-late, json!({"power_kw": 4.0}))["inserted_points"], 1, "{late} ms late");
    }
    assert_eq!(told(MINUTE, json!({"power_kw": null, "brand_new": 1.5}))["inserted_points"], 1);
    for (at, field) in [(-100 * DAY, "timestamp"), (6 * MINUTE, "timestamp"), (2 * DAY, "timestamp")] {
        let answer = send(at, json!({"power_kw": 1.0}));
        assert_eq!((answer.status, &answer.json()["field"]), (422, &json!(field)), "{at} ms");
    }
    let conflicts = until("the contradiction is shown", 5, || {
        let conflicts = api.items("/api/v1/telemetry/conflicts")?;
        ensure(conflicts.len() == 1, || format!("{conflicts:?}"))?;
        Ok::<_, String>(conflicts)
    });
    let shown = &conflicts[0];
    assert_eq!(
        (&shown["metric"], &shown["holds"], &shown["dropped"]),
        (&json!("power_kw"), &json!(5.0), &json!(6.0))
    );
    let counters = api.try_get("/metrics").unwrap().text();
    for counter in [
        "symbiose_telemetry_duplicates_total",
        "symbiose_telemetry_conflicts_total",
        "symbiose_telemetry_late_rows_total",
        "symbiose_telemetry_payloads_refused_total",
        "symbiose_telemetry_late_rows_refused_total",
        "symbiose_telemetry_series_refused_total",
        "symbiose_telemetry_quarantine_rows_total",
        r#"symbiose_telemetry_refusals_total{reason="future"}"#,
        r#"symbiose_telemetry_refusals_total{reason="too_old"}"#,
    ] {
        assert!(counters.contains(counter), "{counter} is counted");
    }
    let from = protocol::UnixMs(now - 6 * DAY);
    let path = format!("/api/v1/assets/CAS-S1-HVAC_1/metrics?metric=power_kw&from={from}");
    let expected = [json!(4.0), json!(4.0), json!(4.0), json!(5.0)];
    let values = |api: &Client| -> Vec<Value> {
        api.items(&path).unwrap().into_iter().map(|item| item["v"].clone()).collect()
    };
    assert_eq!(values(&api), expected, "the late ones are sorted in");
    building.kill();
    building.restart();
    assert_eq!(values(&building.api()), expected, "after a restart too");
}

#[test]
fn a_flood_of_old_readings_is_slowed_down_and_those_of_now_are_not() {
    let building = Building::init(&story_folder("odd-flood")).start();
    let api = building.api();
    let now = now(&api);
    assert_eq!(send(&api, now, json!({"power_kw": 1.0})).status, 200);
    let flood = |start: i64| {
        let line = |i: i64| payload(now - 10 * DAY + start + i, json!({"power_kw": 2.0})).to_string();
        let lines: Vec<String> = (0..5_000).map(line).collect();
        api.send("/api/v1/telemetry/bulk", "application/x-ndjson", lines.join("\n").as_bytes()).unwrap()
    };
    let answers: Vec<u16> = (0..4).map(|i| flood(i * 5_000).status).collect();
    assert_eq!(answers[0], 200);
    assert!(answers.contains(&429), "{answers:?}");
    assert_eq!(send(&api, now + 1_000, json!({"power_kw": 1.0})).status, 200, "those of now come through");
}

#[test]
fn metrics_are_typed_and_meters_swapped_for_good() {
    let mut building = Building::init(&story_folder("odd-meters")).start();
    let api = building.api();
    let now = now(&api);
    let change =
        json!({"kind": "counter", "unit": "m³", "rollover": 100_000, "on_conflict": "last", "raw_days": 30});
    let gas = api.put("/api/v1/metrics/gas_m3", &change).unwrap();
    assert_eq!((gas.status, &gas.json()["kind"], &gas.json()["series"]), (200, &json!("counter"), &json!(0)));
    let fixed = api.put("/api/v1/metrics/energy_kwh", &json!({"unit": "MWh"})).unwrap();
    assert_eq!(fixed.status, 409, "the unit of a standard metric is fixed: {}", fixed.text());
    for value in [98_000.0, 98_000.5] {
        assert_eq!(send(&api, now, json!({"gas_m3": value})).status, 200);
    }
    assert_eq!(send(&api, now - 31 * DAY, json!({"gas_m3": 1.0})).status, 422, "kept for 30 days only");
    let at = protocol::UnixMs(now + 1_000).to_string();
    let swap = json!({"metric": "gas_m3", "at": at, "end_reading": 98_001.0, "start_reading": 0.5, "note": "n° 4711"});
    let path = "/api/v1/assets/CAS-S1-HVAC_1/swaps";
    assert_eq!(api.post(path, &swap).unwrap().status, 201);
    let gauge = json!({"metric": "power_kw", "at": at, "end_reading": 1, "start_reading": 0});
    assert_eq!(api.post(path, &gauge).unwrap().status / 100, 4, "only a counter that reports is swapped");
    building.kill();
    building.restart();
    let api = building.api();
    assert_eq!(api.items(path).unwrap()[0]["note"], "n° 4711");
    let metrics = api.items("/api/v1/metrics").unwrap();
    let gas = metrics.iter().find(|metric| metric["name"] == "gas_m3").unwrap();
    assert_eq!((&gas["rollover"], &gas["raw_days"], &gas["series"]), (&json!(1e5), &json!(30), &json!(1)));
}

fn payload(ms: i64, metrics: Value) -> Value {
    let timestamp = protocol::UnixMs(ms).to_string();
    json!({"site_code": "CAS-S1", "asset_code": "CAS-S1-HVAC_1", "timestamp": timestamp, "metrics": metrics})
}

fn send(api: &Client, ms: i64, metrics: Value) -> Answer {
    api.post("/api/v1/telemetry", &payload(ms, metrics)).unwrap()
}

/// The node's time, milliseconds.
fn now(api: &Client) -> i64 {
    let node = api.get("/api/v1/node").unwrap();
    i64::try_from(crate::harness::time::parse_ms(node["time"].as_str().unwrap())).unwrap()
}
