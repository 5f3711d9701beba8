//! The ledger of one node: consensus where it is an authority, catch-up everywhere, the queue of transactions, and the
//! chain they lead to. Pure: it is told everything and answers what to do, in order.

mod alone;
mod behind;
mod held;
mod opening;
mod recover;
mod restored;
mod trail;

pub use held::Held;

use std::collections::BTreeSet;

use protocol::limits::{EARLY_MESSAGES_MAX, GOSSIP_TRANSACTIONS_MAX};
use protocol::message::{HeaderGossip, Status, SyncRequest};
use protocol::{
    Address, AuthoritySet, BlockId, Bytes, Certificate, ChainId, Checkpoint, Height, Message, Now, Role,
    SigningKey, StateHash, Tick, UnixMs, VerifiedTransaction,
};
use thiserror::Error;

use crate::chain::{Candidate, Chain, TimeBound};
use crate::consensus::{Decision, Engine, height_of};
use crate::error::{BlockError, Reject};
use crate::input::Input;
use crate::log::Log;
use crate::mempool::{Mempool, REPEAT_MS, batches};
use crate::output::{Committed, Fault, Output};
use crate::planted::{Bug, Planted};
use crate::record::encode_block;
use crate::state::State;
use crate::sync::Sync;
use trail::Trail;

/// How often members tell each other how far they are while nothing changes, milliseconds. Whoever connects is told at
/// once.
const STATUS_EVERY_MS: u64 = 20_000;
/// How soon those whose turn it is tell of a new block, milliseconds after they told something before: laggards find out
/// within this time, and a burst of blocks is one message.
const STATUS_AFTER_BLOCK_MS: u64 = 1_000;
/// How long an authority waits for a height in progress before it asks for the block instead, milliseconds.
const PATIENCE_MS: u64 = 500;
/// After how long without a decision a height counts as stalled, milliseconds.
const STALLED_MS: u64 = 5_000;

/// Settings of one node.
#[derive(Debug, Clone)]
pub struct Config {
    /// An empty block at least this often, milliseconds of the monotonic clock.
    pub heartbeat_ms: u64,
    /// How far a proposed block's time may lie ahead of this node's clock, milliseconds of hive time.
    pub time_ahead_ms: i64,
    /// What the building calls itself, for the page of its neighbours.
    pub name: Bytes<{ protocol::limits::NAME_BYTES_MAX }>,
    /// Whether votes wait after the start until other authorities have said that no copy of this node runs.
    pub await_alone: bool,
    /// What this node's invitation vouches for; no other history is taken up to there.
    pub checkpoint: Option<Checkpoint>,
}

/// Why a stored ledger cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpenError {
    /// A block on disk does not follow from the one before.
    #[error("the stored block {height} does not follow: {error}")]
    Block {
        /// Its height.
        height: Height,
        /// Why.
        error: BlockError,
    },
    /// The blocks on disk are another history than the one this node's invitation vouches for.
    #[error("the stored block {height} is not the one this node's invitation vouches for")]
    OtherHistory {
        /// Its height.
        height: Height,
    },
    /// An entry of the vote log does not decode.
    #[error("an entry of the vote log does not decode: {0}")]
    Vote(#[from] protocol::DecodeError),
}

/// The last final block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its height.
    pub height: Height,
    /// Its id.
    pub block: BlockId,
    /// The state after it.
    pub state: StateHash,
    /// Its time.
    pub time: UnixMs,
}

/// Where agreement stands, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Round of the height in progress; `None` while nothing waits for a block.
    pub round: Option<u32>,
    /// Authorities that this node can hear, itself included if it is one.
    pub authorities_online: usize,
    /// Milliseconds since the height in progress started, if it counts as stalled.
    pub stalled_ms: Option<u64>,
}

