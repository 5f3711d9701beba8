//! One connection with a node, made of libp2p's transport alone: nothing here has limits, scores or good manners. Streams
//! are negotiated by hand, so that an attack can stop in the middle of it.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use futures::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use libp2p::core::muxing::{StreamMuxerBox, StreamMuxerExt as _, SubstreamBox};
use libp2p::core::transport::{Boxed, DialOpts, PortUse};
use libp2p::core::upgrade::Version;
use libp2p::core::{Endpoint, Transport as _};
use libp2p::identity::Keypair;
use libp2p::pnet::{PnetConfig, PreSharedKey};
use libp2p::{Multiaddr, PeerId, noise, tcp, yamux};
use tokio::sync::{mpsc, oneshot, watch};

use crate::identity::Identity;
use crate::manners::{self, Heard};

const MULTISTREAM: &str = "/multistream/1.0.0";
/// Longest protocol name that is read.
const NAME_BYTES_MAX: usize = 1024;
/// Streams the node may have open towards us.
const INCOMING_MAX: usize = 256;
/// How long a stream may take to be opened and agreed on.
const STREAM_PATIENCE: Duration = Duration::from_secs(10);

/// An authenticated connection.
#[derive(Debug)]
pub(crate) struct Connection {
    streams: mpsc::Sender<oneshot::Sender<SubstreamBox>>,
    closed: watch::Receiver<bool>,
    since: Instant,
}

impl Connection {
    /// Connects as `identity`; what the node opens is answered politely and what it says is kept in `heard`.
    pub(crate) async fn open(identity: &Identity, address: &Multiaddr, heard: &Heard) -> Result<Self> {
        let options = DialOpts { role: Endpoint::Dialer, port_use: PortUse::New };
        let (_, muxer) = transport(&identity.keypair, identity.swarm_key)?
            .dial(address.clone(), options)
            .map_err(|error| anyhow::anyhow!("{error}"))?
            .await
            .context("no connection")?;
        let (streams, wanted) = mpsc::channel(64);
        let (incoming, opened) = mpsc::channel(INCOMING_MAX);
        let (ended, closed) = watch::channel(false);
        tokio::spawn(async move {
            drive(muxer, wanted, incoming).await;
            ended.send_replace(true);
        });
        tokio::spawn(manners::answer(opened, heard.clone()));
        Ok(Self { streams, closed, since: Instant::now() })
    }

    /// A stream on which nothing is agreed yet.
    pub(crate) async fn raw_stream(&self) -> Result<SubstreamBox> {
        let (sender, stream) = oneshot::channel();
        self.streams.send(sender).await.context("the connection is closed")?;
        let stream = tokio::time::timeout(STREAM_PATIENCE, stream).await.context("no stream")?;
        stream.context("the connection is closed")
    }

    /// A stream of `protocol`.
    pub(crate) async fn stream(&self, protocol: &str) -> Result<SubstreamBox> {
        let mut stream = self.raw_stream().await?;
        let agreed = tokio::time::timeout(STREAM_PATIENCE, propose(&mut stream, protocol));
        agreed.await.context("nothing agreed")?.with_context(|| protocol.to_owned())?;
        Ok(stream)
    }

    /// Whether the node has closed it.
    pub(crate) fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    /// Waits until the node closes it.
    pub(crate) async fn closed(&self) {
        // An error means that the driver is gone, which is the same.
        let _ = self.closed.clone().wait_for(|closed| *closed).await;
    }

    /// How long it has stood.
    pub(crate) fn age(&self) -> Duration {
        self.since.elapsed()
    }
}

fn transport(keypair: &Keypair, swarm_key: [u8; 32]) -> Result<Boxed<(PeerId, StreamMuxerBox)>> {
    let noise = noise::Config::new(keypair)?;
    let pnet = PnetConfig::new(PreSharedKey::new(swarm_key));
    Ok(tcp::tokio::Transport::new(tcp::Config::new().nodelay(true))
        .and_then(move |socket, _| pnet.handshake(socket))
        .upgrade(Version::V1Lazy)
        .authenticate(noise)
        .multiplex(yamux::Config::default())
        .timeout(Duration::from_secs(10))
        .boxed())
}

/// Polls the connection until it fails.
async fn drive(
    mut muxer: StreamMuxerBox,
    mut wanted: mpsc::Receiver<oneshot::Sender<SubstreamBox>>,
    incoming: mpsc::Sender<SubstreamBox>,
) {
    let mut waiting: VecDeque<oneshot::Sender<SubstreamBox>> = VecDeque::new();
    poll_fn(|cx| {
        loop {
            match wanted.poll_recv(cx) {
                Poll::Ready(Some(sender)) => waiting.push_back(sender),
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        loop {
            match muxer.poll_unpin(cx) {
                Poll::Ready(Ok(_)) => continue,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => {}
            }
            match muxer.poll_inbound_unpin(cx) {
                Poll::Ready(Ok(stream)) => {
                    // More than we can hold are reset by being dropped.
                    let _ = incoming.try_send(stream);
                    continue;
                }
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => {}
            }
            if waiting.is_empty() {
                return Poll::Pending;
            }
            match muxer.poll_outbound_unpin(cx) {
                Poll::Ready(Ok(stream)) => {
                    if let Some(sender) = waiting.pop_front() {
                        let _ = sender.send(stream);
                    }
                }
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await;
}

/// Proposes one protocol (multistream-select 1.0) and waits for the echo.
async fn propose<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, protocol: &str) -> Result<()> {
    let mut hello = line(MULTISTREAM);
    hello.extend(line(protocol));
    stream.write_all(&hello).await?;
    stream.flush().await?;
    for expected in [MULTISTREAM, protocol] {
        let found = read_line(stream).await?;
        if found != expected {
            bail!("the node answers `{found}`");
        }
    }
    Ok(())
}

/// Listens to what the other side proposes and agrees to the first thing.
pub(crate) async fn agree<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> Result<String> {
    read_line(stream).await?;
    stream.write_all(&line(MULTISTREAM)).await?;
    let protocol = read_line(stream).await?;
    stream.write_all(&line(&protocol)).await?;
    stream.flush().await?;
    Ok(protocol)
}

fn line(text: &str) -> Vec<u8> {
    let mut bytes = varint(text.len() as u64 + 1);
    bytes.extend_from_slice(text.as_bytes());
    bytes.push(b'\n');
    bytes
}

async fn read_line<S: AsyncRead + Unpin>(stream: &mut S) -> Result<String> {
    let len = usize::try_from(read_varint(stream).await?)?;
    if len == 0 || len > NAME_BYTES_MAX {
        bail!("a name of {len} bytes");
    }
    let mut bytes = vec![0; len];
    stream.read_exact(&mut bytes).await?;
    bytes.pop();
    Ok(String::from_utf8(bytes)?)
}

/// An unsigned number in groups of seven bits, the low ones first.
pub(crate) fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(10);
    loop {
        let low = u8::try_from(number & 0x7f).expect("invariant: seven bits");
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

async fn read_varint<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<u64> {
    let mut number = 0;
    for shift in (0..63).step_by(7) {
        let mut byte = [0];
        stream.read_exact(&mut byte).await?;
        number |= u64::from(byte[0] & 0x7f) << shift;
        if byte[0] & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_have_their_length_in_front() {
        assert_eq!(varint(0), [0]);
        assert_eq!(varint(300), [0xac, 0x02]);
        assert_eq!(line("a"), [2, b'a', b'\n']);
    }
}
