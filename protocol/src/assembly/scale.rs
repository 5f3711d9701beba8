//! Shares that a deed gives as fractions, brought to one denominator: nothing is rounded.

use super::ids::Votes;
use crate::error::Invalid;
use crate::limits::{LOTS_MAX, VOTES_MAX};

/// Votes of lots whose shares stand as numerator and denominator, and the votes of the whole deed, which is their
/// smallest common denominator. The fractions add up to one.
pub fn scale(fractions: &[(u64, u64)]) -> Result<(Vec<Votes>, Votes), Invalid> {
    let found = fractions.len();
    if found == 0 || found > LOTS_MAX {
        return Err(Invalid::Count { field: "lots", min: 1, max: LOTS_MAX, found });
    }
    let wrong = |field, found| Invalid::Range { field, max: VOTES_MAX, found };
    let mut whole = 1u64;
    for (numerator, denominator) in fractions {
        if *denominator == 0 || *numerator > *denominator || *denominator > VOTES_MAX {
            return Err(wrong("share of a lot", *denominator));
        }
        let reduced = denominator / greatest_common_divisor(*numerator, *denominator);
        let step = reduced / greatest_common_divisor(whole, reduced);
        whole = whole
            .checked_mul(step)
            .filter(|whole| *whole <= VOTES_MAX)
            .ok_or(wrong("common denominator", whole))?;
    }
    let votes: Vec<Votes> = fractions.iter().map(|fraction| times(whole, *fraction)).collect();
    let sum = votes.iter().try_fold(0u64, |sum, votes| sum.checked_add(votes.0)).unwrap_or(u64::MAX);
    if sum != whole {
        return Err(Invalid::Range { field: "sum of the shares", max: whole, found: sum });
    }
    Ok((votes, Votes(whole)))
}

fn times(whole: u64, (numerator, denominator): (u64, u64)) -> Votes {
    let votes = u128::from(whole) * u128::from(numerator) / u128::from(denominator);
    Votes(u64::try_from(votes).expect("invariant: a share is at most the whole"))
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a.max(1) } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_come_to_one_denominator() {
        let votes = |list: &[u64]| list.iter().copied().map(Votes).collect::<Vec<_>>();
        assert_eq!(scale(&[(1, 3), (1, 2), (1, 6)]), Ok((votes(&[2, 3, 1]), Votes(6))));
        assert_eq!(scale(&[(250, 1_000), (0, 7), (750, 1_000)]), Ok((votes(&[1, 0, 3]), Votes(4))));
        assert_eq!(scale(&[(1, 1)]), Ok((votes(&[1]), Votes(1))));
    }

    #[test]
    fn shares_that_do_not_make_a_whole_are_refused() {
        let primes: Vec<(u64, u64)> = vec![(1, 999_983), (1, 999_979), (1, 999_961)];
        for wrong in [vec![], vec![(1, 0)], vec![(1, 2)], vec![(2, 3), (2, 3)], vec![(3, 2)], primes] {
            assert!(scale(&wrong).is_err(), "{wrong:?}");
        }
        assert!(scale(&vec![(1, 10_001); 10_001]).is_err());
    }
}
