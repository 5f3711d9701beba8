//! `hostile ATTACK`: attacks one node of a hive on this machine, as a member with its real key or as a stranger, and says
//! as one line of JSON what the node did about it. For tests and measurements only.
#![expect(clippy::print_stdout, reason = "a command answers on standard output")]
#![expect(
    clippy::disallowed_methods,
    reason = "a tool that measures how long it was tolerated reads a clock"
)]

mod attack;
mod gossip;
mod identity;
mod manners;
mod payload;
mod wire;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Parser;
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;

use attack::{Attack, Attacker};
use identity::Identity;

/// Attacks one node of a hive on this machine.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to do.
    #[arg(value_enum)]
    attack: Attack,
    /// Where the node listens, `/ip4/127.0.0.1/tcp/PORT[/p2p/PEER]`; loopback only.
    #[arg(long)]
    target: Multiaddr,
    /// A data folder: its genesis, swarm key and, unless `--key` names another, node key.
    #[arg(long)]
    dir: PathBuf,
    /// File with the key of another member.
    #[arg(long)]
    key: Option<PathBuf>,
    /// With a key that nobody knows.
    #[arg(long)]
    stranger: bool,
    /// Without the hive's swarm key.
    #[arg(long)]
    without_swarm_key: bool,
    /// Messages per second.
    #[arg(long, default_value_t = 10_000)]
    rate: u32,
    /// How long, breaks included.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Ends as soon as the node has turned us away a few times.
    #[arg(long)]
    until_gone: bool,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let address = payload::socket(&arguments.target)?;
    ensure!(address.ip().is_loopback(), "{address} is not on this machine");
    let mut identity = Identity::read(&arguments.dir, arguments.key.as_deref())?;
    if arguments.stranger {
        identity = identity.stranger();
    }
    if arguments.without_swarm_key {
        identity = identity.without_swarm_key();
    }
    let mut target = arguments.target;
    if let Some(Protocol::P2p(_)) = target.iter().last() {
        target.pop();
    }
    let duration = Duration::from_secs(arguments.seconds);
    let mut attacker = Attacker::new(arguments.attack, identity, target, arguments.rate, duration);
    attacker.until_gone = arguments.until_gone;
    let report = attacker.run().await;
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}
