//! Answers of many numbers, written straight into a buffer.

use crate::time::Time;

const MS_PER_DAY: i64 = 86_400_000;

/// Writes times as [`Time`] does, and remembers the day it wrote last: times that follow each other mostly share it.
#[derive(Debug)]
pub(crate) struct Clock {
    day: i64,
    /// `2025-12-09T`
    prefix: String,
}

impl Default for Clock {
    fn default() -> Self {
        Self { day: i64::MIN, prefix: String::new() }
    }
}

impl Clock {
    /// Appends a time given in milliseconds since 1970.
    pub(crate) fn put(&mut self, text: &mut Vec<u8>, ms: i64) {
        let ms = Time::from_ms(ms).ms();
        let (day, in_day) = (ms.div_euclid(MS_PER_DAY), ms.rem_euclid(MS_PER_DAY));
        if day != self.day {
            self.prefix = Time::from_ms(day * MS_PER_DAY).to_string();
            self.prefix.truncate(self.prefix.find('T').map_or(0, |at| at + 1));
            self.day = day;
        }
        text.extend_from_slice(self.prefix.as_bytes());
        let seconds = in_day / 1_000;
        put_digits::<2>(text, seconds / 3_600);
        text.push(b':');
        put_digits::<2>(text, seconds / 60 % 60);
        text.push(b':');
        put_digits::<2>(text, seconds % 60);
        if in_day % 1_000 != 0 {
            text.push(b'.');
            put_digits::<3>(text, in_day % 1_000);
        }
        text.push(b'Z');
    }
}

/// Appends a number as JSON; what is no number becomes `null`.
pub(crate) fn put_number(text: &mut Vec<u8>, number: f64) {
    serde_json::to_writer(text, &number).expect("invariant: a buffer takes everything");
}

/// Appends a text as JSON.
pub(crate) fn put_text(text: &mut Vec<u8>, value: &str) {
    serde_json::to_writer(text, value).expect("invariant: a buffer takes everything");
}

/// Appends a time given in milliseconds since 1970 as seconds with a fraction.
pub(crate) fn put_seconds(text: &mut Vec<u8>, ms: i64) {
    let (sign, ms) = if ms < 0 { ("-", ms.unsigned_abs()) } else { ("", ms.unsigned_abs()) };
    let written = match ms % 1_000 {
        0 => format!("{sign}{}", ms / 1_000),
        fraction => format!("{sign}{}.{fraction:03}", ms / 1_000),
    };
    text.extend_from_slice(written.as_bytes());
}

fn put_digits<const COUNT: usize>(text: &mut Vec<u8>, mut number: i64) {
    let mut digits = [b'0'; COUNT];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number.rem_euclid(10)).expect("invariant: one digit");
        number /= 10;
    }
    text.extend_from_slice(&digits);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_writes_what_a_time_writes() {
        let mut clock = Clock::default();
        for step in -5_000..5_000 {
            let ms = step * 86_399_123 + step % 7 * 1_000;
            let mut text = Vec::new();
            clock.put(&mut text, ms);
            assert_eq!(String::from_utf8(text).expect("text"), Time::from_ms(ms).to_string());
        }
    }

    #[test]
    fn what_is_no_number_is_null() {
        let mut text = Vec::new();
        put_number(&mut text, f64::NAN);
        put_text(&mut text, "a\"b");
        assert_eq!(text, br#"null"a\"b""#);
    }
}
