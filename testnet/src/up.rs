//! `cargo testnet up`: starts the neighbourhood, tells where everything is, serves requests until it is to end.

use std::time::Duration;

use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::commands::perform;
use crate::control::{Call, Request, Response, Server};
use crate::error::{Error, Result};
use crate::neighbourhood::Neighbourhood;
use crate::options::Options;
use crate::sharing;
use crate::status;
use crate::terminal::{LiveLine, line, note, table};

/// How often processes are looked at, the hive's time is kept and the live line is rewritten.
const LOOK: Duration = Duration::from_secs(1);

/// The signals that end a command.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens from now on.
    pub fn listen() -> Result<Self> {
        let failed = Error::file("listen for", std::path::Path::new("signals"));
        let both = signal(SignalKind::interrupt()).and_then(|i| Ok((i, signal(SignalKind::terminate())?)));
        let (interrupt, terminate) = both.map_err(failed)?;
        Ok(Self { interrupt, terminate })
    }

    /// Waits for one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Runs `work` unless a signal comes first.
    pub async fn or<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            done = work => done,
            () = self.next() => Err(Error::Interrupted),
        }
    }
}

/// Why the neighbourhood ends.
#[derive(Debug)]
enum End {
    Signal,
    TimeIsUp,
    Asked(Call),
}

/// Runs until a signal, a `down` or the end of `duration`.
pub async fn up(options: Options, duration: Option<Duration>, as_json: bool) -> Result<()> {
    let mut signals = Signals::listen()?;
    if !as_json {
        note(&format!("starting {} nodes in {}", options.buildings, options.dir.display()));
    }
    let mut neighbourhood = signals.or(Neighbourhood::up(options)).await?;
    // Whoever reads where the nodes are may ask for something at once: it waits its turn.
    let mut server = Server::start(neighbourhood.dir())?;
    share(&neighbourhood, &mut signals).await?;
    announce(&mut neighbourhood, as_json)?;
    let mut live = LiveLine::new(as_json);
    let end = attend(&mut neighbourhood, &mut server, &mut signals, duration, &mut live).await;
    live.clear();
    let ended = finish(neighbourhood, end, &mut signals, as_json).await;
    server.finish().await;
    ended
}

/// Votes on what sharing energy needs. A neighbourhood that cannot, because too few authorities run, goes on without.
async fn share(neighbourhood: &Neighbourhood, signals: &mut Signals) -> Result<()> {
    if !sharing::is_possible(neighbourhood.plan()) {
        return Ok(());
    }
    match signals.or(sharing::agree(neighbourhood)).await {
        Err(Error::Interrupted) => Err(Error::Interrupted),
        Err(error) => {
            note(&format!("the buildings do not share energy: {error}"));
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// Tells what runs where.
fn announce(neighbourhood: &mut Neighbourhood, as_json: bool) -> Result<()> {
    let net = neighbourhood.net()?;
    let took_s = neighbourhood.took().as_secs_f64();
    if as_json {
        let mut ready = json!(net);
        ready["ready_s"] = json!(took_s);
        line(&ready.to_string());
        return Ok(());
    }
    let mut rows = vec![["building", "role", "page", "process", "log"].map(str::to_owned).to_vec()];
    for index in 0..neighbourhood.len() {
        let state = neighbourhood.state(index);
        let pid = state.pid.map_or_else(|| "–".to_owned(), |pid| pid.to_string());
        let page = format!("{}/", state.http);
        rows.push(vec![state.name, state.role.to_owned(), page, pid, state.log.display().to_string()]);
    }
    line(&table(&rows));
    let speed = neighbourhood.clock().speed;
    let speed = if speed == 1.0 { String::new() } else { format!(", hive time × {speed}") };
    if let Some(first) = net.nodes.first() {
        line(&format!("operator token of {}: {}", first.name, first.token));
    }
    let authorities = net.nodes.iter().filter(|node| node.role == "authority").count();
    let chain: String = net.chain.chars().take(12).collect();
    line(&format!(
        "ready in {took_s:.1} s: {} nodes, {authorities} authorities, chain {chain}…, seed {}{speed}; Ctrl-C stops all",
        net.nodes.len(),
        net.seed
    ));
    Ok(())
}

async fn attend(
    neighbourhood: &mut Neighbourhood,
    server: &mut Server,
    signals: &mut Signals,
    duration: Option<Duration>,
    live: &mut LiveLine,
) -> End {
    let end = duration.map(|duration| Instant::now() + duration);
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = signals.next() => return End::Signal,
            () = sleep_until(end.unwrap_or_else(Instant::now)), if end.is_some() => return End::TimeIsUp,
            call = server.next() => match call {
                Some(call) if call.request == Request::Down => return End::Asked(call),
                Some(call) => {
                    let Some(response) = interruptible(neighbourhood, call.request, signals).await else {
                        return End::Signal;
                    };
                    // Whoever asked may have gone; it is done all the same.
                    call.reply.send(response).ok();
                }
                None => return End::Signal,
            },
            _ = looks.tick() => look(neighbourhood, live).await,
        }
    }
}

async fn interruptible(
    neighbourhood: &mut Neighbourhood,
    request: Request,
    signals: &mut Signals,
) -> Option<Response> {
    tokio::select! {
        response = perform(neighbourhood, request) => Some(response),
        () = signals.next() => None,
    }
}

async fn look(neighbourhood: &mut Neighbourhood, live: &mut LiveLine) {
    for (name, status) in neighbourhood.ended() {
        live.clear();
        note(&format!(
            "{name} ended by itself ({status}); see its log, start it again with: cargo testnet restart {name}"
        ));
    }
    if let Err(error) = neighbourhood.keep_time() {
        live.clear();
        note(&error.to_string());
    }
    if live.is_seen() {
        live.show(&status::collect(neighbourhood).await.line());
    }
}

/// Stops the nodes; a second signal ends them at once.
async fn finish(neighbourhood: Neighbourhood, end: End, signals: &mut Signals, as_json: bool) -> Result<()> {
    let forced = signals.or(neighbourhood.down()).await?;
    if !as_json {
        let forced =
            if forced.is_empty() { String::new() } else { format!("; by force: {}", forced.join(", ")) };
        line(&format!("stopped every node{forced}"));
    }
    match end {
        End::Signal => Err(Error::Interrupted),
        End::TimeIsUp => Ok(()),
        End::Asked(call) => {
            // Whoever asked may have gone; everything has stopped all the same.
            call.reply
                .send(Response { exit: 0, text: "stopped every node".to_owned(), data: json!(forced) })
                .ok();
            Ok(())
        }
    }
}
