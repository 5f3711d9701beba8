//! What this building signals: each kind of thing once in an hour, to the watch of that hour alone, while its operator lets
//! it.

use std::collections::{BTreeMap, BTreeSet};

use protocol::limits::STREET_SAID_KEPT;
use protocol::street::{Hour, Noticed, SignalRefusal, StreetKind, StreetMessage};
use protocol::{Address, Tick, UnixMs};

use super::act::{Act, Scene};
use super::stored::{Heed, Said, StreetKept, StreetKeptKey};
use crate::core::switch::Switch;

/// A signal of which nothing is heard is sent again after this long, milliseconds.
const AGAIN_MS: u64 = 60_000;

/// What the building signalled.
#[derive(Debug, Clone, Default)]
pub struct Own {
    switch: Option<Switch>,
    said: BTreeMap<Noticed, Said>,
    sent: BTreeMap<Noticed, Tick>,
}

impl Own {
    pub(super) fn restore(&mut self, kept: &StreetKept) {
        match kept {
            StreetKept::Switch(switch) => self.switch = Some(*switch),
            StreetKept::Said(said) => drop(self.said.insert(said.noticed, *said)),
            StreetKept::Heard(..) | StreetKept::Notice(_) => {}
        }
    }

    /// Whether the building takes part. It does not before a person says so.
    pub fn is_on(&self) -> bool {
        self.switch.is_some_and(|switch| switch.is_on)
    }

    /// When a person last said whether it does.
    pub fn said_at(&self) -> Option<UnixMs> {
        self.switch.map(|switch| switch.at)
    }

    /// The last signals, oldest first.
    pub fn said(&self) -> impl DoubleEndedIterator<Item = &Said> {
        self.said.values()
    }

    /// A person says whether the building takes part.
    pub(super) fn switch(&mut self, switch: Switch, acts: &mut Vec<Act>) {
        self.switch = Some(switch);
        acts.push(Act::Store(StreetKept::Switch(switch)));
        acts.push(Act::Tell);
    }

    /// Signals what was noticed, once an hour, stored before it leaves.
    pub(super) fn tend(&mut self, scene: &Scene<'_>, kinds: &BTreeSet<StreetKind>, acts: &mut Vec<Act>) {
        if !self.is_on() {
            return;
        }
        let hour = Hour::at(scene.now.time);
        let watch = scene.watch(hour);
        for kind in kinds {
            let noticed = Noticed { hour, kind: *kind };
            if self.said.contains_key(&noticed) {
                continue;
            }
            let said = Said { noticed, watch, at: scene.now.time, heed: Heed::Waiting };
            self.said.insert(noticed, said);
            acts.push(Act::Store(StreetKept::Said(said)));
            acts.push(Act::Tell);
        }
        self.forget(acts);
        self.send(scene, hour, acts);
    }

    fn send(&mut self, scene: &Scene<'_>, hour: Hour, acts: &mut Vec<Act>) {
        let now = scene.now.tick;
        self.sent.retain(|noticed, _| noticed.hour == hour);
        let waiting =
            self.said.values().filter(|said| said.noticed.hour == hour && said.heed == Heed::Waiting);
        for said in waiting {
            let sent = self.sent.get(&said.noticed);
            if sent.is_none_or(|sent| now.since(*sent) >= AGAIN_MS) {
                self.sent.insert(said.noticed, now);
                acts.push(Act::Send(scene.state.current(&said.watch), StreetMessage::Signal(said.noticed)));
            }
        }
    }

    /// The watch says what became of a signal.
    pub(super) fn hear(
        &mut self,
        scene: &Scene<'_>,
        from: Address,
        noticed: Noticed,
        refused: Option<SignalRefusal>,
        acts: &mut Vec<Act>,
    ) {
        let Some(said) = self.said.get_mut(&noticed) else { return };
        if said.heed != Heed::Waiting || scene.state.current(&said.watch) != from {
            return;
        }
        said.heed = refused.map_or(Heed::Kept, Heed::Refused);
        acts.push(Act::Store(StreetKept::Said(*said)));
        acts.push(Act::Tell);
    }

    /// What was not taken is said again at the next turn.
    pub(super) fn connected(&mut self) {
        self.sent.clear();
    }

    fn forget(&mut self, acts: &mut Vec<Act>) {
        while self.said.len() > STREET_SAID_KEPT {
            let (oldest, _) = self.said.pop_first().expect("invariant: it is not empty");
            acts.push(Act::Forget(StreetKeptKey::Said(oldest)));
        }
    }
}
