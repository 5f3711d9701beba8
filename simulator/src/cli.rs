//! The command line of `cargo sim`.

use std::ops::Range;

use clap::{Args, Parser, Subcommand};
use simulator::Settings;
use simulator::mutants::Mutant;

/// Simulates a hive in bad weather: real nodes, one thread, one seed, checked at every step.
#[derive(Debug, Parser)]
#[command(name = "cargo sim", bin_name = "cargo sim")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs a range of seeds and sums up. Exits with 1 if a rule was broken.
    Run {
        /// Seeds, the last one not included.
        #[arg(long, default_value = "0..50", value_parser = seeds)]
        seeds: Range<u64>,
        #[command(flatten)]
        world: WorldArgs,
        /// Threads; worlds do not share anything.
        #[arg(long, default_value_t = 0)]
        jobs: usize,
        /// Prints one JSON document.
        #[arg(long)]
        json: bool,
        /// Prints a line for every seed.
        #[arg(long, short)]
        verbose: bool,
    },
    /// Runs one seed again and tells everything that happens.
    Replay {
        /// The seed.
        seed: u64,
        #[command(flatten)]
        world: WorldArgs,
        /// Tells the outcome only.
        #[arg(long, short)]
        quiet: bool,
    },
    /// Plants one fault after the other: each must be found.
    Mutants {
        /// Lists them.
        #[arg(long)]
        list: bool,
        /// Seeds to try at the most for each.
        #[arg(long, default_value_t = 200)]
        seeds: u64,
        #[command(flatten)]
        world: WorldArgs,
    },
}

/// How worlds are set up.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct WorldArgs {
    /// Nodes: the last one follows, the others are authorities.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=31))]
    nodes: u64,
    /// How long faults last, virtual seconds.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// Plants a fault.
    #[arg(long)]
    mutant: Option<Mutant>,
}

impl WorldArgs {
    pub(crate) fn settings(self) -> Settings {
        let nodes = usize::try_from(self.nodes).expect("invariant: at most 31");
        Settings { nodes, faults_ms: self.seconds * 1_000, mutant: self.mutant, ..Settings::STORMY }
    }

    /// The command that repeats a seed.
    pub(crate) fn repeat(self, seed: u64) -> String {
        let mut command = format!("cargo sim replay {seed}");
        if self.nodes != 5 {
            command += &format!(" --nodes {}", self.nodes);
        }
        if self.seconds != 60 {
            command += &format!(" --seconds {}", self.seconds);
        }
        if let Some(mutant) = self.mutant {
            command += &format!(" --mutant {}", mutant.name());
        }
        command
    }
}

fn seeds(text: &str) -> Result<Range<u64>, String> {
    let (first, end) = text.split_once("..").ok_or_else(|| format!("expected A..B, found {text}"))?;
    let number = |part: &str| part.parse::<u64>().map_err(|error| format!("{part}: {error}"));
    let (first, end) = (number(first)?, number(end)?);
    if first >= end {
        return Err(format!("no seed lies in {first}..{end}"));
    }
    Ok(first..end)
}
