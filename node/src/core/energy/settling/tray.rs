//! What a desk holds of one slot: the highest statement of each member, and what its partners offer. Whatever order
//! statements come in, desks that have seen the same hold the same.

use std::collections::BTreeMap;

use ledger::energy::{LineTree, Outcome, Part, settle, slot_result};
use protocol::energy::{Held, Mark, Offer, Salt, Settlement, SignedStatement, SlotId, SlotResult, ToldLine};
use protocol::{Address, Bounded, Digest, Now, Tick, encode};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::hall::Hall;

/// One member's statement as a desk keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct HeldStatement {
    /// The member, under its first key.
    pub member: Address,
    /// What it stated, in the highest version.
    pub signed: SignedStatement,
    /// What else it stated under the same version: then neither counts.
    pub contradiction: Option<SignedStatement>,
}

/// A slot at a desk.
#[derive(Debug, Clone)]
pub(super) struct Tray {
    pub(super) statements: BTreeMap<Address, HeldStatement>,
    /// What partners offer, by desk.
    pub(super) offers: BTreeMap<Address, Offer>,
    /// What this desk found.
    pub(super) mine: Option<Offer>,
    /// When each partner was sent what, last.
    pub(super) told: BTreeMap<Address, Tick>,
    /// When marks were exchanged with each partner, last.
    pub(super) compared: BTreeMap<Address, Tick>,
    /// When members were asked for statements, last.
    pub(super) wanted: Option<Tick>,
    /// When the settlement was handed to the ledger, last.
    pub(super) wished: Option<Tick>,
    /// Since when partners find something else in the same statements.
    pub(super) differs: Option<Tick>,
    /// When the first statement came.
    pub(super) begun: Now,
    /// When the last one came.
    pub(super) changed: Now,
}

/// What a tray comes to.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) outcome: Outcome,
    pub(super) salts: Vec<Salt>,
    pub(super) result: SlotResult,
}

/// What became of a statement in a tray.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placed {
    /// It is new and counts.
    New,
    /// It was held already.
    Known,
    /// A later version is held.
    Superseded,
    /// It contradicts what is held, which does not count any more either.
    Contradiction,
}

impl HeldStatement {
    fn mark(&self) -> Mark {
        let first = encode(&self.signed);
        let second = self.contradiction.as_ref().map(encode);
        let hash = match second {
            None => Digest::of("symbiose statement mark v1", &[&first]),
            Some(_) => Digest::of("symbiose contradiction mark v1", &[]),
        };
        Mark { member: self.member, version: self.signed.statement.version, hash }
    }

    fn part(&self) -> Option<Part> {
        if self.contradiction.is_some() { None } else { Part::of(&self.signed.statement) }
    }
}

impl Tray {
    pub(super) const fn new(now: Now) -> Self {
        Self {
            statements: BTreeMap::new(),
            offers: BTreeMap::new(),
            mine: None,
            told: BTreeMap::new(),
            compared: BTreeMap::new(),
            wanted: None,
            wished: None,
            differs: None,
            begun: now,
            changed: now,
        }
    }

    /// Takes a statement whose signature holds.
    pub(super) fn place(&mut self, now: Now, member: Address, signed: SignedStatement) -> Placed {
        let placed = match self.statements.get_mut(&member) {
            None => {
                self.statements.insert(member, HeldStatement { member, signed, contradiction: None });
                Placed::New
            }
            Some(held) => {
                let (known, found) = (held.signed.statement.version, signed.statement.version);
                if found < known {
                    return Placed::Superseded;
                }
                if found == known && (held.signed == signed || held.contradiction.as_ref() == Some(&signed)) {
                    return Placed::Known;
                }
                if found == known {
                    if held.contradiction.is_some() {
                        return Placed::Contradiction;
                    }
                    held.contradiction = Some(signed);
                    Placed::Contradiction
                } else {
                    *held = HeldStatement { member, signed, contradiction: None };
                    Placed::New
                }
            }
        };
        self.changed = now;
        placed
    }

    /// Hash over what is held.
    pub(super) fn basis(&self) -> Digest {
        let marks: Vec<Vec<u8>> = self.statements.values().map(|held| encode(&held.mark())).collect();
        let parts: Vec<&[u8]> = marks.iter().map(Vec::as_slice).collect();
        Digest::of("symbiose statements of a slot v1", &parts)
    }

    /// What is held, for another desk to compare.
    pub(super) fn marks(&self, slot: SlotId) -> Option<Held> {
        let marks = self.statements.values().map(HeldStatement::mark).collect();
        Some(Held { slot, marks: Bounded::new(marks).ok()? })
    }

