//! Events: what happened to tokens as ERC-20's `Transfer` and `Approval`. What is minted comes from the zero address,
//! what is retired goes to it.

use super::abi::{self, Word};
use super::{Failure, block_tag, contracts};
use crate::app::App;
use crate::request::TokenCall;
use crate::view::{TokenMovement, TokenRecord};
use protocol::token::{Amount, Token};
use protocol::{Address, BlockId};
use serde_json::{Map, Value, json};
use std::ops::RangeInclusive;

/// Blocks of one question.
pub(super) const BLOCKS_MAX: u64 = 100_000;
/// Events of one answer, and events that are looked at for it.
pub(super) const EVENTS_MAX: usize = 2_000;
/// Addresses, and topics at one place, of a filter.
const ALTERNATIVES_MAX: usize = 100;
const ZERO: Address = Address::new([0; 20]);

/// One event.
#[derive(Clone, Debug)]
pub(super) struct Log {
    token: Token,
    topics: [Word; 3],
    data: Word,
    record: TokenRecord,
}

impl Log {
    pub(super) fn of(record: TokenRecord) -> Self {
        let event = |signature: &str, token, from: Address, to: Address, amount: Amount| Self {
            token,
            topics: [
                abi::keccak(signature.as_bytes()),
                abi::address(from.as_bytes()),
                abi::address(to.as_bytes()),
            ],
            data: abi::number(amount.0),
            record,
        };
        let transfer = "Transfer(address,address,uint256)";
        match record.movement {
            TokenMovement::Minted { asset, to, amount } => event(transfer, asset.token(), ZERO, to, amount),
            TokenMovement::Moved { asset, from, to, amount } => {
                event(transfer, asset.token(), from, to, amount)
            }
            TokenMovement::Retired { asset, owner, amount, .. } => {
                event(transfer, asset.token(), owner, ZERO, amount)
            }
            TokenMovement::Approved { token, owner, spender, amount } => {
                event("Approval(address,address,uint256)", token, owner, spender, amount)
            }
        }
    }

    pub(super) fn token(&self) -> Token {
        self.token
    }

    pub(super) fn record(&self) -> &TokenRecord {
        &self.record
    }

    pub(super) fn json(&self) -> Value {
        let record = &self.record;
        json!({
            "address": abi::hex(contracts::address_of(self.token).as_bytes()),
            "topics": self.topics.map(|topic| abi::hex(&topic)),
            "data": abi::hex(&self.data),
            "blockNumber": abi::quantity(record.height),
            "blockHash": abi::hex(record.block.as_bytes()),
            "transactionHash": abi::hex(record.transaction.as_bytes()),
            "transactionIndex": abi::quantity(record.index.into()),
            "logIndex": abi::quantity(record.place.into()),
            "removed": false,
        })
    }
}

/// The filter of some events.
pub(super) fn bloom<'a>(logs: impl IntoIterator<Item = &'a Log>) -> String {
    let mut bloom = [0; 256];
    for log in logs {
        abi::add_to_bloom(&mut bloom, contracts::address_of(log.token).as_bytes());
        log.topics.iter().for_each(|topic| abi::add_to_bloom(&mut bloom, topic));
    }
    abi::hex(&bloom)
}

/// Events of blocks, in order.
pub(super) async fn of_blocks(app: &App, heights: RangeInclusive<u64>) -> Result<Vec<Log>, Failure> {
    let records =
        contracts::ask(app, |reply| TokenCall::Records { heights, limit: EVENTS_MAX, reply }).await?;
    Ok(records.into_iter().map(Log::of).collect())
}

/// `eth_getLogs`.
pub(super) async fn find(app: &App, params: &[Value]) -> Result<Value, Failure> {
    let wrong = |detail: &str| Failure::params(format!("expected {detail}"));
    let filter =
        params.first().and_then(Value::as_object).ok_or_else(|| wrong("a filter as first parameter"))?;
    let wanted = Wanted::read(filter)?;
    let heights = match filter.get("blockHash") {
        None | Some(Value::Null) => range(app, filter)?,
        Some(hash) => {
            let hash = hash.as_str().and_then(abi::bytes).and_then(|bytes| Word::try_from(bytes).ok());
            let hash = hash.map(BlockId::new).ok_or_else(|| wrong("`blockHash` of 32 bytes"))?;
            let block = super::blocks::by_hash(app, hash).await?;
            let height = block.ok_or_else(|| Failure::params("there is no block of that hash"))?.height;
            height..=height
        }
    };
    let logs = of_blocks(app, heights).await?;
    Ok(logs.iter().filter(|log| wanted.has(log)).map(Log::json).collect())
}

fn range(app: &App, filter: &Map<String, Value>) -> Result<RangeInclusive<u64>, Failure> {
    let (from, to) = (block_tag(app, filter.get("fromBlock"))?, block_tag(app, filter.get("toBlock"))?);
    if to < from {
        return Err(Failure::params("expected `fromBlock` not after `toBlock`"));
    }
    if to - from >= BLOCKS_MAX {
        return Err(Failure::limit(format!("a question covers at most {BLOCKS_MAX} blocks")));
    }
    Ok(from..=to)
}

/// What a filter asks for.
struct Wanted {
    addresses: Option<Vec<Vec<u8>>>,
    /// For each place the topics that pass; none passes all.
    topics: Vec<Option<Vec<Vec<u8>>>>,
}

impl Wanted {
    fn read(filter: &Map<String, Value>) -> Result<Self, Failure> {
        let addresses = alternatives("address", filter.get("address"), 20)?;
        let topics = match filter.get("topics") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(places)) if places.len() <= 4 => places
                .iter()
                .map(|place| alternatives("topics", Some(place), 32))
                .collect::<Result<_, _>>()?,
            Some(_) => return Err(Failure::params("expected `topics` to be a list of at most four")),
        };
        Ok(Self { addresses, topics })
    }

    fn has(&self, log: &Log) -> bool {
        let passes = |wanted: &Option<Vec<Vec<u8>>>, found: &[u8]| {
            wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|one| one == found))
        };
        // A place beyond the topics of an event asks for one that is not there.
        self.topics.len() <= log.topics.len()
            && passes(&self.addresses, contracts::address_of(log.token).as_bytes())
            && self.topics.iter().zip(&log.topics).all(|(wanted, found)| passes(wanted, found))
    }
}

/// One value or any of several; none and an empty list pass everything.
fn alternatives(name: &str, value: Option<&Value>, length: usize) -> Result<Option<Vec<Vec<u8>>>, Failure> {
    let wrong =
        || Failure::params(format!("expected `{name}` of {length} bytes each, {ALTERNATIVES_MAX} at most"));
    let read = |value: &Value| {
        let bytes = value.as_str().and_then(abi::bytes);
        bytes.filter(|bytes| bytes.len() == length).ok_or_else(wrong)
    };
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(all)) if all.is_empty() => Ok(None),
        Some(Value::Array(all)) if all.len() > ALTERNATIVES_MAX => Err(wrong()),
        Some(Value::Array(all)) => all.iter().map(read).collect::<Result<_, _>>().map(Some),
        Some(one) => Ok(Some(vec![read(one)?])),
    }
}
