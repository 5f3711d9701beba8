//! What people and gateways write: readings as JSON, policies and configuration as TOML, questions in Prometheus'
//! language.

use std::path::Path;

use node::config::Config;
use web::decoders;
use web::{TelemetryPayload, Time};

use super::bounds::{measured, measured_by};

/// A payload's list of metrics, and an error with the text at fault.
const JSON_FLOOR: u64 = 16 * 1024;
/// The tree of one policy at its longest, 32 KiB.
const POLICY_FLOOR: u64 = 4 * 1024 * 1024;
/// What the library keeps of a configuration, which is at most 256 KiB and the owner's own: a tree of tens of bytes per
/// byte, which no bound of ours can make smaller.
const CONFIGURATION_FACTOR: u64 = 200;
/// A tree of JSON, and serde's own copy of what stands within a variant: tens of bytes per byte, of bodies that are 64 KiB
/// at the most.
const JSON_TREE_FACTOR: u64 = 200;
/// A whole question is at most 4 KiB: its tree and two compiled patterns.
const PROMQL_FLOOR: u64 = 4 * 1024 * 1024;

pub(super) fn check_reading(json: &[u8]) {
    if let Ok(payload) = measured(json.len(), JSON_FLOOR, || decoders::telemetry(json)) {
        check_payload(&payload);
    }
}

/// Many are read as each alone would be, or not at all.
pub(super) fn check_readings(ndjson: &[u8]) {
    let Ok(payloads) = measured(ndjson.len(), JSON_FLOOR, || decoders::telemetry_lines(ndjson)) else {
        return;
    };
    let text = ndjson.strip_suffix(b"\n").unwrap_or(ndjson);
    let alone: Vec<TelemetryPayload> =
        text.split(|byte| *byte == b'\n').map(|line| decoders::telemetry(line).unwrap()).collect();
    assert_eq!(alone, payloads);
}

/// What was read is within its limits and is read again from what it says.
fn check_payload(payload: &TelemetryPayload) {
    use protocol::limits::{CODE_BYTES_MAX, METRICS_PER_PAYLOAD_MAX};
    assert!((1..=METRICS_PER_PAYLOAD_MAX).contains(&payload.metrics.len()));
    let named = |name: &str| (1..=CODE_BYTES_MAX).contains(&name.len());
    assert!(named(&payload.site_code) && named(&payload.asset_code));
    for (name, value) in &payload.metrics {
        assert!(named(name));
        assert!(value.is_none_or(|value| value.is_finite() && !(value == 0.0 && value.is_sign_negative())));
    }
    let metrics: serde_json::Map<String, serde_json::Value> =
        payload.metrics.iter().map(|(name, value)| (name.clone(), serde_json::json!(value))).collect();
    let again = serde_json::json!({
        "site_code": payload.site_code,
        "asset_code": payload.asset_code,
        "timestamp": Time::from(payload.timestamp).to_string(),
        "metrics": metrics,
    });
    let mut again = decoders::telemetry(again.to_string().as_bytes()).expect("what was read reads again");
    let mut payload = payload.clone();
    for one in [&mut again, &mut payload] {
        one.metrics.sort_by(|a, b| a.0.cmp(&b.0));
    }
    assert_eq!(again, payload, "a reading changes when written again");
}

const PAYLOAD: &str = r#"{"site_code":"CAS-S1","asset_code":"CAS-S1-HVAC_1","timestamp":"2025-12-09T10:15:23.5+01:00","metrics":{"temp_out_air":32.5,"temp\u0041":-1.25e-3,"power_kw":12,"vibration_level":null}}"#;

pub(super) fn reading_seeds() -> Vec<Vec<u8>> {
    vec![PAYLOAD.into(), PAYLOAD.replace(',', " ,\t").replace("+01:00", "Z").into()]
}

pub(super) fn readings_seeds() -> Vec<Vec<u8>> {
    let other = PAYLOAD.replace("32.5", "0.1").replace("HVAC_1", "METER_1");
    vec![format!("{PAYLOAD}\n{other}\n").into(), vec![PAYLOAD; 40].join("\n").into()]
}

pub(super) fn check_policies(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(policies) = measured(bytes.len(), POLICY_FLOOR, || decoders::policies(text)) {
        assert!(policies.len() <= protocol::limits::POLICIES_MAX);
    }
}

const POLICIES: &str = r#"
[[policy]]
code = "R5"
asset_kind = "ELEVATOR"
severity = "high"
message = "Surchauffe moteur ascenseur"
work_order = true
clear_after_minutes = 20
escalate = [{ after_minutes = 60, severity = "high" }]

[[policy.group]]
[[policy.group.condition]]
metric = "motor_temp"
rule = "consecutive"
condition = "above"
threshold = 80.0
clear_threshold = 75.5
samples = 5

[[policy.group.condition]]
metric = "power_kw"
operator = "over"
metric2 = "current_a"
rule = "threshold"
condition = "below"
threshold = 0.25
window_minutes = 15
"#;

pub(super) fn policies_seeds() -> Vec<Vec<u8>> {
    vec![POLICIES.into(), POLICIES.repeat(8).into(), b"policy = []".to_vec()]
}

/// A batch asks no more than it has requests, and a second look finds the same.
pub(super) fn check_rpc(json: &[u8]) {
    if let Ok(found) = measured_by(JSON_TREE_FACTOR, json.len(), JSON_FLOOR, || decoders::rpc(json), |_| 0) {
        assert!(found.0 + found.1 <= json.len(), "{found:?} requests in {} bytes", json.len());
        assert_eq!(decoders::rpc(json).ok(), Some(found));
    }
}

