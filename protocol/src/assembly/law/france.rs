//! France: law 65-557 of 10 July 1965 and decree 67-223 of 17 March 1967. The text itself was read for articles 41-15
//! and following only; what else stands here is what secondary sources agree on, or is marked unsure.

use super::{Bridge, Certainty, Matter, Rule, RuleId, Says};
use crate::assembly::comparison::Quantity::{
    One, OwnersAll, OwnersFor, OwnersPresent, ProxiesHeld, VotesAll, VotesCarried, VotesCast, VotesFor,
    VotesForHeld, VotesOwned,
};
use crate::assembly::comparison::Relation::{AtLeast, AtMost, Equal, More};
use crate::assembly::comparison::{Comparison, Formula};
use crate::assembly::day::Span;

const fn rule(id: RuleId, article: &'static str, certainty: Certainty, says: Says) -> Rule {
    Rule { id, article, certainty, says }
}

const MAJORITY_OWNER: Formula = &[&[Comparison::new(2, VotesOwned, More, 1, VotesAll)]];
const PROXIES: Formula = &[
    &[Comparison::new(1, ProxiesHeld, AtMost, 3, One)],
    &[Comparison::new(10, VotesCarried, AtMost, 1, VotesAll)],
];
const ARTICLE_24: Formula = &[&[Comparison::new(2, VotesFor, More, 1, VotesCast)]];
const ARTICLE_25: Formula = &[&[Comparison::new(2, VotesFor, More, 1, VotesAll)]];
const BRIDGE_25: Formula = &[&[Comparison::new(3, VotesFor, AtLeast, 1, VotesAll)]];
const ARTICLE_26: Formula = &[&[
    Comparison::new(2, OwnersFor, More, 1, OwnersAll),
    Comparison::new(3, VotesFor, AtLeast, 2, VotesAll),
]];
const BRIDGE_26: Formula = &[&[
    Comparison::new(2, OwnersFor, AtLeast, 1, OwnersPresent),
    Comparison::new(3, VotesFor, AtLeast, 1, VotesAll),
]];
const UNANIMITY: Formula = &[&[Comparison::new(1, VotesForHeld, Equal, 1, VotesAll)]];
const TWO_OWNERS_24: Formula = &[&[Comparison::new(2, VotesForHeld, More, 1, VotesAll)]];
const TWO_OWNERS_25: Formula = &[&[Comparison::new(3, VotesForHeld, AtLeast, 2, VotesAll)]];

/// Every rule, in the order of their names.
pub(super) const RULES: &[Rule] = &[
    rule(RuleId::FrNoQuorum, "22", Certainty::Sources, Says::Conduct),
    rule(RuleId::FrMajorityOwner, "22 I", Certainty::Sources, Says::Formula(MAJORITY_OWNER)),
    rule(RuleId::FrProxies, "22 I", Certainty::Sources, Says::Formula(PROXIES)),
    rule(RuleId::FrBarred, "22 I", Certainty::Sources, Says::Conduct),
    rule(RuleId::Fr24, "24", Certainty::Sources, Says::Formula(ARTICLE_24)),
    rule(RuleId::Fr25, "25", Certainty::Sources, Says::Formula(ARTICLE_25)),
    rule(RuleId::Fr25Bridge, "25-1", Certainty::Sources, Says::Formula(BRIDGE_25)),
    rule(RuleId::Fr26, "26", Certainty::Sources, Says::Formula(ARTICLE_26)),
    rule(RuleId::Fr26Bridge, "26-1", Certainty::Unsure, Says::Formula(BRIDGE_26)),
    rule(RuleId::FrUnanimity, "11, 26", Certainty::Sources, Says::Formula(UNANIMITY)),
    rule(RuleId::FrNotice, "D. 9", Certainty::Sources, Says::Span(Span::Days(21))),
    rule(RuleId::FrNamed, "D. 17, 17-1 A", Certainty::Sources, Says::Conduct),
    rule(RuleId::FrChallenge, "42", Certainty::Unsure, Says::Span(Span::Months(2))),
    rule(RuleId::FrMinutes, "42", Certainty::Unsure, Says::Span(Span::Months(1))),
    rule(RuleId::FrTwoOwners24, "41-15 ff.", Certainty::Statute, Says::Formula(TWO_OWNERS_24)),
    rule(RuleId::FrTwoOwners25, "41-15 ff.", Certainty::Statute, Says::Formula(TWO_OWNERS_25)),
    rule(RuleId::FrPostal, "decree", Certainty::Sources, Says::Span(Span::ClearDays(3))),
    rule(RuleId::FrSplit, "23", Certainty::Unsure, Says::Conduct),
];

/// The majority of each matter.
pub(super) const MATTERS: &[(Matter, RuleId)] = &[
    (Matter::Ordinary, RuleId::Fr24),
    (Matter::Syndic, RuleId::Fr25),
    (Matter::CouncilMember, RuleId::Fr25),
    (Matter::AbsoluteMatter, RuleId::Fr25),
    (Matter::DoubleMatter, RuleId::Fr26),
    (Matter::ChargeAllocation, RuleId::FrUnanimity),
    (Matter::NeededDisposal, RuleId::FrUnanimity),
];

/// Second votes, taken at once. None leads on: what 26-1 brought to article 25 has no vote at article 24 behind it
/// (decree, 19-1).
pub(super) const BRIDGES: &[Bridge] = &[
    Bridge { from: RuleId::Fr25, when: RuleId::Fr25Bridge, to: RuleId::Fr24 },
    Bridge { from: RuleId::Fr26, when: RuleId::Fr26Bridge, to: RuleId::Fr25 },
];
