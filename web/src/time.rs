//! Points in time as people and scripts see them: RFC 3339 in UTC, to the millisecond. Never reads a clock.

use protocol::UnixMs;
use protocol::time::civil_from_days;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;
use utoipa::{PartialSchema, ToSchema, openapi};

const MS_PER_DAY: i64 = 86_400_000;
/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z: what RFC 3339 can write.
const MS_MIN: i64 = -62_135_596_800_000;
const MS_MAX: i64 = 253_402_300_799_999;

/// Milliseconds since 1970-01-01T00:00:00Z. Written and read as RFC 3339; always UTC when written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(i64);

impl Time {
    /// Times outside the years 1 to 9999 are moved to the nearest one that RFC 3339 can write.
    pub fn from_ms(ms: i64) -> Self {
        Self(ms.clamp(MS_MIN, MS_MAX))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn ms(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339: `2025-12-09T10:15:23Z`, optional fraction (cut after the millisecond), `Z` or `±hh:mm`.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() < 20 || bytes.len() > 40 {
            return None;
        }
        let (year, month, day) = (digits(bytes, 0, 4)?, digits(bytes, 5, 2)?, digits(bytes, 8, 2)?);
        let (hour, minute, second) = (digits(bytes, 11, 2)?, digits(bytes, 14, 2)?, digits(bytes, 17, 2)?);
        let separators = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
        let separated =
            separators.iter().all(|&(at, byte)| bytes[at] == byte) && matches!(bytes[10], b'T' | b't' | b' ');
        // Second 60 is a leap second; Unix time has no place for it, so it becomes the next second.
        let valid = year >= 1 && (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month);
        if !separated || !valid || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let (fraction_ms, rest) = fraction(&bytes[19..])?;
        let offset_minutes = offset(rest)?;
        let seconds = (hour * 60 + minute - offset_minutes) * 60 + second;
        let ms = days_from_civil(year, month, day) * MS_PER_DAY + seconds * 1000 + fraction_ms;
        (MS_MIN..=MS_MAX).contains(&ms).then_some(Self(ms))
    }
}

impl From<UnixMs> for Time {
    fn from(time: UnixMs) -> Self {
        Self::from_ms(time.0)
    }
}

impl From<Time> for UnixMs {
    fn from(time: Time) -> Self {
        Self(time.0)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, in_day) = (self.0.div_euclid(MS_PER_DAY), self.0.rem_euclid(MS_PER_DAY));
        let (year, month, day) = civil_from_days(days);
        let (seconds, ms) = (in_day / 1000, in_day % 1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if ms != 0 {
            write!(f, ".{ms:03}")?;
        }
        f.write_str("Z")
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| D::Error::custom("expected an RFC 3339 time such as 2025-12-09T10:15:23Z"))
    }
}

impl PartialSchema for Time {
    fn schema() -> openapi::RefOr<openapi::schema::Schema> {
        openapi::ObjectBuilder::new()
            .schema_type(openapi::schema::Type::String)
            .format(Some(openapi::SchemaFormat::KnownFormat(openapi::KnownFormat::DateTime)))
            .description(Some("RFC 3339, UTC, to the millisecond"))
            .build()
            .into()
    }
}

impl ToSchema for Time {}

fn digits(bytes: &[u8], at: usize, count: usize) -> Option<i64> {
    bytes
        .get(at..at + count)?
        .iter()
        .try_fold(0i64, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))
}

/// The milliseconds of an optional `.digits`, and what follows it.
fn fraction(bytes: &[u8]) -> Option<(i64, &[u8])> {
    if bytes.first() != Some(&b'.') {
        return Some((0, bytes));
    }
    let count = bytes[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let mut ms = 0;
    for index in 0..3 {
        let digit = if index < count { i64::from(bytes[1 + index] - b'0') } else { 0 };
        ms = ms * 10 + digit;
    }
    Some((ms, &bytes[1 + count..]))
}

/// Minutes east of UTC.
fn offset(bytes: &[u8]) -> Option<i64> {
    match bytes {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let (hours, minutes) = (digits(bytes, 1, 2)?, digits(bytes, 4, 2)?);
            let east = hours * 60 + minutes;
            (hours <= 23 && minutes <= 59).then_some(if *sign == b'-' { -east } else { east })
        }
        _ => None,
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(text: &str, ms: i64) {
        assert_eq!(Time::parse(text).map(Time::ms), Some(ms), "{text}");
    }

    #[test]
    fn reads_what_gateways_send() {
        reads("1970-01-01T00:00:00Z", 0);
        reads("2025-12-09T10:15:23Z", 1_765_275_323_000);
        reads("2025-12-09T10:15:23.5Z", 1_765_275_323_500);
        reads("2025-12-09T10:15:23.123456789Z", 1_765_275_323_123);
        reads("2025-12-09T11:15:23+01:00", 1_765_275_323_000);
        reads("2025-12-09T04:45:23-05:30", 1_765_275_323_000);
        reads("2024-02-29T00:00:00Z", 1_709_164_800_000);
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "2025-12-09",
            "2025-12-09T10:15:23",
            "2025-02-29T00:00:00Z",
            "2025-13-01T00:00:00Z",
            "2025-12-09T24:00:00Z",
            "2025-12-09T10:60:00Z",
            "2025-12-09T10:15:23.Z",
            "2025-12-09T10:15:23+0100",
            "2025-12-09T10:15:23+24:00",
            "0000-01-01T00:00:00Z",
            "2025-12-0éT10:15:23Z",
            "+025-12-09T10:15:23Z",
        ] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }

    #[test]
    fn writes_what_it_reads_on_every_day_of_four_centuries() {
        for day in -146_097..146_097 {
            let time = Time::from_ms(day * MS_PER_DAY + day.rem_euclid(1000));
            assert_eq!(Time::parse(&time.to_string()), Some(time), "{time}");
        }
    }
}