    /// Statements that whoever holds `theirs` does not have, and whether they hold some that are not here.
    pub(super) fn compare(&self, theirs: &Held) -> (Vec<SignedStatement>, bool) {
        let theirs: BTreeMap<Address, Mark> = theirs.marks.iter().map(|mark| (mark.member, *mark)).collect();
        let mut lacking = Vec::new();
        for held in self.statements.values() {
            let mine = held.mark();
            let is_theirs =
                theirs.get(&held.member).is_some_and(|mark| mark.version > mine.version || *mark == mine);
            if !is_theirs {
                lacking.push(held.signed.clone());
                lacking.extend(held.contradiction.clone());
            }
        }
        let is_mine = |mark: &Mark| {
            self.statements
                .get(&mark.member)
                .map(HeldStatement::mark)
                .is_some_and(|mine| mine.version > mark.version || mine == *mark)
        };
        (lacking, !theirs.values().all(is_mine))
    }

    /// Whether every member that is expected has said something.
    pub(super) fn is_full(&self, hall: &Hall<'_>, slot: SlotId) -> bool {
        hall.expected(slot).keys().all(|origin| self.statements.contains_key(origin))
    }

    /// Members whose figure an earlier version rests on and whose statement is not here.
    pub(super) fn lost(&self, hall: &Hall<'_>, slot: SlotId) -> Vec<Address> {
        let Some(settled) = hall.state.settled(slot) else { return Vec::new() };
        let missing = &settled.result.missing;
        let origins: Vec<Address> = missing.iter().map(|member| hall.state.origin(member)).collect();
        let expected = hall.expected(slot).into_iter();
        expected
            .filter(|(origin, _)| !origins.contains(origin) && !self.statements.contains_key(origin))
            .map(|(_, current)| current)
            .collect()
    }

    /// Settles what is held, as that version of the slot. None where the ledger could not take it.
    pub(super) fn find(&self, hall: &Hall<'_>, slot: SlotId, version: u32) -> Option<Found> {
        let (rule, tariff) = hall.terms(slot)?;
        let setting = hall.setting(&rule, &tariff);
        let mut parts: Vec<(Part, Salt)> = self
            .statements
            .values()
            .filter_map(|held| Some((held.part()?, held.signed.statement.salt)))
            .collect();
        parts.sort_unstable_by_key(|(part, _)| part.member);
        let (parts, salts): (Vec<Part>, Vec<Salt>) = parts.into_iter().unzip();
        let has_figure =
            |origin: &Address| self.statements.get(origin).is_some_and(|held| held.part().is_some());
        let expected = hall.expected(slot).into_iter();
        let mut missing: Vec<Address> =
            expected.filter(|(origin, _)| !has_figure(origin)).map(|(_, current)| current).collect();
        missing.sort_unstable();
        let outcome = settle(&setting, &parts)
            .inspect_err(|error| tracing::error!(%slot, %error, "a slot cannot be settled"))
            .ok()?;
        let result = slot_result(slot, version, &outcome, &salts, missing)
            .inspect_err(|error| tracing::error!(%slot, %error, "a slot cannot be settled"))
            .ok()?;
        Some(Found { outcome, salts, result })
    }
}

impl Found {
    /// Whether it says what the ledger holds. Who is named as missing follows from who belonged to the hive then.
    pub(super) fn says(&self, settled: &SlotResult) -> bool {
        SlotResult { missing: settled.missing.clone(), ..self.result.clone() } == *settled
    }

    /// The lines with their proofs, by member.
    pub(super) fn lines(&self) -> Vec<ToldLine> {
        let SlotResult { slot, version, .. } = self.result;
        let tree = LineTree::new(slot, version, &self.outcome, &self.salts);
        let told = |(index, line): (usize, &ledger::energy::Line)| {
            let proof = tree.prove(index as u64).expect("invariant: every line has its place");
            ToldLine {
                slot,
                version,
                member: line.member,
                demand: line.demand,
                surplus: line.surplus,
                bought: line.alloc,
                sold: line.sold,
                pay: line.pay,
                revenue: line.rev,
                fee: line.fee,
                index: proof.index,
                size: proof.size,
                path: proof.path,
            }
        };
        self.outcome.lines.iter().enumerate().map(told).collect()
    }

    pub(super) fn settlement(&self) -> Settlement {
        Settlement::Slot(self.result.clone())
    }
}
