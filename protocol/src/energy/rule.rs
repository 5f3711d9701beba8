//! The rules of sharing that a hive may vote for. All run on the same metered figures and whole numbers.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::factor::Factor;
use crate::bounded::Bounded;
use crate::error::Invalid;
use crate::ids::Address;
use crate::limits::{FACTOR_PARTS_MAX, PRIORITY_GROUPS_MAX, SHARING_KEYS_MAX};

/// How shared energy and its price are worked out in each slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SharingRule {
    /// In proportion to each member's metered energy, one price at the factor between feed-in and retail less fee.
    Dynamic(Factor),
    /// Price limits cross; the factor places the price within the last pair that does.
    Auction(Factor),
    /// As [`Self::Dynamic`], the price falls as supply grows against demand.
    SupplyDemand,
    /// Each member's fixed part of all surplus, as far as it needs it; the rest goes to the grid.
    StaticFixed(StaticKey),
    /// Each producer's surplus by fixed parts among the others, as far as they need it.
    StaticRelative(StaticKey),
    /// Fixed parts, again and again among those with unmet need.
    StaticIterated(StaticKey),
    /// Parts that an organiser gives for each slot; without them as [`Self::Dynamic`].
    FullDynamic(FullDynamic),
    /// Groups are served in order, each as [`Self::Dynamic`].
    Priority(PriorityGroups),
}

/// Fixed parts and the factor of the price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct StaticKey {
    /// Whose part is how large.
    pub key: SharingKey,
    /// Places the price between feed-in and retail less fee.
    pub factor: Factor,
}

/// Whose fixed part is how large.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SharingKey {
    /// The same for every member of the slot.
    Equal,
    /// By weight, such as the consumption of a year in Wh; a member that is not listed has none.
    Weights(Weights),
}

/// Weights of members in ascending order, each once, at least one above zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weights(Bounded<(Address, u32), SHARING_KEYS_MAX>);

/// Who gives the parts of each slot, and of how many parts a whole is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct FullDynamic {
    /// The member whose coefficients count.
    pub organiser: Address,
    /// Parts of the whole surplus; what is not given away goes to the grid.
    pub whole: u32,
    /// Places the price between feed-in and retail less fee.
    pub factor: Factor,
}

/// Groups of members that are served in this order, such as common parts, social housing; who is in none comes last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriorityGroups {
    groups: Bounded<Bounded<Address, SHARING_KEYS_MAX>, PRIORITY_GROUPS_MAX>,
    factor: Factor,
}

impl SharingRule {
    /// The rule of a hive that never voted: in proportion, the gain shared evenly.
    pub const DEFAULT: Self = Self::Dynamic(Factor::HALF);

    /// The name in API and page.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Dynamic(_) => "dynamic",
            Self::Auction(_) => "auction",
            Self::SupplyDemand => "supply_demand",
            Self::StaticFixed(_) => "static_fixed",
            Self::StaticRelative(_) => "static_relative",
            Self::StaticIterated(_) => "static_iterated",
            Self::FullDynamic(_) => "full_dynamic",
            Self::Priority(_) => "priority",
        }
    }

    /// Where the price lies between its limits; none where supply and demand place it.
    pub const fn factor(&self) -> Option<Factor> {
        match self {
            Self::Dynamic(factor) | Self::Auction(factor) => Some(*factor),
            Self::SupplyDemand => None,
            Self::StaticFixed(StaticKey { factor, .. })
            | Self::StaticRelative(StaticKey { factor, .. })
            | Self::StaticIterated(StaticKey { factor, .. }) => Some(*factor),
            Self::FullDynamic(FullDynamic { factor, .. }) => Some(*factor),
            Self::Priority(PriorityGroups { factor, .. }) => Some(*factor),
        }
    }

    /// The same for members that go by other names: a member that changed its key keeps its part and its group.
    #[must_use]
    pub fn named(&self, name: &impl Fn(&Address) -> Address) -> Self {
        match self {
            Self::StaticFixed(key) => Self::StaticFixed(key.named(name)),
            Self::StaticRelative(key) => Self::StaticRelative(key.named(name)),
            Self::StaticIterated(key) => Self::StaticIterated(key.named(name)),
            Self::Priority(groups) => Self::Priority(groups.named(name)),
            Self::Dynamic(_) | Self::Auction(_) | Self::SupplyDemand | Self::FullDynamic(_) => self.clone(),
        }
    }

    /// Checks what no constructor checks: the parts of a whole.
    pub fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::FullDynamic(FullDynamic { whole, .. }) if !(1..=FACTOR_PARTS_MAX).contains(whole) => {
                let (max, found) = (FACTOR_PARTS_MAX.into(), (*whole).into());
                Err(Invalid::Range { field: "parts of the whole, from 1", max, found })
            }
            Self::Dynamic(_)
            | Self::Auction(_)
            | Self::SupplyDemand
            | Self::StaticFixed(_)
            | Self::StaticRelative(_)
            | Self::StaticIterated(_)
            | Self::FullDynamic(_)
            | Self::Priority(_) => Ok(()),
        }
    }
}

