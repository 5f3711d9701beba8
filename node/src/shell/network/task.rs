//! The one owner of the swarm and of everything known about peers. It takes commands from the node, reports from
//! readers and writers and events from the swarm (`arrivals.rs`), one at a time, and never waits for any of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::TcpListener;
use std::sync::Arc;

use futures::StreamExt as _;
use libp2p::gossipsub::{MessageAcceptance, PublishError};
use libp2p::swarm::ConnectionId;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::{PeerId, Swarm};
use protocol::greeting::Run;
use protocol::limits::GOSSIP_BYTES_MAX;
use protocol::{PublicKey, SigningKey};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::behaviour::{Behaviour, ForMembers, GOSSIP_GRAYLIST, Names, node_swarm};
use super::counters::{self, Traffic};
use super::dialer::Dialer;
use super::events::Events;
use super::frame::Report;
use super::gate::Admission;
use super::join::Joins;
use super::limits::{BAN, FOUND_MAX, GOSSIP_UNSENT_MAX, REPORTS_MAX, STREAM_RETRY, TICK, TURN_MAX};
use super::meter::Meter;
use super::outbox::Link;
use super::peer::Peer;
use super::pnet::{Keys, KeysSender};
use super::remembered::{Owed, Remembered};
use super::room::House;
use super::twins::Twins;
use crate::shell::clock::wall_ms;

use super::{
    Blame, GossipId, GossipVerdict, Lane, NetworkCommand, NetworkConfig, NetworkError, NetworkEvent,
    Standing, Topic, keys,
};

mod arrivals;
mod greetings;
mod speech;

/// A stranger's connection.
#[derive(Debug)]
struct Stranger {
    until: Instant,
    requests: u32,
}

/// The network while it runs.
pub(super) struct Task {
    swarm: Swarm<Behaviour>,
    names: Names,
    door: KeysSender,
    commands: mpsc::Receiver<NetworkCommand>,
    events: Events,
    reports: mpsc::Receiver<Report>,
    report_to: mpsc::Sender<Report>,
    peers: BTreeMap<PublicKey, Peer>,
    strangers: BTreeMap<ConnectionId, Stranger>,
    dialer: Dialer,
    joins: Joins,
    /// Gossip of ours that could not be published yet.
    unsent: VecDeque<(Topic, Vec<u8>)>,
    /// What we publish and pass on, together.
    gossiped: Meter,
    /// Readers, writers and join requests. They end when this is dropped.
    workers: JoinSet<()>,
    links: u64,
    housekept: Instant,
    twins: Twins,
    /// Members with whom no version of the wire is shared, about to be cut off.
    speechless: BTreeSet<PublicKey>,
    house: House,
    /// The standing of members as it was last told.
    told: Vec<Standing>,
    /// Nodes found on the local network since everything found there was last forgotten.
    found: usize,
    remembered: Remembered,
}

impl Task {
    /// Builds the swarm and binds the addresses.
    pub(super) fn new(
        config: &NetworkConfig,
        commands: mpsc::Receiver<NetworkCommand>,
        events: mpsc::Sender<NetworkEvent>,
    ) -> Result<Self, NetworkError> {
        let names = Names::new(&config.hive, config.wires)?;
        let (door, keys_of_the_door) = Keys::new(config.swarm_key);
        let mut swarm = node_swarm(config, &names, keys_of_the_door)?;
        let now = Instant::now();
        let mut dialer = Dialer::default();
        for text in &config.peers {
            let (peer, address) = keys::parse_peer(text)?;
            dialer.keep(peer, address, now);
        }
        for text in &config.listen {
            listen(&mut swarm, text)?;
        }
        let (report_to, reports) = mpsc::channel(REPORTS_MAX);
        let (remembered, owed) = Remembered::open(config.standing.as_deref());
        let mut task = Self {
            swarm,
            names,
            door,
            commands,
            events: Events::new(events),
            reports,
            report_to,
            peers: BTreeMap::new(),
            strangers: BTreeMap::new(),
            dialer,
            joins: Joins::default(),
            unsent: VecDeque::new(),
            gossiped: Meter::outgoing(now),
            workers: JoinSet::new(),
            links: 0,
            housekept: now,
            twins: Twins::new(Run::new(rand::random()), SigningKey::from_seed(&config.seed), config.chain),
            speechless: BTreeSet::new(),
            house: House::new(),
            told: Vec::new(),
            found: 0,
            remembered,
        };
        owed.iter().for_each(|one| task.remember(now, one));
        Ok(task)
    }

