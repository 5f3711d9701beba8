//! A recorded year of 24 buildings through the real rules of sharing, held against reference figures to the last Wh
//! and micro-EUR. No process is started: this is arithmetic, and it is the same on every machine.

mod books;
mod figures;
mod golden;
mod organiser;
mod year;

use std::path::PathBuf;

use serde_json::{Value, json};
use tokio::time::Instant;

pub use books::{Carried, through_the_ledger};
pub use figures::{Figures, settle_all};
pub use golden::{Golden, ROWS, Record, THROUGH_THE_LEDGER};
pub use organiser::{GivenBytes, give_parts};
pub use year::{MemberBills, Year};

use crate::bench::cpu_s;
use crate::error::{Error, Result};
use crate::terminal::{LiveLine, line, table};

/// One sentence for the list of scenarios.
pub const TITLE: &str = "A recorded year of 24 buildings settles to the reference figures under every rule";

/// Folder that holds `energy/` with the recorded meters: `SYMBIOSE_DATA`, or where the developers keep it.
pub fn folder() -> PathBuf {
    let usual = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    std::env::var_os("SYMBIOSE_DATA").map_or_else(usual, PathBuf::from).join("energy")
}

/// Settles both records under every rule and tells what came of it; an error when a figure differs.
pub async fn run(as_json: bool) -> Result<()> {
    let done = tokio::task::spawn_blocking(move || settle_records(as_json)).await;
    done.map_err(|panic| Error::Expectation(format!("the settlement broke off: {panic}")))?
}

fn settle_records(as_json: bool) -> Result<()> {
    let begun = Instant::now();
    let mut report = Report::new(as_json);
    let mut record: Option<(Record, Year, MemberBills)> = None;
    for golden in &ROWS {
        if record.as_ref().is_none_or(|(read, ..)| *read != golden.record) {
            report.live.show(&format!("reading {}", golden.record.file()));
            record = Some((golden.record, Year::read(golden.record)?, MemberBills::read(golden.record)?));
        }
        let (_, year, bills) = record.as_ref().expect("invariant: it was read just now");
        let figures = settle_all(year, golden, &mut report.progress(golden.name, year))?;
        report.add(golden, &figures, bills);
    }
    let golden = &THROUGH_THE_LEDGER;
    let (year, bills) = (Year::read(golden.record)?, MemberBills::read(golden.record)?);
    let (booked, before_s) = (Instant::now(), cpu_s(std::process::id())?);
    let (figures, carried) = through_the_ledger(&year, golden, &mut report.progress(golden.name, &year))?;
    report.add(golden, &figures, &bills);
    let took = Took { wall_s: booked.elapsed().as_secs_f64(), cpu_s: cpu_s(std::process::id())? - before_s };
    report.carried(&carried, &took, give_parts(&year, golden)?, year.names.len());
    report.end(begun.elapsed().as_secs_f64())
}

const HEADING: [&str; 10] = [
    "rule",
    "traded Wh",
    "SC %",
    "SS %",
    "bill µEUR",
    "change %",
    "worst member µEUR",
    "balance",
    "bills of members",
    "sha256 of the slot lines",
];

/// Most bytes of ledger for one building and day, slot results apart.
const BYTES_PER_BUILDING_DAY_MAX: usize = 1024;
/// Longest that a year may take through the ledger, seconds of processor: other programs do not count.
const LEDGER_S_MAX: f64 = 60.0;

/// How long the ledger took.
struct Took {
    wall_s: f64,
    cpu_s: f64,
}

/// What is told of the settlements, and what differs.
struct Report {
    as_json: bool,
    live: LiveLine,
    rows: Vec<Vec<String>>,
    told: Vec<Value>,
    notes: Vec<String>,
    differ: Vec<String>,
}

impl Report {
    fn new(as_json: bool) -> Self {
        let rows = vec![HEADING.map(str::to_owned).to_vec()];
        let (told, notes, differ) = (Vec::new(), Vec::new(), Vec::new());
        Self { as_json, live: LiveLine::new(as_json), rows, told, notes, differ }
    }

    fn progress(&mut self, name: &'static str, year: &Year) -> impl FnMut(usize) {
        let whole = year.slots.len();
        move |slot| self.live.show(&format!("{name}: slot {slot} of {whole}, {} %", slot * 100 / whole))
    }

    fn add(&mut self, golden: &Golden, figures: &Figures, bills: &MemberBills) {
        let judged = golden.judge(figures, bills);
        let wrong = judged.iter().filter(|cell| !cell.holds());
        self.differ.extend(wrong.map(|cell| format!("{}: {cell}", golden.name)));
        self.told.push(json!({"rule": golden.name, "record": golden.record.file(), "figures": figures}));
        let cells = judged.iter().map(ToString::to_string);
        self.rows.push(std::iter::once(golden.name.to_owned()).chain(cells).collect());
    }

    fn carried(&mut self, carried: &Carried, took: &Took, given: GivenBytes, buildings: usize) {
        let Took { wall_s, cpu_s } = *took;
        let building_days = usize::try_from(carried.days).unwrap_or(usize::MAX).saturating_mul(buildings);
        let each = carried.other_bytes.div_ceil(building_days.max(1));
        let (blocks, transactions, state) = (carried.blocks, carried.transactions, &carried.state);
        self.notes.push(format!(
            "ledger: {blocks} blocks, {transactions} transactions, checked by a second chain, in {cpu_s:.1} s of \
             processor, {wall_s:.1} s of the clock; \
             {each} bytes per building and day besides {} bytes of slot results; state {}",
            carried.slot_bytes,
            state.get(..16).unwrap_or(state)
        ));
        self.told.push(json!({
            "ledger": carried, "wall_s": wall_s, "cpu_s": cpu_s,
            "bytes_per_building_day": each, "organiser_bytes_per_building_day": given,
        }));
        let GivenBytes { day_ahead, quarter_by_quarter } = given;
        self.notes.push(format!(
            "an organiser's parts for every quarter of an hour: {day_ahead} bytes per building and day more when \
             given a day ahead, {quarter_by_quarter} quarter by quarter"
        ));
        let most = each + day_ahead.max(quarter_by_quarter);
        if most > BYTES_PER_BUILDING_DAY_MAX {
            self.differ
                .push(format!("{most} bytes per building and day, {BYTES_PER_BUILDING_DAY_MAX} allowed"));
        }
        if cpu_s > LEDGER_S_MAX {
            self.differ
                .push(format!("{cpu_s:.1} s of processor through the ledger, {LEDGER_S_MAX} s allowed"));
        }
    }

    fn end(mut self, wall_s: f64) -> Result<()> {
        self.live.clear();
        if self.as_json {
            let held = self.differ.is_empty();
            let told = json!({"rows": self.told, "held": held, "differ": self.differ, "wall_s": wall_s});
            line(&told.to_string());
        } else {
            line(&table(&self.rows));
            self.notes.iter().for_each(|note| line(note));
            line(&format!("{} settlements of {} in {wall_s:.1} s", self.rows.len() - 1, folder().display()));
        }
        if self.differ.is_empty() { Ok(()) } else { Err(Error::Expectation(self.differ.join("\n"))) }
    }
}
