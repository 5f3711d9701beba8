//! Gossip that is weighed before anything else looks at it. Upstream hands over only what is new and of a topic we have:
//! a flood of duplicates, of unknown topics or of control messages would cost memory and processor time and never be
//! seen. Here every RPC is counted with the messages it holds, by the peer that sent it.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::gossipsub::{self, DataTransform, RawMessage, TopicHash, WhitelistSubscriptionFilter};
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm,
};
use libp2p::{Multiaddr, PeerId};
use protocol::limits::GOSSIP_BYTES_MAX;

/// Gossip with nothing but our topics, on a scale.
pub(super) type Gossip = gossipsub::Behaviour<Scale, WhitelistSubscriptionFilter>;

/// Sees each message as it comes in, before upstream remembers anything of it, and refuses what is of no topic of ours.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    topics: Arc<BTreeSet<TopicHash>>,
    messages: Arc<AtomicU64>,
    bytes: Arc<AtomicU64>,
}

impl Scale {
    pub(super) fn new(topics: impl IntoIterator<Item = TopicHash>) -> Self {
        Self {
            topics: Arc::new(topics.into_iter().collect()),
            messages: Arc::new(AtomicU64::new(0)),
            bytes: Arc::new(AtomicU64::new(0)),
        }
    }

    /// What was put on it since the last time, and nothing remains.
    fn clear(&self) -> (u64, u64) {
        (self.messages.swap(0, Ordering::Relaxed), self.bytes.swap(0, Ordering::Relaxed))
    }
}

impl DataTransform for Scale {
    fn inbound_transform(&self, raw: RawMessage) -> io::Result<gossipsub::Message> {
        self.messages.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(raw.data.len() as u64, Ordering::Relaxed);
        if !self.topics.contains(&raw.topic) || raw.data.len() > GOSSIP_BYTES_MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(gossipsub::Message {
            source: raw.source,
            data: raw.data,
            sequence_number: raw.sequence_number,
            topic: raw.topic,
        })
    }

    fn outbound_transform(&self, _: &TopicHash, data: Vec<u8>) -> io::Result<Vec<u8>> {
        Ok(data)
    }
}

/// What gossip tells the task.
#[derive(Debug)]
pub(super) enum WeighedEvent {
    /// One RPC came in. It stands before the messages it held.
    Weight {
        peer: PeerId,
        /// None for an RPC of control messages alone.
        messages: u64,
        bytes: u64,
    },
    /// What upstream says.
    Gossip(gossipsub::Event),
}

/// The behaviour.
pub(super) struct Weighed {
    pub(super) inner: Gossip,
    scale: Scale,
    weights: VecDeque<WeighedEvent>,
}

impl Weighed {
    pub(super) fn new(inner: Gossip, scale: Scale) -> Self {
        Self { inner, scale, weights: VecDeque::new() }
    }
}

impl NetworkBehaviour for Weighed {
    type ConnectionHandler = <Gossip as NetworkBehaviour>::ConnectionHandler;
    type ToSwarm = WeighedEvent;

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner.handle_established_inbound_connection(connection, peer, local, remote)
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner.handle_established_outbound_connection(connection, peer, address, role, port)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        self.inner.on_swarm_event(event);
    }

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        self.scale.clear();
        self.inner.on_connection_handler_event(peer, connection, event);
        let (messages, bytes) = self.scale.clear();
        self.weights.push_back(WeighedEvent::Weight { peer, messages, bytes });
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<WeighedEvent, THandlerInEvent<Self>>> {
        if let Some(weight) = self.weights.pop_front() {
            return Poll::Ready(ToSwarm::GenerateEvent(weight));
        }
        self.inner.poll(cx).map(|action| action.map_out(WeighedEvent::Gossip))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(topic: &str, len: usize) -> RawMessage {
        RawMessage {
            source: None,
            data: vec![0; len],
            sequence_number: None,
            topic: TopicHash::from_raw(topic),
            signature: None,
            key: None,
            validated: false,
        }
    }

    #[test]
    fn everything_is_weighed_and_only_what_is_ours_passes() {
        let scale = Scale::new([TopicHash::from_raw("ours")]);
        assert!(scale.inbound_transform(raw("ours", GOSSIP_BYTES_MAX)).is_ok());
        assert!(scale.inbound_transform(raw("ours", GOSSIP_BYTES_MAX + 1)).is_err());
        assert!(scale.inbound_transform(raw("theirs", 10)).is_err());
        assert_eq!(scale.clear(), (3, 2 * GOSSIP_BYTES_MAX as u64 + 11));
        assert_eq!(scale.clear(), (0, 0));
    }
}
