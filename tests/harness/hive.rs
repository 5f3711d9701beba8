//! A neighbourhood under the testnet command, spoken to as an operator does.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use protocol::UnixMs;
use serde_json::{Value, json};
use testnet::folder;

use super::wait::within;
use super::{Client, programs, story_folder, time, until};

/// How long a neighbourhood may take until every node is ready, seconds.
const READY_S_MAX: u64 = 60;
/// How long the authorities may take to decide, seconds.
const DECIDE_S_MAX: u64 = 20;
/// A neighbourhood that a story forgot ends by itself.
const LIFE_MAX: &str = "15m";

/// Some buildings that run.
pub(crate) struct Hive {
    dir: PathBuf,
    process: Child,
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) data_dir: PathBuf,
    pub(crate) api: Client,
    /// Address for peers.
    pub(crate) p2p: String,
    /// Its process, or the last one it had.
    pub(crate) pid: u64,
}

impl Hive {
    /// Starts a neighbourhood in a folder of this story and waits until every node is ready.
    pub(crate) fn start(story: &str, flags: &[&str]) -> Self {
        Self::begin(story_folder(story), &[&["--reset"], flags].concat())
    }

    /// Starts one at a hive time that is to come.
    pub(crate) fn start_at(story: &str, flags: &[&str], time: UnixMs) -> Self {
        let dir = story_folder(story);
        folder::set_time(&dir, time.0).unwrap();
        Self::begin(dir, flags)
    }

    fn begin(dir: PathBuf, flags: &[&str]) -> Self {
        let log = File::create(dir.with_extension("log")).unwrap();
        let mut command = programs::testnet();
        command.args(["up", "--json", "--for", LIFE_MAX, "--dir"]).arg(&dir).args(flags);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let mut hive = Self { process: command.spawn().unwrap(), dir };
        until("every node is ready", READY_S_MAX, || {
            let ended = hive.process.try_wait().unwrap();
            assert!(ended.is_none(), "the testnet ended with {ended:?}: {}", hive.said());
            if hive.dir.join("net.json").exists() { Ok(()) } else { Err(hive.said()) }
        });
        hive
    }

    /// Stops every node and lets all go on at a later hive time.
    pub(crate) fn leap(&self, time: UnixMs) {
        let node = self.nodes().remove(0).api.get("/api/v1/node").unwrap();
        let now = time::parse_ms(node["time"].as_str().unwrap());
        let by_ms = u64::try_from(time.0).unwrap().checked_sub(now).expect("time only goes on");
        self.tell(&["leap", &format!("{by_ms}ms")]);
    }

    /// Every node, founding ones first.
    pub(crate) fn nodes(&self) -> Vec<Node> {
        let net: Value = serde_json::from_slice(&fs::read(self.dir.join("net.json")).unwrap()).unwrap();
        let text = |node: &Value, field: &str| {
            node[field].as_str().unwrap_or_else(|| panic!("{field} of {node}")).to_owned()
        };
        net["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| Node {
                name: text(node, "name"),
                data_dir: PathBuf::from(text(node, "data_dir")),
                api: Client::new(&text(node, "http"), &text(node, "token")),
                p2p: text(node, "p2p"),
                pid: node["pid"].as_u64().unwrap_or_else(|| panic!("pid of {node}")),
            })
            .collect()
    }

    /// One node by name.
    pub(crate) fn node(&self, name: &str) -> Node {
        self.nodes()
            .into_iter()
            .find(|node| node.name == name)
            .unwrap_or_else(|| panic!("there is no {name}"))
    }

    /// Runs a subcommand of the testnet and expects it to do what it was told.
    pub(crate) fn tell(&self, words: &[&str]) -> String {
        programs::run(programs::testnet().args(words).arg("--dir").arg(&self.dir)).ok()
    }

    fn said(&self) -> String {
        fs::read_to_string(self.dir.with_extension("log")).unwrap_or_default()
    }
}

/// The first of these authorities proposes, the others approve; what is proposed has to be carried out.
pub(crate) fn decide(authorities: &[Node], action: &Value) {
    let (first, others) = authorities.split_first().expect("somebody proposes");
    let proposed = first.api.post("/api/v1/governance", action).unwrap();
    assert_eq!(proposed.status, 201, "{}", proposed.text());
    let id = proposed.json()["id"].as_str().unwrap().to_owned();
    for authority in others {
        until("the authority knows the proposal", DECIDE_S_MAX, || {
            let answer = authority.api.post(&format!("/api/v1/governance/{id}/approve"), &json!({}))?;
            let is_done = answer.status == 200 || is_executed(first, &id)?;
            if is_done { Ok(()) } else { Err(answer.text()) }
        });
    }
    until("the proposal is carried out", DECIDE_S_MAX, || {
        if is_executed(first, &id)? { Ok(()) } else { Err("it is open".to_owned()) }
    });
}

fn is_executed(node: &Node, id: &str) -> Result<bool, String> {
    let all = node.api.items("/api/v1/governance?limit=1000")?;
    Ok(all.iter().any(|one| one["id"] == id && one["status"] == "executed"))
}

impl Drop for Hive {
    fn drop(&mut self) {
        let _ = programs::run(programs::testnet().args(["down", "--dir"]).arg(&self.dir));
        let ended = within(10, || matches!(self.process.try_wait(), Ok(Some(_))));
        if !ended {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}
