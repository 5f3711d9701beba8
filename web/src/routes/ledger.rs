//! The ledger: head, blocks, transactions and their proofs to look at; signed transactions to hand in.

use crate::actor::Actor;
use crate::app::{Shared, wrong_answer};
use crate::extract::{Id, Query, Raw};
use crate::list::{LIMIT_DEFAULT, LIMIT_MAX, Page, Paging, cut, limit};
use crate::problem::{Kind, Problem, ProblemDocument};
use crate::request::{Answer, Command, Outcome, QueryCall, SubmittedTransaction};
use crate::view::{BlockSummary, BlockView, LedgerHead, ProofView, TransactionView};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Buf, Bytes};
use protocol::limits::TRANSACTION_BYTES_MAX;
use serde::Deserialize;
use utoipa::IntoParams;

/// Transactions in one request.
const SUBMITTED_MAX: usize = 500;
/// Bytes of one request.
const BODY_BYTES_MAX: usize = SUBMITTED_MAX * (TRANSACTION_BYTES_MAX + 4);

/// The last final block of this node.
#[utoipa::path(
    get, path = "/api/v1/ledger/head", tag = "ledger",
    responses((status = 200, description = "The head", body = LedgerHead))
)]
pub(crate) async fn head(State(app): Shared) -> Json<LedgerHead> {
    Json(app.picture().head.clone())
}

/// Final blocks, newest first.
#[utoipa::path(
    get, path = "/api/v1/ledger/blocks", tag = "ledger", params(Paging),
    responses((status = 200, description = "Newest first", body = Page<BlockSummary>))
)]
pub(crate) async fn blocks(
    State(app): Shared,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<BlockSummary>>, Problem> {
    let limit = limit(paging.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
    let before = paging.cursor.as_deref().map(|cursor| height("cursor", cursor)).transpose()?;
    let blocks = app.query(|reply| QueryCall::Blocks { before, limit: limit + 1, reply }).await?;
    Ok(Json(cut(blocks, limit, |block| block.height.to_string())))
}

/// One block with its transactions.
#[utoipa::path(
    get, path = "/api/v1/ledger/blocks/{height}", tag = "ledger", params(("height" = u64, Path)),
    responses((status = 200, description = "The block", body = BlockView))
)]
pub(crate) async fn block(State(app): Shared, Id(text): Id) -> Result<Json<BlockView>, Problem> {
    let height = height("height", &text)?;
    app.query(|reply| QueryCall::Block { height, reply }).await.map(Json)
}

/// One transaction.
#[utoipa::path(
    get, path = "/api/v1/ledger/transactions/{id}", tag = "ledger", params(("id" = String, Path)),
    responses((status = 200, description = "The transaction", body = TransactionView))
)]
pub(crate) async fn transaction(State(app): Shared, Id(id): Id) -> Result<Json<TransactionView>, Problem> {
    let id = transaction_id(id)?;
    app.query(|reply| QueryCall::Transaction { id, reply }).await.map(Json)
}

/// What proves that a transaction is in the ledger.
#[utoipa::path(
    get, path = "/api/v1/ledger/transactions/{id}/proof", tag = "ledger", params(("id" = String, Path)),
    responses((status = 200, description = "Leaf, path, header and certificate", body = ProofView))
)]
pub(crate) async fn proof(State(app): Shared, Id(id): Id) -> Result<Json<ProofView>, Problem> {
    let id = transaction_id(id)?;
    app.query(|reply| QueryCall::Proof { id, reply }).await.map(Json)
}

/// How long to wait for a submission.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Submission {
    /// `committed`: answer when every transaction is final or refused. Otherwise once they are in the mempool.
    wait: Option<String>,
}

