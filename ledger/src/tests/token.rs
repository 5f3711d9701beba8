//! Tokens and credits on the ledger: from a booked week to a retired credit, every reason to refuse, and a slow twin
//! that agrees on anything members may do.

use std::collections::BTreeMap;

use proptest::prelude::*;
use protocol::energy::{EnergyAction, WattHours};
use protocol::limits::TOKEN_ACTIONS_PER_DAY_MAX;
use protocol::token::{
    Amount, Approval, Asset, Minting, Retirement, RetirementReason, Token, TokenAction, Transfer,
    TransferFrom, Vintage,
};
use protocol::{Address, Bytes, Height, KeyChange, Payload, UnixMs};

use super::energy::{NOW, address, decide, key, line, period, put, result, settle, settling, week};
use crate::chain::Chain;
use crate::state::token::{Credits, Movement};
use protocol::energy::{CreditNote, PeriodStatus, Settlement, SlotResult};

/// Credits of the first bookings: their week began on 1969-12-29.
const MONTH: Vintage = Vintage::FIRST;

fn minting(grams_per_kwh: u32, from_week: u64) -> EnergyAction {
    let baseline = Bytes::new(b"grid mix".to_vec()).unwrap();
    EnergyAction::Mint(Minting { grams_per_kwh, baseline, from_week })
}

/// Member 5 sold 302 Wh to member 4, at 180 g/kWh.
fn minted() -> Chain {
    let mut chain = settling();
    decide(&mut chain, UnixMs(2_002), minting(180, 0)).unwrap();
    for slot in 1..3 {
        settle(&mut chain, NOW, Settlement::Slot(result(slot))).unwrap();
    }
    settle(&mut chain, NOW, week(1, vec![line(4, 302, 0, -43_790, 0), line(5, 0, 302, 43_790, 0)])).unwrap();
    chain
}

fn act(chain: &mut Chain, n: u8, action: TokenAction) -> Result<(), String> {
    put(chain, NOW, n, Payload::Token(action))
}

fn send(asset: Asset, to: u8, amount: u64) -> TokenAction {
    TokenAction::Transfer(Transfer { asset, to: address(to), amount: Amount(amount) })
}

fn allow(token: Token, spender: u8, amount: u64) -> TokenAction {
    TokenAction::Approve(Approval { token, spender: address(spender), amount: Amount(amount) })
}

fn fetch(asset: Asset, owner: u8, to: u8, amount: u64) -> TokenAction {
    let (owner, to) = (address(owner), address(to));
    TokenAction::TransferFrom(TransferFrom { asset, owner, to, amount: Amount(amount) })
}

fn retire(vintage: Vintage, amount: u64) -> TokenAction {
    let reason = RetirementReason::Report;
    TokenAction::Retire(Retirement { vintage, amount: Amount(amount), reason })
}

fn nrg(chain: &Chain, n: u8) -> u64 {
    chain.state().token_holder(&address(n)).nrg.0
}

fn credits(chain: &Chain, n: u8) -> (u64, u64) {
    let all: Vec<_> = chain.state().credits(&address(n)).collect();
    let sum = |of: fn(&Credits) -> Amount| all.iter().map(|(_, credits)| of(credits).0).sum();
    (sum(|credits| credits.held), sum(|credits| credits.retired))
}

fn movements(chain: &Chain) -> Vec<Movement> {
    chain.state().token_records(Height(0)..=chain.height()).map(|(_, _, record)| record.movement).collect()
}

#[test]
fn a_booked_week_becomes_tokens_and_credits() {
    let chain = minted();
    assert_eq!((nrg(&chain, 5), nrg(&chain, 4)), (302, 0), "whoever buys gets none");
    assert_eq!(credits(&chain, 5), (302 * 180, 0), "302 Wh at 180 g/kWh are 54,360 mg");
    let supply = chain.state().token_supply();
    assert_eq!((supply.nrg, supply.credits.held), (Amount(302), Amount(54_360)));
    let (asset, to) = (Asset::Carbon(MONTH), address(5));
    assert_eq!(
        movements(&chain),
        [Movement::Minted(Asset::Nrg, to, Amount(302)), Movement::Minted(asset, to, Amount(54_360))]
    );
}

