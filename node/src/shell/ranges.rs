//! Readings of one asset as the page asks for them: point by point or in steps, ordered by time and then metric, from
//! a cursor on. Of two readings of one metric and time the first accepted stays. Memory is bounded: what does not fit
//! is left for another pass.

use std::collections::BTreeMap;

use protocol::UnixMs;
use web::Time;
use web::view::{Bucket, Sample};

/// Readings held at once.
const POINTS_MAX: usize = 200_000;

/// Metrics wanted, ordered by name; a reading's rank is its place in this order.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    /// Names in order.
    names: Vec<String>,
    ranks: BTreeMap<u16, usize>,
}

impl Metrics {
    /// From columns and their names.
    pub(crate) fn new(mut metrics: Vec<(u16, String)>) -> Self {
        metrics.sort_by(|a, b| a.1.cmp(&b.1));
        let ranks = metrics.iter().enumerate().map(|(rank, (column, _))| (*column, rank)).collect();
        Self { names: metrics.into_iter().map(|(_, name)| name).collect(), ranks }
    }

    fn rank(&self, column: u16) -> Option<usize> {
        self.ranks.get(&column).copied()
    }

    /// The first place strictly behind a time and metric.
    fn behind(&self, after: &(UnixMs, String)) -> (UnixMs, usize) {
        (after.0, self.names.partition_point(|name| *name <= after.1))
    }
}

/// What is wanted of them.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// First time.
    pub(crate) from: UnixMs,
    /// First time that is not wanted.
    pub(crate) to: UnixMs,
    /// Only what comes strictly behind this time and metric.
    pub(crate) after: Option<(UnixMs, String)>,
    /// Items at the most.
    pub(crate) limit: usize,
}

/// Hands every reading of a stretch of time to a sink, in the order of acceptance.
pub(crate) type Source<'a, E> =
    &'a mut dyn FnMut(UnixMs, UnixMs, &mut dyn FnMut(u16, UnixMs, f64)) -> Result<(), E>;

/// The first points behind the cursor.
pub(crate) fn samples<E>(
    metrics: &Metrics,
    wanted: &Wanted,
    source: Source<'_, E>,
) -> Result<Vec<Sample>, E> {
    let from = wanted.after.as_ref().map_or(wanted.from, |after| wanted.from.max(after.0));
    let start = wanted.after.as_ref().map(|after| metrics.behind(after));
    let (points, _) = gather(metrics, (from, wanted.to), start, wanted.limit, source)?;
    let sample = |((time, rank), value): ((UnixMs, usize), f64)| Sample {
        metric: metrics.names[rank].clone(),
        t: Time::from_ms(time.0),
        v: Some(value),
    };
    Ok(points.into_iter().map(sample).collect())
}

/// The first steps behind the cursor. Steps start at multiples of `step_ms` since 1970; empty ones are left out.
pub(crate) fn buckets<E>(
    metrics: &Metrics,
    wanted: &Wanted,
    step_ms: i64,
    source: Source<'_, E>,
) -> Result<Vec<Bucket>, E> {
    let start_of = |time: UnixMs| UnixMs(time.0.div_euclid(step_ms).saturating_mul(step_ms));
    let start = wanted.after.as_ref().map(|after| metrics.behind(after));
    let mut from = start.map_or(wanted.from, |(time, _)| wanted.from.max(time));
    let mut buckets: BTreeMap<(UnixMs, usize), Bucket> = BTreeMap::new();
    loop {
        let (points, next) = gather(metrics, (from, wanted.to), None, POINTS_MAX, source)?;
        for ((time, rank), value) in points {
            let place = (start_of(time), rank);
            if start.is_none_or(|start| place >= start) {
                let empty = || empty_bucket(&metrics.names[rank], place.0);
                add(buckets.entry(place).or_insert_with(empty), value);
            }
        }
        match next {
            // Whole steps enough: those before the one that was cut.
            Some(next) if buckets.range(..(start_of(next), 0)).count() < wanted.limit => from = next,
            Some(_) | None => break,
        }
    }
    Ok(buckets.into_values().take(wanted.limit).collect())
}

/// At most `max` points of `[from, to)` at or behind `start`, and the time of the first one left out. Points of one
/// time are never torn apart unless `max` counts what the caller asked for.
#[expect(clippy::type_complexity, reason = "points by place, and where to go on")]
fn gather<E>(
    metrics: &Metrics,
    (from, to): (UnixMs, UnixMs),
    start: Option<(UnixMs, usize)>,
    max: usize,
    source: Source<'_, E>,
) -> Result<(BTreeMap<(UnixMs, usize), f64>, Option<UnixMs>), E> {
    let mut points: BTreeMap<(UnixMs, usize), f64> = BTreeMap::new();
    let mut cut: Option<(UnixMs, usize)> = None;
    source(from, to, &mut |column, time, value| {
        let Some(rank) = metrics.rank(column) else { return };
        let place = (time, rank);
        if start.is_some_and(|start| place < start) || cut.is_some_and(|cut| place >= cut) {
            return;
        }
        points.entry(place).or_insert(value);
        if points.len() > max {
            cut = points.pop_last().map(|(place, _)| place);
        }
    })?;
    let next = cut.map(|(time, _)| time);
    if let Some(next) = next.filter(|next| max == POINTS_MAX && *next > from) {
        points.split_off(&(next, 0));
    }
    Ok((points, next))
}

