//! The monitoring programs of others: promtool reads the node's figures and asks its history as it would ask Prometheus.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{hive_ms, time};
use crate::harness::programs::{Run, run};
use crate::harness::{Building, Client, pass_over, story_folder};

const ASSET: &str = "CAS-S1-CHILLER_1";

/// Whether the tool is on this machine; says so when it is not.
fn is_here() -> bool {
    let found =
        Command::new("promtool").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if found.is_err() {
        pass_over("promtool is not on this machine (apt-get install prometheus)");
    }
    found.is_ok()
}

/// Six hours ago to now, one reading a minute of a counter that counts one a minute.
fn feed(api: &Client) -> u64 {
    let now = hive_ms(api) / 60_000 * 60_000;
    let line = |minute: u64| {
        let at = time(now - (360 - minute) * 60_000);
        json!({"site_code": "CAS-S1", "asset_code": ASSET, "timestamp": at, "metrics": {"run_hours": minute, "water_temp_out": 7.5}})
            .to_string()
    };
    let lines: Vec<String> = (0..=360).map(line).collect();
    let answer =
        api.send("/api/v1/telemetry/bulk", "application/x-ndjson", lines.join("\n").as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    now
}

#[test]
fn promtool_reads_the_figures() {
    if !is_here() {
        return;
    }
    let folder = story_folder("prometheus-metrics");
    let building = Building::init(&folder).start();
    feed(&building.api());
    let figures = building.api().try_get("/metrics").unwrap().text();
    let path = folder.join("metrics.txt");
    fs::write(&path, figures).unwrap();
    let checked = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(fs::File::open(&path).unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(checked.status.success() && said.is_empty(), "{said}");
}

#[test]
fn promtool_asks_the_history() {
    if !is_here() {
        return;
    }
    let folder = story_folder("prometheus-query");
    let building = Building::init(&folder).start();
    let api = building.api();
    let now = feed(&api);
    let token = fs::read_to_string(building.dir().join("operator.token")).unwrap();
    // The token as the password of basic authentication, as in a data source of Grafana.
    let server = api.base().replace("http://", &format!("http://grafana:{}@", token.trim()));
    let server = format!("{}/prom", server.trim_end_matches('/'));
    let ask = |words: &[&str], query: &str| -> Run {
        let mut promtool = Command::new("promtool");
        run(promtool.args(["query", words[0], "-o", "json"]).args(&words[1..]).args([server.as_str(), query]))
    };
    let at = (now / 1_000).to_string();
    let instant = |query: &str| -> Value {
        serde_json::from_str(&ask(&["instant", "--time", &at], query).ok()).unwrap()
    };
    let newest = instant("run_hours{asset=~\"CAS-S1-CHILLER_.*\"}");
    assert_eq!(newest[0]["value"][1], "360", "{newest}");
    assert_eq!(newest[0]["metric"]["__name__"], "run_hours");
    assert_eq!(instant("sum(increase(run_hours[1h])) * 2")[0]["value"][1], "120");
    let start = (now / 1_000 - 3_600).to_string();
    let range = ask(
        &["range", "--start", &start, "--end", &at, "--step", "15m"],
        "avg by (site) (avg_over_time(water_temp_out[15m]))",
    );
    let range: Value = serde_json::from_str(&range.ok()).unwrap();
    assert_eq!(range[0]["metric"], json!({"site": "CAS-S1"}));
    let values = range[0]["values"].as_array().expect("a list");
    assert!(values.len() == 5 && values.iter().all(|pair| pair[1] == "7.5"), "{range}");
    let refused = ask(&["instant", "--time", &at], "topk(3, run_hours)");
    assert!(refused.exit != 0 && refused.err.contains("topk"), "{refused:?}");
    // The same in our own words: hours that follow each other add up.
    let steps = |step: &str| -> f64 {
        let (from, to) = (time(now - 6 * 3_600_000), time(now));
        let path = format!(
            "/api/v1/query?fn=increase&metric=run_hours&asset={ASSET}&from={from}&to={to}&step={step}"
        );
        let answer = api.get(&path).unwrap();
        let values = answer["series"][0]["values"].as_array().expect("a list").clone();
        values.iter().filter_map(Value::as_f64).sum()
    };
    for step in ["15m", "1h", "7m"] {
        assert!((steps(step) - 360.0).abs() < 1e-6, "{step}: {}", steps(step));
    }
}
