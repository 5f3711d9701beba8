//! What is needed for a plan, gathered from the building, and the plan made of it. Making it takes up to seconds, so the
//! shell does it on a thread of its own; the same work always gives the same plan.

use std::collections::BTreeMap;

use protocol::UnixMs;

use super::base::without_loads;
use super::equipment::{Equipment, First, OwnLoad, OwnStore};
use super::shared::{HiveNeeds, SharedPlan};
use crate::core::plan::{
    Battery, Calendar, Errors, Forecast, History, Load, LocalSlot, Order, Plan, PlanError, Prices, Reason,
    SlotNumber, Stage, Wishes, plan_building, without_plan,
};
use protocol::limits::PLAN_RUNS_MAX;

/// Where prices come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceSource {
    /// The owner's own contract.
    Own,
    /// The hive's tariff.
    Voted,
    /// Nobody said any: usual ones are assumed.
    Assumed,
}

/// Everything a plan is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanWork {
    /// To be handed back.
    pub(super) generation: u64,
    /// First slot of the two hours for which it is made; to be handed back.
    pub(super) turn: SlotNumber,
    pub(super) made: UnixMs,
    pub(super) first: SlotNumber,
    pub(super) count: usize,
    pub(super) calendar: Calendar,
    pub(super) load: History,
    pub(super) sun: History,
    /// Prices of the slots.
    pub(super) prices: Vec<Prices>,
    pub(super) source: PriceSource,
    pub(super) equipment: Equipment,
    /// What is in each store, Wh.
    pub(super) stored_wh: Vec<i64>,
    /// What each load has had in each slot by earlier plans, Wh: those that are under way need only the rest.
    pub(super) had: Vec<(usize, SlotNumber, i64)>,
    /// From when on it is known what loads have had.
    pub(super) known_from: SlotNumber,
    pub(super) import_max_w: Option<i64>,
    /// What the hive needs; only where a battery that neighbours share is behind this meter.
    pub(super) hive: Option<HiveNeeds>,
    /// What is held fast of loads, whatever else is planned.
    pub(super) pins: Pins,
}

/// The course of one time of a load that is agreed with the hive: it is planned no other way any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pin {
    /// First slot behind its time.
    pub(super) until: SlotNumber,
    /// What it takes, Wh.
    pub(super) energies: Vec<(SlotNumber, i64)>,
    /// Whether it was moved, and moves no more.
    pub(super) is_moved: bool,
}

/// Pins by load and first slot of its time.
pub(super) type Pins = BTreeMap<(usize, SlotNumber), Pin>;

/// One slot of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanSlot {
    /// Which.
    pub slot: SlotNumber,
    /// When it begins and ends.
    pub span: (UnixMs, UnixMs),
    /// What the building will probably use, loads that can wait left out, Wh; `None` is unknown.
    pub load_wh: Option<i64>,
    /// What the sun will probably give, Wh.
    pub sun_wh: Option<i64>,
    /// What each store takes in, negative where it gives out, and what is then in it, Wh.
    pub stores: Vec<(i64, i64)>,
    /// What is asked of each store.
    pub orders: Vec<Order>,
    /// What each load that can wait takes, Wh.
    pub loads: Vec<i64>,
    /// Import, negative where it is export, Wh.
    pub net_wh: i64,
    /// What it costs.
    pub prices: Prices,
}

/// A day's plan.
#[derive(Debug, Clone, PartialEq)]
pub struct DayPlan {
    /// When it was made.
    pub made: UnixMs,
    /// How it came about.
    pub stage: Stage,
    /// Why it is not all that was wished.
    pub reasons: Vec<Reason>,
    /// From the next slot on, and before them those of today as earlier plans had them.
    pub slots: Vec<PlanSlot>,
    /// The first slot of this plan.
    pub first: SlotNumber,
    /// Where its prices come from.
    pub source: PriceSource,
    /// How wrong forecasts of use were of late, and of sun.
    pub errors: (Option<Errors>, Option<Errors>),
    /// What it costs, and what everything at once and batteries by themselves would, micro-EUR.
    pub cost: i64,
    /// The second of these.
    pub cost_without: i64,
    /// The course of batteries that neighbours share; none where the building has none.
    pub shared: Option<SharedPlan>,
}

