//! Bookings of large hives: lines that come out even are told in parts, of which each comes out even by itself and fits a
//! transaction. Both desks cut the same part from the same lines; the next one follows when that stands on the ledger.

use protocol::energy::{MicroEuro, NetLine, WattHours};
use protocol::limits::WEEK_LINES_MAX;

/// The first part of `lines`, whose energy and balances come to nothing in all; `left` is the energy that may still be
/// booked, and `back` what these two booked and may take back, Wh. None where the lines do not come out even or are more.
pub(super) fn first_part(lines: &[NetLine], left: i64, back: i64) -> Option<Vec<NetLine>> {
    let sum = |of: fn(&NetLine) -> i64| lines.iter().map(of).sum::<i64>();
    let traded = sum(|line| line.bought.0);
    if traded != sum(|line| line.sold.0) || sum(|line| line.balance.0) != 0 {
        return None;
    }
    if !may_be_booked(traded, left, back) {
        return None;
    }
    if lines.len() <= WEEK_LINES_MAX {
        return Some(lines.to_vec());
    }
    let part = even(picked(lines));
    let traded: i64 = part.iter().map(|line| line.bought.0).sum();
    may_be_booked(traded, left, back).then_some(part)
}

/// The same of a credit note: where corrections up and down stand in one month, a part may come to more energy than all of
/// them. Then one member carries the difference from part to part, and the last one brings its account right.
pub(super) fn first_credit(lines: &[NetLine], left: i64) -> Option<Vec<NetLine>> {
    first_part(lines, left, 0).or_else(|| {
        let sums = summed(lines);
        let is_even = sums.bought == sums.sold && sums.balance.0 == 0;
        (is_even && may_be_booked(sums.bought.0, left, 0) && lines.len() > WEEK_LINES_MAX)
            .then(|| carried(lines))
    })
}

/// As many lines as fit beside the first member's, which makes their sums come to nothing.
fn carried(lines: &[NetLine]) -> Vec<NetLine> {
    let mut part = lines[..WEEK_LINES_MAX].to_vec();
    let others = summed(&part[1..]);
    let carrier = &mut part[0];
    carrier.bought = WattHours(-others.bought.0);
    carrier.sold = WattHours(-others.sold.0);
    carrier.balance = MicroEuro(-others.balance.0);
    carrier.fee = MicroEuro::ZERO;
    part.retain(|line| *line != NetLine { member: line.member, ..NOTHING });
    part
}

/// All of them together, under no member's name.
fn summed(lines: &[NetLine]) -> NetLine {
    lines.iter().fold(NOTHING, |sum, line| NetLine {
        member: sum.member,
        bought: WattHours(sum.bought.0 + line.bought.0),
        sold: WattHours(sum.sold.0 + line.sold.0),
        balance: MicroEuro(sum.balance.0 + line.balance.0),
        fee: MicroEuro(sum.fee.0 + line.fee.0),
    })
}

fn may_be_booked(traded: i64, left: i64, back: i64) -> bool {
    (left.min(0)..=left.max(0)).contains(&traded) || (traded < 0 && -traded <= back)
}

/// Net energy taken, Wh.
const fn net(line: &NetLine) -> i64 {
    line.bought.0 - line.sold.0
}

/// As many lines as fit, takers and givers in turn so that neither runs far ahead; in the order they were picked.
fn picked(lines: &[NetLine]) -> Vec<NetLine> {
    let (mut takers, mut givers): (Vec<NetLine>, Vec<NetLine>) =
        lines.iter().rev().partition(|line| net(line) > 0);
    let (mut part, mut sum) = (Vec::with_capacity(WEEK_LINES_MAX), 0i64);
    while part.len() < WEEK_LINES_MAX {
        let next = if sum > 0 { givers.pop() } else { takers.pop() };
        let Some(line) = next.or_else(|| givers.pop()).or_else(|| takers.pop()) else { break };
        sum += net(&line);
        part.push(line);
    }
    part
}