impl StaticKey {
    fn named(&self, name: &impl Fn(&Address) -> Address) -> Self {
        let key = match &self.key {
            SharingKey::Equal => SharingKey::Equal,
            SharingKey::Weights(weights) => SharingKey::Weights(weights.named(name)),
        };
        Self { key, factor: self.factor }
    }
}

impl Default for SharingRule {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Weights {
    /// Wraps weights; refuses members out of order or twice, more than [`SHARING_KEYS_MAX`], and all zero.
    pub fn new(weights: Vec<(Address, u32)>) -> Result<Self, Invalid> {
        if !weights.is_sorted_by(|(a, _), (b, _)| a < b) {
            return Err(Invalid::Duplicate { field: "weights in ascending order of member" });
        }
        if weights.iter().all(|(_, weight)| *weight == 0) {
            return Err(Invalid::Count {
                field: "members with a weight",
                min: 1,
                max: SHARING_KEYS_MAX,
                found: 0,
            });
        }
        Bounded::new(weights).map(Self)
    }

    /// A member's weight; zero when it is not listed.
    pub fn of(&self, member: &Address) -> u32 {
        self.0.binary_search_by_key(member, |(address, _)| *address).map_or(0, |index| self.0[index].1)
    }

    /// The same for members that go by other names. What is given to two names of one member is its together, at most
    /// [`u32::MAX`].
    #[must_use]
    pub fn named(&self, name: &impl Fn(&Address) -> Address) -> Self {
        let mut weights: BTreeMap<Address, u32> = BTreeMap::new();
        for (member, weight) in self.as_slice() {
            let sum = weights.entry(name(member)).or_default();
            *sum = sum.saturating_add(*weight);
        }
        let weights = Bounded::new(weights.into_iter().collect());
        Self(weights.expect("invariant: no more members than there were"))
    }

    /// The sum of all.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(_, weight)| u64::from(*weight)).sum()
    }

    /// Members in ascending order.
    pub fn members(&self) -> impl Iterator<Item = Address> {
        self.0.iter().map(|(member, _)| *member)
    }

    /// Members and weights in ascending order.
    pub fn as_slice(&self) -> &[(Address, u32)] {
        &self.0
    }
}

impl PriorityGroups {
    /// Groups in the order they are served; refuses a member in two of them and more than [`SHARING_KEYS_MAX`] in all.
    pub fn new(groups: Vec<Vec<Address>>, factor: Factor) -> Result<Self, Invalid> {
        let mut all: Vec<Address> = groups.iter().flatten().copied().collect();
        if all.len() > SHARING_KEYS_MAX {
            let (max, found) = (SHARING_KEYS_MAX, all.len());
            return Err(Invalid::Count { field: "members in groups", min: 0, max, found });
        }
        all.sort_unstable();
        if all.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Invalid::Duplicate { field: "members in groups" });
        }
        if groups.iter().any(|group| !group.is_sorted()) {
            return Err(Invalid::Duplicate { field: "members of a group in ascending order" });
        }
        let groups = groups.into_iter().map(Bounded::new).collect::<Result<_, _>>()?;
        Ok(Self { groups: Bounded::new(groups)?, factor })
    }

    fn named(&self, name: &impl Fn(&Address) -> Address) -> Self {
        let group = |group: &Bounded<Address, SHARING_KEYS_MAX>| {
            let members: BTreeSet<Address> = group.iter().map(name).collect();
            Bounded::new(members.into_iter().collect()).expect("invariant: no more members than there were")
        };
        let groups = Bounded::new(self.groups.iter().map(group).collect());
        let groups = groups.expect("invariant: as many groups as there were");
        Self { groups, factor: self.factor }
    }

    /// The group of a member: 0 is served first, those in none share the last number.
    pub fn of(&self, member: &Address) -> usize {
        let place = self.groups.iter().position(|group| group.binary_search(member).is_ok());
        place.unwrap_or(self.groups.len())
    }

    /// The groups that are named, in the order they are served.
    pub fn groups(&self) -> impl Iterator<Item = &[Address]> {
        self.groups.iter().map(|group| &**group)
    }

    /// Groups there are, the last one of everybody else included.
    pub fn count(&self) -> usize {
        self.groups.len() + 1
    }

    /// Places the price between feed-in and retail less fee.
    pub const fn factor(&self) -> Factor {
        self.factor
    }
}

impl Serialize for Weights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Weights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let weights = Bounded::<(Address, u32), SHARING_KEYS_MAX>::deserialize(deserializer)?;
        Self::new(weights.into_vec()).map_err(D::Error::custom)
    }
}

