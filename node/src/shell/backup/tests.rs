//! A backup and what comes back of it: whole, without what must not come back, or not at all.

use super::super::store::scratch::Scratch;
use super::*;

fn put(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// Longer than the field for it in an archive's header.
const LONG: &str = "photos/aa/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789.jpg";

/// A folder with one file of each kind, and the backup of it.
fn backup(scratch: &Scratch, with_keys: bool) -> (PathBuf, Manifest) {
    let dir = scratch.path().join("node");
    for (path, bytes) in [
        (
            "node.toml",
            "data_dir = \"/var/lib/symbiose\"\nname = \"A\"\n[key]\nfile = \"/etc/symbiose/node.key\"\n",
        ),
        ("node.key", "secret"),
        ("genesis.cbor", "genesis"),
        ("building.log", "records"),
        ("blocks.log/blocks-000001.log", "blocks"),
        ("telemetry/2026-11-20.seg", "a day"),
        ("photos/aa/b.jpg", "a photo"),
        (LONG, "a photo with a long name"),
        ("wal", "votes"),
        ("index/db", "derived"),
        ("lock", ""),
        ("ready.json", "{}"),
        ("building.damaged", "old"),
    ] {
        put(&dir.join(path), bytes.as_bytes());
    }
    let source = Source {
        named: vec![(dir.join("node.toml"), CONFIG), (dir.join("node.key"), "node.key")],
        data_dir: dir,
        name: "A".to_owned(),
        chain: ChainId::new([7; 32]),
    };
    let moment = Moment { height: Height(12), time: "2026-11-21T12:00:00Z".to_owned(), with_keys };
    let path = scratch.path().join("backup.tar.gz");
    let manifest = write(&source, moment, std::fs::File::create(&path).unwrap()).unwrap();
    (path, manifest)
}

#[test]
fn a_backup_holds_what_counts_and_comes_back_whole() {
    let scratch = Scratch::new("backup");
    let (archive, manifest) = backup(&scratch, true);
    let mut paths: Vec<&str> = manifest.members.iter().map(|member| member.path.as_str()).collect();
    paths.sort_unstable();
    let expected = [
        "blocks.log/blocks-000001.log",
        "building.log",
        "genesis.cbor",
        "node.key",
        "node.toml",
        LONG,
        "photos/aa/b.jpg",
        "telemetry/2026-11-20.seg",
    ];
    assert_eq!(paths, expected, "no votes, nothing derived, nothing of the process");
    let new = scratch.path().join("new");
    let restored = restore(&archive, &new).unwrap();
    assert_eq!(restored.manifest, manifest);
    assert_eq!(std::fs::read(new.join("photos/aa/b.jpg")).unwrap(), b"a photo");
    let config = std::fs::read_to_string(new.join("node.toml")).unwrap();
    assert!(config.contains("data_dir = \".\"") && !config.contains("/etc/symbiose"), "{config}");
    assert!(new.join(RESTORED).exists() && !new.join("wal").exists());
    assert!(matches!(restore(&archive, &new), Err(RestoreError::Occupied(_))), "never over another node");
    assert!(scratch.path().join("node").join(MARK).exists());
    assert!(!scratch.path().join("node/backup.tmp").exists(), "the links are gone");
}

#[test]
fn keys_stay_at_home_when_told_to() {
    let scratch = Scratch::new("backup-keys");
    let (archive, manifest) = backup(&scratch, false);
    assert!(manifest.members.iter().all(|member| !member.path.ends_with(".key")));
    let new = scratch.path().join("new");
    restore(&archive, &new).unwrap();
    assert!(!new.join("node.key").exists());
}

#[test]
fn a_cut_or_changed_archive_restores_nothing() {
    let scratch = Scratch::new("backup-damage");
    let (archive, manifest) = backup(&scratch, true);
    let whole = std::fs::read(&archive).unwrap();
    let new = scratch.path().join("new");
    let refused = |bytes: &[u8], what: &str| {
        let path = scratch.path().join("changed.tar.gz");
        std::fs::write(&path, bytes).unwrap();
        assert!(restore(&path, &new).is_err(), "{what} was restored");
        assert!(!new.exists() && !scratch.path().join("new.restoring").exists(), "{what} left something");
    };
    for len in (0..whole.len()).step_by(7) {
        refused(&whole[..len], &format!("cut to {len}"));
    }
    // Name, time and system of a gzip header mean nothing.
    let mut same = 0;
    for at in (10..whole.len()).step_by(3) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        let path = scratch.path().join("flipped.tar.gz");
        std::fs::write(&path, &flipped).unwrap();
        let Ok(restored) = restore(&path, &new) else {
            assert!(!new.exists() && !scratch.path().join("new.restoring").exists(), "flip at {at}");
            continue;
        };
        // One run of zeros may be copied from another: every file is compared with the manifest, the manifest here.
        assert_eq!(restored.manifest, manifest, "flip at {at}");
        std::fs::remove_dir_all(&new).unwrap();
        same += 1;
    }
    assert!(same < 20, "{same} flips changed nothing");
}

#[test]
fn paths_that_lead_out_of_the_folder_are_refused() {
    let scratch = Scratch::new("backup-hostile");
    let archive = scratch.path().join("evil.tar.gz");
    for name in ["../evil", "/tmp/evil-symbiose", "a/../../evil"] {
        let mut tar =
            tar::Builder::new(GzEncoder::new(std::fs::File::create(&archive).unwrap(), Compression::fast()));
        let mut header = header(4, 0o600);
        let bytes = header.as_gnu_mut().unwrap();
        bytes.name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, b"evil".as_slice()).unwrap();
        tar.into_inner().unwrap().finish().unwrap();
        let error = restore(&archive, &scratch.path().join("new")).unwrap_err();
        assert!(matches!(error, RestoreError::Damaged { .. }), "{name}: {error}");
        assert!(!scratch.path().join("evil").exists());
    }
}
