//! Readings of one asset as the page asks for them: point by point or in steps, ordered by time and then metric, from
//! a cursor on.

use std::collections::BTreeMap;

use protocol::UnixMs;
use web::question::{Bucket, Buckets, Label, Matcher, Samples, Selection};
use web::request::MetricsRange;
use web::{Kind, Problem};

use super::select::{Chosen, choose, targets};
use super::{Sink, Source};
use crate::core::catalogue::Column;
use crate::core::telemetry::{Columns, DAY_MS, QUARTER_MS, Slot};

/// Columns by the names of their metrics.
#[derive(Debug)]
struct Ranks {
    /// By name.
    columns: Vec<Column>,
    names: Vec<String>,
    /// The first place, time and rank, that is wanted.
    start: Option<(i64, usize)>,
}

impl Ranks {
    fn new(chosen: &[Chosen], after: Option<&(UnixMs, String)>) -> Self {
        let mut named: Vec<(&str, Column)> =
            chosen.iter().map(|one| (one.name.metric.as_str(), one.column)).collect();
        named.sort_unstable();
        let start =
            after.map(|(time, name)| (time.0, named.partition_point(|(known, _)| known <= &name.as_str())));
        let columns = named.iter().map(|(_, column)| *column).collect();
        Self { columns, names: named.into_iter().map(|(name, _)| name.to_owned()).collect(), start }
    }

    fn is_behind(&self, time: i64, rank: usize) -> bool {
        self.start.is_none_or(|start| (time, rank) >= start)
    }

    fn rank(&self, column: Column) -> Option<usize> {
        self.columns.iter().position(|known| *known == column)
    }

    /// The columns wanted that rows have, by rank.
    fn of<'a>(&self, rows: &'a Columns) -> Vec<(usize, &'a [f64])> {
        let ranked = self.columns.iter().enumerate();
        ranked.filter_map(|(rank, column)| Some((rank, rows.column(*column)?))).collect()
    }
}

impl Source {
    /// Readings one by one.
    pub(crate) async fn samples(&self, range: MetricsRange) -> Result<Samples, Problem> {
        let chosen = self.series_of(&range).await?;
        let ranks = Ranks::new(&chosen, range.after.as_ref());
        let from = range.after.as_ref().map_or(range.from, |after| range.from.max(after.0));
        let sink = Points { ranks, limit: range.limit, items: Vec::new() };
        let Points { ranks, items, .. } = self.visit(targets(&chosen), from, range.to, sink).await?;
        Ok(Samples { metrics: ranks.names, items })
    }

    /// Readings in steps.
    pub(crate) async fn buckets(&self, range: MetricsRange, step_ms: i64) -> Result<Buckets, Problem> {
        let chosen = self.series_of(&range).await?;
        let ranks = Ranks::new(&chosen, range.after.as_ref());
        let from = range.after.as_ref().map_or(range.from, |after| range.from.max(after.0));
        let sink = Sums { ranks, step_ms, limit: range.limit, sums: BTreeMap::new() };
        let Sums { ranks, sums, .. } = self.visit(targets(&chosen), from, range.to, sink).await?;
        let items = sums.into_iter().take(range.limit).map(|((start, rank), sum)| sum.bucket(start, rank));
        Ok(Buckets { metrics: ranks.names, items: items.collect() })
    }

    async fn series_of(&self, range: &MetricsRange) -> Result<Vec<Chosen>, Problem> {
        let mut matchers = vec![Matcher::is(Label::Asset, &range.asset)];
        matchers.extend(range.metric.as_ref().map(|metric| Matcher::is(Label::Metric, metric)));
        let code = range.asset.clone();
        self.glance(move |core| {
            if core.telemetry().catalogue().asset_by_code(&code).is_none() {
                return Err(Problem::new(Kind::NotFound, format!("there is no asset `{code}`")).field("id"));
            }
            Ok(choose(core, &Selection(matchers)))
        })
        .await?
    }
}

