//! One `symbiose` process: started in its own process group with its log in a file, waited for, signalled, stopped.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use crate::error::{Error, Result};
use crate::http::Client;

/// A log larger than this is set aside when its node starts.
const LOG_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// What is shown of a log when its node fails.
const LOG_TAIL_LINES: usize = 8;
const LOG_TAIL_BYTES: u64 = 8 * 1024;
/// How often a starting or stopping process is looked at.
const POLL: Duration = Duration::from_millis(10);
/// A node that does not stop by then is ended.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// A newcomer that is not admitted by then will not be.
const JOIN_TIMEOUT: Duration = Duration::from_secs(60);

/// What a node writes to `ready.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct Ready {
    /// Its process.
    pub pid: u32,
    /// Base URL of page and API.
    pub http: String,
    /// Address for peers, with peer id.
    pub p2p: String,
    /// Its address as a member: 40 hex digits.
    pub address: String,
}

/// What `/readyz` says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Readiness {
    ready: bool,
    reasons: Vec<Reason>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reason {
    text: String,
}

/// What a process is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not started, killed, or ended by itself.
    Stopped,
    /// Running.
    Running,
    /// Stopped by SIGSTOP.
    Paused,
}

/// A node's process, running or not.
#[derive(Debug)]
pub struct Process {
    name: String,
    dir: PathBuf,
    /// The time zone of the building, where it is not the machine's.
    zone: Option<&'static str>,
    child: Option<Child>,
    last_pid: Option<u32>,
    paused: bool,
}

impl Process {
    /// The process of the node whose folder is `dir`; not started yet.
    pub fn new(name: &str, dir: &Path) -> Self {
        let (name, dir) = (name.to_owned(), dir.to_owned());
        Self { name, dir, zone: None, child: None, last_pid: None, paused: false }
    }

    /// The same in another time zone than the machine's, such as `UTC`.
    #[must_use]
    pub fn in_zone(mut self, zone: Option<&'static str>) -> Self {
        self.zone = zone;
        self
    }

