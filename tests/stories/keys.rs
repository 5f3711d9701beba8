//! Keys change hands while buildings work: a member goes on under a new key, every authority does, one after the other and
//! through a power cut, the hive gets a new network key after an exclusion, invitations are co-signed and taken back, and
//! a copied card signs nothing.

use protocol::hex::unhex;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use super::{height, members};
use crate::harness::programs::{Run, run, symbiose};
use crate::harness::{Building, Client, Hive, Node, story_folder, until};

/// Exit codes of the commands.
const USAGE: i32 = 2;
const REFUSED: i32 = 4;
const UNREACHABLE: i32 = 5;

#[test]
fn invitations_are_cosigned_listed_and_taken_back() {
    let hive = Hive::start("keys-invitations", &["--buildings", "4", "--authorities", "4"]);
    let nodes = hive.nodes();
    decide(&nodes, &json!({ "kind": "ask_cosignatures", "asks": true }));
    let folder = story_folder("keys-invitations-newcomers");

    let invitation = invite(&nodes[0], "1h");
    // The same invitation at two authorities at once: each of them is asked first by one of the newcomers.
    let (text, other) = (text_of(&invitation), text_of(&invitation));
    let (one, two) = std::thread::scope(|scope| {
        let one = scope.spawn(|| join(&folder, "one", &text));
        let two = scope.spawn(|| join(&folder, "two", &other));
        (one.join().unwrap(), two.join().unwrap())
    });
    let admitted = [&one, &two].iter().filter(|run| run.exit == 0).count();
    assert_eq!(admitted, 1, "{one:?} {two:?}");
    until("one newcomer is a member everywhere", 20, || everywhere(&nodes, 5));
    let signed = transactions(&fresh(&nodes[1]), "membership.cosign");
    assert!(signed <= 2, "no more sign than are needed: {signed}");

    let unused = invite(&nodes[0], "1h");
    let id = unused["id"].as_str().unwrap();
    keys_ok(symbiose().args(["invite", "revoke", &id[..16], "--dir"]).arg(&nodes[0].data_dir));
    let refused = join(&folder, "three", &text_of(&unused));
    assert_eq!(refused.exit, REFUSED, "{refused:?}");
    let listed = run(symbiose().args(["invite", "list", "--json", "--dir"]).arg(&nodes[0].data_dir)).ok();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let statuses: Vec<&str> =
        listed.as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["revoked", "used"]);
    everywhere(&nodes, 5).unwrap();
}

#[test]
fn every_authority_goes_on_under_a_new_key_and_the_hive_agrees_all_the_while() {
    let hive = Hive::start("keys-rotation", &["--buildings", "5", "--authorities", "4", "--speed", "10"]);
    let before = hive.nodes();
    let first = members(&fresh(&before[0])).unwrap();
    // A follower first: it decides alone.
    rotate(&before[4], &[]);
    until("everybody knows the follower under its new key", 20, || everywhere(&before, 5));
    for i in 0..4 {
        let start = height(&fresh(&hive.nodes()[i])).unwrap();
        let nodes = hive.nodes();
        let others: Vec<&Node> =
            nodes.iter().enumerate().filter(|(j, _)| *j != i && *j < 4).map(|(_, node)| node).collect();
        if i == 2 {
            // One of those who agreed loses its power in the middle.
            hive.tell(&["kill", &others[0].name]);
            rotate(&nodes[i], &others[1..]);
            hive.tell(&["restart", &others[0].name]);
        } else {
            rotate(&nodes[i], &others[..2]);
        }
        until("the chain goes on", 30, || {
            let reached = height(&fresh(&hive.nodes()[i]))?;
            if reached > start + 1 { Ok(()) } else { Err(format!("at {reached}, from {start}")) }
        });
    }
    let nodes = hive.nodes();
    until("every key is another", 20, || {
        let last = members(&fresh(&nodes[0]))?;
        let is_other = first.len() == last.len() && first.iter().all(|old| !last.contains(old));
        if is_other { Ok(()) } else { Err(format!("{first:?} {last:?}")) }
    });
    until("all agree under their new keys", 40, || {
        for node in &nodes {
            let hive = fresh(node).get("/api/v1/hive")?;
            if hive["authorities_online"] != json!(4) {
                return Err(format!("{}: {hive}", node.name));
            }
        }
        everywhere(&nodes, 5)
    });
    for node in &nodes {
        assert_eq!(transactions(&fresh(node), "membership.evidence"), 0, "nobody signed twice");
    }
}

