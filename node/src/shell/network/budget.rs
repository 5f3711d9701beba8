//! How often something may happen: so many times at once, and then so many times a second. A pure value, for what is
//! counted one by one; bytes and messages have [`super::meter`].

use std::time::Duration;

use tokio::time::Instant;

/// Tokens that come back with time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    /// Time that one token takes to come back.
    each: Duration,
    /// Time that all of them take.
    all: Duration,
    /// When none will be missing any more.
    full_at: Option<Instant>,
}

impl Budget {
    /// `at_once` tokens, of which `per_s` come back each second; both at least 1.
    pub(super) fn new(at_once: u32, per_s: u32) -> Self {
        let each = Duration::from_secs(1) / per_s.max(1);
        Self { each, all: each * at_once.max(1), full_at: None }
    }

    /// Takes a token, if there is one.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let full_at = self.full_at.map_or(now, |at| at.max(now)) + self.each;
        let taken = full_at <= now + self.all;
        if taken {
            self.full_at = Some(full_at);
        }
        taken
    }

    /// When nothing will be missing; none before the first was taken.
    pub(super) fn full_at(&self) -> Option<Instant> {
        self.full_at
    }

    /// Gives back one that was taken for nothing.
    pub(super) fn put_back(&mut self) {
        self.full_at = self.full_at.and_then(|at| at.checked_sub(self.each));
    }

    /// Whether nothing is missing.
    pub(super) fn is_full(&self, now: Instant) -> bool {
        self.full_at.is_none_or(|at| at <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let now = Instant::now();
        let mut budget = Budget::new(20, 4);
        assert!(budget.is_full(now));
        assert_eq!((0..100).filter(|_| budget.take(now)).count(), 20);
        assert!(!budget.is_full(now) && budget.is_full(now + Duration::from_secs(5)));
        assert_eq!((0..100).filter(|_| budget.take(now + Duration::from_secs(1))).count(), 4);
        assert_eq!((0..100).filter(|_| budget.take(now + Duration::from_secs(100))).count(), 20);
    }
}
