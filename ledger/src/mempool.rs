//! Transactions that wait for a block: per member in order of sequence, within limits, so that no member can fill the
//! queue of another.

use std::collections::{BTreeMap, BTreeSet};

use protocol::limits::{
    EXPIRY_HEIGHTS_MAX, GOSSIP_TRANSACTIONS_MAX, MEMPOOL_BYTES_MAX, MEMPOOL_PER_MEMBER_MAX,
    MEMPOOL_TRANSACTIONS_MAX, SEQUENCE_AHEAD_MAX, TRANSACTION_BYTES_MAX,
};
use protocol::{Address, Height, Sequence, Tick, TransactionId, VerifiedTransaction};

use crate::error::Reject;
use crate::planted::{Bug, Planted};
use crate::state::State;

/// How long a transaction handed in here waits before it is gossiped again, milliseconds.
pub const REPEAT_MS: u64 = 3_000;

#[derive(Debug, Clone)]
struct Waiting {
    transaction: VerifiedTransaction,
    /// When this node repeats it; `None` if another node answers for it.
    repeat: Option<Tick>,
}

/// The queue.
#[derive(Debug, Default)]
pub struct Mempool {
    members: BTreeMap<Address, BTreeMap<Sequence, Waiting>>,
    ids: BTreeSet<TransactionId>,
    bytes: usize,
    /// Not later than the first repeat that is due.
    next_repeat: Option<Tick>,
    planted: Planted,
}

impl Mempool {
    /// An empty queue with a bug in it, for the simulator.
    pub(crate) fn carrying(planted: Planted) -> Self {
        Self { planted, ..Self::default() }
    }

    /// Transactions waiting.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether this transaction waits here.
    pub fn contains(&self, id: &TransactionId) -> bool {
        self.ids.contains(id)
    }

    /// Whether any member's next transaction is here, so that a block can be built.
    pub fn has_next(&self, state: &State) -> bool {
        self.members.iter().any(|(author, waiting)| {
            let next = state.member(author).map(|member| member.sequence.next());
            next.is_some_and(|next| waiting.contains_key(&next))
        })
    }

    /// Takes a transaction in. Answers whether it is new here.
    pub fn insert(
        &mut self,
        state: &State,
        transaction: VerifiedTransaction,
        repeat: Option<Tick>,
    ) -> Result<bool, Reject> {
        if self.ids.contains(&transaction.id()) {
            return Ok(false);
        }
        self.check(state, &transaction)?;
        self.ids.insert(transaction.id());
        self.bytes += transaction.bytes_len();
        self.next_repeat = [self.next_repeat, repeat].into_iter().flatten().min();
        let waiting = self.members.entry(transaction.author()).or_default();
        waiting.insert(transaction.body().sequence, Waiting { transaction, repeat });
        Ok(true)
    }

    fn check(&self, state: &State, transaction: &VerifiedTransaction) -> Result<(), Reject> {
        let (author, body) = (transaction.author(), transaction.body());
        let member =
            state.member(&author).filter(|member| !member.revoked).ok_or(Reject::NotMember { author })?;
        let expected = member.sequence.next();
        let mine = self.members.get(&author);
        let taken = mine.is_some_and(|waiting| waiting.contains_key(&body.sequence));
        let is_old = body.sequence < expected && !self.planted.is(Bug::ReplayAccepted);
        if is_old || taken || body.sequence.0.saturating_sub(expected.0) >= SEQUENCE_AHEAD_MAX {
            return Err(Reject::Sequence { expected, found: body.sequence });
        }
        let height = state.meta().height.next();
        if body.expires < height || body.expires.0 - height.0 > EXPIRY_HEIGHTS_MAX {
            return Err(Reject::Expired { expires: body.expires, height, max: EXPIRY_HEIGHTS_MAX });
        }
        if mine.map_or(0, BTreeMap::len) >= MEMPOOL_PER_MEMBER_MAX {
            return Err(Reject::Busy { what: "transactions of one member", max: MEMPOOL_PER_MEMBER_MAX });
        }
        if self.ids.len() >= MEMPOOL_TRANSACTIONS_MAX {
            return Err(Reject::Busy { what: "transactions", max: MEMPOOL_TRANSACTIONS_MAX });
        }
        assert!(
            transaction.bytes_len() <= TRANSACTION_BYTES_MAX,
            "invariant: the decoder bounds a transaction"
        );
        if self.bytes + transaction.bytes_len() > MEMPOOL_BYTES_MAX {
            return Err(Reject::Busy { what: "bytes of transactions", max: MEMPOOL_BYTES_MAX });
        }
        Ok(())
    }

