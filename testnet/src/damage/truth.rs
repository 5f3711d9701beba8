//! Everything a node can be asked about what it keeps, as one flat table from question to answer.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use hyper::Method;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::http::Client;

/// What an answer is about, and so which words must say that it is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    /// A stored reading.
    Reading,
    /// A figure over several readings.
    Sum,
    /// A block of the ledger.
    Block,
    /// Policies, alerts, work orders, metrics, sites.
    Record,
    /// A photo, byte for byte.
    Photo,
    /// A person.
    Person,
}

/// What to ask for.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    pub(super) assets: Vec<String>,
    pub(super) metrics: Vec<&'static str>,
    /// RFC 3339.
    pub(super) from: String,
    /// RFC 3339.
    pub(super) to: String,
    /// The highest block asked for.
    pub(super) height: u64,
}

/// Everything that was answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    pub(super) all: BTreeMap<(Topic, String), String>,
    /// Codes of `/readyz` and ids of `/api/v1/health`.
    pub(super) said: BTreeSet<String>,
    /// Places with damage on record.
    pub(super) lost_gaps: u64,
    /// The highest block there is.
    pub(super) height: u64,
}

/// What an undamaged folder answers.
#[derive(Debug, Clone, Default)]
pub(super) struct Truth {
    pub(super) wanted: Wanted,
    pub(super) answers: Answers,
}

/// Asks everything.
pub(super) async fn ask(client: &mut Client, wanted: &Wanted) -> Result<Answers> {
    let mut answers = Answers::default();
    for asset in &wanted.assets {
        let path = format!("/api/v1/assets/{asset}/metrics?from={}&to={}", wanted.from, wanted.to);
        for item in items(client, &path).await? {
            put(&mut answers, Topic::Reading, format!("{asset} {}", item["id"]), &item["v"]);
        }
        for metric in &wanted.metrics {
            for step in ["15m", "1d"] {
                for item in items(client, &format!("{path}&metric={metric}&step={step}")).await? {
                    put(&mut answers, Topic::Sum, format!("{asset} {step} {}", item["id"]), &item);
                }
            }
        }
    }
    for list in ["sites", "assets", "metrics", "policies", "alerts", "workorders"] {
        for mut item in items(client, &format!("/api/v1/{list}")).await? {
            forget_what_passes(&mut item);
            put(&mut answers, Topic::Record, format!("{list} {}", item["id"]), &item);
            for photo in item["photos"].as_array().into_iter().flatten() {
                let (order, photo) = (text(&item["id"]), text(&photo["id"]));
                let path = format!("/api/v1/workorders/{order}/photos/{photo}");
                let answer = client.send(Method::GET, &path, "", Bytes::new()).await?;
                let seen = if answer.status.is_success() {
                    blake3::hash(&answer.body).to_string()
                } else {
                    answer.refusal().to_string()
                };
                answers.all.insert((Topic::Photo, photo.to_owned()), seen);
            }
        }
    }
    for item in items(client, "/api/v1/users").await? {
        put(&mut answers, Topic::Person, item["name"].to_string(), &item["role"]);
    }
    answers.height = client.head().await?.height;
    for height in 1..=wanted.height.min(answers.height) {
        let block: Value = client.get(&format!("/api/v1/ledger/blocks/{height}")).await?;
        put(&mut answers, Topic::Block, height.to_string(), &block);
    }
    let ready = client.send(Method::GET, "/readyz", "", Bytes::new()).await?;
    let ready: Value =
        serde_json::from_slice(&ready.body).map_err(|error| Error::Expectation(error.to_string()))?;
    let health: Value = client.get("/api/v1/health").await?;
    let reasons =
        ready["reasons"].as_array().into_iter().flatten().map(|reason| text(&reason["code"]).to_owned());
    let items = health["items"].as_array().into_iter().flatten().map(|item| text(&item["id"]).to_owned());
    answers.said = reasons.chain(items).collect();
    let store: Value = client.get("/api/v1/store").await?;
    answers.lost_gaps = store["lost"]["gaps"].as_u64().unwrap_or_default();
    Ok(answers)
}

/// A list, page after page.
async fn items(client: &mut Client, path: &str) -> Result<Vec<Value>> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    let mark = if path.contains('?') { '&' } else { '?' };
    loop {
        let mut page: Value = client.get(&format!("{path}{mark}limit=1000{cursor}")).await?;
        if let Some(Value::Array(found)) = page.get_mut("items").map(Value::take) {
            items.extend(found);
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(items),
        }
    }
}

/// Figures that change by themselves while a node runs.
fn forget_what_passes(item: &mut Value) {
    let Some(item) = item.as_object_mut() else { return };
    for passing in
        ["last", "latest", "last_seen", "state", "status_since", "points", "series", "warnings", "cleared"]
    {
        item.remove(passing);
    }
}

fn put(answers: &mut Answers, topic: Topic, key: String, value: &Value) {
    answers.all.insert((topic, key), value.to_string());
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
