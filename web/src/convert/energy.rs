//! Decisions about energy between the words of the page and those of the ledger. What a decision says is checked here once;
//! whether it makes sense now is for the ledger to say.

use crate::problem::{Kind, Problem};
use crate::request::{
    CoefficientsDraft, DeskDraft, EnergyDecision, FactorDraft, FeesDraft, LaterParts, Nearness,
    SharingRuleDraft, WeightDraft,
};
use protocol::energy::{
    Coefficients, Desk, EnergyAction, Factor, Fees, FullDynamic, Locality, Price, PriorityGroups, Rota,
    ScheduledRule, SharingKey, SharingRule, SlotId, SlotLength, StaticKey, Tariff, Weights,
};
use protocol::token::Minting;
use protocol::{Address, Digest, Invalid};

fn wrong(field: &'static str) -> impl Fn(Invalid) -> Problem {
    move |error| Problem::new(Kind::Invalid, error.to_string()).field(field)
}

fn address(field: &'static str, text: &str) -> Result<Address, Problem> {
    let detail = "expected an address of 40 hex digits";
    text.parse().map_err(|_| Problem::new(Kind::Invalid, detail).field(field))
}

impl TryFrom<&EnergyDecision> for EnergyAction {
    type Error = Problem;

    fn try_from(decision: &EnergyDecision) -> Result<Self, Problem> {
        let action = match decision {
            EnergyDecision::Share { rule, from_slot } => {
                let from = SlotId(counted("from_slot", *from_slot)?);
                Self::Share(ScheduledRule { rule: rule.try_into()?, from })
            }
            EnergyDecision::Charge { retail, feed_in, fees, from_slot } => Self::Charge(Tariff {
                retail: Price(*retail),
                feed_in: Price(*feed_in),
                fees: (*fees).into(),
                valid_from: SlotId(counted("from_slot", *from_slot)?),
            }),
            EnergyDecision::Cut { minutes } => {
                let unknown = || Problem::new(Kind::Invalid, "expected 15, 30 or 60").field("minutes");
                Self::Cut(SlotLength::from_minutes(*minutes).ok_or_else(unknown)?)
            }
            EnergyDecision::Place { nearness } => Self::Place((*nearness).into()),
            EnergyDecision::Settle { desks } => {
                let desks: Result<Vec<Desk>, Problem> = desks.iter().map(desk).collect();
                Self::Settle(Rota::new(desks?).map_err(wrong("desks"))?)
            }
            EnergyDecision::Mint { grams_per_kwh, baseline, from_week } => {
                let words = protocol::Bytes::new(baseline.clone().into_bytes());
                let (grams_per_kwh, from_week) = (*grams_per_kwh, counted("from_week", *from_week)?);
                Self::Mint(Minting { grams_per_kwh, baseline: words.map_err(wrong("baseline"))?, from_week })
            }
        };
        action.check().map_err(wrong("what"))?;
        Ok(action)
    }
}

/// The number of a week or slot, as the document bounds it.
pub(crate) fn counted(field: &'static str, number: u64) -> Result<u64, Problem> {
    let far = |_| Problem::new(Kind::Invalid, "expected a number of at most 2^63 - 1").field(field);
    i64::try_from(number).map(|_| number).map_err(far)
}

impl From<&EnergyAction> for EnergyDecision {
    fn from(action: &EnergyAction) -> Self {
        match action {
            EnergyAction::Share(ScheduledRule { rule, from }) => {
                Self::Share { rule: rule.into(), from_slot: from.0 }
            }
            EnergyAction::Charge(Tariff { retail, feed_in, fees, valid_from }) => Self::Charge {
                retail: retail.0,
                feed_in: feed_in.0,
                fees: (*fees).into(),
                from_slot: valid_from.0,
            },
            EnergyAction::Cut(length) => Self::Cut { minutes: length.minutes() },
            EnergyAction::Place(locality) => Self::Place { nearness: (*locality).into() },
            EnergyAction::Settle(rota) => Self::Settle { desks: desks(rota) },
            EnergyAction::Mint(minting) => Self::Mint {
                grams_per_kwh: minting.grams_per_kwh,
                baseline: String::from_utf8_lossy(minting.baseline.as_slice()).into_owned(),
                from_week: minting.from_week,
            },
        }
    }
}

