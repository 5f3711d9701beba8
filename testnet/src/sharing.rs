//! What a new neighbourhood agrees on before its buildings share energy: who settles, and what the world outside charges
//! and pays. It is voted over the API, as the authorities of a real hive do it.

use std::time::Duration;

use protocol::energy::{Desk, EnergyAction, Fees, Price, Rota, SlotId, SlotLength, Tariff};
use protocol::hex::hex;
use protocol::{Address, Digest, UnixMs, encode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::clock::{HiveClock, whole};
use crate::error::{Error, Result};
use crate::http::Client;
use crate::layout::Plan;
use crate::neighbourhood::Neighbourhood;

/// What a supplier charges and pays, micro-EUR per kWh: assumptions for households in Belgium.
const RETAIL: Price = Price(250_000);
const FEED_IN: Price = Price(40_000);
/// Network fee and tax on energy of a neighbour in the same street, micro-EUR per kWh.
const FEE: Price = Price(86_000);
/// How long the votes may take, wall time.
const WITHIN: Duration = Duration::from_secs(20);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(50);
/// The tariff begins with the first slot that starts this much later, wall seconds: the votes come first.
const AHEAD_S: f64 = 2.0;

#[derive(Debug, Deserialize)]
struct Proposals {
    items: Vec<Proposal>,
}

#[derive(Debug, Deserialize)]
struct Proposal {
    id: String,
    status: String,
    action: Action,
}

#[derive(Debug, Deserialize)]
struct Action {
    kind: String,
}

/// Whether the authorities of a plan are of two operators at least, as settlement asks for.
pub fn is_possible(plan: &Plan) -> bool {
    rota(plan).is_some()
}

/// Votes on what sharing needs, unless the neighbourhood did so before.
pub async fn agree(neighbourhood: &Neighbourhood) -> Result<()> {
    let plan = neighbourhood.plan();
    let Some(rota) = rota(plan) else {
        return Err(Error::Usage("sharing energy takes authorities of two operators".to_owned()));
    };
    let mut authorities: Vec<Client> = (0..neighbourhood.len())
        .filter(|index| plan.is_authority(*index))
        .map(|i| neighbourhood.client(i))
        .collect();
    let known: Proposals = authorities[0].get("/api/v1/governance?limit=1000").await?;
    if known.items.iter().any(|one| one.action.kind == "energy" && one.status == "executed") {
        return Ok(());
    }
    for action in [EnergyAction::Settle(rota), EnergyAction::Charge(tariff(neighbourhood.clock())?)] {
        let body = json!({"kind": "energy", "decision": hex(&encode(&action))});
        decide(&mut authorities, &body, &action.to_string()).await?;
    }
    Ok(())
}

/// Every authority takes its turn; neighbours whom one operator looks after share its pseudonym.
fn rota(plan: &Plan) -> Option<Rota> {
    let desk = |index: usize| Desk {
        authority: Address::of(&plan.node_key(index).public()),
        operator: Digest::of("symbiose testnet operator v1", &[&plan.operator(index)]),
    };
    Rota::new((0..plan.authorities).map(desk).collect()).ok()
}

fn tariff(clock: HiveClock) -> Result<Tariff> {
    let soon = UnixMs(clock.now_ms() + whole(AHEAD_S * 1_000.0 * clock.speed));
    let SlotId(slot) = SlotId::at(soon, SlotLength::Quarter)
        .ok_or_else(|| Error::Usage(format!("the hive's clock shows {soon}, which is before 1970")))?;
    let fees = Fees::flat(FEE);
    Ok(Tariff { retail: RETAIL, feed_in: FEED_IN, fees, valid_from: SlotId(slot + 1) })
}

/// Proposes an action of the hive, called `action` where it fails, by the first authority; the others approve until it is
/// carried out.
pub async fn decide(authorities: &mut [Client], body: &Value, action: &str) -> Result<()> {
    let proposed: Proposal = authorities[0].post("/api/v1/governance", body).await?;
    let deadline = Instant::now() + WITHIN;
    for authority in &mut authorities[1..] {
        approve(authority, &proposed.id, deadline, action).await?;
    }
    for authority in authorities {
        while status(authority, &proposed.id).await? != Some(false) {
            in_time(deadline, action)?;
            sleep(PAUSE).await;
        }
    }
    Ok(())
}

/// Approves once the authority knows of the proposal, unless it needs no more approvals by then.
async fn approve(authority: &mut Client, id: &str, deadline: Instant, action: &str) -> Result<()> {
    let path = format!("/api/v1/governance/{id}/approve");
    loop {
        let is_done = match status(authority, id).await? {
            None => false,
            Some(true) => authority.post::<Value>(&path, &json!({})).await.is_ok(),
            Some(false) => true,
        };
        if is_done {
            return Ok(());
        }
        in_time(deadline, action)?;
        sleep(PAUSE).await;
    }
}

/// Whether a proposal is still open, as one authority sees it; none while it does not know it.
async fn status(authority: &mut Client, id: &str) -> Result<Option<bool>> {
    let known: Proposals = authority.get("/api/v1/governance?limit=1000").await?;
    Ok(known.items.iter().find(|one| one.id == id).map(|one| one.status == "open"))
}

fn in_time(deadline: Instant, action: &str) -> Result<()> {
    if Instant::now() < deadline {
        return Ok(());
    }
    Err(Error::Expectation(format!("the authorities decide within {} s: {action}", WITHIN.as_secs())))
}
