//! The arrows between the crates, and who may name what. The house stays in its shape because a wrong import fails
//! here.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::source::{Source, root, rust_files};

/// Which of our own crates each crate may import (README, map of the house).
const ARROWS: [(&str, &[&str]); 8] = [
    ("protocol", &[]),
    ("ledger", &["protocol"]),
    ("node", &["protocol", "ledger", "web"]),
    ("web", &["protocol"]),
    ("simulator", &["protocol", "ledger", "node"]),
    ("testnet", &["protocol", "ledger", "node"]),
    ("hostile", &["protocol"]),
    ("tests", &["protocol", "ledger", "node", "web", "simulator", "testnet"]),
];

/// Libraries that only some crates may depend on.
const LIBRARIES: [(&str, &[&str]); 17] = [
    ("anyhow", &["hostile", "node", "simulator", "testnet"]),
    ("arc-malachitebft-core-consensus", &["ledger"]),
    ("arc-malachitebft-core-types", &["ledger"]),
    ("axum", &["web"]),
    ("ciborium", &["protocol", "tests"]),
    ("clap", &["hostile", "node", "simulator", "testnet"]),
    ("ct-merkle", &["ledger"]),
    ("ed25519-dalek", &["protocol", "tests"]),
    ("fuser", &["testnet"]),
    ("good_lp", &["node"]),
    ("libp2p", &["hostile", "node"]),
    ("mimalloc", &["simulator"]),
    ("pco", &["node"]),
    ("prio", &["node"]),
    ("sled", &["node"]),
    ("tokio", &["hostile", "node", "web", "testnet"]),
    ("yamux", &["node"]),
];

/// What a pure crate never touches, word by word.
const IMPURE: [&str; 19] = [
    "Instant",
    "SystemTime",
    "std::env",
    "std::fs",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "HashMap",
    "HashSet",
    "Mutex",
    "RwLock",
    "RefCell",
    "tokio",
    "rand",
    "libp2p",
    "sled",
    "axum",
    "println!",
];

/// Where everything is pure.
const PURE: [&str; 3] = ["protocol/src", "ledger/src", "node/src/core"];

#[test]
fn crates_import_along_the_arrows() {
    for (name, dependencies) in packages() {
        let (_, allowed) = ARROWS.iter().find(|(from, _)| *from == name).expect("a crate of the map");
        for dependency in dependencies.iter().filter(|d| d.kind != "dev" && is_ours(&d.name)) {
            assert!(allowed.contains(&dependency.name.as_str()), "{name} imports {}", dependency.name);
        }
    }
}

#[test]
fn libraries_stay_in_their_rooms() {
    for (name, dependencies) in packages() {
        for dependency in dependencies.iter().filter(|d| d.kind == "normal" || name == "tests") {
            let Some((_, allowed)) = LIBRARIES.iter().find(|(library, _)| *library == dependency.name) else {
                continue;
            };
            assert!(allowed.contains(&name.as_str()), "{name} depends on {}", dependency.name);
        }
    }
}

/// The simulator runs the thinking of a node without sockets, disk and page.
#[test]
fn the_core_builds_without_the_shell() {
    let packages = packages();
    for dependency in packages["node"].iter().filter(|d| d.kind == "normal") {
        let of_the_core = [
            "protocol",
            "ledger",
            "blake3",
            "crc32c",
            "good_lp",
            "pco",
            "prio",
            // Of the version that prio brings, without a generator: the trait by which noise is drawn from a seed.
            "rand",
            "serde",
            "serde_tuple",
            "thiserror",
            "tracing",
        ];
        let in_core = of_the_core.contains(&dependency.name.as_str());
        assert!(dependency.optional || in_core, "node needs {} without its shell", dependency.name);
    }
    let node = packages["simulator"].iter().find(|d| d.name == "node").expect("the simulator runs nodes");
    assert!(!node.default_features && node.features.is_empty(), "the simulator builds node with its shell");
}

/// Stub signatures and bugs that can be planted are the simulator's own: no build of the workspace brings them into a
/// node, and none of them stands in the program.
#[test]
fn no_node_carries_what_the_simulator_plants() {
    let usual = features(&["--workspace"]);
    assert!(usual["node"].contains("shell"), "cargo tells features in another way: {usual:?}");
    let asked_for = features(&["--package", "simulator", "--features", "simulation"]);
    assert!(!asked_for["node"].contains("shell"), "the simulator builds node with its shell");
    for name in ["protocol", "ledger", "node"] {
        assert!(!usual[name].contains("simulation"), "{name} of the workspace can plant bugs");
        assert!(asked_for[name].contains("simulation"), "{name} of the simulator cannot plant any");
    }

    let marker = "simulated key v1";
    assert!(crate::source::read("protocol/src/stub.rs").contains(marker), "this rule is out of date");
    let program =
        std::fs::read(crate::harness::programs::symbiose().get_program()).expect("the program is built");
    let is_marker = |window: &[u8]| window == marker.as_bytes();
    assert!(!program.windows(marker.len()).any(is_marker), "the node knows stub signatures");
}

#[test]
fn the_pure_rooms_touch_no_world() {
    let files: Vec<Source> =
        rust_files().into_iter().filter(|file| PURE.iter().any(|p| file.is_under(p))).collect();
    let wrong: Vec<String> =
        files.iter().flat_map(|file| IMPURE.iter().flat_map(|word| named(file, word))).collect();
    assert!(wrong.is_empty(), "told everything, touching nothing: {wrong:#?}");
}