/// One node's ledger.
#[derive(Debug)]
pub struct Ledger {
    config: Config,
    key: SigningKey,
    address: Address,
    chain: Chain,
    mempool: Mempool,
    engine: Option<Engine>,
    /// Messages of the height after the next, kept until it starts.
    early: Vec<(Address, Message)>,
    sync: Sync,
    /// Signs nothing up to this height: its vote log was damaged, or is of a height whose past was lost.
    abstain_until: Height,
    /// Signs nothing up to this height: the folder was restored from a backup.
    restored: Option<Height>,
    /// Set until enough others have said that no copy of this node runs.
    waiting: Option<alone::Waiting>,
    last_commit: Tick,
    last_status: Tick,
    next_status: Tick,
    /// When transactions that are repeated are tried against the state again.
    next_trial: Tick,
    /// The way to the checkpoint of this node's invitation, until it is behind us.
    trail: Option<Trail>,
    halted: Option<String>,
    planted: Planted,
    out: Vec<Output>,
}

impl Ledger {
    /// Takes one input in.
    pub fn handle(&mut self, now: Now, input: Input) -> Vec<Output> {
        assert!(self.out.is_empty(), "invariant: outputs are handed over with each input");
        match input {
            Input::Message { from, message } => self.message(now, from, message),
            Input::Submit { transactions, local } => self.submit(now, transactions, local),
            Input::Withdraw { author, from } => self.mempool.withdraw(&author, from),
            Input::Hint { from, height } => self.sync.hint(&from, height),
            Input::Connected(peer) => {
                self.sync.connected(now.tick, peer);
                self.mempool.repeat_soon(now.tick);
                let message = self.status();
                self.out.push(Output::Send { to: peer, message });
            }
            Input::Disconnected(peer) => self.sync.disconnected(&peer),
            Input::Alone(peer) => self.told_alone(peer),
            Input::Tick => {}
        }
        self.look_around(now);
        self.find_bearings();
        self.clock(now);
        self.pump(now);
        std::mem::take(&mut self.out)
    }

