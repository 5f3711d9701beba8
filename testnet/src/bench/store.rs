//! The telemetry store under the reference workload: a day of 960 series in bulk over HTTP, questions over six hours of
//! it, what the closed day weighs, and what a day of live readings writes.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use protocol::UnixMs;
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::{Measured, Samples, Target, ms, process};
use crate::error::{Error, Result};
use crate::folder;
use crate::http::Client;
use crate::neighbourhood::Neighbourhood;
use crate::options::Options;
use crate::terminal::note;
use crate::workload::{
    ASSETS, ASSETS_PER_SITE, BATCH_ROWS, METRICS, Row, SITES, STARTS_MS, Workload, asset_code, site_code,
};

pub(super) const HOUR_MS: i64 = 3_600_000;
pub(super) const DAY_MS: i64 = 24 * HOUR_MS;
/// Questions asked of each kind.
const QUESTIONS: usize = 40;
/// Seconds of live readings that are measured, and before that, while the rules meet readings after a pause.
const LIVE_S: u32 = 60;
const SETTLE_S: u32 = 60;
/// How long a day may take to be closed.
const CLOSING: Duration = Duration::from_secs(180);

/// A question's most processor time, milliseconds: over readings, and over sums.
pub(super) const READINGS_MS_MAX: f64 = 20.0;
pub(super) const SUMS_MS_MAX: f64 = 3.0;

/// All figures of the store.
pub(super) async fn store(options: Options) -> Result<Vec<Measured>> {
    // Hive time is just after the day that is sent.
    let options = Options { begins_ms: Some(STARTS_MS + DAY_MS + 60_000), ..options };
    let mut neighbourhood = Neighbourhood::up(options.clone()).await?;
    let mut client = neighbourhood.client(0);
    equip(&mut client).await?;
    let mut workload = Workload::default();
    let pid = pid(&mut neighbourhood)?;
    let mut figures = vec![bulk(&mut client, &mut workload, pid).await?];
    figures.extend(read(&mut client, pid, ("", STARTS_MS), READINGS_MS_MAX).await?);
    rest_of_day(&mut client, &mut workload).await?;
    let resident = process::resident_mib_of(pid)?;
    let detail = "after 8,294,400 points in bulk".to_owned();
    figures.push(Measured::new("resident after bulk", resident, "MiB", Target::AtMost(64.0), detail));
    let dir = neighbourhood.state(0).log.parent().map(Path::to_owned).unwrap_or_default();
    neighbourhood.down().await?;
    folder::set_time(&options.dir, STARTS_MS + DAY_MS + 3 * HOUR_MS)?;
    let mut neighbourhood = Neighbourhood::up(Options { reset: false, ..options }).await?;
    closed(&mut neighbourhood.client(0), STARTS_MS).await?;
    let pid = self::pid(&mut neighbourhood)?;
    figures.extend(read(&mut neighbourhood.client(0), pid, (", closed day", STARTS_MS), SUMS_MS_MAX).await?);
    figures.push(live(&mut neighbourhood, pid, workload).await?);
    neighbourhood.down().await?;
    figures.push(weight(&dir)?);
    Ok(figures)
}

pub(super) fn pid(neighbourhood: &mut Neighbourhood) -> Result<u32> {
    neighbourhood.state(0).pid.ok_or_else(|| Error::Expectation("the node runs".to_owned()))
}

/// Sites and assets of the workload.
pub(super) async fn equip(client: &mut Client) -> Result<()> {
    for site in 0..SITES {
        let code = site_code(site);
        let named = json!({"code": code, "name": code});
        client.post::<serde_json::Value>("/api/v1/sites", &named).await?;
        for asset in 0..ASSETS_PER_SITE {
            let code = asset_code(site * ASSETS_PER_SITE + asset);
            let path = format!("/api/v1/sites/{}/assets", site_code(site));
            client.post::<serde_json::Value>(&path, &json!({"code": code, "kind": "HVAC"})).await?;
        }
    }
    Ok(())
}