impl Serialize for PriorityGroups {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.groups, self.factor).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PriorityGroups {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        type Groups = Bounded<Bounded<Address, SHARING_KEYS_MAX>, PRIORITY_GROUPS_MAX>;
        let (groups, factor) = <(Groups, Factor)>::deserialize(deserializer)?;
        let groups = groups.into_vec().into_iter().map(Bounded::into_vec).collect();
        Self::new(groups, factor).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decode, encode};

    fn member(n: u16) -> Address {
        let mut bytes = [0; 20];
        bytes[..2].copy_from_slice(&n.to_be_bytes());
        Address::new(bytes)
    }

    #[test]
    fn weights_are_in_order_and_found() {
        let weights = Weights::new(vec![(member(1), 3), (member(4), 5)]).unwrap();
        assert_eq!([1, 2, 4].map(|n| weights.of(&member(n))), [3, 0, 5]);
        assert_eq!((weights.total(), weights.as_slice().len()), (8, 2));
        let many = |count: u16| (0..count).map(|n| (member(n), u32::MAX)).collect::<Vec<_>>();
        let full = Weights::new(many(256)).unwrap();
        assert_eq!(full.total(), 256 * u64::from(u32::MAX));
        assert_eq!(decode::<Weights>(&encode(&full), 8_000), Ok(full));
        for wrong in [
            vec![],
            vec![(member(1), 0)],
            vec![(member(2), 1), (member(1), 1)],
            vec![(member(1), 1), (member(1), 1)],
            many(257),
        ] {
            assert!(Weights::new(wrong.clone()).is_err());
            assert!(decode::<Weights>(&encode(&wrong), 10_000).is_err());
        }
    }

    /// A member that changed its key has its part under the new one, whichever of the two was listed.
    #[test]
    fn a_member_with_another_name_keeps_its_part() {
        let name = |listed: &Address| if *listed == member(1) { member(7) } else { *listed };
        let weights = Weights::new(vec![(member(1), 3), (member(4), 5), (member(7), u32::MAX)]).unwrap();
        let named = weights.named(&name);
        assert_eq!([1, 4, 7].map(|n| named.of(&member(n))), [0, 5, u32::MAX]);
        let key = StaticKey { key: SharingKey::Weights(weights), factor: Factor::HALF };
        let SharingRule::StaticFixed(after) = SharingRule::StaticFixed(key).named(&name) else { panic!() };
        assert_eq!(after.key, SharingKey::Weights(named));
        let groups = PriorityGroups::new(vec![vec![member(1), member(3)], vec![member(2)]], Factor::HALF);
        let SharingRule::Priority(after) = SharingRule::Priority(groups.unwrap()).named(&name) else {
            panic!()
        };
        assert_eq!([1, 2, 3, 7].map(|n| after.of(&member(n))), [2, 1, 0, 0]);
        assert_eq!(SharingRule::DEFAULT.named(&name), SharingRule::DEFAULT);
    }

    #[test]
    fn a_member_stands_in_one_group() {
        let groups = vec![vec![member(3)], vec![member(1), member(2)]];
        let rule = PriorityGroups::new(groups, Factor::HALF).unwrap();
        assert_eq!([3, 1, 2, 9].map(|n| rule.of(&member(n))), [0, 1, 1, 2]);
        assert_eq!((rule.count(), decode(&encode(&rule), 1_000)), (3, Ok(rule.clone())));
        for wrong in [
            vec![vec![member(1)], vec![member(1)]],
            vec![vec![member(2), member(1)]],
            vec![vec![]; 9],
            vec![(0..257).map(member).collect()],
        ] {
            assert!(PriorityGroups::new(wrong.clone(), Factor::HALF).is_err());
            assert!(decode::<PriorityGroups>(&encode(&(wrong, Factor::HALF)), 10_000).is_err());
        }
    }

    #[test]
    fn every_rule_has_a_name_and_its_factor() {
        let factor = Factor::new(1, 3).unwrap();
        let key = || StaticKey { key: SharingKey::Equal, factor };
        let organised = |whole| SharingRule::FullDynamic(FullDynamic { organiser: member(1), whole, factor });
        let rules = [
            SharingRule::Dynamic(factor),
            SharingRule::Auction(factor),
            SharingRule::StaticFixed(key()),
            SharingRule::StaticRelative(key()),
            SharingRule::StaticIterated(key()),
            organised(10_000),
            SharingRule::Priority(PriorityGroups::new(vec![], factor).unwrap()),
        ];
        for rule in &rules {
            assert_eq!((rule.factor(), rule.check()), (Some(factor), Ok(())), "{}", rule.name());
        }
        assert_eq!(SharingRule::SupplyDemand.factor(), None);
        assert!(organised(0).check().is_err() && organised(FACTOR_PARTS_MAX + 1).check().is_err());
    }
}
