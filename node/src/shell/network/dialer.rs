//! Whom to dial and when: configured addresses for ever, with growing pauses and jitter; hints from the local network
//! until they fail once. A pure value.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use libp2p::Multiaddr;
use protocol::PublicKey;
use protocol::limits::MEMBERS_MAX;
use tokio::time::Instant;

use super::limits::{ADDRESSES_PER_PEER_MAX, GOOD_CONNECTION, HINTS_PER_PEER_MAX, REDIAL_MAX, REDIAL_MIN};

#[derive(Debug)]
struct Entry {
    kept: VecDeque<Multiaddr>,
    hints: VecDeque<Multiaddr>,
    /// Dials since the last good connection.
    attempts: u32,
    next: Instant,
    dialling: bool,
}

/// The addresses this node knows.
#[derive(Debug, Default)]
pub(super) struct Dialer {
    peers: BTreeMap<PublicKey, Entry>,
}

impl Dialer {
    /// Adds an address that is dialled and kept. At most a few per peer: the oldest goes.
    pub(super) fn keep(&mut self, peer: PublicKey, address: Multiaddr, now: Instant) {
        let Some(entry) = self.entry(peer, now) else { return };
        if entry.kept.contains(&address) {
            return;
        }
        entry.kept.push_back(address);
        if entry.kept.len() > ADDRESSES_PER_PEER_MAX {
            entry.kept.pop_front();
        }
    }

    /// Where one key was found, another one is: its owner changed it.
    pub(super) fn moved(&mut self, from: &PublicKey, to: PublicKey, now: Instant) {
        let Some(entry) = self.peers.remove(from) else { return };
        for address in entry.kept {
            self.keep(to, address, now);
        }
        for address in entry.hints {
            self.hint(to, address, now);
        }
    }

    /// Notes where a peer might be. The last few are tried together, so that a forged one does not hide the true one; all
    /// are forgotten when they prove wrong.
    pub(super) fn hint(&mut self, peer: PublicKey, address: Multiaddr, now: Instant) {
        if let Some(entry) = self.entry(peer, now) {
            entry.hints.retain(|known| *known != address);
            entry.hints.push_back(address);
            if entry.hints.len() > HINTS_PER_PEER_MAX {
                entry.hints.pop_front();
            }
        }
    }

    /// The peers to dial now, of those `wanted`, with their addresses. Each is under way until
    /// [`Self::failed`], [`Self::connected`] or [`Self::disconnected`] is told.
    pub(super) fn due(
        &mut self,
        now: Instant,
        wanted: impl Fn(&PublicKey) -> bool,
    ) -> Vec<(PublicKey, Vec<Multiaddr>)> {
        let mut due = Vec::new();
        for (peer, entry) in &mut self.peers {
            if entry.dialling || now < entry.next || !wanted(peer) {
                continue;
            }
            let addresses: Vec<_> = entry.kept.iter().chain(&entry.hints).cloned().collect();
            if !addresses.is_empty() {
                entry.dialling = true;
                due.push((*peer, addresses));
            }
        }
        due
    }

    /// A dial failed: the next one waits longer.
    pub(super) fn failed(&mut self, peer: &PublicKey, now: Instant) {
        let Some(entry) = self.peers.get_mut(peer) else { return };
        entry.dialling = false;
        entry.hints.clear();
        entry.postpone(now);
        if entry.kept.is_empty() {
            self.peers.remove(peer);
        }
    }

    /// The peer is connected, by whoever's dial.
    pub(super) fn connected(&mut self, peer: &PublicKey) {
        if let Some(entry) = self.peers.get_mut(peer) {
            entry.dialling = false;
        }
    }

    /// The last connection ended after it `stood` so long.
    pub(super) fn disconnected(&mut self, peer: &PublicKey, stood: Duration, now: Instant) {
        let Some(entry) = self.peers.get_mut(peer) else { return };
        entry.dialling = false;
        if stood >= GOOD_CONNECTION {
            entry.attempts = 0;
        }
        entry.postpone(now);
    }

    fn entry(&mut self, peer: PublicKey, now: Instant) -> Option<&mut Entry> {
        if self.peers.len() >= MEMBERS_MAX && !self.peers.contains_key(&peer) {
            return None;
        }
        Some(self.peers.entry(peer).or_insert_with(|| Entry {
            kept: VecDeque::new(),
            hints: VecDeque::new(),
            attempts: 0,
            next: now,
            dialling: false,
        }))
    }
}