/// A hive that never decided on minting has the state it always had.
#[test]
fn nothing_is_minted_unasked() {
    let mut chain = settling();
    settle(&mut chain, NOW, Settlement::Slot(result(1))).unwrap();
    settle(&mut chain, NOW, week(1, vec![line(4, 151, 0, -1, 0), line(5, 0, 151, 1, 0)])).unwrap();
    assert!(movements(&chain).is_empty());
    assert_eq!(chain.state().token_holders().count(), 0);
    // What was booked before stays unminted; what comes after counts.
    decide(&mut chain, NOW, minting(0, 0)).unwrap();
    settle(&mut chain, NOW, Settlement::Slot(result(2))).unwrap();
    settle(&mut chain, NOW, week(2, vec![line(4, 151, 0, -1, 0), line(5, 0, 151, 1, 0)])).unwrap();
    assert_eq!((nrg(&chain, 5), credits(&chain, 5)), (151, (0, 0)), "a factor of zero makes no credits");
}

/// A correction takes nothing away, whoever holds it now; later sales make up for it first.
#[test]
fn a_correction_is_made_good_by_later_sales() {
    let mut chain = minted();
    act(&mut chain, 5, send(Asset::Nrg, 4, 302)).unwrap();
    let smaller = SlotResult { version: 2, traded: WattHours(51), demand: WattHours(51), ..result(2) };
    settle(&mut chain, NOW, Settlement::Slot(smaller)).unwrap();
    settle(&mut chain, NOW, week(2, vec![line(4, -100, 0, 9, 0), line(5, 0, -100, -9, 0)])).unwrap();
    assert_eq!((nrg(&chain, 4), nrg(&chain, 5)), (302, 0));
    settle(&mut chain, NOW, Settlement::Slot(result(3))).unwrap();
    settle(&mut chain, NOW, week(3, vec![line(4, 151, 0, -1, 0), line(5, 0, 151, 1, 0)])).unwrap();
    assert_eq!(nrg(&chain, 5), 51, "151 sold, 100 of them were minted before");
    assert_eq!(chain.state().token_supply().nrg, Amount(353), "as many as were sold in all");
}

#[test]
fn a_credit_note_counts_for_the_period_it_makes_good() {
    let mut chain = minted();
    let step = |status| period(1, status, 1, 4);
    settle(&mut chain, NOW, step(PeriodStatus::Open)).unwrap();
    settle(&mut chain, NOW, step(PeriodStatus::Preview)).unwrap();
    settle(&mut chain, NOW, step(PeriodStatus::Final)).unwrap();
    settle(&mut chain, NOW, period(2, PeriodStatus::Open, 4, 9)).unwrap();
    let (demand, traded) = (WattHours(161), WattHours(161));
    let corrected = SlotResult { version: 2, demand, surplus: traded, traded, ..result(1) };
    settle(&mut chain, NOW, Settlement::Correction(corrected)).unwrap();
    let lines = vec![line(4, 10, 0, -1, 0), line(5, 0, 10, 1, 0)];
    let lines = super::energy::lines(lines);
    let note = CreditNote { concerns: 1, booked_in: 2, number: 1, lines };
    settle(&mut chain, NOW, Settlement::Credit(note)).unwrap();
    assert_eq!((nrg(&chain, 5), credits(&chain, 5).0), (312, 312 * 180));
}

