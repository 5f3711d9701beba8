//! What wallets and explorers ask of an Ethereum node (JSON-RPC 2.0), answered from this hive's ledger. It only reads:
//! nothing that is asked here changes anything, and no contract code runs anywhere.

mod abi;
mod blocks;
mod contracts;
mod logs;

use crate::app::{App, Shared};
use crate::extract::{JSON_BODY_BYTES_MAX, Raw};
use crate::problem::{Kind, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Requests of one batch.
const BATCH_MAX: usize = 50;
/// Bytes of a request's id, as JSON.
const ID_BYTES_MAX: usize = 256;
/// Blocks that `eth_feeHistory` tells of.
const FEE_BLOCKS_MAX: u64 = 1_024;
/// Above the chain ids of every public list, below 2^53.
const CHAIN_ID_BASE: u64 = 0x53_0000_0000;

/// The hive's ledger as an ERC-20 wallet reads it: JSON-RPC 2.0, one request or a batch of at most 50.
///
/// Token `NRG` (1 unit = 1 Wh of solar sold to neighbours) is found under
/// `0x4e52470000000000000000000000000000000001`, carbon credits under `0x434f320000000000000000000000000000000001`.
/// Addresses are the members' own. Both are accounting units of this hive: not money, redeemable for nothing, on no public
/// chain; there are no smart contracts, and whatever would write is refused. Methods: `eth_chainId net_version
/// web3_clientVersion web3_sha3 net_listening eth_blockNumber eth_syncing eth_accounts eth_call eth_getLogs
/// eth_getBlockByNumber eth_getBlockByHash eth_getBlockTransactionCountByNumber eth_getTransactionByHash
/// eth_getTransactionReceipt eth_getTransactionCount eth_getBalance eth_getCode eth_getStorageAt eth_gasPrice
/// eth_maxPriorityFeePerGas eth_estimateGas eth_feeHistory`. Another one is answered -32601.
#[utoipa::path(
    post, path = "/rpc", tag = "ledger",
    request_body(content = Value, content_type = "application/json"),
    responses(
        (status = 200, description = "An answer, or one for each request of a batch; failures are answers too", body = Value),
        (status = 204, description = "Notifications only: there is nothing to answer"),
    )
)]
pub(crate) async fn rpc(
    State(app): Shared,
    Raw(body): Raw<JSON_BODY_BYTES_MAX>,
) -> Result<Response, Problem> {
    let answer = match read(&body)? {
        Value::Array(batch) => many(&app, batch).await,
        one @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            self::one(&app, one).await
        }
    };
    Ok(answer.map_or_else(|| StatusCode::NO_CONTENT.into_response(), |answer| Json(answer).into_response()))
}

/// Like any other route; clients take a status for a failure as well.
fn read(body: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(body)
        .map_err(|error| Problem::new(Kind::Malformed, error.to_string()).field("body"))
}

/// What a body asks for, without an answer: requests that name a method, and what is no request.
pub(crate) fn requests(body: &[u8]) -> Result<(usize, usize), Problem> {
    let all = match read(body)? {
        Value::Array(batch) if batch.len() > BATCH_MAX => return Ok((0, 1)),
        Value::Array(batch) => batch,
        one @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            vec![one]
        }
    };
    let asking = all.iter().filter(|request| asked(request).is_ok()).count();
    Ok((asking, all.len() - asking))
}

async fn many(app: &App, batch: Vec<Value>) -> Option<Value> {
    if batch.is_empty() {
        return Some(Failure::request("expected at least one request").answer(&Value::Null));
    }
    if batch.len() > BATCH_MAX {
        let detail = format!("expected at most {BATCH_MAX} requests, found {}", batch.len());
        return Some(Failure::limit(detail).answer(&Value::Null));
    }
    let mut answers = Vec::with_capacity(batch.len());
    for request in batch {
        answers.extend(one(app, request).await);
    }
    (!answers.is_empty()).then_some(Value::Array(answers))
}

