//! Parts that an organiser gives: under which rule, for which slots, and how many. What was given ahead lapses where
//! another organiser or another whole is voted for.

use std::collections::{BTreeMap, BTreeSet};

use protocol::energy::{Coefficients, FullDynamic, Holders, SharingRule, SlotId};
use protocol::limits::{COEFFICIENTS_A_DAY_MAX, COEFFICIENTS_AHEAD_DAYS_MAX, COEFFICIENTS_KEPT_DAYS};
use protocol::{Address, Invalid};

use super::entry::{Books, EnergyEntry, EnergyKey, Given};
use super::{EnergyEvent, day_of};
use crate::energy::EnergyReject;
use crate::state::Overlay;
use crate::state::entry::{Entry, Key};
use crate::state::execute::BlockContext;

/// Writes the parts that hold from each of their slots on; what an organiser gave for a slot from the first to the last of them
/// is replaced.
pub(in crate::state) fn give(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    author: Address,
    given: &Coefficients,
) -> Result<EnergyEvent, EnergyReject> {
    let books = overlay.books();
    let (from, last) = given.slots().into_inner();
    if from.start(books.length) <= context.time {
        return Err(EnergyReject::Begun { from });
    }
    if day_of(last.start(books.length)) > day_of(context.time) + COEFFICIENTS_AHEAD_DAYS_MAX {
        let max = i64::try_from(COEFFICIENTS_AHEAD_DAYS_MAX).expect("invariant: a small number");
        return Err(EnergyReject::Full { what: "days ahead of which parts are given", max });
    }
    let organiser = overlay.first_key(&author);
    let wholes = given.begins().map(|slot| overlay.whole_of(slot, organiser, author));
    let wholes = wholes.collect::<Result<Vec<u32>, EnergyReject>>()?;
    let holders = overlay.holders_of(given, organiser)?;
    check_members(overlay, &holders)?;
    let rows = given.rows(&holders).ok_or(EnergyReject::Holders { from: holders_slot(given) })?;
    for ((_, parts), whole) in rows.iter().zip(&wholes) {
        if parts.total() > u64::from(*whole) {
            let (expected, found) = ((*whole).into(), i64::try_from(parts.total()).unwrap_or(i64::MAX));
            return Err(EnergyReject::Sum { what: "parts of the whole, at most", expected, found });
        }
    }
    check_days(overlay, &books, given)?;
    forget_lapsed(overlay, &books, context);
    let between = [from, last].map(|slot| Key::Energy(EnergyKey::Coefficients(slot)));
    let before = overlay.range(between[0]..=between[1]);
    before.into_iter().for_each(|(key, _)| overlay.remove(key));
    for ((slot, parts), whole) in rows.into_iter().zip(wholes) {
        let entry = Given { organiser, whole, parts };
        overlay.put_energy(EnergyKey::Coefficients(slot), EnergyEntry::Coefficients(entry));
    }
    Ok(EnergyEvent::PartsGiven { from })
}

/// The slot from which on the members were listed.
fn holders_slot(given: &Coefficients) -> SlotId {
    match given.holders() {
        Holders::Listed(_) => *given.slots().start(),
        Holders::AsFrom(slot, _) => *slot,
    }
}

/// Every part is a member's, and no member stands there under two of its keys.
fn check_members(overlay: &Overlay<'_>, holders: &[Address]) -> Result<(), EnergyReject> {
    let mut members = BTreeSet::new();
    for member in holders {
        if !overlay.is_known(member) {
            return Err(EnergyReject::Stranger { found: *member });
        }
        if !members.insert(overlay.first_key(member)) {
            return Err(Invalid::Duplicate { field: "members with parts" }.into());
        }
    }
    Ok(())
}

/// What an organiser gives for the slots of one day has its bound, however often it gives.
fn check_days(overlay: &Overlay<'_>, books: &Books, given: &Coefficients) -> Result<(), EnergyReject> {
    let a_day = u64::from(books.length.slots_per_day());
    let mut days: BTreeMap<u64, usize> = BTreeMap::new();
    for slot in given.begins() {
        *days.entry(slot.0 / a_day).or_default() += given.members();
    }
    for (day, found) in days {
        let slots = [day * a_day, day * a_day + a_day - 1].map(SlotId);
        let before = overlay.range(
            Key::Energy(EnergyKey::Coefficients(slots[0]))..=Key::Energy(EnergyKey::Coefficients(slots[1])),
        );
        let kept = before.into_iter().map(|(key, entry)| match (key, entry) {
            (Key::Energy(EnergyKey::Coefficients(slot)), Entry::Energy(EnergyEntry::Coefficients(other)))
                if !given.slots().contains(&slot) =>
            {
                other.parts.as_slice().len()
            }
            _ => 0,
        });
        if kept.sum::<usize>() + found > COEFFICIENTS_A_DAY_MAX {
            let max = i64::try_from(COEFFICIENTS_A_DAY_MAX).expect("invariant: a small number");
            return Err(EnergyReject::Full { what: "members with parts in a day", max });
        }
    }
    Ok(())
}

/// Lets go of parts that lapsed before slots which anybody still settles. The last of them hold on until others begin, and
/// stay.
fn forget_lapsed(overlay: &mut Overlay<'_>, books: &Books, context: &BlockContext) {
    let day = day_of(context.time).saturating_sub(COEFFICIENTS_KEPT_DAYS);
    let oldest = SlotId(day * u64::from(books.length.slots_per_day()));
    let [first, last] = [SlotId(0), oldest].map(|slot| Key::Energy(EnergyKey::Coefficients(slot)));
    let known = overlay.range(first..=last);
    let lapsed = known.len().saturating_sub(1);
    known.into_iter().take(lapsed).for_each(|(key, _)| overlay.remove(key));
}

impl Overlay<'_> {
    /// Of how many parts a slot's whole is made, if it is this organiser that gives them.
    fn whole_of(&self, slot: SlotId, organiser: Address, author: Address) -> Result<u32, EnergyReject> {
        let rule = self.organised_at(slot).filter(|rule| self.first_key(&rule.organiser) == organiser);
        rule.map(|rule| rule.whole).ok_or(EnergyReject::NotOrganiser { found: author, slot })
    }

    /// Whose the parts are, in their order: those that are listed, or those of what the same organiser gave before.
    fn holders_of(&self, given: &Coefficients, organiser: Address) -> Result<Vec<Address>, EnergyReject> {
        let (from, check) = match given.holders() {
            Holders::Listed(members) => return Ok(members.to_vec()),
            Holders::AsFrom(from, check) => (*from, *check),
        };
        let Some(EnergyEntry::Coefficients(before)) = self.energy(EnergyKey::Coefficients(from)) else {
            return Err(EnergyReject::Holders { from });
        };
        let members: Vec<Address> = before.parts.members().collect();
        let is_meant = before.organiser == organiser && Holders::check(&members) == check;
        if is_meant { Ok(members) } else { Err(EnergyReject::Holders { from }) }
    }

    /// Who gives the parts of a slot, and of how many; none where the rule asks nobody.
    fn organised_at(&self, slot: SlotId) -> Option<FullDynamic> {
        match self.rule_at(slot) {
            SharingRule::FullDynamic(rule) => Some(rule),
            SharingRule::Dynamic(_)
            | SharingRule::Auction(_)
            | SharingRule::SupplyDemand
            | SharingRule::StaticFixed(_)
            | SharingRule::StaticRelative(_)
            | SharingRule::StaticIterated(_)
            | SharingRule::Priority(_) => None,
        }
    }
}
