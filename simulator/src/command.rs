//! Running seeds on threads, in order of their numbers where it shows.

use std::collections::BTreeMap;
use std::ops::Range;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

use anyhow::Context as _;
use simulator::checker::Rule;
use simulator::mutants::Mutant;
use simulator::report::{Failed, Outcome, Summary, Tally};
use simulator::{Settings, simulate};

use crate::cli::{Cli, Command, WorldArgs};
use crate::terminal::{Progress, WORLD_THREAD, line, now};

pub(crate) fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Run { seeds, world, jobs, json, verbose } => run_seeds(&seeds, world, jobs, json, verbose),
        Command::Replay { seed, world, quiet } => replay(seed, world, quiet),
        Command::Mutants { list: true, .. } => {
            Mutant::ALL.iter().for_each(|mutant| line(&format!("{:<20} {}", mutant.name(), mutant.about())));
            Ok(ExitCode::SUCCESS)
        }
        Command::Mutants { list: false, seeds, world } => hunt(seeds, world),
    }
}

fn run_seeds(
    seeds: &Range<u64>,
    world: WorldArgs,
    jobs: usize,
    json: bool,
    verbose: bool,
) -> anyhow::Result<ExitCode> {
    let jobs = if jobs == 0 { thread::available_parallelism().map_or(1, usize::from) } else { jobs };
    let started = now();
    let progress = Progress::new(seeds.end - seeds.start, json || verbose);
    let mut outcomes: BTreeMap<u64, Outcome> = BTreeMap::new();
    let mut failed = 0;
    in_parallel(seeds.clone(), world.settings(), jobs, |outcome| {
        if outcome.violation.is_some() {
            failed += 1;
            progress.clear();
            if !json {
                line(&format!("{outcome}\n  repeat with: {}", world.repeat(outcome.seed)));
            }
        } else if verbose {
            line(&outcome.to_string());
        }
        outcomes.insert(outcome.seed, outcome);
        progress.show(outcomes.len() as u64, failed);
    })?;
    progress.clear();
    let wall_ms = u64::try_from(now().duration_since(started).as_millis()).unwrap_or(u64::MAX);
    let summary = summary(&outcomes, world, wall_ms, jobs);
    if json {
        line(&serde_json::to_string_pretty(&summary)?);
    } else {
        line(&summary.to_string());
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Hands seeds to threads; `done` sees outcomes as they come.
fn in_parallel(
    seeds: Range<u64>,
    settings: Settings,
    jobs: usize,
    mut done: impl FnMut(Outcome),
) -> anyhow::Result<()> {
    let next = AtomicU64::new(seeds.start);
    let (sender, receiver) = mpsc::sync_channel(jobs);
    thread::scope(|scope| {
        for _ in 0..jobs {
            let (sender, next, end) = (sender.clone(), &next, seeds.end);
            let work = move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end || sender.send(simulate(seed, settings, None)).is_err() {
                        return;
                    }
                }
            };
            thread::Builder::new()
                .name(WORLD_THREAD.to_owned())
                .spawn_scoped(scope, work)
                .context("cannot start a thread")?;
        }
        drop(sender);
        receiver.iter().for_each(&mut done);
        Ok(())
    })
}

fn summary(outcomes: &BTreeMap<u64, Outcome>, world: WorldArgs, wall_ms: u64, jobs: usize) -> Summary {
    let mut tally = Tally::default();
    let mut hasher = blake3::Hasher::new();
    let mut failed = Vec::new();
    for outcome in outcomes.values() {
        tally.add(&outcome.tally);
        hasher.update(outcome.trace.as_bytes());
        if let Some(violation) = &outcome.violation {
            failed.push(Failed {
                seed: outcome.seed,
                rule: violation.rule.name(),
                detail: violation.detail.clone(),
                repeat: world.repeat(outcome.seed),
            });
        }
    }
    let is_double = |failed: &&Failed| failed.rule == Rule::Equivocation.name();
    Summary {
        seeds: outcomes.len() as u64,
        violations: failed.len() as u64,
        equivocations: failed.iter().filter(is_double).count() as u64,
        tally,
        wall_ms,
        jobs,
        trace: hasher.finalize().to_hex().to_string(),
        failed,
    }
}

fn replay(seed: u64, world: WorldArgs, quiet: bool) -> anyhow::Result<ExitCode> {
    let settings = world.settings();
    let work = move || {
        let mut tell = |text: &str| line(text);
        simulate(seed, settings, if quiet { None } else { Some(&mut tell) })
    };
    let thread = thread::Builder::new().name(WORLD_THREAD.to_owned()).spawn(work)?;
    let outcome = thread.join().map_err(|_| anyhow::anyhow!("the replay itself failed"))?;
    line(&outcome.to_string());
    Ok(if outcome.violation.is_none() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Every planted fault must break a rule within the seeds given.
fn hunt(seeds: u64, world: WorldArgs) -> anyhow::Result<ExitCode> {
    let mut alive = 0;
    for mutant in Mutant::ALL {
        let settings = Settings { mutant: Some(mutant), ..world.settings() };
        let started = now();
        let found = thread::Builder::new()
            .name(WORLD_THREAD.to_owned())
            .spawn(move || {
                (0..seeds).map(|seed| simulate(seed, settings, None)).find(|o| o.violation.is_some())
            })?
            .join()
            .map_err(|_| anyhow::anyhow!("the hunt itself failed"))?;
        let seconds = now().duration_since(started).as_secs_f32();
        match found.and_then(|outcome| outcome.violation.map(|violation| (outcome.seed, violation))) {
            Some((seed, violation)) => {
                line(&format!("{:<20} killed by seed {seed} in {seconds:.1} s: {violation}", mutant.name()));
            }
            None => {
                alive += 1;
                line(&format!("{:<20} SURVIVES {seeds} seeds ({seconds:.1} s)", mutant.name()));
            }
        }
    }
    Ok(if alive == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
