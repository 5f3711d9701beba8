//! The history of an asset: readings, or minimum, maximum, average and count in steps, over `[from, to)`.

use crate::app::{App, Shared, asset};
use crate::extract::{Id, Query};
use crate::list::{Page, limit};
use crate::payload::is_name;
use crate::problem::{Kind, Problem};
use crate::question::{Bucket, Buckets, Samples};
use crate::request::{MetricsRange, QueryCall};
use crate::text::{Clock, put_number, put_text};
use crate::time::Time;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use protocol::UnixMs;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Items in one answer, at the most and by default: a day of one asset's metric at one reading per 10 s is 8,640.
const LIMIT_MAX: usize = 10_000;
/// What `from` is before `to` when it is not given.
const RANGE_DEFAULT_MS: i64 = 24 * 60 * 60 * 1000;
/// Longest step.
const STEP_MS_MAX: i64 = 366 * 24 * 60 * 60 * 1000;

/// Which part of the history.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// One metric; all of the asset when not given.
    metric: Option<String>,
    /// First moment, RFC 3339; 24 hours before `to` when not given.
    from: Option<String>,
    /// First moment after the range, RFC 3339; just after now when not given.
    to: Option<String>,
    /// Seconds, or a number with `s`, `m`, `h` or `d`. Readings one by one when not given.
    #[param(example = "15m")]
    step: Option<String>,
    /// Items wanted, 1 to 10,000.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

impl Wanted {
    /// Width of the steps, if any are wanted.
    pub(crate) fn step_ms(&self) -> Result<Option<i64>, Problem> {
        self.step.as_deref().map(step_ms).transpose()
    }
}

/// A reading, or the readings of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum MetricItem {
    Step {
        id: String,
        metric: String,
        t: Time,
        min: f64,
        max: f64,
        /// `null` if their sum is beyond what a number can hold.
        avg: Option<f64>,
        /// The newest of them.
        last: f64,
        count: u64,
    },
    Reading {
        id: String,
        metric: String,
        t: Time,
        /// `null` is a gap.
        #[schema(required = true)]
        v: Option<f64>,
    },
}