#[test]
fn units_move_and_are_never_in_two_places() {
    let mut chain = minted();
    act(&mut chain, 5, send(Asset::Nrg, 4, 100)).unwrap();
    act(&mut chain, 4, send(Asset::Nrg, 4, 100)).unwrap();
    assert_eq!((nrg(&chain, 4), nrg(&chain, 5)), (100, 202), "to oneself changes nothing");
    act(&mut chain, 5, allow(Token::Nrg, 0, 150)).unwrap();
    act(&mut chain, 0, fetch(Asset::Nrg, 5, 4, 100)).unwrap();
    assert_eq!((nrg(&chain, 4), nrg(&chain, 5), nrg(&chain, 0)), (200, 102, 0));
    let left = |chain: &Chain| chain.state().allowance(&address(5), Token::Nrg, &address(0));
    assert_eq!(left(&chain), Amount(50));
    let refused = act(&mut chain, 0, fetch(Asset::Nrg, 5, 4, 51)).unwrap_err();
    assert!(refused.contains("move 50 units of nrg, 51 are asked for"), "{refused}");
    act(&mut chain, 5, allow(Token::Nrg, 0, 0)).unwrap();
    assert_eq!((left(&chain), chain.state().allowances(&address(5)).count()), (Amount(0), 0));

    // A leave for credits holds for any month, and never for the other token.
    act(&mut chain, 5, allow(Token::Carbon, 4, 1_000)).unwrap();
    assert!(act(&mut chain, 4, fetch(Asset::Nrg, 5, 4, 1)).is_err());
    act(&mut chain, 4, fetch(Asset::Carbon(MONTH), 5, 4, 1_000)).unwrap();
    assert_eq!((credits(&chain, 4), credits(&chain, 5)), ((1_000, 0), (53_360, 0)));
}

#[test]
fn a_retired_credit_never_moves_again() {
    let mut chain = minted();
    act(&mut chain, 5, retire(MONTH, 54_000)).unwrap();
    assert_eq!(credits(&chain, 5), (360, 54_000));
    for action in [retire(MONTH, 361), send(Asset::Carbon(MONTH), 4, 361)] {
        let refused = act(&mut chain, 5, action).unwrap_err();
        assert!(refused.contains("holds 360 units of carbon 1970-01, 361 are asked for"), "{refused}");
    }
    let supply = chain.state().token_supply();
    assert_eq!((supply.credits.held, supply.credits.retired), (Amount(360), Amount(54_000)));
    let vintages: Vec<_> = chain.state().vintages().collect();
    assert_eq!(vintages, [(MONTH, Credits { held: Amount(360), retired: Amount(54_000) })]);
    let retired = Movement::Retired(address(5), MONTH, Amount(54_000), RetirementReason::Report);
    assert_eq!(movements(&chain).last(), Some(&retired));
}

#[test]
fn what_cannot_be_is_refused_with_its_reason() {
    let mut chain = minted();
    let stranger = address(9);
    let other = Vintage::of_day(400);
    for (n, action, reason) in [
        (5, send(Asset::Nrg, 4, 303), "holds 302 units of nrg, 303 are asked for"),
        (5, send(Asset::Nrg, 4, u64::MAX), "18446744073709551615 are asked for"),
        (4, send(Asset::Nrg, 5, 1), "holds 0 units"),
        (5, send(Asset::Nrg, 4, 0), "units: 0 items"),
        (5, send(Asset::Nrg, 9, 1), &format!("{stranger} is not a member")),
        (5, send(Asset::Carbon(other), 4, 1), "holds 0 units of carbon 1971-02"),
        (5, retire(other, 1), "holds 0 units of carbon 1971-02"),
        (5, retire(MONTH, 0), "units: 0 items"),
        (4, fetch(Asset::Nrg, 5, 4, 1), "move 0 units"),
        (5, fetch(Asset::Nrg, 5, 4, 1), "move 0 units"),
        (5, allow(Token::Nrg, 9, 1), &format!("{stranger} is not a member")),
    ] {
        let before = chain.state().hash();
        let refused = act(&mut chain, n, action).unwrap_err();
        assert!(refused.contains(reason), "{refused}");
        assert_eq!(chain.state().hash(), before, "{action:?} wrote something");
    }
}

