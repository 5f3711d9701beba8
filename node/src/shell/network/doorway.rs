//! Who may stand in the doorway: connections that come in are few while they are not yet authenticated, a few less from
//! one address, and only so many a second, at most half of them from one network. Whoever is inside already does not
//! notice; whoever we dial gets in by that.

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
use web::Network;

use super::budget::Budget;
use super::counters;
use super::limits::{
    ARRIVALS_AT_ONCE, ARRIVALS_PER_S, ARRIVALS_SHARE_OF_ONE, ARRIVING_NETWORKS_MAX, PENDING_PER_ADDRESS_MAX,
};

/// Why a connection is not even begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum TurnedAway {
    /// Too many handshakes of one address are under way.
    #[error("too many handshakes from one address")]
    Address,
    /// Connections come in faster than they can be looked at.
    #[error("connections come in too fast")]
    Rate,
    /// Connections of one network come in faster than is left for others.
    #[error("connections of one network come in too fast")]
    Network,
}

/// The behaviour. It gives connections nothing.
pub(super) struct Doorway {
    arrivals: Budget,
    /// What each network has left of its part. Those to whom nothing is missing are forgotten.
    by_network: BTreeMap<Network, Budget>,
    pending: BTreeMap<ConnectionId, IpAddr>,
}

impl Doorway {
    pub(super) fn new() -> Self {
        Self {
            arrivals: Budget::new(ARRIVALS_AT_ONCE, ARRIVALS_PER_S),
            by_network: BTreeMap::new(),
            pending: BTreeMap::new(),
        }
    }

    fn arrive(&mut self, id: ConnectionId, address: Option<IpAddr>, now: Instant) -> Result<(), TurnedAway> {
        if let Some(address) = address {
            let same = self.pending.values().filter(|other| **other == address).count();
            if same >= PENDING_PER_ADDRESS_MAX {
                return Err(TurnedAway::Address);
            }
        }
        if let Some(address) = address
            && !self.of(address.into(), now).take(now)
        {
            return Err(TurnedAway::Network);
        }
        if !self.arrivals.take(now) {
            if let Some(address) = address {
                self.of(address.into(), now).put_back();
            }
            return Err(TurnedAway::Rate);
        }
        if let Some(address) = address {
            self.pending.insert(id, address);
        }
        Ok(())
    }

    /// What one network has left.
    fn of(&mut self, network: Network, now: Instant) -> &mut Budget {
        if self.by_network.len() >= ARRIVING_NETWORKS_MAX && !self.by_network.contains_key(&network) {
            self.by_network.retain(|_, budget| !budget.is_full(now));
            let soonest = self.by_network.iter().min_by_key(|(_, budget)| budget.full_at());
            if let Some(soonest) = soonest.map(|(network, _)| *network)
                && self.by_network.len() >= ARRIVING_NETWORKS_MAX
            {
                self.by_network.remove(&soonest);
            }
        }
        let part = |whole: u32| whole / ARRIVALS_SHARE_OF_ONE;
        self.by_network
            .entry(network)
            .or_insert_with(|| Budget::new(part(ARRIVALS_AT_ONCE), part(ARRIVALS_PER_S)))
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
    fn one_network_does_not_use_up_all_arrivals() {
        let mut now = Instant::now();
        let mut doorway = Doorway::new();
        let (loud, other) = ("2001:db8::1", "2001:db8:0:1::1");
        let [loud, other] = [loud, other].map(|text| text.parse::<IpAddr>().expect("an address"));
        let mut next = 0_usize;
        let mut come = |doorway: &mut Doorway, address, now| {
            next += 1;
            let answer = doorway.arrive(id(next), Some(address), now);
            doorway.pending.clear();
            answer
        };
        for second in 0..30 {
            now += Duration::from_secs(1);
            let IpAddr::V6(first) = loud else { unreachable!("it is one") };
            let many =
                (0..200_u128).map(|host| IpAddr::from(std::net::Ipv6Addr::from_bits(first.to_bits() + host)));
            let taken = many.filter(|address| come(&mut doorway, *address, now).is_ok()).count();
            let most = if second == 0 { ARRIVALS_AT_ONCE } else { ARRIVALS_PER_S } / ARRIVALS_SHARE_OF_ONE;
            assert_eq!(taken, most as usize, "in second {second}");
            assert_eq!(come(&mut doorway, loud, now), Err(TurnedAway::Network));
            assert_eq!(come(&mut doorway, other, now), Ok(()), "in second {second}");
        }
    }

    #[test]
    fn any_number_of_networks_take_bounded_memory_and_the_loudest_stay_known() {
        let now = Instant::now();
        let mut doorway = Doorway::new();
        let loud = IpAddr::from([10, 0, 0, 1]);
        let come = |doorway: &mut Doorway, address, now| {
            let answer = doorway.arrive(id(1), Some(address), now);
            doorway.pending.clear();
            answer
        };
        while come(&mut doorway, loud, now) != Err(TurnedAway::Network) {}
        for network in 0..3_000_u32 {
            let now = now + Duration::from_millis(u64::from(network));
            let _of_either_kind = come(&mut doorway, IpAddr::from((network << 8 | 2).to_be_bytes()), now);
            let _again = come(&mut doorway, loud, now);
            assert!(doorway.by_network.len() <= ARRIVING_NETWORKS_MAX);
            assert!(
                doorway.by_network.contains_key(&loud.into()),
                "many newcomers do not wash a loud one away"
            );
        }
    }

    #[test]
    fn arrivals_have_a_rate() {
        let now = Instant::now();
        let mut doorway = Doorway::new();
        let taken = (0..1_000).filter(|n| doorway.arrive(id(*n), None, now).is_ok()).count();
        assert_eq!(taken, ARRIVALS_AT_ONCE as usize);
    }
}
