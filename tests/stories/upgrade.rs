//! A data folder that release 0.1 left behind, stopped in order or killed: this release opens it and everything is
//! there, and still is when the day of its readings is closed.

use protocol::hex::hex;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use testnet::keys::Keys;

use super::ELEVATOR;
use crate::harness::{Building, Client, story_folder, until};
use crate::source::root;

/// Hive time just after the folder was last used: 2026-11-21T20:00:00Z.
const LEFT_MS: i64 = 1_795_291_200_000;
const DAY_MS: i64 = 86_400_000;
/// The seed whose keys the folder was made with.
const SEED: u64 = 42;

#[test]
fn a_folder_of_release_0_1_keeps_everything() {
    let dir = folder("upgrade", LEFT_MS);
    let mut building = Building::at(dir.clone()).start();
    everything_is_there(&building.api());
    building.kill();
    configure(&dir, LEFT_MS + 2 * DAY_MS);
    building.restart();
    until("the day of the readings is closed", 30, || {
        let store = building.api().get("/api/v1/store")?;
        let days = store["days"].as_array().cloned().unwrap_or_default();
        let is_sealed = days.iter().any(|day| day["id"] == "2026-11-21" && day["state"] == "sealed");
        if is_sealed { Ok(()) } else { Err(store.to_string()) }
    });
    everything_is_there(&building.api());
}

#[test]
fn a_folder_of_a_killed_release_0_1_keeps_everything() {
    let dir = folder("upgrade-killed", LEFT_MS);
    let telemetry = dir.join("telemetry");
    fs::remove_file(telemetry.join("telemetry-0000000001.contents")).unwrap();
    let segment = telemetry.join("telemetry-0000000001.log");
    fs::File::options().write(true).open(segment).unwrap().set_len(4 * 1024 * 1024).unwrap();
    fs::remove_dir_all(dir.join("index")).unwrap();
    everything_is_there(&Building::at(dir).start().api());
}

/// A copy of the kept folder with its keys and a clock that goes on from `hive_ms`.
fn folder(story: &str, hive_ms: i64) -> PathBuf {
    let dir = story_folder(story).join("node");
    copy(&kept(), &dir);
    let keys = Keys::of(SEED);
    for (name, secret) in [
        ("node.key", hex(&keys.node_secret(0))),
        ("swarm.key", keys.swarm()),
        ("operator.token", keys.token(0)),
    ] {
        let path = dir.join(name);
        fs::write(&path, secret).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    configure(&dir, hive_ms);
    dir
}

fn kept() -> PathBuf {
    root().join("tests/golden/folder-0.1")
}

fn configure(dir: &Path, hive_ms: i64) {
    let mut config: toml::Table = fs::read_to_string(kept().join("node.toml")).unwrap().parse().unwrap();
    let mut set = |table: &str, key: &str, value: toml::Value| {
        config[table].as_table_mut().unwrap().insert(key.to_owned(), value);
    };
    set("network", "listen", "/ip4/127.0.0.1/tcp/0".into());
    set("http", "listen", "127.0.0.1:0".into());
    set("clock", "speed", 1.0.into());
    set("clock", "epoch_wall_ms", testnet::clock::wall_ms().into());
    set("clock", "epoch_hive_ms", hive_ms.into());
    fs::write(dir.join("node.toml"), config.to_string()).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn expected(name: &str) -> Value {
    serde_json::from_slice(&fs::read(kept().join("expected").join(name)).unwrap()).unwrap()
}

fn everything_is_there(api: &Client) {
    let head = expected("ledger_head.json");
    let block = api.get(&format!("/api/v1/ledger/blocks/{}", head["height"])).unwrap();
    assert_eq!((&block["block"], &block["state"]), (&head["block"], &head["state"]));
    for (path, fields) in [
        ("alerts", &["id", "asset", "site", "policy", "severity", "status", "message", "opened"][..]),
        ("workorders", &["id", "asset", "alert", "status", "opened"]),
        ("policies", &["id", "asset_kind", "metric", "condition", "threshold", "samples", "severity"]),
    ] {
        let known = api.items(&format!("/api/v1/{path}")).unwrap();
        for item in expected(&format!("{path}.json"))["items"].as_array().unwrap() {
            let same = known.iter().find(|one| one["id"] == item["id"]);
            let same = same.unwrap_or_else(|| panic!("{path}: {} is gone", item["id"]));
            for field in fields {
                assert_eq!(same[*field], item[*field], "{path} {}: {field}", item["id"]);
            }
        }
    }
    let path = format!("/api/v1/assets/{ELEVATOR}/metrics?from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z");
    let stored: BTreeMap<(String, String), Value> = api
        .items(&path)
        .unwrap()
        .into_iter()
        .map(|item| {
            let text = |field: &str| item[field].as_str().unwrap().to_owned();
            ((text("t"), text("metric")), item["v"].clone())
        })
        .collect();
    let readings = expected("readings.json");
    let readings = readings.as_array().unwrap();
    assert_eq!(readings.len(), 1_000);
    for reading in readings {
        let text = |at: usize| reading[at].as_str().unwrap().to_owned();
        assert_eq!(stored.get(&(text(0), text(1))), Some(&reading[2]), "{reading}");
    }
    assert_eq!(api.get("/readyz").unwrap_or(json!(null))["ready"], json!(true));
}
