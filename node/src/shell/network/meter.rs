//! How much may be sent: two token buckets, messages and bytes, per peer, direction and kind of traffic. Shared between
//! the task and the worker of a stream, so it is two atomic numbers rather than state with an owner (generic cell rate
//! algorithm: each number is the time at which its bucket would be full again).
//!
//! What arrives is measured against the limits; what leaves is held to a part of them, so that no honest node, however
//! busy, is ever taken for a flood.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::limits::{BURST_S, BYTES_PER_S, MESSAGES_PER_S};

const SECOND_NS: u64 = 1_000_000_000;
const BURST_NS: u64 = BURST_S as u64 * SECOND_NS;
const MESSAGE_NS: u64 = SECOND_NS / MESSAGES_PER_S as u64;
/// What leaves counts this many percent of what it would count on arrival.
const OUTGOING_PERCENT: u64 = 133;

/// Which bucket had not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Excess {
    /// Too many messages; ask again after the pause.
    Messages(Duration),
    /// Too many bytes; ask again after the pause.
    Bytes(Duration),
}

impl Excess {
    pub(super) fn pause(self) -> Duration {
        match self {
            Self::Messages(pause) | Self::Bytes(pause) => pause,
        }
    }
}

/// The buckets of one peer for one kind of traffic in one direction.
#[derive(Debug)]
pub(super) struct Meter {
    start: Instant,
    percent: u64,
    messages_full_at: AtomicU64,
    bytes_full_at: AtomicU64,
}

impl Meter {
    pub(super) fn incoming(now: Instant) -> Self {
        Self {
            start: now,
            percent: 100,
            messages_full_at: AtomicU64::new(0),
            bytes_full_at: AtomicU64::new(0),
        }
    }

    pub(super) fn outgoing(now: Instant) -> Self {
        Self { percent: OUTGOING_PERCENT, ..Self::incoming(now) }
    }

    /// Takes one message of `bytes` out of the buckets, or says how long to wait.
    pub(super) fn charge(&self, now: Instant, bytes: usize) -> Result<(), Excess> {
        self.charge_all(now, 1, bytes as u64)
    }

    /// Takes several messages of together `bytes` out of the buckets, or says how long to wait.
    pub(super) fn charge_all(&self, now: Instant, messages: u64, bytes: u64) -> Result<(), Excess> {
        let now_ns = u64::try_from((now - self.start).as_nanos()).unwrap_or(u64::MAX / 2);
        let bytes_ns = (bytes * self.percent).saturating_mul(SECOND_NS / 100) / u64::from(BYTES_PER_S);
        let message_ns = (MESSAGE_NS * self.percent / 100).saturating_mul(messages);
        take(&self.bytes_full_at, now_ns, bytes_ns).map_err(Excess::Bytes)?;
        take(&self.messages_full_at, now_ns, message_ns).map_err(|pause| {
            self.bytes_full_at.fetch_sub(bytes_ns, Ordering::Relaxed);
            Excess::Messages(pause)
        })
    }

    /// Whether nothing is missing in either bucket.
    pub(super) fn is_full(&self, now: Instant) -> bool {
        let now_ns = u64::try_from((now - self.start).as_nanos()).unwrap_or(u64::MAX / 2);
        [&self.messages_full_at, &self.bytes_full_at].iter().all(|at| at.load(Ordering::Relaxed) <= now_ns)
    }
}

fn take(full_at: &AtomicU64, now: u64, cost: u64) -> Result<(), Duration> {
    let taken = |at: u64| at.max(now).saturating_add(cost);
    full_at
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |at| {
            (taken(at) <= now.saturating_add(BURST_NS)).then(|| taken(at))
        })
        .map(|_| ())
        .map_err(|at| Duration::from_nanos(taken(at) - now - BURST_NS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let now = Instant::now();
        let meter = Meter::incoming(now);
        let burst = BURST_S * MESSAGES_PER_S;
        assert!((0..burst).all(|_| meter.charge(now, 10).is_ok()));
        let Err(Excess::Messages(pause)) = meter.charge(now, 10) else { panic!("message {burst} passed") };
        assert_eq!(meter.charge(now + pause, 10), Ok(()));
        let later = now + pause + Duration::from_secs(1);
        let passed = (0..2 * MESSAGES_PER_S).filter(|_| meter.charge(later, 10).is_ok()).count();
        assert_eq!(passed, MESSAGES_PER_S as usize);
    }

    #[test]
    fn bytes_count_too_and_a_refused_message_costs_nothing() {
        let now = Instant::now();
        let meter = Meter::incoming(now);
        let half = (BURST_S * BYTES_PER_S / 2) as usize;
        assert_eq!(meter.charge(now, half), Ok(()));
        assert!(matches!(meter.charge(now, half + 1000), Err(Excess::Bytes(_))));
        assert_eq!(meter.charge(now, half), Ok(()));
    }

    #[test]
    fn what_leaves_at_its_limit_is_never_too_much_on_arrival() {
        let mut now = Instant::now();
        let (outgoing, incoming) = (Meter::outgoing(now), Meter::incoming(now));
        for bytes in [10, 100_000].repeat(20_000) {
            if let Err(excess) = outgoing.charge(now, bytes) {
                now += excess.pause();
                assert_eq!(outgoing.charge(now, bytes), Ok(()));
            }
            assert_eq!(incoming.charge(now, bytes), Ok(()));
        }
    }
}
