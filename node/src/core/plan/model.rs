//! The day as a linear programme: needs, prices, stores and loads that can wait, behind one meter. Whoever calls says
//! which solver; a cap on import is soft, so that there always is an answer and a figure for what is beyond it.

use good_lp::{
    Expression, ProblemVariables, ResolutionError, Solution, Solver, SolverModel, Variable, constraint,
    variable,
};

use super::forecast::float;
use super::load::Load;
use super::{Battery, SlotLength};

/// EUR a kWh beyond the cap: more than any energy costs.
const BEYOND_CAP: f64 = 100.0;
/// EUR for holding a kWh during a day: decides between equal prices, for using early and filling late.
const HOLDING_DAY: f64 = 0.001;
/// EUR a kW of the highest import in slots that are cheaper than others: filling takes all of the cheap hours instead of
/// the first. Less than a kWh kept for an hour can ever be worth, so that it decides between equals alone.
const FILLING: f64 = 0.02;
/// Wh to kWh, the unit in which the solvers work.
const KWH: f64 = 1000.0;
/// Micro-EUR to EUR.
const EUR: f64 = 1e6;

/// Prices of a slot, micro-EUR per kWh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prices {
    /// What import costs.
    pub import: i64,
    /// What export brings.
    pub export: i64,
}

/// What is to be planned.
#[derive(Debug, Clone)]
pub(super) struct Model<'a> {
    pub(super) length: SlotLength,
    /// Needs of the slots, Wh; surplus where negative.
    pub(super) needs: &'a [i64],
    pub(super) prices: &'a [Prices],
    pub(super) stores: &'a [Battery],
    pub(super) loads: &'a [Load],
    /// Import above which each kWh is dear, Wh a slot.
    pub(super) cap_wh: Option<i64>,
    /// EUR for each kW of the highest import.
    pub(super) peak_eur_kw: f64,
    /// EUR a stored kWh is worth behind the last slot.
    pub(super) end_eur_kwh: f64,
    /// Whether loads that run in one go do so.
    pub(super) whole_runs: bool,
}

/// What the solver says, kWh by slot.
#[derive(Debug, Clone, Default)]
pub(super) struct Solved {
    pub(super) import: Vec<f64>,
    /// Charge, discharge and level at the end of each slot, by store.
    pub(super) stores: Vec<Vec<[f64; 3]>>,
    /// Energy of each slot, by load.
    pub(super) loads: Vec<Vec<f64>>,
}

impl Solved {
    /// Whether every figure is one.
    pub(super) fn is_sound(&self) -> bool {
        let stores = self.stores.iter().flatten().flatten();
        let all = self.import.iter().chain(stores).chain(self.loads.iter().flatten());
        all.into_iter().all(|value| value.is_finite())
    }
}

struct StoreVariables {
    charge: Vec<Variable>,
    discharge: Vec<Variable>,
    level: Vec<Variable>,
}

enum LoadVariables {
    /// Energy of each slot.
    Free(Vec<Option<Variable>>),
    /// For each slot whether the run starts there.
    Run(Vec<Option<Variable>>),
}

