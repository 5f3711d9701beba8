//! The only thing a stranger may do: send one request and wait for one answer. Here are both ends of it; what the
//! bytes mean, and whether the stranger is let in, is not decided here.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use futures::{AsyncRead, AsyncWrite, StreamExt as _};
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::swarm::{Stream, SwarmEvent};
use libp2p::{Multiaddr, Swarm};
use protocol::PublicKey;
use protocol::limits::JOIN_FRAME_BYTES_MAX;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::behaviour::{Asking, AskingEvent, Names, asking_swarm};
use super::frame::{FrameError, read_body, read_len, write_frames};
use super::limits::{HANDSHAKE_TIMEOUT, JOINING_TIME, JOINS_MAX};
use super::streams::{Outcome, StreamEvent};
use super::{JoinTicket, NetworkConfig, NetworkError, NetworkEvent, keys};

/// Why nobody answered a request to join.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JoinError {
    /// The configuration or one of the addresses is not usable.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The request is too long.
    #[error("request of {found} bytes, at most {limit} allowed")]
    TooLong {
        /// Bytes allowed.
        limit: usize,
        /// Bytes found.
        found: usize,
    },
    /// None of the addresses gave an answer.
    #[error("no answer from {tried} addresses; the last one: {reason}")]
    NoAnswer {
        /// Addresses tried.
        tried: usize,
        /// What happened with the last one.
        reason: String,
    },
}

/// Asks the members at `addresses`, one after the other, until one answers. Uses the seed, swarm key and hive of
/// `config`, and nothing else of it. Each address is given half a minute; must run inside a tokio runtime.
pub async fn ask_to_join(
    config: &NetworkConfig,
    addresses: &[String],
    request: Vec<u8>,
) -> Result<Vec<u8>, JoinError> {
    if request.len() > JOIN_FRAME_BYTES_MAX {
        return Err(JoinError::TooLong { limit: JOIN_FRAME_BYTES_MAX, found: request.len() });
    }
    let names = Names::new(&config.hive, config.wires)?;
    let targets = addresses.iter().map(|text| keys::parse_peer(text)).collect::<Result<Vec<_>, _>>()?;
    let mut reason = String::from("no address given");
    for (key, address) in &targets {
        let mut swarm = asking_swarm(config, &names)?;
        let asked = ask_one(&mut swarm, &names, key, address, &request);
        match timeout(HANDSHAKE_TIMEOUT + JOINING_TIME, asked).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(failure)) => reason = failure,
            Err(_) => reason = "timed out".into(),
        }
        tracing::info!(%address, reason, "no answer to the request to join");
    }
    Err(JoinError::NoAnswer { tried: targets.len(), reason })
}

async fn ask_one(
    swarm: &mut Swarm<Asking>,
    names: &Names,
    key: &PublicKey,
    address: &Multiaddr,
    request: &[u8],
) -> Result<Vec<u8>, String> {
    let dial =
        DialOpts::peer_id(keys::to_peer(key)).addresses(vec![address.clone()]).allocate_new_port().build();
    swarm.dial(dial).map_err(|error| error.to_string())?;
    let stream = open(swarm, names).await?;
    tokio::select! {
        answer = exchange(stream, request) => answer.map_err(|error| error.to_string()),
        reason = closed(swarm) => Err(reason),
    }
}

/// Drives the swarm until the one connection stands and the stream on it is open.
#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum that may grow")]
async fn open(swarm: &mut Swarm<Asking>, names: &Names) -> Result<Stream, String> {
    loop {
        match swarm.select_next_some().await {
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, .. } => {
                swarm.behaviour_mut().join.open(peer_id, connection_id, std::slice::from_ref(&names.join));
            }
            SwarmEvent::Behaviour(AskingEvent::Join(StreamEvent { outcome, .. })) => match outcome {
                Outcome::Opened(stream) => return Ok(stream),
                Outcome::Failed => return Err("the peer does not take requests to join this hive".into()),
                Outcome::Incoming(_) => {}
            },
            SwarmEvent::OutgoingConnectionError { error, .. } => return Err(error.to_string()),
            SwarmEvent::ConnectionClosed { .. } => return Err("the peer closed the connection".into()),
            _ => {}
        }
    }
}

