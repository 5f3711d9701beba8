//! Belgium: Civil Code, book 3, articles 3.84 to 3.100. Mandatory: by-laws cannot lower these majorities (3.100).

use super::{Certainty, Matter, Rule, RuleId, Says};
use crate::assembly::comparison::Quantity::{
    MainLots, One, OrdinaryCharges, OwnersAll, OwnersPresent, ProxiesHeld, ReserveContribution, VotesAll,
    VotesAsking, VotesCarried, VotesCast, VotesFor, VotesForHeld, VotesPresent,
};
use crate::assembly::comparison::Relation::{AtLeast, AtMost, Equal, More};
use crate::assembly::comparison::{Comparison, Formula};
use crate::assembly::day::Span;

const fn read(id: RuleId, article: &'static str, says: Says) -> Rule {
    Rule { id, article, certainty: Certainty::Statute, says }
}

const fn formula(id: RuleId, article: &'static str, formula: Formula) -> Rule {
    read(id, article, Says::Formula(formula))
}

const fn span(id: RuleId, article: &'static str, span: Span) -> Rule {
    read(id, article, Says::Span(span))
}

const REQUEST: Formula = &[&[Comparison::new(5, VotesAsking, AtLeast, 1, VotesAll)]];
const QUORUM: Formula = &[
    &[
        Comparison::new(2, OwnersPresent, More, 1, OwnersAll),
        Comparison::new(2, VotesPresent, AtLeast, 1, VotesAll),
    ],
    &[Comparison::new(4, VotesPresent, More, 3, VotesAll)],
];
const PROXIES: Formula = &[
    &[Comparison::new(1, ProxiesHeld, AtMost, 3, One)],
    &[Comparison::new(10, VotesCarried, AtMost, 1, VotesAll)],
];
const ABSOLUTE: Formula = &[&[Comparison::new(2, VotesFor, More, 1, VotesCast)]];
const TWO_THIRDS: Formula = &[&[Comparison::new(3, VotesFor, AtLeast, 2, VotesCast)]];
const FOUR_FIFTHS: Formula = &[&[Comparison::new(5, VotesFor, AtLeast, 4, VotesCast)]];
const UNANIMITY: Formula = &[&[Comparison::new(1, VotesForHeld, Equal, 1, VotesAll)]];
const UNANIMITY_AGAIN: Formula = &[&[Comparison::new(1, VotesForHeld, Equal, 1, VotesPresent)]];
const RESERVE: Formula = &[&[Comparison::new(20, ReserveContribution, AtLeast, 1, OrdinaryCharges)]];
const COUNCIL: Formula = &[&[Comparison::new(1, MainLots, AtLeast, 20, One)]];

/// Every rule, in the order of their names.
pub(super) const RULES: &[Rule] = &[
    span(RuleId::BeNotice, "3.87 §3", Span::Days(15)),
    span(RuleId::BeAgenda, "3.87 §3, §4; 3.85 §3 3°", Span::Days(21)),
    formula(RuleId::BeRequest, "3.87 §2", REQUEST),
    span(RuleId::BeConvening, "3.87 §2", Span::Days(30)),
    formula(RuleId::BeQuorum, "3.87 §5", QUORUM),
    span(RuleId::BeSecondMeeting, "3.87 §5", Span::Days(15)),
    read(RuleId::BeChair, "3.87 §5", Says::Conduct),
    read(RuleId::BePartialCharge, "3.87 §6", Says::Conduct),
    read(RuleId::BeCap, "3.87 §7", Says::Conduct),
    formula(RuleId::BeProxies, "3.87 §7", PROXIES),
    read(RuleId::BeSyndicNoProxy, "3.87 §7", Says::Conduct),
    read(RuleId::BeOwnMission, "3.87 §9", Says::Conduct),
    formula(RuleId::BeAbsolute, "3.87 §8", ABSOLUTE),
    formula(RuleId::BeTwoThirds, "3.88 §1 1°", TWO_THIRDS),
    formula(RuleId::BeFourFifths, "3.88 §1 2°", FOUR_FIFTHS),
    formula(RuleId::BeUnanimity, "3.88 §3", UNANIMITY),
    formula(RuleId::BeUnanimityAgain, "3.88 §4", UNANIMITY_AGAIN),
    span(RuleId::BeUnanimityDelay, "3.88 §4", Span::Days(30)),
    formula(RuleId::BeReserve, "3.86 §3", RESERVE),
    span(RuleId::BeReserveStart, "3.86 §3", Span::Years(5)),
    span(RuleId::BeMinutes, "3.87 §12", Span::Days(30)),
    read(RuleId::BeNamed, "3.87 §10", Says::Conduct),
    read(RuleId::BeWritten, "3.87 §11", Says::Conduct),
    span(RuleId::BeMandate, "3.89 §1", Span::Years(3)),
    formula(RuleId::BeCouncil, "3.90", COUNCIL),
    span(RuleId::BeDelegation, "3.90", Span::Years(1)),
    span(RuleId::BeAnnulment, "3.92 §3", Span::Months(4)),
    span(RuleId::BeOccupantAnnulment, "3.93 §5", Span::Months(2)),
    read(RuleId::BeSplit, "3.87 §1", Says::Conduct),
    Rule { id: RuleId::BeRemote, article: "3.87 §1", certainty: Certainty::Unsure, says: Says::Conduct },
    span(RuleId::BeSaleSimple, "3.94", Span::Days(15)),
    span(RuleId::BeSaleNotary, "3.94", Span::Days(30)),
];

/// The majority of each matter.
pub(super) const MATTERS: &[(Matter, RuleId)] = &[
    (Matter::Ordinary, RuleId::BeAbsolute),
    (Matter::Syndic, RuleId::BeAbsolute),
    (Matter::CouncilMember, RuleId::BeAbsolute),
    (Matter::Delegation, RuleId::BeTwoThirds),
    (Matter::UseStatutes, RuleId::BeTwoThirds),
    (Matter::Works, RuleId::BeTwoThirds),
    (Matter::ImposedWorks, RuleId::BeAbsolute),
    (Matter::ConservatoryWorks, RuleId::BeAbsolute),
    (Matter::TenderAmount, RuleId::BeTwoThirds),
    (Matter::PrivateWorks, RuleId::BeTwoThirds),
    (Matter::OtherStatutes, RuleId::BeFourFifths),
    (Matter::ChargeAllocation, RuleId::BeFourFifths),
    (Matter::Destination, RuleId::BeFourFifths),
    (Matter::Rebuilding, RuleId::BeFourFifths),
    (Matter::Acquisition, RuleId::BeFourFifths),
    (Matter::Disposal, RuleId::BeFourFifths),
    (Matter::PartialAssociation, RuleId::BeFourFifths),
    (Matter::LotDivision, RuleId::BeFourFifths),
    (Matter::JustifiedDemolition, RuleId::BeFourFifths),
    (Matter::Demolition, RuleId::BeUnanimity),
    (Matter::DecliningReserve, RuleId::BeFourFifths),
    (Matter::ShareChange, RuleId::BeUnanimity),
    (Matter::ShareChangeByWorks, RuleId::BeTwoThirds),
    (Matter::ShareChangeByDivision, RuleId::BeFourFifths),
    (Matter::Dissolution, RuleId::BeUnanimity),
];
