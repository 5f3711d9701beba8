//! Slots and local days: which slot is "the same time yesterday", also where a day has 92 or 100 slots. It is told the
//! zone's changes and reads no clock.

use protocol::UnixMs;
use protocol::limits::PLAN_ZONE_CHANGES_MAX;

use super::PlanError;

const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;
/// No zone is further from UTC, minutes.
const OFFSET_MINUTES_MAX: i32 = 15 * 60;

/// Number of a slot: whole slots since 1970-01-01T00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotNumber(pub i64);

impl SlotNumber {
    /// The slot `count` slots later, or earlier where it is negative.
    pub fn plus(self, count: i64) -> Self {
        Self(self.0.saturating_add(count))
    }

    /// Slots from `earlier` to this one.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// How long a slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotLength {
    /// 15 minutes, as grid operators settle.
    Quarter,
    /// 30 minutes.
    Half,
    /// 60 minutes.
    Hour,
}

impl SlotLength {
    /// Minutes of a slot.
    pub const fn minutes(self) -> i64 {
        match self {
            Self::Quarter => 15,
            Self::Half => 30,
            Self::Hour => 60,
        }
    }

    /// Slots of a day without a change of the clock.
    pub const fn per_day(self) -> i64 {
        24 * 60 / self.minutes()
    }

    /// Energy of a power held for one slot, Wh, rounded down.
    pub fn energy_wh(self, power_w: i64) -> i64 {
        power_w.saturating_mul(self.minutes()).div_euclid(60)
    }

    /// Mean power of an energy of one slot, W.
    pub fn power_w(self, energy_wh: i64) -> i64 {
        energy_wh.saturating_mul(60) / self.minutes()
    }
}

/// Offsets of local time from UTC and from when on they hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    first_minutes: i32,
    changes: Vec<(UnixMs, i32)>,
}

impl Zone {
    /// A zone that never changes its clocks, minutes east of UTC.
    pub fn fixed(offset_minutes: i32) -> Result<Self, PlanError> {
        Self::new(offset_minutes, Vec::new())
    }

    /// A zone with changes, ascending: from then on, the offset in minutes east of UTC.
    pub fn new(first_minutes: i32, changes: Vec<(UnixMs, i32)>) -> Result<Self, PlanError> {
        if changes.len() > PLAN_ZONE_CHANGES_MAX {
            return Err(PlanError::TooMany {
                what: "changes of the clock",
                found: changes.len(),
                limit: PLAN_ZONE_CHANGES_MAX,
            });
        }
        let far = |minutes: &i32| minutes.unsigned_abs() > OFFSET_MINUTES_MAX.unsigned_abs();
        let offsets = std::iter::once(first_minutes).chain(changes.iter().map(|(_, minutes)| *minutes));
        if let Some(minutes) = offsets.into_iter().find(far) {
            return Err(PlanError::OffsetTooFar { minutes });
        }
        if changes.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
            return Err(PlanError::NotAscending { what: "changes of the clock" });
        }
        Ok(Self { first_minutes, changes })
    }

    fn offset_ms(&self, at: UnixMs) -> i64 {
        let past = self.changes.partition_point(|(from, _)| *from <= at);
        let minutes = match past.checked_sub(1) {
            Some(last) => self.changes[last].1,
            None => self.first_minutes,
        };
        i64::from(minutes) * MINUTE_MS
    }
}

/// A slot as the people of the building call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalSlot {
    /// Days since 1970-01-01 by the local calendar.
    pub day: i64,
    /// Minutes since local midnight at which the slot begins.
    pub minute: i64,
}

impl LocalSlot {
    /// Day of the week, 0 is Monday.
    pub fn weekday(self) -> i64 {
        (self.day + 3).rem_euclid(7)
    }
}

/// Length of the slots and the zone of the hive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    length: SlotLength,
    zone: Zone,
}

impl Calendar {
    /// A calendar of slots of one length in a zone.
    pub fn new(length: SlotLength, zone: Zone) -> Self {
        Self { length, zone }
    }

    /// How long a slot is.
    pub fn length(&self) -> SlotLength {
        self.length
    }

    /// The slot that holds a moment.
    pub fn slot_at(&self, at: UnixMs) -> SlotNumber {
        SlotNumber(at.0.div_euclid(self.length.minutes() * MINUTE_MS))
    }

    /// When a slot begins.
    pub fn start(&self, slot: SlotNumber) -> UnixMs {
        UnixMs(slot.0.saturating_mul(self.length.minutes() * MINUTE_MS))
    }

    /// A slot by the local clock.
    pub fn local(&self, slot: SlotNumber) -> LocalSlot {
        let start = self.start(slot);
        let local_ms = start.0.saturating_add(self.zone.offset_ms(start));
        LocalSlot { day: local_ms.div_euclid(DAY_MS), minute: local_ms.rem_euclid(DAY_MS) / MINUTE_MS }
    }

