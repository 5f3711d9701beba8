//! Who gets how much of a slot's surplus, by each rule but the auction. Sellers always share what is taken in proportion
//! to what they offer.

use protocol::Address;
use protocol::energy::{FullDynamic, PriorityGroups, SharingKey, SharingRule, Weights};

use super::error::SettleError;
use super::share::share;

/// Energy each member gets, Wh, in the order of `members`. Sums are at most what is offered, and nobody gets more than
/// it needs.
pub(super) fn allocate(
    rule: &SharingRule,
    coefficients: Option<&Weights>,
    members: &[Address],
    demand: &[i64],
    surplus: &[i64],
) -> Result<Vec<i64>, SettleError> {
    let slot = Slot { members, demand, surplus, offered: surplus.iter().sum() };
    Ok(match rule {
        SharingRule::Dynamic(_) | SharingRule::SupplyDemand | SharingRule::Auction(_) => slot.dynamic(),
        SharingRule::StaticFixed(fixed) => slot.fixed(&slot.key(&fixed.key)),
        SharingRule::StaticRelative(relative) => slot.relative(&slot.key(&relative.key)),
        SharingRule::StaticIterated(iterated) => slot.iterated(slot.key(&iterated.key)),
        SharingRule::FullDynamic(organised) => match coefficients {
            Some(parts) => slot.organised(organised, parts)?,
            None => slot.dynamic(),
        },
        SharingRule::Priority(groups) => slot.by_priority(groups),
    })
}

struct Slot<'a> {
    members: &'a [Address],
    demand: &'a [i64],
    surplus: &'a [i64],
    offered: i64,
}

impl Slot<'_> {
    fn traded(&self) -> i64 {
        self.offered.min(self.demand.iter().sum())
    }

    fn key(&self, key: &SharingKey) -> Vec<i64> {
        match key {
            SharingKey::Equal => vec![1; self.members.len()],
            SharingKey::Weights(weights) => {
                self.members.iter().map(|member| i64::from(weights.of(member))).collect()
            }
        }
    }

    fn dynamic(&self) -> Vec<i64> {
        share(self.traded(), self.demand)
    }

    /// What a member cannot take is lost to the grid.
    fn fixed(&self, key: &[i64]) -> Vec<i64> {
        self.capped(share(self.offered, key))
    }

    fn relative(&self, key: &[i64]) -> Vec<i64> {
        let mut parts = vec![0; self.members.len()];
        let mut key = key.to_vec();
        for (producer, surplus) in self.surplus.iter().enumerate().filter(|(_, surplus)| **surplus > 0) {
            let own = std::mem::take(&mut key[producer]);
            for (part, more) in parts.iter_mut().zip(share(*surplus, &key)) {
                *part += more;
            }
            key[producer] = own;
        }
        self.capped(parts)
    }

    /// Each round fills at least one member or gives out all that is left.
    fn iterated(&self, mut key: Vec<i64>) -> Vec<i64> {
        let mut parts = vec![0; self.members.len()];
        let mut left = self.traded();
        while left > 0 {
            for (place, weight) in key.iter_mut().enumerate() {
                if parts[place] == self.demand[place] {
                    *weight = 0;
                }
            }
            let mut moved = 0;
            for (place, more) in share(left, &key).into_iter().enumerate() {
                let taken = more.min(self.demand[place] - parts[place]);
                parts[place] += taken;
                moved += taken;
            }
            if moved == 0 {
                break;
            }
            left -= moved;
        }
        parts
    }

    /// As the fixed key; what the organiser gives to nobody goes to the grid as if that were one more member.
    fn organised(&self, organised: &FullDynamic, parts: &Weights) -> Result<Vec<i64>, SettleError> {
        let (whole, found) = (organised.whole, parts.total());
        let grid = u64::from(whole).checked_sub(found).ok_or(SettleError::Parts { whole, found })?;
        let mut key: Vec<i64> = self.members.iter().map(|member| i64::from(parts.of(member))).collect();
        let present: i64 = key.iter().sum();
        let absent = i64::try_from(found).expect("invariant: parts of a u32") - present;
        key.push(i64::try_from(grid).expect("invariant: parts of a u32") + absent);
        let mut shares = share(self.offered, &key);
        shares.pop();
        Ok(self.capped(shares))
    }

    fn by_priority(&self, groups: &PriorityGroups) -> Vec<i64> {
        let places: Vec<usize> = self.members.iter().map(|member| groups.of(member)).collect();
        let mut parts = vec![0; self.members.len()];
        let mut left = self.offered;
        for group in 0..groups.count() {
            let of_group = |(need, place): (&i64, &usize)| if *place == group { *need } else { 0 };
            let needs: Vec<i64> = self.demand.iter().zip(&places).map(of_group).collect();
            let served = left.min(needs.iter().sum());
            for (part, more) in parts.iter_mut().zip(share(served, &needs)) {
                *part += more;
            }
            left -= served;
        }
        parts
    }

    fn capped(&self, mut parts: Vec<i64>) -> Vec<i64> {
        for (part, need) in parts.iter_mut().zip(self.demand) {
            *part = (*part).min(*need);
        }
        parts
    }
}
