//! The hive's network keys as this building has them. After an exclusion an authority makes a new one and names its hash
//! on the ledger; members ask each other for it on their authenticated streams; for a while the one before still opens
//! the door, so that whoever was away can come back for it.

use std::collections::BTreeMap;

use ledger::Output as LedgerOutput;
use protocol::network_key::{HandNetworkKey, NameNetworkKey};
use protocol::{Address, Message, NetworkKey, Now, Payload, Role, Tick, UnixMs};

use super::Core;
use super::outbox::Purpose;
use super::output::{Event, Output};

/// Keys that are kept: the newest and the one before.
const KEPT: usize = 2;
/// An authority waits this long per place in the set before it names a new key, so that one does it first.
const TURN_MS: u64 = 1_500;
/// Pause between two requests for a key, milliseconds.
const ASK_EVERY_MS: u64 = 1_000;
/// Requests in vain after which a key counts as lost: whoever named it went down before it handed it on.
const ASKS_MAX: u32 = 30;

/// The keys by epoch.
#[derive(Debug, Default)]
pub(super) struct Keyring {
    keys: BTreeMap<u64, NetworkKey>,
    overlap_ms: i64,
    /// What the sockets were told last, newest first.
    told: Vec<NetworkKey>,
    next_ask: Tick,
    turn: usize,
    /// The key that is missing, and how often it was asked for.
    asked: (u64, u32),
}

impl Keyring {
    /// Counts a request for a key. Answers whether it is lost, once every [`ASKS_MAX`] requests.
    fn asks(&mut self, epoch: u64) -> bool {
        let before = if self.asked.0 == epoch { self.asked.1 } else { 0 };
        self.asked = (epoch, before + 1);
        self.asked.1.is_multiple_of(ASKS_MAX)
    }

    fn put(&mut self, epoch: u64, key: NetworkKey) {
        self.keys.insert(epoch, key);
        while self.keys.len() > KEPT {
            self.keys.pop_first();
        }
    }

    /// The keys that open the door now, newest first.
    fn current(&self, epoch: u64, since: UnixMs, now: UnixMs) -> Vec<NetworkKey> {
        let newest = self.keys.last_key_value();
        let has_newest = newest.is_some_and(|(known, _)| *known >= epoch);
        let is_overlap = now.since(since) < self.overlap_ms;
        let count = if has_newest && !is_overlap { 1 } else { KEPT };
        self.keys.values().rev().take(count).cloned().collect()
    }
}

impl Core {
    /// Gives the building the network keys that its files hold, and how long the one before stays valid, milliseconds.
    pub fn with_network_keys(mut self, keys: BTreeMap<u64, NetworkKey>, overlap_ms: i64) -> Self {
        // The sockets begin with the newest one; the one before follows with the first turn, if its time is not over.
        self.keyring.told = keys.values().next_back().cloned().into_iter().collect();
        self.keyring.overlap_ms = overlap_ms;
        keys.into_iter().for_each(|(epoch, key)| self.keyring.put(epoch, key));
        self
    }

    /// The newest network key here, with its epoch; `None` where the shell gave none.
    pub fn network_key(&self) -> Option<(u64, &NetworkKey)> {
        self.keyring.keys.last_key_value().map(|(epoch, key)| (*epoch, key))
    }

    /// Whether the ledger names a network key that this building does not have.
    pub fn lacks_network_key(&self) -> bool {
        let (epoch, _) = self.named();
        !self.keyring.keys.is_empty() && !self.keyring.keys.contains_key(&epoch)
    }

    /// Epoch and time of the key that the ledger names.
    fn named(&self) -> (u64, UnixMs) {
        self.ledger.state().network_key().map_or((0, UnixMs(0)), |named| (named.epoch, named.since))
    }

    /// Somebody who knows the key was shut out: an authority names another one.
    pub(super) fn want_network_key(&mut self, now: Now) {
        if self.ledger.role() != Some(Role::Authority) || self.keyring.keys.is_empty() {
            return;
        }
        let me = self.ledger.address();
        let keys = self.ledger.state().authorities().keys();
        let place = keys.iter().position(|key| Address::of(key) == me).unwrap_or(0) as u64;
        let payload = self.next_network_key();
        if !self.outbox.holds(Purpose::NetworkKey)
            && self.outbox.push(payload, Purpose::NetworkKey, now.tick.plus(place * TURN_MS)).is_err()
        {
            tracing::warn!("the outbox is full; another authority will name the network key");
        }
    }

    /// What names the next key, which this authority makes.
    pub(super) fn next_network_key(&self) -> Payload {
        let (epoch, chain) = (self.named().0 + 1, self.ledger.chain());
        let hash = NetworkKey::made_by(&self.key, &chain, epoch).hash(&chain);
        Payload::NameNetworkKey(NameNetworkKey { epoch, hash })
    }

