//! Who waits for which answer of the core. Every ticket is answered once; the queues in front of the core bound how
//! many are out.

use std::collections::BTreeMap;

use protocol::invitation::Particulars;
use protocol::limits::{ADDRESS_TEXT_BYTES_MAX, INVITATION_ADDRESSES_MAX};
use protocol::{Action, Bounded, Bytes, Digest};
use web::{Inserted, Reply};

use super::network::JoinTicket;
use crate::core::Ticket;

/// Somebody who waits.
pub(crate) enum Waiter {
    /// A request with readings, and how many payloads it has.
    Telemetry(Reply<Inserted>, usize),
    /// A command.
    Command(Reply<web::Answer>, Context),
    /// A newcomer.
    Join(JoinTicket),
}

/// What the answer of a command needs besides what the core says.
pub(crate) enum Context {
    /// Nothing.
    None,
    /// The secret and addresses of an invitation.
    Invitation {
        /// Made by the shell.
        secret: Digest,
        /// The hive's pre-shared network key.
        swarm_key: Digest,
        /// Where the newcomer finds the hive.
        addresses: Bounded<Bytes<ADDRESS_TEXT_BYTES_MAX>, INVITATION_ADDRESSES_MAX>,
        /// What else it tells.
        particulars: Particulars,
    },
    /// The action that is proposed.
    Proposal(Action),
    /// Codes of letters, to be shown once.
    Letters(Vec<super::home::Codes>),
    /// The proposal that is approved.
    Approval(u64),
    /// Positions and reasons of submitted transactions that do not hold. Rising.
    Submission(Vec<(usize, String)>),
}

/// Those who wait.
#[derive(Default)]
pub(crate) struct Tickets {
    next: u64,
    waiting: BTreeMap<Ticket, Waiter>,
    telemetry: usize,
}

impl Tickets {
    /// A ticket for somebody.
    pub(crate) fn issue(&mut self, waiter: Waiter) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        self.telemetry += usize::from(matches!(waiter, Waiter::Telemetry(..)));
        self.waiting.insert(ticket, waiter);
        ticket
    }

    /// Whose ticket this is. It is not answered a second time.
    pub(crate) fn redeem(&mut self, ticket: Ticket) -> Option<Waiter> {
        let waiter = self.waiting.remove(&ticket);
        self.telemetry -= usize::from(matches!(waiter, Some(Waiter::Telemetry(..))));
        waiter
    }

    /// Requests with readings that wait.
    pub(crate) const fn telemetry(&self) -> usize {
        self.telemetry
    }

    /// Everybody who waits.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_redeemed_once() {
        let mut tickets = Tickets::default();
        let (reply, _answer) = tokio::sync::oneshot::channel();
        let ticket = tickets.issue(Waiter::Telemetry(reply, 1));
        assert_eq!((tickets.telemetry(), tickets.len()), (1, 1));
        assert!(tickets.redeem(ticket).is_some());
        assert!(tickets.redeem(ticket).is_none());
        assert_eq!((tickets.telemetry(), tickets.len()), (0, 0));
    }
}
