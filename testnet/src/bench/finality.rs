//! How long a transaction takes from submission to final, and how many the hive can take.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{Measured, Samples, Target, ms, process};
use crate::chance::Chance;
use crate::error::{Error, Result};
use crate::http::Client;
use crate::load::Member;
use crate::neighbourhood::Neighbourhood;
use crate::options::Options;

/// A steady rate of single transactions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    names: [&'static str; 2],
    per_second: u32,
    transactions: usize,
    /// Authorities that are dead: the last ones.
    dead: usize,
    p50_ms_max: f64,
    p99_ms_max: f64,
}

/// Four authorities.
pub(super) const FOUR: Rate = Rate {
    names: ["finality p50, 4 authorities", "finality p99, 4 authorities"],
    per_second: 20,
    transactions: 600,
    dead: 0,
    p50_ms_max: 50.0,
    p99_ms_max: 200.0,
};

/// Four authorities of which one is dead: twice the time of four that live.
pub(super) const ONE_DEAD: Rate = Rate {
    names: ["finality p50, 1 of 4 authorities dead", "finality p99, 1 of 4 authorities dead"],
    per_second: 20,
    transactions: 600,
    dead: 1,
    p50_ms_max: 2.0 * FOUR.p50_ms_max,
    p99_ms_max: 2.0 * FOUR.p99_ms_max,
};

/// Sixteen authorities.
pub(super) const SIXTEEN: Rate = Rate {
    names: ["finality p50, 16 authorities", "finality p99, 16 authorities"],
    per_second: 5,
    transactions: 150,
    dead: 0,
    p50_ms_max: 200.0,
    p99_ms_max: 400.0,
};

/// Transactions before the clock runs.
const WARM_UP: usize = 20;
/// Members that sign the load of a steady rate.
const STEADY_MEMBERS: usize = 8;
/// As many as it takes until nobody waits for the dead any more, 5 s of them.
const MISSED_TRANSACTIONS: usize = 100;

/// Submit → final at a steady rate, each answered by the node it was given to.
pub(super) async fn latency(options: Options, rate: Rate) -> Result<Vec<Measured>> {
    let mut neighbourhood = Neighbourhood::up(Options { load_members: STEADY_MEMBERS, ..options }).await?;
    let living = neighbourhood.len() - rate.dead;
    for index in living..neighbourhood.len() {
        neighbourhood.kill(index)?;
    }
    let mut members = Member::all(neighbourhood.plan())?;
    let mut asked = JoinSet::new();
    let mut beat = interval(Duration::from_secs(1) / rate.per_second);
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let chance = Chance::new(neighbourhood.plan().seed, "bench phase");
    let mut idle: BTreeMap<usize, Vec<Client>> = BTreeMap::new();
    let mut samples = Vec::new();
    let warm_up = if rate.dead > 0 { WARM_UP.max(MISSED_TRANSACTIONS) } else { WARM_UP };
    for number in 0..rate.transactions + warm_up {
        beat.tick().await;
        while let Some(done) = asked.try_join_next() {
            keep(done, warm_up, &mut idle, &mut samples)?;
        }
        // Each member keeps to one node, so that its transactions arrive in their order.
        let member = number % members.len();
        let node = member % living;
        let signed =
            members[member].sign().ok_or_else(|| Error::Expectation("enough load is signed".to_owned()))?;
        let pooled = idle.get_mut(&node).and_then(Vec::pop);
        let mut client = pooled.unwrap_or_else(|| neighbourhood.client(node));
        // Blocks must not learn the beat.
        let phase = Duration::from_secs_f64(chance.unit(i64::try_from(number).unwrap_or(0)) * 0.01);
        asked.spawn(async move {
            tokio::time::sleep(phase).await;
            let begun = Instant::now();
            let outcome = client.submit(std::slice::from_ref(&signed.bytes), true).await;
            (
                number,
                node,
                client,
                outcome.map(|outcome| {
                    (
                        begun.elapsed(),
                        outcome
                            .first()
                            .map_or_else(|| "missing".to_owned(), |outcome| outcome.status.clone()),
                    )
                }),
            )
        });
    }
    while let Some(done) = asked.join_next().await {
        keep(done, warm_up, &mut idle, &mut samples)?;
    }
    neighbourhood.down().await?;
    let samples = Samples::new(samples);
    let detail = format!(
        "{} transactions at {}/s, longest {:.0} ms",
        rate.transactions,
        rate.per_second,
        ms(samples.most())
    );
    let figure = |name, percent, most| {
        Measured::new(name, ms(samples.percentile(percent)), "ms", Target::AtMost(most), detail.clone())
    };
    Ok(vec![figure(rate.names[0], 50, rate.p50_ms_max), figure(rate.names[1], 99, rate.p99_ms_max)])
}

