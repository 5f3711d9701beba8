//! Catching up: who is further than we are, whom to ask next, and what we answer to those behind us. A claimed height
//! is a hint; one request is out at a time, each to another peer, and silence or a lie costs the peer its turn.

use protocol::limits::SYNC_BLOCKS_MAX;
use protocol::message::SyncRequest;
use protocol::{Address, Height, Tick};
use std::collections::{BTreeMap, BTreeSet};

/// How long an answer may take, milliseconds.
const ANSWER_MS_MAX: u64 = 3_000;
/// How long a peer that failed us is left alone, milliseconds.
const RETRY_MS: u64 = 2_000;
/// How often one peer may ask us, milliseconds between requests on average.
const SERVE_EVERY_MS: u64 = 20;
/// How many requests of one peer may come at once.
const SERVE_BURST: u64 = 10;
/// How long an authority has to be out of reach before it counts as absent, milliseconds: longer than a lost connection
/// takes to come back.
const ABSENT_AFTER_MS: u64 = 3_000;

#[derive(Debug)]
struct Peer {
    height: Height,
    retry: Tick,
    /// Requests it may make without waiting, in units of [`SERVE_EVERY_MS`].
    credit_ms: u64,
    credited: Tick,
}

#[derive(Debug)]
struct Asked {
    peer: Address,
    from: Height,
    deadline: Tick,
}

/// Which blocks to ask for, and how far a peer must be to have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) from: Height,
    pub(crate) count: u16,
    pub(crate) known_to: Height,
}

impl Wanted {
    /// As many as one answer holds behind the last block.
    pub(crate) fn beyond(head: Height) -> Self {
        let count = u16::try_from(SYNC_BLOCKS_MAX).expect("invariant: the limit fits");
        Self { from: head.next(), count, known_to: head.next() }
    }

    /// From one height to another, as far as one answer holds.
    pub(crate) fn between(from: Height, last: Height) -> Self {
        let count = (last.0 + 1).saturating_sub(from.0).min(SYNC_BLOCKS_MAX as u64);
        Self { from, count: u16::try_from(count).expect("invariant: the limit fits"), known_to: last }
    }
}

/// Peers that are connected, and our request if one is out.
#[derive(Debug, Default)]
pub(crate) struct Sync {
    peers: BTreeMap<Address, Peer>,
    asked: Option<Asked>,
    turn: usize,
    /// Since when we have been looking for those that are not connected.
    missed: BTreeMap<Address, Tick>,
    /// The furthest that any peer claims to be: most of the time there is nobody to look for.
    furthest: Height,
}

impl Sync {
    /// Which of these have been out of reach for [`ABSENT_AFTER_MS`], as far as we looked.
    pub(crate) fn absent(&mut self, now: Tick, of: impl Iterator<Item = Address>) -> BTreeSet<Address> {
        let before = std::mem::take(&mut self.missed);
        let missing = of.filter(|address| !self.peers.contains_key(address));
        self.missed = missing.map(|address| (address, *before.get(&address).unwrap_or(&now))).collect();
        let long = self.missed.iter().filter(|(_, since)| now.since(**since) >= ABSENT_AFTER_MS);
        long.map(|(address, _)| *address).collect()
    }

    pub(crate) fn connected(&mut self, now: Tick, peer: Address) {
        self.peers.entry(peer).or_insert(Peer {
            height: Height(0),
            retry: now,
            credit_ms: SERVE_BURST * SERVE_EVERY_MS,
            credited: now,
        });
    }

    pub(crate) fn disconnected(&mut self, peer: &Address) {
        self.peers.remove(peer);
        self.look_for_furthest();
        self.asked = self.asked.take().filter(|asked| asked.peer != *peer);
    }

    pub(crate) fn peers(&self) -> impl Iterator<Item = (&Address, Height)> {
        self.peers.iter().map(|(address, peer)| (address, peer.height))
    }

    /// How many are connected.
    pub(crate) fn len(&self) -> usize {
        self.peers.len()
    }

    pub(crate) fn is_connected(&self, peer: &Address) -> bool {
        self.peers.contains_key(peer)
    }

    /// A peer says, or lets us conclude, that it is at this height.
    pub(crate) fn hint(&mut self, peer: &Address, height: Height) {
        if let Some(peer) = self.peers.get_mut(peer) {
            peer.height = peer.height.max(height);
            self.furthest = self.furthest.max(height);
        }
    }

    /// The next request, if one is due.
    pub(crate) fn next_request(
        &mut self,
        now: Tick,
        head: Height,
        wanted: Wanted,
    ) -> Option<(Address, SyncRequest)> {
        if let Some(asked) = self.asked.take_if(|asked| asked.deadline <= now) {
            self.silent(now, &asked.peer);
        }
        if self.asked.is_some() || self.furthest <= head {
            return None;
        }
        let ahead: Vec<Address> = self
            .peers
            .iter()
            .filter(|(_, peer)| peer.height > head && peer.height >= wanted.known_to && peer.retry <= now)
            .map(|(address, _)| *address)
            .collect();
        if ahead.is_empty() {
            return None;
        }
        self.turn = self.turn.wrapping_add(1);
        let peer = ahead[self.turn % ahead.len()];
        let Wanted { from, count, .. } = wanted;
        self.asked = Some(Asked { peer, from, deadline: now.plus(ANSWER_MS_MAX) });
        Some((peer, SyncRequest { from, count }))
    }

    /// Whether an answer of this peer was asked for; the request is over then.
    pub(crate) fn answered(&mut self, peer: &Address) -> Option<Height> {
        self.asked.take_if(|asked| asked.peer == *peer).map(|asked| asked.from)
    }

