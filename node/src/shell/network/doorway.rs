//! Who may stand in the doorway: connections that come in are few while they are not yet authenticated, a few less from
//! one address, and only so many a second. Whoever is inside already does not notice; whoever we dial gets in by that.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};
use thiserror::Error;
use tokio::time::Instant;

use super::budget::Budget;
use super::counters;
use super::limits::{ARRIVALS_AT_ONCE, ARRIVALS_PER_S, PENDING_PER_ADDRESS_MAX};

/// Why a connection is not even begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum TurnedAway {
    /// Too many handshakes of one address are under way.
    #[error("too many handshakes from one address")]
    Address,
    /// Connections come in faster than they can be looked at.
    #[error("connections come in too fast")]
    Rate,
}

/// The behaviour. It gives connections nothing.
pub(super) struct Doorway {
    arrivals: Budget,
    pending: BTreeMap<ConnectionId, IpAddr>,
}

impl Doorway {
    pub(super) fn new() -> Self {
        Self { arrivals: Budget::new(ARRIVALS_AT_ONCE, ARRIVALS_PER_S), pending: BTreeMap::new() }
    }

    fn arrive(&mut self, id: ConnectionId, address: Option<IpAddr>, now: Instant) -> Result<(), TurnedAway> {
        if let Some(address) = address {
            let same = self.pending.values().filter(|other| **other == address).count();
            if same >= PENDING_PER_ADDRESS_MAX {
                return Err(TurnedAway::Address);
            }
        }
        if !self.arrivals.take(now) {
            return Err(TurnedAway::Rate);
        }
        if let Some(address) = address {
            self.pending.insert(id, address);
        }
        Ok(())
    }
}

impl NetworkBehaviour for Doorway {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        id: ConnectionId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        self.arrive(id, ip(remote), Instant::now()).map_err(|refused| {
            counters::turned_away();
            ConnectionDenied::new(refused)
        })
    }

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.pending.remove(&id);
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        if let FromSwarm::ListenFailure(failure) = event {
            self.pending.remove(&failure.connection_id);
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, never: THandlerOutEvent<Self>) {
        match never {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Infallible, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum that may grow")]
fn ip(address: &Multiaddr) -> Option<IpAddr> {
    address.iter().find_map(|part| match part {
        Protocol::Ip4(ip) => Some(IpAddr::from(ip)),
        Protocol::Ip6(ip) => Some(IpAddr::from(ip)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn id(number: usize) -> ConnectionId {
        ConnectionId::new_unchecked(number)
    }

    #[test]
    fn one_address_does_not_fill_the_doorway() {
        let mut now = Instant::now();
        let mut doorway = Doorway::new();
        let (loud, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        for number in 0..PENDING_PER_ADDRESS_MAX {
            now += Duration::from_secs(1);
            assert_eq!(doorway.arrive(id(number), Some(loud), now), Ok(()));
        }
        now += Duration::from_secs(1);
        assert_eq!(doorway.arrive(id(900), Some(loud), now), Err(TurnedAway::Address));
        assert_eq!(doorway.arrive(id(901), Some(other), now), Ok(()));
        doorway.pending.remove(&id(0));
        assert_eq!(doorway.arrive(id(902), Some(loud), now), Ok(()));
    }

    #[test]
    fn arrivals_have_a_rate() {
        let now = Instant::now();
        let mut doorway = Doorway::new();
        let taken = (0..1_000).filter(|n| doorway.arrive(id(*n), None, now).is_ok()).count();
        assert_eq!(taken, ARRIVALS_AT_ONCE as usize);
    }
}
