//! From totals to outcome: the majority an item needs, its figures, the bridge to a second vote. The building uses it to
//! count out, everybody else to check what the building says it counted.

use protocol::Digest;
use protocol::assembly::{
    Arithmetic, Base, Bridge, Figures, ItemNumber, Matter, Meeting, Opening, Outcome, Quantity, Round,
    RuleId, RuleSet, TallyRecord, Totals, Turnout, Votes,
};
use protocol::limits::VOTES_MAX;
use thiserror::Error;

use super::error::AssemblyError;
use super::meeting::Quorum;

/// What a vote came to, before it is judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    pub(super) rule: RuleId,
    pub(super) held: Totals,
    pub(super) counted: Totals,
    pub(super) owners_in_favour: u32,
    pub(super) owners_present: u32,
    pub(super) owners: u32,
    pub(super) votes_present: Votes,
    pub(super) votes: Votes,
}

/// What follows from it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) arithmetic: Arithmetic,
    pub(super) bridge: Option<Arithmetic>,
    pub(super) outcome: Outcome,
}

/// Why a record of a vote cannot be what the votes came to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WrongRecord {
    /// It is of another assembly, item or text.
    #[error("it is of another assembly, item or text")]
    Other,
    /// Things were added to what came in, or removed.
    #[error("its ballots are {found:?}, the ledger has {expected:?}")]
    Ballots {
        /// The ledger's root.
        expected: Digest,
        /// The record's.
        found: Digest,
    },
    /// Another majority than the law's.
    #[error("it is judged by {}, the law has {}", found.name(), expected.name())]
    Majority {
        /// The law's.
        expected: RuleId,
        /// The record's.
        found: RuleId,
    },
    /// A second vote that nothing led to, or a matter that the law does not know.
    #[error(transparent)]
    Law(#[from] AssemblyError),
    /// Totals that do not add up, or are not those of the building that was announced.
    #[error("its {what} do not add up, or are not those announced")]
    Totals {
        /// Which ones.
        what: &'static str,
    },
    /// Figures or outcome do not follow from the totals.
    #[error("its figures or outcome do not follow from its totals")]
    Outcome,
}

/// Checks everything about a record that can be known without the ballots: law, majority, sums, figures, outcome, and
/// that it was made of exactly what came in. `first` is the record of the item that this one is a second vote on.
pub fn check_record(
    opening: &Opening,
    turnout: &Turnout,
    ballots: &Digest,
    first: Option<&TallyRecord>,
    record: &TallyRecord,
) -> Result<(), WrongRecord> {
    let item = opening.item(record.item).ok_or(WrongRecord::Other)?;
    if record.assembly != opening.id() || record.resolution != item.resolution {
        return Err(WrongRecord::Other);
    }
    if record.ballots != *ballots {
        return Err(WrongRecord::Ballots { expected: *ballots, found: record.ballots });
    }
    let expected = majority(opening, opening.owners as usize, record.item, first)?;
    if record.rule != expected {
        return Err(WrongRecord::Majority { expected, found: record.rule });
    }
    check_totals(opening, item.base, record)?;
    let all = (opening.owners.into(), opening.votes);
    let quorum = Quorum::of(opening.law, opening.meeting, (turnout.owners, turnout.votes), all);
    let judged = judge(opening.law, item.round, quorum.is_reached(), &Sums::of(record));
    let found = Judged {
        arithmetic: record.arithmetic.clone(),
        bridge: record.bridge.clone(),
        outcome: record.outcome,
    };
    if found == judged { Ok(()) } else { Err(WrongRecord::Outcome) }
}

/// Checks who was there at the start against what was announced.
pub fn check_turnout(opening: &Opening, turnout: &Turnout) -> Result<(), WrongRecord> {
    if turnout.owners > opening.owners || turnout.votes > opening.votes {
        return Err(WrongRecord::Totals { what: "owners and votes at the start" });
    }
    Ok(())
}

fn check_totals(opening: &Opening, base: Base, record: &TallyRecord) -> Result<(), WrongRecord> {
    let wrong = |what| Err(WrongRecord::Totals { what });
    let is_whole = match base {
        Base::Whole => record.votes == opening.votes,
        Base::Charge(_) => record.votes.0 <= VOTES_MAX,
    };
    if !is_whole {
        return wrong("votes");
    }
    let (held, counted) = (parts(&record.held), parts(&record.counted));
    if held.iter().chain(&counted).any(|votes| votes.0 > VOTES_MAX) {
        return wrong("totals");
    }
    let sum: Votes = held.into_iter().sum();
    if sum != record.votes_present || sum > record.votes {
        return wrong("votes present");
    }
    let is_less = counted.iter().zip(&held).all(|(counted, held)| counted <= held);
    if !is_less || (counts_held(record.rule) && counted != held) {
        return wrong("votes after reductions");
    }
    let is_within =
        record.owners_in_favour <= record.owners_present && record.owners_present <= record.owners;
    if !is_within || record.owners != opening.owners {
        return wrong("owners");
    }
    Ok(())
}