    /// Takes up what the ledger says of network keys, after each block that says something.
    pub(super) fn learn_network_key(&mut self, now: Now) {
        self.keyring.next_ask = now.tick;
        self.tend_network_keys(now);
    }

    /// Names a key that is wanted, asks for one that is missing, and lets the one before go when its time is over.
    pub(super) fn tend_network_keys(&mut self, now: Now) {
        let Some(named) = self.ledger.state().network_key().cloned() else { return };
        if named.is_due {
            self.want_network_key(now);
        }
        if self.lacks_network_key() {
            let chain = self.ledger.chain();
            let own = NetworkKey::made_by(&self.key, &chain, named.epoch);
            if named.hash == Some(own.hash(&chain)) {
                self.take_network_key(named.epoch, own);
            }
        }
        let (epoch, since) = self.named();
        let keys = self.keyring.current(epoch, since, now.time);
        if keys != self.keyring.told {
            self.keyring.told.clone_from(&keys);
            self.out.push(Output::NetworkKeys(keys));
        }
        if !self.lacks_network_key() || now.tick < self.keyring.next_ask {
            return;
        }
        self.keyring.next_ask = now.tick.plus(ASK_EVERY_MS);
        let connected: Vec<Address> = self.ledger.peers().map(|(peer, _)| *peer).collect();
        if connected.is_empty() {
            return;
        }
        if self.keyring.asks(epoch) {
            self.want_network_key(now);
        }
        self.keyring.turn = self.keyring.turn.wrapping_add(1);
        let to = connected[self.keyring.turn % connected.len()];
        let message = Message::NetworkKeyRequest(epoch);
        self.out.push(Output::Ledger(LedgerOutput::Send { to, message }));
    }

    /// A member asks for a key. Whoever was shut out is no member where the key is known.
    pub(super) fn hand_network_key(&mut self, to: Address, epoch: u64) {
        let state = self.ledger.state();
        let is_member = state.member(&to).is_some_and(|member| !member.revoked);
        if let Some(key) =
            self.keyring.keys.get(&epoch).cloned().filter(|_| is_member && epoch == self.named().0)
        {
            let message = Message::NetworkKey(HandNetworkKey { epoch, key });
            self.out.push(Output::Ledger(LedgerOutput::Send { to, message }));
        }
    }

    /// A member hands a key over; the ledger's hash tells whether it is the one.
    pub(super) fn hear_network_key(&mut self, now: Now, from: Address, handed: &HandNetworkKey) {
        let HandNetworkKey { epoch, key } = handed;
        let chain = self.ledger.chain();
        let named = self.ledger.state().network_key().filter(|named| named.epoch == *epoch);
        let Some(hash) = named.and_then(|named| named.hash).filter(|_| self.lacks_network_key()) else {
            return;
        };
        if key.hash(&chain) != hash {
            let fault = ledger::Fault::Malformed;
            return self.out.push(Output::Ledger(LedgerOutput::Blame { peer: from, fault }));
        }
        self.take_network_key(*epoch, key.clone());
        self.tend_network_keys(now);
    }

    fn take_network_key(&mut self, epoch: u64, key: NetworkKey) {
        tracing::info!(epoch, "the hive has another network key");
        self.keyring.put(epoch, key);
        self.out.push(Output::StoreNetworkKeys(self.keyring.keys.clone()));
        self.event(Event::Hive);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_before_opens_the_door_for_a_while_and_for_as_long_as_the_newest_is_missing() {
        let key = |i: u8| NetworkKey::new([i; 32]);
        let mut ring = Keyring { overlap_ms: 1_000, ..Keyring::default() };
        ring.put(0, key(0));
        assert_eq!(ring.current(0, UnixMs(0), UnixMs(5)), [key(0)]);
        assert_eq!(ring.current(1, UnixMs(10), UnixMs(2_000)), [key(0)], "the newest is missing");
        ring.put(1, key(1));
        assert_eq!(ring.current(1, UnixMs(10), UnixMs(1_009)), [key(1), key(0)]);
        assert_eq!(ring.current(1, UnixMs(10), UnixMs(1_010)), [key(1)]);
        ring.put(2, key(2));
        assert_eq!(ring.current(2, UnixMs(2_000), UnixMs(2_001)), [key(2), key(1)], "two at the most");
    }

    #[test]
    fn a_key_that_nobody_hands_over_is_lost_after_a_while_and_each_has_its_own_while() {
        let mut ring = Keyring::default();
        let lost = |ring: &mut Keyring, epoch| (1..=2 * ASKS_MAX).filter(|_| ring.asks(epoch)).count();
        assert_eq!((1..ASKS_MAX).filter(|_| ring.asks(1)).count(), 0);
        assert!(ring.asks(1), "nobody answered so often");
        assert!(!ring.asks(2), "another one is asked for");
        assert_eq!(lost(&mut ring, 3), 2, "again and again, until somebody names another");
    }
}
