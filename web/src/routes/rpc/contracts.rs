//! The two contracts that clients see: the accounting token and the carbon credits. Both are only read.

use super::abi::{self, Word};
use super::{Failure, param_block};
use crate::app::App;
use crate::request::{QueryCall, TokenCall};
use protocol::Address;
use protocol::token::Token;
use serde_json::{Value, json};

/// What has to be said wherever somebody might take it for more.
pub(super) const ONLY_READS: &str = "this facade only reads; tokens are moved through the node's own API, under the \
                                     building's Ed25519 key. They are accounting units of this hive: not money, \
                                     redeemable for nothing, on no public chain, and no contract code runs here";

/// `NRG` in ASCII, then 1.
const NRG: Address = contract(*b"NRG");
/// `CO2` in ASCII, then 1.
const CARBON: Address = contract(*b"CO2");
/// Where transactions that are none of tokens go: `HIV` in ASCII, then 1.
pub(super) const HIVE: Address = contract(*b"HIV");

const fn contract(name: [u8; 3]) -> Address {
    let mut bytes = [0; 20];
    bytes[0] = name[0];
    bytes[1] = name[1];
    bytes[2] = name[2];
    bytes[19] = 1;
    Address::new(bytes)
}

/// The address that a token is found under.
pub(super) const fn address_of(token: Token) -> Address {
    match token {
        Token::Nrg => NRG,
        Token::Carbon => CARBON,
    }
}

/// The token found under an address.
pub(super) fn token_at(address: &[u8]) -> Option<Token> {
    [Token::Nrg, Token::Carbon].into_iter().find(|token| address_of(*token).as_bytes() == address)
}

/// A word that is no code, so that clients see that a contract lives there.
pub(super) fn code_at(address: &[u8]) -> String {
    // INVALID: whoever runs it learns at once that nothing runs here.
    if token_at(address).is_some() { "0xfe".to_owned() } else { "0x".to_owned() }
}

/// `eth_call`: what a function of a contract answers now.
pub(super) async fn call(app: &App, params: &[Value]) -> Result<Value, Failure> {
    param_block(app, params.get(1))?;
    let wrong = |detail: &str| Failure::params(format!("expected {detail}"));
    let call = params.first().and_then(Value::as_object).ok_or_else(|| wrong("a call as first parameter"))?;
    let of = |name: &str| match call.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let bytes = value.as_str().and_then(abi::bytes);
            bytes.map(Some).ok_or_else(|| wrong(&format!("`{name}` in hexadecimal digits behind 0x")))
        }
    };
    let to = of("to")?.filter(|to| to.len() == 20).ok_or_else(|| wrong("`to` to be an address"))?;
    let input = match of("input")? {
        Some(input) => input,
        None => of("data")?.unwrap_or_default(),
    };
    match token_at(&to) {
        Some(token) => Ok(json!(abi::hex(&answer(app, token, &input).await?))),
        // As anywhere where there is no code.
        None => Ok(json!("0x")),
    }
}

async fn answer(app: &App, token: Token, input: &[u8]) -> Result<Vec<u8>, Failure> {
    let (name, symbol) = match token {
        Token::Nrg => ("Solar shared with neighbours, accounting unit", "NRG"),
        Token::Carbon => ("CO2e said to be saved, accounting unit", "KGCO2E"),
    };
    let reverted = || Failure::reverted("the contract has no such function");
    let (selector, words) = input.split_at_checked(4).ok_or_else(reverted)?;
    let is = |signature: &str| abi::selector(signature) == selector;
    let account = |place: usize| {
        let word: &[u8] = words.get(32 * place..32 * (place + 1)).unwrap_or_default();
        let wrong = || Failure::reverted("an argument is not an address");
        abi::as_address(word).map(Address::new).ok_or_else(wrong)
    };
    let units = if is("name()") {
        return Ok(abi::text(name));
    } else if is("symbol()") {
        return Ok(abi::text(symbol));
    } else if is("decimals()") {
        u64::from(token.decimals())
    } else if is("totalSupply()") {
        ask(app, |reply| TokenCall::Supply { token, reply }).await?.0
    } else if is("balanceOf(address)") {
        let owner = account(0)?;
        ask(app, |reply| TokenCall::Balance { token, owner, reply }).await?.0
    } else if is("allowance(address,address)") {
        let (owner, spender) = (account(0)?, account(1)?);
        ask(app, |reply| TokenCall::Allowance { token, owner, spender, reply }).await?.0
    } else if WRITES.iter().any(|signature| is(signature)) {
        return Err(Failure::reverted(ONLY_READS));
    } else {
        return Err(reverted());
    };
    let word: Word = abi::number(units);
    Ok(word.to_vec())
}

const WRITES: [&str; 3] =
    ["transfer(address,uint256)", "approve(address,uint256)", "transferFrom(address,address,uint256)"];

pub(super) async fn ask<T>(app: &App, call: impl FnOnce(crate::Reply<T>) -> TokenCall) -> Result<T, Failure> {
    app.query(|reply| QueryCall::Token(call(reply))).await.map_err(Failure::from)
}
