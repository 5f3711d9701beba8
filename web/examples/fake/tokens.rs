//! Tokens of the invented hive: the first building sold some sun and gave a part of it away.

use protocol::token::{Amount, Asset, Token};
use protocol::{Address, BlockId, TransactionId};
use web::request::TokenCall;
use web::view::{
    AllowanceView, CreditsView, LedgerPlace, MintingView, Picture, TokenAccountView, TokenMoveKind,
    TokenMoveView, TokenMovement, TokenName, TokenRecord, TokensView,
};
use web::{Kind, Problem, Time};

use super::scene;

/// Height of the block that everything happened in: the newest one.
fn height(picture: &Picture) -> u64 {
    picture.head.height
}

fn member(picture: &Picture, n: usize) -> Address {
    picture.members[n].id.parse().expect("an address")
}

/// Answers the way a node does.
pub(super) fn answer(picture: &Picture, call: TokenCall) {
    let (first, second) = (member(picture, 0), member(picture, 1));
    match call {
        TokenCall::Holdings { member, reply } => {
            let known = member
                .is_none_or(|member| picture.members.iter().any(|known| known.id == member.to_string()));
            let missing = || Problem::new(Kind::NotFound, "there is no such member").field("member");
            drop(reply.send(known.then(|| holdings(picture)).ok_or_else(missing)));
        }
        TokenCall::History { before, limit, reply, .. } => {
            let all = moves(picture).into_iter();
            let older = all.filter(|(place, _)| before.is_none_or(|before| (before.0.0, before.1) > *place));
            drop(reply.send(Ok(older.map(|(_, one)| one).take(limit).collect())));
        }
        TokenCall::Supply { token, reply } => drop(reply.send(Ok(supply(token)))),
        TokenCall::Balance { token, owner, reply } => {
            let units = match token {
                Token::Nrg if owner == first => Amount(302_500),
                Token::Nrg if owner == second => Amount(10_000),
                Token::Carbon if owner == first => Amount(56_250_000),
                Token::Nrg | Token::Carbon => Amount::ZERO,
            };
            drop(reply.send(Ok(units)));
        }
        TokenCall::Allowance { token, owner, spender, reply } => {
            let is_ours = token == Token::Nrg && owner == first && spender == second;
            drop(reply.send(Ok(Amount(if is_ours { 5_000 } else { 0 }))));
        }
        TokenCall::Records { heights, reply, .. } => {
            let all = if heights.contains(&height(picture)) { records(picture) } else { Vec::new() };
            drop(reply.send(Ok(all)));
        }
    }
}

fn supply(token: Token) -> Amount {
    match token {
        Token::Nrg => Amount(312_500),
        Token::Carbon => Amount(56_250_000),
    }
}

fn records(picture: &Picture) -> Vec<TokenRecord> {
    let (first, second) = (member(picture, 0), member(picture, 1));
    let id = |n| scene::transaction_id(height(picture), n).parse::<TransactionId>().expect("an id");
    let block: BlockId = picture.head.block.parse().expect("an id");
    let record = |place, index, movement| TokenRecord {
        height: height(picture),
        place,
        block,
        transaction: id(index),
        index,
        movement,
    };
    vec![
        record(0, 0, TokenMovement::Minted { asset: Asset::Nrg, to: first, amount: Amount(312_500) }),
        record(
            1,
            1,
            TokenMovement::Moved { asset: Asset::Nrg, from: first, to: second, amount: Amount(10_000) },
        ),
    ]
}

fn moves(picture: &Picture) -> Vec<((u64, u32), TokenMoveView)> {
    let view = |place: u32, kind, from: Option<usize>, to: Option<usize>, amount: &str| {
        let id = |n: usize| picture.members[n].id.clone();
        let name = |n: usize| picture.members[n].name.clone();
        let view = TokenMoveView {
            id: format!("{}.{place}", height(picture)),
            kind,
            token: TokenName::Nrg,
            vintage: None,
            from: from.map(id),
            from_name: from.map(name),
            to: to.map(id),
            to_name: to.map(name),
            amount: amount.to_owned(),
            reason: None,
            place: LedgerPlace {
                height: height(picture),
                transaction: scene::transaction_id(height(picture), place),
            },
            time: picture.node.time,
        };
        ((height(picture), place), view)
    };
    vec![
        view(1, TokenMoveKind::Moved, Some(0), Some(1), "10"),
        view(0, TokenMoveKind::Minted, None, Some(0), "312.5"),
    ]
}

fn holdings(picture: &Picture) -> TokensView {
    let account = |n: usize, nrg: &str, carbon: &str| TokenAccountView {
        id: picture.members[n].id.clone(),
        name: Some(picture.members[n].name.clone()),
        nrg: nrg.to_owned(),
        carbon: carbon.to_owned(),
    };
    TokensView {
        account: picture.members[0].id.clone(),
        name: Some(picture.members[0].name.clone()),
        nrg: "302.5".to_owned(),
        nrg_supply: "312.5".to_owned(),
        credits: vec![CreditsView {
            id: "2026-10".to_owned(),
            held: "56.25".to_owned(),
            retired: "0".to_owned(),
            supply: "56.25".to_owned(),
            supply_retired: "0".to_owned(),
        }],
        allowances: vec![AllowanceView {
            id: format!("nrg.{}", picture.members[1].id),
            token: TokenName::Nrg,
            account: picture.members[1].id.clone(),
            name: Some(picture.members[1].name.clone()),
            amount: "5".to_owned(),
        }],
        allowed: Vec::new(),
        accounts: vec![account(0, "302.5", "56.25"), account(1, "10", "0")],
        mintings: vec![MintingView {
            id: "2960".to_owned(),
            from: Time::from(protocol::UnixMs(2_960 * 604_800_000 - 259_200_000)),
            grams_per_kwh: 180,
            baseline: "Belgian grid mix 2025".to_owned(),
        }],
    }
}
