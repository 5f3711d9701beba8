//! What must hold of tokens after each block, asserted before anything of it leaves.

use protocol::token::{Amount, Vintage};
use std::collections::BTreeMap;

use super::entry::{Credits, Supply, TokenEntry, TokenKey};
use crate::state::Overlay;
use crate::state::entry::{Entry, Key};

/// Sums of accounts, wide enough for every difference.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Sums {
    nrg: i128,
    /// Minted for, Wh.
    minted: i128,
    held: i128,
    retired: i128,
    of_vintages: BTreeMap<Vintage, (i128, i128)>,
}

/// What a block changed in accounts is what it changed in the supply: of the accounting token, of credits held, of
/// credits retired, month by month. Whatever was so before the block is so after it; at the start there is nothing.
pub(in crate::state) fn assert_kept(overlay: &Overlay<'_>) {
    let (first, last) = (Key::Token(TokenKey::Supply), Key::Token(TokenKey::Vintage(Vintage::LAST)));
    let (mut accounts, mut stated) = (Sums::default(), Sums::default());
    let mut is_touched = false;
    for (key, after) in overlay.delta.range(first..=last) {
        let before = overlay.base.get(key);
        is_touched = true;
        for (entry, sign) in [(after.as_ref(), 1), (before, -1)] {
            if let (Key::Token(key), Some(Entry::Token(entry))) = (key, entry) {
                add(&mut accounts, &mut stated, *key, entry, sign);
            }
        }
    }
    if !is_touched {
        return;
    }
    // A retired unit never comes back.
    assert!(accounts.retired >= 0, "invariant: retired credits stay retired");
    for sums in [&mut accounts, &mut stated] {
        sums.of_vintages.retain(|_, sum| *sum != (0, 0));
    }
    // Units of the accounting token are minted one by one with Wh, unless the supply is as large as it can be.
    let is_full = overlay.supply().nrg == Amount(u64::MAX);
    assert!(is_full || accounts.minted == accounts.nrg, "invariant: a token stands for a Wh that was sold");
    accounts.minted = stated.minted;
    assert_eq!(accounts, stated, "invariant: accounts add up to the supply");
}

fn add(accounts: &mut Sums, stated: &mut Sums, key: TokenKey, entry: &TokenEntry, sign: i128) {
    let of = |amount: Amount| sign * i128::from(amount.0);
    match (key, entry) {
        (TokenKey::Supply, TokenEntry::Supply(Supply { nrg, credits, .. })) => {
            stated.nrg += of(*nrg);
            stated.held += of(credits.held);
            stated.retired += of(credits.retired);
        }
        (TokenKey::Holder(_), TokenEntry::Holder(holder)) => {
            accounts.nrg += of(holder.nrg);
            accounts.minted += sign * i128::from(holder.minted.0);
        }
        (TokenKey::Credits(_, vintage), TokenEntry::Credits(Credits { held, retired })) => {
            accounts.held += of(*held);
            accounts.retired += of(*retired);
            let sum = accounts.of_vintages.entry(vintage).or_default();
            *sum = (sum.0 + of(*held), sum.1 + of(*retired));
        }
        (TokenKey::Vintage(vintage), TokenEntry::Credits(Credits { held, retired })) => {
            let sum = stated.of_vintages.entry(vintage).or_default();
            *sum = (sum.0 + of(*held), sum.1 + of(*retired));
        }
        _ => {}
    }
}
