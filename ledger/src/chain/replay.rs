//! Blocks from disk, carried out one after the other. They were checked before they were written, so the two hashes that
//! cover everything, of state and log, are worked out again for every 256th block and the last one alone: a difference in
//! any block before is still in them, and a node with years of blocks starts in a fraction of the time.

use protocol::{Block, BlockHeader, BlockId, Checkpoint, TransactionId};

use super::{Chain, TimeBound, compare};
use crate::OpenError;
use crate::error::BlockError;
use crate::input::StoredBlock;
use crate::state::{Delta, Overlay, begin_block, end_block, execute};

/// Blocks whose writes are hashed together.
const HASHED_EVERY: u64 = 256;

/// A chain on its way from genesis to the last block of a disk. A copy goes on from where the original is.
#[derive(Debug, Clone)]
pub struct Replay {
    chain: Chain,
    /// What was written since the last hash of the state.
    written: Delta,
    /// Transactions since the last root of the log.
    appended: Vec<TransactionId>,
    last: Option<BlockHeader>,
}

impl Replay {
    /// From a chain, as far as it goes.
    pub fn of(chain: Chain) -> Self {
        Self { chain, written: Delta::new(), appended: Vec::new(), last: None }
    }

    /// Carries the next block of a disk out, if its certificate is of it and a node whose invitation vouches for
    /// `checkpoint` may take it.
    pub fn take_stored(
        &mut self,
        stored: StoredBlock,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<(), OpenError> {
        let StoredBlock { block, certificate } = stored;
        let height = block.header.height;
        let refused = |error| OpenError::Block { height, error };
        let id = block.id();
        if certificate.block != id {
            return Err(refused(BlockError::OtherBlock));
        }
        if checkpoint.is_some_and(|trusted| trusted.height == height && trusted.block != id) {
            return Err(OpenError::OtherHistory { height });
        }
        self.take(block, id).map_err(refused)
    }

    /// Carries the next block out; `id` is its id.
    pub(crate) fn take(&mut self, block: Block, id: BlockId) -> Result<(), BlockError> {
        let Block { header, transactions } = block;
        let chain = &mut self.chain;
        chain.check_place(&header, TimeBound::Certified)?;
        let meta = chain.state.meta();
        let deciding = (meta.authorities.hash(), meta.next_authorities.hash());
        if (header.authorities, header.next_authorities) != deciding {
            return Err(BlockError::Authorities);
        }
        let context = chain.context(header.time);
        let deciding = chain.state.authorities();
        let mut overlay = Overlay::new(&chain.state);
        let _ = begin_block(&mut overlay, &context);
        let from = self.appended.len();
        for (index, transaction) in transactions.into_vec().into_iter().enumerate() {
            let transaction = transaction.assume_verified();
            execute(&mut overlay, &context, deciding, &transaction)
                .map_err(|reason| BlockError::Transaction { index, reason })?;
            self.appended.push(transaction.id());
        }
        let delta = end_block(overlay);
        if Block::transactions_hash(&self.appended[from..]) != header.transactions {
            return Err(BlockError::Transactions);
        }
        chain.state.write(delta.clone());
        self.written.extend(delta);
        (chain.height, chain.block, chain.time) = (header.height, id, header.time);
        self.last = Some(header);
        if chain.height.0.is_multiple_of(HASHED_EVERY) {
            self.hash()?;
        }
        Ok(())
    }

    /// The chain after the last block.
    pub(crate) fn finish(mut self) -> Result<Chain, OpenError> {
        let height = self.chain.height;
        self.hash().map_err(|error| OpenError::Block { height, error })?;
        Ok(self.chain)
    }

    /// Hashes what was written, and holds it against the last header.
    fn hash(&mut self) -> Result<(), BlockError> {
        let chain = &mut self.chain;
        chain.state.seal(std::mem::take(&mut self.written));
        chain.log.append(&std::mem::take(&mut self.appended));
        let Some(header) = self.last.take() else { return Ok(()) };
        let expected = BlockHeader {
            state: chain.state.hash(),
            log_root: chain.log.root(),
            log_size: chain.log.size(),
            ..header
        };
        compare(&expected, &header)
    }
}
