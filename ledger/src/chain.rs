//! Building and checking blocks against one state and log. Both sides run the same execution, so that what an
//! authority proposes is what the others accept.

mod replay;

use std::sync::Arc;

use protocol::limits::{BLOCK_BYTES_MAX, BLOCK_HEADER_BYTES_MAX, BLOCK_TRANSACTIONS_MAX};
use protocol::{
    Address, Block, BlockHeader, BlockId, Bounded, Certificate, ChainId, Genesis, Height, Transaction,
    TransactionId, UnixMs, VerifiedTransaction,
};

use crate::error::{BlockError, Reject};
use crate::log::Log;
use crate::planted::{Bug, Planted};
use crate::state::{BlockContext, Event, Overlay, Prepared, State, begin_block, end_block, execute};

pub use replay::Replay;

/// The chain up to its last final block.
#[derive(Debug, Clone)]
pub struct Chain {
    id: ChainId,
    state: State,
    log: Log,
    height: Height,
    block: BlockId,
    time: UnixMs,
    planted: Planted,
}

/// A block that follows from the chain, with what it would change. Valid as long as the chain does not move.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The block.
    pub block: Arc<Block>,
    /// Its id.
    pub id: BlockId,
    /// Ids of its transactions.
    pub transactions: Vec<TransactionId>,
    /// What it writes.
    prepared: Prepared,
    /// What it changes, in words.
    events: Vec<Event>,
}

/// What became of transactions that were tried for a block.
#[derive(Default)]
struct Sorted {
    taken: Vec<Transaction>,
    /// Ids of those.
    ids: Vec<TransactionId>,
    /// What they change.
    events: Vec<Event>,
    refused: Vec<(VerifiedTransaction, Reject)>,
}

/// How far a block's time may lie ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeBound {
    /// Not beyond this, the node's own clock with its tolerance.
    Until(UnixMs),
    /// A certificate vouches for it: more than two thirds of the authorities' clocks agreed.
    Certified,
}

/// Signatures known to hold already, by transaction id.
pub type IsVerified<'a> = &'a dyn Fn(&TransactionId) -> bool;

impl Chain {
    /// The chain before its first block.
    pub fn genesis(genesis: &Genesis) -> Self {
        Self {
            id: genesis.chain(),
            state: State::genesis(genesis),
            log: Log::default(),
            height: Height(0),
            block: genesis.block(),
            time: genesis.time(),
            planted: Planted::default(),
        }
    }

    /// The same with a bug in it, for the simulator.
    pub fn carrying(self, planted: Planted) -> Self {
        Self { planted, ..self }
    }

    /// The bug in it.
    pub(crate) fn planted(&self) -> Planted {
        self.planted
    }

    /// The hive.
    pub fn id(&self) -> ChainId {
        self.id
    }

    /// The state after the last block.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The log after the last block.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The last height.
    pub fn height(&self) -> Height {
        self.height
    }

    /// The last block.
    pub fn block(&self) -> BlockId {
        self.block
    }

    /// Its time.
    pub fn time(&self) -> UnixMs {
        self.time
    }

    /// Builds the next block from transactions in the order given. Those that are refused are left out and reported.
    pub fn build(
        &self,
        proposer: Address,
        now: UnixMs,
        transactions: impl Iterator<Item = VerifiedTransaction>,
    ) -> (Candidate, Vec<(VerifiedTransaction, Reject)>) {
        let context = self.next_context(now);
        let mut overlay = Overlay::new(&self.state);
        let mut events = begin_block(&mut overlay, &context);
        let sorted = self.sort_out(&mut overlay, &context, transactions);
        events.extend(sorted.events);
        let prepared = self.state.prepare(end_block(overlay));
        let header = self.header(&context, proposer, &sorted.ids, &prepared);
        let transactions = Bounded::new(sorted.taken).expect("invariant: a block's limit was kept");
        let block = Arc::new(Block { header, transactions });
        (Candidate { id: block.id(), block, transactions: sorted.ids, prepared, events }, sorted.refused)
    }