impl Entry {
    /// Doubles the pause up to its maximum and takes a random part of it, so that two nodes that dial each other, or a
    /// street after a power cut, do not stay in step.
    fn postpone(&mut self, now: Instant) {
        let pause = REDIAL_MIN.saturating_mul(1 << self.attempts.min(10)).min(REDIAL_MAX);
        self.attempts = self.attempts.saturating_add(1);
        self.next = now + pause.mul_f64(rand::random_range(0.5..1.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> Multiaddr {
        format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap()
    }

    fn peer(n: u8) -> PublicKey {
        PublicKey::new([n; 32])
    }

    #[test]
    fn a_kept_address_is_dialled_for_ever_with_longer_pauses() {
        let mut now = Instant::now();
        let mut dialer = Dialer::default();
        dialer.keep(peer(1), address(1), now);
        let mut pauses = Vec::new();
        for _ in 0..12 {
            assert_eq!(dialer.due(now, |_| true), vec![(peer(1), vec![address(1)])]);
            assert_eq!(dialer.due(now, |_| true), vec![], "one dial at a time");
            dialer.failed(&peer(1), now);
            let start = now;
            now = dialer.peers[&peer(1)].next;
            pauses.push(now - start);
        }
        assert!(pauses[0] <= REDIAL_MIN && pauses[0] >= REDIAL_MIN / 2);
        assert!(pauses[11] <= REDIAL_MAX && pauses[11] >= REDIAL_MAX / 2);
    }

    #[test]
    fn only_a_connection_that_stood_resets_the_pause() {
        let now = Instant::now();
        let mut dialer = Dialer::default();
        dialer.keep(peer(1), address(1), now);
        for _ in 0..8 {
            dialer.disconnected(&peer(1), Duration::from_millis(10), now);
        }
        assert!(dialer.peers[&peer(1)].next - now >= REDIAL_MAX / 2);
        dialer.disconnected(&peer(1), GOOD_CONNECTION, now);
        assert!(dialer.peers[&peer(1)].next - now <= REDIAL_MIN);
    }

    #[test]
    fn a_hint_is_tried_once() {
        let now = Instant::now();
        let mut dialer = Dialer::default();
        dialer.hint(peer(1), address(1), now);
        dialer.hint(peer(1), address(2), now);
        assert_eq!(dialer.due(now, |_| false), vec![], "nobody wants it");
        assert_eq!(dialer.due(now, |_| true), vec![(peer(1), vec![address(1), address(2)])]);
        dialer.failed(&peer(1), now);
        assert!(dialer.peers.is_empty());
    }

    #[test]
    fn forged_hints_take_no_memory_and_hide_no_kept_address() {
        let now = Instant::now();
        let mut dialer = Dialer::default();
        dialer.keep(peer(1), address(9), now);
        for port in 1_000..2_000 {
            dialer.hint(peer(1), address(port), now);
            dialer.hint(peer(2), address(port), now);
        }
        assert_eq!(dialer.peers[&peer(2)].hints.len(), HINTS_PER_PEER_MAX);
        dialer.hint(peer(2), address(7), now);
        let due: BTreeMap<_, _> = dialer.due(now, |_| true).into_iter().collect();
        assert_eq!((due[&peer(1)].len(), &due[&peer(1)][0]), (1 + HINTS_PER_PEER_MAX, &address(9)));
        assert!(due[&peer(2)].contains(&address(7)), "the true one is tried beside the forged ones");
        dialer.failed(&peer(1), now);
        assert_eq!(dialer.peers[&peer(1)].kept, [address(9)]);
    }

    #[test]
    fn whoever_changes_its_key_is_dialled_where_it_was() {
        let now = Instant::now();
        let mut dialer = Dialer::default();
        dialer.keep(peer(1), address(1), now);
        dialer.moved(&peer(1), peer(2), now);
        dialer.moved(&peer(3), peer(4), now);
        assert_eq!(dialer.due(now, |_| true), vec![(peer(2), vec![address(1)])]);
    }

    #[test]
    fn what_is_known_is_bounded() {
        let now = Instant::now();
        let mut dialer = Dialer::default();
        for port in 0..100 {
            dialer.keep(peer(1), address(port), now);
        }
        assert_eq!(dialer.peers[&peer(1)].kept.len(), ADDRESSES_PER_PEER_MAX);
        assert!(dialer.peers[&peer(1)].kept.contains(&address(99)));
    }
}
