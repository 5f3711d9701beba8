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
use simulator::shrink::shrink;
use simulator::trace::Line;
use simulator::{Settings, simulate};

use crate::cli::{Cli, Command, PartArgs, WorldArgs, repeat};
use crate::hunt;
use crate::terminal::{Progress, WORLD_THREAD, cpu_ms, line, now};

/// Failing seeds that are told with fewer faults, at the most.
const SHRUNK_MAX: usize = 3;
/// Runs to find fewer faults for one seed, at the most.
const SHRINK_RUNS_MAX: usize = 60;
/// Processor time for it, milliseconds.
const SHRINK_CPU_MS_MAX: u64 = 30_000;
/// Fault lines told of a shrunk seed, at the most.
const FAULT_LINES_MAX: usize = 40;

pub(crate) fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Run { seeds, world, jobs, json, verbose } => run_seeds(&seeds, &world, jobs, json, verbose),
        Command::Replay { seed, world, part, quiet } => replay(seed, &world, &part, quiet),
        Command::Mutants { list: true, .. } => {
            Mutant::ALL.iter().for_each(|mutant| line(&format!("{:<24} {}", mutant.name(), mutant.about())));
            Ok(ExitCode::SUCCESS)
        }
        Command::Mutants { list: false, first, seeds, cpu, jobs, world } => {
            let mutants = &Mutant::ALL[..first.unwrap_or(Mutant::ALL.len()).min(Mutant::ALL.len())];
            hunt::hunt(mutants, seeds, cpu * 1_000, threads(jobs), world.settings())
        }
    }
}

fn threads(jobs: usize) -> usize {
    if jobs == 0 { thread::available_parallelism().map_or(1, usize::from) } else { jobs }
}

fn run_seeds(
    seeds: &Range<u64>,
    world: &WorldArgs,
    jobs: usize,
    json: bool,
    verbose: bool,
) -> anyhow::Result<ExitCode> {
    let (jobs, settings, started) = (threads(jobs), world.settings(), now());
    let progress = Progress::new(seeds.end - seeds.start, json || verbose);
    let (mut outcomes, mut failed, mut cpu, mut stubs) =
        (BTreeMap::new(), Vec::new(), 0, (0, Tally::default()));
    in_parallel(seeds.clone(), settings, jobs, |outcome, spent_ms| {
        cpu += spent_ms;
        if outcome.tally.real_signatures == 0 {
            stubs.0 += spent_ms;
            stubs.1.add(&outcome.tally);
        }
        if outcome.violation.is_some() {
            progress.clear();
            failed.push(tell_failed(&outcome, settings, json, failed.len() < SHRUNK_MAX));
        } else if verbose {
            line(&outcome.to_string());
        }
        outcomes.insert(outcome.seed, outcome);
        progress.show(outcomes.len() as u64, failed.len() as u64);
    })?;
    progress.clear();
    let wall_ms = u64::try_from(now().duration_since(started).as_millis()).unwrap_or(u64::MAX);
    let failures = failed.len();
    let mut summary = summary(&outcomes, failed, wall_ms, cpu, jobs);
    summary.node_hours_per_cpu_second_of_stubs = stubs.1.node_hours_per_second(stubs.0);
    if json {
        line(&serde_json::to_string_pretty(&summary)?);
    } else {
        line(&summary.to_string());
        line(&format!("simulator: {} passed, {failures} failed", outcomes.len() - failures));
    }
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Says what a seed broke, how to repeat it, and with which faults it still does.
fn tell_failed(outcome: &Outcome, settings: Settings, is_quiet: bool, is_shrunk: bool) -> Failed {
    let violation = outcome.violation.as_ref().expect("invariant: asked of failed seeds");
    let tell = |text: &str| {
        if !is_quiet {
            line(text);
        }
    };
    let repeated = repeat(outcome.seed, &settings);
    tell(&format!("{outcome}\n  repeat with: {repeated}"));
    let (mut repeat_with_less, mut faults) = (None, Vec::new());
    if is_shrunk && let Some((fewer, lines, runs)) = in_world_thread(|| fewer_faults(outcome, settings)) {
        let command = repeat(outcome.seed, &fewer);
        tell(&format!("  with fewer faults ({runs} runs): {command}"));
        lines.iter().for_each(|fault| tell(&format!("    {fault}")));
        (repeat_with_less, faults) = (Some(command), lines);
    }
    Failed {
        seed: outcome.seed,
        rule: violation.rule.name(),
        detail: violation.detail.clone(),
        repeat: repeated,
        repeat_with_less,
        faults,
    }
}

/// The settings with fewer faults that break the same rule, and those faults in words.
fn fewer_faults(outcome: &Outcome, settings: Settings) -> Option<(Settings, Vec<String>, usize)> {
    let started = cpu_ms();
    let goes_on = || cpu_ms() - started < SHRINK_CPU_MS_MAX;
    let shrunk = shrink(outcome, settings, SHRINK_RUNS_MAX, goes_on)?;
    let mut lines = Vec::new();
    let mut keep = |line: &Line| {
        if is_fault(line.what) {
            lines.push(line.to_string());
        }
    };
    simulate(outcome.seed, shrunk.settings, Some(&mut keep));
    let more = lines.len().saturating_sub(FAULT_LINES_MAX);
    lines.truncate(FAULT_LINES_MAX);
    if more > 0 {
        lines.push(format!("… and {more} more"));
    }
    Some((shrunk.settings, lines, shrunk.runs))
}

/// What the weather did, not what the nodes did about it.
fn is_fault(what: &str) -> bool {
    !["send", "message", "gossip", "header", "submit", "stored", "final", "rejected", "replay", "start"]
        .contains(&what)
}

/// What is of interest without the messages.
fn is_brief(what: &str) -> bool {
    is_fault(what) || ["final", "start", "replay"].contains(&what)
}

fn in_world_thread<T: Send>(work: impl FnOnce() -> Option<T> + Send) -> Option<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name(WORLD_THREAD.to_owned()).spawn_scoped(scope, work);
        thread.ok()?.join().ok().flatten()
    })
}

