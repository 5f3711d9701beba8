//! Deadlines of the height in progress, in order.

use arc_malachitebft_core_types::{LinearTimeouts, Timeout};
use protocol::Tick;
use std::time::Duration;

/// Timeouts that give finality in milliseconds on a local network and still pass over 40 ms links: propose 1,000 ms,
/// votes 500 ms, each 250 ms longer per round, repeated after 2,000 ms, 20 s at the most.
pub(super) const TIMEOUTS: LinearTimeouts = LinearTimeouts {
    propose: Duration::from_millis(1_000),
    propose_delta: Duration::from_millis(250),
    prevote: Duration::from_millis(500),
    prevote_delta: Duration::from_millis(250),
    precommit: Duration::from_millis(500),
    precommit_delta: Duration::from_millis(250),
    rebroadcast: Duration::from_millis(2_000),
    max_timeout: Duration::from_secs(20),
};

#[derive(Debug, Default)]
pub(super) struct Timers {
    pending: Vec<(Tick, Timeout)>,
}

impl Timers {
    pub(super) fn schedule(&mut self, now: Tick, timeout: Timeout) {
        let ms = TIMEOUTS.duration_for(timeout).as_millis();
        self.cancel(timeout);
        self.pending.push((now.plus(u64::try_from(ms).unwrap_or(u64::MAX)), timeout));
    }

    pub(super) fn cancel(&mut self, timeout: Timeout) {
        self.pending.retain(|(_, pending)| *pending != timeout);
    }

    pub(super) fn cancel_all(&mut self) {
        self.pending.clear();
    }

    pub(super) fn next(&self) -> Option<Tick> {
        self.pending.iter().map(|(due, _)| *due).min()
    }

    /// The first timeout that is due, removed.
    pub(super) fn due(&mut self, now: Tick) -> Option<Timeout> {
        let (index, _) = self
            .pending
            .iter()
            .enumerate()
            .filter(|(_, (due, _))| *due <= now)
            .min_by_key(|(_, (due, _))| *due)?;
        Some(self.pending.remove(index).1)
    }
}
