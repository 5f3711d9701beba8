//! A battery that neighbours share, behind this building's meter: planned for the whole hive, from the totals that stand on
//! the ledger, the import its coordinator asked to stay below, and what members agreed to move. Like every plan it switches
//! nothing.

use ledger::State;
use protocol::energy::SlotId;
use protocol::limits::PLAN_HISTORY_SLOTS_MAX;

use super::shifting::{Wish, WishStage};
use super::work::index;
use crate::core::plan::{
    Action, Battery, Calendar, Guide, History, Order, PlanError, Prices, Reason, SlotNumber, Stage, Step,
    act, decide_together, guide, values,
};

/// What a plan for the hive's battery rests on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HiveNeeds {
    /// What all buildings together took from the grid, or gave to it where negative, as far as it is settled.
    pub(super) history: History,
    /// What the hive voted, slot by slot.
    pub(super) prices: Vec<Prices>,
    pub(super) asked: Option<Asked>,
}

/// What the hive's coordinator asked for, and what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) earlier: SlotNumber,
    pub(super) relieved: SlotNumber,
    pub(super) end: SlotNumber,
    /// Import of the hive that is aimed at in a relieved slot, Wh.
    pub(super) import_max_wh: i64,
    /// What members move from the relieved slots to those before, Wh; 0 while that is not agreed.
    pub(super) moved_wh: i64,
}

/// The course of the shared batteries of a building.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedPlan {
    /// How it came about: greedy where the hive's past says too little.
    pub stage: Stage,
    /// Why it is not all that could be.
    pub reasons: Vec<Reason>,
    /// Import of the hive in one slot that it keeps below where it can, Wh; none before a day of the hive is known.
    pub import_max_wh: Option<i64>,
    /// What the coordinator asked for in the slots that it wants relieved, Wh; none where it asked for nothing.
    pub asked_max_wh: Option<i64>,
    /// Energy that is kept for peaks, Wh.
    pub reserve_wh: i64,
    /// What each store does, by store and slot.
    pub(super) steps: Vec<Vec<Step>>,
    /// What each store is asked for, by store and slot.
    pub(super) orders: Vec<Vec<Order>>,
}

impl HiveNeeds {
    /// Looks at what the ledger and the coordinator say of the slots that are to be planned.
    pub(super) fn of<'a>(
        state: &State,
        first: SlotNumber,
        prices: Vec<Prices>,
        wishes: impl Iterator<Item = &'a Wish>,
    ) -> Self {
        let mut history = History::default();
        record_totals(&mut history, state, first);
        let asked = wishes.filter_map(Asked::of).find(|asked| asked.end > first);
        Self { history, prices, asked }
    }

    /// Plans the stores as one and shares the orders by capacity. There always is a plan; where the hive's past says
    /// nothing of a slot they rest.
    pub(super) fn plan(&self, calendar: &Calendar, first: SlotNumber, stores: Vec<Battery>) -> SharedPlan {
        let found = Battery::together(&stores)
            .and_then(|together| guide(&self.history, calendar, first, &self.prices, together));
        let guide = found.unwrap_or_else(|error| greedy(first, &error));
        let count = self.prices.len();
        let needs = self.needs(calendar, first);
        let kept = self.kept(first, &needs, &stores);
        let capacity_wh: i64 = stores.iter().map(|store| store.spec().capacity_wh()).sum();
        let mut plan = SharedPlan {
            stage: guide.stage,
            reasons: guide.reasons.clone(),
            import_max_wh: guide.import_max_wh,
            asked_max_wh: self.asked.map(|asked| asked.import_max_wh),
            reserve_wh: guide.reserve_wh,
            steps: vec![Vec::with_capacity(count); stores.len()],
            orders: vec![Vec::with_capacity(count); stores.len()],
        };
        let mut stores = stores;
        for (at, need) in needs.into_iter().enumerate() {
            let order = self.order(&guide, first.plus(index(at)), kept[at]);
            let actions = match need {
                Some(need) => decide_together(&stores, need, order, calendar.length()),
                None => vec![Action::default(); stores.len()],
            };
            for (place, (store, action)) in stores.iter_mut().zip(actions).enumerate() {
                act(store, action, calendar.length());
                plan.steps[place].push(Step { net_wh: action.net_wh(), stored_wh: store.stored_wh() });
                plan.orders[place].push(order.part_of(store.spec().capacity_wh(), capacity_wh));
            }
        }
        plan
    }

    /// What each slot will probably need, with what members agreed to move.
    fn needs(&self, calendar: &Calendar, first: SlotNumber) -> Vec<Option<i64>> {
        let forecast = values(&self.history, calendar, first, self.prices.len()).into_iter().enumerate();
        let moved = |at: usize, need: i64| need.saturating_add(self.moved_to(first.plus(index(at))));
        forecast.map(|(at, need)| need.map(|need| moved(at, need))).collect()
    }

    /// Stored energy that the slots behind each one will take so that the coordinator's limit holds, Wh.
    fn kept(&self, first: SlotNumber, needs: &[Option<i64>], stores: &[Battery]) -> Vec<i64> {
        let out = stores.iter().map(|store| store.spec().efficiencies_per_mille().1).min().unwrap_or(1_000);
        let mut later = 0i64;
        let kept = needs.iter().enumerate().rev().map(|(at, need)| {
            let kept = later;
            let limit = self.asked_of(first.plus(index(at))).map_or(i64::MAX, |asked| asked.import_max_wh);
            let beyond = need.map_or(0, |need| need.saturating_sub(limit).max(0));
            // Rounded up, so that the last slot has as much as the first.
            later = later.saturating_add((beyond.saturating_mul(1_000) + out - 1) / out);
            kept
        });
        let mut kept: Vec<i64> = kept.collect();
        kept.reverse();
        kept
    }

    /// The request that wants a slot relieved.
    fn asked_of(&self, slot: SlotNumber) -> Option<Asked> {
        self.asked.filter(|asked| (asked.relieved..asked.end).contains(&slot))
    }

    /// In the slots that the coordinator wants relieved its limit counts where it is the lower one, and until then what
    /// that will take is held back.
    fn order(&self, guide: &Guide, slot: SlotNumber, kept_wh: i64) -> Order {
        let order = guide.order(slot);
        let limits = [order.import_max_wh, self.asked_of(slot).map(|asked| asked.import_max_wh)];
        let import_max_wh = limits.into_iter().flatten().min();
        Order { import_max_wh, hold_wh: order.hold_wh.max(kept_wh), ..order }
    }

    /// What members use more in a slot, less where negative, because they agreed to: spread evenly over its half of the
    /// request, as who moves how much when is known to nobody but the coordinator.
    fn moved_to(&self, slot: SlotNumber) -> i64 {
        let Some(asked) = self.asked else { return 0 };
        if (asked.earlier..asked.relieved).contains(&slot) {
            asked.moved_wh / asked.relieved.since(asked.earlier)
        } else if (asked.relieved..asked.end).contains(&slot) {
            -(asked.moved_wh / asked.end.since(asked.relieved))
        } else {
            0
        }
    }
}

