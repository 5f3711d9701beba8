//! The part of Prometheus' HTTP API that Grafana's built-in data source asks, under `/prom`: queries, labels, series,
//! metadata. Forms, answers and errors are those of Prometheus (prometheus.io/docs/prometheus/latest/querying/api).

use crate::app::{App, Shared};
use crate::extract::{JSON_BODY_BYTES_MAX, Raw};
use crate::problem::{Kind, Problem};
use crate::promql::{Plan, plan, selection};
use crate::question::{LabelledValues, Selection, SeriesName, WindowsQuestion};
use crate::request::QueryCall;
use crate::text::{put_seconds, put_text};
use crate::time::Time;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::UnixMs;
use protocol::limits::QUERY_MOMENTS_MAX;
use std::collections::BTreeMap;

/// The version whose language and answers these are.
const SPOKEN: &str = "2.45.0";
/// Selectors in one request.
const SELECTORS_MAX: usize = 16;
/// Longest step, milliseconds.
const STEP_MS_MAX: i64 = 366 * 24 * 60 * 60 * 1000;
const LABELS: [&str; 4] = ["__name__", "asset", "kind", "site"];

/// The parameters of the address and, of a POST, of the form in the body. A name may come several times.
pub(crate) struct Asked(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Asked {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let mut asked = pairs(request.uri().query().unwrap_or_default().as_bytes());
        if request.method() == axum::http::Method::POST {
            let Raw(body) = Raw::<JSON_BODY_BYTES_MAX>::from_request(request, state).await?;
            asked.extend(pairs(&body));
        }
        Ok(Self(asked))
    }
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

impl Asked {
    fn one(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    fn needed(&self, name: &str) -> Result<&str, Failure> {
        self.one(name).ok_or_else(|| Failure::bad(format!("expected the parameter `{name}`")))
    }

    fn moment(&self, name: &str) -> Result<Option<i64>, Failure> {
        let wrong = || Failure::bad(format!("{name}: expected Unix seconds or an RFC 3339 time"));
        self.one(name).map(|text| moment(text).ok_or_else(wrong)).transpose()
    }

    fn selections(&self) -> Result<Vec<Selection>, Failure> {
        let texts: Vec<&str> =
            self.0.iter().filter(|(name, _)| name == "match[]").map(|(_, text)| text.as_str()).collect();
        if texts.len() > SELECTORS_MAX {
            return Err(Failure::bad(format!("expected at most {SELECTORS_MAX} selectors")));
        }
        texts.into_iter().map(|text| selection(text).map_err(Failure::bad)).collect()
    }
}

/// A failure as Prometheus tells it.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    kind: &'static str,
    text: String,
}

impl Failure {
    fn bad(text: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, kind: "bad_data", text: text.into() }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let (status, kind) = match problem.kind {
            Kind::Timeout => (StatusCode::SERVICE_UNAVAILABLE, "timeout"),
            Kind::Unavailable | Kind::TooMany => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
            Kind::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Kind::Malformed
            | Kind::Invalid
            | Kind::Unauthorized
            | Kind::ForeignOrigin
            | Kind::Forbidden
            | Kind::MethodNotAllowed
            | Kind::Conflict
            | Kind::TooLarge
            | Kind::UnsupportedMediaType
            | Kind::MisdirectedRequest
            | Kind::Refused => (StatusCode::BAD_REQUEST, "bad_data"),
        };
        Self { status, kind, text: problem.detail }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut text = b"{\"status\":\"error\",\"errorType\":".to_vec();
        put_text(&mut text, self.kind);
        text.extend_from_slice(b",\"error\":");
        put_text(&mut text, &self.text);
        text.push(b'}');
        (self.status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
    }
}

fn success(data: impl FnOnce(&mut Vec<u8>)) -> Response {
    let mut text = b"{\"status\":\"success\",\"data\":".to_vec();
    data(&mut text);
    text.push(b'}');
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

/// One moment.
pub(crate) async fn query(State(app): Shared, asked: Asked) -> Result<Response, Failure> {
    let time = asked.moment("time")?.unwrap_or_else(|| app.picture().node.time.ms());
    let found = match plan(asked.needed("query")?).map_err(Failure::bad)? {
        Plan::Number(number) => {
            return Ok(success(|text| {
                text.extend_from_slice(b"{\"resultType\":\"scalar\",\"result\":");
                put_pair(text, time, number);
                text.push(b'}');
            }));
        }
        Plan::Windows(windows) => ask(&app, windows, time, 1, 1).await?,
    };
    Ok(success(|text| {
        text.extend_from_slice(b"{\"resultType\":\"vector\",\"result\":[");
        each(text, &found, |text, series| {
            text.extend_from_slice(b"{\"metric\":");
            put_labels(text, series);
            text.extend_from_slice(b",\"value\":");
            put_pair(text, time, series.values[0]);
            text.push(b'}');
        });
        text.extend_from_slice(b"]}");
    }))
}

/// Evenly spaced moments.
pub(crate) async fn query_range(State(app): Shared, asked: Asked) -> Result<Response, Failure> {
    let needed = |name: &str| asked.needed(name).and_then(|_| asked.moment(name));
    let (start, end) = (needed("start")?.unwrap_or_default(), needed("end")?.unwrap_or_default());
    let step_ms = span_ms(asked.needed("step")?).filter(|ms| (1..=STEP_MS_MAX).contains(ms));
    let step_ms =
        step_ms.ok_or_else(|| Failure::bad("step: expected seconds or a duration of at most 366 d"))?;
    if end < start {
        return Err(Failure::bad("end timestamp must not be before start time"));
    }
    let count = usize::try_from(end.saturating_sub(start) / step_ms).unwrap_or(usize::MAX).saturating_add(1);
    if count > QUERY_MOMENTS_MAX {
        return Err(Failure::bad(
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
        ));
    }
    let found = match plan(asked.needed("query")?).map_err(Failure::bad)? {
        Plan::Number(number) => {
            let none = LabelledValues {
                metric: None,
                asset: None,
                site: None,
                kind: None,
                values: vec![number; count],
            };
            vec![none]
        }
        Plan::Windows(windows) => ask(&app, windows, start, step_ms, count).await?,
    };
    Ok(success(|text| {
        text.extend_from_slice(b"{\"resultType\":\"matrix\",\"result\":[");
        each(text, &found, |text, series| {
            text.extend_from_slice(b"{\"metric\":");
            put_labels(text, series);
            text.extend_from_slice(b",\"values\":[");
            let moments = (0..).map(|step: i64| start.saturating_add(step.saturating_mul(step_ms)));
            let present: Vec<(i64, f64)> =
                moments.zip(series.values.iter().copied()).filter(|(_, value)| !value.is_nan()).collect();
            each(text, &present, |text, (time, value)| put_pair(text, *time, *value));
            text.extend_from_slice(b"]}");
        });
        text.extend_from_slice(b"]}");
    }))
}

async fn ask(
    app: &App,
    windows: crate::promql::Windows,
    start: i64,
    step_ms: i64,
    count: usize,
) -> Result<Vec<LabelledValues>, Failure> {
    let crate::promql::Windows { selection, over, width_ms, offset_ms, keeps_name, stages } = windows;
    let start = UnixMs(start);
    let question =
        WindowsQuestion { selection, over, width_ms, offset_ms, keeps_name, stages, start, step_ms, count };
    Ok(app.query(|reply| QueryCall::Windows { question, reply }).await?)
}

/// Names of labels.
pub(crate) async fn labels(State(app): Shared, asked: Asked) -> Result<Response, Failure> {
    let names = if series_of(&app, &asked).await?.is_empty() { &[][..] } else { &LABELS[..] };
    Ok(texts(names))
}

/// Values of one label.
pub(crate) async fn label_values(
    State(app): Shared,
    Path(name): Path<String>,
    asked: Asked,
) -> Result<Response, Failure> {
    let series = series_of(&app, &asked).await?;
    let value = |series: &SeriesName| match name.as_str() {
        "__name__" => Some(series.metric.clone()),
        "asset" => Some(series.asset.clone()),
        "site" => Some(series.site.clone()),
        "kind" => Some(series.kind.name().to_owned()),
        _ => None,
    };
    let mut values: Vec<String> = series.iter().filter_map(value).collect();
    values.sort_unstable();
    values.dedup();
    Ok(texts(&values))
}

/// Series that pass.
pub(crate) async fn series(State(app): Shared, asked: Asked) -> Result<Response, Failure> {
    if asked.selections()?.is_empty() {
        return Err(Failure::bad("no match[] parameter provided"));
    }
    let found = series_of(&app, &asked).await?;
    Ok(success(|text| {
        text.push(b'[');
        each(text, &found, |text, series| {
            let SeriesName { metric, asset, site, kind, .. } = series.clone();
            let labels = (Some(metric), Some(asset), Some(site), Some(kind));
            let (metric, asset, site, kind) = labels;
            put_labels(text, &LabelledValues { metric, asset, site, kind, values: Vec::new() });
        });
        text.push(b']');
    }))
}

/// Type and unit of each metric.
pub(crate) async fn metadata(State(app): Shared, asked: Asked) -> Result<Response, Failure> {
    let wanted = asked.one("metric");
    let limit = asked.one("limit").and_then(|limit| limit.parse::<usize>().ok()).filter(|limit| *limit > 0);
    let found = series_of(&app, &asked).await?;
    let by_metric: BTreeMap<&str, &SeriesName> =
        found.iter().map(|series| (series.metric.as_str(), series)).collect();
    let shown = by_metric.into_iter().filter(|(metric, _)| wanted.is_none_or(|wanted| wanted == *metric));
    let shown: Vec<_> = shown.take(limit.unwrap_or(usize::MAX)).collect();
    Ok(success(|text| {
        text.push(b'{');
        each(text, &shown, |text, (metric, series)| {
            put_text(text, metric);
            let kind = if series.counter { "counter" } else { "gauge" };
            text.extend_from_slice(format!(":[{{\"type\":\"{kind}\",\"help\":\"\",\"unit\":").as_bytes());
            put_text(text, series.unit.as_deref().unwrap_or_default());
            text.extend_from_slice(b"}]");
        });
        text.push(b'}');
    }))
}

/// Which Prometheus this speaks like, and what it is.
pub(crate) async fn buildinfo() -> Response {
    success(|text| {
        let version = env!("CARGO_PKG_VERSION");
        text.extend_from_slice(
            format!(
                "{{\"version\":\"{SPOKEN}\",\"revision\":\"symbiose {version}\",\"branch\":\"\",\"buildUser\":\"\",\
                 \"buildDate\":\"\",\"goVersion\":\"\"}}"
            )
            .as_bytes(),
        );
    })
}

/// Everything else of Prometheus' API.
pub(crate) async fn unknown() -> Failure {
    let text = "this node answers query, query_range, labels, label/<name>/values, series, metadata and status/buildinfo";
    Failure { status: StatusCode::NOT_FOUND, kind: "not_found", text: text.to_owned() }
}

async fn series_of(app: &App, asked: &Asked) -> Result<Vec<SeriesName>, Failure> {
    let mut selections = asked.selections()?;
    if selections.is_empty() {
        selections.push(Selection::default());
    }
    Ok(app.query(|reply| QueryCall::Series { selections, reply }).await?)
}

fn texts<T: AsRef<str>>(values: &[T]) -> Response {
    success(|text| {
        text.push(b'[');
        each(text, values, |text, value| put_text(text, value.as_ref()));
        text.push(b']');
    })
}

fn each<T>(text: &mut Vec<u8>, items: &[T], mut put: impl FnMut(&mut Vec<u8>, &T)) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            text.push(b',');
        }
        put(text, item);
    }
}

