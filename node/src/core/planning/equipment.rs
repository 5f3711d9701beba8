//! What the owner says the building has: stores, loads that can wait, which of them goes first, what energy costs and
//! how the hive's wishes are answered. A value that exists is within its bounds.

use protocol::Invalid;
use protocol::limits::{
    ENERGY_POWER_W_MAX, PLAN_OWN_LOADS_MAX, PLAN_OWN_RUNS_MAX, PLAN_OWN_STORES_MAX, PLAN_STORE_POWER_W_MAX,
    PLAN_STORE_WH_MAX, PRICE_MAX,
};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::core::plan::{Battery, BatterySpec, LoadKind, PlanError, StoreKind};

/// Minutes of a day.
pub(super) const DAY_MINUTES: u16 = 24 * 60;

/// A store of the building, or one of the hive that stands behind its meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct OwnStore {
    /// Whose it is.
    pub kind: StoreKind,
    /// What it holds when full, Wh.
    pub capacity_wh: i64,
    /// Most it takes in, W.
    pub charge_w: i64,
    /// Most it gives out, W.
    pub discharge_w: i64,
    /// What comes back of what went in, percent.
    pub round_trip_percent: u8,
    /// What is never used by a plan, Wh.
    pub reserve_wh: i64,
    /// What it loses by itself, millionths of its content a day.
    pub loss_ppm_day: i64,
}

/// A load that can wait: so much energy each day between two times of the local clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct OwnLoad {
    /// What it is.
    pub kind: LoadKind,
    /// What it needs each time, Wh.
    pub energy_wh: i64,
    /// Its power, W.
    pub power_w: i64,
    /// Minutes since midnight from which it may run.
    pub from_minute: u16,
    /// Minutes since midnight by which it must be done; not after `from_minute`: on the next day.
    pub until_minute: u16,
    /// Whether it must not be interrupted.
    pub in_one_go: bool,
}

/// Who is served first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum First {
    /// Whatever is cheapest in all.
    #[default]
    Cheapest,
    /// Batteries, then loads that can wait.
    Stores,
    /// Loads that can wait, then batteries.
    Loads,
}

/// What energy costs, micro-EUR per kWh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum OwnTariff {
    /// As the hive voted.
    #[default]
    Voted,
    /// One price.
    Flat {
        /// Of import.
        import: i64,
        /// Of export.
        export: i64,
    },
    /// A lower price at some hours.
    TwoPrices {
        /// Of import.
        high: i64,
        /// Of import in the cheap hours.
        low: i64,
        /// Of export.
        export: i64,
        /// Minutes since midnight at which the cheap hours begin.
        low_from: u16,
        /// Minutes since midnight at which they end; not after `low_from`: on the next day.
        low_until: u16,
    },
}

/// How the hive's wishes to use energy earlier are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Consent {
    /// Nobody has to be asked.
    Always,
    /// A person is asked each time; silence is a no.
    #[default]
    Ask,
    /// Never.
    Never,
}

/// Everything the owner says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Equipment {
    parts: Parts,
}

/// What there is to say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parts {
    /// At most `PLAN_OWN_STORES_MAX`.
    pub stores: Vec<OwnStore>,
    /// At most `PLAN_OWN_LOADS_MAX`.
    pub loads: Vec<OwnLoad>,
    /// Who is served first.
    pub first: First,
    /// Import that plans keep below if they can, W.
    pub import_max_w: Option<u32>,
    /// What energy costs.
    pub tariff: OwnTariff,
    /// How the hive's wishes are answered.
    pub consent: Consent,
    /// Most energy one wish may move, Wh.
    pub moved_max_wh: i64,
}

impl Equipment {
    /// Checks every figure against its bounds.
    pub fn new(parts: Parts) -> Result<Self, Invalid> {
        count("stores", parts.stores.len(), PLAN_OWN_STORES_MAX)?;
        count("loads", parts.loads.len(), PLAN_OWN_LOADS_MAX)?;
        let runs = parts.loads.iter().filter(|load| load.in_one_go).count();
        count("loads that run in one go", runs, PLAN_OWN_RUNS_MAX)?;
        parts.stores.iter().try_for_each(check_store)?;
        parts.loads.iter().try_for_each(check_load)?;
        if let Some(watts) = parts.import_max_w {
            within("import_max_w", watts.into(), 1, ENERGY_POWER_W_MAX.into())?;
        }
        within("moved_max_wh", parts.moved_max_wh, 0, PLAN_STORE_WH_MAX)?;
        check_tariff(&parts.tariff)?;
        Ok(Self { parts })
    }