/// The answer; none to a notification.
async fn one(app: &App, request: Value) -> Option<Value> {
    let id = request.get("id").cloned();
    let is_id = |id: &Value| {
        (id.is_string() || id.is_number() || id.is_null()) && id.to_string().len() <= ID_BYTES_MAX
    };
    if id.as_ref().is_some_and(|id| !is_id(id)) {
        return Some(Failure::request("expected a short text or a number as `id`").answer(&Value::Null));
    }
    let answered = run(app, &request).await;
    let shown = id.clone().unwrap_or(Value::Null);
    match answered {
        // What is no request cannot be a notification either.
        Err(failure) if failure.code == INVALID_REQUEST => Some(failure.answer(&shown)),
        Ok(_) | Err(_) if id.is_none() => None,
        Ok(result) => Some(json!({ "jsonrpc": "2.0", "id": shown, "result": result })),
        Err(failure) => Some(failure.answer(&shown)),
    }
}

/// The method and its parameters.
fn asked(request: &Value) -> Result<(&str, &[Value]), Failure> {
    let request = request.as_object().ok_or_else(|| Failure::request("expected an object"))?;
    if request.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(Failure::request("expected `jsonrpc` to be \"2.0\""));
    }
    let method = request.get("method").and_then(Value::as_str);
    let method = method.ok_or_else(|| Failure::request("expected a `method`"))?;
    match request.get("params") {
        None | Some(Value::Null) => Ok((method, &[])),
        Some(Value::Array(params)) => Ok((method, params)),
        Some(_) => Err(Failure::params("expected `params` to be a list")),
    }
}

async fn run(app: &App, request: &Value) -> Result<Value, Failure> {
    let (method, params) = asked(request)?;
    call(app, method, params).await
}

async fn call(app: &App, method: &str, params: &[Value]) -> Result<Value, Failure> {
    match method {
        "eth_chainId" => Ok(json!(abi::quantity(chain_id(app)))),
        "net_version" => Ok(json!(chain_id(app).to_string())),
        "net_listening" => Ok(json!(true)),
        "web3_clientVersion" => Ok(json!(format!("symbiose/{}", env!("CARGO_PKG_VERSION")))),
        "web3_sha3" => Ok(json!(abi::hex(&abi::keccak(&bytes(params, 0)?)))),
        "eth_blockNumber" => Ok(json!(abi::quantity(app.picture().head.height))),
        "eth_syncing" => Ok(json!(false)),
        "eth_accounts" => Ok(json!([])),
        "eth_call" => contracts::call(app, params).await,
        "eth_getLogs" => logs::find(app, params).await,
        "eth_getBlockByNumber" => blocks::numbered(app, params).await,
        "eth_getBlockByHash" => blocks::hashed(app, params).await,
        "eth_getBlockTransactionCountByNumber" => blocks::count(app, params).await,
        "eth_getTransactionByHash" => blocks::transaction(app, params).await,
        "eth_getTransactionReceipt" => blocks::receipt(app, params).await,
        "eth_getCode" => Ok(json!(contracts::code_at(&address(params)?))),
        // There is no coin, nobody signs with an Ethereum key, nothing is stored under slots.
        "eth_getBalance" | "eth_getTransactionCount" => address(params).map(|_| json!("0x0")),
        "eth_getStorageAt" => address(params).map(|_| json!(abi::hex(&abi::number(0)))),
        "eth_gasPrice" | "eth_maxPriorityFeePerGas" | "eth_estimateGas" => Ok(json!("0x0")),
        "eth_feeHistory" => fee_history(app, params),
        _ if is_write(method) => Err(Failure::new(-32_004, contracts::ONLY_READS)),
        _ => Err(Failure::new(-32_601, format!("there is no method `{}`", shortened(method)))),
    }
}

fn is_write(method: &str) -> bool {
    ["eth_send", "eth_sign", "personal_", "wallet_", "miner_"].iter().any(|start| method.starts_with(start))
}

/// A number that no public list has, from the first bytes of the hive's id.
fn chain_id(app: &App) -> u64 {
    let picture = app.picture();
    let digits = picture.head.chain.get(..8).unwrap_or_default();
    CHAIN_ID_BASE + u64::from_str_radix(digits, 16).unwrap_or(0)
}

