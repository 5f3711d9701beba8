//! Every maximum of the system in one place, checked against each other at compile time. Nothing that comes from
//! outside may grow past one of these.

mod aggregate;
mod assembly;
mod energy;
mod enquiry;
mod incident;
mod metering;
mod plan;
mod street;
mod token;

pub use aggregate::*;
pub use assembly::*;
pub use energy::*;
pub use enquiry::*;
pub use incident::*;
pub use metering::*;
pub use plan::*;
pub use street::*;
pub use token::*;

/// Largest canonical transaction, bytes.
pub const TRANSACTION_BYTES_MAX: usize = 8 * 1024;
/// Largest canonical block (header and transactions), bytes.
pub const BLOCK_BYTES_MAX: usize = 1024 * 1024;
/// Transactions in one block.
pub const BLOCK_TRANSACTIONS_MAX: usize = 2_000;
/// Room kept free in a block for the header, bytes.
pub const BLOCK_HEADER_BYTES_MAX: usize = 1024;
/// Authorities of one hive.
pub const AUTHORITIES_MAX: usize = 30;
/// Members (authorities and followers) of one hive.
pub const MEMBERS_MAX: usize = 1_000;
/// Largest certificate, bytes: one signature and address per authority, with encoding.
pub const CERTIFICATE_BYTES_MAX: usize = 4 * 1024;
/// Largest message on a consensus stream, bytes: a block body with its envelope.
pub const CONSENSUS_FRAME_BYTES_MAX: usize = BLOCK_BYTES_MAX + 64 * 1024;
/// Largest message on a sync stream, bytes.
pub const SYNC_FRAME_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Largest gossip message, bytes.
pub const GOSSIP_BYTES_MAX: usize = 64 * 1024;
/// Largest message between buildings of one operator, bytes.
pub const OPERATOR_FRAME_BYTES_MAX: usize = 256;
/// Largest join request or answer, bytes.
pub const JOIN_FRAME_BYTES_MAX: usize = 64 * 1024;
/// Oldest version of the wire that this release speaks.
pub const WIRE_OLDEST: u32 = 1;
/// Newest version of the wire that this release speaks.
pub const WIRE_NEWEST: u32 = 2;
/// Largest greeting, bytes.
pub const GREETING_BYTES_MAX: usize = 256;
/// Runs of one key that a peer is told of.
pub const RUNS_TOLD_MAX: usize = 4;
/// Transactions in one gossip message.
pub const GOSSIP_TRANSACTIONS_MAX: usize = 256;
/// Blocks in one catch-up answer.
pub const SYNC_BLOCKS_MAX: usize = 256;
/// Bytes of blocks in one catch-up answer before the answer is closed.
pub const SYNC_BLOCKS_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Transactions waiting in the mempool.
pub const MEMPOOL_TRANSACTIONS_MAX: usize = 20_000;
/// Bytes of transactions waiting in the mempool.
pub const MEMPOOL_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Transactions of one member waiting in the mempool.
pub const MEMPOOL_PER_MEMBER_MAX: usize = 4_000;
/// How far a transaction's sequence may run ahead of its author's account.
pub const SEQUENCE_AHEAD_MAX: u64 = MEMPOOL_PER_MEMBER_MAX as u64;
/// Heights between a transaction's signing and its expiry.
pub const EXPIRY_HEIGHTS_MAX: u64 = 100_000;
/// Highest consensus round that is accepted from the wire.
pub const ROUND_MAX: u32 = 1_000_000;
/// Block bodies of the height in progress that are kept.
pub const BODIES_KEPT_MAX: usize = 40;
/// Messages of the next height that are kept until it starts.
pub const EARLY_MESSAGES_MAX: usize = 256;
/// Largest record of the vote log, bytes: a body with its envelope.
pub const VOTE_RECORD_BYTES_MAX: usize = BLOCK_BYTES_MAX + 64 * 1024;
/// Largest record of `blocks.log`, bytes: a block and its certificate.
pub const BLOCK_RECORD_BYTES_MAX: usize = BLOCK_BYTES_MAX + CERTIFICATE_BYTES_MAX + 1024;
/// Open governance proposals.
pub const PROPOSALS_OPEN_MAX: usize = 16;
/// Work orders of one building that are not done.
pub const WORK_ORDERS_OPEN_PER_MEMBER_MAX: usize = 1_000;
/// Pieces of evidence kept per authority.
pub const EVIDENCE_PER_AUTHORITY_MAX: usize = 16;
/// Characters of a building's name.
pub const NAME_BYTES_MAX: usize = 64;
/// Addresses in an invitation.
pub const INVITATION_ADDRESSES_MAX: usize = 32;
/// Bytes of one address (a multiaddr as text).
pub const ADDRESS_TEXT_BYTES_MAX: usize = 256;
/// Longest life of an invitation, milliseconds.
pub const INVITATION_LIFE_MS_MAX: i64 = 24 * 60 * 60 * 1000;
/// Used invitations kept until they expire.
pub const INVITATIONS_KEPT_MAX: usize = 1_000;
/// Admissions that wait for the signatures of more authorities.
pub const ADMISSIONS_WAITING_MAX: usize = 64;
/// Invitations of one node that it can still name; the oldest go first.
pub const INVITATIONS_LISTED_MAX: usize = 256;
/// Times a member may change its key.
pub const KEY_CHANGES_MAX: u32 = 64;
/// Pause between two new network keys without an exclusion, milliseconds of hive time.
pub const NETWORK_KEY_PAUSE_MS: i64 = 10 * 60 * 1000;
/// How long the network key before is taken beside the new one by default, seconds of hive time: as long as an
/// invitation lives, so that one made just before still opens the door.
pub const NETWORK_KEY_OVERLAP_S: u32 = 24 * 60 * 60;
/// How long it may be taken at the most, seconds of hive time.
pub const NETWORK_KEY_OVERLAP_S_MAX: u32 = 30 * 24 * 60 * 60;
/// How far a block's time may lie ahead of the receiver's hive clock, milliseconds, beyond what `speed` adds.
pub const BLOCK_TIME_AHEAD_MS_MAX: i64 = 10_000;