fn empty_bucket(metric: &str, start: UnixMs) -> Bucket {
    let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
    Bucket { metric: metric.to_owned(), t: Time::from_ms(start.0), min, max, avg: 0.0, count: 0 }
}

fn add(bucket: &mut Bucket, value: f64) {
    bucket.count += 1;
    bucket.min = bucket.min.min(value);
    bucket.max = bucket.max.max(value);
    #[expect(clippy::cast_precision_loss, reason = "a count of readings")]
    let count = bucket.count as f64;
    // Divided before subtracting, so that extremes do not overflow.
    bucket.avg += value / count - bucket.avg / count;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn metrics() -> Metrics {
        Metrics::new(vec![(0, "zeta".into()), (1, "alpha".into()), (2, "mid".into())])
    }

    fn wanted(from: i64, to: i64, after: Option<(i64, &str)>, limit: usize) -> Wanted {
        let after = after.map(|(time, metric)| (UnixMs(time), metric.to_owned()));
        Wanted { from: UnixMs(from), to: UnixMs(to), after, limit }
    }

    /// Readings as (column, time, value), in the order of acceptance.
    fn run<T>(
        readings: &[(u16, i64, f64)],
        ask: impl FnOnce(Source<'_, Infallible>) -> Result<T, Infallible>,
    ) -> T {
        let mut source = |from: UnixMs, to: UnixMs, sink: &mut dyn FnMut(u16, UnixMs, f64)| {
            for (column, time, value) in readings {
                if from.0 <= *time && *time < to.0 {
                    sink(*column, UnixMs(*time), *value);
                }
            }
            Ok(())
        };
        ask(&mut source).unwrap()
    }

    fn points(readings: &[(u16, i64, f64)], wanted: &Wanted) -> Vec<String> {
        let samples = run(readings, |source| samples(&metrics(), wanted, source));
        samples
            .iter()
            .map(|sample| format!("{} {} {:?}", sample.t.ms(), sample.metric, sample.v.unwrap()))
            .collect()
    }

    const READINGS: [(u16, i64, f64); 6] =
        [(0, 10, 1.0), (1, 10, 2.0), (1, 30, 5.0), (1, 20, 3.0), (1, 20, 99.0), (7, 20, 9.0)];

    #[test]
    fn points_come_by_time_then_metric_and_the_first_stays() {
        let all = points(&READINGS, &wanted(0, 100, None, 10));
        assert_eq!(all, ["10 alpha 2.0", "10 zeta 1.0", "20 alpha 3.0", "30 alpha 5.0"]);
        assert_eq!(points(&READINGS, &wanted(10, 20, None, 10)), ["10 alpha 2.0", "10 zeta 1.0"]);
    }

    #[test]
    fn pages_meet_without_gap_or_double() {
        let all = points(&READINGS, &wanted(0, 100, None, 10));
        for limit in 1..=5 {
            let mut paged: Vec<String> = Vec::new();
            let mut after = None;
            loop {
                let page = points(&READINGS, &Wanted { after: after.clone(), ..wanted(0, 100, None, limit) });
                let Some(last) = page.last() else { break };
                let mut parts = last.split(' ');
                let time = parts.next().unwrap().parse().unwrap();
                after = Some((UnixMs(time), parts.next().unwrap().to_owned()));
                paged.extend(page);
            }
            assert_eq!(paged, all, "limit {limit}");
        }
    }

    #[test]
    fn steps_start_at_multiples_since_1970() {
        let readings: Vec<_> =
            (0..1_000).map(|i| (0, -500 + i, f64::from(i32::try_from(i).unwrap()))).collect();
        let buckets = run(&readings, |source| buckets(&metrics(), &wanted(-450, 500, None, 3), 200, source));
        let lines: Vec<String> = buckets
            .iter()
            .map(|b| format!("{} {} {} {} {}", b.t.ms(), b.min, b.max, b.avg.round(), b.count))
            .collect();
        assert_eq!(lines, ["-600 50 99 75 50", "-400 100 299 200 200", "-200 300 499 400 200"]);
    }

    #[test]
    fn more_points_than_fit_are_summed_up_in_passes() {
        let count = i64::try_from(POINTS_MAX).unwrap() * 5 / 2;
        let readings: Vec<_> = (0..count).map(|time| (1, time, 1.0)).collect();
        let ask = wanted(0, count, None, 10);
        let all = run(&readings, |source| buckets(&metrics(), &ask, count, source));
        assert_eq!(all.iter().map(|bucket| bucket.count).collect::<Vec<_>>(), [count.unsigned_abs()]);
        let after = Some((count / 5, "alpha"));
        let rest =
            run(&readings, |source| buckets(&metrics(), &wanted(0, count, after, 10), count / 5, source));
        assert_eq!(rest.len(), 3, "two of five steps lie before or at the cursor");
        assert!(rest.iter().all(|bucket| bucket.count == count.unsigned_abs() / 5));
    }
}