/// Readings one by one, until there are enough.
struct Points {
    ranks: Ranks,
    limit: usize,
    items: Vec<(i64, u16, f64)>,
}

impl Sink for Points {
    fn rows(&mut self, _: usize, rows: &Columns) {
        let columns = self.ranks.of(rows);
        for (row, time) in rows.times().iter().enumerate() {
            for (rank, values) in &columns {
                if self.items.len() == self.limit {
                    return;
                }
                if !values[row].is_nan() && self.ranks.is_behind(*time, *rank) {
                    self.items.push((*time, place(*rank), values[row]));
                }
            }
        }
    }

    fn is_full(&self) -> bool {
        self.items.len() >= self.limit
    }
}

/// Readings in steps, until there are enough. Steps start at multiples of `step_ms` since 1970.
struct Sums {
    ranks: Ranks,
    step_ms: i64,
    limit: usize,
    sums: BTreeMap<(i64, usize), Sum>,
}

#[derive(Debug, Clone, Copy)]
struct Sum {
    count: u64,
    min: f64,
    max: f64,
    sum: f64,
    last: f64,
}

impl Sum {
    const NONE: Self = Self { count: 0, min: f64::INFINITY, max: f64::NEG_INFINITY, sum: 0.0, last: 0.0 };

    fn add(&mut self, value: f64) {
        self.count += 1;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.sum += value;
        self.last = value;
    }

    fn bucket(self, start: i64, rank: usize) -> Bucket {
        let Self { count, min, max, sum, last } = self;
        #[expect(clippy::cast_precision_loss, reason = "a count of readings")]
        // A sum beyond what a number can hold tells no mean.
        let avg = if sum.is_finite() { sum / count as f64 } else { f64::NAN };
        Bucket { start, metric: place(rank), min, max, avg, last, count }
    }
}

impl Sums {
    fn start_of(&self, time: i64) -> i64 {
        time.div_euclid(self.step_ms).saturating_mul(self.step_ms)
    }
}

impl Sink for Sums {
    fn rows(&mut self, _: usize, rows: &Columns) {
        let columns = self.ranks.of(rows);
        let times = rows.times();
        let mut at = 0;
        while at < times.len() && !self.is_full() {
            let start = self.start_of(times[at]);
            let behind = start.saturating_add(self.step_ms);
            let end = at + times[at..].partition_point(|time| *time < behind);
            for (rank, values) in columns.iter().filter(|(rank, _)| self.ranks.is_behind(start, *rank)) {
                let present = values[at..end].iter().copied().filter(|value| !value.is_nan());
                let mut present = present.peekable();
                if present.peek().is_some() {
                    let sum = self.sums.entry((start, *rank)).or_insert(Sum::NONE);
                    present.for_each(|value| sum.add(value));
                }
            }
            at = end;
        }
    }

    fn slot_ms(&self) -> Option<i64> {
        [DAY_MS, QUARTER_MS].into_iter().find(|slot_ms| self.step_ms % slot_ms == 0)
    }

    fn slots(&mut self, _: usize, column: Column, slots: &[(u16, Slot)]) {
        let Some(rank) = self.ranks.rank(column) else { return };
        for (_, slot) in slots {
            let start = self.start_of(slot.first_at.0);
            if !self.ranks.is_behind(start, rank) {
                continue;
            }
            let sum = self.sums.entry((start, rank)).or_insert(Sum::NONE);
            sum.count += u64::from(slot.count);
            sum.min = sum.min.min(slot.min);
            sum.max = sum.max.max(slot.max);
            sum.sum += slot.sum;
            sum.last = slot.last;
        }
    }

    /// The newest step of each metric may still grow.
    fn is_full(&self) -> bool {
        self.sums.len() >= self.limit + self.ranks.columns.len()
    }
}

fn place(rank: usize) -> u16 {
    u16::try_from(rank).expect("invariant: an asset has at most SERIES_PER_ASSET_MAX series")
}
