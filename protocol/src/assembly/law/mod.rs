//! The law of co-ownership as data: each rule with its article, how sure we are of it, and what it says as a predicate
//! over whole numbers or as a stretch of time. Two countries; what has no number in it is named, so that a page can
//! cite it.

mod belgium;
mod france;
mod matter;

use serde::{Deserialize, Serialize};

use super::comparison::{Formula, Quantity};
use super::day::Span;

pub use matter::Matter;

/// Rules that hold together. Another version of a law is another set; the registry dates them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RuleSet {
    /// Belgium: Civil Code, book 3, articles 3.84 to 3.100, as the laws of 4 February and 31 July 2020 have it.
    Belgium2020,
    /// France: law 65-557 and decree 67-223, with the ordinance of 30 October 2019.
    France2020,
}

/// How sure we are of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Certainty {
    /// The text of the statute was read.
    Statute,
    /// Secondary sources agree.
    Sources,
    /// General knowledge, or a point on which the text says nothing: whoever chairs decides, and the page warns.
    Unsure,
}

/// One rule of a law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Which one.
    pub id: RuleId,
    /// The article behind it.
    pub article: &'static str,
    /// How sure we are of it.
    pub certainty: Certainty,
    /// What it says.
    pub says: Says,
}

/// What a rule says, as far as a machine can check it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// A predicate that has to hold.
    Formula(Formula),
    /// A stretch of time.
    Span(Span),
    /// Who may do what; checked where it is done.
    Conduct,
}

/// A vote that may follow one that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bridge {
    /// The majority that was missed.
    pub from: RuleId,
    /// What has to hold for another vote.
    pub when: RuleId,
    /// The majority of the other vote.
    pub to: RuleId,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $id:ident = $name:literal,)*) => {
        /// A rule by name. The name is kept with every decision it made.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum RuleId { $($(#[$doc])* $id,)* }

        impl RuleId {
            /// Every rule of both countries.
            pub const ALL: &'static [Self] = &[$(Self::$id,)*];

            /// The name in API and page.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$id => $name,)* }
            }
        }
    };
}