/// Cuts lines at the end until the energy comes out even, and lets the last one make the money even.
fn even(mut part: Vec<NetLine>) -> Vec<NetLine> {
    let mut over: i64 = part.iter().map(net).sum();
    let mut place = part.len();
    while over != 0 && place > 0 {
        place -= 1;
        let line = part[place];
        let least = |amount: i64| amount.clamp(0, over.abs());
        // A taker gives up what it takes too much, a giver what it gives too much.
        let cut = if over > 0 { least(net(&line)) } else { -least(-net(&line)) };
        part[place] = less(&line, cut);
        over -= cut;
    }
    let money: i64 = part.iter().map(|line| line.balance.0).sum();
    if let Some(last) = part.last_mut() {
        last.balance = MicroEuro(last.balance.0 - money);
    }
    part.retain(|line| *line != NetLine { member: line.member, ..NOTHING });
    part.sort_unstable_by_key(|line| line.member);
    part
}

const NOTHING: NetLine = NetLine {
    member: protocol::Address::new([0; 20]),
    bought: WattHours::ZERO,
    sold: WattHours::ZERO,
    balance: MicroEuro::ZERO,
    fee: MicroEuro::ZERO,
};

/// A line without `cut` of what it took, or of what it gave if negative; money and fee in proportion.
fn less(line: &NetLine, cut: i64) -> NetLine {
    let mut rest = *line;
    if cut >= 0 {
        rest.bought = WattHours(line.bought.0 - cut);
        rest.fee = MicroEuro(in_proportion(line.fee.0, rest.bought.0, line.bought.0));
    } else {
        rest.sold = WattHours(line.sold.0 + cut);
    }
    let (kept, whole) = (net(&rest), net(line));
    rest.balance = MicroEuro(in_proportion(line.balance.0, kept, whole));
    rest
}

fn in_proportion(amount: i64, part: i64, whole: i64) -> i64 {
    if whole == 0 {
        return amount;
    }
    let share = i128::from(amount) * i128::from(part) / i128::from(whole);
    i64::try_from(share).unwrap_or(amount)
}

#[cfg(test)]
mod tests {
    use super::super::booking::added;
    use super::*;
    use proptest::prelude::*;
    use protocol::Address;

    fn line(n: usize, bought: i64, sold: i64, balance: i64, fee: i64) -> NetLine {
        let mut member = [0; 20];
        member[..8].copy_from_slice(&(n as u64).to_be_bytes());
        NetLine {
            member: Address::new(member),
            bought: WattHours(bought),
            sold: WattHours(sold),
            balance: MicroEuro(balance),
            fee: MicroEuro(fee),
        }
    }

    fn sums(lines: &[NetLine]) -> [i64; 3] {
        let sum = |of: fn(&NetLine) -> i64| lines.iter().map(of).sum::<i64>();
        [sum(|line| line.bought.0), sum(|line| line.sold.0), sum(|line| line.balance.0)]
    }

    /// Every part is even and fits, and together they are the whole.
    fn check_parts(lines: Vec<NetLine>) -> usize {
        let [mut left, sold, money] = sums(&lines);
        assert_eq!((left, money), (sold, 0));
        let (mut rest, mut parts) = (lines.clone(), 0);
        while !rest.is_empty() {
            let part = first_part(&rest, left, 0).expect("a part");
            let [bought, sold, money] = sums(&part);
            assert_eq!((bought, money), (sold, 0));
            assert!(part.len() <= WEEK_LINES_MAX && (0..=left).contains(&bought), "{bought} of {left}");
            assert!(part.is_sorted_by(|a, b| a.member < b.member));
            assert!(part.iter().all(|line| (0..=1_000_000).contains(&line.fee.0)));
            left -= bought;
            rest = added(&rest, &part, -1);
            parts += 1;
            assert!(parts <= lines.len(), "each part goes on");
        }
        parts
    }

    #[test]
    fn a_thousand_members_are_booked_in_nine_parts() {
        let mut lines: Vec<NetLine> = (0..700).map(|n| line(n, 1_001, 0, -145_145, 86_086)).collect();
        lines.extend((700..999).map(|n| line(n, 0, 2_340, 339_300, 0)));
        let bought = 700 * 1_001;
        let sold = 299 * 2_340;
        lines.push(line(999, 0, bought - sold, 145_145 * 700 - 339_300 * 299, 0));
        assert_eq!(check_parts(lines), 9);
    }

    #[test]
    fn one_seller_for_all_stands_in_every_part() {
        let mut lines: Vec<NetLine> = (0..400).map(|n| line(n, 10, 0, -1_450, 860)).collect();
        lines.push(line(400, 0, 4_000, 580_000, 0));
        assert!(check_parts(lines) <= 5);
    }

