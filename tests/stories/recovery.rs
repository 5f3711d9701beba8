//! Kill -9, damaged files, two processes on one folder: what was acknowledged is there, the votes are never touched, and
//! the node says what it repaired.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::{height, hive_ms, overheat, time};
use crate::harness::programs::{run, symbiose};
use crate::harness::wait::ensure;
use crate::harness::{Building, Client, story_folder, until};

/// How often the node is killed while readings come in.
const KILLS: usize = 12;
/// A node is back within this.
const BACK_MAX: Duration = Duration::from_secs(5);
/// A reading every 100 ms of hive time, from this moment of the day before.
const STEP_MS: u64 = 100;

#[test]
fn nothing_acknowledged_is_lost_by_kill_9() {
    let mut building = Building::init(&story_folder("recovery-kill")).start();
    let start_ms = hive_ms(&building.api()) - 6 * 3_600_000;
    let acknowledged: Arc<Mutex<BTreeMap<u64, u64>>> = Arc::default();
    let mut slowest = Duration::ZERO;
    for round in 0..KILLS {
        let gateways: Vec<Gateway> = (0..4)
            .map(|lane| Gateway::start(building.api(), start_ms, lane, round as u64, &acknowledged))
            .collect();
        // The moment of the kill differs from round to round: in the middle of whatever is being written.
        let enough = 20 + 37 * round as u64 % 200;
        until("readings are acknowledged", 20, || {
            let sent: u64 = gateways.iter().map(Gateway::acknowledged).sum();
            ensure(sent >= enough, || format!("{sent} of {enough}"))
        });
        building.kill();
        gateways.into_iter().for_each(Gateway::stop);
        slowest = slowest.max(building.restart());
    }
    assert!(slowest <= BACK_MAX, "a restart took {slowest:?}");
    let expected = acknowledged.lock().unwrap();
    let stored = readings(&building.api(), start_ms);
    let lost: Vec<_> = expected.iter().filter(|(t, v)| stored.get(t) != Some(v)).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged readings are lost: {lost:?}", lost.len(), expected.len());
}

#[test]
fn a_damaged_index_is_moved_aside_and_said() {
    let mut building = Building::init(&story_folder("recovery-index")).start();
    overheat(&building.api());
    let (alert, head) = until("the work order is final", 20, || {
        let order = building.api().items("/api/v1/workorders")?.into_iter().next().ok_or("no work order")?;
        ensure(!order["ledger"].is_null(), || order.to_string())?;
        Ok::<_, String>((order["alert"].clone(), building.api().get("/api/v1/ledger/head")?))
    });
    building.kill();
    let votes_before = fs::read(building.dir().join("wal")).unwrap();
    damage(&building.dir().join("index"));
    building.restart();
    assert_eq!(
        fs::read(building.dir().join("wal")).unwrap(),
        votes_before,
        "the vote log is not the index's"
    );

    let said = building.api().get("/readyz").unwrap();
    let reasons = said["reasons"].as_array().unwrap_or_else(|| panic!("{said}"));
    assert!(
        reasons.iter().any(|reason| reason["code"].as_str().is_some_and(|c| c.contains("index"))),
        "{said}"
    );
    let aside = |name: &str| name.starts_with("index") && name != "index";
    let names: Vec<String> = names_in(building.dir());
    assert!(names.iter().any(|name| aside(name)), "nothing was moved aside: {names:?}");

    assert_eq!(building.api().get("/api/v1/ledger/head").unwrap(), head, "the same ledger");
    let alerts = building.api().items("/api/v1/alerts").unwrap();
    assert_eq!(alerts.len(), 1, "one alert, not opened again: {alerts:?}");
    assert_eq!(alerts[0]["id"], alert);
    assert_eq!(building.api().items("/api/v1/policies").unwrap().len(), 6, "R1 to R6");
}