/// Telemetry: body of a single payload, bytes.
pub const TELEMETRY_BODY_BYTES_MAX: usize = 256 * 1024;
/// Telemetry: body of a bulk request, bytes.
pub const TELEMETRY_BULK_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Telemetry: payloads in one bulk request.
pub const TELEMETRY_BULK_PAYLOADS_MAX: usize = 5_000;
/// Telemetry: metrics in one payload.
pub const METRICS_PER_PAYLOAD_MAX: usize = 64;
/// Telemetry: bytes of a metric, site or asset name.
pub const CODE_BYTES_MAX: usize = 64;
/// Telemetry: series of one node by default.
pub const SERIES_DEFAULT_MAX: usize = 2_000;
/// Telemetry: series of one node at the most.
pub const SERIES_HARD_MAX: usize = 10_000;
/// Telemetry: requests waiting for the committer.
pub const TELEMETRY_QUEUE_MAX: usize = 4_096;
/// Telemetry: rows written in one commit.
pub const ROWS_PER_COMMIT_MAX: usize = 5_000;
/// Telemetry: how far a reading may lie ahead of the node's clock, milliseconds.
pub const READING_AHEAD_MS_MAX: i64 = 5 * 60 * 1000;
/// Telemetry: late rows taken per second, those older than what is kept at hand of their asset.
pub const BACKFILL_ROWS_PER_S_MAX: usize = 1_000;
/// Telemetry: late rows taken at once after a pause.
pub const BACKFILL_ROWS_AT_ONCE_MAX: usize = 5_000;
/// Telemetry: rows that wait while the node's clock is in doubt.
pub const QUARANTINE_ROWS_MAX: usize = 10_000;
/// Telemetry: contradicting readings kept to be shown.
pub const CONFLICTS_KEPT_MAX: usize = 100;
/// Telemetry: metrics with a definition of their own, the standard ones among them.
pub const METRICS_DEFINED_MAX: usize = 1_000;
/// Telemetry: bytes of a unit.
pub const UNIT_BYTES_MAX: usize = 16;
/// Telemetry: longest time that readings or rollups of a metric are kept unless for ever, days.
pub const RETENTION_DAYS_MAX: u32 = 36_500;
/// Telemetry: swaps of meters remembered of one asset.
pub const SWAPS_PER_ASSET_MAX: usize = 256;
/// Telemetry: bytes of the note of a swap.
pub const SWAP_NOTE_BYTES_MAX: usize = 256;
/// Telemetry: one segment of the write-ahead log, bytes.
pub const TELEMETRY_SEGMENT_BYTES: usize = 4 * 1024 * 1024;
/// Telemetry: one record of the write-ahead log, bytes.
pub const TELEMETRY_RECORD_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Queries: series in one answer.
pub const QUERY_SERIES_MAX: usize = 10_000;
/// Queries: steps in one answer.
pub const QUERY_STEPS_MAX: usize = 2_000;
/// Queries: values in one answer, 8 MB.
pub const QUERY_VALUES_MAX: usize = 1_000_000;
/// Queries: readings which windows that overlap may look at, some tenths of a second.
pub const QUERY_WORK_MAX: u64 = 200_000_000;
/// Queries: moments of a range asked for in Prometheus' language, as Prometheus has it.
pub const QUERY_MOMENTS_MAX: usize = 11_000;
/// Queries: text in Prometheus' language, bytes.
pub const QUERY_TEXT_BYTES_MAX: usize = 4 * 1024;
/// Telemetry: rows in one chunk: a day of one asset at one row every 5.3 s.
pub const CHUNK_ROWS_MAX: usize = 16_384;
/// Telemetry: rows times columns in one chunk, which bounds what decoding it takes to 8 MiB.
pub const CHUNK_CELLS_MAX: usize = 1 << 20;
/// Telemetry: body of one chunk or other framed part of a day's files, bytes.
pub const CHUNK_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Telemetry: chunks in one day's file.
pub const DAY_CHUNKS_MAX: usize = 200_000;
/// Telemetry: runs of log segments which a day's file tells of.
pub const DAY_GENERATIONS_MAX: usize = 65_536;
/// Sites of one node.
pub const SITES_MAX: usize = 64;
/// Assets of one node.
pub const ASSETS_MAX: usize = 1_000;
/// Policies of one node.
pub const POLICIES_MAX: usize = 200;
/// Alerts kept in memory by one node; older closed ones go first.
pub const ALERTS_KEPT_MAX: usize = 5_000;
/// Alerts of one node that are not closed.
pub const ALERTS_STANDING_MAX: usize = 2_000;
/// Alerts of one policy that are not closed; what else it finds is counted.
pub const ALERTS_STANDING_PER_POLICY_MAX: usize = 100;
/// Changes of severity kept with an alert.
pub const ALERT_PASSAGES_MAX: usize = 32;
/// Why an alert was closed, bytes.
pub const CLOSE_REASON_BYTES_MAX: usize = 500;
/// Groups of conditions in one policy, of which any one is enough.
pub const GROUPS_MAX: usize = 8;
/// Conditions in one group, all of which have to hold.
pub const CONDITIONS_PER_GROUP_MAX: usize = 8;
/// Versions kept of one policy; the oldest go first.
pub const POLICY_VERSIONS_MAX: usize = 50;
/// Versions kept of all policies together.
pub const POLICY_VERSIONS_ALL_MAX: usize = 2_000;
/// Policies as one text, bytes.
pub const POLICIES_TEXT_BYTES_MAX: usize = 1024 * 1024;
/// One policy in that text, bytes: 64 conditions with their comments. The parser's tree is tens of times as large.
pub const POLICY_TEXT_BYTES_MAX: usize = 32 * 1024;
/// The configuration of a node, bytes: a thousand assets with comments. The parser's tree is tens of times as large.
pub const CONFIG_BYTES_MAX: usize = 256 * 1024;
/// Rows one dry run of a policy reads.
pub const DRY_RUN_ROWS_MAX: u64 = 2_000_000;
/// Times a dry run looks at the clock, over all assets.
pub const DRY_RUN_TICKS_MAX: u64 = 5_000_000;
/// Firings a dry run tells one by one; the rest is counted.
pub const DRY_RUN_FIRINGS_MAX: usize = 200;
/// Dry runs at the same time.
pub const DRY_RUNS_MAX: usize = 1;
/// Notes on a work order, bytes.
pub const NOTES_BYTES_MAX: usize = 4_000;
/// Name of whoever asks for something to be done, bytes.
pub const ACTOR_BYTES_MAX: usize = 64;
/// One photo of a work order, bytes.
pub const PHOTO_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Photos of one work order.
pub const PHOTOS_PER_ORDER_MAX: usize = 20;
/// People who may sign in at one node.
pub const USERS_MAX: usize = 64;
/// Browsers signed in at one node; the one unused for longest goes first.
pub const SESSIONS_MAX: usize = 256;
/// Bytes of a password.
pub const PASSWORD_BYTES_MAX: usize = 256;
/// Bytes of everything kept about people and sessions.
pub const ACCOUNTS_BYTES_MAX: usize = 128 * 1024;
/// Transactions of this node waiting to become final.
pub const OUTBOX_MAX: usize = 2_000;

