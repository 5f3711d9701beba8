//! The routes of a node that the testnet asks, with the fields it looks at.

use bytes::Bytes;
use hyper::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::{Error, Result};
use crate::http::Client;

/// Pages read before a list is taken as endless.
const PAGES_MAX: usize = 10_000;

/// The ledger's last block on one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The hive's id.
    pub chain: String,
    /// Height of the block.
    pub height: u64,
    /// Its id.
    pub block: String,
    /// State hash after it.
    pub state: String,
}

/// One block as a node knows it.
#[derive(Debug, Clone, Deserialize)]
pub struct Block {
    /// Its height.
    pub height: u64,
    /// Its id.
    pub block: String,
    /// State hash after it.
    pub state: String,
    /// Its transactions.
    pub transactions: Vec<Recorded>,
}

/// A transaction as a node shows it.
#[derive(Debug, Clone, Deserialize)]
pub struct Recorded {
    /// Its id.
    pub id: String,
    /// Such as `maintenance.open`.
    pub kind: String,
    /// Its block; none while it waits for one.
    pub height: Option<u64>,
}

impl Block {
    /// What every node must agree on: height, block id and state hash.
    pub fn agreed(&self) -> (u64, &str, &str) {
        (self.height, &self.block, &self.state)
    }
}

/// An alert of the node's own building.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Its id.
    pub id: String,
    /// Code of the asset.
    pub asset: String,
    /// Id of the policy, such as `R5`.
    pub policy: String,
    /// `low`, `medium` or `high`.
    pub severity: String,
    /// `open`, `ack` or `closed`.
    pub status: String,
    /// The policy's message.
    pub message: String,
    /// Id of the work order opened for it.
    pub work_order: Option<String>,
}

/// A work order, of this building or another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkOrder {
    /// Its id.
    pub id: String,
    /// Id of the alert, in the building that opened it.
    pub alert: Option<String>,
    /// Code of the asset, in the building that opened it.
    pub asset: Option<String>,
    /// Whether this building opened it.
    pub local: bool,
    /// `low`, `medium` or `high`.
    pub severity: String,
    /// `open`, `in_progress` or `done`.
    pub status: String,
    /// Where its last change stands in the ledger.
    pub ledger: Option<LedgerPlace>,
}

/// A transaction's place in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LedgerPlace {
    /// Height of the block.
    pub height: u64,
    /// Transaction id.
    pub transaction: String,
}

/// The hive as one node sees it.
#[derive(Debug, Clone, Deserialize)]
pub struct Hive {
    /// Authorities this node can hear, itself included.
    pub authorities_online: u32,
    /// Other members.
    pub peers: Vec<Peer>,
}

/// Another member.
#[derive(Debug, Clone, Deserialize)]
pub struct Peer {
    /// Whether a connection to it stands.
    pub connected: bool,
}

/// What became of a submitted transaction.
#[derive(Debug, Clone, Deserialize)]
pub struct Submitted {
    /// Its id.
    pub id: String,
    /// `accepted`, `committed` or `refused`.
    pub status: String,
    /// Why it was refused.
    #[serde(default)]
    pub reason: String,
}

/// One stored reading.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Reading {
    /// The metric.
    pub metric: String,
    /// Its time, RFC 3339.
    pub t: String,
    /// Its value; none is a gap.
    pub v: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Invitation {
    invitation: String,
}

impl Client {
    /// `GET /api/v1/ledger/head`.
    pub async fn head(&mut self) -> Result<Head> {
        self.get("/api/v1/ledger/head").await
    }

    /// `GET /api/v1/ledger/blocks/{height}`.
    pub async fn block(&mut self, height: u64) -> Result<Block> {
        self.get(&format!("/api/v1/ledger/blocks/{height}")).await
    }

    /// `GET /api/v1/ledger/transactions/{id}`.
    pub async fn transaction(&mut self, id: &str) -> Result<Recorded> {
        self.get(&format!("/api/v1/ledger/transactions/{id}")).await
    }

