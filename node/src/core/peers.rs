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
        let name =
            String::from_utf8_lossy(status.name.as_slice()).chars().filter(|c| !c.is_control()).collect();
        if let Some(peer) = self.entry(address) {
            *peer = Peer { name, height: Some(status.height), ..*peer };
        }
    }

    fn entry(&mut self, address: Address) -> Option<&mut Peer> {
        if self.0.len() >= MEMBERS_MAX && !self.0.contains_key(&address) {
            return None;
        }
        Some(self.0.entry(address).or_default())
    }
}
