//! A day's plan: from needs, prices, stores and loads that can wait to whole watt-hours by slot. There always is one: the
//! exact one, else one whose loads may be interrupted, else the greedy one, and the reasons are given.

use good_lp::{ResolutionError, WithTimeLimit, clarabel, microlp};
use protocol::limits::{PLAN_LOADS_MAX, PLAN_RUNS_MAX, PLAN_SLOT_WH_MAX, PLAN_SLOTS_MAX, PLAN_STORES_MAX};

use super::forecast::rounded;
use super::load::{Load, Shortfall};
use super::model::{Model, Prices, Solved};
use super::{Battery, Order, PlanError, SlotLength};

/// Seconds after which the search for the best start of a run ends with the best one found.
const SEARCH_S_MAX: f64 = 2.0;
/// Rounds after which the solver of the hive gives up.
const ROUNDS_MAX: u32 = 100;

/// What is to be planned, from the next slot on.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// What each slot will probably need, Wh; surplus where negative. None: nothing is known of it.
    pub needs: Vec<Option<i64>>,
    /// Prices of the same slots.
    pub prices: Vec<Prices>,
    /// Stores behind the meter.
    pub stores: Vec<Battery>,
    /// Loads that can wait.
    pub loads: Vec<Load>,
    /// Import not to exceed if it can be, W.
    pub import_max_w: Option<i64>,
    /// What each kW of the highest import costs, micro-EUR: 0 where only the cap counts.
    pub peak_price: i64,
}

/// How a plan came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// As wished.
    Exact,
    /// Loads that wished to run in one go may be interrupted.
    Relaxed,
    /// Loads at once, batteries as surplus and need come.
    Greedy,
}

/// Why a plan is not all that was wished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A load gets less than it asked for: the time is too short for its power.
    TooLittleTime(Shortfall),
    /// So many slots are forecast to import more than the cap, the worst by so much.
    AboveCap {
        /// Slots.
        slots: usize,
        /// Most above, W.
        worst_w: i64,
    },
    /// The history says nothing of so many slots.
    Unknown {
        /// Slots.
        slots: usize,
    },
    /// The solver gave no answer.
    Unsolved {
        /// What it said.
        said: String,
    },
}

/// Whole Wh by slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// How it came about.
    pub stage: Stage,
    /// Why it is not all that was wished; empty where it is.
    pub reasons: Vec<Reason>,
    /// Import of each slot, negative where it exports.
    pub net_wh: Vec<i64>,
    /// What each store is asked for, by slot.
    pub orders: Vec<Vec<Order>>,
    /// What each load takes, by slot.
    pub loads: Vec<Vec<i64>>,
    /// What each store would do if things came as forecast, by slot.
    pub steps: Vec<Vec<Step>>,
}

/// What a store does in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What it takes in, negative where it gives out, Wh at its terminals.
    pub net_wh: i64,
    /// What is in it behind the slot, Wh.
    pub stored_wh: i64,
}

/// What happens without a plan: loads at once, batteries as surplus and need come.
pub fn without_plan(wishes: &Wishes, length: SlotLength) -> Result<Plan, PlanError> {
    make(wishes, length, |_| Err(ResolutionError::Other("nothing is to be solved")))
}

/// The plan of one building.
pub fn plan_building(wishes: &Wishes, length: SlotLength) -> Result<Plan, PlanError> {
    let runs = wishes.loads.iter().filter(|load| load.runs_in_one_go()).count();
    limit("loads that run in one go", runs, PLAN_RUNS_MAX)?;
    make(wishes, length, |model| model.solve(microlp, |model| model.with_time_limit(SEARCH_S_MAX)))
}

/// The plan of a hive that acts as one. Loads that run in one go are planned as if they could be interrupted.
pub fn plan_hive(wishes: &Wishes, length: SlotLength) -> Result<Plan, PlanError> {
    make(wishes, length, |model| {
        if model.whole_runs && model.loads.iter().any(Load::runs_in_one_go) {
            return Err(ResolutionError::Other("this solver knows no runs in one go"));
        }
        model.solve(clarabel, |mut model| {
            model.settings().max_iter(ROUNDS_MAX);
            model
        })
    })
}

