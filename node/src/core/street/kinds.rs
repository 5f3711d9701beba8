//! What an alert of this building may have in common with its neighbours'. A lift that wears out is its building's own
//! matter; water that fails, power that dips and heat are the street's.

use std::collections::BTreeSet;

use protocol::incident::{Symptom, System};
use protocol::limits::STREET_FRESH_MS;
use protocol::street::StreetKind;
use protocol::{AssetKind, UnixMs};

use crate::core::alerts::Alert;
use crate::core::catalogue::Catalogue;
use crate::core::incidents::guess;
use crate::core::maintenance::Maintenance;
use crate::core::policy::{Condition, Criterion, RuleKind};

/// What began in this building lately, whether it is over or not: that somebody closed an alert says nothing of the street.
pub(super) fn noticed(catalogue: &Catalogue, maintenance: &Maintenance, now: UnixMs) -> BTreeSet<StreetKind> {
    let is_fresh = |alert: &&Alert| (0..STREET_FRESH_MS).contains(&now.since(alert.opened));
    let of_alert = |alert: &Alert| {
        let criterion = &alert.grounds.first()?.criterion;
        let asset = catalogue.asset(alert.asset)?.kind;
        of(asset, criterion.metric.as_str(), side(criterion)?)
    };
    maintenance.alerts().iter().filter(is_fresh).filter_map(of_alert).collect()
}

/// On which side of the usual a reading lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Low,
    High,
}

/// None where a rule is not about a level: hours that were run, or readings that are missing.
const fn side(criterion: &Criterion) -> Option<Side> {
    match criterion.rule {
        RuleKind::Runtime | RuleKind::NoData => None,
        // The condition means nothing to these two: more than usual is what they are set for.
        RuleKind::Unusual | RuleKind::Record => Some(Side::High),
        RuleKind::Threshold | RuleKind::RateOfChange | RuleKind::Count | RuleKind::Consecutive => {
            match criterion.condition {
                Condition::Above | Condition::AtLeast => Some(Side::High),
                Condition::Below | Condition::AtMost => Some(Side::Low),
            }
        }
    }
}

fn of(asset: AssetKind, metric: &str, side: Side) -> Option<StreetKind> {
    if metric.contains("voltage") || metric.contains("grid_frequency") {
        return (side == Side::Low).then_some(StreetKind::PowerDip);
    }
    let (system, symptom) = guess(asset, metric);
    match (system, symptom, side) {
        (System::WaterRiser | System::HotWater, Symptom::LowPressure, Side::Low) => {
            Some(StreetKind::WaterPressure)
        }
        (_, Symptom::Leak, Side::High) => Some(StreetKind::WaterLoss),
        (System::WaterRiser | System::HotWater, Symptom::HighUse, Side::High) => Some(StreetKind::WaterLoss),
        (
            System::Heating | System::Cooling | System::Ventilation | System::Electricity,
            Symptom::Overheating,
            _,
        ) => Some(if side == Side::Low { StreetKind::Cold } else { StreetKind::Heat }),
        (System::Electricity, Symptom::HighUse, Side::Low) => Some(StreetKind::PowerDip),
        (
            System::Electricity | System::Heating | System::Cooling | System::Ventilation,
            Symptom::HighUse,
            Side::High,
        ) => Some(StreetKind::HighUse),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_neighbours_share_is_told_from_what_one_building_has_alone() {
        use AssetKind::{Chiller, Elevator, Hvac, Meter};
        use Side::{High, Low};
        let cases = [
            (Meter, "water_pressure", Low, Some(StreetKind::WaterPressure)),
            (Meter, "water_pressure", High, None),
            (Meter, "leak_flow", High, Some(StreetKind::WaterLoss)),
            (Meter, "leak_flow", Low, None),
            (Meter, "water_l", High, Some(StreetKind::WaterLoss)),
            (Meter, "voltage", Low, Some(StreetKind::PowerDip)),
            (Meter, "voltage", High, None),
            (Meter, "power_kw", Low, Some(StreetKind::PowerDip)),
            (Meter, "power_kw", High, Some(StreetKind::HighUse)),
            (Meter, "indoor_temp", High, Some(StreetKind::Heat)),
            (Meter, "indoor_temp", Low, Some(StreetKind::Cold)),
            (Chiller, "water_temp_out", High, Some(StreetKind::Heat)),
            (Hvac, "temp_supply_air", Low, Some(StreetKind::Cold)),
            (Hvac, "vibration_level", High, None),
            (Elevator, "motor_temp", High, None),
            (Elevator, "door_cycles", High, None),
        ];
        for (asset, metric, side, expected) in cases {
            assert_eq!(of(asset, metric, side), expected, "{asset:?} {metric} {side:?}");
        }
    }
}
