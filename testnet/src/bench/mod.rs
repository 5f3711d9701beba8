//! Figures of this machine: each in a neighbourhood of its own, beside the figure to reach.

mod alert;
mod ballots;
mod durable;
mod finality;
mod flood;
mod process;
mod settled;
mod store;
mod year;

pub(crate) use process::cpu_s;

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::error::Result;
use crate::options::Options;
use crate::terminal::{line, note, table};

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Figure {
    /// Submit to final with 4 authorities at 20 transactions per second.
    Finality,
    /// Most transactions per second with 4 authorities.
    Saturation,
    /// Submit to final with 16 authorities.
    Sixteen,
    /// Submit to final with 4 authorities of which one is dead.
    Dead,
    /// Memory and processor of a node at rest.
    Rest,
    /// Time until 5 nodes are ready.
    Ready,
    /// Time until a node with 10,000 blocks is ready again.
    Restart,
    /// Durable single payloads per second at 64 connections.
    Ingest,
    /// Breach to alert, and to the work order on every node.
    Alert,
    /// A resident's ballot: signed to checked receipt, and a thousand in a minute while an authority dies.
    Ballots,
    /// A slot of shared energy: from the last reading of its end to every building's checked line.
    Settled,
    /// Readings of a whole day: how fast they come in, what they cost on disk, how fast they are read.
    Store,
    /// Many days in one store, a year of them with `--days 365`: how it opens, answers and grows.
    Year,
    /// What the hive delivers while a member floods one of its nodes with 10,000 messages per second.
    Flood,
    /// All of them, one after the other.
    All,
}

/// Every figure but that of a year, the long ones last.
const EACH: [Figure; 13] = [
    Figure::Ready,
    Figure::Rest,
    Figure::Finality,
    Figure::Saturation,
    Figure::Sixteen,
    Figure::Dead,
    Figure::Ingest,
    Figure::Alert,
    Figure::Ballots,
    Figure::Settled,
    Figure::Restart,
    Figure::Store,
    Figure::Flood,
];

/// One measured figure.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// What was measured.
    pub name: &'static str,
    /// The figure.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// The figure to reach: at most, or at least.
    pub target: Target,
    /// Whether it is reached.
    pub reached: bool,
    /// How it was measured.
    pub detail: String,
}

/// A figure to reach.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Not more than this.
    AtMost(f64),
    /// Not less than this.
    AtLeast(f64),
}

impl Measured {
    fn new(name: &'static str, value: f64, unit: &'static str, target: Target, detail: String) -> Self {
        let reached = match target {
            Target::AtMost(most) => value <= most,
            Target::AtLeast(least) => value >= least,
        };
        Self { name, value, unit, target, reached, detail }
    }

    fn row(&self) -> Vec<String> {
        let target = match self.target {
            Target::AtMost(most) => format!("≤ {most}"),
            Target::AtLeast(least) => format!("≥ {least}"),
        };
        let reached = if self.reached { "reached" } else { "missed" };
        let value =
            if self.value >= 100.0 { format!("{:.0}", self.value) } else { format!("{:.2}", self.value) };
        vec![
            self.name.to_owned(),
            format!("{value} {}", self.unit),
            target,
            reached.to_owned(),
            self.detail.clone(),
        ]
    }
}

/// Measures `figure`, that of a year over so many `days`, with the program `binary`, in folders below `dir`.
pub async fn run(figure: Figure, days: u32, binary: &Path, dir: &Path, as_json: bool) -> Result<()> {
    let figures = if figure == Figure::All { EACH.to_vec() } else { vec![figure] };
    let mut rows = vec![["figure", "measured", "target", "", "how"].map(str::to_owned).to_vec()];
    for figure in figures {
        note(&format!("measuring {figure:?}"));
        for measured in measure(figure, days, binary, dir).await? {
            if as_json {
                line(&serde_json::to_string(&measured).expect("invariant: a figure has string keys only"));
            }
            rows.push(measured.row());
        }
    }
    if !as_json {
        line(&table(&rows));
    }
    Ok(())
}

async fn measure(figure: Figure, days: u32, binary: &Path, dir: &Path) -> Result<Vec<Measured>> {
    let shape = |name: &str, authorities: usize| Options {
        buildings: authorities,
        authorities,
        reset: true,
        proxied: false,
        fed: false,
        ..Options::new(binary.to_owned(), dir.join(name))
    };
    let neighbourhood = || Options { buildings: 5, ..shape("five", 4) };
    match figure {
        Figure::Finality => finality::latency(shape("finality", 4), finality::FOUR).await,
        Figure::Sixteen => finality::latency(shape("sixteen", 16), finality::SIXTEEN).await,
        Figure::Dead => finality::latency(shape("dead", 4), finality::ONE_DEAD).await,
        Figure::Saturation => finality::saturation(shape("saturation", 4)).await,
        Figure::Rest => process::rest(Options { fed: true, ..neighbourhood() }).await,
        Figure::Ready => process::ready(Options { fed: true, proxied: true, ..neighbourhood() }).await,
        Figure::Restart => process::restart(shape("restart", 4)).await,
        Figure::Ingest => durable::ingest(shape("ingest", 1)).await,
        Figure::Alert => alert::alert(neighbourhood()).await,
        Figure::Ballots => ballots::ballots(shape("ballots", 4)).await,
        Figure::Settled => settled::settled(neighbourhood()).await,
        Figure::Store => store::store(shape("store", 1)).await,
        Figure::Year => year::year(shape("year", 1), days).await,
        Figure::Flood => flood::flood(shape("flood", 4)).await,
        Figure::All => Ok(Vec::new()),
    }
}

/// Sorted samples and what is read from them.
#[derive(Debug)]
struct Samples(Vec<Duration>);

impl Samples {
    fn new(mut samples: Vec<Duration>) -> Self {
        samples.sort_unstable();
        Self(samples)
    }

    /// The smallest sample that at least `percent` % of the samples do not exceed.
    fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1) - 1;
        self.0.get(rank).copied().unwrap_or_default()
    }

    fn most(&self) -> Duration {
        self.0.last().copied().unwrap_or_default()
    }
}

/// Milliseconds with fractions.
fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_rank() {
        let samples = Samples::new((1..=100).rev().map(Duration::from_millis).collect());
        assert_eq!(samples.percentile(50), Duration::from_millis(50));
        assert_eq!(samples.percentile(99), Duration::from_millis(99));
        assert_eq!(samples.most(), Duration::from_millis(100));
        assert_eq!(Samples::new(Vec::new()).percentile(50), Duration::ZERO);
    }

    #[test]
    fn a_figure_knows_whether_it_is_reached() {
        let reached = |value, target| Measured::new("x", value, "ms", target, String::new()).reached;
        assert!(reached(50.0, Target::AtMost(50.0)) && !reached(50.1, Target::AtMost(50.0)));
        assert!(reached(2000.0, Target::AtLeast(2000.0)) && !reached(1999.0, Target::AtLeast(2000.0)));
    }
}
