//! Who may connect and what they get. A member gets everything inside the gate, a stranger from outside nothing of it
//! (what is beside the gate, the join protocol, is theirs), a banned key nothing at all. Membership is checked when a
//! connection is established and again when the members change.
//!
//! The gate must be the last part of a behaviour that can refuse a connection: gossipsub, inside, counts a connection
//! from the moment it is asked for a handler.

use std::collections::{BTreeMap, BTreeSet};
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::behaviour::{ConnectionClosed, ConnectionEstablished};
use libp2p::swarm::derive_prelude::Either;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, NotifyHandler, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};
use protocol::limits::CONNECTIONS_JOINING_MAX;
use thiserror::Error;
use tokio::time::Instant;

use super::limits::BANS_MAX;

/// Why a connection was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum Refused {
    /// The key lost its standing.
    #[error("the peer is banned")]
    Banned,
    /// We dialled a key that is not a member.
    #[error("the peer is not a member")]
    Stranger,
    /// Enough strangers are connected.
    #[error("no room for another stranger")]
    Crowded,
}

/// What a connection is good for. Fixed when it is established: a newcomer who is admitted connects again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    Member,
    Joining,
}

/// Wraps the behaviours meant for members.
pub(super) struct Gate<B> {
    inner: B,
    own: PeerId,
    members: BTreeSet<PeerId>,
    banned: BTreeMap<PeerId, Instant>,
    connections: BTreeMap<ConnectionId, (PeerId, Admission)>,
}

impl<B> Gate<B> {
    pub(super) fn new(inner: B, own: PeerId, members: BTreeSet<PeerId>) -> Self {
        Self { inner, own, members, banned: BTreeMap::new(), connections: BTreeMap::new() }
    }

    pub(super) fn inner(&mut self) -> &mut B {
        &mut self.inner
    }

    pub(super) fn is_member(&self, peer: &PeerId) -> bool {
        *peer != self.own && self.members.contains(peer)
    }

    pub(super) fn is_banned(&self, peer: &PeerId, now: Instant) -> bool {
        self.banned.get(peer).is_some_and(|until| now < *until)
    }

    /// How long a key still has to stay out, seconds.
    pub(super) fn banned_for(&self, peer: &PeerId, now: Instant) -> Option<u64> {
        let left = self.banned.get(peer)?.checked_duration_since(now)?;
        Some(left.as_secs() + 1)
    }

    /// What an established connection is good for.
    pub(super) fn admission(&self, connection: ConnectionId) -> Option<Admission> {
        self.connections.get(&connection).map(|(_, admission)| *admission)
    }

    /// Replaces the members. Answers the connections that must be closed because of it.
    pub(super) fn set_members(
        &mut self,
        members: BTreeSet<PeerId>,
    ) -> Vec<(PeerId, ConnectionId, Admission)> {
        self.members = members;
        self.connections
            .iter()
            .filter(|(_, (peer, admission))| (*admission == Admission::Member) != self.members.contains(peer))
            .map(|(connection, (peer, admission))| (*peer, *connection, *admission))
            .collect()
    }

    /// Keeps a key out until a time. Its connections are the caller's to close.
    pub(super) fn ban(&mut self, peer: PeerId, until: Instant) {
        self.banned.insert(peer, until);
        if self.banned.len() > BANS_MAX
            && let Some(oldest) = self.banned.iter().min_by_key(|(_, until)| **until).map(|(peer, _)| *peer)
        {
            self.banned.remove(&oldest);
        }
    }

    /// Forgets bans that are over.
    pub(super) fn lift_bans(&mut self, now: Instant) {
        self.banned.retain(|_, until| now < *until);
    }

    fn admit(&self, peer: &PeerId, incoming: bool) -> Result<Admission, Refused> {
        if self.is_banned(peer, Instant::now()) {
            return Err(Refused::Banned);
        }
        if self.is_member(peer) {
            return Ok(Admission::Member);
        }
        if !incoming {
            return Err(Refused::Stranger);
        }
        let strangers =
            self.connections.values().filter(|(_, admission)| *admission == Admission::Joining).count();
        if strangers < CONNECTIONS_JOINING_MAX { Ok(Admission::Joining) } else { Err(Refused::Crowded) }
    }

    /// A connection of this peer that the inner behaviours know.
    fn member_connection(&self, peer: &PeerId) -> Option<ConnectionId> {
        self.connections
            .iter()
            .find(|(_, (other, admission))| other == peer && *admission == Admission::Member)
            .map(|(connection, _)| *connection)
    }

    /// How many connections of this peer the inner behaviours know, but for one.
    fn member_connections_but(&self, peer: &PeerId, but: ConnectionId) -> usize {
        let known = |id: &ConnectionId, of: &PeerId, admission: Admission| {
            *id != but && of == peer && admission == Admission::Member
        };
        self.connections.iter().filter(|(id, (of, admission))| known(id, of, *admission)).count()
    }
}

