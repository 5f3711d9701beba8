//! What the law's calendar asks of those who prepare and follow up an assembly. Days are given; nothing here knows what
//! day it is.

use protocol::assembly::{Arithmetic, Day, Figures, Quantity, RuleId, RuleSet, Span, Votes};

use super::roll::Roll;

/// A day that a rule sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// The rule.
    pub rule: RuleId,
    /// Which side of the day is allowed.
    pub side: Side,
    /// The first or last day allowed.
    pub day: Day,
}

/// Which side of a day is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// That day or later.
    NotBefore,
    /// That day or earlier.
    NotAfter,
}

impl Deadline {
    /// Whether something that happens on a day keeps it.
    pub fn is_kept(&self, on: Day) -> bool {
        match self.side {
            Side::NotBefore => on >= self.day,
            Side::NotAfter => on <= self.day,
        }
    }
}

/// The last day on which the notice of an assembly may be sent, unless it is urgent.
pub fn notice(law: RuleSet, assembly: Day) -> Deadline {
    match law {
        RuleSet::Belgium2020 => until(RuleId::BeNotice, assembly),
        RuleSet::France2020 => until(RuleId::FrNotice, assembly),
    }
}

/// The last day on which an owner's written item goes on the agenda, before the first day of the yearly period in which
/// the assembly is held; later ones go on the next agenda. None where the law sets no day.
pub fn agenda_item(law: RuleSet, period: Day) -> Option<Deadline> {
    belgian(law).then(|| until(RuleId::BeAgenda, period))
}

/// The last day of an assembly that owners asked for on a day.
pub fn convening(law: RuleSet, asked: Day) -> Option<Deadline> {
    belgian(law).then(|| within(RuleId::BeConvening, asked))
}

/// The first day of an assembly that is held again without quorum.
pub fn second_meeting(law: RuleSet, first: Day) -> Option<Deadline> {
    belgian(law).then(|| from(RuleId::BeSecondMeeting, first))
}

/// The first day of an assembly that votes again on what missed unanimity through absence.
pub fn unanimity_again(law: RuleSet, first: Day) -> Option<Deadline> {
    belgian(law).then(|| from(RuleId::BeUnanimityDelay, first))
}

/// The last day on which a postal form may come.
pub fn postal_form(law: RuleSet, assembly: Day) -> Option<Deadline> {
    (!belgian(law)).then(|| until(RuleId::FrPostal, assembly))
}

/// The last day on which the minutes are sent.
pub fn minutes(law: RuleSet, assembly: Day) -> Deadline {
    match law {
        RuleSet::Belgium2020 => within(RuleId::BeMinutes, assembly),
        RuleSet::France2020 => within(RuleId::FrMinutes, assembly),
    }
}

/// The last day on which an owner may ask a judge: from the assembly in Belgium, from the day the minutes were notified
/// in France.
pub fn challenge(law: RuleSet, assembly: Day, notified: Day) -> Deadline {
    match law {
        RuleSet::Belgium2020 => within(RuleId::BeAnnulment, assembly),
        RuleSet::France2020 => within(RuleId::FrChallenge, notified),
    }
}

/// The last day on which somebody who lives there without a vote may ask a judge: from the day it was told, and never
/// later than an owner.
pub fn occupant_challenge(law: RuleSet, assembly: Day, told: Day) -> Option<Deadline> {
    belgian(law).then(|| {
        let deadline = within(RuleId::BeOccupantAnnulment, told);
        Deadline { day: deadline.day.min(challenge(law, assembly, told).day), ..deadline }
    })
}

/// The first day on which a decision that waits for the judge may be carried out.
pub fn carried_out_from(law: RuleSet, assembly: Day, notified: Day) -> Day {
    challenge(law, assembly, notified).day.after(Span::Days(1))
}

/// The last day of a syndic's mandate.
pub fn mandate(law: RuleSet, begins: Day) -> Option<Deadline> {
    belgian(law).then(|| within(RuleId::BeMandate, begins))
}

/// The last day of what was delegated to the council.
pub fn delegation(law: RuleSet, decided: Day) -> Option<Deadline> {
    belgian(law).then(|| within(RuleId::BeDelegation, decided))
}

/// The last day on which the reserve fund begins.
pub fn reserve_start(law: RuleSet, accepted: Day) -> Option<Deadline> {
    belgian(law).then(|| within(RuleId::BeReserveStart, accepted))
}

/// The last day on which the syndic answers about a sale.
pub fn sale_answer(law: RuleSet, asked: Day, by_notary: bool) -> Option<Deadline> {
    let rule = if by_notary { RuleId::BeSaleNotary } else { RuleId::BeSaleSimple };
    belgian(law).then(|| within(rule, asked))
}

/// Whether those who ask for an assembly hold enough; none where the law names no part.
pub fn may_ask(roll: &Roll, asking: Votes) -> Option<Arithmetic> {
    let counted = [(Quantity::VotesAsking, asking.0), (Quantity::VotesAll, roll.votes().0)];
    belgian(roll.law).then(|| work(RuleId::BeRequest, &counted))
}

/// Whether a council is compulsory.
pub fn needs_council(roll: &Roll) -> Option<Arithmetic> {
    belgian(roll.law).then(|| work(RuleId::BeCouncil, &[(Quantity::MainLots, roll.main_lots() as u64)]))
}

