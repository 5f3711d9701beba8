//! What the world outside the hive charges and pays, and what the network costs between neighbours.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::slot::SlotId;
use super::terms::check_range;
use super::units::Price;
use crate::error::Invalid;
use crate::limits::PRICE_MAX;

/// How near to each other the members of a hive are. A mixed hive has the class of its least local pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Locality {
    /// In one building.
    Building,
    /// Behind one low-voltage cabin.
    Cabin,
    /// Behind one substation.
    Substation,
    /// Farther apart.
    Region,
}

/// Network fee and tax on one kWh shared, by how far it goes. Paid by the buyer, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize_tuple, Deserialize_tuple)]
pub struct Fees {
    /// In one building.
    pub building: Price,
    /// Behind one low-voltage cabin.
    pub cabin: Price,
    /// Behind one substation.
    pub substation: Price,
    /// Farther apart.
    pub region: Price,
}

/// The prices against which sharing is measured, micro-EUR per kWh, from one slot on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Tariff {
    /// What a supplier charges, network and taxes included.
    pub retail: Price,
    /// What a supplier pays for surplus.
    pub feed_in: Price,
    /// What the network takes of energy that is shared.
    pub fees: Fees,
    /// The first slot it holds for.
    pub valid_from: SlotId,
}

impl Locality {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Cabin => "cabin",
            Self::Substation => "substation",
            Self::Region => "region",
        }
    }
}

impl Fees {
    /// The same fee everywhere.
    pub const fn flat(fee: Price) -> Self {
        Self { building: fee, cabin: fee, substation: fee, region: fee }
    }

    /// The fee of one class.
    pub const fn of(&self, locality: Locality) -> Price {
        match locality {
            Locality::Building => self.building,
            Locality::Cabin => self.cabin,
            Locality::Substation => self.substation,
            Locality::Region => self.region,
        }
    }
}

impl Tariff {
    /// Checks each price against 0 to [`PRICE_MAX`]. Feed-in above retail is allowed: then nothing is shared.
    pub fn check(&self) -> Result<(), Invalid> {
        let Fees { building, cabin, substation, region } = self.fees;
        for (field, price) in [
            ("retail price", self.retail),
            ("feed-in price", self.feed_in),
            ("fee within a building", building),
            ("fee behind a cabin", cabin),
            ("fee behind a substation", substation),
            ("fee of the region", region),
        ] {
            check_range(field, price.0, PRICE_MAX)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tariff_has_bounds_and_a_fee_for_each_class() {
        let fees = Fees { building: Price(0), cabin: Price(1), substation: Price(2), region: Price(3) };
        let tariff = Tariff { retail: Price(250_000), feed_in: Price(40_000), fees, valid_from: SlotId(0) };
        assert_eq!(tariff.check(), Ok(()));
        let classes = [Locality::Building, Locality::Cabin, Locality::Substation, Locality::Region];
        assert_eq!(classes.map(|class| fees.of(class).0), [0, 1, 2, 3]);
        for wrong in [
            Tariff { retail: Price(-1), ..tariff },
            Tariff { feed_in: Price(PRICE_MAX + 1), ..tariff },
            Tariff { fees: Fees { region: Price(i64::MIN), ..fees }, ..tariff },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}
