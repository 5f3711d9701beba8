//! Places for connections: so many in all, and of these so many for one network, so that nobody alone can take the page
//! away from everybody else.

use crate::network::Network;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Connections at one time over all listeners; further ones wait in the kernel's queue.
pub const CONNECTIONS_MAX: usize = 256;
/// Of these, connections of one network.
pub const CONNECTIONS_PER_NETWORK_MAX: usize = 64;
/// Connections of this machine itself, where gateways and reverse proxies speak for many.
pub const CONNECTIONS_HERE_MAX: usize = 192;
/// Below so many free places clients must be quick.
const CROWDED: usize = CONNECTIONS_MAX / 2;

const _: () =
    assert!(CONNECTIONS_PER_NETWORK_MAX < CONNECTIONS_HERE_MAX && CONNECTIONS_HERE_MAX < CONNECTIONS_MAX);

/// All places, and who has how many.
#[derive(Debug)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    taken: watch::Sender<BTreeMap<Network, usize>>,
}

/// A place that waits for somebody to come.
#[derive(Debug)]
pub(crate) struct Empty(OwnedSemaphorePermit);

/// Somebody's place, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    network: Network,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub(crate) fn new() -> Self {
        Self { free: Arc::new(Semaphore::new(CONNECTIONS_MAX)), taken: watch::Sender::default() }
    }

    /// Waits for a free place.
    pub(crate) async fn free(&self) -> Empty {
        let permit = Arc::clone(&self.free).acquire_owned().await;
        Empty(permit.expect("invariant: places are never closed"))
    }

    /// Whether so many are here that each has to be quick.
    pub(crate) fn are_crowded(&self) -> bool {
        self.free.available_permits() < CROWDED
    }

    /// Gives the place to whoever came; none if there are too many of that network already.
    pub(crate) fn give(self: &Arc<Self>, Empty(permit): Empty, peer: IpAddr) -> Option<Place> {
        let (network, most) = (Network::from(peer), most(peer));
        let mut is_given = false;
        self.taken.send_modify(|taken| {
            let count = taken.entry(network).or_default();
            is_given = *count < most;
            *count += usize::from(is_given);
        });
        is_given.then(|| Place { places: Arc::clone(self), network, _permit: permit })
    }

    /// Done when everybody has left.
    pub(crate) async fn empty(&self) {
        let everybody = u32::try_from(CONNECTIONS_MAX).expect("invariant: a small number");
        drop(self.free.acquire_many(everybody).await);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken.send_modify(|taken| {
            if let Some(count) = taken.get_mut(&self.network) {
                *count -= 1;
                if *count == 0 {
                    taken.remove(&self.network);
                }
            }
        });
    }
}

fn most(peer: IpAddr) -> usize {
    if peer.is_loopback() { CONNECTIONS_HERE_MAX } else { CONNECTIONS_PER_NETWORK_MAX }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn come(places: &Arc<Places>, address: [u8; 4]) -> Option<Place> {
        let empty = places.free().await;
        places.give(empty, address.into())
    }

    #[tokio::test]
    async fn one_network_cannot_take_all_places() {
        let places = Arc::new(Places::new());
        let mut here = Vec::new();
        while let Some(place) = come(&places, [192, 168, 1, 7]).await {
            here.push(place);
        }
        assert_eq!(here.len(), CONNECTIONS_PER_NETWORK_MAX);
        assert!(!places.are_crowded());
        let other = come(&places, [192, 168, 1, 8]).await;
        assert!(other.is_some());
        here.pop();
        assert!(come(&places, [192, 168, 1, 7]).await.is_some());
        drop((here, other));
        places.empty().await;
        assert_eq!(places.taken.borrow().len(), 0, "nothing is kept of those who left");
    }

    #[tokio::test]
    async fn this_machine_has_more_and_still_not_all() {
        let places = Arc::new(Places::new());
        let mut here = Vec::new();
        while let Some(place) = come(&places, [127, 0, 0, 1]).await {
            here.push(place);
        }
        assert_eq!(here.len(), CONNECTIONS_HERE_MAX);
        assert!(places.are_crowded());
        assert!(come(&places, [192, 168, 1, 7]).await.is_some());
    }
}
