//! Nodes are killed (-9) at random while readings and transactions flow. Afterwards everything that was answered for
//! must still be there, every node must hold the same blocks, and nobody may have signed twice.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use protocol::UnixMs;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::chance::Chance;
use crate::clock::wall_ms;
use crate::error::{Error, Result};
use crate::expect;
use crate::feeder::payload;
use crate::http::Client;
use crate::load::{Member, Signed};
use crate::neighbourhood::Neighbourhood;
use crate::options::Options;
use crate::processes::verify;
use crate::terminal::line;

/// A node has to be back by then.
const BACK_WITHIN: Duration = Duration::from_secs(5);
/// Pause between two readings to one node.
const READING_PAUSE: Duration = Duration::from_millis(4);
/// Pause between two transactions of one member.
const TRANSACTION_PAUSE: Duration = Duration::from_millis(30);
/// One request may hang on a node that is about to die.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);
/// How long the hive may take to agree again after the last kill.
const AGREE_WITHIN: Duration = Duration::from_secs(30);
/// What is written: a metric no controller reports.
const METRIC: &str = "chaos_count";

/// How hard it blows.
#[derive(Debug, Clone, Copy)]
pub struct Storm {
    /// Kills.
    pub kills: u32,
    /// Who and when.
    pub seed: u64,
    /// Buildings.
    pub buildings: usize,
    /// Authorities among them.
    pub authorities: usize,
}

/// What was answered for while it blew.
#[derive(Debug, Default)]
struct Acknowledged {
    /// Per node: time of each reading and its value.
    readings: Vec<BTreeMap<i64, f64>>,
    /// Ids of final transactions.
    transactions: Vec<String>,
    slowest_return: Duration,
}

/// Runs the storm in a fresh neighbourhood in `dir` and checks what is left.
pub async fn run(storm: Storm, binary: &Path, dir: &Path, as_json: bool) -> Result<()> {
    let options = Options {
        buildings: storm.buildings,
        authorities: storm.authorities,
        seed: storm.seed,
        reset: true,
        load_members: 4 + usize::try_from(storm.kills / 20).unwrap_or(0),
        fed: false,
        ..Options::new(binary.to_owned(), dir.to_owned())
    };
    let mut neighbourhood = Neighbourhood::up(options).await?;
    if !as_json {
        line(&format!("{} nodes ready; {} kills follow", neighbourhood.len(), storm.kills));
    }
    let kept = blow(&mut neighbourhood, storm, as_json).await?;
    let all: Vec<usize> = (0..neighbourhood.len()).collect();
    let mut clients = expect::clients(&neighbourhood, &all);
    let height = expect::same_state(&mut clients, AGREE_WITHIN).await?;
    let readings = check_readings(&mut clients, &kept).await?;
    check_transactions(&mut clients, &kept.transactions).await?;
    check_signing(&mut clients[0], height).await?;
    let dirs: Vec<_> = (0..neighbourhood.len()).map(|index| neighbourhood.state(index).log).collect();
    neighbourhood.down().await?;
    for data_dir in dirs.iter().filter_map(|log| log.parent()) {
        verify(binary, data_dir)?;
    }
    let back_s = kept.slowest_return.as_secs_f64();
    let transactions = kept.transactions.len();
    if as_json {
        let figures = json!({
            "kills": storm.kills, "seed": storm.seed, "height": height, "readings": readings,
            "transactions": transactions, "lost": 0, "slowest_return_s": back_s,
        });
        line(&figures.to_string());
    } else {
        line(&format!(
            "{} kills: {readings} readings and {transactions} transactions answered for, none lost; \
             same blocks and state on every node at height {height}; nobody signed twice; slowest return {back_s:.2} s",
            storm.kills
        ));
    }
    Ok(())
}

/// Kills and restarts while the load runs.
async fn blow(neighbourhood: &mut Neighbourhood, storm: Storm, as_json: bool) -> Result<Acknowledged> {
    let (stop, stopped) = watch::channel(false);
    let start_ms = wall_ms();
    let mut readings = JoinSet::new();
    for index in 0..neighbourhood.len() {
        let client = neighbourhood.client(index).with_timeout(REQUEST_TIMEOUT);
        let write = write_readings(client, crate::layout::name(index), start_ms, stopped.clone());
        readings.spawn(async move { (index, write.await) });
    }
    let mut transactions = JoinSet::new();
    for (number, member) in Member::all(neighbourhood.plan())?.into_iter().enumerate() {
        let all =
            (0..neighbourhood.len()).map(|index| neighbourhood.client(index).with_timeout(REQUEST_TIMEOUT));
        transactions.spawn(write_transactions(all.collect(), number, member, stopped.clone()));
    }
    let slowest_return = kill_and_restart(neighbourhood, storm, as_json).await;
    // The tasks hold their own receivers: nobody else listens.
    stop.send(true).ok();
    let mut kept =
        Acknowledged { readings: vec![BTreeMap::new(); neighbourhood.len()], ..Acknowledged::default() };
    while let Some(Ok((index, written))) = readings.join_next().await {
        kept.readings[index] = written;
    }
    while let Some(Ok(written)) = transactions.join_next().await {
        kept.transactions.extend(written);
    }
    kept.slowest_return = slowest_return?;
    Ok(kept)
}

