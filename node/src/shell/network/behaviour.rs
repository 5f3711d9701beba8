//! How the swarm is put together: transport, protocols, gossip and its scoring. Configuration only.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use libp2p::core::upgrade::Version;
use libp2p::gossipsub::{
    self, IdentTopic, MessageAuthenticity, PeerScoreParams, PeerScoreThresholds, TopicHash, TopicScoreParams,
    ValidationMode, WhitelistSubscriptionFilter,
};
use libp2p::identity::Keypair;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::swarm::{NetworkBehaviour, StreamProtocol};
use libp2p::{
    PeerId, Swarm, Transport as _, connection_limits, identify, mdns, memory_connection_limits, noise, ping,
    swarm, tcp,
};
use protocol::limits::{CONNECTIONS_MAX, CONNECTIONS_PER_PEER_MAX, GOSSIP_BYTES_MAX};

use super::doorway::Doorway;
use super::gate::Gate;
use super::limits::{
    GOSSIP_ENVELOPE_BYTES, GOSSIP_QUEUE_MAX, HANDSHAKE_TIMEOUT, IDLE_TIMEOUT, MEMORY_BYTES_MAX,
    NEGOTIATING_MAX, PENDING_CONNECTIONS_MAX, PING_INTERVAL, PING_TIMEOUT,
};
use super::muxer::Yamux;
use super::pnet::{self, Keys};
use super::streams::Streams;
use super::weighed::{Gossip, Scale, Weighed};
use super::wires::Wires;
use super::{Lane, NetworkConfig, NetworkError, Topic, keys};

/// Below this score a peer's gossip is not even read; the task blames it.
pub(super) const GOSSIP_GRAYLIST: f64 = -80.0;

/// What members get.
#[derive(NetworkBehaviour)]
pub(super) struct ForMembers {
    pub(super) lanes: Streams,
    pub(super) gossip: Weighed,
    ping: ping::Behaviour,
    identify: identify::Behaviour,
}

/// Everything. The gate comes after all others that can refuse a connection.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    doorway: Doorway,
    limits: connection_limits::Behaviour,
    memory: memory_connection_limits::Behaviour,
    pub(super) gate: Gate<ForMembers>,
    join: Streams,
    pub(super) mdns: Toggle<mdns::tokio::Behaviour>,
}

/// What a newcomer runs while it asks to join.
#[derive(NetworkBehaviour)]
pub(super) struct Asking {
    limits: connection_limits::Behaviour,
    pub(super) join: Streams,
}

/// The names of everything that is negotiated. They carry the hive, so that two hives never speak by accident, and end
/// in a version of the wire.
#[derive(Debug, Clone)]
pub(super) struct Names {
    hive: String,
    pub(super) wires: Wires,
    lanes: [Vec<StreamProtocol>; 4],
    pub(super) join: StreamProtocol,
    pub(super) greeting: StreamProtocol,
    topics: Vec<(Topic, u32, TopicHash)>,
}

impl Names {
    pub(super) fn new(hive: &str, wires: Wires) -> Result<Self, NetworkError> {
        let usable = (1..=64).contains(&hive.len()) && hive.bytes().all(|c| c.is_ascii_alphanumeric());
        let stream = |name: &str, version: u32| {
            StreamProtocol::try_from_owned(format!("/symbiose/{hive}/{name}/{version}"))
                .ok()
                .filter(|_| usable)
                .ok_or_else(|| NetworkError::Setup {
                    part: "protocol names",
                    reason: format!("hive name {hive:?}"),
                })
        };
        let lane = |lane: Lane| -> Result<Vec<_>, _> {
            wires.each().map(|version| stream(lane.word(), version)).collect()
        };
        let topic = |topic: Topic, version| {
            (topic, version, IdentTopic::new(format!("/symbiose/{hive}/{}/{version}", topic.name())).hash())
        };
        let topics = Topic::ALL.into_iter();
        Ok(Self {
            hive: hive.to_owned(),
            wires,
            lanes: [
                lane(Lane::Consensus)?,
                lane(Lane::Sync)?,
                lane(Lane::Operator)?,
                lane(Lane::Settlement)?,
            ],
            join: stream("join", 1)?,
            greeting: stream("hello", 2)?,
            topics: topics.flat_map(|one| wires.each().map(move |version| topic(one, version))).collect(),
        })
    }

    /// Newest version first.
    pub(super) fn lane(&self, lane: Lane) -> &[StreamProtocol] {
        let [consensus, sync, operator, settlement] = &self.lanes;
        match lane {
            Lane::Consensus => consensus,
            Lane::Sync => sync,
            Lane::Operator => operator,
            Lane::Settlement => settlement,
        }
    }

    pub(super) fn lane_of(&self, protocol: &StreamProtocol) -> Option<Lane> {
        Lane::ALL.into_iter().find(|lane| self.lane(*lane).contains(protocol))
    }

    /// What a member is offered as a stream.
    fn streams(&self) -> Vec<StreamProtocol> {
        let lanes = Lane::ALL.into_iter().flat_map(|lane| self.lane(lane).iter().cloned());
        lanes.chain(self.wires.has_greetings().then(|| self.greeting.clone())).collect()
    }

