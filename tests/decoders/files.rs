//! The building's own files: its log, the entries in it, the small books beside other files, and a backup.

use std::io::{Read as _, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use ledger::record::{FRAME_HEADER_BYTES, frame};
use node::core::Change;
use node::shell::backup::check_bytes;
use node::shell::store::archive::{definitions_of, read_losses};
use node::shell::store::building_log::{self, ENTRY_BYTES_MAX, Entries, KEY_BYTES_MAX};
use node::shell::store::telemetry_read::Contents;

use super::bounds::{measured, measured_with};
use super::telemetry;
use crate::building_samples::{building_entries, first_release_entries};

/// One record's list of changes, at its longest.
const RECORD_FLOOR: u64 = 160 * 1024;
/// An error message and scratch space.
const FLOOR: u64 = 16 * 1024;
/// What unpacking takes whatever the archive: gzip's window, tar's header, copying.
const UNPACKING_FLOOR: u64 = 256 * 1024;

/// As it stands; and as the body of one record whose checksum somebody made anew.
pub(super) fn check_building_log(bytes: &[u8]) {
    for bytes in [bytes, &frame(*b"SyC1", bytes)] {
        let (entries, gaps) = measured(bytes.len(), RECORD_FLOOR, || building_log::read_back(bytes));
        assert!(gaps <= bytes.len() as u64 / FRAME_HEADER_BYTES as u64 + 1, "{gaps} gaps");
        check_entries(&entries);
    }
}

fn check_entries(entries: &Entries) {
    for (key, value) in entries {
        assert!(key.len() <= KEY_BYTES_MAX && value.len() <= ENTRY_BYTES_MAX);
        read_back(key, value);
    }
}

/// An entry that reads is written under its key; in the form of today it reads as itself.
fn read_back(key: &[u8], value: &[u8]) {
    let Ok(change) = measured(key.len() + value.len(), FLOOR, || Change::read_back(key, value)) else {
        return;
    };
    assert_eq!(change.key(), key);
    let again = change.value().expect("an entry that is put has a value");
    if again != value {
        assert_eq!(Change::read_back(key, &again).as_ref(), Ok(&change), "an old form becomes one of today");
        let later = Change::read_back(key, &again).unwrap().value();
        assert_eq!(later.as_ref(), Some(&again), "the form of today is one");
    }
}

pub(super) fn building_log_seeds() -> Vec<Vec<u8>> {
    let log = include_bytes!("../golden/folder-0.1/building.log").to_vec();
    let body = log[FRAME_HEADER_BYTES..].to_vec();
    vec![log, body]
}

/// Length of the key, key, value.
pub(super) fn check_entry(bytes: &[u8]) {
    let Some((len, rest)) = bytes.split_first() else { return };
    let (key, value) = rest.split_at(rest.len().min(usize::from(*len)));
    read_back(key, value);
}

pub(super) fn entry_seeds() -> Vec<Vec<u8>> {
    let entries = building_entries().into_iter().chain(first_release_entries());
    let entry = |(_, change): (&str, Change)| {
        let (key, value) = (change.key(), change.value().expect("an entry that is put has a value"));
        [&[u8::try_from(key.len()).unwrap()], key.as_slice(), &value].concat()
    };
    entries.map(entry).collect()
}

/// The first byte says which book; the rest is its bytes, and also the body of one record with a good checksum.
pub(super) fn check_books(bytes: &[u8]) {
    let Some((which, body)) = bytes.split_first() else { return };
    let magic = [b"SyT1", b"SyL1", b"SyD1", b"SyA1"][usize::from(which % 4)];
    for bytes in [body, &frame(*magic, body)] {
        match which % 4 {
            0 => drop(measured(bytes.len(), FLOOR, || Contents::read_back(bytes))),
            1 => {
                let (losses, damaged) = measured(bytes.len(), FLOOR, || read_losses(bytes));
                assert!(losses.len() as u64 + damaged <= bytes.len() as u64 / 2 + 1);
            }
            2 => {
                let (_, whole) = measured(bytes.len(), FLOOR, || definitions_of(bytes));
                assert!(whole <= bytes.len());
            }
            _ => {
                if let Ok(book) = measured(bytes.len(), FLOOR, || web::Book::from_bytes(bytes)) {
                    assert_eq!(book.to_bytes(), bytes, "a book has a second form");
                }
            }
        }
    }
}

pub(super) fn books_seeds() -> Vec<Vec<u8>> {
    let contents = include_bytes!("../golden/folder-0.1/telemetry/telemetry-0000000001.contents");
    let book = web::Book::default().to_bytes();
    let loss = protocol::encode(&(("Seg", 3, 7, 4_096), 1, 10, 0, 1, crate::samples::TIME));
    let catalogue = telemetry::definitions();
    let of = |which: u8, bytes: &[u8]| [&[which], bytes].concat();
    vec![
        of(0, contents),
        of(0, &contents[FRAME_HEADER_BYTES..]),
        of(1, &frame(*b"SyL1", &loss)),
        of(1, &loss),
        of(2, &catalogue),
        of(3, &book),
    ]
}

/// How much of an archive is unpacked to look for its manifest, bytes.
const UNPACKED_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// As it stands; and as what an archive unpacks to.
pub(super) fn check_backup(bytes: &[u8]) {
    let mut packed = GzEncoder::new(Vec::new(), Compression::none());
    packed.write_all(bytes).unwrap();
    for bytes in [bytes, &packed.finish().unwrap()] {
        let read = || check_bytes(Path::new("backup.tar.gz"), bytes);
        let read = measured_with(bytes.len(), UNPACKING_FLOOR, read, |_| manifest_bytes(bytes));
        if let Ok(manifest) = read {
            assert!(manifest.members.iter().all(|member| !member.path.contains("..")));
        }
    }
}

/// The manifest is read as a whole: what it unpacks to counts beside what was given.
fn manifest_bytes(archive: &[u8]) -> u64 {
    let mut unpacked = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(archive).take(UNPACKED_BYTES_MAX);
    drop(reader.read_to_end(&mut unpacked));
    let holds = unpacked.windows(13).any(|window| window == b"manifest.json");
    if holds { unpacked.len() as u64 } else { 0 }
}

pub(super) fn backup_seeds() -> Vec<Vec<u8>> {
    let archive = backup();
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(archive.as_slice()).read_to_end(&mut tar).unwrap();
    vec![archive, tar]
}

/// A backup of two small files.
fn backup() -> Vec<u8> {
    let files = [("node.toml", "name = \"A\"\n"), ("genesis.cbor", "genesis")];
    let member = |(path, text): &(&str, &str)| {
        serde_json::json!({
            "path": path, "bytes": text.len(), "mode": 0o600,
            "blake3": blake3::hash(text.as_bytes()).to_hex().to_string(),
        })
    };
    let manifest = serde_json::json!({
        "version": 1, "program": "0.1.0", "name": "A", "chain": "07".repeat(32), "height": 12,
        "time": "2026-11-21T12:00:00Z", "with_keys": false,
        "members": files.iter().map(member).collect::<Vec<_>>(),
    });
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let manifest = manifest.to_string();
    for (path, text) in files.into_iter().chain([("manifest.json", manifest.as_str())]) {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        tar.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}
