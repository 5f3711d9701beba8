//! What a building knows of the time when readings arrive. A clock that stands before what certainly was is in doubt:
//! readings ahead of it then wait until it is right.

use protocol::limits::READING_AHEAD_MS_MAX;
use protocol::{Tick, UnixMs};

/// A clock may lag this far behind what certainly was before it is in doubt, milliseconds.
const LAG_MS_MAX: i64 = 60_000;

/// The time, and what is known besides the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The node's clock.
    pub now: UnixMs,
    /// Its monotonic clock, for rates.
    pub tick: Tick,
    /// When the hive was founded: nothing happened here before.
    pub founded: UnixMs,
    /// Time of the last final block.
    pub block: UnixMs,
}

impl From<UnixMs> for Moment {
    fn from(now: UnixMs) -> Self {
        Self { now, tick: Tick(0), founded: UnixMs(i64::MIN), block: UnixMs(i64::MIN) }
    }
}

impl Moment {
    /// The clock, but never before the hive was founded.
    pub(super) fn at_least(&self) -> UnixMs {
        self.now.max(self.founded)
    }

    /// Whether the clock stands before the founding of the hive, its last block or the newest reading stored.
    pub(super) fn is_doubtful(&self, newest: Option<UnixMs>) -> bool {
        let read = newest.map_or(i64::MIN, |newest| newest.0.saturating_sub(READING_AHEAD_MS_MAX));
        let certain = self.founded.0.max(self.block.0).max(read);
        self.now.0.saturating_add(LAG_MS_MAX) < certain
    }
}