    /// The topic in one of our versions.
    pub(super) fn topic(&self, topic: Topic, version: u32) -> TopicHash {
        let named = self.topics.iter().find(|(one, of, _)| (*one, *of) == (topic, version));
        named.map(|(_, _, hash)| hash.clone()).expect("invariant: asked for our versions only")
    }

    pub(super) fn topic_of(&self, hash: &TopicHash) -> Option<(Topic, u32)> {
        let named = self.topics.iter().find(|(_, _, one)| one == hash);
        named.map(|(topic, version, _)| (*topic, *version))
    }

    /// The versions a peer speaks, as its list of protocols says.
    pub(super) fn versions_of(&self, protocols: &[StreamProtocol]) -> BTreeSet<u32> {
        let start = format!("/symbiose/{}/{}/", self.hive, Lane::Sync.word());
        let version = |protocol: &StreamProtocol| protocol.as_ref().strip_prefix(&start)?.parse().ok();
        protocols.iter().filter_map(version).collect()
    }
}

impl Lane {
    /// Its part of a protocol name.
    const fn word(self) -> &'static str {
        match self {
            Self::Consensus => "bft",
            Self::Sync => "sync",
            Self::Operator => "operator",
            Self::Settlement => "settlement",
        }
    }
}

/// The swarm of a running node.
pub(super) fn node_swarm(
    config: &NetworkConfig,
    names: &Names,
    door: Keys,
) -> Result<Swarm<Behaviour>, NetworkError> {
    let keypair = keys::keypair(&config.seed);
    let own = keypair.public().to_peer_id();
    let members: BTreeSet<PeerId> = config.members.iter().map(keys::to_peer).collect();
    let for_members = ForMembers {
        lanes: Streams::new(names.streams()),
        gossip: gossip(keypair.clone(), names)?,
        ping: ping::Behaviour::new(
            ping::Config::new().with_interval(PING_INTERVAL).with_timeout(PING_TIMEOUT),
        ),
        identify: identify::Behaviour::new(
            identify::Config::new(names.join.to_string(), keypair.public())
                .with_agent_version(concat!("symbiose/", env!("CARGO_PKG_VERSION")).into())
                .with_cache_size(0),
        ),
    };
    let mdns = config.mdns.then(|| local_network(own)).transpose()?;
    let behaviour = Behaviour {
        doorway: Doorway::new(),
        limits: connection_limits(),
        memory: memory_connection_limits::Behaviour::with_max_bytes(MEMORY_BYTES_MAX),
        gate: Gate::new(for_members, own, members),
        join: Streams::new(vec![names.join.clone()]),
        mdns: mdns.into(),
    };
    swarm(&keypair, door, behaviour)
}

/// Looks for nodes on the local network.
pub(super) fn local_network(own: PeerId) -> Result<mdns::tokio::Behaviour, NetworkError> {
    mdns::tokio::Behaviour::new(mdns::Config::default(), own)
        .map_err(|error| NetworkError::Setup { part: "mdns", reason: error.to_string() })
}

/// The swarm of a newcomer.
pub(super) fn asking_swarm(config: &NetworkConfig, names: &Names) -> Result<Swarm<Asking>, NetworkError> {
    let join = Streams::new(vec![names.join.clone()]);
    let (_, door) = Keys::new(config.swarm_key);
    swarm(&keys::keypair(&config.seed), door, Asking { limits: connection_limits(), join })
}

fn swarm<B: NetworkBehaviour>(keypair: &Keypair, door: Keys, behaviour: B) -> Result<Swarm<B>, NetworkError> {
    let noise = noise::Config::new(keypair)
        .map_err(|error| NetworkError::Setup { part: "noise", reason: error.to_string() })?;
    let transport = tcp::tokio::Transport::new(tcp::Config::new().nodelay(true))
        .and_then(move |socket, point| pnet::enter(socket, door, point.is_dialer()))
        .upgrade(Version::V1Lazy)
        .authenticate(noise)
        .multiplex(Yamux)
        .timeout(HANDSHAKE_TIMEOUT)
        .boxed();
    let config = swarm::Config::with_tokio_executor()
        .with_idle_connection_timeout(IDLE_TIMEOUT)
        .with_max_negotiating_inbound_streams(NEGOTIATING_MAX);
    Ok(Swarm::new(transport, behaviour, keypair.public().to_peer_id(), config))
}

fn connection_limits() -> connection_limits::Behaviour {
    connection_limits::Behaviour::new(
        connection_limits::ConnectionLimits::default()
            .with_max_established(Some(CONNECTIONS_MAX))
            .with_max_established_per_peer(Some(CONNECTIONS_PER_PEER_MAX))
            .with_max_pending_incoming(Some(PENDING_CONNECTIONS_MAX))
            .with_max_pending_outgoing(Some(PENDING_CONNECTIONS_MAX)),
    )
}

