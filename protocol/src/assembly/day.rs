//! Days of the calendar, and what the law counts with them: days, clear days, months, years. A day is a day of the
//! building; whoever knows its time zone says which one it is.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::time::civil_from_days;

/// Days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(pub i32);

/// A stretch of time that a law names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Span {
    /// From a day to the day so many days later.
    Days(u16),
    /// So many whole days between, neither the first nor the last day counted.
    ClearDays(u16),
    /// From a day of a month to the same day so many months later, or the last day of that month.
    Months(u16),
    /// The same for years.
    Years(u16),
}

impl Day {
    /// The day of a date of the Gregorian calendar; none where there is no such day, or outside the years 1 to 9999.
    pub fn from_date(year: i32, month: u32, day: u32) -> Option<Self> {
        if !(1..=9999).contains(&year)
            || !(1..=12).contains(&month)
            || !(1..=days_in(year, month)).contains(&day)
        {
            return None;
        }
        // Howard Hinnant, `days_from_civil`.
        let years = i64::from(year) - i64::from(month <= 2);
        let era = years.div_euclid(400);
        let of_era = years.rem_euclid(400);
        let of_year = (153 * ((i64::from(month) + 9) % 12) + 2) / 5 + i64::from(day) - 1;
        let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
        Some(Self(i32::try_from(days).expect("invariant: four digits of a year")))
    }

    /// Year, month from 1 and day from 1.
    pub fn date(self) -> (i64, u32, u32) {
        let (year, month, day) = civil_from_days(self.0.into());
        let small = |number| u32::try_from(number).expect("invariant: months and days are small");
        (year, small(month), small(day))
    }

    /// Days from `earlier` to this day, negative if it lies ahead.
    pub fn since(self, earlier: Self) -> i64 {
        i64::from(self.0) - i64::from(earlier.0)
    }

    /// The day after a span that begins on this day: the first on which something that takes so long may happen, and
    /// the last on which something that lasts so long still may.
    pub fn after(self, span: Span) -> Self {
        match span {
            Span::Days(days) => Self(self.0.saturating_add(days.into())),
            Span::ClearDays(days) => Self(self.0.saturating_add(i32::from(days) + 1)),
            Span::Months(months) => self.months_later(months.into()),
            Span::Years(years) => self.months_later(i64::from(years) * 12),
        }
    }

    /// The last day on which something may happen that has to lie a span before this day.
    pub fn before(self, span: Span) -> Self {
        match span {
            Span::Days(days) => Self(self.0.saturating_sub(days.into())),
            Span::ClearDays(days) => Self(self.0.saturating_sub(i32::from(days) + 1)),
            Span::Months(months) => self.months_later(-i64::from(months)),
            Span::Years(years) => self.months_later(-i64::from(years) * 12),
        }
    }

    fn months_later(self, months: i64) -> Self {
        let (year, month, day) = self.date();
        let count = year * 12 + i64::from(month) - 1 + months;
        let year = i32::try_from(count.div_euclid(12)).unwrap_or(i32::MAX);
        let month = u32::try_from(count.rem_euclid(12) + 1).expect("invariant: one of twelve");
        let day = day.min(days_in(year, month));
        Self::from_date(year, month, day).unwrap_or(self)
    }
}

fn days_in(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

impl fmt::Display for Day {
    /// As `2030-06-15`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        let part = |range: std::ops::Range<usize>| text[range].parse::<u32>().unwrap();
        Day::from_date(part(0..4).try_into().unwrap(), part(5..7), part(8..10)).unwrap()
    }

    #[test]
    fn dates_lead_to_days_and_back() {
        for days in (-700_000..2_900_000).step_by(37) {
            let (year, month, date) = Day(days).date();
            assert_eq!(Day::from_date(year.try_into().unwrap(), month, date), Some(Day(days)));
        }
        assert_eq!((day("1970-01-01"), day("2030-06-15").to_string().as_str()), (Day(0), "2030-06-15"));
        for (year, month, date) in
            [(2030, 2, 29), (1900, 2, 29), (2030, 0, 1), (2030, 13, 1), (0, 1, 1), (2030, 4, 31)]
        {
            assert_eq!(Day::from_date(year, month, date), None);
        }
    }

    #[test]
    fn months_end_where_the_calendar_says() {
        for (from, span, to) in [
            ("2030-01-31", Span::Months(1), "2030-02-28"),
            ("2028-01-31", Span::Months(1), "2028-02-29"),
            ("2030-06-15", Span::Months(4), "2030-10-15"),
            ("2030-10-31", Span::Months(4), "2031-02-28"),
            ("2028-02-29", Span::Years(3), "2031-02-28"),
            ("2030-06-15", Span::Days(15), "2030-06-30"),
            ("2030-06-15", Span::ClearDays(3), "2030-06-19"),
        ] {
            assert_eq!(day(from).after(span), day(to), "{from} {span:?}");
        }
        assert_eq!(day("2030-06-19").before(Span::ClearDays(3)), day("2030-06-15"));
        assert_eq!(day("2030-03-31").before(Span::Months(1)), day("2030-02-28"));
        assert_eq!(day("2030-03-31").before(Span::Years(2)), day("2028-03-31"));
        assert_eq!(day("2030-03-16").before(Span::Days(16)), day("2030-02-28"));
        // Beyond the calendar nothing moves.
        assert_eq!(Day(i32::MAX).after(Span::Days(9)), Day(i32::MAX));
        assert_eq!(Day(i32::MAX).after(Span::Years(9)), Day(i32::MAX));
        assert_eq!(day("2030-03-05").since(day("2030-02-28")), 5);
    }
}
