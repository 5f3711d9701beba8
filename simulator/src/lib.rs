//! Many real nodes in one thread under one seed: a fake net, fake disks, bad weather, and checks of what must hold at
//! every step. The same seed gives the same run, event for event, on any machine and in any build.

pub mod building;
pub mod chance;
pub mod checker;
pub mod disk;
pub mod faults;
mod following;
mod founding;
pub mod gateway;
mod governing;
mod healing;
pub mod keys;
pub mod liars;
mod lying;
mod meetings;
pub mod metered;
pub mod model;
pub mod mutants;
pub mod network;
pub mod opening;
mod place;
pub mod probes;
mod rekeying;
pub mod report;
pub mod scripts;
pub mod series;
mod sharing;
pub mod shrink;
pub mod spared;
mod storms;
mod telling;
pub mod trace;
mod traffic;
pub mod witness;
mod words;
pub mod workload;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use checker::{Rule, Violation};
use report::{Outcome, Tally};
use scripts::{Cast, Script};
use trace::{Lines, Trace};
use world::World;

pub use healing::LIVE_AGAIN_MS_MAX;
pub use world::Settings;

/// Runs one seed to its end. With `lines`, tells everything that happens.
pub fn simulate(seed: u64, settings: Settings, lines: Option<Lines<'_>>) -> Outcome {
    let settings = settings.drawn(seed);
    let mut tally = Tally::default();
    let mut trace = None;
    // A failed assertion in a node is a finding like any other; nothing of that world is used afterwards.
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut story = Trace::new(lines);
        let is_real = keys::is_real(seed, settings.hours.is_some(), settings.real_signatures);
        let cast = Cast { seed, is_real };
        let played = scripts::play(Script::of(seed), cast, settings.mutant, &mut story);
        let mut world = World::new(seed, settings, story);
        let result = played.and_then(|()| world.run());
        tally = world.sum_up();
        trace = Some(world.trace.hash());
        result
    }));
    let violation = match result {
        Ok(result) => result.err(),
        Err(panic) => Some(Violation::of(Rule::Panic, words_of(&*panic))),
    };
    Outcome { seed, trace: trace.unwrap_or_else(|| blake3::hash(&seed.to_le_bytes())), tally, violation }
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without words".to_owned())
}

#[cfg(test)]
mod tests;
