//! Everything that is linked in may be passed on under MIT or Apache-2.0: the licence of every package is read.

use std::process::Command;

use serde_json::Value;

use crate::source::{read, root};

/// Licences that ask for no more than their text and a name.
const ALLOWED: [&str; 12] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];
/// Files under these are used as they are and can be had from their authors; nothing of ours comes under them.
const ALLOWED_UNCHANGED: [&str; 2] = ["MPL-2.0", "Unlicense"];

#[test]
fn every_package_may_be_passed_on() {
    let cargo = |words: &[&str]| {
        let output =
            Command::new(env!("CARGO")).args(words).current_dir(root()).output().expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let version = String::from_utf8(cargo(&["--version", "--verbose"])).expect("cargo writes text");
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo names its host");
    // Packages of other platforms may not have been downloaded.
    let words = ["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", host];
    let output = cargo(&words);
    let metadata: Value = serde_json::from_slice(&output).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("a list");
    assert!(packages.len() > 100, "{} packages", packages.len());
    let refused: Vec<String> = packages
        .iter()
        .filter(|package| !package["license"].as_str().is_some_and(is_allowed))
        .map(|package| format!("{} {}: {}", package["name"], package["version"], package["license"]))
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn our_own_licences_are_there() {
    assert!(read("LICENSE-MIT").contains("Permission is hereby granted, free of charge"));
    assert!(read("LICENSE-APACHE").contains("Apache License"));
    assert!(read("Cargo.toml").contains("license = \"MIT OR Apache-2.0\""));
}

/// Whether an SPDX expression leaves a choice that is allowed.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any_of(&mut rest) && rest.is_empty()
}

fn any_of(rest: &mut &[&str]) -> bool {
    let mut holds = all_of(rest);
    while rest.first() == Some(&"OR") {
        *rest = &rest[1..];
        holds |= all_of(rest);
    }
    holds
}

fn all_of(rest: &mut &[&str]) -> bool {
    let mut holds = one(rest);
    while rest.first() == Some(&"AND") {
        *rest = &rest[1..];
        holds &= one(rest);
    }
    holds
}

fn one(rest: &mut &[&str]) -> bool {
    let Some((word, behind)) = rest.split_first() else { return false };
    *rest = behind;
    if *word == "(" {
        let holds = any_of(rest);
        let closed = rest.first() == Some(&")");
        *rest = rest.get(1..).unwrap_or_default();
        return holds && closed;
    }
    // An exception only ever adds a permission.
    if rest.first() == Some(&"WITH") {
        *rest = rest.get(2..).unwrap_or_default();
    }
    ALLOWED.contains(word) || ALLOWED_UNCHANGED.contains(word)
}

#[test]
fn expressions_are_understood() {
    for good in [
        "MIT",
        "MIT/Apache-2.0",
        "GPL-3.0 OR MIT",
        "(MIT OR GPL-2.0) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(is_allowed(good), "{good}");
    }
    for bad in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Apache-2.0) AND SSPL-1.0", "", "MIT AND", "(MIT"] {
        assert!(!is_allowed(bad), "{bad}");
    }
}
