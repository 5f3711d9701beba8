//! Statements that a desk refused: counted by reason, the latest kept to be shown.

use std::collections::{BTreeMap, VecDeque};

use protocol::energy::{SlotId, StatementRefusal};
use protocol::limits::REFUSALS_KEPT_MAX;
use protocol::{Address, Bounded, Tick, UnixMs};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

/// What was refused is written at most this often, milliseconds: nobody fills a desk's disk with nonsense.
const STORE_EVERY_MS: u64 = 10_000;

/// A statement that does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct RefusedStatement {
    /// Who sent it, or whom it names where another desk did.
    pub member: Address,
    /// Its slot.
    pub slot: SlotId,
    /// Its version.
    pub version: u32,
    /// Why.
    pub reason: StatementRefusal,
    /// Hive time at which it was refused last.
    pub at: UnixMs,
}

/// What a desk refused.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusals {
    latest: VecDeque<RefusedStatement>,
    counts: BTreeMap<StatementRefusal, u64>,
    is_dirty: bool,
    stored: Option<Tick>,
}

/// The same as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRefusals(Bounded<RefusedStatement, REFUSALS_KEPT_MAX>);

impl Refusals {
    /// The latest, oldest first; the same one is kept once.
    pub fn latest(&self) -> impl DoubleEndedIterator<Item = &RefusedStatement> {
        self.latest.iter()
    }

    /// How many were refused since the start, by reason.
    pub const fn counts(&self) -> &BTreeMap<StatementRefusal, u64> {
        &self.counts
    }

    pub(super) fn restore(&mut self, stored: &StoredRefusals) {
        self.latest = stored.0.iter().copied().collect();
    }

    pub(super) fn note(
        &mut self,
        at: UnixMs,
        member: Address,
        slot: SlotId,
        version: u32,
        reason: StatementRefusal,
    ) {
        *self.counts.entry(reason).or_default() += 1;
        let found = RefusedStatement { member, slot, version, reason, at };
        let same = |one: &RefusedStatement| RefusedStatement { at, ..*one } == found;
        self.latest.retain(|one| !same(one));
        if self.latest.len() >= REFUSALS_KEPT_MAX {
            self.latest.pop_front();
        }
        self.latest.push_back(found);
        self.is_dirty = true;
    }

    pub(super) fn is_due(&self, now: Tick) -> bool {
        self.is_dirty && self.stored.is_none_or(|stored| now.since(stored) >= STORE_EVERY_MS)
    }

    pub(super) fn store(&mut self, now: Tick) -> StoredRefusals {
        (self.is_dirty, self.stored) = (false, Some(now));
        let latest = self.latest.iter().copied().collect();
        StoredRefusals(Bounded::new(latest).expect("invariant: they are counted"))
    }
}
