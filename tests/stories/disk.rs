//! A disk that is full, and one that fails a sync. What was answered for is there afterwards; a node that does not know
//! what is on its disk ends with a sentence instead of going on.

use std::collections::BTreeMap;

use serde_json::json;
use testnet::disk::mount::Mounted;

use super::{final_work_order, hive_ms, overheat, overheating_alerts, time};
use crate::harness::wait::ensure;
use crate::harness::{Building, Client, pass_over, story_folder, until};

/// A building on a disk that can be hurt; none where no disk can be mounted.
fn on_a_disk(story: &str) -> Option<(Mounted, Building)> {
    let building = Building::init(&story_folder(story));
    match Mounted::over(building.dir()) {
        Ok(disk) => Some((disk, building.start())),
        Err(error) => {
            pass_over(&format!("{story}: no disk can be mounted on this machine, which needs FUSE: {error}"));
            None
        }
    }
}

/// Sends one reading of `probe`; the status of the answer.
fn probe(api: &Client, at_ms: u64, value: u64) -> Result<u16, String> {
    let body = json!({
        "site_code": "CAS-S1", "asset_code": "CAS-S1-HVAC_1", "timestamp": time(at_ms), "metrics": {"probe": value},
    });
    api.post("/api/v1/telemetry", &body).map(|answer| answer.status)
}

/// The readings of `probe` that are there: id and value.
fn stored(api: &Client) -> BTreeMap<String, f64> {
    let items = api.items("/api/v1/assets/CAS-S1-HVAC_1/metrics?metric=probe&limit=1000").unwrap();
    items.iter().map(|item| (item["id"].as_str().unwrap().to_owned(), item["v"].as_f64().unwrap())).collect()
}

fn all_are_there(api: &Client, acknowledged: &BTreeMap<u64, u64>) {
    let stored = stored(api);
    for (at_ms, value) in acknowledged {
        let expected = *value as f64;
        assert_eq!(stored.get(&format!("{at_ms}~probe")), Some(&expected), "{} stored", stored.len());
    }
}

#[test]
fn a_full_disk_refuses_readings_and_goes_on_when_there_is_room() {
    let Some((disk, mut building)) = on_a_disk("disk-full") else { return };
    let api = building.api();
    let start = hive_ms(&api) - 3_600_000;
    let mut acknowledged = BTreeMap::new();
    for number in 0..50 {
        assert_eq!(probe(&api, start + number, number).unwrap(), 200);
        acknowledged.insert(start + number, number);
    }
    let filler = "x".repeat(60);
    let mut number = 1_000;
    let mut fill = || {
        let lines: Vec<String> = (0..2_000)
            .map(|line| {
                let at = time(start + number + line);
                json!({"site_code": "CAS-S1", "asset_code": "CAS-S1-CHILLER_1", "timestamp": at,
                       "metrics": {"a": line, &filler: 0.1 + line as f64, "c": line * 7919}})
                .to_string()
            })
            .collect();
        number += 2_000;
        api.send("/api/v1/telemetry/bulk", "application/x-ndjson", lines.join("\n").as_bytes())
    };
    // Series that nobody knew are records of the building; those that find no room end the node.
    assert_eq!(fill().unwrap().status, 200);
    disk.disk().leave_room(0);
    until("a full disk refuses readings", 100, || {
        // What was preallocated is filled first.
        let answer = fill()?;
        ensure(answer.status == 503, || format!("{} {}", answer.status, answer.text()))
    });
    // Between two looks the archivist may have made some room: then it counts.
    match probe(&api, start + 60, 60).unwrap() {
        200 => drop(acknowledged.insert(start + 60, 60)),
        status => assert_eq!(status, 503, "one reading is refused as well"),
    }
    until("the node says why", 90, || {
        let health = api.get("/api/v1/health")?;
        let items = health["items"].as_array().cloned().unwrap_or_default();
        let is_said = items.iter().any(|item| item["id"].as_str().is_some_and(|id| id.contains("disk")));
        ensure(is_said, || health.to_string())
    });
    all_are_there(&api, &acknowledged);

    disk.disk().leave_room(1 << 30);
    until("readings are taken again without a restart", 90, || match probe(&api, start + 70, 70)? {
        200 => Ok(()),
        status => Err(status.to_string()),
    });
    acknowledged.insert(start + 70, 70);
    all_are_there(&api, &acknowledged);
    building.kill();
    building.restart();
    all_are_there(&building.api(), &acknowledged);
}

#[test]
fn a_record_that_finds_no_room_ends_the_node_and_nothing_answered_for_is_lost() {
    let Some((disk, mut building)) = on_a_disk("disk-full-records") else { return };
    let api = building.api();
    let start = hive_ms(&api) - 3_600_000;
    assert_eq!(probe(&api, start, 1).unwrap(), 200);
    overheat(&api);
    let alert = until("the alert is open", 20, || {
        overheating_alerts(&api)?.into_iter().next().ok_or_else(|| "no alert yet".to_owned())
    });
    final_work_order(&api, alert["id"].as_str().unwrap(), 20);
    disk.disk().leave_room(0);
    let close = format!("/api/v1/alerts/{}/ack", alert["id"].as_str().unwrap());
    // It may be answered or not; what counts is that it is not half done.
    let answered = api.post(&close, &json!({})).is_ok_and(|answer| answer.status == 200);
    if !answered {
        assert_eq!(building.ended(20), Some(1), "{}", building.words());
        assert!(building.words().contains("cannot"), "a sentence: {}", building.words());
        disk.disk().leave_room(1 << 30);
        building.restart();
    }
    let seen = overheating_alerts(&building.api()).unwrap();
    assert_eq!((seen.len(), &seen[0]["id"]), (1, &alert["id"]));
    all_are_there(&building.api(), &BTreeMap::from([(start, 1)]));
}

#[test]
fn a_failed_sync_ends_the_node_with_a_sentence_and_it_comes_back_whole() {
    let Some((disk, mut building)) = on_a_disk("disk-dying") else { return };
    let api = building.api();
    let start = hive_ms(&api) - 3_600_000;
    for number in 0..20 {
        assert_eq!(probe(&api, start + number, number).unwrap(), 200);
    }
    disk.disk().fail_syncs(true);
    assert_ne!(probe(&api, start + 30, 30).unwrap_or(0), 200, "what is not synced is not answered for");
    let policy = json!({"threshold": 81.0});
    assert_ne!(api.patch("/api/v1/policies/R5", &policy).map_or(0, |answer| answer.status), 200);
    assert_eq!(building.ended(20), Some(1), "{}", building.words());
    assert!(building.words().contains("sync"), "a sentence: {}", building.words());

    disk.disk().fail_syncs(false);
    building.restart();
    all_are_there(&building.api(), &(0..20).map(|number| (start + number, number)).collect());
    assert_eq!(probe(&building.api(), start + 40, 40).unwrap(), 200);
}
