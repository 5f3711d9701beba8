//! What a node signed before it stopped: taken up again, or the reason for signing nothing for a while.

use protocol::{Height, Now};

use super::{Ledger, OpenError};
use crate::chain::TimeBound;
use crate::output::Output;
use crate::record::{RecordError, VoteLog};

impl Ledger {
    /// Blocks up to this one were final here, and some of them are gone. Nothing is signed at their heights until they
    /// are final here again: the votes for them are gone as well.
    pub fn miss_blocks(&mut self, reached: Height) {
        if reached > self.chain.height() {
            tracing::error!(
                height = self.chain.height().0,
                reached = reached.0,
                "blocks are missing; not signing"
            );
            self.abstain_until = self.abstain_until.max(reached);
            self.engine = None;
        }
    }

    /// Whether there is no other member, as far as the blocks tell.
    fn is_only_member(&self) -> bool {
        self.chain.state().members().count() == 1
    }

    /// Records of the height in progress bring the core back to where it was; a height that may hold our votes starts
    /// at once, whatever waits for a block.
    pub(super) fn recover(&mut self, now: Now, votes: Result<VoteLog, RecordError>) -> Result<(), OpenError> {
        let next = self.chain.height().next();
        match votes {
            Ok(log) if log.height == next => {
                if let Some(waiting) = &mut self.waiting {
                    waiting.keep(log);
                } else {
                    self.take_up(now, &log)?;
                }
            }
            // Final blocks were lost since those votes were cast. They stay on disk, and nothing is signed at their
            // height, until that height is final here again.
            Ok(log) if log.height > next => {
                tracing::error!(
                    height = next.0,
                    votes = log.height.0,
                    "blocks before our last votes are missing"
                );
                self.abstain_until = log.height;
            }
            Ok(_) => self.out.push(Output::VoteReset(next)),
            Err(RecordError::Restored) => self.forget_votes(),
            // Nobody else ever saw a vote of ours.
            Err(error) if self.is_only_member() => {
                tracing::error!(%error, height = next.0, "the vote log cannot be read; begun anew");
                self.out.push(Output::VoteReset(next));
            }
            Err(error) => {
                tracing::error!(%error, height = next.0, "the vote log cannot be read; not signing at this height");
                // Blocks may be missing as well: then the votes are for a later height.
                self.abstain_until = next.max(error.height());
            }
        }
        Ok(())
    }

    /// Brings the height in progress back to where its records end.
    pub(super) fn take_up(&mut self, now: Now, log: &VoteLog) -> Result<(), OpenError> {
        if !log.records.is_empty() && self.may_vote() {
            let mut engine = self.new_engine(now);
            let chain = &self.chain;
            let judge = |block| chain.check(block, TimeBound::Certified, &|_| false);
            match engine.replay(&log.records, &judge)? {
                Ok(()) => self.engine = Some(engine),
                Err(error) => {
                    tracing::error!(%error, height = log.height.0, "our votes contradict what was heard; not signing");
                    self.abstain_until = self.abstain_until.max(log.height);
                }
            }
        }
        Ok(())
    }
}