/// Drives the swarm until the connection is gone.
async fn closed(swarm: &mut Swarm<Asking>) -> String {
    loop {
        if let SwarmEvent::ConnectionClosed { .. } = swarm.select_next_some().await {
            return "the peer closed the connection".into();
        }
    }
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    request: &[u8],
) -> Result<Vec<u8>, FrameError> {
    write_frames(&mut stream, &[request.into()]).await?;
    let len = read_len(&mut stream, JOIN_FRAME_BYTES_MAX).await?;
    Ok(read_body(&mut stream, len).await?)
}

/// The requests under way at a member.
#[derive(Debug, Default)]
pub(super) struct Joins {
    next: u64,
    waiting: BTreeMap<JoinTicket, (PublicKey, oneshot::Sender<Vec<u8>>)>,
}

impl Joins {
    /// Makes room for a request. `None` if there are too many, or one of the same key.
    pub(super) fn admit(&mut self, from: PublicKey) -> Option<(JoinTicket, oneshot::Receiver<Vec<u8>>)> {
        self.waiting.retain(|_, (_, answer)| !answer.is_closed());
        if self.waiting.len() >= JOINS_MAX || self.is_waiting(&from) {
            return None;
        }
        let ticket = JoinTicket(self.next);
        self.next += 1;
        let (sender, receiver) = oneshot::channel();
        self.waiting.insert(ticket, (from, sender));
        Some((ticket, receiver))
    }

    /// Whether a request of this key is under way.
    pub(super) fn is_waiting(&self, from: &PublicKey) -> bool {
        self.waiting.values().any(|(key, answer)| key == from && !answer.is_closed())
    }

    /// Passes the answer on. False if nobody waits for it any more.
    pub(super) fn answer(&mut self, ticket: JoinTicket, bytes: Vec<u8>) -> bool {
        self.waiting.remove(&ticket).is_some_and(|(_, answer)| answer.send(bytes).is_ok())
    }
}

/// Serves one request: reads it, hands it to the node, waits for the answer and writes it.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    from: PublicKey,
    ticket: JoinTicket,
    answer: oneshot::Receiver<Vec<u8>>,
    events: mpsc::Sender<NetworkEvent>,
) {
    let served = timeout(JOINING_TIME, async {
        let len = read_len(&mut stream, JOIN_FRAME_BYTES_MAX).await?;
        let bytes = read_body(&mut stream, len).await?;
        let gone = |_| FrameError::Io(io::ErrorKind::ConnectionAborted.into());
        events.send(NetworkEvent::JoinRequest { ticket, from, bytes }).await.map_err(|_| gone(()))?;
        let answer = answer.await.map_err(|_| gone(()))?;
        write_frames(&mut stream, &[answer.into()]).await?;
        // The newcomer hangs up when it has the answer; until then the stream must live.
        let _ = timeout(Duration::from_secs(5), read_len(&mut stream, 0)).await;
        Ok::<(), FrameError>(())
    });
    match served.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::info!(?from, %error, "request to join not served"),
        Err(_) => tracing::info!(?from, "request to join timed out"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: usize) -> PublicKey {
        PublicKey::new([u8::try_from(n).unwrap(); 32])
    }

    #[test]
    fn requests_are_few_and_one_per_key() {
        let mut joins = Joins::default();
        let mut waiting: Vec<_> = (0..JOINS_MAX).map(|n| joins.admit(key(n)).unwrap()).collect();
        assert!(joins.admit(key(200)).is_none());
        let (ticket, mut answer) = waiting.pop().unwrap();
        assert!(joins.answer(ticket, vec![1]));
        assert_eq!(answer.try_recv(), Ok(vec![1]));
        assert!(joins.admit(key(0)).is_none(), "one is under way");
        drop(waiting.remove(0));
        assert!(joins.admit(key(0)).is_some());
        assert!(!joins.answer(ticket, vec![1]));
    }
}
