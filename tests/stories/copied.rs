//! Two nodes started from one copied data folder find out about each other and stop; a restart, a crash and a restored
//! backup are taken for what they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use crate::harness::wait::ensure;
use crate::harness::{Hive, Node, Signer, programs, until, wait};

/// Exit code of a node that found a copy of itself.
const COPIED: i32 = 6;

/// A node that was started by hand.
struct Copy {
    process: Child,
    dir: PathBuf,
}

impl Copy {
    /// A copy of a folder, on ports of its own, running.
    fn start(of: &Node, to: &Path) -> Self {
        copy(&of.data_dir, to);
        for left in ["lock", "ready.json"] {
            let _ = fs::remove_file(to.join(left));
        }
        let path = to.join("node.toml");
        let mut config: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        config["network"].as_table_mut().unwrap().insert("listen".into(), "/ip4/127.0.0.1/tcp/0".into());
        config["http"].as_table_mut().unwrap().insert("listen".into(), "127.0.0.1:0".into());
        fs::write(&path, config.to_string()).unwrap();
        Self::run(to)
    }

    fn run(dir: &Path) -> Self {
        let log = fs::File::options().create(true).append(true).open(dir.join("copy.jsonl")).unwrap();
        let mut command = programs::symbiose();
        command.arg("run").arg("--config").arg(dir.join("node.toml"));
        let process = command.current_dir(dir).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        Self { process: process.unwrap(), dir: dir.to_owned() }
    }

    fn exit_code(&mut self, limit_s: u64) -> i32 {
        until("the copy stops", limit_s, || {
            let ended = self.process.try_wait().unwrap();
            ended.and_then(|status| status.code()).ok_or_else(|| self.said())
        })
    }

    fn said(&self) -> String {
        fs::read_to_string(self.dir.join("copy.jsonl")).unwrap_or_default()
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn two_authorities_from_one_folder_stop_before_both_sign() {
    let hive = Hive::start("copied", &["--buildings", "5", "--authorities", "4", "--speed", "10"]);
    let mut load = Signer::instead_of(&hive, "CAS-S5");
    load.lands(&hive.node("CAS-S1"));
    let (original, witness) = (hive.node("CAS-S2"), hive.node("CAS-S1"));
    let mut second = Copy::start(&original, &crate::harness::story_folder("copied-second"));
    assert_eq!(second.exit_code(30), COPIED, "{}", second.said());
    assert!(second.said().contains("another copy of this node is running"), "{}", second.said());
    until("the original has stopped as well", 20, || {
        ensure(!Path::new(&format!("/proc/{}/exe", original.pid)).exists(), || "it runs".to_owned())
    });
    let log = fs::read_to_string(original.data_dir.join("log.jsonl")).unwrap();
    assert!(log.contains("another copy of this node is running"));

    // The one that is to stay is started again: a restart is no copy, and it says what had happened.
    hive.tell(&["restart", "CAS-S2"]);
    let original = hive.node("CAS-S2");
    until("it is ready again and says why it had stopped", 20, || {
        let answer = original.api.get("/readyz")?;
        ensure(answer.to_string().contains("another copy of it was running"), || answer.to_string())
    });

    // Hours later the copy comes back.
    let mut back = Copy::run(&second.dir);
    assert_eq!(back.exit_code(30), COPIED, "{}", back.said());
    hive.tell(&["restart", "CAS-S2"]);
    until("all four are there", 40, || {
        let seen = witness.api.get("/api/v1/hive")?;
        ensure(seen["authorities_online"] == 4, || seen.to_string())
    });
    for node in hive.nodes().iter().take(4) {
        load.lands(node);
    }
    let metrics = witness.api.try_get("/metrics").unwrap().text();
    assert!(!metrics.contains("symbiose_evidence_total"), "nobody signed twice");
}

#[test]
fn a_crash_a_restart_and_a_restored_backup_are_no_copies() {
    let hive = Hive::start("not-copied", &["--buildings", "5", "--authorities", "4", "--speed", "10"]);
    let mut load = Signer::instead_of(&hive, "CAS-S5");
    let node = hive.node("CAS-S2");
    for words in [&["kill", "CAS-S2"][..], &["restart", "CAS-S2"], &["restart", "CAS-S2"]] {
        hive.tell(words);
    }
    let folder = crate::harness::story_folder("not-copied-restored");
    let backup = folder.join("backup.tar.gz");
    programs::run(programs::symbiose().arg("backup").arg(&backup).arg("--dir").arg(&node.data_dir)).ok();
    hive.tell(&["kill", "CAS-S2"]);
    let restored = folder.join("node");
    programs::run(programs::symbiose().arg("restore").arg(&backup).arg("--dir").arg(&restored)).ok();
    let mut again = Copy::run(&restored);
    let witness = hive.node("CAS-S1");
    until("the restored node is with the others", 40, || {
        let ended = again.process.try_wait().unwrap();
        assert!(ended.is_none(), "{ended:?}: {}", again.said());
        let seen = witness.api.get("/api/v1/hive")?;
        ensure(seen["authorities_online"] == 4, || seen.to_string())
    });
    load.lands(&witness);
    // Longer than an unanswered question is believed in.
    let begun = wait::now();
    until("a quarter of a minute has passed", 30, || {
        assert!(again.process.try_wait().unwrap().is_none(), "{}", again.said());
        ensure(begun.elapsed().as_secs() >= 15, String::new)
    });
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            // Files of a running node come and go.
            let _ = fs::copy(entry.path(), target);
        }
    }
}
