//! What a stretch of time came to for this building: energy and money with its supplier and with its neighbours apart, and
//! what it would have come to alone and at best. Only what was metered, and only lines that this building checked.

use ledger::energy::{Bill, Line, Setting};
use ledger::state::State;
use protocol::UnixMs;
use protocol::energy::{Price, SharingRule, SlotId, Tariff, WattHours};

use super::Energy;
use super::slot::Slot;

/// What is known of this building's part of a settled slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnPart {
    /// Nothing: it was not settled, or not with this building.
    None,
    /// It was settled, and this building does not agree.
    Doubtful,
    /// It was settled, checked, and holds.
    Checked(Line),
}

/// Energy and what it costs or brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amount {
    /// Wh.
    pub energy_wh: i64,
    /// Micro-EUR.
    pub money: i64,
}

/// Sums over slots. Money in micro-EUR; each slot's amount is rounded down by itself, as on the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Month {
    /// From the supplier.
    pub grid_import: Amount,
    /// To the supplier.
    pub grid_export: Amount,
    /// From neighbours.
    pub bought: Amount,
    /// To neighbours.
    pub sold: Amount,
    /// To the network for energy from neighbours.
    pub fee: i64,
    /// What the building pays in all, and if nobody shared.
    pub bill: Bill,
    /// What it would pay with neighbours that always have enough and always need all.
    pub best: i64,
    /// Slots in these sums.
    pub slots: u32,
    /// Of those, settled with neighbours.
    pub settled: u32,
    /// Slots that are in none.
    pub missing: u32,
    /// Settled slots in doubt, counted as if nothing had been shared.
    pub doubtful: u32,
}

impl Month {
    /// Sums the slots that start in `[from, to)`. `part` tells this building's part of each.
    pub fn of(
        energy: &Energy,
        state: &State,
        from: UnixMs,
        to: UnixMs,
        part: impl Fn(SlotId) -> OwnPart,
    ) -> Self {
        let mut month = Self::default();
        let locality = state.books().locality;
        for slot in energy.book().slots(from, to) {
            let tariff = state.tariff_at(slot.id);
            let price = state.settled(slot.id).and_then(|settled| settled.result.price);
            let known = tariff.and_then(|tariff| {
                let setting = Setting {
                    rule: &SharingRule::DEFAULT,
                    retail: tariff.retail,
                    feed_in: tariff.feed_in,
                    fee: tariff.fees.of(locality),
                    coefficients: None,
                };
                month.plus(&setting, price, slot, part(slot.id))
            });
            match known {
                Some(more) => month = more,
                None => month.missing += 1,
            }
        }
        month
    }

    /// What neighbours and the network are owed in all, micro-EUR; negative is received.
    pub const fn owed(&self) -> i64 {
        self.bought.money.saturating_sub(self.sold.money).saturating_add(self.fee)
    }

    /// With one slot more; none if nothing is known of it or the sums do not fit.
    fn plus(&self, setting: &Setting<'_>, price: Option<Price>, slot: &Slot, part: OwnPart) -> Option<Self> {
        let flow = slot.flow.filter(|_| slot.held.is_none())?;
        let (demand, surplus) = flow.net();
        let mut month = *self;
        let line = match part {
            OwnPart::Checked(line) => {
                month.settled += 1;
                line
            }
            OwnPart::None => alone(demand, surplus),
            OwnPart::Doubtful => {
                month.doubtful += 1;
                alone(demand, surplus)
            }
        };
        let rest = [line.demand.0 - line.alloc.0, line.surplus.0 - line.sold.0];
        month.grid_import.add(rest[0], value(setting.retail, rest[0])?)?;
        month.grid_export.add(rest[1], value(setting.feed_in, rest[1])?)?;
        month.bought.add(line.alloc.0, line.pay.0)?;
        month.sold.add(line.sold.0, line.rev.0)?;
        month.fee = month.fee.checked_add(line.fee.0)?;
        month.bill.add(setting, &line).ok()?;
        let bought_at = price.map_or(setting.retail, |price| Price(price.0.saturating_add(setting.fee.0)));
        let sold_at = price.map_or(setting.feed_in, |price| price.max(setting.feed_in));
        let costs = value(bought_at.min(setting.retail), line.demand.0)?;
        month.best = month.best.checked_add(costs)?.checked_sub(value(sold_at, line.surplus.0)?)?;
        month.slots += 1;
        Some(month)
    }
}

