//! How fast requests may come from one network that does not show the operator token: bursts of a page being opened
//! pass, a machine that asks without end is told to wait. Gateways with the token have their own queues and bounds.

use crate::network::Network;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Requests per second of one network in the long run.
pub(crate) const REQUESTS_PER_S_MAX: u32 = 50;
/// Requests at once after a pause: several phones behind one address open the page together.
pub(crate) const REQUESTS_AT_ONCE_MAX: u32 = 500;
/// Networks that are remembered; the one that is soonest forgiven goes first.
const NETWORKS_MAX: usize = 1_024;
const EACH: Duration = Duration::from_millis(1_000 / REQUESTS_PER_S_MAX as u64);

const _: () =
    assert!(1_000 % REQUESTS_PER_S_MAX == 0, "the pause between two requests is whole milliseconds");

/// When each network will have paid for what it asked (the generic cell rate algorithm, ITU-T I.371): one moment a
/// network, nothing to refill. Those who have paid are forgotten.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    paid: watch::Sender<BTreeMap<Network, Instant>>,
}

impl Pace {
    /// Whether requests of `peer` are counted at all. This machine itself is not: gateways and reverse proxies speak
    /// for many.
    pub(crate) fn counts(peer: IpAddr) -> bool {
        !peer.to_canonical().is_loopback() && !peer.is_unspecified()
    }

    /// Counts a request of `peer`, or says how long it should wait; one that is refused is not counted.
    pub(crate) fn take(&self, now: Instant, peer: IpAddr) -> Result<(), Duration> {
        if !Self::counts(peer) {
            return Ok(());
        }
        let network = Network::from(peer);
        let mut wait = Duration::ZERO;
        self.paid.send_modify(|paid| {
            let owed =
                paid.get(&network).map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
            wait = (owed + EACH).saturating_sub(EACH * REQUESTS_AT_ONCE_MAX);
            if wait.is_zero() {
                make_room(paid, network, now);
                paid.insert(network, now + owed + EACH);
            }
        });
        if wait.is_zero() { Ok(()) } else { Err(wait) }
    }
}

fn make_room(paid: &mut BTreeMap<Network, Instant>, network: Network, now: Instant) {
    if paid.len() < NETWORKS_MAX || paid.contains_key(&network) {
        return;
    }
    paid.retain(|_, until| *until > now);
    if paid.len() >= NETWORKS_MAX
        && let Some(soonest) = paid.iter().min_by_key(|(_, until)| **until).map(|(network, _)| *network)
    {
        paid.remove(&soonest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 1, 7));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 1, 8));

    #[test]
    fn a_burst_passes_and_then_it_is_so_many_a_second() {
        let (pace, start) = (Pace::default(), Instant::now());
        for _ in 0..REQUESTS_AT_ONCE_MAX {
            assert_eq!(pace.take(start, PHONE), Ok(()));
        }
        assert_eq!(pace.take(start, PHONE), Err(EACH));
        assert_eq!(pace.take(start, PHONE), Err(EACH), "what was refused does not count");
        assert_eq!(pace.take(start, OTHER), Ok(()), "others are not held up");
        let second = start + Duration::from_secs(1);
        let taken = (0..2 * REQUESTS_PER_S_MAX).filter(|_| pace.take(second, PHONE).is_ok()).count();
        assert_eq!(taken, REQUESTS_PER_S_MAX as usize);
        let day = start + Duration::from_secs(86_400);
        let taken = (0..2 * REQUESTS_AT_ONCE_MAX).filter(|_| pace.take(day, PHONE).is_ok()).count();
        assert_eq!(taken, REQUESTS_AT_ONCE_MAX as usize, "a pause is worth one burst");
    }

    #[test]
    fn this_machine_speaks_for_many() {
        let (pace, now) = (Pace::default(), Instant::now());
        for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            let address: IpAddr = address.parse().expect("an address");
            assert!((0..2 * REQUESTS_AT_ONCE_MAX).all(|_| pace.take(now, address).is_ok()));
        }
        assert!(pace.paid.borrow().is_empty());
    }

    #[test]
    fn any_number_of_networks_take_bounded_memory_and_the_busiest_stay_known() {
        let (pace, now) = (Pace::default(), Instant::now());
        while pace.take(now, PHONE).is_ok() {}
        for network in 0..3_000_u32 {
            assert_eq!(pace.take(now, IpAddr::from(network.to_be_bytes().map(|byte| byte | 1))), Ok(()));
            assert!(pace.paid.borrow().len() <= NETWORKS_MAX);
        }
        assert!(pace.take(now, PHONE).is_err(), "many newcomers do not wash a busy one away");
    }
}
