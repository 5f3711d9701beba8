//! Things that a liar makes up: blocks that keep the rules and blocks that break them.

use protocol::{Address, Block, ChainId, Digest, Height, StateHash, UnixMs};

use super::{Facts, Liar};

impl Liar {
    /// A block that nothing speaks against but that it is not the first of its round. Its transactions are none.
    pub(super) fn forged_block(&mut self, facts: &Facts<'_>) -> Option<Block> {
        let early = i64::try_from(self.chance.between(1, 2_000)).ok()?;
        let time = UnixMs(facts.now.0.max(facts.tip.time().0 + 1)).plus(-early);
        let (candidate, _) = facts.tip.build(facts.key.address(), time, std::iter::empty());
        Some(candidate.block.as_ref().clone())
    }

    /// A block that breaks a rule.
    pub(super) fn bad_block(&mut self, facts: &Facts<'_>) -> Option<Block> {
        let mut block = self.forged_block(facts)?;
        let header = &mut block.header;
        match self.chance.below(7) {
            0 => header.state = StateHash::new([1; 32]),
            1 => header.time = facts.now.plus(86_400_000),
            2 => header.chain = ChainId::new([2; 32]),
            3 => header.previous = protocol::BlockId::new([3; 32]),
            4 => header.proposer = Address::new([4; 20]),
            5 => header.height = Height(header.height.0 + 1),
            _ => header.next_authorities = Digest::new([5; 32]),
        }
        Some(block)
    }
}
