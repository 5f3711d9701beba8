//! Parts of the surplus that an organiser gives, in few bytes: whose they are is said once for all slots of a transaction,
//! or not again where they are those of before. One giving has one form.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::rule::Weights;
use super::slot::SlotId;
use crate::bounded::Bounded;
use crate::codec::encode;
use crate::error::Invalid;
use crate::ids::{Address, Digest};
use crate::limits::{COEFFICIENT_ROWS_MAX, COEFFICIENTS_BYTES_MAX, SHARING_KEYS_MAX};

/// Parts that an organiser gives. Each row holds from its slot until the next; the last one until the organiser gives others for
/// a later slot, or another rule begins. Nothing that it gave before holds between the first row's slot and the last one's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coefficients {
    from: SlotId,
    holders: Holders,
    rows: Bounded<Row, COEFFICIENT_ROWS_MAX>,
}

/// Slots after the first one, and the part of each holder in their order. No row says the same as the one before it.
type Row = (u16, Bounded<u32, SHARING_KEYS_MAX>);

/// Whose the parts of every row are, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Holders {
    /// These members, in ascending order, each once.
    Listed(Bounded<Address, SHARING_KEYS_MAX>),
    /// Those of what the same organiser gave from this slot on, and the [`Self::check`] of their list.
    AsFrom(SlotId, u32),
}

impl Holders {
    /// First bytes of the hash of a list: an organiser that listed others meanwhile does not give them parts by mistake.
    pub fn check(members: &[Address]) -> u32 {
        let parts: Vec<&[u8]> = members.iter().map(|member| member.as_bytes().as_slice()).collect();
        let digest = Digest::of("symbiose holders of parts v1", &parts);
        let [a, b, c, d, ..] = *digest.as_bytes();
        u32::from_be_bytes([a, b, c, d])
    }
}

impl Coefficients {
    /// Parts from each slot on, in ascending order of slot; who has a part in any of them is listed. A row that says the same as
    /// the one before it is left out. Refuses none, too many of them, slots out of order and more than
    /// [`COEFFICIENTS_BYTES_MAX`] in all.
    pub fn new(parts: &[(SlotId, Weights)]) -> Result<Self, Invalid> {
        let Some((from, _)) = parts.first() else { return Err(rows_found(0)) };
        let members: BTreeSet<Address> =
            parts.iter().flat_map(|(_, parts)| parts.as_slice()).map(|(member, _)| *member).collect();
        let members: Vec<Address> = members.into_iter().collect();
        let mut rows: Vec<Row> = Vec::new();
        let mut last = None;
        for (slot, parts) in parts {
            if last.replace(*slot).is_some_and(|last| last >= *slot) {
                return Err(OUT_OF_ORDER);
            }
            let after = slot.0 - from.0;
            let after = u16::try_from(after).map_err(|_| beyond(after))?;
            let row = Bounded::new(members.iter().map(|member| parts.of(member)).collect())?;
            if rows.last().is_none_or(|(_, before)| *before != row) {
                rows.push((after, row));
            }
        }
        let found = rows.len();
        let rows = Bounded::new(rows).map_err(|_| rows_found(found))?;
        Self::checked(*from, Holders::Listed(Bounded::new(members)?), rows)
    }

    /// The same with its members named by what was given from `slot` on to `members`, where those are the ones it lists.
    #[must_use]
    pub fn naming(self, slot: SlotId, members: &[Address]) -> Self {
        match &self.holders {
            Holders::Listed(listed) if listed.as_slice() == members => {
                Self { holders: Holders::AsFrom(slot, Holders::check(members)), ..self }
            }
            Holders::Listed(_) | Holders::AsFrom(..) => self,
        }
    }

    /// Whose the parts are.
    pub const fn holders(&self) -> &Holders {
        &self.holders
    }

    /// Members of each row.
    pub fn members(&self) -> usize {
        self.rows[0].1.len()
    }

    /// The slots of the first row and of the last.
    pub fn slots(&self) -> RangeInclusive<SlotId> {
        let after = self.rows.last().map_or(0, |(after, _)| *after);
        self.from..=SlotId(self.from.0 + u64::from(after))
    }

    /// The slot of each row, in ascending order.
    pub fn begins(&self) -> impl Iterator<Item = SlotId> {
        self.rows.iter().map(|(after, _)| SlotId(self.from.0 + u64::from(*after)))
    }

