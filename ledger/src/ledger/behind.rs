//! A ledger that is behind its peers, or whose peers are behind: asking for final blocks, taking them in, serving them.

use protocol::message::{SyncRequest, SyncResponse};
use protocol::{Address, Height, Message, Now};

use super::trail::Step;
use super::{Ledger, PATIENCE_MS};
use crate::error::BlockError;
use crate::output::{Fault, Output};
use crate::sync::Wanted;

impl Ledger {
    /// Whether this node is still on its way to the checkpoint of its invitation: until it is there, it knows nobody
    /// whose signature would make a block final.
    pub fn is_on_its_way(&self) -> bool {
        self.trail.is_some()
    }

    /// Asks a peer that is further for what is wanted next.
    pub(super) fn ask(&mut self, now: Now) {
        let patient =
            self.engine.as_ref().is_some_and(|engine| now.tick.since(engine.started()) < PATIENCE_MS);
        if patient || self.halted.is_some() {
            return;
        }
        let wanted = match &self.trail {
            Some(trail) => trail.wanted(self.chain.height()),
            None => Wanted::beyond(self.chain.height()),
        };
        if let Some((to, request)) = self.sync.next_request(now.tick, self.chain.height(), wanted) {
            self.out.push(Output::Send { to, message: Message::SyncRequest(request) });
        }
    }

    pub(super) fn serve(&mut self, now: Now, to: Address, request: &SyncRequest) {
        if !self.sync.may_serve(now.tick, &to) {
            return;
        }
        let head = self.chain.height();
        if request.from.0 == 0 || request.from > head || request.count == 0 {
            let message = Message::SyncResponse(SyncResponse { blocks: Default::default() });
            self.out.push(Output::Send { to, message });
            return;
        }
        let last = Height(head.0.min(request.from.0.saturating_add(u64::from(request.count) - 1)));
        self.out.push(Output::ServeBlocks { to, from: request.from, last });
    }

    /// Final blocks from a peer: certificate first, then the block, one after the other.
    pub(super) fn catch_up(&mut self, now: Now, from: Address, response: SyncResponse) {
        if self.sync.answered(&from).is_none() {
            return;
        }
        let mut blocks = response.blocks.into_vec();
        if let Some(trail) = &mut self.trail {
            match trail.follow(&blocks, self.chain.height(), self.chain.block()) {
                Step::Nearer => return,
                Step::Astray(reason) => return self.stop(reason.to_owned()),
                Step::Empty => return self.sync.failed(now.tick, &from, self.chain.height()),
                Step::Lie => {
                    tracing::warn!(%from, "catch-up: a peer's blocks do not lead to the checkpoint");
                    self.out.push(Output::Blame { peer: from, fault: Fault::Certificate });
                    return self.sync.failed(now.tick, &from, self.chain.height());
                }
                Step::Leads(count) => blocks.truncate(count),
            }
        }
        let mut advanced = false;
        for stored in blocks {
            let Ok(block) = self.planted.decode_block(stored.block.as_slice()) else {
                self.out.push(Output::Blame { peer: from, fault: Fault::Malformed });
                break;
            };
            if block.header.height <= self.chain.height() {
                continue;
            }
            let mempool = &self.mempool;
            match self.chain.check_certified(block, &stored.certificate, &|id| mempool.contains(id)) {
                Ok(candidate) => {
                    advanced = true;
                    self.commit(now, candidate, stored.certificate);
                }
                Err(
                    error @ (BlockError::Certificate(_)
                    | BlockError::OtherBlock
                    | BlockError::Height { .. }
                    | BlockError::Transactions),
                ) => {
                    tracing::warn!(%from, %error, "catch-up: a peer's block is not final");
                    self.out.push(Output::Blame { peer: from, fault: Fault::Certificate });
                    break;
                }
                Err(error) => {
                    self.halt(&error, stored.certificate.height);
                    return;
                }
            }
        }
        let height = self.chain.height();
        self.trail.take_if(|trail| trail.passed(height));
        if !advanced {
            self.sync.failed(now.tick, &from, height);
        }
    }

    /// Whether it is this node's turn to tell everybody of a block: one authority more than may fail has it, the ones
    /// behind the first proposer of that height in order of address, who tells of it by its header.
    pub(super) fn tells_of(&self, height: Height) -> bool {
        let set = self.chain.state().authorities();
        let Ok(place) = set.addresses().binary_search(&self.address) else { return false };
        let count = set.len() as u64;
        let behind = (place as u64 + count - height.0 % count) % count;
        (1..=set.faults_tolerated() as u64 + 1).contains(&behind) || count == 1
    }

    fn halt(&mut self, error: &BlockError, height: Height) {
        self.stop(format!("block {height} is certified by the authorities but refused here: {error}"));
    }

    fn stop(&mut self, reason: String) {
        tracing::error!(reason);
        self.engine = None;
        self.halted = Some(reason.clone());
        self.out.push(Output::Halt { reason });
    }
}
