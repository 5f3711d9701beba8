//! A ballot's receipt, made as a phone makes it: of what its node took and the proof that the ledger holds it.

use ledger::light::{self, Inclusion};
use protocol::assembly::{AssemblyId, Receipt, SignedPromise};
use protocol::consensus::Round;
use protocol::hex::unhex;
use protocol::limits::{BLOCK_HEADER_BYTES_MAX, TRANSACTION_BYTES_MAX};
use protocol::{
    AuthoritySet, BlockHeader, Bounded, Certificate, CertificateSignature, ChainId, Digest, Height,
    Transaction, decode,
};
use serde_json::Value;

use crate::error::{Error, Result};

/// The receipt of a ballot from the proof of its transaction, as the API gives it. Nothing of it is checked yet.
pub fn of(
    proof: &Value,
    ballot: (AssemblyId, Digest),
    promise: Option<SignedPromise>,
    trusted: &AuthoritySet,
) -> Result<Receipt> {
    let transaction: Transaction = decode(&bytes(proof, "leaf")?, TRANSACTION_BYTES_MAX).map_err(wrong)?;
    let header: BlockHeader = decode(&bytes(proof, "header")?, BLOCK_HEADER_BYTES_MAX).map_err(wrong)?;
    let path = proof["path"].as_array().into_iter().flatten();
    let path =
        path.map(|hash| Ok(*hash.as_str().unwrap_or_default().parse::<Digest>().map_err(wrong)?.as_bytes()));
    let path: Vec<[u8; 32]> = path.collect::<Result<_>>()?;
    let certificate = certificate(&proof["certificate"])?;
    let inclusion = Inclusion {
        transaction: &transaction,
        index: number(proof, "leaf_index")?,
        path: &path,
        header: &header,
        certificate: &certificate,
    };
    light::receipt(&inclusion, ballot, trusted.quorum(), promise).map_err(wrong)
}

/// A node's promise, whose signature holds.
pub fn promise(digits: &str, chain: &ChainId) -> Result<SignedPromise> {
    let bytes = unhex(digits).ok_or_else(|| wrong("expected hex digits in pairs"))?;
    SignedPromise::open(&bytes, chain).map_err(wrong)
}

/// The text in a field of an answer.
pub fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str> {
    value[field].as_str().ok_or_else(|| Error::Expectation(format!("a text in {field}, found {value}")))
}

/// An id or a key in a field of an answer.
pub fn parsed<T: std::str::FromStr>(value: &Value, field: &str) -> Result<T> {
    let wrong = |_| Error::Expectation(format!("hex digits in {field}, found {value}"));
    text(value, field)?.parse().map_err(wrong)
}

fn certificate(view: &Value) -> Result<Certificate> {
    let signatures = view["signatures"].as_array().into_iter().flatten().map(|signature| {
        let (address, signature) = (parsed(signature, "authority")?, parsed(signature, "signature")?);
        Ok(CertificateSignature { address, signature })
    });
    let round = u32::try_from(number(view, "round")?).map_err(wrong)?;
    Ok(Certificate {
        height: Height(number(view, "height")?),
        round: Round(round),
        block: parsed(view, "block")?,
        signatures: Bounded::new(signatures.collect::<Result<_>>()?).map_err(wrong)?,
    })
}

fn number(value: &Value, field: &str) -> Result<u64> {
    value[field].as_u64().ok_or_else(|| Error::Expectation(format!("a number in {field}, found {value}")))
}

fn bytes(value: &Value, field: &str) -> Result<Vec<u8>> {
    unhex(text(value, field)?).ok_or_else(|| wrong(format!("expected hex digits in {field}, found {value}")))
}

fn wrong(detail: impl std::fmt::Display) -> Error {
    Error::Expectation(format!("a receipt: {detail}"))
}