/// What became of [`PlanWork`].
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    pub(super) generation: u64,
    pub(super) turn: SlotNumber,
    pub(super) plan: Result<DayPlan, PlanError>,
}

impl PlanWork {
    /// Makes the plan.
    pub fn solve(&self) -> Planned {
        Planned { generation: self.generation, turn: self.turn, plan: self.plan() }
    }

    fn plan(&self) -> Result<DayPlan, PlanError> {
        let length = self.calendar.length();
        let forecast = |history: &History| Forecast::new(history, &self.calendar, self.first, self.count);
        let base = without_loads(&self.load, &self.calendar, &self.equipment.parts().loads);
        let load = forecast(&base);
        // A building without a counter of production has no sun that we know of.
        let sun = self.sun.oldest().map(|_| forecast(&self.sun));
        let shared = self.shared()?;
        let shared_wh = |slot: usize| {
            let steps = shared.iter().flat_map(|plan| &plan.steps);
            steps.map(|steps| steps[slot].net_wh).sum::<i64>()
        };
        let needs = (0..self.count).map(|slot| {
            let sun = sun.as_ref().map_or(Some(0), |sun| sun.values[slot].map(|wh| wh.max(0)));
            let fixed_wh = self.pinned(self.first.plus(index(slot)), None) + shared_wh(slot);
            Some(load.values[slot]? - sun? + fixed_wh)
        });
        let (places, loads): (Vec<usize>, Vec<Load>) = self.loads()?.into_iter().unzip();
        let stores = self.stores(|store| !store.is_shared())?;
        let wishes = Wishes {
            needs: needs.collect(),
            prices: self.prices.clone(),
            stores,
            loads,
            import_max_w: self.import_max_w,
            peak_price: 0,
        };
        let plan = self.in_turn(&wishes)?;
        let without = without_plan(&wishes, length)?;
        let slots = (0..self.count).map(|at| PlanSlot {
            slot: self.first.plus(index(at)),
            span: self.span(at),
            load_wh: load.values[at],
            sun_wh: sun.as_ref().and_then(|sun| sun.values[at]),
            stores: self.stored(&plan, shared.as_ref(), at),
            orders: self.in_place(&plan.orders, shared.as_ref().map(|plan| &plan.orders), at),
            loads: self.taken(&plan, &places, at),
            net_wh: plan.net_wh[at],
            prices: self.prices[at],
        });
        Ok(DayPlan {
            made: self.made,
            stage: plan.stage,
            reasons: plan.reasons.clone(),
            slots: slots.collect(),
            first: self.first,
            source: self.source,
            errors: (load.errors, sun.and_then(|sun| sun.errors)),
            cost: self.cost(&plan, &wishes.stores),
            cost_without: self.cost(&without, &wishes.stores),
            shared,
        })
    }

    /// The course of the batteries that neighbours share, which is held fast in what the building plans for itself.
    fn shared(&self) -> Result<Option<SharedPlan>, PlanError> {
        let Some(hive) = &self.hive else { return Ok(None) };
        let stores = self.stores(OwnStore::is_shared)?;
        Ok(Some(hive.plan(&self.calendar, self.first, stores)))
    }

    fn stores(&self, is_meant: impl Fn(&OwnStore) -> bool) -> Result<Vec<Battery>, PlanError> {
        let stores = self.equipment.parts().stores.iter().zip(&self.stored_wh);
        let meant = stores.filter(|(store, _)| is_meant(store));
        meant.map(|(store, stored_wh)| store.battery(*stored_wh)).collect()
    }

    /// What is planned for a slot of the building's own stores and of shared ones, in the order of the equipment.
    fn in_place<T: Copy>(&self, own: &[Vec<T>], shared: Option<&Vec<Vec<T>>>, at: usize) -> Vec<T> {
        let (mut own, mut shared) = (own.iter(), shared.into_iter().flatten());
        let planned = |store: &OwnStore| {
            let course = if store.is_shared() { shared.next() } else { own.next() };
            course.expect("invariant: every store is planned once")[at]
        };
        self.equipment.parts().stores.iter().map(planned).collect()
    }

