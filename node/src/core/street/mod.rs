//! What several buildings notice at once: each signals what kind of thing it noticed to the authority that watches in that
//! hour; when enough have, the hive is told what it is. Neither how many they are nor which is ever told.

mod act;
mod board;
mod kinds;
mod own;
mod stored;
mod watch;

pub use board::{Board, Episode};
pub use own::Own;
pub use stored::{Heed, Said, StreetKept, StreetKeptKey};
pub use watch::Watch;

use std::collections::BTreeSet;

use protocol::energy::SettlementMessage;
use protocol::street::{Hour, StreetKind, StreetMessage};
use protocol::{Address, Now, Tick};

use super::Core;
use super::act::Ways;
use super::heard::Heard;
use super::maintenance::Change;
use super::output::Output;
use super::switch::Switch;
use act::{Act, Scene};

/// How often signals are looked after, milliseconds.
const TEND_MS: u64 = 10_000;
/// Messages of one member that are listened to in a second; what is lost is sent again.
const MESSAGES_PER_S_MAX: u32 = 32;

/// A building's part in what several buildings notice at once.
#[derive(Debug, Clone, Default)]
pub struct Street {
    own: Own,
    watch: Watch,
    board: Board,
    next: Tick,
    heard: Heard,
}

impl Street {
    /// Takes back what is stored.
    pub(super) fn open(entries: &[Change]) -> Self {
        let mut street = Self::default();
        for entry in entries {
            if let Change::PutStreet(kept) = entry {
                street.own.restore(kept);
                street.watch.restore(kept);
                street.board.restore(kept);
            }
        }
        street
    }

    /// What this building signalled.
    pub const fn own(&self) -> &Own {
        &self.own
    }

    /// What is signalled to this node while it watches.
    pub const fn watch(&self) -> &Watch {
        &self.watch
    }

    /// What the hive was told.
    pub const fn board(&self) -> &Board {
        &self.board
    }

    fn tend(&mut self, scene: &Scene<'_>, kinds: &BTreeSet<StreetKind>, acts: &mut Vec<Act>) {
        if !scene.is_member(&scene.me) {
            return;
        }
        for signed in self.watch.tend(scene, &self.board, acts) {
            self.board.take(scene, None, signed, acts);
        }
        self.own.tend(scene, kinds, acts);
    }

    fn hear(&mut self, scene: &Scene<'_>, from: Address, message: StreetMessage, acts: &mut Vec<Act>) {
        match message {
            StreetMessage::Signal(noticed) => self.watch.hear(scene, from, noticed, acts),
            StreetMessage::Heeded(noticed, refused) => self.own.hear(scene, from, noticed, refused, acts),
            StreetMessage::Notices(notices) => {
                for signed in notices.into_vec() {
                    self.board.take(scene, Some(from), signed, acts);
                }
            }
        }
    }
}

impl Core {
    /// The building's part in what several buildings notice at once.
    pub fn street(&self) -> &Street {
        &self.street
    }

    /// Who watches in the hour that runs.
    pub fn street_watch(&self) -> Address {
        let scene = self.scene(self.clock);
        scene.watch(Hour::at(scene.now.time))
    }

    /// How many buildings have to signal the same before the hive is told; none where the hive is too small.
    pub fn street_needed(&self) -> Option<usize> {
        self.scene(self.clock).needed()
    }

    /// A person says whether the building signals what it notices.
    pub(super) fn switch_street(&mut self, now: Now, switch: Switch) {
        self.with_street(now, |street, _, acts| street.own.switch(switch, acts));
        self.street.next = Tick(0);
    }

    /// Signals, counts and tells what is due.
    pub(super) fn tend_street(&mut self, now: Now) {
        if now.tick < self.street.next {
            return;
        }
        self.street.next = now.tick.plus(TEND_MS);
        let kinds = kinds::noticed(self.telemetry.catalogue(), &self.maintenance, now.time);
        self.with_street(now, |street, scene, acts| street.tend(scene, &kinds, acts));
    }

    /// A member says something about what it notices.
    pub(super) fn hear_street(&mut self, now: Now, from: Address, message: StreetMessage) {
        if !self.street.heard.listens(now.tick, from, MESSAGES_PER_S_MAX) {
            return;
        }
        self.with_street(now, |street, scene, acts| street.hear(scene, from, message, acts));
    }

    /// A member that has just connected is told what the hive was told lately, and sent what waits for it.
    pub(super) fn greet_street(&mut self, now: Now, member: &Address) {
        self.street.own.connected();
        self.street.next = Tick(0);
        if let Some(message) = self.street.board.lately(now.time) {
            let message = Box::new(SettlementMessage::Street(Box::new(message)));
            self.out.push(Output::SendSettlement { to: *member, message });
        }
    }

    fn with_street(&mut self, now: Now, then: impl FnOnce(&mut Street, &Scene<'_>, &mut Vec<Act>)) {
        let mut street = std::mem::take(&mut self.street);
        let mut acts = Vec::new();
        then(&mut street, &self.scene(now), &mut acts);
        self.street = street;
        let ways =
            Ways { put: Change::PutStreet, delete: Change::DeleteStreet, wrap: SettlementMessage::Street };
        let me = self.ledger.address();
        for message in self.carry_acts(acts, &ways) {
            self.hear_street(now, me, message);
        }
    }
}

#[cfg(test)]
mod tests;
