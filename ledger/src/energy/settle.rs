//! Settling one slot: who takes part with how much, what the rule gives to whom, what is paid for it. What we may get
//! wrong ourselves is asserted before anything leaves, also in release.

use protocol::Address;
use protocol::energy::{MicroEuro, Price, Quality, SharingRule, Statement, Terms, WattHours, Weights};
use protocol::limits::{PRICE_MAX, SETTLED_MEMBERS_MAX, SLOT_ENERGY_WH_MAX};

use super::allocate::allocate;
use super::auction::{Order, cross};
use super::error::SettleError;
use super::gift::give;
use super::price::{band, price};
use super::share::share;

/// A member's metered energy of a slot, net at its connection point, and its own rules. At most one amount is above
/// zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Who.
    pub member: Address,
    /// Net energy it took, Wh.
    pub demand: WattHours,
    /// Net energy it gave, Wh.
    pub surplus: WattHours,
    /// Its own rules.
    pub terms: Terms,
}

/// What holds for a whole slot.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The hive's rule.
    pub rule: &'a SharingRule,
    /// What a supplier charges.
    pub retail: Price,
    /// What a supplier pays.
    pub feed_in: Price,
    /// Network fee on a kWh shared, paid by the buyer.
    pub fee: Price,
    /// The organiser's parts for this slot, where the rule asks for them and they came in time.
    pub coefficients: Option<&'a Weights>,
}

/// A settled slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Energy needed by those who take part, as far as they do, Wh.
    pub demand: WattHours,
    /// Energy offered by those who take part, as far as they do, Wh.
    pub surplus: WattHours,
    /// Energy shared, gifts included, Wh: at most the smaller of the two.
    pub traded: WattHours,
    /// The part of it that was given free of charge, Wh.
    pub given: WattHours,
    /// Energy offered, gifts apart, by those who found the price too low, Wh: they sell none of it. In an auction limits make the
    /// price, and nobody declines it.
    pub declined: WattHours,
    /// The price of the rest; none where none was made.
    pub price: Option<Price>,
    /// One line a member, in ascending order of member.
    pub lines: Vec<Line>,
}

/// What a slot brought one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Who.
    pub member: Address,
    /// Net energy it took, Wh.
    pub demand: WattHours,
    /// Net energy it gave, Wh.
    pub surplus: WattHours,
    /// Energy from neighbours, Wh; the rest of its demand comes from its supplier.
    pub alloc: WattHours,
    /// Energy to neighbours, Wh; the rest of its surplus goes to its supplier.
    pub sold: WattHours,
    /// What it pays its neighbours.
    pub pay: MicroEuro,
    /// What its neighbours pay it.
    pub rev: MicroEuro,
    /// What it pays the network for energy from neighbours, once.
    pub fee: MicroEuro,
}

impl Part {
    /// What a statement says of its slot; none when it is missing, which is not the same as zero.
    pub fn of(statement: &Statement) -> Option<Self> {
        let Statement { member, import, export, terms, .. } = *statement;
        match statement.quality {
            Quality::Measured | Quality::Estimated => {
                Some(Self { member, demand: import, surplus: export, terms })
            }
            Quality::Missing => None,
        }
    }

    fn check(&self) -> Result<(), SettleError> {
        let (member, max) = (self.member, WattHours(SLOT_ENERGY_WH_MAX));
        for (field, found) in [("demand", self.demand), ("surplus", self.surplus)] {
            if found < WattHours::ZERO || found > max {
                return Err(SettleError::Energy { member, field, max, found });
            }
        }
        if self.demand > WattHours::ZERO && self.surplus > WattHours::ZERO {
            return Err(SettleError::BothWays { member, demand: self.demand, surplus: self.surplus });
        }
        Ok(self.terms.check()?)
    }
}

impl Setting<'_> {
    fn check(&self) -> Result<(), SettleError> {
        for (field, price) in
            [("retail price", self.retail), ("feed-in price", self.feed_in), ("fee", self.fee)]
        {
            if !(0..=PRICE_MAX).contains(&price.0) {
                let found = u64::try_from(price.0).unwrap_or(u64::MAX);
                return Err(protocol::Invalid::Range { field, max: PRICE_MAX.unsigned_abs(), found }.into());
            }
        }
        Ok(self.rule.check()?)
    }
}