#[test]
fn a_member_has_so_many_transactions_a_day() {
    let mut chain = minted();
    for n in 0..TOKEN_ACTIONS_PER_DAY_MAX {
        act(&mut chain, 5, allow(Token::Nrg, 4, n.into())).unwrap();
    }
    let refused = act(&mut chain, 5, send(Asset::Nrg, 4, 1)).unwrap_err();
    assert!(refused.contains("200 at the most"), "{refused}");
    act(&mut chain, 4, allow(Token::Nrg, 5, 1)).unwrap();
    let tomorrow = UnixMs(NOW.0 + 24 * 60 * 60 * 1000);
    put(&mut chain, tomorrow, 5, Payload::Token(send(Asset::Nrg, 4, 1))).unwrap();
}

#[test]
fn minting_is_decided_for_weeks_that_are_not_over() {
    let mut chain = settling();
    let in_week_three = UnixMs(21 * 24 * 60 * 60 * 1000);
    let refused = decide(&mut chain, in_week_three, minting(180, 2)).unwrap_err();
    assert!(refused.contains("week 2 is over"), "{refused}");
    assert!(decide(&mut chain, in_week_three, minting(2_001, 4)).is_err());
    for week in 3..8 {
        decide(&mut chain, in_week_three, minting(180, week)).unwrap();
    }
    let refused = decide(&mut chain, in_week_three, minting(180, 8)).unwrap_err();
    assert!(refused.contains("4 at the most"), "{refused}");
    let weeks: Vec<u64> = chain.state().mintings().map(|minting| minting.from_week).collect();
    assert_eq!(weeks, [3, 4, 5, 6, 7]);
}

/// An account stays where it is whatever its member's key: every address the member had leads to it.
#[test]
fn an_account_outlives_its_keys() {
    let mut chain = minted();
    for (before, after) in [(5, 50), (50, 51)] {
        let change = KeyChange::prove(&chain.id(), address(before), &key(after));
        put(&mut chain, NOW, before, Payload::ChangeKey(change)).unwrap();
    }
    for n in [5, 50, 51] {
        assert_eq!((nrg(&chain, n), credits(&chain, n).0), (302, 54_360), "by key {n}");
    }
    act(&mut chain, 4, allow(Token::Nrg, 50, 7)).unwrap();
    assert_eq!(chain.state().allowance(&address(4), Token::Nrg, &address(51)), Amount(7));
    act(&mut chain, 51, send(Asset::Nrg, 4, 2)).unwrap();
    act(&mut chain, 4, send(Asset::Nrg, 50, 1)).unwrap();
    assert_eq!((nrg(&chain, 5), nrg(&chain, 4)), (301, 1));
    assert_eq!(chain.state().token_holders().count(), 2, "one account a member");
    act(&mut chain, 51, allow(Token::Nrg, 4, 3)).unwrap();
    act(&mut chain, 4, fetch(Asset::Nrg, 50, 4, 3)).unwrap();
    assert_eq!((nrg(&chain, 51), nrg(&chain, 4)), (298, 4));
}

/// What members may do, as anybody would write it down: balances in a map, and nothing else.
#[derive(Debug, Default)]
struct Twin {
    balances: BTreeMap<(u8, bool), u64>,
    allowances: BTreeMap<(u8, bool, u8), u64>,
    retired: u64,
}

impl Twin {
    fn act(&mut self, author: u8, step: &Step) -> bool {
        let Step { kind, carbon, a, b, amount, .. } = *step;
        match kind {
            0 => self.transfer(author, a, carbon, amount),
            1 => {
                self.allowances.insert((author, carbon, a), amount);
                true
            }
            2 => {
                let allowed = self.allowances.get(&(a, carbon, author)).copied().unwrap_or(0);
                if allowed < amount || !self.transfer(a, b, carbon, amount) {
                    return false;
                }
                self.allowances.insert((a, carbon, author), allowed - amount);
                true
            }
            _ => {
                let held = self.balances.entry((author, true)).or_default();
                if amount == 0 || *held < amount {
                    return false;
                }
                *held -= amount;
                self.retired += amount;
                true
            }
        }
    }

