//! How the swarm is put together: transport, protocols, gossip and its scoring. Configuration only.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use libp2p::core::upgrade::Version;
use libp2p::gossipsub::{
    self, IdentTopic, MessageAuthenticity, PeerScoreParams, PeerScoreThresholds, TopicHash, TopicScoreParams,
    ValidationMode, WhitelistSubscriptionFilter,
};
use libp2p::identity::Keypair;
use libp2p::pnet::{PnetConfig, PreSharedKey};
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::swarm::{NetworkBehaviour, StreamProtocol};
use libp2p::{
    PeerId, Swarm, Transport as _, connection_limits, identify, mdns, memory_connection_limits, noise, ping,
    swarm, tcp,
};
use protocol::limits::{CONNECTIONS_MAX, CONNECTIONS_PER_PEER_MAX, GOSSIP_BYTES_MAX};

use super::gate::Gate;
use super::limits::{
    GOSSIP_ENVELOPE_BYTES, GOSSIP_QUEUE_MAX, HANDSHAKE_TIMEOUT, IDLE_TIMEOUT, MEMORY_BYTES_MAX,
    NEGOTIATING_MAX, PENDING_CONNECTIONS_MAX, PING_INTERVAL, PING_TIMEOUT,
};
use super::muxer::Yamux;
use super::streams::Streams;
use super::{Lane, NetworkConfig, NetworkError, Topic, keys};

/// Gossip with nothing but our two topics.
pub(super) type Gossip = gossipsub::Behaviour<gossipsub::IdentityTransform, WhitelistSubscriptionFilter>;

/// Below this score a peer's gossip is not even read; the task blames it.
pub(super) const GOSSIP_GRAYLIST: f64 = -80.0;

/// What members get.
#[derive(NetworkBehaviour)]
pub(super) struct ForMembers {
    pub(super) lanes: Streams,
    pub(super) gossip: Gossip,
    ping: ping::Behaviour,
    identify: identify::Behaviour,
}

/// Everything. The gate comes after all others that can refuse a connection.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    limits: connection_limits::Behaviour,
    memory: memory_connection_limits::Behaviour,
    pub(super) gate: Gate<ForMembers>,
    join: Streams,
    mdns: Toggle<mdns::tokio::Behaviour>,
}

/// What a newcomer runs while it asks to join.
#[derive(NetworkBehaviour)]
pub(super) struct Asking {
    limits: connection_limits::Behaviour,
    pub(super) join: Streams,
}

/// The names of everything that is negotiated. They carry the hive, so that two hives never speak by accident.
#[derive(Debug, Clone)]
pub(super) struct Names {
    consensus: StreamProtocol,
    sync: StreamProtocol,
    operator: StreamProtocol,
    pub(super) join: StreamProtocol,
    transactions: TopicHash,
    headers: TopicHash,
}

impl Names {
    pub(super) fn new(hive: &str) -> Result<Self, NetworkError> {
        let usable = (1..=64).contains(&hive.len()) && hive.bytes().all(|c| c.is_ascii_alphanumeric());
        let stream = |name: &str| {
            StreamProtocol::try_from_owned(format!("/symbiose/{hive}/{name}/1"))
                .ok()
                .filter(|_| usable)
                .ok_or_else(|| NetworkError::Setup {
                    part: "protocol names",
                    reason: format!("hive name {hive:?}"),
                })
        };
        let topic = |name: &str| IdentTopic::new(format!("/symbiose/{hive}/{name}/1")).hash();
        Ok(Self {
            consensus: stream("bft")?,
            sync: stream("sync")?,
            operator: stream("operator")?,
            join: stream("join")?,
            transactions: topic("transactions"),
            headers: topic("headers"),
        })
    }

    pub(super) fn lane(&self, lane: Lane) -> StreamProtocol {
        match lane {
            Lane::Consensus => self.consensus.clone(),
            Lane::Sync => self.sync.clone(),
            Lane::Operator => self.operator.clone(),
        }
    }

    pub(super) fn lane_of(&self, protocol: &StreamProtocol) -> Option<Lane> {
        Lane::ALL.into_iter().find(|lane| self.lane(*lane) == *protocol)
    }

    pub(super) fn topic(&self, topic: Topic) -> TopicHash {
        match topic {
            Topic::Transactions => self.transactions.clone(),
            Topic::Headers => self.headers.clone(),
        }
    }

