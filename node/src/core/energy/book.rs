//! The slots a building has closed, day by day of UTC: each with its version, none ever forgotten for a worse one.

use std::collections::BTreeMap;

use protocol::energy::SlotLength;
use protocol::limits::{SLOT_DAYS_KEPT_MAX, STATEMENT_VERSIONS_MAX};
use protocol::{Invalid, UnixMs};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::slot::Slot;
use crate::core::telemetry::Day;

/// The longest slot, milliseconds.
const SLOT_MS_MAX: i64 = SlotLength::Hour.ms();
/// Slots of a day at the most: quarters of an hour.
const SLOTS_PER_DAY_MAX: usize = 96;

/// The closed slots of one day, by start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct DaySlots {
    /// Which day.
    pub day: Day,
    slots: Vec<Slot>,
}

impl DaySlots {
    /// Its slots, by start.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }
}

/// Every slot that is kept.
#[derive(Debug, Clone, Default)]
pub struct Book {
    days: BTreeMap<Day, BTreeMap<UnixMs, Slot>>,
}

impl Book {
    /// Takes a stored day back.
    pub fn restore(&mut self, day: DaySlots) {
        self.days.insert(day.day, day.slots.into_iter().map(|slot| (slot.start(), slot)).collect());
    }

    /// The slots that start in `[from, to)`, by start.
    pub fn slots(&self, from: UnixMs, to: UnixMs) -> impl DoubleEndedIterator<Item = &Slot> {
        let days = (from < to).then(|| self.days.range(Day::of(from)..=Day::of(to.plus(-1))));
        let slots = days.into_iter().flatten().flat_map(|(_, slots)| slots.values());
        slots.filter(move |slot| (from..to).contains(&slot.start()))
    }

    /// The newest slot.
    pub fn newest(&self) -> Option<&Slot> {
        self.days.last_key_value()?.1.last_key_value().map(|(_, slot)| slot)
    }

    /// The oldest slot.
    pub fn oldest(&self) -> Option<&Slot> {
        self.days.first_key_value()?.1.first_key_value().map(|(_, slot)| slot)
    }

    /// Whether anything is kept of a day.
    pub fn has(&self, day: Day) -> bool {
        self.days.contains_key(&day)
    }

    /// A day as it is stored.
    pub fn day(&self, day: Day) -> Option<DaySlots> {
        let slots = self.days.get(&day)?.values().copied().collect();
        Some(DaySlots { day, slots })
    }

    /// Takes what a slot is found to be now. What is known is never given up for nothing, and a measured slot never for
    /// an estimate; anything else that differs becomes the next version. Answers whether something changed.
    pub fn put(&mut self, found: Slot) -> bool {
        let slots = self.days.entry(Day::of(found.start())).or_default();
        let near = slots.range(found.start().plus(-SLOT_MS_MAX)..found.end());
        if near.into_iter().any(|(_, slot)| slot.end() > found.start() && slot.length != found.length) {
            return false;
        }
        match slots.get_mut(&found.start()) {
            None => {
                slots.insert(found.start(), Slot { version: 1, ..found });
                true
            }
            Some(known) => {
                let worse = found.quality() > known.quality();
                if known.says(&found) || worse || known.version >= STATEMENT_VERSIONS_MAX {
                    return false;
                }
                *known = Slot { version: known.version + 1, ..found };
                true
            }
        }
    }

    /// Lets go of the oldest days beyond what is kept.
    pub fn forget(&mut self) -> Vec<Day> {
        let mut gone = Vec::new();
        while self.days.len() > SLOT_DAYS_KEPT_MAX {
            gone.extend(self.days.pop_first().map(|(day, _)| day));
        }
        gone
    }
}

#[derive(Serialize_tuple, Deserialize_tuple)]
struct Stored {
    day: i32,
    #[serde(deserialize_with = "protocol::bounded::list::<_, _, SLOTS_PER_DAY_MAX>")]
    slots: Vec<Slot>,
}

impl From<DaySlots> for Stored {
    fn from(day: DaySlots) -> Self {
        Self { day: day.day.0, slots: day.slots }
    }
}

impl TryFrom<Stored> for DaySlots {
    type Error = Invalid;

    fn try_from(stored: Stored) -> Result<Self, Invalid> {
        let day = Day(stored.day);
        let mut end = UnixMs(i64::MIN);
        for slot in &stored.slots {
            if slot.start() < end || Day::of(slot.start()) != day {
                let (field, max, found) = ("slot of a day", SLOTS_PER_DAY_MAX as u64, slot.id.0);
                return Err(Invalid::Range { field, max, found });
            }
            end = slot.end();
        }
        Ok(Self { day, slots: stored.slots })
    }
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
