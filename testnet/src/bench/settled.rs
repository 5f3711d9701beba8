//! How long a slot of shared energy takes: from the moment at which the last building's meter tells where it stood at the end
//! of the slot until every building holds the result with both signatures and has checked its own line of it.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use protocol::UnixMs;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{Measured, Samples, Target, ms};
use crate::clock::SLOT_MS;
use crate::error::{Error, Result};
use crate::expect;
use crate::feeder::payload;
use crate::http::Client;
use crate::neighbourhood::Neighbourhood;
use crate::options::Options;
use crate::sharing;

/// Hive seconds per second: a slot ends every five.
const SPEED: f64 = 180.0;
/// Slots that are measured.
const SLOTS: i64 = 20;
/// Slots that pass before: the tariff begins with one of them.
const WARM: i64 = 2;
/// Wh that each building takes from the grid and gives to it in a slot; later ones do as the first do.
const NET: [(i64, i64); 5] = [(0, 900), (400, 0), (300, 0), (0, 200), (700, 0)];
const LOOK: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(4);

/// From the last reading to the last checked line, slot by slot.
pub(super) async fn settled(options: Options) -> Result<Vec<Measured>> {
    let neighbourhood = Neighbourhood::up(Options { speed: SPEED, ..options }).await?;
    sharing::agree(&neighbourhood).await?;
    let all: Vec<usize> = (0..neighbourhood.len()).collect();
    let mut houses = expect::clients(&neighbourhood, &all);
    let clock = neighbourhood.clock();
    let first_ms = (clock.now_ms().div_euclid(SLOT_MS) + 1) * SLOT_MS;
    let mut samples = Vec::new();
    for slot in 0..WARM + SLOTS {
        let end_ms = first_ms + slot * SLOT_MS;
        sleep(clock.until(end_ms)).await;
        let mut begun = Instant::now();
        for (house, client) in houses.iter_mut().enumerate() {
            begun = Instant::now();
            read(client, house, slot, end_ms).await?;
        }
        if slot >= WARM {
            for client in &mut houses {
                checked(client, end_ms, begun).await?;
            }
            samples.push(begun.elapsed());
        }
    }
    neighbourhood.down().await?;
    let samples = Samples::new(samples);
    let detail = format!(
        "slowest of {} slots, 5 buildings, middle {:.0} ms",
        samples.0.len(),
        ms(samples.percentile(50))
    );
    Ok(vec![Measured::new(
        "last reading to slot settled and checked on all nodes",
        ms(samples.most()),
        "ms",
        Target::AtMost(3_000.0),
        detail,
    )])
}

/// Where a building's counters stand at the end of a slot.
async fn read(client: &mut Client, house: usize, slot: i64, end_ms: i64) -> Result<()> {
    let (import, export) = NET[house % NET.len()];
    let site = client.node().to_owned();
    let shown = |wh: i64| (wh * slot) as f64;
    let metrics = BTreeMap::from([("import_wh", shown(import)), ("export_wh", shown(export))]);
    client.telemetry(Bytes::from(payload(&site, &format!("{site}-METER_1"), end_ms, &metrics))).await
}

/// Waits until a building has checked its line of the slot that ends then.
async fn checked(client: &mut Client, end_ms: i64, begun: Instant) -> Result<()> {
    let (from, to) = (UnixMs(end_ms - SLOT_MS), UnixMs(end_ms));
    let path = format!("/api/v1/energy/results?from={from}&to={to}");
    loop {
        let results: Value = client.get(&path).await?;
        let result = &results["items"][0];
        let is_shared = result["traded_wh"].as_i64() > Some(0) && result["height"].is_u64();
        if is_shared && result["own"].is_object() && result["own"]["doubt"].is_null() {
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            let node = client.node();
            return Err(Error::Expectation(format!(
                "{node} checks its line of the slot until {to}: {result}"
            )));
        }
        sleep(LOOK).await;
    }
}
