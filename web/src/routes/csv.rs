//! Readings and steps as CSV (RFC 4180), streamed page by page: any length of range in bounded memory, and between two
//! pages others have their turn.

use crate::app::{App, Shared};
use crate::extract::{Id, Query};
use crate::problem::Problem;
use crate::question::{Bucket, SeriesSteps};
use crate::request::{MetricsRange, QueryCall};
use crate::routes::metrics;
use crate::routes::query;
use crate::text::{Clock, put_number};
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use protocol::limits::{QUERY_SERIES_MAX, QUERY_VALUES_MAX};
use std::sync::Arc;

/// Items asked for at once.
const PAGE_ITEMS: usize = 10_000;
/// Steps of one export: 40 years of quarters of an hour.
const STEPS_MAX: usize = 1_500_000;
/// Steps of one question, so that any number of series fits in.
const STEPS_AT_ONCE: usize = QUERY_VALUES_MAX / QUERY_SERIES_MAX;

/// The history of an asset as CSV, in the units of the metrics.
#[utoipa::path(
    get, path = "/api/v1/assets/{id}/metrics.csv", tag = "telemetry",
    params(("id" = String, Path, description = "Code of the asset"), metrics::Wanted),
    responses((
        status = 200, content_type = "text/csv", body = String,
        description = "`time,asset,metric,unit,value`, or `time,asset,metric,unit,min,max,avg,last,count` with `step`"
    ))
)]
pub(crate) async fn of_asset(
    State(app): Shared,
    Id(id): Id,
    Query(wanted): Query<metrics::Wanted>,
) -> Result<Response, Problem> {
    let range = metrics::range(&app, &id, &wanted, PAGE_ITEMS)?;
    let step_ms = wanted.step_ms()?;
    let head = match step_ms {
        None => "time,asset,metric,unit,value\r\n",
        Some(_) => "time,asset,metric,unit,min,max,avg,last,count\r\n",
    };
    let name = range.asset.clone();
    // The first page before the answer begins, so that a problem is told as one.
    let first = page(&app, range, step_ms).await?;
    let pages = stream::try_unfold((app, Some(first), None), move |(app, ready, rest)| async move {
        let (text, next) = match (ready, rest) {
            (Some(ready), _) => ready,
            (None, Some(range)) => page(&app, range, step_ms).await?,
            (None, None) => return Ok(None),
        };
        Ok::<_, Problem>(Some((Bytes::from(text), (app, None, next))))
    });
    Ok(attachment(&name, head, pages))
}

/// The text of a page, and what comes behind it.
async fn page(
    app: &App,
    range: MetricsRange,
    step_ms: Option<i64>,
) -> Result<(Vec<u8>, Option<MetricsRange>), Problem> {
    let asked = range.clone();
    let (mut text, mut clock) = (Vec::new(), Clock::default());
    let (len, last) = match step_ms {
        None => {
            let samples = app.query(|reply| QueryCall::Samples { range: asked, reply }).await?;
            let lead = leads(app, &range.asset, &samples.metrics);
            for (t, metric, value) in &samples.items {
                clock.put(&mut text, *t);
                text.extend_from_slice(lead[usize::from(*metric)].as_bytes());
                put_number(&mut text, *value);
                text.extend_from_slice(b"\r\n");
            }
            let last = samples
                .items
                .last()
                .map(|(t, metric, _)| (*t, samples.metrics[usize::from(*metric)].clone()));
            (samples.items.len(), last)
        }
        Some(step_ms) => {
            let buckets = app.query(|reply| QueryCall::Buckets { range: asked, step_ms, reply }).await?;
            let lead = leads(app, &range.asset, &buckets.metrics);
            for Bucket { start, metric, min, max, avg, last, count } in &buckets.items {
                clock.put(&mut text, *start);
                text.extend_from_slice(lead[usize::from(*metric)].as_bytes());
                for value in [min, max, avg, last] {
                    put_value(&mut text, *value);
                    text.push(b',');
                }
                text.extend_from_slice(format!("{count}\r\n").as_bytes());
            }
            let last = buckets
                .items
                .last()
                .map(|last| (last.start, buckets.metrics[usize::from(last.metric)].clone()));
            (buckets.items.len(), last)
        }
    };
    let next = last.filter(|_| len == range.limit);
    Ok((text, next.map(|(t, metric)| MetricsRange { after: Some((protocol::UnixMs(t), metric)), ..range })))
}

