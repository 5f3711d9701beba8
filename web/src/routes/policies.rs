//! Policies: the rules that make alerts.

use crate::actor::Actor;
use crate::app::{App, Shared, wrong_answer};
use crate::extract::{Id, Json as Body, Query};
use crate::list::{Page, Paging, page};
use crate::payload::is_name;
use crate::problem::{Kind, Problem};
use crate::request::{Answer, Command, PolicyChange, PolicyDraft};
use crate::view::{PolicyView, RuleKind};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::limits::NOTES_BYTES_MAX;

/// Longest window: one week.
const WINDOW_MINUTES_MAX: u32 = 7 * 24 * 60;
/// Most readings one rule may look back at.
const SAMPLES_MAX: u32 = 1_000;
/// Longest message, bytes.
const MESSAGE_BYTES_MAX: usize = 200;

/// The policies of this building.
#[utoipa::path(
    get, path = "/api/v1/policies", tag = "policies", params(Paging),
    responses((status = 200, description = "In the order of their ids", body = Page<PolicyView>))
)]
pub(crate) async fn list(
    State(app): Shared,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<PolicyView>>, Problem> {
    page(app.picture().policies.iter(), |policy| &policy.id, &paging).map(Json)
}

/// Adds a policy.
#[utoipa::path(
    post, path = "/api/v1/policies", tag = "policies", request_body = PolicyDraft,
    responses((status = 201, description = "Added", body = PolicyView))
)]
pub(crate) async fn create(
    State(app): Shared,
    by: Actor,
    Body(draft): Body<PolicyDraft>,
) -> Result<(StatusCode, Json<PolicyView>), Problem> {
    check_draft(&draft)?;
    Ok((StatusCode::CREATED, ask(&app, by, Command::CreatePolicy(draft)).await?))
}

/// Changes a policy.
#[utoipa::path(
    patch, path = "/api/v1/policies/{id}", tag = "policies", params(("id" = String, Path)),
    request_body = PolicyChange, responses((status = 200, description = "Changed", body = PolicyView))
)]
pub(crate) async fn patch(
    State(app): Shared,
    by: Actor,
    Id(policy): Id,
    Body(change): Body<PolicyChange>,
) -> Result<Json<PolicyView>, Problem> {
    if change == PolicyChange::default() {
        return Err(Problem::new(Kind::Invalid, "expected at least one field to change"));
    }
    bounds(change.window_minutes, change.samples)?;
    texts(change.message.as_deref(), change.description.as_deref())?;
    ask(&app, by, Command::PatchPolicy { policy, change }).await
}

/// Removes a policy.
#[utoipa::path(
    delete, path = "/api/v1/policies/{id}", tag = "policies", params(("id" = String, Path)),
    responses((status = 204, description = "Removed"))
)]
pub(crate) async fn delete(State(app): Shared, by: Actor, Id(policy): Id) -> Result<StatusCode, Problem> {
    let Answer::Deleted = app.command(by, Command::DeletePolicy { policy }).await? else {
        return Err(wrong_answer());
    };
    Ok(StatusCode::NO_CONTENT)
}

async fn ask(app: &App, by: Actor, command: Command) -> Result<Json<PolicyView>, Problem> {
    let Answer::Policy(policy) = app.command(by, command).await? else { return Err(wrong_answer()) };
    Ok(Json(policy))
}

fn check_draft(draft: &PolicyDraft) -> Result<(), Problem> {
    if !is_name(&draft.metric) {
        return Err(invalid("metric", "expected 1 to 64 bytes without control characters"));
    }
    texts(Some(&draft.message), Some(&draft.description))?;
    bounds(draft.window_minutes, draft.samples)?;
    match draft.rule {
        RuleKind::RateOfChange | RuleKind::Count if draft.window_minutes.is_none() => {
            Err(invalid("window_minutes", "this kind of rule looks at a window"))
        }
        RuleKind::Count | RuleKind::Consecutive if draft.samples.is_none() => {
            Err(invalid("samples", "this kind of rule counts readings"))
        }
        RuleKind::Threshold
        | RuleKind::Runtime
        | RuleKind::RateOfChange
        | RuleKind::Count
        | RuleKind::Consecutive => Ok(()),
    }
}

fn bounds(window_minutes: Option<u32>, samples: Option<u32>) -> Result<(), Problem> {
    if window_minutes.is_some_and(|minutes| !(1..=WINDOW_MINUTES_MAX).contains(&minutes)) {
        return Err(invalid("window_minutes", format!("expected 1 to {WINDOW_MINUTES_MAX}")));
    }
    if samples.is_some_and(|samples| !(1..=SAMPLES_MAX).contains(&samples)) {
        return Err(invalid("samples", format!("expected 1 to {SAMPLES_MAX}")));
    }
    Ok(())
}

fn texts(message: Option<&str>, description: Option<&str>) -> Result<(), Problem> {
    if message.is_some_and(|text| text.is_empty() || text.len() > MESSAGE_BYTES_MAX) {
        return Err(invalid("message", format!("expected 1 to {MESSAGE_BYTES_MAX} bytes")));
    }
    if description.is_some_and(|text| text.len() > NOTES_BYTES_MAX) {
        return Err(invalid("description", format!("expected at most {NOTES_BYTES_MAX} bytes")));
    }
    Ok(())
}

fn invalid(field: &str, detail: impl Into<String>) -> Problem {
    Problem::new(Kind::Invalid, detail).field(field)
}
