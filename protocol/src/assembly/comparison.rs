//! Predicates of the law as data: whole multiples of two counted quantities, compared. The same data decides, is kept
//! beside the decision, and lets a page say the arithmetic in words: "for 612 of 900 cast, 3 × 612 ≥ 2 × 900".

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use std::fmt;

use crate::bounded::Bounded;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Quantity {
    /// The number one, for rules that name a number.
    One,
    /// Votes in favour, after caps.
    VotesFor,
    /// Votes in favour as they are held, before caps.
    VotesForHeld,
    /// Votes in favour and against, after caps.
    VotesCast,
    /// Votes of those present or represented at the moment of the vote.
    VotesPresent,
    /// Votes of all who could vote on this, present or not.
    VotesAll,
    /// Owners in favour.
    OwnersFor,
    /// Owners present, represented or voting by post.
    OwnersPresent,
    /// All owners.
    OwnersAll,
    /// Proxies that one person holds.
    ProxiesHeld,
    /// Votes of one person and of those it stands for.
    VotesCarried,
    /// Votes of one owner.
    VotesOwned,
    /// Votes of those who ask for an assembly.
    VotesAsking,
    /// Contribution to the reserve fund, cents.
    ReserveContribution,
    /// Ordinary common charges of the year before, cents.
    OrdinaryCharges,
    /// Lots without cellars, garages and parking places.
    MainLots,
    /// Buildings that adopted.
    BuildingsFor,
    /// Buildings that voted and are closed.
    BuildingsClosed,
    /// Buildings that were asked.
    BuildingsAsked,
}

/// How two quantities are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Relation {
    /// The left one is larger.
    More,
    /// The left one is larger, or both are the same.
    AtLeast,
    /// Both are the same.
    Equal,
    /// The left one is smaller, or both are the same.
    AtMost,
}

/// A multiple of one quantity compared with a multiple of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Comparison {
    /// How many times the left quantity.
    pub left_times: u8,
    /// The left quantity.
    pub left: Quantity,
    /// How they are compared.
    pub relation: Relation,
    /// How many times the right quantity.
    pub right_times: u8,
    /// The right quantity.
    pub right: Quantity,
}

/// Alternatives, each a list of comparisons that hold together. One alternative is enough.
pub type Formula = &'static [&'static [Comparison]];

/// What was counted. What was not is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures([u64; Quantity::BuildingsAsked as usize + 1]);

/// One comparison with its figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Worked {
    /// What is compared.
    pub comparison: Comparison,
    /// The left quantity.
    pub left: u64,
    /// The right quantity.
    pub right: u64,
}

/// A formula with its figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Arithmetic(Bounded<Bounded<Worked, 4>, 4>);

impl Comparison {
    /// `left_times` × `left` compared with `right_times` × `right`.
    pub const fn new(
        left_times: u8,
        left: Quantity,
        relation: Relation,
        right_times: u8,
        right: Quantity,
    ) -> Self {
        Self { left_times, left, relation, right_times, right }
    }

    /// The comparison with figures.
    pub fn work(self, figures: &Figures) -> Worked {
        Worked { comparison: self, left: figures.of(self.left), right: figures.of(self.right) }
    }
}

impl Figures {
    /// These quantities.
    pub fn new(counted: &[(Quantity, u64)]) -> Self {
        let mut figures = [0; Quantity::BuildingsAsked as usize + 1];
        figures[Quantity::One as usize] = 1;
        for (quantity, count) in counted {
            figures[*quantity as usize] = *count;
        }
        Self(figures)
    }

    /// How many there are.
    pub const fn of(&self, quantity: Quantity) -> u64 {
        self.0[quantity as usize]
    }
}

impl Relation {
    /// Whether it holds.
    pub fn holds(self, left: u128, right: u128) -> bool {
        match self {
            Self::More => left > right,
            Self::AtLeast => left >= right,
            Self::Equal => left == right,
            Self::AtMost => left <= right,
        }
    }

    /// The sign that mathematics has for it.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::More => ">",
            Self::AtLeast => "≥",
            Self::Equal => "=",
            Self::AtMost => "≤",
        }
    }
}

impl Worked {
    /// Whether the comparison holds.
    pub fn holds(&self) -> bool {
        let Comparison { left_times, relation, right_times, .. } = self.comparison;
        let times = |times: u8, figure: u64| u128::from(times) * u128::from(figure);
        relation.holds(times(left_times, self.left), times(right_times, self.right))
    }
}