rules! {
    /// Belgium: notice at least 15 days before.
    BeNotice = "be-notice",
    /// Belgium: items for the agenda at least 3 weeks before the yearly period.
    BeAgenda = "be-agenda",
    /// Belgium: a fifth of the shares may ask for an assembly.
    BeRequest = "be-request",
    /// Belgium: it is convened within 30 days.
    BeConvening = "be-convening",
    /// Belgium: quorum at the start.
    BeQuorum = "be-quorum",
    /// Belgium: the second assembly, without quorum, is 15 days later at the earliest.
    BeSecondMeeting = "be-second-meeting",
    /// Belgium: an owner chairs.
    BeChair = "be-chair",
    /// Belgium: where only some bear a charge, only they vote, in proportion to it.
    BePartialCharge = "be-partial-charge",
    /// Belgium: nobody votes for more than the others hold.
    BeCap = "be-cap",
    /// Belgium: three proxies, or a tenth of all votes.
    BeProxies = "be-proxies",
    /// Belgium: the syndic is nobody's proxy.
    BeSyndicNoProxy = "be-syndic-no-proxy",
    /// Belgium: nobody votes on the own mission.
    BeOwnMission = "be-own-mission",
    /// Belgium: more than half of the votes cast.
    BeAbsolute = "be-absolute",
    /// Belgium: two thirds of the votes cast.
    BeTwoThirds = "be-two-thirds",
    /// Belgium: four fifths of the votes cast.
    BeFourFifths = "be-four-fifths",
    /// Belgium: all votes of all owners.
    BeUnanimity = "be-unanimity",
    /// Belgium: all votes of those present or represented, when unanimity was missed through absence.
    BeUnanimityAgain = "be-unanimity-again",
    /// Belgium: that assembly is 30 days later at the earliest.
    BeUnanimityDelay = "be-unanimity-delay",
    /// Belgium: contribution to the reserve fund, a twentieth of the ordinary charges of the year before.
    BeReserve = "be-reserve",
    /// Belgium: the fund exists 5 years after provisional acceptance.
    BeReserveStart = "be-reserve-start",
    /// Belgium: minutes within 30 days.
    BeMinutes = "be-minutes",
    /// Belgium: the minutes name who was against or abstained.
    BeNamed = "be-named",
    /// Belgium: a unanimous decision in writing needs no meeting.
    BeWritten = "be-written",
    /// Belgium: the syndic's mandate lasts 3 years at the most.
    BeMandate = "be-mandate",
    /// Belgium: a council from 20 lots on.
    BeCouncil = "be-council",
    /// Belgium: what is delegated to the council lasts a year at the most.
    BeDelegation = "be-delegation",
    /// Belgium: an owner may ask a judge for 4 months from the assembly.
    BeAnnulment = "be-annulment",
    /// Belgium: an occupant without vote for 2 months from the notice of the decision.
    BeOccupantAnnulment = "be-occupant-annulment",
    /// Belgium: owners of one lot name who votes; until then its vote rests.
    BeSplit = "be-split",
    /// Belgium: taking part from afar.
    BeRemote = "be-remote",
    /// Belgium: the syndic answers a simple request about a sale in 15 days.
    BeSaleSimple = "be-sale-simple",
    /// Belgium: a notary's in 30 days.
    BeSaleNotary = "be-sale-notary",
    /// France: no quorum.
    FrNoQuorum = "fr-no-quorum",
    /// France: the votes of an owner of more than half are reduced to those of all others.
    FrMajorityOwner = "fr-majority-owner",
    /// France: three proxies, or a tenth of all votes.
    FrProxies = "fr-proxies",
    /// France: syndic, its household and staff are nobody's proxy.
    FrBarred = "fr-barred",
    /// France: more than half of the votes cast.
    Fr24 = "fr-24",
    /// France: more than half of all votes.
    Fr25 = "fr-25",
    /// France: a second vote after a third of all votes.
    Fr25Bridge = "fr-25-1",
    /// France: more than half of all owners with two thirds of all votes.
    Fr26 = "fr-26",
    /// France: a second vote after half of those present with a third of all votes.
    Fr26Bridge = "fr-26-1",
    /// France: all votes of all owners.
    FrUnanimity = "fr-unanimity",
    /// France: notice at least 21 days before.
    FrNotice = "fr-notice",
    /// France: the minutes name who was against, abstained or counts as defaulting, with their votes.
    FrNamed = "fr-named",
    /// France: a judge may be asked for 2 months from notification.
    FrChallenge = "fr-challenge",
    /// France: minutes notified within a month.
    FrMinutes = "fr-minutes",
    /// France, two owners: who holds more than half decides what article 24 covers, and the syndic.
    FrTwoOwners24 = "fr-41-15-24",
    /// France, two owners: who holds two thirds decides what article 25 covers.
    FrTwoOwners25 = "fr-41-15-25",
    /// France: a postal form arrives 3 clear days before.
    FrPostal = "fr-postal",
    /// France: owners of one lot name who represents them.
    FrSplit = "fr-split",
}

impl RuleId {
    /// The rule.
    pub fn rule(self) -> &'static Rule {
        let all = belgium::RULES.iter().chain(france::RULES);
        all.into_iter().find(|rule| rule.id == self).expect("invariant: every name has its rule")
    }

    /// The predicate it says; none for other rules.
    pub fn formula(self) -> Option<Formula> {
        match self.rule().says {
            Says::Formula(formula) => Some(formula),
            Says::Span(_) | Says::Conduct => None,
        }
    }

    /// The stretch of time it says; none for other rules.
    pub fn span(self) -> Option<Span> {
        match self.rule().says {
            Says::Span(span) => Some(span),
            Says::Formula(_) | Says::Conduct => None,
        }
    }

    /// Whether its outcome depends on how many owners are counted, not on votes alone.
    pub fn counts_owners(self) -> bool {
        let is_of_owners = |quantity| {
            matches!(quantity, Quantity::OwnersFor | Quantity::OwnersPresent | Quantity::OwnersAll)
        };
        let all = self.formula().unwrap_or(&[]).iter().flat_map(|all| all.iter());
        all.into_iter().any(|comparison| is_of_owners(comparison.left) || is_of_owners(comparison.right))
    }
}

impl RuleSet {
    /// Every set.
    pub const ALL: [Self; 2] = [Self::Belgium2020, Self::France2020];

