//! The command behind `cargo sim`.

use std::process::ExitCode;

use clap::Parser as _;

mod cli;
mod command;
mod hunt;
mod terminal;

/// A world is a great many small pieces of memory that come and go.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
