//! Blocks from disk, carried out one after the other. They were checked before they were written, so the two hashes that
//! cover everything, of state and log, are worked out again for every 256th block and the last one alone: a difference in
//! any block before is still in them, and a node with years of blocks starts in a fraction of the time.

use protocol::{Block, BlockHeader, BlockId, Height, TransactionId};

use super::{Chain, TimeBound, compare};
use crate::error::BlockError;
use crate::state::{Delta, Overlay, begin_block, end_block, execute};

/// Blocks whose writes are hashed together.
const HASHED_EVERY: u64 = 256;

/// A chain on its way from genesis to the last block of a disk.
#[derive(Debug)]
pub(crate) struct Replay {
    chain: Chain,
    /// What was written since the last hash of the state.
    written: Delta,
    /// Transactions since the last root of the log.
    appended: Vec<TransactionId>,
    last: Option<BlockHeader>,
}

impl Replay {
    /// From a chain, as far as it goes.
    pub(crate) fn of(chain: Chain) -> Self {
        Self { chain, written: Delta::new(), appended: Vec::new(), last: None }
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

    /// The chain after the last block. Where its hashes are others, the height of that block and why.
    pub(crate) fn finish(mut self) -> Result<Chain, (Height, BlockError)> {
        let height = self.chain.height;
        self.hash().map_err(|error| (height, error))?;
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