    /// What the owner says.
    pub const fn parts(&self) -> &Parts {
        &self.parts
    }
}

impl OwnStore {
    /// Whether neighbours share it, so that it is planned for all of them.
    pub const fn is_shared(&self) -> bool {
        matches!(self.kind, StoreKind::Hive | StoreKind::Season)
    }

    /// The part of the store that plans may use, with so much in all of it, Wh.
    pub(super) fn battery(&self, stored_wh: i64) -> Result<Battery, PlanError> {
        let usable_wh = self.capacity_wh - self.reserve_wh;
        // The same loss on the way in as on the way out.
        let each_way = (i64::from(self.round_trip_percent) * 10_000).isqrt();
        let spec =
            BatterySpec::new(self.kind, usable_wh, (self.charge_w, self.discharge_w), (each_way, each_way))?;
        Battery::new(spec.losing(self.loss_ppm_day)?, (stored_wh - self.reserve_wh).clamp(0, usable_wh))
    }
}

fn check_store(store: &OwnStore) -> Result<(), Invalid> {
    within("capacity_wh", store.capacity_wh, 1, PLAN_STORE_WH_MAX)?;
    within("charge_w", store.charge_w, 1, PLAN_STORE_POWER_W_MAX)?;
    within("discharge_w", store.discharge_w, 1, PLAN_STORE_POWER_W_MAX)?;
    within("round_trip_percent", store.round_trip_percent.into(), 1, 100)?;
    within("reserve_wh", store.reserve_wh, 0, store.capacity_wh)?;
    within("loss_ppm_day", store.loss_ppm_day, 0, 1_000_000)
}

fn check_load(load: &OwnLoad) -> Result<(), Invalid> {
    within("energy_wh", load.energy_wh, 1, PLAN_STORE_POWER_W_MAX)?;
    within("power_w", load.power_w, 1, PLAN_STORE_POWER_W_MAX)?;
    minute("from_minute", load.from_minute)?;
    minute("until_minute", load.until_minute)
}

fn check_tariff(tariff: &OwnTariff) -> Result<(), Invalid> {
    let price = |field, price| within(field, price, 0, PRICE_MAX);
    match *tariff {
        OwnTariff::Voted => Ok(()),
        OwnTariff::Flat { import, export } => price("import", import).and(price("export", export)),
        OwnTariff::TwoPrices { high, low, export, low_from, low_until } => {
            price("high", high).and(price("low", low)).and(price("export", export))?;
            minute("low_from", low_from).and(minute("low_until", low_until))
        }
    }
}

fn minute(field: &'static str, minute: u16) -> Result<(), Invalid> {
    within(field, minute.into(), 0, i64::from(DAY_MINUTES) - 1)
}

fn count(field: &'static str, found: usize, max: usize) -> Result<(), Invalid> {
    if found <= max { Ok(()) } else { Err(Invalid::Count { field, min: 0, max, found }) }
}

fn within(field: &'static str, found: i64, least: i64, most: i64) -> Result<(), Invalid> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(Invalid::Range { field, max: most.cast_unsigned(), found: found.cast_unsigned() })
}

#[derive(Serialize_tuple, Deserialize_tuple)]
struct Stored {
    #[serde(deserialize_with = "protocol::bounded::list::<_, _, PLAN_OWN_STORES_MAX>")]
    stores: Vec<OwnStore>,
    #[serde(deserialize_with = "protocol::bounded::list::<_, _, PLAN_OWN_LOADS_MAX>")]
    loads: Vec<OwnLoad>,
    first: First,
    import_max_w: Option<u32>,
    tariff: OwnTariff,
    consent: Consent,
    moved_max_wh: i64,
}

