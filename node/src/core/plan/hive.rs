//! What a hive asks of its batteries for the coming hours, made of nothing but its own past totals: an import not to
//! exceed, a reserve against peaks and a level to hold or to fill in each slot. Everything it says is whole Wh and W.

use protocol::limits::PLAN_SLOTS_MAX;

use super::day::{Reason, Stage, Wishes, plan_hive};
use super::forecast::{predict, rounded, spread};
use super::{Battery, Calendar, History, Method, Order, PlanError, Prices, SlotNumber};

/// Days the limit and the reserve look back at.
const PEAK_DAYS: i64 = 28;
/// Share of what the batteries hold that is kept against peaks, percent: at least, where the sun will fill all the rest,
/// and at most, where it leaves that much empty anyway.
const RESERVE_PERCENT: (i64, i64) = (3, 10);
/// The limit is the lowest that this part of the reserve could have kept to on the worst of these days.
const RESERVE_TIMES: i64 = 2;
/// Plans hope for a sunnier day than the mean, by this share of how far the last days lie apart, which four days in five
/// do not reach where such days spread evenly around their mean: energy bought too much
/// keeps the sun out and costs about four times what energy bought too little does.
const SUNNIER: f64 = 0.8;

/// What the hive asks for, from one slot on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guide {
    /// First slot.
    pub first: SlotNumber,
    /// Import not to exceed, Wh a slot; none before a day is known.
    pub import_max_wh: Option<i64>,
    /// Energy that is kept for peaks, Wh.
    pub reserve_wh: i64,
    /// What the batteries are asked for together, by slot.
    pub orders: Vec<Order>,
    /// How the plan behind it came about.
    pub stage: Stage,
    /// Why it is not all that could be.
    pub reasons: Vec<Reason>,
}

impl Guide {
    /// The order of a slot; behind the last one the batteries are greedy and keep the reserve.
    pub fn order(&self, slot: SlotNumber) -> Order {
        let place = usize::try_from(slot.since(self.first)).ok();
        place.and_then(|place| self.orders.get(place)).copied().unwrap_or(Order {
            hold_wh: self.reserve_wh,
            fill_wh: 0,
            import_max_wh: self.import_max_wh,
        })
    }
}

/// A guide for as many slots as there are prices, from `first` on, of what the hive needed in the slots before it with
/// its batteries left out, and of one store that stands for all of them.
pub fn guide(
    history: &History,
    calendar: &Calendar,
    first: SlotNumber,
    prices: &[Prices],
    store: Battery,
) -> Result<Guide, PlanError> {
    if prices.len() > PLAN_SLOTS_MAX {
        return Err(PlanError::TooMany { what: "prices", found: prices.len(), limit: PLAN_SLOTS_MAX });
    }
    let slots = (first.0..).take(prices.len()).map(SlotNumber);
    let needs: Vec<Option<i64>> = slots.map(|slot| sunny_need(history, calendar, first, slot)).collect();
    let kept_wh = reserve_wh(&needs, calendar, &store);
    let (_, out) = store.spec().efficiencies_per_mille();
    let import_max_wh = limit_wh(history, calendar, first, kept_wh * out / 1000 / RESERVE_TIMES);
    let reserve_wh = import_max_wh.map_or(0, |_| kept_wh);
    let wishes = Wishes {
        needs,
        prices: prices.to_vec(),
        stores: vec![store],
        loads: Vec::new(),
        import_max_w: import_max_wh.map(|limit| calendar.length().power_w(limit)),
        peak_price: 0,
    };
    let plan = plan_hive(&wishes, calendar.length())?;
    let orders = plan.orders.iter().flatten().map(|order| Order {
        hold_wh: order.hold_wh.max(reserve_wh),
        fill_wh: order.fill_wh.max(reserve_wh),
        import_max_wh: Some(import_max_wh.unwrap_or(0)),
    });
    Ok(Guide {
        first,
        import_max_wh,
        reserve_wh,
        orders: orders.collect(),
        stage: plan.stage,
        reasons: plan.reasons,
    })
}

/// What the sun of the coming day leaves empty, within bounds.
fn reserve_wh(needs: &[Option<i64>], calendar: &Calendar, store: &Battery) -> i64 {
    let day = usize::try_from(calendar.length().per_day()).unwrap_or(usize::MAX);
    let surplus_wh: i64 = needs.iter().take(day).flatten().map(|need| (-need).max(0)).sum();
    let (into, _) = store.spec().efficiencies_per_mille();
    let capacity_wh = store.spec().capacity_wh();
    let [least, most] = [RESERVE_PERCENT.0, RESERVE_PERCENT.1].map(|percent| capacity_wh * percent / 100);
    (capacity_wh - surplus_wh * into / 1000).clamp(least, most)
}

/// The mix, on the sunny side of it.
fn sunny_need(history: &History, calendar: &Calendar, first: SlotNumber, slot: SlotNumber) -> Option<i64> {
    let mean = predict(history, calendar, first, slot, Method::Mix)?;
    let apart = spread(history, calendar, first, slot).unwrap_or(0.0);
    Some(rounded(mean - SUNNIER * apart))
}

/// Needs of the days that limit and reserve look back at, by local day.
fn days<'a>(
    history: &'a History,
    calendar: &'a Calendar,
    now: SlotNumber,
) -> impl Iterator<Item = impl Iterator<Item = i64> + 'a> + 'a {
    let today = calendar.local(now).day;
    (today - PEAK_DAYS..=today).map(move |day| {
        let (first, next) = calendar.day(day);
        (first.0..next.0.min(now.0)).filter_map(|slot| history.get(SlotNumber(slot)))
    })
}

/// The lowest import that a part of the batteries could have kept to on each of the last days. Batteries that charge
/// below it alone never make a peak that would not have been there without them.
fn limit_wh(history: &History, calendar: &Calendar, now: SlotNumber, budget_wh: i64) -> Option<i64> {
    let days: Vec<Vec<i64>> = days(history, calendar, now).map(Iterator::collect).collect();
    let held = |limit: i64| {
        let above = |day: &Vec<i64>| day.iter().map(|need| (need - limit).max(0)).sum::<i64>() <= budget_wh;
        days.iter().all(above)
    };
    let highest = days.iter().flatten().max()?.max(&0);
    let (mut low, mut high) = (0, *highest);
    while low < high {
        let middle = low + (high - low) / 2;
        if held(middle) { high = middle } else { low = middle + 1 }
    }
    Some(high)
}