/// Settles one slot. The order of `parts` does not matter; a member may stand there once.
pub fn settle(setting: &Setting<'_>, parts: &[Part]) -> Result<Outcome, SettleError> {
    setting.check()?;
    if parts.len() > SETTLED_MEMBERS_MAX {
        return Err(SettleError::TooMany { max: SETTLED_MEMBERS_MAX, found: parts.len() });
    }
    let mut parts = parts.to_vec();
    parts.sort_unstable_by_key(|part| part.member);
    parts.iter().try_for_each(Part::check)?;
    if let Some(pair) = parts.windows(2).find(|pair| pair[0].member == pair[1].member) {
        return Err(SettleError::Twice { member: pair[0].member });
    }
    let slot = Slot::open(setting, &parts)?;
    let outcome = slot.close(setting, &parts);
    outcome.check(setting);
    Ok(outcome)
}

/// A slot on its way: amounts in the order of members.
struct Slot {
    demand: i64,
    surplus: i64,
    got: Vec<i64>,
    gave: Vec<i64>,
    alloc: Vec<i64>,
    sold: Vec<i64>,
    declined: i64,
    price: Option<Price>,
}

impl Slot {
    fn open(setting: &Setting<'_>, parts: &[Part]) -> Result<Self, SettleError> {
        let members: Vec<Address> = parts.iter().map(|part| part.member).collect();
        let mut demand: Vec<i64> =
            parts.iter().map(|part| part.terms.participation.of(part.demand.0)).collect();
        let mut surplus: Vec<i64> = parts.iter().map(offered).collect();
        let mut slot = Self {
            demand: demand.iter().sum(),
            surplus: surplus.iter().sum(),
            got: vec![0; parts.len()],
            gave: vec![0; parts.len()],
            alloc: vec![0; parts.len()],
            sold: vec![0; parts.len()],
            declined: 0,
            price: None,
        };
        let Some(band) = band(setting.retail, setting.feed_in, setting.fee) else { return Ok(slot) };
        let to: Vec<Option<Address>> = parts.iter().map(|part| part.terms.give_to).collect();
        if to.iter().any(Option::is_some) {
            let given = give(&members, &to, &demand, &surplus);
            take_away(&mut demand, &given.got);
            take_away(&mut surplus, &given.gave);
            (slot.got, slot.gave) = (given.got, given.gave);
        }
        match setting.rule {
            SharingRule::Auction(factor) => {
                let orders: Vec<Order> = parts
                    .iter()
                    .zip(demand.iter().zip(&surplus))
                    .map(|(part, (demand, surplus))| order(setting, part, *demand, *surplus))
                    .collect();
                if let Some(crossed) = cross(&orders, setting.fee, *factor) {
                    (slot.alloc, slot.sold, slot.price) = (crossed.alloc, crossed.sold, Some(crossed.price));
                }
            }
            SharingRule::Dynamic(_)
            | SharingRule::SupplyDemand
            | SharingRule::StaticFixed(_)
            | SharingRule::StaticRelative(_)
            | SharingRule::StaticIterated(_)
            | SharingRule::FullDynamic(_)
            | SharingRule::Priority(_) => {
                let (need, offer) = (WattHours(demand.iter().sum()), WattHours(surplus.iter().sum()));
                let made =
                    price(setting.rule, band, need, offer).expect("invariant: only an auction makes none");
                decline(setting, made, parts, &mut demand, &mut surplus);
                slot.declined = offer.0 - surplus.iter().sum::<i64>();
                slot.alloc = allocate(setting.rule, setting.coefficients, &members, &demand, &surplus)?;
                slot.sold = share(slot.alloc.iter().sum(), &surplus);
                slot.price = Some(made);
            }
        }
        Ok(slot)
    }

    fn close(self, setting: &Setting<'_>, parts: &[Part]) -> Outcome {
        let bought: i64 = self.alloc.iter().sum();
        let value = self.price.map_or(MicroEuro::ZERO, |price| value_of(price, bought));
        let (pay, rev) = (share(value.0, &self.alloc), share(value.0, &self.sold));
        let line = |place: usize| {
            let Part { member, demand, surplus, .. } = parts[place];
            let alloc = self.alloc[place] + self.got[place];
            Line {
                member,
                demand,
                surplus,
                alloc: WattHours(alloc),
                sold: WattHours(self.sold[place] + self.gave[place]),
                pay: MicroEuro(pay[place]),
                rev: MicroEuro(rev[place]),
                fee: value_of(setting.fee, alloc),
            }
        };
        let given: i64 = self.got.iter().sum();
        Outcome {
            demand: WattHours(self.demand),
            surplus: WattHours(self.surplus),
            traded: WattHours(bought + given),
            given: WattHours(given),
            declined: WattHours(self.declined),
            price: self.price,
            lines: (0..parts.len()).map(line).collect(),
        }
    }
}

