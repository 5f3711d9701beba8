//! Neighbours share the sun at fifteen minutes a second: recorded meters, statements to two desks, one result on the ledger,
//! every building's own check of its line, by the parts of an organiser too, and a series that no other disk holds.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Hive, Node, decide, story_folder, until};

/// A slot passes in a second. Three buildings are authorities and settle; the last two never do.
const FLAGS: [&str; 6] = ["--buildings", "5", "--authorities", "3", "--speed", "900"];
const AUTHORITIES: usize = 3;
/// Milliseconds of a slot.
const SLOT_MS: u64 = 900_000;
/// A record's slots count from 2015-12-31T23:00Z.
const RECORD_SLOT: u64 = 1_451_602_800_000 / SLOT_MS;
/// 2016-06-15T10:00Z in these.
const FIRST_ROW: u64 = 166 * 96 + 44;
const ROWS: u64 = 240;
/// The results of the whole record.
const RESULTS: &str = "/api/v1/energy/results?from=2016-06-15T00:00:00Z&to=2016-06-19T00:00:00Z&limit=1000";
/// Wh that each building uses and makes in a slot.
const HOUSES: [(i64, i64); 5] = [(50, 650), (900, 0), (100, 500), (500, 0), (700, 0)];
/// What the roofs have left.
const POOL_WH: i64 = 1_000;
/// Where the last building uses figures that occur nowhere else, rows of the record and Wh.
const PLANTED: [(u64, i64); 4] = [(14, 2_123_457), (15, 1_765_431), (16, 2_210_987), (17, 1_901_234)];
const OWNER: usize = 4;
/// Thousandths of the pool that the organiser gives; it is one that has no desk.
const PARTS: [(usize, i64); 3] = [(1, 300), (3, 500), (OWNER, 100)];
const ORGANISER: usize = 3;
/// Slots until a decision, or what an organiser gives, begins.
const AHEAD_SLOTS: u64 = 8;
const SUN_S_MAX: u64 = 60;
/// How long the others may take until they show what one has seen.
const AGREE_S_MAX: u64 = 30;

#[test]
fn every_building_sees_the_same_price_and_checks_its_own_part_of_the_sun() {
    let record = record();
    let flags = [&FLAGS[..], &["--replay", record.to_str().unwrap()]].concat();
    let hive = Hive::start("sharing", &flags);
    let mut nodes = hive.nodes();
    let shares = until("energy is shared and every building has checked its part", SUN_S_MAX, || {
        let slot = shared_slot(&nodes[0])?;
        settled(&nodes, &slot)
    });
    check_sums(&shares);
    let first = &shares[0];
    let id = first["id"].as_str().expect("a slot has an id");
    let proof = nodes[OWNER].api.get(&format!("/api/v1/energy/results/{id}/proof")).unwrap();
    assert_eq!(proof["size"].as_u64(), Some(5), "a line for each building: {proof}");

    hive.tell(&["kill", "4"]);
    hive.tell(&["restart", "4"]);
    nodes = hive.nodes();
    until("the building that was killed still has its part", AGREE_S_MAX, || {
        let found = result(&nodes[OWNER], id)?;
        let same = found["own"] == shares[OWNER]["own"] || found["version"] != shares[OWNER]["version"];
        if same { Ok(()) } else { Err(found.to_string()) }
    });

    for (row, _) in PLANTED {
        let slot = (RECORD_SLOT + FIRST_ROW + row).to_string();
        let shares = until("a slot with a planted figure is settled", AGREE_S_MAX, || settled(&nodes, &slot));
        assert!(shares[OWNER]["own"]["bought_wh"].as_i64() > Some(0), "{}", shares[OWNER]);
    }
    no_foreign_disk_holds_the_series(&nodes);
    an_organiser_gives_the_parts(&nodes);
}

/// The hive votes for parts that one building gives; from the slot on that it names everybody gets exactly those, and finds
/// nothing wrong with its line.
fn an_organiser_gives_the_parts(nodes: &[Node]) {
    let members: Vec<String> = nodes.iter().map(member).collect();
    let from = now(&nodes[0]) + AHEAD_SLOTS;
    let rule = json!({
        "rule": "full_dynamic", "organiser": members[ORGANISER], "whole": 1_000, "factor": {"num": 1, "den": 2},
    });
    let action = json!({"kind": "energy", "what": {"what": "share", "rule": rule, "from_slot": from}});
    decide(&nodes[..AUTHORITIES], &action);
    let from = (now(&nodes[0]) + AHEAD_SLOTS).max(from);
    let parts: Vec<Value> =
        PARTS.iter().map(|(house, part)| json!({"member": members[*house], "weight": part})).collect();
    let given = json!({"from_slot": from, "parts": parts});
    let stranger = nodes[0].api.put("/api/v1/energy/coefficients", &given).unwrap();
    assert!((400..500).contains(&stranger.status), "only the organiser gives parts: {}", stranger.text());
    let answer = nodes[ORGANISER].api.put("/api/v1/energy/coefficients", &given).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let shares =
        until("a slot is settled by the parts given", SUN_S_MAX, || settled(nodes, &from.to_string()));
    let expected: BTreeMap<usize, i64> =
        PARTS.iter().map(|(house, part)| (*house, POOL_WH * part / 1_000)).collect();
    for (house, share) in shares.iter().enumerate() {
        let part = expected.get(&house).copied().unwrap_or(0);
        assert_eq!(share["own"]["bought_wh"].as_i64(), Some(part), "house {house}: {share}");
    }
    assert_eq!(shares[0]["traded_wh"].as_i64(), Some(expected.values().sum()), "{}", shares[0]);
    check_sums(&shares);
}

