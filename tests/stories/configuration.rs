//! A configuration that makes no sense ends the program at once: exit 2, one line, naming the key and where it came
//! from.

use std::fs;

use crate::harness::programs::{Run, run, symbiose};
use crate::harness::{Building, story_folder};

#[test]
fn bad_configuration_is_one_line_with_key_and_source() {
    let building = Building::init(&story_folder("configuration"));
    let config = building.dir().join("node.toml");
    let good = fs::read_to_string(&config).unwrap();
    let start = |flags: &[&str]| run(symbiose().arg("run").arg("--config").arg(&config).args(flags));

    complains(&start(&["--set", "clock.speed=fast"]), &["clock.speed", "--set"]);
    complains(&start(&["--set", "network.listen=nowhere"]), &["network.listen"]);
    complains(&start(&["--set", "ledger.heartbeat_ms=1"]), &["ledger.heartbeat_ms", "--set"]);
    let by_environment =
        run(symbiose().arg("run").arg("--config").arg(&config).env("SYMBIOSE__HTTP__LISTEN", "here"));
    complains(&by_environment, &["http.listen", "SYMBIOSE__HTTP__LISTEN"]);

    fs::write(&config, format!("colour = \"red\"\n{good}")).unwrap();
    complains(&start(&[]), &["colour", "node.toml"]);
    fs::write(&config, "name = [").unwrap();
    complains(&start(&[]), &["node.toml"]);
    fs::remove_file(&config).unwrap();
    complains(&start(&[]), &["node.toml"]);

    fs::write(&config, &good).unwrap();
    fs::write(building.dir().join("node.key"), "not a key").unwrap();
    complains(&start(&[]), &["node.key"]);
    fs::remove_file(building.dir().join("genesis.cbor")).unwrap();
    assert_eq!(start(&[]).exit, 2);
}

#[test]
fn commands_say_when_no_node_answers() {
    let building = Building::init(&story_folder("configuration-silent"));
    for words in [vec!["status"], vec!["invite"]] {
        let said = run(symbiose().args(&words).arg("--dir").arg(building.dir()));
        assert_eq!((said.exit, said.err.lines().count()), (5, 1), "{words:?}: {said:?}");
    }
    assert_eq!(run(symbiose().arg("dance")).exit, 2);
}

fn complains(said: &Run, words: &[&str]) {
    assert_eq!(said.exit, 2, "{said:?}");
    assert_eq!(said.err.trim_end().lines().count(), 1, "one line: {said:?}");
    for word in words {
        assert!(said.err.contains(word), "it names {word}: {said:?}");
    }
}