fn put_labels(text: &mut Vec<u8>, series: &LabelledValues) {
    let values = [
        series.metric.as_deref(),
        series.asset.as_deref(),
        series.kind.map(crate::view::AssetKind::name),
        series.site.as_deref(),
    ];
    let present: Vec<_> =
        LABELS.iter().zip(values).filter_map(|(name, value)| Some((name, value?))).collect();
    text.push(b'{');
    each(text, &present, |text, (name, value)| {
        put_text(text, name);
        text.push(b':');
        put_text(text, value);
    });
    text.push(b'}');
}

/// `[1435781430.781,"1.5"]`
fn put_pair(text: &mut Vec<u8>, time: i64, value: f64) {
    text.push(b'[');
    put_seconds(text, time);
    let value = match value {
        value if value == f64::INFINITY => "+Inf".to_owned(),
        value if value == f64::NEG_INFINITY => "-Inf".to_owned(),
        value => value.to_string(),
    };
    text.extend_from_slice(b",\"");
    text.extend_from_slice(value.as_bytes());
    text.extend_from_slice(b"\"]");
}

/// Milliseconds since 1970 out of `1435781430.781` or `2015-07-01T20:10:30.781Z`.
fn moment(text: &str) -> Option<i64> {
    match text.parse::<f64>() {
        Ok(seconds) => milliseconds(seconds),
        Err(_) => Time::parse(text).map(Time::ms),
    }
}

