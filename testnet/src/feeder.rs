//! A building's gateway: reads its equipment and meter in hive time and posts what they say through the node's public
//! API. While the node is away it keeps the readings, up to a bound, and counts those it had to drop.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use protocol::UnixMs;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use crate::building::Building;
use crate::equipment::{DRIFT_REPORT_MS, Equipment, REPORT_MS};
use crate::error::Error;
use crate::http::Client;

/// Readings kept while the node is away: more than an hour of hive time in real time.
const BUFFER_ROWS_MAX: usize = 20_000;
/// Readings in one bulk request.
const BULK_ROWS_MAX: usize = 1_250;
/// Up to this many readings are posted one by one, as a small gateway does.
const SINGLE_ROWS_MAX: usize = 6;
/// Hive seconds per wall second beyond which readings are gathered, and a drift keeps the usual period.
const FAST: f64 = 10.0;
/// Where time is not in a hurry a meter is read this often, hive time.
const METER_MS: i64 = 60_000;
/// At high speed readings are gathered for this long, wall time.
const GATHER: Duration = Duration::from_millis(100);
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LAST: Duration = Duration::from_secs(1);
/// A node that has not answered by then is taken as away.
const POST_TIMEOUT: Duration = Duration::from_secs(5);
const COMMANDS_MAX: usize = 16;

/// What a gateway has done so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FeedCount {
    /// Payloads the node answered for.
    pub sent: u64,
    /// Payloads waiting for the node.
    pub waiting: usize,
    /// Payloads dropped because too many waited.
    pub dropped: u64,
    /// Payloads the node refused.
    pub refused: u64,
    /// The last refusal.
    pub refusal: Option<String>,
}

#[derive(Debug)]
enum Command {
    Drift { asset: String, metric: String, target: Option<f64>, reply: oneshot::Sender<Result<f64, String>> },
    Calm { asset: String, reply: oneshot::Sender<Result<(), String>> },
}

/// A running gateway; it ends when this is dropped.
#[derive(Debug)]
pub struct Feeder {
    commands: mpsc::Sender<Command>,
    count: watch::Receiver<FeedCount>,
    task: AbortHandle,
}

impl Feeder {
    /// Starts the gateway of `building`, posting through `client`.
    pub fn start(building: Building, client: Client) -> Self {
        let (commands, inbox) = mpsc::channel(COMMANDS_MAX);
        let (counts, count) = watch::channel(FeedCount::default());
        let gateway = Gateway::new(building, client.with_timeout(POST_TIMEOUT), counts);
        let task = tokio::spawn(gateway.run(inbox)).abort_handle();
        Self { commands, count, task }
    }

    /// Forces a metric of an asset away from its healthy value; gives the value it goes to.
    pub async fn drift(&self, asset: &str, metric: &str, target: Option<f64>) -> Result<f64, String> {
        let (reply, answer) = oneshot::channel();
        let (asset, metric) = (asset.to_owned(), metric.to_owned());
        self.ask(Command::Drift { asset, metric, target, reply }, answer).await
    }

    /// Ends every drift of an asset.
    pub async fn calm(&self, asset: &str) -> Result<(), String> {
        let (reply, answer) = oneshot::channel();
        self.ask(Command::Calm { asset: asset.to_owned(), reply }, answer).await
    }

    /// What it has done so far.
    pub fn count(&self) -> FeedCount {
        self.count.borrow().clone()
    }

    async fn ask<T>(
        &self,
        command: Command,
        answer: oneshot::Receiver<Result<T, String>>,
    ) -> Result<T, String> {
        let gone = "the building's gateway has ended".to_owned();
        self.commands.send(command).await.map_err(|_| gone.clone())?;
        answer.await.map_err(|_| gone)?
    }
}

impl Drop for Feeder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One payload, ready to be sent.
#[derive(Debug, Serialize)]
struct Payload<'a> {
    site_code: &'a str,
    asset_code: &'a str,
    timestamp: String,
    metrics: &'a BTreeMap<&'static str, f64>,
}

/// The JSON of one payload, without a line end.
pub fn payload(site: &str, asset: &str, time_ms: i64, metrics: &BTreeMap<&'static str, f64>) -> String {
    let timestamp = UnixMs(time_ms).to_string();
    let payload = Payload { site_code: site, asset_code: asset, timestamp, metrics };
    serde_json::to_string(&payload).expect("invariant: finite numbers under string keys")
}

struct Gateway {
    building: Building,
    /// Hive time of each asset's next report, beside `building.equipment`.
    next_ms: Vec<i64>,
    client: Client,
    waiting: VecDeque<String>,
    /// How many of the first rows are to go one by one, after a bulk request with them was refused.
    one_by_one: usize,
    retry: Duration,
    not_before: Instant,
    counts: watch::Sender<FeedCount>,
}