/// Hands seeds to threads; `done` sees outcomes as they come, with the processor time each took, milliseconds.
fn in_parallel(
    seeds: Range<u64>,
    settings: Settings,
    jobs: usize,
    mut done: impl FnMut(Outcome, u64),
) -> anyhow::Result<()> {
    let next = AtomicU64::new(seeds.start);
    let (sender, receiver) = mpsc::sync_channel(jobs);
    thread::scope(|scope| {
        for _ in 0..jobs {
            let (sender, next, end) = (sender.clone(), &next, seeds.end);
            let work = move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let started = cpu_ms();
                    let outcome = simulate(seed, settings, None);
                    if sender.send((outcome, cpu_ms() - started)).is_err() {
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
        receiver.iter().for_each(|(outcome, spent_ms)| done(outcome, spent_ms));
        Ok(())
    })
}

fn summary(
    outcomes: &BTreeMap<u64, Outcome>,
    mut failed: Vec<Failed>,
    wall_ms: u64,
    cpu_ms: u64,
    jobs: usize,
) -> Summary {
    let mut tally = Tally::default();
    let mut hasher = blake3::Hasher::new();
    for outcome in outcomes.values() {
        tally.add(&outcome.tally);
        hasher.update(outcome.trace.as_bytes());
    }
    failed.sort_by_key(|failed| failed.seed);
    let is_double = |failed: &&Failed| failed.rule == Rule::Equivocation.name();
    Summary {
        seeds: outcomes.len() as u64,
        violations: failed.len() as u64,
        equivocations: failed.iter().filter(is_double).count() as u64,
        node_hours_per_cpu_second: tally.node_hours_per_second(cpu_ms),
        node_hours_per_cpu_second_of_stubs: 0.0,
        tally,
        wall_ms,
        cpu_ms,
        jobs,
        trace: hasher.finalize().to_hex().to_string(),
        failed,
    }
}

fn replay(seed: u64, world: &WorldArgs, part: &PartArgs, quiet: bool) -> anyhow::Result<ExitCode> {
    let settings = world.settings();
    let is_told = |told: &Line| {
        let second = std::time::Duration::from_millis(told.at_ms).as_secs_f64();
        (part.from..=part.to).contains(&second)
            && (part.node.is_empty() || part.node.iter().any(|node| told.names(node)))
            && (!part.brief || is_brief(told.what))
    };
    let work = || {
        let mut tell = |told: &Line| {
            if is_told(told) {
                line(&told.to_string());
            }
        };
        Some(simulate(seed, settings, if quiet { None } else { Some(&mut tell) }))
    };
    let outcome = in_world_thread(work).context("the replay itself failed")?;
    line(&outcome.to_string());
    Ok(if outcome.violation.is_none() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
