//! A building's meter: the counters that its gateway reads, and the readings from which slots are cut, as the shell cuts
//! them from its files.

use node::core::energy::{Course, Cut, Cutter, Work};
use node::core::telemetry::Row;
use protocol::UnixMs;

use crate::chance::Chance;

/// Of 1,000 readings, how many turn the building from taking energy to giving some, or back.
const TURN_PER_MILLE: u64 = 150;
/// Power either way, W: so much that no energy of a slot is a small number, which would stand in many a message.
const POWER_W: (u64, u64) = (400_000, 4_000_000);

/// The two counters of a meter.
#[derive(Debug, Default)]
pub struct Registers {
    import_wh: u64,
    export_wh: u64,
    last: Option<UnixMs>,
    gives: bool,
}

impl Registers {
    /// What the meter shows now.
    pub fn read(&mut self, time: UnixMs, chance: &mut Chance) -> Vec<(String, Option<f64>)> {
        if self.last.is_none() {
            self.gives = chance.per_mille(500);
        } else if chance.per_mille(TURN_PER_MILLE) {
            self.gives = !self.gives;
        }
        let passed_ms = self.last.replace(time).map_or(0, |last| time.since(last));
        let power_w = chance.between(POWER_W.0, POWER_W.1);
        let energy_wh = power_w * u64::try_from(passed_ms).unwrap_or(0) / 3_600_000;
        let register = if self.gives { &mut self.export_wh } else { &mut self.import_wh };
        *register += energy_wh;
        let shown = |wh: u64| {
            let low = u32::try_from(wh % (1 << 32)).expect("invariant: less than 2^32");
            let high = u32::try_from(wh >> 32).expect("invariant: a world lasts hours");
            Some(f64::from(high) * 4_294_967_296.0 + f64::from(low))
        };
        vec![("import_wh".to_owned(), shown(self.import_wh)), ("export_wh".to_owned(), shown(self.export_wh))]
    }
}

/// Readings on disk, and what was cut of them last.
#[derive(Debug, Default)]
pub struct Metered {
    rows: Vec<Row>,
    last: Option<Work>,
}

impl Metered {
    /// Rows are on disk.
    pub fn take(&mut self, rows: &[Row]) {
        self.rows.extend_from_slice(rows);
    }

    /// The node went down.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Counts what is asked for; nothing where the same was asked for before and cut in vain.
    pub fn cut(&mut self, work: Work) -> Option<Cut> {
        if self.last.as_ref() == Some(&work) {
            return None;
        }
        self.last = Some(work.clone());
        let (from, to) = work.grid.reach();
        let courses = work.counters.iter().map(|counter| {
            let mut cutter = Cutter::new(counter.gauge.clone(), work.grid);
            let rows = self.rows.iter().filter(|row| row.asset() == counter.asset);
            for row in rows.filter(|row| (from..to).contains(&row.time())) {
                let value = row.values().iter().find(|(column, _)| *column == counter.column);
                if let Some((_, value)) = value.filter(|_| !cutter.is_done()) {
                    cutter.read(row.time(), value.get());
                }
            }
            cutter.finish()
        });
        let courses: Vec<Course> = courses.collect();
        Some(Cut { courses, work })
    }
}
