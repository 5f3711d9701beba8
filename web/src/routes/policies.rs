//! Policies: the rules that make alerts.

use crate::actor::Actor;
use crate::app::{App, Shared, wrong_answer};
use crate::extract::{Id, Json as Body, Query};
use crate::list::{Page, Paging, page};
use crate::problem::{Kind, Problem};
use crate::request::{Answer, Command, DryRunRequest, PolicyChange, PolicyDraft, QueryCall};
use crate::view::{DryRunView, PolicyVersionView, PolicyView};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::UnixMs;

/// Longest time a dry run looks back over: a year, milliseconds.
const DRY_RUN_SPAN_MS_MAX: i64 = 366 * 86_400_000;

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
    draft.check()?;
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
    change.check()?;
    ask(&app, by, Command::PatchPolicy { policy, change }).await
}

/// What a policy said before, newest first: at most 50 versions.
#[utoipa::path(
    get, path = "/api/v1/policies/{id}/versions", tag = "policies", params(("id" = String, Path), Paging),
    responses((status = 200, description = "Newest first", body = Page<PolicyVersionView>))
)]
pub(crate) async fn versions(
    State(app): Shared,
    Id(policy): Id,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<PolicyVersionView>>, Problem> {
    let versions = app.query(|reply| QueryCall::PolicyVersions { policy, reply }).await?;
    page(versions.iter(), |version| &version.id, &paging).map(Json)
}

/// What a policy would have done on the readings that are stored. Nothing is changed by it.
#[utoipa::path(
    post, path = "/api/v1/policies/dry-run", tag = "policies", request_body = DryRunRequest,
    responses((status = 200, description = "What it would have done", body = DryRunView))
)]
pub(crate) async fn dry_run(
    State(app): Shared,
    Body(request): Body<DryRunRequest>,
) -> Result<Json<DryRunView>, Problem> {
    request.policy.check().map_err(|problem| match &problem.field {
        Some(field) => Problem { field: Some(format!("policy.{field}")), ..problem },
        None => problem,
    })?;
    let (from, to) = (UnixMs(request.from.ms()), UnixMs(request.to.ms()));
    if to <= from || to.since(from) > DRY_RUN_SPAN_MS_MAX {
        return Err(Problem::new(Kind::Invalid, "expected a time after `from`, at most a year").field("to"));
    }
    let policy = Box::new(request.policy);
    app.query(|reply| QueryCall::DryRun { policy, from, to, reply }).await.map(Json)
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
