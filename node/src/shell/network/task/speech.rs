//! Which version of the wire is spoken with whom: learnt from what a peer says it offers, and refused aloud when there
//! is none in common.

use std::collections::BTreeSet;

use libp2p::PeerId;
use libp2p::identify;
use libp2p::swarm::StreamProtocol;
use protocol::PublicKey;
use tokio::time::Instant;

use super::super::limits::NO_COMMON_WIRE_PAUSE;
use super::super::{NetworkEvent, Topic, counters, keys};
use super::Task;

impl Task {
    pub(super) fn identified(&mut self, event: identify::Event) {
        if let identify::Event::Received { peer_id, info, .. } = event {
            self.offers(&peer_id, &info.protocols);
        }
    }

    /// A member says what it offers.
    fn offers(&mut self, peer: &PeerId, protocols: &[StreamProtocol]) {
        let Some(key) = keys::to_key(peer) else { return };
        let theirs = self.names.versions_of(protocols);
        let common = self.names.wires.common(&theirs);
        let Some(known) = self.peers.get_mut(&key).filter(|peer| peer.is_connected()) else { return };
        if known.wire == common && common.is_some() {
            return;
        }
        known.wire = common;
        match common {
            // A peer without greetings cannot know of other runs; nor would it say so.
            Some(version) if version < self.names.wires.newest() && self.names.wires.has_greetings() => {
                self.events.push(NetworkEvent::Alone { peer: key });
            }
            Some(_) => {}
            None => self.no_common_wire(key, &theirs),
        }
    }

    /// Nothing can be said to each other. The connection ends a little later, so that both sides have heard why.
    fn no_common_wire(&mut self, key: PublicKey, theirs: &BTreeSet<u32>) {
        let versions: Vec<String> = theirs.iter().map(u32::to_string).collect();
        let theirs = if versions.is_empty() { "none of this hive's".to_owned() } else { versions.join(", ") };
        let ours = self.names.wires;
        tracing::error!(
            peer = ?key,
            "no common version of the wire: it speaks {theirs}, this node speaks {ours}; the older of the two has to be \
             updated"
        );
        counters::fault("no_common_wire");
        self.speechless.insert(key);
        self.events.push(NetworkEvent::NoCommonWire { peer: key, theirs, ours: ours.to_string() });
    }

    /// Leaves those alone with whom nothing can be spoken.
    pub(super) fn part_from_the_speechless(&mut self, now: Instant) {
        for key in std::mem::take(&mut self.speechless) {
            self.swarm.behaviour_mut().gate.ban(keys::to_peer(&key), now + NO_COMMON_WIRE_PAUSE);
            self.disconnect(key);
        }
    }

    /// The version gossip of ours travels in: the newest that everybody who listens to it has. Newer ones listen to the
    /// older topics as well.
    pub(super) fn gossip_wire(&mut self, topic: Topic) -> u32 {
        let names = self.names.clone();
        let mut wire = names.wires.newest();
        for (_, topics) in self.for_members().gossip.inner.all_peers() {
            let has = |version: u32| topics.contains(&&names.topic(topic, version));
            if let Some(best) = names.wires.each().find(|version| has(*version)) {
                wire = wire.min(best);
            }
        }
        wire
    }
}