/// The history of an asset, ordered by time and then metric.
#[utoipa::path(
    get, path = "/api/v1/assets/{id}/metrics", tag = "telemetry",
    params(("id" = String, Path, description = "Code of the asset"), Wanted),
    responses((status = 200, description = "`{t, v}` items, or `{t, min, max, avg, last, count}` with `step`", body = Page<MetricItem>))
)]
pub(crate) async fn metrics(
    State(app): Shared,
    Id(id): Id,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let limit = limit(wanted.limit, LIMIT_MAX, LIMIT_MAX)?;
    let range = range(&app, &id, &wanted, limit + 1)?;
    let text = match wanted.step_ms()? {
        None => readings(&app.query(|reply| QueryCall::Samples { range, reply }).await?, limit),
        Some(step_ms) => {
            steps(&app.query(|reply| QueryCall::Buckets { range, step_ms, reply }).await?, limit)
        }
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// A page as JSON, written straight into one buffer: readings come by the ten thousand.
fn page<'a, T>(
    items: &[T],
    limit: usize,
    id: impl Fn(&T) -> (i64, &'a str),
    mut put: impl FnMut(&mut Vec<u8>, &T),
) -> Vec<u8> {
    let shown = &items[..items.len().min(limit)];
    let mut text = Vec::with_capacity(64 + 128 * shown.len());
    text.extend_from_slice(b"{\"items\":[");
    for (at, item) in shown.iter().enumerate() {
        text.extend_from_slice(if at == 0 { b"{\"id\":" } else { b",{\"id\":" });
        let (t, metric) = id(item);
        put_text(&mut text, &item_id(t, metric));
        text.extend_from_slice(b",\"metric\":");
        put_text(&mut text, metric);
        text.extend_from_slice(b",\"t\":\"");
        put(&mut text, item);
        text.push(b'}');
    }
    text.extend_from_slice(b"],\"next\":");
    match shown.last().filter(|_| items.len() > limit).map(id) {
        Some((t, metric)) => put_text(&mut text, &item_id(t, metric)),
        None => text.extend_from_slice(b"null"),
    }
    text.push(b'}');
    text
}

fn readings(samples: &Samples, limit: usize) -> Vec<u8> {
    let mut clock = Clock::default();
    page(
        &samples.items,
        limit,
        |(t, metric, _)| (*t, &samples.metrics[usize::from(*metric)]),
        |text, (t, _, value)| {
            clock.put(text, *t);
            text.extend_from_slice(b"\",\"v\":");
            put_number(text, *value);
        },
    )
}

fn steps(buckets: &Buckets, limit: usize) -> Vec<u8> {
    let mut clock = Clock::default();
    page(
        &buckets.items,
        limit,
        |bucket| (bucket.start, &buckets.metrics[usize::from(bucket.metric)]),
        |text, bucket| {
            let Bucket { start, min, max, avg, last, count, .. } = bucket;
            clock.put(text, *start);
            for (name, value) in
                [("\",\"min\":", min), (",\"max\":", max), (",\"avg\":", avg), (",\"last\":", last)]
            {
                text.extend_from_slice(name.as_bytes());
                put_number(text, *value);
            }
            text.extend_from_slice(format!(",\"count\":{count}").as_bytes());
        },
    )
}

pub(super) fn range(app: &App, id: &str, wanted: &Wanted, limit: usize) -> Result<MetricsRange, Problem> {
    let picture = app.picture();
    let asset = asset(&picture, id)?.code.clone();
    if wanted.metric.as_deref().is_some_and(|metric| !is_name(metric)) {
        return Err(
            Problem::new(Kind::Invalid, "expected 1 to 64 bytes without control characters").field("metric")
        );
    }
    let to = time("to", wanted.to.as_deref())?.unwrap_or(UnixMs(picture.node.time.ms()).plus(1));
    let from = time("from", wanted.from.as_deref())?.unwrap_or(to.plus(-RANGE_DEFAULT_MS));
    if from > to {
        return Err(Problem::new(Kind::Invalid, "expected `from` not after `to`").field("from"));
    }
    let after = wanted.cursor.as_deref().map(cursor).transpose()?;
    Ok(MetricsRange { asset, metric: wanted.metric.clone(), from, to, after, limit })
}

pub(super) fn time(field: &str, text: Option<&str>) -> Result<Option<UnixMs>, Problem> {
    let wrong =
        || Problem::new(Kind::Invalid, "expected an RFC 3339 time such as 2025-12-09T10:15:23Z").field(field);
    // In a query string an unescaped `+` of a time zone arrives as a space.
    let read = |text: &str| Time::parse(&text.trim().replace(' ', "+")).map(Into::into).ok_or_else(wrong);
    text.map(read).transpose()
}

pub(super) fn step_ms(text: &str) -> Result<i64, Problem> {
    let (number, unit) = match text.char_indices().last() {
        Some((at, 's')) => (&text[..at], 1_000),
        Some((at, 'm')) => (&text[..at], 60_000),
        Some((at, 'h')) => (&text[..at], 3_600_000),
        Some((at, 'd')) => (&text[..at], 86_400_000),
        _ => (text, 1_000),
    };
    let step = number.parse::<i64>().ok().and_then(|number| number.checked_mul(unit));
    let wrong = || Problem::new(Kind::Invalid, "expected 1 s to 366 d, such as 900, 15m or 1h").field("step");
    step.filter(|step| (1_000..=STEP_MS_MAX).contains(step)).ok_or_else(wrong)
}

/// An item's id is its time in milliseconds and its metric, which is also the cursor behind it.
fn item_id(t: i64, metric: &str) -> String {
    format!("{t}~{metric}")
}

fn cursor(text: &str) -> Result<(UnixMs, String), Problem> {
    let wrong = || Problem::new(Kind::Invalid, "expected `next` of an earlier page").field("cursor");
    let (ms, metric) = text.split_once('~').ok_or_else(wrong)?;
    Ok((UnixMs(ms.parse().map_err(|_| wrong())?), metric.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_have_units_and_bounds() {
        let good =
            [("900", 900_000), ("15m", 900_000), ("1h", 3_600_000), ("366d", STEP_MS_MAX), ("1s", 1_000)];
        for (text, ms) in good {
            assert_eq!(step_ms(text), Ok(ms), "{text}");
        }
        for text in ["", "0", "m", "-5m", "1.5h", "367d", "9999999999999999999", "9223372036854775807d", "5é"]
        {
            assert!(step_ms(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_cursor_is_the_id_of_an_item() {
        let id = item_id(1_765_275_323_000, "a~b");
        assert_eq!(cursor(&id), Ok((UnixMs(1_765_275_323_000), "a~b".to_owned())));
        assert!(cursor("x~y").is_err() && cursor("").is_err());
    }

    #[test]
    fn a_plus_lost_in_the_query_is_found_again() {
        assert_eq!(time("from", Some("2025-12-09T11:15:23 01:00")), Ok(Some(UnixMs(1_765_275_323_000))));
        assert!(time("from", Some("now")).is_err());
    }
}
