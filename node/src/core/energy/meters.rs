//! Which counters tell the building's energy: each has a role, by default from its metric's name, or as an operator says.

use std::collections::BTreeSet;

use protocol::energy::SlotLength;
use protocol::limits::METERS_MAX;
use protocol::{AssetKind, Invalid};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::cutter::Gauge;
use super::plausible::Limits;
use crate::core::catalogue::{
    Asset, AssetId, Catalogue, CatalogueError, Column, MetricKind, MetricName, OnConflict, Unfit,
};
use crate::core::telemetry::Keep;

/// What a counter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Role {
    /// Energy taken from the grid.
    Import,
    /// Energy given to the grid.
    Export,
    /// Energy made in the building.
    Production,
    /// Energy used in the building, where nobody meters the connection.
    Load,
}

/// A counter with its role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize_tuple, Deserialize_tuple)]
pub struct Meter {
    /// Whose counter.
    pub asset: AssetId,
    /// Which of its metrics.
    pub metric: MetricName,
    /// What it counts.
    pub role: Role,
}

/// What an operator says of the building's meters; without it the names of metrics decide.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct MeterPlan {
    meters: Option<Vec<Meter>>,
    limits: Limits,
}

impl MeterPlan {
    /// At most `METERS_MAX` counters, each once; `None` leaves the choice to the names of metrics.
    pub fn new(meters: Option<Vec<Meter>>, limits: Limits) -> Result<Self, Invalid> {
        if let Some(meters) = &meters {
            if meters.is_empty() || meters.len() > METERS_MAX {
                return Err(Invalid::Count { field: "meters", min: 1, max: METERS_MAX, found: meters.len() });
            }
            let places: BTreeSet<_> = meters.iter().map(|meter| (meter.asset, &meter.metric)).collect();
            if places.len() < meters.len() {
                return Err(Invalid::Duplicate { field: "meters" });
            }
            let tells = |meter: &Meter| matches!(meter.role, Role::Import | Role::Load);
            if !meters.iter().any(tells) {
                let expected = "one counter of import or of load";
                return Err(Invalid::Text { field: "role", expected, found: 0 });
            }
        }
        Ok(Self { meters, limits })
    }

    /// Whether the names of metrics decide.
    pub const fn is_by_name(&self) -> bool {
        self.meters.is_none()
    }

    /// What the building can do at the most.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The counters in force.
    pub fn meters(&self, catalogue: &Catalogue) -> Vec<Meter> {
        self.meters.clone().unwrap_or_else(|| by_name(catalogue))
    }

    /// Checks that each counter exists, counts, and counts energy.
    pub fn check(&self, catalogue: &Catalogue) -> Result<(), CatalogueError> {
        let mut all = self.meters.iter().flatten();
        all.try_for_each(|meter| check(meter.asset, &meter.metric, catalogue))
    }
}

/// Checks that a counter exists, counts, and counts energy.
pub(super) fn check(
    asset: AssetId,
    metric: &MetricName,
    catalogue: &Catalogue,
) -> Result<(), CatalogueError> {
    let unknown = |field, found: String| CatalogueError::Unknown { field, found };
    let owner = catalogue.asset(asset).ok_or_else(|| unknown("asset", asset.to_string()))?;
    if owner.column(metric.as_str()).is_none() {
        return Err(unknown("metric", metric.to_string()));
    }
    let traits = catalogue.traits(metric.as_str());
    if traits.kind != MetricKind::Counter {
        return Err(CatalogueError::NotACounter { metric: metric.clone() });
    }
    if unit_mwh(&traits.unit).is_none() {
        return Err(Unfit { field: "metric", expected: "a counter in Wh, kWh or MWh" }.into());
    }
    Ok(())
}

/// A counter that is there to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Counter {
    /// What it counts.
    pub role: Role,
    /// Whose it is.
    pub asset: AssetId,
    /// Which of its series.
    pub column: Column,
    /// Which of two readings of one time holds.
    pub keep: Keep,
    /// How it is read.
    pub gauge: Gauge,
}

/// The counters of a plan that have reported.
pub(super) fn counters(meters: &[Meter], limits: &Limits, catalogue: &Catalogue) -> Vec<Counter> {
    meters.iter().filter_map(|meter| counter(meter, limits, catalogue)).collect()
}

/// A meter as it is read; `None` if it has never reported, or does not count energy.
pub(super) fn counter(meter: &Meter, limits: &Limits, catalogue: &Catalogue) -> Option<Counter> {
    let metric = meter.metric.as_str();
    let traits = catalogue.traits(metric);
    Some(Counter {
        role: meter.role,
        asset: meter.asset,
        column: catalogue.asset(meter.asset)?.column(metric)?,
        keep: match traits.on_conflict {
            OnConflict::First => Keep::First,
            OnConflict::Last => Keep::Last,
        },
        gauge: Gauge {
            counting: catalogue.counting(meter.asset, metric)?,
            unit_mwh: unit_mwh(&traits.unit)?,
            power_w_max: limits.power_w_max(),
        },
    })
}

/// mWh of a unit of energy.
pub fn unit_mwh(unit: &str) -> Option<f64> {
    match unit {
        "Wh" => Some(1e3),
        "kWh" => Some(1e6),
        "MWh" => Some(1e9),
        _ => None,
    }
}

/// The length of slots while the hive has not voted another.
pub const SLOT_LENGTH: SlotLength = SlotLength::Quarter;

