//! What the authorities of a hive decide about sharing: rule, tariff, slot length, how near the members are, and who
//! settles.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use std::fmt;

use super::rule::SharingRule;
use super::slot::{SlotId, SlotLength};
use super::tariff::{Locality, Tariff};
use crate::bounded::Bounded;
use crate::error::Invalid;
use crate::ids::{Address, Digest};
use crate::limits::AUTHORITIES_MAX;
use crate::token::Minting;

/// A decision about sharing. Rule and tariff take effect at the start of a slot that has not begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EnergyAction {
    /// Another rule from a slot on.
    Share(ScheduledRule),
    /// Another tariff from its first slot on.
    Charge(Tariff),
    /// Another slot length, before the first slot is settled.
    Cut(SlotLength),
    /// How far apart the least local pair of members is.
    Place(Locality),
    /// Who settles.
    Settle(Rota),
    /// What shared solar is worth in tokens and carbon credits, from a week on.
    Mint(Minting),
}

/// A rule and the first slot it holds for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct ScheduledRule {
    /// The rule.
    pub rule: SharingRule,
    /// Its first slot.
    pub from: SlotId,
}

/// An authority that may settle, and who operates it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Desk {
    /// The authority.
    pub authority: Address,
    /// Pseudonym of its operator: desks of one operator have the same.
    pub operator: Digest,
}

/// Desks in the order they take turns, day by day; at least two, of two operators at least, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rota(Bounded<Desk, AUTHORITIES_MAX>);

impl Rota {
    /// Wraps desks in their order.
    pub fn new(desks: Vec<Desk>) -> Result<Self, Invalid> {
        let found = desks.len();
        let wrong = |field, min| Invalid::Count { field, min, max: AUTHORITIES_MAX, found };
        if !(2..=AUTHORITIES_MAX).contains(&found) {
            return Err(wrong("settlement desks", 2));
        }
        if desks.iter().all(|desk| desk.operator == desks[0].operator) {
            return Err(Invalid::Duplicate { field: "operators of the settlement desks" });
        }
        let mut authorities: Vec<Address> = desks.iter().map(|desk| desk.authority).collect();
        authorities.sort_unstable();
        if authorities.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Invalid::Duplicate { field: "settlement desks" });
        }
        Bounded::new(desks).map(Self)
    }

    /// The desks in their order.
    pub fn desks(&self) -> &[Desk] {
        &self.0
    }

    /// The desk of an authority.
    pub fn desk_of(&self, authority: &Address) -> Option<&Desk> {
        self.0.iter().find(|desk| desk.authority == *authority)
    }

    /// The pair that settles the slots of a UTC day: the desk whose turn it is, and the next one of another operator.
    /// The others stand by.
    pub fn pair(&self, day: u64) -> [Address; 2] {
        let count = self.0.len();
        let turn = usize::try_from(day % count as u64).expect("invariant: there are few desks");
        let first = self.0[turn];
        let second = (1..count).map(|step| self.0[(turn + step) % count]);
        let second = second.into_iter().find(|desk| desk.operator != first.operator);
        [first.authority, second.expect("invariant: the desks have two operators").authority]
    }
}

impl EnergyAction {
    /// Checks what no constructor checks.
    pub fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Share(scheduled) => scheduled.rule.check(),
            Self::Charge(tariff) => tariff.check(),
            Self::Mint(minting) => minting.check(),
            Self::Cut(_) | Self::Place(_) | Self::Settle(_) => Ok(()),
        }
    }
}

impl fmt::Display for EnergyAction {
    /// One line of English for those who decide.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(ScheduledRule { rule, from }) => match rule.factor() {
                Some(factor) => write!(f, "rule {} with factor {factor} from slot {from}", rule.name()),
                None => write!(f, "rule {} from slot {from}", rule.name()),
            },
            Self::Charge(Tariff { retail, feed_in, fees, valid_from }) => write!(
                f,
                "retail {retail}, feed-in {feed_in}, fees {} / {} / {} / {} from slot {valid_from}",
                fees.building.0, fees.cabin.0, fees.substation.0, fees.region.0
            ),
            Self::Cut(length) => write!(f, "slots of {} minutes", length.minutes()),
            Self::Place(locality) => write!(f, "members are as near as one {}", locality.name()),
            Self::Settle(rota) => {
                f.write_str("settled in turns by")?;
                rota.desks().iter().try_for_each(|desk| write!(f, " {}", desk.authority))
            }
            Self::Mint(Minting { grams_per_kwh, baseline, from_week }) => write!(
                f,
                "1 NRG and {grams_per_kwh} g CO2e of credit per kWh sold, from week {from_week}, against: {}",
                String::from_utf8_lossy(baseline.as_slice())
            ),
        }
    }
}

impl Serialize for Rota {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Rota {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let desks = Bounded::<Desk, AUTHORITIES_MAX>::deserialize(deserializer)?;
        Self::new(desks.into_vec()).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::energy::{Fees, Price};
    use crate::{decode, encode};

    fn desk(n: u8, operator: u8) -> Desk {
        Desk { authority: Address::new([n; 20]), operator: Digest::new([operator; 32]) }
    }

    #[test]
    fn a_pair_has_two_operators_and_turns_go_round() {
        let rota = Rota::new(vec![desk(1, 1), desk(2, 1), desk(3, 2), desk(4, 1)]).unwrap();
        let pairs: Vec<[u8; 2]> =
            (0..5).map(|day| rota.pair(day).map(|authority| authority.as_bytes()[0])).collect();
        assert_eq!(pairs, [[1, 3], [2, 3], [3, 4], [4, 3], [1, 3]]);
        assert_eq!(rota.pair(u64::MAX)[0], rota.pair(3)[0]);
        assert_eq!(rota.desk_of(&Address::new([3; 20])), Some(&desk(3, 2)));
        assert_eq!(decode(&encode(&rota), 4_000), Ok(rota));
    }

    #[test]
    fn a_decision_can_be_read() {
        let rule = SharingRule::SupplyDemand;
        let share = EnergyAction::Share(ScheduledRule { rule, from: SlotId(7) });
        assert_eq!(share.to_string(), "rule supply_demand from slot 7");
        let fees = Fees::flat(Price(86_000));
        let tariff = Tariff { retail: Price(250_000), feed_in: Price(40_000), fees, valid_from: SlotId(9) };
        let charge = EnergyAction::Charge(tariff).to_string();
        assert!(
            charge.starts_with("retail 250000 µEUR/kWh, feed-in 40000 µEUR/kWh, fees 86000 /"),
            "{charge}"
        );
        assert_eq!(EnergyAction::Cut(SlotLength::Half).to_string(), "slots of 30 minutes");
    }

    #[test]
    fn desks_that_could_settle_alone_are_refused() {
        let many = (0..=u8::try_from(AUTHORITIES_MAX).unwrap()).map(|n| desk(n, n)).collect();
        for wrong in
            [vec![], vec![desk(1, 1)], vec![desk(1, 1), desk(2, 1)], vec![desk(1, 1), desk(1, 2)], many]
        {
            assert!(Rota::new(wrong.clone()).is_err());
            assert!(decode::<Rota>(&encode(&wrong), 8_000).is_err());
        }
    }
}