    /// What the next block may take: each member's run without a gap, one of each in turn so that nobody waits behind
    /// another's queue.
    pub fn next_block<'a>(&'a self, state: &'a State) -> impl Iterator<Item = VerifiedTransaction> + 'a {
        let mut runs: Vec<_> = self
            .members
            .iter()
            .filter_map(|(author, waiting)| {
                let mut next = state.member(author)?.sequence.next();
                if self.planted.is(Bug::ReplayAccepted) {
                    next = *waiting.first_key_value()?.0;
                }
                let run = waiting
                    .range(next..)
                    .zip(next.0..)
                    .take_while(|((sequence, _), due)| sequence.0 == *due)
                    .map(|((_, waiting), _)| waiting.transaction.clone());
                Some(run)
            })
            .collect();
        let mut turn = 0;
        std::iter::from_fn(move || {
            while !runs.is_empty() {
                let index = turn % runs.len();
                match runs[index].next() {
                    Some(transaction) => {
                        turn = index + 1;
                        return Some(transaction);
                    }
                    None => {
                        drop(runs.remove(index));
                        turn = index;
                    }
                }
            }
            None
        })
    }

    /// Removes one transaction.
    pub fn remove(&mut self, transaction: &VerifiedTransaction) {
        self.remove_at(transaction.author(), transaction.body().sequence);
    }

    /// Forgets what one author signed from this sequence on.
    pub fn withdraw(&mut self, author: &Address, from: Sequence) {
        let Some(waiting) = self.members.get_mut(author) else { return };
        for Waiting { transaction, .. } in waiting.split_off(&from).into_values() {
            self.ids.remove(&transaction.id());
            self.bytes -= transaction.bytes_len();
        }
        if waiting.is_empty() {
            self.members.remove(author);
        }
    }

    /// Forgets what a new block made final or impossible. Answers those that can never be final any more.
    pub fn settle(&mut self, state: &State, height: Height) -> Vec<(VerifiedTransaction, Reject)> {
        let mut gone = Vec::new();
        for (author, waiting) in &self.members {
            let member = state.member(author).filter(|member| !member.revoked);
            for (sequence, Waiting { transaction, .. }) in waiting {
                let expires = transaction.body().expires;
                let reason = match member {
                    None => Reject::NotMember { author: *author },
                    Some(member) if *sequence <= member.sequence => {
                        Reject::Sequence { expected: member.sequence.next(), found: *sequence }
                    }
                    Some(_) if expires <= height => {
                        Reject::Expired { expires, height: height.next(), max: EXPIRY_HEIGHTS_MAX }
                    }
                    Some(_) => break,
                };
                gone.push((transaction.clone(), reason));
            }
        }
        for (transaction, _) in &gone {
            self.remove(transaction);
        }
        gone
    }

    /// Transactions handed in here whose time to be repeated has come; they are due again later.
    pub fn due(&mut self, now: Tick, max: usize) -> Vec<VerifiedTransaction> {
        if self.next_repeat.is_none_or(|next| now < next) {
            return Vec::new();
        }
        let mut due = Vec::new();
        let mut next: Option<Tick> = None;
        for waiting in self.members.values_mut().flat_map(BTreeMap::values_mut) {
            let Some(repeat) = &mut waiting.repeat else { continue };
            if *repeat <= now && due.len() < max {
                *repeat = now.plus(REPEAT_MS);
                due.push(waiting.transaction.clone());
            }
            next = Some(next.map_or(*repeat, |next| next.min(*repeat)));
        }
        self.next_repeat = next;
        due
    }

    /// Makes everything handed in here due at once: a connection came up.
    pub fn repeat_soon(&mut self, now: Tick) {
        for waiting in self.members.values_mut().flat_map(BTreeMap::values_mut) {
            waiting.repeat = waiting.repeat.map(|repeat| repeat.min(now));
        }
        self.next_repeat = self.next_repeat.map(|repeat| repeat.min(now));
    }

    /// When to ask for [`Mempool::due`] again, at the latest.
    pub fn next_due(&self) -> Option<Tick> {
        self.next_repeat
    }

    fn remove_at(&mut self, author: Address, sequence: Sequence) {
        let Some(waiting) = self.members.get_mut(&author) else { return };
        if let Some(removed) = waiting.remove(&sequence) {
            self.ids.remove(&removed.transaction.id());
            self.bytes -= removed.transaction.bytes_len();
        }
        if waiting.is_empty() {
            self.members.remove(&author);
        }
    }
}

/// Gossip messages that keep their limits of count and bytes.
pub(crate) fn batches(transactions: &[VerifiedTransaction]) -> Vec<Vec<protocol::Transaction>> {
    let room = protocol::limits::GOSSIP_BYTES_MAX - 1024;
    let mut batches: Vec<Vec<protocol::Transaction>> = Vec::new();
    let mut bytes = 0;
    for transaction in transactions {
        let full = batches.last().is_none_or(|batch| batch.len() == GOSSIP_TRANSACTIONS_MAX);
        if full || bytes + transaction.bytes_len() > room {
            batches.push(Vec::new());
            bytes = 0;
        }
        bytes += transaction.bytes_len();
        batches.last_mut().expect("invariant: pushed above").push(transaction.transaction().clone());
    }
    batches
}
