//! A process that stands still for a minute and a half, and clocks that jump while it runs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    final_work_order, height, hive_ms, overheat, overheat_again, overheating_alert, overheating_alerts, time,
};
use crate::harness::programs::{run, symbiose};
use crate::harness::wait::{ensure, within};
use crate::harness::{Building, Client, Hive, Node, story_folder, until};

/// How long a node stands still, seconds.
const PAUSE_S: u64 = 90;
/// A node that goes on has caught up by then, seconds.
const CAUGHT_UP_S: u64 = 30;

#[test]
fn a_node_that_stood_still_for_90_seconds_goes_on() {
    let hive = Hive::start("weather-pause", &["--buildings", "4", "--authorities", "4"]);
    let (first, last) = (hive.node("CAS-S1"), hive.node("CAS-S4"));
    let asleep = height(&last.api).unwrap();
    hive.tell(&["pause", "CAS-S4"]);
    let mut rounds = 0;
    // The others go on, again and again, until the time is over.
    within(PAUSE_S, || {
        let before = height(&first.api).unwrap();
        overheat_again(&first.api, "CAS-S1");
        until("the hive goes on with three of four", 20, || {
            let now = height(&first.api)?;
            ensure(now > before, || format!("still {now}"))
        });
        rounds += 1;
        false
    });
    assert!(rounds >= 3, "{rounds} work orders in {PAUSE_S} s");
    hive.tell(&["resume", "CAS-S4"]);
    let target = height(&first.api).unwrap();
    assert!(target > asleep);
    until("the node that stood still has caught up", CAUGHT_UP_S, || {
        let now = height(&last.api)?;
        ensure(now >= target, || format!("at {now} of {target}"))
    });
    let answer = last.api.post("/api/v1/telemetry", &reading("CAS-S4", hive_ms(&last.api), 1)).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    same_blocks_and_no_evidence(&hive.nodes(), target);
}

#[test]
fn a_hive_of_which_half_stood_still_goes_on() {
    let hive = Hive::start("weather-half", &["--buildings", "4", "--authorities", "4"]);
    let first = hive.node("CAS-S1");
    hive.tell(&["pause", "CAS-S3", "CAS-S4"]);
    overheat(&first.api);
    overheating_alert(&first.api);
    until("the node says that the hive halts", 30, || {
        let seen = first.api.get("/api/v1/hive")?;
        ensure(!seen["halted"].is_null(), || seen.to_string())
    });
    let halted = height(&first.api).unwrap();
    hive.tell(&["resume", "CAS-S3", "CAS-S4"]);
    until("the hive goes on", CAUGHT_UP_S, || {
        let now = height(&first.api)?;
        ensure(now > halted, || format!("still {now}"))
    });
    let target = height(&first.api).unwrap();
    for node in hive.nodes() {
        until(&format!("{} is there", node.name), CAUGHT_UP_S, || {
            let now = height(&node.api)?;
            ensure(now >= target, || format!("at {now} of {target}"))
        });
    }
    same_blocks_and_no_evidence(&hive.nodes(), target);
}

/// The clock of one authority jumps two hours ahead, two hours back, to 1970 and home again, while the hive works.
#[test]
fn an_authority_whose_clock_jumps_harms_nobody() {
    let hive = Hive::start("weather-clock", &["--buildings", "4", "--authorities", "4"]);
    let (first, odd) = (hive.node("CAS-S1"), hive.node("CAS-S2"));
    jump(&odd.data_dir.join("node.toml"), 4_000);
    hive.tell(&["restart", "CAS-S2"]);
    let odd = hive.node(&odd.name);
    let truth = || i64::try_from(hive_ms(&first.api)).unwrap();
    let mut seen = BTreeSet::new();
    until("the clock has jumped everywhere and is home again", 60, || {
        let off_ms = i64::try_from(hive_ms(&odd.api)).unwrap() - truth();
        seen.insert(if off_ms < -50 * 365 * 86_400_000 {
            "1970"
        } else if off_ms < -3_600_000 {
            "behind"
        } else if off_ms > 3_600_000 {
            "ahead"
        } else if seen.contains("1970") {
            "home again"
        } else {
            "home"
        });
        let before = height(&first.api)?;
        overheat_again(&first.api, "CAS-S1");
        until("the hive goes on", 20, || {
            let now = height(&first.api)?;
            ensure(now > before, || format!("still {now} while {seen:?}"))
        });
        ensure(seen.contains("home again"), || format!("{seen:?}"))
    });
    assert!(seen.is_superset(&BTreeSet::from(["ahead", "behind", "1970"])), "{seen:?}");
    let target = height(&first.api).unwrap();
    until("its ledger is the others'", CAUGHT_UP_S, || {
        let now = height(&odd.api)?;
        ensure(now >= target, || format!("at {now} of {target}"))
    });
    same_blocks_and_no_evidence(&hive.nodes(), target);
    assert_eq!(
        odd.api.post("/api/v1/telemetry", &reading("CAS-S2", hive_ms(&odd.api), 1)).unwrap().status,
        200
    );
}

