//! Slots of final periods as they should have been. What was settled stays; the difference becomes credit notes.

use protocol::Address;
use protocol::energy::{CreditNote, Price, SlotResult, WattHours};

use super::EnergyEvent;
use super::entry::{Account, Books, Credits, EnergyEntry, EnergyKey, SettledSlot};
use super::slot::check_next;
use crate::energy::EnergyReject;
use crate::state::Overlay;
use crate::state::execute::BlockContext;

/// Records a final slot as it should have been, or its next version.
pub(super) fn correct(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    books: &Books,
    result: &SlotResult,
    settlers: [Address; 2],
) -> Result<EnergyEvent, EnergyReject> {
    let slot = result.slot;
    if slot >= books.final_until {
        return Err(EnergyReject::NotFinal { slot });
    }
    let before = overlay.corrected(slot).or_else(|| overlay.settled(slot));
    let (version, traded) =
        (before.map(|before| before.result.version), before.map(|before| before.result.traded));
    check_next(overlay, books, result, version)?;
    let period = overlay.final_period_of(books, slot);
    let credits = overlay.credit_sums(period);
    let full = EnergyReject::Full { what: "Wh corrected in a period", max: i64::MAX };
    let corrected = credits
        .corrected
        .checked_sub(traded.unwrap_or(WattHours::ZERO))
        .and_then(|rest| rest.checked_add(result.traded))
        .ok_or(full)?;
    let credits = Credits { corrected, results: credits.results.saturating_add(1), ..credits };
    overlay.put_energy(EnergyKey::Credits(period), EnergyEntry::Credits(credits));
    let corrected = SettledSlot { result: result.clone(), settlers, height: context.height };
    overlay.put_energy(EnergyKey::Correction(slot), EnergyEntry::Slot(corrected));
    Ok(EnergyEvent::Corrected { slot, version: result.version })
}

/// Counts a credit note: it tells no more energy than the corrections of its period brought and no note told, and no fee
/// beyond what energy may cost.
pub(super) fn credit(
    overlay: &mut Overlay<'_>,
    note: &CreditNote,
    bought: i64,
    settlers: [Address; 2],
) -> Result<(), EnergyReject> {
    let credits = overlay.credit_sums(note.concerns);
    let left = credits.corrected.0 - credits.credited.0;
    if !(left.min(0)..=left.max(0)).contains(&bought) {
        return Err(EnergyReject::Sum { what: "energy bought", expected: left, found: bought });
    }
    let slots = overlay.period(note.concerns).map(|period| period.step.from..period.step.until);
    let dearest = Price(slots.map_or(0, |slots| overlay.dearest_fee_in(&slots)));
    let moved: u64 = note.lines.iter().map(|line| line.bought.0.unsigned_abs()).sum();
    let moved = WattHours(i64::try_from(moved).unwrap_or(i64::MAX));
    let most = dearest.value_of(moved).map_or(i64::MAX, |most| most.0);
    let fee: i64 = note.lines.iter().map(|line| line.fee.0).sum();
    // Each slot rounds its fees down by itself, which moves less than a micro-EUR a line and slot.
    let rounding =
        i64::try_from(note.lines.len()).unwrap_or(i64::MAX).saturating_mul(i64::from(credits.results));
    if fee.unsigned_abs() > most.saturating_add(rounding).unsigned_abs() {
        return Err(EnergyReject::Sum { what: "fees", expected: most, found: fee });
    }
    if credits == Credits::default() {
        return Ok(());
    }
    let mut pair = settlers.map(|settler| overlay.first_key(&settler));
    pair.sort_unstable();
    for line in note.lines.iter() {
        let key = EnergyKey::Credited(note.concerns, pair[0], pair[1], overlay.first_key(&line.member));
        let before = match overlay.energy(key) {
            Some(EnergyEntry::Account(account)) => *account,
            Some(_) | None => Account::default(),
        };
        let full = EnergyReject::Full { what: "credit notes of a member", max: i64::MAX };
        let after = before.added(line).ok_or(full)?;
        overlay.put_energy(key, EnergyEntry::Account(after));
    }
    let credited = WattHours(credits.credited.0 + bought);
    let results = if credited == credits.corrected { 0 } else { credits.results };
    let credits = Credits { credited, results, ..credits };
    overlay.put_energy(EnergyKey::Credits(note.concerns), EnergyEntry::Credits(credits));
    Ok(())
}

impl Overlay<'_> {
    fn corrected(&self, slot: protocol::energy::SlotId) -> Option<&SettledSlot> {
        match self.energy(EnergyKey::Correction(slot)) {
            Some(EnergyEntry::Slot(corrected)) => Some(corrected),
            Some(_) | None => None,
        }
    }

    fn credit_sums(&self, period: u64) -> Credits {
        match self.energy(EnergyKey::Credits(period)) {
            Some(EnergyEntry::Credits(credits)) => *credits,
            Some(_) | None => Credits::default(),
        }
    }
}
