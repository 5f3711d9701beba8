//! The stretches of time that figures are about: weeks from Monday on and calendar months, in UTC.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::limits::{AGGREGATE_RELEASE_MS, AGGREGATE_WINDOW_MS};
use crate::time::{UnixMs, civil_from_days};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Periods further ahead are all taken for this one: the year 11,970 in months.
const NUMBER_MAX: u64 = 120_000;

/// How often a figure is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Cadence {
    /// Each week.
    Week,
    /// Each month.
    Month,
}

/// A week or a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize_tuple, Deserialize_tuple)]
pub struct Period {
    /// Which of the two.
    pub cadence: Cadence,
    /// Weeks since Monday, 1969-12-29, or months since January 1970.
    pub number: u64,
}

impl Cadence {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Week, Self::Month];

    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

impl Period {
    /// The one that runs at a time; the first one before 1970.
    pub fn at(cadence: Cadence, time: UnixMs) -> Self {
        let days = time.0.max(0).div_euclid(DAY_MS);
        let number = match cadence {
            Cadence::Week => (days + 3) / 7,
            Cadence::Month => {
                let (year, month, _) = civil_from_days(days);
                (year - 1970) * 12 + month - 1
            }
        };
        Self { cadence, number: u64::try_from(number).unwrap_or(0) }
    }

    /// Its first moment.
    pub fn start(self) -> UnixMs {
        let number = i64::try_from(self.number.min(NUMBER_MAX)).expect("invariant: a small number");
        let days = match self.cadence {
            Cadence::Week => number * 7 - 3,
            Cadence::Month => first_day(1970 + number / 12, number % 12 + 1),
        };
        UnixMs(days * DAY_MS)
    }

    /// The first moment after it.
    pub fn end(self) -> UnixMs {
        self.next().start()
    }

    /// The one after it.
    pub fn next(self) -> Self {
        Self { number: self.number.saturating_add(1), ..self }
    }

    /// The one before it.
    pub fn previous(self) -> Self {
        Self { number: self.number.saturating_sub(1), ..self }
    }

    /// The month in which it begins; its groups are those of this month.
    pub fn month(self) -> u64 {
        match self.cadence {
            Cadence::Week => Self::at(Cadence::Month, self.start()).number,
            Cadence::Month => self.number,
        }
    }

    /// From then on no report of it is taken.
    pub fn closes(self) -> UnixMs {
        self.end().plus(AGGREGATE_WINDOW_MS)
    }

    /// From then on no figure of it is taken.
    pub fn lapses(self) -> UnixMs {
        self.closes().plus(AGGREGATE_RELEASE_MS)
    }
}

/// Days from 1970-01-01 to the first of a month (Howard Hinnant, `days_from_civil`).
fn first_day(year: i64, month: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let yoe = year.rem_euclid(400);
    let doy = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(period: Period) -> (String, i64) {
        (period.start().to_string()[..10].to_owned(), period.end().since(period.start()) / DAY_MS)
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let time = UnixMs(1_765_275_323_000);
        let week = Period::at(Cadence::Week, time);
        let month = Period::at(Cadence::Month, time);
        assert_eq!(days(week), ("2025-12-08".to_owned(), 7));
        assert_eq!(days(month), ("2025-12-01".to_owned(), 31));
        assert_eq!(days(month.previous()), ("2025-11-01".to_owned(), 30));
        assert_eq!((week.month(), month.month()), (month.number, month.number));
    }

    /// For two hundred years of days each moment lies in its own period and in no other.
    #[test]
    fn periods_leave_no_gap() {
        for day in 0..73_000 {
            let time = UnixMs(day * DAY_MS + DAY_MS / 2);
            for cadence in Cadence::ALL {
                let period = Period::at(cadence, time);
                assert!(period.start() <= time && time < period.end(), "{time}");
                assert_eq!(period.next().start(), period.end());
                assert_eq!(Period::at(cadence, period.start()), period);
            }
        }
    }

    #[test]
    fn a_period_far_away_overflows_nothing() {
        for cadence in Cadence::ALL {
            let far = Period { cadence, number: u64::MAX };
            assert_eq!(far.start(), far.end());
            assert!(far.lapses() > far.closes() && far.next() == far && far.month() > 0);
        }
    }
}
