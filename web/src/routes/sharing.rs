//! Sharing with neighbours: what this building says of its own energy, what the hive decided, what became of each slot.

use crate::actor::Actor;
use crate::app::{Shared, wrong_answer};
use crate::extract::{Id, Json as Body, Query};
use crate::list::{LIMIT_DEFAULT, LIMIT_MAX, Page, cut, limit};
use crate::problem::{Kind, Problem, ProblemDocument};
use crate::request::{Answer, CoefficientsDraft, Command, EnergyCall, TermsDraft};
use crate::routes::energy::{Part, Stretch, ask};
use crate::view::{HiveEnergyView, ResultProof, ResultView, SharingView, TermsView};
use axum::Json;
use axum::extract::State;
use protocol::energy::{Coefficients, Percent, Price, Terms, WattHours};
use protocol::{Address, UnixMs};

/// This building's own rules of sharing.
#[utoipa::path(
    get, path = "/api/v1/energy/terms", tag = "energy",
    responses((status = 200, description = "What was said last, and what holds now", body = TermsView))
)]
pub(crate) async fn terms(State(app): Shared) -> Result<Json<TermsView>, Problem> {
    ask(&app, EnergyCall::Terms).await.map(Json)
}

/// Says how this building shares. It holds from the next slot on.
#[utoipa::path(
    put, path = "/api/v1/energy/terms", tag = "energy", request_body = TermsDraft,
    responses(
        (status = 200, description = "As it is now", body = TermsView),
        (
            status = 422, description = "A figure beyond its bounds, or a gift to somebody who is no other member",
            body = ProblemDocument, content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn say_terms(
    State(app): Shared,
    by: Actor,
    Body(draft): Body<TermsDraft>,
) -> Result<Json<TermsView>, Problem> {
    let terms = Terms::try_from(&draft)?;
    let Answer::Terms(terms) = app.command(by, Command::SayTerms(terms)).await? else {
        return Err(wrong_answer());
    };
    Ok(Json(terms))
}

/// What the hive decided about sharing: rule, tariff, who settles, and how far billing is.
#[utoipa::path(
    get, path = "/api/v1/energy/sharing", tag = "energy",
    responses((status = 200, description = "In force, ahead, and before", body = SharingView))
)]
pub(crate) async fn sharing(State(app): Shared) -> Result<Json<SharingView>, Problem> {
    ask(&app, EnergyCall::Sharing).await.map(Json)
}

/// Gives the parts of the surplus as the organiser the hive voted for. They hold from the start of a slot that has not begun,
/// are written into the hive's ledger for everybody to read, and cannot be taken back once it has begun.
#[utoipa::path(
    put, path = "/api/v1/energy/coefficients", tag = "energy", request_body = CoefficientsDraft,
    responses(
        (status = 200, description = "Final: what the hive decided, with them", body = SharingView),
        (
            status = 422, description = "Parts of nobody, of one member twice, or of nothing", body = ProblemDocument,
            content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn give_parts(
    State(app): Shared,
    by: Actor,
    Body(draft): Body<CoefficientsDraft>,
) -> Result<Json<SharingView>, Problem> {
    let given = Coefficients::try_from(&draft)?;
    let Answer::Recorded(_) = app.command(by, Command::GiveParts(given)).await? else {
        return Err(wrong_answer());
    };
    ask(&app, EnergyCall::Sharing).await.map(Json)
}

/// What became of the slots of a day or range: price and energy of the hive, and this building's part.
#[utoipa::path(
    get, path = "/api/v1/energy/results", tag = "energy", params(Stretch, Part),
    responses((
        status = 200, body = Page<ResultView>,
        description = "Slots by start: those on the ledger, and those this building stated that are not yet"
    ))
)]
pub(crate) async fn results(
    State(app): Shared,
    Query(stretch): Query<Stretch>,
    Query(part): Query<Part>,
) -> Result<Json<Page<ResultView>>, Problem> {
    let limit = limit(part.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
    let (from, to) = stretch.range(&app)?;
    let from = part.after(from)?;
    let results = ask(&app, |reply| EnergyCall::Results { from, to, limit: limit + 1, reply }).await?;
    Ok(Json(cut(results, limit, |result| result.start.ms().to_string())))
}

/// This building's line of a settled slot with its way to the root on the ledger. Whoever reads it can find out what this
/// building took and gave in that slot.
#[utoipa::path(
    get, path = "/api/v1/energy/results/{id}/proof", tag = "energy",
    params(("id" = String, Path, description = "Number of the slot")),
    responses((status = 200, description = "Line, salt and path", body = ResultProof))
)]
pub(crate) async fn result_proof(State(app): Shared, Id(id): Id) -> Result<Json<ResultProof>, Problem> {
    let unknown = |_| Problem::new(Kind::NotFound, "there is no such slot").field("id");
    let slot: u64 = id.parse().map_err(unknown)?;
    ask(&app, |reply| EnergyCall::ResultProof { slot, reply }).await.map(Json)
}