impl Asked {
    fn of(wish: &Wish) -> Option<Self> {
        let slot = |id: SlotId| i64::try_from(id.0).ok().map(SlotNumber);
        let request = &wish.request;
        let moved_wh = match wish.stage {
            WishStage::Agreed | WishStage::NotNeeded => wish.moved_wh.unwrap_or(0),
            WishStage::Waiting
            | WishStage::Offered
            | WishStage::Declined
            | WishStage::Unable
            | WishStage::Lapsed => 0,
        };
        Some(Self {
            earlier: slot(request.earlier)?,
            relieved: slot(request.relieved)?,
            end: slot(request.end)?,
            import_max_wh: request.import_max.0,
            moved_wh,
        })
    }
}

/// Takes in what slots before this one came to in all of the hive, as far as they are settled.
pub(super) fn record_totals(history: &mut History, state: &State, before: SlotNumber) {
    let until = u64::try_from(before.0).unwrap_or(0);
    let from = until.saturating_sub(PLAN_HISTORY_SLOTS_MAX as u64);
    for settled in state.settled_slots(SlotId(from)..=SlotId(until)) {
        let result = &settled.result;
        let net = result.demand.0.saturating_sub(result.surplus.0);
        if let Ok(slot) = i64::try_from(result.slot.0) {
            // What no slot can hold is missing.
            drop(history.record(SlotNumber(slot), net));
        }
    }
}

