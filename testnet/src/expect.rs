//! What must become true of a neighbourhood, waited for with a limit and told with the reason when it does not.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::api::{Alert, WorkOrder};
use crate::error::{Error, Result};
use crate::http::Client;
use crate::neighbourhood::Neighbourhood;

/// How often a node is asked again.
const ASK_AGAIN: Duration = Duration::from_millis(20);
/// One question to one node; a paused node must not hold up the others.
const ASK_TIMEOUT: Duration = Duration::from_secs(2);
/// Blocks compared one by one from the top; the state hash of the highest already covers those below.
const BLOCKS_COMPARED: u64 = 200;

/// Asks until `probe` answers, for at most `within`; its last reason is told otherwise.
pub async fn until<T>(
    within: Duration,
    what: &str,
    mut probe: impl AsyncFnMut() -> Result<T, String>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        let reason = match probe().await {
            Ok(answer) => return Ok(answer),
            Err(reason) => reason,
        };
        if start.elapsed() >= within {
            return Err(Error::Expectation(format!("{what}: {reason}, after {:.1} s", within.as_secs_f64())));
        }
        sleep(ASK_AGAIN).await;
    }
}

/// Clients of these nodes.
pub fn clients(neighbourhood: &Neighbourhood, nodes: &[usize]) -> Vec<Client> {
    nodes.iter().map(|index| neighbourhood.client(*index).with_timeout(ASK_TIMEOUT)).collect()
}

/// Every one of these nodes reaches `height`.
pub async fn height(clients: &mut [Client], height: u64, within: Duration) -> Result<()> {
    for client in clients {
        let what = format!("{} reaches height {height}", client.node());
        until(within, &what, async || {
            let head = client.head().await.map_err(|error| error.to_string())?;
            if head.height >= height { Ok(()) } else { Err(format!("it is at {}", head.height)) }
        })
        .await?;
    }
    Ok(())
}

/// None of these nodes gets any higher for as long as `lasting`.
pub async fn halted(clients: &mut [Client], lasting: Duration) -> Result<()> {
    let mut before = Vec::new();
    for client in &mut *clients {
        before.push(client.head().await?.height);
    }
    sleep(lasting).await;
    for (client, before) in clients.iter_mut().zip(before) {
        let after = client.head().await?.height;
        if after > before {
            let node = client.node();
            return Err(Error::Expectation(format!("{node} halts: it went from height {before} to {after}")));
        }
    }
    Ok(())
}

/// The building's own node shows an alert of `policy` for `asset`.
pub async fn alert(client: &mut Client, asset: &str, policy: &str, within: Duration) -> Result<Alert> {
    let what = format!("{} alerts {policy} for {asset}", client.node());
    until(within, &what, async || {
        let alerts = client.alerts(None).await.map_err(|error| error.to_string())?;
        let known = alerts.len();
        let found = alerts
            .into_iter()
            .find(|alert| alert.asset == asset && alert.policy == policy && alert.status != "closed");
        found.ok_or_else(|| format!("no such alert among {known}"))
    })
    .await
}

/// The building's own node shows a work order for `asset` that stands in the ledger.
pub async fn own_work_order(client: &mut Client, asset: &str, within: Duration) -> Result<WorkOrder> {
    let what = format!("{} has a work order for {asset} in the ledger", client.node());
    until(within, &what, async || {
        let orders = client.work_orders().await.map_err(|error| error.to_string())?;
        let known = orders.len();
        let own = orders.into_iter().find(|order| order.local && order.asset.as_deref() == Some(asset));
        let own = own.ok_or_else(|| format!("no such work order among {known}"))?;
        if own.ledger.is_some() { Ok(own) } else { Err("it is not in the ledger yet".to_owned()) }
    })
    .await
}

/// Every one of these nodes shows the work order at the same place of the ledger, with the same severity and status,
/// in a block of the same id and state hash. That block's height.
pub async fn same_work_order(
    owner: &mut Client,
    others: &mut [Client],
    order: &WorkOrder,
    within: Duration,
) -> Result<u64> {
    let place = order
        .ledger
        .clone()
        .ok_or_else(|| Error::Expectation("the work order is not in the ledger".to_owned()))?;
    let block = owner.block(place.height).await?;
    for client in others {
        let what = format!("{} shows the same work order at height {}", client.node(), place.height);
        until(within, &what, async || {
            let orders = client.work_orders().await.map_err(|error| error.to_string())?;
            let known = orders.len();
            let same = orders.into_iter().find(|known| known.ledger.as_ref() == Some(&place));
            let same = same.ok_or_else(|| format!("not among {known}"))?;
            if (&same.severity, &same.status) != (&order.severity, &order.status) {
                return Err(format!("there it is {} {}", same.severity, same.status));
            }
            let there = client.block(place.height).await.map_err(|error| error.to_string())?;
            if there.agreed() == block.agreed() {
                Ok(())
            } else {
                Err(format!("its block there is {:?}", there.agreed()))
            }
        })
        .await?;
    }
    Ok(place.height)
}

/// All these nodes reach one height and agree on block and state there and on the blocks below. The height.
pub async fn same_state(clients: &mut [Client], within: Duration) -> Result<u64> {
    let mut highest = 0;
    for client in &mut *clients {
        highest = highest.max(client.head().await?.height);
    }
    height(clients, highest, within).await?;
    let Some((first, others)) = clients.split_first_mut() else { return Ok(highest) };
    for height in (highest.saturating_sub(BLOCKS_COMPARED).max(1)..=highest).rev() {
        let block = first.block(height).await?;
        for client in &mut *others {
            let there = client.block(height).await?;
            if there.agreed() != block.agreed() {
                let (here, found, node) = (block.agreed(), there.agreed(), client.node());
                let told = format!(
                    "{node} agrees with {} on height {height}: expected {here:?}, found {found:?}",
                    first.node()
                );
                return Err(Error::Expectation(told));
            }
        }
    }
    Ok(highest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_does_not_come_true_is_told_with_its_last_reason() {
        let mut asked = 0;
        let error = until(Duration::ZERO, "the lift cools down", async || {
            asked += 1;
            Err::<(), _>(format!("it is at {asked}"))
        })
        .await
        .unwrap_err();
        assert_eq!(error.to_string(), "the lift cools down: it is at 1, after 0.0 s");
        assert_eq!(error.exit_code(), 1);
    }

    #[tokio::test]
    async fn what_comes_true_is_answered() {
        let mut asked = 0;
        let answer = until(Duration::from_secs(5), "third time", async || {
            asked += 1;
            if asked == 3 { Ok(asked) } else { Err(String::new()) }
        });
        assert_eq!(answer.await.unwrap(), 3);
    }
}
