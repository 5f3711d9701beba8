//! Deadlines of the height in progress, in order.

use arc_malachitebft_core_types::{LinearTimeouts, Timeout, TimeoutKind};
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

/// Where the proposer of a round has been out of reach for long, there is nothing to wait for: this part of the time is
/// left to whoever does reach it. Later rounds wait in full, so that an authority that sees less than the others does
/// not keep them from agreeing.
const HURRIED_PART: u64 = 8;
/// Rounds before this one may be hurried.
const HURRIED_ROUNDS: i64 = 2;

#[derive(Debug, Default)]
pub(super) struct Timers {
    pending: Vec<(Tick, Timeout)>,
}

impl Timers {
    /// Sets a deadline, a nearer one where the round's proposer is absent.
    pub(super) fn schedule(&mut self, now: Tick, timeout: Timeout, is_absent: bool) {
        let ms = u64::try_from(TIMEOUTS.duration_for(timeout).as_millis()).unwrap_or(u64::MAX);
        let is_hurried =
            is_absent && timeout.kind != TimeoutKind::Rebroadcast && timeout.round.as_i64() < HURRIED_ROUNDS;
        let ms = if is_hurried { ms / HURRIED_PART } else { ms };
        self.cancel(timeout);
        self.pending.push((now.plus(ms), timeout));
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

#[cfg(test)]
mod tests {
    use super::*;
    use arc_malachitebft_core_types::Round;

    fn due_ms(timeout: Timeout, is_absent: bool) -> u64 {
        let mut timers = Timers::default();
        timers.schedule(Tick(0), timeout, is_absent);
        timers.next().expect("one is pending").0
    }

    #[test]
    fn an_absent_proposer_is_waited_for_an_eighth_of_the_time_in_the_first_two_rounds() {
        for (kind, base) in
            [(TimeoutKind::Propose, 1_000), (TimeoutKind::Prevote, 500), (TimeoutKind::Precommit, 500)]
        {
            for round in 0..4_u32 {
                let full = base + 250 * u64::from(round);
                let timeout = Timeout::new(Round::new(round), kind);
                assert_eq!(due_ms(timeout, false), full);
                assert_eq!(due_ms(timeout, true), if round < 2 { full / 8 } else { full });
            }
        }
        let again = Timeout::new(Round::new(0), TimeoutKind::Rebroadcast);
        assert_eq!((due_ms(again, false), due_ms(again, true)), (2_000, 2_000));
    }
}
