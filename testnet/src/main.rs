//! The command behind `cargo testnet`.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use serde_json::json;

use testnet::chaos::End;
use testnet::cli::{Ask, Cli, Command, UpArgs};
use testnet::control;
use testnet::damage::{self, Campaign};
use testnet::net::Net;
use testnet::terminal::{line, note};
use testnet::up::{self, Signals};
use testnet::{Error, bench, binary, chaos, logs, scenario};

/// Kills of `cargo chaos` when nothing else is asked.
const KILLS: u32 = 20;
/// Exit code of a command that a signal ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let as_json = cli.wants_json();
    match run(cli) {
        Ok(exit) => exit,
        Err(error) => tell(&error, as_json),
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let exit = runtime.block_on(dispatch(cli));
    runtime.shutdown_background();
    Ok(exit?)
}

async fn dispatch(cli: Cli) -> testnet::Result<ExitCode> {
    let command = cli.command.unwrap_or(Command::Up(cli.up));
    match command {
        Command::Up(args) => up(&args).await?,
        Command::Logs { node, follow, lines, dir } => {
            let net = Net::read(&dir.dir)?;
            let log = net.nodes[net.find(&node)?].data_dir.join("log.jsonl");
            Signals::listen()?.or(logs::show(&log, lines, follow, dir.json)).await?;
        }
        Command::Bench { figure, days, dir, json } => {
            let binary = binary::symbiose()?;
            Signals::listen()?.or(bench::run(figure, days, &binary, &dir, json)).await?;
        }
        Command::Run { scenario, dir, json } => {
            Signals::listen()?.or(scenario::run(&scenario, &dir, json)).await?;
        }
        Command::Chaos { damage: Some(cases), seed, dir, json, .. } => {
            let binary = binary::symbiose()?;
            Signals::listen()?.or(damage::run(Campaign { cases, seed }, &binary, &dir, json)).await?;
        }
        Command::Chaos {
            damage: None,
            kills,
            power_cuts,
            restarts,
            seed,
            buildings,
            authorities,
            dir,
            json,
        } => {
            let authorities = authorities.unwrap_or_else(|| buildings.min(4));
            let (end, ends) = match (kills, power_cuts, restarts) {
                (_, Some(cuts), _) => (End::PowerCut, cuts),
                (_, _, Some(restarts)) => (End::Stop, restarts),
                (kills, None, None) => (End::Kill, kills.unwrap_or(KILLS)),
            };
            let storm = chaos::Storm { end, ends, seed, buildings, authorities };
            let binary = binary::symbiose()?;
            Signals::listen()?.or(chaos::run(storm, &binary, &dir, json)).await?;
        }
        Command::Ask(asked) => return ask(&asked).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn up(args: &UpArgs) -> testnet::Result<()> {
    let binary = binary::symbiose()?;
    up::up(args.options(binary)?, args.duration, args.json).await
}

async fn ask(asked: &Ask) -> testnet::Result<ExitCode> {
    let dir = asked.dir();
    let response = control::ask(&dir.dir, &asked.request()?).await?;
    if dir.json {
        let data = if response.exit == 0 {
            response.data
        } else {
            json!({"error": response.text, "exit": response.exit})
        };
        line(&data.to_string());
    } else if response.exit == 0 {
        line(&response.text);
    } else {
        note(&format!("error: {}", response.text));
    }
    Ok(ExitCode::from(response.exit))
}

fn tell(error: &anyhow::Error, as_json: bool) -> ExitCode {
    let exit = error.downcast_ref::<Error>().map_or(1, Error::exit_code);
    if exit == INTERRUPTED {
        // Whoever interrupted knows.
        return ExitCode::from(exit);
    }
    if as_json {
        line(&json!({"error": format!("{error}"), "exit": exit}).to_string());
    } else {
        note(&format!("error: {error}"));
    }
    ExitCode::from(exit)
}
