//! One building by itself: `symbiose init`, `symbiose run`, and the end by kill -9.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::{Client, programs, until, wait};

/// How long a node may take from its start until it is ready, seconds.
const READY_S_MAX: u64 = 20;

/// A hive of one building with one site and three assets.
pub(crate) struct Building {
    dir: PathBuf,
    process: Option<Child>,
}

impl Building {
    /// Makes the data folder in `folder`.
    pub(crate) fn init(folder: &Path) -> Self {
        let dir = folder.join("node");
        programs::run(programs::symbiose().args(["init", "--name", "CAS-S1", "--dir"]).arg(&dir)).ok();
        let path = dir.join("node.toml");
        let mut config: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        let at = |address: &str| toml::Value::String(address.to_owned());
        let network = config["network"].as_table_mut().unwrap();
        network.insert("listen".to_owned(), at("/ip4/127.0.0.1/tcp/0"));
        network.insert("mdns".to_owned(), toml::Value::Boolean(false));
        let http = config["http"].as_table_mut().unwrap();
        http.insert("listen".to_owned(), at("127.0.0.1:0"));
        http.remove("lan");
        let sites: toml::Table = SITES.parse().unwrap();
        config.extend(sites);
        fs::write(&path, config.to_string()).unwrap();
        Self { dir, process: None }
    }

    /// A building whose data folder is there already, with a configuration that lets the system choose ports.
    pub(crate) fn at(dir: PathBuf) -> Self {
        Self { dir, process: None }
    }

    /// Starts the node and waits until it is ready.
    pub(crate) fn start(mut self) -> Self {
        self.restart();
        self
    }

    /// The building of a data folder made by other means.
    pub(crate) fn of(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), process: None }
    }

    /// Starts the node again after it was killed; answers how long it took to be ready.
    pub(crate) fn restart(&mut self) -> Duration {
        self.restart_with(&[])
    }

    /// The same with something in its environment.
    pub(crate) fn restart_with(&mut self, environment: &[(&str, &str)]) -> Duration {
        let started = wait::now();
        self.spawn(environment);
        until("the node is ready", READY_S_MAX, || {
            let ended = self.process.as_mut().expect("just started").try_wait().unwrap();
            assert!(ended.is_none(), "the node ended with {ended:?}: {}", self.last_words());
            let answer = self.client().ok_or("no ready.json")?.try_get("/readyz")?;
            if answer.status == 200 { Ok(()) } else { Err(answer.text()) }
        });
        started.elapsed()
    }

    /// Starts the node again and leaves it to the story what is waited for.
    pub(crate) fn restart_without_waiting(&mut self) {
        self.spawn(&[]);
    }

    fn spawn(&mut self, environment: &[(&str, &str)]) {
        assert!(self.process.is_none(), "it runs already");
        let log = File::options().create(true).append(true).open(self.dir.join("log.jsonl")).unwrap();
        // A file left by the process before must not be taken for this one's.
        let _ = fs::remove_file(self.dir.join("ready.json"));
        let config = self.dir.join("node.toml");
        let mut command = programs::symbiose();
        command.arg("run").arg("--config").arg(config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        command.envs(environment.iter().copied());
        self.process = Some(command.spawn().unwrap());
    }

    /// Ends the node as a power cut would.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// How the node ended by itself; panics if it does not within `limit_s` seconds.
    pub(crate) fn ended(&mut self, limit_s: u64) -> Option<i32> {
        let process = self.process.as_mut().expect("it runs");
        let status =
            until("the node ends by itself", limit_s, || process.try_wait().unwrap().ok_or("it runs"));
        self.process = None;
        status.code()
    }

    /// The end of its log.
    pub(crate) fn words(&self) -> String {
        self.last_words()
    }

    /// Its folder.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// A client, once the node has said where it listens.
    pub(crate) fn client(&self) -> Option<Client> {
        let ready: Value = serde_json::from_slice(&fs::read(self.dir.join("ready.json")).ok()?).ok()?;
        let token = fs::read_to_string(self.dir.join("operator.token")).ok()?;
        Some(Client::new(ready["http"].as_str()?, token.trim()))
    }

    /// A client of the running node.
    pub(crate) fn api(&self) -> Client {
        self.client().expect("the node is ready")
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(self.dir.join("log.jsonl")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(5)..].join("\n")
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            if std::thread::panicking() {
                let _ =
                    writeln!(std::io::stderr(), "log of the node: {}", self.dir.join("log.jsonl").display());
            }
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

const SITES: &str = r#"
[[sites]]
code = "CAS-S1"
name = "Tour Alpha"
[[sites.assets]]
code = "CAS-S1-HVAC_1"
kind = "HVAC"
[[sites.assets]]
code = "CAS-S1-CHILLER_1"
kind = "CHILLER"
[[sites.assets]]
code = "CAS-S1-ELEVATOR_1"
kind = "ELEVATOR"
"#;
