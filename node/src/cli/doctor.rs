//! `doctor`: what would keep a node from working, looked for one by one.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::init::read_genesis;
use super::say::Say;
use super::{Exit, Failed};
use crate::config::Config;
use crate::shell::certificate::{Files, fingerprint};
use crate::shell::clock::{Stopwatch, wall_ms};
use crate::shell::ready::ReadyFile;
use crate::shell::secrets;
use crate::shell::store::lock::{self, LockError};

/// 2025-01-01T00:00:00Z: a clock before this has not been set.
const CLOCK_MIN_MS: i64 = 1_735_689_600_000;
/// Free space below which a node will not last, bytes.
const FREE_BYTES_MIN: u64 = 1024 * 1024 * 1024;
/// A sync slower than this keeps an authority from voting in time.
const SYNC_MAX: Duration = Duration::from_millis(200);
/// Syncs measured.
const SYNCS: u32 = 8;
/// How long a peer may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    ok: bool,
    detail: String,
}

impl Finding {
    fn new(check: &'static str, result: Result<String, String>) -> Self {
        let ok = result.is_ok();
        Self { check, ok, detail: result.unwrap_or_else(|problem| problem) }
    }
}

pub(super) fn run(dir: &Path, say: &Say) -> Result<(), Failed> {
    let findings = match Config::load(&dir.join("node.toml"), &[]) {
        Ok(config) => examine(&config),
        Err(error) => vec![Finding::new("configuration", Err(error.to_string()))],
    };
    let ok = findings.iter().all(|finding| finding.ok);
    say.answer(&serde_json::json!({ "ok": ok, "findings": findings }), || {
        let line = |finding: &Finding| {
            let mark = if finding.ok { "ok  " } else { "FAIL" };
            format!("{mark} {:<14} {}", finding.check, finding.detail)
        };
        findings.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    if ok { Ok(()) } else { Err(Failed::new(Exit::Failure, "something is wrong; see above")) }
}

fn examine(config: &Config) -> Vec<Finding> {
    let is_running = matches!(lock::take(&config.data_dir), Err(LockError::Held(_)));
    let mut findings = vec![
        Finding::new("configuration", Ok(config.file.display().to_string())),
        Finding::new("process", Ok(if is_running { "running" } else { "not running" }.to_owned())),
        Finding::new("data folder", permissions(&config.data_dir)),
        Finding::new("key", secret(&config.key)),
        Finding::new("swarm key", secret(&config.swarm_key)),
        Finding::new("genesis", genesis(&config.genesis)),
        Finding::new("clock", clock()),
        Finding::new("disk space", space(&config.data_dir)),
        Finding::new("disk sync", sync(&config.data_dir)),
        Finding::new("network port", network_port(config, is_running)),
    ];
    for (key, address, https) in config.http.doors() {
        findings.push(Finding::new(key, http_port(config, address, is_running)));
        if https {
            findings.push(Finding::new("certificate", certificate(config)));
        }
    }
    findings.extend(config.network.peers.iter().map(|peer| Finding::new("peer", reach(peer))));
    findings
}

fn permissions(dir: &Path) -> Result<String, String> {
    let metadata = std::fs::metadata(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o022 != 0 {
        return Err(format!("{} has mode {mode:04o}: others may write there", dir.display()));
    }
    Ok(format!("{} has mode {mode:04o}", dir.display()))
}

fn secret(path: &Path) -> Result<String, String> {
    secrets::read(path).map(|_| path.display().to_string()).map_err(|error| error.to_string())
}

fn genesis(path: &Path) -> Result<String, String> {
    read_genesis(path).map(|genesis| format!("hive {}", genesis.chain())).map_err(|failed| failed.message)
}

fn clock() -> Result<String, String> {
    let now = wall_ms();
    let text = protocol::UnixMs(now).to_string();
    if now < CLOCK_MIN_MS { Err(format!("{text}: the clock is not set")) } else { Ok(text) }
}

fn space(dir: &Path) -> Result<String, String> {
    let stat = rustix::fs::statvfs(dir).map_err(|error| error.to_string())?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let text = format!("{} MiB free", free / (1024 * 1024));
    if free < FREE_BYTES_MIN {
        Err(format!("{text}, at least {} wanted", FREE_BYTES_MIN / (1024 * 1024)))
    } else {
        Ok(text)
    }
}

/// Writes and syncs 4 KiB a few times.
fn sync(dir: &Path) -> Result<String, String> {
    use std::os::unix::fs::FileExt as _;
    let path = dir.join("doctor.tmp");
    let measure = || -> std::io::Result<Duration> {
        let file = std::fs::File::create(&path)?;
        let mut slowest = Duration::ZERO;
        for turn in 0..SYNCS {
            let watch = Stopwatch::start();
            file.write_all_at(&[0xa5; 4096], u64::from(turn) * 4096)?;
            file.sync_data()?;
            slowest = slowest.max(watch.elapsed());
        }
        Ok(slowest)
    };
    let measured = measure();
    drop(std::fs::remove_file(&path));
    let slowest = measured.map_err(|error| error.to_string())?;
    let text = format!(
        "4 KiB written and synced in {:.1} ms at the slowest of {SYNCS}",
        slowest.as_secs_f64() * 1e3
    );
    if slowest > SYNC_MAX { Err(text) } else { Ok(text) }
}

/// The one that is shown, or that the first start will make.
fn certificate(config: &Config) -> Result<String, String> {
    let files = Files::of(&config.http, &config.data_dir);
    if files.is_ours && !files.certificate.exists() {
        return Ok("made at the first start".to_owned());
    }
    let chain = files.chain().map_err(|error| error.to_string())?;
    Ok(format!("SHA-256 {}", fingerprint(&chain[0])))
}

fn http_port(config: &Config, address: SocketAddr, is_running: bool) -> Result<String, String> {
    if is_running {
        let ready = ReadyFile::read(&config.data_dir).ok_or("the node runs but is not ready")?;
        let own = address == config.http.listen;
        return Ok(if own { ready.http } else { format!("https on {address}") });
    }
    bind(address)
}

fn network_port(config: &Config, is_running: bool) -> Result<String, String> {
    if is_running {
        let ready = ReadyFile::read(&config.data_dir).ok_or("the node runs but is not ready")?;
        return Ok(ready.p2p);
    }
    let address =
        socket(&config.network.listen).ok_or_else(|| format!("cannot read {}", config.network.listen))?;
    bind(address)
}

fn bind(address: SocketAddr) -> Result<String, String> {
    TcpListener::bind(address)
        .map(|_| format!("{address} is free"))
        .map_err(|error| format!("{address}: {error}"))
}

fn reach(peer: &str) -> Result<String, String> {
    let address = socket(peer).ok_or_else(|| format!("cannot read {peer}"))?;
    let connected = TcpStream::connect_timeout(&address, CONNECT_TIMEOUT);
    connected.map(|_| format!("{address} accepts connections")).map_err(|error| format!("{address}: {error}"))
}

/// Address and port of a multiaddress over TCP.
fn socket(multiaddr: &str) -> Option<SocketAddr> {
    let mut parts = multiaddr.split('/').skip(1);
    let (kind, host) = (parts.next()?, parts.next()?);
    let port = parts.next().filter(|protocol| *protocol == "tcp").and_then(|_| parts.next())?.parse().ok()?;
    let host = matches!(kind, "ip4" | "ip6").then_some(host)?.parse().ok()?;
    Some(SocketAddr::new(host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiaddresses_become_socket_addresses() {
        assert_eq!(
            socket("/ip4/127.0.0.1/tcp/4201/p2p/12D3").map(|found| found.to_string()),
            Some("127.0.0.1:4201".into())
        );
        assert_eq!(socket("/ip6/::1/tcp/1").map(|found| found.to_string()), Some("[::1]:1".into()));
        for wrong in ["", "/dns4/a/tcp/1", "/ip4/127.0.0.1/udp/1", "/ip4/127.0.0.1/tcp/x"] {
            assert_eq!(socket(wrong), None, "{wrong}");
        }
    }
}
