//! Slots that cannot be true by the building's own limits are held back; its operator may know better. A release names its
//! reason, holds for the very figures it was given for, and lets them be stated.

use std::collections::BTreeMap;

use protocol::limits::{RELEASE_REASON_BYTES_MAX, RELEASES_KEPT_MAX, SLOT_ENERGY_WH_MAX};
use protocol::{Bytes, Now, UnixMs};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use thiserror::Error;

use super::plausible::Doubt;
use super::slot::{Flow, Slot};
use crate::core::Core;
use crate::core::maintenance::Change;
use crate::core::output::Event;
use crate::core::telemetry::Day;

/// An operator's word on one slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Release {
    /// Start of the slot.
    pub start: UnixMs,
    /// Its energy as it was released: other figures are held back anew.
    pub flow: Flow,
    /// Why it was held back.
    pub doubt: Doubt,
    /// Why it is right all the same, in UTF-8.
    pub reason: Bytes<RELEASE_REASON_BYTES_MAX>,
    /// Who says so, in UTF-8.
    pub by: Bytes<RELEASE_REASON_BYTES_MAX>,
    /// When.
    pub at: UnixMs,
}

/// Why a slot is not released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ReleaseRefused {
    /// It is not in the building's book.
    #[error("no slot of this building starts at {start}")]
    Unknown {
        /// Start that was named.
        start: UnixMs,
    },
    /// Nothing holds it back.
    #[error("the slot that starts at {start} is not held back")]
    NotHeld {
        /// Its start.
        start: UnixMs,
    },
    /// No slot of any building has so much.
    #[error(
        "{found_wh} Wh are more than any slot may state, {SLOT_ENERGY_WH_MAX} Wh; correct the meter's readings"
    )]
    Beyond {
        /// Energy of the slot, Wh.
        found_wh: i64,
    },
    /// A reason is part of a release.
    #[error("a reason of 1 to {RELEASE_REASON_BYTES_MAX} bytes is expected")]
    Reason,
    /// The list is full of slots that are kept.
    #[error("{RELEASES_KEPT_MAX} released slots are kept at the most")]
    Full,
}

/// The releases of slots that are kept, by start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Releases(BTreeMap<UnixMs, Release>);

impl Releases {
    /// Takes a stored one back.
    pub(super) fn restore(&mut self, release: Release) {
        self.0.insert(release.start, release);
    }

    /// All of them, oldest slot first.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Release> {
        self.0.values()
    }

    /// Lets a slot pass whose figures were released.
    pub(super) fn apply(&self, slot: &mut Slot) {
        let released = self.0.get(&slot.start()).is_some_and(|release| slot.flow == Some(release.flow));
        if released {
            slot.held = None;
        }
    }

    /// Lets go of those before a day.
    pub(super) fn forget(&mut self, before: Day) -> Vec<Change> {
        let kept = self.0.split_off(&before.start());
        std::mem::replace(&mut self.0, kept).into_keys().map(Change::DeleteRelease).collect()
    }
}

/// The slot as it may be stated, if it may be released.
fn releasable(slot: Option<&Slot>, start: UnixMs) -> Result<(Slot, Flow, Doubt), ReleaseRefused> {
    let slot = slot.ok_or(ReleaseRefused::Unknown { start })?;
    let (Some(doubt), Some(flow)) = (slot.held, slot.flow) else {
        return Err(ReleaseRefused::NotHeld { start });
    };
    let (import, export) = flow.net();
    let found_wh = import.max(export);
    if found_wh > SLOT_ENERGY_WH_MAX {
        return Err(ReleaseRefused::Beyond { found_wh });
    }
    Ok((Slot { held: None, ..*slot }, flow, doubt))
}

impl super::Energy {
    /// What an operator released.
    pub const fn releases(&self) -> &Releases {
        &self.releases
    }
}

impl Core {
    /// An operator says that a slot which was held back is right. It is stated from then on, be it late.
    pub(in crate::core) fn release_slot(
        &mut self,
        now: Now,
        start: UnixMs,
        reason: &str,
        by: &str,
    ) -> Result<(), ReleaseRefused> {
        let energy = &mut self.energy;
        let known = energy.book.slots(start, start.plus(1)).next();
        let (slot, flow, doubt) = releasable(known, start)?;
        let words = |text: &str| Bytes::new(text.trim().as_bytes().to_vec()).ok();
        let reason = words(reason).filter(|reason| !reason.as_slice().is_empty());
        let reason = reason.ok_or(ReleaseRefused::Reason)?;
        let by = words(by).unwrap_or_default();
        if energy.releases.0.len() >= RELEASES_KEPT_MAX {
            return Err(ReleaseRefused::Full);
        }
        let release = Release { start, flow, doubt, reason, by, at: now.time };
        energy.releases.restore(release.clone());
        energy.book.put(slot);
        energy.settling.stale();
        let day = energy.book.day(Day::of(start)).map(Change::PutSlots);
        let changes = std::iter::once(Change::PutRelease(Box::new(release))).chain(day).collect();
        self.persist(changes);
        self.event(Event::Energy);
        self.tend_settling(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::energy::{SlotId, SlotLength};

    fn slot(held: Option<Doubt>, import_wh: i64) -> Slot {
        let flow = Some(Flow { import_wh, export_wh: 0, production_wh: None });
        let id = SlotId(1_612_892);
        Slot { id, length: SlotLength::Quarter, flow, is_estimated: false, version: 1, held }
    }

    #[test]
    fn only_what_is_held_and_can_be_stated_is_released() {
        let start = slot(None, 5).start();
        let held = slot(Some(Doubt::ImportAboveConnection), 9_999);
        let (passed, flow, doubt) = releasable(Some(&held), start).unwrap();
        assert_eq!((passed.held, Some(flow), doubt), (None, held.flow, Doubt::ImportAboveConnection));
        assert_eq!(releasable(None, start), Err(ReleaseRefused::Unknown { start }));
        assert_eq!(releasable(Some(&slot(None, 5)), start), Err(ReleaseRefused::NotHeld { start }));
        let found_wh = SLOT_ENERGY_WH_MAX + 1;
        let beyond = slot(Some(Doubt::BeyondAnySlot), found_wh);
        assert_eq!(releasable(Some(&beyond), start), Err(ReleaseRefused::Beyond { found_wh }));
    }

    #[test]
    fn a_release_holds_for_its_figures_alone() {
        let mut held = slot(Some(Doubt::ImportAboveConnection), 9_999);
        let words = |text: &str| Bytes::new(text.as_bytes().to_vec()).unwrap();
        let release = Release {
            start: held.start(),
            flow: held.flow.unwrap(),
            doubt: Doubt::ImportAboveConnection,
            reason: words("the bakery's second oven was on loan"),
            by: words("operator"),
            at: UnixMs(7),
        };
        let bytes = protocol::encode(&release);
        assert_eq!(protocol::decode::<Release>(&bytes, 1_000), Ok(release.clone()));
        let mut releases = Releases::default();
        releases.restore(release);
        let mut other = slot(Some(Doubt::ImportAboveConnection), 10_000);
        releases.apply(&mut other);
        releases.apply(&mut held);
        assert_eq!((other.held, held.held), (Some(Doubt::ImportAboveConnection), None));
        assert!(releases.forget(Day::of(held.start())).is_empty());
        assert_eq!(releases.forget(Day(Day::of(held.start()).0 + 1)).len(), 1);
    }
}