fn limit(what: &'static str, found: usize, limit: usize) -> Result<(), PlanError> {
    if found <= limit { Ok(()) } else { Err(PlanError::TooMany { what, found, limit }) }
}

fn make(
    wishes: &Wishes,
    length: SlotLength,
    solve: impl Fn(&Model<'_>) -> Result<Solved, ResolutionError>,
) -> Result<Plan, PlanError> {
    let slots = wishes.needs.len();
    limit("slots of a plan", slots, PLAN_SLOTS_MAX)?;
    limit("stores of a plan", wishes.stores.len(), PLAN_STORES_MAX)?;
    limit("loads of a plan", wishes.loads.len(), PLAN_LOADS_MAX)?;
    if wishes.prices.len() != slots {
        return Err(PlanError::Uneven { needs: slots, prices: wishes.prices.len() });
    }
    let beyond = |need: &&i64| need.unsigned_abs() > PLAN_SLOT_WH_MAX.unsigned_abs();
    if let Some(found_wh) = wishes.needs.iter().flatten().find(beyond) {
        return Err(PlanError::EnergyTooLarge { found_wh: *found_wh, limit_wh: PLAN_SLOT_WH_MAX });
    }
    let (loads, short): (Vec<Load>, Vec<Option<Shortfall>>) =
        wishes.loads.iter().map(|load| load.within(slots)).unzip();
    let mut reasons: Vec<Reason> = short.into_iter().flatten().map(Reason::TooLittleTime).collect();
    let unknown = wishes.needs.iter().filter(|need| need.is_none()).count();
    if unknown > 0 {
        reasons.push(Reason::Unknown { slots: unknown });
    }
    let needs: Vec<i64> = wishes.needs.iter().map(|need| need.unwrap_or(0)).collect();
    let draft = Draft { wishes, length, needs: &needs, loads: &loads };
    if unknown * 2 > slots || slots == 0 {
        return Ok(draft.greedy(reasons));
    }
    for (stage, whole_runs) in [(Stage::Exact, true), (Stage::Relaxed, false)] {
        match solve(&draft.model(whole_runs)) {
            Ok(solved) if solved.is_sound() => return Ok(draft.round(stage, &solved, reasons)),
            Ok(_) => reasons.push(Reason::Unsolved { said: "no finite solution".to_owned() }),
            Err(error) => reasons.push(Reason::Unsolved { said: error.to_string() }),
        }
    }
    Ok(draft.greedy(reasons))
}

/// What has been checked and cut to measure.
struct Draft<'a> {
    wishes: &'a Wishes,
    length: SlotLength,
    needs: &'a [i64],
    loads: &'a [Load],
}

