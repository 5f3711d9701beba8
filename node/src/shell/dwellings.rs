//! Shares the building's result out among its dwellings when somebody asks: takes slots and lines out of the core, reads the
//! dwellings' counters, and lets the core's arithmetic put them together. Nothing of it is kept.

use protocol::UnixMs;
use protocol::limits::DWELLING_SLOTS_MAX;
use web::request::Apportionment;
use web::view::{DwellingSlotView, SlotQuality};
use web::{Kind, Problem};

use super::present::{dwellings as shown, results};
use super::query::Source;
use super::slots;
use crate::core::Core;
use crate::core::energy::{
    Apportioned, Counter, Course, DwellingLabel, DwellingPart, OwnPart, Slot, Stretch, Used, used,
};

/// What the core knows.
struct Known {
    labels: Vec<DwellingLabel>,
    has_common_parts: bool,
    counters: Vec<(usize, Option<Counter>)>,
    stretches: Vec<(Stretch, Vec<OwnPart>)>,
}

impl Known {
    fn of(core: &Core, from: UnixMs, to: UnixMs) -> Self {
        let (energy, length) = (core.energy(), core.ledger().state().books().length);
        // Slots of an earlier length have other numbers than those of the ledger's.
        let part = |slot: &Slot| {
            if slot.length == length { results::own_part(core, slot.id) } else { OwnPart::None }
        };
        let with_parts = |stretch: Stretch| {
            let parts = stretch.slots.iter().map(part).collect();
            (stretch, parts)
        };
        Self {
            labels: energy.dwelling_plan().dwellings(),
            has_common_parts: energy.dwelling_plan().has_common_parts(),
            counters: energy.dwelling_counters(core.telemetry().catalogue()),
            stretches: energy.stretches(from, to, DWELLING_SLOTS_MAX).into_iter().map(with_parts).collect(),
        }
    }
}

/// What dwellings used in the slots that start in `[from, to)`, and what is theirs; of `only` also slot by slot.
pub(super) async fn apportion(
    source: &Source,
    from: UnixMs,
    to: UnixMs,
    only: Option<String>,
) -> Result<Apportionment, Problem> {
    let known = source.glance(move |core| Known::of(core, from, to)).await?;
    let unknown = || Problem::new(Kind::NotFound, "there is no such dwelling").field("dwelling");
    let place =
        |label: &String| known.labels.iter().position(|known| known.as_str() == label).ok_or_else(unknown);
    let only = only.as_ref().map(place).transpose()?;
    let present: Vec<Counter> = known.counters.iter().filter_map(|(_, counter)| counter.clone()).collect();
    let mut sums = Apportioned::new(known.labels.len(), known.counters.len(), known.has_common_parts);
    let mut one = Vec::new();
    for (stretch, parts) in &known.stretches {
        let counted = slots::courses(source, &present, stretch.grid).await?;
        let courses = with_places(&known.counters, counted);
        for (index, (slot, own)) in stretch.slots.iter().zip(parts).enumerate() {
            let used = used(known.labels.len(), &courses, index, stretch.grid.slot_ms);
            let parts = sums.take(slot, *own, &used);
            one.extend(only.map(|place| slot_view(slot, used[place], &parts[place])));
        }
    }
    Ok(Apportionment { sums: shown::sums(from, to, &known.labels, &sums), slots: one })
}

/// What was counted of the counters that are there, beside those that never reported.
fn with_places(counters: &[(usize, Option<Counter>)], counted: Vec<Course>) -> Vec<(usize, Option<Course>)> {
    let mut counted = counted.into_iter();
    let course =
        |(place, counter): &(usize, Option<Counter>)| (*place, counter.as_ref().and_then(|_| counted.next()));
    counters.iter().map(course).collect()
}

fn slot_view(slot: &Slot, used: Option<Used>, part: &DwellingPart) -> DwellingSlotView {
    DwellingSlotView {
        id: slot.start().0.to_string(),
        start: slot.start().into(),
        end: slot.end().into(),
        used_wh: used.map(|used| used.wh),
        quality: match used {
            None => SlotQuality::Missing,
            Some(used) if used.is_estimated => SlotQuality::Estimated,
            Some(_) => SlotQuality::Measured,
        },
        bought_wh: part.bought_wh,
        pay: part.pay,
        fee: part.fee,
        sold_wh: part.sold_wh,
        revenue: part.revenue,
    }
}
