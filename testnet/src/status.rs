//! How every node is doing: asked over HTTP, shown as a table, a short line or JSON.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::api::Head;
use crate::http::Client;
use crate::link::Weather;
use crate::neighbourhood::Neighbourhood;
use crate::processes::State;
use crate::terminal::table;

/// A node that has not answered by then is shown without figures.
const ASK_TIMEOUT: Duration = Duration::from_millis(800);

/// One node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NodeStatus {
    /// Its name.
    pub name: String,
    /// `authority` or `follower`.
    pub role: String,
    /// `running`, `paused` or `stopped`.
    pub state: String,
    /// Its process.
    pub pid: Option<u32>,
    /// Base URL of its page.
    pub http: String,
    /// The ledger's last block on it; none when it does not answer.
    pub head: Option<Head>,
    /// Connected peers.
    pub peers: Option<usize>,
    /// Open alerts of its building.
    pub alerts: Option<usize>,
    /// Work orders it knows that are not done.
    pub work_orders: Option<usize>,
    /// Payloads its gateway has sent.
    pub sent: u64,
    /// Payloads that wait for it.
    pub waiting: usize,
    /// Payloads dropped because it was away too long.
    pub dropped: u64,
    /// Payloads it refused, and why the last one was.
    pub refused: u64,
    /// The last refusal.
    pub refusal: Option<String>,
}

/// All nodes and the faults between them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Status {
    /// Every node, in order.
    pub nodes: Vec<NodeStatus>,
    /// Faults in force, one sentence each.
    pub faults: Vec<String>,
}

/// Asks every running node at the same time.
pub async fn collect(neighbourhood: &mut Neighbourhood) -> Status {
    let mut asked = JoinSet::new();
    let mut nodes = Vec::new();
    for index in 0..neighbourhood.len() {
        let state = neighbourhood.state(index);
        if state.state == State::Running {
            let client = neighbourhood.client(index).with_timeout(ASK_TIMEOUT);
            asked.spawn(async move { (index, ask(client).await) });
        }
        let feed = state.feed.unwrap_or_default();
        nodes.push(NodeStatus {
            name: state.name,
            role: state.role.to_owned(),
            state: label(state.state).to_owned(),
            pid: state.pid,
            http: state.http,
            head: None,
            peers: None,
            alerts: None,
            work_orders: None,
            sent: feed.sent,
            waiting: feed.waiting,
            dropped: feed.dropped,
            refused: feed.refused,
            refusal: feed.refusal,
        });
    }
    while let Some(answer) = asked.join_next().await {
        let Ok((index, figures)) = answer else { continue };
        (nodes[index].head, nodes[index].peers) = (figures.head, figures.peers);
        (nodes[index].alerts, nodes[index].work_orders) = (figures.alerts, figures.work_orders);
    }
    Status { nodes, faults: faults(neighbourhood) }
}

struct Figures {
    head: Option<Head>,
    peers: Option<usize>,
    alerts: Option<usize>,
    work_orders: Option<usize>,
}

async fn ask(mut client: Client) -> Figures {
    let head = client.head().await.ok();
    let hive = client.hive().await.ok();
    let alerts = client.alerts(Some("open")).await.ok();
    let work_orders = client.work_orders().await.ok();
    Figures {
        head,
        peers: hive.map(|hive| hive.peers.iter().filter(|peer| peer.connected).count()),
        alerts: alerts.map(|alerts| alerts.len()),
        work_orders: work_orders.map(|orders| orders.iter().filter(|order| order.status != "done").count()),
    }
}

fn label(state: State) -> &'static str {
    match state {
        State::Running => "running",
        State::Paused => "paused",
        State::Stopped => "stopped",
    }
}

/// One sentence for each link with a fault; both directions together when they share it.
fn faults(neighbourhood: &mut Neighbourhood) -> Vec<String> {
    let faults = neighbourhood.links().faults();
    let names = neighbourhood.names();
    let both = |from: usize, to: usize, weather: Weather| faults.contains(&(to, from, weather));
    let shown = faults.iter().filter(|(from, to, weather)| from < to || !both(*from, *to, *weather));
    let sentence = |(from, to, weather): &(usize, usize, Weather)| {
        let arrow = if both(*from, *to, *weather) { "↔" } else { "→" };
        format!("{} {arrow} {}: {}", names[*from], names[*to], describe(*weather))
    };
    shown.map(sentence).collect()
}