    /// Starts `symbiose run` and does not wait for it. Gives the process id, which is also its group.
    pub fn start(&mut self, binary: &Path) -> Result<u32> {
        let log = self.open_log()?;
        let ready = self.dir.join("ready.json");
        if ready.exists() {
            fs::remove_file(&ready).map_err(Error::file("remove", &ready))?;
        }
        let child = Command::new(binary)
            .args(["run", "--config"])
            .arg(self.dir.join("node.toml"))
            .envs(self.zone.map(|zone| ("TZ", zone)))
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(Error::file("open", &self.dir))?)
            .stderr(log)
            .spawn()
            .map_err(Error::file("start", binary))?;
        let pid = child.id();
        (self.child, self.last_pid, self.paused) = (Some(child), Some(pid), false);
        Ok(pid)
    }

    /// Waits until the process listens (`ready.json`), for at most `patience`.
    pub async fn listening(&mut self, patience: Duration) -> Result<Ready> {
        let start = Instant::now();
        loop {
            self.check_alive()?;
            if let Some(ready) = self.ready_file() {
                return Ok(ready);
            }
            if start.elapsed() > patience {
                return Err(self.not_ready(patience, "it does not listen yet"));
            }
            sleep(POLL).await;
        }
    }

    /// Waits until `/readyz` says so, for at most `patience`.
    pub async fn ready(&mut self, client: &mut Client, patience: Duration) -> Result<()> {
        let start = Instant::now();
        loop {
            self.check_alive()?;
            let reason = match readiness(client).await {
                Ok(()) => return Ok(()),
                Err(reason) => reason,
            };
            if start.elapsed() > patience {
                return Err(self.not_ready(patience, &reason));
            }
            sleep(POLL).await;
        }
    }

    /// What the process is doing now.
    pub fn state(&mut self) -> State {
        match self.child.as_mut().map(Child::try_wait) {
            Some(Ok(None)) if self.paused => State::Paused,
            Some(Ok(None)) => State::Running,
            Some(Ok(Some(_)) | Err(_)) | None => State::Stopped,
        }
    }

    /// Its process id while it runs or is paused.
    pub fn pid(&mut self) -> Option<u32> {
        match self.state() {
            State::Running | State::Paused => self.child.as_ref().map(Child::id),
            State::Stopped => None,
        }
    }

    /// Its process id, or that of its last run.
    pub fn last_pid(&self) -> Option<u32> {
        self.last_pid
    }

    /// How it ended, if it ended by itself since the last look.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        let status = self.child.as_mut()?.try_wait().ok()??;
        self.child = None;
        Some(status)
    }

    /// `kill -9`, and waits for the end.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        if let Some(mut child) = self.child.take() {
            // Only its end matters; the status is the signal just sent.
            drop(child.wait());
        }
        self.paused = false;
    }

    /// SIGSTOP: it keeps its connections and answers nothing.
    pub fn pause(&mut self) {
        self.signal(Signal::STOP);
        self.paused = true;
    }

    /// SIGCONT.
    pub fn resume(&mut self) {
        self.signal(Signal::CONT);
        self.paused = false;
    }

    /// Asks it to stop; the caller then waits with [`Process::stopped`].
    pub fn ask_to_stop(&mut self) {
        if self.paused {
            self.resume();
        }
        self.signal(Signal::TERM);
    }

    /// Waits for its end until `deadline`, then ends it. True if it stopped by itself.
    pub async fn stopped(&mut self, deadline: Instant) -> bool {
        while self.state() != State::Stopped {
            if Instant::now() >= deadline {
                self.kill();
                return false;
            }
            sleep(POLL).await;
        }
        self.child = None;
        true
    }

    /// The last lines of its log.
    pub fn log_tail(&self) -> String {
        tail(&self.dir.join("log.jsonl"), LOG_TAIL_LINES).unwrap_or_default()
    }

    fn signal(&mut self, signal: Signal) {
        let pid = self.pid().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // A process that ended in between needs no signal.
            kill_process_group(pid, signal).ok();
        }
    }

    fn check_alive(&mut self) -> Result<()> {
        let pid_gone = self.state() == State::Stopped;
        if !pid_gone {
            return Ok(());
        }
        let status = self.ended().map_or_else(|| "not running".to_owned(), |status| status.to_string());
        Err(Error::Ended { node: self.name.clone(), status, log_tail: self.log_tail() })
    }

    fn not_ready(&self, waited: Duration, reason: &str) -> Error {
        let (node, reason) = (self.name.clone(), reason.to_owned());
        Error::NotReady { node, waited, reason, log_tail: self.log_tail() }
    }

    fn ready_file(&self) -> Option<Ready> {
        let text = fs::read_to_string(self.dir.join("ready.json")).ok()?;
        let ready: Ready = serde_json::from_str(&text).ok()?;
        (Some(ready.pid) == self.child.as_ref().map(Child::id)).then_some(ready)
    }

    fn open_log(&self) -> Result<File> {
        let log = self.dir.join("log.jsonl");
        if fs::metadata(&log).is_ok_and(|found| found.len() > LOG_BYTES_MAX) {
            fs::rename(&log, self.dir.join("log.1.jsonl")).map_err(Error::file("set aside", &log))?;
        }
        OpenOptions::new().create(true).append(true).open(&log).map_err(Error::file("open", &log))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}

/// Runs `symbiose join` in `dir` and waits for its end.
pub async fn join(binary: &Path, dir: &Path, name: &str, invitation: &str) -> Result<()> {
    let log = dir.join("join.log");
    let out = File::create(&log).map_err(Error::file("create", &log))?;
    let mut child = Command::new(binary)
        .arg("join")
        .arg("--dir")
        .arg(dir)
        .args(["--name", name, invitation])
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(out.try_clone().map_err(Error::file("open", &log))?)
        .stderr(out)
        .spawn()
        .map_err(Error::file("start", binary))?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(Error::file("wait for", binary))? {
            break status.to_string();
        }
        if start.elapsed() > JOIN_TIMEOUT {
            // Its end needs no second look: it is killed here.
            drop(child.kill().and_then(|()| child.wait()));
            break format!("no end after {} s", JOIN_TIMEOUT.as_secs());
        }
        sleep(POLL).await;
    };
    if status == "exit status: 0" {
        return Ok(());
    }
    let log_tail = tail(&log, LOG_TAIL_LINES).unwrap_or_default();
    Err(Error::Ended { node: format!("symbiose join of {name}"), status, log_tail })
}

