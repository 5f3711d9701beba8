//! How long this building's transactions take from signing to final, over the last of them.

use std::collections::VecDeque;

/// Transactions looked back on.
const KEPT_MAX: usize = 256;

/// Durations of the last transactions, milliseconds.
#[derive(Debug, Default)]
pub struct Finality {
    last_ms: VecDeque<u64>,
}

impl Finality {
    pub(super) fn note(&mut self, waited_ms: u64) {
        if self.last_ms.len() == KEPT_MAX {
            self.last_ms.pop_front();
        }
        self.last_ms.push_back(waited_ms);
    }

    /// Transactions looked at.
    pub fn count(&self) -> usize {
        self.last_ms.len()
    }

    /// The duration that `percent` of the transactions did not exceed, milliseconds; `None` before the first.
    pub fn percentile_ms(&self, percent: usize) -> Option<u64> {
        assert!(percent <= 100, "invariant: a percentage");
        let mut sorted: Vec<u64> = self.last_ms.iter().copied().collect();
        sorted.sort_unstable();
        let at = sorted.len().checked_sub(1)? * percent / 100;
        Some(sorted[at])
    }
}
