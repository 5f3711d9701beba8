//! A member's standing: debts from faults add up, time forgives them, too many at once are a ban. A pure value.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::Blame;
use super::counters;
use super::limits::EXCESS_PAUSE;

/// A member with this much debt is banned.
const BAN_POINTS: u32 = 100;
/// Points forgiven each second.
const FORGIVEN_PER_S: u32 = 1;

/// One member's debts.
#[derive(Debug, Clone)]
pub(super) struct Debts {
    points: u32,
    counted: Instant,
    excess: Option<Instant>,
    /// How often it did what; the kinds are few and ours.
    faults: BTreeMap<&'static str, u32>,
}

impl Debts {
    pub(super) fn new(now: Instant) -> Self {
        Self { points: 0, counted: now, excess: None, faults: BTreeMap::new() }
    }

    /// Debts from before a restart.
    pub(super) fn remembered(&mut self, points: u32) {
        self.points = self.points.max(points.min(BAN_POINTS - 1));
    }

    /// What is owed now.
    pub(super) fn points(&mut self, now: Instant) -> u32 {
        self.forgive(now);
        self.points
    }

    /// Adds a fault. True if the member is to be banned now.
    pub(super) fn blame(&mut self, now: Instant, severity: Blame, fault: &'static str) -> bool {
        self.forgive(now);
        let count = self.faults.entry(fault).or_default();
        *count = count.saturating_add(1);
        self.points += match severity {
            Blame::Minor => 10,
            Blame::Major => 50,
        };
        self.banned()
    }

    /// Adds a minor fault for sending too fast, at most once per pause: a single burst is one fault, however many
    /// messages it had.
    pub(super) fn exceed(&mut self, now: Instant, fault: &'static str) -> bool {
        if self.excess.is_some_and(|last| now - last < EXCESS_PAUSE) {
            return false;
        }
        self.excess = Some(now);
        counters::fault(fault);
        self.blame(now, Blame::Minor, fault)
    }

    /// Whether nothing is left to remember.
    pub(super) fn is_clean(&mut self, now: Instant) -> bool {
        self.forgive(now);
        self.points == 0
    }

    /// What is left of a full standing, 0 to 100.
    pub(super) fn standing(&mut self, now: Instant) -> u32 {
        self.forgive(now);
        BAN_POINTS.saturating_sub(self.points)
    }

    /// What it did, and how often, since it was last forgotten.
    pub(super) fn faults(&self) -> &BTreeMap<&'static str, u32> {
        &self.faults
    }

    fn banned(&mut self) -> bool {
        let banned = self.points >= BAN_POINTS;
        if banned {
            self.points = 0;
        }
        banned
    }

    fn forgive(&mut self, now: Instant) {
        let seconds = (now - self.counted).as_secs();
        self.counted += Duration::from_secs(seconds);
        let forgiven = u32::try_from(seconds).unwrap_or(u32::MAX).saturating_mul(FORGIVEN_PER_S);
        self.points = self.points.saturating_sub(forgiven);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_add_up_and_are_forgiven() {
        let start = Instant::now();
        let mut debts = Debts::new(start);
        assert!(!debts.blame(start, Blame::Major, "malformed"));
        assert_eq!(debts.standing(start), 50);
        assert!(debts.blame(start, Blame::Major, "malformed"));
        assert!(debts.is_clean(start), "a ban settles the debts");
        assert_eq!(debts.faults(), &BTreeMap::from([("malformed", 2)]), "and what was done is remembered");

        assert!(!debts.blame(start, Blame::Major, "malformed"));
        let later = start + Duration::from_secs(20);
        assert!(!debts.blame(later, Blame::Major, "signature"));
        assert!(!debts.is_clean(later + Duration::from_secs(79)));
        assert!(debts.is_clean(later + Duration::from_secs(80)));
    }

    #[test]
    fn a_burst_is_one_fault_and_a_flood_is_a_ban() {
        let start = Instant::now();
        let mut debts = Debts::new(start);
        assert!((0..10_000).all(|_| !debts.exceed(start, "too_fast")));
        let banned = (1..100).find(|i| debts.exceed(start + EXCESS_PAUSE * *i, "too_fast"));
        assert_eq!(banned, Some(10), "ten more pauses of flooding, one or two points forgiven");
    }
}
