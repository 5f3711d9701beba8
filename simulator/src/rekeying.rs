//! Keys that change while faults are on: people give a node another key, it starts again under it, and whoever is let in
//! nowhere while its change is on the way tries the other one, as the shell does. The hive's network key changes as
//! well, and people carry it to whoever was away for too long.

use std::collections::BTreeMap;

use ledger::{Committed, Event as LedgerEvent, State};
use node::core::Command;
use protocol::{Address, Height, KeyChange, NetworkKey, SigningKey};

use crate::building::{Building, Hive};
use crate::checker::{Rule, Violation};
use crate::disk::Crash;
use crate::keys::signing_key;
use crate::world::{Event, World};

/// How often a node whose change is on the way looks whether anybody stays with it, milliseconds.
const LOOK_EVERY_MS: u64 = 4_000;
/// Looks without company before it tries the other key.
const LOOKS: u8 = 2;
/// Looks with too little company to decide: others may be stuck as well.
const LOOKS_CUT_OFF: u8 = 5;
/// How often people look after the faults whether somebody needs the network key, milliseconds.
const HAND_EVERY_MS: u64 = 5_000;
/// The network keys a node keeps.
const KEPT: usize = 2;

impl Building {
    /// The key it goes by.
    pub(crate) fn running_key(&self) -> &SigningKey {
        self.next_key.as_ref().filter(|_| self.tries_next).unwrap_or(&self.key)
    }

    /// Whether an address is or will be this node's.
    pub(crate) fn goes_by(&self, address: &Address) -> bool {
        let next = self.next_key.as_ref().is_some_and(|next| next.address() == *address);
        next || self.key.address() == *address
    }

    /// Puts the key to come in the place of the old one if the hive goes by it; answers whether it did.
    pub(crate) fn promote(&mut self, state: &State) -> bool {
        let Some(next) = &self.next_key else { return false };
        let is_member = state.member(&next.address()).is_some_and(|member| !member.revoked);
        if !is_member || state.authorities().key_of(&self.key.address()).is_some() {
            return false;
        }
        self.key = next.clone();
        (self.next_key, self.tries_next) = (None, false);
        self.address = self.key.address();
        true
    }

    /// The same while it runs under the key to come already.
    fn promote_tried(&mut self) {
        if let Some(core) = self.core.take() {
            self.promote(core.ledger().state());
            self.core = Some(core);
        }
    }

    /// The network keys on its disk, or the one it began with.
    pub(crate) fn known_network_keys(&self, hive: &Hive) -> BTreeMap<u64, NetworkKey> {
        if self.network_keys.is_empty() {
            return BTreeMap::from([(0, hive.network_key())]);
        }
        self.network_keys.clone()
    }

    /// Whether one of the two gets past the first door of the other.
    pub(crate) fn shares_door(&self, other: &Self) -> bool {
        self.door.iter().any(|key| other.door.contains(key))
    }
}

