//! Sockets, disk and clocks around the core: they carry, they never decide. One thread owns the core and the files of
//! the ledger, one writes readings, one reads the disk for others; a small runtime carries network and HTTP.

pub mod accounts;
pub mod certificate;
pub mod checkpoint;
pub mod clock;
pub mod network;
pub mod own_keys;
pub mod ready;
pub mod sealed;
pub mod secrets;
pub mod store;
pub mod welcome;

mod advice;
mod archivist;
pub mod backup;
mod calls;
mod carrier;
mod commands;
mod committer;
mod copied;
mod describe;
mod drafts;
mod dwellings;
mod error;
mod event;
mod halls;
mod home;
pub(crate) mod http;
mod inbox;
mod keeper;
mod keeping;
pub mod machine;
mod minutes;
mod open;
mod plans;
mod present;
mod query;
mod reader;
mod receipts;
mod slots;
mod supervisor;
mod tickets;
mod tokens;
mod watch;
mod wear;
mod zone;

use std::sync::Arc;
use std::time::Duration;

use protocol::ChainId;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

pub use error::RunError;

use crate::config::Config;
use carrier::End;
use event::Event;
use open::Opened;
use ready::ReadyFile;
use supervisor::Supervisor;

/// Threads that carry network and HTTP.
const RUNTIME_THREADS: usize = 2;
/// Threads for checking signatures and the like.
const BLOCKING_THREADS: usize = 4;
/// How long the network may take to say where it listens.
const LISTEN_PATIENCE: Duration = Duration::from_secs(10);
/// Pause between two clean-ups of the metrics' buffers.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// How a node that was asked to stop was asked.
#[derive(Debug)]
pub enum Stopped {
    /// SIGTERM.
    Terminated,
    /// SIGINT.
    Interrupted,
    /// By nobody: it goes on at once under another key.
    Again {
        /// Whether it goes by the key to come before it knows that the hive does.
        tries_next: bool,
        /// What opened its keys.
        passphrase: Option<sealed::Passphrase>,
    },
}

/// The hive's name on the network: the first 16 digits of its chain id.
pub fn hive_name(chain: &ChainId) -> String {
    chain.to_string()[..16].to_owned()
}

/// Runs a node until it is asked to stop or cannot go on.
pub fn run(config: Config) -> Result<Stopped, RunError> {
    watch::log_panics();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(RUNTIME_THREADS)
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("carrier")
        .enable_all()
        .build()
        .map_err(RunError::Runtime)?;
    let result = runtime.block_on(live(config));
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

async fn live(config: Config) -> Result<Stopped, RunError> {
    let handle = tokio::runtime::Handle::current();
    let opening = config.clone();
    let mut opened = tokio::task::spawn_blocking(move || open::open(&opening, &handle))
        .await
        .map_err(|_| RunError::Died("opening"))??;
    let address = tokio::time::timeout(LISTEN_PATIENCE, opened.listening.wait_for(Option::is_some)).await;
    let p2p = address.ok().and_then(|seen| seen.ok()?.clone()).ok_or(RunError::NotListening)?;
    let ready = ReadyFile::new(opened.http_url.clone(), opened.https_url.clone(), p2p, &opened.key);
    ready.write(&config.data_dir).map_err(RunError::Store)?;
    tracing::info!(http = ready.http, p2p = ready.p2p, address = ready.address, "ready");
    let mut supervisor = Supervisor::from_environment();
    supervisor.ready(&ready.http);
    let result = until_asked(&mut opened, &mut supervisor).await;
    supervisor.stopping();
    drop(ReadyFile::remove(&config.data_dir));
    match result {
        Ok(stopped) => {
            tracing::info!(?stopped, "stopping");
            stop(opened).await;
            Ok(stopped)
        }
        Err(error @ RunError::Copied(_)) => {
            copied::note(&config.data_dir);
            opened.stop_http.send_replace(true);
            wind_down(opened).await;
            Err(error)
        }
        Err(error) => Err(error),
    }
}

/// Waits for a signal, or for a part of the node to die.
async fn until_asked(opened: &mut Opened, supervisor: &mut Supervisor) -> Result<Stopped, RunError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Runtime)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::Runtime)?;
    let mut upkeep = tokio::time::interval(METRICS_UPKEEP);
    let mut sign = tokio::time::interval(supervisor.every());
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(Stopped::Terminated),
            _ = interrupt.recv() => return Ok(Stopped::Interrupted),
            died = opened.deaths.recv() => return Err(RunError::Died(died.unwrap_or("every thread"))),
            end = &mut opened.end => {
                return Err(match end {
                    Ok(End::Disk(error)) => RunError::Disk(error),
                    Ok(End::Copied(via)) => RunError::Copied(via),
                    Ok(End::Again { tries_next }) => {
                        let passphrase = opened.passphrase.take();
                        return Ok(Stopped::Again { tries_next, passphrase });
                    }
                    Ok(End::Stopped) | Err(_) => RunError::Died("core"),
                });
            }
            _ = upkeep.tick() => opened.metrics.run_upkeep(),
            _ = sign.tick() => supervisor.alive(&opened.pulse),
        }
    }
}

/// Callers first, then the core, then the disk.
async fn stop(mut opened: Opened) {
    opened.stop_http.send_replace(true);
    drop((&mut opened.http).await);
    drop(opened.events.send(Event::Stop).await);
    if !opened.end.is_terminated() {
        drop((&mut opened.end).await);
    }
    wind_down(opened).await;
}

/// What is left to do when the core has ended.
async fn wind_down(opened: Opened) {
    // The archivist waits for the others, so that it goes before them.
    if opened.archivist.send(archivist::Task::Stop).is_err() {
        tracing::debug!("the archivist is gone already");
    }
    let archiving = opened.archiving;
    drop(tokio::task::spawn_blocking(move || archiving.join()).await);
    opened.committer.send(committer::Work::Stop);
    if opened.network.send(network::NetworkCommand::Shutdown).await.is_err() {
        tracing::debug!("the network is gone already");
    }
    let reader = opened.reader;
    let joined = tokio::task::spawn_blocking(move || {
        reader.send_blocking(reader::Job::Stop);
        for thread in opened.threads {
            drop(thread.join());
        }
    });
    drop(joined.await);
}

/// The queue of the core.
type Core = (mpsc::Sender<Event>, mpsc::Receiver<Event>);

fn core_queue() -> Core {
    mpsc::channel(protocol::limits::CORE_QUEUE_MAX)
}

/// A picture to start with.
fn first_picture() -> Arc<web::Picture> {
    let mut picture = web::Picture::default();
    picture
        .readiness
        .reasons
        .push(web::view::Reason { code: "starting".to_owned(), text: "The node is starting.".to_owned() });
    Arc::new(picture)
}
