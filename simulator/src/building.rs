//! One node: the real core with the real ledger in it, whose outputs are carried out strictly in order against a fake
//! disk, as the shell does it against a real one. What leaves the node is handed to the world.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use ledger::record::{Frame, decode_block, read_block_frame, vote_header};
use ledger::{Committed, Fault, Ledger};
use node::core::catalogue::Definition;
use node::core::telemetry::{Refusal, Row, SegmentWriter};
use node::core::{Answer, Change, Core, Input, Output, Ticket};
use protocol::energy::SettlementMessage;
use protocol::invitation::JoinResponse;
use protocol::limits::{SYNC_BLOCKS_BYTES_MAX, SYNC_BLOCKS_MAX};
use protocol::message::{HeaderGossip, SyncBlock, SyncResponse};
use protocol::{
    Address, Bounded, Bytes, Digest, Evidence, Genesis, Height, Message, NetworkKey, Now, SigningKey, Tick,
    Transaction, TransactionId, UnixMs, encode,
};

use crate::disk::{Crash, Disk};
use crate::metered::Metered;
use crate::mutants::Mutant;
use crate::opening::{CarriedOut, Records};

/// Hive time at the start of the world: 2025-12-06T05:46:40Z.
pub const EPOCH_MS: i64 = 1_765_000_000_000;
/// Number of the only segment of a telemetry log.
pub(crate) const SEGMENT: u64 = 1;

/// The hive's clock: when a world begins, and how fast its time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HiveClock {
    /// Hive time at the start, milliseconds since 1970.
    pub epoch_ms: i64,
    /// Hive milliseconds for each millisecond of the world.
    pub pace: u64,
}

impl HiveClock {
    /// As in most worlds.
    pub const STEADY: Self = Self { epoch_ms: EPOCH_MS, pace: 1 };

    /// Hive time.
    pub fn at(self, world: u64) -> UnixMs {
        let since = i64::try_from(world * self.pace).expect("invariant: a world lasts hours");
        UnixMs(self.epoch_ms).plus(since)
    }

    /// A span of the world in hive time, milliseconds.
    pub fn span(self, world_ms: i64) -> i64 {
        world_ms * i64::try_from(self.pace).expect("invariant: a small number")
    }
}

/// Something that leaves a node.
#[derive(Debug)]
pub enum Departure {
    /// To one member.
    Send(Address, Message),
    /// To every other authority.
    Broadcast(Message),
    /// To every member.
    Announce(Message),
    /// To one member, on the settlement stream.
    Settlement(Address, Box<SettlementMessage>),
    /// Transactions, gossiped.
    Transactions(Vec<Transaction>),
    /// A decided header, gossiped.
    Header(Box<HeaderGossip>),
    /// A block was announced as final.
    Committed(Box<Committed>),
    /// A transaction left the queue without becoming final.
    Rejected(TransactionId, Address, ledger::Reject),
    /// An authority signed twice.
    Evidence(Box<Evidence>),
    /// A peer broke a rule.
    Blame(Address, Fault),
    /// The ledger stopped for good.
    Halt(String),
    /// Rows wait to be written to the telemetry log.
    StoreTelemetry,
    /// A gateway is told that its readings are stored.
    Acknowledged(Ticket),
    /// A gateway is told that its readings are refused.
    Refused(Ticket, Refusal),
    /// A person is told what became of a command.
    Answered(Ticket, Box<Result<Answer, node::core::Refused>>),
    /// A newcomer is told whether it is let in.
    Joined(Ticket, Box<JoinResponse>),
}

/// A departure with what the disk held when it left.
#[derive(Debug)]
pub struct Left {
    /// What left.
    pub departure: Departure,
    /// Whether the vote log was on disk by then.
    pub votes_synced: bool,
    /// Whether `blocks.log` was.
    pub blocks_synced: bool,
    /// Whether the telemetry log was.
    pub telemetry_synced: bool,
}

/// Why a node stopped in the middle of its outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The crash that was due.
    Crash(Crash),
    /// A sync was not confirmed.
    SyncFailed,
}

