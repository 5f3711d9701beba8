//! The hive: this node, its neighbours, invitations, and what the authorities decide.

use crate::actor::Actor;
use crate::app::{App, Shared, wrong_answer};
use crate::extract::{Id, Json as Body, Query};
use crate::list::{Page, Paging, page};
use crate::problem::{Kind, Problem, ProblemDocument};
use crate::request::{Answer, Command, GovernanceAction, InvitationRequest, KeyRequest};
use crate::view::{
    HiveView, InvitationView, IssuedInvitation, MemberView, NodeView, ProposalView, Readiness,
};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::Action;
use protocol::limits::{ADDRESS_TEXT_BYTES_MAX, INVITATION_ADDRESSES_MAX, INVITATION_LIFE_MS_MAX};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// This node and how it is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NodeStatus {
    #[serde(flatten)]
    pub node: NodeView,
    pub readiness: Readiness,
}

/// This node.
#[utoipa::path(
    get, path = "/api/v1/node", tag = "hive",
    responses((status = 200, description = "Name, role, version and readiness", body = NodeStatus))
)]
pub(crate) async fn node(State(app): Shared) -> Json<NodeStatus> {
    let picture = app.picture();
    Json(NodeStatus { node: picture.node.clone(), readiness: picture.readiness.clone() })
}

/// The hive as this node sees it.
#[utoipa::path(
    get, path = "/api/v1/hive", tag = "hive",
    responses((status = 200, description = "Peers, height, finality, faults tolerated", body = HiveView))
)]
pub(crate) async fn hive(State(app): Shared) -> Json<HiveView> {
    Json(app.picture().hive.clone())
}

/// The members of the hive.
#[utoipa::path(
    get, path = "/api/v1/members", tag = "hive", params(Paging),
    responses((status = 200, description = "By address", body = Page<MemberView>))
)]
pub(crate) async fn members(
    State(app): Shared,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<MemberView>>, Problem> {
    page(app.picture().members.iter(), |member| &member.id, &paging).map(Json)
}

/// Makes an invitation for a new building.
#[utoipa::path(
    post, path = "/api/v1/invitations", tag = "hive", request_body = InvitationRequest,
    responses((status = 201, description = "Shown once, kept nowhere", body = InvitationView))
)]
pub(crate) async fn invite(
    State(app): Shared,
    by: Actor,
    Body(request): Body<InvitationRequest>,
) -> Result<(StatusCode, Json<InvitationView>), Problem> {
    let invalid = |field: &str, detail: String| Err(Problem::new(Kind::Invalid, detail).field(field));
    if request.expires_s.is_some_and(|s| s == 0 || i64::from(s) * 1000 > INVITATION_LIFE_MS_MAX) {
        return invalid("expires_s", format!("expected 1 to {}", INVITATION_LIFE_MS_MAX / 1000));
    }
    if request.addresses.len() > INVITATION_ADDRESSES_MAX {
        return invalid("addresses", format!("expected at most {INVITATION_ADDRESSES_MAX}"));
    }
    if request.addresses.iter().any(|address| !(1..=ADDRESS_TEXT_BYTES_MAX).contains(&address.len())) {
        return invalid("addresses", format!("expected 1 to {ADDRESS_TEXT_BYTES_MAX} bytes each"));
    }
    let Answer::Invitation(invitation) = app.command(by, Command::Invite(request)).await? else {
        return Err(wrong_answer());
    };
    Ok((StatusCode::CREATED, Json(invitation)))
}

/// Invitations that this node made, without their secrets.
#[utoipa::path(
    get, path = "/api/v1/invitations", tag = "hive", params(Paging),
    responses((status = 200, description = "Newest first", body = Page<IssuedInvitation>))
)]
pub(crate) async fn invitations(
    State(app): Shared,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<IssuedInvitation>>, Problem> {
    page(app.picture().invitations.iter(), |invitation| &invitation.id, &paging).map(Json)
}

/// Takes an invitation back that was not used. Any authority may.
#[utoipa::path(
    delete, path = "/api/v1/invitations/{id}", tag = "hive", params(("id" = String, Path)),
    responses((status = 204, description = "It opens no door any more"))
)]
pub(crate) async fn revoke_invitation(
    State(app): Shared,
    by: Actor,
    Id(invitation): Id,
) -> Result<StatusCode, Problem> {
    done(&app, by, Command::RevokeInvitation { invitation }).await
}

/// Asks the hive to go on with another key of this node: a follower's takes effect with the next block, an authority's
/// when more than two thirds of the authorities approve it.
#[utoipa::path(
    post, path = "/api/v1/keys", tag = "hive", request_body = KeyRequest,
    responses((status = 204, description = "On its way"))
)]
pub(crate) async fn change_key(
    State(app): Shared,
    by: Actor,
    Body(request): Body<KeyRequest>,
) -> Result<StatusCode, Problem> {
    let KeyRequest { public_key, proof } = request;
    done(&app, by, Command::ChangeKey { public_key, proof }).await
}

/// Gives the hive another network key, which members hand on among themselves.
#[utoipa::path(
    post, path = "/api/v1/keys/network", tag = "hive",
    responses(
        (status = 204, description = "It is named on the ledger"),
        (status = 422, description = "The ledger refuses it", body = ProblemDocument, content_type = "application/problem+json")
    )
)]
pub(crate) async fn change_network_key(State(app): Shared, by: Actor) -> Result<StatusCode, Problem> {
    done(&app, by, Command::ChangeNetworkKey).await
}

async fn done(app: &App, by: Actor, command: Command) -> Result<StatusCode, Problem> {
    let Answer::Done = app.command(by, command).await? else { return Err(wrong_answer()) };
    Ok(StatusCode::NO_CONTENT)
}

/// What the authorities are deciding on, or decided lately.
#[utoipa::path(
    get, path = "/api/v1/governance", tag = "hive", params(Paging),
    responses((status = 200, description = "Newest first", body = Page<ProposalView>))
)]
pub(crate) async fn proposals(
    State(app): Shared,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<ProposalView>>, Problem> {
    page(app.picture().proposals.iter(), |proposal| &proposal.id, &paging).map(Json)
}

/// Proposes a change of the hive. The proposer's own approval counts.
#[utoipa::path(
    post, path = "/api/v1/governance", tag = "hive", request_body = GovernanceAction,
    responses((status = 201, description = "Proposed", body = ProposalView))
)]
pub(crate) async fn propose(
    State(app): Shared,
    by: Actor,
    Body(action): Body<GovernanceAction>,
) -> Result<(StatusCode, Json<ProposalView>), Problem> {
    Action::try_from(&action)?;
    Ok((StatusCode::CREATED, ask(&app, by, Command::Propose { action }).await?))
}

/// Approves a proposal as this authority.
#[utoipa::path(
    post, path = "/api/v1/governance/{id}/approve", tag = "hive", params(("id" = String, Path)),
    responses((status = 200, description = "Approved", body = ProposalView))
)]
pub(crate) async fn approve(
    State(app): Shared,
    by: Actor,
    Id(proposal): Id,
) -> Result<Json<ProposalView>, Problem> {
    ask(&app, by, Command::Approve { proposal }).await
}

async fn ask(app: &App, by: Actor, command: Command) -> Result<Json<ProposalView>, Problem> {
    let Answer::Proposal(proposal) = app.command(by, command).await? else { return Err(wrong_answer()) };
    Ok(Json(proposal))
}
