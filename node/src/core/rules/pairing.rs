//! Two metrics as one number: readings that bear the same time are put together, in whatever order they arrive.

use std::collections::VecDeque;

use crate::core::policy::Operator;

/// Readings that wait for their counterpart; beyond that the oldest are given up.
const WAITING_MAX: usize = 1_024;

/// Which of the two metrics a reading is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    First,
    Second,
}

/// Waits for counterparts.
#[derive(Debug, Clone)]
pub(super) struct Pairing {
    operator: Operator,
    /// Readings without a counterpart, by time.
    waiting: VecDeque<(i64, f64, Side)>,
    /// How many pairs gave no number, and the time of the last one.
    unevaluable: u64,
    last_unevaluable: Option<i64>,
    pairs: u64,
}

impl Pairing {
    pub(super) const fn new(operator: Operator) -> Self {
        Self { operator, waiting: VecDeque::new(), unevaluable: 0, last_unevaluable: None, pairs: 0 }
    }

    /// Pairs that gave no number, and the time of the last one.
    pub(super) fn unevaluable(&self) -> Option<(u64, i64)> {
        self.last_unevaluable.map(|time| (self.unevaluable, time))
    }

    /// Pairs so far.
    pub(super) const fn pairs(&self) -> u64 {
        self.pairs
    }

    /// Takes a reading. Answers what came of it and its counterpart: NaN where that is no number.
    pub(super) fn insert(&mut self, time: i64, value: f64, side: Side) -> Option<f64> {
        let at = match self.waiting.back() {
            Some((newest, ..)) if time <= *newest => {
                self.waiting.partition_point(|(known, ..)| *known < time)
            }
            Some(_) | None => self.waiting.len(),
        };
        match self.waiting.get(at).copied() {
            Some((known, _, other)) if known == time && other == side => None,
            Some((known, counterpart, _)) if known == time => {
                self.waiting.remove(at);
                Some(self.evaluate(time, value, counterpart, side))
            }
            Some(_) | None => {
                self.waiting.insert(at, (time, value, side));
                if self.waiting.len() > WAITING_MAX {
                    self.waiting.pop_front();
                }
                None
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    fn evaluate(&mut self, time: i64, value: f64, counterpart: f64, side: Side) -> f64 {
        let (a, b) = match side {
            Side::First => (value, counterpart),
            Side::Second => (counterpart, value),
        };
        self.pairs += 1;
        self.operator.apply(a, b).unwrap_or_else(|| {
            self.unevaluable += 1;
            self.last_unevaluable = Some(time);
            f64::NAN
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_of_one_time_meet_in_any_order() {
        let mut pairing = Pairing::new(Operator::Minus);
        assert_eq!(pairing.insert(20, 7.0, Side::Second), None);
        assert_eq!(pairing.insert(10, 5.0, Side::First), None);
        assert_eq!(pairing.insert(10, 5.0, Side::First), None, "the same one twice");
        assert_eq!(pairing.insert(10, 1.0, Side::Second), Some(4.0));
        assert_eq!(pairing.insert(20, 1.0, Side::First), Some(-6.0));
        assert!(pairing.waiting.is_empty());
    }

    #[test]
    fn a_division_by_zero_is_no_number_and_is_counted() {
        let mut pairing = Pairing::new(Operator::Over);
        pairing.insert(10, 0.0, Side::Second);
        assert!(pairing.insert(10, 5.0, Side::First).is_some_and(f64::is_nan));
        assert_eq!((pairing.unevaluable(), pairing.pairs()), (Some((1, 10)), 1));
    }

    #[test]
    fn what_never_meets_is_bounded() {
        let mut pairing = Pairing::new(Operator::Plus);
        (0..5_000).for_each(|time| assert_eq!(pairing.insert(time, 1.0, Side::First), None));
        assert_eq!(pairing.waiting.len(), WAITING_MAX);
    }
}