/// Six hours, batch after batch on one connection, each answered before the next is sent.
async fn bulk(client: &mut Client, workload: &mut Workload, pid: u32) -> Result<Measured> {
    let batches = batches(workload, 208);
    let (rows, cpu_before) = (208 * BATCH_ROWS, process::cpu_s(pid)?);
    let begun = Instant::now();
    for batch in batches {
        client.telemetry_bulk(batch).await?;
    }
    let (took_s, cpu_s) = (begun.elapsed().as_secs_f64(), process::cpu_s(pid)? - cpu_before);
    let points = (rows * METRICS.len()) as f64;
    let detail =
        format!("208 requests of 1,250 payloads, {:.2} µs of processor per point", cpu_s / points * 1e6);
    Ok(Measured::new("bulk over HTTP", points / took_s, "points/s", Target::AtLeast(500_000.0), detail))
}

fn batches(workload: &mut Workload, count: usize) -> Vec<Bytes> {
    (0..count).map(|_| text(workload.take(BATCH_ROWS))).collect()
}

pub(super) fn text(rows: impl Iterator<Item = Row>) -> Bytes {
    let mut text = String::with_capacity(320_000);
    rows.for_each(|row| row.write_json(&mut text));
    Bytes::from(text)
}

async fn rest_of_day(client: &mut Client, workload: &mut Workload) -> Result<()> {
    for hour in 6..24 {
        note(&format!("hour {hour} of the day"));
        let until = STARTS_MS + (hour + 1) * HOUR_MS;
        let mut rows: Vec<Row> = Vec::with_capacity(45_000);
        let mut next = workload.by_ref().peekable();
        while next.peek().is_some_and(|row| row.time_ms < until) {
            rows.extend(next.next());
        }
        for batch in rows.chunks(BATCH_ROWS) {
            client.telemetry_bulk(text(batch.iter().cloned())).await?;
        }
    }
    Ok(())
}

/// The three questions over the first six hours of a day, asked of a node that has nothing else to do.
pub(super) async fn read(
    client: &mut Client,
    pid: u32,
    (suffix, starts_ms): (&str, i64),
    all_ms_max: f64,
) -> Result<Vec<Measured>> {
    process::at_rest(pid).await?;
    let (from, to) = (UnixMs(starts_ms), UnixMs(starts_ms + 6 * HOUR_MS));
    let quarter = UnixMs(to.0 - HOUR_MS / 4);
    let asset = asset_code(ASSETS / 2);
    let last = format!("/api/v1/query?fn=avg&asset={asset}&metric=power_kw&from={quarter}&to={to}&step=15m");
    let raw = format!("/api/v1/assets/{asset}/metrics?metric=power_kw&from={from}&to={to}&limit=1000");
    let all = format!("/api/v1/query?fn=avg&from={from}&to={to}&step=15m");
    let (last_p50, _) = ask(client, pid, &last).await?;
    let (raw_p50, raw_cpu) = ask(client, pid, &raw).await?;
    let (all_p50, all_cpu) = ask(client, pid, &all).await?;
    check_all(client, &all).await?;
    let name = |what: &str| -> &'static str { Box::leak(format!("{what}{suffix}").into_boxed_str()) };
    let detail = |p50: f64| format!("middle of {QUESTIONS} over HTTP {p50:.2} ms");
    Ok(vec![
        Measured::new(
            name("average of the last 15 min, one series"),
            last_p50,
            "ms",
            Target::AtMost(0.3),
            detail(last_p50),
        ),
        Measured::new(
            name("first 1,000 readings of 6 h, one series"),
            raw_cpu,
            "ms of processor",
            Target::AtMost(1.0),
            detail(raw_p50),
        ),
        Measured::new(
            name("15-minute averages of 960 series, 6 h"),
            all_cpu,
            "ms of processor",
            Target::AtMost(all_ms_max),
            detail(all_p50),
        ),
    ])
}

/// Asks again and again: the middle time over HTTP and the node's processor time for each, milliseconds.
async fn ask(client: &mut Client, pid: u32, path: &str) -> Result<(f64, f64)> {
    let mut samples = Vec::new();
    client.get::<serde_json::Value>(path).await?;
    let before = process::cpu_ns(pid)?;
    for _ in 0..QUESTIONS {
        let begun = Instant::now();
        let answer = client.send(hyper::Method::GET, path, "", Bytes::new()).await?;
        samples.push(begun.elapsed());
        if !answer.status.is_success() {
            return Err(answer.refusal());
        }
    }
    let cpu_ms = process::cpu_ns(pid)?.saturating_sub(before) as f64 / 1e6 / QUESTIONS as f64;
    Ok((ms(Samples::new(samples).percentile(50)), cpu_ms))
}