/// Connections of one node.
pub const CONNECTIONS_MAX: u32 = 64;
/// Connections of one peer: two that dialled each other at once, and room for a copy of one of them to be found out.
pub const CONNECTIONS_PER_PEER_MAX: u32 = 3;
/// Connections of peers that are not members and may only join.
pub const CONNECTIONS_JOINING_MAX: usize = 4;
/// Messages waiting to be sent to one peer on one lane.
pub const LANE_QUEUE_MAX: usize = 256;
/// Events waiting for the core.
pub const CORE_QUEUE_MAX: usize = 4_096;
/// Messages one peer may send per second on one lane, or by gossip, sustained; each is measured for itself.
pub const PEER_MESSAGES_PER_S_MAX: u32 = 2_000;
/// Bytes one peer may send per second on one lane, or by gossip, sustained; each is measured for itself.
pub const PEER_BYTES_PER_S_MAX: u32 = 16 * 1024 * 1024;

const _: () = {
    assert!(WIRE_OLDEST >= 1 && WIRE_OLDEST <= WIRE_NEWEST);
    assert!(
        RUNS_TOLD_MAX * 18 + 16 < GREETING_BYTES_MAX && RUNS_TOLD_MAX >= CONNECTIONS_PER_PEER_MAX as usize
    );
    assert!(TRANSACTION_BYTES_MAX + BLOCK_HEADER_BYTES_MAX < BLOCK_BYTES_MAX);
    assert!(BLOCK_BYTES_MAX < CONSENSUS_FRAME_BYTES_MAX);
    assert!(BLOCK_BYTES_MAX + CERTIFICATE_BYTES_MAX < SYNC_FRAME_BYTES_MAX);
    assert!(SYNC_BLOCKS_BYTES_MAX + BLOCK_RECORD_BYTES_MAX < SYNC_FRAME_BYTES_MAX);
    assert!(AUTHORITIES_MAX * (20 + 64 + 8) + 128 < CERTIFICATE_BYTES_MAX);
    assert!(TRANSACTION_BYTES_MAX < GOSSIP_BYTES_MAX);
    assert!(AUTHORITIES_MAX <= MEMBERS_MAX);
    assert!(MEMPOOL_PER_MEMBER_MAX <= MEMPOOL_TRANSACTIONS_MAX);
    assert!(MEMPOOL_PER_MEMBER_MAX >= BLOCK_TRANSACTIONS_MAX);
    assert!(OUTBOX_MAX <= MEMPOOL_PER_MEMBER_MAX);
    assert!(BLOCK_BYTES_MAX + CERTIFICATE_BYTES_MAX < BLOCK_RECORD_BYTES_MAX);
    assert!(BLOCK_BYTES_MAX < VOTE_RECORD_BYTES_MAX);
    assert!(SERIES_DEFAULT_MAX <= SERIES_HARD_MAX);
    assert!(TELEMETRY_BODY_BYTES_MAX < TELEMETRY_BULK_BYTES_MAX);
    assert!(TELEMETRY_BULK_PAYLOADS_MAX <= ROWS_PER_COMMIT_MAX);
    assert!(TELEMETRY_BULK_PAYLOADS_MAX <= BACKFILL_ROWS_AT_ONCE_MAX);
    assert!(TELEMETRY_BULK_PAYLOADS_MAX <= QUARANTINE_ROWS_MAX);
    assert!(TELEMETRY_RECORD_BYTES_MAX <= TELEMETRY_SEGMENT_BYTES);
    assert!(CHUNK_CELLS_MAX * 9 < CHUNK_BYTES_MAX);
    assert!(CHUNK_ROWS_MAX * METRICS_PER_PAYLOAD_MAX <= CHUNK_CELLS_MAX);
    assert!(DAY_CHUNKS_MAX * 64 + DAY_GENERATIONS_MAX * 20 < CHUNK_BYTES_MAX);
    assert!(ALERTS_STANDING_PER_POLICY_MAX <= ALERTS_STANDING_MAX && ALERTS_STANDING_MAX < ALERTS_KEPT_MAX);
    assert!(POLICIES_MAX <= POLICY_VERSIONS_ALL_MAX && POLICY_VERSIONS_MAX <= POLICY_VERSIONS_ALL_MAX);
    assert!(INVITATION_ADDRESSES_MAX * ADDRESS_TEXT_BYTES_MAX < JOIN_FRAME_BYTES_MAX);
    assert!(ADMISSIONS_WAITING_MAX <= INVITATIONS_KEPT_MAX);
    assert!(NETWORK_KEY_OVERLAP_S <= NETWORK_KEY_OVERLAP_S_MAX);
};
