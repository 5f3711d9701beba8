//! Ballots of one building: from the signature to a receipt that was checked, and a thousand within a minute while one
//! authority dies.

use std::time::Duration;

use ledger::light;
use protocol::assembly::{Choice, LotId, Votes};
use protocol::hex::hex;
use protocol::limits::RECEIPT_BYTES_MAX;
use protocol::{Address, AuthoritySet, ChainId, encode};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{Measured, Samples, Target, ms};
use crate::error::{Error, Result};
use crate::http::Client;
use crate::neighbourhood::Neighbourhood;
use crate::options::Options;
use crate::receipt::{self, parsed, text};
use crate::residents::{self, Ask, House};

/// Owners who vote; each again and again.
const OWNERS: u32 = 40;
/// Ballots measured one after the other.
const MEASURED: u32 = 100;
/// Ballots within a minute.
const CROWD: u32 = 1_000;
const MINUTE: Duration = Duration::from_secs(60);
/// The ballot at which an authority dies.
const DEATH: u32 = CROWD / 3;
/// Connections that bring them.
const CONNECTIONS: u32 = 8;
/// Blocks for which the assembly is open: more than there can be.
const BLOCKS: u64 = 100_000;
const LOOK: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_secs(30);

/// What ballots are signed for.
#[derive(Debug, Clone)]
struct Vote {
    ask: Ask,
    building: Address,
    chain: ChainId,
}

/// From signed to a receipt that was checked, one at a time; then a crowd, with a death.
pub(super) async fn ballots(options: Options) -> Result<Vec<Measured>> {
    let mut neighbourhood = Neighbourhood::up(options).await?;
    let genesis = neighbourhood.plan().genesis()?;
    let mut client = neighbourhood.client(0);
    let vote = prepare(neighbourhood.client(0)).await?;
    let (mut samples, mut largest) = (Vec::new(), 0);
    for number in 0..MEASURED {
        let begun = Instant::now();
        let taken = hand_in(&mut client, &vote, number).await?;
        let proof = proven(&mut client, &vote, &taken).await?;
        let size = check(&proof, &taken, &vote, genesis.authorities())?;
        samples.push(begun.elapsed());
        largest = largest.max(size);
    }
    let (took, lost) = crowd(&mut neighbourhood, &vote).await?;
    neighbourhood.down().await?;
    let samples = Samples::new(samples);
    let p95 = format!(
        "{MEASURED} ballots, median {:.0} ms, longest {:.0} ms",
        ms(samples.percentile(50)),
        ms(samples.most())
    );
    let crowd = format!(
        "{CROWD} ballots of {OWNERS} owners in {:.1} s, one of 4 authorities killed",
        took.as_secs_f64()
    );
    let most = |value: f64| Target::AtMost(value);
    Ok(vec![
        Measured::new("ballot to checked receipt p95", ms(samples.percentile(95)), "ms", most(2_000.0), p95),
        Measured::new(
            "largest receipt",
            largest as f64,
            "bytes",
            most(RECEIPT_BYTES_MAX as f64),
            String::new(),
        ),
        Measured::new(
            "1,000 ballots, an authority killed",
            took.as_secs_f64(),
            "s",
            most(60.0),
            crowd.clone(),
        ),
        Measured::new("ballots lost of 1,000", lost as f64, "", most(0.0), crowd),
    ])
}

/// Owners, keys, an assembly that is open.
async fn prepare(client: Client) -> Result<Vote> {
    let persons: Vec<u32> = (1..=OWNERS + 1).collect();
    let registry = residents::registry(&vec![1; OWNERS as usize]);
    let mut house = House::enrol(client, registry, &persons).await?;
    let item = json!({ "title": "Measure", "text": "How fast is a vote?", "matter": "ordinary" });
    let draft = json!({
        "day": "2030-01-01", "place": "bench", "chair": 1, "assessors": [2], "items": [item],
    });
    let number = house.announce(&draft, BLOCKS).await?;
    let begun = Instant::now();
    loop {
        if house.view(number).await?["stage"] == "open" {
            let ask = house.ask(number).await?;
            return Ok(Vote { ask, building: house.address(), chain: house.chain() });
        }
        wait(begun, "the assembly opens").await?;
    }
}