/// The desks of a rota in their order.
pub fn desks(rota: &Rota) -> Vec<DeskDraft> {
    let shown = |desk: &Desk| DeskDraft {
        authority: desk.authority.to_string(),
        operator: desk.operator.to_string(),
    };
    rota.desks().iter().map(shown).collect()
}

/// An operator's name never stands on the ledger, only what it hashes to.
pub(super) fn desk(draft: &DeskDraft) -> Result<Desk, Problem> {
    let name = draft.operator.trim();
    if name.is_empty() || name.len() > 128 {
        return Err(Problem::new(Kind::Invalid, "expected 1 to 128 bytes").field("operator"));
    }
    let hashed = |_| Digest::of("symbiose operator of a settlement desk v1", &[name.as_bytes()]);
    let operator = name.parse::<Digest>().unwrap_or_else(hashed);
    Ok(Desk { authority: address("authority", &draft.authority)?, operator })
}

impl TryFrom<&SharingRuleDraft> for SharingRule {
    type Error = Problem;

    fn try_from(draft: &SharingRuleDraft) -> Result<Self, Problem> {
        let rule = match draft {
            SharingRuleDraft::Dynamic { factor } => Self::Dynamic(factor_of(factor)?),
            SharingRuleDraft::Auction { factor } => Self::Auction(factor_of(factor)?),
            SharingRuleDraft::SupplyDemand => Self::SupplyDemand,
            SharingRuleDraft::StaticFixed { weights, factor } => Self::StaticFixed(key_of(weights, factor)?),
            SharingRuleDraft::StaticRelative { weights, factor } => {
                Self::StaticRelative(key_of(weights, factor)?)
            }
            SharingRuleDraft::StaticIterated { weights, factor } => {
                Self::StaticIterated(key_of(weights, factor)?)
            }
            SharingRuleDraft::FullDynamic { organiser, whole, factor } => Self::FullDynamic(FullDynamic {
                organiser: address("organiser", organiser)?,
                whole: *whole,
                factor: factor_of(factor)?,
            }),
            SharingRuleDraft::Priority { groups, factor } => {
                let group = |members: &Vec<String>| {
                    let mut members: Vec<Address> =
                        members.iter().map(|member| address("groups", member)).collect::<Result<_, _>>()?;
                    members.sort_unstable();
                    Ok(members)
                };
                let groups = groups.iter().map(group).collect::<Result<Vec<_>, Problem>>()?;
                let groups = PriorityGroups::new(groups, factor_of(factor)?).map_err(wrong("groups"))?;
                Self::Priority(groups)
            }
        };
        rule.check().map_err(wrong("whole"))?;
        Ok(rule)
    }
}

impl From<&SharingRule> for SharingRuleDraft {
    fn from(rule: &SharingRule) -> Self {
        match rule {
            SharingRule::Dynamic(factor) => Self::Dynamic { factor: (*factor).into() },
            SharingRule::Auction(factor) => Self::Auction { factor: (*factor).into() },
            SharingRule::SupplyDemand => Self::SupplyDemand,
            SharingRule::StaticFixed(StaticKey { key, factor }) => {
                Self::StaticFixed { weights: weights(key), factor: (*factor).into() }
            }
            SharingRule::StaticRelative(StaticKey { key, factor }) => {
                Self::StaticRelative { weights: weights(key), factor: (*factor).into() }
            }
            SharingRule::StaticIterated(StaticKey { key, factor }) => {
                Self::StaticIterated { weights: weights(key), factor: (*factor).into() }
            }
            SharingRule::FullDynamic(FullDynamic { organiser, whole, factor }) => Self::FullDynamic {
                organiser: organiser.to_string(),
                whole: *whole,
                factor: (*factor).into(),
            },
            SharingRule::Priority(groups) => Self::Priority {
                groups: groups.groups().map(|group| group.iter().map(Address::to_string).collect()).collect(),
                factor: groups.factor().into(),
            },
        }
    }
}

fn factor_of(factor: &FactorDraft) -> Result<Factor, Problem> {
    Factor::new(factor.num, factor.den).map_err(wrong("factor"))
}

impl From<Factor> for FactorDraft {
    fn from(factor: Factor) -> Self {
        Self { num: factor.num(), den: factor.den() }
    }
}

fn key_of(weights: &[WeightDraft], factor: &FactorDraft) -> Result<StaticKey, Problem> {
    let factor = factor_of(factor)?;
    if weights.is_empty() {
        return Ok(StaticKey { key: SharingKey::Equal, factor });
    }
    let key = SharingKey::Weights(weights_of("weights", weights)?);
    Ok(StaticKey { key, factor })
}

