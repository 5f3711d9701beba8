//! The month that carbon credits come from.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

use crate::error::Invalid;
use crate::time::civil_from_days;

/// A calendar month in UTC: months since January 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Vintage(u16);

impl Vintage {
    /// The first month there is, and the last.
    pub const FIRST: Self = Self(0);
    /// See [`Self::FIRST`].
    pub const LAST: Self = Self(u16::MAX);

    /// The month of a day since 1970-01-01; the last one there is for days beyond it.
    pub fn of_day(day: u64) -> Self {
        // Days past the last month, some 5,461 years, are all the same.
        let (year, month, _) = civil_from_days(i64::try_from(day).unwrap_or(i64::MAX).min(2_000_000));
        u16::try_from((year - 1970) * 12 + month - 1).map_or(Self::LAST, Self)
    }

    /// Months since January 1970.
    pub const fn months(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Vintage {
    /// As in `2026-11`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", 1970 + self.0 / 12, self.0 % 12 + 1)
    }
}

impl FromStr for Vintage {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong =
            || Invalid::Text { field: "month", expected: "a month such as 2026-11", found: text.len() };
        let is_digits = |part: &str, count| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
        let (year, month) = text.split_once('-').ok_or_else(wrong)?;
        if !is_digits(year, 4) || !is_digits(month, 2) {
            return Err(wrong());
        }
        let (year, month): (u16, u16) =
            (year.parse().map_err(|_| wrong())?, month.parse().map_err(|_| wrong())?);
        let years = year.checked_sub(1970).filter(|_| (1..=12).contains(&month)).ok_or_else(wrong)?;
        years.checked_mul(12).and_then(|months| months.checked_add(month - 1)).map(Self).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_lie_in_their_months() {
        for (day, month) in
            [(0, "1970-01"), (30, "1970-01"), (31, "1970-02"), (20_779, "2026-11"), (20_819, "2027-01")]
        {
            assert_eq!(Vintage::of_day(day).to_string(), month);
            assert_eq!(month.parse(), Ok(Vintage::of_day(day)));
        }
        assert_eq!(Vintage::of_day(u64::MAX), Vintage::LAST);
        assert_eq!(Vintage::LAST.to_string(), "7431-04");
        assert_eq!("7431-04".parse(), Ok(Vintage::LAST));
    }

    #[test]
    fn other_texts_are_no_month() {
        for wrong in [
            "",
            "2026",
            "2026-13",
            "2026-00",
            "1969-12",
            "26-11",
            "2026-1",
            "+026-11",
            "9999-12",
            "2026-11-01",
        ] {
            assert!(wrong.parse::<Vintage>().is_err(), "{wrong}");
        }
    }
}