pub(super) fn rpc_seeds() -> Vec<Vec<u8>> {
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{"to":"0x4e52470000000000000000000000000000000001","data":"0x18160ddd"},"latest"]}"#;
    let notified = r#"{"jsonrpc":"2.0","method":"eth_blockNumber"}"#;
    vec![call.into(), format!("[{call},{notified},{{}},7]").into(), b"[]".to_vec()]
}

/// Decisions, equipment and an organiser's parts: what was read says the same when it is written again.
pub(super) fn check_wishes(json: &[u8]) {
    if let Ok(wish) =
        measured_by(JSON_TREE_FACTOR, json.len(), JSON_FLOOR, || decoders::decision(json), |_| 0)
    {
        let again = serde_json::to_vec(&wish).expect("JSON");
        assert_eq!(decoders::decision(&again).ok(), Some(wish), "a decision changes when written again");
    }
    if let Ok(own) =
        measured_by(JSON_TREE_FACTOR, json.len(), JSON_FLOOR, || decoders::equipment(json), |_| 0)
    {
        let again = serde_json::to_vec(&own).expect("JSON");
        assert_eq!(decoders::equipment(&again).ok(), Some(own), "equipment changes when written again");
    }
    if let Ok(given) =
        measured_by(JSON_TREE_FACTOR, json.len(), JSON_FLOOR, || decoders::coefficients(json), |_| 0)
    {
        let again = serde_json::to_vec(&given).expect("JSON");
        assert_eq!(decoders::coefficients(&again).ok(), Some(given), "parts change when written again");
    }
}

pub(super) fn wishes_seeds() -> Vec<Vec<u8>> {
    let texts = [
        r#"{"kind":"add_authority","member":"00112233445566778899aabbccddeeff00112233"}"#,
        r#"{"kind":"energy","what":{"what":"charge","retail":250000,"feed_in":40000,"fees":{"building":0,"cabin":1,"substation":2,"region":3},"from_slot":1961112}}"#,
        r#"{"kind":"energy","what":{"what":"share","rule":{"rule":"static_fixed","weights":[{"member":"ab","weight":3}],"factor":{"num":1,"den":2}},"from_slot":9}}"#,
        r#"{"kind":"energy","decision":"820001","what":{"what":"settle","desks":[{"authority":"ab","operator":"x"}]}}"#,
        r#"{"from_slot":1961112,"parts":[{"member":"00112233445566778899aabbccddeeff00112233","weight":3333},{"member":"ab","weight":0}]}"#,
        r#"{"from_slot":9,"parts":[{"member":"00112233445566778899aabbccddeeff00112233","weight":3}],"then":[{"from_slot":12,"weights":[7]}]}"#,
        r#"{"stores":[{"kind":"own","capacity_wh":10000,"charge_w":5000,"discharge_w":5000}],"loads":[{"kind":"car","energy_wh":8000,"power_w":7000,"from_minute":1080,"until_minute":420}],"tariff":{"kind":"flat","import":250000,"export":40000}}"#,
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

/// The three places where a question may stand. A stack as small as that of a worker has to do.
pub(super) fn check_promql(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let reads = [decoders::promql, decoders::selector, decoders::pattern];
    for read in reads {
        if let Err(sentence) = measured(bytes.len(), PROMQL_FLOOR, || read(text)) {
            assert!(!sentence.is_empty(), "a refusal says why");
        }
    }
}

pub(super) fn promql_seeds() -> Vec<Vec<u8>> {
    let texts = [
        r#"sum by (site) (rate(energy_kwh{asset=~"CAS-.*",kind!="METER"}[5m])) * 3600 - 2 ^ 3 % 7"#,
        r#"-max without (asset) (avg_over_time({__name__="motor_temp"}[1h30m] offset 1d)) / 1e3"#,
        "((1 + 2) * up{site='S00'} offset -5m)",
        "{site=\"S00\",x!~\"a|(b+)\"}",
        "(?i:[a-c]{2,5}|\\p{Greek}+)*?$",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

pub(super) fn check_configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match measured_by(
        CONFIGURATION_FACTOR,
        bytes.len(),
        JSON_FLOOR,
        || Config::of_text(Path::new("node.toml"), text),
        |_| 0,
    ) {
        Ok(config) => assert!(config.sites.len() <= protocol::limits::SITES_MAX && !config.name.is_empty()),
        Err(error) => assert!(!error.to_string().contains('\n'), "an error is one line: {error}"),
    }
}

pub(super) fn configuration_seeds() -> Vec<Vec<u8>> {
    let plain = include_bytes!("../golden/folder-0.1/node.toml");
    let rich = r#"
name = "Tour Alpha"
data_dir = "data"
[network]
listen = "/ip4/0.0.0.0/tcp/4001"
peers = ["/ip4/127.0.0.1/tcp/4002/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"]
mdns = true
[http]
listen = "127.0.0.1:8080"
[clock]
speed = 60.0
epoch_wall_ms = 1765275323000
epoch_hive_ms = 1765275323000
[telemetry]
log_mib_max = 64
raw_days = 30
[[sites]]
code = "CAS-S1"
name = "Tour Alpha"
assets = [{ code = "CAS-S1-HVAC_1", kind = "HVAC" }, { code = "CAS-S1-ELEVATOR_1", kind = "ELEVATOR" }]
"#;
    vec![plain.to_vec(), rich.into()]
}
