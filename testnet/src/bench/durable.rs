//! How many single payloads a node takes per second, each answered after it is on disk.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Measured, Samples, Target, ms, process};
use crate::error::{Error, Result};
use crate::feeder::payload;
use crate::http::Client;
use crate::layout;
use crate::neighbourhood::Neighbourhood;
use crate::options::Options;

/// Gateways that post at the same time, each one payload after the other.
const CONNECTIONS: i64 = 64;
/// The measurement proper, after a start that does not count.
const MEASURED: Duration = Duration::from_secs(10);
const RISING: Duration = Duration::from_secs(1);
/// Payloads lie one millisecond apart, from this long ago on: none is ahead of the node's clock.
const SINCE_MS: i64 = 600_000;

/// Single payloads of four metrics at 64 connections.
pub(super) async fn ingest(options: Options) -> Result<Vec<Measured>> {
    let mut neighbourhood = Neighbourhood::up(options).await?;
    let start_ms = neighbourhood.clock().now_ms() - SINCE_MS;
    // One clock for all, so that a gateway that had to wait does not come with readings long overtaken by the others'.
    let clock = Arc::new(AtomicI64::new(start_ms));
    let mut gateways = JoinSet::new();
    let begun = Instant::now();
    for _ in 0..CONNECTIONS {
        let client = neighbourhood.client(0);
        gateways.spawn(post(client, Arc::clone(&clock), begun + RISING, begun + RISING + MEASURED));
    }
    let mut samples = Vec::new();
    while let Some(posted) = gateways.join_next().await {
        samples.extend(posted.map_err(|error| Error::Expectation(error.to_string()))??);
    }
    let cpu_s = process::cpu_of_all_s(&mut neighbourhood)?;
    let node = layout::name(0);
    check(&mut neighbourhood.client(0), &node, start_ms).await?;
    neighbourhood.down().await?;
    let samples = Samples::new(samples);
    let per_second = samples.0.len() as f64 / MEASURED.as_secs_f64();
    let (p50, p99) = (ms(samples.percentile(50)), ms(samples.percentile(99)));
    let detail = format!(
        "4 metrics each, answered after p50 {p50:.1} ms, p99 {p99:.1} ms, node used {cpu_s:.1} s of the processor"
    );
    Ok(vec![Measured::new(
        "durable payloads, 64 connections",
        per_second,
        "payloads/s",
        Target::AtLeast(20_000.0),
        detail,
    )])
}

/// Posts one payload after the other; how long each that counts took.
async fn post(
    mut client: Client,
    clock: Arc<AtomicI64>,
    from: Instant,
    to: Instant,
) -> Result<Vec<Duration>> {
    let site = layout::name(0);
    let asset = format!("{site}-HVAC_1");
    let mut samples = Vec::new();
    loop {
        let at_ms = clock.fetch_add(1, Ordering::Relaxed);
        let step = (at_ms % 100) as f64;
        let metrics = BTreeMap::from([
            ("temp_out_air", 22.5 + step / 100.0),
            ("temp_supply_air", 17.8),
            ("power_kw", 12.3 + step / 10.0),
            ("vibration_level", 3.1),
        ]);
        let begun = Instant::now();
        client.telemetry(Bytes::from(payload(&site, &asset, at_ms, &metrics))).await?;
        let now = Instant::now();
        if now > to {
            return Ok(samples);
        }
        if begun > from {
            samples.push(now.duration_since(begun));
        }
    }
}

/// What was answered for can be read again.
async fn check(client: &mut Client, site: &str, start_ms: i64) -> Result<()> {
    let (from, to) = (protocol::UnixMs(start_ms), protocol::UnixMs(start_ms + CONNECTIONS));
    let asset = format!("{site}-HVAC_1");
    let stored = client.readings(&asset, "power_kw", &from.to_string(), &to.to_string()).await?;
    if i64::try_from(stored.len()) == Ok(CONNECTIONS) {
        return Ok(());
    }
    Err(Error::Expectation(format!(
        "the first {CONNECTIONS} payloads can be read again: {} can",
        stored.len()
    )))
}