    /// The parts of each row by slot, if they are those of `members`; none where there are more or fewer members, or where they
    /// are out of order.
    pub fn rows(&self, members: &[Address]) -> Option<Vec<(SlotId, Weights)>> {
        let weights = |(_, row): &Row| {
            let parts = members.iter().copied().zip(row.iter().copied()).collect();
            Weights::new(parts).ok()
        };
        if members.len() != self.members() {
            return None;
        }
        self.begins().zip(&self.rows).map(|(slot, row)| Some((slot, weights(row)?))).collect()
    }

    fn checked(
        from: SlotId,
        holders: Holders,
        rows: Bounded<Row, COEFFICIENT_ROWS_MAX>,
    ) -> Result<Self, Invalid> {
        let Some((first, width)) = rows.first().map(|(after, row)| (*after, row.len())) else {
            return Err(rows_found(0));
        };
        let listed = match &holders {
            Holders::Listed(members) if members.is_sorted_by(|one, next| one < next) => members.len(),
            Holders::Listed(_) => return Err(Invalid::Duplicate { field: "members in ascending order" }),
            Holders::AsFrom(..) => width,
        };
        if first != 0 || !rows.is_sorted_by(|(one, _), (next, _)| one < next) {
            return Err(OUT_OF_ORDER);
        }
        if let Some((_, row)) = rows.iter().find(|(_, row)| row.len() != listed) {
            let (min, max, found) = (listed, listed, row.len());
            return Err(Invalid::Count { field: "parts, one of each member", min, max, found });
        }
        if rows.iter().any(|(_, row)| row.iter().all(|part| *part == 0)) {
            let (min, max, found) = (1, SHARING_KEYS_MAX, 0);
            return Err(Invalid::Count { field: "members with a part", min, max, found });
        }
        if rows.windows(2).any(|pair| pair[0].1 == pair[1].1) {
            return Err(Invalid::Duplicate { field: "parts that differ from those before" });
        }
        let last = rows.last().map_or(0, |(after, _)| u64::from(*after));
        if from.0.checked_add(last).is_none() {
            return Err(beyond(last));
        }
        let given = Self { from, holders, rows };
        let (max, found) = (COEFFICIENTS_BYTES_MAX, encode(&given).len());
        if found > max {
            return Err(Invalid::Count { field: "bytes of all parts together", min: 1, max, found });
        }
        Ok(given)
    }
}

const OUT_OF_ORDER: Invalid = Invalid::Duplicate { field: "slots in ascending order" };

fn rows_found(found: usize) -> Invalid {
    Invalid::Count { field: "slots from which parts hold", min: 1, max: COEFFICIENT_ROWS_MAX, found }
}

fn beyond(found: u64) -> Invalid {
    Invalid::Range { field: "slots after the first", max: u16::MAX.into(), found }
}

impl Serialize for Coefficients {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.from, &self.holders, &self.rows).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Coefficients {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (from, holders, rows) = Deserialize::deserialize(deserializer)?;
        Self::checked(from, holders, rows).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;
    use crate::limits::TRANSACTION_BYTES_MAX;

    type Said = (SlotId, Holders, Vec<(u16, Vec<u32>)>);

    fn member(n: u16) -> Address {
        let mut bytes = [0; 20];
        bytes[..2].copy_from_slice(&n.to_be_bytes());
        Address::new(bytes)
    }

    fn parts(of: &[(u16, u32)]) -> Weights {
        Weights::new(of.iter().map(|(n, part)| (member(*n), *part)).collect()).unwrap()
    }

    fn read(said: &Said) -> Result<Coefficients, crate::DecodeError> {
        decode(&encode(said), TRANSACTION_BYTES_MAX)
    }