#[test]
fn whoever_is_shut_out_does_not_learn_the_new_network_key() {
    let flags = ["--buildings", "6", "--authorities", "4"];
    let hive = Hive::start("keys-network", &flags);
    let nodes = hive.nodes();
    let (excluded, away) = (&nodes[5], &nodes[4]);
    let old_key = fs::read_to_string(excluded.data_dir.join("swarm.key")).unwrap();
    hive.tell(&["kill", &away.name]);
    let member = id_of(&fresh(excluded));
    decide(&nodes, &json!({ "kind": "exclude", "member": member }));
    for node in &nodes[..4] {
        until(&format!("{} has the new network key", node.name), 30, || epoch(&node.data_dir, 1));
        let keys = node.data_dir.join("network.key");
        assert_eq!(fs::metadata(&keys).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // It was away while the key changed, and comes back for it with the old one.
    hive.tell(&["restart", &away.name]);
    until("the one that was away has the new key", 40, || epoch(&away.data_dir, 1));
    assert!(epoch(&excluded.data_dir, 1).is_err(), "the excluded one never gets it");

    // The secret travelled over encrypted streams only: neither the ledger nor any log holds it.
    let secret = network_key(&nodes[0].data_dir);
    assert_ne!(secret, old_key.trim());
    for node in &nodes {
        for file in ["blocks.log", "log.jsonl", "node.log"] {
            let Ok(bytes) = fs::read(node.data_dir.join(file)) else { continue };
            assert!(!holds(&bytes, secret.as_bytes()), "{file} of {}", node.name);
            assert!(!holds(&bytes, &unhex(&secret).unwrap()), "{file} of {}", node.name);
        }
    }
    until("the others are connected among themselves and not with the excluded one", 30, || {
        let hive = fresh(&nodes[0]).get("/api/v1/hive")?;
        let connected = hive["peers"]
            .as_array()
            .ok_or("no peers")?
            .iter()
            .filter(|peer| peer["connected"] == json!(true))
            .count();
        if connected == 4 { Ok(()) } else { Err(hive.to_string()) }
    });
    until("nobody stays with the excluded one", 30, || {
        let seen = fresh(excluded).get("/api/v1/hive")?;
        let peers = seen["peers"].as_array().ok_or("no peers")?;
        let is_alone = peers.iter().all(|peer| peer["connected"] == json!(false));
        if is_alone { Ok(()) } else { Err(seen.to_string()) }
    });
}

#[test]
fn a_copied_card_signs_nothing_where_a_passphrase_protects_the_key() {
    let folder = story_folder("keys-passphrase");
    let mut building = Building::init(&folder);
    let dir = building.dir().to_owned();
    let key = dir.join("node.key");
    let open_key = fs::read_to_string(&key).unwrap();
    let command = |words: &[&str]| {
        let mut command = symbiose();
        command.args(words).arg("--dir").arg(&dir);
        command
    };
    let without = run(&mut command(&["keys", "protect"]));
    assert_eq!(without.exit, USAGE, "{without:?}");
    keys_ok(command(&["keys", "protect"]).env("SYMBIOSE_PASSPHRASE", "correct horse"));
    let sealed = fs::read_to_string(&key).unwrap();
    assert!(!sealed.contains(open_key.trim()) && sealed.starts_with("symbiose sealed key"));
    let shown = keys_ok(&mut command(&["keys", "show"]));
    assert!(shown.contains("protected by a passphrase"), "{shown}");
    let found = run(&mut command(&["doctor"]));
    assert!(found.out.contains("protected by a passphrase"), "{found:?}");

    // The card in another machine.
    for wrong in [None, Some("wrong horse")] {
        let mut start = symbiose();
        start.arg("run").arg("--config").arg(dir.join("node.toml"));
        if let Some(wrong) = wrong {
            start.env("SYMBIOSE_PASSPHRASE", wrong);
        }
        let ended = run(&mut start);
        assert_eq!((ended.exit, ended.err.contains("passphrase")), (USAGE, true), "{ended:?}");
    }
    // Its owner, from a file that systemd opened.
    let credentials = folder.join("credentials");
    fs::create_dir_all(&credentials).unwrap();
    fs::write(credentials.join("symbiose-passphrase"), "correct horse\n").unwrap();
    building.restart_with(&[("CREDENTIALS_DIRECTORY", credentials.to_str().unwrap())]);
    assert!(height(&building.api()).is_ok());
    // A single authority decides alone, and its new key is protected as the old one was.
    let before = id_of(&building.api());
    keys_ok(command(&["keys", "rotate"]).env("CREDENTIALS_DIRECTORY", &credentials));
    let after = id_of(&building.api());
    assert_ne!(before, after);
    until("it makes blocks under its new key", 20, || {
        let head = building.client().ok_or("not ready")?.get("/api/v1/ledger/head")?;
        if head["authorities"] == json!([after]) { Ok(()) } else { Err(head.to_string()) }
    });
    assert!(fs::read_to_string(&key).unwrap().starts_with("symbiose sealed key"));
    building.kill();
    keys_ok(command(&["keys", "unprotect"]).env("SYMBIOSE_PASSPHRASE", "correct horse"));
    building.restart();
    assert_eq!(id_of(&building.api()), after);
    building.kill();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let ended = run(symbiose().arg("run").arg("--config").arg(dir.join("node.toml")));
    assert_eq!((ended.exit, ended.err.contains("0600")), (USAGE, true), "{ended:?}");
}

#[test]
fn a_newcomer_keeps_the_checkpoint_and_the_fingerprint_of_its_invitation() {
    let folder = story_folder("keys-checkpoint");
    let inviter = Building::init(&folder).start();
    let invitation = keys_ok(symbiose().args(["invite", "--json", "--dir"]).arg(inviter.dir()));
    let invitation: Value = serde_json::from_str(&invitation).unwrap();
    join(&folder, "guest", &text_of(&invitation)).ok();
    let line = fs::read_to_string(folder.join("guest/checkpoint")).unwrap();
    assert_eq!(line.split_whitespace().count(), 3, "height, block and authorities: {line}");
    let foreign =
        run(symbiose().args(["keys", "take", "symbiose-key1:00:1:00", "--dir"]).arg(folder.join("guest")));
    assert_eq!(foreign.exit, USAGE, "{foreign:?}");
    let nobody = run(symbiose().args(["keys", "rotate", "--dir"]).arg(folder.join("guest")));
    assert_eq!(nobody.exit, UNREACHABLE, "no node runs there: {nobody:?}");
}

/// A building whose machine is gone comes back from a backup without keys, after the hive changed its lock and the old key's
/// time is over: its own key, kept apart, and the network key of today, handed on by a member, are all it needs.
#[test]
fn a_backup_without_keys_comes_back_behind_another_lock() {
    let hive = Hive::start("keys-restored", &["--buildings", "6", "--authorities", "4", "--speed", "10"]);
    let nodes = hive.nodes();
    let (lost, excluded) = (&nodes[4], &nodes[5]);
    for node in &nodes {
        hive.tell(&["kill", &node.name]);
        let path = node.data_dir.join("node.toml");
        let mut config: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        let of_hive = config["hive"].as_table_mut().unwrap();
        of_hive.insert("key_overlap_s".to_owned(), toml::Value::Integer(60));
        fs::write(&path, config.to_string()).unwrap();
        hive.tell(&["restart", &node.name]);
    }
    until("all are together again", 40, || everywhere(&hive.nodes(), 6));
    let nodes = hive.nodes();
    let folder = story_folder("keys-restored-backup");
    let backup = folder.join("backup.tar.gz");
    let before = id_of(&fresh(lost));
    keys_ok(symbiose().arg("backup").arg(&backup).args(["--without-keys", "--dir"]).arg(&lost.data_dir));
    // What its owner kept elsewhere.
    for key in ["node.key", "operator.key"] {
        fs::copy(lost.data_dir.join(key), folder.join(key)).unwrap();
    }
    let old_lock = fs::read_to_string(lost.data_dir.join("swarm.key")).unwrap();
    hive.tell(&["kill", &lost.name]);

    decide(&nodes, &json!({ "kind": "exclude", "member": id_of(&fresh(excluded)) }));
    for node in &nodes[..4] {
        until(&format!("{} has the new network key", node.name), 30, || epoch(&node.data_dir, 1));
    }
    let begun = std::time::Duration::from_secs(8);
    let since = crate::harness::wait::now();
    until("the time of the old key is over", 30, || {
        if since.elapsed() >= begun { Ok(()) } else { Err(String::new()) }
    });

    let restored = folder.join("node");
    keys_ok(symbiose().arg("restore").arg(&backup).arg("--dir").arg(&restored));
    assert!(!restored.join("node.key").exists() && !restored.join("network.key").exists());
    let ended = run(symbiose().arg("run").arg("--config").arg(restored.join("node.toml")));
    assert_eq!((ended.exit, ended.err.contains("node.key")), (USAGE, true), "without its key: {ended:?}");
    fs::copy(folder.join("node.key"), restored.join("node.key")).unwrap();
    let ended = run(symbiose().arg("run").arg("--config").arg(restored.join("node.toml")));
    assert_eq!((ended.exit, ended.err.contains("swarm")), (USAGE, true), "without the hive's: {ended:?}");

    let word = keys_ok(symbiose().args(["keys", "hand", "--dir"]).arg(&nodes[0].data_dir));
    assert!(!word.contains(old_lock.trim()));
    keys_ok(symbiose().args(["keys", "take", word.trim(), "--dir"]).arg(&restored));
    let ended = run(symbiose().arg("run").arg("--config").arg(restored.join("node.toml")));
    assert_eq!(
        (ended.exit, ended.err.contains("operator.key")),
        (USAGE, true),
        "without its operator's: {ended:?}"
    );
    fs::copy(folder.join("operator.key"), restored.join("operator.key")).unwrap();
    let building = Building::of(&restored).start();
    assert_eq!(id_of(&building.api()), before, "it is who it was");
    until("the restored building follows the hive", 40, || {
        let there = height(&fresh(&nodes[0]))?;
        let here = height(&building.api())?;
        let hive = building.api().get("/api/v1/hive")?;
        let peers = hive["peers"].as_array().ok_or("no peers")?;
        let connected = peers.iter().filter(|peer| peer["connected"] == json!(true)).count();
        if connected == 4 && here >= there { Ok(()) } else { Err(format!("{here} of {there}: {hive}")) }
    });
}

fn decide(nodes: &[Node], action: &Value) {
    let proposed = fresh(&nodes[0]).post("/api/v1/governance", action).unwrap();
    assert_eq!(proposed.status, 201, "{}", proposed.text());
    let id = proposed.json()["id"].as_str().unwrap().to_owned();
    for node in &nodes[1..3] {
        approve(node, &id);
    }
    until("the authorities decided", 20, || status_of(&fresh(&nodes[0]), &id, "executed"));
}

/// Lets a node go on under a new key, with the approval of these authorities where it is one itself.
fn rotate(node: &Node, approving: &[&Node]) {
    let before = id_of(&fresh(node));
    keys_ok(symbiose().args(["keys", "rotate", "--wait", "0", "--dir"]).arg(&node.data_dir));
    if let Some(first) = approving.first() {
        let mut id = String::new();
        until("the change is proposed", 20, || -> Result<(), String> {
            let all = fresh(first).get("/api/v1/governance")?;
            let found = all["items"].as_array().ok_or("no list")?.iter().find(|one| {
                one["action"]["kind"] == "change_key"
                    && one["action"]["member"] == json!(before)
                    && one["status"] == "open"
            });
            id = found.ok_or_else(|| all.to_string())?["id"].as_str().unwrap_or_default().to_owned();
            Ok(())
        });
        approving.iter().for_each(|authority| approve(authority, &id));
    }
    until(&format!("{} answers under its new key", node.name), 60, || {
        let client = Building::of(&node.data_dir).client().ok_or("not ready")?;
        let now = client.get("/api/v1/node")?;
        if now["id"] == json!(before) || now["id"].is_null() { Err(now.to_string()) } else { Ok(()) }
    });
}

/// A client of the node where it is now: one that goes on under another key may listen elsewhere.
fn fresh(node: &Node) -> Client {
    Building::of(&node.data_dir).client().unwrap_or_else(|| node.api.clone())
}

fn approve(node: &Node, id: &str) {
    until(&format!("{} approves {id}", node.name), 20, || {
        let known = fresh(node).get("/api/v1/governance")?;
        let knows = known["items"].as_array().is_some_and(|all| all.iter().any(|one| one["id"] == json!(id)));
        if !knows {
            return Err(known.to_string());
        }
        let answer = fresh(node).post(&format!("/api/v1/governance/{id}/approve"), &json!({}))?;
        if answer.status == 200 { Ok(()) } else { Err(answer.text()) }
    });
}

fn status_of(api: &Client, id: &str, wanted: &str) -> Result<(), String> {
    let all = api.get("/api/v1/governance")?;
    let found = all["items"].as_array().and_then(|all| all.iter().find(|one| one["id"] == json!(id)));
    if found.is_some_and(|one| one["status"] == json!(wanted)) { Ok(()) } else { Err(all.to_string()) }
}

fn everywhere(nodes: &[Node], count: usize) -> Result<(), String> {
    for node in nodes {
        let known = members(&fresh(node))?;
        if known.len() != count {
            return Err(format!("{}: {known:?}", node.name));
        }
    }
    Ok(())
}

/// Transactions of a kind in the blocks that the node shows.
fn transactions(api: &Client, kind: &str) -> usize {
    let blocks = api.get("/api/v1/ledger/blocks?limit=100").unwrap();
    let heights = blocks["items"].as_array().unwrap().iter().map(|block| block["height"].as_u64().unwrap());
    let of = |height: u64| {
        let block = api.get(&format!("/api/v1/ledger/blocks/{height}")).unwrap();
        let all = block["transactions"].as_array().cloned().unwrap_or_default();
        all.iter().filter(|one| one["kind"] == kind).count()
    };
    heights.map(of).sum()
}

fn id_of(api: &Client) -> String {
    api.get("/api/v1/node").unwrap()["id"].as_str().unwrap().to_owned()
}

fn epoch(dir: &Path, wanted: u64) -> Result<(), String> {
    let text = fs::read_to_string(dir.join("network.key")).map_err(|error| error.to_string())?;
    let newest = text.lines().last().and_then(|line| line.split(' ').next()?.parse::<u64>().ok());
    if newest == Some(wanted) { Ok(()) } else { Err(format!("{newest:?}")) }
}

fn network_key(dir: &Path) -> String {
    let text = fs::read_to_string(dir.join("network.key")).unwrap();
    text.lines().last().unwrap().split(' ').nth(1).unwrap().to_owned()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn invite(node: &Node, expires: &str) -> Value {
    let out =
        keys_ok(symbiose().args(["invite", "--json", "--expires", expires, "--dir"]).arg(&node.data_dir));
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

fn text_of(invitation: &Value) -> String {
    invitation["invitation"].as_str().unwrap_or_else(|| panic!("{invitation}")).to_owned()
}

fn join(folder: &Path, name: &str, invitation: &str) -> Run {
    run(symbiose().args(["join", "--name", name, "--dir"]).arg(folder.join(name)).arg(invitation))
}

fn keys_ok(command: &mut std::process::Command) -> String {
    run(command).ok()
}
