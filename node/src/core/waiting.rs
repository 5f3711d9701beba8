//! Who waits for transactions to become final: newcomers, and callers that handed transactions in.

use std::collections::BTreeMap;

use ledger::Reject;
use protocol::invitation::{JoinRefusal, JoinResponse};
use protocol::{Address, Height, Tick, TransactionId};

use super::input::Ticket;
use super::output::{Answer, Outcome, Output, Submitted};

/// Callers that may wait at the same time.
const WAITING_MAX: usize = 1_024;
/// How long they wait, milliseconds.
const PATIENCE_MS: u64 = 30_000;

#[derive(Debug)]
enum Waiter {
    Join(Address),
    Submit { outcomes: BTreeMap<TransactionId, Outcome>, order: Vec<TransactionId> },
}

/// Callers by ticket.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    waiters: BTreeMap<Ticket, (Tick, Waiter)>,
    by_transaction: BTreeMap<TransactionId, Vec<Ticket>>,
}

impl Waiting {
    /// Whether another caller may wait.
    pub(super) fn has_room(&self) -> bool {
        self.waiters.len() < WAITING_MAX
    }

    /// A newcomer waits for its admission.
    pub(super) fn join(&mut self, now: Tick, ticket: Ticket, newcomer: Address) {
        self.waiters.insert(ticket, (now.plus(PATIENCE_MS), Waiter::Join(newcomer)));
    }

    /// Whether the newcomer of this ticket is not a member yet.
    pub(super) fn is_outside(&self, ticket: Ticket, state: &ledger::State) -> bool {
        let newcomer = self.waiters.get(&ticket).and_then(|(_, waiter)| match waiter {
            Waiter::Join(newcomer) => Some(newcomer),
            Waiter::Submit { .. } => None,
        });
        newcomer.is_some_and(|newcomer| state.member(newcomer).is_none())
    }

    /// A newcomer is a member: those who wait for it are answered.
    pub(super) fn admitted(&mut self, newcomer: &Address, response: &JoinResponse) -> Vec<Output> {
        let waits = |waiter: &Waiter| matches!(waiter, Waiter::Join(waiting) if waiting == newcomer);
        let tickets: Vec<Ticket> =
            self.waiters.iter().filter(|(_, (_, waiter))| waits(waiter)).map(|(ticket, _)| *ticket).collect();
        tickets.into_iter().filter_map(|ticket| self.joined(ticket, response.clone())).collect()
    }

    /// A newcomer's wait is over, unless it gave up.
    pub(super) fn joined(&mut self, ticket: Ticket, response: JoinResponse) -> Option<Output> {
        self.waiters.remove(&ticket).map(|_| Output::AnswerJoin { ticket, response })
    }

    /// A caller waits for transactions.
    pub(super) fn submit(&mut self, now: Tick, ticket: Ticket, order: Vec<TransactionId>) -> Option<Output> {
        for id in &order {
            self.by_transaction.entry(*id).or_default().push(ticket);
        }
        let outcomes = order.iter().map(|id| (*id, Outcome::Pending)).collect();
        self.waiters.insert(ticket, (now.plus(PATIENCE_MS), Waiter::Submit { outcomes, order }));
        self.finish_if_settled(ticket)
    }

    /// Transactions became final.
    pub(super) fn committed(&mut self, height: Height, ids: &[TransactionId]) -> Vec<Output> {
        self.settle(ids, || Outcome::Committed(height))
    }

    /// A transaction was refused.
    pub(super) fn rejected(&mut self, id: TransactionId, reason: &Reject) -> Vec<Output> {
        self.settle(&[id], || Outcome::Refused(reason.clone()))
    }

    /// Callers whose patience is at its end.
    pub(super) fn expired(&mut self, now: Tick) -> Vec<Output> {
        let late: Vec<Ticket> = self
            .waiters
            .iter()
            .filter(|(_, (deadline, _))| *deadline <= now)
            .map(|(ticket, _)| *ticket)
            .collect();
        late.into_iter().filter_map(|ticket| self.finish(ticket)).collect()
    }

    /// When the first caller gives up.
    pub(super) fn next_deadline(&self) -> Option<Tick> {
        self.waiters.values().map(|(deadline, _)| *deadline).min()
    }

    fn settle(&mut self, ids: &[TransactionId], outcome: impl Fn() -> Outcome) -> Vec<Output> {
        let mut finished = Vec::new();
        if self.by_transaction.is_empty() {
            return finished;
        }
        for id in ids {
            for ticket in self.by_transaction.remove(id).unwrap_or_default() {
                if let Some((_, Waiter::Submit { outcomes, .. })) = self.waiters.get_mut(&ticket) {
                    outcomes.insert(*id, outcome());
                }
                finished.extend(self.finish_if_settled(ticket));
            }
        }
        finished
    }

    fn finish_if_settled(&mut self, ticket: Ticket) -> Option<Output> {
        match &self.waiters.get(&ticket)?.1 {
            Waiter::Submit { outcomes, .. }
                if outcomes.values().all(|outcome| *outcome != Outcome::Pending) =>
            {
                self.finish(ticket)
            }
            Waiter::Submit { .. } | Waiter::Join(_) => None,
        }
    }

    fn finish(&mut self, ticket: Ticket) -> Option<Output> {
        let (_, waiter) = self.waiters.remove(&ticket)?;
        Some(match waiter {
            Waiter::Join(_) => {
                Output::AnswerJoin { ticket, response: JoinResponse::Refused(JoinRefusal::NotNow) }
            }
            Waiter::Submit { outcomes, order } => {
                for id in &order {
                    if let Some(tickets) = self.by_transaction.get_mut(id) {
                        tickets.retain(|other| *other != ticket);
                        if tickets.is_empty() {
                            self.by_transaction.remove(id);
                        }
                    }
                }
                let outcome = |id: &TransactionId| outcomes.get(id).cloned().unwrap_or(Outcome::Pending);
                let submitted = order.iter().map(|id| Submitted { id: *id, outcome: outcome(id) }).collect();
                Output::Answer { ticket, answer: Ok(Answer::Submitted(submitted)) }
            }
        })
    }
}
