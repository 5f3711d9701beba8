//! Dividing a whole number in proportion to weights: largest remainder, ties to who stands first.

use std::cmp::Reverse;

/// Parts of `total` in proportion to `weights`, which stand in ascending order of member. Each gets its quotient rounded
/// down; what is left goes, one each, to the largest remainders, ties to the lower place. The parts add up to `total`,
/// or are all zero when `total` or every weight is.
pub fn share(total: i64, weights: &[i64]) -> Vec<i64> {
    assert!(total >= 0 && weights.iter().all(|weight| *weight >= 0), "invariant: only amounts are shared");
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if sum == 0 || total == 0 {
        return vec![0; weights.len()];
    }
    let mut parts = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    let mut left = total;
    for (place, weight) in weights.iter().enumerate() {
        let product = i128::from(total) * i128::from(*weight);
        let part = i64::try_from(product / sum).expect("invariant: a part is at most the total");
        left -= part;
        parts.push(part);
        remainders.push((Reverse(product % sum), place));
    }
    let left = usize::try_from(left).expect("invariant: quotients rounded down leave something or nothing");
    assert!(left < weights.len(), "invariant: less than one unit a member is left");
    if left > 0 {
        remainders.select_nth_unstable(left - 1);
        remainders[..left].iter().for_each(|(_, place)| parts[*place] += 1);
    }
    assert_eq!(parts.iter().sum::<i64>(), total, "invariant: the parts add up");
    parts
}