fn weights_of(field: &'static str, drafts: &[WeightDraft]) -> Result<Weights, Problem> {
    let weight = |draft: &WeightDraft| Ok((address(field, &draft.member)?, draft.weight));
    let mut pairs = drafts.iter().map(weight).collect::<Result<Vec<_>, Problem>>()?;
    pairs.sort_unstable();
    Weights::new(pairs).map_err(wrong(field))
}

fn weights(key: &SharingKey) -> Vec<WeightDraft> {
    match key {
        SharingKey::Equal => Vec::new(),
        SharingKey::Weights(weights) => drafts(weights),
    }
}

/// Weights or parts as JSON says them.
pub fn drafts(weights: &Weights) -> Vec<WeightDraft> {
    let draft =
        |(member, weight): &(Address, u32)| WeightDraft { member: member.to_string(), weight: *weight };
    weights.as_slice().iter().map(draft).collect()
}

impl TryFrom<&CoefficientsDraft> for Coefficients {
    type Error = Problem;

    fn try_from(draft: &CoefficientsDraft) -> Result<Self, Problem> {
        let mut rows = vec![(SlotId(draft.from_slot), weights_of("parts", &draft.parts)?)];
        for LaterParts { from_slot, weights } in &draft.then {
            if weights.len() != draft.parts.len() {
                let (min, max, found) = (draft.parts.len(), draft.parts.len(), weights.len());
                return Err(wrong("then")(Invalid::Count { field: "weights", min, max, found }));
            }
            let members = draft.parts.iter().map(|part| part.member.clone());
            let parts = members.zip(weights).map(|(member, weight)| WeightDraft { member, weight: *weight });
            rows.push((SlotId(*from_slot), weights_of("then", &parts.collect::<Vec<_>>())?));
        }
        Self::new(&rows).map_err(wrong("then"))
    }
}

impl From<FeesDraft> for Fees {
    fn from(fees: FeesDraft) -> Self {
        let FeesDraft { building, cabin, substation, region } = fees;
        let [building, cabin, substation, region] = [building, cabin, substation, region].map(Price);
        Self { building, cabin, substation, region }
    }
}

impl From<Fees> for FeesDraft {
    fn from(fees: Fees) -> Self {
        let Fees { building, cabin, substation, region } = fees;
        Self { building: building.0, cabin: cabin.0, substation: substation.0, region: region.0 }
    }
}

impl From<Nearness> for Locality {
    fn from(nearness: Nearness) -> Self {
        match nearness {
            Nearness::Building => Self::Building,
            Nearness::Cabin => Self::Cabin,
            Nearness::Substation => Self::Substation,
            Nearness::Region => Self::Region,
        }
    }
}