/// The owner's disk holds the figures of its slots. No block does, and no disk of a building that does not settle.
fn no_foreign_disk_holds_the_series(nodes: &[Node]) {
    for (_, figure) in PLANTED {
        let holds = |path: &PathBuf| holds_figure(&fs::read(path).unwrap_or_default(), figure);
        let of = |(house, node): (usize, &Node)| -> Vec<(usize, PathBuf)> {
            files(&node.data_dir).into_iter().filter(holds).map(|path| (house, path)).collect()
        };
        let found: Vec<(usize, PathBuf)> = nodes.iter().enumerate().flat_map(of).collect();
        assert!(found.iter().any(|(house, _)| *house == OWNER), "{figure} Wh on its owner's disk: {found:?}");
        let is_outside = |(house, path): &&(usize, PathBuf)| {
            (*house >= AUTHORITIES && *house != OWNER) || is_of_blocks(path)
        };
        let outside: Vec<_> = found.iter().filter(is_outside).collect();
        assert!(
            outside.is_empty(),
            "{figure} Wh in a block, or with a neighbour that does not settle: {outside:?}"
        );
    }
    for node in nodes {
        assert!(
            files(&node.data_dir).iter().any(|path| is_of_blocks(path)),
            "{} keeps the blocks",
            node.name
        );
    }
}

/// Whether a file is one of the blocks.
fn is_of_blocks(path: &Path) -> bool {
    path.parent().is_some_and(|folder| folder.ends_with("blocks.log"))
        && path.extension().is_some_and(|end| end == "log")
}

/// Whether bytes hold a figure as records and messages write it, or as text.
fn holds_figure(bytes: &[u8], figure: i64) -> bool {
    let whole = u32::try_from(figure).expect("a figure of a slot");
    let mut written = vec![0x1a];
    written.extend(whole.to_be_bytes());
    let text = figure.to_string().into_bytes();
    [written, text].iter().any(|needle| bytes.windows(needle.len()).any(|window| window == needle.as_slice()))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// What is bought is sold and what is paid is earned, between the supplier's prices, by two desks.
fn check_sums(shares: &[Value]) {
    let of = |field: &str| -> i64 {
        shares.iter().map(|share| share["own"][field].as_i64().expect("a checked line has figures")).sum()
    };
    let first = &shares[0];
    assert_eq!((of("bought_wh"), of("sold_wh")), (first["traded_wh"].as_i64().unwrap(), of("bought_wh")));
    assert_eq!(of("pay"), of("revenue"), "what buyers pay is what sellers get: {shares:?}");
    assert!(of("fee") > 0, "energy of a neighbour crosses the street's network: {shares:?}");
    let (feed_in, price, retail) = (price(first, "feed_in"), price(first, "price"), price(first, "retail"));
    assert!(feed_in < price && price < retail, "{first}");
    assert_eq!(first["settlers"].as_array().map(Vec::len), Some(2), "{first}");
}

/// A street of five under a sun that does not set.
fn record() -> PathBuf {
    let mut text = String::from(
        "slot,B01_load_wh,B01_pv_wh,B02_load_wh,B03_load_wh,B03_pv_wh,B04_load_wh,B05_load_wh\n",
    );
    for row in 0..ROWS {
        let mut loads = HOUSES.map(|(load, _)| load);
        if let Some((_, planted)) = PLANTED.iter().find(|(at, _)| *at == row) {
            loads[OWNER] = *planted;
        }
        let [a, b, c, d, e] = loads;
        let (roof_a, roof_c) = (HOUSES[0].1, HOUSES[2].1);
        text.push_str(&format!("{},{a},{roof_a},{b},{c},{roof_c},{d},{e}\n", FIRST_ROW + row));
    }
    let path = story_folder("sharing-record").join("street.csv");
    fs::write(&path, text).unwrap();
    path
}

/// The slot that runs, by a node's clock.
fn now(node: &Node) -> u64 {
    super::hive_ms(&node.api) / SLOT_MS
}

/// The address under which a building states its figures.
fn member(node: &Node) -> String {
    let sharing = node.api.get("/api/v1/energy/sharing").unwrap();
    sharing["member"].as_str().expect("an address").to_owned()
}

/// The newest slot in which this building took part and something was shared.
fn shared_slot(node: &Node) -> Result<String, String> {
    let results = node.api.items(RESULTS)?;
    let is_shared = |result: &&Value| result["traded_wh"].as_i64() > Some(0) && !result["own"].is_null();
    let newest = results.iter().rev().find(is_shared).ok_or_else(|| format!("{} slots", results.len()))?;
    Ok(newest["id"].as_str().unwrap_or_default().to_owned())
}

fn result(node: &Node, slot: &str) -> Result<Value, String> {
    let results = node.api.items(RESULTS)?;
    let found = results.into_iter().find(|result| result["id"] == slot);
    found.ok_or_else(|| format!("{} does not show slot {slot}", node.name))
}

/// A slot as every building has it, once each has checked its line of one version and sees the same totals.
fn settled(nodes: &[Node], slot: &str) -> Result<Vec<Value>, String> {
    let shares: Vec<Value> = nodes.iter().map(|node| result(node, slot)).collect::<Result<_, String>>()?;
    let common = ["version", "price", "traded_wh", "demand_wh", "surplus_wh", "settlers", "height"];
    for share in &shares {
        let is_checked = !share["own"].is_null() && share["own"]["doubt"].is_null();
        if !is_checked || common.iter().any(|field| share[*field] != shares[0][*field]) {
            return Err(format!("{share} beside {}", shares[0]));
        }
    }
    Ok(shares)
}

fn price(share: &Value, field: &str) -> i64 {
    share[field].as_i64().unwrap_or_else(|| panic!("{field} of {share}"))
}
