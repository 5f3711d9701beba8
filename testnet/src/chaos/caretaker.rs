//! A caretaker's hands on one node: a lift overheats, its alert is seen, its work order is begun and done, the alert is
//! closed, and again. Each step counts from the answer on.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::clock::wall_ms;
use crate::error::Result;
use crate::feeder::payload;
use crate::http::Client;

/// Readings that rule R5 wants in a row, and one more.
const HOT_READINGS: i64 = 6;
/// Between two steps.
const STEP_PAUSE: Duration = Duration::from_millis(120);
/// A node keeps 5,000 alerts and never drops a standing one; fewer than that are made.
const ALERTS_MAX: usize = 600;

/// How far an alert or a work order was brought; each step takes in those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reached {
    /// Seen in a list.
    Seen,
    /// Acknowledged, or begun.
    Begun,
    /// Closed, or done.
    Done,
}

impl Reached {
    /// What the node's words say.
    pub(super) fn of(status: &str) -> Self {
        match status {
            "closed" | "done" => Self::Done,
            "ack" | "in_progress" => Self::Begun,
            _ => Self::Seen,
        }
    }
}

/// What was answered for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Work {
    /// By id.
    pub(super) alerts: BTreeMap<String, Reached>,
    /// By id.
    pub(super) orders: BTreeMap<String, Reached>,
}

/// Works until told to stop.
pub(super) async fn work(mut client: Client, site: String, stopped: watch::Receiver<bool>) -> Work {
    let asset = format!("{site}-ELEVATOR_1");
    let mut work = Work::default();
    while !*stopped.borrow() {
        // A node that is away answers later; what was answered is kept.
        step(&mut client, &site, &asset, &mut work).await.ok();
        sleep(STEP_PAUSE).await;
    }
    work
}

/// Does the next thing there is to do.
async fn step(client: &mut Client, site: &str, asset: &str, work: &mut Work) -> Result<()> {
    let standing = client.alerts(None).await?.into_iter().find(|alert| {
        alert.asset == asset
            && (alert.status != "closed" || work.alerts.get(&alert.id) < Some(&Reached::Done))
    });
    let Some(alert) = standing else {
        return if work.alerts.len() < ALERTS_MAX { overheat(client, site, asset).await } else { Ok(()) };
    };
    reached(&mut work.alerts, &alert.id, Reached::of(&alert.status));
    if let Some(order) = &alert.work_order {
        let next = match work.orders.get(order) {
            None => Some((Reached::Begun, "in_progress")),
            Some(Reached::Seen | Reached::Begun) => Some((Reached::Done, "done")),
            Some(Reached::Done) => None,
        };
        if let Some((reach, status)) = next {
            // A step whose answer was lost is taken already: the node says so with 409.
            let notes = format!("{status} at {}", wall_ms());
            let change = json!({"status": status, "notes": notes});
            if change_order(client, order, &change).await? {
                reached(&mut work.orders, order, reach);
            }
            return Ok(());
        }
    }
    let (reach, verb) =
        if alert.status == "open" { (Reached::Begun, "ack") } else { (Reached::Done, "close") };
    let path = format!("/api/v1/alerts/{}/{verb}", alert.id);
    let answer = client.send(Method::POST, &path, "application/json", Bytes::from_static(b"{}")).await?;
    if answer.status.is_success() {
        reached(&mut work.alerts, &alert.id, reach);
    }
    Ok(())
}

/// Whether the work order is that far now.
async fn change_order(client: &mut Client, order: &str, change: &Value) -> Result<bool> {
    let path = format!("/api/v1/workorders/{order}");
    let body = Bytes::from(change.to_string());
    let answer = client.send(Method::PATCH, &path, "application/json", body).await?;
    Ok(answer.status.is_success() || answer.status == hyper::StatusCode::CONFLICT)
}

fn reached(known: &mut BTreeMap<String, Reached>, id: &str, reach: Reached) {
    let before = known.entry(id.to_owned()).or_insert(reach);
    *before = reach.max(*before);
}

async fn overheat(client: &mut Client, site: &str, asset: &str) -> Result<()> {
    let now_ms = wall_ms();
    for age in (0..HOT_READINGS).rev() {
        let hot = payload(site, asset, now_ms - age * 10, &BTreeMap::from([("motor_temp", 95.5)]));
        client.telemetry(Bytes::from(hot)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_reached_never_goes_back() {
        let mut known = BTreeMap::new();
        reached(&mut known, "a", Reached::Done);
        reached(&mut known, "a", Reached::of("ack"));
        assert_eq!(known["a"], Reached::Done);
        assert!(Reached::of("open") < Reached::of("in_progress"));
        assert!(known.get("b") < Some(&Reached::Done), "what is not known is not done");
    }
}
