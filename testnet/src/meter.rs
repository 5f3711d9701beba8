//! A building's electricity meter: what is used and made (`load_wh`, `pv_wh`) and what passes the connection to the grid
//! (`import_wh`, `export_wh`, net in each slot), read at the end of each 15-minute slot and, where time allows, in between.

use std::collections::{BTreeMap, VecDeque};

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

/// The meter of one building: what is used and made in it, and what of it passes the connection to the grid.
#[derive(Debug, Clone)]
pub struct Meter {
    code: String,
    source: Source,
    /// How often it is read, milliseconds; always at the end of a slot, too.
    every_ms: i64,
    /// Start of the slot being counted, hive milliseconds.
    slot_ms: i64,
    /// Time of the last reading, within that slot.
    read_ms: i64,
    /// The registers at the start of the slot.
    registers: Registers,
}

/// Counters, Wh.
#[derive(Debug, Clone, Copy, Default)]
struct Registers {
    load: u64,
    pv: u64,
    import: u64,
    export: u64,
}

impl Registers {
    /// `passed_ms` of a slot later in which this much is used and made.
    fn after(self, load_wh: u64, pv_wh: u64, passed_ms: i64) -> Self {
        let part = |wh: u64| {
            let passed = u128::from(passed_ms.unsigned_abs());
            u64::try_from(u128::from(wh) * passed / u128::from(SLOT_MS.unsigned_abs())).unwrap_or(u64::MAX)
        };
        Self {
            load: self.load.saturating_add(part(load_wh)),
            pv: self.pv.saturating_add(part(pv_wh)),
            import: self.import.saturating_add(part(load_wh.saturating_sub(pv_wh))),
            export: self.export.saturating_add(part(pv_wh.saturating_sub(load_wh))),
        }
    }

    fn shown(self, has_pv: bool) -> Shown {
        let mut shown = BTreeMap::from([("load_wh", self.load as f64), ("import_wh", self.import as f64)]);
        if has_pv {
            shown.extend([("pv_wh", self.pv as f64), ("export_wh", self.export as f64)]);
        }
        shown
    }
}

/// What a meter shows, by metric.
pub type Shown = BTreeMap<&'static str, f64>;

/// Readings a meter remembers while nobody asks: a day of slots.
const PROFILE_MAX: usize = 97;

impl Meter {
    /// A meter that stood at zero at `installed_ms`, rounded down to a slot boundary.
    pub fn new(code: &str, source: Source, installed_ms: i64) -> Self {
        let slot_ms = installed_ms.div_euclid(SLOT_MS) * SLOT_MS;
        let registers = Registers::default();
        Self { code: code.to_owned(), source, every_ms: SLOT_MS, slot_ms, read_ms: slot_ms, registers }
    }

    /// The same, read every `every_ms` instead of at the end of each slot only.
    pub fn read_every(&mut self, every_ms: i64) {
        self.every_ms = every_ms.clamp(1_000, SLOT_MS);
    }

    /// The meter's asset code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Hive time of its next reading.
    pub fn next_reading_ms(&self) -> i64 {
        let next = (self.read_ms.div_euclid(self.every_ms) + 1) * self.every_ms;
        next.min(self.slot_ms + SLOT_MS)
    }

    /// Counts on to its next reading and gives it, or none where the record has a gap.
    pub fn read_next(&mut self) -> Option<Shown> {
        let at_ms = self.next_reading_ms();
        self.read_ms = at_ms;
        let energy = self.source.energy(self.slot_ms);
        let registers = energy
            .map(|(load_wh, pv_wh)| self.registers.after(load_wh, pv_wh.unwrap_or(0), at_ms - self.slot_ms));
        if at_ms == self.slot_ms + SLOT_MS {
            self.slot_ms = at_ms;
            self.registers = registers.unwrap_or(self.registers);
        }
        Some(registers?.shown(energy?.1.is_some()))
    }

    /// Counts every slot that ended at or before `time_ms`, as a meter does while nobody reads it; gives what it
    /// remembers of them: its registers at the end of each slot of the last day.
    pub fn catch_up(&mut self, time_ms: i64) -> Vec<(i64, Shown)> {
        let every_ms = std::mem::replace(&mut self.every_ms, SLOT_MS);
        let mut remembered = VecDeque::new();
        while self.next_reading_ms() <= time_ms {
            let at_ms = self.next_reading_ms();
            remembered.extend(self.read_next().map(|shown| (at_ms, shown)));
            if remembered.len() > PROFILE_MAX {
                remembered.pop_front();
            }
        }
        self.every_ms = every_ms;
        // What has been counted of the slot at hand shows with the next reading.
        self.read_ms = self.read_ms.max(time_ms.min(self.slot_ms + SLOT_MS - 1));
        remembered.into()
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
    fn catching_up_gives_the_readings_that_stepping_gives() {
        let (mut stepped, mut caught) = (meter(), meter());
        let all: Vec<_> = (1..=200).map(|n| (START_MS + n * SLOT_MS, stepped.read_next().unwrap())).collect();
        assert_eq!(caught.catch_up(START_MS + 200 * SLOT_MS + 5), all[200 - PROFILE_MAX..]);
        assert_eq!(caught.catch_up(START_MS + 200 * SLOT_MS + 6), []);
    }

    #[test]
    fn readings_in_between_add_up_to_those_at_the_ends() {
        let (mut coarse, mut fine) = (meter(), meter());
        fine.read_every(60_000);
        for _ in 0..96 {
            let end = coarse.read_next().unwrap();
            let mut last = BTreeMap::new();
            for _ in 0..15 {
                let next = fine.read_next().unwrap();
                assert!(last.iter().all(|(metric, value)| next[metric] >= *value));
                last = next;
            }
            assert_eq!(last, end);
        }
        assert_eq!(fine.next_reading_ms(), coarse.next_reading_ms() - SLOT_MS + 60_000);
    }

    #[test]
    fn what_passes_the_connection_is_net_in_each_slot() {
        let mut meter = meter();
        let mut before = meter.read_next().unwrap();
        for _ in 0..96 {
            let now = meter.read_next().unwrap();
            let grew = |metric: &str| now[metric] - before[metric];
            let net = grew("load_wh") - grew("pv_wh");
            assert_eq!((grew("import_wh"), grew("export_wh")), (net.max(0.0), (-net).max(0.0)));
            before = now;
        }
        assert!(before["export_wh"] > 0.0, "the sun shone");
    }
}