/// The same for every node.
#[derive(Debug, Clone)]
pub struct Hive {
    /// The founding document.
    pub genesis: Genesis,
    /// Its clock.
    pub clock: HiveClock,
    /// An empty block at least this often, milliseconds.
    pub heartbeat_ms: u64,
    /// How long the network key before opens the door beside a new one, milliseconds.
    pub key_overlap_ms: i64,
    /// Blocks that its nodes carried out at their starts.
    pub carried_out: RefCell<CarriedOut>,
}

impl Hive {
    /// The network key it begins with.
    pub fn network_key(&self) -> NetworkKey {
        let chain = self.genesis.chain();
        NetworkKey::new(*Digest::of("symbiose simulator network key v1", &[chain.as_bytes()]).as_bytes())
    }
}

/// One node, up or down.
#[derive(Debug)]
pub struct Building {
    /// `A1`… for authorities, `F1`… for followers.
    pub name: String,
    pub(crate) key: SigningKey,
    /// The key it is about to change to; on disk before the hive hears of it.
    pub(crate) next_key: Option<SigningKey>,
    /// Whether it goes by that key before it knows that the hive does.
    pub(crate) tries_next: bool,
    /// Of the key it goes by.
    pub(crate) address: Address,
    /// The network keys on its disk, by epoch; none before its first start.
    pub(crate) network_keys: BTreeMap<u64, NetworkKey>,
    /// The network keys that its sockets go by.
    pub(crate) door: Vec<NetworkKey>,
    /// Its disk.
    pub disk: Disk,
    /// How far its clock is off, milliseconds.
    pub clock_off_ms: i64,
    /// The clock it is off from.
    pub(crate) clock: HiveClock,
    /// What its meter said, oldest first, where it has one.
    pub(crate) metered: Option<Metered>,
    pub(crate) core: Option<Core>,
    pub(crate) boot: u64,
    /// Where each block stands in `blocks.log`, from height 1.
    pub(crate) places: Vec<Range<usize>>,
    /// Blocks that were read for laggards since the start, by their place: a file that only grows reads the same again.
    read: BTreeMap<usize, SyncBlock>,
    /// Records of `blocks.log` that were read at a start.
    pub(crate) records: Records,
    /// Rows of requests that the committer has not written yet.
    unwritten: Vec<(Ticket, Vec<Definition>, Vec<Row>)>,
    /// Number of the next record of the telemetry log; `None` before its header is written.
    pub(crate) telemetry_seq: Option<u64>,
    /// Crashes after this many more outputs.
    crash_after: Option<(u64, Crash)>,
    pub(crate) mutant: Option<Mutant>,
}

impl Building {
    /// A node that was never started.
    pub fn new(name: String, key: SigningKey, disk: Disk, mutant: Option<Mutant>) -> Self {
        let address = key.address();
        Self {
            name,
            key,
            next_key: None,
            tries_next: false,
            address,
            network_keys: BTreeMap::new(),
            door: Vec::new(),
            disk,
            clock_off_ms: 0,
            clock: HiveClock::STEADY,
            metered: None,
            core: None,
            boot: 0,
            places: Vec::new(),
            read: BTreeMap::new(),
            records: Records::default(),
            unwritten: Vec::new(),
            telemetry_seq: None,
            crash_after: None,
            mutant,
        }
    }

    /// Its address.
    pub fn address(&self) -> Address {
        self.address
    }

    /// Its core, while it is up.
    pub fn core(&self) -> Option<&Core> {
        self.core.as_ref()
    }

    /// Its ledger, while it is up.
    pub fn ledger(&self) -> Option<&Ledger> {
        self.core.as_ref().map(Core::ledger)
    }

    /// Passes an input on. Outputs wait to be carried out by [`Self::perform`].
    pub fn handle(&mut self, now: u64, input: Input) -> Vec<Output> {
        let now = self.now(now);
        self.core.as_mut().map_or_else(Vec::new, |core| core.handle(now, input))
    }

    /// World time at which the node wants to be woken.
    pub fn wake_at(&self) -> Option<u64> {
        let tick = self.core.as_ref()?.poll_timeout()?;
        Some(self.boot.saturating_add(tick.0))
    }

    /// The node dies; what is left on disk is the disk's doing.
    pub fn crash(&mut self, crash: Crash) {
        self.core = None;
        self.crash_after = None;
        self.places.clear();
        self.read.clear();
        self.unwritten.clear();
        if let Some(metered) = &mut self.metered {
            metered.forget();
        }
        self.disk.crash(crash);
    }