async fn kill_and_restart(
    neighbourhood: &mut Neighbourhood,
    storm: Storm,
    as_json: bool,
) -> Result<Duration> {
    let chance = Chance::new(storm.seed, "chaos");
    let mut slowest = Duration::ZERO;
    for kill in 0..storm.kills {
        let draw = i64::from(kill) * 3;
        sleep(Duration::from_secs_f64(chance.between(draw, 0.1, 1.0))).await;
        let victim = chance.pick(draw + 1, neighbourhood.len());
        neighbourhood.kill(victim)?;
        sleep(Duration::from_secs_f64(chance.between(draw + 2, 0.0, 0.6))).await;
        let begun = Instant::now();
        neighbourhood.restart(victim).await?;
        neighbourhood.wait_ready(victim, BACK_WITHIN).await?;
        let took = begun.elapsed();
        slowest = slowest.max(took);
        if !as_json {
            let name = crate::layout::name(victim);
            line(&format!("  {:3}  {name} killed, ready again after {:.2} s", kill + 1, took.as_secs_f64()));
        }
    }
    Ok(slowest)
}

/// Posts one reading after the other; those answered for, by time.
async fn write_readings(
    mut client: Client,
    site: String,
    start_ms: i64,
    stopped: watch::Receiver<bool>,
) -> BTreeMap<i64, f64> {
    let asset = format!("{site}-METER_1");
    let mut written = BTreeMap::new();
    let mut count = 0;
    while !*stopped.borrow() {
        count += 1;
        let (at_ms, value) = (start_ms - 600_000 + count, count as f64);
        let body = payload(&site, &asset, at_ms, &BTreeMap::from([(METRIC, value)]));
        match client.telemetry(Bytes::from(body)).await {
            Ok(()) => {
                written.insert(at_ms, value);
            }
            // Not answered for: it may be there or not.
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
        sleep(READING_PAUSE).await;
    }
    written
}

/// Submits one transaction after the other, each until it is final somewhere; the ids of the final ones.
async fn write_transactions(
    mut clients: Vec<Client>,
    number: usize,
    mut member: Member,
    stopped: watch::Receiver<bool>,
) -> Vec<String> {
    let mut written = Vec::new();
    let mut attempt = number;
    while let Some(signed) = member.sign() {
        loop {
            if *stopped.borrow() {
                return written;
            }
            attempt += 1;
            let node = attempt % clients.len();
            if is_final(&mut clients[node], &signed).await {
                written.push(signed.id);
                break;
            }
            sleep(TRANSACTION_PAUSE).await;
        }
        sleep(TRANSACTION_PAUSE).await;
    }
    written
}

async fn is_final(client: &mut Client, signed: &Signed) -> bool {
    let outcome = client.submit(std::slice::from_ref(&signed.bytes), true).await;
    if outcome.is_ok_and(|outcome| outcome.iter().any(|outcome| outcome.status == "committed")) {
        return true;
    }
    // Sent before to a node that died: it may be in a block already, and is then refused as used.
    client.transaction(&signed.id).await.is_ok_and(|recorded| recorded.height.is_some())
}

async fn check_readings(clients: &mut [Client], kept: &Acknowledged) -> Result<usize> {
    let mut count = 0;
    for (client, written) in clients.iter_mut().zip(&kept.readings) {
        let (Some((first, _)), Some((last, _))) = (written.first_key_value(), written.last_key_value())
        else {
            continue;
        };
        let asset = format!("{}-METER_1", client.node());
        let (from, to) = (UnixMs(*first).to_string(), UnixMs(*last + 1).to_string());
        let stored = client.readings(&asset, METRIC, &from, &to).await?;
        let stored: BTreeMap<String, Option<f64>> =
            stored.into_iter().map(|reading| (without_zeros(&reading.t), reading.v)).collect();
        for (at_ms, value) in written {
            let found = stored.get(&without_zeros(&UnixMs(*at_ms).to_string()));
            if found != Some(&Some(*value)) {
                let (node, time) = (client.node(), UnixMs(*at_ms));
                let told =
                    format!("{node} keeps what it answered for: reading {value} of {time} is {found:?}");
                return Err(Error::Expectation(told));
            }
        }
        count += written.len();
    }
    Ok(count)
}

/// A whole second may be written with or without its milliseconds.
fn without_zeros(time: &str) -> String {
    time.replace(".000Z", "Z")
}

async fn check_transactions(clients: &mut [Client], ids: &[String]) -> Result<()> {
    for client in clients {
        for id in ids {
            let recorded = client.transaction(id).await?;
            if recorded.height.is_none() {
                return Err(Error::Expectation(format!(
                    "{} keeps final transactions: {id} has no block",
                    client.node()
                )));
            }
        }
    }
    Ok(())
}

/// A node that restarts may have lost what it did not sync, never what it signed.
async fn check_signing(client: &mut Client, height: u64) -> Result<()> {
    for height in 1..=height {
        let block = client.block(height).await?;
        if block.transactions.iter().any(|transaction| transaction.kind.contains("evidence")) {
            return Err(Error::Expectation(format!("nobody signs twice: block {height} holds evidence")));
        }
    }
    Ok(())
}
