//! Two buildings of one operator see how many alerts are open at each other; a building of somebody else's sees neither.

use serde_json::{Value, json};

use super::{ELEVATOR, overheating_alert};
use crate::harness::{Hive, Node, until};

#[test]
fn the_operators_buildings_see_each_others_counts_and_nobody_else_does() {
    let flags = ["--buildings", "4", "--authorities", "4", "--speed", "10"];
    let hive = Hive::start("operator", &flags);
    let [first, second, third] = ["CAS-S1", "CAS-S2", "CAS-S3"].map(|name| hive.node(name));
    until("both buildings of the operator know each other", 20, || {
        let known = others(&second)?;
        match known.as_slice() {
            [one] if one["name"] == "CAS-S1" && one["online"] == true => Ok(()),
            _ => Err(format!("{known:?}")),
        }
    });
    hive.tell(&["drift", ELEVATOR, "motor_temp"]);
    let alert = overheating_alert(&first.api);
    until("the other building counts the alert", 20, || high_at_first(&second, 1));
    let names: Vec<Value> = others(&third).unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, [json!("CAS-S4")], "a building of another operator sees its own colleague only");

    let path = format!("/api/v1/alerts/{}/ack", alert["id"].as_str().unwrap());
    first.api.post(&path, &json!({})).unwrap();
    until("an alert that somebody took note of counts no longer", 20, || high_at_first(&second, 0));
    hive.tell(&["kill", "CAS-S1"]);
    until("a building that is gone keeps its last count, with its age", 20, || {
        let known = others(&second)?;
        let gone = known.iter().any(|one| one["online"] == false && one["as_of"].is_string());
        if gone { Ok(()) } else { Err(format!("{known:?}")) }
    });
}

/// The other buildings of a node's operator.
fn others(node: &Node) -> Result<Vec<Value>, String> {
    let mut all = node.api.items("/api/v1/operator/buildings")?;
    all.retain(|one| one["this"] == false);
    Ok(all)
}

fn high_at_first(node: &Node, expected: u64) -> Result<(), String> {
    let known = others(node)?;
    match known.as_slice() {
        [one] if one["open_alerts"]["high"] == expected => Ok(()),
        _ => Err(format!("{known:?}")),
    }
}