    pub(super) fn topic_of(&self, hash: &TopicHash) -> Option<Topic> {
        [Topic::Transactions, Topic::Headers].into_iter().find(|topic| self.topic(*topic) == *hash)
    }
}

/// The swarm of a running node.
pub(super) fn node_swarm(config: &NetworkConfig, names: &Names) -> Result<Swarm<Behaviour>, NetworkError> {
    let keypair = keys::keypair(&config.seed);
    let own = keypair.public().to_peer_id();
    let members: BTreeSet<PeerId> = config.members.iter().map(keys::to_peer).collect();
    let for_members = ForMembers {
        lanes: Streams::new(Lane::ALL.map(|lane| names.lane(lane)).to_vec()),
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
    let mdns = if config.mdns {
        let behaviour = mdns::tokio::Behaviour::new(mdns::Config::default(), own)
            .map_err(|error| NetworkError::Setup { part: "mdns", reason: error.to_string() })?;
        Some(behaviour)
    } else {
        None
    };
    let behaviour = Behaviour {
        limits: connection_limits(),
        memory: memory_connection_limits::Behaviour::with_max_bytes(MEMORY_BYTES_MAX),
        gate: Gate::new(for_members, own, members),
        join: Streams::new(vec![names.join.clone()]),
        mdns: mdns.into(),
    };
    swarm(&keypair, config.swarm_key, behaviour)
}

/// The swarm of a newcomer.
pub(super) fn asking_swarm(config: &NetworkConfig, names: &Names) -> Result<Swarm<Asking>, NetworkError> {
    let join = Streams::new(vec![names.join.clone()]);
    swarm(&keys::keypair(&config.seed), config.swarm_key, Asking { limits: connection_limits(), join })
}

fn swarm<B: NetworkBehaviour>(
    keypair: &Keypair,
    swarm_key: [u8; 32],
    behaviour: B,
) -> Result<Swarm<B>, NetworkError> {
    let noise = noise::Config::new(keypair)
        .map_err(|error| NetworkError::Setup { part: "noise", reason: error.to_string() })?;
    let pnet = PnetConfig::new(PreSharedKey::new(swarm_key));
    let transport = tcp::tokio::Transport::new(tcp::Config::new().nodelay(true))
        .and_then(move |socket, _| pnet.handshake(socket))
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

fn gossip(keypair: Keypair, names: &Names) -> Result<Gossip, NetworkError> {
    let refused = |reason: String| NetworkError::Setup { part: "gossip", reason };
    let topics = [names.topic(Topic::Transactions), names.topic(Topic::Headers)];
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
    let filter = WhitelistSubscriptionFilter(HashSet::from(topics.clone()));
    let mut gossip =
        Gossip::new_with_subscription_filter(MessageAuthenticity::Signed(keypair), config, filter)
            .map_err(|reason| refused(reason.into()))?;
    gossip.with_peer_score(score(&topics), thresholds()).map_err(refused)?;
    for topic in [Topic::Transactions, Topic::Headers] {
        let topic = IdentTopic::new(names.topic(topic).into_string());
        gossip.subscribe(&topic).map_err(|error| refused(error.to_string()))?;
    }
    Ok(gossip)
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
    fn names_carry_the_hive() {
        let names = Names::new("c0ffee").unwrap();
        assert_eq!(names.lane(Lane::Consensus).as_ref(), "/symbiose/c0ffee/bft/1");
        assert_eq!(names.lane(Lane::Sync).as_ref(), "/symbiose/c0ffee/sync/1");
        assert_eq!(names.join.as_ref(), "/symbiose/c0ffee/join/1");
        assert_eq!(names.lane_of(&names.lane(Lane::Sync)), Some(Lane::Sync));
        assert_eq!(names.lane_of(&names.join), None);
        assert_eq!(names.topic_of(&names.topic(Topic::Headers)), Some(Topic::Headers));
        for wrong in ["", "a/b", "é", &"a".repeat(65)] {
            assert!(Names::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_street_behind_one_router_is_not_punished() {
        let score = score(&[TopicHash::from_raw("t")]);
        assert_eq!(score.ip_colocation_factor_weight, 0.0);
        assert_eq!(score.validate(), Ok(()));
        assert_eq!(thresholds().validate(), Ok(()));
    }
}
