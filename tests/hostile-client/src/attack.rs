//! The attacks: what is sent, on which stream, for how long, and what the node did about it.

use std::time::{Duration, Instant};

use anyhow::Result;
use futures::{AsyncReadExt as _, AsyncWriteExt as _};
use libp2p::Multiaddr;
use libp2p::core::muxing::SubstreamBox;
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::gossip::{self, Flaw};
use crate::identity::Identity;
use crate::manners::{Heard, forged_identity};
use crate::payload;
use crate::wire::Connection;

/// Messages are sent in portions, this often.
const BEAT: Duration = Duration::from_millis(10);
/// How long a connection stands that is made to be dropped.
const HELD: Duration = Duration::from_millis(50);
/// Pause before a node that hung up is dialled again.
const REDIAL: Duration = Duration::from_millis(250);
/// Who is turned away so often in a row is gone.
const TURNED_AWAY: u32 = 4;
/// A connection that stood this long was let in again.
const LET_IN: Duration = Duration::from_secs(1);
/// How long a dial may take.
const DIAL_PATIENCE: Duration = Duration::from_secs(10);
/// Versions of the wire that may be spoken.
const WIRES: [u32; 2] = [2, 1];

/// What is done to the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Attack {
    /// Gossip of valid transactions, each message signed anew.
    Gossip,
    /// One valid gossip message again and again.
    Duplicates,
    /// Gossip about topics nobody has.
    UnknownTopics,
    /// Gossip whose signatures are wrong.
    Forged,
    /// Gossip of random bytes.
    Garbage,
    /// Gossip's control messages without any message.
    Control,
    /// Subscriptions to ten thousand topics.
    Subscriptions,
    /// Well-formed votes whose signatures are wrong.
    Votes,
    /// Correctly signed votes of heights long past.
    OldVotes,
    /// Votes signed for another hive.
    OtherChain,
    /// What the node sent, sent back.
    Replay,
    /// How far we are, again and again.
    Statuses,
    /// Requests for as many blocks as one may ask for.
    SyncRequests,
    /// Answers nobody asked for, as long as they may be.
    SyncAnswers,
    /// CBOR that is small and claims to be large.
    Bombs,
    /// Frames that announce more than is allowed.
    Oversize,
    /// Streams opened without end.
    Streams,
    /// Streams on which the agreement never ends.
    SlowStreams,
    /// Connections made and dropped without end.
    Connections,
    /// Connections that stop in the middle of their handshake.
    SlowHandshakes,
    /// Says to be somebody else, at another's address.
    Identify,
    /// Asks to join, again and again.
    Joins,
    /// Two votes for two blocks in one round, with an authority's key.
    Twice,
    /// Does nothing but be there.
    Presence,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    /// The attack.
    pub(crate) attack: Attack,
    /// Messages, streams or connections.
    pub(crate) sent: u64,
    /// Seconds the attack went on, breaks included.
    pub(crate) seconds: f64,
    /// Messages per second until the node first hung up.
    pub(crate) rate: f64,
    /// Connections the node accepted.
    pub(crate) connected: u64,
    /// Seconds until the node first hung up, if it did.
    pub(crate) cut_s: Option<f64>,
    /// Seconds from the first to the last moment at which the node took anything.
    pub(crate) tolerated_s: f64,
    /// Whether the node let nobody in at the end.
    pub(crate) gone: bool,
    /// Why the last dial failed.
    pub(crate) refusal: Option<String>,
}

/// One attacker.
#[derive(Debug)]
pub(crate) struct Attacker {
    pub(crate) attack: Attack,
    pub(crate) identity: Identity,
    pub(crate) target: Multiaddr,
    /// Messages per second.
    pub(crate) rate: u32,
    pub(crate) duration: Duration,
    pub(crate) report: Report,
    /// End when turned away several times in a row.
    pub(crate) until_gone: bool,
    turned_away: u32,
    begun: Instant,
    sequence: u64,
    /// What valid gossip holds.
    transactions: Vec<u8>,
}