impl Gateway {
    fn new(mut building: Building, client: Client, counts: watch::Sender<FeedCount>) -> Self {
        let now_ms = building.clock.now_ms();
        let phase = |index: usize| {
            1000 * (building.chance.bits(i64::try_from(index).unwrap_or(0)) % 10).cast_signed()
        };
        let next_ms =
            (0..building.equipment.len()).map(|index| next_after(now_ms, REPORT_MS, phase(index))).collect();
        let mut waiting = VecDeque::new();
        for (at_ms, metrics) in building.meter.catch_up(now_ms) {
            waiting.push_back(payload(&building.site, building.meter.code(), at_ms, &metrics));
        }
        if building.clock.speed <= FAST {
            building.meter.read_every(METER_MS);
        }
        let (retry, not_before) = (RETRY_FIRST, Instant::now());
        Self { building, next_ms, client, waiting, one_by_one: 0, retry, not_before, counts }
    }

    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return,
                },
                () = sleep_until(self.wakes()) => {}
            }
            self.gather();
            if Instant::now() >= self.not_before {
                self.post().await;
            }
            self.tell();
        }
    }

    /// When there is something to read or to send again.
    fn wakes(&self) -> Instant {
        let next_ms = self.next_ms.iter().copied().chain([self.building.meter.next_reading_ms()]).min();
        let reads = Instant::now() + self.building.clock.until(next_ms.unwrap_or(i64::MAX));
        let reads = if self.building.clock.speed > FAST { reads.max(Instant::now() + GATHER) } else { reads };
        if self.waiting.is_empty() { reads } else { reads.min(self.not_before) }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Drift { asset, metric, target, reply } => {
                let begun = self.asset(&asset).and_then(|index| {
                    let target = self.building.equipment[index].drift(&metric, target)?;
                    self.next_ms[index] = self.building.clock.now_ms();
                    Ok(target)
                });
                // Whoever asked may have gone; the drift goes on.
                drop(reply.send(begun));
            }
            Command::Calm { asset, reply } => {
                let calmed = self.asset(&asset).map(|index| self.building.equipment[index].calm());
                drop(reply.send(calmed));
            }
        }
    }

    fn asset(&self, code: &str) -> Result<usize, String> {
        let codes = || self.building.equipment.iter().map(Equipment::code);
        let known = || codes().collect::<Vec<_>>().join(", ");
        codes()
            .position(|known| known == code)
            .ok_or_else(|| format!("expected one of {}, found \"{code}\"", known()))
    }

    /// Reads everything due by now, in the order of time.
    fn gather(&mut self) {
        let now_ms = self.building.clock.now_ms();
        let mut read = self.read_equipment(now_ms);
        while self.building.meter.next_reading_ms() <= now_ms {
            let at_ms = self.building.meter.next_reading_ms();
            if let Some(metrics) = self.building.meter.read_next() {
                read.push((at_ms, payload(&self.building.site, self.building.meter.code(), at_ms, &metrics)));
            }
        }
        read.sort_by_key(|(at_ms, _)| *at_ms);
        self.waiting.extend(read.into_iter().map(|(_, row)| row));
        let excess = self.waiting.len().saturating_sub(BUFFER_ROWS_MAX);
        self.waiting.drain(..excess);
        self.one_by_one = self.one_by_one.saturating_sub(excess);
        self.counts.send_modify(|count| count.dropped += excess as u64);
    }

    fn read_equipment(&mut self, now_ms: i64) -> Vec<(i64, String)> {
        let fast = self.building.clock.speed > FAST;
        let mut read = Vec::new();
        for (asset, next_ms) in self.building.equipment.iter_mut().zip(&mut self.next_ms) {
            while *next_ms <= now_ms {
                let metrics = asset.report(*next_ms);
                read.push((*next_ms, payload(&self.building.site, asset.code(), *next_ms, &metrics)));
                *next_ms += if asset.is_drifting() && !fast { DRIFT_REPORT_MS } else { REPORT_MS };
            }
        }
        read
    }

    /// Sends what waits until it is empty or the node does not take it.
    async fn post(&mut self) {
        while !self.waiting.is_empty() {
            let single = self.one_by_one > 0 || self.waiting.len() <= SINGLE_ROWS_MAX;
            let rows = if single { 1 } else { self.waiting.len().min(BULK_ROWS_MAX) };
            match self.post_rows(rows).await {
                Ok(()) => self.done(rows, |count| count.sent += rows as u64),
                Err(Error::Refused { status, detail, .. }) if !is_temporary(status) => {
                    if rows == 1 {
                        self.done(1, |count| {
                            (count.refused, count.refusal) = (count.refused + 1, Some(detail));
                        });
                    } else {
                        self.one_by_one = rows;
                    }
                }
                Err(_) => {
                    self.not_before = Instant::now() + self.retry;
                    self.retry = (self.retry * 2).min(RETRY_LAST);
                    return;
                }
            }
        }
    }

    async fn post_rows(&mut self, rows: usize) -> crate::Result<()> {
        if rows == 1 {
            let row = self.waiting.front().cloned().unwrap_or_default();
            return self.client.telemetry(Bytes::from(row)).await;
        }
        let lines: Vec<&str> = self.waiting.iter().take(rows).map(String::as_str).collect();
        self.client.telemetry_bulk(Bytes::from(lines.join("\n"))).await
    }

    fn done(&mut self, rows: usize, change: impl FnOnce(&mut FeedCount)) {
        self.waiting.drain(..rows);
        self.one_by_one = self.one_by_one.saturating_sub(rows);
        self.retry = RETRY_FIRST;
        self.counts.send_modify(change);
    }

    fn tell(&self) {
        self.counts.send_modify(|count| count.waiting = self.waiting.len());
    }
}