impl<B: NetworkBehaviour> NetworkBehaviour for Gate<B> {
    type ConnectionHandler = Either<THandler<B>, dummy::ConnectionHandler>;
    type ToSwarm = B::ToSwarm;

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        let admission = self.admit(&peer, true).map_err(ConnectionDenied::new)?;
        let handler = match admission {
            Admission::Member => Either::Left(
                self.inner.handle_established_inbound_connection(connection, peer, local, remote)?,
            ),
            Admission::Joining => Either::Right(dummy::ConnectionHandler),
        };
        self.connections.insert(connection, (peer, admission));
        Ok(handler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        let admission = self.admit(&peer, false).map_err(ConnectionDenied::new)?;
        let handler =
            self.inner.handle_established_outbound_connection(connection, peer, address, role, port)?;
        self.connections.insert(connection, (peer, admission));
        Ok(Either::Left(handler))
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum that may grow")]
    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(established) => {
                if self.admission(established.connection_id) == Some(Admission::Member) {
                    let other_established =
                        self.member_connections_but(&established.peer_id, established.connection_id);
                    let seen = ConnectionEstablished { other_established, ..established };
                    self.inner.on_swarm_event(FromSwarm::ConnectionEstablished(seen));
                }
            }
            FromSwarm::ConnectionClosed(closed) => {
                let known = self.connections.remove(&closed.connection_id);
                if known.is_some_and(|(_, admission)| admission == Admission::Member) {
                    let remaining_established =
                        self.member_connections_but(&closed.peer_id, closed.connection_id);
                    let seen = ConnectionClosed { remaining_established, ..closed };
                    self.inner.on_swarm_event(FromSwarm::ConnectionClosed(seen));
                }
            }
            FromSwarm::AddressChange(change) => {
                if self.admission(change.connection_id) == Some(Admission::Member) {
                    self.inner.on_swarm_event(event);
                }
            }
            _ => self.inner.on_swarm_event(event),
        }
    }

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        match event {
            Either::Left(event) => self.inner.on_connection_handler_event(peer, connection, event),
            Either::Right(never) => match never {},
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        loop {
            match self.inner.poll(cx) {
                Poll::Pending => return Poll::Pending,
                // Any connection will do, but it must be one that has the handler.
                Poll::Ready(ToSwarm::NotifyHandler { peer_id, handler: NotifyHandler::Any, event }) => {
                    let Some(connection) = self.member_connection(&peer_id) else { continue };
                    let handler = NotifyHandler::One(connection);
                    return Poll::Ready(ToSwarm::NotifyHandler {
                        peer_id,
                        handler,
                        event: Either::Left(event),
                    });
                }
                Poll::Ready(action) => return Poll::Ready(action.map_in(Either::Left)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn gate(members: &[PeerId]) -> Gate<dummy::Behaviour> {
        Gate::new(dummy::Behaviour, PeerId::random(), members.iter().copied().collect())
    }

    fn arrives(gate: &mut Gate<dummy::Behaviour>, id: usize, peer: PeerId) -> Result<Admission, Refused> {
        let connection = ConnectionId::new_unchecked(id);
        let address = Multiaddr::empty();
        gate.handle_established_inbound_connection(connection, peer, &address, &address)
            .map(|_| gate.admission(connection).unwrap())
            .map_err(|denied| denied.downcast::<Refused>().unwrap())
    }

    #[test]
    fn strangers_may_only_join_and_only_a_few() {
        let member = PeerId::random();
        let mut gate = gate(&[member]);
        for id in 0..CONNECTIONS_JOINING_MAX {
            assert_eq!(arrives(&mut gate, id, PeerId::random()), Ok(Admission::Joining));
        }
        assert_eq!(arrives(&mut gate, 90, PeerId::random()), Err(Refused::Crowded));
        assert_eq!(arrives(&mut gate, 91, member), Ok(Admission::Member));
        assert_eq!(gate.admit(&PeerId::random(), false), Err(Refused::Stranger));
    }

    #[test]
    fn a_change_of_members_names_the_connections_to_close() {
        let (old, new, stays) = (PeerId::random(), PeerId::random(), PeerId::random());
        let mut gate = gate(&[old, stays]);
        for (id, peer) in [(1, old), (2, new), (3, stays)] {
            arrives(&mut gate, id, peer).unwrap();
        }
        let closed: BTreeSet<_> = gate
            .set_members([new, stays].into())
            .into_iter()
            .map(|(_, id, admission)| (id, admission == Admission::Member))
            .collect();
        let id = ConnectionId::new_unchecked;
        assert_eq!(closed, BTreeSet::from([(id(1), true), (id(2), false)]));
    }

    #[test]
    fn a_ban_ends_and_bans_are_bounded() {
        let member = PeerId::random();
        let mut gate = gate(&[member]);
        let now = Instant::now();
        gate.ban(member, now + Duration::from_secs(60));
        assert_eq!(arrives(&mut gate, 1, member), Err(Refused::Banned));
        gate.lift_bans(now + Duration::from_secs(61));
        assert_eq!(arrives(&mut gate, 1, member), Ok(Admission::Member));
        for _ in 0..2 * BANS_MAX {
            gate.ban(PeerId::random(), now + Duration::from_secs(60));
        }
        assert_eq!(gate.banned.len(), BANS_MAX);
    }
}
