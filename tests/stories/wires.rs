//! A hive is updated from one version of the wire to the next, building by building, while it works; a node with which
//! no version is shared is refused aloud.

use std::fs;
use std::time::Duration;

use super::height;
use crate::harness::wait::ensure;
use crate::harness::{Hive, Node, Signer, until};

/// Longest pause between two final blocks while one of four authorities is away, seconds: proposals of the one that is
/// away time out, as in any restart.
const PAUSE_S_MAX: u64 = 10;

/// Sets keys of `[network]`; none takes the key away.
fn configure(node: &Node, keys: &[(&str, Option<i64>)]) {
    let path = node.data_dir.join("node.toml");
    let mut config: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
    let network = config["network"].as_table_mut().unwrap();
    for (key, value) in keys {
        match value {
            Some(value) => drop(network.insert((*key).to_owned(), toml::Value::Integer(*value))),
            None => drop(network.remove(*key)),
        }
    }
    fs::write(&path, config.to_string()).unwrap();
}

fn wires(node: &Node) -> Result<Vec<u64>, String> {
    let hive = node.api.get("/api/v1/hive")?;
    let peers = hive["peers"].as_array().cloned().unwrap_or_default();
    Ok(peers.iter().filter_map(|peer| peer["wire"].as_u64()).collect())
}

#[test]
fn four_authorities_move_to_the_newer_wire_one_by_one_under_load() {
    let hive = Hive::start("wires", &["--buildings", "5", "--authorities", "4", "--speed", "10"]);
    let mut load = Signer::instead_of(&hive, "CAS-S5");
    let authorities = || hive.nodes().into_iter().take(4).collect::<Vec<Node>>();
    for node in authorities() {
        configure(&node, &[("wire", Some(1))]);
        hive.tell(&["restart", &node.name]);
    }
    let nodes = authorities();
    for node in &nodes {
        until(&format!("{} speaks the older wire", node.name), 30, || {
            let spoken = wires(node)?;
            ensure(spoken == [1, 1, 1], || format!("{spoken:?}"))
        });
    }
    let mut slowest = Duration::ZERO;
    let mut landed = 0;
    for moving in &nodes {
        configure(moving, &[("wire", None)]);
        hive.tell(&["restart", &moving.name]);
        // At once, while it finds the others again, and at every node.
        for round in 0..8 {
            slowest = slowest.max(load.lands(&authorities()[round % 4]));
            landed += 1;
        }
    }
    assert!(slowest.as_secs() <= PAUSE_S_MAX, "a transaction took {slowest:?}");
    let nodes = authorities();
    let most = nodes.iter().map(|node| height(&node.api).unwrap()).max().unwrap();
    for node in &nodes {
        until(&format!("{} speaks the newer wire and has every block", node.name), 30, || {
            let (spoken, at) = (wires(node)?, height(&node.api)?);
            ensure(spoken == [2, 2, 2] && at >= most, || format!("{spoken:?} at {at} of {most}"))
        });
    }
    for node in &nodes {
        let log = node.api.get("/api/v1/ledger/head").unwrap();
        assert!(log["log_size"].as_u64().unwrap() >= landed, "{}: {landed} were final: {log}", node.name);
    }
}

#[test]
fn without_a_common_version_both_sides_say_so() {
    let hive = Hive::start("wires-apart", &["--buildings", "6", "--authorities", "4", "--speed", "10"]);
    let mut load = Signer::instead_of(&hive, "CAS-S6");
    let (old, new) = (hive.node("CAS-S5"), hive.node("CAS-S1"));
    configure(&old, &[("wire", Some(1))]);
    configure(&new, &[("wire_min", Some(2))]);
    hive.tell(&["restart", "CAS-S5"]);
    hive.tell(&["restart", "CAS-S1"]);
    let (old, new) = (hive.node("CAS-S5"), hive.node("CAS-S1"));
    for (node, theirs) in [(&old, "2"), (&new, "1")] {
        until(&format!("{} says that there is no common version", node.name), 30, || {
            let log = fs::read_to_string(node.data_dir.join("log.jsonl")).unwrap_or_default();
            let words = format!("no common version of the wire: it speaks {theirs}");
            let ready = node.api.get("/readyz")?;
            let is_shown = ready.to_string().contains("no_common_wire");
            ensure(log.contains(&words) && is_shown, || ready.to_string())
        });
    }
    // It still follows through the others.
    let before = height(&old.api).unwrap();
    load.lands(&hive.node("CAS-S2"));
    until("the older one follows through others", 40, || {
        let now = height(&old.api)?;
        ensure(now > before, || format!("still at {now}"))
    });
}