    #[test]
    fn what_is_not_even_or_too_much_is_not_booked() {
        let uneven = [line(1, 10, 0, -5, 0), line(2, 0, 9, 5, 0)];
        let dear = [line(1, 10, 0, -5, 0), line(2, 0, 10, 6, 0)];
        let right = [line(1, 10, 0, -5, 0), line(2, 0, 10, 5, 0)];
        assert_eq!((first_part(&uneven, 10, 0), first_part(&dear, 10, 0)), (None, None));
        assert_eq!((first_part(&right, 9, 0), first_part(&right, 10, 0)), (None, Some(right.to_vec())));
        assert_eq!(first_part(&[], 0, 0), Some(vec![]));
        let back = [line(1, -10, 0, 5, 0), line(2, 0, -10, -5, 0)];
        assert_eq!((first_part(&back, 0, 9), first_part(&back, 0, 10)), (None, Some(back.to_vec())));
        assert_eq!(first_part(&back, -10, 0), Some(back.to_vec()), "a correction that made the week smaller");
    }

    /// Every part of a credit note is even, fits and stays between nothing and what is left; together they are the whole.
    fn check_credits(lines: Vec<NetLine>) -> usize {
        let [mut left, sold, money] = sums(&lines);
        assert_eq!((left, money), (sold, 0));
        let (mut rest, mut parts) = (lines.clone(), 0);
        while !rest.is_empty() {
            let part = first_credit(&rest, left).expect("a part");
            let [bought, sold, money] = sums(&part);
            assert_eq!((bought, money), (sold, 0));
            assert!(part.len() <= WEEK_LINES_MAX, "{} lines", part.len());
            assert!((left.min(0)..=left.max(0)).contains(&bought), "{bought} of {left}");
            assert!(part.is_sorted_by(|a, b| a.member < b.member));
            left -= bought;
            rest = added(&rest, &part, -1);
            parts += 1;
            assert!(parts <= lines.len(), "each part goes on");
        }
        parts
    }

    #[test]
    fn a_month_corrected_up_and_down_is_told_in_parts() {
        // In some slots 150 bought and 150 sold less than was known, in others as many more; all in all it is 4 Wh more.
        let mut lines: Vec<NetLine> = (0..150).map(|n| line(n, -1_000, 0, 145_000, -86_000)).collect();
        lines.extend((150..300).map(|n| line(n, 0, -1_000, -145_000, 0)));
        lines.extend((300..450).map(|n| line(n, 1_000, 0, -145_000, 86_000)));
        lines.extend((450..600).map(|n| line(n, 0, 1_000, 145_000, 0)));
        lines.push(line(600, 4, 0, -580, 344));
        lines.push(line(601, 0, 4, 580, 0));
        assert_eq!(first_part(&lines, 4, 0), None, "no part of it comes to so little");
        assert!(check_credits(lines) <= 7);
    }

    proptest! {
        #[test]
        fn credits_up_and_down_are_the_whole(
            moved in prop::collection::vec((-90_000i64..90_000, -90_000i64..90_000, -9_000i64..9_000), 100..500),
        ) {
            let one = |(n, (bought, sold, fee)): (usize, &(i64, i64, i64))| {
                line(n, *bought, *sold, (sold - bought) * 145, *fee)
            };
            let mut lines: Vec<NetLine> = moved.iter().enumerate().map(one).collect();
            let [bought, sold, money] = sums(&lines);
            lines.push(line(5_000, (sold - bought).max(0), (bought - sold).max(0), -money, 0));
            lines.retain(|one| NetLine { member: NOTHING.member, ..*one } != NOTHING);
            check_credits(lines);
        }

        #[test]
        fn parts_are_the_whole(
            takers in prop::collection::vec((0i64..100_000, 0i64..9_000_000, 0i64..1_000), 1..500),
            givers in prop::collection::vec(1i64..100_000, 1..300),
        ) {
            let mut lines: Vec<NetLine> = Vec::new();
            for (n, (bought, pays, fee)) in takers.iter().enumerate() {
                lines.push(line(n, *bought, 0, -pays, *fee));
            }
            for (n, sold) in givers.iter().enumerate() {
                lines.push(line(1_000 + n, 0, *sold, sold * 100, 0));
            }
            let [bought, sold, money] = sums(&lines);
            let (more, less) = ((sold - bought).max(0), (bought - sold).max(0));
            lines.push(line(5_000, more, less, -money, 0));
            lines.retain(|one| *one != line(0, 0, 0, 0, 0));
            check_parts(lines);
        }
    }
}
