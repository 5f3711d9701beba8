//! A UTC day, the unit in which readings are filed.

use protocol::UnixMs;
use protocol::time::civil_from_days;
use std::fmt;

/// Milliseconds of a UTC day.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A UTC day, counted from 1970-01-01. Days from year 0 to 9999 have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Day {
    /// The day a time lies in. Times further away than 5 million years count as the last day that can be told.
    pub fn of(time: UnixMs) -> Self {
        let day = time.0.div_euclid(DAY_MS);
        Self(i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX }))
    }

    /// Its first millisecond.
    pub fn start(self) -> UnixMs {
        UnixMs(i64::from(self.0) * DAY_MS)
    }

    /// The first millisecond of the next day.
    pub fn end(self) -> UnixMs {
        self.start().plus(DAY_MS)
    }

    /// Whether a time lies in this day.
    pub fn contains(self, time: UnixMs) -> bool {
        Self::of(time) == self
    }

    /// `2026-11-20`, as files are named.
    pub fn name(self) -> String {
        self.to_string()
    }

    /// Reads a name back; only the form that [`Self::name`] writes.
    pub fn parse(name: &str) -> Option<Self> {
        let field = |at: std::ops::Range<usize>| name.get(at)?.parse::<u16>().ok().map(i64::from);
        let (year, month, day) = (field(0..4)?, field(5..7)?, field(8..10)?);
        let found = Self(i32::try_from(days_from_civil(year, month, day)).ok()?);
        (found.name() == name).then_some(found)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(i64::from(self.0));
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// Year, month, day in the proleptic Gregorian calendar to days since 1970-01-01 (Howard Hinnant, `days_from_civil`).
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let yoe = year - era * 400;
    let doy = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_reads_back_by_its_name() {
        for day in (-719_528..2_932_896).step_by(97) {
            assert_eq!(Day::parse(&Day(day).name()), Some(Day(day)));
            assert_eq!(Day::of(Day(day).start()), Day(day));
            assert_eq!(Day::of(UnixMs(Day(day).end().0 - 1)), Day(day));
        }
        assert_eq!(Day::of(UnixMs(1_765_275_323_000)).name(), "2025-12-09");
        assert_eq!(Day::of(UnixMs(-1)).name(), "1969-12-31");
    }

    #[test]
    fn names_of_no_day_are_refused() {
        for name in [
            "",
            "2026-13-01",
            "2026-02-29",
            "2026-1-01",
            "+026-01-01",
            "2026-01-01 ",
            "2026/01/01",
            "é026-01-01",
        ] {
            assert_eq!(Day::parse(name), None, "{name}");
        }
        assert!(Day::of(UnixMs(i64::MAX)) == Day(i32::MAX) && Day::of(UnixMs(i64::MIN)) == Day(i32::MIN));
    }
}
