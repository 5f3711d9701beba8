//! The command line of `cargo sim`.

use std::ops::Range;

use clap::{Args, Parser, Subcommand};
use simulator::Settings;
use simulator::mutants::Mutant;
use simulator::spared::{Class, Spared};

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
    /// Runs one seed again and tells what happens, one line per event.
    Replay {
        /// The seed.
        seed: u64,
        #[command(flatten)]
        world: WorldArgs,
        #[command(flatten)]
        part: PartArgs,
        /// Tells the outcome only.
        #[arg(long, short)]
        quiet: bool,
    },
    /// Plants one fault after the other: each must be found.
    Mutants {
        /// Lists them.
        #[arg(long)]
        list: bool,
        /// The first of the list only.
        #[arg(long)]
        first: Option<usize>,
        /// Seeds to try at the most for each before the probes are tried.
        #[arg(long, default_value_t = 200)]
        seeds: u64,
        /// Processor time to spend on each at the most, seconds; half of it on seeds.
        #[arg(long, default_value_t = 60)]
        cpu: u64,
        /// Threads.
        #[arg(long, default_value_t = 0)]
        jobs: usize,
        #[command(flatten)]
        world: WorldArgs,
    },
}

/// Which lines of a replay are told.
#[derive(Debug, Clone, Args)]
pub(crate) struct PartArgs {
    /// From this second on.
    #[arg(long, default_value_t = 0.0)]
    pub(crate) from: f64,
    /// Until this second.
    #[arg(long, default_value_t = f64::MAX, hide_default_value = true)]
    pub(crate) to: f64,
    /// Lines that name this node only: A1, F1; may be given several times.
    #[arg(long)]
    pub(crate) node: Vec<String>,
    /// Faults, starts and final blocks only, no messages.
    #[arg(long)]
    pub(crate) brief: bool,
}

/// How worlds are set up.
#[derive(Debug, Clone, Args)]
pub(crate) struct WorldArgs {
    /// Nodes: the last ones follow, the others are authorities. With --hours, 4 to 10 authorities and 1 to 3 followers
    /// are drawn unless this is given.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=31))]
    nodes: Option<u64>,
    /// How many of the nodes follow.
    #[arg(long, default_value_t = 1, requires = "nodes", value_parser = clap::value_parser!(u64).range(0..=30))]
    followers: u64,
    /// How long faults last, virtual seconds.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// A long world of that many hours, with the pace of a real hive, in place of a stormy minute.
    #[arg(long, conflicts_with = "seconds", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    hours: Option<u32>,
    /// Puts lying authorities into every seed, as many as a hive must bear.
    #[arg(long)]
    byzantine: bool,
    /// Signs with Ed25519 in every seed; otherwise one in twenty does.
    #[arg(long)]
    real_signatures: bool,
    /// Plants a fault.
    #[arg(long, value_parser = mutant)]
    mutant: Option<Mutant>,
    /// Leaves classes of faults out, separated by commas.
    #[arg(long, value_delimiter = ',')]
    without: Vec<Class>,
    /// Leaves single strikes out, by number, separated by commas.
    #[arg(long, value_delimiter = ',')]
    spare: Vec<u32>,
}

impl WorldArgs {
    pub(crate) fn settings(&self) -> Settings {
        let size = |count: u64| usize::try_from(count).expect("invariant: at most 31");
        let spared = self.without.iter().fold(Spared::NOTHING, |spared, class| spared.and_class(*class));
        let nodes = self.nodes.map_or(if self.hours.is_some() { 0 } else { 5 }, size);
        Settings {
            nodes,
            followers: size(self.followers).min(nodes.saturating_sub(1).max(1)),
            faults_ms: self.seconds * 1_000,
            hours: self.hours,
            byzantine: self.byzantine,
            real_signatures: self.real_signatures,
            spared: self.spare.iter().fold(spared, |spared, number| spared.and_strike(*number)),
            mutant: self.mutant,
        }
    }
}

/// The command that repeats a seed with these settings.
pub(crate) fn repeat(seed: u64, settings: &Settings) -> String {
    let usual = Settings::STORMY;
    let mut command = format!("cargo sim replay {seed}");
    let mut add = |is_told: bool, words: String| {
        if is_told {
            command.push(' ');
            command += &words;
        }
    };
    let is_sized =
        settings.nodes != 0 && (settings.nodes, settings.followers) != (usual.nodes, usual.followers);
    let is_sized = is_sized || (settings.nodes != 0 && settings.hours.is_some());
    add(is_sized, format!("--nodes {} --followers {}", settings.nodes, settings.followers));
    match settings.hours {
        Some(hours) => add(true, format!("--hours {hours}")),
        None => {
            add(settings.faults_ms != usual.faults_ms, format!("--seconds {}", settings.faults_ms / 1_000));
        }
    }
    add(settings.byzantine, "--byzantine".to_owned());
    add(settings.real_signatures, "--real-signatures".to_owned());
    if let Some(mutant) = settings.mutant {
        add(true, format!("--mutant {}", mutant.name()));
    }
    let classes: Vec<String> = settings.spared.classes().map(|class| class.to_string()).collect();
    add(!classes.is_empty(), format!("--without {}", classes.join(",")));
    let strikes: Vec<String> = settings.spared.strikes().map(|number| number.to_string()).collect();
    add(!strikes.is_empty(), format!("--spare {}", strikes.join(",")));
    command
}

fn mutant(text: &str) -> Result<Mutant, String> {
    let found = Mutant::ALL.into_iter().find(|mutant| mutant.name() == text);
    let mutant = found.ok_or_else(|| "expected a name of `cargo sim mutants --list`".to_owned())?;
    if mutant.is_at_hand() {
        return Ok(mutant);
    }
    Err("this build cannot plant it: the feature `simulation` is off, `cargo sim` has it on".to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(line: &str) -> Settings {
        match Cli::parse_from(line.split(' ').skip(1)).command {
            Command::Replay { world, .. } => world.settings(),
            Command::Run { .. } | Command::Mutants { .. } => panic!("{line} is no replay"),
        }
    }

    #[test]
    fn the_command_that_repeats_a_seed_leads_to_its_settings() {
        let lines = [
            "cargo sim replay 7",
            "cargo sim replay 7 --nodes 8 --followers 2 --seconds 20",
            "cargo sim replay 7 --hours 2 --byzantine --real-signatures",
            "cargo sim replay 7 --nodes 5 --followers 1 --hours 1",
            "cargo sim replay 7 --mutant wal-forgotten --without partitions,loss --spare 0,3,127",
        ];
        for line in lines {
            assert_eq!(repeat(7, &settings(line)), line);
        }
    }

    #[test]
    fn ranges_without_a_seed_are_refused() {
        assert_eq!(seeds("3..5"), Ok(3..5));
        for text in ["5..5", "7..2", "3", "a..b"] {
            assert!(seeds(text).is_err(), "{text}");
        }
    }
}
