//! Whole networks on real loopback sockets. Nothing here sleeps: each test waits for the event it needs, and fails when
//! that does not come in time.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test picks the events it waits for")]

mod hive;
mod hostile;
mod speech;

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use protocol::{ChainId, PublicKey, SigningKey};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{
    GossipVerdict, Lane, NetworkCommand, NetworkConfig, NetworkEvent, NetworkHandle, Topic, Wires,
    own_peer_id, start,
};

const SWARM_KEY: [u8; 32] = [9; 32];
const PATIENCE: Duration = Duration::from_secs(60);

fn key(seed: u8) -> PublicKey {
    SigningKey::from_seed(&[seed; 32]).public()
}

fn keys(seeds: impl IntoIterator<Item = u8>) -> BTreeSet<PublicKey> {
    seeds.into_iter().map(key).collect()
}

fn config(seed: u8, members: BTreeSet<PublicKey>, peers: &[&str]) -> NetworkConfig {
    NetworkConfig {
        seed: [seed; 32],
        swarm_key: SWARM_KEY,
        hive: "c0ffee".into(),
        chain: ChainId::new([0xc0; 32]),
        wires: Wires::ALL,
        listen: vec!["/ip4/127.0.0.1/tcp/0".into()],
        peers: peers.iter().map(|peer| (*peer).into()).collect(),
        members,
        mdns: false,
        standing: None,
    }
}

async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited too long for {what}"))
}

/// A running network and what it said.
struct Node {
    key: PublicKey,
    address: String,
    handle: NetworkHandle,
    events: mpsc::Receiver<NetworkEvent>,
    seen: Vec<NetworkEvent>,
}

impl Node {
    async fn start(config: NetworkConfig) -> Self {
        let (sender, events) = mpsc::channel(1024);
        let key = SigningKey::from_seed(&config.seed).public();
        let handle = start(config, sender).unwrap();
        let mut node = Self { key, address: String::new(), handle, events, seen: Vec::new() };
        node.address = node
            .until("an address", |event| match event {
                NetworkEvent::Listening(address) => Some(address.clone()),
                _ => None,
            })
            .await;
        node
    }

    async fn tell(&self, command: NetworkCommand) {
        self.handle.send(command).await.unwrap();
    }

    async fn send(&self, to: PublicKey, lane: Lane, bytes: &[u8]) {
        self.tell(NetworkCommand::Send { to, lane, bytes: bytes.into() }).await;
    }

    async fn gossip(&self, topic: Topic, bytes: &[u8]) {
        self.tell(NetworkCommand::Gossip { topic, bytes: bytes.to_vec() }).await;
    }

    /// Takes events, accepting gossip, until one answers `wanted`.
    async fn until<T>(&mut self, what: &str, mut wanted: impl FnMut(&NetworkEvent) -> Option<T>) -> T {
        in_time(what, async {
            loop {
                let event = self.events.recv().await.expect("the network runs");
                if let NetworkEvent::Gossip { from, message, .. } = &event {
                    let verdict = GossipVerdict::Accept;
                    self.tell(NetworkCommand::Verdict { from: *from, message: message.clone(), verdict })
                        .await;
                }
                let answer = wanted(&event);
                self.seen.push(event);
                if let Some(answer) = answer {
                    return answer;
                }
            }
        })
        .await
    }

    async fn until_connected(&mut self, with: PublicKey) {
        let connected = |event: &NetworkEvent| match event {
            NetworkEvent::Connected { peer, .. } => (*peer == with).then_some(()),
            _ => None,
        };
        self.until("a connection", connected).await;
    }

    async fn until_disconnected(&mut self, from: PublicKey) {
        let disconnected = |event: &NetworkEvent| match event {
            NetworkEvent::Disconnected { peer } => (*peer == from).then_some(()),
            _ => None,
        };
        self.until("a disconnection", disconnected).await;
    }

    async fn until_banned(&mut self, who: PublicKey) {
        let banned = |event: &NetworkEvent| match event {
            NetworkEvent::Banned { peer } => (*peer == who).then_some(()),
            _ => None,
        };
        self.until("a ban", banned).await;
    }

    /// The next frame of a peer on a lane.
    async fn frame(&mut self, from: PublicKey, lane: Lane) -> Vec<u8> {
        self.until("a frame", |event| match event {
            NetworkEvent::Message { from: sender, lane: on, bytes, room: _ } => {
                (*sender == from && *on == lane).then(|| bytes.clone())
            }
            _ => None,
        })
        .await
    }

    async fn stop(mut self) {
        self.tell(NetworkCommand::Shutdown).await;
        in_time("the end", async { while self.events.recv().await.is_some() {} }).await;
    }
}

fn connected_once(node: &Node, with: PublicKey) -> bool {
    node.seen.iter().any(|event| matches!(event, NetworkEvent::Connected { peer, .. } if *peer == with))
}
