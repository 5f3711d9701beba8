//! The command line: what may be typed after `cargo testnet`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::bench::Figure;
use crate::clock::parse_duration;
use crate::control::Request;
use crate::error::{Error, Result};
use crate::options::Options;

/// A neighbourhood of real node processes on this machine, with faults on demand.
#[derive(Debug, Parser)]
#[command(name = "testnet", bin_name = "cargo testnet", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; `up` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The flags of `up`.
    #[command(flatten)]
    pub up: UpArgs,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Starts a neighbourhood and stays until Ctrl-C.
    Up(UpArgs),
    /// The log of one node.
    Logs {
        /// Name or number of the node.
        node: String,
        /// Goes on as the log grows.
        #[arg(short, long)]
        follow: bool,
        /// Lines from its end.
        #[arg(short = 'n', long, default_value_t = 40)]
        lines: usize,
        #[command(flatten)]
        dir: DirArgs,
    },
    /// What is asked of a running neighbourhood.
    #[command(flatten)]
    Ask(Ask),
    /// Measures this machine's figures.
    Bench {
        /// Which figure.
        #[arg(value_enum, default_value_t = Figure::All)]
        figure: Figure,
        /// Days of the figure `year`; each takes about ten seconds and 4 MB.
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(3..=3_650))]
        days: u32,
        /// Folder for the neighbourhoods of the measurement.
        #[arg(long, default_value = "target/testnet-bench")]
        dir: PathBuf,
        /// One JSON object per figure.
        #[arg(long)]
        json: bool,
    },
    /// Runs a scenario with assertions: a built-in name or a file.
    Run {
        /// Name or path; `list` shows the built-in ones.
        scenario: String,
        /// Folder for its neighbourhood.
        #[arg(long, default_value = "target/testnet-run")]
        dir: PathBuf,
        /// The outcome as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Real processes in bad weather; nothing acknowledged may be lost. One of --kills, --power-cuts, --restarts and
    /// --damage says how bad.
    Chaos {
        /// How often a node is killed (kill -9); 20 when nothing else is asked.
        #[arg(long, group = "weather")]
        kills: Option<u32>,
        /// How often a node's power is cut: what it did not sync is lost or torn. Needs FUSE.
        #[arg(long, group = "weather")]
        power_cuts: Option<u32>,
        /// How often a node is stopped in order and started again, one node after the other.
        #[arg(long, group = "weather")]
        restarts: Option<u32>,
        /// How many harmed copies of a data folder a real node opens; `--damage 1 --seed N` repeats one case.
        #[arg(long, group = "weather")]
        damage: Option<u64>,
        /// Decides what happens to whom and when.
        #[arg(long, default_value_t = 42)]
        seed: u64,
        /// Buildings.
        #[arg(long, default_value_t = 5)]
        buildings: usize,
        /// Authorities among them.
        #[arg(long)]
        authorities: Option<usize>,
        /// Folder for its neighbourhood.
        #[arg(long, default_value = "target/testnet-chaos")]
        dir: PathBuf,
        /// The outcome as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// What can be asked of a running neighbourhood.
#[derive(Debug, Subcommand)]
pub enum Ask {
    /// How every node is doing.
    Status(DirArgs),
    /// Ends nodes as a power cut would (kill -9).
    Kill(NodesArgs),
    /// Starts nodes again, stopping them first if they run.
    Restart(NodesArgs),
    /// Freezes nodes (SIGSTOP).
    Pause(NodesArgs),
    /// Lets frozen nodes go on (SIGCONT).
    Resume(NodesArgs),
    /// Cuts the links between groups: `partition 0,1 / 2,3`, `partition CAS-S1`.
    Partition {
        /// Groups of nodes, separated by `/`; nodes in no group form one more together.
        #[arg(required = true)]
        groups: Vec<String>,
        /// Cuts only what the first group sends to the second.
        #[arg(long)]
        one_way: bool,
        #[command(flatten)]
        dir: DirArgs,
    },
    /// Ends every partition.
    Heal(DirArgs),
    /// Delays what a node sends and receives: `latency 1 200ms --loss 5%`; `0ms` takes it away.
    Latency {
        /// Name or number of the node, or `all`.
        node: String,
        /// One way, such as `200ms`.
        #[arg(value_parser = parse_duration)]
        delay: Duration,
        /// Share of segments that need a retransmission, such as `5%`.
        #[arg(long, value_parser = parse_share, default_value = "0%")]
        loss: f64,
        #[command(flatten)]
        dir: DirArgs,
    },
    /// Forces a metric out of its healthy range: `drift CAS-S1-ELEVATOR_1 motor_temp`.
    Drift {
        /// Code of the asset.
        asset: String,
        /// The metric.
        #[arg(required_unless_present = "stop")]
        metric: Option<String>,
        /// Where it goes to; beyond the limit of its rule when not given.
        #[arg(long, allow_negative_numbers = true)]
        to: Option<f64>,
        /// Ends every drift of the asset.
        #[arg(long, conflicts_with_all = ["metric", "to"])]
        stop: bool,
        #[command(flatten)]
        dir: DirArgs,
    },
    /// Lets hive time jump ahead while every node is down, as if the street had no power that long: `leap 10d`.
    Leap {
        /// By how much, such as `10d`.
        #[arg(value_parser = parse_duration)]
        by: Duration,
        #[command(flatten)]
        dir: DirArgs,
    },
    /// Adds a building with an invitation, as any newcomer joins.
    Add(DirArgs),
    /// Stops every node of a running neighbourhood.
    Down(DirArgs),
}

/// Which running neighbourhood.
#[derive(Debug, Clone, Args)]
pub struct DirArgs {
    /// Folder of the neighbourhood.
    #[arg(long, default_value = "target/testnet")]
    pub dir: PathBuf,
    /// Answers in JSON.
    #[arg(long)]
    pub json: bool,
}

/// Which of its nodes.
#[derive(Debug, Clone, Args)]
pub struct NodesArgs {
    /// Names, numbers or asset codes.
    #[arg(required = true)]
    pub nodes: Vec<String>,
    /// Which neighbourhood.
    #[command(flatten)]
    pub dir: DirArgs,
}

/// The flags of `up`.
#[derive(Debug, Clone, Args)]
pub struct UpArgs {
    /// Buildings, one node each.
    #[arg(long, default_value_t = 5)]
    pub buildings: usize,
    /// Authorities among them, the first ones; 4, or all of fewer buildings, when not given.
    #[arg(long)]
    pub authorities: Option<usize>,
    /// Seed of keys, genesis, equipment and weather.
    #[arg(long, default_value_t = 42)]
    pub seed: u64,
    /// Folder; what it holds is resumed.
    #[arg(long, default_value = "target/testnet")]
    pub dir: PathBuf,
    /// Hive seconds per wall second.
    #[arg(long, default_value_t = 1.0)]
    pub speed: f64,
    /// Feeds the meters from a recorded file (.csv or .csv.gz).
    #[arg(long, value_name = "FILE")]
    pub replay: Option<PathBuf>,
    /// Ends by itself after this time, such as `10m`.
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
    pub duration: Option<Duration>,
    /// Forgets what the folder holds.
    #[arg(long)]
    pub reset: bool,
    /// One line of JSON when every node is ready.
    #[arg(long)]
    pub json: bool,
    /// First port; 0 for wherever there is room.
    #[arg(long, default_value_t = 0)]
    pub base_port: u16,
    /// No gateway reports anything: what the folder holds is only looked at.
    #[arg(long)]
    pub unfed: bool,
}

impl UpArgs {
    /// What to run with the program `binary`.
    pub fn options(&self, binary: PathBuf) -> Result<Options> {
        let replay = match &self.replay {
            Some(path) => Some(path.canonicalize().map_err(Error::file("read", path))?),
            None => None,
        };
        Ok(Options {
            buildings: self.buildings,
            authorities: self.authorities.unwrap_or_else(|| self.buildings.min(4)),
            seed: self.seed,
            speed: self.speed,
            replay,
            base_port: self.base_port,
            reset: self.reset,
            fed: !self.unfed,
            ..Options::new(binary, self.dir.clone())
        })
    }
}

impl Ask {
    /// What it says to the neighbourhood.
    pub fn request(&self) -> Result<Request> {
        Ok(match self {
            Self::Status(_) => Request::Status,
            Self::Kill(args) => Request::Kill { nodes: args.nodes.clone() },
            Self::Restart(args) => Request::Restart { nodes: args.nodes.clone() },
            Self::Pause(args) => Request::Pause { nodes: args.nodes.clone() },
            Self::Resume(args) => Request::Resume { nodes: args.nodes.clone() },
            Self::Partition { groups, one_way, .. } => {
                Request::Partition { groups: parse_groups(groups)?, one_way: *one_way }
            }
            Self::Heal(_) => Request::Heal,
            Self::Latency { node, delay, loss, .. } => {
                let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
                Request::Latency { node: node.clone(), delay_ms, loss: *loss }
            }
            Self::Drift { asset, metric, to, stop, .. } => {
                Request::Drift { asset: asset.clone(), metric: metric.clone(), to: *to, stop: *stop }
            }
            Self::Leap { by, .. } => {
                Request::Leap { by_ms: u64::try_from(by.as_millis()).unwrap_or(u64::MAX) }
            }
            Self::Add(_) => Request::Add,
            Self::Down(_) => Request::Down,
        })
    }

    /// Whom it asks.
    pub fn dir(&self) -> &DirArgs {
        match self {
            Self::Kill(args) | Self::Restart(args) | Self::Pause(args) | Self::Resume(args) => &args.dir,
            Self::Status(dir)
            | Self::Partition { dir, .. }
            | Self::Heal(dir)
            | Self::Latency { dir, .. }
            | Self::Drift { dir, .. }
            | Self::Leap { dir, .. }
            | Self::Add(dir)
            | Self::Down(dir) => dir,
        }
    }
}

impl Cli {
    /// Whether the answer is to be JSON.
    pub fn wants_json(&self) -> bool {
        match &self.command {
            None => self.up.json,
            Some(Command::Up(args)) => args.json,
            Some(Command::Logs { dir, .. }) => dir.json,
            Some(Command::Ask(ask)) => ask.dir().json,
            Some(Command::Bench { json, .. } | Command::Run { json, .. } | Command::Chaos { json, .. }) => {
                *json
            }
        }
    }
}

/// `0,1 / 2,3` in any number of words.
pub fn parse_groups(words: &[String]) -> Result<Vec<Vec<String>>> {
    let text = words.join(" ");
    let members = |group: &str| -> Vec<String> {
        group.split([',', ' ']).filter(|node| !node.is_empty()).map(str::to_owned).collect()
    };
    let groups: Vec<Vec<String>> = text.split('/').map(members).collect();
    if groups.iter().any(Vec::is_empty) {
        return Err(Error::Usage(format!("expected groups of nodes such as 0,1 / 2,3, found \"{text}\"")));
    }
    Ok(groups)
}

/// `5%` or `0.05`.
fn parse_share(text: &str) -> Result<f64, String> {
    let expected = || format!("expected a share from 0% to 100%, found \"{text}\"");
    let share = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map_err(|_| expected())? / 100.0,
        None => text.parse::<f64>().map_err(|_| expected())?,
    };
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err(expected()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn parse(line: &str) -> Result<Cli, String> {
        Cli::try_parse_from(std::iter::once("testnet").chain(line.split_whitespace()))
            .map_err(|error| error.to_string())
    }

    fn request(line: &str) -> Request {
        let cli = parse(line).unwrap();
        let Some(Command::Ask(ask)) = cli.command else { panic!("{line} is asked of a neighbourhood") };
        ask.request().unwrap()
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn up_is_what_is_meant_when_nothing_is_said() {
        let cli = parse("--replay x.csv.gz --speed 900 --for 10m").unwrap();
        assert!(cli.command.is_none());
        assert_eq!((cli.up.speed, cli.up.duration), (900.0, Some(Duration::from_secs(600))));
        let Some(Command::Up(up)) = parse("up --buildings 3 --seed 7").unwrap().command else { panic!("up") };
        assert_eq!(up.options(PathBuf::from("symbiose")).unwrap().authorities, 3);
        assert_eq!(cli.up.buildings, 5);
    }

    #[test]
    fn faults_read_as_they_are_written() {
        let groups = |groups: &[&[&str]]| -> Vec<Vec<String>> {
            groups.iter().map(|group| group.iter().map(|node| (*node).to_owned()).collect()).collect()
        };
        let two = Request::Partition { groups: groups(&[&["0", "1"], &["2", "3"]]), one_way: false };
        assert_eq!(request("partition 0,1 / 2,3"), two);
        assert_eq!(request("partition 0,1/2,3 --dir x"), two);
        assert_eq!(
            request("partition CAS-S1 --one-way"),
            Request::Partition { groups: groups(&[&["CAS-S1"]]), one_way: true }
        );
        let latency = Request::Latency { node: "1".to_owned(), delay_ms: 200, loss: 0.05 };
        assert_eq!(request("latency 1 200ms --loss 5%"), latency);
        let drift = request("drift CAS-S1-ELEVATOR_1 motor_temp");
        let (asset, metric) = ("CAS-S1-ELEVATOR_1".to_owned(), Some("motor_temp".to_owned()));
        assert_eq!(drift, Request::Drift { asset, metric, to: None, stop: false });
        assert_eq!(request("leap 10d"), Request::Leap { by_ms: 864_000_000 });
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert!(parse("latency 1 fast").unwrap_err().contains("fast"));
        assert!(parse("latency 1 1s --loss 120%").unwrap_err().contains("120%"));
        assert!(parse("drift CAS-S1-ELEVATOR_1").is_err());
        assert!(parse("kill").is_err());
        assert!(parse_groups(&["0,1 /".to_owned()]).unwrap_err().to_string().contains("0,1 /"));
    }
}
