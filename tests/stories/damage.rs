//! Harmed copies of a data folder, each opened by a real node: every answer is right, or missing and said to be. The
//! long campaign is `cargo chaos --damage 1000`.

use serde_json::Value;

use crate::harness::programs::{run, testnet};
use crate::harness::story_folder;

/// Cases of the slice; their seeds are the first ones.
const CASES: u64 = 60;

#[test]
fn no_damage_makes_a_wrong_answer_or_a_silent_loss() {
    let cases = CASES.to_string();
    let told = run(testnet()
        .args(["chaos", "--json", "--damage", &cases, "--seed", "1", "--dir"])
        .arg(story_folder("damage")));
    assert_eq!(told.exit, 0, "{}\n{}", told.out, told.err);
    let figures: Value = serde_json::from_str(told.out.trim()).unwrap();
    assert_eq!((&figures["cases"], &figures["failed"]), (&CASES.into(), &0.into()), "{figures}");
    let kinds = figures["kinds"].as_object().unwrap();
    assert!(kinds.len() >= 15, "every kind of file is hit: {figures}");
    let said: u64 = kinds.values().filter_map(|outcomes| outcomes["lost and said"].as_u64()).sum();
    assert!(said > 0, "a campaign in which nothing is ever lost hits nothing: {figures}");
}
