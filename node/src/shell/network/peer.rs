//! What the task remembers of one member: its connections, what waits for it, how much it may still send, its debts.

use std::collections::BTreeMap;
use std::sync::Arc;

use libp2p::swarm::ConnectionId;
use protocol::greeting::Greeting;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::Lane;
use super::budget::Budget;
use super::limits::{CONNECTS_AT_ONCE, CONNECTS_PER_S};
use super::meter::Meter;
use super::outbox::{Link, Outbox};
use super::room::Chamber;
use super::standing::Debts;

/// One connection of a member.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) since: Instant,
    readers: BTreeMap<Lane, AbortHandle>,
    pub(super) greeting: Voice,
}

/// What greets on a connection.
#[derive(Debug, Default)]
pub(super) struct Voice {
    /// Said as soon as there is a stream.
    pub(super) unsaid: Vec<Greeting>,
    pub(super) writer: Option<mpsc::Sender<Greeting>>,
    pub(super) reader: Option<AbortHandle>,
}

impl Drop for Voice {
    fn drop(&mut self) {
        if let Some(reader) = &self.reader {
            reader.abort();
        }
    }
}

/// One lane. The meters live as long as the peer, so that a new stream does not come with a new allowance.
#[derive(Debug)]
struct Direct {
    outbox: Outbox,
    incoming: Arc<Meter>,
    outgoing: Arc<Meter>,
}

impl Direct {
    fn new(now: Instant) -> Self {
        Self {
            outbox: Outbox::new(now),
            incoming: Arc::new(Meter::incoming(now)),
            outgoing: Arc::new(Meter::outgoing(now)),
        }
    }
}

/// One member.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) connections: BTreeMap<ConnectionId, Connection>,
    pub(super) debts: Debts,
    pub(super) gossip: Meter,
    /// Gossip's control messages.
    pub(super) control: Meter,
    /// Whether its last RPC was too much: the messages it held are dropped.
    pub(super) is_muted: bool,
    pub(super) connects: Budget,
    pub(super) room: Chamber,
    /// The version of the wire spoken with it, once it has said what it speaks.
    pub(super) wire: Option<u32>,
    consensus: Direct,
    sync: Direct,
    operator: Direct,
    settlement: Direct,
}

impl Peer {
    pub(super) fn new(now: Instant, room: Chamber) -> Self {
        Self {
            connections: BTreeMap::new(),
            debts: Debts::new(now),
            gossip: Meter::incoming(now),
            control: Meter::incoming(now),
            is_muted: false,
            connects: Budget::new(CONNECTS_AT_ONCE, CONNECTS_PER_S),
            room,
            wire: None,
            consensus: Direct::new(now),
            sync: Direct::new(now),
            operator: Direct::new(now),
            settlement: Direct::new(now),
        }
    }

    pub(super) fn outbox(&mut self, lane: Lane) -> &mut Outbox {
        match lane {
            Lane::Consensus => &mut self.consensus.outbox,
            Lane::Sync => &mut self.sync.outbox,
            Lane::Operator => &mut self.operator.outbox,
            Lane::Settlement => &mut self.settlement.outbox,
        }
    }

    pub(super) fn incoming(&self, lane: Lane) -> &Arc<Meter> {
        match lane {
            Lane::Consensus => &self.consensus.incoming,
            Lane::Sync => &self.sync.incoming,
            Lane::Operator => &self.operator.incoming,
            Lane::Settlement => &self.settlement.incoming,
        }
    }

    pub(super) fn outgoing(&self, lane: Lane) -> &Arc<Meter> {
        match lane {
            Lane::Consensus => &self.consensus.outgoing,
            Lane::Sync => &self.sync.outgoing,
            Lane::Operator => &self.operator.outgoing,
            Lane::Settlement => &self.settlement.outgoing,
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        !self.connections.is_empty()
    }

    /// Whether nothing would be lost by forgetting it: whoever hangs up and comes back finds its debts, and no new
    /// allowance.
    pub(super) fn is_forgettable(&mut self, now: Instant) -> bool {
        let meters = [&self.gossip, &self.control];
        let lanes = Lane::ALL.map(|lane| self.incoming(lane).is_full(now));
        !self.is_connected()
            && lanes.into_iter().all(|is_full| is_full)
            && meters.into_iter().all(|meter| meter.is_full(now))
            && self.connects.is_full(now)
            && self.debts.is_clean(now)
    }

    pub(super) fn connected(&mut self, connection: ConnectionId, now: Instant) {
        let connected = Connection { since: now, readers: BTreeMap::new(), greeting: Voice::default() };
        self.connections.insert(connection, connected);
    }

    /// Forgets a connection and closes the lanes that ran over it.
    pub(super) fn closed(&mut self, connection: ConnectionId, now: Instant) -> Option<Connection> {
        for lane in Lane::ALL {
            let outbox = self.outbox(lane);
            if matches!(outbox.link, Link::Opening { connection: of } | Link::Open { connection: of, .. } if of == connection)
            {
                outbox.link = Link::Closed { retry: now };
            }
        }
        self.connections.remove(&connection)
    }

    /// Notes the reader of a lane; a newer stream of the same connection replaces the older.
    pub(super) fn set_reader(&mut self, connection: ConnectionId, lane: Lane, reader: AbortHandle) {
        let old = match self.connections.get_mut(&connection) {
            Some(connection) => connection.readers.insert(lane, reader),
            None => Some(reader),
        };
        if let Some(old) = old {
            old.abort();
        }
    }

    /// Notes that a stream of this lane is asked for, if one should be now, and answers on which connection.
    pub(super) fn start_opening(&mut self, lane: Lane, now: Instant) -> Option<ConnectionId> {
        let connection = *self.connections.keys().next()?;
        let outbox = self.outbox(lane);
        match outbox.link {
            Link::Closed { retry } if retry <= now => {
                outbox.link = Link::Opening { connection };
                Some(connection)
            }
            Link::Closed { .. } | Link::Opening { .. } | Link::Open { .. } => None,
        }
    }
}

impl Lane {
    /// All lanes.
    pub(super) const ALL: [Self; 4] = [Self::Consensus, Self::Sync, Self::Operator, Self::Settlement];
}
