//! What a member says about its own energy: how much of it takes part, from which price on, and who is given some.

use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::factor::Percent;
use super::units::{Price, WattHours};
use crate::error::Invalid;
use crate::ids::Address;
use crate::limits::{PRICE_MAX, SLOT_ENERGY_WH_MAX};

/// A member's own rules for a slot. The default takes part with everything at any price the hive's rule makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize_tuple, Deserialize_tuple)]
pub struct Terms {
    /// The part of demand and surplus that takes part; the rest stays with the supplier.
    pub participation: Percent,
    /// Only surplus above this much in a slot is offered, Wh. Zero offers all.
    pub sell_above: WattHours,
    /// The lowest price it sells at; none sells at any.
    pub sell_at_least: Option<Price>,
    /// The highest price it buys at, the local fee included; none buys at any.
    pub buy_up_to: Option<Price>,
    /// A member that its offered surplus is given to, free of charge, as far as that member needs it.
    pub give_to: Option<Address>,
}

impl Terms {
    /// Checks amounts and prices against their bounds.
    pub fn check(&self) -> Result<(), Invalid> {
        check_range("surplus that is kept", self.sell_above.0, SLOT_ENERGY_WH_MAX)?;
        for (field, limit) in
            [("lowest selling price", self.sell_at_least), ("highest buying price", self.buy_up_to)]
        {
            if let Some(price) = limit {
                check_range(field, price.0, PRICE_MAX)?;
            }
        }
        Ok(())
    }
}

/// Refuses what lies outside 0 to `max`. A negative number is told as a number beyond every maximum.
pub(super) fn check_range(field: &'static str, found: i64, max: i64) -> Result<(), Invalid> {
    if (0..=max).contains(&found) {
        return Ok(());
    }
    Err(Invalid::Range { field, max: max.unsigned_abs(), found: u64::try_from(found).unwrap_or(u64::MAX) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_have_bounds() {
        let all = Terms::default();
        assert_eq!((all.check(), all.participation), (Ok(()), Percent::ALL));
        let border = Terms { buy_up_to: Some(Price(PRICE_MAX)), sell_at_least: Some(Price(0)), ..all };
        assert_eq!(border.check(), Ok(()));
        for beyond in [
            Terms { sell_above: WattHours(-1), ..all },
            Terms { sell_above: WattHours(SLOT_ENERGY_WH_MAX + 1), ..all },
            Terms { sell_at_least: Some(Price(-1)), ..all },
            Terms { buy_up_to: Some(Price(PRICE_MAX + 1)), ..all },
        ] {
            assert!(beyond.check().is_err(), "{beyond:?}");
        }
    }
}