impl From<Equipment> for Stored {
    fn from(equipment: Equipment) -> Self {
        let Parts { stores, loads, first, import_max_w, tariff, consent, moved_max_wh } = equipment.parts;
        Self { stores, loads, first, import_max_w, tariff, consent, moved_max_wh }
    }
}

impl TryFrom<Stored> for Equipment {
    type Error = Invalid;

    fn try_from(stored: Stored) -> Result<Self, Invalid> {
        let Stored { stores, loads, first, import_max_w, tariff, consent, moved_max_wh } = stored;
        Self::new(Parts { stores, loads, first, import_max_w, tariff, consent, moved_max_wh })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn battery() -> OwnStore {
        OwnStore {
            kind: StoreKind::Building,
            capacity_wh: 10_000,
            charge_w: 5_000,
            discharge_w: 5_000,
            round_trip_percent: 90,
            reserve_wh: 1_000,
            loss_ppm_day: 0,
        }
    }

    pub(crate) fn car() -> OwnLoad {
        OwnLoad {
            kind: LoadKind::Car,
            energy_wh: 8_000,
            power_w: 7_400,
            from_minute: 18 * 60,
            until_minute: 7 * 60,
            in_one_go: false,
        }
    }

    #[test]
    fn what_is_stored_comes_back_and_nothing_else_does() {
        let parts = Parts {
            stores: vec![battery()],
            loads: vec![car()],
            first: First::Loads,
            import_max_w: Some(9_000),
            tariff: OwnTariff::TwoPrices {
                high: 270_000,
                low: 200_000,
                export: 40_000,
                low_from: 1_320,
                low_until: 360,
            },
            consent: Consent::Always,
            moved_max_wh: 3_000,
        };
        let equipment = Equipment::new(parts).unwrap();
        let bytes = protocol::encode(&equipment);
        assert_eq!(protocol::decode::<Equipment>(&bytes, 16 * 1024).unwrap(), equipment);
        for place in 0..bytes.len() {
            let mut wrong = bytes.clone();
            wrong[place] ^= 0xff;
            // Another equipment or none, never a panic and never one out of bounds.
            if let Ok(other) = protocol::decode::<Equipment>(&wrong, 16 * 1024) {
                assert_eq!(Equipment::new(other.parts().clone()), Ok(other));
            }
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let store = |change: fn(&mut OwnStore)| {
            let mut store = battery();
            change(&mut store);
            Equipment::new(Parts { stores: vec![store], ..Parts::default() }).is_err()
        };
        assert!(!store(|_| ()));
        assert!(store(|store| store.capacity_wh = 0) && store(|store| store.capacity_wh = i64::MAX));
        assert!(store(|store| store.charge_w = 0) && store(|store| store.discharge_w = i64::MIN));
        assert!(store(|store| store.round_trip_percent = 0) && store(|store| store.round_trip_percent = 101));
        assert!(store(|store| store.reserve_wh = 10_001) && store(|store| store.loss_ppm_day = -1));
        let loads = |loads| Equipment::new(Parts { loads, ..Parts::default() }).is_err();
        assert!(loads(vec![car(); PLAN_OWN_LOADS_MAX + 1]) && !loads(vec![car(); PLAN_OWN_LOADS_MAX]));
        assert!(loads(vec![OwnLoad { in_one_go: true, ..car() }; PLAN_OWN_RUNS_MAX + 1]));
        assert!(loads(vec![OwnLoad { from_minute: 1_440, ..car() }]));
        assert!(loads(vec![OwnLoad { energy_wh: 0, ..car() }]));
        let tariff = OwnTariff::Flat { import: -1, export: 0 };
        assert!(Equipment::new(Parts { tariff, ..Parts::default() }).is_err());
    }

    #[test]
    fn the_reserve_is_out_of_reach() {
        let usable = battery().battery(4_000).unwrap();
        assert_eq!((usable.spec().capacity_wh(), usable.stored_wh()), (9_000, 3_000));
        assert_eq!(usable.spec().efficiencies_per_mille(), (948, 948));
        assert_eq!(battery().battery(500).unwrap().stored_wh(), 0);
    }
}