    /// Those of these transactions that the next block would refuse, as far as it has room to look at them.
    pub fn refused(
        &self,
        now: UnixMs,
        transactions: impl Iterator<Item = VerifiedTransaction>,
    ) -> Vec<(VerifiedTransaction, Reject)> {
        let context = self.next_context(now);
        let mut overlay = Overlay::new(&self.state);
        let _ = begin_block(&mut overlay, &context);
        self.sort_out(&mut overlay, &context, transactions).refused
    }

    /// Carries transactions out until the block is full.
    fn sort_out(
        &self,
        overlay: &mut Overlay<'_>,
        context: &BlockContext,
        transactions: impl Iterator<Item = VerifiedTransaction>,
    ) -> Sorted {
        let deciding = self.state.authorities();
        let mut sorted = Sorted::default();
        let mut room = BLOCK_BYTES_MAX - BLOCK_HEADER_BYTES_MAX;
        for transaction in transactions {
            if sorted.taken.len() == BLOCK_TRANSACTIONS_MAX || transaction.bytes_len() > room {
                break;
            }
            match execute(overlay, context, deciding, &transaction) {
                Ok(events) => {
                    room -= transaction.bytes_len();
                    sorted.ids.push(transaction.id());
                    sorted.events.extend(events);
                    sorted.taken.push(transaction.transaction().clone());
                }
                Err(reason) => sorted.refused.push((transaction, reason)),
            }
        }
        sorted
    }

    /// Whether the next block would take any of these transactions, and those it refuses before the first one it takes.
    pub fn takes_any(
        &self,
        now: UnixMs,
        transactions: impl Iterator<Item = VerifiedTransaction>,
    ) -> (bool, Vec<(VerifiedTransaction, Reject)>) {
        let context = self.next_context(now);
        let mut overlay = Overlay::new(&self.state);
        let _ = begin_block(&mut overlay, &context);
        let mut refused = Vec::new();
        for transaction in transactions {
            match execute(&mut overlay, &context, self.state.authorities(), &transaction) {
                Ok(_) => return (true, refused),
                Err(reason) => refused.push((transaction, reason)),
            }
        }
        (false, refused)
    }

    /// Checks that a block follows from the chain, transaction by transaction.
    pub fn check(
        &self,
        block: Block,
        bound: TimeBound,
        is_verified: IsVerified<'_>,
    ) -> Result<Candidate, BlockError> {
        self.check_place(&block.header, bound)?;
        let context = self.context(block.header.time);
        let deciding = self.state.authorities();
        let mut overlay = Overlay::new(&self.state);
        let mut events = begin_block(&mut overlay, &context);
        let mut ids = Vec::new();
        for (index, transaction) in block.transactions.iter().enumerate() {
            let transaction = self.verified(transaction, index, is_verified)?;
            let new_events = execute(&mut overlay, &context, deciding, &transaction)
                .map_err(|reason| BlockError::Transaction { index, reason })?;
            ids.push(transaction.id());
            events.extend(new_events);
        }
        let prepared = self.state.prepare(end_block(overlay));
        let expected = self.header(&context, block.header.proposer, &ids, &prepared);
        compare(&expected, &block.header)?;
        let id = block.id();
        Ok(Candidate { block: Arc::new(block), id, transactions: ids, prepared, events })
    }

    /// Checks a final block: certificate first, then that its transactions are those the certificate stands for, then
    /// the block. [`BlockError::Transactions`] is the sender's doing, never the authorities'.
    pub fn check_certified(
        &self,
        block: Block,
        certificate: &Certificate,
        is_verified: IsVerified<'_>,
    ) -> Result<Candidate, BlockError> {
        if certificate.height != self.height.next() {
            return Err(BlockError::Height { expected: self.height.next(), found: certificate.height });
        }
        if certificate.block != block.id() {
            return Err(BlockError::OtherBlock);
        }
        self.verify(certificate)?;
        if !block.is_whole() {
            return Err(BlockError::Transactions);
        }
        self.check(block, TimeBound::Certified, is_verified)
    }

