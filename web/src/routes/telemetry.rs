//! Readings in: one payload, or many as NDJSON. Answered after they are on disk, whole or not at all.

use crate::app::{Shared, stopping};
use crate::extract::Raw;
use crate::payload;
use crate::problem::{Kind, Problem};
use crate::request::{Inserted, TelemetryCall, TelemetryPayload};
use axum::Json;
use axum::extract::State;
use protocol::limits::{TELEMETRY_BODY_BYTES_MAX, TELEMETRY_BULK_BYTES_MAX};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tokio::sync::{mpsc, oneshot};
use utoipa::ToSchema;

/// What a gateway sends.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(crate) struct TelemetryBody {
    #[schema(example = "CAS-S1")]
    site_code: String,
    #[schema(example = "CAS-S1-HVAC_1")]
    asset_code: String,
    timestamp: crate::Time,
    /// 1 to 64 metrics; `null` is a gap. A name not seen before on a known asset is accepted as a gauge.
    #[schema(example = json!({"temp_out_air": 32.5, "temp_supply_air": 17.8}))]
    metrics: BTreeMap<String, Option<f64>>,
}

/// What became of the points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TelemetryAnswer {
    /// Always `ok`.
    pub status: String,
    pub inserted_points: u64,
    /// Points that were there already with the same value; left out when none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub duplicate_points: u64,
    /// Points that were there already with another value; which one holds is for the metric to say; left out when none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub conflicting_points: u64,
    /// Points on disk that wait until the node's clock can be believed; left out when none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub quarantined_points: u64,
}

/// Stores one payload.
#[utoipa::path(
    post, path = "/api/v1/telemetry", tag = "telemetry", request_body = TelemetryBody,
    responses((status = 200, description = "On disk", body = TelemetryAnswer))
)]
pub(crate) async fn post(
    State(app): Shared,
    Raw(body): Raw<TELEMETRY_BODY_BYTES_MAX>,
) -> Result<Json<TelemetryAnswer>, Problem> {
    store(&app.handles.telemetry, counted(payload::single(&body).map(|payload| vec![payload]))?).await
}

/// Stores many payloads, one JSON object per line; all or none.
#[utoipa::path(
    post, path = "/api/v1/telemetry/bulk", tag = "telemetry",
    request_body(content = String, content_type = "application/x-ndjson", description = "At most 5,000 lines and 4 MiB"),
    responses((status = 200, description = "On disk", body = TelemetryAnswer))
)]
pub(crate) async fn post_bulk(
    State(app): Shared,
    Raw(body): Raw<TELEMETRY_BULK_BYTES_MAX>,
) -> Result<Json<TelemetryAnswer>, Problem> {
    store(&app.handles.telemetry, counted(payload::lines(&body))?).await
}

async fn store(
    telemetry: &mpsc::Sender<TelemetryCall>,
    payloads: Vec<TelemetryPayload>,
) -> Result<Json<TelemetryAnswer>, Problem> {
    let (reply, answer) = oneshot::channel();
    telemetry.try_send(TelemetryCall { payloads, reply }).map_err(|error| match error {
        mpsc::error::TrySendError::Full(_) => {
            metrics::counter!("symbiose_telemetry_refused_total", "reason" => "queue_full").increment(1);
            Problem::new(
                Kind::TooMany,
                "more readings are waiting for the disk than the node keeps; try again",
            )
        }
        mpsc::error::TrySendError::Closed(_) => stopping(),
    })?;
    let inserted: Inserted = counted(answer.await.map_err(|_| stopping())?)?;
    metrics::counter!("symbiose_telemetry_points_total").increment(inserted.points);
    Ok(Json(TelemetryAnswer {
        status: "ok".to_owned(),
        inserted_points: inserted.points,
        duplicate_points: inserted.duplicates,
        conflicting_points: inserted.conflicts,
        quarantined_points: inserted.quarantined,
    }))
}

/// Counts refusals on their way out.
fn counted<T>(result: Result<T, Problem>) -> Result<T, Problem> {
    result.inspect_err(|problem| {
        metrics::counter!("symbiose_telemetry_refused_total", "reason" => problem.kind.code()).increment(1);
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