/// Whether a year's contribution to the reserve fund is enough, cents.
pub fn reserve(law: RuleSet, contribution: u64, ordinary_charges: u64) -> Option<Arithmetic> {
    let counted =
        [(Quantity::ReserveContribution, contribution), (Quantity::OrdinaryCharges, ordinary_charges)];
    belgian(law).then(|| work(RuleId::BeReserve, &counted))
}

fn belgian(law: RuleSet) -> bool {
    match law {
        RuleSet::Belgium2020 => true,
        RuleSet::France2020 => false,
    }
}

fn work(rule: RuleId, counted: &[(Quantity, u64)]) -> Arithmetic {
    Arithmetic::of(rule.formula().expect("invariant: the rule is a predicate"), &Figures::new(counted))
}

fn span(rule: RuleId) -> Span {
    rule.span().expect("invariant: the rule names a stretch of time")
}

/// At the latest so long before a day.
fn until(rule: RuleId, day: Day) -> Deadline {
    Deadline { rule, side: Side::NotAfter, day: day.before(span(rule)) }
}

/// At the latest so long after a day.
fn within(rule: RuleId, day: Day) -> Deadline {
    Deadline { rule, side: Side::NotAfter, day: day.after(span(rule)) }
}

/// At the earliest so long after a day.
fn from(rule: RuleId, day: Day) -> Deadline {
    Deadline { rule, side: Side::NotBefore, day: day.after(span(rule)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use RuleSet::{Belgium2020, France2020};

    fn day(month: u32, day: u32) -> Day {
        Day::from_date(2030, month, day).unwrap()
    }

    /// The day itself keeps a deadline, its neighbour on the wrong side does not.
    fn check(deadline: Option<Deadline>, side: Side, expected: Day) {
        let deadline = deadline.unwrap();
        assert_eq!((deadline.side, deadline.day.to_string()), (side, expected.to_string()), "{deadline:?}");
        let (before, after) = (Day(expected.0 - 1), Day(expected.0 + 1));
        let kept = [before, expected, after].map(|day| deadline.is_kept(day));
        match side {
            Side::NotBefore => assert_eq!(kept, [false, true, true]),
            Side::NotAfter => assert_eq!(kept, [true, true, false]),
        }
    }

    #[test]
    fn every_stretch_of_time_to_the_day() {
        use Side::{NotAfter, NotBefore};
        check(Some(notice(Belgium2020, day(6, 15))), NotAfter, day(5, 31));
        check(Some(notice(France2020, day(6, 15))), NotAfter, day(5, 25));
        check(agenda_item(Belgium2020, day(6, 1)), NotAfter, day(5, 11));
        check(convening(Belgium2020, day(6, 1)), NotAfter, day(7, 1));
        check(second_meeting(Belgium2020, day(6, 15)), NotBefore, day(6, 30));
        check(unanimity_again(Belgium2020, day(6, 15)), NotBefore, day(7, 15));
        check(postal_form(France2020, day(6, 15)), NotAfter, day(6, 11));
        check(Some(minutes(Belgium2020, day(6, 15))), NotAfter, day(7, 15));
        check(Some(minutes(France2020, day(1, 31))), NotAfter, day(2, 28));
        check(Some(challenge(Belgium2020, day(6, 15), day(7, 1))), NotAfter, day(10, 15));
        check(Some(challenge(France2020, day(6, 15), day(7, 1))), NotAfter, day(9, 1));
        check(occupant_challenge(Belgium2020, day(6, 15), day(7, 1)), NotAfter, day(9, 1));
        check(occupant_challenge(Belgium2020, day(6, 15), day(9, 20)), NotAfter, day(10, 15));
        check(mandate(Belgium2020, day(6, 15)), NotAfter, Day::from_date(2033, 6, 15).unwrap());
        check(delegation(Belgium2020, day(6, 15)), NotAfter, Day::from_date(2031, 6, 15).unwrap());
        check(reserve_start(Belgium2020, day(6, 15)), NotAfter, Day::from_date(2035, 6, 15).unwrap());
        check(sale_answer(Belgium2020, day(6, 1), false), NotAfter, day(6, 16));
        check(sale_answer(Belgium2020, day(6, 1), true), NotAfter, day(7, 1));
        assert_eq!(carried_out_from(Belgium2020, day(6, 15), day(7, 1)), day(10, 16));
        assert_eq!(carried_out_from(France2020, day(6, 15), day(7, 1)), day(9, 2));
    }

    #[test]
    fn what_only_one_country_knows() {
        let any = day(6, 15);
        let french = [
            agenda_item(France2020, any),
            convening(France2020, any),
            second_meeting(France2020, any),
            unanimity_again(France2020, any),
            occupant_challenge(France2020, any, any),
            mandate(France2020, any),
            delegation(France2020, any),
            reserve_start(France2020, any),
            sale_answer(France2020, any, true),
            postal_form(Belgium2020, any),
        ];
        assert_eq!(french, [None; 10]);
        assert_eq!(reserve(France2020, 1, 1), None);
    }

    #[test]
    fn a_twentieth_of_the_charges() {
        let enough = |cents| reserve(Belgium2020, cents, 2_000_000).unwrap().holds();
        assert_eq!([99_999, 100_000, 100_001].map(enough), [false, true, true]);
        let odd = |cents| reserve(Belgium2020, cents, 2_000_001).unwrap().holds();
        assert_eq!([100_000, 100_001].map(odd), [false, true]);
    }
}
