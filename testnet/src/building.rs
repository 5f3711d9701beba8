//! What stands in one building: its equipment and its meter, as its gateway knows them.

use protocol::AssetKind;

use crate::chance::Chance;
use crate::clock::HiveClock;
use crate::equipment::Equipment;
use crate::household::Household;
use crate::layout::{self, Plan};
use crate::meter::{Meter, Source};
use crate::replay::Series;
use crate::sun::Roof;

/// A building's meter hung there a day before its node: what it remembers of that day is the first thing it tells.
const METER_AHEAD_MS: i64 = 24 * 60 * 60 * 1_000;

/// A building behind its gateway.
#[derive(Debug)]
pub struct Building {
    /// Code of the site.
    pub site: String,
    /// Its assets, the meter not among them.
    pub equipment: Vec<Equipment>,
    /// Its meter.
    pub meter: Meter,
    /// The hive's clock.
    pub clock: HiveClock,
    /// Spreads the assets over the seconds of a period.
    pub chance: Chance,
}

impl Building {
    /// Building `index` of a plan, fed from its record when there is one.
    pub fn new(plan: &Plan, index: usize, record: Option<&Series>, clock: HiveClock) -> Self {
        let site = layout::name(index);
        let source =
            record.map_or_else(|| simulated(plan.seed, index), |record| Source::Recorded(record.clone()));
        Self {
            equipment: equipment(&layout::assets(&site), plan.seed, plan.in_service_ms),
            meter: Meter::new(&format!("{site}-METER_1"), source, plan.in_service_ms - METER_AHEAD_MS),
            clock,
            chance: Chance::new(plan.seed, &format!("phase/{site}")),
            site,
        }
    }
}

/// The equipment among these assets.
pub fn equipment(assets: &[(String, AssetKind)], seed: u64, in_service_ms: i64) -> Vec<Equipment> {
    let without_meter = assets.iter().filter(|(_, kind)| *kind != AssetKind::Meter);
    without_meter.map(|(code, kind)| Equipment::new(*kind, code, seed, in_service_ms)).collect()
}

/// Six to eighteen dwellings; every second building has panels on its roof.
fn simulated(seed: u64, index: usize) -> Source {
    let site = layout::name(index);
    let chance = Chance::new(seed, &format!("building/{site}"));
    let dwellings = 6 + u32::try_from(chance.pick(0, 13)).expect("invariant: below 13");
    let roof = index.is_multiple_of(2).then(|| Roof::new(seed, 2_000 * dwellings));
    Source::Simulated { household: Household::new(seed, &site, dwellings), roof }
}