    /// One programme for everything, or one after the other where the owner says who goes first.
    fn in_turn(&self, wishes: &Wishes) -> Result<Plan, PlanError> {
        let length = self.calendar.length();
        if wishes.stores.is_empty() || wishes.loads.is_empty() {
            return plan_building(wishes, length);
        }
        match self.equipment.parts().first {
            First::Cheapest => plan_building(wishes, length),
            First::Stores => {
                let stores = plan_building(&Wishes { loads: Vec::new(), ..wishes.clone() }, length)?;
                let rest = Wishes { stores: Vec::new(), ..behind(wishes, &stores) };
                let loads = plan_building(&rest, length)?;
                Ok(Plan { loads: loads.loads, ..joined(stores, loads.stage, loads.reasons, loads.net_wh) })
            }
            First::Loads => {
                let loads = plan_building(&Wishes { stores: Vec::new(), ..wishes.clone() }, length)?;
                let rest = Wishes { loads: Vec::new(), ..behind(wishes, &loads) };
                let stores = plan_building(&rest, length)?;
                let net_wh = stores.net_wh.clone();
                Ok(Plan { loads: loads.loads, ..joined(stores, loads.stage, loads.reasons, net_wh) })
            }
        }
    }

    /// The loads that can wait, each with its place among those of the owner, once for each day that is planned.
    fn loads(&self) -> Result<Vec<(usize, Load)>, PlanError> {
        let (length, end) = (self.calendar.length(), self.first.plus(index(self.count)));
        let days = self.calendar.local(self.first).day - 1..=self.calendar.local(end).day;
        let mut all = Vec::new();
        let mut runs = 0;
        for day in days {
            for (place, own) in self.equipment.parts().loads.iter().enumerate() {
                let Some((from, until)) = window(&self.calendar, own, day) else { continue };
                // What ends behind this plan is left to a later one.
                let is_pinned = self.pins.contains_key(&(place, from));
                if is_pinned || until <= self.first || from >= end || until > end {
                    continue;
                }
                let had = self.had_in(place, from, until);
                let rest_wh = self.asked_wh(own.energy_wh, from, until) - had;
                if rest_wh <= 0 {
                    continue;
                }
                runs += usize::from(own.in_one_go);
                if own.in_one_go && runs > PLAN_RUNS_MAX {
                    continue;
                }
                let at = |slot: SlotNumber| usize::try_from(slot.since(self.first).max(0)).unwrap_or(0);
                let (from, mut until) = (at(from), at(until));
                if own.in_one_go && had > 0 {
                    // It is running: it goes on.
                    let slot_wh = length.energy_wh(own.power_w).max(1);
                    let slots = (rest_wh + slot_wh - 1) / slot_wh;
                    until = until.min(usize::try_from(slots).unwrap_or(usize::MAX));
                }
                all.push((
                    place,
                    Load::new(own.kind, rest_wh, own.power_w, (from, until), own.in_one_go, length)?,
                ));
            }
        }
        Ok(all)
    }

    /// What is held fast in a slot, of one load or of all, Wh.
    fn pinned(&self, slot: SlotNumber, of: Option<usize>) -> i64 {
        let pins = self.pins.iter().filter(|((place, _), _)| of.is_none_or(|of| of == *place));
        let energies = pins.flat_map(|(_, pin)| &pin.energies);
        energies.filter(|(at, _)| *at == slot).map(|(_, wh)| wh).sum()
    }

    /// What a load asks for: of a time that began before anything was known of it, the part that lies behind that.
    fn asked_wh(&self, energy_wh: i64, from: SlotNumber, until: SlotNumber) -> i64 {
        let (all, known) =
            (until.since(from).max(1), until.since(self.known_from).clamp(0, until.since(from)));
        energy_wh.saturating_mul(known) / all
    }