    /// Lets the node die in the middle of what it does: after that many more outputs.
    pub fn crash_after(&mut self, outputs: u64, crash: Crash) {
        self.crash_after = Some((outputs, crash));
    }

    /// Takes a crash that is due back.
    pub fn spare(&mut self) {
        self.crash_after = None;
    }

    /// Carries outputs out in order, until one of them ends the node.
    pub fn perform(&mut self, outputs: Vec<Output>) -> (Vec<Left>, Option<Stop>) {
        let mut left = Vec::new();
        for output in self.reordered(outputs) {
            if let Some((after, crash)) = &mut self.crash_after {
                let Some(less) = after.checked_sub(1) else { return (left, Some(Stop::Crash(*crash))) };
                *after = less;
            }
            match self.carry_out(output) {
                Ok(Some(departure)) => left.push(Left {
                    departure,
                    votes_synced: self.disk.votes.is_synced(),
                    blocks_synced: self.disk.blocks.is_synced(),
                    telemetry_synced: self.disk.telemetry.is_synced(),
                }),
                Ok(None) => {}
                Err(stop) => return (left, Some(stop)),
            }
        }
        (left, None)
    }

    /// Time as this node sees it.
    pub fn now(&self, world: u64) -> Now {
        Now { tick: Tick(world - self.boot), time: self.clock.at(world).plus(self.clock_off_ms) }
    }

    /// Writes and syncs what waits for the telemetry log: the committer's turn.
    pub fn commit_telemetry(&mut self) -> Result<Vec<(Ticket, Vec<Row>)>, Stop> {
        let mut bytes = Vec::new();
        let mut writer = match self.telemetry_seq {
            Some(next) => SegmentWriter::resume(SEGMENT, next),
            None => SegmentWriter::start(SEGMENT, 0, &[], &mut bytes),
        };
        let mut stored = Vec::new();
        for (ticket, definitions, rows) in std::mem::take(&mut self.unwritten) {
            writer.definitions(&definitions, &mut bytes);
            writer.rows(&rows, &mut bytes);
            stored.push((ticket, rows));
        }
        if !bytes.is_empty() {
            self.disk.telemetry.append(&bytes);
        }
        self.telemetry_seq = Some(writer.next_seq());
        if self.mutant != Some(Mutant::TelemetryNotSynced) {
            self.disk.confirm().map_err(|_| Stop::SyncFailed)?;
            self.disk.telemetry.sync();
        }
        Ok(stored)
    }

    /// The outputs in the order in which they are carried out: as given, unless a planted fault says otherwise.
    fn reordered(&self, mut outputs: Vec<Output>) -> Vec<Output> {
        if self.mutant == Some(Mutant::VoteBeforeSync) {
            outputs.sort_by_key(|output| {
                matches!(output, Output::Ledger(ledger::Output::VoteAppend(_) | ledger::Output::VoteSync))
            });
        }
        outputs
    }

    fn carry_out(&mut self, output: Output) -> Result<Option<Departure>, Stop> {
        Ok(Some(match output {
            Output::Ledger(output) => return self.carry_out_ledger(output),
            Output::StoreTelemetry { ticket, definitions, rows } => {
                self.unwritten.push((ticket, definitions, rows));
                Departure::StoreTelemetry
            }
            Output::Persist(changes) => {
                self.persist(&changes)?;
                return Ok(None);
            }
            Output::AnswerTelemetry { ticket, .. } => Departure::Acknowledged(ticket),
            Output::RefuseTelemetry { ticket, refusal, .. } => Departure::Refused(ticket, refusal),
            Output::Answer { ticket, answer } => Departure::Answered(ticket, Box::new(answer)),
            Output::AnswerJoin { ticket, response } => Departure::Joined(ticket, Box::new(response)),
            Output::SendSettlement { to, message } => Departure::Settlement(to, message),
            // For operators and the page; there are none in this world.
            Output::SendOperator { .. }
            | Output::Members(_)
            | Output::MemberMoved { .. }
            | Output::ForgetHistory
            | Output::Event(_) => {
                return Ok(None);
            }
            Output::StoreNetworkKeys(keys) => {
                self.disk.confirm().map_err(|_| Stop::SyncFailed)?;
                self.network_keys = keys;
                return Ok(None);
            }
            Output::NetworkKeys(keys) => {
                self.door = keys;
                return Ok(None);
            }
        }))
    }

