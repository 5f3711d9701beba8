//! Ballots of one building: from the signature to a receipt that was checked, and a thousand within a minute while one
//! authority dies.

use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use ledger::light;
use protocol::assembly::{AssemblyId, Ballot, Binding, Choice, ItemNumber, LotId, Votes, invitation_key};
use protocol::energy::Salt;
use protocol::hex::hex;
use protocol::limits::RECEIPT_BYTES_MAX;
use protocol::{Address, AuthoritySet, Bounded, ChainId, Digest, SigningKey, encode};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{Measured, Samples, Target, ms};
use crate::error::{Error, Result};
use crate::http::Client;
use crate::neighbourhood::Neighbourhood;
use crate::options::Options;
use crate::receipt::{self, parsed, text};

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
    number: u64,
    assembly: AssemblyId,
    resolution: Digest,
    chain: ChainId,
}

/// From signed to a receipt that was checked, one at a time; then a crowd, with a death.
pub(super) async fn ballots(options: Options) -> Result<Vec<Measured>> {
    let mut neighbourhood = Neighbourhood::up(options).await?;
    let genesis = neighbourhood.plan().genesis()?;
    let mut client = neighbourhood.client(0);
    let vote = prepare(&mut client).await?;
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
async fn prepare(client: &mut Client) -> Result<Vote> {
    let csv = registry();
    client.send(Method::PUT, "/api/v1/registry/csv", "text/csv", Bytes::from(csv)).await?.json::<Value>()?;
    let objection = Bytes::from(json!({ "objection_hours": 0 }).to_string());
    let set = client.send(Method::PUT, "/api/v1/registry/objection", "application/json", objection).await?;
    if !set.status.is_success() {
        return Err(set.refusal());
    }
    let place: Value = client.post("/api/v1/residents/challenge", &json!({})).await?;
    let chain: ChainId = parsed(&place, "chain")?;
    let building: Address = parsed(&place, "address")?;
    let persons: Vec<u32> = (1..=OWNERS + 1).collect();
    let letters: Value = client.post("/api/v1/registry/letters", &json!({ "persons": persons })).await?;
    for letter in letters["letters"].as_array().into_iter().flatten() {
        let invitation = invitation_key(text(letter, "code")?);
        let person = u32::try_from(letter["person"].as_u64().unwrap_or_default()).unwrap_or_default();
        let own = key(person);
        let binding = Binding { building, invitation: invitation.public(), voter: own.public() };
        let signed = binding.sign(&invitation, &own, &chain);
        let body = json!({ "binding": hex(&encode(&signed)) });
        client.post::<Value>("/api/v1/residents/bindings", &body).await?;
    }
    let item = json!({ "title": "Measure", "text": "How fast is a vote?", "matter": "ordinary" });
    let draft = json!({
        "day": "2030-01-01", "place": "bench", "chair": 1, "assessors": [2], "items": [item],
    });
    let prepared: Value = client.post("/api/v1/assemblies", &draft).await?;
    let number = prepared["number"].as_u64().unwrap_or_default();
    let path = format!("/api/v1/assemblies/{number}/announcement");
    client.post::<Value>(&path, &json!({ "blocks": BLOCKS })).await?;
    let begun = Instant::now();
    loop {
        let view: Value = client.get(&format!("/api/v1/assemblies/{number}")).await?;
        if view["stage"] == "open" {
            let resolution = parsed(&view["items"][0], "hash")?;
            return Ok(Vote { number, assembly: parsed(&view, "id")?, resolution, chain });
        }
        wait(begun, "the assembly opens").await?;
    }
}

/// As many owners as vote, with one lot each, and a syndic.
fn registry() -> String {
    let mut csv = String::from("record,id,name,kind,votes,lot,person,right,parts,whole,from,until\n");
    csv.push_str(&format!("deed,,,,{OWNERS},,,,,,,\nlaw,,be-2020,,,,,,,,2020-01-01,\n"));
    for id in 1..=OWNERS + 1 {
        csv.push_str(&format!("person,{id},Owner {id},natural,,,,,,,,\n"));
    }
    for id in 1..=OWNERS {
        csv.push_str(&format!(
            "lot,{id},L{id},dwelling,1,,,,,,,\nowner,,,,,{id},{id},full,1,1,2020-01-01,\n"
        ));
    }
    csv.push_str(&format!("office,,,syndic,,,{},,,,2020-01-01,\n", OWNERS + 1));
    csv
}

fn key(person: u32) -> SigningKey {
    SigningKey::from_seed(Digest::of("symbiose bench voter", &[&person.to_be_bytes()]).as_bytes())
}

/// Signs a ballot and hands it in; answers what the node took.
async fn hand_in(client: &mut Client, vote: &Vote, number: u32) -> Result<Value> {
    let person = number % OWNERS + 1;
    let mut salt = [0; Salt::LEN];
    salt[..4].copy_from_slice(&number.to_be_bytes());
    let ballot = Ballot {
        assembly: vote.assembly,
        item: ItemNumber(1),
        resolution: vote.resolution,
        voter: key(person).public(),
        lots: Bounded::new(vec![LotId(person)]).map_err(|error| Error::Expectation(error.to_string()))?,
        votes: Votes(1),
        choice: Choice::For,
        sequence: u64::from(number) + 1,
        proxy: None,
        salt: Salt::new(salt),
    };
    let signed = ballot.sign(&key(person), &vote.chain);
    let path = format!("/api/v1/assemblies/{}/ballots", vote.number);
    client.post(&path, &json!({ "ballot": hex(&encode(&signed)) })).await
}

/// The proof of a ballot, once it is final.
async fn proven(client: &mut Client, vote: &Vote, taken: &Value) -> Result<Value> {
    let path = format!("/api/v1/assemblies/{}/ballots/{}", vote.number, text(taken, "commitment")?);
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
    let ballot = (vote.assembly, parsed(taken, "commitment")?);
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
        let path = format!("/api/v1/assemblies/{}/ballots/{}", vote.number, text(value, "commitment")?);
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