/// In a building by itself nothing that was answered for is lost or doubled, and the ledger's time never runs back.
#[test]
fn readings_outlive_a_clock_that_jumps() {
    let mut building = Building::init(&story_folder("weather-readings"));
    jump(&building.dir().join("node.toml"), 3_000);
    building.restart();
    let api = building.api();
    let wall = || u64::try_from(testnet::clock::wall_ms()).unwrap();
    let (mut acknowledged, mut number, mut was_1970) = (BTreeSet::new(), 0, false);
    until("the clock is home again", 60, || {
        number += 1;
        let at_ms = wall();
        let answer = api.post("/api/v1/telemetry", &reading("CAS-S1", at_ms, number))?;
        // A clock that is behind refuses what lies ahead of it, and one in doubt lets it wait.
        if answer.status == 200 && answer.json()["inserted_points"] == 1 {
            acknowledged.insert(format!("{at_ms}~probe"));
        }
        let now = hive_ms(&api);
        was_1970 |= now < 86_400_000;
        ensure(was_1970 && now + 60_000 > wall(), || format!("it is {}", time(now)))
    });
    assert!(acknowledged.len() > 20, "{} readings", acknowledged.len());
    overheat(&api);
    let alert = until("rules work", 30, || {
        overheating_alerts(&api)?.into_iter().next().ok_or_else(|| "no alert yet".to_owned())
    });
    final_work_order(&api, alert["id"].as_str().unwrap(), 30);
    for _ in 0..2 {
        let items =
            building.api().items("/api/v1/assets/CAS-S1-HVAC_1/metrics?metric=probe&limit=1000").unwrap();
        let ids: Vec<&str> = items.iter().filter_map(|item| item["id"].as_str()).collect();
        let stored: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), stored.len(), "nothing is there twice");
        let lost: Vec<_> = acknowledged.iter().filter(|id| !stored.contains(id.as_str())).collect();
        assert!(lost.is_empty(), "{} of {} lost: {lost:?}", lost.len(), acknowledged.len());
        building.kill();
        building.restart();
    }
    building.kill();
    let verified = run(symbiose().args(["ledger", "verify", "--json"]).arg(building.dir()));
    assert_eq!(verified.exit, 0, "{verified:?}");
}

/// Lets the clock of a node jump two hours ahead, two hours back, to 1970 and home, one jump every `step_ms`.
fn jump(path: &std::path::Path, step_ms: i64) {
    let mut config: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let to_1970 = 10_000 - testnet::clock::wall_ms();
    let jumps = [(1, 7_200_000), (2, -7_200_000), (3, to_1970), (4, 0)];
    let pairs = jumps.map(|(at, by)| {
        toml::Value::Array(vec![toml::Value::Integer(at * step_ms), toml::Value::Integer(by)])
    });
    let clock = config.entry("clock").or_insert_with(|| toml::Value::Table(toml::Table::new()));
    clock.as_table_mut().unwrap().insert("jumps".to_owned(), toml::Value::Array(pairs.to_vec()));
    std::fs::write(path, config.to_string()).unwrap();
}

fn reading(site: &str, at_ms: u64, value: u64) -> Value {
    json!({
        "site_code": site, "asset_code": format!("{site}-HVAC_1"), "timestamp": time(at_ms), "metrics": {"probe": value},
    })
}

fn same_blocks_and_no_evidence(nodes: &[Node], target: u64) {
    let block = |api: &Client, height: u64| api.get(&format!("/api/v1/ledger/blocks/{height}")).unwrap();
    for height in 1..=target {
        let expected = block(&nodes[0].api, height);
        assert!(!expected.to_string().contains("evidence"), "somebody signed twice: {expected}");
        for node in &nodes[1..] {
            let found = block(&node.api, height);
            assert_eq!((&found["block"], &found["state"]), (&expected["block"], &expected["state"]));
        }
    }
}
