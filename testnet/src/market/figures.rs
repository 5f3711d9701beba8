//! What a record comes to under one rule: the real settlement, slot by slot, and the sums of it.

use ledger::energy::{Bill, LineHash, Outcome, Part, Setting, SettleError, settle};
use protocol::energy::{Price, Terms, WattHours};
use serde::Serialize;

use super::golden::Golden;
use super::year::{Slot, Year};
use crate::error::{Error, Result};

/// Slots between two signs of life.
const TELL_EVERY: usize = 1_000;

/// Sums over a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Energy shared, Wh.
    pub traded_wh: i64,
    /// Slots in which some was.
    pub slots_with_trade: usize,
    /// Share of production used inside, percent with two digits.
    pub self_consumption: String,
    /// Share of load covered from inside, percent with two digits.
    pub self_sufficiency: String,
    /// What all members pay together, micro-EUR.
    pub bill: i64,
    /// What that changes against no sharing, percent with two digits.
    pub change: String,
    /// The largest change of a member, micro-EUR: negative when all gain.
    pub worst: i64,
    /// Receipts less payments among members, micro-EUR.
    pub balance: i64,
    /// Each member's bill, micro-EUR.
    pub bills: Vec<i64>,
    /// Each member's bill without sharing, micro-EUR.
    pub alone: Vec<i64>,
    /// SHA-256 over the slot lines.
    pub sha256: String,
}

/// Settles every slot of `year` as `golden` says and adds up.
pub fn settle_all(year: &Year, golden: &Golden, progress: &mut dyn FnMut(usize)) -> Result<Figures> {
    let rule = golden.rule(year);
    let setting = golden.setting(&rule);
    let mut sums = Sums::new(year.names.len());
    for (count, slot) in year.slots.iter().enumerate() {
        if count % TELL_EVERY == 0 {
            progress(count);
        }
        let outcome = if golden.shares { settle(&setting, &parts(slot)) } else { unshared(&setting, slot) };
        let added = outcome.and_then(|outcome| sums.add(&setting, slot, &outcome));
        added.map_err(|error| Error::Expectation(format!("slot {}: {error}", slot.number)))?;
    }
    Ok(sums.figures())
}

/// The members of a slot, net at their connection point.
pub(super) fn parts(slot: &Slot) -> Vec<Part> {
    let part = |(place, (load, pv)): (usize, &(i64, i64))| Part {
        member: Year::member(place),
        demand: WattHours((load - pv).max(0)),
        surplus: WattHours((pv - load).max(0)),
        terms: Terms::default(),
    };
    slot.energy.iter().enumerate().map(part).collect()
}

/// The same slot when the network takes more than sharing could bring.
fn unshared(setting: &Setting<'_>, slot: &Slot) -> Result<Outcome, SettleError> {
    let fee = Price(setting.retail.0 - setting.feed_in.0 + 1);
    settle(&Setting { fee, ..*setting }, &parts(slot))
}

pub(super) struct Sums {
    pub(super) bills: Vec<Bill>,
    lines: LineHash,
    pub(super) traded: i64,
    slots_with_trade: usize,
    load: i64,
    pv: i64,
    direct: i64,
}

impl Sums {
    pub(super) fn new(members: usize) -> Self {
        let (bills, lines) = (vec![Bill::default(); members], LineHash::default());
        Self { bills, lines, traded: 0, slots_with_trade: 0, load: 0, pv: 0, direct: 0 }
    }

    pub(super) fn add(
        &mut self,
        setting: &Setting<'_>,
        slot: &Slot,
        outcome: &Outcome,
    ) -> Result<(), SettleError> {
        self.lines.add(slot.number, outcome);
        self.traded += outcome.traded.0;
        self.slots_with_trade += usize::from(outcome.traded > WattHours::ZERO);
        for (bill, line) in self.bills.iter_mut().zip(&outcome.lines) {
            bill.add(setting, line)?;
        }
        for (load, pv) in &slot.energy {
            self.load += load;
            self.pv += pv;
            self.direct += load.min(pv);
        }
        Ok(())
    }

    pub(super) fn figures(self) -> Figures {
        let bills: Vec<i64> = self.bills.iter().map(|bill| bill.shared.0).collect();
        let alone: Vec<i64> = self.bills.iter().map(|bill| bill.alone.0).collect();
        let (bill, without): (i64, i64) = (bills.iter().sum(), alone.iter().sum());
        Figures {
            traded_wh: self.traded,
            slots_with_trade: self.slots_with_trade,
            self_consumption: percent(self.direct + self.traded, self.pv),
            self_sufficiency: percent(self.direct + self.traded, self.load),
            bill,
            change: percent(bill - without, without),
            worst: bills.iter().zip(&alone).map(|(shared, alone)| shared - alone).max().unwrap_or(0),
            balance: self.bills.iter().map(|bill| bill.balance.0).sum(),
            bills,
            alone,
            sha256: self.lines.hex(),
        }
    }
}

/// `part` of `whole` in percent, rounded to two digits in whole numbers.
fn percent(part: i64, whole: i64) -> String {
    let (part, whole) = (i128::from(part), i128::from(whole).max(1));
    let hundredths = (part.abs() * 20_000 + whole) / (2 * whole);
    let sign = if part < 0 && hundredths > 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn percents_are_rounded_to_the_nearest_hundredth() {
        let cases =
            [(1, 3, "33.33"), (2, 3, "66.67"), (-1, 8, "-12.50"), (0, 5, "0.00"), (-1, 1_000_000, "0.00")];
        for (part, whole, expected) in cases {
            assert_eq!(percent(part, whole), expected);
        }
        assert_eq!(percent(1, 0), "100.00");
    }
}