impl Arithmetic {
    /// A formula worked out.
    pub fn of(formula: Formula, figures: &Figures) -> Self {
        let work = |all: &&[Comparison]| {
            let worked = all.iter().map(|comparison| comparison.work(figures)).collect();
            Bounded::new(worked).expect("invariant: rules compare four things at the most")
        };
        let alternatives = formula.iter().map(work).collect();
        Self(Bounded::new(alternatives).expect("invariant: rules have four alternatives at the most"))
    }

    /// One comparison worked out, where it is not a rule of a law.
    pub fn single(worked: Worked) -> Self {
        let alternative = Bounded::new(vec![worked]).expect("invariant: one");
        Self(Bounded::new(vec![alternative]).expect("invariant: one"))
    }

    /// Alternatives, each with everything that has to hold together.
    pub fn alternatives(&self) -> impl Iterator<Item = &[Worked]> {
        self.0.iter().map(Bounded::as_slice)
    }

    /// Whether one alternative holds whole.
    pub fn holds(&self) -> bool {
        self.alternatives().any(|all| all.iter().all(Worked::holds))
    }
}

impl fmt::Display for Worked {
    /// As `3 × 612 ≥ 2 × 900`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Comparison { left_times, left, relation, right_times, right } = self.comparison;
        times(f, left_times, left, self.left)?;
        write!(f, " {} ", relation.sign())?;
        times(f, right_times, right, self.right)
    }
}

/// A factor of one is not said, nor a quantity that is the number one.
fn times(f: &mut fmt::Formatter<'_>, times: u8, quantity: Quantity, figure: u64) -> fmt::Result {
    match (times, quantity) {
        (_, Quantity::One) => write!(f, "{times}"),
        (1, _) => write!(f, "{figure}"),
        (_, _) => write!(f, "{times} × {figure}"),
    }
}

impl fmt::Display for Arithmetic {
    /// As `2 × 4 > 7 and 2 × 500 ≥ 1000, or 4 × 500 > 3 × 1000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, all) in self.alternatives().enumerate() {
            f.write_str(if place > 0 { ", or " } else { "" })?;
            for (place, worked) in all.iter().enumerate() {
                f.write_str(if place > 0 { " and " } else { "" })?;
                worked.fmt(f)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decode, encode};
    use Quantity::{OwnersAll, OwnersPresent, VotesAll, VotesCast, VotesFor, VotesPresent};

    const QUORUM: Formula = &[
        &[
            Comparison::new(2, OwnersPresent, Relation::More, 1, OwnersAll),
            Comparison::new(2, VotesPresent, Relation::AtLeast, 1, VotesAll),
        ],
        &[Comparison::new(4, VotesPresent, Relation::More, 3, VotesAll)],
    ];

    #[test]
    fn the_same_data_decides_and_speaks() {
        let two_thirds = Comparison::new(3, VotesFor, Relation::AtLeast, 2, VotesCast);
        let worked = two_thirds.work(&Figures::new(&[(VotesFor, 612), (VotesCast, 900)]));
        assert_eq!((worked.to_string().as_str(), worked.holds()), ("3 × 612 ≥ 2 × 900", true));
        let short = Arithmetic::single(Worked { left: 599, ..worked });
        assert_eq!((short.to_string().as_str(), short.holds()), ("3 × 599 ≥ 2 × 900", false));
    }

    #[test]
    fn one_whole_alternative_is_enough() {
        let quorum = |owners: u64, votes: u64| {
            let counted = [(OwnersPresent, owners), (VotesPresent, votes), (OwnersAll, 7), (VotesAll, 1_000)];
            Arithmetic::of(QUORUM, &Figures::new(&counted))
        };
        assert_eq!(quorum(4, 500).to_string(), "2 × 4 > 7 and 2 × 500 ≥ 1000, or 4 × 500 > 3 × 1000");
        let held: Vec<bool> =
            [(4, 500), (4, 499), (3, 500), (3, 750), (1, 751)].map(|(o, v)| quorum(o, v).holds()).to_vec();
        assert_eq!(held, [true, false, false, false, true]);
        let kept = quorum(4, 500);
        assert_eq!(decode(&encode(&kept), 1_000), Ok(kept));
    }

    #[test]
    fn nothing_overflows() {
        let all = Comparison::new(255, VotesFor, Relation::Equal, 255, VotesFor);
        assert!(all.work(&Figures::new(&[(VotesFor, u64::MAX)])).holds());
        let signs = [Relation::More, Relation::AtLeast, Relation::Equal, Relation::AtMost].map(|relation| {
            let held = [(1, 2), (2, 2), (3, 2)].map(|(left, right)| relation.holds(left, right));
            (relation.sign(), held)
        });
        assert_eq!(
            signs,
            [
                (">", [false, false, true]),
                ("≥", [false, true, true]),
                ("=", [false, true, false]),
                ("≤", [true, true, false])
            ]
        );
    }
}