impl World<'_> {
    /// People at some building want another key for it; who waits for one asks for the same again.
    pub(crate) fn rotate(&mut self) -> Result<(), Violation> {
        let may = |node: &usize| {
            let place = &self.places[*node];
            place.is_held() && place.building.core().is_some() && place.paused_until <= self.now
        };
        let nodes: Vec<usize> = (0..self.places.len()).filter(may).collect();
        let Some(node) = nodes.get(self.chance.index(nodes.len().max(1))).copied() else { return Ok(()) };
        let fresh = signing_key(self.chance.bits(), "another key", node, self.is_real);
        let building = &mut self.places[node].building;
        if building.tries_next {
            return Ok(());
        }
        let next = building.next_key.get_or_insert(fresh).clone();
        let change = KeyChange::prove(&self.chain, building.address(), &next);
        let name = self.name(node);
        self.trace.note(self.now, "rotate", &[name.as_bytes()], || format!("{name}     wants another key"));
        let life = self.places[node].life;
        self.after(LOOK_EVERY_MS, Event::Lonely { node, life, looks: 0, height: Height(0) });
        self.command(node, Command::ChangeKey(change)).map(|_| ())
    }

    /// A node whose change is on the way looks whether anybody stays with it.
    pub(crate) fn look_around(&mut self, node: usize, life: u64, looks: u8, height: Height) {
        let place = &self.places[node];
        if place.life != life || place.building.next_key.is_none() || !self.is_up(node) {
            return;
        }
        // Whoever tells of later blocks and hands none over is no company.
        let Some(ledger) = self.places[node].building.ledger() else { return };
        let at = ledger.head().height;
        let is_behind = ledger.peers().any(|(_, reached)| reached > at);
        let is_alone = (0..self.places.len()).all(|peer| !self.network.sees(node, peer));
        let is_alone = is_alone || (is_behind && at == height);
        let is_cut_off = !place.building.tries_next && !ledger.reaches_quorum();
        if looks >= if is_alone { LOOKS } else { LOOKS_CUT_OFF } && (is_alone || is_cut_off) {
            let building = &mut self.places[node].building;
            building.tries_next = !building.tries_next;
            return self.start_again(node);
        }
        let looks = if is_alone || is_cut_off { looks + 1 } else { 0 };
        self.after(LOOK_EVERY_MS, Event::Lonely { node, life, looks, height: at });
    }

    /// A node that starts while its change is on the way begins to look.
    pub(crate) fn look_around_later(&mut self, node: usize) {
        let place = &self.places[node];
        if place.building.next_key.is_some() {
            let life = place.life;
            self.after(LOOK_EVERY_MS, Event::Lonely { node, life, looks: 0, height: Height(0) });
        }
    }

    /// What a block said of keys is carried out at a node.
    pub(crate) fn follow_keys(&mut self, node: usize, committed: &Committed) -> Result<(), Violation> {
        let says = |event: &LedgerEvent| matches!(event, LedgerEvent::KeyChanged { .. });
        let Some(core) = self.places[node].building.core() else { return Ok(()) };
        let state = core.ledger().state();
        let other_set = state.authorities().hash() != committed.block.header.authorities;
        if !other_set && !committed.events.iter().any(says) {
            return Ok(());
        }
        if self.places[node].building.tries_next {
            self.places[node].building.promote_tried();
        } else if core.has_moved() && self.places[node].building.next_key.is_some() {
            // The process executes itself anew; the start goes by the new key.
            let life = self.places[node].life;
            self.after(0, Event::Again { node, life });
        }
        for peer in 0..self.places.len() {
            if peer != node && self.network.sees(node, peer) && !self.welcomes(node, peer) {
                self.part(node, peer)?;
                self.after(1_000, Event::Connect { a: node, b: peer });
            }
        }
        Ok(())
    }

    /// A node executes itself anew.
    pub(crate) fn again(&mut self, node: usize, life: u64) {
        if self.places[node].life == life && self.is_up(node) {
            self.start_again(node);
        }
    }

    fn start_again(&mut self, node: usize) {
        let name = self.name(node);
        self.trace
            .note(self.now, "again", &[name.as_bytes()], || format!("{name}     starts again for its key"));
        self.tally.key_starts += 1;
        self.crash(node, Crash::Process);
    }

    /// Where a node starts under another key than before, everything it announced is that key's.
    pub(crate) fn note_address(&mut self, node: usize, before: Address) {
        let now = self.places[node].building.address();
        if now != before {
            self.checker.moved(before, now);
        }
    }

    /// After the faults people carry the network key to whoever cannot fetch it: the key before is over where it is known.
    /// Some who lack it may still see each other.
    pub(crate) fn hand_network_keys(&mut self) {
        if self.healed_at.is_none() || self.is_over {
            return;
        }
        self.after(HAND_EVERY_MS, Event::HandKeys);
        let held: Vec<usize> = (0..self.places.len()).filter(|node| self.places[*node].is_held()).collect();
        let keys_of = |node: &usize| self.places[*node].building.known_network_keys(&self.hive);
        let newest = held.iter().filter_map(|node| keys_of(node).pop_last()).max_by_key(|(epoch, _)| *epoch);
        let Some((epoch, key)) = newest else { return };
        for node in held {
            let mut keys = self.places[node].building.known_network_keys(&self.hive);
            let knows = |keys: &BTreeMap<u64, NetworkKey>| {
                keys.last_key_value().is_some_and(|(known, _)| *known >= epoch)
            };
            let may_fetch = |peer: usize| {
                self.network.sees(node, peer)
                    && knows(&self.places[peer].building.known_network_keys(&self.hive))
            };
            if knows(&keys) || (0..self.places.len()).any(may_fetch) {
                continue;
            }
            keys.insert(epoch, key.clone());
            while keys.len() > KEPT {
                keys.pop_first();
            }
            self.places[node].building.network_keys = keys;
            self.tally.keys_handed += 1;
            if self.is_up(node) {
                self.start_again(node);
            }
        }
    }

    /// Whether every key that changed has taken its place everywhere.
    pub(crate) fn has_settled_keys(&self, node: usize) -> bool {
        let building = &self.places[node].building;
        building.core().is_none_or(|core| !core.has_moved() && !core.lacks_network_key())
    }

    /// Whoever was excluded holds no network key that came after it.
    pub(crate) fn check_excluded(&self) -> Result<(), Violation> {
        for place in &self.places {
            let Some(excluded) = place.excluded_at_epoch else { continue };
            let newest = place.building.network_keys.last_key_value().map_or(0, |(epoch, _)| *epoch);
            if newest > excluded {
                let name = &place.building.name;
                let detail =
                    format!("{name} was excluded at epoch {excluded} and holds network key {newest}");
                return Err(Violation::of(Rule::Keys, detail));
            }
        }
        Ok(())
    }
}
