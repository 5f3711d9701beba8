//! One settled slot: what the ledger can check of it without seeing a single building's figure.

use protocol::Address;
use protocol::energy::{Price, SharingRule, SlotId, SlotResult, Tariff, WattHours};

use super::entry::{Books, EnergyEntry, EnergyKey, SettledSlot, Week};
use super::{EnergyEvent, week_of};
use crate::energy::{EnergyReject, PriceExpected, band, price};
use crate::planted::Bug;
use crate::state::Overlay;
use crate::state::execute::BlockContext;

/// Records a slot, or its next version.
pub(super) fn record(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    books: &Books,
    result: &SlotResult,
    settlers: [Address; 2],
) -> Result<EnergyEvent, EnergyReject> {
    let slot = result.slot;
    let ends = slot.end(books.length);
    if ends > context.time {
        return Err(EnergyReject::NotOver { ends, now: context.time });
    }
    if slot < books.final_until {
        return Err(EnergyReject::Final { number: overlay.final_period_of(books, slot) });
    }
    let before = match overlay.settled(slot) {
        Some(_) if context.planted.is(Bug::DoubleSale) && result.version == 1 => None,
        Some(settled) => Some((settled.result.version, settled.result.traded)),
        None => None,
    };
    check_next(overlay, books, result, before.map(|(version, _)| version))?;
    count(overlay, books, result, before.map_or(WattHours::ZERO, |(_, traded)| traded))?;
    let settled = SettledSlot { result: result.clone(), settlers, height: context.height };
    overlay.put_energy(EnergyKey::Slot(slot), EnergyEntry::Slot(settled));
    Ok(EnergyEvent::Settled { slot, version: result.version })
}

/// What is asked of every result: the version that is due, members alone, the price the rule makes.
pub(super) fn check_next(
    overlay: &Overlay<'_>,
    books: &Books,
    result: &SlotResult,
    before: Option<u32>,
) -> Result<(), EnergyReject> {
    let expected = before.map_or(1, |version| version.saturating_add(1));
    if result.version != expected {
        let (expected, found) = (expected.into(), result.version.into());
        return Err(EnergyReject::Number { what: "version", expected, found });
    }
    if let Some(found) = result.missing.iter().find(|member| !overlay.is_known(member)) {
        return Err(EnergyReject::Stranger { found: *found });
    }
    check_price(overlay, books, result)
}

/// Rule, tariff and totals give the price of all rules but the auction, whose limits the ledger does not see.
fn check_price(overlay: &Overlay<'_>, books: &Books, result: &SlotResult) -> Result<(), EnergyReject> {
    let slot = result.slot;
    let tariff = overlay.tariff_at(slot).ok_or(EnergyReject::NoTariff { slot })?;
    let fee = tariff.fees.of(books.locality);
    let refuse = |expected| Err(EnergyReject::Price { slot, expected, found: result.price });
    let Some(band) = band(tariff.retail, tariff.feed_in, fee) else {
        return match (result.traded, result.price) {
            (WattHours(0), None) => Ok(()),
            (WattHours(0), Some(_)) => refuse(PriceExpected::None),
            (WattHours(_), _) => Err(EnergyReject::NoGain { slot }),
        };
    };
    let given = |total: WattHours| WattHours(total.0 - result.given.0);
    let made = price(&overlay.rule_at(slot), band, given(result.demand), given(result.surplus));
    let sold = result.traded > result.given;
    match (made, result.price) {
        (Some(made), found) if found == Some(made) => Ok(()),
        (Some(made), _) => refuse(PriceExpected::Exactly(made)),
        (None, None) if !sold => Ok(()),
        (None, Some(found)) if sold && in_band(band, found) => Ok(()),
        (None, _) if sold => refuse(PriceExpected::Between(band.0, band.1)),
        (None, _) => refuse(PriceExpected::None),
    }
}

fn in_band((lowest, highest): (Price, Price), found: Price) -> bool {
    (lowest..=highest).contains(&found)
}

/// Adds what the slot shares now, less what it shared before, to its week.
fn count(
    overlay: &mut Overlay<'_>,
    books: &Books,
    result: &SlotResult,
    before: WattHours,
) -> Result<(), EnergyReject> {
    let number = week_of(result.slot, books.length);
    let week = overlay.week(number);
    let traded = week.traded.checked_sub(before).and_then(|rest| rest.checked_add(result.traded));
    let full = EnergyReject::Full { what: "Wh shared in a week", max: i64::MAX };
    let week = Week { traded: traded.ok_or(full)?, results: week.results.saturating_add(1), ..week };
    overlay.put_energy(EnergyKey::Week(number), EnergyEntry::Week(week));
    Ok(())
}

impl Overlay<'_> {
    pub(super) fn tariff_at(&self, slot: SlotId) -> Option<Tariff> {
        match self.last_energy(EnergyKey::Tariff(SlotId(0)), EnergyKey::Tariff(slot)) {
            Some(EnergyEntry::Tariff(tariff)) => Some(*tariff),
            Some(_) | None => None,
        }
    }

    pub(super) fn rule_at(&self, slot: SlotId) -> SharingRule {
        match self.last_energy(EnergyKey::Rule(SlotId(0)), EnergyKey::Rule(slot)) {
            Some(EnergyEntry::Rule(rule)) => rule.clone(),
            Some(_) | None => SharingRule::DEFAULT,
        }
    }

    /// The final period that holds a slot, for people.
    pub(super) fn final_period_of(&self, books: &Books, slot: SlotId) -> u64 {
        let holds = |number: &u64| {
            self.period(*number).is_some_and(|period| period.step.from <= slot && slot < period.step.until)
        };
        (1..=books.periods).rev().find(holds).unwrap_or(1)
    }
}
