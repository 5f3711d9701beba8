//! The price of a slot, between what a supplier pays for surplus and what it charges, less the fee.

use protocol::energy::{Factor, Price, SharingRule, WattHours};

/// Lowest and highest price at which nobody is worse off than with a supplier: feed-in, and retail less fee. None where
/// sharing cannot pay.
pub fn band(retail: Price, feed_in: Price, fee: Price) -> Option<(Price, Price)> {
    let highest = retail.checked_sub(fee)?;
    (highest >= feed_in).then_some((feed_in, highest))
}

/// The price that `rule` makes within `band` for energy offered and needed; none in an auction, where limits make it.
pub fn price(
    rule: &SharingRule,
    band: (Price, Price),
    demand: WattHours,
    surplus: WattHours,
) -> Option<Price> {
    match rule {
        SharingRule::Auction(_) => None,
        SharingRule::SupplyDemand => Some(supply_and_demand(band, demand, surplus)),
        SharingRule::Dynamic(_)
        | SharingRule::StaticFixed(_)
        | SharingRule::StaticRelative(_)
        | SharingRule::StaticIterated(_)
        | SharingRule::FullDynamic(_)
        | SharingRule::Priority(_) => {
            let factor = rule.factor().expect("invariant: all but supply and demand have a factor");
            Some(between(band, factor))
        }
    }
}

/// The price at `factor` of the way from the lowest to the highest, rounded down.
pub(super) fn between((lowest, highest): (Price, Price), factor: Factor) -> Price {
    let range = i128::from(highest.0) - i128::from(lowest.0);
    let above = (range * i128::from(factor.num())).div_euclid(i128::from(factor.den()));
    Price(lowest.0 + narrow(above))
}

/// The ratio of supply to demand places the price: the lowest when there is enough for all, the highest when nobody
/// sells.
fn supply_and_demand((lowest, highest): (Price, Price), demand: WattHours, surplus: WattHours) -> Price {
    if surplus >= demand {
        return lowest;
    }
    let [low, high, demand, surplus] = [lowest.0, highest.0, demand.0, surplus.0].map(i128::from);
    let divisor = (high - low) * surplus + low * demand;
    if divisor == 0 {
        return highest;
    }
    Price(narrow(high * low * demand / divisor))
}

fn narrow(price: i128) -> i64 {
    i64::try_from(price).expect("invariant: a price lies within its band")
}
