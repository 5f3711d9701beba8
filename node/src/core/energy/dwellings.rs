//! Counters of dwellings inside the building. Labels and figures stay at home: no message and no transaction has a place
//! for them, and what is stated to neighbours is the whole building's.

use std::collections::BTreeSet;
use std::fmt;

use protocol::bounded::list;
use protocol::limits::{DWELLING_LABEL_BYTES_MAX, DWELLING_METERS_MAX, SLOTS_PER_CUT_MAX};
use protocol::{Invalid, UnixMs};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::Energy;
use super::grid::Grid;
use super::meters::{self, Counter, Meter, Role};
use super::slot::Slot;
use crate::core::Core;
use crate::core::catalogue::{AssetId, Catalogue, CatalogueError, MetricName, Unfit};
use crate::core::maintenance::Change;
use crate::core::output::Event;

/// What people call a dwelling: 1 to 40 bytes without control characters, no space around them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DwellingLabel(String);

impl DwellingLabel {
    /// Checks the text.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let is_plain = text.trim() == text && !text.chars().any(char::is_control);
        if text.is_empty() || text.len() > DWELLING_LABEL_BYTES_MAX || !is_plain {
            let expected = "1 to 40 bytes without control characters";
            return Err(Invalid::Text { field: "dwelling", expected, found: text.len() });
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DwellingLabel {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::new(&text)
    }
}

impl From<DwellingLabel> for String {
    fn from(label: DwellingLabel) -> Self {
        label.0
    }
}

impl fmt::Display for DwellingLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A counter of what one dwelling uses. A dwelling may have several.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize_tuple, Deserialize_tuple)]
pub struct DwellingMeter {
    /// Whose.
    pub dwelling: DwellingLabel,
    /// Where the counter is.
    pub asset: AssetId,
    /// Which of its metrics.
    pub metric: MetricName,
}

/// What an operator says of the dwellings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct DwellingPlan {
    meters: Vec<DwellingMeter>,
    has_common_parts: bool,
}

impl DwellingPlan {
    /// At most `DWELLING_METERS_MAX` counters, each once. With common parts (stairs, lift) the building may use more than
    /// its dwellings together.
    pub fn new(meters: Vec<DwellingMeter>, has_common_parts: bool) -> Result<Self, Invalid> {
        if meters.len() > DWELLING_METERS_MAX {
            let (max, found) = (DWELLING_METERS_MAX, meters.len());
            return Err(Invalid::Count { field: "meters", min: 0, max, found });
        }
        let places: BTreeSet<_> = meters.iter().map(|meter| (meter.asset, &meter.metric)).collect();
        if places.len() < meters.len() {
            return Err(Invalid::Duplicate { field: "meters" });
        }
        Ok(Self { meters, has_common_parts })
    }

    /// The counters, as they were said.
    pub fn meters(&self) -> &[DwellingMeter] {
        &self.meters
    }

    /// Whether something beside the dwellings uses energy.
    pub const fn has_common_parts(&self) -> bool {
        self.has_common_parts
    }

    /// The dwellings, each once, by label.
    pub fn dwellings(&self) -> Vec<DwellingLabel> {
        let labels: BTreeSet<_> = self.meters.iter().map(|meter| meter.dwelling.clone()).collect();
        labels.into_iter().collect()
    }

    /// Checks that each counter exists, counts energy, and tells nothing of the whole building.
    fn check(&self, catalogue: &Catalogue, whole: &[Meter]) -> Result<(), CatalogueError> {
        for DwellingMeter { asset, metric, .. } in &self.meters {
            meters::check(*asset, metric, catalogue)?;
            if whole.iter().any(|meter| meter.asset == *asset && meter.metric == *metric) {
                let expected = "a counter that does not tell the energy of the whole building";
                return Err(Unfit { field: "metric", expected }.into());
            }
        }
        Ok(())
    }
}

#[derive(Serialize_tuple, Deserialize_tuple)]
struct Stored {
    #[serde(deserialize_with = "list::<_, _, DWELLING_METERS_MAX>")]
    meters: Vec<DwellingMeter>,
    has_common_parts: bool,
}

impl From<DwellingPlan> for Stored {
    fn from(DwellingPlan { meters, has_common_parts }: DwellingPlan) -> Self {
        Self { meters, has_common_parts }
    }
}

impl TryFrom<Stored> for DwellingPlan {
    type Error = Invalid;

    fn try_from(stored: Stored) -> Result<Self, Invalid> {
        Self::new(stored.meters, stored.has_common_parts)
    }
}

/// Slots of one length, one behind the other, that are counted in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Where they lie.
    pub grid: Grid,
    /// The building's own figures of them.
    pub slots: Vec<Slot>,
}

impl Energy {
    /// What an operator said of the dwellings.
    pub const fn dwelling_plan(&self) -> &DwellingPlan {
        &self.dwellings
    }

