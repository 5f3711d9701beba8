//! The other buildings of this one's operator: how many alerts are open there.

use crate::app::Shared;
use crate::extract::Query;
use crate::list::{Page, Paging, page};
use crate::problem::Problem;
use crate::view::OperatorBuilding;
use axum::Json;
use axum::extract::State;

/// The operator's buildings.
#[utoipa::path(
    get, path = "/api/v1/operator/buildings", tag = "hive", params(Paging),
    responses((
        status = 200,
        description = "This building and, where the operator's buildings share their counts, then the others, by address",
        body = Page<OperatorBuilding>
    ))
)]
pub(crate) async fn buildings(
    State(app): Shared,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<OperatorBuilding>>, Problem> {
    page(app.picture().operator_buildings.iter(), |building| &building.id, &paging).map(Json)
}
