//! What comes of private sums: to be stored, sent and put on the ledger, in this order.

use ledger::state::aggregate::Group;
use protocol::aggregate::{AggregateMessage, SignedOutcome, Task, Work};
use protocol::{Address, Digest};

pub(super) use crate::core::scene::Scene;

use super::stored::{AggregateKept, AggregateKeptKey};

/// Something to be done.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Act {
    /// Store it, before anything behind it leaves.
    Store(AggregateKept),
    /// Forget it.
    Forget(AggregateKeptKey),
    /// Send it to a member, which may be this node itself.
    Send(Address, AggregateMessage),
    /// Put it on the ledger after so many milliseconds, unless it is there by then.
    Publish(Box<SignedOutcome>, u64),
    /// People see something else.
    Tell,
}

impl<'a> Scene<'a> {
    /// Task and group of a work, if it was asked.
    pub(super) fn asked(&self, work: &Work) -> Option<(Task, &'a Group)> {
        let month = work.period.month();
        let task = self.state.aggregate_month(month)?.task(&work.task)?;
        let group = self.state.aggregate_group(month, work.group)?;
        (task.cadence == work.period.cadence).then_some((*task, group))
    }

    /// The two desks of a work.
    pub(super) fn desks(&self, work: &Work) -> Option<[Address; 2]> {
        self.state.aggregate_desks(work.period)
    }

    /// Whether what became of a work stands on the ledger.
    pub(super) fn is_known(&self, work: &Work, task: &Task) -> bool {
        self.state.figure(work.period, task.measure, work.group).is_some()
    }

    /// The first key of a member.
    pub(super) fn first_key(&self, member: &Address) -> Address {
        self.state.origin(&self.state.current(member))
    }

    /// A secret of this building for one purpose and work.
    pub(super) fn seed(&self, purpose: &str, work: &Work, more: &[u8]) -> Digest {
        let work = protocol::encode(work);
        let parts =
            [self.secret.as_bytes().as_slice(), purpose.as_bytes(), self.chain.as_bytes(), &work, more];
        Digest::of("symbiose aggregate secret v1", &parts)
    }
}