    fn had_in(&self, place: usize, from: SlotNumber, until: SlotNumber) -> i64 {
        let inside = |slot: &SlotNumber| (from..until).contains(slot);
        self.had.iter().filter(|(load, slot, _)| *load == place && inside(slot)).map(|(.., wh)| wh).sum()
    }

    fn span(&self, at: usize) -> (UnixMs, UnixMs) {
        let slot = self.first.plus(index(at));
        (self.calendar.start(slot), self.calendar.start(slot.plus(1)))
    }

    fn stored(&self, plan: &Plan, shared: Option<&SharedPlan>, at: usize) -> Vec<(i64, i64)> {
        let steps = self.in_place(&plan.steps, shared.map(|plan| &plan.steps), at);
        let stores = self.equipment.parts().stores.iter().zip(steps);
        stores.map(|(store, step)| (step.net_wh, step.stored_wh + store.reserve_wh)).collect()
    }

    fn taken(&self, plan: &Plan, places: &[usize], at: usize) -> Vec<i64> {
        let mut taken = vec![0; self.equipment.parts().loads.len()];
        for (place, load) in places.iter().zip(&plan.loads) {
            taken[*place] += load[at];
        }
        for (place, taken) in taken.iter_mut().enumerate() {
            *taken += self.pinned(self.first.plus(index(at)), Some(place));
        }
        taken
    }

    /// What a plan costs by the prices that count, what is left in the stores worth what the grid pays for it.
    fn cost(&self, plan: &Plan, stores: &[Battery]) -> i64 {
        let money = |wh: i64, price: i64| i128::from(wh) * i128::from(price) / 1000;
        let grid = plan.net_wh.iter().zip(&self.prices).map(|(net, prices)| {
            if *net > 0 { money(*net, prices.import) } else { money(*net, prices.export) }
        });
        let cheapest = self.prices.iter().map(|prices| prices.export).min().unwrap_or(0);
        let before: i64 = stores.iter().map(Battery::stored_wh).sum();
        let after: i64 = plan.steps.iter().filter_map(|steps| steps.last()).map(|step| step.stored_wh).sum();
        let all = grid.sum::<i128>() - money(after - before, cheapest);
        i64::try_from(all).unwrap_or(if all > 0 { i64::MAX } else { i64::MIN })
    }
}

/// What is still to be planned once the net of a plan is settled.
fn behind(wishes: &Wishes, plan: &Plan) -> Wishes {
    let unknown = |(need, net): (&Option<i64>, &i64)| need.map(|_| *net);
    Wishes { needs: wishes.needs.iter().zip(&plan.net_wh).map(unknown).collect(), ..wishes.clone() }
}

/// A plan of two halves: it is as good as the worse of them.
fn joined(plan: Plan, stage: Stage, reasons: Vec<Reason>, net_wh: Vec<i64>) -> Plan {
    let rank = |stage: Stage| match stage {
        Stage::Exact => 0,
        Stage::Relaxed => 1,
        Stage::Greedy => 2,
    };
    let stage = if rank(stage) > rank(plan.stage) { stage } else { plan.stage };
    let mut all = reasons;
    for reason in &plan.reasons {
        if !all.contains(reason) {
            all.push(reason.clone());
        }
    }
    Plan { stage, reasons: all, net_wh, ..plan }
}

/// From when to when a load of a day may run.
pub(super) fn window(calendar: &Calendar, own: &OwnLoad, day: i64) -> Option<(SlotNumber, SlotNumber)> {
    let ends = day + i64::from(own.until_minute <= own.from_minute);
    Some((slot_of(calendar, day, own.from_minute)?, slot_of(calendar, ends, own.until_minute)?))
}

/// The slot of a local time; where clocks skip it, the one an hour later.
pub(super) fn slot_of(calendar: &Calendar, day: i64, minute: u16) -> Option<SlotNumber> {
    let minute = i64::from(minute);
    let at = |minute| calendar.slot_of(LocalSlot { day, minute });
    at(minute).or_else(|| at(minute + 60))
}

pub(super) fn index(at: usize) -> i64 {
    i64::try_from(at).expect("invariant: plans are bounded")
}
