//! Versions below which a part can be crashed or misled from outside. The advisory database misses most of them, so
//! they are compared with `Cargo.lock` here.

use crate::source::read;

/// Package, first good version, what it is about. Where several lines of versions are maintained, each has a row and a
/// version is held against the row of its own line.
const FIRST_GOOD: [(&str, &str, &str); 19] = [
    ("libp2p", "0.45.1", "RUSTSEC-2022-0084, no limits on resources"),
    (
        "libp2p-gossipsub",
        "0.50.1",
        "CVE-2026-33040, CVE-2026-34219, GHSA-g3g5-x568-qvqx, GHSA-vrx6-jcp8-vm7m",
    ),
    ("libp2p-rendezvous", "0.17.1", "GHSA-cqfx-gf56-8x59, GHSA-v5hw-cv9c-rpg7"),
    ("libp2p-quic", "0.13.1", "GHSA-5hq8-qhww-jm7q"),
    ("yamux", "0.13.10", "CVE-2026-31814, CVE-2026-32314"),
    ("quinn-proto", "0.11.15", "RUSTSEC-2026-0185, RUSTSEC-2026-0037"),
    ("hickory-proto", "0.26.1", "RUSTSEC-2026-0119, RUSTSEC-2026-0118"),
    ("h2", "0.4.16", "RUSTSEC-2026-0258"),
    ("rand", "0.8.6", "RUSTSEC-2026-0097"),
    ("rand", "0.9.3", "RUSTSEC-2026-0097"),
    ("rand", "0.10.1", "RUSTSEC-2026-0097"),
    ("snow", "0.9.5", "RUSTSEC-2024-0011"),
    ("ed25519-dalek", "3.0.0", "RUSTSEC-2022-0093, and one version for the whole house"),
    ("libp2p-noise", "0.47.0", "resolved with the parts above"),
    ("libp2p-mdns", "0.49.0", "resolved with the parts above"),
    ("libp2p-pnet", "0.27.0", "hides the key from Debug"),
    ("tokio", "1.54.0", "resolved with the parts above"),
    ("arc-malachitebft-core-consensus", "0.8.2", "the version our effects were written for"),
    ("sled", "0.34.7", "the version whose recovery was tried"),
];

/// Packages that may not be in at all.
const BANNED: [(&str, &str); 3] = [
    ("serde_cbor", "RUSTSEC-2021-0127, RUSTSEC-2019-0025"),
    ("openssl-sys", "one kind of cryptography in the house"),
    ("native-tls", "one kind of cryptography in the house"),
];

#[test]
fn no_part_is_older_than_its_repair() {
    let packages = locked();
    for (name, version) in &packages {
        let rows: Vec<_> = FIRST_GOOD.iter().filter(|(known, ..)| known == name).collect();
        let same_line = rows.iter().find(|(_, good, _)| line_of(parse(good)) == line_of(parse(version)));
        let newest = rows.iter().max_by_key(|(_, good, _)| parse(good));
        let Some((_, good, why)) = same_line.or(newest) else { continue };
        assert!(parse(version) >= parse(good), "{name} {version} is older than {good}: {why}");
    }
    for name in ["libp2p", "libp2p-gossipsub", "yamux", "snow", "ed25519-dalek", "sled"] {
        assert!(packages.iter().any(|(found, _)| found == name), "{name} is not in Cargo.lock");
    }
}

#[test]
fn banned_parts_stay_out() {
    for (name, version) in locked() {
        if let Some((_, why)) = BANNED.iter().find(|(banned, _)| *banned == name) {
            panic!("{name} {version} is in Cargo.lock: {why}");
        }
    }
}

#[test]
fn one_version_of_the_signature_library() {
    let found: Vec<_> = locked().into_iter().filter(|(name, _)| name == "ed25519-dalek").collect();
    assert_eq!(found.len(), 1, "{found:?}");
}

/// Everything comes from the registry, with a checksum.
#[test]
fn nothing_comes_from_elsewhere() {
    let lock: toml::Table = read("Cargo.lock").parse().unwrap();
    for package in lock["package"].as_array().unwrap() {
        let Some(source) = package.get("source") else { continue };
        assert_eq!(
            source.as_str(),
            Some("registry+https://github.com/rust-lang/crates.io-index"),
            "{package}"
        );
        assert!(package.get("checksum").is_some(), "{package}");
    }
}

fn locked() -> Vec<(String, String)> {
    let lock: toml::Table = read("Cargo.lock").parse().unwrap();
    let field = |package: &toml::Value, name: &str| package[name].as_str().unwrap().to_owned();
    lock["package"].as_array().unwrap().iter().map(|p| (field(p, "name"), field(p, "version"))).collect()
}

fn parse(version: &str) -> (u64, u64, u64) {
    let plain = version.split(['-', '+']).next().unwrap();
    let mut parts = plain.split('.').map(|part| part.parse::<u64>().unwrap());
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next())
}

/// Versions that cargo takes for compatible.
fn line_of((major, minor, _): (u64, u64, u64)) -> (u64, u64) {
    if major == 0 { (0, minor) } else { (major, 0) }
}

#[test]
fn versions_are_compared_as_numbers() {
    assert!(parse("0.10.0") > parse("0.9.5"));
    assert!(parse("0.13.9") < parse("0.13.10"));
    assert_eq!(parse("0.5.0-alpha"), (0, 5, 0));
}