/// Whether the same request may be taken later.
fn is_temporary(status: u16) -> bool {
    status == 408 || status == 429 || status >= 500
}

/// The first time after `now_ms` that is `phase_ms` past a multiple of `period_ms`.
fn next_after(now_ms: i64, period_ms: i64, phase_ms: i64) -> i64 {
    let since = (now_ms - phase_ms).rem_euclid(period_ms);
    now_ms - since + period_ms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::building::equipment;
    use crate::chance::Chance;
    use crate::clock::HiveClock;
    use crate::household::Household;
    use crate::layout::assets;
    use crate::meter::{Meter, Source};

    fn gateway(speed: f64) -> Gateway {
        let now_ms = 1_765_275_323_000;
        let clock = HiveClock { speed, epoch_wall_ms: crate::clock::wall_ms(), epoch_hive_ms: now_ms };
        let source = Source::Simulated { household: Household::new(42, "CAS-S1", 8), roof: None };
        let building = Building {
            site: "CAS-S1".to_owned(),
            equipment: equipment(&assets("CAS-S1"), 42, now_ms),
            meter: Meter::new("CAS-S1-METER_1", source, now_ms - 3 * 900_000),
            clock,
            chance: Chance::new(42, "phase"),
        };
        let client = Client::new("CAS-S1", "http://127.0.0.1:1", "token");
        Gateway::new(building, client, watch::channel(FeedCount::default()).0)
    }

    #[test]
    fn a_resumed_gateway_first_tells_where_the_meter_stands() {
        let gateway = gateway(1.0);
        assert_eq!(gateway.waiting.len(), 3, "the end of each slot since it was installed");
        assert!(gateway.waiting[0].contains("load_wh"), "{}", gateway.waiting[0]);
        assert!(gateway.waiting[2].contains("import_wh"), "{}", gateway.waiting[2]);
    }

    #[test]
    fn ten_seconds_bring_one_report_of_each_asset() {
        let mut gateway = gateway(1.0);
        gateway.waiting.clear();
        gateway.building.clock.epoch_hive_ms += 10_000;
        gateway.gather();
        assert_eq!(gateway.waiting.len(), 3);
        assert!(gateway.waiting.iter().all(|row| row.contains("\"site_code\":\"CAS-S1\"")));
    }

    #[test]
    fn what_waits_is_bounded_and_the_oldest_goes_first() {
        let mut gateway = gateway(1.0);
        gateway.building.clock.epoch_hive_ms += 10_000 * 10_000;
        gateway.gather();
        assert_eq!(gateway.waiting.len(), BUFFER_ROWS_MAX);
        assert!(gateway.counts.borrow().dropped > 10_000);
        assert!(!gateway.waiting[0].contains("2025-12-09T10:"), "{}", gateway.waiting[0]);
    }

    #[test]
    fn a_drift_on_an_unknown_asset_names_the_known_ones() {
        let gateway = gateway(1.0);
        assert!(gateway.asset("CAS-S2-HVAC_1").unwrap_err().contains("CAS-S1-ELEVATOR_1"));
    }

    #[test]
    fn a_payload_has_the_fields_of_the_contract() {
        let json =
            payload("CAS-S1", "CAS-S1-HVAC_1", 1_765_275_323_000, &BTreeMap::from([("power_kw", 12.3)]));
        let expected = r#"{"site_code":"CAS-S1","asset_code":"CAS-S1-HVAC_1","timestamp":"2025-12-09T10:15:23.000Z","metrics":{"power_kw":12.3}}"#;
        assert_eq!(json, expected);
    }

    #[test]
    fn the_next_report_keeps_its_phase() {
        assert_eq!(next_after(100_000, 10_000, 3_000), 103_000);
        assert_eq!(next_after(103_000, 10_000, 3_000), 113_000);
    }
}