/// Nothing costs anything.
fn fee_history(app: &App, params: &[Value]) -> Result<Value, Failure> {
    let wrong = || Failure::params("expected a number of blocks, a block, and a list of percentiles");
    let count = match params.first() {
        Some(Value::String(text)) => abi::as_quantity(text).ok_or_else(wrong)?,
        Some(Value::Number(number)) => number.as_u64().ok_or_else(wrong)?,
        Some(_) | None => return Err(wrong()),
    };
    let newest = block_tag(app, params.get(1))?.min(app.picture().head.height);
    let percentiles = match params.get(2) {
        None | Some(Value::Null) => 0,
        Some(Value::Array(percentiles)) if percentiles.len() <= 100 => percentiles.len(),
        Some(_) => return Err(wrong()),
    };
    let count = count.min(FEE_BLOCKS_MAX).min(newest + 1);
    let blocks = usize::try_from(count).expect("invariant: bounded above");
    let mut answer = json!({
        "oldestBlock": abi::quantity((newest + 1).saturating_sub(count)),
        "baseFeePerGas": vec!["0x0"; blocks + 1],
        "gasUsedRatio": vec![0; blocks],
    });
    if percentiles > 0 {
        answer["reward"] = json!(vec![vec!["0x0"; percentiles]; blocks]);
    }
    Ok(answer)
}

/// The height that a block parameter means. The founding document is no block: the first one has height 1.
fn block_tag(app: &App, value: Option<&Value>) -> Result<u64, Failure> {
    let head = app.picture().head.height;
    let wrong = || {
        Failure::params("expected a block: a number behind 0x, or latest, safe, finalized, pending, earliest")
    };
    match value {
        None | Some(Value::Null) => Ok(head),
        Some(Value::String(text)) => match text.as_str() {
            "latest" | "safe" | "finalized" | "pending" => Ok(head),
            "earliest" => Ok(head.min(1)),
            other => abi::as_quantity(other).ok_or_else(wrong),
        },
        Some(_) => Err(wrong()),
    }
}

/// Balances are told as they are now, and as at no other height.
fn param_block(app: &App, value: Option<&Value>) -> Result<(), Failure> {
    let (height, head) = (block_tag(app, value)?, app.picture().head.height);
    if height == head {
        return Ok(());
    }
    let detail = format!("block {height}: only the state after the newest block, {head}, is kept");
    Err(Failure::new(-32_000, detail))
}

fn address(params: &[Value]) -> Result<Vec<u8>, Failure> {
    let address = bytes(params, 0).ok().filter(|bytes| bytes.len() == 20);
    address.ok_or_else(|| Failure::params("expected an address of 20 bytes as first parameter"))
}

fn bytes(params: &[Value], place: usize) -> Result<Vec<u8>, Failure> {
    let bytes = params.get(place).and_then(Value::as_str).and_then(abi::bytes);
    bytes.ok_or_else(|| Failure::params("expected hexadecimal digits behind 0x"))
}

fn shortened(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(64).collect()
}

const INVALID_REQUEST: i32 = -32_600;

/// Why a request fails: a code of JSON-RPC 2.0 or EIP-1474, and words.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Failure {
    code: i32,
    message: String,
}

impl Failure {
    fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    fn request(message: &str) -> Self {
        Self::new(INVALID_REQUEST, message)
    }

    fn params(message: impl Into<String>) -> Self {
        Self::new(-32_602, message)
    }

    fn limit(message: impl Into<String>) -> Self {
        Self::new(-32_005, message)
    }

    fn internal(message: impl Into<String>) -> Self {
        Self::new(-32_603, message)
    }

    fn reverted(message: &str) -> Self {
        Self::new(3, format!("execution reverted: {message}"))
    }

    fn answer(&self, id: &Value) -> Value {
        json!({ "jsonrpc": "2.0", "id": id, "error": { "code": self.code, "message": self.message } })
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let passes = [Kind::TooMany, Kind::Unavailable, Kind::Timeout];
        if problem.kind == Kind::TooLarge {
            Self::limit(problem.detail)
        } else if passes.contains(&problem.kind) {
            Self::new(-32_000, problem.detail)
        } else {
            Self::internal(problem.detail)
        }
    }
}
