//! Sharing: slots worked out by hand, slow twins on random slots, hostile figures.

mod hand;
mod hostile;
mod proof;
mod random;
mod rules;
mod twin;

use protocol::Address;
use protocol::energy::{Price, SharingRule, Terms, WattHours};

use super::{Part, Setting};

/// Member `n`, in the order of numbers.
fn member(n: usize) -> Address {
    let mut bytes = [0; 20];
    bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
    Address::new(bytes)
}

/// Retail 250,000, feed-in 40,000, no fee.
fn setting(rule: &SharingRule) -> Setting<'_> {
    Setting { rule, retail: Price(250_000), feed_in: Price(40_000), fee: Price(0), coefficients: None }
}

/// Members 0 to n with these net amounts: demand positive, surplus negative.
fn parts(net: &[i64]) -> Vec<Part> {
    net.iter().enumerate().map(|(n, net)| part(n, *net, Terms::default())).collect()
}

fn part(n: usize, net: i64, terms: Terms) -> Part {
    let (demand, surplus) = (WattHours(net.max(0)), WattHours((-net).max(0)));
    Part { member: member(n), demand, surplus, terms }
}
