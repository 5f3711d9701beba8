//! The only place of this crate that reads the wall clock, and the hive clock the processes share.
//!
//! Hive time may run faster than the wall: `hive = epoch_hive + (wall - epoch_wall) * speed`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Milliseconds of one day.
pub const DAY_MS: i64 = 86_400_000;
/// Milliseconds of one settlement slot of 15 minutes.
pub const SLOT_MS: i64 = 900_000;

/// Wall time in milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the testnet is a tool; this is its one clock")]
pub fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// How hive time follows the wall; written into each node's `[clock]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HiveClock {
    /// Hive seconds per wall second.
    pub speed: f64,
    /// Wall milliseconds at which hive time was `epoch_hive_ms`.
    pub epoch_wall_ms: i64,
    /// Hive milliseconds at `epoch_wall_ms`.
    pub epoch_hive_ms: i64,
}

impl HiveClock {
    /// Hive time is wall time.
    pub const WALL: Self = Self { speed: 1.0, epoch_wall_ms: 0, epoch_hive_ms: 0 };

    /// Hive milliseconds since 1970, now.
    pub fn now_ms(&self) -> i64 {
        self.at_wall(wall_ms())
    }

    /// Hive milliseconds when the wall shows `wall_ms`.
    pub fn at_wall(&self, wall_ms: i64) -> i64 {
        self.epoch_hive_ms + whole((wall_ms - self.epoch_wall_ms) as f64 * self.speed)
    }

    /// The same clock, ahead by `by`.
    pub fn ahead(self, by: Duration) -> Self {
        let by_ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Self { epoch_hive_ms: self.epoch_hive_ms.saturating_add(by_ms), ..self }
    }

    /// Wall time still to pass until the hive shows `hive_ms`; zero when it already has.
    pub fn until(&self, hive_ms: i64) -> Duration {
        let ahead_ms = (hive_ms - self.now_ms()) as f64 / self.speed;
        Duration::from_secs_f64((ahead_ms / 1000.0).clamp(0.0, 86_400.0))
    }
}

/// The nearest whole number, saturating.
#[expect(
    clippy::cast_possible_truncation,
    reason = "float to integer casts saturate, which is what is wanted"
)]
pub fn whole(value: f64) -> i64 {
    value.round() as i64
}

/// `200ms`, `5s`, `2m`, `1h` or `3d`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (amount, unit) = text.split_at(digits);
    let amount: f64 = amount
        .parse()
        .map_err(|_| format!("expected a duration such as 200ms, 5s or 2m, found \"{text}\""))?;
    let seconds = match unit {
        "ms" => amount / 1000.0,
        "s" | "" => amount,
        "m" | "min" => amount * 60.0,
        "h" => amount * 3600.0,
        "d" => amount * 86_400.0,
        other => return Err(format!("expected one of ms, s, m, h, d after the number, found \"{other}\"")),
    };
    if seconds > 366.0 * 86_400.0 {
        return Err(format!("expected at most 366d, found \"{text}\""));
    }
    Ok(Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hive_time_runs_at_its_speed() {
        let clock = HiveClock { speed: 900.0, epoch_wall_ms: 1_000, epoch_hive_ms: 50_000 };
        assert_eq!(clock.at_wall(1_000), 50_000);
        assert_eq!(clock.at_wall(2_000), 950_000);
        assert_eq!(HiveClock::WALL.at_wall(77), 77);
        assert_eq!(clock.ahead(Duration::from_secs(3)).at_wall(2_000), 953_000);
    }

    #[test]
    fn durations_say_what_they_expect() {
        assert_eq!(parse_duration("200ms"), Ok(Duration::from_millis(200)));
        assert_eq!(parse_duration("1.5h"), Ok(Duration::from_secs(5400)));
        assert!(parse_duration("fast").unwrap_err().contains("fast"));
        assert!(parse_duration("3weeks").unwrap_err().contains("weeks"));
        assert!(parse_duration("900d").is_err());
    }
}
