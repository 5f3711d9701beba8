//! What residents, operators and technicians go through, with real processes, sockets and disks.

mod access;
mod assemblies;
mod care;
mod configuration;
mod copied;
mod damage;
mod disk;
mod door;
mod energy;
mod hostile;
mod joining;
mod keys;
mod kills;
mod learning;
mod maintenance;
mod market;
mod odd;
mod operations;
mod operator;
mod packaging;
mod partitions;
mod prometheus;
mod quorum;
mod recovery;
mod sharing;
mod sums;
mod telemetry;
mod together;
mod upgrade;
mod weather;
mod wires;

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::harness::{self, Client, Node, until};

/// The elevator whose motor runs hot in these stories.
const ELEVATOR: &str = "CAS-S1-ELEVATOR_1";

/// How long a forced drift may take to show, seconds: the drift itself, then five readings in a row.
const DRIFT_S_MAX: u64 = 60;

/// The one open alert of rule R5 on the elevator, as soon as there is one.
fn overheating_alert(api: &Client) -> Value {
    until("R5 raises its alert", DRIFT_S_MAX, || {
        let alerts = overheating_alerts(api)?;
        alerts.into_iter().next().ok_or_else(|| "no alert yet".to_owned())
    })
}

/// Every alert of R5 on the elevator, whatever its status.
fn overheating_alerts(api: &Client) -> Result<Vec<Value>, String> {
    let is_ours = |alert: &Value| alert["policy"] == "R5" && alert["asset"] == ELEVATOR;
    Ok(api.items("/api/v1/alerts")?.into_iter().filter(is_ours).collect())
}

/// The work order opened for an alert, once it is final in the building itself. Answers it and its place: height and
/// transaction.
fn final_work_order(api: &Client, alert: &str, limit_s: u64) -> (Value, u64, String) {
    until("the work order is final in its own building", limit_s, || {
        let orders = api.items("/api/v1/workorders")?;
        let order = orders.iter().find(|order| order["alert"] == alert).ok_or("no work order yet")?.clone();
        let (height, transaction) =
            (order["ledger"]["height"].as_u64(), order["ledger"]["transaction"].as_str());
        match (height, transaction) {
            (Some(height), Some(transaction)) => Ok((order.clone(), height, transaction.to_owned())),
            _ => Err(format!("not final: {order}")),
        }
    })
}

/// Checks that every node has the transaction at this height, in the same block, with the same state, as one work
/// order.
fn same_work_order_everywhere(nodes: &[Node], height: u64, transaction: &str) {
    let mut agreed: Option<(String, String)> = None;
    for node in nodes {
        let (block, state) = until(&format!("{} has the work order", node.name), 30, || {
            let found = node.api.get(&format!("/api/v1/ledger/transactions/{transaction}"))?;
            if found["height"] != height {
                return Err(format!("at height {}", found["height"]));
            }
            let block = node.api.get(&format!("/api/v1/ledger/blocks/{height}"))?;
            let text = |field: &str| block[field].as_str().unwrap_or_default().to_owned();
            let holds = block["transactions"]
                .as_array()
                .is_some_and(|all| all.iter().any(|t| t["id"] == transaction));
            if holds { Ok((text("block"), text("state"))) } else { Err(format!("not in {block}")) }
        });
        assert!(block.len() == 64 && state.len() == 64, "{}: {block} {state}", node.name);
        let expected = agreed.get_or_insert_with(|| (block.clone(), state.clone()));
        assert_eq!(*expected, (block, state), "{} has another block at height {height}", node.name);
        until(&format!("{} shows one work order for it", node.name), 10, || {
            let orders = node.api.items("/api/v1/workorders")?;
            let count = orders.iter().filter(|order| order["ledger"]["transaction"] == transaction).count();
            assert!(count <= 1, "{}: {count} work orders from one transaction", node.name);
            if count == 1 { Ok(()) } else { Err(format!("{orders:?}")) }
        });
    }
}

/// The last final height a node knows.
fn height(api: &Client) -> Result<u64, String> {
    api.get("/api/v1/ledger/head")?["height"].as_u64().ok_or_else(|| "no height".to_owned())
}

/// The names of a hive's members that a node knows.
fn members(api: &Client) -> Result<Vec<Value>, String> {
    api.items("/api/v1/members")
}

/// Every work order of this building is done: while one is open, its equipment opens no other.
fn done(api: &Client) {
    for order in api.items("/api/v1/workorders").unwrap() {
        if order["local"] != true || order["status"] == "done" {
            continue;
        }
        let path = format!("/api/v1/workorders/{}", order["id"].as_str().unwrap());
        for status in ["in_progress", "done"] {
            // It may be begun already.
            api.patch(&path, &json!({"status": status})).unwrap();
        }
    }
}

/// The elevator of the first building runs hot.
fn overheat(api: &Client) {
    overheat_in(api, "CAS-S1");
}

/// A cool reading and six hot ones of a building's elevator, in one request: what the equipment itself sends comes before or
/// after them and never between. No two calls have a millisecond in common.
fn overheat_in(api: &Client, site: &str) {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let now = hive_ms(api) + 7 * CALLS.fetch_add(1, Ordering::Relaxed);
    let readings = [40.0, 95.5, 95.5, 95.5, 95.5, 95.5, 95.5];
    let lines = (now + 1..).zip(readings).map(|(at, degrees)| {
        json!({
            "site_code": site, "asset_code": format!("{site}-ELEVATOR_1"), "timestamp": time(at),
            "metrics": {"motor_temp": degrees},
        })
        .to_string()
    });
    let lines = lines.collect::<Vec<_>>().join("\n");
    let answer = api.send("/api/v1/telemetry/bulk", "application/x-ndjson", lines.as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["inserted_points"], readings.len(), "{}", answer.text());
}

/// What is open in a building is closed, so that its elevator may raise its alert again; then it runs hot.
fn overheat_again(api: &Client, site: &str) {
    done(api);
    for alert in api.items("/api/v1/alerts").unwrap() {
        if alert["status"] != "closed" {
            let path = format!("/api/v1/alerts/{}/close", alert["id"].as_str().unwrap());
            api.post(&path, &json!({})).unwrap();
        }
    }
    overheat_in(api, site);
}

fn hive_ms(api: &Client) -> u64 {
    let time = api.get("/api/v1/node").unwrap()["time"].as_str().unwrap().to_owned();
    harness::time::parse_ms(&time)
}

fn time(ms: u64) -> String {
    protocol::UnixMs(i64::try_from(ms).unwrap()).to_string()
}