    /// The slot that bears this local time; the first where the clock shows it twice, none where it is skipped.
    pub fn slot_of(&self, local: LocalSlot) -> Option<SlotNumber> {
        let local_ms = local.day.checked_mul(DAY_MS)?.checked_add(local.minute.checked_mul(MINUTE_MS)?)?;
        let around = [local_ms.checked_sub(DAY_MS)?, local_ms.checked_add(DAY_MS)?];
        around.into_iter().find_map(|near| {
            let offset = self.zone.offset_ms(UnixMs(near));
            let start = UnixMs(local_ms - offset);
            (self.zone.offset_ms(start) == offset).then(|| self.slot_at(start))
        })
    }

    /// The slot of the same local time `days` days earlier, if that day has it.
    pub fn days_before(&self, slot: SlotNumber, days: i64) -> Option<SlotNumber> {
        if self.zone.changes.is_empty() {
            return Some(slot.plus(-days.saturating_mul(self.length.per_day())));
        }
        let local = self.local(slot);
        self.slot_of(LocalSlot { day: local.day.checked_sub(days)?, minute: local.minute })
    }

    /// First slot of a local day and the first of the next: 92, 96 or 100 quarters lie between them.
    pub fn day(&self, day: i64) -> (SlotNumber, SlotNumber) {
        (self.first_of(day), self.first_of(day.saturating_add(1)))
    }

    /// First slot of a local day; where midnight is skipped, the first that exists.
    fn first_of(&self, day: i64) -> SlotNumber {
        (0..24 * 60)
            .step_by(15)
            .find_map(|minute| self.slot_of(LocalSlot { day, minute }))
            .unwrap_or_else(|| self.slot_at(UnixMs(day.saturating_mul(DAY_MS))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Brussels in 2026: 29 March at 01:00 UTC to +02:00, 25 October at 01:00 UTC back.
    pub(crate) fn brussels() -> Calendar {
        let zone = Zone::new(60, vec![(UnixMs(1_774_746_000_000), 120), (UnixMs(1_792_890_000_000), 60)]);
        Calendar::new(SlotLength::Quarter, zone.unwrap())
    }

    const SPRING: i64 = 20_541;
    const AUTUMN: i64 = 20_751;

    #[test]
    fn days_have_92_96_and_100_slots() {
        let calendar = brussels();
        let slots = |day| {
            let (first, next) = calendar.day(day);
            next.since(first)
        };
        assert_eq!([SPRING - 1, SPRING, AUTUMN, AUTUMN + 1].map(slots), [96, 92, 100, 96]);
        assert_eq!(calendar.local(calendar.day(SPRING).0).weekday(), 6, "clocks change on a Sunday");
    }

    #[test]
    fn the_same_time_yesterday_follows_the_clock_on_the_wall() {
        let calendar = brussels();
        let at = |day, minute| calendar.slot_of(LocalSlot { day, minute }).unwrap();
        assert_eq!(calendar.days_before(at(SPRING + 1, 480), 1), Some(at(SPRING, 480)));
        assert_eq!(at(SPRING, 480).since(at(SPRING - 1, 480)), 92);
        assert_eq!(calendar.days_before(at(SPRING + 1, 150), 1), None, "02:30 is skipped");
        assert_eq!(calendar.days_before(at(SPRING + 1, 150), 2), Some(at(SPRING - 1, 150)));
        // 02:30 comes twice: both look back to the one of the day before.
        let twice = at(AUTUMN, 150);
        assert_eq!(calendar.local(twice.plus(4)), calendar.local(twice));
        assert_eq!(calendar.days_before(twice.plus(4), 1), Some(at(AUTUMN - 1, 150)));
    }

    #[test]
    fn every_slot_of_a_day_finds_its_local_time_again() {
        let calendar = brussels();
        for day in [SPRING - 1, SPRING, SPRING + 1, AUTUMN, AUTUMN + 1] {
            let (first, next) = calendar.day(day);
            for number in first.0..next.0 {
                let local = calendar.local(SlotNumber(number));
                assert_eq!(local.day, day);
                let found = calendar.slot_of(local).unwrap();
                assert!(found.0 == number || (day == AUTUMN && number - found.0 == 4), "{local:?}");
            }
        }
    }

    #[test]
    fn a_zone_out_of_order_is_refused() {
        let change = |at| (UnixMs(at), 0);
        assert!(Zone::new(0, vec![change(2), change(1)]).is_err());
        assert!(Zone::new(0, vec![change(1), change(1)]).is_err());
        assert_eq!(Zone::fixed(16 * 60), Err(PlanError::OffsetTooFar { minutes: 960 }));
        assert!(Zone::new(0, (0..=PLAN_ZONE_CHANGES_MAX as i64).map(change).collect()).is_err());
    }
}