/// What stands between time and value, by metric.
fn leads(app: &App, asset: &str, metrics: &[String]) -> Vec<String> {
    let picture = app.picture();
    let shown = picture.assets.iter().find(|shown| shown.code == asset);
    let unit = |metric: &String| {
        let last = shown.and_then(|shown| shown.last.iter().find(|last| last.metric == *metric));
        last.and_then(|last| last.unit.clone()).unwrap_or_default()
    };
    metrics
        .iter()
        .map(|metric| format!(",{},{},{},", field(asset), field(metric), field(&unit(metric))))
        .collect()
}

/// Many series in steps, as CSV: one line per step and series that has a value.
#[utoipa::path(
    get, path = "/api/v1/query.csv", tag = "telemetry", params(query::Wanted),
    responses((
        status = 200, content_type = "text/csv", body = String,
        description = "`time,site,kind,asset,metric,unit,value`; as many steps as one likes"
    ))
)]
pub(crate) async fn of_query(
    State(app): Shared,
    Query(wanted): Query<query::Wanted>,
) -> Result<Response, Problem> {
    let edges: Arc<[i64]> = wanted.edges(&app, STEPS_MAX)?.all().into();
    let wanted = Arc::new(wanted);
    let first = some_steps(&app, &wanted, &edges, 0).await?;
    let pages = stream::try_unfold((Some(first), 0), move |(ready, at)| {
        let (app, wanted, edges) = (Arc::clone(&app), Arc::clone(&wanted), Arc::clone(&edges));
        async move {
            let (text, next) = match ready {
                Some(ready) => ready,
                None if at + 1 < edges.len() => some_steps(&app, &wanted, &edges, at).await?,
                None => return Ok(None),
            };
            Ok::<_, Problem>(Some((Bytes::from(text), (None, next))))
        }
    });
    Ok(attachment("query", "time,site,kind,asset,metric,unit,value\r\n", pages))
}

/// The lines of the steps from one on, and the step behind them.
async fn some_steps(
    app: &App,
    wanted: &query::Wanted,
    edges: &[i64],
    at: usize,
) -> Result<(Vec<u8>, usize), Problem> {
    let end = (at + STEPS_AT_ONCE).min(edges.len() - 1);
    let question = wanted.question(edges[at..=end].to_vec())?;
    let series = app.query(|reply| QueryCall::Steps { question, reply }).await?;
    let leads: Vec<String> = series.iter().map(lead).collect();
    let (mut text, mut clock) = (Vec::new(), Clock::default());
    for (step, start) in edges[at..end].iter().enumerate() {
        for (one, lead) in series.iter().zip(&leads) {
            if !one.values[step].is_nan() {
                clock.put(&mut text, *start);
                text.extend_from_slice(lead.as_bytes());
                put_number(&mut text, one.values[step]);
                text.extend_from_slice(b"\r\n");
            }
        }
    }
    Ok((text, end))
}

fn lead(series: &SeriesSteps) -> String {
    let text = |text: &Option<String>| field(text.as_deref().unwrap_or_default());
    let kind = series.kind.map_or("", crate::view::AssetKind::name);
    let (site, asset, unit) = (text(&series.site), text(&series.asset), text(&series.unit));
    format!(",{site},{kind},{asset},{},{unit},", field(&series.metric))
}

fn put_value(text: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        put_number(text, value);
    }
}

/// A field as RFC 4180 quotes it. A leading sign that a spreadsheet would take for a formula gets an apostrophe.
pub(crate) fn field(text: &str) -> String {
    let guarded = match text.chars().next() {
        Some('=' | '+' | '-' | '@') => format!("'{text}"),
        _ => text.to_owned(),
    };
    if guarded.contains([',', '"', '\r', '\n']) {
        return format!("\"{}\"", guarded.replace('"', "\"\""));
    }
    guarded
}

/// A text that was put together whole, as a file of that name.
pub(crate) fn file(name: &str, text: String) -> Response {
    let name = format!("attachment; filename=\"{name}.csv\"");
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    (headers, text).into_response()
}

fn attachment(
    name: &str,
    head: &'static str,
    pages: impl stream::Stream<Item = Result<Bytes, Problem>> + Send + 'static,
) -> Response {
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let head = stream::once(async move { Ok(Bytes::from_static(head.as_bytes())) });
    let body = Body::from_stream(stream::StreamExt::chain(head, pages));
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    (headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn fields_are_quoted_and_never_formulas() {
        assert_eq!(field("temp_out_air"), "temp_out_air");
        assert_eq!(field("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(field("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(field(""), "");
    }
}