    /// The name in configuration, API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Belgium2020 => "be-2020",
            Self::France2020 => "fr-2020",
        }
    }

    /// Its rules.
    pub const fn rules(self) -> &'static [Rule] {
        match self {
            Self::Belgium2020 => belgium::RULES,
            Self::France2020 => france::RULES,
        }
    }

    /// The majority that a matter needs; none where this law does not know the matter.
    pub fn majority(self, matter: Matter) -> Option<RuleId> {
        let matters = match self {
            Self::Belgium2020 => belgium::MATTERS,
            Self::France2020 => france::MATTERS,
        };
        matters.iter().find(|(of, _)| *of == matter).map(|(_, rule)| *rule)
    }

    /// Which second vote may follow a missed majority.
    pub fn bridge(self, from: RuleId) -> Option<&'static Bridge> {
        let bridges: &[Bridge] = match self {
            Self::Belgium2020 => &[],
            Self::France2020 => france::BRIDGES,
        };
        bridges.iter().find(|bridge| bridge.from == from)
    }
}

impl Certainty {
    /// Whether a page has to warn.
    pub const fn is_unsure(self) -> bool {
        matches!(self, Self::Unsure)
    }

    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Statute => "statute",
            Self::Sources => "sources",
            Self::Unsure => "unsure",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_one_rule_of_one_country() {
        let mut names: Vec<&str> = RuleId::ALL.iter().map(|id| id.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RuleId::ALL.len());
        let of = |set: RuleSet| set.rules().iter().map(|rule| rule.id).collect::<Vec<_>>();
        let both = [of(RuleSet::Belgium2020), of(RuleSet::France2020)].concat();
        assert_eq!(both, RuleId::ALL, "each once, in the order of names");
        for id in RuleId::ALL {
            let (rule, country) = (id.rule(), &id.name()[..3]);
            assert!(!rule.article.is_empty() && ["be-", "fr-"].contains(&country), "{id:?}");
            assert!(id.formula().is_none() || id.span().is_none(), "{id:?}");
        }
    }

    #[test]
    fn every_majority_and_bridge_is_a_predicate() {
        for set in RuleSet::ALL {
            for matter in Matter::ALL {
                let Some(majority) = set.majority(matter) else { continue };
                assert!(majority.formula().is_some() && of_country(majority, set), "{matter:?}");
                if let Some(bridge) = set.bridge(majority) {
                    assert!(bridge.when.formula().is_some() && bridge.to.formula().is_some());
                }
            }
        }
        assert_eq!(RuleSet::Belgium2020.bridge(RuleId::BeUnanimity), None);
        // Decree 67-223, 19-1: no bridge behind a bridge is offered, and none from the simple majority.
        assert_eq!(RuleSet::France2020.bridge(RuleId::Fr24), None);
        assert_eq!(RuleSet::France2020.bridge(RuleId::Fr26).map(|bridge| bridge.to), Some(RuleId::Fr25));
    }

    fn of_country(rule: RuleId, set: RuleSet) -> bool {
        rule.name()[..2] == set.name()[..2]
    }

    #[test]
    fn a_charge_is_shared_anew_by_another_majority_in_each_country() {
        let of = |set: RuleSet, matter| set.majority(matter);
        assert_eq!(of(RuleSet::Belgium2020, Matter::ChargeAllocation), Some(RuleId::BeFourFifths));
        assert_eq!(of(RuleSet::France2020, Matter::ChargeAllocation), Some(RuleId::FrUnanimity));
        assert_eq!(of(RuleSet::France2020, Matter::DecliningReserve), None);
        assert_eq!(of(RuleSet::Belgium2020, Matter::AbsoluteMatter), None);
    }

    #[test]
    fn what_is_unsure_is_marked_so() {
        let unsure: Vec<&str> =
            RuleId::ALL.iter().filter(|id| id.rule().certainty.is_unsure()).map(|id| id.name()).collect();
        assert_eq!(unsure, ["be-remote", "fr-26-1", "fr-challenge", "fr-minutes", "fr-split"]);
        assert!(RuleId::Fr26.counts_owners() && RuleId::BeQuorum.counts_owners());
        assert!(!RuleId::Fr25.counts_owners() && !RuleId::BeCap.counts_owners());
    }
}
