//! What a desk holds of one slot: the highest statement of each member, and what its partners offer. Whatever order
//! statements come in, desks that have seen the same hold the same.

use std::collections::{BTreeMap, BTreeSet};

use ledger::energy::{LineTree, Outcome, Part, settle, slot_result};
use protocol::energy::{
    Held, Mark, Offer, Salt, Settlement, SignedOpinion, SignedStatement, SlotId, SlotResult, Statement,
    ToldLine,
};
use protocol::{Address, Bounded, Digest, Now, Tick, encode};
use serde::{Deserialize, Serialize};

use super::drawer::Drawer;
use super::hall::Hall;
use super::memo::Memo;

/// One member's statement as a desk keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldStatement {
    /// The member, under its first key.
    pub member: Address,
    /// What it stated, in the highest version.
    pub signed: SignedStatement,
    /// What else it stated under the same version: then neither counts.
    pub contradiction: Option<Box<SignedStatement>>,
    /// What counted when its slot became final, where it stated something else since.
    pub settled: Option<Counted>,
}

/// What counted of a member when a slot became final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Counted {
    /// Nothing.
    Nothing,
    /// A statement.
    Statement(Box<SignedStatement>),
}

/// A slot at a desk.
#[derive(Debug, Clone)]
pub(super) struct Tray {
    pub(super) statements: Drawer,
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
    /// Since when partners go by other statements though nothing new came.
    pub(super) apart: Option<Tick>,
    /// What desks found of it while it is disputed, this one among them.
    pub(super) opinions: BTreeMap<Address, SignedOpinion>,
    /// Since when more than half of the desks agree with this one.
    pub(super) agreed: Option<Tick>,
    /// When the first statement came.
    pub(super) begun: Now,
    /// When the last one came.
    pub(super) changed: Now,
    /// What was found of it, while the slot is worked on.
    pub(super) memo: Option<Memo>,
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
    /// The same, and it is what counted when the slot became final.
    Counted,
    /// It contradicts what is held, which does not count any more either.
    Contradiction,
}

impl HeldStatement {
    fn mark(&self) -> Mark {
        let first = encode(&self.signed);
        let second = self.contradiction.as_deref().map(encode);
        let hash = match second {
            None => Digest::of("symbiose statement mark v1", &[&first]),
            Some(_) => Digest::of("symbiose contradiction mark v1", &[]),
        };
        Mark { member: self.member, version: self.signed.statement.version, hash }
    }

    fn counts_now(&self) -> Counted {
        match self.contradiction {
            Some(_) => Counted::Nothing,
            None => Counted::Statement(Box::new(self.signed.clone())),
        }
    }

    /// What counts of it: now, or when the slot became final.
    fn counted(&self, of: Which) -> Option<&Statement> {
        match (&self.settled, of) {
            (Some(Counted::Nothing), Which::Final) => None,
            (Some(Counted::Statement(signed)), Which::Final) => Some(&signed.statement),
            (None, Which::Final) | (_, Which::Latest) => {
                self.contradiction.is_none().then_some(&self.signed.statement)
            }
        }
    }

    fn part(&self, of: Which) -> Option<(Part, Salt)> {
        let statement = self.counted(of)?;
        Some((Part::of(statement)?, statement.salt))
    }
}

/// Which statements of a slot are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Those that count now.
    Latest,
    /// Those that counted when its period became final.
    Final,
}

/// How far a slot is when a statement of it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Then {
    /// Its figures may change.
    Open,
    /// It is final; these members, by first key, had no figure in it, and neither had whoever joined after.
    Final {
        /// First keys of those who had a figure.
        with_figure: BTreeSet<Address>,
    },
}

impl Then {
    pub(super) fn of(hall: &Hall<'_>, slot: SlotId) -> Self {
        if !hall.is_final(slot) {
            return Self::Open;
        }
        let Some(settled) = hall.state.settled(slot) else {
            return Self::Final { with_figure: BTreeSet::new() };
        };
        let missing: BTreeSet<Address> =
            settled.result.missing.iter().map(|member| hall.first_key(member)).collect();
        let with_figure = hall.expected(slot).into_keys().filter(|member| !missing.contains(member));
        Self::Final { with_figure: with_figure.collect() }
    }

    /// Whether a member's figure counted in a final slot; none where the slot is not final.
    fn counted(&self, member: &Address) -> Option<bool> {
        match self {
            Self::Open => None,
            Self::Final { with_figure } => Some(with_figure.contains(member)),
        }
    }
}

impl Tray {
    pub(super) const fn new(now: Now) -> Self {
        Self {
            statements: Drawer::Open(BTreeMap::new()),
            offers: BTreeMap::new(),
            mine: None,
            told: BTreeMap::new(),
            compared: BTreeMap::new(),
            wanted: None,
            wished: None,
            differs: None,
            apart: None,
            opinions: BTreeMap::new(),
            agreed: None,
            begun: now,
            changed: now,
            memo: None,
        }
    }