/// Signs a ballot and hands it in; answers what the node took.
async fn hand_in(client: &mut Client, vote: &Vote, number: u32) -> Result<Value> {
    let person = number % OWNERS + 1;
    let key = residents::phone(&vote.building, person);
    let sequence = u64::from(number) + 1;
    let ballot = residents::ballot(&vote.ask, &key, LotId(person), Votes(1), Choice::For, sequence)?;
    let path = format!("/api/v1/assemblies/{}/ballots", vote.ask.number);
    client.post(&path, &json!({ "ballot": hex(&encode(&ballot.sign(&key, &vote.chain))) })).await
}

/// The proof of a ballot, once it is final.
async fn proven(client: &mut Client, vote: &Vote, taken: &Value) -> Result<Value> {
    let path = format!("/api/v1/assemblies/{}/ballots/{}", vote.ask.number, text(taken, "commitment")?);
    let begun = Instant::now();
    loop {
        let now: Value = client.get(&path).await?;
        if let Some(id) = now["transaction"].as_str() {
            return client.get(&format!("/api/v1/ledger/transactions/{id}/proof")).await;
        }
        wait(begun, "a ballot is final").await?;
    }
}

/// Makes the receipt and checks it against the genesis; its bytes.
fn check(proof: &Value, taken: &Value, vote: &Vote, trusted: &AuthoritySet) -> Result<usize> {
    let ballot = (vote.ask.assembly, parsed(taken, "commitment")?);
    let promise = receipt::promise(text(taken, "promise")?, &vote.chain)?;
    let receipt = receipt::of(proof, ballot, Some(promise), trusted)?;
    let shown = light::verify_ballot(&receipt, trusted)
        .map_err(|error| Error::Expectation(format!("a receipt that holds: {error}")))?;
    if shown.is_kept == Some(false) {
        return Err(Error::Expectation("every promise is kept".to_owned()));
    }
    Ok(encode(&receipt).len())
}

/// A thousand ballots within a minute, while an authority dies: how long until all are final, and how many never were.
async fn crowd(neighbourhood: &mut Neighbourhood, vote: &Vote) -> Result<(Duration, usize)> {
    let begun = Instant::now();
    let mut beat = interval(MINUTE.mul_f64(0.8) / CROWD);
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut idle: Vec<Client> = (0..CONNECTIONS).map(|_| neighbourhood.client(0)).collect();
    let mut handed = JoinSet::new();
    let mut taken = Vec::new();
    for number in MEASURED..MEASURED + CROWD {
        beat.tick().await;
        if number == MEASURED + DEATH {
            neighbourhood.kill(neighbourhood.len() - 1)?;
        }
        if idle.is_empty() {
            let (client, value) = joined(handed.join_next().await)?;
            idle.push(client);
            taken.push(value?);
        }
        let (mut client, vote) = (idle.pop().expect("invariant: one was just given back"), vote.clone());
        handed.spawn(async move {
            let value = hand_in(&mut client, &vote, number).await;
            (client, value)
        });
    }
    while let Some(done) = handed.join_next().await {
        taken.push(joined(Some(done))?.1?);
    }
    let mut client = neighbourhood.client(0);
    let mut took = begun.elapsed();
    let mut lost = 0;
    for value in &taken {
        let path = format!("/api/v1/assemblies/{}/ballots/{}", vote.ask.number, text(value, "commitment")?);
        let waiting = Instant::now();
        loop {
            let now: Value = client.get(&path).await?;
            if now["height"].as_u64().is_some() {
                took = took.max(begun.elapsed());
                break;
            }
            if waiting.elapsed() > PATIENCE {
                lost += 1;
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
    Ok((took, lost))
}

type Handed = (Client, Result<Value>);

fn joined(done: Option<Result<Handed, tokio::task::JoinError>>) -> Result<Handed> {
    let done = done.ok_or_else(|| Error::Expectation("somebody brings a ballot".to_owned()))?;
    done.map_err(|error| Error::Expectation(error.to_string()))
}

async fn wait(begun: Instant, what: &str) -> Result<()> {
    if begun.elapsed() > PATIENCE {
        return Err(Error::Expectation(what.to_owned()));
    }
    tokio::time::sleep(LOOK).await;
    Ok(())
}
