//! The hunt for planted faults: seeds first, then probes, within a bounded processor time. One that lives is a failure
//! of the simulator.

use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;

use simulator::checker::Violation;
use simulator::mutants::Mutant;
use simulator::probes::Probe;
use simulator::{Settings, simulate};

use crate::cli::repeat;
use crate::terminal::{WORLD_THREAD, cpu_ms, line};

/// How a hunt ended.
enum End {
    /// The mutant was found.
    Killed(Kill),
    /// A seed breaks a rule with the mutant and without it: that is a fault of the code, or of the simulator.
    Unsound(Kill),
    /// Nothing was found.
    Alive,
}

/// What killed a mutant.
struct Kill {
    /// A command that repeats it, or the name of a probe.
    by: String,
    violation: Violation,
}

/// Hunts them all on threads. Exits with 1 if one lives.
pub(crate) fn hunt(
    mutants: &[Mutant],
    seeds: u64,
    cpu_ms_max: u64,
    jobs: usize,
    settings: Settings,
) -> anyhow::Result<ExitCode> {
    if let Some(mutant) = mutants.iter().find(|mutant| !mutant.is_at_hand()) {
        anyhow::bail!("{} cannot be planted in this build: run `cargo sim mutants`", mutant.name());
    }
    let queue = Mutex::new(mutants.iter().copied());
    let alive = Mutex::new(0_usize);
    thread::scope(|scope| {
        for _ in 0..jobs {
            let work = || {
                while let Some(mutant) = lock(&queue).next() {
                    let started = cpu_ms();
                    let end = kill(mutant, seeds, cpu_ms_max / 2, settings);
                    let spent = cpu_ms() - started;
                    let is_late = spent > cpu_ms_max;
                    if is_late || !matches!(end, End::Killed(_)) {
                        *lock(&alive) += 1;
                    }
                    tell(mutant, end, spent, is_late);
                }
            };
            let thread = thread::Builder::new().name(WORLD_THREAD.to_owned()).spawn_scoped(scope, work);
            thread.map(drop).unwrap_or_else(|error| line(&format!("cannot start a thread: {error}")));
        }
    });
    let alive = *lock(&alive);
    line(&format!("simulator: {} passed, {alive} failed", mutants.len() - alive));
    Ok(if alive == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn tell(mutant: Mutant, end: End, spent_ms: u64, is_late: bool) {
    let (name, seconds) = (mutant.name(), std::time::Duration::from_millis(spent_ms).as_secs_f64());
    match end {
        End::Killed(Kill { by, violation }) if !is_late => {
            line(&format!("{name:<24} killed in {seconds:>5.2} CPU-s by {by}\n{:<24} {violation}", ""));
        }
        End::Unsound(Kill { by, violation }) => {
            line(&format!("{name:<24} not judged: {by} breaks a rule without it\n{:<24} {violation}", ""));
        }
        End::Killed(Kill { by, .. }) => {
            line(&format!("{name:<24} SURVIVES too long: {seconds:.1} CPU-s, then {by}"));
        }
        End::Alive => line(&format!("{name:<24} SURVIVES, {seconds:.1} CPU-s")),
    }
}

fn kill(mutant: Mutant, seeds: u64, cpu_ms_max: u64, settings: Settings) -> End {
    let started = cpu_ms();
    for seed in 0..seeds {
        if cpu_ms() - started > cpu_ms_max {
            break;
        }
        // Hives of 4 to 7 authorities: some faults need one more than the smallest that bears a failure.
        let nodes = settings.nodes + usize::try_from(seed % 4).unwrap_or_default();
        let sound = Settings { nodes, ..settings };
        let settings = Settings { mutant: Some(mutant), ..sound };
        if let Some(violation) = simulate(seed, settings, None).violation {
            return match simulate(seed, sound, None).violation {
                None => End::Killed(Kill { by: repeat(seed, &settings), violation }),
                Some(violation) => End::Unsound(Kill { by: repeat(seed, &sound), violation }),
            };
        }
    }
    let planted = mutant.planted();
    let found = Probe::ALL.into_iter().find_map(|probe| {
        let violation = probe.play(planted).err()?;
        Some(Kill { by: format!("probe {}", probe.name), violation })
    });
    found.map_or(End::Alive, End::Killed)
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
