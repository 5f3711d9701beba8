//! A handful of seeds on every test run; `cargo sim run` does the many.

use crate::mutants::Mutant;
use crate::report::Outcome;
use crate::{Settings, simulate};

const SETTINGS: Settings = Settings { faults_ms: 20_000, ..Settings::STORMY };

fn run(seed: u64, settings: Settings) -> Outcome {
    simulate(seed, settings, None)
}

#[test]
fn no_rule_is_broken_and_everybody_goes_on() {
    for seed in 1_000..1_008 {
        let outcome = run(seed, SETTINGS);
        assert_eq!(outcome.violation, None, "repeat with: cargo sim replay {seed} --seconds 20");
        assert!(outcome.tally.blocks > 0 && outcome.tally.transactions > 0, "{outcome}");
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    let (first, again) = (run(7, SETTINGS), run(7, SETTINGS));
    assert_eq!(first, again);
    assert_ne!(first.trace, run(8, SETTINGS).trace);
}

#[test]
fn telling_what_happens_changes_nothing() {
    let mut lines = 0;
    let mut count = |_: &crate::trace::Line| lines += 1;
    let told = simulate(7, SETTINGS, Some(&mut count));
    assert_eq!(told, run(7, SETTINGS));
    assert_eq!(lines, told.tally.events);
}

#[test]
fn a_hive_of_one_and_one_of_eight_live() {
    for nodes in [1, 2, 8] {
        let settings = Settings { nodes, faults_ms: 10_000, ..Settings::STORMY };
        assert_eq!(
            run(1, settings).violation,
            None,
            "repeat with: cargo sim replay 1 --nodes {nodes} --seconds 10"
        );
    }
}

#[test]
fn planted_faults_are_found() {
    for mutant in [Mutant::VoteBeforeSync, Mutant::WalForgotten] {
        let settings = Settings { mutant: Some(mutant), ..SETTINGS };
        let found = (0..100).any(|seed| run(seed, settings).violation.is_some());
        assert!(found, "{} lives", mutant.name());
    }
}

#[test]
fn liars_lie_and_nothing_breaks() {
    let mut lies = 0;
    for seed in 0..4 {
        let settings = Settings { byzantine: true, ..SETTINGS };
        let outcome = run(seed, settings);
        assert_eq!(outcome.violation, None, "repeat with: cargo sim replay {seed} --seconds 20 --byzantine");
        lies += outcome.tally.lies;
    }
    assert!(lies > 100, "{lies} lies");
}

#[test]
fn members_and_authorities_change_on_the_way() {
    let (mut admitted, mut changes) = (0, 0);
    for seed in 0..20 {
        let outcome = run(seed, SETTINGS);
        assert_eq!(outcome.violation, None, "repeat with: cargo sim replay {seed} --seconds 20");
        admitted += outcome.tally.admitted;
        changes += outcome.tally.authority_changes;
        if admitted > 0 && changes > 0 {
            return;
        }
    }
    panic!("{admitted} admitted, {changes} changes");
}

#[test]
fn keys_change_on_the_way() {
    let (mut members, mut network) = (0, 0);
    for seed in 0..40 {
        let outcome = run(seed, SETTINGS);
        assert_eq!(outcome.violation, None, "repeat with: cargo sim replay {seed} --seconds 20");
        members += outcome.tally.keys_changed;
        network += outcome.tally.network_keys;
        if members > 0 && network > 0 {
            return;
        }
    }
    panic!("{members} members changed their key, {network} network keys");
}

#[test]
fn a_quiet_hour_passes() {
    let outcome = run(3, Settings { hours: Some(1), ..Settings::STORMY });
    assert_eq!(outcome.violation, None, "repeat with: cargo sim replay 3 --hours 1");
    assert!(outcome.tally.virtual_ms > 3_600_000 && outcome.tally.crashes > 0, "{outcome}");
}

/// Slots of several buildings are settled, corrected and booked under faults, and nothing of it goes wrong.
#[test]
fn neighbours_share_energy_on_the_way() {
    let (mut settled, mut corrected, mut worlds) = (0, 0, 0);
    for seed in (0..400).filter(|seed| SETTINGS.weather(*seed).sharing.pace > 0) {
        let outcome = run(seed, Settings::STORMY);
        assert_eq!(outcome.violation, None, "repeat with: cargo sim replay {seed}");
        settled += outcome.tally.slots_settled;
        corrected += outcome.tally.slots_corrected;
        worlds += 1;
        if settled > 10 && corrected > 0 {
            return;
        }
    }
    panic!("{settled} slots in {worlds} worlds, {corrected} corrected");
}
