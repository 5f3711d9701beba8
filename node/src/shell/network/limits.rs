//! The network's own maxima and times, beside those of `protocol::limits`, checked against them at compile time.

use std::time::Duration;

use protocol::limits::{
    CONNECTIONS_MAX, CONSENSUS_FRAME_BYTES_MAX, GOSSIP_BYTES_MAX, JOIN_FRAME_BYTES_MAX,
    OPERATOR_FRAME_BYTES_MAX, PEER_BYTES_PER_S_MAX, PEER_MESSAGES_PER_S_MAX, SETTLEMENT_FRAME_BYTES_MAX,
    SYNC_FRAME_BYTES_MAX,
};

use super::Lane;

/// Commands waiting for the task.
pub(super) const COMMANDS_MAX: usize = 4_096;
/// Commands and reports handled before the swarm gets its turn again.
pub(super) const TURN_MAX: usize = 64;
/// Events kept while the node does not take them. Beyond half of it gossip is dropped, at all of it the swarm pauses.
pub(super) const EVENTS_PENDING_MAX: usize = 1_024;
/// Reports of readers and writers waiting for the task.
pub(super) const REPORTS_MAX: usize = 1_024;

/// Receive window of one connection, all its streams together, bytes (upstream: 1 GiB).
pub(super) const YAMUX_WINDOW_BYTES: usize = 16 * 1024 * 1024;
/// Streams of one connection (upstream: 512).
pub(super) const YAMUX_STREAMS_MAX: usize = 32;
/// Incoming streams of one connection whose protocol is not negotiated yet.
pub(super) const NEGOTIATING_MAX: usize = 16;
/// Incoming streams of one connection that wait for the task.
pub(super) const INCOMING_STREAMS_MAX: usize = 8;
/// Resident memory of the process above which no connection is made or taken, bytes.
pub(super) const MEMORY_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Handshakes under way in each direction.
pub(super) const PENDING_CONNECTIONS_MAX: u32 = 64;

/// Handshakes under way that come from one address.
pub(super) const PENDING_PER_ADDRESS_MAX: usize = 48;
/// Connections that may come in at once, all together.
pub(super) const ARRIVALS_AT_ONCE: u32 = 128;
/// Connections that may come in per second after that.
pub(super) const ARRIVALS_PER_S: u32 = 32;
/// The part of them that one network may use up, of those at once and of those per second: others find the door open.
pub(super) const ARRIVALS_SHARE_OF_ONE: u32 = 2;
/// Networks whose arrivals are counted apart; the one that is soonest forgiven goes first.
pub(super) const ARRIVING_NETWORKS_MAX: usize = 256;
/// Connections one member may make at once.
pub(super) const CONNECTS_AT_ONCE: u32 = 20;
/// Connections one member may make per second after that.
pub(super) const CONNECTS_PER_S: u32 = 1;
/// Streams one connection may be asked for at once.
pub(super) const STREAMS_AT_ONCE: u32 = 64;
/// Streams one connection may be asked for per second after that.
pub(super) const STREAMS_PER_S: u32 = 8;
/// Greetings one connection may bring at once.
pub(super) const GREETINGS_AT_ONCE: u32 = 32;
/// Greetings one connection may bring per second after that.
pub(super) const GREETINGS_PER_S: u32 = 4;
/// Bytes of frames of one member that are on their way to the core.
pub(super) const ROOM_PER_PEER_BYTES: usize = 8 * 1024 * 1024;
/// Bytes of frames of all members that are on their way to the core.
pub(super) const ROOM_BYTES: usize = 32 * 1024 * 1024;

/// Time for TCP, swarm key, noise and yamux together.
pub(super) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection without traffic is kept; pings find out whether it lives.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// Pause between pings.
pub(super) const PING_INTERVAL: Duration = Duration::from_secs(5);
/// A ping unanswered this long ends its connection.
pub(super) const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// Frames handed to a writer at once are at most this many bytes, unless one alone is larger.
pub(super) const BATCH_BYTES_MAX: usize = 256 * 1024;
/// Bytes waiting for one peer on one lane.
pub(super) const LANE_QUEUE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Pause before a stream that could not be opened is tried again.
pub(super) const STREAM_RETRY: Duration = Duration::from_millis(500);
/// A reader's buffer grows from here with what really arrives.
pub(super) const READ_BUFFER_BYTES: usize = 64 * 1024;

/// Gossip of ours kept until somebody subscribes.
pub(super) const GOSSIP_UNSENT_MAX: usize = 256;
/// Room above a gossip message, bytes: for its envelope, and for up to 8 KiB of the message behind it, which gossipsub
/// 0.50.1 counts as part of this one. Over its limit it closes the stream without a word to the sender, whose gossip is
/// then lost until the connection ends.
pub(super) const GOSSIP_ENVELOPE_BYTES: usize = 16 * 1024;
/// Gossip messages queued for one slow peer.
pub(super) const GOSSIP_QUEUE_MAX: usize = 1_024;

