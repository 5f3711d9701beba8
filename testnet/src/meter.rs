//! A building's electricity meter: two counters, `load_wh` and `pv_wh`, read at the end of each 15-minute slot.

use std::collections::BTreeMap;

use crate::clock::SLOT_MS;
use crate::household::Household;
use crate::replay::Series;
use crate::sun::Roof;

/// Where the energy of a slot comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// Simulated dwellings, and a roof where the building has one.
    Simulated {
        /// The demand.
        household: Household,
        /// The production.
        roof: Option<Roof>,
    },
    /// A recorded building.
    Recorded(Series),
}

/// The meter of one building.
#[derive(Debug, Clone)]
pub struct Meter {
    code: String,
    source: Source,
    /// Start of the first slot not yet counted, hive milliseconds.
    next_slot_ms: i64,
    load_wh: u64,
    pv_wh: u64,
}

impl Meter {
    /// A meter that stood at zero at `installed_ms`, rounded up to a slot boundary.
    pub fn new(code: &str, source: Source, installed_ms: i64) -> Self {
        let next_slot_ms = installed_ms.div_euclid(SLOT_MS) * SLOT_MS;
        Self { code: code.to_owned(), source, next_slot_ms, load_wh: 0, pv_wh: 0 }
    }

    /// The meter's asset code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Hive time of its next reading: the end of the slot being counted.
    pub fn next_reading_ms(&self) -> i64 {
        self.next_slot_ms + SLOT_MS
    }

    /// Counts the next slot and gives the reading at its end, or none where the record has a gap.
    pub fn read_next(&mut self) -> Option<BTreeMap<&'static str, f64>> {
        let slot_ms = self.next_slot_ms;
        self.next_slot_ms += SLOT_MS;
        let (load_wh, pv_wh) = self.source.energy(slot_ms)?;
        self.load_wh = self.load_wh.saturating_add(load_wh);
        self.pv_wh = self.pv_wh.saturating_add(pv_wh.unwrap_or(0));
        let mut metrics = BTreeMap::from([("load_wh", self.load_wh as f64)]);
        if pv_wh.is_some() {
            metrics.insert("pv_wh", self.pv_wh as f64);
        }
        Some(metrics)
    }

    /// Counts every slot that ended at or before `time_ms`, as a meter does while nobody reads it; gives the
    /// latest of those readings with its time.
    pub fn catch_up(&mut self, time_ms: i64) -> Option<(i64, BTreeMap<&'static str, f64>)> {
        let mut latest = None;
        while self.next_reading_ms() <= time_ms {
            let at_ms = self.next_reading_ms();
            latest = self.read_next().map(|metrics| (at_ms, metrics)).or(latest);
        }
        latest
    }
}

impl Source {
    /// Load and, where the building produces, PV energy of the slot which begins at `slot_ms`.
    fn energy(&self, slot_ms: i64) -> Option<(u64, Option<u64>)> {
        match self {
            Self::Simulated { household, roof } => {
                Some((household.energy_wh(slot_ms), roof.as_ref().map(|roof| roof.energy_wh(slot_ms))))
            }
            Self::Recorded(series) => series.energy(slot_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START_MS: i64 = 1_765_238_400_000;

    fn meter() -> Meter {
        let household = Household::new(42, "CAS-S1", 8);
        let source = Source::Simulated { household, roof: Some(Roof::new(42, 20_000)) };
        Meter::new("CAS-S1-METER_1", source, START_MS)
    }

    #[test]
    fn counters_never_fall_and_grow_by_the_slots_energy() {
        let mut meter = meter();
        let mut before = 0.0;
        for _ in 0..96 {
            let reading = meter.read_next().unwrap();
            assert!(reading["load_wh"] > before);
            before = reading["load_wh"];
        }
        assert_eq!(meter.next_reading_ms(), START_MS + 97 * SLOT_MS);
    }

    #[test]
    fn catching_up_gives_the_reading_that_stepping_gives() {
        let (mut stepped, mut caught) = (meter(), meter());
        let mut last = None;
        for _ in 0..10 {
            last = stepped.read_next();
        }
        let latest = caught.catch_up(START_MS + 10 * SLOT_MS + 5);
        assert_eq!(latest, last.map(|metrics| (START_MS + 10 * SLOT_MS, metrics)));
        assert_eq!(caught.catch_up(START_MS + 10 * SLOT_MS + 6), None);
    }
}