    /// `GET /api/v1/hive`.
    pub async fn hive(&mut self) -> Result<Hive> {
        self.get("/api/v1/hive").await
    }

    /// Every alert, or those of one status.
    pub async fn alerts(&mut self, status: Option<&str>) -> Result<Vec<Alert>> {
        self.list("/api/v1/alerts", &status.map(|status| format!("status={status}")).unwrap_or_default())
            .await
    }

    /// Every work order.
    pub async fn work_orders(&mut self) -> Result<Vec<WorkOrder>> {
        self.list("/api/v1/workorders", "").await
    }

    /// Readings of one asset's metric in `[from, to)`, both RFC 3339.
    pub async fn readings(
        &mut self,
        asset: &str,
        metric: &str,
        from: &str,
        to: &str,
    ) -> Result<Vec<Reading>> {
        self.list(&format!("/api/v1/assets/{asset}/metrics"), &format!("metric={metric}&from={from}&to={to}"))
            .await
    }

    /// An invitation for one follower, good for a day of hive time, that leads to `addresses`.
    pub async fn invite(&mut self, addresses: &[String]) -> Result<String> {
        let wish = json!({"expires_s": 86_400, "addresses": addresses});
        let made: Invitation = self.post("/api/v1/invitations", &wish).await?;
        Ok(made.invitation)
    }

    /// Submits canonical transactions, at most 500; with `wait`, answered when each is final or refused.
    pub async fn submit(&mut self, transactions: &[Vec<u8>], wait: bool) -> Result<Vec<Submitted>> {
        let path =
            if wait { "/api/v1/ledger/transactions?wait=committed" } else { "/api/v1/ledger/transactions" };
        let mut body = Vec::new();
        for transaction in transactions {
            let length = u32::try_from(transaction.len()).expect("invariant: a transaction is some KiB");
            body.extend_from_slice(&length.to_be_bytes());
            body.extend_from_slice(transaction);
        }
        let answer = self.send(Method::POST, path, "application/octet-stream", Bytes::from(body)).await?;
        Ok(answer.json::<Page<Submitted>>()?.items)
    }

    /// Stores one payload; the answer is there after it is on disk.
    pub async fn telemetry(&mut self, payload: Bytes) -> Result<()> {
        let answer = self.send(Method::POST, "/api/v1/telemetry", "application/json", payload).await?;
        if answer.status.is_success() { Ok(()) } else { Err(answer.refusal()) }
    }

    /// Stores many payloads, one per line, all or none.
    pub async fn telemetry_bulk(&mut self, lines: Bytes) -> Result<()> {
        let answer = self.send(Method::POST, "/api/v1/telemetry/bulk", "application/x-ndjson", lines).await?;
        if answer.status.is_success() { Ok(()) } else { Err(answer.refusal()) }
    }

    /// `GET /metrics`, as text.
    pub async fn metrics_text(&mut self) -> Result<String> {
        let answer = self.send(Method::GET, "/metrics", "", Bytes::new()).await?;
        if answer.status.is_success() {
            Ok(String::from_utf8_lossy(&answer.body).into_owned())
        } else {
            Err(answer.refusal())
        }
    }

    async fn list<T: serde::de::DeserializeOwned>(&mut self, path: &str, query: &str) -> Result<Vec<T>> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        for _ in 0..PAGES_MAX {
            let page: Page<T> = self.get(&format!("{path}?{query}{cursor}")).await?;
            items.extend(page.items);
            match page.next {
                Some(next) => cursor = format!("{}cursor={next}", if query.is_empty() { "" } else { "&" }),
                None => return Ok(items),
            }
        }
        let (node, request) = (self.node().to_owned(), format!("GET {path}"));
        Err(Error::Answer { node, request, detail: "the list has no end".to_owned() })
    }
}
