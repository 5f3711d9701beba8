//! The rules again, as slow and plain as the text that defines them: unit by unit, nothing shared with the real ones.

use protocol::energy::{Factor, Price};

/// One unit at a time to whoever has the largest remainder, the first of equals.
pub(super) fn share(total: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|w| i128::from(*w)).sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let product = |w: i64| i128::from(total) * i128::from(w);
    let mut parts: Vec<i64> = weights.iter().map(|w| i64::try_from(product(*w) / sum).unwrap()).collect();
    let mut remainders: Vec<i128> = weights.iter().map(|w| product(*w) % sum).collect();
    while parts.iter().sum::<i64>() < total {
        let best = (0..parts.len()).rev().max_by_key(|place| remainders[*place]).unwrap();
        parts[best] += 1;
        remainders[best] = -1;
    }
    parts
}

/// Allocation, sales, payments and receipts.
pub(super) type Lines = [Vec<i64>; 4];

/// M1 from the metered figures.
pub(super) fn dynamic(net: &[i64], feed_in: i64, top: i64, factor: Factor) -> Lines {
    let demand: Vec<i64> = net.iter().map(|n| (*n).max(0)).collect();
    let surplus: Vec<i64> = net.iter().map(|n| (-*n).max(0)).collect();
    let traded = demand.iter().sum::<i64>().min(surplus.iter().sum());
    let price = feed_in + i64::from(factor.num()) * (top - feed_in) / i64::from(factor.den());
    paid(share(traded, &demand), share(traded, &surplus), price)
}

/// Payments of `price` for what was given to whom by whom.
pub(super) fn paid(alloc: Vec<i64>, sold: Vec<i64>, price: i64) -> Lines {
    let value = i64::try_from(i128::from(alloc.iter().sum::<i64>()) * i128::from(price) / 1_000).unwrap();
    let (pay, rev) = (share(value, &alloc), share(value, &sold));
    [alloc, sold, pay, rev]
}

/// One watt-hour at a time, the highest bid against the lowest ask; who is filled at the margin is worked out again from
/// how many watt-hours crossed.
pub(super) fn auction(net: &[i64], limits: &[Price], fee: i64, factor: Factor) -> Lines {
    let mut bids: Vec<i64> = units(net, limits, 1);
    let mut asks: Vec<i64> = units(net, limits, -1);
    bids.sort_unstable_by(|a, b| b.cmp(a));
    asks.sort_unstable();
    let crossing = bids.iter().zip(&asks).take_while(|(bid, ask)| *bid - fee >= **ask).count();
    if crossing == 0 {
        return [(); 4].map(|()| vec![0; net.len()]);
    }
    let (bid, ask) = (bids[crossing - 1], asks[crossing - 1]);
    let price = ask + i64::from(factor.num()) * (bid - fee - ask) / i64::from(factor.den());
    let fill = |sign: i64, margin: i64| {
        let amount = |place: usize| (sign * net[place]).max(0);
        let better = |place: usize| sign * (limits[place].0 - margin) > 0;
        let full: Vec<i64> = (0..net.len()).map(|p| if better(p) { amount(p) } else { 0 }).collect();
        let at: Vec<i64> =
            (0..net.len()).map(|p| if limits[p].0 == margin { amount(p) } else { 0 }).collect();
        let rest = share(i64::try_from(crossing).unwrap() - full.iter().sum::<i64>(), &at);
        full.iter().zip(rest).map(|(a, b)| a + b).collect::<Vec<i64>>()
    };
    paid(fill(1, bid), fill(-1, ask), price)
}

fn units(net: &[i64], limits: &[Price], sign: i64) -> Vec<i64> {
    let of = |(net, limit): (&i64, &Price)| vec![limit.0; usize::try_from((sign * net).max(0)).unwrap()];
    net.iter().zip(limits).flat_map(of).collect()
}