/// The first meter that tells import, or load if none does, with the export it tells, and every counter of panels of one
/// asset. Meters below the main one would count twice, so they need an operator's word.
fn by_name(catalogue: &Catalogue) -> Vec<Meter> {
    let first = |metric: &str| {
        let mut owners = catalogue.assets().iter().filter(|asset| asset.column(metric).is_some());
        let is_meter = |asset: &&Asset| asset.kind == AssetKind::Meter;
        owners.clone().find(is_meter).or_else(|| owners.next())
    };
    let meter = |asset: &Asset, metric: &str, role| {
        let metric = MetricName::new(metric).expect("invariant: the names of the program are names");
        Meter { asset: asset.id, metric, role }
    };
    let mut meters = Vec::new();
    if let Some(main) = first("import_wh") {
        meters.push(meter(main, "import_wh", Role::Import));
        let export = main.column("export_wh").map(|_| main).or_else(|| first("export_wh"));
        meters.extend(export.map(|asset| meter(asset, "export_wh", Role::Export)));
    } else if let Some(main) = first("load_wh") {
        meters.push(meter(main, "load_wh", Role::Load));
    }
    if !meters.is_empty() {
        meters.extend(first("pv_wh").map(|asset| meter(asset, "pv_wh", Role::Production)));
    }
    meters
}

#[derive(Serialize_tuple, Deserialize_tuple)]
struct Stored {
    #[serde(deserialize_with = "few_meters")]
    meters: Option<Vec<Meter>>,
    limits: Limits,
}

fn few_meters<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Meter>>, D::Error> {
    let meters = Option::<protocol::Bounded<Meter, METERS_MAX>>::deserialize(deserializer)?;
    Ok(meters.map(|meters| meters.to_vec()))
}

impl From<MeterPlan> for Stored {
    fn from(plan: MeterPlan) -> Self {
        let MeterPlan { meters, limits } = plan;
        Self { meters, limits }
    }
}

impl TryFrom<Stored> for MeterPlan {
    type Error = Invalid;

    fn try_from(stored: Stored) -> Result<Self, Invalid> {
        Self::new(stored.meters, stored.limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::catalogue::Code;

    fn catalogue(assets: &[(&str, AssetKind, &[&str])]) -> Catalogue {
        let mut catalogue = Catalogue::default();
        catalogue.add_site(Code::new("S1").unwrap(), "Tour").unwrap();
        for (code, kind, metrics) in assets {
            catalogue.add_asset("S1", Code::new(code).unwrap(), *kind).unwrap();
            let id = catalogue.asset_by_code(code).unwrap().id;
            for metric in *metrics {
                catalogue.add_series(id, MetricName::new(metric).unwrap()).unwrap();
            }
        }
        catalogue
    }

    fn roles(catalogue: &Catalogue) -> Vec<(u32, String, Role)> {
        let meters = MeterPlan::default().meters(catalogue);
        meters.into_iter().map(|meter| (meter.asset.0, meter.metric.to_string(), meter.role)).collect()
    }

    #[test]
    fn well_known_names_have_roles() {
        let all = catalogue(&[
            ("HVAC", AssetKind::Hvac, &["energy_kwh"]),
            ("MAIN", AssetKind::Meter, &["load_wh", "import_wh", "export_wh", "pv_wh"]),
            ("FLAT", AssetKind::Meter, &["import_wh"]),
        ]);
        let expected =
            [("import_wh", Role::Import), ("export_wh", Role::Export), ("pv_wh", Role::Production)];
        assert_eq!(roles(&all), expected.map(|(metric, role)| (1, metric.to_owned(), role)));
        let old = catalogue(&[("MAIN", AssetKind::Meter, &["load_wh", "pv_wh"])]);
        let expected = [("load_wh", Role::Load), ("pv_wh", Role::Production)];
        assert_eq!(roles(&old), expected.map(|(metric, role)| (0, metric.to_owned(), role)));
        assert_eq!(roles(&catalogue(&[("PANELS", AssetKind::Meter, &["pv_wh"])])), []);
    }

    #[test]
    fn a_plan_has_one_role_per_counter_and_something_to_tell() {
        let meter =
            |metric: &str, role| Meter { asset: AssetId(0), metric: MetricName::new(metric).unwrap(), role };
        let plan = |meters| MeterPlan::new(Some(meters), Limits::default());
        assert!(plan(vec![]).is_err());
        assert!(plan(vec![meter("a", Role::Export)]).is_err());
        assert!(plan(vec![meter("a", Role::Import), meter("a", Role::Export)]).is_err());
        assert!(plan((0..65).map(|i| meter(&format!("m{i}"), Role::Import)).collect()).is_err());
        let good = plan(vec![meter("a", Role::Import), meter("b", Role::Export)]).unwrap();
        let bytes = protocol::encode(&good);
        assert_eq!(protocol::decode::<MeterPlan>(&bytes, bytes.len()).unwrap(), good);
        let all = catalogue(&[("MAIN", AssetKind::Meter, &["import_wh", "power_kw", "run_hours"])]);
        for (metric, says) in
            [("power_kw", "is no counter"), ("run_hours", "Wh, kWh"), ("x", "nothing is called x")]
        {
            let error = plan(vec![meter(metric, Role::Import)]).unwrap().check(&all).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        assert_eq!(plan(vec![meter("import_wh", Role::Import)]).unwrap().check(&all), Ok(()));
    }
}
