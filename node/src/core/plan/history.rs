//! What was metered, slot by slot, for as long as a forecast looks back. A slot without a value is missing, never zero.

use std::collections::VecDeque;

use protocol::limits::{PLAN_HISTORY_SLOTS_MAX, PLAN_SLOT_WH_MAX};

use super::{PlanError, SlotNumber};

/// A bounded series of metered slots.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// Slot of the first entry; without meaning while there is none.
    first: i64,
    values: VecDeque<Option<i64>>,
}

impl History {
    /// Takes down what a slot brought, Wh; a later word on the same slot stands in place of the earlier. A slot further
    /// back than the history reaches is passed over.
    pub fn record(&mut self, slot: SlotNumber, energy_wh: i64) -> Result<(), PlanError> {
        if energy_wh.unsigned_abs() > PLAN_SLOT_WH_MAX.unsigned_abs() {
            return Err(PlanError::EnergyTooLarge { found_wh: energy_wh, limit_wh: PLAN_SLOT_WH_MAX });
        }
        self.reach(slot);
        if let Some(place) = self.place(slot) {
            self.values[place] = Some(energy_wh);
        }
        Ok(())
    }

    /// Takes back what was said about a slot: it is missing again.
    pub fn forget(&mut self, slot: SlotNumber) {
        if let Some(place) = self.place(slot) {
            self.values[place] = None;
        }
    }

    /// What a slot brought, Wh, if it is known.
    pub fn get(&self, slot: SlotNumber) -> Option<i64> {
        self.place(slot).and_then(|place| self.values[place])
    }

    /// The oldest slot that is held.
    pub fn oldest(&self) -> Option<SlotNumber> {
        (!self.values.is_empty()).then_some(SlotNumber(self.first))
    }

    /// The slot behind the newest that is held.
    pub fn end(&self) -> Option<SlotNumber> {
        (!self.values.is_empty()).then(|| SlotNumber(self.first).plus(self.len()))
    }

    fn len(&self) -> i64 {
        i64::try_from(self.values.len()).expect("invariant: the history is bounded")
    }

    fn place(&self, slot: SlotNumber) -> Option<usize> {
        let place = usize::try_from(slot.0.checked_sub(self.first)?).ok()?;
        (place < self.values.len()).then_some(place)
    }

    /// Makes room for a slot, at either end, and lets go of what is too old.
    fn reach(&mut self, slot: SlotNumber) {
        let most = i64::try_from(PLAN_HISTORY_SLOTS_MAX).expect("invariant: the limit is small");
        let ahead = slot.0.saturating_sub(self.first.saturating_add(self.len()));
        if self.values.is_empty() || ahead >= most {
            self.values = VecDeque::from([None]);
            self.first = slot.0;
            return;
        }
        for _ in 0..=ahead {
            self.values.push_back(None);
        }
        while self.len() > most {
            self.values.pop_front();
            self.first += 1;
        }
        while slot.0 < self.first && self.len() < most {
            self.values.push_front(None);
            self.first -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(values: &[(i64, i64)]) -> History {
        let mut history = History::default();
        for (slot, wh) in values {
            history.record(SlotNumber(*slot), *wh).unwrap();
        }
        history
    }

    #[test]
    fn gaps_are_missing() {
        let mut history = history(&[(10, 5), (13, 0), (8, 7), (10, 6)]);
        let found: Vec<_> = (7..15).map(|slot| history.get(SlotNumber(slot))).collect();
        assert_eq!(found, [None, Some(7), None, Some(6), None, None, Some(0), None]);
        assert_eq!((history.oldest(), history.end()), (Some(SlotNumber(8)), Some(SlotNumber(14))));
        history.forget(SlotNumber(13));
        assert_eq!(history.get(SlotNumber(13)), None);
    }

    #[test]
    fn it_is_bounded_whatever_comes() {
        let most = PLAN_HISTORY_SLOTS_MAX as i64;
        for slots in [vec![0, most * 3], vec![i64::MIN, 0, i64::MAX], vec![0, most, -5 * most, most + 1]] {
            let values: Vec<_> = slots.iter().map(|slot| (*slot, 1)).collect();
            let history = history(&values);
            assert!(history.values.len() <= PLAN_HISTORY_SLOTS_MAX);
        }
        let long = history(&(0..most + 2).map(|slot| (slot, slot)).collect::<Vec<_>>());
        assert_eq!(long.oldest(), Some(SlotNumber(2)));
        assert_eq!(long.get(SlotNumber(most + 1)), Some(most + 1));
    }

    #[test]
    fn an_impossible_energy_is_refused() {
        let mut history = History::default();
        let found_wh = PLAN_SLOT_WH_MAX + 1;
        let refused = PlanError::EnergyTooLarge { found_wh, limit_wh: PLAN_SLOT_WH_MAX };
        assert_eq!(history.record(SlotNumber(1), found_wh), Err(refused));
        assert!(history.record(SlotNumber(1), i64::MIN).is_err());
        assert_eq!(history.oldest(), None);
    }
}
