//! Two of four authorities are gone: the hive halts and says so, and every building goes on by itself. When one comes
//! back, what waited lands.

use serde_json::json;

use super::{ELEVATOR, final_work_order, height, overheating_alert, same_work_order_everywhere};
use crate::harness::wait::ensure;
use crate::harness::{Hive, Node, always, until};

#[test]
fn a_hive_below_its_quorum_halts_says_so_and_heals() {
    let flags = ["--buildings", "5", "--authorities", "4", "--speed", "10"];
    let hive = Hive::start("quorum", &flags);
    let first = hive.node("CAS-S1");
    hive.tell(&["kill", "CAS-S3", "CAS-S4"]);
    until("the page says that two authorities are missing", 20, || {
        let seen = first.api.get("/api/v1/hive")?;
        ensure(seen["authorities_online"] == 2 && seen["faults_tolerated"] == 1, || seen.to_string())
    });

    let before = height(&first.api).unwrap();
    hive.tell(&["drift", ELEVATOR, "motor_temp"]);
    let alert = overheating_alert(&first.api);
    until("the node says that the hive halts", 30, || {
        let seen = first.api.get("/api/v1/hive")?;
        ensure(!seen["halted"].is_null(), || seen.to_string())
    });
    let orders = first.api.items("/api/v1/workorders").unwrap();
    let order = orders.iter().find(|order| order["alert"] == alert["id"]).expect("the wish for it is kept");
    assert_eq!(order["ledger"], json!(null), "nothing is final without a quorum: {order}");
    goes_on_by_itself(&first, before);

    hive.tell(&["restart", "CAS-S3"]);
    let (_, landed, transaction) = final_work_order(&first.api, alert["id"].as_str().unwrap(), 60);
    assert!(landed > before, "it landed at {landed}, after {before}");
    until("the node says that the hive goes on", 20, || {
        let seen = first.api.get("/api/v1/hive")?;
        ensure(seen["halted"].is_null(), || seen.to_string())
    });
    hive.tell(&["restart", "CAS-S4"]);
    same_work_order_everywhere(&hive.nodes(), landed, &transaction);
}

#[test]
fn a_partition_heals_without_a_fork() {
    let flags = ["--buildings", "4", "--authorities", "4", "--speed", "10"];
    let hive = Hive::start("quorum-partition", &flags);
    hive.tell(&["partition", "0,1", "/", "2,3"]);
    hive.tell(&["drift", ELEVATOR, "motor_temp"]);
    let first = hive.node("CAS-S1");
    let alert = overheating_alert(&first.api);
    let before: Vec<u64> = hive.nodes().iter().map(|node| height(&node.api).unwrap()).collect();
    assert!(before.iter().max().unwrap() - before.iter().min().unwrap() <= 1, "{before:?}");
    hive.tell(&["heal"]);
    let (_, landed, transaction) = final_work_order(&first.api, alert["id"].as_str().unwrap(), 60);
    same_work_order_everywhere(&hive.nodes(), landed, &transaction);
}

/// Readings are taken and can be read, the page is served, and no block comes, while ten more readings arrive.
fn goes_on_by_itself(node: &Node, before: u64) {
    let readings = || -> Result<usize, String> {
        let path = "/api/v1/assets/CAS-S1-HVAC_1/metrics?metric=temp_supply_air";
        Ok(node.api.items(path)?.len())
    };
    let start = readings().unwrap();
    let promise = || {
        let now = height(&node.api).unwrap();
        assert!(now <= before + 1, "a block at {now} without a quorum");
        let page = node.api.try_get("/").unwrap();
        assert!(page.status == 200 && page.text().contains("<script"), "{}", page.status);
    };
    always("ten more readings without a quorum", 60, promise, || {
        let now = readings()?;
        ensure(now >= start + 10, || format!("{} more", now - start))
    });
}
