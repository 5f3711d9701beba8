//! What batteries do within a slot, given what the slot turns out to be: greedy on their own, or after an order that
//! says what to hold back, what to fill from the grid and which import not to exceed.

use super::{Battery, SlotLength};

/// What a plan asks of a battery during one slot, Wh. The default order is the greedy one: charge on surplus, discharge
/// on need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Stored energy that need alone does not touch.
    pub hold_wh: i64,
    /// Stored energy to reach from the grid.
    pub fill_wh: i64,
    /// Import the battery keeps the slot below where it can, also with what it held back; it never charges beyond it.
    pub import_max_wh: Option<i64>,
}

impl Order {
    /// Charge on surplus, discharge on need.
    pub const GREEDY: Self = Self { hold_wh: 0, fill_wh: 0, import_max_wh: None };

    /// The part of an order to many batteries that falls to one of them: its levels by capacity, the limit as it is.
    pub fn part_of(self, capacity_wh: i64, all_wh: i64) -> Self {
        let [hold_wh, fill_wh] = [self.hold_wh, self.fill_wh].map(|level| part(level, capacity_wh, all_wh));
        Self { hold_wh, fill_wh, ..self }
    }
}

/// What a battery did in a slot, Wh at its terminals; never both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Action {
    /// Energy taken in.
    pub charge_wh: i64,
    /// Energy given out.
    pub discharge_wh: i64,
}

impl Action {
    /// What it adds to the need of the slot, negative where it serves it.
    pub fn net_wh(self) -> i64 {
        self.charge_wh - self.discharge_wh
    }
}

/// What stores can do in a slot, Wh at their terminals.
#[derive(Debug, Clone, Copy)]
struct Reach {
    /// Charge until full, and until the level to fill from the grid.
    room_wh: i64,
    fill_wh: i64,
    /// Discharge until empty, and until the level to hold.
    available_wh: i64,
    free_wh: i64,
}

impl Reach {
    fn of(battery: &Battery, hold_wh: i64, fill_wh: i64, length: SlotLength) -> Self {
        Self {
            room_wh: battery.room_wh(length),
            fill_wh: battery.room_to_wh(fill_wh, length),
            available_wh: battery.available_wh(length),
            free_wh: battery.available_above_wh(hold_wh, length),
        }
    }

    fn decide(self, need_wh: i64, import_max_wh: Option<i64>) -> Action {
        let beyond_wh = import_max_wh.map_or(0, |limit| need_wh.saturating_sub(limit).max(0));
        let discharge_wh = self.free_wh.min(need_wh).max(self.available_wh.min(beyond_wh)).max(0);
        if discharge_wh > 0 {
            return Action { charge_wh: 0, discharge_wh };
        }
        let surplus_wh = need_wh.saturating_neg().max(0);
        let below_wh = import_max_wh.map_or(self.fill_wh, |limit| limit.saturating_sub(need_wh).max(0));
        Action { charge_wh: self.room_wh.min(surplus_wh).max(self.fill_wh.min(below_wh)), discharge_wh: 0 }
    }
}

/// What a battery does in a slot that needs `need_wh`, or has that much surplus where it is negative.
pub fn decide(battery: &Battery, need_wh: i64, order: Order, length: SlotLength) -> Action {
    Reach::of(battery, order.hold_wh, order.fill_wh, length).decide(need_wh, order.import_max_wh)
}

/// What the batteries of many owners do as one: the levels of the order are sums, shared by capacity, and each takes
/// the part of the energy that it can of all that can be done.
pub fn decide_together(batteries: &[Battery], need_wh: i64, order: Order, length: SlotLength) -> Vec<Action> {
    let capacity_wh: i64 = batteries.iter().map(|battery| battery.spec().capacity_wh()).sum();
    let reach = |battery: &Battery| {
        let own = order.part_of(battery.spec().capacity_wh(), capacity_wh);
        Reach::of(battery, own.hold_wh, own.fill_wh, length)
    };
    let reaches: Vec<Reach> = batteries.iter().map(reach).collect();
    let sum = |of: fn(&Reach) -> i64| reaches.iter().map(of).sum::<i64>();
    let whole = Reach {
        room_wh: sum(|reach| reach.room_wh),
        fill_wh: sum(|reach| reach.fill_wh),
        available_wh: sum(|reach| reach.available_wh),
        free_wh: sum(|reach| reach.free_wh),
    };
    let action = whole.decide(need_wh, order.import_max_wh);
    let charges = split(action.charge_wh, reaches.iter().map(|reach| reach.room_wh));
    let discharges = split(action.discharge_wh, reaches.iter().map(|reach| reach.available_wh));
    let both = charges.into_iter().zip(discharges);
    both.map(|(charge_wh, discharge_wh)| Action { charge_wh, discharge_wh }).collect()
}

