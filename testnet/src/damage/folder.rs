//! Folders to be harmed: made by a real node over several lives, with days that are merged, a day that is open, a log
//! that is closed or was cut off by kill -9, a ledger, a work order with a photo, people, and a loss on record.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use protocol::UnixMs;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::harm::Kind;
use super::truth::{self, Topic, Truth, Wanted};
use super::{OPEN_WITHIN, STOP_WITHIN};
use crate::clock::{DAY_MS, wall_ms};
use crate::error::{Error, Result};
use crate::expect;
use crate::feeder::payload;
use crate::files;
use crate::http::Client;
use crate::neighbourhood::Neighbourhood;
use crate::options::Options;
use crate::processes::Process;

const SITE: &str = "CAS-S1";
const ASSETS: [&str; 3] = ["CAS-S1-METER_1", "CAS-S1-HVAC_1", "CAS-S1-CHILLER_1"];
const LIFT: &str = "CAS-S1-ELEVATOR_1";
const METRICS: [&str; 2] = ["energy_kwh", "temp_supply_air"];
/// Days that are over.
const PAST_DAYS: i64 = 3;
/// After the end of a day it is left alone for this long, and a bit, milliseconds.
const NIGHT_MS: i64 = 3 * 60 * 60 * 1000;
/// Between two readings of such a day, milliseconds.
const PAST_STEP_MS: i64 = 300_000;
/// Between two readings of today, milliseconds.
const STEP_MS: i64 = 20_000;
/// Work orders that are done; each leaves some blocks.
const ORDERS_DONE: usize = 6;
/// How long sealing, merging and finality may take.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

/// A folder, and what it answers as long as nothing is harmed.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) name: &'static str,
    pub(super) dir: PathBuf,
    pub(super) truth: Truth,
    /// What may be harmed, as paths in the folder.
    pub(super) files: Vec<(PathBuf, Kind)>,
}

/// A node while its folder is made.
struct Maker {
    binary: PathBuf,
    dir: PathBuf,
    process: Process,
    client: Client,
    /// Time of the newest reading so far.
    newest_ms: i64,
    /// What was answered for, by asset and id of the item.
    acknowledged: BTreeMap<(Topic, String), f64>,
}

/// Makes the folders in `dir`.
pub(super) async fn prepare(binary: &Path, dir: &Path) -> Result<Vec<Prepared>> {
    files::create_dir(dir)?;
    let dir = &dir.canonicalize().map_err(Error::file("find", dir))?;
    found(binary, dir).await?;
    let mut maker = Maker::start(binary, dir).await?;
    maker.lose_something().await?;
    maker.live().await?;
    maker.restart().await?;
    maker.settle().await?;
    maker.report(90).await?;
    maker.stop().await;
    let stopped = maker.keep(dir, "stopped").await?;
    maker.again().await?;
    maker.settle().await?;
    maker.report(60).await?;
    maker.process.kill();
    let killed = maker.keep(dir, "killed").await?;
    Ok(vec![stopped, killed])
}

/// Founds a hive of one in `dir/life`.
async fn found(binary: &Path, dir: &Path) -> Result<()> {
    let options = Options {
        buildings: 1,
        authorities: 1,
        reset: true,
        fed: false,
        proxied: false,
        ..Options::new(binary.to_owned(), dir.join("hive"))
    };
    let neighbourhood = Neighbourhood::up(options).await?;
    let data_dir = neighbourhood.data_dir(0);
    neighbourhood.down().await?;
    let life = dir.join("life");
    copy(&data_dir, &life)?;
    let path = life.join("node.toml");
    let text = files::read_text(&path)?;
    let mut config: toml::Table =
        text.parse().map_err(std::io::Error::other).map_err(Error::file("read", &path))?;
    let set = |config: &mut toml::Table, table: &str, key: &str, value: &str| {
        if let Some(table) = config.get_mut(table).and_then(toml::Value::as_table_mut) {
            table.insert(key.to_owned(), toml::Value::String(value.to_owned()));
        }
    };
    set(&mut config, "network", "listen", "/ip4/127.0.0.1/tcp/0");
    set(&mut config, "http", "listen", "127.0.0.1:0");
    // An address of the local network is served over https: the node makes key and certificate.
    set(&mut config, "http", "lan", "127.0.0.1:0");
    files::replace(&path, config.to_string().as_bytes())
}

impl Maker {
    async fn start(binary: &Path, dir: &Path) -> Result<Self> {
        let dir = dir.join("life");
        let mut maker = Self {
            binary: binary.to_owned(),
            process: Process::new(SITE, &dir),
            client: Client::new(SITE, "http://127.0.0.1:1", ""),
            newest_ms: wall_ms() - 4 * 3_600_000,
            acknowledged: BTreeMap::new(),
            dir,
        };
        maker.again().await?;
        Ok(maker)
    }