    fn verify(&self, certificate: &Certificate) -> Result<(), BlockError> {
        let set = self.state.authorities();
        if self.planted.is(Bug::UnverifiedSync)
            || (self.planted.is(Bug::QuorumHalf) && certificate.signatures.len() > set.len() / 2)
        {
            return Ok(());
        }
        Ok(certificate.verify(&self.id, set)?)
    }

    /// Makes a candidate the last block.
    pub fn commit(&mut self, candidate: Candidate) -> Vec<Event> {
        let header = &candidate.block.header;
        assert_eq!(header.previous, self.block, "invariant: a candidate is dropped when the chain moves");
        self.state.commit(candidate.prepared);
        assert_eq!(
            self.state.hash(),
            header.state,
            "invariant: the state after a block is the one of its header"
        );
        self.log.append(&candidate.transactions);
        assert_eq!(
            self.log.root(),
            header.log_root,
            "invariant: the log after a block is the one of its header"
        );
        self.height = header.height;
        self.block = candidate.id;
        self.time = header.time;
        candidate.events
    }

    /// Of a block that is made now: its time lies after that of the last one.
    fn next_context(&self, now: UnixMs) -> BlockContext {
        self.context(UnixMs(now.0.max(self.time.0 + 1)))
    }

    fn context(&self, time: UnixMs) -> BlockContext {
        BlockContext { chain: self.id, height: self.height.next(), time, planted: self.planted }
    }

    fn header(
        &self,
        context: &BlockContext,
        proposer: Address,
        ids: &[TransactionId],
        prepared: &Prepared,
    ) -> BlockHeader {
        let (log_root, log_size) = self.log.with(ids);
        let meta = self.state.meta();
        BlockHeader {
            chain: self.id,
            height: context.height,
            previous: self.block,
            time: context.time,
            transactions: Block::transactions_hash(ids),
            state: prepared.hash(),
            log_root,
            log_size,
            authorities: meta.authorities.hash(),
            next_authorities: meta.next_authorities.hash(),
            proposer,
        }
    }

    fn check_place(&self, header: &BlockHeader, bound: TimeBound) -> Result<(), BlockError> {
        if header.chain != self.id {
            return Err(BlockError::Chain);
        }
        let expected = self.height.next();
        if header.height != expected {
            return Err(BlockError::Height { expected, found: header.height });
        }
        if header.previous != self.block {
            return Err(BlockError::Previous { expected: self.block, found: header.previous });
        }
        let latest = match bound {
            TimeBound::Until(latest) => latest,
            TimeBound::Certified => UnixMs(i64::MAX),
        };
        if header.time <= self.time || header.time > latest {
            return Err(BlockError::Time { after: self.time, latest, found: header.time });
        }
        if self.state.authorities().key_of(&header.proposer).is_none() {
            return Err(BlockError::Proposer { proposer: header.proposer });
        }
        Ok(())
    }

    fn verified(
        &self,
        transaction: &Transaction,
        index: usize,
        is_verified: IsVerified<'_>,
    ) -> Result<VerifiedTransaction, BlockError> {
        let known = transaction.clone().assume_verified();
        if is_verified(&known.id()) {
            return Ok(known);
        }
        transaction.clone().verify(&self.id).map_err(|_| BlockError::Signature { index })
    }
}

fn compare(expected: &BlockHeader, found: &BlockHeader) -> Result<(), BlockError> {
    if found.transactions != expected.transactions {
        return Err(BlockError::Transactions);
    }
    if found.state != expected.state {
        return Err(BlockError::State { expected: expected.state, found: found.state });
    }
    if (found.log_root, found.log_size) != (expected.log_root, expected.log_size) {
        return Err(BlockError::Log { expected: expected.log_root, found: found.log_root });
    }
    if (found.authorities, found.next_authorities) != (expected.authorities, expected.next_authorities) {
        return Err(BlockError::Authorities);
    }
    assert_eq!(found, expected, "invariant: every field of a header is compared");
    Ok(())
}