impl Attacker {
    pub(crate) fn new(
        attack: Attack,
        identity: Identity,
        target: Multiaddr,
        rate: u32,
        duration: Duration,
    ) -> Self {
        let report = Report {
            attack,
            sent: 0,
            seconds: 0.0,
            rate: 0.0,
            connected: 0,
            cut_s: None,
            tolerated_s: 0.0,
            gone: false,
            refusal: None,
        };
        let (until_gone, turned_away) = (false, 0);
        let (begun, sequence) = (Instant::now(), rand::random());
        let transactions = payload::transactions(&identity);
        Self {
            attack,
            identity,
            target,
            rate,
            duration,
            report,
            until_gone,
            turned_away,
            begun,
            sequence,
            transactions,
        }
    }

    /// Attacks until its time is over, coming back whenever the node hangs up.
    pub(crate) async fn run(mut self) -> Report {
        self.begun = Instant::now();
        while !self.is_over() {
            let outcome = if self.attack == Attack::SlowHandshakes {
                self.slow_handshakes().await
            } else if self.attack == Attack::Connections {
                self.connections().await
            } else {
                self.once().await
            };
            if let Err(error) = outcome {
                self.report.refusal = Some(format!("{error:#}"));
            }
            sleep(REDIAL).await;
        }
        self.report.seconds = self.begun.elapsed().as_secs_f64();
        let until = self.report.cut_s.unwrap_or(self.report.seconds);
        if self.report.cut_s.is_none() {
            self.report.rate = self.report.sent as f64 / until.max(0.001);
        }
        self.report
    }

    fn is_over(&self) -> bool {
        self.begun.elapsed() >= self.duration || (self.until_gone && self.turned_away >= TURNED_AWAY)
    }

    fn heard(&self) -> Heard {
        if self.attack == Attack::Identify {
            let other = self.identity.stranger().keypair.public().encode_protobuf();
            return Heard::lying(forged_identity(&other, &self.target.to_vec()));
        }
        Heard::default()
    }

    /// One connection, used until the node closes it.
    async fn once(&mut self) -> Result<()> {
        let heard = self.heard();
        let opened = timeout(DIAL_PATIENCE, Connection::open(&self.identity, &self.target, &heard));
        let connection = match opened.await.map_err(anyhow::Error::from).and_then(|opened| opened) {
            Ok(connection) => connection,
            Err(error) => {
                self.report.gone = true;
                self.turned_away += 1;
                return Err(error);
            }
        };
        self.report.connected += 1;
        let result = self.use_up(&connection, &heard).await;
        let stood = connection.age() >= LET_IN;
        if !self.is_over() {
            // A stream that fails may come before the news that the connection has.
            let _ = timeout(Duration::from_secs(1), connection.closed()).await;
        }
        self.report.gone = connection.is_closed();
        if stood || self.report.cut_s.is_none() {
            self.report.tolerated_s = self.begun.elapsed().as_secs_f64();
            self.turned_away = 0;
        } else {
            self.turned_away += 1;
        }
        if connection.is_closed() && self.report.cut_s.is_none() {
            let cut_s = self.begun.elapsed().as_secs_f64();
            self.report.cut_s = Some(cut_s);
            self.report.rate = self.report.sent as f64 / cut_s.max(0.001);
        }
        result
    }

    async fn use_up(&mut self, connection: &Connection, heard: &Heard) -> Result<()> {
        match self.attack {
            Attack::Streams => self.streams(connection).await,
            Attack::SlowStreams => self.slow_streams(connection).await,
            Attack::Joins => self.joins(connection).await,
            Attack::Presence | Attack::Identify => self.wait(connection).await,
            Attack::Twice => self.twice(connection, heard).await,
            Attack::Gossip
            | Attack::Duplicates
            | Attack::UnknownTopics
            | Attack::Forged
            | Attack::Garbage
            | Attack::Control
            | Attack::Subscriptions => {
                let stream = connection.stream("/meshsub/1.1.0").await?;
                self.flood(connection, stream, heard).await
            }
            Attack::Votes | Attack::OldVotes | Attack::OtherChain | Attack::Bombs | Attack::Replay => {
                let stream = self.lane(connection, "bft").await?;
                self.flood(connection, stream, heard).await
            }
            Attack::Statuses | Attack::SyncRequests | Attack::SyncAnswers | Attack::Oversize => {
                let stream = self.lane(connection, "sync").await?;
                self.flood(connection, stream, heard).await
            }
            Attack::Connections | Attack::SlowHandshakes => Ok(()),
        }
    }

