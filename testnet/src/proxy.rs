//! A TCP proxy for one directed pair, dialler to listener. Nodes reach each other through these alone, so that
//! partition, latency and loss need neither root nor the kernel's help.
//!
//! It never looks into the bytes. During a partition it holds them and keeps connections open, as a dead cable
//! would; when the partition ends it closes the connections that lived through it, so that both ends dial anew
//! instead of resuming a stream whose timers have run out.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use crate::chance::Chance;
use crate::link::{RETRANSMISSION, Weather};

/// Connections one proxy carries at once; libp2p keeps at most two per peer.
const CONNECTIONS_MAX: usize = 16;
/// Bytes taken from a socket at a time: about one loss decision each.
const CHUNK_BYTES: usize = 16 * 1024;
/// Chunks on their way in one direction.
const CHUNKS_IN_FLIGHT_MAX: usize = 256;
/// The listener's process may be restarting.
const DIAL_TIMEOUT: Duration = Duration::from_secs(2);

/// A running proxy; it ends when this is dropped.
#[derive(Debug)]
pub struct Proxy {
    task: AbortHandle,
}

/// Where bytes come from and go to, and what happens to them on the way.
#[derive(Debug, Clone)]
pub struct Route {
    /// Address of the listening node.
    pub upstream: SocketAddr,
    /// Weather from the dialler to the listener.
    pub there: watch::Receiver<Weather>,
    /// Weather from the listener to the dialler.
    pub back: watch::Receiver<Weather>,
    /// Decides which segments are lost.
    pub chance: Chance,
}

impl Proxy {
    /// Carries connections from `listener` along `route`.
    pub fn start(listener: TcpListener, route: Route) -> Self {
        Self { task: tokio::spawn(accept(listener, route)).abort_handle() }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, route: Route) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((dialler, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        if connections.len() >= CONNECTIONS_MAX {
            connections.join_next().await;
        }
        connections.spawn(carry(dialler, route.clone()));
    }
}

/// One connection, until either side closes it or a partition it lived through ends.
async fn carry(dialler: TcpStream, mut route: Route) {
    if outlives_a_partition(&mut route.there).await || outlives_a_partition(&mut route.back).await {
        return;
    }
    let Ok(Ok(listener)) = tokio::time::timeout(DIAL_TIMEOUT, TcpStream::connect(route.upstream)).await
    else {
        return;
    };
    if dialler.set_nodelay(true).and_then(|()| listener.set_nodelay(true)).is_err() {
        return;
    }
    let ((from_dialler, to_dialler), (from_listener, to_listener)) =
        (dialler.into_split(), listener.into_split());
    let there = Pump::new(from_dialler, to_listener, route.there, route.chance);
    let back = Pump::new(from_listener, to_dialler, route.back, route.chance);
    // Either both ends have closed, or one is gone and the other is closed by dropping it.
    drop(tokio::try_join!(there.run(), back.run()));
}

/// Waits while the link is blocked; whether it was.
async fn outlives_a_partition(weather: &mut watch::Receiver<Weather>) -> bool {
    let was_blocked = weather.borrow_and_update().blocked;
    while weather.borrow_and_update().blocked {
        if weather.changed().await.is_err() {
            return true;
        }
    }
    was_blocked
}

/// One direction of one connection.
struct Pump {
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
    weather: watch::Receiver<Weather>,
    chance: Chance,
    read_chunks: i64,
    in_flight: VecDeque<(Instant, Bytes)>,
    last_due: Instant,
    open: bool,
}

impl Pump {
    fn new(
        from: OwnedReadHalf,
        to: OwnedWriteHalf,
        weather: watch::Receiver<Weather>,
        chance: Chance,
    ) -> Self {
        let last_due = Instant::now();
        Self { from, to, weather, chance, read_chunks: 0, in_flight: VecDeque::new(), last_due, open: true }
    }

    async fn run(mut self) -> io::Result<()> {
        let mut buffer = BytesMut::with_capacity(CHUNK_BYTES);
        loop {
            if outlives_a_partition(&mut self.weather).await {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            if !self.open && self.in_flight.is_empty() {
                return self.to.shutdown().await;
            }
            buffer.reserve(CHUNK_BYTES);
            let due = self.in_flight.front().map(|(due, _)| *due);
            tokio::select! {
                biased;
                changed = self.weather.changed() => {
                    changed.map_err(|_| io::ErrorKind::ConnectionAborted)?;
                }
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    if let Some((_, bytes)) = self.in_flight.pop_front() {
                        self.to.write_all(&bytes).await?;
                    }
                }
                read = self.from.read_buf(&mut buffer), if self.open && self.in_flight.len() < CHUNKS_IN_FLIGHT_MAX => {
                    self.open = read? > 0;
                    self.send(buffer.split().freeze()).await?;
                }
            }
        }
    }

