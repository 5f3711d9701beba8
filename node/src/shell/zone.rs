//! The clock on the wall of the building: the machine's time zone, as the core's plans need it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use protocol::UnixMs;
use protocol::assembly::Day;
use protocol::limits::PLAN_ZONE_CHANGES_MAX;

use crate::core::plan::Zone;

/// Changes of the clock are known from so long ago: what a forecast looks back at, milliseconds.
const BACK_MS: i64 = 60 * 86_400_000;

/// The zone that `TZ` or the machine's settings say, from some weeks before `now` on.
pub(super) fn here(now: UnixMs) -> Zone {
    of(&TimeZone::system(), now)
}

/// The day on the calendar of the building.
pub(super) fn today(now: UnixMs) -> Day {
    let Ok(at) = Timestamp::from_millisecond(now.0) else { return Day::default() };
    let date = at.to_zoned(TimeZone::system()).date();
    let small = |part: i8| u32::from(part.unsigned_abs());
    Day::from_date(date.year().into(), small(date.month()), small(date.day())).unwrap_or_default()
}

fn of(zone: &TimeZone, now: UnixMs) -> Zone {
    let utc = || Zone::fixed(0).expect("invariant: UTC is a zone");
    let Ok(from) = Timestamp::from_millisecond(now.plus(-BACK_MS).0) else { return utc() };
    let minutes = |offset: jiff::tz::Offset| offset.seconds() / 60;
    let changes = zone.following(from).take(PLAN_ZONE_CHANGES_MAX);
    let changes =
        changes.map(|change| (UnixMs(change.timestamp().as_millisecond()), minutes(change.offset())));
    Zone::new(minutes(zone.to_offset(from)), changes.collect()).unwrap_or_else(|_| utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::plan::{Calendar, LocalSlot, SlotLength};

    #[test]
    fn six_in_the_morning_is_where_the_wall_says_it_is() {
        let brussels = TimeZone::get("Europe/Brussels").unwrap();
        // 2026-03-01T00:00:00Z
        let calendar = Calendar::new(SlotLength::Quarter, of(&brussels, UnixMs(1_772_323_200_000)));
        for (day, offset_hours) in [(20_513, 1), (20_600, 2), (20_800, 1)] {
            let six = calendar.slot_of(LocalSlot { day, minute: 360 }).unwrap();
            let expected = day * 86_400_000 + (6 - offset_hours) * 3_600_000;
            assert_eq!(calendar.start(six), UnixMs(expected), "{day}");
        }
        assert_eq!(of(&TimeZone::UTC, UnixMs(0)), Zone::fixed(0).unwrap());
    }
}
