//! What the hive was told: checked, kept for people to see, and handed on.

use std::collections::BTreeMap;

use protocol::limits::{
    STREET_NOTICES_KEPT, STREET_NOTICES_TOLD_MAX, STREET_QUIET_HOURS, STREET_TAKEN_HOURS,
};
use protocol::street::{Hour, Noticed, SignedNotice, StreetKind, StreetMessage};
use protocol::{Address, Bounded, UnixMs};

use super::act::{Act, CLOCK_MS, Scene};
use super::stored::{StreetKept, StreetKeptKey};

/// What was told.
#[derive(Debug, Clone, Default)]
pub struct Board {
    notices: BTreeMap<Noticed, SignedNotice>,
    /// Notices that did not hold.
    refused: u64,
}

/// One thing that several buildings noticed, from its first notice to its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Episode {
    /// What.
    pub kind: StreetKind,
    /// The hour in which the hive was first told.
    pub first: Hour,
    /// The hour in which it was last told.
    pub last: Hour,
}

impl Board {
    pub(super) fn restore(&mut self, kept: &StreetKept) {
        if let StreetKept::Notice(signed) = kept {
            self.notices.insert(signed.noticed, *signed);
        }
    }

    /// How many notices were refused since the start because they did not hold.
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// What was told, newest first; notices of one kind that follow each other closely are one.
    pub fn episodes(&self) -> Vec<Episode> {
        let mut episodes: Vec<Episode> = Vec::new();
        for Noticed { hour, kind } in self.notices.keys().copied() {
            let same = episodes.iter_mut().rev().find(|one| one.kind == kind);
            match same.filter(|one| hour.0 - one.last.0 <= 2 * STREET_QUIET_HOURS) {
                Some(one) => one.last = hour,
                None => episodes.push(Episode { kind, first: hour, last: hour }),
            }
        }
        episodes.sort_by_key(|one| std::cmp::Reverse((one.last, one.kind)));
        episodes
    }

    /// Whether the hive was told of the same kind in the hours before.
    pub(super) fn has_lately(&self, noticed: &Noticed) -> bool {
        let from = Hour(noticed.hour.0.saturating_sub(STREET_QUIET_HOURS));
        let to = Hour(noticed.hour.0.saturating_add(1));
        let lately = self.notices.keys().filter(|one| one.kind == noticed.kind);
        lately.map(|one| one.hour).any(|hour| from < hour && hour <= to)
    }

    /// What was told lately, for a member that has just connected; none where nothing was.
    pub(super) fn lately(&self, now: UnixMs) -> Option<StreetMessage> {
        let from = Hour::at(now).0.saturating_sub(STREET_TAKEN_HOURS);
        let lately = self.notices.values().rev().filter(|signed| signed.noticed.hour.0 >= from);
        let lately: Vec<SignedNotice> = lately.take(STREET_NOTICES_TOLD_MAX).copied().collect();
        let told = (!lately.is_empty()).then(|| Bounded::new(lately));
        told.map(|told| StreetMessage::Notices(told.expect("invariant: no more are taken")))
    }

    /// A notice comes from a member, or from this watch itself: one that holds is kept and handed on once.
    pub(super) fn take(
        &mut self,
        scene: &Scene<'_>,
        from: Option<Address>,
        signed: SignedNotice,
        acts: &mut Vec<Act>,
    ) {
        let known = self.notices.contains_key(&signed.noticed);
        if known || is_stale(signed.noticed.hour, scene.now.time) {
            return;
        }
        if !holds(scene, &signed) {
            self.refused += 1;
            tracing::warn!(watch = %signed.watch, "a notice to the street does not hold and is refused");
            return;
        }
        self.notices.insert(signed.noticed, signed);
        acts.push(Act::Store(StreetKept::Notice(signed)));
        while self.notices.len() > STREET_NOTICES_KEPT {
            let (oldest, _) = self.notices.pop_first().expect("invariant: it is not empty");
            acts.push(Act::Forget(StreetKeptKey::Notice(oldest)));
        }
        let told = Bounded::new(vec![signed]).expect("invariant: one is few");
        acts.push(Act::Spread(StreetMessage::Notices(told), from));
        acts.push(Act::Tell);
    }
}

/// Whether nobody is told of an hour any more.
fn is_stale(hour: Hour, now: UnixMs) -> bool {
    hour.0.saturating_add(STREET_TAKEN_HOURS) < Hour::at(now).0
}

/// Whether a notice is that of the watch of its hour, and not of an hour to come.
fn holds(scene: &Scene<'_>, signed: &SignedNotice) -> bool {
    let hour = signed.noticed.hour;
    let key = scene.state.authorities().key_of(&signed.watch);
    hour.start() <= scene.now.time.plus(CLOCK_MS)
        && scene.watch(hour) == signed.watch
        && key.is_some_and(|key| signed.verify(key, &scene.chain).is_ok())
}
