//! The building's own lines of slots whose statements it no longer keeps: a few figures a slot, day by day, so that months and
//! last year stay what they were for as long as its slots are kept.

use std::collections::BTreeMap;

use protocol::energy::{SlotId, ToldLine};
use protocol::limits::SLOT_DAYS_KEPT_MAX;
use protocol::{Invalid, bounded};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::act::Act;
use super::hall::{Hall, day_of};
use crate::core::maintenance::Change;

/// Slots of a day at the most: quarters of an hour.
const LINES_PER_DAY_MAX: usize = 96;

/// What a slot brought this building, as it was checked: Wh and micro-EUR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct PastLine {
    /// The slot.
    pub slot: SlotId,
    /// Net energy taken and given.
    pub net: [i64; 2],
    /// Energy from and to neighbours.
    pub shared: [i64; 2],
    /// Paid to and by neighbours.
    pub money: [i64; 2],
    /// Paid to the network.
    pub fee: i64,
}

/// The lines of a UTC day, by slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct PastDay {
    /// Days since 1970.
    pub day: u64,
    lines: Vec<PastLine>,
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Past {
    days: BTreeMap<u64, PastDay>,
    /// The day of each slot follows from the slot length, which is as it was when the day was put together.
    slots: BTreeMap<SlotId, u64>,
}

impl PastLine {
    fn new(told: &ToldLine) -> Self {
        Self {
            slot: told.slot,
            net: [told.demand.0, told.surplus.0],
            shared: [told.bought.0, told.sold.0],
            money: [told.pay.0, told.revenue.0],
            fee: told.fee.0,
        }
    }
}

impl Past {
    pub(super) fn restore(&mut self, day: PastDay) {
        self.slots.extend(day.lines.iter().map(|line| (line.slot, day.day)));
        self.days.insert(day.day, day);
    }

    /// A slot's line, if the slot is kept here.
    pub(super) fn line(&self, slot: SlotId) -> Option<&PastLine> {
        let day = self.days.get(self.slots.get(&slot)?)?;
        let index = day.lines.binary_search_by_key(&slot, |line| line.slot).ok()?;
        day.lines.get(index)
    }

    /// Takes lines that were checked, and lets go of days that are too long ago.
    pub(super) fn take<'a>(
        &mut self,
        hall: &Hall<'_>,
        lines: impl Iterator<Item = &'a ToldLine>,
        acts: &mut Vec<Act>,
    ) {
        let mut changed = BTreeMap::<u64, Vec<PastLine>>::new();
        for told in lines {
            changed.entry(day_of(told.slot, hall.length())).or_default().push(PastLine::new(told));
        }
        for (number, mut lines) in changed {
            lines.extend(self.days.remove(&number).map(|day| day.lines).unwrap_or_default());
            lines.sort_by_key(|line| line.slot);
            lines.dedup_by_key(|line| line.slot);
            lines.truncate(LINES_PER_DAY_MAX);
            let day = PastDay { day: number, lines };
            acts.push(Act::Store(Change::PutPastDay(Box::new(day.clone()))));
            self.restore(day);
        }
        let kept = u64::try_from(SLOT_DAYS_KEPT_MAX).expect("invariant: a small number");
        let before = day_of(hall.current(), hall.length()).saturating_sub(kept);
        while self.days.first_key_value().is_some_and(|(day, _)| *day < before) {
            if let Some((number, day)) = self.days.pop_first() {
                for line in &day.lines {
                    self.slots.remove(&line.slot);
                }
                acts.push(Act::Store(Change::DeletePastDay(number)));
            }
        }
    }
}

#[derive(Serialize_tuple, Deserialize_tuple)]
struct Stored {
    day: u64,
    #[serde(deserialize_with = "bounded::list::<_, _, LINES_PER_DAY_MAX>")]
    lines: Vec<PastLine>,
}

impl From<PastDay> for Stored {
    fn from(day: PastDay) -> Self {
        Self { day: day.day, lines: day.lines }
    }
}

impl TryFrom<Stored> for PastDay {
    type Error = Invalid;

    fn try_from(stored: Stored) -> Result<Self, Invalid> {
        if !stored.lines.is_sorted_by(|a, b| a.slot < b.slot) {
            return Err(Invalid::Duplicate { field: "lines of a day in the order of their slots" });
        }
        Ok(Self { day: stored.day, lines: stored.lines })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(slot: u64) -> PastLine {
        PastLine { slot: SlotId(slot), net: [300, 0], shared: [215, 0], money: [21_930, 0], fee: 18_490 }
    }

    #[test]
    fn a_day_reads_back_and_its_lines_are_found() {
        let day = PastDay { day: 20_400, lines: (0..96).map(|n| line(20_400 * 96 + n)).collect() };
        let bytes = protocol::encode(&day);
        assert!(bytes.len() < 4_096, "{} bytes", bytes.len());
        assert_eq!(protocol::decode::<PastDay>(&bytes, bytes.len()), Ok(day.clone()));
        let mut past = Past::default();
        past.restore(day.clone());
        assert_eq!(past.line(SlotId(20_400 * 96 + 95)), Some(&line(20_400 * 96 + 95)));
        assert_eq!(past.line(SlotId(20_401 * 96)), None);
        let mut reversed = Stored::from(day);
        reversed.lines.reverse();
        let bytes = protocol::encode(&reversed);
        assert!(protocol::decode::<PastDay>(&bytes, bytes.len()).is_err());
    }
}
