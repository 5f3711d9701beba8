//! Tokens and carbon credits as the page shows them: whole units as decimal figures of kWh and kg.

use std::collections::BTreeMap;

use ledger::state::State;
use ledger::state::token::{Credits, Movement, Record};
use protocol::token::{
    Amount, Approval, Asset, Retirement, RetirementReason, Token, TokenAction, Transfer, TransferFrom,
};
use protocol::{Address, Height, UnixMs};
use web::view::{
    AllowanceView, CreditsView, LedgerPlace, MintingView, RetirementWord, TokenAccountView, TokenMoveKind,
    TokenMoveView, TokenMovement, TokenName, TokensView,
};
use web::{Picture, Time};

const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// Weeks begin on Monday; 1970 began on a Thursday.
const FIRST_MONDAY_MS: i64 = -3 * 24 * 60 * 60 * 1000;

/// Kind and fields of a transaction about tokens. Amounts are whole units.
pub(super) fn fields(action: &TokenAction) -> (&'static str, BTreeMap<String, String>) {
    let (kind, parts) = match action {
        TokenAction::Transfer(Transfer { asset, to, amount }) => (
            "token.transfer",
            vec![("asset", asset.to_string()), ("to", to.to_string()), ("units", amount.to_string())],
        ),
        TokenAction::Approve(Approval { token, spender, amount }) => (
            "token.approve",
            vec![
                ("asset", token.name().to_owned()),
                ("spender", spender.to_string()),
                ("units", amount.to_string()),
            ],
        ),
        TokenAction::TransferFrom(TransferFrom { asset, owner, to, amount }) => (
            "token.transfer_from",
            vec![
                ("asset", asset.to_string()),
                ("owner", owner.to_string()),
                ("to", to.to_string()),
                ("units", amount.to_string()),
            ],
        ),
        TokenAction::Retire(Retirement { vintage, amount, reason }) => (
            "token.retire",
            vec![
                ("asset", Asset::Carbon(*vintage).to_string()),
                ("units", amount.to_string()),
                ("reason", reason.name().to_owned()),
            ],
        ),
    };
    (kind, parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// What a member holds and what there is.
pub(crate) fn holdings(picture: &Picture, state: &State, member: &Address) -> TokensView {
    let account = state.origin(&state.current(member));
    let own: BTreeMap<_, _> = state.credits(&account).collect();
    let supply = state.token_supply();
    let kg = |amount| figure(Token::Carbon, amount);
    let credits = state.vintages().map(|(vintage, all)| {
        let own = own.get(&vintage).copied().unwrap_or_default();
        CreditsView {
            id: vintage.to_string(),
            held: kg(own.held),
            retired: kg(own.retired),
            supply: kg(all.held),
            supply_retired: kg(all.retired),
        }
    });
    let allowance = |token: Token, other: Address, amount| AllowanceView {
        id: format!("{}.{other}", token.name()),
        token: shown(token),
        account: other.to_string(),
        name: name(picture, state, &other),
        amount: figure(token, amount),
    };
    let holders: Vec<Address> = state.token_holders().map(|(holder, _)| holder).collect();
    let allowed = holders.iter().flat_map(|owner| {
        [Token::Nrg, Token::Carbon].map(|token| (token, *owner, state.allowance(owner, token, &account)))
    });
    TokensView {
        account: account.to_string(),
        name: name(picture, state, &account),
        nrg: figure(Token::Nrg, state.token_holder(&account).nrg),
        nrg_supply: figure(Token::Nrg, supply.nrg),
        credits: credits.collect(),
        allowances: state
            .allowances(&account)
            .map(|(token, other, amount)| allowance(token, other, amount))
            .collect(),
        allowed: allowed
            .filter(|(_, _, amount)| *amount != Amount::ZERO)
            .map(|(token, owner, amount)| allowance(token, owner, amount))
            .collect(),
        accounts: holders
            .iter()
            .map(|holder| TokenAccountView {
                id: holder.to_string(),
                name: name(picture, state, holder),
                nrg: figure(Token::Nrg, state.token_holder(holder).nrg),
                carbon: kg(balance(state, Token::Carbon, holder)),
            })
            .collect(),
        mintings: state
            .mintings()
            .map(|minting| MintingView {
                id: minting.from_week.to_string(),
                from: week_begin(minting.from_week).into(),
                grams_per_kwh: minting.grams_per_kwh,
                baseline: String::from_utf8_lossy(minting.baseline.as_slice()).into_owned(),
            })
            .collect(),
    }
}

/// Units of a member that can move.
pub(crate) fn balance(state: &State, token: Token, owner: &Address) -> Amount {
    match token {
        Token::Nrg => state.token_holder(owner).nrg,
        Token::Carbon => Amount(state.credits(owner).map(|(_, Credits { held, .. })| held.0).sum()),
    }
}

/// Units there are that can move.
pub(crate) fn supply(state: &State, token: Token) -> Amount {
    let supply = state.token_supply();
    match token {
        Token::Nrg => supply.nrg,
        Token::Carbon => supply.credits.held,
    }
}

/// What happened, as log entries tell it.
pub(crate) fn movement(movement: &Movement) -> TokenMovement {
    match *movement {
        Movement::Minted(asset, to, amount) => TokenMovement::Minted { asset, to, amount },
        Movement::Moved(asset, from, to, amount) => TokenMovement::Moved { asset, from, to, amount },
        Movement::Approved(owner, token, spender, amount) => {
            TokenMovement::Approved { token, owner, spender, amount }
        }
        Movement::Retired(owner, vintage, amount, reason) => {
            TokenMovement::Retired { asset: Asset::Carbon(vintage), owner, amount, reason }
        }
    }
}

/// Whether a member had part in it.
pub(crate) fn concerns(movement: &Movement, account: &Address) -> bool {
    match movement {
        Movement::Minted(_, to, _) => to == account,
        Movement::Moved(_, from, to, _) => from == account || to == account,
        Movement::Approved(owner, _, spender, _) => owner == account || spender == account,
        Movement::Retired(owner, ..) => owner == account,
    }
}

/// What happened, for people. The time is that of the block, which whoever asks reads from disk.
pub(crate) fn moved(
    picture: &Picture,
    state: &State,
    (height, place): (Height, u32),
    record: &Record,
) -> TokenMoveView {
    let (kind, token, vintage, from, to, amount, reason) = match record.movement {
        Movement::Minted(asset, to, amount) => {
            (TokenMoveKind::Minted, asset.token(), asset.vintage(), None, Some(to), amount, None)
        }
        Movement::Moved(asset, from, to, amount) => {
            (TokenMoveKind::Moved, asset.token(), asset.vintage(), Some(from), Some(to), amount, None)
        }
        Movement::Approved(owner, token, spender, amount) => {
            (TokenMoveKind::Approved, token, None, Some(owner), Some(spender), amount, None)
        }
        Movement::Retired(owner, vintage, amount, reason) => {
            (TokenMoveKind::Retired, Token::Carbon, Some(vintage), Some(owner), None, amount, Some(reason))
        }
    };
    TokenMoveView {
        id: format!("{height}.{place}"),
        kind,
        token: shown(token),
        vintage: vintage.map(|vintage| vintage.to_string()),
        from: from.map(|from| from.to_string()),
        from_name: from.and_then(|from| name(picture, state, &from)),
        to: to.map(|to| to.to_string()),
        to_name: to.and_then(|to| name(picture, state, &to)),
        amount: figure(token, amount),
        reason: reason.map(word),
        place: LedgerPlace { height: height.0, transaction: record.transaction.to_string() },
        time: Time::default(),
    }
}

/// Units as a decimal figure of kWh or kg, without zeroes at its end.
pub(crate) fn figure(token: Token, amount: Amount) -> String {
    let digits = usize::from(token.decimals());
    let text = format!("{:0width$}", amount.0, width = digits + 1);
    let (whole, part) = text.split_at(text.len() - digits);
    match part.trim_end_matches('0') {
        "" => whole.to_owned(),
        part => format!("{whole}.{part}"),
    }
}

fn name(picture: &Picture, state: &State, account: &Address) -> Option<String> {
    let current = state.current(account).to_string();
    picture.members.iter().find(|member| member.id == current).map(|member| member.name.clone())
}

fn week_begin(week: u64) -> UnixMs {
    let weeks = i64::try_from(week).unwrap_or(i64::MAX);
    UnixMs(weeks.saturating_mul(WEEK_MS).saturating_add(FIRST_MONDAY_MS))
}

fn shown(token: Token) -> TokenName {
    match token {
        Token::Nrg => TokenName::Nrg,
        Token::Carbon => TokenName::Carbon,
    }
}

fn word(reason: RetirementReason) -> RetirementWord {
    match reason {
        RetirementReason::OwnFootprint => RetirementWord::OwnFootprint,
        RetirementReason::Report => RetirementWord::Report,
        RetirementReason::OnBehalf => RetirementWord::OnBehalf,
        RetirementReason::Withdrawn => RetirementWord::Withdrawn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_no_more_digits_than_they_need() {
        for (units, nrg, carbon) in
            [(0, "0", "0"), (1, "0.001", "0.000001"), (1_500, "1.5", "0.0015"), (2_000_000, "2000", "2")]
        {
            assert_eq!(figure(Token::Nrg, Amount(units)), nrg);
            assert_eq!(figure(Token::Carbon, Amount(units)), carbon);
        }
        assert_eq!(figure(Token::Nrg, Amount(u64::MAX)), "18446744073709551.615");
    }

    #[test]
    fn weeks_begin_on_monday() {
        assert_eq!(week_begin(0).to_string(), "1969-12-29T00:00:00.000Z");
        assert_eq!(week_begin(2_969).to_string(), "2026-11-23T00:00:00.000Z");
    }
}
