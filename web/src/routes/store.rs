//! How readings are stored: for the page of technicians, and for anybody who wonders about the SD card.

use crate::app::Shared;
use crate::problem::Problem;
use crate::request::QueryCall;
use crate::view::StoreView;
use axum::Json;
use axum::extract::State;

/// The store of readings.
#[utoipa::path(
    get, path = "/api/v1/store", tag = "node",
    responses((status = 200, description = "What is stored, what was lost, what it costs, day by day", body = StoreView))
)]
pub(crate) async fn store(State(app): Shared) -> Result<Json<StoreView>, Problem> {
    app.query(QueryCall::Store).await.map(Json)
}