impl Amount {
    fn add(&mut self, energy_wh: i64, money: i64) -> Option<()> {
        let (energy_wh, money) = (self.energy_wh.checked_add(energy_wh)?, self.money.checked_add(money)?);
        *self = Self { energy_wh, money };
        Some(())
    }

    /// The mean price, micro-EUR per kWh, rounded to the nearest; none without energy.
    pub fn mean_price(&self) -> Option<i64> {
        let energy = i128::from(self.energy_wh);
        let mean = (i128::from(self.money) * 1_000 + energy / 2).checked_div(energy)?;
        i64::try_from(mean).ok()
    }
}

/// A slot in which nothing was shared.
fn alone(demand: i64, surplus: i64) -> Line {
    let (none, money) = (WattHours::ZERO, protocol::energy::MicroEuro::ZERO);
    Line {
        member: protocol::Address::new([0; 20]),
        demand: WattHours(demand),
        surplus: WattHours(surplus),
        alloc: none,
        sold: none,
        pay: money,
        rev: money,
        fee: money,
    }
}

fn value(price: Price, energy_wh: i64) -> Option<i64> {
    price.value_of(WattHours(energy_wh)).map(|value| value.0)
}

/// The tariff in force at a slot with the fee of the hive's class.
pub fn tariff_and_fee(state: &State, slot: SlotId) -> Option<(Tariff, Price)> {
    let tariff = state.tariff_at(slot)?;
    Some((tariff, tariff.fees.of(state.books().locality)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::energy::{Flow, SLOT_LENGTH};
    use protocol::energy::MicroEuro;

    const SETTING: Setting<'static> = Setting {
        rule: &SharingRule::DEFAULT,
        retail: Price(250_000),
        feed_in: Price(40_000),
        fee: Price(20_000),
        coefficients: None,
    };

    fn slot(import_wh: i64, export_wh: i64) -> Slot {
        let flow = Some(Flow { import_wh, export_wh, production_wh: None });
        Slot { id: SlotId(7), length: SLOT_LENGTH, flow, is_estimated: false, version: 1, held: None }
    }

    fn line(demand: i64, alloc: i64, pay: i64, fee: i64) -> OwnPart {
        let (alloc, pay, fee) = (WattHours(alloc), MicroEuro(pay), MicroEuro(fee));
        OwnPart::Checked(Line { alloc, pay, fee, ..alone(demand, 0) })
    }

    #[test]
    fn grid_and_neighbours_stand_apart_and_add_up() {
        let price = Some(Price(135_000));
        let month = Month::default()
            .plus(&SETTING, price, &slot(1_000, 0), line(1_000, 400, 54_000, 8_000))
            .and_then(|month| month.plus(&SETTING, price, &slot(0, 500), OwnPart::None))
            .and_then(|month| month.plus(&SETTING, None, &slot(100, 0), OwnPart::Doubtful))
            .unwrap();
        assert_eq!((month.grid_import, month.grid_export), (amount(700, 175_000), amount(500, 20_000)));
        assert_eq!((month.bought, month.sold, month.fee), (amount(400, 54_000), amount(0, 0), 8_000));
        assert_eq!((month.bought.mean_price(), month.sold.mean_price()), (Some(135_000), None));
        let total = month.grid_import.money + month.bought.money + month.fee - month.grid_export.money;
        assert_eq!((month.bill.shared.0, month.bill.alone.0), (total, 255_000));
        assert_eq!(month.owed(), 62_000);
        // 1 kWh at 135 + 20, 500 Wh at 135, 100 Wh at retail.
        assert_eq!(month.best, 155_000 - 67_500 + 25_000);
        assert_eq!((month.slots, month.settled, month.doubtful, month.missing), (3, 1, 1, 0));
    }

    #[test]
    fn what_is_missing_or_held_back_is_in_no_sum() {
        let missing = Slot { flow: None, ..slot(0, 0) };
        let held = Slot { held: Some(crate::core::energy::Doubt::BeyondAnySlot), ..slot(9, 0) };
        for unknown in [missing, held] {
            assert_eq!(Month::default().plus(&SETTING, None, &unknown, OwnPart::None), None);
        }
    }

    fn amount(energy_wh: i64, money: i64) -> Amount {
        Amount { energy_wh, money }
    }
}
