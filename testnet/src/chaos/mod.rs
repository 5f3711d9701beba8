//! Nodes end at random moments (kill -9, a power cut that takes what was not synced, or an ordinary stop) while
//! readings, transactions and a caretaker's work flow. Afterwards everything that was answered for must still be there,
//! every node must hold the same blocks, and nobody may have signed twice.

mod caretaker;
mod check;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::chance::Chance;
use crate::clock::wall_ms;
use crate::disk::Taken;
use crate::disk::mount::Mounted;
use crate::error::{Error, Result};
use crate::expect;
use crate::feeder::payload;
use crate::http::Client;
use crate::load::{Member, Signed};
use crate::neighbourhood::Neighbourhood;
use crate::options::Options;
use crate::processes::verify;
use crate::terminal::line;
use caretaker::Work;

/// A node has to be back by then.
const BACK_WITHIN: Duration = Duration::from_secs(10);
/// Pause between two readings to one node.
const READING_PAUSE: Duration = Duration::from_millis(4);
/// Pause between two transactions of one lane.
const TRANSACTION_PAUSE: Duration = Duration::from_millis(30);
/// The same in a storm of more ends than [`SHORT_STORM`]: its chain must not grow until opening it takes longer than the
/// pauses between ends, or fewer and fewer of them would hit a node at work.
const LONG_TRANSACTION_PAUSE: Duration = Duration::from_millis(250);
const SHORT_STORM: u32 = 100;
/// Members that sign at the same time; the others wait for their turn, so that there is load to the end.
const LANES: usize = 4;
/// One request may hang on a node that is about to die.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);
/// How long the hive may take to agree again after the last end.
const AGREE_WITHIN: Duration = Duration::from_secs(30);
/// What is written: a metric no controller reports.
const METRIC: &str = "chaos_count";
/// Ends after which a line of progress is due when the single ones are not told.
const PROGRESS_EVERY: u32 = 10;

/// How nodes end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// kill -9: the system keeps what was written.
    Kill,
    /// kill -9, and what was not synced is gone or torn.
    PowerCut,
    /// An ordinary stop, node after node.
    Stop,
}

/// How hard it blows.
#[derive(Debug, Clone, Copy)]
pub struct Storm {
    /// How nodes end.
    pub end: End,
    /// How often.
    pub ends: u32,
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
    /// Per node: alerts and work orders.
    work: Vec<Work>,
    /// Ids of final transactions.
    transactions: Vec<String>,
    slowest_return: Duration,
    taken: Taken,
}

impl End {
    const fn word(self) -> &'static str {
        match self {
            Self::Kill => "kills",
            Self::PowerCut => "power cuts",
            Self::Stop => "restarts",
        }
    }
}

/// Runs the storm in a fresh neighbourhood in `dir` and checks what is left.
pub async fn run(storm: Storm, binary: &Path, dir: &Path, as_json: bool) -> Result<()> {
    if storm.end == End::PowerCut
        && let Some(reason) = Mounted::refused()
    {
        return Err(Error::Usage(format!(
            "no disk can be mounted on this machine, which needs FUSE: {reason}"
        )));
    }
    let options = Options {
        buildings: storm.buildings,
        authorities: storm.authorities,
        seed: storm.seed,
        reset: true,
        load_members: 4 + usize::try_from(storm.ends / 20).unwrap_or(0),
        fed: false,
        forgetful: storm.end == End::PowerCut,
        ..Options::new(binary.to_owned(), dir.to_owned())
    };
    let mut neighbourhood = Neighbourhood::up(options).await?;
    if !as_json {
        line(&format!("{} nodes ready; {} {} follow", neighbourhood.len(), storm.ends, storm.end.word()));
    }
    let kept = blow(&mut neighbourhood, storm, as_json).await?;
    let all: Vec<usize> = (0..neighbourhood.len()).collect();
    let mut clients = expect::clients(&neighbourhood, &all);
    let height = expect::same_state(&mut clients, AGREE_WITHIN).await?;
    let readings = check::readings(&mut clients, &kept.readings).await?;
    let works = check::work(&mut clients, &kept.work).await?;
    check::transactions(&mut clients, &kept.transactions).await?;
    check::signing(&mut clients[0], height).await?;
    stop_and_verify(neighbourhood, binary).await?;
    tell(storm, &kept, Figures { height, readings, works }, as_json);
    Ok(())
}

/// Stops the nodes one by one while their disks are still there, and replays each ledger.
async fn stop_and_verify(mut neighbourhood: Neighbourhood, binary: &Path) -> Result<()> {
    for index in 0..neighbourhood.len() {
        neighbourhood.stop(index).await?;
        let log = neighbourhood.state(index).log;
        if let Some(data_dir) = log.parent() {
            verify(binary, data_dir)?;
        }
    }
    neighbourhood.down().await.map(drop)
}

struct Figures {
    height: u64,
    readings: usize,
    works: usize,
}

