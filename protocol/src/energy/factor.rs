//! Parts of a whole: the factor that places the price between two limits, and the part of its energy that a member
//! shares.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

use crate::error::Invalid;
use crate::limits::FACTOR_PARTS_MAX;

/// An exact fraction between 0 and 1: where the price lies between feed-in and retail less fee. One half shares the
/// gain evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Factor {
    num: u32,
    den: u32,
}

/// Whole percent, 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u8);

impl Factor {
    /// One half.
    pub const HALF: Self = Self { num: 1, den: 2 };

    /// `num` of `den` parts, at most all of them; at most [`FACTOR_PARTS_MAX`] parts.
    pub fn new(num: u32, den: u32) -> Result<Self, Invalid> {
        let range =
            |field, max: u32, found: u32| Invalid::Range { field, max: max.into(), found: found.into() };
        if den == 0 || den > FACTOR_PARTS_MAX {
            return Err(range("parts of a factor, from 1", FACTOR_PARTS_MAX, den));
        }
        if num > den {
            return Err(range("factor", den, num));
        }
        Ok(Self { num, den })
    }

    /// How many parts.
    pub const fn num(self) -> u32 {
        self.num
    }

    /// Of how many.
    pub const fn den(self) -> u32 {
        self.den
    }
}

impl Percent {
    /// All of it.
    pub const ALL: Self = Self(100);
    /// Nothing of it.
    pub const NONE: Self = Self(0);

    /// A number of percent, at most 100.
    pub fn new(percent: u8) -> Result<Self, Invalid> {
        if percent > 100 {
            return Err(Invalid::Range { field: "percent", max: 100, found: percent.into() });
        }
        Ok(Self(percent))
    }

    /// The number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// This part of `amount`, rounded down.
    pub fn of(self, amount: i64) -> i64 {
        let part = (i128::from(amount) * i128::from(self.0)).div_euclid(100);
        i64::try_from(part).expect("invariant: a part of an i64 is one")
    }
}

impl Default for Percent {
    fn default() -> Self {
        Self::ALL
    }
}

impl Serialize for Factor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.num, self.den).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Factor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (num, den) = Deserialize::deserialize(deserializer)?;
        Self::new(num, den).map_err(D::Error::custom)
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u8::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.num, self.den)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decode, encode};

    #[test]
    fn a_factor_lies_between_nothing_and_all() {
        assert_eq!(Factor::new(1, 2), Ok(Factor::HALF));
        for (num, den) in [(0, 0), (3, 2), (1, FACTOR_PARTS_MAX + 1)] {
            assert!(Factor::new(num, den).is_err());
            assert!(decode::<Factor>(&encode(&(num, den)), 64).is_err(), "{num}/{den}");
        }
        for border in [Factor::new(0, 1).unwrap(), Factor::new(FACTOR_PARTS_MAX, FACTOR_PARTS_MAX).unwrap()] {
            assert_eq!(decode::<Factor>(&encode(&border), 64), Ok(border));
        }
    }

    #[test]
    fn a_part_is_rounded_down() {
        let percent = |n| Percent::new(n).unwrap();
        assert_eq!((percent(33).of(100), percent(33).of(10), percent(50).of(1)), (33, 3, 0));
        assert_eq!((Percent::ALL.of(i64::MAX), Percent::NONE.of(i64::MAX)), (i64::MAX, 0));
        assert!(Percent::new(101).is_err() && decode::<Percent>(&encode(&101u8), 9).is_err());
    }
}
