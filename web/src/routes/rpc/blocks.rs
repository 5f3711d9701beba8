//! Blocks, transactions and receipts in Ethereum's words. There is no gas and no fee; signatures are Ed25519, so that
//! `r`, `s` and `v` only hold their places.

use super::abi::{self, Word};
use super::logs::{self, Log};
use super::{Failure, block_tag, contracts};
use crate::app::App;
use crate::problem::Kind;
use crate::request::QueryCall;
use crate::view::{BlockView, TokenMovement, TransactionView};
use protocol::{Address, BlockId};
use serde_json::{Value, json};

const NO_HASH: &str = "0x0000000000000000000000000000000000000000000000000000000000000000";
const PLACE: &str = "0x0000000000000000000000000000000000000000000000000000000000000001";
/// keccak of the RLP of an empty list: no uncles.
const NO_UNCLES: &str = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";

/// `eth_getBlockByNumber`.
pub(super) async fn numbered(app: &App, params: &[Value]) -> Result<Value, Failure> {
    let height = block_tag(app, params.first())?;
    let block = at(app, height).await?;
    shown(app, block, is_full(params)?).await
}

/// `eth_getBlockByHash`.
pub(super) async fn hashed(app: &App, params: &[Value]) -> Result<Value, Failure> {
    let block = by_hash(app, BlockId::new(hash(params)?)).await?;
    shown(app, block, is_full(params)?).await
}

/// `eth_getBlockTransactionCountByNumber`.
pub(super) async fn count(app: &App, params: &[Value]) -> Result<Value, Failure> {
    let block = at(app, block_tag(app, params.first())?).await?;
    Ok(block.map_or(Value::Null, |block| json!(abi::quantity(block.transactions.len() as u64))))
}

/// `eth_getTransactionByHash`.
pub(super) async fn transaction(app: &App, params: &[Value]) -> Result<Value, Failure> {
    let Some((block, index, logs)) = standing(app, hash(params)?).await? else { return Ok(Value::Null) };
    Ok(one(app, &block, &block.transactions[index], &logs))
}

/// `eth_getTransactionReceipt`.
pub(super) async fn receipt(app: &App, params: &[Value]) -> Result<Value, Failure> {
    let Some((block, index, logs)) = standing(app, hash(params)?).await? else { return Ok(Value::Null) };
    let transaction = &block.transactions[index];
    let own: Vec<&Log> = own(&logs, transaction).collect();
    Ok(json!({
        "transactionHash": prefixed(&transaction.id),
        "transactionIndex": abi::quantity(index as u64),
        "blockHash": prefixed(&block.block),
        "blockNumber": abi::quantity(block.height),
        "from": prefixed(&transaction.author),
        "to": abi::hex(target(&own).as_bytes()),
        "contractAddress": null,
        "cumulativeGasUsed": "0x0",
        "gasUsed": "0x0",
        "effectiveGasPrice": "0x0",
        "logs": own.iter().map(|log| log.json()).collect::<Vec<_>>(),
        "logsBloom": logs::bloom(own.iter().copied()),
        "status": "0x1",
        "type": "0x0",
    }))
}

/// The block of a hash, if it is final.
pub(super) async fn by_hash(app: &App, id: BlockId) -> Result<Option<BlockView>, Failure> {
    found(app.query(|reply| QueryCall::BlockOf { id, reply }).await)
}

async fn at(app: &App, height: u64) -> Result<Option<BlockView>, Failure> {
    found(app.query(|reply| QueryCall::Block { height, reply }).await)
}

/// What is not there is null, as clients expect; everything else is a failure.
fn found<T>(answer: Result<T, crate::Problem>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(problem) if problem.kind == Kind::NotFound => Ok(None),
        Err(problem) => Err(problem.into()),
    }
}

/// The block of a transaction, its place there, and the block's events.
async fn standing(app: &App, id: Word) -> Result<Option<(BlockView, usize, Vec<Log>)>, Failure> {
    let id = abi::hex(&id).split_off(2);
    let Some(view) = found(app.query(|reply| QueryCall::Transaction { id, reply }).await)? else {
        return Ok(None);
    };
    let (Some(height), Some(index)) = (view.height, view.index) else { return Ok(None) };
    let Some(block) = at(app, height).await? else { return Ok(None) };
    let index = index as usize;
    if block.transactions.get(index).is_none_or(|one| one.id != view.id) {
        return Err(Failure::internal("the block does not hold the transaction"));
    }
    let logs = logs::of_blocks(app, height..=height).await?;
    Ok(Some((block, index, logs)))
}

