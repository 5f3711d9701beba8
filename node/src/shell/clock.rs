//! The only place of the node that reads a clock. Everything else is told the time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use protocol::{Now, Tick, UnixMs};

use crate::config::ClockConfig;

/// The node's monotonic clock, from its start, and the hive's clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started: Instant,
    config: ClockConfig,
}

impl Clock {
    /// Starts at tick 0.
    pub fn start(config: ClockConfig) -> Self {
        Self { started: monotonic(), config }
    }

    /// Both clocks, read now.
    pub fn now(&self) -> Now {
        let tick = self.tick();
        let wall_ms = wall_ms().saturating_add(self.config.jumps.offset_ms(tick.0));
        Now { tick, time: self.hive_time(wall_ms) }
    }

    /// Hive milliseconds per 1,000 wall milliseconds.
    pub const fn speed_millis(&self) -> u64 {
        self.config.speed_millis
    }

    fn tick(&self) -> Tick {
        let elapsed = monotonic().duration_since(self.started);
        Tick(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
    }

    /// `epoch_hive + (wall − epoch_wall) × speed`; both epochs 0 at speed 1 is the wall itself.
    fn hive_time(&self, wall_ms: i64) -> UnixMs {
        let since = i128::from(wall_ms) - i128::from(self.config.epoch_wall_ms);
        let hive =
            i128::from(self.config.epoch_hive_ms) + since * i128::from(self.config.speed_millis) / 1000;
        UnixMs(i64::try_from(hive).unwrap_or(if hive < 0 { i64::MIN } else { i64::MAX }))
    }
}

/// Measures how long something takes, for counters only.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self(monotonic())
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        monotonic().duration_since(self.0)
    }
}

/// The wall clock, for file names and diagnostics only.
#[expect(clippy::disallowed_methods, reason = "this is the node's one clock")]
pub fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[expect(clippy::disallowed_methods, reason = "this is the node's one clock")]
fn monotonic() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Jumps;

    fn hive(speed_millis: u64, epoch_wall_ms: i64, epoch_hive_ms: i64, wall: i64) -> i64 {
        let config = ClockConfig { speed_millis, epoch_wall_ms, epoch_hive_ms, jumps: Jumps::NONE };
        Clock { started: monotonic(), config }.hive_time(wall).0
    }

    #[test]
    fn hive_time_follows_the_wall_at_its_speed() {
        assert_eq!(hive(1000, 0, 0, 1_765_275_323_000), 1_765_275_323_000);
        assert_eq!(hive(900_000, 1_000, 50_000, 1_001), 50_900);
        assert_eq!(hive(500, 1_000, 50_000, 3_000), 51_000);
        assert_eq!(hive(900_000, 1_000, 50_000, 0), 50_000 - 900_000);
        assert_eq!(hive(u64::MAX, 0, 0, i64::MAX), i64::MAX, "saturates");
    }

    #[test]
    fn ticks_never_go_back() {
        let clock = Clock::start(ClockConfig {
            speed_millis: 1000,
            epoch_wall_ms: 0,
            epoch_hive_ms: 0,
            jumps: Jumps::NONE,
        });
        let first = clock.now().tick;
        assert!(clock.now().tick >= first);
    }
}
