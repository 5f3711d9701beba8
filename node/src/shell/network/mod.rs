//! The node's sockets: an authenticated, limited libp2p swarm that carries bytes between members of one hive. Nothing
//! outside this module names libp2p, and nothing inside it knows what the bytes mean.
//!
//! Consensus and sync travel on direct streams, one per peer and lane; transactions and headers by gossip; a stranger
//! who knows the swarm key can ask to join and nothing else. `mod.rs` is the contract, `task.rs` the one owner of the
//! swarm and of all state, the other files its parts.

mod behaviour;
mod budget;
mod counters;
mod dialer;
mod doorway;
mod events;
mod frame;
mod gate;
mod join;
mod keys;
mod limits;
mod meter;
mod muxer;
mod outbox;
mod peer;
mod pnet;
mod remembered;
mod room;
mod standing;
mod streams;
mod task;
#[cfg(test)]
mod tests;
mod twins;
mod weighed;
mod wires;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use protocol::{ChainId, NetworkKey, PublicKey};
use thiserror::Error;
use tokio::sync::mpsc;

pub use join::{JoinError, ask_to_join};
pub use keys::{check_address, own_peer_id, peer_id, with_peer};
pub use room::Room;
pub use wires::Wires;

/// What the network has to know before it starts.
#[derive(Clone)]
pub struct NetworkConfig {
    /// Ed25519 seed of the node's key.
    pub seed: [u8; 32],
    /// Pre-shared key in front of the handshake. A filter against strangers, never an identity.
    pub swarm_key: [u8; 32],
    /// Short hexadecimal form of the chain id; part of every protocol and topic name.
    pub hive: String,
    /// The hive; signs of life are signed for it.
    pub chain: ChainId,
    /// Versions of the wire that are spoken.
    pub wires: Wires,
    /// Multiaddresses to listen on, such as `/ip4/0.0.0.0/tcp/0`.
    pub listen: Vec<String>,
    /// Multiaddresses with `/p2p/<peer id>` that are dialled and kept.
    pub peers: Vec<String>,
    /// Keys that may connect from the start; [`NetworkCommand::SetMembers`] replaces them.
    pub members: BTreeSet<PublicKey>,
    /// Whether members are also looked for by multicast DNS. An answer is a hint where to dial, nothing more.
    pub mdns: bool,
    /// The file that keeps bans and debts over a restart; without one a restart forgives.
    pub standing: Option<PathBuf>,
}

impl fmt::Debug for NetworkConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkConfig")
            .field("hive", &self.hive)
            .field("wires", &self.wires)
            .field("listen", &self.listen)
            .field("peers", &self.peers)
            .field("members", &self.members.len())
            .field("mdns", &self.mdns)
            .finish_non_exhaustive()
    }
}

/// A kind of direct stream. Frames of one lane from one peer arrive in the order they were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Votes, proposals and block bodies between authorities.
    Consensus,
    /// Status, catch-up requests and answers.
    Sync,
    /// Between buildings of one operator. Members of an earlier release do not offer it.
    Operator,
    /// Between a building and the desks that settle its slots. Members of an earlier release do not offer it.
    Settlement,
}

/// What gossip is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Transactions on their way to the mempools.
    Transactions,
    /// Decided headers with their certificates, for followers.
    Headers,
}

/// Names one gossip message to [`NetworkCommand::Verdict`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GossipId {
    id: libp2p::gossipsub::MessageId,
    /// Bytes of the message.
    len: usize,
    /// The message, if it is to be told again in an older version of the wire once it is accepted.
    translated: Option<(Topic, Arc<[u8]>)>,
}

/// How a member stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The member.
    pub peer: PublicKey,
    /// 100 is a full standing; at 0 it is banned.
    pub points: u32,
    /// What it did, and how often.
    pub faults: BTreeMap<&'static str, u32>,
    /// How long it is still banned, seconds.
    pub banned_s: Option<u64>,
    /// The version of the wire spoken with it.
    pub wire: Option<u32>,
}

/// Names one request to join to [`NetworkCommand::AnswerJoin`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JoinTicket(u64);

/// What becomes of a gossip message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GossipVerdict {
    /// Valid: passed on to others.
    Accept,
    /// Not wanted (already known, too early): dropped, nobody is blamed.
    Ignore,
    /// Invalid: dropped, and the peer that passed it on loses standing.
    Reject,
}

/// How bad something was that a peer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// Ten of these at once lead to a ban; one is forgotten after ten seconds.
    Minor,
    /// Two of these at once lead to a ban; one is forgotten after fifty seconds.
    Major,
}

