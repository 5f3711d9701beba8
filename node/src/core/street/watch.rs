//! The watch of an hour: counts which buildings signal the same, and when they are enough tells the hive what, and nothing
//! else. Of fewer it tells nobody, and when its hour is over it forgets who they were.

use std::collections::{BTreeMap, BTreeSet};

use protocol::limits::{STREET_BUILDINGS_MIN, STREET_MEMBERS_MIN, STREET_ONE_IN};
use protocol::street::{Hour, Noticed, SignalRefusal, SignedNotice, StreetMessage};
use protocol::{Address, UnixMs};

use super::act::{Act, CLOCK_MS, Scene};
use super::board::Board;
use super::stored::{StreetKept, StreetKeptKey};

/// What was signalled to this node.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    heard: BTreeMap<Noticed, BTreeSet<Address>>,
}

impl Watch {
    pub(super) fn restore(&mut self, kept: &StreetKept) {
        if let StreetKept::Heard(noticed, building) = kept {
            self.heard.entry(*noticed).or_default().insert(*building);
        }
    }

    /// Whether nothing is counted here just now.
    pub fn is_empty(&self) -> bool {
        self.heard.is_empty()
    }

    /// A building signals something.
    pub(super) fn hear(&mut self, scene: &Scene<'_>, from: Address, noticed: Noticed, acts: &mut Vec<Act>) {
        if !scene.is_member(&from) {
            return;
        }
        let refused = self.take(scene, from, noticed, acts).err();
        acts.push(Act::Send(from, StreetMessage::Heeded(noticed, refused)));
    }

    fn take(
        &mut self,
        scene: &Scene<'_>,
        from: Address,
        noticed: Noticed,
        acts: &mut Vec<Act>,
    ) -> Result<(), SignalRefusal> {
        if !runs(noticed.hour, scene.now.time) {
            return Err(SignalRefusal::OtherHour);
        }
        if scene.watch(noticed.hour) != scene.me {
            return Err(SignalRefusal::NotWatch);
        }
        let building = scene.state.origin(&scene.state.current(&from));
        if self.heard.entry(noticed).or_default().insert(building) {
            acts.push(Act::Store(StreetKept::Heard(noticed, building)));
        }
        Ok(())
    }

    /// What enough buildings signalled, unless the hive was told of the same lately; and lets go of hours that are over.
    pub(super) fn tend(
        &mut self,
        scene: &Scene<'_>,
        board: &Board,
        acts: &mut Vec<Act>,
    ) -> Vec<SignedNotice> {
        let (now, needed) = (scene.now.time, scene.needed());
        let is_over = |noticed: &Noticed| !runs(noticed.hour, now);
        let over: Vec<Noticed> = self.heard.keys().copied().filter(is_over).collect();
        for noticed in over {
            for building in self.heard.remove(&noticed).into_iter().flatten() {
                acts.push(Act::Forget(StreetKeptKey::Heard(noticed, building)));
            }
        }
        let Some(needed) = needed else { return Vec::new() };
        let enough = self.heard.iter().filter(|(_, buildings)| buildings.len() >= needed);
        let news = enough.map(|(noticed, _)| *noticed).filter(|noticed| !board.has_lately(noticed));
        news.map(|noticed| noticed.sign(scene.key, &scene.chain)).collect()
    }
}

impl Scene<'_> {
    /// Who watches in an hour: each authority in turn.
    pub(super) fn watch(&self, hour: Hour) -> Address {
        self.in_turn(hour.0)
    }

    /// How many buildings have to signal the same; none where the hive is too small to tell anything.
    pub(super) fn needed(&self) -> Option<usize> {
        let members = self.state.members().filter(|(_, member)| !member.revoked).count();
        (members >= STREET_MEMBERS_MIN).then(|| members.div_ceil(STREET_ONE_IN).max(STREET_BUILDINGS_MIN))
    }
}

/// Whether an hour runs by a clock that may be a little behind or ahead of another.
fn runs(hour: Hour, now: UnixMs) -> bool {
    hour.start() <= now.plus(CLOCK_MS) && now < hour.end().plus(CLOCK_MS)
}