fn parts(totals: &Totals) -> [Votes; 6] {
    let Totals { in_favour, against, abstained, blank, null, silent } = *totals;
    [in_favour, against, abstained, blank, null, silent]
}

impl Sums {
    fn of(record: &TallyRecord) -> Self {
        Self {
            rule: record.rule,
            held: record.held,
            counted: record.counted,
            owners_in_favour: record.owners_in_favour,
            owners_present: record.owners_present,
            owners: record.owners,
            votes_present: record.votes_present,
            votes: record.votes,
        }
    }

    fn figures(&self) -> Figures {
        Figures::new(&[
            (Quantity::VotesFor, self.counted.in_favour.0),
            (Quantity::VotesForHeld, self.held.in_favour.0),
            (Quantity::VotesCast, self.counted.cast().0),
            (Quantity::VotesPresent, self.votes_present.0),
            (Quantity::VotesAll, self.votes.0),
            (Quantity::OwnersFor, self.owners_in_favour.into()),
            (Quantity::OwnersPresent, self.owners_present.into()),
            (Quantity::OwnersAll, self.owners.into()),
        ])
    }
}

/// What follows from the sums.
pub(super) fn judge(law: RuleSet, round: Round, is_quorate: bool, sums: &Sums) -> Judged {
    let figures = sums.figures();
    let arithmetic = work(sums.rule, &figures);
    let bridge = bridge_of(law, round, sums.rule);
    let bridge_worked = bridge.filter(|_| !arithmetic.holds()).map(|bridge| work(bridge.when, &figures));
    let all_present = sums.held.in_favour == sums.votes_present && sums.votes_present > Votes::ZERO;
    let outcome = if !is_quorate {
        Outcome::NoQuorum
    } else if arithmetic.holds() && sums.counted.in_favour > Votes::ZERO {
        Outcome::Adopted
    } else if let (Some(bridge), Some(true)) = (bridge, bridge_worked.as_ref().map(Arithmetic::holds)) {
        Outcome::SecondVote(bridge.to)
    } else if sums.rule == RuleId::BeUnanimity && all_present {
        Outcome::Again
    } else {
        Outcome::Refused
    };
    Judged { arithmetic, bridge: bridge_worked, outcome }
}

/// The second vote that may follow. One does not lead to a third (France, decree, 19-1).
pub(super) fn bridge_of(law: RuleSet, round: Round, rule: RuleId) -> Option<&'static Bridge> {
    if round == Round::First { law.bridge(rule) } else { None }
}

/// The majority that an item needs in its round, in a building of so many owners.
pub(super) fn majority(
    opening: &Opening,
    owners: usize,
    item: ItemNumber,
    first: Option<&TallyRecord>,
) -> Result<RuleId, AssemblyError> {
    let none = Err(AssemblyError::NoSecondVote { item });
    let Some(announced) = opening.item(item) else { return none };
    let (law, matter) = (opening.law, announced.matter);
    let rule = law.majority(matter).ok_or(AssemblyError::NoMajority { law, matter })?;
    match announced.round {
        Round::First => Ok(between_two_owners(owners, rule, matter)),
        Round::Second(before) => {
            match first.filter(|record| record.item == before && record.assembly == opening.id()) {
                Some(TallyRecord { outcome: Outcome::SecondVote(to), .. }) => Ok(*to),
                Some(_) | None => none,
            }
        }
        Round::Again => match (rule, opening.meeting) {
            (RuleId::BeUnanimity, Meeting::ForUnanimity(_)) => Ok(RuleId::BeUnanimityAgain),
            (_, Meeting::First | Meeting::WithoutQuorum(_) | Meeting::ForUnanimity(_)) => none,
        },
    }
}

/// In a French building of two owners the larger one decides some matters alone (41-15 and following).
fn between_two_owners(owners: usize, rule: RuleId, matter: Matter) -> RuleId {
    let is_simple = rule == RuleId::Fr24 || (rule == RuleId::Fr25 && matter == Matter::Syndic);
    if owners != 2 {
        rule
    } else if is_simple {
        RuleId::FrTwoOwners24
    } else if rule == RuleId::Fr25 {
        RuleId::FrTwoOwners25
    } else {
        rule
    }
}

/// Whether the rule looks at votes as they are held.
pub(super) fn counts_held(rule: RuleId) -> bool {
    let all = rule.formula().unwrap_or(&[]).iter().flat_map(|all| all.iter());
    all.into_iter().any(|comparison| comparison.left == Quantity::VotesForHeld)
}

fn work(rule: RuleId, figures: &Figures) -> Arithmetic {
    Arithmetic::of(rule.formula().expect("invariant: a majority is a predicate"), figures)
}
