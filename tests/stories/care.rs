//! What keeps a node useful for years: photos of the work that was done, and its health in plain words.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::{hive_ms, overheat, time};
use crate::harness::programs::{run, symbiose};
use crate::harness::wait::ensure;
use crate::harness::{Building, Client, pass_over, story_folder, until};

/// A technician's photo is kept with the work order, survives kill -9, is for the owner's eyes only, and goes when it
/// is told to.
#[test]
fn photos_stay_with_their_work_order() {
    let mut building = Building::init(&story_folder("care-photos")).start();
    let order = hot_order(&building.api());
    let photos = format!("/api/v1/workorders/{order}/photos");
    let jpeg = picture(300_000);
    let answer = building.api().send(&photos, "image/jpeg", &jpeg).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
    let photo = answer.json();
    assert_eq!(
        photos_of(&building.api(), &order),
        std::slice::from_ref(&photo),
        "shown as soon as it is kept"
    );

    let refused = building.api().send(&photos, "image/jpeg", b"<html>").unwrap();
    assert_eq!(refused.status, 415, "{}", refused.text());
    for number in 1..20u8 {
        let mut other = jpeg.clone();
        other[100] = number;
        assert_eq!(building.api().send(&photos, "image/jpeg", &other).unwrap().status, 201);
    }
    let full = building.api().send(&photos, "image/jpeg", &picture(10)).unwrap();
    assert!(full.status == 409 && full.text().contains("20 photos"), "{}", full.text());

    building.kill();
    building.restart();
    let api = building.api();
    assert_eq!(photos_of(&api, &order).len(), 20);
    let one = format!("{photos}/{}", photo["id"].as_str().unwrap());
    let shown = api.try_get(&one).unwrap();
    assert!(shown.status == 200 && shown.content_type == "image/jpeg" && shown.body == jpeg);
    let folder = building.dir().join("photos").join(&order);
    for file in fs::read_dir(folder).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
    }
    assert_eq!(api.delete(&one).unwrap().status, 204);
    assert_eq!(api.try_get(&one).unwrap().status, 404);
    assert_eq!(photos_of(&api, &order).len(), 19);
}

/// What the node says of its health has a weight, a sentence and an advice.
#[test]
fn health_is_told_in_plain_words() {
    let building = Building::init(&story_folder("care-health")).start();
    until("the health is told", 10, || {
        let health = building.api().get("/api/v1/health")?;
        let items = health["items"].as_array().ok_or("no items")?;
        let is_told = |item: &Value| {
            ["id", "weight", "text", "advice", "since"].iter().all(|field| item[field].is_string())
        };
        ensure(items.iter().all(is_told), || health.to_string())?;
        ensure(health["state"] != json!("not_ready"), || health.to_string())
    });
}

/// The work order of a motor that runs hot.
fn hot_order(api: &Client) -> String {
    overheat(api);
    until("the work order is open", 20, || {
        let order = api.items("/api/v1/workorders")?.into_iter().next().ok_or("no work order")?;
        order["id"].as_str().map(str::to_owned).ok_or_else(|| order.to_string())
    })
}

fn photos_of(api: &Client, order: &str) -> Vec<Value> {
    let orders = api.items("/api/v1/workorders").unwrap();
    let order = orders.into_iter().find(|known| known["id"] == order).expect("the work order");
    order["photos"].as_array().unwrap().clone()
}

fn picture(len: usize) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xe0".to_vec();
    bytes.extend((0..len).map(|at| u8::try_from(at % 251).unwrap()));
    bytes
}

