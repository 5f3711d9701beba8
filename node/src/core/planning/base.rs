//! What the building uses beside its loads that can wait: what was metered less the times at which they ran, as the meter
//! shows them. A plan adds these loads itself, wherever they ran before, and must not count them twice.

use std::cmp::Reverse;
use std::ops::Range;

use super::equipment::OwnLoad;
use super::put;
use super::work::window;
use crate::core::plan::{Calendar, History, SlotNumber};

/// The history without the loads. A load is seen where use stands above the day's usual by half its power or more; of each of its
/// times at most the energy that it needs is taken out, first where the step is most like its power. What is not seen stays:
/// a load that is smaller than what else goes on, or that runs half of the day.
pub(super) fn without_loads(metered: &History, calendar: &Calendar, loads: &[OwnLoad]) -> History {
    let mut base = metered.clone();
    let (Some(oldest), Some(end)) = (base.oldest(), base.end()) else { return base };
    let mut loads: Vec<&OwnLoad> = loads.iter().collect();
    loads.sort_by_key(|load| Reverse(load.power_w));
    for load in loads {
        for day in calendar.local(oldest).day - 1..=calendar.local(end).day {
            if let Some((from, until)) = window(calendar, load, day) {
                take_out(&mut base, calendar, load, from..until);
            }
        }
    }
    base
}

/// Takes one time of a load out.
fn take_out(base: &mut History, calendar: &Calendar, load: &OwnLoad, time: Range<SlotNumber>) {
    let Some(usual) = usual_wh(base, calendar, &time) else { return };
    let slot_wh = calendar.length().energy_wh(load.power_w).max(1);
    let above = |base: &History, slot: SlotNumber| base.get(slot).map(|wh| wh - usual);
    let mut left = load.energy_wh;
    let mut take = |base: &mut History, slot: SlotNumber, step: i64| {
        let taken = step.min(slot_wh).min(left);
        left -= taken;
        put(base, slot, base.get(slot).map(|wh| wh - taken));
        left > 0
    };
    let steps = slots(&time).filter_map(|slot| Some((slot, above(base, slot)?)));
    let mut ran: Vec<(SlotNumber, i64)> = steps.filter(|(_, step)| step * 2 >= slot_wh).collect();
    ran.sort_by_key(|(slot, step)| ((step - slot_wh).abs(), *slot));
    if !ran.iter().all(|(slot, step)| take(base, *slot, *step)) {
        return;
    }
    // It begins and ends within a slot: what is left of it lies beside the whole ones.
    let beside = ran.iter().flat_map(|(slot, _)| [slot.plus(-1), slot.plus(1)]);
    let beside = beside.filter(|slot| time.contains(slot) && ran.iter().all(|(whole, _)| whole != slot));
    let mut rest: Vec<(SlotNumber, i64)> =
        beside.filter_map(|slot| Some((slot, above(base, slot).filter(|step| *step > 0)?))).collect();
    rest.sort_by_key(|(slot, step)| (Reverse(*step), *slot));
    rest.dedup();
    for (slot, step) in rest {
        if !take(base, slot, step) {
            break;
        }
    }
}

/// What a slot of the day around a time brings in the middle, Wh.
fn usual_wh(base: &History, calendar: &Calendar, time: &Range<SlotNumber>) -> Option<i64> {
    let around = (calendar.length().per_day() - time.end.since(time.start)).max(0) / 2;
    let day = time.start.plus(-around)..time.end.plus(around);
    let mut known: Vec<i64> = slots(&day).filter_map(|slot| base.get(slot)).collect();
    known.sort_unstable();
    known.get(known.len().saturating_sub(1) / 2).copied()
}

fn slots(of: &Range<SlotNumber>) -> impl Iterator<Item = SlotNumber> + use<> {
    (of.start.0..of.end.0).map(SlotNumber)
}