impl Draft<'_> {
    fn model(&self, whole_runs: bool) -> Model<'_> {
        let cheapest = self.wishes.prices.iter().map(|prices| prices.export).min().unwrap_or(0);
        Model {
            length: self.length,
            needs: self.needs,
            prices: &self.wishes.prices,
            stores: &self.wishes.stores,
            loads: self.loads,
            cap_wh: self.cap_wh(),
            peak_eur_kw: super::forecast::float(self.wishes.peak_price) / 1e6,
            end_eur_kwh: super::forecast::float(cheapest.max(0)) / 1e6,
            whole_runs,
        }
    }

    fn cap_wh(&self) -> Option<i64> {
        self.wishes.import_max_w.map(|power_w| self.length.energy_wh(power_w.max(0)))
    }

    fn greedy(&self, reasons: Vec<Reason>) -> Plan {
        let slots = self.needs.len();
        let loads: Vec<Vec<i64>> = self.loads.iter().map(|load| load.at_once(slots)).collect();
        let order = Order { import_max_wh: self.cap_wh(), ..Order::GREEDY };
        let orders = vec![vec![order; slots]; self.wishes.stores.len()];
        self.finish(Stage::Greedy, reasons, orders, loads)
    }

    fn round(&self, stage: Stage, solved: &Solved, reasons: Vec<Reason>) -> Plan {
        let orders = solved.stores.iter().enumerate().map(|(number, store)| {
            let capacity_wh = self.wishes.stores[number].spec().capacity_wh();
            let slots = store.iter().enumerate();
            slots.map(|(slot, state)| self.order(solved, slot, *state, capacity_wh)).collect()
        });
        let loads = self.loads.iter().zip(&solved.loads).map(|(load, own)| whole(load, own)).collect();
        self.finish(stage, reasons, orders.collect(), loads)
    }

    /// From energies to an order that still makes sense where the slot turns out otherwise.
    fn order(&self, solved: &Solved, slot: usize, [charge, _, level]: [f64; 3], capacity_wh: i64) -> Order {
        let level_wh = rounded(level * 1000.0).clamp(0, capacity_wh);
        // What is used at the highest price still to come cannot be used better later.
        let hold_wh = if self.model(false).is_cheap(slot) { level_wh } else { 0 };
        let from_grid = charge > 0.001 && solved.import[slot] > 0.001;
        Order { hold_wh, fill_wh: if from_grid { level_wh } else { 0 }, import_max_wh: self.cap_wh() }
    }

    /// Plays the orders through on what is forecast, so that what the plan says is what would happen.
    fn finish(
        &self,
        stage: Stage,
        mut reasons: Vec<Reason>,
        orders: Vec<Vec<Order>>,
        loads: Vec<Vec<i64>>,
    ) -> Plan {
        let mut stores = self.wishes.stores.clone();
        let mut net_wh = Vec::with_capacity(self.needs.len());
        let mut steps = vec![Vec::with_capacity(self.needs.len()); stores.len()];
        for slot in 0..self.needs.len() {
            let mut net = self.needs[slot] + loads.iter().map(|load| load[slot]).sum::<i64>();
            for ((store, orders), steps) in stores.iter_mut().zip(&orders).zip(&mut steps) {
                let action = super::decide(store, net, orders[slot], self.length);
                super::act(store, action, self.length);
                net += action.net_wh();
                steps.push(Step { net_wh: action.net_wh(), stored_wh: store.stored_wh() });
            }
            net_wh.push(net);
        }
        let above = |net: &i64| self.cap_wh().map(|cap| net - cap).filter(|above| *above > 0);
        let over: Vec<i64> = net_wh.iter().filter_map(above).collect();
        if let Some(worst) = over.iter().max() {
            let worst_w = self.length.power_w(*worst);
            reasons.push(Reason::AboveCap { slots: over.len(), worst_w });
        }
        Plan { stage, reasons, net_wh, orders, loads, steps }
    }
}

