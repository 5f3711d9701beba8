//! A past played through again, slot by slot, with batteries that follow one of several ways of thinking: what they would
//! have saved. Nothing that comes later is known in a slot, except to the way that is told so, for comparison.

use protocol::limits::PLAN_SLOTS_MAX;

use super::day::{Wishes, plan_building};
use super::forecast::float;
use super::hive::{Guide, guide};
use super::{Battery, Calendar, History, Order, PlanError, Prices, SlotNumber, act, decide, decide_together};

/// One building of the past, with what it has now.
#[derive(Debug, Clone)]
pub struct Member {
    /// Consumption by slot, Wh.
    pub load_wh: Vec<i64>,
    /// Production by slot, Wh; as long.
    pub production_wh: Vec<i64>,
    /// Its battery.
    pub battery: Option<Battery>,
}

impl Member {
    fn need_wh(&self, slot: usize) -> i64 {
        self.load_wh[slot] - self.production_wh[slot]
    }
}

/// How the batteries think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinking {
    /// There are none.
    Absent,
    /// Each for its own building: charge on surplus, discharge on need.
    Own,
    /// Each for its own building, and full of cheap energy whatever happens to the peak.
    Cheap,
    /// Each for its own building, knowing what will come.
    OwnForesight,
    /// As one: charge on the hive's surplus, discharge on its need.
    Together,
    /// As one, after guides made of the hive's own past.
    Guided,
    /// As one, after plans that know what will come: the bound.
    Foresight,
}

/// A past, the slots it began at and the prices then.
#[derive(Debug)]
pub struct Rehearsal<'a> {
    /// Buildings, all with as many slots.
    pub members: &'a [Member],
    /// Local time.
    pub calendar: &'a Calendar,
    /// First slot.
    pub first: SlotNumber,
    /// Prices by slot of the past.
    pub prices: &'a [Prices],
    /// Whether surplus is shared: the hive is billed as one.
    pub sharing: bool,
    /// Slots between two plans.
    pub plan_every: usize,
    /// Slots a plan looks ahead, as far as the past reaches.
    pub horizon: usize,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// What all pay together, micro-EUR.
    pub bill: i64,
    /// Import and export of the buildings, or with sharing of the hive, Wh.
    pub import_wh: i64,
    /// Export, likewise.
    pub export_wh: i64,
    /// Consumption, Wh.
    pub load_wh: i64,
    /// Production, Wh.
    pub production_wh: i64,
    /// Highest import of the hive in a slot, W.
    pub peak_w: i64,
    /// Plans that were made.
    pub plans: u32,
}

impl Figures {
    /// Production that was used inside, percent.
    pub fn self_consumption(&self) -> f64 {
        100.0 * (1.0 - float(self.export_wh) / float(self.production_wh.max(1)))
    }

    /// Consumption that came from inside, percent.
    pub fn self_sufficiency(&self) -> f64 {
        100.0 * (1.0 - float(self.import_wh) / float(self.load_wh.max(1)))
    }

    /// How much the bill differs from another, percent.
    pub fn against(&self, other: &Self) -> f64 {
        100.0 * (float(self.bill) / float(other.bill) - 1.0)
    }
}

/// What is in the batteries and what they were told.
struct State {
    batteries: Vec<Option<Battery>>,
    history: History,
    guide: Option<Guide>,
    /// Orders of the plan in force, by member; one list where they act as one.
    orders: Vec<Vec<Order>>,
}

