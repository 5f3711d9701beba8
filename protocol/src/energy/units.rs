//! Energy, money and price as whole numbers of their smallest unit.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! amount {
    ($(#[$doc:meta])* $name:ident, $unit:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// The sum, none beyond an i64.
            pub fn checked_add(self, other: Self) -> Option<Self> {
                self.0.checked_add(other.0).map(Self)
            }

            /// The difference, none beyond an i64.
            pub fn checked_sub(self, other: Self) -> Option<Self> {
                self.0.checked_sub(other.0).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{} ", $unit), self.0)
            }
        }
    };
}

amount! {
    /// Energy, Wh.
    WattHours, "Wh"
}
amount! {
    /// Money, micro-EUR: a million make one euro. Cents appear on invoices alone.
    MicroEuro, "µEUR"
}
amount! {
    /// Price, micro-EUR per kWh.
    Price, "µEUR/kWh"
}

impl Price {
    /// What `energy` costs at this price: Wh × price / 1000, rounded down; none beyond an i64.
    pub fn value_of(self, energy: WattHours) -> Option<MicroEuro> {
        let value = (i128::from(energy.0) * i128::from(self.0)).div_euclid(1_000);
        i64::try_from(value).ok().map(MicroEuro)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_round_down_and_never_wrap() {
        let value = |wh, price| Price(price).value_of(WattHours(wh));
        assert_eq!(value(151, 145_000), Some(MicroEuro(21_895)));
        assert_eq!(value(7, 128_288), Some(MicroEuro(898)));
        assert_eq!(value(-7, 128_288), Some(MicroEuro(-899)), "down, not towards zero");
        assert_eq!(value(i64::MAX, 1_000), Some(MicroEuro(i64::MAX)));
        assert_eq!((value(i64::MAX, 1_001), value(i64::MIN, i64::MAX)), (None, None));
        assert_eq!(WattHours(i64::MAX).checked_add(WattHours(1)), None);
        assert_eq!(MicroEuro(i64::MIN).checked_sub(MicroEuro(1)), None);
        assert_eq!(MicroEuro(5).checked_sub(MicroEuro(7)), Some(MicroEuro(-2)));
        assert_eq!(Price(145_000).to_string(), "145000 µEUR/kWh");
    }
}