    /// A stream of one of our protocols, in the newest version the node speaks.
    async fn lane(&self, connection: &Connection, what: &str) -> Result<SubstreamBox> {
        let mut last = None;
        for wire in WIRES {
            match connection.stream(&self.identity.name(what, wire)).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("no version of `{what}`")))
    }

    /// Sends at the rate asked for until the time is over or the stream fails.
    async fn flood(
        &mut self,
        connection: &Connection,
        mut stream: SubstreamBox,
        heard: &Heard,
    ) -> Result<()> {
        if self.attack == Attack::Replay {
            // Something has to be said first that can be said again.
            let _ = timeout(Duration::from_secs(5), async {
                while heard.frames().is_empty() {
                    sleep(BEAT).await;
                }
            })
            .await;
        }
        let (begun, mut sent) = (Instant::now(), 0u128);
        while !self.is_over() && !connection.is_closed() {
            let due = begun.elapsed().as_millis() * u128::from(self.rate) / 1_000;
            let mut portion = Vec::new();
            while sent < due && portion.len() < 1 << 20 {
                portion.extend(self.message(heard));
                sent += 1;
                self.report.sent += 1;
            }
            let written = async {
                stream.write_all(&portion).await?;
                stream.flush().await
            };
            tokio::select! {
                written = written => written?,
                () = connection.closed() => return Ok(()),
            }
            sleep(BEAT).await;
        }
        Ok(())
    }

    /// The next message with its length in front.
    fn message(&mut self, heard: &Heard) -> Vec<u8> {
        self.sequence = self.sequence.wrapping_add(1);
        let (identity, number) = (&self.identity, self.sequence);
        let topic = identity.name("transactions", 1);
        let publish = |topic: &str, number, bytes: &[u8], flaw| {
            gossip::publish(&identity.keypair, topic, number, bytes, flaw)
        };
        match self.attack {
            Attack::Gossip => publish(&topic, number, &self.transactions, Flaw::None),
            Attack::Duplicates => publish(&topic, 7, &self.transactions, Flaw::None),
            Attack::UnknownTopics => publish(&format!("{topic}{number}"), number, &[1; 100], Flaw::None),
            Attack::Forged => publish(&topic, number, &self.transactions, Flaw::Signature),
            Attack::Garbage => publish(&topic, number, &number.to_be_bytes(), Flaw::None),
            Attack::Control => gossip::control(&topic, number),
            Attack::Subscriptions => {
                let topics: Vec<String> = (0..100).map(|n| format!("{topic}-{number}-{n}")).collect();
                gossip::subscribe(topics.iter().map(String::as_str))
            }
            Attack::Votes => payload::frame(&payload::vote(identity, heard.height() + 1, number, true)),
            Attack::OldVotes => payload::frame(&payload::vote(identity, 1, number, false)),
            Attack::OtherChain => {
                payload::frame(&payload::foreign_vote(identity, heard.height() + 1, number))
            }
            Attack::Replay => {
                let frames = heard.frames();
                let index = usize::try_from(number % frames.len().max(1) as u64).unwrap_or(0);
                frames.get(index).map(|frame| payload::frame(frame)).unwrap_or_default()
            }
            Attack::Statuses => payload::frame(&payload::status(number)),
            Attack::SyncRequests => payload::frame(&payload::sync_request()),
            Attack::SyncAnswers => payload::frame(&payload::sync_answer()),
            Attack::Bombs => payload::frame(&payload::bomb(number)),
            Attack::Oversize => u32::MAX.to_be_bytes().to_vec(),
            Attack::Streams
            | Attack::SlowStreams
            | Attack::Connections
            | Attack::SlowHandshakes
            | Attack::Identify
            | Attack::Joins
            | Attack::Twice
            | Attack::Presence => Vec::new(),
        }
    }

    async fn streams(&mut self, connection: &Connection) -> Result<()> {
        while !self.is_over() && !connection.is_closed() {
            let stream = self.lane(connection, "sync").await?;
            self.report.sent += 1;
            drop(stream);
        }
        Ok(())
    }

    async fn slow_streams(&mut self, connection: &Connection) -> Result<()> {
        let mut held = Vec::new();
        while !self.is_over() && !connection.is_closed() {
            if let Ok(Ok(mut stream)) = timeout(Duration::from_millis(100), connection.raw_stream()).await {
                stream.write_all(&[0x13]).await?;
                stream.flush().await?;
                self.report.sent += 1;
                held.push(stream);
            }
        }
        Ok(())
    }

    async fn joins(&mut self, connection: &Connection) -> Result<()> {
        while !self.is_over() && !connection.is_closed() {
            let mut stream = self.lane(connection, "join").await?;
            stream.write_all(&payload::frame(&[0x9f; 64])).await?;
            stream.flush().await?;
            self.report.sent += 1;
            let mut answer = [0; 4];
            let _ = timeout(Duration::from_secs(1), stream.read_exact(&mut answer)).await;
        }
        Ok(())
    }

    async fn wait(&mut self, connection: &Connection) -> Result<()> {
        let left = self.duration.saturating_sub(self.begun.elapsed());
        let _ = timeout(left, connection.closed()).await;
        Ok(())
    }

    async fn connections(&mut self) -> Result<()> {
        while !self.is_over() {
            let heard = Heard::default();
            let opened = timeout(DIAL_PATIENCE, Connection::open(&self.identity, &self.target, &heard)).await;
            self.report.sent += 1;
            match opened {
                Ok(Ok(connection)) => {
                    // A dialler is done before the other side is: who hangs up at once was never let in.
                    sleep(HELD).await;
                    self.report.gone = connection.is_closed();
                    if !self.report.gone {
                        self.report.connected += 1;
                        self.report.tolerated_s = self.begun.elapsed().as_secs_f64();
                    }
                }
                Ok(Err(error)) => {
                    self.report.gone = true;
                    self.report.refusal = Some(format!("{error:#}"));
                }
                Err(_) => self.report.gone = true,
            }
        }
        Ok(())
    }

    /// As many half-open connections as the machine gives us, each held until the node drops it.
    async fn slow_handshakes(&mut self) -> Result<()> {
        let address = payload::socket(&self.target)?;
        let mut held = Vec::new();
        while !self.is_over() && held.len() < 500 {
            if let Ok(Ok(socket)) = timeout(Duration::from_millis(100), TcpStream::connect(address)).await {
                socket.writable().await?;
                // Part of the nonce that the swarm key's handshake begins with.
                let _ = socket.try_write(&[0; 5]);
                self.report.sent += 1;
                held.push(socket);
            }
        }
        sleep(self.duration.saturating_sub(self.begun.elapsed()).min(Duration::from_secs(2))).await;
        Ok(())
    }

    /// Signs two prevotes for the height in progress, as soon as the node says which that is.
    async fn twice(&mut self, connection: &Connection, heard: &Heard) -> Result<()> {
        let mut stream = self.lane(connection, "bft").await?;
        while !self.is_over() && !connection.is_closed() {
            let height = heard.height() + 1;
            for block in [1, 2] {
                let vote = payload::vote(&self.identity, height, block, false);
                stream.write_all(&payload::frame(&vote)).await?;
                self.report.sent += 1;
            }
            stream.flush().await?;
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}
