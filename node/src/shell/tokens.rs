//! Questions about tokens, answered from the ledger's state in the core's memory and the blocks on disk.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use ledger::state::token::{Movement, Record};
use protocol::{Address, Height};
use web::request::TokenCall;
use web::view::{TokenMoveView, TokenRecord, TokensView};
use web::{Kind, Problem, Time};

use super::calls::Questions;
use super::present::token;
use crate::core::Core;

/// Answers one question. Callers may have given up: then nobody reads the answer.
pub(super) async fn answer(questions: &Questions, call: TokenCall) {
    let source = &questions.source;
    match call {
        TokenCall::Supply { token, reply } => {
            let supply = move |core: &Core| token::supply(core.ledger().state(), token);
            drop(reply.send(source.glance(supply).await));
        }
        TokenCall::Balance { token, owner, reply } => {
            let balance = move |core: &Core| token::balance(core.ledger().state(), token, &owner);
            drop(reply.send(source.glance(balance).await));
        }
        TokenCall::Allowance { token, owner, spender, reply } => {
            let allowance = move |core: &Core| core.ledger().state().allowance(&owner, token, &spender);
            drop(reply.send(source.glance(allowance).await));
        }
        TokenCall::Holdings { member, reply } => drop(reply.send(holdings(questions, member).await)),
        TokenCall::History { member, before, limit, reply } => {
            drop(reply.send(history(questions, member, before, limit).await));
        }
        TokenCall::Records { heights, limit, reply } => {
            drop(reply.send(records(questions, heights, limit).await));
        }
    }
}

async fn holdings(questions: &Questions, member: Option<Address>) -> Result<TokensView, Problem> {
    let picture = questions.picture.borrow().clone();
    let look = move |core: &Core| {
        let state = core.ledger().state();
        let member = member.unwrap_or_else(|| core.ledger().address());
        let is_known = state.member(&state.current(&member)).is_some();
        is_known.then(|| token::holdings(&picture, state, &member))
    };
    let unknown = || Problem::new(Kind::NotFound, "there is no such member").field("member");
    questions.source.glance(look).await?.ok_or_else(unknown)
}

/// Newest first. What a member had no part in is passed over.
async fn history(
    questions: &Questions,
    member: Option<Address>,
    before: Option<(Height, u32)>,
    limit: usize,
) -> Result<Vec<TokenMoveView>, Problem> {
    let picture = questions.picture.borrow().clone();
    let look = move |core: &Core| {
        let state = core.ledger().state();
        let account = member.map(|member| state.origin(&state.current(&member)));
        let last = before.map_or(Height(u64::MAX), |(height, _)| height);
        let all = state.token_records(Height(0)..=last).rev();
        all.filter(|(height, place, record)| {
            before.is_none_or(|before| (*height, *place) < before)
                && account.is_none_or(|account| token::concerns(&record.movement, &account))
        })
        .take(limit)
        .map(|(height, place, record)| (height, token::moved(&picture, state, (height, place), record)))
        .collect::<Vec<(Height, TokenMoveView)>>()
    };
    let mut moves = Vec::new();
    let mut times: BTreeMap<Height, Time> = BTreeMap::new();
    for (height, mut view) in questions.source.glance(look).await? {
        let time = match times.get(&height) {
            Some(time) => *time,
            None => Time::from(questions.block(height).await?.block.header.time),
        };
        times.insert(height, time);
        view.time = time;
        moves.push(view);
    }
    Ok(moves)
}

/// In order, with the block and the place of the transaction in it.
async fn records(
    questions: &Questions,
    heights: RangeInclusive<u64>,
    limit: usize,
) -> Result<Vec<TokenRecord>, Problem> {
    let look = move |core: &Core| {
        let heights = Height(*heights.start())..=Height(*heights.end());
        let all = core.ledger().state().token_records(heights);
        let taken = all.take(limit + 1).map(|(height, place, record)| (height, place, *record));
        taken.collect::<Vec<(Height, u32, Record)>>()
    };
    let found = questions.source.glance(look).await?;
    if found.len() > limit {
        let detail = format!("more than {limit} things happened in these blocks; ask for fewer blocks");
        return Err(Problem::new(Kind::TooLarge, detail));
    }
    let mut records = Vec::with_capacity(found.len());
    let mut at: Option<Standing> = None;
    for (height, place, Record { transaction, movement }) in found {
        let standing = match at.take().filter(|standing| standing.height == height) {
            Some(standing) => standing,
            None => Standing::read(questions, height).await?,
        };
        let index = standing.places.get(&transaction).copied();
        let index = index.ok_or_else(|| Problem::new(Kind::Internal, "the block does not hold it"))?;
        let block = standing.block;
        records.push(record(height, place, block, transaction, index, &movement));
        at = Some(standing);
    }
    Ok(records)
}

/// A block and where its transactions stand in it.
struct Standing {
    height: Height,
    block: protocol::BlockId,
    places: BTreeMap<protocol::TransactionId, u32>,
}

impl Standing {
    async fn read(questions: &Questions, height: Height) -> Result<Self, Problem> {
        let stored = questions.block(height).await?;
        let ids = stored.block.transactions.iter().map(protocol::Transaction::id);
        Ok(Self { height, block: stored.certificate.block, places: ids.zip(0..).collect() })
    }
}

fn record(
    height: Height,
    place: u32,
    block: protocol::BlockId,
    transaction: protocol::TransactionId,
    index: u32,
    movement: &Movement,
) -> TokenRecord {
    TokenRecord { height: height.0, place, block, transaction, index, movement: token::movement(movement) }
}
