//! How well a policy of kinds `unusual` and `record` finds labelled anomalies, and what a reading costs it. The labelled
//! series (Numenta Anomaly Benchmark) are not part of this repository: `SYMBIOSE_DATA` names the folder that holds `nab/`.

mod score;

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::PathBuf;

use divan::counter::ItemsCount;
use score::{Score, Series, read, score};

fn main() -> io::Result<()> {
    match labelled() {
        Ok(series) => tell(&series)?,
        Err(error) => writeln!(io::stdout(), "passed over: {}: {error} (SYMBIOSE_DATA)", folder().display())?,
    }
    divan::main();
    Ok(())
}

fn folder() -> PathBuf {
    let usual = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    std::env::var_os("SYMBIOSE_DATA").map_or_else(usual, PathBuf::from).join("nab")
}

fn labelled() -> io::Result<Vec<Series>> {
    read(&folder())
}

fn tell(series: &[Series]) -> io::Result<()> {
    let alarms: BTreeMap<_, _> = series.iter().map(|one| (one.name.clone(), one.alarms())).collect();
    let Score { standard, low_false_positives, low_false_negatives } = score(series, &alarms);
    let raised: usize = alarms.values().map(|alarms| alarms.len()).sum();
    let samples: usize = series.iter().map(|one| one.values.len()).sum();
    let windows: usize = series.iter().map(|one| one.windows.len()).sum();
    let mut out = io::stdout();
    writeln!(out, "{} series, {samples} samples, {windows} anomalies: {raised} alerts", series.len())?;
    writeln!(
        out,
        "standard {standard:.2}, low false positives {low_false_positives:.2}, low false negatives {low_false_negatives:.2}"
    )
}

/// A day and a half of readings, one a minute, through the engine of live readings.
#[divan::bench]
fn reading(bencher: divan::Bencher<'_, '_>) {
    let values: Vec<f64> = (0..2_000).map(|at| f64::from(at % 7) + f64::from(at % 60) / 10.0).collect();
    let series = Series { name: "made up".to_owned(), values, windows: Vec::new() };
    bencher.counter(ItemsCount::new(series.values.len())).bench_local(|| series.alarms());
}
