//! The k-double auction: limits cross, the last pair that does makes one price for all. Limits are worth what they say
//! at the connection point: a buyer's includes the fee, which is subtracted once, here.

use std::cmp::Reverse;

use protocol::energy::{Factor, Price};

use super::price::between;
use super::share::share;

/// One member's order: how much, up or down to which price. At most one of the amounts is above zero.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    pub(super) demand: i64,
    pub(super) surplus: i64,
    /// The highest price it buys at, the fee included.
    pub(super) bid: Price,
    /// The lowest price it sells at.
    pub(super) ask: Price,
}

/// What crossed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Crossed {
    pub(super) price: Price,
    pub(super) alloc: Vec<i64>,
    pub(super) sold: Vec<i64>,
}

/// Crosses orders, which stand in ascending order of member; none when no pair does. Orders at the same marginal limit
/// share in proportion to their amounts, so that nothing depends on who came first.
pub(super) fn cross(orders: &[Order], fee: Price, factor: Factor) -> Option<Crossed> {
    let mut buyers: Vec<(Reverse<Price>, i64)> = orders
        .iter()
        .filter(|order| order.demand > 0)
        .map(|order| (Reverse(order.bid), order.demand))
        .collect();
    let mut sellers: Vec<(Price, i64)> =
        orders.iter().filter(|order| order.surplus > 0).map(|order| (order.ask, order.surplus)).collect();
    buyers.sort_unstable();
    sellers.sort_unstable();
    let (mut buyers, mut sellers) = (buyers.into_iter().peekable(), sellers.into_iter().peekable());
    let (mut traded, mut last) = (0, None);
    while let (Some((Reverse(bid), need)), Some((ask, offer))) = (buyers.peek_mut(), sellers.peek_mut()) {
        if bid.0 - fee.0 < ask.0 {
            break;
        }
        last = Some((*bid, *ask));
        let moved = (*need).min(*offer);
        traded += moved;
        *need -= moved;
        *offer -= moved;
        buyers.next_if(|(_, need)| *need == 0);
        sellers.next_if(|(_, offer)| *offer == 0);
    }
    let (bid, ask) = last?;
    let alloc = fill(orders, traded, |order| (order.demand, order.bid > bid, order.bid == bid));
    let sold = fill(orders, traded, |order| (order.surplus, order.ask < ask, order.ask == ask));
    Some(Crossed { price: between((ask, Price(bid.0 - fee.0)), factor), alloc, sold })
}

/// Orders better than the margin are filled, those at it share the rest. `look` gives an order's amount and whether it
/// is better, and at the margin.
fn fill(orders: &[Order], traded: i64, look: impl Fn(&Order) -> (i64, bool, bool)) -> Vec<i64> {
    let better: Vec<i64> =
        orders.iter().map(&look).map(|(amount, better, _)| amount * i64::from(better)).collect();
    let margin: Vec<i64> =
        orders.iter().map(&look).map(|(amount, _, at_margin)| amount * i64::from(at_margin)).collect();
    let rest = traded - better.iter().sum::<i64>();
    assert!(rest >= 0, "invariant: who is better than the margin is filled before it");
    let shares = share(rest, &margin);
    better.into_iter().zip(shares).map(|(filled, part)| filled + part).collect()
}
