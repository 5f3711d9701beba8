//! A ledger opens from stored blocks to the state they led to, and from no others.

use protocol::{Block, Bounded, Certificate, Height, LogRoot, Now, Round, StateHash, Tick, UnixMs};

use super::{config, genesis, key, open};
use crate::chain::Chain;
use crate::error::BlockError;
use crate::input::StoredBlock;
use crate::{Ledger, OpenError};

/// More than are hashed together.
const BLOCKS: u64 = 300;

fn stored(block: Block) -> StoredBlock {
    let (height, id) = (block.header.height, block.id());
    let certificate = Certificate { height, round: Round(0), block: id, signatures: Bounded::default() };
    StoredBlock { block, certificate }
}

/// A chain whose every other block holds a transaction, and its blocks.
fn history() -> (Chain, Vec<StoredBlock>) {
    let genesis = genesis(1, 0);
    let mut chain = Chain::genesis(&genesis);
    let mut blocks = Vec::new();
    for height in 1..=BLOCKS {
        let reference = u8::try_from(height / 2).unwrap();
        let transaction = (height % 2 == 0).then(|| open(&genesis, 0, height / 2, reference));
        let now = UnixMs(2_000 + i64::try_from(height).unwrap());
        let (candidate, refused) = chain.build(key(0).address(), now, transaction.into_iter());
        assert!(refused.is_empty(), "{refused:?}");
        blocks.push(stored((*candidate.block).clone()));
        chain.commit(candidate);
    }
    (chain, blocks)
}

fn reopened(blocks: Vec<StoredBlock>) -> Result<Ledger, OpenError> {
    let now = Now { tick: Tick(0), time: UnixMs(1_000_000) };
    let votes = Ok(crate::VoteLog::default());
    Ledger::open(now, config(), key(0), &genesis(1, 0), blocks.into_iter(), votes).map(|(ledger, _)| ledger)
}

#[test]
fn every_stretch_of_a_history_opens_to_the_state_it_led_to() {
    let (chain, blocks) = history();
    for count in [0, 1, 255, 256, 257, 300] {
        let ledger = reopened(blocks[..count].to_vec()).unwrap();
        assert_eq!(ledger.head().height, Height(count as u64));
        if let Some(last) = blocks[..count].last() {
            let header = &last.block.header;
            assert_eq!((ledger.head().state, ledger.log().root()), (header.state, header.log_root));
        }
    }
    let ledger = reopened(blocks).unwrap();
    assert_eq!((ledger.head().state, ledger.log().size()), (chain.state().hash(), BLOCKS / 2));
    assert!(ledger.log().prove(BLOCKS / 2 - 1).is_some());
}

#[test]
fn a_history_that_says_another_state_log_or_list_is_not_opened() {
    let (_, blocks) = history();
    let with_last = |count: usize, change: &dyn Fn(&mut Block)| {
        let mut blocks = blocks[..count].to_vec();
        let mut last = blocks.pop().unwrap().block;
        change(&mut last);
        blocks.push(stored(last));
        match reopened(blocks) {
            Err(OpenError::Block { height, error }) => (height.0, error),
            other => panic!("it opens: {:?}", other.map(|ledger| ledger.head())),
        }
    };
    for count in [2, 256, 300] {
        let (height, error) = with_last(count, &|block| block.header.state = StateHash::new([7; 32]));
        assert!(matches!(error, BlockError::State { .. }), "{error}");
        assert_eq!(height, count as u64);
        let (_, error) = with_last(count, &|block| block.header.log_root = LogRoot::new([7; 32]));
        assert!(matches!(error, BlockError::Log { .. }), "{error}");
        let (_, error) = with_last(count, &|block| block.transactions = Bounded::default());
        assert_eq!(error, BlockError::Transactions);
        let (_, error) = with_last(count, &|block| block.header.authorities = protocol::Digest::new([7; 32]));
        assert_eq!(error, BlockError::Authorities);
    }
}