fn tell(storm: Storm, kept: &Acknowledged, figures: Figures, as_json: bool) {
    let Figures { height, readings, works } = figures;
    let back_s = kept.slowest_return.as_secs_f64();
    let transactions = kept.transactions.len();
    let Taken { writes, names } = kept.taken;
    let (ends, word) = (storm.ends, storm.end.word());
    if as_json {
        let figures = json!({
            word.replace(' ', "_"): ends, "seed": storm.seed, "height": height, "readings": readings,
            "alerts_and_work_orders": works, "transactions": transactions, "lost": 0, "slowest_return_s": back_s,
            "writes_taken": writes, "names_taken": names,
        });
        return line(&figures.to_string());
    }
    if storm.end == End::PowerCut {
        line(&format!("{writes} writes and {names} names that were not synced were lost or torn"));
    }
    line(&format!(
        "{ends} {word}: {readings} readings, {works} alerts and work orders and {transactions} transactions answered \
         for, none lost; same blocks and state on every node at height {height}; nobody signed twice; slowest return \
         {back_s:.2} s"
    ));
}

/// Ends and restarts nodes while the load runs.
async fn blow(neighbourhood: &mut Neighbourhood, storm: Storm, as_json: bool) -> Result<Acknowledged> {
    let (stop, stopped) = watch::channel(false);
    let start_ms = wall_ms();
    let (mut readings, mut hands) = (JoinSet::new(), JoinSet::new());
    for index in 0..neighbourhood.len() {
        let client = neighbourhood.client(index).with_timeout(REQUEST_TIMEOUT);
        let work = caretaker::work(client.another(), crate::layout::name(index), stopped.clone());
        hands.spawn(async move { (index, work.await) });
        let write = write_readings(client, crate::layout::name(index), start_ms, stopped.clone());
        readings.spawn(async move { (index, write.await) });
    }
    let mut transactions = JoinSet::new();
    let mut lanes: Vec<Vec<Member>> = (0..LANES).map(|_| Vec::new()).collect();
    for (number, member) in Member::all(neighbourhood.plan())?.into_iter().enumerate() {
        lanes[number % LANES].push(member);
    }
    let pause = if storm.ends > SHORT_STORM { LONG_TRANSACTION_PAUSE } else { TRANSACTION_PAUSE };
    for (number, members) in lanes.into_iter().enumerate() {
        let all =
            (0..neighbourhood.len()).map(|index| neighbourhood.client(index).with_timeout(REQUEST_TIMEOUT));
        let lane = Lane { number, members, pause };
        transactions.spawn(write_transactions(all.collect(), lane, stopped.clone()));
    }
    let ended = end_and_restart(neighbourhood, storm, as_json).await;
    // The tasks hold their own receivers: nobody else listens.
    stop.send(true).ok();
    let mut kept = Acknowledged {
        readings: vec![BTreeMap::new(); neighbourhood.len()],
        work: vec![Work::default(); neighbourhood.len()],
        ..Acknowledged::default()
    };
    while let Some(Ok((index, written))) = readings.join_next().await {
        kept.readings[index] = written;
    }
    while let Some(Ok((index, done))) = hands.join_next().await {
        kept.work[index] = done;
    }
    while let Some(Ok(written)) = transactions.join_next().await {
        kept.transactions.extend(written);
    }
    (kept.slowest_return, kept.taken) = ended?;
    Ok(kept)
}

async fn end_and_restart(
    neighbourhood: &mut Neighbourhood,
    storm: Storm,
    as_json: bool,
) -> Result<(Duration, Taken)> {
    let chance = Chance::new(storm.seed, "chaos");
    let (mut slowest, mut taken) = (Duration::ZERO, Taken::default());
    for count in 0..storm.ends {
        let draw = i64::from(count) * 3;
        sleep(Duration::from_secs_f64(chance.between(draw, 0.1, 1.0))).await;
        let victim = match storm.end {
            End::Kill | End::PowerCut => chance.pick(draw + 1, neighbourhood.len()),
            End::Stop => usize::try_from(count).unwrap_or(0) % neighbourhood.len(),
        };
        match storm.end {
            End::Kill => neighbourhood.kill(victim)?,
            End::PowerCut => {
                let cut = Chance::new(chance.bits(draw + 2), "power cut");
                let Taken { writes, names } = neighbourhood.cut_power(victim, cut)?;
                taken = Taken { writes: taken.writes + writes, names: taken.names + names };
            }
            End::Stop => neighbourhood.stop(victim).await?,
        }
        sleep(Duration::from_secs_f64(chance.between(draw + 2, 0.0, 0.6))).await;
        let begun = Instant::now();
        neighbourhood.restart(victim).await?;
        neighbourhood.wait_ready(victim, BACK_WITHIN).await?;
        let took = begun.elapsed();
        slowest = slowest.max(took);
        if !as_json && (storm.ends <= 100 || (count + 1) % PROGRESS_EVERY == 0) {
            let (name, ends) = (crate::layout::name(victim), storm.ends);
            line(&format!(
                "  {:3} of {ends}  {name} ended, ready again after {:.2} s",
                count + 1,
                took.as_secs_f64()
            ));
        }
    }
    Ok((slowest, taken))
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

/// Members that sign one after the other.
struct Lane {
    number: usize,
    members: Vec<Member>,
    pause: Duration,
}

/// Submits one transaction after the other, each until it is final somewhere; the ids of the final ones.
async fn write_transactions(
    mut clients: Vec<Client>,
    Lane { number, mut members, pause }: Lane,
    stopped: watch::Receiver<bool>,
) -> Vec<String> {
    let mut written = Vec::new();
    let mut attempt = number;
    while let Some(member) = members.last_mut() {
        let Some(signed) = member.sign() else {
            members.pop();
            continue;
        };
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
            sleep(pause).await;
        }
        sleep(pause).await;
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