    fn transfer(&mut self, from: u8, to: u8, carbon: bool, amount: u64) -> bool {
        let held = self.balances.entry((from, carbon)).or_default();
        if amount == 0 || *held < amount {
            return false;
        }
        *held -= amount;
        *self.balances.entry((to, carbon)).or_default() += amount;
        true
    }
}

#[derive(Debug, Clone, Copy)]
struct Step {
    author: u8,
    kind: u8,
    carbon: bool,
    a: u8,
    b: u8,
    amount: u64,
}

fn step() -> impl Strategy<Value = Step> {
    let amount = prop_oneof![0..5_u64, 0..400_u64, 0..60_000_u64, Just(u64::MAX)];
    (0..6_u8, 0..4_u8, any::<bool>(), 0..6_u8, 0..6_u8, amount)
        .prop_map(|(author, kind, carbon, a, b, amount)| Step { author, kind, carbon, a, b, amount })
}

fn action(step: &Step) -> TokenAction {
    let Step { kind, carbon, a, b, amount, .. } = *step;
    let (asset, token) =
        if carbon { (Asset::Carbon(MONTH), Token::Carbon) } else { (Asset::Nrg, Token::Nrg) };
    match kind {
        0 => send(asset, a, amount),
        1 => allow(token, a, amount),
        2 => fetch(asset, a, b, amount),
        _ => retire(MONTH, amount),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_twin_agrees_on_anything(steps in prop::collection::vec(step(), 1..60)) {
        let mut chain = minted();
        let mut twin = Twin::default();
        twin.balances.insert((5, false), 302);
        twin.balances.insert((5, true), 54_360);
        for step in &steps {
            let allowed = twin.act(step.author, step);
            prop_assert_eq!(act(&mut chain, step.author, action(step)).is_ok(), allowed, "{:?}", step);
        }
        for n in 0..6 {
            let balance = |carbon| twin.balances.get(&(n, carbon)).copied().unwrap_or(0);
            prop_assert_eq!(nrg(&chain, n), balance(false));
            prop_assert_eq!(credits(&chain, n).0, balance(true));
            for other in 0..6 {
                for (carbon, token) in [(false, Token::Nrg), (true, Token::Carbon)] {
                    let allowed = twin.allowances.get(&(n, carbon, other)).copied().unwrap_or(0);
                    prop_assert_eq!(chain.state().allowance(&address(n), token, &address(other)).0, allowed);
                }
            }
        }
        prop_assert_eq!(chain.state().token_supply().credits.retired.0, twin.retired);
        // The events alone tell the same balances, which is what a wallet reads.
        let mut told: BTreeMap<(Address, bool), u64> = BTreeMap::new();
        for movement in movements(&chain) {
            let (asset, from, to, amount) = match movement {
                Movement::Minted(asset, to, amount) => (asset, None, Some(to), amount),
                Movement::Moved(asset, from, to, amount) => (asset, Some(from), Some(to), amount),
                Movement::Retired(owner, vintage, amount, _) => {
                    (Asset::Carbon(vintage), Some(owner), None, amount)
                }
                Movement::Approved(..) => continue,
            };
            let carbon = asset.token() == Token::Carbon;
            if let Some(from) = from {
                *told.get_mut(&(from, carbon)).unwrap() -= amount.0;
            }
            if let Some(to) = to {
                *told.entry((to, carbon)).or_default() += amount.0;
            }
        }
        for n in 0..6 {
            prop_assert_eq!(told.get(&(address(n), false)).copied().unwrap_or(0), nrg(&chain, n));
            prop_assert_eq!(told.get(&(address(n), true)).copied().unwrap_or(0), credits(&chain, n).0);
        }
    }
}
