//! Lies to those who are behind: heights that do not exist, blocks without what makes them final.

use protocol::message::{Status, SyncBlock, SyncResponse};
use protocol::{Bounded, Bytes, CertificateSignature, Height, Vote, VoteKind, encode};

use super::{Facts, Liar};

/// Blocks of one answer.
type Blocks = Vec<SyncBlock>;

impl Liar {
    /// Another height than its own: none, a little more, far more, the last there is.
    pub(super) fn forged_status(&mut self, status: &Status) -> Status {
        let height = match self.chance.below(5) {
            0 => Height(0),
            1 => Height(status.height.0 + 1),
            2 => Height(status.height.0 + self.chance.between(2, 1_000)),
            3 => Height(u64::MAX / 2),
            _ => Height(u64::MAX),
        };
        Status { height, ..status.clone() }
    }

    /// An answer to a laggard that must not get it any further than the truth would.
    pub(super) fn forged_answer(&mut self, response: &SyncResponse, facts: &Facts<'_>) -> SyncResponse {
        let mut blocks: Blocks = response.blocks.iter().cloned().collect();
        if blocks.is_empty() {
            blocks.extend(self.invented(facts));
        }
        if blocks.is_empty() {
            return response.clone();
        }
        let which = self.chance.index(blocks.len().max(1));
        match self.chance.below(9) {
            0 => blocks.clear(),
            1 => too_few(&mut blocks[which]),
            2 => twice_the_same(&mut blocks[which]),
            3 => blocks[which].certificate.height = Height(blocks[which].certificate.height.0 + 1),
            4 => blocks.reverse(),
            5 => drop(blocks.remove(which)),
            6 => blocks[which].block = Bytes::new(vec![0xff; 64]).expect("invariant: a few bytes"),
            7 => {
                let certificate = blocks[0].certificate.clone();
                blocks.iter_mut().for_each(|block| block.certificate = certificate.clone());
            }
            _ => {
                blocks.truncate(which);
                blocks.extend(self.invented(facts));
            }
        }
        SyncResponse { blocks: Bounded::new(blocks).unwrap_or_default() }
    }

    /// A block of its own with the only signature it can give, as often as a quorum needs.
    fn invented(&mut self, facts: &Facts<'_>) -> Option<SyncBlock> {
        let block = self.forged_block(facts)?;
        let (height, id) = (block.header.height, block.id());
        let signatures = facts.tip.state().authorities().keys().iter().map(|key| {
            let address = protocol::Address::of(key);
            let (kind, round) = (VoteKind::Precommit, protocol::Round(0));
            let vote = Vote { kind, height, round, block: Some(id), address };
            CertificateSignature { address, signature: vote.sign(facts.key, &facts.tip.id()).signature }
        });
        let signatures = Bounded::new(signatures.collect()).ok()?;
        let certificate = protocol::Certificate { height, round: protocol::Round(0), block: id, signatures };
        Some(SyncBlock { block: Bytes::new(encode(&block)).ok()?, certificate })
    }
}

fn too_few(block: &mut SyncBlock) {
    let mut signatures = block.certificate.signatures.clone().into_vec();
    signatures.truncate(signatures.len() * 2 / 3);
    block.certificate.signatures = Bounded::new(signatures).expect("invariant: fewer than before");
}

fn twice_the_same(block: &mut SyncBlock) {
    let mut signatures = block.certificate.signatures.clone().into_vec();
    if let (Some(first), Some(last)) = (signatures.first().cloned(), signatures.last_mut()) {
        *last = first;
    }
    block.certificate.signatures = Bounded::new(signatures).expect("invariant: as many as before");
}
