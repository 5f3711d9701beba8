//! Many series at once, summed up in steps of equal width or of local days and months.

use crate::app::{App, Shared};
use crate::extract::Query;
use crate::payload::named;
use crate::problem::{Kind, Problem};
use crate::question::{By, Label, Matcher, Selection, SeriesSteps, StepsQuestion, Summary};
use crate::request::QueryCall;
use crate::routes::metrics::{step_ms, time};
use crate::steps::{Edges, Step};
use crate::time::Time;
use crate::view::AssetKind;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use protocol::UnixMs;
use protocol::limits::QUERY_STEPS_MAX;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What a value takes in an answer, and a series besides, bytes: about.
const VALUE_BYTES: usize = 22;
const SERIES_BYTES: usize = 128;

/// What `from` is before `to` when it is not given.
const RANGE_DEFAULT_MS: i64 = 24 * 60 * 60 * 1000;

/// What is asked.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// What is told of the readings of each step.
    #[serde(rename = "fn")]
    #[param(rename = "fn", inline)]
    summary: Summary,
    /// Only this metric.
    metric: Option<String>,
    /// Only this asset, by code.
    asset: Option<String>,
    /// Only this site, by code.
    site: Option<String>,
    /// Only assets of this kind.
    #[param(inline)]
    kind: Option<AssetKind>,
    /// First moment, RFC 3339, rounded down to the step; 24 hours before `to` when not given.
    from: Option<String>,
    /// First moment after the range, RFC 3339; just after now when not given.
    to: Option<String>,
    /// Seconds, or a number with `s`, `m`, `h` or `d`; `1mo` for months. 15 minutes when not given.
    #[param(example = "15m")]
    step: Option<String>,
    /// Time zone by its IANA name; whole days and months are then those of the place, 23 to 25 hours long.
    #[param(example = "Europe/Brussels")]
    tz: Option<String>,
    /// What is told as one: each asset when not given.
    #[param(inline)]
    by: Option<By>,
}

/// Values of many series, aligned: those of step i belong to `from + i * step_s`, or to `times[i]` where steps differ in
/// length.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QueryAnswer {
    pub from: Time,
    pub to: Time,
    /// Width of a step, seconds; none where they differ.
    pub step_s: Option<i64>,
    /// Starts of the steps where they differ in length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<Vec<Time>>,
    #[serde(rename = "fn")]
    pub summary: Summary,
    pub series: Vec<SeriesSteps>,
}

/// Averages, extremes, counts and increases of many series, in steps.
#[utoipa::path(
    get, path = "/api/v1/query", tag = "telemetry", params(Wanted),
    responses((status = 200, description = "Values aligned to steps, `null` where there is none", body = QueryAnswer))
)]
pub(crate) async fn query(
    State(app): Shared,
    Query(wanted): Query<Wanted>,
) -> Result<impl IntoResponse, Problem> {
    let edges = wanted.edges(&app, QUERY_STEPS_MAX)?;
    let question = wanted.question(edges.all().to_vec())?;
    let series = app.query(|reply| QueryCall::Steps { question, reply }).await?;
    let starts = edges.starts();
    let bytes = series.len() * (SERIES_BYTES + starts.len() * VALUE_BYTES);
    let answer = QueryAnswer {
        from: Time::from_ms(edges.first()),
        to: Time::from_ms(edges.last()),
        step_s: edges.width_ms().map(|ms| ms / 1_000),
        times: edges.width_ms().is_none().then(|| starts.iter().map(|ms| Time::from_ms(*ms)).collect()),
        summary: wanted.summary,
        series,
    };
    // Answers are long: written into memory that is there, they take half the time.
    let mut text = Vec::with_capacity(bytes);
    serde_json::to_writer(&mut text, &answer)
        .map_err(|error| Problem::new(Kind::Internal, error.to_string()))?;
    Ok(([(CONTENT_TYPE, "application/json")], text))
}

impl Wanted {
    /// The borders of the steps, which are at most `steps_max`.
    pub(crate) fn edges(&self, app: &App, steps_max: usize) -> Result<Edges, Problem> {
        let to = time("to", self.to.as_deref())?;
        let to = to.unwrap_or_else(|| UnixMs(app.picture().node.time.ms()).plus(1));
        let from = time("from", self.from.as_deref())?.unwrap_or(to.plus(-RANGE_DEFAULT_MS));
        if from >= to {
            return Err(Problem::new(Kind::Invalid, "expected `from` before `to`").field("from"));
        }
        Edges::new(from.0, to.0, self.step()?, self.tz.as_deref(), steps_max)
    }

    fn step(&self) -> Result<Step, Problem> {
        let text = self.step.as_deref().unwrap_or("15m");
        match text.strip_suffix("mo") {
            None => step_ms(text).map(Step::Milliseconds),
            Some("1") => Ok(Step::Month),
            Some(_) => Err(Problem::new(Kind::Invalid, "expected steps of one month, `1mo`").field("step")),
        }
    }

    pub(crate) fn question(&self, edges: Vec<i64>) -> Result<StepsQuestion, Problem> {
        let wanted = [
            (Label::Metric, "metric", self.metric.as_deref()),
            (Label::Asset, "asset", self.asset.as_deref()),
            (Label::Site, "site", self.site.as_deref()),
            (Label::Kind, "kind", self.kind.map(AssetKind::name)),
        ];
        let mut matchers = Vec::new();
        for (label, field, value) in wanted {
            let Some(value) = value else { continue };
            named(field, value)?;
            matchers.push(Matcher::is(label, value));
        }
        let (summary, by) = (self.summary, self.by.unwrap_or_default());
        Ok(StepsQuestion { selection: Selection(matchers), summary, by, edges })
    }
}
