//! What neighbours say of themselves: shown to people, never trusted.

use std::collections::BTreeMap;

use protocol::limits::MEMBERS_MAX;
use protocol::message::Status;
use protocol::{Address, Height};

/// A neighbour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Peer {
    /// What its building calls itself; empty while it has not said.
    pub name: String,
    /// The height it last claimed.
    pub height: Option<Height>,
    /// Whether it is connected now.
    pub connected: bool,
}

/// Neighbours seen since the start, by address.
#[derive(Debug, Default)]
pub(super) struct Peers(BTreeMap<Address, Peer>);

impl Peers {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Address, &Peer)> {
        self.0.iter()
    }

    pub(super) fn connected(&mut self, address: Address, connected: bool) {
        if let Some(peer) = self.entry(address) {
            peer.connected = connected;
        }
    }

    pub(super) fn status(&mut self, address: Address, status: &Status) {
        let Some(peer) = self.entry(address) else { return };
        peer.height = Some(status.height);
        // Most say what they said before.
        if peer.name.as_bytes() != status.name.as_slice() {
            let name = String::from_utf8_lossy(status.name.as_slice());
            peer.name = name.chars().filter(|c| !c.is_control()).collect();
        }
    }

    fn entry(&mut self, address: Address) -> Option<&mut Peer> {
        if self.0.len() >= MEMBERS_MAX && !self.0.contains_key(&address) {
            return None;
        }
        Some(self.0.entry(address).or_default())
    }
}