fn gossip(keypair: Keypair, names: &Names) -> Result<Weighed, NetworkError> {
    let refused = |reason: String| NetworkError::Setup { part: "gossip", reason };
    let topics: Vec<TopicHash> = names.topics.iter().map(|(_, _, hash)| hash.clone()).collect();
    let config = gossipsub::ConfigBuilder::default()
        .validation_mode(ValidationMode::Strict)
        .validate_messages()
        .flood_publish(true)
        .max_transmit_size(GOSSIP_BYTES_MAX + GOSSIP_ENVELOPE_BYTES)
        .connection_handler_queue_len(GOSSIP_QUEUE_MAX)
        // A hive of four has three peers and a hive of thirty twenty-nine: these bounds suit both.
        .mesh_outbound_min(1)
        .mesh_n_low(3)
        .mesh_n(6)
        .mesh_n_high(10)
        .heartbeat_initial_delay(Duration::from_millis(100))
        .heartbeat_interval(Duration::from_secs(1))
        .prune_backoff(Duration::from_secs(10))
        .build()
        .map_err(|error| refused(error.to_string()))?;
    let filter = WhitelistSubscriptionFilter(topics.iter().cloned().collect::<HashSet<_>>());
    let scale = Scale::new(topics.iter().cloned());
    let mut gossip = Gossip::new_with_subscription_filter_and_transform(
        MessageAuthenticity::Signed(keypair),
        config,
        filter,
        scale.clone(),
    )
    .map_err(|reason| refused(reason.into()))?;
    gossip.with_peer_score(score(&topics), thresholds()).map_err(refused)?;
    for topic in topics {
        gossip
            .subscribe(&IdentTopic::new(topic.into_string()))
            .map_err(|error| refused(error.to_string()))?;
    }
    Ok(Weighed::new(gossip, scale))
}

/// Scores punish invalid messages and broken promises. They do not punish silence, which is normal here, nor a slow
/// machine, nor a shared address: all of a street may sit behind one router, and upstream's default colocation penalty
/// silences such a hive without a word.
fn score(topics: &[TopicHash]) -> PeerScoreParams {
    let topic = TopicScoreParams {
        topic_weight: 1.0,
        time_in_mesh_weight: 0.01,
        time_in_mesh_quantum: Duration::from_secs(1),
        time_in_mesh_cap: 100.0,
        first_message_deliveries_weight: 0.1,
        first_message_deliveries_decay: 0.9,
        first_message_deliveries_cap: 100.0,
        mesh_message_deliveries_weight: 0.0,
        mesh_failure_penalty_weight: 0.0,
        invalid_message_deliveries_weight: -10.0,
        invalid_message_deliveries_decay: 0.9,
        ..TopicScoreParams::default()
    };
    PeerScoreParams {
        topics: topics.iter().map(|hash| (hash.clone(), topic.clone())).collect::<HashMap<_, _>>(),
        ip_colocation_factor_weight: 0.0,
        slow_peer_weight: 0.0,
        behaviour_penalty_threshold: 6.0,
        behaviour_penalty_decay: 0.9,
        ..PeerScoreParams::default()
    }
}

fn thresholds() -> PeerScoreThresholds {
    PeerScoreThresholds {
        graylist_threshold: GOSSIP_GRAYLIST,
        opportunistic_graft_threshold: 1.0,
        ..PeerScoreThresholds::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_the_hive_and_a_version() {
        let names = Names::new("c0ffee", Wires::ALL).unwrap();
        assert_eq!(names.lane(Lane::Consensus), ["/symbiose/c0ffee/bft/2", "/symbiose/c0ffee/bft/1"]);
        assert_eq!(names.join.as_ref(), "/symbiose/c0ffee/join/1");
        for protocol in names.lane(Lane::Sync) {
            assert_eq!(names.lane_of(protocol), Some(Lane::Sync));
        }
        assert_eq!(names.lane_of(&names.join), None);
        assert_eq!(names.topic_of(&names.topic(Topic::Headers, 1)), Some((Topic::Headers, 1)));
        assert_eq!(names.versions_of(&names.streams()), BTreeSet::from([1, 2]));
        let foreign = Names::new("beef", Wires::ALL).unwrap();
        assert_eq!(names.versions_of(&foreign.streams()), BTreeSet::new());
        for wrong in ["", "a/b", "é", &"a".repeat(65)] {
            assert!(Names::new(wrong, Wires::ALL).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_node_kept_on_the_older_wire_offers_nothing_newer() {
        let names = Names::new("c0ffee", Wires::new(1, 1).unwrap()).unwrap();
        assert_eq!(names.versions_of(&names.streams()), BTreeSet::from([1]));
        assert!(!names.streams().contains(&names.greeting));
        assert_eq!(names.topics.len(), 2);
    }

    #[test]
    fn the_street_behind_one_router_is_not_punished() {
        let score = score(&[TopicHash::from_raw("t")]);
        assert_eq!(score.ip_colocation_factor_weight, 0.0);
        assert_eq!(score.validate(), Ok(()));
        assert_eq!(thresholds().validate(), Ok(()));
    }
}