#[test]
fn protocol_and_ledger_hold_no_float() {
    for file in rust_files() {
        // Where serde is served every type there is has to be named; no word of ours asks for a float.
        if ["write.rs", "variant.rs"].iter().any(|one| file.is_under(&format!("protocol/src/codec/{one}"))) {
            continue;
        }
        if file.is_under("protocol/src") || file.is_under("ledger/src") {
            let wrong: Vec<String> = ["f32", "f64"].iter().flat_map(|word| file.places_of(word)).collect();
            assert!(wrong.is_empty(), "{wrong:?}");
        }
    }
}

#[test]
fn the_core_knows_nothing_of_its_shell() {
    for file in rust_files().iter().filter(|file| file.is_under("node/src/core")) {
        let wrong: Vec<String> = ["crate::shell", "crate::config", "crate::cli", "web::"]
            .iter()
            .flat_map(|w| file.places_of(w))
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}

/// What would have to be replaced with a library stands in one place.
#[test]
fn each_library_is_named_in_one_place() {
    let rooms = [
        ("sled::", vec!["node/src/shell/store/index.rs"]),
        ("fuser::", vec!["testnet/src/disk/mount.rs"]),
        ("good_lp::", vec!["node/src/core/plan"]),
        ("libp2p::", vec!["node/src/shell/network", "tests/hostile-client"]),
        ("pco::", vec!["node/src/core/telemetry/codec_pco.rs"]),
        ("yamux::", vec!["node/src/shell/network", "tests/hostile-client"]),
        ("axum::", vec!["web"]),
        // Forgers of bytes among the tests take it as it comes.
        (
            "ciborium::",
            vec![
                "protocol/src/codec.rs",
                "protocol/src/codec/write.rs",
                "protocol/src/incident/survival_tests.rs",
                "protocol/src/incident/tests.rs",
                "tests",
            ],
        ),
        ("ed25519_dalek::", vec!["protocol/src/crypto.rs", "tests/vectors.rs"]),
        ("arc_malachitebft_core_consensus::", vec!["ledger/src/consensus"]),
        ("ct_merkle::", vec!["ledger/src/log.rs"]),
    ];
    let files = rust_files();
    for (word, places) in rooms {
        let found: Vec<&Source> = files
            .iter()
            .filter(|file| {
                !file.is_under("tests/architecture.rs")
                    && !file.is_under("tests/source.rs")
                    && !file.places_of(word).is_empty()
            })
            .collect();
        assert!(!found.is_empty(), "nobody names {word}: this rule is out of date");
        let outside: Vec<&str> = found
            .iter()
            .filter(|file| !places.iter().any(|place| file.is_under(place)))
            .map(|file| file.path.as_str())
            .collect();
        assert!(outside.is_empty(), "{word} belongs to {places:?}, not to {outside:?}");
    }
}

/// Signatures are checked one by one and strictly, so that all verifiers agree.
#[test]
fn signatures_are_verified_strictly() {
    let crypto = rust_files().into_iter().find(|file| file.path == "protocol/src/crypto.rs").unwrap();
    assert_eq!(crypto.places_of(".verify_strict(").len(), 1);
    for file in rust_files().iter().filter(|file| !file.is_under("tests")) {
        for word in ["verify_batch", "verify_prehashed", "RandomizedVerifier", "ed25519_dalek::Verifier"] {
            assert_eq!(file.places_of(word), [""; 0]);
        }
    }
}

/// A clock is read in few places, so that everything else can be told the time.
#[test]
fn few_places_read_a_clock() {
    let readers =
        ["node/src/shell", "node/src/cli", "testnet", "tests", "simulator", "web/tests", "web/examples"];
    for file in rust_files() {
        if readers.iter().any(|reader| file.is_under(reader)) {
            continue;
        }
        let wrong: Vec<String> = ["SystemTime::now"].iter().flat_map(|word| file.places_of(word)).collect();
        assert!(wrong.is_empty(), "{wrong:?} reads the wall clock");
    }
}

fn named(file: &Source, word: &str) -> Vec<String> {
    file.places_of(word).into_iter().map(|place| format!("{place} names {word}")).collect()
}

/// The features with which cargo would build our crates, by crate.
fn features(what: &[&str]) -> BTreeMap<String, String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--prefix", "none", "--format", "{p} features: {f}"])
        .args(what)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Some((package, features)) = line.split_once(" features: ") else { continue };
        let name = package.split(' ').next().unwrap_or_default();
        if is_ours(name) {
            *found.entry(name.to_owned()).or_default() += features;
        }
    }
    found
}

struct Dependency {
    name: String,
    /// `normal`, `build` or `dev`.
    kind: String,
    optional: bool,
    default_features: bool,
    features: Vec<Value>,
}

fn is_ours(name: &str) -> bool {
    ARROWS.iter().any(|(ours, _)| *ours == name)
}

/// Direct dependencies of each crate, as cargo reads them.
fn packages() -> BTreeMap<String, Vec<Dependency>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let packages: BTreeMap<String, Vec<Dependency>> = array(&metadata["packages"])
        .iter()
        .map(|package| {
            (text(&package["name"]), array(&package["dependencies"]).iter().map(dependency).collect())
        })
        .collect();
    assert_eq!(packages.len(), ARROWS.len(), "{:?}", packages.keys());
    packages
}

fn dependency(value: &Value) -> Dependency {
    Dependency {
        name: text(&value["name"]),
        kind: value["kind"].as_str().unwrap_or("normal").to_owned(),
        optional: value["optional"] == true,
        default_features: value["uses_default_features"] == true,
        features: array(&value["features"]).clone(),
    }
}

fn array(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