/// A backup taken while readings come in holds all that was acknowledged before it; the folder made of it works, and an
/// archive that is cut or changed makes none.
#[test]
fn a_backup_under_load_restores_into_a_new_folder() {
    let folder = story_folder("care-backup");
    let mut building = Building::init(&folder).start();
    let order = hot_order(&building.api());
    let photos = format!("/api/v1/workorders/{order}/photos");
    assert_eq!(building.api().send(&photos, "image/jpeg", &picture(10_000)).unwrap().status, 201);
    let begin = hive_ms(&building.api()) - 50 * 60 * 1000;
    for number in 0..40 {
        reading(&building.api(), begin + number * 10_000, number);
    }
    let archive = folder.join("backup.tar.gz");
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let api = building.api();
        let stop = &stop;
        scope.spawn(move || {
            for number in 40..290 {
                if stop.load(std::sync::atomic::Ordering::Relaxed) {
                    break;
                }
                reading(&api, begin + number * 10_000, number);
            }
        });
        let taken = run(symbiose().arg("backup").arg(&archive).arg("--dir").arg(building.dir()));
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        taken.ok();
    });
    assert_eq!(fs::metadata(&archive).unwrap().permissions().mode() & 0o077, 0, "it holds the keys");
    let before = building.api().get("/api/v1/ledger/head").unwrap();
    building.kill();

    let new = folder.join("new");
    let restore =
        |archive: &std::path::Path| run(symbiose().arg("restore").arg(archive).arg("--dir").arg(&new));
    let whole = fs::read(&archive).unwrap();
    let changed = folder.join("changed.tar.gz");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 8;
    for bytes in [&whole[..whole.len() - 9], &whole[..whole.len() / 2], flipped.as_slice()] {
        fs::write(&changed, bytes).unwrap();
        let said = restore(&changed);
        assert!(said.exit != 0 && !new.exists(), "{said:?}");
    }
    restore(&archive).ok();
    assert!(restore(&archive).exit != 0, "never over a folder that is there");

    let restored = Building::of(&new).start();
    let api = restored.api();
    assert_eq!(photos_of(&api, &order).len(), 1);
    let found = api.items("/api/v1/assets/CAS-S1-HVAC_1/metrics?metric=power_kw").unwrap();
    let values: Vec<f64> = found.iter().filter_map(|item| item["v"].as_f64()).collect();
    assert!((0..40u32).all(|number| values.contains(&f64::from(number))), "{values:?}");
    let alone = "a hive of one goes on at once, at the block of the backup or behind it";
    until(alone, 30, || {
        let head = api.get("/api/v1/ledger/head")?;
        ensure(head["height"].as_u64() >= before["height"].as_u64(), || format!("{head} {before}"))?;
        ensure(!new.join("restored.json").exists(), || "votes are held back".to_owned())
    });
}

/// With no room left the node takes no reading and says so; when there is room again it goes on by itself.
#[test]
fn a_full_disk_stops_readings_and_nothing_else() {
    let folder = story_folder("care-disk");
    let disk = folder.join("disk");
    fs::create_dir_all(&disk).unwrap();
    let mount = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=160m", "none"])
        .arg(&disk)
        .output();
    if !mount.is_ok_and(|mounted| mounted.status.success()) {
        pass_over("a disk that fills up, no small one can be mounted here");
        return;
    }
    let mounted = Mounted(disk.clone());
    let mut building = Building::init(&disk).start();
    building.kill();
    let ballast = disk.join("ballast");
    fs::write(&ballast, vec![1; 64 * 1024 * 1024]).unwrap();
    building.restart_without_waiting();
    until("the full disk is said", 20, || {
        let health = building.client().ok_or("no ready.json")?.get("/api/v1/health")?;
        let items = health["items"].as_array().ok_or("no items")?;
        ensure(items.iter().any(|item| item["id"] == "disk_full"), || health.to_string())
    });
    let api = building.api();
    let body = payload(hive_ms(&api), 1);
    let refused = api.post("/api/v1/telemetry", &body).unwrap();
    assert!(refused.status == 503 && refused.text().contains("disk"), "{}", refused.text());
    assert_eq!(api.try_get("/readyz").unwrap().status, 503);
    assert_eq!(api.get("/api/v1/health").unwrap()["state"], "not_ready");
    fs::remove_file(&ballast).unwrap();
    until("readings are taken again by themselves", 90, || {
        let answer = api.post("/api/v1/telemetry", &body)?;
        ensure(answer.status == 200, || answer.text())
    });
    building.kill();
    drop(mounted);
}

struct Mounted(std::path::PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn payload(at: u64, value: u64) -> Value {
    json!({
        "site_code": "CAS-S1", "asset_code": "CAS-S1-HVAC_1", "timestamp": time(at), "metrics": {"power_kw": value},
    })
}

fn reading(api: &Client, at: u64, value: u64) {
    let answer = api.post("/api/v1/telemetry", &payload(at, value)).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
}