/// Every series answers every quarter of an hour.
async fn check_all(client: &mut Client, path: &str) -> Result<()> {
    let answer: serde_json::Value = client.get(path).await?;
    let series = answer["series"].as_array().map_or(0, Vec::len);
    let full = answer["series"].as_array().into_iter().flatten().all(|series| {
        series["values"]
            .as_array()
            .is_some_and(|values| values.len() == 24 && values.iter().all(serde_json::Value::is_number))
    });
    if series == ASSETS * METRICS.len() && full {
        return Ok(());
    }
    Err(Error::Expectation(format!(
        "960 series answer 24 averages each: {series} answer, all of them full: {full}"
    )))
}

/// Waits until the store says that the day is closed.
pub(super) async fn closed(client: &mut Client, starts_ms: i64) -> Result<()> {
    let id = UnixMs(starts_ms).to_string()[..10].to_owned();
    let begun = Instant::now();
    loop {
        // While it merges, on a busy machine, the answer may be that there is none in time.
        let store: serde_json::Value = client.get("/api/v1/store").await.unwrap_or_default();
        let days = store["days"].as_array();
        let sealed =
            days.is_some_and(|days| days.iter().any(|day| day["id"] == id && day["state"] == "sealed"));
        if sealed {
            return Ok(());
        }
        if begun.elapsed() > CLOSING {
            return Err(Error::Expectation(format!("{id} is closed within 180 s: {store}")));
        }
        sleep(Duration::from_millis(250)).await;
    }
}

/// What a minute of live readings writes, 12 payloads in each second, for a day.
async fn live(neighbourhood: &mut Neighbourhood, pid: u32, workload: Workload) -> Result<Measured> {
    let mut client = neighbourhood.client(0);
    let now_ms = neighbourhood.clock().now_ms();
    let mut rows = workload;
    let first_ms = rows.next().map_or(now_ms, |row| row.time_ms);
    let (mut before, mut alerts_before) = (0, 0);
    let mut beat = interval(Duration::from_secs(1));
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for second in 0..SETTLE_S + LIVE_S {
        beat.tick().await;
        if second == SETTLE_S {
            alerts_before = client.alerts(None).await?.len();
            before = process::written_bytes_of(pid)?;
        }
        let payloads =
            rows.by_ref().take(12).map(|row| Row { time_ms: row.time_ms - first_ms + now_ms, ..row });
        client.telemetry_bulk(text(payloads)).await?;
    }
    let written = process::written_bytes_of(pid)? - before;
    let day_gb = written as f64 * 86_400.0 / f64::from(LIVE_S) / 1e9;
    let alerts = client.alerts(None).await?.len().saturating_sub(alerts_before);
    let detail = format!(
        "{LIVE_S} s of 12 payloads each, {written} bytes, ledger and index and {alerts} new alerts included"
    );
    Ok(Measured::new("written per day, 1 s commits", day_gb, "GB", Target::AtMost(0.5), detail))
}

/// Bytes on disk for each point of the day, everything of telemetry in the node's folder counted.
fn weight(dir: &Path) -> Result<Measured> {
    let mut told = String::new();
    let mut bytes = 0;
    for name in ["telemetry", "index"] {
        let of_it = bytes_below(&dir.join(name))?;
        write!(told, "{name} {of_it} bytes, ").expect("invariant: a string takes everything");
        bytes += of_it;
    }
    let points = (ASSETS * METRICS.len()) as f64 * 8_640.0;
    let detail = format!("{told}over {points} points, node stopped");
    Ok(Measured::new(
        "folder after the day closed",
        bytes as f64 / points,
        "bytes/point",
        Target::AtMost(0.60),
        detail,
    ))
}

pub(super) fn bytes_below(path: &Path) -> Result<u64> {
    let metadata = fs::metadata(path).map_err(Error::file("look at", path))?;
    if !metadata.is_dir() {
        return Ok(metadata.len());
    }
    let mut bytes = 0;
    for entry in fs::read_dir(path).map_err(Error::file("read", path))? {
        bytes += bytes_below(&entry.map_err(Error::file("read", path))?.path())?;
    }
    Ok(bytes)
}