async fn shown(app: &App, block: Option<BlockView>, is_full: bool) -> Result<Value, Failure> {
    let Some(block) = block else { return Ok(Value::Null) };
    let logs = logs::of_blocks(app, block.height..=block.height).await?;
    let transactions: Vec<Value> = if is_full {
        block.transactions.iter().map(|transaction| one(app, &block, transaction, &logs)).collect()
    } else {
        block.transactions.iter().map(|transaction| json!(prefixed(&transaction.id))).collect()
    };
    let size: u64 = block.transactions.iter().map(|transaction| u64::from(transaction.size_bytes)).sum();
    Ok(json!({
        "number": abi::quantity(block.height),
        "hash": prefixed(&block.block),
        "parentHash": prefixed(&block.previous),
        "timestamp": abi::quantity(u64::try_from(block.time.ms() / 1_000).unwrap_or(0)),
        "nonce": "0x0000000000000000",
        "sha3Uncles": NO_UNCLES,
        "logsBloom": logs::bloom(&logs),
        "transactionsRoot": prefixed(&block.log_root),
        "stateRoot": prefixed(&block.state),
        "receiptsRoot": NO_HASH,
        "miner": prefixed(&block.proposer),
        "difficulty": "0x0",
        "totalDifficulty": "0x0",
        "extraData": "0x",
        "mixHash": NO_HASH,
        "size": abi::quantity(size),
        "gasLimit": "0x1c9c380",
        "gasUsed": "0x0",
        "baseFeePerGas": "0x0",
        "transactions": transactions,
        "uncles": [],
    }))
}

fn one(app: &App, block: &BlockView, transaction: &TransactionView, logs: &[Log]) -> Value {
    let own: Vec<&Log> = own(logs, transaction).collect();
    json!({
        "hash": prefixed(&transaction.id),
        "blockHash": prefixed(&block.block),
        "blockNumber": abi::quantity(block.height),
        "transactionIndex": abi::quantity(transaction.index.unwrap_or(0).into()),
        "from": prefixed(&transaction.author),
        "to": abi::hex(target(&own).as_bytes()),
        "input": abi::hex(&input(transaction, &own)),
        "nonce": abi::quantity(transaction.sequence),
        "value": "0x0",
        "gas": "0x0",
        "gasPrice": "0x0",
        "type": "0x0",
        "chainId": abi::quantity(super::chain_id(app)),
        "v": "0x1b",
        "r": PLACE,
        "s": PLACE,
    })
}

fn own<'a>(logs: &'a [Log], transaction: &'a TransactionView) -> impl Iterator<Item = &'a Log> {
    logs.iter().filter(|log| log.record().transaction.to_string() == transaction.id)
}

/// The contract of a transaction about tokens. What two authorities settled is the hive's, also where it mints.
fn target(own: &[&Log]) -> Address {
    match own {
        [log] if !matches!(log.record().movement, TokenMovement::Minted { .. }) => {
            contracts::address_of(log.token())
        }
        _ => contracts::HIVE,
    }
}

/// The call that an Ethereum wallet would have made.
fn input(transaction: &TransactionView, own: &[&Log]) -> Vec<u8> {
    let [log] = own else { return Vec::new() };
    let word = |address: Address| abi::address(address.as_bytes());
    match log.record().movement {
        TokenMovement::Moved { from, to, amount, .. } => {
            let amount = abi::number(amount.0);
            if transaction.kind == "token.transfer_from" {
                abi::call("transferFrom(address,address,uint256)", &[word(from), word(to), amount])
            } else {
                abi::call("transfer(address,uint256)", &[word(to), amount])
            }
        }
        TokenMovement::Approved { spender, amount, .. } => {
            abi::call("approve(address,uint256)", &[word(spender), abi::number(amount.0)])
        }
        TokenMovement::Minted { .. } | TokenMovement::Retired { .. } => Vec::new(),
    }
}

fn hash(params: &[Value]) -> Result<Word, Failure> {
    let bytes = params.first().and_then(Value::as_str).and_then(abi::bytes);
    let wrong = || Failure::params("expected a hash of 32 bytes as first parameter");
    bytes.and_then(|bytes| Word::try_from(bytes).ok()).ok_or_else(wrong)
}

fn is_full(params: &[Value]) -> Result<bool, Failure> {
    match params.get(1) {
        None | Some(Value::Null) => Ok(false),
        Some(value) => {
            value.as_bool().ok_or_else(|| Failure::params("expected true or false as second parameter"))
        }
    }
}

fn prefixed(hex: &str) -> String {
    format!("0x{hex}")
}