/// Messages one peer may send per second on one lane, or by gossip, sustained.
pub(super) const MESSAGES_PER_S: u32 = PEER_MESSAGES_PER_S_MAX / SLOWDOWN;
/// Bytes one peer may send per second on one lane, or by gossip, sustained.
pub(super) const BYTES_PER_S: u32 = PEER_BYTES_PER_S_MAX / SLOWDOWN;
/// Tests run at a tenth of the rates, so that a slow and busy machine can still exceed them.
const SLOWDOWN: u32 = if cfg!(test) { 10 } else { 1 };
/// Rate limits allow this many seconds' worth at once.
pub(super) const BURST_S: u32 = 4;
/// A reader whose peer sends too fast pauses at least this long, and excess counts once in it.
pub(super) const EXCESS_PAUSE: Duration = Duration::from_millis(200);
/// How long a ban lasts. It is kept by key, never by address: a street may share one.
pub(super) const BAN: Duration = Duration::from_secs(10 * 60);
/// What members owe is written at most this often, but for bans.
pub(super) const STANDING_WRITTEN_EVERY: Duration = Duration::from_secs(30);
/// Bans of keys that are not members; the oldest is forgotten first.
pub(super) const BANS_MAX: usize = 256;

/// How long a stranger may stay connected.
pub(super) const JOINING_TIME: Duration = Duration::from_secs(30);
/// Requests to join under way.
pub(super) const JOINS_MAX: usize = 8;

/// Housekeeping, due dials and stream retries are looked at this often.
pub(super) const TICK: Duration = Duration::from_millis(100);
/// First pause before a lost peer is dialled again.
pub(super) const REDIAL_MIN: Duration = Duration::from_millis(100);
/// Longest pause between two dials of a peer.
pub(super) const REDIAL_MAX: Duration = Duration::from_secs(5);
/// A connection that stood this long counts as good: the pause starts from the beginning.
pub(super) const GOOD_CONNECTION: Duration = Duration::from_secs(5);
/// Hints of the local network kept for one peer.
pub(super) const HINTS_PER_PEER_MAX: usize = 4;
/// Nodes found on the local network before everything found there is forgotten and looked for anew.
pub(super) const FOUND_MAX: usize = 1_024;
/// How long a peer with which no version of the wire is shared is left alone.
pub(super) const NO_COMMON_WIRE_PAUSE: Duration = Duration::from_secs(15);
/// Addresses kept for one peer.
pub(super) const ADDRESSES_PER_PEER_MAX: usize = 8;

impl Lane {
    /// Largest frame, bytes.
    pub(super) const fn frame_bytes_max(self) -> usize {
        match self {
            Self::Consensus => CONSENSUS_FRAME_BYTES_MAX,
            Self::Sync => SYNC_FRAME_BYTES_MAX,
            Self::Operator => OPERATOR_FRAME_BYTES_MAX,
            Self::Settlement => SETTLEMENT_FRAME_BYTES_MAX,
        }
    }
}

const _: () = {
    assert!(SYNC_FRAME_BYTES_MAX <= ROOM_PER_PEER_BYTES && ROOM_PER_PEER_BYTES <= ROOM_BYTES);
    assert!(ROOM_BYTES <= u32::MAX as usize);
    assert!(PENDING_PER_ADDRESS_MAX < PENDING_CONNECTIONS_MAX as usize);
    assert!(YAMUX_STREAMS_MAX * 256 * 1024 <= YAMUX_WINDOW_BYTES);
    assert!(CONSENSUS_FRAME_BYTES_MAX <= LANE_QUEUE_BYTES_MAX);
    assert!(SYNC_FRAME_BYTES_MAX <= LANE_QUEUE_BYTES_MAX);
    assert!(SYNC_FRAME_BYTES_MAX <= u32::MAX as usize);
    assert!(JOIN_FRAME_BYTES_MAX <= SYNC_FRAME_BYTES_MAX);
    assert!(SYNC_FRAME_BYTES_MAX <= BURST_S as usize * BYTES_PER_S as usize);
    assert!(GOSSIP_BYTES_MAX < BYTES_PER_S as usize);
    assert!(MESSAGES_PER_S > 0);
    assert!(PENDING_CONNECTIONS_MAX <= CONNECTIONS_MAX);
    assert!(ARRIVALS_SHARE_OF_ONE >= 2 && ARRIVALS_PER_S.is_multiple_of(ARRIVALS_SHARE_OF_ONE));
};
