//! Tokens and carbon credits: what is held and what happened, to look at; sending, allowing and retiring, for operators.

use crate::actor::Actor;
use crate::app::{App, Shared, wrong_answer};
use crate::convert::counted;
use crate::extract::{Json as Body, Query};
use crate::list::{LIMIT_DEFAULT, LIMIT_MAX, Page, cut, limit};
use crate::problem::{Kind, Problem, ProblemDocument};
use crate::request::{
    Answer, ApproveRequest, Command, GovernanceAction, MintingRequest, QueryCall, RetireRequest, TokenCall,
    TransferRequest,
};
use crate::view::{ProposalView, RetirementWord, TokenDoneView, TokenMoveView, TokenName, TokensView};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::energy::EnergyAction;
use protocol::token::{
    Amount, Approval, Asset, Minting, Retirement, RetirementReason, Token, TokenAction, Transfer,
    TransferFrom, Vintage,
};
use protocol::{Action, Address, Bytes, Height};
use serde::Deserialize;
use utoipa::IntoParams;

/// Bytes of an amount.
const AMOUNT_BYTES_MAX: usize = 32;

/// Whose.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Whose {
    /// A member's address: 40 hex digits.
    member: Option<String>,
}

/// Which page.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// Items wanted, 1 to 1,000; 100 when not given.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// What this node's building holds, or another member; and what there is in the hive.
///
/// Accounting units: not money, redeemable for nothing, on no public chain.
#[utoipa::path(
    get, path = "/api/v1/tokens", tag = "tokens", params(Whose),
    responses(
        (status = 200, description = "Balances, allowances, credits by month", body = TokensView),
        (
            status = 404, description = "No such member", body = ProblemDocument,
            content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn holdings(
    State(app): Shared,
    Query(whose): Query<Whose>,
) -> Result<Json<TokensView>, Problem> {
    let member = whose.member.as_deref().map(|text| address("member", text)).transpose()?;
    app.query(|reply| QueryCall::Token(TokenCall::Holdings { member, reply })).await.map(Json)
}

/// What happened to tokens in this hive, or to one member's: minted, moved, allowed, retired.
#[utoipa::path(
    get, path = "/api/v1/tokens/history", tag = "tokens", params(Whose, Part),
    responses((status = 200, description = "Newest first", body = Page<TokenMoveView>))
)]
pub(crate) async fn history(
    State(app): Shared,
    Query(whose): Query<Whose>,
    Query(part): Query<Part>,
) -> Result<Json<Page<TokenMoveView>>, Problem> {
    let limit = limit(part.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
    let member = whose.member.as_deref().map(|text| address("member", text)).transpose()?;
    let before = part.cursor.as_deref().map(cursor).transpose()?;
    let call = |reply| TokenCall::History { member, before, limit: limit + 1, reply };
    let moves = app.query(|reply| QueryCall::Token(call(reply))).await?;
    Ok(Json(cut(moves, limit, |one| one.id.clone())))
}

/// Sends units of this building to another member, or units that another one lets this building move.
#[utoipa::path(
    post, path = "/api/v1/tokens/transfer", tag = "tokens", request_body = TransferRequest,
    responses((status = 200, description = "Final", body = TokenDoneView))
)]
pub(crate) async fn transfer(
    State(app): Shared,
    by: Actor,
    Body(request): Body<TransferRequest>,
) -> Result<Json<TokenDoneView>, Problem> {
    let asset = asset(request.token, request.vintage.as_deref())?;
    let (to, amount) = (address("to", &request.to)?, some(request.token, &request.amount)?);
    let action = match request.from.as_deref().map(|text| address("from", text)).transpose()? {
        None => TokenAction::Transfer(Transfer { asset, to, amount }),
        Some(owner) => TokenAction::TransferFrom(TransferFrom { asset, owner, to, amount }),
    };
    act(&app, by, action).await
}

/// Lets another member move units of this building.
#[utoipa::path(
    post, path = "/api/v1/tokens/approve", tag = "tokens", request_body = ApproveRequest,
    responses((status = 200, description = "Final", body = TokenDoneView))
)]
pub(crate) async fn approve(
    State(app): Shared,
    by: Actor,
    Body(request): Body<ApproveRequest>,
) -> Result<Json<TokenDoneView>, Problem> {
    let spender = address("spender", &request.spender)?;
    let amount = units(request.token, &request.amount)?;
    act(&app, by, TokenAction::Approve(Approval { token: token(request.token), spender, amount })).await
}

/// Uses credits of this building up. They never move again.
#[utoipa::path(
    post, path = "/api/v1/tokens/retire", tag = "tokens", request_body = RetireRequest,
    responses((status = 200, description = "Final", body = TokenDoneView))
)]
pub(crate) async fn retire(
    State(app): Shared,
    by: Actor,
    Body(request): Body<RetireRequest>,
) -> Result<Json<TokenDoneView>, Problem> {
    let amount = some(TokenName::Carbon, &request.amount)?;
    let (vintage, reason) = (vintage(&request.vintage)?, reason(request.reason));
    act(&app, by, TokenAction::Retire(Retirement { vintage, amount, reason })).await
}

