//! The task's answers to what the swarm reports: connections that come and go, streams, gossip, pings, hints.

use libp2p::core::ConnectedPoint;
use libp2p::gossipsub;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{ConnectionId, Stream, SwarmEvent};
use libp2p::{Multiaddr, PeerId, mdns, ping};
use protocol::PublicKey;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::super::behaviour::{BehaviourEvent, ForMembersEvent};
use super::super::counters::{self, Traffic};
use super::super::frame::{LaneReader, LaneWriter};
use super::super::gate::Admission;
use super::super::join;
use super::super::limits::{JOINING_TIME, STREAM_RETRY};
use super::super::muxer::TOO_MANY_STREAMS;
use super::super::outbox::Link;
use super::super::peer::Peer;
use super::super::streams::{Outcome, StreamEvent};
use super::super::weighed::WeighedEvent;
use super::super::{Blame, GossipId, GossipVerdict, Lane, NetworkEvent, keys};
use super::{Stranger, Task};

/// Requests to join on one connection of a stranger.
const REQUESTS_PER_STRANGER_MAX: u32 = 4;

impl Task {
    #[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum that may grow")]
    pub(super) fn swarm_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Gate(event)) => self.member_event(event),
            SwarmEvent::Behaviour(BehaviourEvent::Join(event)) => self.join_stream(event),
            SwarmEvent::Behaviour(BehaviourEvent::Mdns(event)) => self.hints(event),
            SwarmEvent::Behaviour(
                BehaviourEvent::Doorway(never)
                | BehaviourEvent::Limits(never)
                | BehaviourEvent::Memory(never),
            ) => match never {},
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                self.connected(&peer_id, connection_id, &endpoint);
            }
            SwarmEvent::ConnectionClosed { peer_id, connection_id, cause, .. } => {
                tracing::debug!(%peer_id, ?cause, "connection closed");
                let is_rude = cause.is_some_and(|cause| error_text(&cause).contains(TOO_MANY_STREAMS));
                if let (true, Some(key)) = (is_rude, keys::to_key(&peer_id)) {
                    counters::fault("streams");
                    self.blame(key, Blame::Major, "streams");
                }
                self.closed(&peer_id, connection_id);
            }
            SwarmEvent::OutgoingConnectionError { peer_id, error, .. } => {
                tracing::debug!(?peer_id, %error, "dial failed");
                counters::connection_failed("out");
                if let Some(key) = peer_id.as_ref().and_then(keys::to_key) {
                    self.dialer.failed(&key, Instant::now());
                }
            }
            SwarmEvent::IncomingConnectionError { peer_id, error, .. } => {
                tracing::debug!(?peer_id, %error, "incoming connection failed");
                counters::connection_failed("in");
            }
            SwarmEvent::NewListenAddr { address, .. } => {
                let address = address.with(Protocol::P2p(*self.swarm.local_peer_id()));
                self.events.push(NetworkEvent::Listening(address.to_string()));
            }
            SwarmEvent::ListenerClosed { reason, addresses, .. } => {
                tracing::error!(?reason, ?addresses, "listener closed");
            }
            SwarmEvent::ListenerError { error, .. } => tracing::warn!(%error, "listener"),
            _ => {}
        }
    }

    fn connected(&mut self, peer: &PeerId, connection: ConnectionId, endpoint: &ConnectedPoint) {
        let now = Instant::now();
        match (keys::to_key(peer), self.swarm.behaviour().gate.admission(connection)) {
            (Some(key), Some(Admission::Member)) => self.member_connected(key, connection, endpoint, now),
            (Some(_), Some(Admission::Joining)) => {
                let stranger = Stranger { until: now + JOINING_TIME, requests: 0 };
                self.strangers.insert(connection, stranger);
            }
            (None, _) | (_, None) => {
                self.swarm.close_connection(connection);
            }
        }
    }

    fn member_connected(
        &mut self,
        key: PublicKey,
        id: ConnectionId,
        endpoint: &ConnectedPoint,
        now: Instant,
    ) {
        let house = &self.house;
        let peer = self.peers.entry(key).or_insert_with(|| Peer::new(now, house.chamber()));
        let first = !peer.is_connected();
        let is_restless = !peer.connects.take(now);
        peer.connected(id, now);
        self.dialer.connected(&key);
        if first {
            let address = without_peer(endpoint.get_remote_address().clone()).to_string();
            tracing::info!(peer = ?key, address, "member connected");
            self.events.push(NetworkEvent::Connected { peer: key, address });
            // Open both lanes ahead of the first frame, which would wait for them.
            Lane::ALL.into_iter().for_each(|lane| self.pump(key, lane));
        }
        if is_restless {
            counters::fault("connects");
            self.blame(key, Blame::Minor, "connects");
        }
        self.greet(key, id);
    }

    fn closed(&mut self, peer: &PeerId, connection: ConnectionId) {
        self.strangers.remove(&connection);
        let now = Instant::now();
        let Some(key) = keys::to_key(peer) else { return };
        let Some(peer) = self.peers.get_mut(&key) else { return };
        let Some(ended) = peer.closed(connection, now) else { return };
        let is_connected = peer.is_connected();
        self.said_goodbye(connection);
        if is_connected {
            return Lane::ALL.into_iter().for_each(|lane| self.pump(key, lane));
        }
        if let Some(peer) = self.peers.get_mut(&key) {
            for lane in Lane::ALL {
                counters::dropped(lane.name(), "disconnected", peer.outbox(lane).clear());
            }
            // It may come back as another release.
            peer.wire = None;
        }
        self.dialer.disconnected(&key, now - ended.since, now);
        tracing::info!(peer = ?key, "member disconnected");
        self.events.push(NetworkEvent::Disconnected { peer: key });
    }

    fn member_event(&mut self, event: ForMembersEvent) {
        match event {
            ForMembersEvent::Lanes(event) => self.lane_stream(event),
            ForMembersEvent::Gossip(WeighedEvent::Weight { peer, messages, bytes }) => {
                self.weigh(&peer, messages, bytes);
            }
            ForMembersEvent::Gossip(WeighedEvent::Gossip(event)) => self.gossip_event(event),
            ForMembersEvent::Ping(event) => self.ping(&event),
            ForMembersEvent::Identify(event) => self.identified(event),
        }
    }

    fn lane_stream(&mut self, event: StreamEvent) {
        let Some(key) = keys::to_key(&event.peer) else { return };
        if event.protocol == self.names.greeting {
            return match event.outcome {
                Outcome::Incoming(stream) => self.listen_to(key, event.connection, stream),
                Outcome::Opened(stream) => self.speak(key, event.connection, stream),
                // Members on the older wire have no greetings.
                Outcome::Failed => {}
            };
        }
        let Some(lane) = self.names.lane_of(&event.protocol) else { return };
        match event.outcome {
            Outcome::Incoming(stream) => self.read_lane(key, lane, event.connection, stream),
            Outcome::Opened(stream) => self.write_lane(key, lane, event.connection, stream),
            Outcome::Failed => {
                if let Some(peer) = self.peers.get_mut(&key)
                    && matches!(peer.outbox(lane).link, Link::Opening { connection } if connection == event.connection)
                {
                    peer.outbox(lane).link = Link::Closed { retry: Instant::now() + STREAM_RETRY };
                }
            }
        }
    }

    fn read_lane(&mut self, from: PublicKey, lane: Lane, connection: ConnectionId, stream: Stream) {
        let Some(peer) = self.peers.get_mut(&from) else { return };
        let reader = LaneReader {
            from,
            lane,
            meter: peer.incoming(lane).clone(),
            room: peer.room.clone(),
            events: self.events.sender(),
            reports: self.report_to.clone(),
        };
        let worker = self.workers.spawn(reader.run(stream));
        peer.set_reader(connection, lane, worker);
    }

    fn write_lane(&mut self, to: PublicKey, lane: Lane, connection: ConnectionId, stream: Stream) {
        let Some(peer) = self.peers.get_mut(&to) else { return };
        let meter = peer.outgoing(lane).clone();
        let outbox = peer.outbox(lane);
        // The connection may have been given up for another one while the stream was negotiated on it.
        if !matches!(outbox.link, Link::Opening { connection: asked } if asked == connection) {
            return;
        }
        self.links += 1;
        let number = self.links;
        let (writer, batches) = mpsc::channel(1);
        outbox.link = Link::Open { connection, number, writer, busy: false };
        let writer = LaneWriter { to, lane, number, meter, batches, reports: self.report_to.clone() };
        self.workers.spawn(writer.run(stream));
        self.pump(to, lane);
    }

    fn gossip_event(&mut self, event: gossipsub::Event) {
        match event {
            gossipsub::Event::Message { propagation_source, message_id, message } => {
                let Some(from) = keys::to_key(&propagation_source) else { return };
                let id = GossipId { id: message_id, len: message.data.len(), translated: None };
                if let Err(verdict) = self.gossip_message(from, id.clone(), message) {
                    self.verdict(from, &id, verdict);
                }
            }
            gossipsub::Event::Subscribed { .. } => self.publish_waiting(),
            gossipsub::Event::SlowPeer { peer_id, failed_messages } => {
                tracing::debug!(%peer_id, ?failed_messages, "peer takes gossip too slowly");
                counters::dropped("gossip", "slow_peer", 1);
            }
            gossipsub::Event::Unsubscribed { .. } | gossipsub::Event::GossipsubNotSupported { .. } => {}
        }
    }

    /// Charges an RPC to whoever sent it. The messages it held come next.
    fn weigh(&mut self, peer: &PeerId, messages: u64, bytes: u64) {
        let Some(key) = keys::to_key(peer) else { return };
        let Some(peer) = self.peers.get_mut(&key) else { return };
        let now = Instant::now();
        let charged = match messages {
            0 => peer.control.charge(now, 0),
            _ => peer.gossip.charge_all(now, messages, bytes),
        };
        peer.is_muted = charged.is_err();
        if peer.is_muted {
            self.exceeded(key);
        }
    }

    /// Passes a message to the node, which will judge it, or judges it here.
    fn gossip_message(
        &mut self,
        from: PublicKey,
        mut id: GossipId,
        message: gossipsub::Message,
    ) -> Result<(), GossipVerdict> {
        let (topic, wire) = self.names.topic_of(&message.topic).ok_or(GossipVerdict::Ignore)?;
        let peer = self.peers.get_mut(&from).ok_or(GossipVerdict::Ignore)?;
        if peer.is_muted {
            counters::dropped(topic.name(), "too_fast", 1);
            return Err(GossipVerdict::Ignore);
        }
        // The author may be a member of which only the ledger here does not know yet: nobody is to blame.
        let author = message.source.filter(|author| self.swarm.behaviour().gate.is_member(author));
        let author = author.as_ref().and_then(keys::to_key).ok_or(GossipVerdict::Ignore)?;
        Traffic::received(topic.name()).count(message.data.len());
        if self.gossip_wire(topic) < wire {
            // A neighbour of ours listens to the older topic alone, and its publisher does not know.
            id.translated = Some((topic, message.data.as_slice().into()));
        }
        let message = NetworkEvent::Gossip { from, author, message: id, topic, bytes: message.data };
        if self.events.offer(message) {
            return Ok(());
        }
        counters::dropped(topic.name(), "node_busy", 1);
        Err(GossipVerdict::Ignore)
    }

    fn ping(&mut self, event: &ping::Event) {
        match &event.result {
            Ok(round_trip) => {
                if let Some(peer) = keys::to_key(&event.peer) {
                    let micros = u64::try_from(round_trip.as_micros()).unwrap_or(u64::MAX);
                    self.events.offer(NetworkEvent::RoundTrip { peer, micros });
                }
            }
            Err(failure) => {
                tracing::info!(peer = %event.peer, %failure, "ping failed: connection closed");
                self.swarm.close_connection(event.connection);
            }
        }
    }

    fn join_stream(&mut self, event: StreamEvent) {
        let Some(key) = keys::to_key(&event.peer) else { return };
        let Outcome::Incoming(stream) = event.outcome else { return };
        if !self.may_ask(&key, event.connection) {
            counters::fault("join_too_often");
            self.swarm.close_connection(event.connection);
            return;
        }
        match self.joins.admit(key) {
            Some((ticket, answer)) => {
                let served = join::serve(stream, key, ticket, answer, self.events.sender());
                self.workers.spawn(served);
            }
            None => counters::dropped("join", "too_many", 1),
        }
    }

    fn may_ask(&mut self, key: &PublicKey, connection: ConnectionId) -> bool {
        match self.strangers.get_mut(&connection) {
            Some(stranger) => {
                stranger.requests += 1;
                stranger.requests <= REQUESTS_PER_STRANGER_MAX
            }
            None => self
                .peers
                .get(key)
                .is_some_and(|peer| peer.incoming(Lane::Sync).charge(Instant::now(), 0).is_ok()),
        }
    }

    fn hints(&mut self, event: mdns::Event) {
        let mdns::Event::Discovered(found) = event else { return };
        self.found += found.len();
        let now = Instant::now();
        for (peer, address) in found {
            let wanted = self.swarm.behaviour().gate.is_member(&peer);
            let Some(key) = keys::to_key(&peer) else { continue };
            let address = without_peer(address);
            if wanted && keys::socket(&address).is_some() {
                self.dialer.hint(key, address, now);
            }
        }
    }
}

/// An error with what caused it.
fn error_text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// The address without the peer id that multicast DNS and outgoing connections append.
fn without_peer(mut address: Multiaddr) -> Multiaddr {
    if let Some(Protocol::P2p(_)) = address.iter().last() {
        address.pop();
    }
    address
}
