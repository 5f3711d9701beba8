//! Nodes end at random moments under load: kill -9, power cuts that take what was not synced, ordinary restarts one
//! after the other. The command looks itself whether everything answered for is still there, whether the nodes agree,
//! and whether anybody signed twice.

use serde_json::Value;

use crate::harness::programs::{run, testnet};
use crate::harness::{pass_over, story_folder};

/// Runs a storm and answers its figures; why not, if this machine cannot make one.
fn storm(name: &str, flags: &[&str]) -> Result<Value, String> {
    let told = run(testnet().args(["chaos", "--json"]).args(flags).arg("--dir").arg(story_folder(name)));
    if told.exit == 2 {
        return Err(told.out);
    }
    let said = told.ok();
    let figures: Value = serde_json::from_str(said.trim()).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!(figures["lost"], 0, "{figures}");
    let at_least = |field: &str, least: u64| {
        assert!(figures[field].as_u64().is_some_and(|found| found >= least), "{field} of {figures}");
    };
    at_least("readings", 500);
    at_least("transactions", 20);
    at_least("alerts_and_work_orders", 4);
    Ok(figures)
}

#[test]
fn nothing_answered_for_is_lost_in_50_kills() {
    storm("kills", &["--kills", "50"]).unwrap();
}

#[test]
fn nothing_answered_for_is_lost_when_the_power_goes() {
    match storm("power", &["--power-cuts", "12"]) {
        Ok(figures) => {
            assert!(figures["writes_taken"].as_u64() > Some(0), "the cuts took something: {figures}");
        }
        Err(reason) => pass_over(&format!("power cuts: {}", reason.trim())),
    }
}

#[test]
fn nothing_answered_for_is_lost_when_every_node_is_restarted_in_turn() {
    storm("rolling", &["--restarts", "10"]).unwrap();
}
