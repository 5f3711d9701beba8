//! `doctor`: what would keep a node from working, looked for one by one: what was found, in plain words, and what to do.
//! It changes nothing, and may be asked while the node runs.

mod folder;
mod machine;

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::init::read_genesis;
use super::say::Say;
use super::{Exit, Failed};
use crate::config::Config;
use crate::shell::certificate::{Files, fingerprint};
use crate::shell::clock::Stopwatch;
use crate::shell::ready::ReadyFile;
use crate::shell::store::lock::{self, LockError};
use crate::shell::{sealed, secrets};

/// Where mDNS is spoken (RFC 6762).
const MDNS_GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
/// A sync slower than this keeps an authority from voting in time.
const SYNC_MAX: Duration = Duration::from_millis(200);
/// Syncs measured.
const SYNCS: u32 = 8;
/// How long a peer may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Weight {
    Good,
    /// It works; somebody should look.
    Notice,
    /// It does not work like this.
    Bad,
}

/// What was looked at, what was found, and what to do about it.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    ok: bool,
    weight: Weight,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'static str>,
}

impl Finding {
    fn good(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, ok: true, weight: Weight::Good, detail: detail.into(), advice: None }
    }

    fn notice(check: &'static str, detail: impl Into<String>, advice: &'static str) -> Self {
        Self { check, ok: true, weight: Weight::Notice, detail: detail.into(), advice: Some(advice) }
    }

    fn bad(check: &'static str, detail: impl Into<String>, advice: &'static str) -> Self {
        Self { check, ok: false, weight: Weight::Bad, detail: detail.into(), advice: Some(advice) }
    }

    fn new(check: &'static str, result: Result<String, String>, advice: &'static str) -> Self {
        match result {
            Ok(detail) => Self::good(check, detail),
            Err(detail) => Self::bad(check, detail, advice),
        }
    }

    fn in_words(&self) -> String {
        let mark = match self.weight {
            Weight::Good => "ok  ",
            Weight::Notice => "note",
            Weight::Bad => "FAIL",
        };
        let advice = self.advice.map(|advice| format!("\n     {:<16} → {advice}", "")).unwrap_or_default();
        format!("{mark} {:<16} {}{advice}", self.check, self.detail)
    }
}

pub(super) fn run(dir: &Path, say: &Say) -> Result<(), Failed> {
    let findings = match Config::load(&dir.join("node.toml"), &[]) {
        Ok(config) => examine(&config),
        Err(error) => {
            let advice = "Mend the file, or make a folder with `symbiose init`.";
            vec![Finding::bad("configuration", error.to_string(), advice)]
        }
    };
    let ok = findings.iter().all(|finding| finding.ok);
    say.answer(&serde_json::json!({ "ok": ok, "findings": findings }), || {
        findings.iter().map(Finding::in_words).collect::<Vec<_>>().join("\n")
    });
    if ok { Ok(()) } else { Err(Failed::new(Exit::Failure, "something is wrong; see above")) }
}

fn examine(config: &Config) -> Vec<Finding> {
    let is_running = matches!(lock::take(&config.data_dir), Err(LockError::Held(_)));
    let keys = "Put the file back from a backup, and keep it for its owner only: chmod 600.";
    let port = "Stop whatever uses the port, or choose another one in node.toml.";
    let process = if is_running { "running" } else { "not running" };
    let mut findings = vec![
        Finding::good("configuration", config.file.display().to_string()),
        Finding::good("process", process),
        Finding::new("data folder", permissions(&config.data_dir), "Close it to others: chmod 700."),
        Finding::new("key", own_key(&config.key), keys),
        Finding::new("swarm key", secret(&config.swarm_key), keys),
        Finding::new("operator token", secret(&config.http.token_file), keys),
        Finding::new(
            "genesis",
            genesis(&config.genesis),
            "Put genesis.cbor back from a backup or a neighbour.",
        ),
    ];
    findings.extend(machine::examine(&config.data_dir));
    findings.push(Finding::new(
        "disk sync",
        sync(&config.data_dir),
        "Use a faster SD card or disk: an authority has to vote in time.",
    ));
    findings.extend(folder::examine(config));
    for (key, address, https) in config.http.doors() {
        findings.push(Finding::new(key, http_port(config, address, is_running), port));
        if https {
            let advice = "Put a certificate and its key where node.toml says, or remove both: one is made at the next start.";
            findings.push(Finding::new("certificate", certificate(config), advice));
        }
    }
    findings.push(Finding::new("network port", network_port(config, is_running), port));
    findings.push(mdns(config));
    let reaching = |peer: &String| {
        Finding::new("peer", reach(peer), "See whether that node runs, and whether a firewall is between.")
    };
    findings.extend(config.network.peers.iter().map(reaching));
    findings
}

/// Whether neighbours on the LAN can be looked for: by a socket of our own on any port, joined to mDNS's group.
fn mdns(config: &Config) -> Finding {
    if !config.network.mdns {
        return Finding::good("mdns", "switched off");
    }
    let joined = UdpSocket::bind("0.0.0.0:0")
        .and_then(|socket| socket.join_multicast_v4(&MDNS_GROUP, &Ipv4Addr::UNSPECIFIED));
    match joined {
        Ok(()) => Finding::good("mdns", "this machine takes part in multicast"),
        Err(error) => Finding::notice(
            "mdns",
            format!("no multicast here: {error}"),
            "Name neighbours in network.peers: they are not found by themselves.",
        ),
    }
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

/// The node's own key, and whether a copied card would be enough to sign with it.
fn own_key(path: &Path) -> Result<String, String> {
    let text = secrets::read_text(path).map_err(|error| error.to_string())?;
    let shown = path.display();
    if sealed::is_sealed(&text) {
        sealed::public_of(&text).map_err(|error| format!("{shown}: {error}"))?;
        return Ok(format!("{shown}, protected by a passphrase"));
    }
    secrets::parse(path, &text).map_err(|error| error.to_string())?;
    Ok(format!("{shown}; whoever copies the card can sign with it, unless `symbiose keys protect` is used"))
}

fn genesis(path: &Path) -> Result<String, String> {
    read_genesis(path).map(|genesis| format!("hive {}", genesis.chain())).map_err(|failed| failed.message)
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
