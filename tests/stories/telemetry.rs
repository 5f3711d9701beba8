//! Readings in: what is acknowledged can be read again; everything else is refused with a problem document that names
//! the field, and nothing of it is stored.

use serde_json::{Value, json};

use crate::harness::wait::ensure;
use crate::harness::{Answer, Building, Client, story_folder, until};
use crate::vectors;

const ROUTE: &str = "/api/v1/telemetry";

#[test]
fn a_reading_is_acknowledged_and_read_again() {
    let mut building = Building::init(&story_folder("telemetry")).start();
    let api = building.api();
    let time = now(&api);
    let body = json!({
        "site_code": "CAS-S1", "asset_code": "CAS-S1-HVAC_1", "timestamp": time,
        "metrics": {"temp_out_air": 32.5, "temp_supply_air": 17.8, "power_kw": 5.2, "vibration_level": 3.1},
    });
    let answer = api.post(ROUTE, &body).unwrap();
    assert_eq!((answer.status, answer.json()), (200, json!({"status": "ok", "inserted_points": 4})));
    let again = api.post(ROUTE, &body).unwrap().json();
    assert_eq!(
        (&again["status"], &again["inserted_points"]),
        (&json!("ok"), &json!(0)),
        "sent twice, stored once"
    );
    let expected = [json!(17.8)];
    assert_eq!(values(&api, "temp_supply_air"), expected);
    building.kill();
    building.restart();
    assert_eq!(values(&building.api(), "temp_supply_air"), expected, "after a restart too");
}

#[test]
fn a_bulk_is_stored_whole_or_not_at_all() {
    let building = Building::init(&story_folder("telemetry-bulk")).start();
    let api = building.api();
    let start = crate::harness::time::parse_ms(&now(&api)) - 3_600_000;
    let line = |number: u64, asset: &str| {
        let time = protocol::UnixMs(i64::try_from(start + number * 10_000).unwrap()).to_string();
        json!({"site_code": "CAS-S1", "asset_code": asset, "timestamp": time, "metrics": {"run_hours": number}})
            .to_string()
    };
    let send = |lines: &[String]| {
        api.send("/api/v1/telemetry/bulk", "application/x-ndjson", lines.join("\n").as_bytes()).unwrap()
    };
    let mut lines: Vec<String> = (0..100).map(|number| line(number, "CAS-S1-CHILLER_1")).collect();
    lines.push(line(100, "CAS-S1-NOTHING_1"));
    refused(&send(&lines), "unknown asset in line 101", &["asset_code"]);
    assert_eq!(
        api.items("/api/v1/assets/CAS-S1-CHILLER_1/metrics").unwrap(),
        [Value::Null; 0],
        "nothing of it is stored"
    );
    lines.pop();
    assert_eq!(send(&lines).json()["inserted_points"], 100);
    assert_eq!(api.items("/api/v1/assets/CAS-S1-CHILLER_1/metrics").unwrap().len(), 100);
}