impl Outcome {
    /// What must hold of every slot whatever was metered; a mistake of ours ends here.
    fn check(&self, setting: &Setting<'_>) {
        let sum = |of: fn(&Line) -> i64| -> i64 { self.lines.iter().map(of).sum() };
        assert_eq!(sum(|line| line.alloc.0), self.traded.0, "invariant: what is shared is given to somebody");
        assert_eq!(sum(|line| line.sold.0), self.traded.0, "invariant: what is shared comes from somebody");
        let offered = WattHours(self.surplus.0 - self.declined.0);
        assert!(self.traded <= self.demand.min(offered), "invariant: no more is shared than there is");
        let bought = self.traded.0 - self.given.0;
        let value = self.price.map_or(MicroEuro::ZERO, |price| value_of(price, bought));
        assert_eq!(sum(|line| line.pay.0), value.0, "invariant: what is shared is paid");
        assert_eq!(sum(|line| line.rev.0), value.0, "invariant: what is paid is received");
        if let (Some(price), Some((lowest, highest))) =
            (self.price, band(setting.retail, setting.feed_in, setting.fee))
        {
            assert!((lowest..=highest).contains(&price), "invariant: the price lies in its band");
        }
        self.lines.iter().for_each(|line| line.check(setting, self.given == WattHours::ZERO));
    }
}

impl Line {
    fn check(&self, setting: &Setting<'_>, nothing_given: bool) {
        let zero = WattHours::ZERO;
        assert!((zero..=self.demand).contains(&self.alloc), "invariant: nobody gets more than it needs");
        assert!((zero..=self.surplus).contains(&self.sold), "invariant: nobody sells more than it has");
        assert!(self.alloc == zero || self.sold == zero, "invariant: nobody buys and sells in one slot");
        let none = MicroEuro::ZERO;
        assert!(self.pay >= none && self.rev >= none && self.fee >= none, "invariant: payments have one way");
        // Rounding moves at most one micro-EUR at the buyer and two at the seller.
        let (at_retail, at_feed_in) =
            (value_of(setting.retail, self.alloc.0), value_of(setting.feed_in, self.sold.0));
        assert!(
            self.pay.0 + self.fee.0 <= at_retail.0 + 2,
            "invariant: nobody pays more than its supplier asks"
        );
        assert!(
            !nothing_given || self.rev.0 + 2 >= at_feed_in.0,
            "invariant: nobody sells for less than its supplier pays"
        );
    }
}

/// What a member offers: its part of the surplus above what it keeps.
fn offered(part: &Part) -> i64 {
    part.terms.participation.of((part.surplus.0 - part.terms.sell_above.0).max(0))
}

/// Limits outside the band are worth as much as its ends: nobody needs more than a supplier takes or gives.
fn order(setting: &Setting<'_>, part: &Part, demand: i64, surplus: i64) -> Order {
    let bid = part.terms.buy_up_to.map_or(setting.retail, |limit| limit.min(setting.retail));
    let ask = part.terms.sell_at_least.map_or(setting.feed_in, |limit| limit.max(setting.feed_in));
    Order { demand, surplus, bid, ask }
}

/// Who finds the price too high or too low takes no part.
fn decline(setting: &Setting<'_>, price: Price, parts: &[Part], demand: &mut [i64], surplus: &mut [i64]) {
    for (place, part) in parts.iter().enumerate() {
        if part.terms.buy_up_to.is_some_and(|limit| limit.0 < price.0 + setting.fee.0) {
            demand[place] = 0;
        }
        if part.terms.sell_at_least.is_some_and(|limit| limit > price) {
            surplus[place] = 0;
        }
    }
}

fn take_away(amounts: &mut [i64], taken: &[i64]) {
    amounts.iter_mut().zip(taken).for_each(|(amount, taken)| *amount -= taken);
}

fn value_of(price: Price, energy: i64) -> MicroEuro {
    price.value_of(WattHours(energy)).expect("invariant: bounds keep the value of a slot in an i64")
}
