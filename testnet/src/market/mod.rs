//! A recorded year of 24 buildings through the real rules of sharing, held against reference figures to the last Wh
//! and micro-EUR. No process is started: this is arithmetic, and it is the same on every machine.

mod figures;
mod golden;
mod year;

use std::path::PathBuf;

use serde_json::{Value, json};
use tokio::time::Instant;

pub use figures::{Figures, settle_all};
pub use golden::{Golden, ROWS, Record};
pub use year::{MemberBills, Year};

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
    let mut live = LiveLine::new(as_json);
    let mut rows = vec![HEADING.map(str::to_owned).to_vec()];
    let (mut told, mut differ) = (Vec::new(), Vec::new());
    let mut record: Option<(Record, Year, MemberBills)> = None;
    for golden in &ROWS {
        if record.as_ref().is_none_or(|(read, ..)| *read != golden.record) {
            live.show(&format!("reading {}", golden.record.file()));
            record = Some((golden.record, Year::read(golden.record)?, MemberBills::read(golden.record)?));
        }
        let (_, year, bills) = record.as_ref().expect("invariant: it was read just now");
        let mut progress = |slot: usize| {
            let whole = year.slots.len();
            live.show(&format!("{}: slot {slot} of {whole}, {} %", golden.name, slot * 100 / whole));
        };
        let figures = settle_all(year, golden, &mut progress)?;
        let judged = golden.judge(&figures, bills);
        differ.extend(
            judged.iter().filter(|cell| !cell.holds()).map(|cell| format!("{}: {cell}", golden.name)),
        );
        told.push(json!({"rule": golden.name, "record": golden.record.file(), "figures": figures}));
        rows.push([vec![golden.name.to_owned()], judged.iter().map(ToString::to_string).collect()].concat());
    }
    live.clear();
    let wall_s = begun.elapsed().as_secs_f64();
    if as_json {
        line(&Value::to_string(
            &json!({"rows": told, "held": differ.is_empty(), "differ": differ, "wall_s": wall_s}),
        ));
    } else {
        line(&table(&rows));
        line(&format!("{} settlements of {} in {wall_s:.1} s", ROWS.len(), folder().display()));
    }
    if differ.is_empty() { Ok(()) } else { Err(Error::Expectation(differ.join("\n"))) }
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
