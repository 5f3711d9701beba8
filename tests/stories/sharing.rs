//! Neighbours share the sun at fifteen minutes a second: real meters' readings, statements to two desks, one result on the
//! ledger, and every building's own check of its line.

use serde_json::Value;

use crate::harness::{Hive, Node, until};

/// A day passes in 96 s; wherever it begins, the sun shines within that.
const FLAGS: [&str; 6] = ["--buildings", "5", "--authorities", "4", "--speed", "900"];
const SUN_S_MAX: u64 = 150;
/// How long the others may take until they show what one has seen.
const AGREE_S_MAX: u64 = 20;

#[test]
fn every_building_sees_the_same_price_and_checks_its_own_part_of_the_sun() {
    let hive = Hive::start("sharing", &FLAGS);
    let nodes = hive.nodes();
    let mut shares: Vec<Value> = Vec::new();
    until("energy is shared and every building has checked its part", SUN_S_MAX, || {
        let slot = shared_slot(&nodes[0])?;
        shares = nodes.iter().map(|node| result(node, &slot)).collect::<Result<_, String>>()?;
        agreed(&shares)
    });
    let of = |field: &str| -> i64 {
        shares.iter().map(|share| share["own"][field].as_i64().expect("a checked line has figures")).sum()
    };
    let first = &shares[0];
    assert_eq!((of("bought_wh"), of("sold_wh")), (first["traded_wh"].as_i64().unwrap(), of("bought_wh")));
    assert_eq!(of("pay"), of("revenue"), "what buyers pay is what sellers get: {shares:?}");
    assert!(of("fee") > 0, "energy of a neighbour crosses the street's network: {shares:?}");
    let (feed_in, price, retail) = (price(first, "feed_in"), price(first, "price"), price(first, "retail"));
    assert!(feed_in < price && price < retail, "{first}");
    let settlers = first["settlers"].as_array().map(Vec::len);
    assert_eq!(settlers, Some(2), "{first}");

    let id = first["id"].as_str().expect("a slot has an id");
    let proof = nodes[4].api.get(&format!("/api/v1/energy/results/{id}/proof")).unwrap();
    assert_eq!(proof["size"].as_u64(), Some(5), "a line for each building: {proof}");

    hive.tell(&["kill", "4"]);
    hive.tell(&["restart", "4"]);
    let again = hive.nodes().remove(4);
    until("the building that was killed still has its part", AGREE_S_MAX, || {
        let found = result(&again, id)?;
        let same = found["own"] == shares[4]["own"] || found["version"] != shares[4]["version"];
        if same { Ok(()) } else { Err(found.to_string()) }
    });
}

/// The newest slot in which this building took part and something was shared.
fn shared_slot(node: &Node) -> Result<String, String> {
    let results = node.api.items("/api/v1/energy/results?limit=1000")?;
    let is_shared = |result: &&Value| result["traded_wh"].as_i64() > Some(0) && !result["own"].is_null();
    let newest = results.iter().rev().find(is_shared).ok_or_else(|| format!("{} slots", results.len()))?;
    Ok(newest["id"].as_str().unwrap_or_default().to_owned())
}

fn result(node: &Node, slot: &str) -> Result<Value, String> {
    let results = node.api.items("/api/v1/energy/results?limit=1000")?;
    let found = results.into_iter().find(|result| result["id"] == slot);
    found.ok_or_else(|| format!("{} does not show slot {slot}", node.name))
}

/// Every building has its line of one version, finds nothing wrong with it, and sees the same totals.
fn agreed(shares: &[Value]) -> Result<(), String> {
    let common = ["version", "price", "traded_wh", "demand_wh", "surplus_wh", "settlers", "height"];
    for share in shares {
        let is_checked = !share["own"].is_null() && share["own"]["doubt"].is_null();
        if !is_checked || common.iter().any(|field| share[*field] != shares[0][*field]) {
            return Err(format!("{share} beside {}", shares[0]));
        }
    }
    Ok(())
}

fn price(share: &Value, field: &str) -> i64 {
    share[field].as_i64().unwrap_or_else(|| panic!("{field} of {share}"))
}
