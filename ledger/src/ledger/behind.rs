//! A ledger that is behind its peers, or whose peers are behind: asking for final blocks, taking them in, serving them.

use protocol::message::{SyncRequest, SyncResponse};
use protocol::{Address, Height, Message, Now};

use super::{Ledger, PATIENCE_MS};
use crate::error::BlockError;
use crate::output::{Fault, Output};

impl Ledger {
    pub(super) fn ask(&mut self, now: Now) {
        let patient =
            self.engine.as_ref().is_some_and(|engine| now.tick.since(engine.started()) < PATIENCE_MS);
        if patient || self.halted.is_some() {
            return;
        }
        if let Some((to, request)) = self.sync.next_request(now.tick, self.chain.height()) {
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
        let mut advanced = false;
        for stored in response.blocks.into_vec() {
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
        if !advanced {
            self.sync.failed(now.tick, &from, self.chain.height());
        }
    }

    fn halt(&mut self, error: &BlockError, height: Height) {
        let reason = format!("block {height} is certified by the authorities but refused here: {error}");
        tracing::error!(reason);
        self.engine = None;
        self.halted = Some(reason.clone());
        self.out.push(Output::Halt { reason });
    }
}
