//! The door to a running testnet: JSON lines on a socket in its folder, one request and one answer each.

use std::fs::{self, File};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::AbortHandle;

use crate::error::{Error, Result};

/// Longest request or answer.
const LINE_BYTES_MAX: u64 = 1024 * 1024;
/// Requests that wait for the neighbourhood.
const WAITING_MAX: u32 = 16;
/// How long the last answers may take to be written.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);
/// A client that has not said what it wants by then is let go.
const ASK_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest that a request may take: joining waits for an admission.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(180);

/// What may be asked. Nodes are named by name, number or asset code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// How every node is doing.
    Status,
    /// `kill -9`.
    Kill {
        /// Which ones.
        nodes: Vec<String>,
    },
    /// Stops and starts, or starts what was killed.
    Restart {
        /// Which ones.
        nodes: Vec<String>,
    },
    /// SIGSTOP.
    Pause {
        /// Which ones.
        nodes: Vec<String>,
    },
    /// SIGCONT.
    Resume {
        /// Which ones.
        nodes: Vec<String>,
    },
    /// Cuts the links between groups; nodes in no group form one more together.
    Partition {
        /// The groups.
        groups: Vec<Vec<String>>,
        /// Cut only what the first group sends to the second.
        one_way: bool,
    },
    /// Ends every partition.
    Heal,
    /// Delays what a node sends and receives.
    Latency {
        /// Which one, or `all`.
        node: String,
        /// One way, milliseconds; 0 takes it away.
        delay_ms: u64,
        /// Share of segments that need a retransmission, 0 to 1.
        loss: f64,
    },
    /// Forces a metric out of its healthy range, or ends that.
    Drift {
        /// Code of the asset.
        asset: String,
        /// The metric; none with `stop`.
        metric: Option<String>,
        /// Where it goes to; beyond its rule when not given.
        to: Option<f64>,
        /// Ends every drift of the asset.
        stop: bool,
    },
    /// Lets hive time jump ahead while every node is down.
    Leap {
        /// By how much, milliseconds.
        by_ms: u64,
    },
    /// Adds a building with an invitation.
    Add,
    /// Stops everything.
    Down,
}

/// What is answered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// Exit code for the command: 0 when it was done.
    pub exit: u8,
    /// For people.
    pub text: String,
    /// For scripts.
    pub data: serde_json::Value,
}

/// A request and the place for its answer.
#[derive(Debug)]
pub struct Call {
    /// What is asked.
    pub request: Request,
    /// Where the answer goes; the asker may have gone.
    pub reply: oneshot::Sender<Response>,
}

/// The listening socket; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    calls: mpsc::Receiver<Call>,
    seats: Arc<Semaphore>,
    task: AbortHandle,
    socket: PathBuf,
}

impl Server {
    /// Listens in `dir`, which the caller holds.
    pub fn start(dir: &Path) -> Result<Self> {
        let socket = dir.join("control.sock");
        if socket.exists() {
            fs::remove_file(&socket).map_err(Error::file("remove", &socket))?;
        }
        let listener =
            short_path(dir, |path| UnixListener::bind(path)).map_err(Error::file("listen on", &socket))?;
        fs::set_permissions(&socket, fs::Permissions::from_mode(0o600))
            .map_err(Error::file("protect", &socket))?;
        let (waiting, calls) = mpsc::channel(WAITING_MAX as usize);
        let seats = Arc::new(Semaphore::new(WAITING_MAX as usize));
        let task = tokio::spawn(serve(listener, waiting, Arc::clone(&seats))).abort_handle();
        Ok(Self { calls, seats, task, socket })
    }

    /// Waits for the next request.
    pub async fn next(&mut self) -> Option<Call> {
        self.calls.recv().await
    }

    /// Takes no more requests and waits until the answers already given are written.
    pub async fn finish(mut self) {
        self.task.abort();
        self.calls.close();
        // An asker that does not read its answer is not waited for.
        drop(tokio::time::timeout(FLUSH_TIMEOUT, self.seats.acquire_many(WAITING_MAX)).await);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
        fs::remove_file(&self.socket).ok();
    }
}