/// What the whole hive shared in a day or range, from the ledger's totals alone: no building's figures are among them.
#[utoipa::path(
    get, path = "/api/v1/energy/hive", tag = "energy", params(Stretch),
    responses((status = 200, description = "Sums, peak, who was missing, and the course", body = HiveEnergyView))
)]
pub(crate) async fn hive(
    State(app): Shared,
    Query(stretch): Query<Stretch>,
) -> Result<Json<HiveEnergyView>, Problem> {
    let (from, to): (UnixMs, UnixMs) = stretch.range(&app)?;
    ask(&app, |reply| EnergyCall::Hive { from, to, reply }).await.map(Json)
}

impl TryFrom<&TermsDraft> for Terms {
    type Error = Problem;

    fn try_from(draft: &TermsDraft) -> Result<Self, Problem> {
        let wrong = |field: &'static str| {
            move |error: protocol::Invalid| Problem::new(Kind::Invalid, error.to_string()).field(field)
        };
        let to = |text: &String| {
            let detail = "expected an address of 40 hex digits";
            text.parse::<Address>().map_err(|_| Problem::new(Kind::Invalid, detail).field("give_to"))
        };
        let all = Self::default();
        let terms = Self {
            participation: Percent::new(draft.participation).map_err(wrong("participation"))?,
            sell_above: WattHours(draft.sell_above_wh),
            sell_at_least: draft.sell_at_least.map(Price),
            buy_up_to: draft.buy_up_to.map(Price),
            give_to: draft.give_to.as_ref().map(to).transpose()?,
        };
        // One at a time, so that the answer names the field.
        Self { sell_above: terms.sell_above, ..all }.check().map_err(wrong("sell_above_wh"))?;
        Self { sell_at_least: terms.sell_at_least, ..all }.check().map_err(wrong("sell_at_least"))?;
        Self { buy_up_to: terms.buy_up_to, ..all }.check().map_err(wrong("buy_up_to"))?;
        Ok(terms)
    }
}

impl From<&Terms> for TermsDraft {
    fn from(terms: &Terms) -> Self {
        Self {
            participation: terms.participation.number(),
            sell_above_wh: terms.sell_above.0,
            sell_at_least: terms.sell_at_least.map(|price| price.0),
            buy_up_to: terms.buy_up_to.map(|price| price.0),
            give_to: terms.give_to.map(|to| to.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_come_back_and_the_wrong_field_is_named() {
        let draft = TermsDraft {
            participation: 80,
            sell_above_wh: 500,
            sell_at_least: Some(90_000),
            buy_up_to: Some(240_000),
            give_to: Some("ab".repeat(20)),
        };
        let terms = Terms::try_from(&draft).expect("terms");
        assert_eq!(TermsDraft::from(&terms), draft);
        assert_eq!(Terms::try_from(&TermsDraft::default()), Ok(Terms::default()));
        for (wrong, field) in [
            (TermsDraft { participation: 101, ..draft.clone() }, "participation"),
            (TermsDraft { sell_above_wh: -1, ..draft.clone() }, "sell_above_wh"),
            (TermsDraft { sell_at_least: Some(-1), ..draft.clone() }, "sell_at_least"),
            (TermsDraft { buy_up_to: Some(i64::MAX), ..draft.clone() }, "buy_up_to"),
            (TermsDraft { give_to: Some(String::new()), ..draft }, "give_to"),
        ] {
            let found = Terms::try_from(&wrong).map_err(|problem| problem.field);
            assert_eq!(found, Err(Some(field.to_owned())));
        }
    }
}
