//! Readings that contradict one of the same series and time: counted for each series, the newest ones kept to be shown.

use std::collections::VecDeque;

use protocol::UnixMs;
use protocol::limits::CONFLICTS_KEPT_MAX;

use super::value::Value;
use crate::core::catalogue::{AssetId, Column};

/// Two different readings of one series and time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conflict {
    /// Number of the conflict since the start, from 1.
    pub number: u64,
    /// Whose.
    pub asset: AssetId,
    /// Which of its series.
    pub column: Column,
    /// Time of both.
    pub time: UnixMs,
    /// The one that holds.
    pub holds: Value,
    /// The one that does not.
    pub dropped: Value,
    /// When the second one was stored, by the node's clock.
    pub seen: UnixMs,
}

/// The newest conflicts.
#[derive(Debug, Clone, Default)]
pub(super) struct Conflicts {
    newest: VecDeque<Conflict>,
    count: u64,
}

impl Conflicts {
    pub(super) fn note(&mut self, conflict: Conflict) {
        self.count += 1;
        self.newest.push_back(Conflict { number: self.count, ..conflict });
        if self.newest.len() > CONFLICTS_KEPT_MAX {
            self.newest.pop_front();
        }
    }

    /// Newest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Conflict> {
        self.newest.iter().rev()
    }
}

/// What came twice, of one series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Again with the same value.
    pub duplicates: u64,
    /// With another value.
    pub conflicts: u64,
}