fn describe(weather: Weather) -> String {
    let mut parts = Vec::new();
    if weather.blocked {
        parts.push("cut".to_owned());
    }
    if !weather.delay.is_zero() {
        parts.push(format!("{} ms later", weather.delay.as_millis()));
    }
    if weather.loss > 0.0 {
        parts.push(format!("{:.1} % lost", weather.loss * 100.0));
    }
    parts.join(", ")
}

impl Status {
    /// A table for people.
    pub fn render(&self) -> String {
        let heading =
            ["building", "role", "state", "process", "height", "peers", "alerts", "orders", "fed", "page"];
        let mut rows = vec![heading.map(str::to_owned).to_vec()];
        rows.extend(self.nodes.iter().map(NodeStatus::row));
        let mut text = table(&rows);
        for node in &self.nodes {
            if let Some(refusal) = &node.refusal {
                text.push_str(&format!("\n{} refused {} payloads, last: {refusal}", node.name, node.refused));
            }
            if node.dropped > 0 {
                text.push_str(&format!(
                    "\n{}: {} payloads dropped while it was away",
                    node.name, node.dropped
                ));
            }
        }
        for fault in &self.faults {
            text.push_str(&format!("\nlink {fault}"));
        }
        text
    }

    /// One short line.
    pub fn line(&self) -> String {
        let up = self.nodes.iter().filter(|node| node.head.is_some()).count();
        let heights: Vec<u64> =
            self.nodes.iter().filter_map(|node| node.head.as_ref()).map(|head| head.height).collect();
        let (low, high) =
            (heights.iter().min().copied().unwrap_or(0), heights.iter().max().copied().unwrap_or(0));
        let height = if low == high { high.to_string() } else { format!("{low}–{high}") };
        let peers = self.nodes.iter().filter_map(|node| node.peers).min().unwrap_or(0);
        let alerts: usize = self.nodes.iter().filter_map(|node| node.alerts).sum();
        let orders = self.nodes.iter().filter_map(|node| node.work_orders).max().unwrap_or(0);
        let faults = if self.faults.is_empty() {
            String::new()
        } else {
            format!(" · faulty links {}", self.faults.len())
        };
        let total = self.nodes.len();
        format!(
            "nodes {up}/{total} · height {height} · peers {peers}+ · open alerts {alerts} · work orders {orders}{faults}"
        )
    }
}

impl NodeStatus {
    fn row(&self) -> Vec<String> {
        let figure = |value: Option<usize>| value.map_or_else(|| "–".to_owned(), |value| value.to_string());
        let height = self.head.as_ref().map_or_else(|| "–".to_owned(), |head| head.height.to_string());
        let pid = self.pid.map_or_else(|| "–".to_owned(), |pid| pid.to_string());
        vec![
            self.name.clone(),
            self.role.clone(),
            self.state.clone(),
            pid,
            height,
            figure(self.peers),
            figure(self.alerts),
            figure(self.work_orders),
            self.sent.to_string(),
            self.http.clone(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, height: Option<u64>) -> NodeStatus {
        let head =
            height.map(|height| Head { chain: "c".into(), height, block: "b".into(), state: "s".into() });
        NodeStatus {
            name: name.to_owned(),
            role: "authority".to_owned(),
            state: "running".to_owned(),
            pid: Some(1),
            http: "http://127.0.0.1:1".to_owned(),
            peers: head.as_ref().map(|_| 3),
            alerts: head.as_ref().map(|_| 1),
            work_orders: head.as_ref().map(|_| 2),
            head,
            sent: 10,
            waiting: 0,
            dropped: 0,
            refused: 0,
            refusal: None,
        }
    }

    #[test]
    fn the_line_tells_of_those_that_lag_and_those_that_are_silent() {
        let nodes = vec![node("CAS-S1", Some(12)), node("CAS-S2", Some(10)), node("CAS-S3", None)];
        let status = Status { nodes, faults: vec!["x".to_owned()] };
        let expected = "nodes 2/3 · height 10–12 · peers 3+ · open alerts 2 · work orders 2 · faulty links 1";
        assert_eq!(status.line(), expected);
        assert!(status.render().contains("CAS-S3    authority  running  1        –"), "{}", status.render());
    }
}