/// Without a plan the stores follow surplus and need, and it is said why.
fn greedy(first: SlotNumber, error: &PlanError) -> Guide {
    Guide {
        first,
        import_max_wh: None,
        reserve_wh: 0,
        orders: Vec::new(),
        stage: Stage::Greedy,
        reasons: vec![Reason::Unsolved { said: error.to_string() }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::plan::{BatterySpec, SlotLength, StoreKind, Zone};

    const DAY: i64 = 96;
    /// Midnight of a Monday, four weeks after the first reading.
    const FIRST: SlotNumber = SlotNumber((20_454 + 28) * DAY);
    const PRICES: Prices = Prices { import: 250_000, export: 40_000 };

    fn calendar() -> Calendar {
        Calendar::new(SlotLength::Quarter, Zone::fixed(0).unwrap())
    }

    /// 2 kWh of surplus a quarter around noon, 3 kWh of need in the evening, half a kWh else.
    fn need(quarter: i64) -> i64 {
        if (44..56).contains(&quarter) {
            -2_000
        } else if (72..80).contains(&quarter) {
            3_000
        } else {
            500
        }
    }

    fn hive(days: i64, asked: Option<Asked>) -> HiveNeeds {
        let mut history = History::default();
        for slot in FIRST.0 - days * DAY..FIRST.0 {
            history.record(SlotNumber(slot), need(slot.rem_euclid(DAY))).unwrap();
        }
        HiveNeeds { history, prices: vec![PRICES; 96], asked }
    }

    fn store(kind: StoreKind, capacity_wh: i64) -> Battery {
        let spec = BatterySpec::new(kind, capacity_wh, (20_000, 20_000), (950, 950)).unwrap();
        Battery::new(spec, capacity_wh / 10).unwrap()
    }

    fn stores() -> Vec<Battery> {
        vec![store(StoreKind::Hive, 12_000), store(StoreKind::Season, 6_000)]
    }

    /// What all stores do in quarters of the day, Wh.
    fn sum(plan: &SharedPlan, quarters: std::ops::Range<usize>) -> i64 {
        plan.steps.iter().flat_map(|steps| &steps[quarters.clone()]).map(|step| step.net_wh).sum()
    }

    #[test]
    fn neighbours_sun_is_kept_for_their_evening() {
        let plan = hive(28, None).plan(&calendar(), FIRST, stores());
        assert_eq!(plan.stage, Stage::Exact);
        let beyond = |reason: &Reason| matches!(reason, Reason::AboveCap { worst_w: ..=128, .. });
        assert!(plan.reasons.iter().all(beyond), "{:?}", plan.reasons);
        let limit = plan.import_max_wh.expect("four weeks are known");
        assert!((500..3_000).contains(&limit) && plan.asked_max_wh.is_none(), "{limit}");
        let (noon, later) = (sum(&plan, 44..56), sum(&plan, 56..96));
        assert!(noon > 10_000 && later < -10_000, "{noon} at noon, {later} behind it");
        for quarter in 0..96 {
            let net = need(i64::try_from(quarter).unwrap()) + sum(&plan, quarter..quarter + 1);
            assert!(net <= 3_000, "never above the peak without batteries: {net} in {quarter}");
        }
        for (steps, capacity_wh) in plan.steps.iter().zip([12_000, 6_000]) {
            assert_eq!(steps.len(), 96);
            assert!(steps.iter().all(|step| (0..=capacity_wh).contains(&step.stored_wh)));
        }
        assert!(plan.orders.iter().all(|orders| orders.len() == 96));
    }

    /// What the coordinator asks for holds in the slots that it wants relieved, and what members move need not come from
    /// the store.
    #[test]
    fn the_coordinators_limit_and_the_answers_count() {
        let asked = |import_max_wh, moved_wh| {
            let [earlier, relieved, end] = [64, 72, 80].map(|quarter| FIRST.plus(quarter));
            Some(Asked { earlier, relieved, end, import_max_wh, moved_wh })
        };
        let relieved = |asked| {
            let plan = hive(28, asked).plan(&calendar(), FIRST, vec![store(StoreKind::Hive, 60_000)]);
            (72..80).map(|quarter| 3_000 + sum(&plan, quarter..quarter + 1)).collect::<Vec<_>>()
        };
        let nets = relieved(asked(400, 0));
        assert!(nets.iter().all(|net| *net <= 400), "{nets:?}");
        assert!(relieved(None).iter().any(|net| *net > 400), "nobody asked for it");
        let kept = |asked| {
            let hive = hive(28, asked);
            let needs = hive.needs(&calendar(), FIRST);
            let net = |quarter: usize| needs[quarter].unwrap() - need(i64::try_from(quarter).unwrap());
            let moved = [0..64, 64..72, 72..80, 80..96].map(|quarters| quarters.map(net).sum::<i64>());
            (moved, hive.kept(FIRST, &needs, &stores())[0])
        };
        // 1.5 kWh in each of eight quarters, at 95 %; with 8 kWh moved it is half a kWh.
        assert_eq!(kept(asked(1_500, 0)), ([0; 4], 8 * 1_579));
        assert_eq!(kept(asked(1_500, 8_000)), ([0, 8_000, -8_000, 0], 8 * 527));
        assert_eq!(kept(None), ([0; 4], 0));
    }

    #[test]
    fn a_hive_without_a_past_lets_its_battery_rest_and_says_so() {
        let plan = hive(0, None).plan(&calendar(), FIRST, stores());
        assert_eq!((plan.stage, plan.import_max_wh), (Stage::Greedy, None));
        assert_eq!(plan.reasons, [Reason::Unknown { slots: 96 }]);
        assert_eq!(sum(&plan, 0..96), 0);
        let many = HiveNeeds { prices: vec![PRICES; 10_000], ..hive(0, None) };
        let refused = many.plan(&calendar(), FIRST, stores());
        assert!(matches!(&refused.reasons[..], [Reason::Unsolved { .. }]), "{:?}", refused.reasons);
    }
}