/// Whole Wh that add up to what the load needs, within its bounds.
fn whole(load: &Load, kwh: &[f64]) -> Vec<i64> {
    let (mut asked, mut given) = (0.0, 0);
    let mut energies: Vec<i64> = kwh
        .iter()
        .map(|kwh| {
            asked += kwh.max(0.0) * 1000.0;
            let energy = (rounded(asked) - given).clamp(0, load.slot_max_wh());
            given += energy;
            energy
        })
        .collect();
    // Rounding leaves a few Wh at the most: they go where there is room.
    let mut missing = load.energy_wh() - given;
    for (_, energy) in energies.iter_mut().enumerate().filter(|(slot, _)| load.may_run(*slot)) {
        let more = missing.clamp(-*energy, load.slot_max_wh() - *energy);
        *energy += more;
        missing -= more;
    }
    energies
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::plan::{BatterySpec, LoadKind, StoreKind};

    const HOUR: SlotLength = SlotLength::Hour;

    fn battery(capacity_wh: i64, stored_wh: i64) -> Battery {
        let spec = BatterySpec::new(StoreKind::Building, capacity_wh, (5_000, 5_000), (950, 950)).unwrap();
        Battery::new(spec, stored_wh).unwrap()
    }

    fn load(energy_wh: i64, power_w: i64, span: (usize, usize), one_go: bool) -> Load {
        Load::new(LoadKind::Car, energy_wh, power_w, span, one_go, HOUR).unwrap()
    }

    /// A day by hours: cheap until six and from 22 h, 1 kW throughout.
    fn day() -> Wishes {
        let price = |hour| if (6..22).contains(&hour) { 270_000 } else { 200_000 };
        Wishes {
            needs: vec![Some(1_000); 24],
            prices: (0..24).map(|hour| Prices { import: price(hour), export: 40_000 }).collect(),
            ..Wishes::default()
        }
    }

    fn cost(wishes: &Wishes, plan: &Plan) -> i64 {
        let of = |(net, prices): (&i64, &Prices)| net.max(&0) * prices.import + net.min(&0) * prices.export;
        plan.net_wh.iter().zip(&wishes.prices).map(of).sum()
    }

    #[test]
    fn night_fills_the_battery_for_the_day_without_a_peak_of_its_own() {
        let wishes = Wishes { stores: vec![battery(9_500, 0)], ..day() };
        for plan in [plan_building(&wishes, HOUR).unwrap(), plan_hive(&wishes, HOUR).unwrap()] {
            assert_eq!((plan.stage, &plan.reasons[..]), (Stage::Exact, &[][..]));
            let saved = 24 * 250_000_000 - 200_000_000 - cost(&wishes, &plan);
            assert!(saved > 0, "{plan:?}");
            // 10 kWh in six hours, not in the first two.
            assert!(plan.net_wh[..6].iter().all(|net| *net <= 2_700), "{:?}", plan.net_wh);
        }
    }

    #[test]
    fn a_car_is_charged_when_energy_is_cheap_and_in_time() {
        let wishes = Wishes { loads: vec![load(11_000, 4_000, (18, 24), false)], ..day() };
        let plan = plan_building(&wishes, HOUR).unwrap();
        assert_eq!(plan.loads[0].iter().sum::<i64>(), 11_000);
        assert_eq!(plan.loads[0][22..], [4_000, 4_000], "{:?}", plan.loads[0]);
        assert_eq!(plan.loads[0][..18], [0; 18]);
    }

    #[test]
    fn a_machine_runs_in_one_go() {
        let wishes = Wishes { loads: vec![load(2_500, 1_000, (4, 23), true)], ..day() };
        let plan = plan_building(&wishes, HOUR).unwrap();
        assert_eq!(plan.stage, Stage::Exact);
        let running: Vec<(usize, i64)> =
            plan.loads[0].iter().copied().enumerate().filter(|(_, energy)| *energy > 0).collect();
        assert_eq!(running, [(4, 1_000), (5, 1_000), (6, 500)], "the dear hour only takes the rest");
        // The solver of the hive knows no such runs, says so and still answers.
        let plan = plan_hive(&wishes, HOUR).unwrap();
        assert_eq!(plan.stage, Stage::Relaxed);
        assert!(matches!(&plan.reasons[..], [Reason::Unsolved { .. }]));
        assert_eq!(plan.loads[0].iter().sum::<i64>(), 2_500);
    }

    #[test]
    fn wishes_that_cannot_be_met_give_the_reason() {
        let wishes = Wishes { loads: vec![load(9_000, 2_000, (0, 3), false)], ..day() };
        let plan = plan_building(&wishes, HOUR).unwrap();
        let short = Shortfall { kind: LoadKind::Car, asked_wh: 9_000, possible_wh: 6_000 };
        assert_eq!(plan.reasons, [Reason::TooLittleTime(short)]);
        assert_eq!(plan.loads[0][..4], [2_000, 2_000, 2_000, 0]);
        let behind = Wishes { loads: vec![load(5, 2_000, (30, 40), true)], ..day() };
        let plan = plan_building(&behind, HOUR).unwrap();
        assert!(matches!(plan.reasons[0], Reason::TooLittleTime(_)), "{plan:?}");
        let capped = Wishes { import_max_w: Some(700), ..day() };
        let plan = plan_building(&capped, HOUR).unwrap();
        assert_eq!(plan.reasons, [Reason::AboveCap { slots: 24, worst_w: 300 }]);
    }

    #[test]
    fn where_nothing_is_known_loads_run_at_once() {
        let wishes = Wishes {
            needs: vec![None; 24],
            loads: vec![load(3_000, 2_000, (1, 9), false)],
            stores: vec![battery(5_000, 0)],
            ..day()
        };
        let plan = plan_building(&wishes, HOUR).unwrap();
        assert_eq!((plan.stage, &plan.reasons[..]), (Stage::Greedy, &[Reason::Unknown { slots: 24 }][..]));
        assert_eq!(plan.loads[0][..4], [0, 2_000, 1_000, 0]);
        assert_eq!(plan.orders[0], vec![Order::GREEDY; 24]);
        let nothing = plan_building(&Wishes::default(), HOUR).unwrap();
        assert_eq!((nothing.stage, nothing.net_wh.len()), (Stage::Greedy, 0));
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let long = Wishes { needs: vec![None; PLAN_SLOTS_MAX + 1], ..day() };
        assert!(matches!(plan_hive(&long, HOUR), Err(PlanError::TooMany { .. })));
        let uneven = Wishes { needs: vec![Some(1); 23], ..day() };
        assert_eq!(plan_hive(&uneven, HOUR), Err(PlanError::Uneven { needs: 23, prices: 24 }));
        let mut hostile = day();
        hostile.needs[3] = Some(i64::MIN);
        assert!(matches!(plan_hive(&hostile, HOUR), Err(PlanError::EnergyTooLarge { .. })));
        let runs = Wishes { loads: vec![load(1, 1, (0, 9), true); PLAN_RUNS_MAX + 1], ..day() };
        assert!(matches!(plan_building(&runs, HOUR), Err(PlanError::TooMany { .. })));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        /// On its own forecast a plan never costs more than doing nothing with the battery, and loads get what they
        /// need within their bounds.
        #[test]
        fn never_worse_than_doing_nothing(
            needs in prop::collection::vec(-4_000..4_000i64, 24),
            imports in prop::collection::vec(50_000..400_000i64, 24),
            capacity in 0..15_000i64,
            car in (0..9_000i64, 1..5_000i64, 0..24usize, 0..24usize),
        ) {
            let wishes = Wishes {
                needs: needs.iter().copied().map(Some).collect(),
                prices: imports.iter().map(|import| Prices { import: *import, export: 40_000 }).collect(),
                ..Wishes::default()
            };
            let idle = plan_building(&wishes, HOUR).unwrap();
            let with = Wishes { stores: vec![battery(capacity, 0)], ..wishes.clone() };
            for plan in [plan_building(&with, HOUR).unwrap(), plan_hive(&with, HOUR).unwrap()] {
                // Whole Wh cost at most a Wh a slot.
                prop_assert!(cost(&wishes, &plan) <= cost(&wishes, &idle) + 24 * 400_000, "{:?}", plan);
            }
            let (energy, power, from, span) = car;
            let with = Wishes { loads: vec![load(energy, power, (from, from + span), false)], ..with };
            let plan = plan_building(&with, HOUR).unwrap();
            let energies = &plan.loads[0];
            let open = (from + span).min(24) - from.min(24);
            prop_assert_eq!(energies.iter().sum::<i64>(), energy.min(power * open as i64));
            for (slot, energy) in energies.iter().enumerate() {
                prop_assert!((0..=power).contains(energy));
                prop_assert!(*energy == 0 || (from..from + span).contains(&slot));
            }
        }
    }
}
