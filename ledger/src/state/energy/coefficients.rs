//! Parts that an organiser gives: under which rule, for which slots, and how many. What was given ahead lapses where
//! another organiser or another whole is voted for.

use std::collections::BTreeSet;

use protocol::energy::{Coefficients, FullDynamic, SharingRule, SlotId};
use protocol::limits::{COEFFICIENTS_A_DAY_MAX, COEFFICIENTS_AHEAD_DAYS_MAX, COEFFICIENTS_KEPT_DAYS};
use protocol::{Address, Invalid};

use super::entry::{Books, EnergyEntry, EnergyKey, Given};
use super::{EnergyEvent, day_of};
use crate::energy::EnergyReject;
use crate::state::Overlay;
use crate::state::entry::{Entry, Key};
use crate::state::execute::BlockContext;

/// Writes the parts that hold from a slot on; what the same organiser gave for that very slot is replaced.
pub(in crate::state) fn give(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    author: Address,
    given: &Coefficients,
) -> Result<EnergyEvent, EnergyReject> {
    let books = overlay.books();
    let Coefficients { from, parts } = given;
    if from.start(books.length) <= context.time {
        return Err(EnergyReject::Begun { from: *from });
    }
    if day_of(from.start(books.length)) > day_of(context.time) + COEFFICIENTS_AHEAD_DAYS_MAX {
        let max = i64::try_from(COEFFICIENTS_AHEAD_DAYS_MAX).expect("invariant: a small number");
        return Err(EnergyReject::Full { what: "days ahead of which parts are given", max });
    }
    let organiser = overlay.first_key(&author);
    let FullDynamic { whole, .. } = overlay
        .organised_at(*from)
        .filter(|rule| overlay.first_key(&rule.organiser) == organiser)
        .ok_or(EnergyReject::NotOrganiser { found: author, slot: *from })?;
    if parts.total() > whole.into() {
        let (expected, found) = (whole.into(), i64::try_from(parts.total()).unwrap_or(i64::MAX));
        return Err(EnergyReject::Sum { what: "parts of the whole, at most", expected, found });
    }
    check_members(overlay, given)?;
    check_day(overlay, &books, given)?;
    forget_lapsed(overlay, &books, context);
    let entry = Given { organiser, whole, parts: parts.clone() };
    overlay.put_energy(EnergyKey::Coefficients(*from), EnergyEntry::Coefficients(entry));
    Ok(EnergyEvent::PartsGiven { from: *from })
}

/// Every part is a member's, and no member stands there under two of its keys.
fn check_members(overlay: &Overlay<'_>, given: &Coefficients) -> Result<(), EnergyReject> {
    let mut members = BTreeSet::new();
    for (member, _) in given.parts.as_slice() {
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
fn check_day(overlay: &Overlay<'_>, books: &Books, given: &Coefficients) -> Result<(), EnergyReject> {
    let a_day = u64::from(books.length.slots_per_day());
    let first = given.from.0 / a_day * a_day;
    let day = [first, first + a_day - 1].map(|slot| Key::Energy(EnergyKey::Coefficients(SlotId(slot))));
    let members = |(key, entry): (Key, Entry)| match (key, entry) {
        (Key::Energy(EnergyKey::Coefficients(from)), Entry::Energy(EnergyEntry::Coefficients(other)))
            if from != given.from =>
        {
            other.parts.as_slice().len()
        }
        _ => 0,
    };
    let before: usize = overlay.range(day[0]..=day[1]).into_iter().map(members).sum();
    if before + given.parts.as_slice().len() > COEFFICIENTS_A_DAY_MAX {
        let max = i64::try_from(COEFFICIENTS_A_DAY_MAX).expect("invariant: a small number");
        return Err(EnergyReject::Full { what: "members with parts in a day", max });
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