    /// Takes up what a member owed before a restart.
    fn remember(&mut self, now: Instant, owed: &Owed) {
        let (points, banned) = owed.now(wall_ms());
        let house = &self.house;
        let peer = self.peers.entry(owed.peer).or_insert_with(|| Peer::new(now, house.chamber()));
        peer.debts.remembered(points);
        if let Some(left) = banned {
            tracing::warn!(peer = ?owed.peer, "still banned for {} s", left.as_secs());
            self.swarm.behaviour_mut().gate.ban(keys::to_peer(&owed.peer), now + left);
            self.remembered.ban(owed.peer, now + left);
        }
    }

    /// Runs until it is told to stop, or nobody is left to tell it anything.
    pub(super) async fn run(mut self) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut commands = Vec::with_capacity(TURN_MAX);
        let mut reports = Vec::with_capacity(TURN_MAX);
        let node = self.events.sender();
        loop {
            tokio::select! {
                count = self.commands.recv_many(&mut commands, TURN_MAX) => {
                    if count == 0 || commands.drain(..).any(|command| self.command(command).is_stop()) {
                        break;
                    }
                }
                _ = self.reports.recv_many(&mut reports, TURN_MAX) => {
                    reports.drain(..).for_each(|report| self.report(report));
                }
                event = self.swarm.select_next_some(), if self.events.has_room() => self.swarm_event(event),
                permit = node.reserve(), if self.events.is_behind() => {
                    let Ok(permit) = permit else { break };
                    if let Some(event) = self.events.pop() {
                        permit.send(event);
                    }
                }
                () = node.closed() => break,
                _ = ticks.tick() => self.tick(Instant::now()),
            }
        }
        tracing::info!("network stopped");
    }

    fn for_members(&mut self) -> &mut ForMembers {
        self.swarm.behaviour_mut().gate.inner()
    }

    fn command(&mut self, command: NetworkCommand) -> Next {
        match command {
            NetworkCommand::SetMembers(members) => self.set_members(&members),
            NetworkCommand::Send { to, lane, bytes } => self.send(to, lane, bytes),
            NetworkCommand::Gossip { topic, bytes } => self.publish(topic, bytes),
            NetworkCommand::Verdict { from, message, verdict } => {
                self.verdict(from, &message, verdict);
                if verdict == GossipVerdict::Reject {
                    counters::fault("gossip_rejected");
                    self.blame(from, Blame::Minor, "gossip_rejected");
                }
            }
            NetworkCommand::Blame { peer, severity, fault } => {
                counters::fault(match severity {
                    Blame::Minor => "blamed_minor",
                    Blame::Major => "blamed_major",
                });
                self.blame(peer, severity, fault);
            }
            NetworkCommand::SetSwarmKeys(keys) if keys.is_empty() => {
                tracing::error!("a door without a key would never open: the keys stay as they are");
            }
            NetworkCommand::SetSwarmKeys(keys) => {
                self.door.send_replace(keys.iter().map(|key| *key.secret()).collect());
            }
            NetworkCommand::Moved { from, to } => self.dialer.moved(&from, to, Instant::now()),
            NetworkCommand::Dial(address) => match keys::parse_peer(&address) {
                Ok((peer, address)) => self.dialer.keep(peer, address, Instant::now()),
                Err(error) => tracing::warn!(%error, "address not dialled"),
            },
            NetworkCommand::AnswerJoin { ticket, bytes } => {
                if !self.joins.answer(ticket, bytes) {
                    tracing::info!(?ticket, "nobody waits for this answer any more");
                }
            }
            NetworkCommand::Shutdown => return Next::Stop,
        }
        Next::Continue
    }

    fn set_members(&mut self, members: &BTreeSet<PublicKey>) {
        let changed =
            self.swarm.behaviour_mut().gate.set_members(members.iter().map(keys::to_peer).collect());
        for (peer, connection, admission) in changed {
            // A newcomer that was just admitted still waits for the answer on its connection.
            let waits = admission == Admission::Joining
                && keys::to_key(&peer).is_some_and(|key| self.joins.is_waiting(&key));
            if !waits {
                self.swarm.close_connection(connection);
            }
        }
        self.peers.retain(|key, peer| members.contains(key) || peer.is_connected());
    }

    fn send(&mut self, to: PublicKey, lane: Lane, bytes: Arc<[u8]>) {
        if bytes.len() > lane.frame_bytes_max() {
            tracing::error!(bytes = bytes.len(), lane = lane.name(), "frame over its limit not sent");
            return counters::dropped(lane.name(), "oversize", 1);
        }
        let Some(peer) = self.peers.get_mut(&to).filter(|peer| peer.is_connected()) else {
            return counters::dropped(lane.name(), "not_connected", 1);
        };
        counters::dropped(lane.name(), "queue_full", peer.outbox(lane).push(bytes));
        self.pump(to, lane);
    }

    /// Moves what waits for a peer: to its writer, or opens a stream if there is none.
    fn pump(&mut self, to: PublicKey, lane: Lane) {
        let Some(peer) = self.peers.get_mut(&to) else { return };
        peer.outbox(lane).pump();
        if let Some(connection) = peer.start_opening(lane, Instant::now()) {
            let protocols = self.names.lane(lane).to_vec();
            self.for_members().lanes.open(keys::to_peer(&to), connection, &protocols);
        }
    }

    fn publish(&mut self, topic: Topic, bytes: Vec<u8>) {
        if bytes.len() > GOSSIP_BYTES_MAX {
            tracing::error!(bytes = bytes.len(), topic = topic.name(), "gossip over its limit not published");
            return counters::dropped(topic.name(), "oversize", 1);
        }
        self.unsent.push_back((topic, bytes));
        if self.unsent.len() > GOSSIP_UNSENT_MAX {
            self.unsent.pop_front();
            counters::dropped(topic.name(), "queue_full", 1);
        }
        self.publish_waiting();
    }

    /// Publishes what waits for somebody to subscribe, or for our own rate to allow it.
    fn publish_waiting(&mut self) {
        while let Some((topic, bytes)) = self.unsent.pop_front() {
            if self.gossiped.charge(Instant::now(), bytes.len()).is_err() {
                return self.unsent.push_front((topic, bytes));
            }
            let wire = self.gossip_wire(topic);
            let (hash, sent) = (self.names.topic(topic, wire), Traffic::sent(topic.name()));
            match self.for_members().gossip.inner.publish(hash, bytes.clone()) {
                Ok(_) => sent.count(bytes.len()),
                Err(PublishError::NoPeersSubscribedToTopic) => return self.unsent.push_front((topic, bytes)),
                Err(PublishError::AllQueuesFull(_)) => counters::dropped(topic.name(), "peers_slow", 1),
                Err(error) => {
                    tracing::error!(%error, topic = topic.name(), "gossip not published");
                    counters::dropped(topic.name(), "failed", 1);
                }
            }
        }
    }

    /// Passes a message on or drops it. What we may not pass on without seeming a flood ourselves is dropped too: others
    /// carry it as well.
    fn verdict(&mut self, from: PublicKey, message: &GossipId, verdict: GossipVerdict) {
        let acceptance = match verdict {
            GossipVerdict::Accept if self.gossiped.charge(Instant::now(), message.len).is_err() => {
                counters::dropped("gossip", "not_passed_on", 1);
                MessageAcceptance::Ignore
            }
            GossipVerdict::Accept => MessageAcceptance::Accept,
            GossipVerdict::Ignore => MessageAcceptance::Ignore,
            GossipVerdict::Reject => MessageAcceptance::Reject,
        };
        let from = keys::to_peer(&from);
        let is_accepted = matches!(acceptance, MessageAcceptance::Accept);
        self.for_members().gossip.inner.report_message_validation_result(&message.id, &from, acceptance);
        if let (true, Some((topic, bytes))) = (is_accepted, &message.translated) {
            self.publish(*topic, bytes.to_vec());
        }
    }

    fn report(&mut self, report: Report) {
        match report {
            Report::Written { to, lane, number } => {
                if let Some(peer) = self.peers.get_mut(&to)
                    && let Link::Open { number: current, busy, .. } = &mut peer.outbox(lane).link
                    && *current == number
                {
                    *busy = false;
                }
                self.pump(to, lane);
            }
            Report::WriterEnded { to, lane, number, unsent } => self.writer_ended(to, lane, number, unsent),
            Report::Excess { from } => self.exceeded(from),
            Report::TooLong { from, lane } => {
                counters::fault("frame_too_long");
                tracing::warn!(peer = ?from, lane = lane.name(), "disconnected for a frame over the limit");
                self.blame(from, Blame::Major, "frame_too_long");
                self.disconnect(from);
            }
            Report::Greeting { connection, greeting } => self.greeting(connection, greeting),
            Report::BadGreeting { from } => self.bad_greeting(from),
        }
    }

    fn writer_ended(&mut self, to: PublicKey, lane: Lane, number: u64, unsent: Vec<Arc<[u8]>>) {
        let Some(peer) = self.peers.get_mut(&to) else { return };
        let connected = peer.is_connected();
        let outbox = peer.outbox(lane);
        if matches!(outbox.link, Link::Open { number: current, .. } if current == number) {
            outbox.link = Link::Closed { retry: Instant::now() + STREAM_RETRY };
        }
        if connected {
            counters::dropped(lane.name(), "queue_full", outbox.put_back(unsent));
            self.pump(to, lane);
        } else {
            counters::dropped(lane.name(), "disconnected", unsent.len() as u64);
        }
    }

    fn exceeded(&mut self, from: PublicKey) {
        counters::dropped("all", "too_fast", 1);
        let now = Instant::now();
        if self.peers.get_mut(&from).is_some_and(|peer| peer.debts.exceed(now, "too_fast")) {
            self.ban(from);
        }
    }

    fn blame(&mut self, key: PublicKey, severity: Blame, fault: &'static str) {
        let now = Instant::now();
        if !self.swarm.behaviour().gate.is_member(&keys::to_peer(&key)) {
            return;
        }
        let house = &self.house;
        let peer = self.peers.entry(key).or_insert_with(|| Peer::new(now, house.chamber()));
        if peer.debts.blame(now, severity, fault) {
            self.ban(key);
        }
    }

    fn ban(&mut self, key: PublicKey) {
        let now = Instant::now();
        if self.swarm.behaviour().gate.is_banned(&keys::to_peer(&key), now) {
            // What it had sent before it was cut off still comes in.
            return self.disconnect(key);
        }
        tracing::warn!(peer = ?key, "banned for {} s", BAN.as_secs());
        counters::banned();
        self.swarm.behaviour_mut().gate.ban(keys::to_peer(&key), now + BAN);
        self.remembered.ban(key, now + BAN);
        self.keep_debts(now);
        self.disconnect(key);
        self.events.push(NetworkEvent::Banned { peer: key });
    }

    fn disconnect(&mut self, key: PublicKey) {
        // An error says that the peer is not connected, which is what we want.
        let _ = self.swarm.disconnect_peer_id(keys::to_peer(&key));
    }

    fn tick(&mut self, now: Instant) {
        self.dial(now);
        if self.peers.values().any(Peer::is_connected) {
            self.publish_waiting();
        }
        let waiting: Vec<_> = self
            .peers
            .iter_mut()
            .flat_map(|(key, peer)| {
                let key = *key;
                Lane::ALL
                    .into_iter()
                    .filter(|lane| !peer.outbox(*lane).is_empty())
                    .map(move |lane| (key, lane))
                    .collect::<Vec<_>>()
            })
            .collect();
        waiting.into_iter().for_each(|(key, lane)| self.pump(key, lane));
        let over: Vec<_> =
            self.strangers.iter().filter(|(_, stranger)| stranger.until <= now).map(|(id, _)| *id).collect();
        for connection in over {
            self.swarm.close_connection(connection);
        }
        if now - self.housekept >= TICK * 10 {
            self.housekept = now;
            self.keep_house(now);
        }
    }

    /// What need not be done more than once a second.
    fn keep_house(&mut self, now: Instant) {
        while self.workers.try_join_next().is_some() {}
        self.swarm.behaviour_mut().gate.lift_bans(now);
        let gate = &self.swarm.behaviour().gate;
        let is_banned = |key: &PublicKey| gate.is_banned(&keys::to_peer(key), now);
        self.peers.retain(|key, peer| !peer.is_forgettable(now) || is_banned(key));
        self.look_for_twins(now);
        self.part_from_the_speechless(now);
        self.forget_found();
        let connected: Vec<_> =
            self.peers.iter().filter(|(_, peer)| peer.is_connected()).map(|(key, _)| *key).collect();
        counters::members_connected(connected.len());
        for key in connected {
            let score = self.for_members().gossip.inner.peer_score(&keys::to_peer(&key));
            if score.is_some_and(|score| score < GOSSIP_GRAYLIST) {
                counters::fault("gossip_score");
                self.blame(key, Blame::Major, "gossip_score");
            }
        }
        self.tell_standing(now);
        self.keep_debts(now);
    }

    fn keep_debts(&mut self, now: Instant) {
        let Self { peers, remembered, .. } = self;
        let debts = peers.iter_mut().map(|(key, peer)| (*key, peer.debts.points(now)));
        remembered.look(now, wall_ms(), debts);
    }

    /// Tells the node how its members stand, when that changed.
    fn tell_standing(&mut self, now: Instant) {
        let gate = &self.swarm.behaviour().gate;
        let standing = |(key, peer): (&PublicKey, &mut Peer)| Standing {
            peer: *key,
            points: peer.debts.standing(now),
            faults: peer.debts.faults().clone(),
            banned_s: gate.banned_for(&keys::to_peer(key), now),
            wire: peer.wire,
        };
        let standings: Vec<Standing> = self.peers.iter_mut().map(standing).collect();
        counters::members_banned(standings.iter().filter(|one| one.banned_s.is_some()).count());
        if standings != self.told && self.events.offer(NetworkEvent::Standing(standings.clone())) {
            self.told = standings;
        }
    }

    /// What multicast DNS remembers is not bounded upstream: when it is too much it starts anew.
    fn forget_found(&mut self) {
        if self.found <= FOUND_MAX {
            return;
        }
        self.found = 0;
        counters::fault("mdns_flood");
        let own = *self.swarm.local_peer_id();
        match super::behaviour::local_network(own) {
            Ok(mdns) => self.swarm.behaviour_mut().mdns = Some(mdns).into(),
            Err(error) => tracing::warn!(%error, "the local network is not looked at any more"),
        }
    }

    fn dial(&mut self, now: Instant) {
        let gate = &self.swarm.behaviour().gate;
        let peers = &self.peers;
        let due = self.dialer.due(now, |key| {
            let peer = keys::to_peer(key);
            gate.is_member(&peer)
                && !gate.is_banned(&peer, now)
                && !peers.get(key).is_some_and(Peer::is_connected)
        });
        for (key, addresses) in due {
            let peer: PeerId = keys::to_peer(&key);
            // A port of its own: two nodes that dial each other from their listening ports at the same moment would
            // meet in one connection of which both think that they opened it.
            let options = DialOpts::peer_id(peer).addresses(addresses).allocate_new_port().build();
            if let Err(error) = self.swarm.dial(options) {
                tracing::debug!(?key, %error, "dial refused");
                self.dialer.failed(&key, now);
            }
        }
    }
}

fn listen(swarm: &mut Swarm<Behaviour>, text: &str) -> Result<(), NetworkError> {
    let (address, socket) = keys::parse_listen(text)?;
    let failed = |reason: String| NetworkError::Listen { address: text.into(), reason };
    // libp2p listens with SO_REUSEPORT, with which two nodes would share a port and each lose half of its connections.
    // A plain socket is refused where somebody listens already.
    TcpListener::bind(socket).map_err(|error| failed(error.to_string()))?;
    swarm.listen_on(address).map_err(|error| failed(error.to_string()))?;
    Ok(())
}

/// Whether the task goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Continue,
    Stop,
}

impl Next {
    fn is_stop(self) -> bool {
        self == Self::Stop
    }
}
