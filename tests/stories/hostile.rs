//! Peers that break every rule: members with real keys that flood, forge and clog, and strangers. Whatever they do, the
//! hive goes on, the attacked node stays small, and the attacker is cut off.

use std::fs;

use serde_json::Value;

use super::{height, members};
use crate::harness::wait::ensure;
use crate::harness::{Hive, Node, Signer, hostile, programs, until};

/// Attacks of members that end with the attacker gone, those that only need their moment first.
const BANNED: [&str; 13] = [
    "bombs",
    "oversize",
    "garbage",
    "forged",
    "replay",
    "other-chain",
    "old-votes",
    "subscriptions",
    "sync-requests",
    "sync-answers",
    "streams",
    "slow-streams",
    "connections",
];
/// Attacks whose connections are closed each time, so that nothing is left to be banned for.
const TURNED_AWAY: [&str; 1] = ["slow-streams"];
/// Attacks that wear nobody out and are borne with; of joins a node hears one in three seconds, whoever asks.
const BORNE: [&str; 3] = ["identify", "slow-handshakes", "joins"];
/// Resident memory of a node under attack, MiB.
const RESIDENT_MIB_MAX: u64 = 128;

/// The slice of `testnet bench flood` that every run of the tests takes: its figures have to be reached. Stories called
/// `alone_…` have the machine to themselves: what they attack with needs a rate.
#[test]
fn alone_a_flood_is_borne_and_ended() {
    let dir = crate::harness::story_folder("flood");
    let out = programs::run(programs::testnet().args(["bench", "flood", "--json", "--dir"]).arg(dir)).ok();
    let figures: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(figures.len(), 3, "{out}");
    for figure in figures {
        assert_eq!(figure["reached"], true, "{figure}");
    }
}

#[test]
fn alone_every_attack_of_a_member_ends_and_the_hive_goes_on() {
    let buildings = (5 + BANNED.len() + BORNE.len()).to_string();
    let hive = Hive::start("hostile", &["--buildings", &buildings, "--authorities", "4", "--speed", "10"]);
    let target = hive.node("CAS-S1");
    let mut honest = Signer::instead_of(&hive, "CAS-S5");
    let attackers: Vec<Node> = hive.nodes().split_off(5);
    for (attacker, what) in attackers.iter().zip(BANNED.iter().chain(&BORNE)) {
        // The building itself must not stand in its attacker's way.
        hive.tell(&["kill", &attacker.name]);
        let is_borne = BORNE.contains(what);
        let flags = if is_borne { &["--seconds", "3"][..] } else { &["--seconds", "30", "--until-gone"] };
        let report = hostile::attack(what, &target, &attacker.data_dir, flags);
        assert!(is_borne || report["gone"] == true, "{what}: {report}");
        let resident = resident_mib(target.pid);
        assert!(resident <= RESIDENT_MIB_MAX, "{what}: {resident} MiB");
        honest.lands(&target);
        if !is_borne && !TURNED_AWAY.contains(what) {
            is_told(&target, attacker, what);
        }
    }
    let seen = target.api.get("/api/v1/hive").unwrap();
    assert_eq!(seen["authorities_online"], 4, "honest members were kept: {seen}");
}

/// The page tells who was cut off, for what, and for how long.
fn is_told(target: &Node, attacker: &Node, what: &str) {
    until(&format!("{what}: the node tells of the ban"), 10, || {
        let hive = target.api.get("/api/v1/hive")?;
        let peers = hive["peers"].as_array().cloned().unwrap_or_default();
        let address = address(attacker);
        let peer = peers.iter().find(|peer| peer["id"] == address).ok_or("no such peer")?.clone();
        let is_banned = peer["banned_s"].as_u64().is_some_and(|seconds| (1..=600).contains(&seconds));
        let has_reason = peer["faults"].as_array().is_some_and(|faults| !faults.is_empty());
        ensure(is_banned && has_reason && peer["connected"] == false, || peer.to_string())
    });
}

/// The address of a node that may be down.
fn address(node: &Node) -> Value {
    let seed = fs::read_to_string(node.data_dir.join("node.key")).unwrap();
    let bytes: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&seed[2 * at..2 * at + 2], 16).unwrap()).collect();
    let key = protocol::SigningKey::from_seed(&bytes.try_into().unwrap());
    Value::from(key.address().to_string())
}

#[test]
fn strangers_stay_outside_and_hold_nobody_up() {
    let hive = Hive::start("strangers", &["--buildings", "5", "--authorities", "4", "--speed", "10"]);
    let target = hive.node("CAS-S1");
    let mut honest = Signer::instead_of(&hive, "CAS-S5");
    let known = members(&target.api).unwrap();
    for (what, flags) in [
        ("gossip", &["--stranger"][..]),
        ("votes", &["--stranger"]),
        ("joins", &["--stranger"]),
        ("presence", &["--without-swarm-key"]),
        ("connections", &["--stranger"]),
        ("slow-handshakes", &["--without-swarm-key"]),
    ] {
        let flags: Vec<&str> = flags.iter().copied().chain(["--seconds", "3"]).collect();
        let report = hostile::attack(what, &target, &target.data_dir, &flags);
        let is_heard = !matches!(what, "joins" | "connections" | "slow-handshakes");
        assert!(!is_heard || report["sent"] == 0, "{what}: {report}");
    }
    honest.lands(&target);
    assert_eq!(members(&target.api).unwrap(), known, "nobody came in");
}

#[test]
fn an_authority_that_signs_twice_is_on_record_everywhere() {
    let hive = Hive::start("twice", &["--buildings", "5", "--authorities", "4", "--speed", "10"]);
    let (liar, target) = (hive.node("CAS-S4"), hive.node("CAS-S1"));
    hive.tell(&["kill", &liar.name]);
    let mut load = Signer::instead_of(&hive, "CAS-S5");
    let attack = hostile::start("twice", &target, &liar.data_dir, &["--seconds", "20"]);
    let culprit = address(&liar);
    for _ in 0..20 {
        load.lands(&target);
    }
    for node in hive.nodes().iter().take(3) {
        until(&format!("{} has the evidence on its ledger", node.name), 40, || {
            let head = height(&node.api)?;
            for at in 1..=head {
                let block = node.api.get(&format!("/api/v1/ledger/blocks/{at}"))?;
                let transactions = block["transactions"].as_array().cloned().unwrap_or_default();
                let is_it = |one: &Value| {
                    one["kind"] == "membership.evidence" && one.to_string().contains(&culprit.to_string())
                };
                if transactions.iter().any(is_it) {
                    return Ok(());
                }
            }
            Err(format!("no evidence up to {head}"))
        });
    }
    attack.report();
}

fn resident_mib(pid: u64) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}
