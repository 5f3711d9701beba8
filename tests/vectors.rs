//! Test vectors of other people: RFC 8949 for CBOR, ed25519-speccheck and Wycheproof for signatures. The files are not
//! part of this repository: `SYMBIOSE_DATA` names their folder (`../shared/data` when it is not set). Without it these
//! tests say so and pass over.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use protocol::{Bounded, Bytes, decode};
use serde_json::Value as Json;

use crate::samples;

#[test]
fn signatures_at_the_edge_of_the_definition() {
    let Some(cases) = read("ed25519_speccheck.json") else { return };
    let cases = cases.as_array().unwrap().clone();
    assert_eq!(cases.len(), 12);
    for case in cases {
        let bytes = |field: &str| unhex(case[field].as_str().unwrap());
        let accepted = holds(&bytes("public_key"), &bytes("message"), &bytes("signature"));
        assert_eq!(accepted, case["strict"] == "accept", "case {}", case["case"]);
    }
}

#[test]
fn ordinary_and_faulty_signatures() {
    let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).unwrap();
    let mut count = 0;
    for group in set.test_groups {
        for test in group.tests {
            let expected = !test.result.must_fail();
            assert_eq!(
                holds(&group.key.pk, &test.msg, &test.sig),
                expected,
                "case {}: {}",
                test.tc_id,
                test.comment
            );
            count += 1;
        }
    }
    assert_eq!(count, 151);
}

/// The source asks for no other check than the strict one.
fn holds(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (key.try_into(), signature.try_into()) else { return false };
    let Ok(key) = ed25519_dalek::VerifyingKey::from_bytes(key) else { return false };
    key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
}

#[test]
fn well_formed_items_are_read_in_their_preferred_form_only() {
    let Some(items) = read("cbor_appendix_a.json") else { return };
    let mut accepted = 0;
    for item in items.as_array().unwrap() {
        let hex = item["hex"].as_str().unwrap();
        let readers = readers_of(&unhex(hex));
        if item["roundtrip"] == false {
            assert_eq!(readers, [""; 0], "{hex} is not the preferred form");
        }
        let decoded = &item["decoded"];
        let expected = match decoded {
            Json::Bool(_) => Some("bool"),
            Json::String(text) if !text.contains('\u{fffd}') => Some("text"),
            Json::Number(number) if number.is_u64() => Some("u64"),
            Json::Number(number) if number.is_i64() => Some("i64"),
            _ => None,
        };
        if let (Some(expected), Json::Bool(true)) = (expected, &item["roundtrip"]) {
            assert!(readers.contains(&expected), "{hex} is not read as {expected}");
            accepted += 1;
        }
    }
    assert!(accepted > 20, "{accepted} items accepted");
}

#[test]
fn malformed_items_are_refused_by_everything() {
    let Some(items) = read("cbor_malformed.json") else { return };
    for hex in items.as_array().unwrap() {
        let bytes = unhex(hex.as_str().unwrap());
        assert_eq!(readers_of(&bytes), [""; 0], "{hex}");
        for wire in samples::protocol_types() {
            assert!((wire.reread)(&bytes, wire.limit).is_err(), "{hex} as {}", wire.name);
        }
    }
}

/// The reader of readings agrees on what is JSON at all: a value that is JSON is refused as no reading, a text that is
/// none is refused as malformed, wherever in a payload it stands.
#[test]
fn json_is_what_others_call_json() {
    let Some(folder) = folder() else { return };
    let (mut good, mut bad) = (0, 0);
    for entry in std::fs::read_dir(folder.join("json")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(is_json) =
            [("y_", true), ("n_", false)].iter().find_map(|(head, is)| name.starts_with(head).then_some(*is))
        else {
            continue;
        };
        let text = std::fs::read(&path).unwrap();
        assert_eq!(serde_json::from_slice::<serde::de::IgnoredAny>(&text).is_ok(), is_json, "{name}");
        assert!(web::decoders::telemetry(&text).is_err(), "{name} is no reading");
        let place =
            br#"{"site_code":"A","asset_code":"B","timestamp":"2025-12-09T10:15:23Z","metrics":{"m":"#;
        let inside = [place, text.as_slice(), b"}}"].concat();
        if let Ok(payload) = web::decoders::telemetry(&inside) {
            assert!(is_json, "{name} is read as {payload:?}");
        }
        if is_json { good += 1 } else { bad += 1 }
    }
    assert_eq!((good, bad), (95, 186));
}

/// Which simple types take these bytes.
fn readers_of(bytes: &[u8]) -> Vec<&'static str> {
    let limit = 4_096;
    let readers = [
        ("u64", decode::<u64>(bytes, limit).is_ok()),
        ("i64", decode::<i64>(bytes, limit).is_ok()),
        ("bool", decode::<bool>(bytes, limit).is_ok()),
        ("text", decode::<String>(bytes, limit).is_ok()),
        ("bytes", decode::<Bytes<64>>(bytes, limit).is_ok()),
        ("optional", decode::<Option<u64>>(bytes, limit).is_ok()),
        ("list", decode::<Bounded<u64, 64>>(bytes, limit).is_ok()),
        ("list of lists", decode::<Bounded<Bounded<u64, 64>, 64>>(bytes, limit).is_ok()),
        ("map", decode::<BTreeMap<u64, u64>>(bytes, limit).is_ok()),
    ];
    readers.into_iter().filter(|(_, accepted)| *accepted).map(|(name, _)| name).collect()
}

fn read(name: &str) -> Option<Json> {
    let text = std::fs::read_to_string(folder()?.join(name)).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// The folder of vectors, if this machine has it.
pub(crate) fn folder() -> Option<PathBuf> {
    data("vectors")
}

/// A folder of test data, if this machine has it.
pub(crate) fn data(name: &str) -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let data =
        std::env::var_os("SYMBIOSE_DATA").map_or_else(|| workspace.join("../shared/data"), PathBuf::from);
    let folder = data.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    crate::harness::pass_over(&format!("{} is not there (SYMBIOSE_DATA)", folder.display()));
    None
}

fn unhex(hex: &str) -> Vec<u8> {
    protocol::hex::unhex(hex).expect("a vector of hexadecimal digits")
}
