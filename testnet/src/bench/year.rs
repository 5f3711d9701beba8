//! Many days of the reference workload in one store, up to a year: sent in bulk over HTTP day by day, each closed by the
//! node while the next one comes in. At the end: how fast it opens, how fast it answers, how it grew.

use std::path::Path;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::store::{DAY_MS, HOUR_MS, SUMS_MS_MAX, bytes_below, closed, equip, pid, read, text};
use super::{Measured, Target, process};
use crate::error::{Error, Result};
use crate::folder;
use crate::http::Client;
use crate::neighbourhood::{Neighbourhood, READY_TIMEOUT};
use crate::options::Options;
use crate::terminal::note;
use crate::workload::{BATCH_ROWS, METRICS, Row, STARTS_MS, Workload};

/// Readings are kept for so long, days: longer than the bench goes on.
const RAW_DAYS: u32 = 36_500;
/// Requests that are made ahead of the node.
const AHEAD: usize = 8;
/// Days at the end whose growth is compared with that of the first ones.
const GROWTH_DAYS: usize = 5;
/// A later day may cost at most this many times what the first ones cost.
const GROWTH_MAX: f64 = 1.1;

/// The figures after `days` days.
pub(super) async fn year(options: Options, days: u32) -> Result<Vec<Measured>> {
    let mut options = Options { begins_ms: Some(time_of(0)), ..options };
    let mut rows = requests(days);
    let mut first = Vec::new();
    for day in 0..days {
        let mut neighbourhood = Neighbourhood::up(options.clone()).await?;
        options.reset = false;
        let mut client = neighbourhood.client(0);
        if day == 0 {
            equip(&mut client).await?;
            keep_readings(&mut client).await?;
        }
        let begun = Instant::now();
        while let Some(Some(request)) = rows.recv().await {
            client.telemetry_bulk(request).await?;
        }
        if day > 0 {
            closed(&mut client, STARTS_MS + i64::from(day - 1) * DAY_MS).await?;
        }
        if day == 1 {
            let pid = pid(&mut neighbourhood)?;
            first = read(&mut client, pid, (", one closed day", STARTS_MS), SUMS_MS_MAX).await?;
        }
        neighbourhood.down().await?;
        folder::set_time(&options.dir, time_of(day + 1))?;
        note(&format!("day {} of {days} took {:.1} s", day + 1, begun.elapsed().as_secs_f64()));
    }
    at_the_end(options, days, first).await
}

/// Hive time at which a day is sent: it is over, and the one before is to be closed.
fn time_of(day: u32) -> i64 {
    STARTS_MS + i64::from(day + 1) * DAY_MS + 3 * HOUR_MS
}

/// The requests of each day, with nothing between two days. They are made on a thread of their own.
fn requests(days: u32) -> mpsc::Receiver<Option<Bytes>> {
    let (send, requests) = mpsc::channel(AHEAD);
    std::thread::spawn(move || {
        let mut workload = Workload::default().peekable();
        for day in 0..days {
            let until = STARTS_MS + i64::from(day + 1) * DAY_MS;
            let mut rows: Vec<Row> = Vec::with_capacity(BATCH_ROWS);
            while let Some(row) = workload.next_if(|row| row.time_ms < until) {
                rows.push(row);
                if rows.len() == BATCH_ROWS && send.blocking_send(Some(text(rows.drain(..)))).is_err() {
                    // Whoever asked has failed and says so.
                    return;
                }
            }
            let last = Some(text(rows.drain(..))).filter(|text| !text.is_empty());
            if last.is_some_and(|last| send.blocking_send(Some(last)).is_err())
                || send.blocking_send(None).is_err()
            {
                return;
            }
        }
    });
    requests
}

/// Nothing is let go while the bench lasts.
async fn keep_readings(client: &mut Client) -> Result<()> {
    for metric in METRICS {
        let path = format!("/api/v1/metrics/{metric}");
        let change = serde_json::json!({"raw_days": RAW_DAYS, "quarter_days": RAW_DAYS}).to_string();
        let answer = client.send(hyper::Method::PUT, &path, "application/json", Bytes::from(change)).await?;
        if !answer.status.is_success() {
            return Err(answer.refusal());
        }
    }
    Ok(())
}

fn telemetry_bytes(neighbourhood: &mut Neighbourhood) -> Result<u64> {
    let log = neighbourhood.state(0).log;
    bytes_below(&log.parent().unwrap_or(Path::new(".")).join("telemetry"))
}