    async fn again(&mut self) -> Result<()> {
        (self.process, self.client) = opened(&self.binary, &self.dir).await?;
        Ok(())
    }

    async fn stop(&mut self) {
        self.process.ask_to_stop();
        self.process.stopped(Instant::now() + STOP_WITHIN).await;
    }

    async fn restart(&mut self) -> Result<()> {
        self.stop().await;
        self.again().await
    }

    /// A loss on record: a record of the log is flipped while the node is down.
    async fn lose_something(&mut self) -> Result<()> {
        for _ in 0..8 {
            self.newest_ms += STEP_MS;
            let lost = payload(SITE, ASSETS[0], self.newest_ms, &BTreeMap::from([("lost_one", 1.5)]));
            self.client.telemetry(Bytes::from(lost)).await?;
        }
        self.process.kill();
        let folder = self.dir.join("telemetry");
        let log = walk(&folder)?.into_iter().find(|path| path.extension().is_some_and(|end| end == "log"));
        let log = folder.join(log.ok_or_else(|| Error::Expectation("there is a telemetry log".to_owned()))?);
        let mut bytes = fs::read(&log).map_err(Error::file("read", &log))?;
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or_default();
        bytes[used - used / 4] ^= 0x10;
        fs::write(&log, bytes).map_err(Error::file("write", &log))?;
        self.again().await
    }

    /// Days, an alert with its work order, a photo, a person, blocks.
    async fn live(&mut self) -> Result<()> {
        // A day is merged two hours after its end: soon after midnight yesterday is not over yet.
        let midnight = (wall_ms() - NIGHT_MS).div_euclid(DAY_MS) * DAY_MS;
        let days = (0..PAST_DAYS * DAY_MS / PAST_STEP_MS)
            .map(|step| midnight - PAST_DAYS * DAY_MS + step * PAST_STEP_MS);
        self.post(days.collect()).await?;
        self.report(240).await?;
        let mut lift_ms = wall_ms();
        for _ in 0..ORDERS_DONE {
            let order = self.overheat(&mut lift_ms).await?;
            self.advance(&order, "in_progress").await?;
            self.advance(&order, "done").await?;
            for alert in self.client.alerts(None).await?.into_iter().filter(|alert| alert.status != "closed")
            {
                let path = format!("/api/v1/alerts/{}/close", alert.id);
                self.send(Method::POST, &path, "application/json", b"{}".to_vec()).await?;
            }
        }
        let order = self.overheat(&mut lift_ms).await?;
        let picture: Vec<u8> =
            [0xff, 0xd8, 0xff, 0xe0].into_iter().chain((0..=250).cycle().take(20_000)).collect();
        self.send(Method::POST, &format!("/api/v1/workorders/{order}/photos"), "image/jpeg", picture).await?;
        self.advance(&order, "in_progress").await?;
        let person = json!({"name": "Bilal", "role": "technician"}).to_string();
        self.send(Method::POST, "/api/v1/users", "application/json", person.into_bytes()).await
    }

    /// The lift is cool, then runs hot; the work order that is opened for it and final.
    async fn overheat(&mut self, lift_ms: &mut i64) -> Result<String> {
        for degrees in [40.0, 95.5, 95.5, 95.5, 95.5, 95.5] {
            // Rules pass over what is older than the end of the last alert.
            *lift_ms = wall_ms().max(*lift_ms + 1);
            let hot = payload(SITE, LIFT, *lift_ms, &BTreeMap::from([("motor_temp", degrees)]));
            self.client.telemetry(Bytes::from(hot)).await?;
        }
        let client = &mut self.client;
        expect::until(SETTLED_WITHIN, "the work order is final", async || {
            let orders = client.work_orders().await.map_err(|error| error.to_string())?;
            let order = orders.into_iter().find(|order| order.status == "open" && order.ledger.is_some());
            order.map(|order| order.id).ok_or_else(|| "no open work order in the ledger".to_owned())
        })
        .await
    }

    async fn advance(&mut self, order: &str, status: &str) -> Result<()> {
        let change = json!({"notes": format!("Motor is hot: {status}."), "status": status}).to_string();
        self.send(
            Method::PATCH,
            &format!("/api/v1/workorders/{order}"),
            "application/json",
            change.into_bytes(),
        )
        .await
    }

    async fn send(&mut self, method: Method, path: &str, content_type: &str, body: Vec<u8>) -> Result<()> {
        let answer = self.client.send(method, path, content_type, Bytes::from(body)).await?;
        if answer.status.is_success() { Ok(()) } else { Err(answer.refusal()) }
    }

    /// Readings of today, behind those that are there.
    async fn report(&mut self, count: i64) -> Result<()> {
        let from = self.newest_ms;
        self.newest_ms += count * STEP_MS;
        self.post((1..=count).map(|step| from + step * STEP_MS).collect()).await
    }

