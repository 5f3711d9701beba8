//! What a building stated of one slot and what it was told of it: every version it signed, so that it never contradicts
//! itself, and its own line with what the check of it found.

use protocol::energy::{Price, SignedStatement, SlotId, Statement, ToldLine};
use protocol::limits::OWN_VERSIONS_MAX;
use protocol::{Address, Height};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

/// One slot of the building on its way from a statement to a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSlot {
    statements: Vec<SignedStatement>,
    outcome: Option<OwnOutcome>,
    /// What it should have been, found after its period was final.
    correction: Option<OwnOutcome>,
}

/// What the ledger and a desk said of the slot, as this building checked it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct OwnOutcome {
    /// Version of the slot's result.
    pub version: u32,
    /// The price of energy that was not given; none where none was made.
    pub price: Option<Price>,
    /// Who settled it.
    pub settlers: [Address; 2],
    /// Height of the block that holds the result.
    pub height: Height,
    /// The building's line; none where it has none because its figure is missing, or was left out.
    pub line: Option<ToldLine>,
    /// Why it is not taken as settled; none when all of it was checked and holds.
    pub doubt: Option<LineDoubt>,
}

/// What a building finds wrong with its part of a settled slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LineDoubt {
    /// The line does not stand under the root on the ledger.
    Proof,
    /// It is settled on other figures than the building's latest statement.
    OtherFigures,
    /// The building stated a figure, and the result names it as missing.
    LeftOut,
    /// More was given to it than it needs or has a part in, or taken than it offers.
    TooMuch,
    /// Less was given to it than the part an organiser gave it, or less taken of what it offers than its part of all.
    TooLittle,
    /// Pay, revenue or fee do not follow from energy, price and tariff.
    Payment,
    /// The building's own terms were not kept.
    Terms,
}

/// How final a slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SlotStage {
    /// Stated; not on the ledger.
    Stated,
    /// On the ledger; may be corrected.
    Provisional,
    /// On the ledger, in a billing period that members look at before it becomes final.
    Preview,
    /// For good.
    Final,
}

impl OwnSlot {
    pub(super) fn new(first: SignedStatement) -> Self {
        Self { statements: vec![first], outcome: None, correction: None }
    }

    /// The slot.
    pub fn slot(&self) -> SlotId {
        self.latest().slot
    }

    /// Every version, oldest first.
    pub fn statements(&self) -> &[SignedStatement] {
        &self.statements
    }

    /// The version that counts.
    pub fn signed(&self) -> &SignedStatement {
        self.statements.last().expect("invariant: there is a statement from the start")
    }

    /// What it says.
    pub fn latest(&self) -> &Statement {
        &self.signed().statement
    }

    /// What came of it, if the ledger holds a result and the building knows its part.
    pub const fn outcome(&self) -> Option<&OwnOutcome> {
        self.outcome.as_ref()
    }

    /// What came of its correction after its period was final.
    pub const fn correction(&self) -> Option<&OwnOutcome> {
        self.correction.as_ref()
    }

    /// Whether what the final result lacked was corrected since, and the correction holds.
    pub fn is_made_good(&self) -> bool {
        self.correction.as_ref().is_some_and(|outcome| outcome.doubt.is_none())
    }

    /// What is known of the latest result.
    pub(super) fn newest(&self) -> Option<&OwnOutcome> {
        self.correction.as_ref().or(self.outcome.as_ref())
    }

    /// The line of the latest result, if it was checked and holds.
    pub(super) fn newest_checked(&self) -> Option<&ToldLine> {
        self.newest().filter(|outcome| outcome.doubt.is_none())?.line.as_ref()
    }

    /// The line, if it was checked and holds.
    pub fn checked(&self) -> Option<&ToldLine> {
        self.outcome.as_ref().filter(|outcome| outcome.doubt.is_none())?.line.as_ref()
    }

    /// Whether another version may follow.
    pub(super) const fn has_room(&self) -> bool {
        self.statements.len() < OWN_VERSIONS_MAX
    }

    pub(super) fn restate(&mut self, next: SignedStatement) {
        assert!(next.statement.version > self.latest().version, "invariant: versions grow");
        self.statements.push(next);
    }

    /// Answers whether that is news.
    pub(super) fn conclude(&mut self, outcome: OwnOutcome, is_correction: bool) -> bool {
        let place = if is_correction { &mut self.correction } else { &mut self.outcome };
        let is_news = place.as_ref() != Some(&outcome);
        *place = Some(outcome);
        is_news
    }
}

impl OwnSlot {
    /// Takes back what was stored and checked.
    pub(super) const fn restored(
        statements: Vec<SignedStatement>,
        outcome: Option<OwnOutcome>,
        correction: Option<OwnOutcome>,
    ) -> Self {
        Self { statements, outcome, correction }
    }
}

impl LineDoubt {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proof => "proof",
            Self::OtherFigures => "other_figures",
            Self::LeftOut => "left_out",
            Self::TooMuch => "too_much",
            Self::TooLittle => "too_little",
            Self::Payment => "payment",
            Self::Terms => "terms",
        }
    }
}

impl SlotStage {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Provisional => "provisional",
            Self::Preview => "preview",
            Self::Final => "final",
        }
    }
}