/// What the last days take on disk beside what the first ones do. `days` are bytes, oldest first; `all` is the folder.
fn growth(days: &[f64], all: u64) -> Measured {
    let mean = |days: &[f64]| days.iter().sum::<f64>() / days.len() as f64;
    let few = GROWTH_DAYS.min(days.len().div_ceil(2));
    let (early, late) = (mean(&days[..few]), mean(&days[days.len() - few..]));
    let (early_mb, late_mb, all_mb) = (early / 1e6, late / 1e6, all as f64 / 1e6);
    let detail = format!(
        "{early_mb:.2} MB a day at the start, {late_mb:.2} MB at the end, {all_mb:.1} MB in {} days",
        days.len()
    );
    let name = "a late day on disk, times an early one";
    Measured::new(name, late / early, "times", Target::AtMost(GROWTH_MAX), detail)
}

/// Bytes of each closed day, oldest first.
async fn day_bytes(client: &mut Client) -> Result<Vec<f64>> {
    let store: serde_json::Value = client.get("/api/v1/store").await?;
    let days = store["days"].as_array().into_iter().flatten();
    let mut closed: Vec<(String, f64)> = days
        .filter(|day| day["state"] == "sealed")
        .filter_map(|day| Some((day["id"].as_str()?.to_owned(), day["bytes"].as_f64()?)))
        .collect();
    closed.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(closed.into_iter().map(|(_, bytes)| bytes).collect())
}

/// Opens the store once more, and asks of its last day that is closed what was asked of the first one.
async fn at_the_end(options: Options, days: u32, first: Vec<Measured>) -> Result<Vec<Measured>> {
    let mut neighbourhood = Neighbourhood::up(options).await?;
    let last_ms = STARTS_MS + i64::from(days - 1) * DAY_MS;
    closed(&mut neighbourhood.client(0), last_ms).await?;
    process::at_rest(pid(&mut neighbourhood)?).await?;
    let begun = Instant::now();
    neighbourhood.kill(0)?;
    neighbourhood.restart(0).await?;
    neighbourhood.wait_ready(0, READY_TIMEOUT).await?;
    let opened_s = begun.elapsed().as_secs_f64();
    let detail = format!("killed with {days} days, until it is ready again");
    let mut figures = vec![Measured::new("open", opened_s, "s", Target::AtMost(2.0), detail)];
    let (mut client, pid) = (neighbourhood.client(0), pid(&mut neighbourhood)?);
    let sizes = day_bytes(&mut client).await?;
    if sizes.len() != days as usize {
        return Err(Error::Expectation(format!("{days} days are closed: {} are", sizes.len())));
    }
    figures.push(growth(&sizes, telemetry_bytes(&mut neighbourhood)?));
    let last = read(&mut client, pid, (", last day", last_ms), SUMS_MS_MAX).await?;
    for (one, many) in first.iter().zip(&last) {
        let detail =
            format!("{}: {:.2} {} of one day, {:.2} now", many.name, one.value, one.unit, many.value);
        let times = many.value / one.value.max(0.001);
        figures.push(Measured::new("the same question, times", times, "times", Target::AtMost(2.0), detail));
    }
    figures.extend(last);
    let resident = process::resident_mib_of(pid)?;
    let detail = format!("with {days} days, after the questions");
    figures.push(Measured::new("resident", resident, "MiB", Target::AtMost(64.0), detail));
    neighbourhood.down().await?;
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_compares_late_days_with_early_ones() {
        let even = growth(&[4.0, 4.0, 4.0], 12);
        assert!(even.reached && (even.value - 1.0).abs() < 1e-9, "{even:?}");
        let late = growth(&[4.0, 4.0, 4.0, 4.0, 4.0, 9.0, 5.0, 5.0, 5.0, 5.0, 5.0], 54);
        assert!(!late.reached && (late.value - 1.25).abs() < 1e-9, "{late:?}");
    }

    #[tokio::test]
    async fn a_day_ends_with_nothing() {
        let mut requests = requests(1);
        let mut payloads = 0;
        while let Some(Some(request)) = requests.recv().await {
            payloads += request.iter().filter(|byte| **byte == b'\n').count();
        }
        // One asset or the other reports a second late, and so on the next day.
        assert!((1_036_700..=1_036_800).contains(&payloads), "{payloads}");
        assert!(requests.recv().await.is_none());
    }
}