impl From<Locality> for Nearness {
    fn from(locality: Locality) -> Self {
        match locality {
            Locality::Building => Self::Building,
            Locality::Cabin => Self::Cabin,
            Locality::Substation => Self::Substation,
            Locality::Region => Self::Region,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: FactorDraft = FactorDraft { num: 1, den: 2 };

    fn member(n: u8) -> String {
        Address::new([n; 20]).to_string()
    }

    fn share(rule: SharingRuleDraft) -> EnergyDecision {
        EnergyDecision::Share { rule, from_slot: 9 }
    }

    #[test]
    fn every_decision_comes_back() {
        let weights = || {
            vec![WeightDraft { member: member(1), weight: 3 }, WeightDraft { member: member(2), weight: 5 }]
        };
        let groups = vec![vec![member(3)], vec![member(1), member(2)]];
        let fees = FeesDraft { building: 0, cabin: 1, substation: 2, region: 3 };
        let desk = |n: u8| DeskDraft { authority: member(n), operator: format!("{n:02x}").repeat(32) };
        for decision in [
            share(SharingRuleDraft::Dynamic { factor: HALF }),
            share(SharingRuleDraft::Auction { factor: HALF }),
            share(SharingRuleDraft::SupplyDemand),
            share(SharingRuleDraft::StaticFixed { weights: weights(), factor: HALF }),
            share(SharingRuleDraft::StaticRelative { weights: vec![], factor: HALF }),
            share(SharingRuleDraft::StaticIterated { weights: weights(), factor: HALF }),
            share(SharingRuleDraft::FullDynamic { organiser: member(4), whole: 10_000, factor: HALF }),
            share(SharingRuleDraft::Priority { groups, factor: HALF }),
            EnergyDecision::Charge { retail: 250_000, feed_in: 40_000, fees, from_slot: 7 },
            EnergyDecision::Cut { minutes: 30 },
            EnergyDecision::Place { nearness: Nearness::Cabin },
            EnergyDecision::Settle { desks: vec![desk(1), desk(2)] },
        ] {
            let action = EnergyAction::try_from(&decision).expect("a decision");
            assert_eq!(EnergyDecision::from(&action), decision);
        }
    }

    #[test]
    fn parts_come_back_in_order_and_nonsense_is_refused() {
        let part = |n: u8, weight| WeightDraft { member: member(n), weight };
        let draft = |parts| CoefficientsDraft { from_slot: 9, parts, then: vec![] };
        let given = Coefficients::try_from(&draft(vec![part(2, 5), part(1, 3)])).expect("parts");
        let members = [1, 2].map(|n| Address::new([n; 20]));
        let rows = |given: &Coefficients| -> Vec<_> {
            let rows = given.rows(&members).expect("parts of both");
            rows.iter().map(|(slot, parts)| (slot.0, drafts(parts))).collect()
        };
        let first = (9, vec![part(1, 3), part(2, 5)]);
        assert_eq!(rows(&given), std::slice::from_ref(&first));
        // Later ones stand in the order in which the members were named.
        let later = |from_slot, weights| LaterParts { from_slot, weights };
        let then = vec![later(10, vec![5, 3]), later(12, vec![7, 0])];
        let several = CoefficientsDraft { then, ..draft(vec![part(2, 5), part(1, 3)]) };
        let given = Coefficients::try_from(&several).expect("parts");
        assert_eq!(rows(&given), [first, (12, vec![part(1, 0), part(2, 7)])]);
        for wrong in
            [later(9, vec![1, 1]), later(10, vec![1]), later(10, vec![0, 0]), later(80_000, vec![1, 1])]
        {
            let wrong = CoefficientsDraft { then: vec![wrong], ..several.clone() };
            let problem = Coefficients::try_from(&wrong).expect_err("nonsense");
            assert_eq!(problem.field.as_deref(), Some("then"));
        }
        let stranger = WeightDraft { member: "x".into(), weight: 1 };
        let many = (0..=255).map(|n| part(n, 1)).chain([stranger.clone()]).collect();
        for wrong in [vec![], vec![part(1, 0)], vec![part(1, 2), part(1, 3)], vec![stranger], many] {
            let problem = Coefficients::try_from(&draft(wrong)).expect_err("nonsense");
            assert_eq!(problem.field.as_deref(), Some("parts"));
        }
    }

    #[test]
    fn nonsense_is_refused_with_its_field() {
        let fees = FeesDraft::default();
        let desk = |authority: String, operator: &str| DeskDraft { authority, operator: operator.to_owned() };
        let twice = vec![WeightDraft { member: member(1), weight: 1 }; 2];
        for (wrong, field) in [
            (share(SharingRuleDraft::Dynamic { factor: FactorDraft { num: 1, den: 0 } }), "factor"),
            (share(SharingRuleDraft::StaticFixed { weights: twice, factor: HALF }), "weights"),
            (
                share(SharingRuleDraft::FullDynamic { organiser: "x".into(), whole: 1, factor: HALF }),
                "organiser",
            ),
            (share(SharingRuleDraft::FullDynamic { organiser: member(1), whole: 0, factor: HALF }), "whole"),
            (share(SharingRuleDraft::Priority { groups: vec![vec![]; 9], factor: HALF }), "groups"),
            (EnergyDecision::Charge { retail: -1, feed_in: 0, fees, from_slot: 0 }, "what"),
            (EnergyDecision::Cut { minutes: 20 }, "minutes"),
            (
                EnergyDecision::Settle { desks: vec![desk(member(1), "Ada"), desk(member(2), " Ada ")] },
                "desks",
            ),
            (EnergyDecision::Settle { desks: vec![desk(member(1), " ")] }, "operator"),
        ] {
            let found = EnergyAction::try_from(&wrong).map_err(|problem| problem.field);
            assert_eq!(found, Err(Some(field.to_owned())), "{wrong:?}");
        }
    }
}
