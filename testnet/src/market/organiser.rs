//! What the ledger carries where an organiser gives every building another part in every quarter of an hour: a week of the
//! record, given a day ahead and quarter by quarter, both through the ledger itself.

use protocol::Payload;
use protocol::energy::{
    Coefficients, EnergyAction, Factor, FullDynamic, ScheduledRule, SharingRule, SlotId, Weights,
};
use serde::Serialize;

use super::books::{Hive, LENGTH};
use super::golden::Golden;
use super::year::{Slot, Year};
use crate::error::{Error, Result};

/// Days of the record.
const DAYS: usize = 7;
/// Slots of a day.
const A_DAY: usize = 96;
/// The member that gives the parts: an ordinary one.
const ORGANISER: usize = 4;
/// Parts of the whole: hundredths of a percent.
const WHOLE: u32 = 10_000;
/// How long before the first slot parts are given, milliseconds.
const AHEAD_MS: i64 = 5 * 60 * 1000;

/// Bytes of an organiser's transactions for one building and day, signatures included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct GivenBytes {
    /// A day at once, as far as a transaction holds it.
    pub day_ahead: usize,
    /// Each quarter of an hour by itself.
    pub quarter_by_quarter: usize,
}

/// Gives a week's parts in both ways.
pub fn give_parts(year: &Year, golden: &Golden) -> Result<GivenBytes> {
    Ok(GivenBytes { day_ahead: given(year, golden, A_DAY)?, quarter_by_quarter: given(year, golden, 1)? })
}

fn given(year: &Year, golden: &Golden, at_once: usize) -> Result<usize> {
    let mut hive = Hive::found(year, golden)?;
    let week = year.slots.get(..DAYS * A_DAY).ok_or_else(|| wrong(&"the record is shorter than a week"))?;
    let factor = Factor::HALF;
    let rule = FullDynamic { organiser: hive.addresses[ORGANISER], whole: WHOLE, factor };
    let from = Hive::slot_id(week[0].number);
    let rule = ScheduledRule { rule: SharingRule::FullDynamic(rule), from };
    hive.decide(from.start(LENGTH).plus(-2 * AHEAD_MS), EnergyAction::Share(rule))?;
    let mut bytes = 0;
    for slots in week.chunks(at_once) {
        let rows: Vec<(SlotId, Weights)> = slots.iter().filter_map(|slot| row(&hive, slot)).collect();
        bytes += give(&mut hive, &rows)?;
        let state = hive.chain.state();
        if rows
            .iter()
            .any(|(slot, parts)| state.coefficients_at(*slot).map(|(_, given)| &given.parts) != Some(parts))
        {
            return Err(wrong(&"the ledger holds other parts than were given"));
        }
    }
    Ok(bytes.div_ceil(DAYS * year.names.len()))
}

/// Everybody's part in proportion to what it needs; none of a slot in which nobody needs any.
fn row(hive: &Hive, slot: &Slot) -> Option<(SlotId, Weights)> {
    let needs: Vec<i64> = slot.energy.iter().map(|(load, pv)| (load - pv).max(0)).collect();
    let all: i64 = needs.iter().sum();
    let part =
        |need: &i64| u32::try_from(need * i64::from(WHOLE) / all).expect("invariant: a part of the whole");
    let parts = (all > 0).then(|| hive.addresses.iter().copied().zip(needs.iter().map(part)).collect())?;
    Some((Hive::slot_id(slot.number), Weights::new(parts).ok()?))
}

/// In one transaction, or in as many as it takes. Bytes of them.
fn give(hive: &mut Hive, rows: &[(SlotId, Weights)]) -> Result<usize> {
    let Some((first, _)) = rows.first() else { return Ok(0) };
    let now = first.start(LENGTH).plus(-AHEAD_MS);
    let given = match Coefficients::new(rows) {
        Ok(given) => hive.chain.state().shortened(given, &hive.addresses[ORGANISER]),
        Err(_) if rows.len() > 1 => {
            let (before, after) = rows.split_at(rows.len() / 2);
            return Ok(give(hive, before)? + give(hive, after)?);
        }
        Err(error) => return Err(wrong(&error)),
    };
    let transaction = hive.sign(ORGANISER, Payload::Coefficients(given));
    hive.block(now, vec![transaction])
}

fn wrong(reason: &dyn std::fmt::Display) -> Error {
    Error::Expectation(format!("an organiser's parts: {reason}"))
}
