//! `status`: how a running node is doing.

use std::path::Path;

use serde::Serialize;
use web::view::{HiveView, LedgerHead, PeerView, Role};
use web::{NodeStatus, SessionView};

use super::client::Client;
use super::say::Say;
use super::{Exit, Failed, runtime};

#[derive(Debug, Serialize)]
struct Status {
    node: NodeStatus,
    hive: HiveView,
    head: LedgerHead,
    session: SessionView,
}

pub(super) fn run(dir: &Path, say: &Say) -> Result<(), Failed> {
    let client = Client::of(dir)?;
    let status = runtime()?.block_on(async {
        Ok::<_, Failed>(Status {
            node: client.get("/api/v1/node").await?,
            hive: client.get("/api/v1/hive").await?,
            head: client.get("/api/v1/ledger/head").await?,
            session: client.get("/api/v1/session").await?,
        })
    })?;
    say.answer(&status, || in_words(&status));
    if status.node.readiness.ready {
        return Ok(());
    }
    Err(Failed::new(Exit::NotReady, "the node is not ready"))
}

/// A member that is cut off or about to be.
fn standing(peer: &PeerView) -> Option<String> {
    let did: Vec<String> =
        peer.faults.iter().map(|fault| format!("{} × {}", fault.count, fault.kind)).collect();
    let did = did.join(", ");
    match peer.banned_s {
        Some(seconds) => Some(format!("cut off    {} for {seconds} s more: {did}", peer.name)),
        None if peer.standing < 100 => {
            Some(format!("standing   {} {} of 100: {did}", peer.name, peer.standing))
        }
        None => None,
    }
}

fn in_words(status: &Status) -> String {
    let Status { node, hive, head, session } = status;
    let role = match node.node.role {
        Role::Authority => "authority",
        Role::Follower => "follower",
    };
    let ready = if node.readiness.ready { "ready" } else { "not ready" };
    let connected = hive.peers.iter().filter(|peer| peer.connected).count();
    let mut lines = vec![
        format!("{} ({role}) {ready}", node.node.name),
        format!("hive       {}", hive.chain),
        format!("height     {}  block {}", head.height, head.block),
        format!("state      {}", head.state),
        format!(
            "authorities {} of {} heard, {} decide, {} may fail",
            hive.authorities_online, hive.authorities, hive.quorum, hive.faults_tolerated
        ),
        format!("members    {connected} of {} connected", hive.peers.len()),
        format!("waiting    {} transactions", hive.mempool),
    ];
    if let Some(finality) = &hive.finality_ms {
        lines.push(format!("final in   {} ms, 99 % in {} ms", finality.p50, finality.p99));
    }
    lines.extend(session.fingerprint.iter().map(|fingerprint| format!("https      SHA-256 {fingerprint}")));
    if session.needs_claim {
        lines.push("nobody is operator yet: symbiose claim-code makes a code for the page".to_owned());
    }
    lines.extend(hive.peers.iter().filter_map(standing));
    lines.extend(hive.halted.iter().map(|reason| format!("halted     {}", reason.text)));
    lines.extend(node.readiness.reasons.iter().map(|reason| format!("{}: {}", reason.code, reason.text)));
    lines.join("\n")
}
