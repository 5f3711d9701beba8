//! The lane of late readings: rows older than what is kept at hand are taken at a rate of their own, so that a flood of
//! old ones never holds up those of now.

use protocol::Tick;
use protocol::limits::{BACKFILL_ROWS_AT_ONCE_MAX, BACKFILL_ROWS_PER_S_MAX};

/// How many late rows may still come.
#[derive(Debug, Clone)]
pub(super) struct Lane {
    /// Thousandths of a row.
    credit: u64,
    since: Tick,
}

impl Default for Lane {
    fn default() -> Self {
        Self { credit: BACKFILL_ROWS_AT_ONCE_MAX as u64 * 1_000, since: Tick(0) }
    }
}

impl Lane {
    /// Takes so many late rows, or says after how many seconds to try again.
    pub(super) fn take(&mut self, now: Tick, rows: usize) -> Result<(), u32> {
        let passed_ms = now.since(self.since);
        self.since = now;
        let earned = passed_ms.saturating_mul(BACKFILL_ROWS_PER_S_MAX as u64);
        self.credit = self.credit.saturating_add(earned).min(BACKFILL_ROWS_AT_ONCE_MAX as u64 * 1_000);
        let needed = (rows as u64).saturating_mul(1_000);
        match self.credit.checked_sub(needed) {
            Some(left) => {
                self.credit = left;
                Ok(())
            }
            None => {
                let missing_ms = (needed - self.credit).div_ceil(BACKFILL_ROWS_PER_S_MAX as u64);
                Err(u32::try_from(missing_ms.div_ceil(1_000)).unwrap_or(u32::MAX))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_rows_come_at_their_own_rate() {
        let mut lane = Lane::default();
        assert_eq!(lane.take(Tick(0), BACKFILL_ROWS_AT_ONCE_MAX), Ok(()));
        assert_eq!(lane.take(Tick(0), BACKFILL_ROWS_PER_S_MAX), Err(1));
        assert_eq!(lane.take(Tick(500), 3 * BACKFILL_ROWS_PER_S_MAX), Err(3));
        assert_eq!(lane.take(Tick(1_000), BACKFILL_ROWS_PER_S_MAX), Ok(()));
        assert_eq!(lane.take(Tick(1_000), 1), Err(1));
        assert_eq!(lane.take(Tick(1_001), 1), Ok(()));
        assert_eq!(lane.take(Tick(u64::MAX), BACKFILL_ROWS_AT_ONCE_MAX), Ok(()), "credit is bounded");
        assert!(lane.take(Tick(u64::MAX), 1).is_err());
    }
}
