//! The command line: words in, exit code out. `run` is the node; the others set one up, talk to a running one over its
//! HTTP interface, or read its files.

mod backup;
mod claim;
mod client;
mod doctor;
mod init;
mod invite;
mod join;
mod keys;
mod ledger;
mod logs;
mod pinned;
mod policies;
mod receipt;
mod say;
mod status;
mod tokens;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::config::Config;
use crate::shell::Stopped;
use crate::shell::own_keys::TRY_NEXT;
use crate::shell::sealed::{PASSPHRASE_FD, Passphrase};
use say::Say;

/// How a command ends, beyond success.
#[derive(Debug)]
pub struct Failed {
    /// Exit code.
    pub exit: Exit,
    /// One line for people.
    pub message: String,
}

/// Exit codes; scripts rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Something went wrong.
    Failure = 1,
    /// The command line or the configuration makes no sense.
    Usage = 2,
    /// The node is not ready.
    NotReady = 3,
    /// The ledger, or a member speaking for it, says no.
    Refused = 4,
    /// No node answers.
    Unreachable = 5,
    /// Another node runs with this one's key.
    Copied = 6,
    /// Somebody pressed Ctrl-C.
    Interrupted = 130,
}

impl Failed {
    /// Ends with this code and line.
    pub fn new(exit: Exit, message: impl std::fmt::Display) -> Self {
        let message = message.to_string();
        Self { exit, message: message.lines().collect::<Vec<_>>().join(" ") }
    }

    /// Something went wrong.
    pub fn failure(message: impl std::fmt::Display) -> Self {
        Self::new(Exit::Failure, message)
    }
}

/// One building's node.
#[derive(Debug, Parser)]
#[command(name = "symbiose", version, about, propagate_version = true)]
struct Arguments {
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a data folder: keys, configuration, and a hive of one unless a genesis is given.
    Init(init::Init),
    /// Run the node.
    Run {
        /// The node's configuration.
        #[arg(long, default_value = "node.toml")]
        config: PathBuf,
        /// Set a key, such as `ledger.heartbeat_ms=5000`; weighs more than file and environment.
        #[arg(long = "set", value_name = "KEY=VALUE")]
        set: Vec<String>,
    },
    /// Make an invitation for a new building. The node must run.
    Invite(invite::Invite),
    /// Look after this node's keys and the hive's.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Join a hive with an invitation and make a data folder for it.
    Join(join::Join),
    /// Make a new code that lets an operator in, also when all passwords are forgotten.
    ClaimCode {
        /// Data folder of the node.
        #[arg(long, default_value = ".")]
        dir: PathBuf,
    },
    /// Say how a running node is doing.
    Status {
        /// Its data folder.
        #[arg(long, default_value = ".")]
        dir: PathBuf,
    },
    /// Look at the ledger.
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    /// Keep, edit and take over the policies of a running node.
    #[command(subcommand)]
    Policies(policies::Policies),
    /// Look at and move tokens and carbon credits of a running node's building.
    #[command(subcommand)]
    Tokens(tokens::Tokens),
    /// Check a receipt: that a transaction is in the ledger of a hive.
    Verify(receipt::Receipt),
    /// Write everything of a running node into one file.
    Backup(backup::Backup),
    /// Make a new data folder from a backup.
    Restore(backup::Restore),
    /// Look for what would keep a node from working.
    Doctor {
        /// Its data folder.
        #[arg(long, default_value = ".")]
        dir: PathBuf,
    },
    /// Print the OpenAPI document.
    Openapi,
    /// Print completions for a shell.
    Completions {
        /// Which.
        shell: clap_complete::Shell,
    },
}

/// Reads the command line and carries it out.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let say = Say::new(arguments.json);
    match carry_out(arguments.command, &say) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            say.failed(&failed);
            ExitCode::from(failed.exit as u8)
        }
    }
}

fn carry_out(command: Command, say: &Say) -> Result<(), Failed> {
    match command {
        Command::Init(init) => init.run(say),
        Command::Run { config, set } => run(&config, &set),
        Command::Invite(invite) => invite.run(say),
        Command::Join(join) => join.run(say),
        Command::Keys(keys) => keys.run(say),
        Command::ClaimCode { dir } => claim::run(&dir, say),
        Command::Status { dir } => status::run(&dir, say),
        Command::Ledger(ledger) => ledger.run(say),
        Command::Policies(policies) => policies.run(say),
        Command::Tokens(tokens) => tokens.run(say),
        Command::Verify(receipt) => receipt.run(say),
        Command::Backup(backup) => backup.run(say),
        Command::Restore(restore) => restore.run(say),
        Command::Doctor { dir } => doctor::run(&dir, say),
        Command::Openapi => {
            say.text(&web::openapi());
            Ok(())
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "symbiose", &mut script);
            say.text(&String::from_utf8_lossy(&script));
            Ok(())
        }
    }
}

fn run(config: &std::path::Path, set: &[String]) -> Result<(), Failed> {
    let config = Config::load(config, set).map_err(|error| Failed::new(Exit::Usage, error))?;
    logs::start(&config.log).map_err(|error| Failed::new(Exit::Usage, format!("log.file: {error}")))?;
    match crate::shell::run(config) {
        Ok(Stopped::Terminated) => Ok(()),
        Ok(Stopped::Interrupted) => Err(Failed::new(Exit::Interrupted, "interrupted")),
        Ok(Stopped::Again { tries_next, passphrase }) => again(tries_next, passphrase.as_ref()),
        Err(error) if error.is_configuration() => Err(Failed::new(Exit::Usage, error)),
        Err(error @ crate::shell::RunError::Copied(_)) => Err(Failed::new(Exit::Copied, error)),
        Err(error) => Err(Failed::failure(error)),
    }
}

/// Goes on as the same process with the same command line, from the beginning: a node goes by one key as long as it
/// lives. What opened its keys is handed on through a pipe.
fn again(tries_next: bool, passphrase: Option<&Passphrase>) -> Result<(), Failed> {
    use std::os::unix::process::CommandExt as _;
    let program = std::env::current_exe().map_err(Failed::failure)?;
    let mut command = std::process::Command::new(program);
    command.args(std::env::args_os().skip(1));
    if tries_next {
        command.env(TRY_NEXT, "1");
    } else {
        command.env_remove(TRY_NEXT);
    }
    if let Some(passphrase) = passphrase {
        let (reader, mut writer) = std::io::pipe().map_err(Failed::failure)?;
        std::io::Write::write_all(&mut writer, passphrase.as_str().as_bytes()).map_err(Failed::failure)?;
        command.stdin(reader).env(PASSPHRASE_FD, "0");
    }
    Err(Failed::failure(format!("cannot start again: {}", command.exec())))
}

/// A small runtime for commands that talk to somebody.
fn runtime() -> Result<tokio::runtime::Runtime, Failed> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failed::failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn messages_are_one_line() {
        assert_eq!(Failed::failure("one\ntwo").message, "one two");
    }
}
