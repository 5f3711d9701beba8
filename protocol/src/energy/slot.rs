//! Slots: the pieces of time that are metered, shared and paid. A slot is named by its index since 1970 in UTC, so that
//! summer time never makes two slots of one name.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::time::UnixMs;

/// How long a hive's slots are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum SlotLength {
    /// 15 minutes, the step of European settlement.
    #[default]
    Quarter,
    /// 30 minutes.
    Half,
    /// 60 minutes.
    Hour,
}

/// A slot: Unix milliseconds of its start divided by the slot length. Means nothing without the length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SlotId(pub u64);

/// How a figure of a slot came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Quality {
    /// Read from a meter at both ends of the slot.
    Measured,
    /// Worked out from the meter's readings around it; a later version may correct it.
    Estimated,
    /// Not known. Never taken as zero: the member takes no part in the slot.
    Missing,
}

impl SlotLength {
    /// Minutes of one slot.
    pub const fn minutes(self) -> u32 {
        match self {
            Self::Quarter => 15,
            Self::Half => 30,
            Self::Hour => 60,
        }
    }

    /// The length of that many minutes: 15, 30 or 60.
    pub fn from_minutes(minutes: u32) -> Option<Self> {
        [Self::Quarter, Self::Half, Self::Hour].into_iter().find(|length| length.minutes() == minutes)
    }

    /// Milliseconds of one slot.
    pub const fn ms(self) -> i64 {
        self.minutes() as i64 * 60_000
    }

    /// Slots of one UTC day.
    pub const fn slots_per_day(self) -> u32 {
        24 * 60 / self.minutes()
    }
}

impl SlotId {
    /// The slot that `time` lies in; its start belongs to it, its end to the next. None before 1970.
    pub fn at(time: UnixMs, length: SlotLength) -> Option<Self> {
        u64::try_from(time.0.div_euclid(length.ms())).ok().map(Self)
    }

    /// Its first millisecond. The latest time there is for a slot that no clock can reach.
    pub fn start(self, length: SlotLength) -> UnixMs {
        let start = i64::try_from(self.0).ok().and_then(|index| index.checked_mul(length.ms()));
        UnixMs(start.unwrap_or(i64::MAX))
    }

    /// The first millisecond after it.
    pub fn end(self, length: SlotLength) -> UnixMs {
        self.next().start(length)
    }

    /// The slot after this one.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl Quality {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Estimated => "estimated",
            Self::Missing => "missing",
        }
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for SlotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_moment_lies_in_one_slot() {
        for length in [SlotLength::Quarter, SlotLength::Half, SlotLength::Hour] {
            assert_eq!(SlotLength::from_minutes(length.minutes()), Some(length));
            assert_eq!(i64::from(length.slots_per_day()) * length.ms(), 86_400_000);
            let slot = SlotId::at(UnixMs(1_451_602_800_000), length).unwrap();
            assert_eq!(slot.start(length), UnixMs(1_451_602_800_000), "midnight of Brussels starts a slot");
            assert_eq!(SlotId::at(slot.end(length), length), Some(slot.next()));
            assert_eq!(SlotId::at(slot.end(length).plus(-1), length), Some(slot));
        }
        assert_eq!(SlotLength::from_minutes(20), None);
    }

    #[test]
    fn no_slot_lies_before_1970_and_none_wraps() {
        assert_eq!(SlotId::at(UnixMs(-1), SlotLength::Quarter), None);
        assert_eq!(SlotId::at(UnixMs(0), SlotLength::Quarter), Some(SlotId(0)));
        assert_eq!(SlotId(u64::MAX).end(SlotLength::Hour), UnixMs(i64::MAX));
        assert_eq!(SlotId(1 << 60).start(SlotLength::Quarter), UnixMs(i64::MAX));
    }
}