/// Asks the testnet of `dir`.
pub async fn ask(dir: &Path, request: &Request) -> Result<Response> {
    let not_running = || Error::NotRunning { dir: dir.to_owned() };
    let canonical = dir.canonicalize().map_err(|_| not_running())?;
    let connecting = std::os::unix::net::UnixStream::connect;
    let stream = short_path(&canonical, connecting).map_err(|_| not_running())?;
    let broken =
        |source| Error::File { action: "talk through", path: canonical.join("control.sock"), source };
    stream.set_nonblocking(true).map_err(broken)?;
    let (reader, mut writer) = UnixStream::from_std(stream).map_err(broken)?.into_split();
    let mut line = serde_json::to_vec(request).expect("invariant: a request has string keys only");
    line.push(b'\n');
    writer.write_all(&line).await.map_err(broken)?;
    let mut answer = String::new();
    let reading = async { BufReader::new(reader).take(LINE_BYTES_MAX).read_line(&mut answer).await };
    let read = tokio::time::timeout(ANSWER_TIMEOUT, reading).await;
    read.map_err(|_| broken(std::io::ErrorKind::TimedOut.into()))?.map_err(broken)?;
    serde_json::from_str(&answer).map_err(|error| broken(std::io::Error::other(error)))
}

async fn serve(listener: UnixListener, waiting: mpsc::Sender<Call>, seats: Arc<Semaphore>) {
    loop {
        let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let waiting = waiting.clone();
        tokio::spawn(async move {
            // A client that breaks off has its reasons.
            converse(stream, waiting).await.ok();
            drop(seat);
        });
    }
}

async fn converse(stream: UnixStream, waiting: mpsc::Sender<Call>) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).take(LINE_BYTES_MAX);
    let mut line = String::new();
    tokio::time::timeout(ASK_TIMEOUT, lines.read_line(&mut line)).await??;
    let response = match serde_json::from_str(&line) {
        Ok(request) => call(request, waiting).await,
        Err(error) => {
            Response { exit: 2, text: format!("expected a request: {error}"), ..Response::default() }
        }
    };
    let mut answer = serde_json::to_vec(&response).expect("invariant: a response has string keys only");
    answer.push(b'\n');
    writer.write_all(&answer).await
}

async fn call(request: Request, waiting: mpsc::Sender<Call>) -> Response {
    let gone = || Response { exit: 5, text: "the testnet is stopping".to_owned(), ..Response::default() };
    let (reply, answer) = oneshot::channel();
    if waiting.send(Call { request, reply }).await.is_err() {
        return gone();
    }
    answer.await.unwrap_or_else(|_| gone())
}

/// A socket's path has at most 107 bytes: a longer folder is reached through the process's own descriptor of it.
fn short_path<T>(dir: &Path, open: impl Fn(PathBuf) -> std::io::Result<T>) -> std::io::Result<T> {
    const PATH_BYTES_MAX: usize = 107;
    let path = dir.join("control.sock");
    if path.as_os_str().len() <= PATH_BYTES_MAX {
        return open(path);
    }
    let folder = File::open(dir)?;
    open(PathBuf::from(format!("/proc/self/fd/{}/control.sock", folder.as_raw_fd())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("symbiose-control-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        dir
    }

    async fn echo(mut server: Server) {
        while let Some(call) = server.next().await {
            let text = format!("{:?}", call.request);
            call.reply.send(Response { exit: 0, text, data: serde_json::Value::Null }).unwrap();
        }
    }

    #[tokio::test]
    async fn a_request_is_answered_even_in_a_deep_folder() {
        for name in ["short".to_owned(), "deep".repeat(40)] {
            let dir = folder(&name);
            let task = tokio::spawn(echo(Server::start(&dir).unwrap()));
            let response = ask(&dir, &Request::Kill { nodes: vec!["2".to_owned()] }).await.unwrap();
            assert_eq!(response.text, "Kill { nodes: [\"2\"] }");
            task.abort();
            fs::remove_dir_all(&dir).unwrap();
        }
    }

    #[tokio::test]
    async fn nonsense_is_refused_and_the_next_request_answered() {
        let dir = folder("nonsense");
        let task = tokio::spawn(echo(Server::start(&dir).unwrap()));
        let mut stream = UnixStream::connect(dir.join("control.sock")).await.unwrap();
        stream.write_all(b"{\"command\":\"explode\"}\n").await.unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).await.unwrap();
        assert!(answer.contains("\"exit\":2"), "{answer}");
        assert_eq!(ask(&dir, &Request::Heal).await.unwrap().exit, 0);
        task.abort();
        fs::remove_dir_all(&dir).unwrap();
    }

    #[tokio::test]
    async fn nobody_there_is_said() {
        let dir = folder("nobody");
        assert_eq!(ask(&dir, &Request::Status).await.unwrap_err().exit_code(), 5);
        fs::remove_dir_all(&dir).unwrap();
        assert_eq!(ask(&dir, &Request::Status).await.unwrap_err().exit_code(), 5);
    }
}