    /// A peer did not answer in time. It may still be where it said: its turn comes again.
    fn silent(&mut self, now: Tick, peer: &Address) {
        if let Some(peer) = self.peers.get_mut(peer) {
            peer.retry = now.plus(RETRY_MS);
        }
    }

    /// A peer did not keep what it claimed.
    pub(crate) fn failed(&mut self, now: Tick, peer: &Address, head: Height) {
        if let Some(peer) = self.peers.get_mut(peer) {
            peer.height = peer.height.min(head);
            peer.retry = now.plus(RETRY_MS);
        }
        self.look_for_furthest();
    }

    /// Who claimed most has taken it back: a liar must not make us look for ever.
    fn look_for_furthest(&mut self) {
        self.furthest = self.peers.values().map(|peer| peer.height).max().unwrap_or_default();
    }

    /// Whether a request of this peer may be answered now.
    pub(crate) fn may_serve(&mut self, now: Tick, peer: &Address) -> bool {
        let Some(peer) = self.peers.get_mut(peer) else { return false };
        let earned = now.since(peer.credited);
        peer.credited = now;
        peer.credit_ms = peer.credit_ms.saturating_add(earned).min(SERVE_BURST * SERVE_EVERY_MS);
        match peer.credit_ms.checked_sub(SERVE_EVERY_MS) {
            Some(left) => {
                peer.credit_ms = left;
                true
            }
            None => false,
        }
    }

    /// When to look again.
    pub(crate) fn next_timeout(&self, head: Height) -> Option<Tick> {
        if let Some(asked) = &self.asked {
            return Some(asked.deadline);
        }
        if self.furthest <= head {
            return None;
        }
        self.peers.values().filter(|peer| peer.height > head).map(|peer| peer.retry).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: Address = Address::new([9; 20]);

    fn two() -> (Sync, Address, Address) {
        let (liar, honest) = (Address::new([1; 20]), Address::new([2; 20]));
        let mut sync = Sync::default();
        sync.connected(Tick(0), liar);
        sync.connected(Tick(0), honest);
        sync.hint(&liar, Height(1_000));
        sync.hint(&honest, Height(5));
        (sync, liar, honest)
    }

    fn is_looking(sync: &mut Sync, now: Tick, head: Height) -> bool {
        sync.next_request(now, head, Wanted::beyond(head)).is_some() || sync.next_timeout(head).is_some()
    }

    #[test]
    fn a_claim_that_failed_is_looked_for_no_more() {
        let (mut sync, liar, honest) = two();
        assert_eq!(
            sync.next_request(Tick(0), Height(5), Wanted::beyond(Height(5))).map(|(of, _)| of),
            Some(liar)
        );
        assert_eq!(sync.answered(&liar), Some(Height(6)));
        sync.failed(Tick(1), &liar, Height(5));
        assert!(!is_looking(&mut sync, Tick(60_000), Height(5)), "nobody is further");
        sync.hint(&honest, Height(6));
        let asked = sync.next_request(Tick(60_000), Height(5), Wanted::beyond(Height(5)));
        assert_eq!(asked.map(|(of, _)| of), Some(honest), "who really is further is asked");
    }

    #[test]
    fn a_claim_goes_with_whoever_made_it() {
        let (mut sync, liar, _) = two();
        sync.disconnected(&liar);
        assert!(!is_looking(&mut sync, Tick(0), Height(5)));
        sync.hint(&NEVER, Height(9));
        assert!(!is_looking(&mut sync, Tick(0), Height(5)), "who is not connected claims nothing");
        assert!(is_looking(&mut sync, Tick(0), Height(4)), "the honest one is further than that");
    }

    #[test]
    fn who_is_out_of_reach_for_long_is_absent_until_it_is_back() {
        let (mut sync, liar, honest) = two();
        let all = [liar, honest, NEVER];
        let absent = |sync: &mut Sync, ms| sync.absent(Tick(ms), all.into_iter());
        assert_eq!(absent(&mut sync, 0), BTreeSet::new(), "nobody is missed yet");
        sync.disconnected(&liar);
        assert_eq!(absent(&mut sync, ABSENT_AFTER_MS - 1), BTreeSet::new());
        assert_eq!(absent(&mut sync, ABSENT_AFTER_MS), [NEVER].into());
        assert_eq!(absent(&mut sync, 2 * ABSENT_AFTER_MS), [liar, NEVER].into());
        sync.connected(Tick(2 * ABSENT_AFTER_MS), liar);
        assert_eq!(absent(&mut sync, 2 * ABSENT_AFTER_MS), [NEVER].into());
        sync.disconnected(&liar);
        assert_eq!(absent(&mut sync, 3 * ABSENT_AFTER_MS), [NEVER].into(), "its time begins anew");
        assert_eq!(sync.absent(Tick(u64::MAX), std::iter::empty()), BTreeSet::new(), "others are forgotten");
        assert!(sync.missed.is_empty());
    }

    #[test]
    fn a_peer_that_was_silent_keeps_its_claim_and_waits() {
        let (mut sync, liar, _) = two();
        assert!(sync.next_request(Tick(0), Height(5), Wanted::beyond(Height(5))).is_some());
        let late = Tick(0).plus(ANSWER_MS_MAX);
        assert!(sync.next_request(late, Height(5), Wanted::beyond(Height(5))).is_none(), "it rests");
        let rested = late.plus(RETRY_MS);
        assert_eq!(sync.next_timeout(Height(5)), Some(rested));
        assert_eq!(
            sync.next_request(rested, Height(5), Wanted::beyond(Height(5))).map(|(of, _)| of),
            Some(liar)
        );
    }
}