/// Hands in signed transactions: one as `application/cbor` (its canonical bytes), or up to 500 as
/// `application/octet-stream`, each behind its length as four bytes, big-endian.
///
/// Answers 202 when some are accepted but not final, 200 when all are final or refused, 422 when all are refused.
#[utoipa::path(
    post, path = "/api/v1/ledger/transactions", tag = "ledger", params(Submission),
    request_body(content(("application/cbor"), ("application/octet-stream"))),
    responses(
        (status = 200, description = "Each is final or refused", body = Page<SubmittedTransaction>),
        (status = 202, description = "In the mempool", body = Page<SubmittedTransaction>),
        (
            status = 415, description = "Another content type", body = ProblemDocument,
            content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn submit(
    State(app): Shared,
    by: Actor,
    Query(submission): Query<Submission>,
    headers: HeaderMap,
    Raw(body): Raw<BODY_BYTES_MAX>,
) -> Result<(StatusCode, Json<Page<SubmittedTransaction>>), Problem> {
    let wait = match submission.wait.as_deref() {
        None => false,
        Some("committed") => true,
        Some(_) => return Err(Problem::new(Kind::Invalid, "expected `committed`").field("wait")),
    };
    let transactions = transactions(&headers, body)?;
    let command = Command::SubmitTransactions { transactions, wait };
    let Answer::Submitted(items) = app.command(by, command).await? else { return Err(wrong_answer()) };
    let status = if items.iter().any(|item| item.outcome == Outcome::Accepted) {
        StatusCode::ACCEPTED
    } else {
        StatusCode::OK
    };
    match all_refused(&items) {
        Some(reason) => Err(Problem::new(Kind::Refused, reason)),
        None => Ok((status, Json(Page { items, next: None }))),
    }
}

/// The first reason when not one got through.
fn all_refused(items: &[SubmittedTransaction]) -> Option<String> {
    let mut first = None;
    for item in items {
        match &item.outcome {
            Outcome::Refused { reason } => first = first.or_else(|| Some(reason.clone())),
            Outcome::Accepted | Outcome::Committed { .. } => return None,
        }
    }
    first
}

fn transactions(headers: &HeaderMap, body: Bytes) -> Result<Vec<Bytes>, Problem> {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match content_type.split(';').next().unwrap_or_default().trim() {
        "application/cbor" => Ok(vec![bounded(body)?]),
        "application/octet-stream" => prefixed(body),
        _ => {
            let detail =
                "expected application/cbor (one transaction) or application/octet-stream (length-prefixed)";
            Err(Problem::new(Kind::UnsupportedMediaType, detail).field("content-type"))
        }
    }
}

fn prefixed(mut body: Bytes) -> Result<Vec<Bytes>, Problem> {
    let mut transactions = Vec::new();
    while body.has_remaining() {
        let short = || {
            Problem::new(Kind::Malformed, "expected four bytes of length and that many bytes").field("body")
        };
        let length = body.try_get_u32().map_err(|_| short())? as usize;
        if length > body.remaining() {
            return Err(short());
        }
        if transactions.len() == SUBMITTED_MAX {
            let detail = format!("expected at most {SUBMITTED_MAX} transactions");
            return Err(Problem::new(Kind::TooLarge, detail).field("body"));
        }
        transactions.push(bounded(body.split_to(length))?);
    }
    if transactions.is_empty() {
        return Err(Problem::new(Kind::Malformed, "expected at least one transaction").field("body"));
    }
    Ok(transactions)
}

fn bounded(transaction: Bytes) -> Result<Bytes, Problem> {
    if (1..=TRANSACTION_BYTES_MAX).contains(&transaction.len()) {
        return Ok(transaction);
    }
    let detail =
        format!("expected a transaction of 1 to {TRANSACTION_BYTES_MAX} bytes, found {}", transaction.len());
    Err(Problem::new(Kind::TooLarge, detail).field("body"))
}

fn height(field: &str, text: &str) -> Result<u64, Problem> {
    let wrong = |_| Problem::new(Kind::Invalid, "expected a block height").field(field);
    text.parse().map_err(wrong)
}

/// Lower-case hex of 32 bytes; anything else cannot be there.
fn transaction_id(text: String) -> Result<String, Problem> {
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(Problem::new(Kind::NotFound, "a transaction id has 64 hex digits").field("id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_cut_at_its_lengths() {
        let body = |bytes: &[u8]| prefixed(Bytes::copy_from_slice(bytes));
        assert_eq!(body(&[0, 0, 0, 1, 7, 0, 0, 0, 2, 8, 9]), Ok(vec![vec![7].into(), vec![8, 9].into()]));
        for wrong in [&[][..], &[0, 0, 0], &[0, 0, 0, 2, 7], &[255, 255, 255, 255, 7]] {
            assert_eq!(body(wrong).map_err(|problem| problem.kind), Err(Kind::Malformed), "{wrong:?}");
        }
        assert_eq!(body(&[0, 0, 0, 0]).map_err(|problem| problem.kind), Err(Kind::TooLarge));
        assert_eq!(body(&[0, 0, 0, 1, 7].repeat(500)).map(|batch| batch.len()), Ok(500));
        assert_eq!(body(&[0, 0, 0, 1, 7].repeat(501)).map_err(|problem| problem.kind), Err(Kind::TooLarge));
    }

    #[test]
    fn one_that_got_through_is_enough() {
        let refused = SubmittedTransaction {
            id: String::new(),
            outcome: Outcome::Refused { reason: "sequence".into() },
        };
        let accepted = SubmittedTransaction { id: String::new(), outcome: Outcome::Accepted };
        assert_eq!(all_refused(&[refused.clone(), accepted]), None);
        assert_eq!(all_refused(&[refused]), Some("sequence".to_owned()));
    }
}