    /// Equal rows one after the other are one; who has a part in any slot is listed once for all.
    #[test]
    fn what_is_given_comes_back_and_is_said_once() {
        let [one, two] = [parts(&[(1, 30), (3, 70)]), parts(&[(2, 5)])];
        let rows =
            [(7, &one), (8, &one), (9, &two), (20, &one)].map(|(slot, row)| (SlotId(slot), row.clone()));
        let given = Coefficients::new(&rows).unwrap();
        let members = [1, 2, 3].map(member);
        assert_eq!(given.holders(), &Holders::Listed(Bounded::new(members.to_vec()).unwrap()));
        assert_eq!((given.slots(), given.members()), (SlotId(7)..=SlotId(20), 3));
        let back = given.rows(&members).unwrap();
        let of = |row: &Weights| [1, 2, 3].map(|n| row.of(&member(n)));
        let back: Vec<_> = back.iter().map(|(slot, row)| (slot.0, of(row))).collect();
        assert_eq!(back, [(7, [30, 0, 70]), (9, [0, 5, 0]), (20, [30, 0, 70])]);
        assert_eq!(decode(&encode(&given), TRANSACTION_BYTES_MAX), Ok(given.clone()));
        let named = given.clone().naming(SlotId(3), &members);
        assert_eq!(named.holders(), &Holders::AsFrom(SlotId(3), Holders::check(&members)));
        assert_eq!((named.rows(&members), named.rows(&members[..2])), (given.rows(&members), None));
        assert_eq!(given.clone().naming(SlotId(3), &members[..2]), given, "those are others");
        assert_ne!(Holders::check(&members), Holders::check(&members[..2]));
    }

    /// Every other form of the same parts, and every nonsense, is refused when it is read.
    #[test]
    fn one_giving_has_one_form() {
        let listed =
            |of: &[u16]| Holders::Listed(Bounded::new(of.iter().map(|n| member(*n)).collect()).unwrap());
        let said = |holders: Holders, rows: &[(u16, &[u32])]| -> Said {
            (SlotId(9), holders, rows.iter().map(|(after, row)| (*after, row.to_vec())).collect())
        };
        let pair = || listed(&[1, 2]);
        assert!(read(&said(pair(), &[(0, &[1, 2]), (4, &[2, 1])])).is_ok());
        assert!(read(&said(Holders::AsFrom(SlotId(1), 2), &[(0, &[1, 2])])).is_ok());
        for (wrong, why) in [
            (said(pair(), &[]), "nothing"),
            (said(listed(&[]), &[(0, &[])]), "nobody"),
            (said(Holders::AsFrom(SlotId(1), 2), &[(0, &[])]), "nobody of those before"),
            (said(pair(), &[(1, &[1, 2])]), "a first row later than the first slot"),
            (said(pair(), &[(0, &[1, 2]), (0, &[2, 1])]), "a slot twice"),
            (said(pair(), &[(0, &[1, 2]), (5, &[2, 1]), (4, &[1, 2])]), "slots out of order"),
            (said(pair(), &[(0, &[1, 2]), (4, &[1, 2])]), "the same again"),
            (said(pair(), &[(0, &[1])]), "too few parts"),
            (said(pair(), &[(0, &[1, 2]), (4, &[1, 2, 3])]), "too many parts"),
            (said(Holders::AsFrom(SlotId(1), 2), &[(0, &[1, 2]), (1, &[1])]), "rows of two lengths"),
            (said(pair(), &[(0, &[0, 0])]), "no part at all"),
            (said(listed(&[2, 1]), &[(0, &[1, 2])]), "members out of order"),
            (said(listed(&[1, 1]), &[(0, &[1, 2])]), "a member twice"),
            ((SlotId(u64::MAX), pair(), vec![(0, vec![1, 2]), (1, vec![2, 1])]), "behind the last slot"),
        ] {
            assert!(read(&wrong).is_err(), "{why}");
        }
    }

    /// A day of quarters for 24 members fits one transaction; what does not fit is refused before it is signed.
    #[test]
    fn what_is_given_at_once_has_its_bound() {
        let day = |members: u16, slots: u64| -> Vec<(SlotId, Weights)> {
            let row = |slot: u64| {
                let part = |n: u16| (n, 400 + u32::from(n) + u32::try_from(slot).unwrap());
                (SlotId(slot), parts(&(0..members).map(part).collect::<Vec<_>>()))
            };
            (0..slots).map(row).collect()
        };
        let whole = Coefficients::new(&day(24, 96)).unwrap();
        let bytes = encode(&whole).len();
        assert!(bytes <= COEFFICIENTS_BYTES_MAX, "{bytes}");
        assert!(Coefficients::new(&day(24, 110)).is_err() && Coefficients::new(&day(256, 1)).is_ok());
        assert!(Coefficients::new(&[]).is_err() && Coefficients::new(&day(1, 2_000)).is_err());
        let far = [(SlotId(0), parts(&[(1, 1)])), (SlotId(70_000), parts(&[(1, 2)]))];
        assert!(Coefficients::new(&far).is_err());
        let back = [(SlotId(5), parts(&[(1, 1)])), (SlotId(4), parts(&[(1, 2)]))];
        assert!(Coefficients::new(&back).is_err());
    }
}