impl Rehearsal<'_> {
    /// Plays it through; `progress` hears each day that is over.
    pub fn run(&self, thinking: Thinking, mut progress: impl FnMut(usize)) -> Result<Figures, PlanError> {
        let slots = self.prices.len();
        let per_day = usize::try_from(self.calendar.length().per_day()).unwrap_or(usize::MAX);
        let mut figures = Figures::default();
        let mut state = State {
            batteries: self.members.iter().map(|member| member.battery).collect(),
            history: History::default(),
            guide: None,
            orders: Vec::new(),
        };
        for slot in 0..slots {
            if slot % self.plan_every == 0 {
                figures.plans += self.plan(thinking, slot, &mut state)?;
            }
            let nets = self.slot(thinking, slot, &mut state);
            self.book(&mut figures, slot, &nets);
            let need_wh = self.members.iter().map(|member| member.need_wh(slot)).sum();
            state.history.record(self.number(slot), need_wh)?;
            if slot % per_day == per_day - 1 {
                progress(slot / per_day + 1);
            }
        }
        Ok(figures)
    }

    fn number(&self, slot: usize) -> SlotNumber {
        self.first.plus(i64::try_from(slot).unwrap_or(i64::MAX))
    }

    fn ahead(&self, slot: usize) -> std::ops::Range<usize> {
        slot..(slot + self.horizon.min(PLAN_SLOTS_MAX)).min(self.prices.len())
    }

    fn plan(&self, thinking: Thinking, slot: usize, state: &mut State) -> Result<u32, PlanError> {
        let ahead = self.ahead(slot);
        match thinking {
            Thinking::Absent | Thinking::Own | Thinking::Cheap | Thinking::Together => Ok(0),
            Thinking::Guided => {
                let store = together(&state.batteries)?;
                let prices = &self.prices[ahead];
                let made = guide(&state.history, self.calendar, self.number(slot), prices, store)?;
                state.guide = Some(made);
                Ok(1)
            }
            Thinking::Foresight => {
                let need = |slot| self.members.iter().map(|member| member.need_wh(slot)).sum();
                let needs = ahead.clone().map(|slot| Some(need(slot))).collect();
                let wishes = self.wishes(needs, ahead, together(&state.batteries)?);
                state.orders = super::day::plan_hive(&wishes, self.calendar.length())?.orders;
                Ok(1)
            }
            Thinking::OwnForesight => {
                state.orders.clear();
                let mut plans = 0;
                for (member, battery) in self.members.iter().zip(&state.batteries) {
                    let Some(battery) = battery else {
                        state.orders.push(Vec::new());
                        continue;
                    };
                    let needs = ahead.clone().map(|slot| Some(member.need_wh(slot))).collect();
                    let wishes = self.wishes(needs, ahead.clone(), *battery);
                    let plan = plan_building(&wishes, self.calendar.length())?;
                    state.orders.push(plan.orders.into_iter().next().unwrap_or_default());
                    plans += 1;
                }
                Ok(plans)
            }
        }
    }

    fn wishes(&self, needs: Vec<Option<i64>>, ahead: std::ops::Range<usize>, store: Battery) -> Wishes {
        let prices = self.prices[ahead].to_vec();
        Wishes { needs, prices, stores: vec![store], loads: Vec::new(), import_max_w: None, peak_price: 0 }
    }

    /// What each member imports in a slot, Wh, once the batteries have acted.
    fn slot(&self, thinking: Thinking, slot: usize, state: &mut State) -> Vec<i64> {
        let mut nets: Vec<i64> = self.members.iter().map(|member| member.need_wh(slot)).collect();
        let length = self.calendar.length();
        let planned = slot % self.plan_every;
        let as_one = match thinking {
            Thinking::Absent => return nets,
            Thinking::Own | Thinking::Cheap | Thinking::OwnForesight => None,
            Thinking::Together => Some(Order::GREEDY),
            Thinking::Guided => state.guide.as_ref().map(|guide| guide.order(self.number(slot))),
            Thinking::Foresight => Some(state.orders[0][planned]),
        };
        if let Some(order) = as_one {
            let batteries: Vec<Battery> = state.batteries.iter().flatten().copied().collect();
            let mut actions = decide_together(&batteries, nets.iter().sum(), order, length).into_iter();
            for (battery, net) in state.batteries.iter_mut().zip(&mut nets) {
                let Some(battery) = battery else { continue };
                let action = actions.next().expect("invariant: an action for each battery");
                act(battery, action, length);
                *net += action.net_wh();
            }
            return nets;
        }
        let cheap = self.is_cheap(slot);
        for (number, (battery, net)) in state.batteries.iter_mut().zip(&mut nets).enumerate() {
            let Some(battery) = battery else { continue };
            let full = battery.spec().capacity_wh();
            let order = match thinking {
                Thinking::OwnForesight => state.orders[number][planned],
                Thinking::Cheap if cheap => Order { hold_wh: full, fill_wh: full, import_max_wh: None },
                Thinking::Absent
                | Thinking::Own
                | Thinking::Cheap
                | Thinking::Together
                | Thinking::Guided
                | Thinking::Foresight => Order::GREEDY,
            };
            let action = decide(battery, *net, order, length);
            act(battery, action, length);
            *net += action.net_wh();
        }
        nets
    }

    /// Whether energy is cheaper now than at some time of the coming day.
    fn is_cheap(&self, slot: usize) -> bool {
        self.prices[self.ahead(slot)].iter().any(|prices| prices.import > self.prices[slot].import)
    }

    fn book(&self, figures: &mut Figures, slot: usize, nets: &[i64]) {
        let hive: i64 = nets.iter().sum();
        let billed = if self.sharing { std::slice::from_ref(&hive) } else { nets };
        let Prices { import, export } = self.prices[slot];
        for net in billed {
            let (bought, sold) = ((*net).max(0), (-net).max(0));
            figures.bill += bought * import / 1000 - sold * export / 1000;
            figures.import_wh += bought;
            figures.export_wh += sold;
        }
        for member in self.members {
            figures.load_wh += member.load_wh[slot];
            figures.production_wh += member.production_wh[slot];
        }
        figures.peak_w = figures.peak_w.max(self.calendar.length().power_w(hive));
    }
}

/// One store that stands for all.
fn together(batteries: &[Option<Battery>]) -> Result<Battery, PlanError> {
    let batteries: Vec<Battery> = batteries.iter().flatten().copied().collect();
    Battery::together(&batteries)
}