    /// Takes a statement whose signature holds. What counted `then`, when the slot became final, is kept beside it.
    pub(super) fn place(
        &mut self,
        now: Now,
        member: Address,
        signed: SignedStatement,
        then: &Then,
    ) -> Placed {
        let counted = then.counted(&member);
        let held = self.statements.open();
        let placed = match held.get_mut(&member) {
            None => {
                let settled = (counted == Some(false)).then_some(Counted::Nothing);
                held.insert(member, HeldStatement { member, signed, contradiction: None, settled });
                Placed::New
            }
            Some(held) => {
                let (known, found) = (held.signed.statement.version, signed.statement.version);
                if found < known {
                    // What counted when its period became final comes behind what counts now, where this desk let go of it.
                    if counted != Some(true) || held.settled.is_some() {
                        return Placed::Superseded;
                    }
                    held.settled = Some(Counted::Statement(Box::new(signed)));
                    (self.changed, self.apart, self.memo) = (now, None, None);
                    return Placed::Counted;
                }
                if found == known && (held.signed == signed || held.contradiction.as_deref() == Some(&signed))
                {
                    return Placed::Known;
                }
                if found == known && held.contradiction.is_some() {
                    return Placed::Contradiction;
                }
                if counted.is_some() && held.settled.is_none() {
                    held.settled = Some(held.counts_now());
                }
                if found == known {
                    held.contradiction = Some(Box::new(signed));
                    Placed::Contradiction
                } else {
                    let settled = held.settled.take();
                    *held = HeldStatement { member, signed, contradiction: None, settled };
                    Placed::New
                }
            }
        };
        (self.changed, self.apart, self.memo) = (now, None, None);
        placed
    }

    /// Hash over what is held.
    pub(super) fn basis(&self) -> Digest {
        let marks: Vec<Vec<u8>> = self.statements.read().values().map(|held| encode(&held.mark())).collect();
        let parts: Vec<&[u8]> = marks.iter().map(Vec::as_slice).collect();
        Digest::of("symbiose statements of a slot v1", &parts)
    }

    /// What is held, for another desk to compare.
    pub(super) fn marks(&self, slot: SlotId) -> Option<Held> {
        let marks = self.statements.read().values().map(HeldStatement::mark).collect();
        Some(Held { slot, marks: Bounded::new(marks).ok()? })
    }

    /// Statements that whoever holds `theirs` does not have, and whether they hold some that are not here.
    pub(super) fn compare(&self, theirs: &Held) -> (Vec<SignedStatement>, bool) {
        let theirs: BTreeMap<Address, Mark> = theirs.marks.iter().map(|mark| (mark.member, *mark)).collect();
        let (mut lacking, statements) = (Vec::new(), self.statements.read());
        for held in statements.values() {
            let mine = held.mark();
            let is_theirs =
                theirs.get(&held.member).is_some_and(|mark| mark.version > mine.version || *mark == mine);
            if !is_theirs {
                lacking.push(held.signed.clone());
                lacking.extend(held.contradiction.as_deref().cloned());
            }
        }
        let is_mine = |mark: &Mark| {
            statements
                .get(&mark.member)
                .map(HeldStatement::mark)
                .is_some_and(|mine| mine.version > mark.version || mine == *mark)
        };
        (lacking, !theirs.values().all(is_mine))
    }

    /// Settles what is held, as that version of the slot. None where the ledger could not take it.
    pub(super) fn find(&self, hall: &Hall<'_>, slot: SlotId, version: u32) -> Option<Found> {
        self.find_in(hall, slot, version, Which::Latest)
    }

    /// The slot as it was when its period became final, if what is held gives that.
    pub(super) fn find_final(&self, hall: &Hall<'_>, slot: SlotId) -> Option<Found> {
        let settled = hall.state.settled(slot)?;
        let found = self.find_in(hall, slot, settled.result.version, Which::Final)?;
        found.says(&settled.result).then_some(found)
    }

    /// Whether what counted in a final slot is known, without which nobody can tell what a correction changes.
    pub(super) fn knows_final(&self, hall: &Hall<'_>, slot: SlotId) -> bool {
        !hall.is_final(slot) || hall.state.settled(slot).is_none() || self.find_final(hall, slot).is_some()
    }

    fn find_in(&self, hall: &Hall<'_>, slot: SlotId, version: u32, of: Which) -> Option<Found> {
        self.settle(hall, slot, version, of, &hall.expected(slot))
    }

    /// The same with the members for whom the slot waits.
    pub(super) fn settle(
        &self,
        hall: &Hall<'_>,
        slot: SlotId,
        version: u32,
        of: Which,
        expected: &BTreeMap<Address, Address>,
    ) -> Option<Found> {
        let statements = self.statements.read();
        let stated = |listed: &Address| {
            let held = statements.get(&hall.first_key(listed)).and_then(|held| held.counted(of));
            held.map_or(*listed, |statement| statement.member)
        };
        let agreed = hall.agreed(slot)?.named(&stated);
        let setting = hall.setting(&agreed);
        let mut parts: Vec<(Part, Salt)> = statements.values().filter_map(|held| held.part(of)).collect();
        parts.sort_unstable_by_key(|(part, _)| part.member);
        let (parts, salts): (Vec<Part>, Vec<Salt>) = parts.into_iter().unzip();
        let has_figure =
            |origin: &Address| statements.get(origin).is_some_and(|held| held.part(of).is_some());
        let silent = expected.iter().filter(|(origin, _)| !has_figure(origin));
        let mut missing: Vec<Address> = silent.map(|(_, current)| *current).collect();
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

    pub(super) fn settlement(&self, hall: &Hall<'_>) -> Settlement {
        let result = self.result.clone();
        if hall.is_final(result.slot) { Settlement::Correction(result) } else { Settlement::Slot(result) }
    }
}
