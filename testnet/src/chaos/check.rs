//! Whether everything that was answered for is still there.

use std::collections::BTreeMap;

use protocol::UnixMs;

use super::METRIC;
use super::caretaker::{Reached, Work};
use crate::error::{Error, Result};
use crate::http::Client;

/// Every reading of every node, with its value. How many there are.
pub(super) async fn readings(clients: &mut [Client], kept: &[BTreeMap<i64, f64>]) -> Result<usize> {
    let mut count = 0;
    for (client, written) in clients.iter_mut().zip(kept) {
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

/// Every alert and work order, at least as far as it was brought. How many there are.
pub(super) async fn work(clients: &mut [Client], kept: &[Work]) -> Result<usize> {
    let mut count = 0;
    for (client, work) in clients.iter_mut().zip(kept) {
        let alerts = client.alerts(None).await?.into_iter();
        let alerts = alerts.map(|alert| (alert.id, Reached::of(&alert.status))).collect();
        same(client.node(), "alert", &work.alerts, &alerts)?;
        let orders = client.work_orders().await?.into_iter();
        let orders = orders.map(|order| (order.id, Reached::of(&order.status))).collect();
        same(client.node(), "work order", &work.orders, &orders)?;
        count += work.alerts.len() + work.orders.len();
    }
    Ok(count)
}

fn same(
    node: &str,
    what: &str,
    kept: &BTreeMap<String, Reached>,
    found: &BTreeMap<String, Reached>,
) -> Result<()> {
    for (id, reach) in kept {
        if found.get(id) < Some(reach) {
            let found = found.get(id);
            let told =
                format!("{node} keeps what it answered for: {what} {id} was {reach:?} and is {found:?}");
            return Err(Error::Expectation(told));
        }
    }
    Ok(())
}

/// Every final transaction, on every node.
pub(super) async fn transactions(clients: &mut [Client], ids: &[String]) -> Result<()> {
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
pub(super) async fn signing(client: &mut Client, height: u64) -> Result<()> {
    for height in 1..=height {
        let block = client.block(height).await?;
        if block.transactions.iter().any(|transaction| transaction.kind.contains("evidence")) {
            return Err(Error::Expectation(format!("nobody signs twice: block {height} holds evidence")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_fell_back_is_told() {
        let kept = BTreeMap::from([("a".to_owned(), Reached::Begun)]);
        let found = |reach| BTreeMap::from([("a".to_owned(), reach)]);
        assert!(same("CAS-S1", "alert", &kept, &found(Reached::Done)).is_ok());
        assert!(same("CAS-S1", "alert", &kept, &found(Reached::Seen)).is_err());
        let told = same("CAS-S1", "alert", &kept, &BTreeMap::new()).unwrap_err().to_string();
        assert!(told.contains("CAS-S1") && told.contains("alert a"), "{told}");
    }
}