/// Lets a battery act, and a slot pass.
pub fn act(battery: &mut Battery, action: Action, length: SlotLength) {
    battery.charge(action.charge_wh, length);
    battery.discharge(action.discharge_wh, length);
    battery.rest(length);
}

/// Splits a total by room, whole Wh, nobody above its room: running sums are rounded down, so the parts add up.
pub(super) fn split(total_wh: i64, rooms: impl Iterator<Item = i64> + Clone) -> Vec<i64> {
    let all: i64 = rooms.clone().sum();
    let (mut before, mut given) = (0, 0);
    rooms
        .map(|room| {
            before += room;
            let until = part(total_wh, before, all);
            let own = until - given;
            given = until;
            own
        })
        .collect()
}

/// `total * weight / all`, rounded down; nothing where there is nothing to share by.
pub(super) fn part(total: i64, weight: i64, all: i64) -> i64 {
    let product = i128::from(total) * i128::from(weight);
    let part = product.checked_div(i128::from(all)).unwrap_or(0);
    i64::try_from(part).expect("invariant: a part is no more than the whole")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::plan::{BatterySpec, StoreKind};

    const QUARTER: SlotLength = SlotLength::Quarter;

    fn battery(capacity_wh: i64, stored_wh: i64) -> Battery {
        let spec = BatterySpec::new(StoreKind::Building, capacity_wh, (4_000, 4_000), (950, 950)).unwrap();
        Battery::new(spec, stored_wh).unwrap()
    }

    #[test]
    fn orders_are_followed() {
        let decide = |stored_wh, need_wh, order| decide(&battery(10_000, stored_wh), need_wh, order, QUARTER);
        let charge = |charge_wh| Action { charge_wh, discharge_wh: 0 };
        let discharge = |discharge_wh| Action { charge_wh: 0, discharge_wh };
        let greedy = Order::GREEDY;
        assert_eq!(decide(5_000, -600, greedy), charge(600));
        assert_eq!(decide(5_000, -6_000, greedy), charge(1_000), "its power");
        assert_eq!(decide(10_000, -600, greedy), charge(0));
        assert_eq!(decide(5_000, 600, greedy), discharge(600));
        assert_eq!(decide(0, 600, greedy), discharge(0));
        let hold = Order { hold_wh: 4_900, ..greedy };
        assert_eq!(decide(5_000, 600, hold), discharge(95), "only what lies above, less the loss");
        let limit = Order { import_max_wh: Some(100), ..hold };
        assert_eq!(decide(5_000, 600, limit), discharge(500), "what was held is for peaks");
        let fill = Order { fill_wh: 9_000, ..greedy };
        assert_eq!(decide(5_000, -200, fill), charge(1_000));
        let fill = Order { hold_wh: 9_000, import_max_wh: Some(700), ..fill };
        assert_eq!(decide(5_000, 300, fill), charge(400), "no charging beyond the limit");
        assert_eq!(decide(5_000, 700, fill), charge(0));
    }

    proptest! {
        /// Batteries that act as one stay each within its bounds, do together what one of their size would, and none
        /// charges while another discharges.
        #[test]
        fn many_act_as_one(
            sizes in prop::collection::vec((1..30_000i64, 0..=1000i64), 1..8),
            need in -20_000..20_000i64,
            levels in (0..60_000i64, 0..60_000i64),
            limit in prop::option::of(0..20_000i64),
        ) {
            let batteries: Vec<Battery> =
                sizes.iter().map(|(capacity, share)| battery(*capacity, capacity * share / 1000)).collect();
            let order = Order { hold_wh: levels.0, fill_wh: levels.1, import_max_wh: limit };
            let actions = decide_together(&batteries, need, order, QUARTER);
            let charged: i64 = actions.iter().map(|action| action.charge_wh).sum();
            let discharged: i64 = actions.iter().map(|action| action.discharge_wh).sum();
            prop_assert!(charged == 0 || discharged == 0);
            prop_assert!(discharged <= need.max(0), "a battery exports nothing");
            if let Some(limit) = limit {
                prop_assert!(charged <= (limit - need).max(0).max(-need), "{charged} beyond the limit");
            }
            for (battery, action) in batteries.iter().zip(&actions) {
                act(&mut battery.clone(), *action, QUARTER);
            }
        }
    }
}