    /// Passes a chunk on at once in clear weather, or lets it wait its delay behind those before it.
    async fn send(&mut self, bytes: Bytes) -> io::Result<()> {
        let weather = *self.weather.borrow();
        if weather.is_clear() && self.in_flight.is_empty() {
            return self.to.write_all(&bytes).await;
        }
        self.read_chunks += 1;
        let lost = self.chance.unit(self.read_chunks) < weather.loss;
        let late = if lost { RETRANSMISSION } else { Duration::ZERO };
        self.last_due = self.last_due.max(Instant::now() + weather.delay + late);
        self.in_flight.push_back((self.last_due, bytes));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Links;

    struct Wire {
        links: Links,
        _proxy: Proxy,
        address: SocketAddr,
    }

    /// Node 0 dials node 1, which echoes every byte.
    async fn echo() -> Wire {
        let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream_address = upstream.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = upstream.accept().await {
                tokio::spawn(async move {
                    let (mut reader, mut writer) = stream.split();
                    drop(tokio::io::copy(&mut reader, &mut writer).await);
                });
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut links = Links::default();
        let (there, back) = (links.watch(0, 1), links.watch(1, 0));
        let route = Route { upstream: upstream_address, there, back, chance: Chance::new(1, "loss") };
        Wire { links, _proxy: Proxy::start(listener, route), address }
    }

    async fn round_trip(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<Duration> {
        let start = Instant::now();
        stream.write_all(bytes).await?;
        let mut answer = vec![0; bytes.len()];
        stream.read_exact(&mut answer).await?;
        assert_eq!(answer, bytes);
        Ok(start.elapsed())
    }

    async fn answers(stream: &mut TcpStream) -> bool {
        let answer =
            tokio::time::timeout(Duration::from_millis(150), round_trip(stream, b"still there?")).await;
        matches!(answer, Ok(Ok(_)))
    }

    #[tokio::test]
    async fn bytes_pass_unchanged_in_clear_weather() {
        let wire = echo().await;
        let mut stream = TcpStream::connect(wire.address).await.unwrap();
        let large: Vec<u8> = (0..200_000u32).map(|index| index.to_le_bytes()[0]).collect();
        round_trip(&mut stream, &large).await.unwrap();
    }

    #[tokio::test]
    async fn latency_is_added_each_way_and_order_is_kept() {
        let mut wire = echo().await;
        let mut stream = TcpStream::connect(wire.address).await.unwrap();
        wire.links.slow(1, Duration::from_millis(40), 0.2);
        let large: Vec<u8> = (0..100_000u32).map(|index| index.to_le_bytes()[0]).collect();
        let taken = round_trip(&mut stream, &large).await.unwrap();
        assert!(taken >= Duration::from_millis(80), "{taken:?}");
    }

    #[tokio::test]
    async fn a_partition_holds_the_connection_and_healing_closes_it() {
        let mut wire = echo().await;
        let mut stream = TcpStream::connect(wire.address).await.unwrap();
        assert!(answers(&mut stream).await);
        wire.links.partition(&[vec![0]]);
        assert!(!answers(&mut stream).await);
        let mut during = TcpStream::connect(wire.address).await.unwrap();
        assert!(!answers(&mut during).await);
        wire.links.heal();
        assert!(round_trip(&mut stream, b"x").await.is_err(), "the held connection is closed");
        assert!(round_trip(&mut during, b"x").await.is_err());
        let mut anew = TcpStream::connect(wire.address).await.unwrap();
        assert!(answers(&mut anew).await);
    }

    #[tokio::test]
    async fn a_one_way_cut_stops_one_way() {
        let mut wire = echo().await;
        let mut stream = TcpStream::connect(wire.address).await.unwrap();
        assert!(answers(&mut stream).await);
        wire.links.block_one_way(&[1], &[0]);
        assert!(!answers(&mut stream).await);
        assert_eq!(wire.links.faults().len(), 1);
    }

    #[tokio::test]
    async fn a_missing_upstream_closes_the_dialler() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let mut links = Links::default();
        let (there, back) = (links.watch(0, 1), links.watch(1, 0));
        let _proxy =
            Proxy::start(listener, Route { upstream: unused, there, back, chance: Chance::new(1, "loss") });
        let mut stream = TcpStream::connect(address).await.unwrap();
        assert!(round_trip(&mut stream, b"x").await.is_err());
    }
}