/// Runs `symbiose ledger verify` on the folder of a node that does not run.
pub fn verify(binary: &Path, dir: &Path) -> Result<()> {
    let output = Command::new(binary).args(["ledger", "verify"]).arg(dir).output();
    let output = output.map_err(Error::file("start", binary))?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().to_owned();
    Err(Error::Expectation(format!("the ledger in {} verifies: {told}", dir.display())))
}

/// Asks `/readyz` once; what the node says against itself otherwise.
async fn readiness(client: &mut Client) -> Result<(), String> {
    let answer = client.send(hyper::Method::GET, "/readyz", "", bytes::Bytes::new()).await;
    let answer = answer.map_err(|error| error.to_string())?;
    if answer.status.is_success() {
        return Ok(());
    }
    let said: Readiness = serde_json::from_slice(&answer.body).unwrap_or_default();
    let reasons: Vec<&str> = said.reasons.iter().map(|reason| reason.text.as_str()).collect();
    if reasons.is_empty() {
        Err(format!("readyz answers {}", answer.status))
    } else {
        Err(reasons.join("; "))
    }
}

/// The last `lines` lines of a file, from its last few KiB.
pub fn tail(path: &Path, lines: usize) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let most = LOG_TAIL_BYTES.max(lines as u64 * 512);
    file.seek(SeekFrom::Start(size.saturating_sub(most)))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    Ok(all[all.len().saturating_sub(lines)..].join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    /// A folder with a stand-in for `symbiose` that runs `script`.
    fn stand_in(purpose: &str, script: &str) -> (PathBuf, PathBuf) {
        let dir = std::env::temp_dir().join(format!("symbiose-process-{purpose}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let binary = dir.join("symbiose");
        fs::write(&binary, format!("#!/bin/sh\ncd {}\n{script}\n", dir.display())).unwrap();
        fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).unwrap();
        (dir, binary)
    }

    const READY: &str = r#"echo "{\"pid\":$$,\"http\":\"http://127.0.0.1:1\",\"p2p\":\"/ip4\",\"address\":\"ab\"}" > ready.json"#;

    #[tokio::test]
    async fn a_node_that_fails_to_start_shows_the_end_of_its_log() {
        let (dir, binary) = stand_in("fails", "echo 'hive.genesis in node.toml: no such file' >&2; exit 2");
        let mut process = Process::new("CAS-S1", &dir);
        process.start(&binary).unwrap();
        let error = process.listening(Duration::from_secs(10)).await.unwrap_err();
        assert!(error.to_string().contains("hive.genesis in node.toml"), "{error}");
        assert!(matches!(error, Error::Ended { .. }));
        fs::remove_dir_all(dir).unwrap();
    }

    #[tokio::test]
    async fn a_process_is_paused_resumed_and_killed() {
        let (dir, binary) = stand_in("runs", &format!("{READY}\nexec sleep 60"));
        fs::write(dir.join("ready.json"), "{\"pid\":1}").unwrap();
        let mut process = Process::new("CAS-S1", &dir);
        let pid = process.start(&binary).unwrap();
        assert_eq!(process.listening(Duration::from_secs(10)).await.unwrap().pid, pid);
        process.pause();
        assert_eq!(process.state(), State::Paused);
        process.resume();
        assert_eq!(process.state(), State::Running);
        process.kill();
        assert_eq!((process.state(), process.pid()), (State::Stopped, None));
        fs::remove_dir_all(dir).unwrap();
    }

    #[tokio::test]
    async fn a_paused_process_stops_when_asked() {
        let (dir, binary) = stand_in("stops", &format!("{READY}\nexec sleep 60"));
        let mut process = Process::new("CAS-S1", &dir);
        process.start(&binary).unwrap();
        process.listening(Duration::from_secs(10)).await.unwrap();
        process.pause();
        process.ask_to_stop();
        assert!(process.stopped(Instant::now() + STOP_TIMEOUT).await);
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn the_tail_of_a_log_is_its_last_lines() {
        let path = std::env::temp_dir().join(format!("symbiose-tail-{}", std::process::id()));
        let lines: Vec<String> = (0..5000).map(|line| format!("line {line}")).collect();
        fs::write(&path, lines.join("\n")).unwrap();
        assert_eq!(tail(&path, 2).unwrap(), "line 4998\nline 4999");
        fs::remove_file(&path).unwrap();
        assert!(tail(&path, 2).is_err());
    }
}