    /// The counters of dwellings that have reported, each with the place of its dwelling among
    /// [`DwellingPlan::dwellings`]. One that never reported is `None`.
    pub fn dwelling_counters(&self, catalogue: &Catalogue) -> Vec<(usize, Option<Counter>)> {
        let labels = self.dwellings.dwellings();
        let counter = |meter: &DwellingMeter| {
            let place = labels.binary_search(&meter.dwelling).ok()?;
            let as_meter = Meter { asset: meter.asset, metric: meter.metric.clone(), role: Role::Load };
            Some((place, meters::counter(&as_meter, self.plan.limits(), catalogue)))
        };
        self.dwellings.meters.iter().filter_map(counter).collect()
    }

    /// The closed slots that start in `[from, to)`, cut where their length changes or one is not there.
    pub fn stretches(&self, from: UnixMs, to: UnixMs, slots_max: usize) -> Vec<Stretch> {
        let mut all: Vec<Stretch> = Vec::new();
        for slot in self.book.slots(from, to).take(slots_max) {
            let slot_ms = slot.length.ms();
            let goes_on = all.last_mut().filter(|last| {
                last.grid.slot_ms == slot_ms
                    && last.grid.to() == slot.start()
                    && last.grid.count < SLOTS_PER_CUT_MAX
            });
            match goes_on {
                Some(last) => {
                    last.grid.count += 1;
                    last.slots.push(*slot);
                }
                None => {
                    let grid = Grid { from: slot.start(), slot_ms, count: 1 };
                    all.push(Stretch { grid, slots: vec![*slot] });
                }
            }
        }
        all
    }
}

impl Core {
    pub(in crate::core) fn plan_dwellings(&mut self, plan: DwellingPlan) -> Result<(), CatalogueError> {
        plan.check(self.telemetry.catalogue(), self.energy.meters())?;
        if plan != self.energy.dwellings {
            self.energy.dwellings = plan.clone();
            self.persist(vec![Change::PutDwellings(plan)]);
            self.event(Event::Energy);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::catalogue::Code;
    use protocol::AssetKind;

    fn meter(dwelling: &str, asset: u32, metric: &str) -> DwellingMeter {
        let dwelling = DwellingLabel::new(dwelling).unwrap();
        DwellingMeter { dwelling, asset: AssetId(asset), metric: MetricName::new(metric).unwrap() }
    }

    #[test]
    fn labels_are_plain_and_short() {
        for wrong in ["", " 3B", "3B ", "a\nb", &"x".repeat(41)] {
            assert!(DwellingLabel::new(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(DwellingLabel::new("Bûche 3, gauche").unwrap().as_str(), "Bûche 3, gauche");
    }

    #[test]
    fn a_plan_comes_back_as_it_was_stored_and_refuses_what_is_twice() {
        let plan =
            DwellingPlan::new(vec![meter("2A", 1, "day_wh"), meter("2A", 1, "night_wh")], true).unwrap();
        let bytes = protocol::encode(&plan);
        assert_eq!(protocol::decode::<DwellingPlan>(&bytes, bytes.len()).unwrap(), plan);
        assert_eq!(plan.dwellings().len(), 1);
        assert!(DwellingPlan::new(vec![meter("2A", 1, "wh"), meter("2B", 1, "wh")], true).is_err());
        let many = (0..129).map(|asset| meter("2A", asset, "wh")).collect();
        assert!(DwellingPlan::new(many, true).is_err());
        let full: Vec<_> = (0..128).map(|asset| meter(&"x".repeat(40), asset, &"m".repeat(64))).collect();
        let bytes = protocol::encode(&DwellingPlan::new(full, true).unwrap());
        assert!(bytes.len() <= crate::core::maintenance::ENTRY_BYTES_MAX, "{}", bytes.len());
    }

    #[test]
    fn the_buildings_own_meter_is_no_dwellings() {
        let mut catalogue = Catalogue::default();
        catalogue.add_site(Code::new("S1").unwrap(), "Tour").unwrap();
        for (code, metrics) in [("FLAT", vec!["load_wh", "power_kw"]), ("MAIN", vec!["import_wh"])] {
            catalogue.add_asset("S1", Code::new(code).unwrap(), AssetKind::Meter).unwrap();
            let id = catalogue.asset_by_code(code).unwrap().id;
            for metric in metrics {
                catalogue.add_series(id, MetricName::new(metric).unwrap()).unwrap();
            }
        }
        let whole = super::super::MeterPlan::default().meters(&catalogue);
        let check = |asset, metric| {
            let plan = DwellingPlan::new(vec![meter("2A", asset, metric)], false).unwrap();
            plan.check(&catalogue, &whole).map_err(|error| error.to_string())
        };
        assert_eq!(check(0, "load_wh"), Ok(()));
        for (asset, metric, says) in [
            (1, "import_wh", "whole building"),
            (0, "power_kw", "no counter"),
            (7, "load_wh", "nothing is called"),
        ] {
            let error = check(asset, metric).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