    /// When to be woken with [`Input::Tick`] at the latest.
    pub fn poll_timeout(&self) -> Option<Tick> {
        let is_idle = self.engine.is_none() && self.may_vote();
        let heartbeat = is_idle.then(|| self.last_commit.plus(self.config.heartbeat_ms));
        let patience = self.engine.as_ref().map(|engine| engine.started().plus(PATIENCE_MS));
        let catch_up = self.sync.next_timeout(self.chain.height()).filter(|_| self.halted.is_none());
        [
            Some(self.next_status),
            self.mempool.next_due(),
            self.engine.as_ref().and_then(Engine::next_timeout),
            catch_up.max(patience.filter(|_| catch_up.is_some())),
            heartbeat,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// The hive.
    pub fn chain(&self) -> ChainId {
        self.chain.id()
    }

    /// This node's address.
    pub fn address(&self) -> Address {
        self.address
    }

    /// The last final block.
    pub fn head(&self) -> Head {
        let chain = &self.chain;
        Head { height: chain.height(), block: chain.block(), state: chain.state().hash(), time: chain.time() }
    }

    /// When the last final block was made: what [`Self::head`] says without its hash, which takes some microseconds.
    pub fn time(&self) -> UnixMs {
        self.chain.time()
    }

    /// The state after it.
    pub fn state(&self) -> &State {
        self.chain.state()
    }

    /// The log of all transactions.
    pub fn log(&self) -> &Log {
        self.chain.log()
    }

    /// Transactions waiting.
    pub fn mempool_len(&self) -> usize {
        self.mempool.len()
    }

    /// What this node is in the hive now; `None` if it is no member.
    pub fn role(&self) -> Option<Role> {
        let state = self.chain.state();
        if state.authorities().key_of(&self.address).is_some() {
            return Some(Role::Authority);
        }
        state.member(&self.address).filter(|member| !member.revoked).map(|_| Role::Follower)
    }

    /// Connected members and the heights they claim.
    pub fn peers(&self) -> impl Iterator<Item = (&Address, Height)> {
        self.sync.peers()
    }

    /// Whether the connected authorities and this node are enough to decide. Whoever reaches fewer may be somebody whom
    /// the others know under another key.
    pub fn reaches_quorum(&self) -> bool {
        let authorities = self.chain.state().authorities();
        let is_one = |address: &Address| authorities.key_of(address).is_some();
        let others = self.peers().filter(|(peer, _)| is_one(peer)).count();
        others + usize::from(is_one(&self.address)) >= authorities.quorum()
    }

    /// Why the ledger stopped for good, if it did.
    pub fn halted(&self) -> Option<&str> {
        self.halted.as_deref()
    }

    /// Round of the height in progress; `None` while nothing waits for a block.
    pub fn round(&self) -> Option<u32> {
        self.engine.as_ref().map(|engine| engine.round().0)
    }

    /// Where agreement stands.
    pub fn progress(&self, now: Tick) -> Progress {
        let set = self.chain.state().authorities();
        let online = |address: &&Address| **address == self.address || self.sync.is_connected(address);
        Progress {
            round: self.round(),
            authorities_online: set.addresses().iter().filter(online).count(),
            stalled_ms: self
                .engine
                .as_ref()
                .map(|engine| now.since(engine.started()))
                .filter(|running| *running >= STALLED_MS),
        }
    }

    fn new_engine(&mut self, now: Now) -> Engine {
        let height = self.chain.height().next();
        let set = self.deciding().clone();
        let others = set.addresses().iter().copied().filter(|address| *address != self.address);
        let absent = self.sync.absent(now.tick, others);
        Engine::start(now.tick, self.chain.id(), self.key.clone(), (&set, absent), height, self.planted)
    }

    /// The authorities that decide the next block.
    fn deciding(&self) -> &AuthoritySet {
        let state = self.chain.state();
        if self.planted.is(Bug::SetChangeEarly) {
            return &state.meta().next_authorities;
        }
        state.authorities()
    }

    fn may_vote(&self) -> bool {
        self.halted.is_none()
            && self.trail.is_none()
            && self.chain.height().next() > self.abstain_until
            && !self.is_restored()
            && self.waiting.is_none()
            && self.deciding().key_of(&self.address).is_some()
    }

    fn message(&mut self, now: Now, from: Address, message: Message) {
        let state = self.chain.state();
        let is_member = state.member(&from).is_some_and(|member| !member.revoked);
        // An authority that changed its key still decides the next block with the old one.
        if !is_member && state.authorities().key_of(&from).is_none() {
            return;
        }
        match message {
            Message::Status(status) => self.sync.hint(&from, status.height),
            Message::SyncRequest(request) => self.serve(now, from, &request),
            Message::SyncResponse(response) => self.catch_up(now, from, response),
            // Between buildings; what the ledger knows of network keys and questions stands in blocks.
            Message::NetworkKeyRequest(_)
            | Message::NetworkKey(_)
            | Message::QuestionTextRequest(_)
            | Message::QuestionText(_) => {}
            Message::Vote(_)
            | Message::Proposal(_)
            | Message::Body(_)
            | Message::Polka(_)
            | Message::Round(_) => self.consensus_message(now, from, message),
        }
    }

    fn consensus_message(&mut self, now: Now, from: Address, message: Message) {
        let next = self.chain.height().next();
        let height = height_of(&message).expect("invariant: a consensus message names its height");
        if height < next {
            return;
        }
        if height > next {
            self.sync.hint(&from, Height(height.0 - 1));
            self.keep_early(from, message, height == next.next());
            return;
        }
        if !self.may_vote() || self.deciding().key_of(&from).is_none() {
            return;
        }
        self.start_height(now);
        self.feed(now, from, message);
    }

    /// Keeps a message of the next height, within its limit; what is further ahead comes with catch-up.
    fn keep_early(&mut self, from: Address, message: Message, is_next: bool) {
        if self.planted.is(Bug::SyncStorm) {
            let (from_height, count) = (self.chain.height().next(), 1);
            let request = SyncRequest { from: from_height, count };
            self.out.push(Output::Send { to: from, message: Message::SyncRequest(request) });
        }
        let has_room = is_next && self.early.len() < EARLY_MESSAGES_MAX;
        if has_room || self.planted.is(Bug::UnboundedVotes) {
            self.early.push((from, message));
        }
    }

    fn feed(&mut self, now: Now, from: Address, message: Message) {
        let Some(engine) = &mut self.engine else { return };
        let (chain, mempool) = (&self.chain, &self.mempool);
        let bound = TimeBound::Until(now.time.plus(self.config.time_ahead_ms));
        let judge = |block| chain.check(block, bound, &|id| mempool.contains(id));
        if let Err(fault) = engine.message(now.tick, from, message, &judge) {
            self.out.push(Output::Blame { peer: from, fault });
        }
        self.carry_out(now, Some(from));
    }

    fn submit(&mut self, now: Now, transactions: Vec<VerifiedTransaction>, local: bool) {
        let mut fresh = Vec::new();
        for transaction in transactions {
            let (id, author) = (transaction.id(), transaction.author());
            let repeat = local.then(|| now.tick.plus(REPEAT_MS));
            match self.mempool.insert(self.chain.state(), transaction.clone(), repeat) {
                Ok(true) if local => fresh.push(transaction),
                Ok(_) => {}
                Err(reason) if local => self.out.push(Output::Rejected { id, author, reason }),
                Err(reason) => tracing::debug!(%id, %reason, "a gossiped transaction is refused"),
            }
        }
        self.gossip(&fresh);
    }

    fn gossip(&mut self, transactions: &[VerifiedTransaction]) {
        for batch in batches(transactions) {
            self.out.push(Output::GossipTransactions(batch));
        }
    }

    /// What is due by the clock.
    fn clock(&mut self, now: Now) {
        if let Some(engine) = &mut self.engine {
            engine.tick(now.tick);
            self.carry_out(now, None);
        }
        if self.next_status <= now.tick {
            self.last_status = now.tick;
            self.next_status = now.tick.plus(STATUS_EVERY_MS);
            let status = self.status();
            self.out.push(Output::Announce(status));
        }
        let mut due = self.mempool.due(now.tick, GOSSIP_TRANSACTIONS_MAX);
        if !due.is_empty() && self.next_trial <= now.tick {
            self.next_trial = now.tick.plus(REPEAT_MS);
            // Only proposers learn that a transaction is refused: its own node finds out by itself, or it would repeat
            // it for ever and its author's next ones would wait behind it.
            let next = self.mempool.next_block(self.chain.state());
            let refused = self.chain.refused(now.time, next);
            self.drop_refused(refused);
            due.retain(|transaction| self.mempool.contains(&transaction.id()));
        }
        self.gossip(&due);
        self.ask(now);
    }

    /// Starts heights that are due and hands our block over where one is wanted, until nothing moves.
    fn pump(&mut self, now: Now) {
        loop {
            let may_start = self.engine.is_none() && self.may_vote();
            if may_start && (self.wants_block(now) || self.has_work(now)) {
                self.start_height(now);
            }
            let before = self.chain.height();
            self.hand_over_block(now);
            self.carry_out(now, None);
            if self.chain.height() == before {
                return;
            }
        }
    }

    /// Whether a block is due whatever waits for one.
    fn wants_block(&self, now: Now) -> bool {
        let heartbeat = now.tick >= self.last_commit.plus(self.config.heartbeat_ms);
        heartbeat || self.is_changing_hands() || !self.early.is_empty()
    }

    /// Whether other authorities decide the block after the next one. It is made at once: until then those who were asked
    /// to go still decide, and whoever took a new key cannot sign with it.
    fn is_changing_hands(&self) -> bool {
        self.chain.state().authorities().hash() != self.chain.state().next_authorities().hash()
    }

    /// Whether something waits that a block would take. What the state refuses is dropped on the way: it must not start
    /// blocks that stay empty.
    fn has_work(&mut self, now: Now) -> bool {
        if !self.mempool.has_next(self.chain.state()) {
            return false;
        }
        let next = self.mempool.next_block(self.chain.state());
        let (is_taken, refused) = self.chain.takes_any(now.time, next);
        self.drop_refused(refused);
        is_taken
    }

    fn drop_refused(&mut self, refused: Vec<(VerifiedTransaction, Reject)>) {
        for (transaction, reason) in refused {
            self.mempool.remove(&transaction);
            let (id, author) = (transaction.id(), transaction.author());
            self.out.push(Output::Rejected { id, author, reason });
        }
    }

    fn start_height(&mut self, now: Now) {
        if self.engine.is_some() {
            return;
        }
        self.engine = Some(self.new_engine(now));
        for (from, message) in std::mem::take(&mut self.early) {
            if height_of(&message) == Some(self.chain.height().next()) {
                self.feed(now, from, message);
            }
        }
    }

    fn hand_over_block(&mut self, now: Now) {
        let Some(engine) = &mut self.engine else { return };
        if engine.wants_new_block() {
            let next = self.mempool.next_block(self.chain.state());
            let (candidate, refused) = self.chain.build(self.address, now.time, next);
            engine.own_block(candidate);
            engine.serve(now.tick);
            self.drop_refused(refused);
        } else {
            engine.serve(now.tick);
        }
    }

    /// Records first, then the sync, then what was signed; a decision after that.
    fn carry_out(&mut self, now: Now, from: Option<Address>) {
        let Some(engine) = self.engine.as_mut().filter(|engine| engine.has_outcome()) else { return };
        let outcome = engine.outcome();
        self.out.extend(outcome.records.into_iter().map(Output::VoteAppend));
        if outcome.sync {
            self.out.push(Output::VoteSync);
        }
        self.out.extend(outcome.messages.into_iter().map(Output::Broadcast));
        if let (Some(peer), 1..) = (from, outcome.bad_signatures) {
            self.out.push(Output::Blame { peer, fault: Fault::Signature });
        }
        for evidence in outcome.evidence {
            if !self.chain.state().has_evidence(&evidence) {
                self.out.push(Output::Evidence(Box::new(evidence)));
            }
        }
        if let Some(Decision { candidate, certificate }) = outcome.decision {
            self.commit(now, candidate, certificate);
        }
    }

    /// Makes a block final here: on disk first, then known.
    fn commit(&mut self, now: Now, candidate: Candidate, certificate: Certificate) {
        let (block, id) = (candidate.block.clone(), candidate.id);
        let transactions = candidate.transactions.clone();
        let height = block.header.height;
        self.out.push(Output::BlockAppend { height, record: encode_block(&block, &certificate) });
        self.out.push(Output::BlockSync);
        if height >= self.abstain_until {
            self.out.push(Output::VoteReset(height.next()));
        }
        let events = self.chain.commit(candidate);
        self.engine = None;
        self.last_commit = now.tick;
        if self.tells_of(height) {
            let soon = self.last_status.plus(STATUS_AFTER_BLOCK_MS).max(now.tick);
            self.next_status = self.next_status.min(soon);
        }
        self.early.retain(|(_, message)| height_of(message) > Some(height));
        if block.header.proposer == self.address {
            let header = HeaderGossip { header: block.header.clone(), certificate: certificate.clone() };
            self.out.push(Output::GossipHeader(header));
        }
        let state = block.header.state;
        let included: BTreeSet<_> = transactions.iter().copied().collect();
        let committed = Committed { height, id, state, block, certificate, transactions, events };
        self.out.push(Output::Committed(Box::new(committed)));
        for (transaction, reason) in self.mempool.settle(self.chain.state(), height) {
            let (id, author) = (transaction.id(), transaction.author());
            if !included.contains(&id) {
                self.out.push(Output::Rejected { id, author, reason });
            }
        }
    }

    fn status(&self) -> Message {
        Message::Status(Status {
            height: self.chain.height(),
            block: self.chain.block(),
            name: self.config.name.clone(),
        })
    }
}