type Done = (usize, usize, Client, Result<(Duration, String)>);

fn keep(
    done: Result<Done, tokio::task::JoinError>,
    warm_up: usize,
    idle: &mut BTreeMap<usize, Vec<Client>>,
    samples: &mut Vec<Duration>,
) -> Result<()> {
    let (number, node, client, outcome) = done.map_err(|error| Error::Expectation(error.to_string()))?;
    let (took, status) = outcome?;
    if status != "committed" {
        return Err(Error::Expectation(format!("every transaction becomes final: one is {status}")));
    }
    idle.entry(node).or_default().push(client);
    if number >= warm_up {
        samples.push(took);
    }
    Ok(())
}

/// Connections per node at saturation.
const CONNECTIONS: usize = 16;
/// Transactions in one request.
const BATCH: usize = 25;
/// Members per connection: together they may open as many work orders as the measurement needs.
const MEMBERS_PER_CONNECTION: usize = 2;
/// The measurement proper, after a start that does not count.
const SATURATED: Duration = Duration::from_secs(10);
const RISING: Duration = Duration::from_secs(1);

/// Most signed transactions per second, each answered for as final.
pub(super) async fn saturation(options: Options) -> Result<Vec<Measured>> {
    let connections = CONNECTIONS * options.authorities;
    let load_members = connections * MEMBERS_PER_CONNECTION;
    let mut neighbourhood = Neighbourhood::up(Options { load_members, ..options }).await?;
    let mut members = Member::all(neighbourhood.plan())?;
    let mut writers = JoinSet::new();
    let signed = |members: &mut Vec<Member>| -> Vec<Vec<u8>> {
        let own = members.split_off(members.len() - MEMBERS_PER_CONNECTION);
        own.into_iter()
            .flat_map(|mut member| std::iter::from_fn(move || member.sign()))
            .map(|signed| signed.bytes)
            .collect()
    };
    let loads: Vec<Vec<Vec<u8>>> = (0..connections).map(|_| signed(&mut members)).collect();
    let bytes = loads.first().and_then(|load| load.first()).map_or(0, Vec::len);
    let begun = Instant::now();
    for (connection, load) in loads.into_iter().enumerate() {
        let client = neighbourhood.client(connection % neighbourhood.len());
        writers.spawn(write(client, load, begun + RISING, begun + RISING + SATURATED));
    }
    let (mut count, mut last) = (0, begun + RISING);
    while let Some(written) = writers.join_next().await {
        let (written, ended) = written.map_err(|error| Error::Expectation(error.to_string()))??;
        count += written;
        last = last.max(ended);
    }
    let took_s = last.duration_since(begun + RISING).as_secs_f64();
    let height = neighbourhood.client(0).head().await?.height;
    let cpu_s = process::cpu_of_all_s(&mut neighbourhood)?;
    neighbourhood.down().await?;
    let per_second = count as f64 / took_s.max(0.001);
    let detail = format!(
        "{count} of {bytes} bytes in {took_s:.1} s, {connections} connections, {height} blocks, {cpu_s:.1} CPU s"
    );
    Ok(vec![Measured::new("saturation, 4 authorities", per_second, "tx/s", Target::AtLeast(2000.0), detail)])
}

/// Submits batch after batch; how many were final between `from` and `to`, and when the last of them was.
async fn write(
    mut client: Client,
    load: Vec<Vec<u8>>,
    from: Instant,
    to: Instant,
) -> Result<(usize, Instant)> {
    let (mut count, mut last) = (0, from);
    for batch in load.chunks(BATCH) {
        let outcome = client.submit(batch, true).await?;
        let now = Instant::now();
        if let Some(other) = outcome.iter().find(|outcome| outcome.status != "committed") {
            return Err(Error::Expectation(format!(
                "every transaction becomes final: one is {} {}",
                other.status, other.reason
            )));
        }
        if now > to {
            break;
        }
        if now > from {
            (count, last) = (count + batch.len(), now);
        }
    }
    Ok((count, last))
}
