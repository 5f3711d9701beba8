//! The command behind `cargo sim`.

use std::process::ExitCode;

use clap::Parser as _;

mod cli;
mod command;
mod hunt;
mod terminal;

fn main() -> ExitCode {
    terminal::quiet_panics();
    match command::run(cli::Cli::parse()) {
        Ok(exit) => exit,
        Err(error) => {
            terminal::note(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}
