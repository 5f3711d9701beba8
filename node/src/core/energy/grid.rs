//! Slots as a row of equal stretches of time, aligned to UTC.

use protocol::UnixMs;
use protocol::limits::ENERGY_GAP_MS_MAX;

/// `count` slots of one length, one behind the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// Start of the first one.
    pub from: UnixMs,
    /// Width of each, milliseconds, at least 1.
    pub slot_ms: i64,
    /// How many.
    pub count: usize,
}

impl Grid {
    /// The slots that touch `[from, to)`, at most `max`.
    pub fn over(from: UnixMs, to: UnixMs, slot_ms: i64, max: usize) -> Self {
        let slot_ms = slot_ms.max(1);
        let from = floor(from, slot_ms);
        let span = to.since(from).max(0);
        let wanted = span / slot_ms + i64::from(span % slot_ms > 0);
        let count = usize::try_from(wanted).unwrap_or(usize::MAX).min(max);
        Self { from, slot_ms, count }
    }

    /// First time behind the last slot.
    pub fn to(&self) -> UnixMs {
        self.start(self.count)
    }

    /// First and last time of the readings that matter to its slots.
    pub fn reach(&self) -> (UnixMs, UnixMs) {
        (self.from.plus(-ENERGY_GAP_MS_MAX), self.to().plus(ENERGY_GAP_MS_MAX))
    }

    /// Start of slot `index`.
    pub fn start(&self, index: usize) -> UnixMs {
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        self.from.plus(index.saturating_mul(self.slot_ms))
    }

    /// The slots that `[from, to)` touches.
    pub(super) fn touched(&self, from: i64, to: i64) -> std::ops::Range<usize> {
        let at = |time: i64| {
            let index = time.saturating_sub(self.from.0).div_euclid(self.slot_ms);
            usize::try_from(index.max(0)).unwrap_or(usize::MAX).min(self.count)
        };
        let first = at(from);
        if to <= self.from.0 || to <= from {
            return first..first;
        }
        first..at(to - 1).saturating_add(1).min(self.count).max(first)
    }
}

/// The last limit between two slots at or before `time`.
pub(super) fn floor(time: UnixMs, slot_ms: i64) -> UnixMs {
    UnixMs(time.0.saturating_sub(time.0.rem_euclid(slot_ms.max(1))))
}