/// What the node asks of its network.
#[derive(Debug, Clone)]
pub enum NetworkCommand {
    /// Only these keys may stay connected; anyone else is cut at once.
    SetMembers(BTreeSet<PublicKey>),
    /// Sends one frame to one peer. A frame to a peer that is not connected is dropped and counted; when the queue is
    /// full the oldest frame is dropped and counted. Frames leave at three quarters of the rate the peer would bear.
    Send {
        /// Receiver.
        to: PublicKey,
        /// Stream it travels on.
        lane: Lane,
        /// The frame, at most the lane's limit of `protocol::limits`.
        bytes: Arc<[u8]>,
    },
    /// Publishes to every member subscribed, at most `GOSSIP_BYTES_MAX` bytes. What nobody is there to hear, or what
    /// exceeds three quarters of the rate others would bear, waits; when too much waits the oldest is dropped and
    /// counted. Delivery is likely, not certain.
    Gossip {
        /// What it is about.
        topic: Topic,
        /// The message.
        bytes: Vec<u8>,
    },
    /// Ends the examination of a gossip message. Each [`NetworkEvent::Gossip`] needs one.
    Verdict {
        /// The peer that passed it on.
        from: PublicKey,
        /// The message.
        message: GossipId,
        /// What becomes of it.
        verdict: GossipVerdict,
    },
    /// Lowers a peer's standing.
    Blame {
        /// The peer.
        peer: PublicKey,
        /// How much.
        severity: Blame,
        /// For what, in one word.
        fault: &'static str,
    },
    /// Only these network keys open the door from now on, newest first; connections that stand stay.
    SetSwarmKeys(Vec<NetworkKey>),
    /// A member goes on under another key: its addresses are dialled under that.
    Moved {
        /// The key before.
        from: PublicKey,
        /// The key now.
        to: PublicKey,
    },
    /// Adds an address (with `/p2p`) to those that are dialled and kept.
    Dial(String),
    /// Answers a request to join.
    AnswerJoin {
        /// The request.
        ticket: JoinTicket,
        /// The answer, at most `JOIN_FRAME_BYTES_MAX` bytes.
        bytes: Vec<u8>,
    },
    /// Closes everything. The channel of events ends when it is done.
    Shutdown,
}

/// What the network tells the node. A message of a peer may overtake its `Connected` or follow its `Disconnected`.
#[derive(Debug, Clone)]
pub enum NetworkEvent {
    /// An address others can dial, with this node's `/p2p`.
    Listening(String),
    /// The first connection with a member stands.
    Connected {
        /// The member.
        peer: PublicKey,
        /// Its address as seen from here.
        address: String,
    },
    /// The last connection with a member ended; what was queued for it is dropped.
    Disconnected {
        /// The member.
        peer: PublicKey,
    },
    /// How long a peer took to answer a ping.
    RoundTrip {
        /// The member.
        peer: PublicKey,
        /// Microseconds.
        micros: u64,
    },
    /// One frame. `from` is the key the connection was authenticated with.
    Message {
        /// Sender.
        from: PublicKey,
        /// Stream it came on.
        lane: Lane,
        /// The frame.
        bytes: Vec<u8>,
        /// To be dropped when the frame has been dealt with.
        room: Room,
    },
    /// A gossip message, signed by a member. It is passed on only after a [`NetworkCommand::Verdict`].
    Gossip {
        /// The peer that passed it on, to be blamed.
        from: PublicKey,
        /// The member that published and signed it.
        author: PublicKey,
        /// Names it.
        message: GossipId,
        /// What it is about.
        topic: Topic,
        /// The message.
        bytes: Vec<u8>,
    },
    /// Somebody asks to join.
    JoinRequest {
        /// Names the request.
        ticket: JoinTicket,
        /// The key its connection was authenticated with.
        from: PublicKey,
        /// The request.
        bytes: Vec<u8>,
    },
    /// A member lost its standing and is cut off for a while.
    Banned {
        /// The member.
        peer: PublicKey,
    },
    /// How members stand; sent when it changed, at most once a second.
    Standing(Vec<Standing>),
    /// This member knows of no other living run of our key. May be told more than once.
    Alone {
        /// The member.
        peer: PublicKey,
    },
    /// Another run of our own key is alive: both were started from one data folder. Proven, not believed.
    Copied {
        /// The member that is connected with both.
        via: PublicKey,
    },
    /// A member shares no version of the wire with this node and is cut off for a while.
    NoCommonWire {
        /// The member.
        peer: PublicKey,
        /// The versions it speaks.
        theirs: String,
        /// The versions this node speaks.
        ours: String,
    },
}

/// Why the network could not start.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NetworkError {
    /// Not a multiaddress this node can use.
    #[error("address `{found}`: expected {expected}")]
    Address {
        /// What was needed.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on `{address}`: {reason}")]
    Listen {
        /// The address.
        address: String,
        /// What the system said.
        reason: String,
    },
    /// A part of libp2p refused its configuration.
    #[error("cannot set up {part}: {reason}")]
    Setup {
        /// The part.
        part: &'static str,
        /// What it said.
        reason: String,
    },
    /// Called outside a tokio runtime.
    #[error("the network needs a tokio runtime")]
    NoRuntime,
}

/// The network has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the network has stopped")]
pub struct NetworkStopped;

/// Sends commands to the network's task. The task never waits for the receiver of events, so sending may wait for
/// room but cannot deadlock. The task ends when the last handle is dropped.
#[derive(Debug, Clone)]
pub struct NetworkHandle {
    commands: mpsc::Sender<NetworkCommand>,
}

impl NetworkHandle {
    /// Sends a command, waiting for room in the queue.
    pub async fn send(&self, command: NetworkCommand) -> Result<(), NetworkStopped> {
        self.commands.send(command).await.map_err(|_| NetworkStopped)
    }

    /// Sends a command from a plain thread, blocking it while the queue is full. Panics inside an async task.
    pub fn send_blocking(&self, command: NetworkCommand) -> Result<(), NetworkStopped> {
        self.commands.blocking_send(command).map_err(|_| NetworkStopped)
    }
}

/// Starts the network as a task of the current tokio runtime. The addresses are bound when this returns.
pub fn start(
    config: NetworkConfig,
    events: mpsc::Sender<NetworkEvent>,
) -> Result<NetworkHandle, NetworkError> {
    let runtime = tokio::runtime::Handle::try_current().map_err(|_| NetworkError::NoRuntime)?;
    let (commands, receiver) = mpsc::channel(limits::COMMANDS_MAX);
    let task = task::Task::new(&config, receiver, events)?;
    runtime.spawn(task.run());
    Ok(NetworkHandle { commands })
}