/// Proposes what shared solar is worth from a week on; the other authorities approve it as any proposal.
#[utoipa::path(
    post, path = "/api/v1/tokens/minting", tag = "tokens", request_body = MintingRequest,
    responses((status = 201, description = "Proposed", body = ProposalView))
)]
pub(crate) async fn propose_minting(
    State(app): Shared,
    by: Actor,
    Body(request): Body<MintingRequest>,
) -> Result<(StatusCode, Json<ProposalView>), Problem> {
    let wrong = |field: &'static str| {
        move |error: protocol::Invalid| Problem::new(Kind::Invalid, error.to_string()).field(field)
    };
    let baseline = Bytes::new(request.baseline.into_bytes()).map_err(wrong("baseline"))?;
    let MintingRequest { grams_per_kwh, from_week, .. } = request;
    let minting = Minting { grams_per_kwh, baseline, from_week: counted("from_week", from_week)? };
    let at = if minting.baseline.as_slice().is_empty() { "baseline" } else { "grams_per_kwh" };
    minting.check().map_err(wrong(at))?;
    let action = GovernanceAction::from(Action::Energy(EnergyAction::Mint(minting)));
    let Answer::Proposal(proposal) = app.command(by, Command::Propose { action }).await? else {
        return Err(wrong_answer());
    };
    Ok((StatusCode::CREATED, Json(proposal)))
}

async fn act(app: &App, by: Actor, action: TokenAction) -> Result<Json<TokenDoneView>, Problem> {
    let Answer::Recorded(id) = app.command(by, Command::Token(action)).await? else {
        return Err(wrong_answer());
    };
    Ok(Json(TokenDoneView { id: id.to_string() }))
}

fn address(field: &str, text: &str) -> Result<Address, Problem> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let wrong = |_| Problem::new(Kind::Invalid, "expected an address of 40 hex digits").field(field);
    digits.parse().map_err(wrong)
}

fn asset(name: TokenName, month: Option<&str>) -> Result<Asset, Problem> {
    match (name, month) {
        (TokenName::Nrg, None) => Ok(Asset::Nrg),
        (TokenName::Carbon, Some(month)) => vintage(month).map(Asset::Carbon),
        (TokenName::Nrg, Some(_)) => {
            Err(Problem::new(Kind::Invalid, "expected no month: the accounting token has none")
                .field("vintage"))
        }
        (TokenName::Carbon, None) => {
            Err(Problem::new(Kind::Invalid, "expected the month of the credits").field("vintage"))
        }
    }
}

fn vintage(text: &str) -> Result<Vintage, Problem> {
    let wrong = |_| Problem::new(Kind::Invalid, "expected a month such as 2026-11").field("vintage");
    text.parse().map_err(wrong)
}

fn some(name: TokenName, text: &str) -> Result<Amount, Problem> {
    let amount = units(name, text)?;
    if amount == Amount::ZERO {
        return Err(Problem::new(Kind::Invalid, "expected more than nothing").field("amount"));
    }
    Ok(amount)
}

/// Whole units from a decimal figure, exactly or not at all.
fn units(name: TokenName, text: &str) -> Result<Amount, Problem> {
    let digits = usize::from(token(name).decimals());
    let wrong = || {
        let detail = format!("expected a figure such as 1.5, with at most {digits} digits behind the point");
        Problem::new(Kind::Invalid, detail).field("amount")
    };
    let (whole, part) = text.split_once('.').map_or((text, None), |(whole, part)| (whole, Some(part)));
    let part = part.unwrap_or("0");
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() > AMOUNT_BYTES_MAX || !is_number(whole) || !is_number(part) || part.len() > digits {
        return Err(wrong());
    }
    format!("{whole}{part:0<digits$}").parse().map(Amount).map_err(|_| wrong())
}

fn cursor(text: &str) -> Result<(Height, u32), Problem> {
    let parts = text
        .split_once('.')
        .and_then(|(height, place)| Some((Height(height.parse().ok()?), place.parse().ok()?)));
    parts.ok_or_else(|| Problem::new(Kind::Invalid, "expected `next` of the page before").field("cursor"))
}

fn token(name: TokenName) -> Token {
    match name {
        TokenName::Nrg => Token::Nrg,
        TokenName::Carbon => Token::Carbon,
    }
}

fn reason(word: RetirementWord) -> RetirementReason {
    match word {
        RetirementWord::OwnFootprint => RetirementReason::OwnFootprint,
        RetirementWord::Report => RetirementReason::Report,
        RetirementWord::OnBehalf => RetirementReason::OnBehalf,
        RetirementWord::Withdrawn => RetirementReason::Withdrawn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_exactly_or_not_at_all() {
        for (text, nrg) in [("0", 0), ("1", 1_000), ("1.5", 1_500), ("0.001", 1), ("007.50", 7_500)] {
            assert_eq!(units(TokenName::Nrg, text), Ok(Amount(nrg)), "{text}");
        }
        assert_eq!(units(TokenName::Carbon, "0.000001"), Ok(Amount(1)));
        assert_eq!(units(TokenName::Nrg, "18446744073709551.615"), Ok(Amount(u64::MAX)));
        let wrong =
            ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "1.0001", "18446744073709551.616", "٣"];
        for text in wrong {
            assert_eq!(
                units(TokenName::Nrg, text).map_err(|problem| problem.kind),
                Err(Kind::Invalid),
                "{text}"
            );
        }
        assert!(some(TokenName::Nrg, "0.000").is_err());
    }

    #[test]
    fn only_credits_have_a_month() {
        assert_eq!(asset(TokenName::Nrg, None), Ok(Asset::Nrg));
        assert_eq!(asset(TokenName::Carbon, Some("1970-01")), Ok(Asset::Carbon(Vintage::FIRST)));
        for (name, month) in
            [(TokenName::Nrg, Some("2026-11")), (TokenName::Carbon, None), (TokenName::Carbon, Some("x"))]
        {
            assert_eq!(asset(name, month).map_err(|problem| problem.field), Err(Some("vintage".to_owned())));
        }
        assert_eq!(cursor("12.3"), Ok((Height(12), 3)));
        assert!(cursor("12").is_err() && cursor("a.b").is_err());
    }
}
