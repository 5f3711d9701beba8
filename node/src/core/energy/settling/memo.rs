//! What a desk found of a slot it works on, kept until something that it rests on changes: a clock that ticks and a message
//! that says nothing new lead to the same result, which takes a thousand hashes in a large hive.

use std::collections::BTreeMap;

use protocol::energy::{Locality, SlotId};
use protocol::{Address, Digest, Height};

use super::hall::{Agreed, Hall};
use super::tray::{Found, Tray, Which};

/// Versions of a slot that are of interest at a time: the one on the ledger and the next.
const VERSIONS_MAX: usize = 2;

/// What follows from the statements of a tray and the ledger at a height.
#[derive(Debug, Clone)]
pub(super) struct Memo {
    height: Height,
    rests: Rests,
    basis: Digest,
    is_full: bool,
    lost: Vec<Address>,
    found: Vec<(u32, Option<Found>)>,
}

/// What a result rests on beside the statements.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rests {
    /// The members for whom the slot waits, by first key, with the key they have.
    expected: BTreeMap<Address, Address>,
    agreed: Option<Agreed>,
    locality: Locality,
}

impl Rests {
    fn of(hall: &Hall<'_>, slot: SlotId) -> Self {
        Self { expected: hall.expected(slot), agreed: hall.agreed(slot), locality: hall.books.locality }
    }
}

impl Tray {
    /// Whether every member that is expected has said something.
    pub(super) fn is_full(&mut self, hall: &Hall<'_>, slot: SlotId) -> bool {
        self.memo(hall, slot).is_full
    }

    /// Members whose figure an earlier version rests on and whose statement is not here.
    pub(super) fn lost(&mut self, hall: &Hall<'_>, slot: SlotId) -> &[Address] {
        &self.memo(hall, slot).lost
    }

    /// Hash over what is held.
    pub(super) fn known_basis(&mut self, hall: &Hall<'_>, slot: SlotId) -> Digest {
        self.memo(hall, slot).basis
    }

    /// What [`Tray::find`] finds, if need be from what it found before.
    pub(super) fn found(&mut self, hall: &Hall<'_>, slot: SlotId, version: u32) -> Option<&Found> {
        let memo = self.memo(hall, slot);
        if memo.found.iter().all(|(known, _)| *known != version) {
            let expected = std::mem::take(&mut memo.rests.expected);
            let found = self.settle(hall, slot, version, Which::Latest, &expected);
            let memo = self.memo.as_mut().expect("invariant: looked up just above");
            memo.rests.expected = expected;
            if memo.found.len() == VERSIONS_MAX {
                memo.found.remove(0);
            }
            memo.found.push((version, found));
        }
        let memo = self.memo.as_ref().expect("invariant: looked up just above");
        memo.found.iter().find(|(known, _)| *known == version)?.1.as_ref()
    }

    /// Lets go of what was found: nothing is to be done about the slot.
    pub(super) fn forget(&mut self) {
        self.memo = None;
    }

    fn memo(&mut self, hall: &Hall<'_>, slot: SlotId) -> &mut Memo {
        let height = hall.state.meta().height;
        let memo = match self.memo.take() {
            Some(memo) if memo.height == height => memo,
            before => self.remember(hall, slot, height, before),
        };
        self.memo.insert(memo)
    }

    /// Looks at the ledger of another height. What was found stays if it rests on the same.
    fn remember(&self, hall: &Hall<'_>, slot: SlotId, height: Height, before: Option<Memo>) -> Memo {
        let rests = Rests::of(hall, slot);
        let statements = self.statements.read();
        let is_here = |origin: &Address| statements.contains_key(origin);
        let is_full = rests.expected.keys().all(is_here);
        let lost = hall.latest(slot).map_or_else(Vec::new, |settled| {
            let missing = &settled.result.missing;
            let origins: Vec<Address> = missing.iter().map(|member| hall.first_key(member)).collect();
            let lost =
                rests.expected.iter().filter(|(origin, _)| !origins.contains(origin) && !is_here(origin));
            let was_known = |current: &&Address| hall.was_known(settled.height, current);
            lost.map(|(_, current)| current).filter(was_known).copied().collect()
        });
        let (basis, found) = match before {
            Some(before) if before.rests == rests => (before.basis, before.found),
            Some(before) => (before.basis, Vec::new()),
            None => (self.basis(), Vec::new()),
        };
        Memo { height, rests, basis, is_full, lost, found }
    }
}