    fn persist(&mut self, changes: &[Change]) -> Result<(), Stop> {
        self.disk.index.write(changes.iter().map(|change| (change.key(), change.value())).collect());
        if self.mutant != Some(Mutant::LostPersist) {
            self.disk.confirm().map_err(|_| Stop::SyncFailed)?;
            self.disk.index.flush();
        }
        Ok(())
    }

    fn carry_out_ledger(&mut self, output: ledger::Output) -> Result<Option<Departure>, Stop> {
        use ledger::Output;
        let departure = match output {
            Output::VoteAppend(record) => {
                self.disk.votes.append(&record);
                return Ok(None);
            }
            Output::VoteSync => {
                self.disk.confirm().map_err(|_| Stop::SyncFailed)?;
                self.disk.votes.sync();
                return Ok(None);
            }
            Output::VoteReset(height) => {
                // As the shell does it: the header reaches the disk with the first vote.
                let chain = self.ledger().expect("invariant: a node that acts is up").chain();
                self.disk.votes.truncate();
                self.disk.votes.append(&vote_header(chain, height));
                return Ok(None);
            }
            Output::BlockAppend { height, record } => {
                let start = self.disk.blocks.bytes().len();
                assert_eq!(height.0, self.places.len() as u64 + 1, "invariant: blocks are appended in order");
                self.places.push(start..start + record.len());
                self.disk.blocks.append(&record);
                return Ok(None);
            }
            Output::BlockSync => {
                if self.mutant != Some(Mutant::BlockNotSynced) {
                    self.disk.confirm().map_err(|_| Stop::SyncFailed)?;
                    self.disk.blocks.sync();
                }
                return Ok(None);
            }
            Output::ServeBlocks { to, from, last } => Departure::Send(to, self.blocks(from, last)),
            Output::Send { to, message } => Departure::Send(to, message),
            Output::Broadcast(message) => Departure::Broadcast(message),
            Output::Announce(message) => Departure::Announce(message),
            Output::GossipTransactions(transactions) => Departure::Transactions(transactions),
            Output::GossipHeader(header) => Departure::Header(Box::new(header)),
            Output::Committed(committed) => Departure::Committed(committed),
            Output::Rejected { id, author, reason } => Departure::Rejected(id, author, reason),
            Output::Evidence(evidence) => Departure::Evidence(evidence),
            Output::Blame { peer, fault } => Departure::Blame(peer, fault),
            Output::Halt { reason } => Departure::Halt(reason),
        };
        Ok(Some(departure))
    }

    /// One final block from disk, by its place.
    fn block(&mut self, index: usize) -> Option<SyncBlock> {
        if let Some(block) = self.read.get(&index) {
            return Some(block.clone());
        }
        let Some(Frame::Record { body, .. }) =
            read_block_frame(self.disk.blocks.bytes(), self.places[index].start)
        else {
            return None;
        };
        let stored = decode_block(body).ok()?;
        let block = Bytes::new(encode(&stored.block)).expect("invariant: a stored block keeps its limit");
        let block = SyncBlock { block, certificate: stored.certificate };
        self.read.insert(index, block.clone());
        Some(block)
    }

    /// Final blocks from disk, within the limits of one answer.
    fn blocks(&mut self, from: Height, last: Height) -> Message {
        let mut blocks = Vec::new();
        if !self.disk.reads() {
            return Message::SyncResponse(SyncResponse { blocks: Bounded::default() });
        }
        let mut bytes = 0;
        let first = usize::try_from(from.0.saturating_sub(1)).expect("invariant: below the number of blocks");
        let count = usize::try_from(last.0 + 1 - from.0).expect("invariant: below the number of blocks");
        for index in (first..self.places.len()).take(count.min(SYNC_BLOCKS_MAX)) {
            let Some(block) = self.block(index) else { break };
            bytes += block.block.as_slice().len();
            blocks.push(block);
            if bytes > SYNC_BLOCKS_BYTES_MAX {
                break;
            }
        }
        let blocks = Bounded::new(blocks).expect("invariant: counted above");
        Message::SyncResponse(SyncResponse { blocks })
    }
}
