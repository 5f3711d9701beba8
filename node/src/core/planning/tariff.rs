//! What energy costs in each slot: by the owner's own contract, or by the tariff of the hive.

use ledger::State;
use protocol::energy::SlotId;

use super::equipment::{Equipment, OwnTariff};
use super::work::PriceSource;
use crate::core::plan::{Calendar, Prices, SlotLength, SlotNumber};

/// What a plan counts with where nobody said a price: a household's usual ones, so that the order of things is right.
const ASSUMED: Prices = Prices { import: 250_000, export: 40_000 };

/// Prices of slots, and where they come from.
pub(super) fn prices(
    equipment: &Equipment,
    calendar: &Calendar,
    state: &State,
    slots: &[SlotNumber],
) -> (Vec<Prices>, PriceSource) {
    match equipment.parts().tariff {
        OwnTariff::Flat { import, export } => {
            (vec![Prices { import, export }; slots.len()], PriceSource::Own)
        }
        OwnTariff::TwoPrices { high, low, export, low_from, low_until } => {
            let hours = (i64::from(low_from), i64::from(low_until));
            let price = |slot: &SlotNumber| {
                let is_low = is_within(calendar.local(*slot).minute, hours);
                Prices { import: if is_low { low } else { high }, export }
            };
            (slots.iter().map(price).collect(), PriceSource::Own)
        }
        OwnTariff::Voted => voted(calendar, state, slots),
    }
}

/// What the hive voted.
pub(super) fn voted(calendar: &Calendar, state: &State, slots: &[SlotNumber]) -> (Vec<Prices>, PriceSource) {
    let price = |slot: &SlotNumber| {
        let id = SlotId::at(calendar.start(*slot), in_the_ledger(calendar.length()))?;
        let tariff = state.tariff_at(id)?;
        Some(Prices { import: tariff.retail.0, export: tariff.feed_in.0 })
    };
    match slots.iter().map(price).collect::<Option<Vec<Prices>>>() {
        Some(prices) => (prices, PriceSource::Voted),
        None => (vec![ASSUMED; slots.len()], PriceSource::Assumed),
    }
}

/// Whether a minute of the day lies in hours that may reach over midnight.
fn is_within(minute: i64, (from, until): (i64, i64)) -> bool {
    if from < until { (from..until).contains(&minute) } else { minute >= from || minute < until }
}

pub(super) const fn in_the_ledger(length: SlotLength) -> protocol::energy::SlotLength {
    match length {
        SlotLength::Quarter => protocol::energy::SlotLength::Quarter,
        SlotLength::Half => protocol::energy::SlotLength::Half,
        SlotLength::Hour => protocol::energy::SlotLength::Hour,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cheap_hours_may_reach_over_midnight() {
        let night = (22 * 60, 6 * 60);
        let cheap: Vec<i64> = (0..24).filter(|hour| is_within(hour * 60, night)).collect();
        assert_eq!(cheap, [0, 1, 2, 3, 4, 5, 22, 23]);
        assert!(is_within(60, (60, 120)) && !is_within(120, (60, 120)));
    }
}