impl Model<'_> {
    pub(super) fn solve<S: Solver>(
        &self,
        solver: S,
        fence: impl FnOnce(S::Model) -> S::Model,
    ) -> Result<Solved, ResolutionError>
    where
        <S::Model as SolverModel>::Error: Into<ResolutionError>,
    {
        let slots = self.needs.len();
        let mut variables = ProblemVariables::new();
        let import: Vec<Variable> = (0..slots).map(|_| variables.add(variable().min(0.0))).collect();
        let export: Vec<Variable> = (0..slots).map(|_| variables.add(variable().min(0.0))).collect();
        let beyond: Vec<Variable> = (0..slots).map(|_| variables.add(variable().min(0.0))).collect();
        let peak = variables.add(variable().min(0.0));
        let filling = variables.add(variable().min(0.0));
        let stores: Vec<StoreVariables> =
            self.stores.iter().map(|store| self.add_store(&mut variables, store)).collect();
        let loads: Vec<LoadVariables> =
            self.loads.iter().map(|load| self.add_load(&mut variables, load)).collect();

        let mut cost = Expression::from(0.0) + self.peak_eur_kw * peak + FILLING * filling;
        for slot in 0..slots {
            let Prices { import: buy, export: sell } = self.prices[slot];
            cost += float(buy) / EUR * import[slot] - float(sell) / EUR * export[slot];
            cost += BEYOND_CAP * beyond[slot];
        }
        let holding = HOLDING_DAY / float(self.length.per_day());
        for store in &stores {
            cost += store.level.iter().map(|level| holding * *level).sum::<Expression>();
            cost -= self.end_eur_kwh * store.level[slots - 1];
        }

        let mut model = variables.minimise(cost).using(solver);
        let waits = self.loads.iter().zip(&loads);
        for slot in 0..slots {
            let stored: Expression =
                stores.iter().map(|store| store.charge[slot] - store.discharge[slot]).sum();
            let waiting: Expression = waits.clone().map(|(load, own)| self.energy(load, own, slot)).sum();
            let need = float(self.needs[slot]) / KWH;
            model.add_constraint(constraint!(import[slot] - export[slot] == need + stored + waiting));
            if let Some(cap) = self.cap_wh {
                model.add_constraint(constraint!(import[slot] - beyond[slot] <= float(cap) / KWH));
            }
            let hours = float(self.length.minutes()) / 60.0;
            if self.is_cheap(slot) {
                model.add_constraint(constraint!(import[slot] <= hours * filling));
            }
            if self.peak_eur_kw > 0.0 {
                model.add_constraint(constraint!(import[slot] <= hours * peak));
            }
        }
        for (store, own) in self.stores.iter().zip(&stores) {
            self.follow(&mut model, store, own);
        }
        for (load, own) in waits.clone() {
            let (terms, total) = match own {
                LoadVariables::Free(slots) => (slots, float(load.energy_wh()) / KWH),
                LoadVariables::Run(starts) => (starts, 1.0),
            };
            let sum: Expression = terms.iter().flatten().map(|term| Expression::from(*term)).sum();
            model.add_constraint(constraint!(sum == total));
        }
        let solution = fence(model).solve().map_err(Into::into)?;
        let read = |list: &[Variable]| list.iter().map(|v| solution.value(*v)).collect::<Vec<f64>>();
        Ok(Solved {
            import: read(&import),
            stores: stores.iter().map(|store| store.read(&solution)).collect(),
            loads: waits
                .map(|(load, own)| {
                    (0..slots).map(|slot| solution.eval(self.energy(load, own, slot))).collect()
                })
                .collect(),
        })
    }

    /// Whether a later slot is dearer.
    pub(super) fn is_cheap(&self, slot: usize) -> bool {
        self.prices[slot..].iter().any(|later| later.import > self.prices[slot].import)
    }

    fn add_store(&self, variables: &mut ProblemVariables, store: &Battery) -> StoreVariables {
        let mut some = |most_wh: i64| -> Vec<Variable> {
            let most = float(most_wh) / KWH;
            self.needs.iter().map(|_| variables.add(variable().min(0.0).max(most))).collect()
        };
        StoreVariables {
            charge: some(store.spec().charge_slot_wh(self.length)),
            discharge: some(store.spec().discharge_slot_wh(self.length)),
            level: some(store.spec().capacity_wh()),
        }
    }

    /// The level of each slot follows from the one before.
    fn follow<M: SolverModel>(&self, model: &mut M, store: &Battery, own: &StoreVariables) {
        let (charge, discharge) = store.spec().efficiencies_per_mille();
        let (into, out) = (float(charge) / 1000.0, 1000.0 / float(discharge));
        let kept = store.spec().kept(self.length);
        for slot in 0..self.needs.len() {
            let before = match slot.checked_sub(1) {
                Some(last) => Expression::from(own.level[last]),
                None => Expression::from(float(store.stored_mwh()) / KWH / 1000.0),
            };
            let now = kept * (before + into * own.charge[slot] - out * own.discharge[slot]);
            model.add_constraint(constraint!(own.level[slot] == now));
        }
    }

    fn add_load(&self, variables: &mut ProblemVariables, load: &Load) -> LoadVariables {
        let slots = self.needs.len();
        if load.runs_in_one_go() && self.whole_runs {
            let start = |slot| load.may_start(slot).then(|| variables.add(variable().binary()));
            return LoadVariables::Run((0..slots).map(start).collect());
        }
        let most = float(load.slot_max_wh()) / KWH;
        let some = |slot| load.may_run(slot).then(|| variables.add(variable().min(0.0).max(most)));
        LoadVariables::Free((0..slots).map(some).collect())
    }

    /// What a load takes in a slot, kWh.
    fn energy(&self, load: &Load, own: &LoadVariables, slot: usize) -> Expression {
        match own {
            LoadVariables::Free(slots) => slots[slot].map_or_else(|| Expression::from(0.0), Expression::from),
            LoadVariables::Run(starts) => (0..load.run_slots().min(slot + 1))
                .filter_map(|nth| starts[slot - nth].map(|start| float(load.run_wh(nth)) / KWH * start))
                .sum(),
        }
    }
}

impl StoreVariables {
    fn read(&self, solution: &impl Solution) -> Vec<[f64; 3]> {
        let of = |slot| [self.charge[slot], self.discharge[slot], self.level[slot]];
        (0..self.level.len()).map(|slot| of(slot).map(|variable| solution.value(variable))).collect()
    }
}
