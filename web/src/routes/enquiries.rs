//! What buildings ask each other: who had this?

use crate::actor::Actor;
use crate::app::{App, Shared, wrong_answer};
use crate::extract::{Id, Json as Body};
use crate::problem::{Problem, ProblemDocument};
use crate::request::{Answer, Command, EnquiryCall, EnquiryCommand, QueryCall};
use crate::view::{EnquiriesView, EnquiryDraft, ReplyView};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

/// What this building asked and was told, and what others ask it.
#[utoipa::path(
    get, path = "/api/v1/enquiries", tag = "incidents",
    responses((status = 200, description = "Newest first", body = EnquiriesView))
)]
pub(crate) async fn list(State(app): Shared) -> Result<Json<EnquiriesView>, Problem> {
    app.query(|reply| QueryCall::Enquiry(EnquiryCall::All(reply))).await.map(Json)
}

/// Asks every building of the hive, under this one's name. Whoever had the same may reply, to this building alone.
#[utoipa::path(
    post, path = "/api/v1/enquiries", tag = "incidents", request_body = EnquiryDraft,
    responses(
        (status = 202, description = "It is on its way", body = EnquiriesView),
        (
            status = 409, description = "It is asked already, or such messages are switched off",
            body = ProblemDocument, content_type = "application/problem+json"
        ),
        (
            status = 422, description = "A word that is not on its list", body = ProblemDocument,
            content_type = "application/problem+json"
        ),
        (
            status = 429, description = "As many as a building may ask", body = ProblemDocument,
            content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn ask(
    State(app): Shared,
    by: Actor,
    Body(draft): Body<EnquiryDraft>,
) -> Result<(StatusCode, Json<EnquiriesView>), Problem> {
    order(&app, by, EnquiryCommand::Ask(draft)).await
}

/// Replies to another building's question, to it alone and once.
#[utoipa::path(
    post, path = "/api/v1/enquiries/{id}/reply", tag = "incidents", request_body = ReplyView,
    params(("id" = String, Path)),
    responses(
        (status = 202, description = "It is on its way", body = EnquiriesView),
        (
            status = 404, description = "Nobody asks that, or not any more", body = ProblemDocument,
            content_type = "application/problem+json"
        ),
        (
            status = 409, description = "It was replied to already, or replies are switched off",
            body = ProblemDocument, content_type = "application/problem+json"
        ),
        (
            status = 422, description = "Nothing is said, or beyond its bounds", body = ProblemDocument,
            content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn reply(
    State(app): Shared,
    by: Actor,
    Id(enquiry): Id,
    Body(reply): Body<ReplyView>,
) -> Result<(StatusCode, Json<EnquiriesView>), Problem> {
    order(&app, by, EnquiryCommand::Reply { enquiry, reply: Box::new(reply) }).await
}

/// Hears no more of a question: of another building's nobody learns that; of this one's what was replied is forgotten.
#[utoipa::path(
    delete, path = "/api/v1/enquiries/{id}", tag = "incidents", params(("id" = String, Path)),
    responses(
        (status = 202, description = "As it is now", body = EnquiriesView),
        (
            status = 404, description = "Nobody asks that, or not any more", body = ProblemDocument,
            content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn put_aside(
    State(app): Shared,
    by: Actor,
    Id(enquiry): Id,
) -> Result<(StatusCode, Json<EnquiriesView>), Problem> {
    order(&app, by, EnquiryCommand::PutAside { enquiry }).await
}

async fn order(
    app: &App,
    by: Actor,
    command: EnquiryCommand,
) -> Result<(StatusCode, Json<EnquiriesView>), Problem> {
    let Answer::Enquiries(view) = app.command(by, Command::Enquiry(command)).await? else {
        return Err(wrong_answer());
    };
    Ok((StatusCode::ACCEPTED, Json(*view)))
}