/// Milliseconds out of `15`, `0.5`, `1h30m` or `250ms`.
fn span_ms(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<f64>() {
        return milliseconds(seconds);
    }
    let mut rest = text;
    let mut total = 0i64;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_lowercase).count();
        let unit = match &rest[..letters] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            "y" => 31_536_000_000,
            _ => return None,
        };
        rest = &rest[letters..];
        total = total.checked_add(number.checked_mul(unit)?)?;
    }
    Some(total)
}

/// Times which RFC 3339 can write; a step is shorter.
fn milliseconds(seconds: f64) -> Option<i64> {
    let ms = (seconds * 1_000.0).round();
    let fits = ms.is_finite() && ms.abs() < 253_402_300_800_000.0;
    #[expect(clippy::cast_possible_truncation, reason = "checked on the line above")]
    fits.then_some(ms as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_spans_come_in_prometheus_forms() {
        assert_eq!(moment("1435781430.781"), Some(1_435_781_430_781));
        assert_eq!(moment("2015-07-01T20:10:30.781Z"), Some(1_435_781_430_781));
        assert_eq!(moment("1e300"), None);
        assert!(moment("now").is_none() && moment("NaN").is_none() && moment("inf").is_none());
        for (text, ms) in [
            ("15", 15_000),
            ("5", 5_000),
            ("0.5", 500),
            ("1h30m", 5_400_000),
            ("250ms", 250),
            ("1w", 604_800_000),
        ] {
            assert_eq!(span_ms(text), Some(ms), "{text}");
        }
        for text in ["5 m", "m", "-", "5é", "99999999999999999999s", "9999999999y"] {
            assert!(span_ms(text).is_none(), "{text}");
        }
    }

    #[test]
    fn values_are_written_as_prometheus_does() {
        let written = |value| {
            let mut text = Vec::new();
            put_pair(&mut text, 1_500, value);
            String::from_utf8(text).expect("text")
        };
        assert_eq!(written(1.0), r#"[1.500,"1"]"#);
        assert_eq!(written(f64::NEG_INFINITY), r#"[1.500,"-Inf"]"#);
        assert_eq!(written(1e21), r#"[1.500,"1000000000000000000000"]"#);
    }
}