#[test]
fn a_torn_end_of_the_blocks_is_cut() {
    let mut building = Building::init(&story_folder("recovery-torn")).start();
    overheat(&building.api());
    let before = until("there is a block", 20, || {
        let height = height(&building.api())?;
        ensure(height >= 1, || "no block".to_owned()).map(|()| height)
    });
    building.kill();
    let segments = blocks(building.dir());
    let last = segments.last().unwrap_or_else(|| panic!("no blocks in {:?}", names_in(building.dir())));
    let mut bytes = fs::read(last).unwrap();
    bytes.extend_from_slice(b"SyB1\x00\x00\x10\x00torn");
    fs::write(last, &bytes).unwrap();
    building.restart();
    assert!(height(&building.api()).unwrap() >= before);
    building.kill();
    let verified = run(symbiose().args(["ledger", "verify", "--json"]).arg(building.dir()));
    assert_eq!(verified.exit, 0, "{verified:?}");
    let said: Value = serde_json::from_str(&verified.out).unwrap();
    assert!(said["height"].as_u64() >= Some(before), "{said}");
}

#[test]
fn one_folder_one_process() {
    let building = Building::init(&story_folder("recovery-twice")).start();
    let second = run(symbiose().arg("run").arg("--config").arg(building.dir().join("node.toml")));
    assert_ne!(second.exit, 0, "{second:?}");
    assert_eq!(building.api().try_get("/readyz").unwrap().status, 200, "the first goes on");
}

/// Sends readings one after the other until it is stopped, and notes what was acknowledged.
struct Gateway {
    stop: Arc<AtomicBool>,
    count: Arc<AtomicU64>,
    thread: std::thread::JoinHandle<()>,
}

impl Gateway {
    fn start(
        api: Client,
        start_ms: u64,
        lane: u64,
        round: u64,
        acknowledged: &Arc<Mutex<BTreeMap<u64, u64>>>,
    ) -> Self {
        let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, counted, noted) = (Arc::clone(&stop), Arc::clone(&count), Arc::clone(acknowledged));
        let thread = std::thread::spawn(move || {
            for number in (round * 40_000 + lane..(round + 1) * 40_000).step_by(4) {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let ms = start_ms + number * STEP_MS / 10;
                let answer = api.post("/api/v1/telemetry", &reading(ms, number));
                match answer {
                    Ok(answer) if answer.status == 200 => {
                        noted.lock().unwrap().insert(ms, number);
                        counted.fetch_add(1, Ordering::Relaxed);
                    }
                    // The node is being killed; whether this one is kept is its affair.
                    Ok(_) | Err(_) => {}
                }
            }
        });
        Self { stop, count, thread }
    }

    fn acknowledged(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
    }
}

fn reading(ms: u64, number: u64) -> Value {
    json!({
        "site_code": "CAS-S1", "asset_code": "CAS-S1-HVAC_1", "timestamp": time(ms), "metrics": {"probe": number},
    })
}

/// Every `probe` reading from `start_ms` on, by time.
fn readings(api: &Client, start_ms: u64) -> BTreeMap<u64, u64> {
    let path = format!("/api/v1/assets/CAS-S1-HVAC_1/metrics?metric=probe&from={}", time(start_ms));
    let items = api.items(&path).unwrap();
    let ms =
        |item: &Value| item["id"].as_str().and_then(|id| id.split('~').next()).and_then(|ms| ms.parse().ok());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "they were sent as small integers"
    )]
    let value = |item: &Value| item["v"].as_f64().map(|v| v as u64);
    items.iter().map(|item| (ms(item).unwrap(), value(item).unwrap())).collect()
}

fn damage(index: &Path) {
    for name in names_in(index) {
        let path = index.join(name);
        if path.is_file() {
            let len = fs::metadata(&path).unwrap().len();
            fs::write(&path, vec![0xa5; usize::try_from(len).unwrap().max(64)]).unwrap();
        }
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<String> =
        entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn blocks(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found: Vec<_> = names_in(dir).into_iter().map(|name| dir.join(name)).collect();
    let inside: Vec<_> = found
        .iter()
        .filter(|path| path.is_dir())
        .flat_map(|path| names_in(path).into_iter().map(move |name| path.join(name)))
        .collect();
    found.extend(inside);
    found.retain(|path| path.is_file() && fs::read(path).unwrap().starts_with(b"SyB1"));
    found
}