    /// Posts readings of every asset at these times; several requests, so that the log has several records.
    async fn post(&mut self, times: Vec<i64>) -> Result<()> {
        for times in times.chunks(60) {
            let mut lines = Vec::new();
            for at_ms in times {
                for (number, asset) in ASSETS.into_iter().enumerate() {
                    let values = METRICS.map(|metric| (metric, value(*at_ms, number, metric)));
                    lines.push(payload(SITE, asset, *at_ms, &BTreeMap::from(values)));
                }
            }
            self.client.telemetry_bulk(Bytes::from(lines.join("\n"))).await?;
            for at_ms in times {
                for (number, asset) in ASSETS.into_iter().enumerate() {
                    for metric in METRICS {
                        let id = json!(format!("{at_ms}~{metric}"));
                        let key = (Topic::Reading, format!("{asset} {id}"));
                        self.acknowledged.insert(key, value(*at_ms, number, metric));
                    }
                }
            }
        }
        Ok(())
    }

    /// Waits until days that are over are merged and the closed log is sealed.
    async fn settle(&mut self) -> Result<()> {
        let client = &mut self.client;
        expect::until(SETTLED_WITHIN, "days are merged and the log is sealed", async || {
            let store: Value = client.get("/api/v1/store").await.map_err(|error| error.to_string())?;
            let days = store["days"].as_array().cloned().unwrap_or_default();
            let sealed = days.iter().filter(|day| day["state"] == "sealed").count() as i64;
            let is_open = days.iter().any(|day| day["state"] == "open");
            if sealed >= PAST_DAYS && is_open && store["wal_bytes"] == 0 {
                Ok(())
            } else {
                Err(store.to_string())
            }
        })
        .await
    }

    /// Keeps a copy of the folder as it is now, with what it answers.
    async fn keep(&self, dir: &Path, name: &'static str) -> Result<Prepared> {
        let kept = dir.join(name);
        copy(&self.dir, &kept)?;
        for passing in ["log.jsonl", "ready.json", "lock"] {
            // What is not there need not go.
            fs::remove_file(kept.join(passing)).ok();
        }
        let asked = dir.join("asked");
        copy(&kept, &asked)?;
        let (mut process, mut client) = opened(&self.binary, &asked).await?;
        let mut wanted = Wanted {
            assets: ASSETS.into_iter().chain([LIFT]).map(str::to_owned).collect(),
            metrics: METRICS.to_vec(),
            from: UnixMs(wall_ms() - (PAST_DAYS + 2) * DAY_MS).to_string(),
            to: UnixMs(wall_ms()).to_string(),
            height: 0,
        };
        wanted.height = client.head().await?.height;
        let answers = truth::ask(&mut client, &wanted).await?;
        process.kill();
        for (key, value) in &self.acknowledged {
            let found = answers.all.get(key).and_then(|found| found.parse::<f64>().ok());
            if found != Some(*value) {
                let told = format!("an unharmed folder keeps {key:?} = {value}: {found:?}");
                return Err(Error::Expectation(told));
            }
        }
        let all = walk(&kept)?.into_iter();
        let files = all.filter_map(|path| Kind::of(&path).map(|kind| (path, kind))).collect();
        Ok(Prepared { name, dir: kept, truth: Truth { wanted, answers }, files })
    }
}

/// A figure with decimals that follows from its place.
fn value(at_ms: i64, asset: usize, metric: &str) -> f64 {
    let step = (at_ms / STEP_MS) % 100_000;
    let figure = if metric == "energy_kwh" { step * 13 } else { 1800 + (step * 7919) % 431 };
    figure as f64 / 100.0 + asset as f64
}

async fn opened(binary: &Path, dir: &Path) -> Result<(Process, Client)> {
    let mut process = Process::new(SITE, dir);
    process.start(binary)?;
    let ready = process.listening(OPEN_WITHIN).await?;
    let token = files::read_text(&dir.join("operator.token"))?;
    let mut client = Client::new(SITE, &ready.http, token.trim());
    process.ready(&mut client, OPEN_WITHIN).await?;
    Ok((process, client))
}

/// Copies a folder over another one.
pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to).map_err(Error::file("remove", to))?;
    }
    files::create_dir(to)?;
    for path in walk(from)? {
        let (source, target) = (from.join(&path), to.join(&path));
        target.parent().map_or(Ok(()), files::create_dir)?;
        fs::copy(&source, &target).map_err(Error::file("copy", &source))?;
    }
    Ok(())
}

/// Every file below a folder, as a path in it, sorted.
fn walk(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(inside) = folders.pop() {
        let here = folder.join(&inside);
        for entry in fs::read_dir(&here).map_err(Error::file("read", &here))? {
            let entry = entry.map_err(Error::file("read", &here))?;
            let path = inside.join(entry.file_name());
            if entry.path().is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}