#[test]
fn bad_input_is_named_and_nothing_of_it_is_stored() {
    let building = Building::init(&story_folder("telemetry-bad")).start();
    let api = building.api();
    let time = now(&api);
    let with = |field: &str, value: Value| {
        let mut body = json!({
            "site_code": "CAS-S1", "asset_code": "CAS-S1-HVAC_1", "timestamp": time,
            "metrics": {"temp_out_air": 1.0, "power_kw": 2.0},
        });
        body[field] = value;
        body.to_string().into_bytes()
    };
    let without = |field: &str| {
        let mut body: Value = serde_json::from_slice(&with("site_code", json!("CAS-S1"))).unwrap();
        body.as_object_mut().unwrap().remove(field);
        body.to_string().into_bytes()
    };
    let many: Value = (0..65).map(|n| (format!("m{n}"), json!(n))).collect::<serde_json::Map<_, _>>().into();
    let raw = |metrics: &str| {
        format!(r#"{{"site_code":"CAS-S1","asset_code":"CAS-S1-HVAC_1","timestamp":"{time}","metrics":{metrics}}}"#)
            .into_bytes()
    };
    let table: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("an unknown site", with("site_code", json!("CAS-S99")), &["site_code"]),
        ("an unknown asset", with("asset_code", json!("CAS-S1-HVAC_9")), &["asset_code"]),
        ("an asset code that is a number", with("asset_code", json!(7)), &["asset_code"]),
        ("an asset code with control characters", with("asset_code", json!("CAS\u{0}")), &["asset_code"]),
        ("an asset code of 10,000 bytes", with("asset_code", json!("A".repeat(10_000))), &["asset_code"]),
        ("no site", without("site_code"), &["site_code"]),
        ("no asset", without("asset_code"), &["asset_code"]),
        ("no time", without("timestamp"), &["timestamp"]),
        ("no metrics", without("metrics"), &["metrics"]),
        ("a field nobody knows", with("colour", json!("red")), &["colour"]),
        ("no metric in metrics", with("metrics", json!({})), &["metrics"]),
        ("65 metrics", with("metrics", many), &["metrics"]),
        ("a text as value", with("metrics", json!({"power_kw": "5"})), &["metrics.power_kw", "power_kw"]),
        ("NaN", raw(r#"{"power_kw":NaN}"#), &["metrics.power_kw", "power_kw"]),
        ("infinity", raw(r#"{"power_kw":1e999}"#), &["metrics.power_kw", "power_kw"]),
        ("a metric twice", raw(r#"{"power_kw":1,"power_kw":2}"#), &["metrics.power_kw", "power_kw"]),
        ("a metric without a name", raw(r#"{"":1}"#), &["metrics", "metrics."]),
        (
            "one bad value among good ones",
            raw(r#"{"temp_out_air":1,"power_kw":[]}"#),
            &["metrics.power_kw", "power_kw"],
        ),
        ("a time that is none", with("timestamp", json!("yesterday")), &["timestamp"]),
        ("a time that is a number", with("timestamp", json!(1_765_275_323)), &["timestamp"]),
        ("a time without a zone", with("timestamp", json!("2025-12-09T10:15:23")), &["timestamp"]),
        ("a time in the far future", with("timestamp", json!("2999-01-01T00:00:00Z")), &["timestamp"]),
        ("a time long ago", with("timestamp", json!("1999-01-01T00:00:00Z")), &["timestamp"]),
        ("no body", Vec::new(), &[]),
        ("half a body", with("site_code", json!("CAS-S1"))[..40].to_vec(), &[]),
        ("two bodies", with("site_code", json!("CAS-S1")).repeat(2), &[]),
        ("a list", b"[]".to_vec(), &[]),
        ("bytes that are no text", vec![0xff; 64], &[]),
        ("100,000 brackets", vec![b'['; 100_000], &[]),
        ("100,000 objects deep", br#"{"metrics":"#.repeat(20_000), &[]),
    ];
    for (what, body, fields) in &table {
        refused(&api.send(ROUTE, "application/json", body).unwrap(), what, fields);
    }
    assert_eq!(
        api.items("/api/v1/assets/CAS-S1-HVAC_1/metrics").unwrap(),
        [Value::Null; 0],
        "nothing is stored"
    );
    assert_eq!(
        api.post(ROUTE, &serde_json::from_slice(&with("site_code", json!("CAS-S1"))).unwrap())
            .unwrap()
            .status,
        200
    );
}

#[test]
fn large_foreign_and_unsigned_requests_are_refused() {
    let building = Building::init(&story_folder("telemetry-large")).start();
    let api = building.api();
    // A node may answer and hang up before 20 MB have arrived; that is a refusal too.
    match api.send(ROUTE, "application/json", &vec![b' '; 20 * 1024 * 1024]) {
        Ok(answer) => refused(&answer, "20 MB", &[]),
        Err(error) => assert!(!error.is_empty()),
    }
    let time = now(&api);
    let body = json!({"site_code": "CAS-S1", "asset_code": "CAS-S1-HVAC_1", "timestamp": time, "metrics": {"power_kw": 1}});
    for token in ["", "0000", &"0".repeat(64)] {
        let stranger = Client::new(api.base(), token);
        let answer = stranger.post(ROUTE, &body).unwrap();
        refused(&answer, "a stranger", &[]);
        assert_eq!(answer.status, 401, "{}", answer.text());
    }
    let unknown = api.try_get("/api/v1/nothing").unwrap();
    refused(&unknown, "an unknown route", &[]);
    assert_eq!(
        api.items("/api/v1/assets/CAS-S1-HVAC_1/metrics").unwrap(),
        [Value::Null; 0],
        "nothing is stored"
    );
    until("the node is well", 5, || {
        let answer = api.try_get("/readyz")?;
        ensure(answer.status == 200, || answer.text())
    });
}

/// nst/JSONTestSuite: what is not JSON is refused as such; what is JSON is refused as a reading; nothing is an error
/// of the node.
#[test]
fn a_suite_of_strange_json_never_confuses_the_node() {
    let Some(vectors) = vectors::folder() else { return };
    let building = Building::init(&story_folder("telemetry-json")).start();
    let api = building.api();
    let mut count = 0;
    for entry in std::fs::read_dir(vectors.join("json")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        refused(&api.send(ROUTE, "application/json", &std::fs::read(&path).unwrap()).unwrap(), &name, &[]);
        count += 1;
    }
    assert!(count > 200, "{count} texts");
    assert_eq!(api.try_get("/readyz").unwrap().status, 200);
}

/// A refusal: 4xx, problem+json, and the field by one of its names if it has one.
fn refused(answer: &Answer, what: &str, fields: &[&str]) {
    assert!((400..500).contains(&answer.status), "{what}: {} {}", answer.status, answer.text());
    assert!(answer.content_type.starts_with("application/problem+json"), "{what}: {}", answer.content_type);
    let problem = answer.json();
    assert_eq!(problem["status"], answer.status, "{what}: {problem}");
    for field in ["type", "title", "detail"] {
        assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{what}: {problem}");
    }
    if !fields.is_empty() {
        let named = problem["field"].as_str().unwrap_or_else(|| panic!("{what}: no field in {problem}"));
        assert!(fields.iter().any(|field| named.ends_with(field)), "{what}: {problem}");
    }
}

fn values(api: &Client, metric: &str) -> Vec<Value> {
    let path = format!("/api/v1/assets/CAS-S1-HVAC_1/metrics?metric={metric}");
    api.items(&path).unwrap().into_iter().map(|item| item["v"].clone()).collect()
}

fn now(api: &Client) -> String {
    api.get("/api/v1/node").unwrap()["time"].as_str().unwrap().to_owned()
}
