//! Comparing with similar buildings, and what leaves this building.

use crate::actor::Actor;
use crate::app::{Shared, wrong_answer};
use crate::extract::{Id, Json as Body};
use crate::problem::{Kind, Problem, ProblemDocument};
use crate::request::{Answer, Command, EnergyCall, IncidentCall, QueryCall};
use crate::routes::energy::ask;
use crate::view::{AggregatesView, LeavingView, ProfileDraft, StreetView, SwitchDraft, TakePartDraft};
use axum::Json;
use axum::extract::State;
use protocol::aggregate::{Built, Heating, Profile, Region};

/// How this building compares with similar ones, by figures to which every building sent two halves of one number.
#[utoipa::path(
    get, path = "/api/v1/aggregates", tag = "energy",
    responses((status = 200, description = "What is asked, and each comparison", body = AggregatesView))
)]
pub(crate) async fn aggregates(State(app): Shared) -> Result<Json<AggregatesView>, Problem> {
    ask(&app, EnergyCall::Aggregates).await.map(Json)
}

/// Says whether this building takes part, and as what. It stops at once; similar buildings are chosen anew each month.
#[utoipa::path(
    put, path = "/api/v1/aggregates/profile", tag = "energy", request_body = TakePartDraft,
    responses(
        (status = 200, description = "As it is now", body = AggregatesView),
        (
            status = 422, description = "A word that is not on its list, or no dwellings",
            body = ProblemDocument, content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn take_part(
    State(app): Shared,
    by: Actor,
    Body(draft): Body<TakePartDraft>,
) -> Result<Json<AggregatesView>, Problem> {
    let profile = draft.profile.as_ref().map(Profile::try_from).transpose()?;
    let Answer::Aggregates(view) = app.command(by, Command::TakePart(profile)).await? else {
        return Err(wrong_answer());
    };
    Ok(Json(*view))
}

/// Everything this building sends to others, to whom, and what is left of its privacy budget.
#[utoipa::path(
    get, path = "/api/v1/leaving", tag = "energy",
    responses((status = 200, description = "By kind, and the last messages", body = LeavingView))
)]
pub(crate) async fn leaving(State(app): Shared) -> Result<Json<LeavingView>, Problem> {
    ask(&app, EnergyCall::Leaving).await.map(Json)
}

/// Says whether incident cards, or signals of what is noticed just now, may leave. It counts from this moment.
#[utoipa::path(
    put, path = "/api/v1/leaving/{id}", tag = "energy", request_body = SwitchDraft,
    params(("id" = String, Path, description = "`incident_card`, `survival`, `street_signal`, `enquiry` or `enquiry_reply`")),
    responses(
        (status = 200, description = "As it is now", body = LeavingView),
        (
            status = 404, description = "Nothing of that kind is switched by itself", body = ProblemDocument,
            content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn switch(
    State(app): Shared,
    by: Actor,
    Id(kind): Id,
    Body(SwitchDraft { on }): Body<SwitchDraft>,
) -> Result<Json<LeavingView>, Problem> {
    let Answer::Leaving(view) = app.command(by, Command::SwitchLeaving { kind, on }).await? else {
        return Err(wrong_answer());
    };
    Ok(Json(*view))
}

/// What several buildings noticed at once, as the hive was told: neither how many they are nor which.
#[utoipa::path(
    get, path = "/api/v1/street", tag = "incidents",
    responses((status = 200, description = "Newest first", body = StreetView))
)]
pub(crate) async fn street(State(app): Shared) -> Result<Json<StreetView>, Problem> {
    app.query(|reply| QueryCall::Incident(IncidentCall::Street(reply))).await.map(Json)
}

impl TryFrom<&ProfileDraft> for Profile {
    type Error = Problem;

    fn try_from(draft: &ProfileDraft) -> Result<Self, Problem> {
        let wrong =
            |field: &'static str| Problem::new(Kind::Invalid, "expected a word of its list").field(field);
        let profile = Self {
            region: Region::named(&draft.region).ok_or_else(|| wrong("region"))?,
            built: Built::named(&draft.built).ok_or_else(|| wrong("built"))?,
            heating: Heating::named(&draft.heating).ok_or_else(|| wrong("heating"))?,
            dwellings: draft.dwellings,
        };
        profile.check().map_err(|error| Problem::new(Kind::Invalid, error.to_string()).field("dwellings"))?;
        Ok(profile)
    }
}

impl From<&Profile> for ProfileDraft {
    fn from(profile: &Profile) -> Self {
        Self {
            region: profile.region.name().to_owned(),
            built: profile.built.name().to_owned(),
            heating: profile.heating.name().to_owned(),
            dwellings: profile.dwellings,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_comes_back_and_the_wrong_field_is_named() {
        let word = str::to_owned;
        let draft = ProfileDraft {
            region: word("brussels"),
            built: word("1971_1985"),
            heating: word("gas"),
            dwellings: 18,
        };
        let profile = Profile::try_from(&draft).expect("a profile");
        assert_eq!(ProfileDraft::from(&profile), draft);
        for (wrong, field) in [
            (ProfileDraft { region: word("Brussels"), ..draft.clone() }, "region"),
            (ProfileDraft { built: word("1980"), ..draft.clone() }, "built"),
            (ProfileDraft { heating: String::new(), ..draft.clone() }, "heating"),
            (ProfileDraft { dwellings: 0, ..draft.clone() }, "dwellings"),
            (ProfileDraft { dwellings: 1_001, ..draft }, "dwellings"),
        ] {
            let found = Profile::try_from(&wrong).map_err(|problem| problem.field);
            assert_eq!(found, Err(Some(field.to_owned())));
        }
    }
}
