//! Many series summed up in steps, asset by asset or put together.

use std::collections::BTreeMap;
use std::mem::take;

use protocol::UnixMs;
use protocol::limits::{QUERY_SERIES_MAX, QUERY_VALUES_MAX};
use web::question::{By, SeriesName, SeriesSteps, StepsQuestion};
use web::view::AssetKind;
use web::{Kind, Problem};

use super::select::{Chosen, choose, targets};
use super::{Sink, Source};
use crate::core::catalogue::Column;
use crate::core::telemetry::{Columns, Counting, Cuts, DAY_MS, Progress, QUARTER_MS, Slot, Steps, Summary};

/// How far from the steps a counter's neighbouring reading is looked for at first, and at the most.
const NEAR_MS: i64 = 2 * 60 * 60 * 1000;
const FAR_MS: i64 = 32 * DAY_MS;

/// What the series of a group share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    metric: String,
    site: Option<String>,
    kind: Option<AssetKind>,
    asset: Option<String>,
}

impl Group {
    /// Takes its words out of the name.
    fn of(name: &mut SeriesName, by: By) -> Self {
        let SeriesName { metric, asset, site, kind, .. } = name;
        let (asset, site, kind) = match by {
            By::Asset => (Some(take(asset)), Some(take(site)), Some(*kind)),
            By::Site => (None, Some(take(site)), None),
            By::Kind => (None, None, Some(*kind)),
            By::None => (None, None, None),
        };
        Self { metric: take(metric), site, kind, asset }
    }
}

impl Source {
    /// The series that pass one of the selections.
    pub(crate) async fn series(
        &self,
        selections: Vec<web::question::Selection>,
    ) -> Result<Vec<SeriesName>, Problem> {
        let mut names: Vec<SeriesName> = self
            .glance(move |core| {
                let all = selections.iter().flat_map(|selection| choose(core, selection));
                all.map(|chosen| chosen.name).collect()
            })
            .await?;
        names.sort_by(|a, b| (&a.metric, &a.asset).cmp(&(&b.metric, &b.asset)));
        names.dedup();
        Ok(names)
    }

    /// Many series in steps.
    pub(crate) async fn steps(&self, question: StepsQuestion) -> Result<Vec<SeriesSteps>, Problem> {
        let StepsQuestion { selection, summary, by, edges } = question;
        let summary = told(summary);
        let (Some(&first), Some(&last)) = (edges.first(), edges.last()) else { return Ok(Vec::new()) };
        let mut chosen = self.glance(move |core| choose(core, &selection)).await?;
        let units = units(&chosen);
        let (groups, places) = groups(&mut chosen, by);
        let count = edges.len() - 1;
        if groups.len() > QUERY_SERIES_MAX || groups.len().saturating_mul(count) > QUERY_VALUES_MAX {
            return Err(too_many(groups.len(), count));
        }
        let mut sink = Told {
            summary,
            slot_ms: slot_ms(&edges),
            edges,
            groups: groups.iter().map(|_| Steps::new(summary, count)).collect(),
            series: series_of(&chosen, &places),
        };
        let (from, to) = (UnixMs(first), UnixMs(last));
        if !summary.is_of_counters() {
            sink = self.visit(targets(&chosen), from, to, sink).await?;
            return Ok(answer(groups, sink, &units));
        }
        for (place, before) in self.neighbours(&chosen, from, Side::Before).await? {
            let (target, series) = place;
            sink.series[target][series].progress = Progress::behind(before);
        }
        sink = self.visit(targets(&chosen), from, to, sink).await?;
        for ((target, series), (time, value)) in self.neighbours(&chosen, to, Side::Behind).await? {
            sink.readings(target, series, &[time.0], &[value]);
        }
        Ok(answer(groups, sink, &units))
    }

    /// The reading of each series next to a time; none if it is far away.
    async fn neighbours(
        &self,
        chosen: &[Chosen],
        time: UnixMs,
        side: Side,
    ) -> Result<BTreeMap<(usize, usize), (UnixMs, f64)>, Problem> {
        let all = targets(chosen);
        let mut found = BTreeMap::new();
        for (near, far) in [(0, NEAR_MS), (NEAR_MS, FAR_MS)] {
            let (from, to) = match side {
                Side::Before => (time.plus(-far), time.plus(-near)),
                Side::Behind => (time.plus(near), time.plus(far)),
            };
            let missing: Vec<usize> = (0..all.len())
                .filter(|target| {
                    (0..all[*target].columns.len()).any(|series| !found.contains_key(&(*target, series)))
                })
                .collect();
            if missing.is_empty() {
                break;
            }
            let wanted: Vec<_> = missing.iter().map(|target| all[*target].clone()).collect();
            let columns = wanted.iter().map(super::Target::ids).collect();
            let sink = Neighbours { side, columns, found: BTreeMap::new() };
            let Neighbours { found: more, .. } = self.visit(wanted, from, to, sink).await?;
            for ((target, series), reading) in more {
                found.entry((missing[target], series)).or_insert(reading);
            }
        }
        Ok(found)
    }
}

/// The unit of each metric.
fn units(chosen: &[Chosen]) -> BTreeMap<String, Option<String>> {
    let mut units = BTreeMap::new();
    for SeriesName { metric, unit, .. } in chosen.iter().map(|one| &one.name) {
        if !units.contains_key(metric) {
            units.insert(metric.clone(), unit.clone());
        }
    }
    units
}

/// Groups by rising key, and for each series the place of its group. They take the names.
fn groups(chosen: &mut [Chosen], by: By) -> (Vec<Group>, Vec<usize>) {
    let mut keys: Vec<(Group, usize)> =
        chosen.iter_mut().enumerate().map(|(at, one)| (Group::of(&mut one.name, by), at)).collect();
    keys.sort_unstable();
    let (mut groups, mut places) = (Vec::with_capacity(keys.len()), vec![0; keys.len()]);
    for (key, at) in keys {
        if groups.last() != Some(&key) {
            groups.push(key);
        }
        places[at] = groups.len() - 1;
    }
    (groups, places)
}

fn series_of(chosen: &[Chosen], places: &[usize]) -> Vec<Vec<Series>> {
    let mut places = places.iter();
    let of_asset = |series: &[Chosen]| {
        let one = |(chosen, group): (&Chosen, &usize)| Series {
            column: chosen.column,
            group: *group,
            counting: chosen.counting.clone(),
            progress: Progress::default(),
        };
        series.iter().zip(places.by_ref()).map(one).collect()
    };
    chosen.chunk_by(|a, b| a.asset == b.asset).map(of_asset).collect()
}

fn answer(groups: Vec<Group>, told: Told, units: &BTreeMap<String, Option<String>>) -> Vec<SeriesSteps> {
    let Told { edges, groups: steps, .. } = told;
    let one = |(group, steps): (Group, Steps)| SeriesSteps {
        unit: units.get(&group.metric).cloned().flatten(),
        asset: group.asset,
        site: group.site,
        kind: group.kind,
        metric: group.metric,
        values: steps.finish(&edges),
    };
    groups.into_iter().zip(steps).map(one).collect()
}

/// The widest slots that no step cuts.
fn slot_ms(edges: &[i64]) -> Option<i64> {
    [DAY_MS, QUARTER_MS].into_iter().find(|slot_ms| edges.iter().all(|edge| edge % slot_ms == 0))
}

fn too_many(series: usize, steps: usize) -> Problem {
    let detail = format!(
        "expected at most {QUERY_SERIES_MAX} series and {QUERY_VALUES_MAX} values, found {series} series of {steps} steps"
    );
    Problem::new(Kind::Invalid, detail).field("step")
}

fn told(summary: web::question::Summary) -> Summary {
    use web::question::Summary as Asked;
    match summary {
        Asked::Avg => Summary::Avg,
        Asked::Min => Summary::Min,
        Asked::Max => Summary::Max,
        Asked::Sum => Summary::Sum,
        Asked::Count => Summary::Count,
        Asked::Last => Summary::Last,
        Asked::Increase => Summary::Increase,
        Asked::Rate => Summary::Rate,
    }
}

struct Series {
    column: Column,
    group: usize,
    counting: Counting,
    progress: Progress,
}

struct Told {
    summary: Summary,
    edges: Vec<i64>,
    slot_ms: Option<i64>,
    groups: Vec<Steps>,
    /// By target.
    series: Vec<Vec<Series>>,
}

impl Told {
    fn readings(&mut self, target: usize, series: usize, times: &[i64], values: &[f64]) {
        let Series { group, counting, progress, .. } = &mut self.series[target][series];
        self.groups[*group].readings(&self.edges, progress, counting, times, values);
    }
}

impl Sink for Told {
    fn rows(&mut self, target: usize, rows: &Columns) {
        if self.summary.is_of_counters() {
            for series in 0..self.series[target].len() {
                if let Some(values) = rows.column(self.series[target][series].column) {
                    self.readings(target, series, rows.times(), values);
                }
            }
            return;
        }
        let cuts = Cuts::new(&self.edges, rows.times());
        for Series { column, group, .. } in &self.series[target] {
            if let Some(values) = rows.column(*column) {
                self.groups[*group].cut_readings(&cuts, rows.times(), values);
            }
        }
    }

    fn slot_ms(&self) -> Option<i64> {
        self.slot_ms
    }

    fn slots(&mut self, target: usize, column: Column, slots: &[(u16, Slot)]) {
        let series = self.series[target].iter_mut().find(|series| series.column == column);
        if let Some(Series { group, counting, progress, .. }) = series {
            let slots = slots.iter().map(|(_, slot)| slot);
            self.groups[*group].slots(&self.edges, progress, counting, slots);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    Behind,
}

/// The readings next to a time, by target and series.
struct Neighbours {
    side: Side,
    columns: Vec<Vec<Column>>,
    found: BTreeMap<(usize, usize), (UnixMs, f64)>,
}

impl Sink for Neighbours {
    fn rows(&mut self, target: usize, rows: &Columns) {
        for (series, column) in self.columns[target].iter().enumerate() {
            let mut readings = rows.readings(*column).map(|(time, value)| (time, value.get()));
            match self.side {
                Side::Before => {
                    if let Some(last) = readings.last() {
                        self.found.insert((target, series), last);
                    }
                }
                Side::Behind => {
                    if !self.found.contains_key(&(target, series))
                        && let Some(first) = readings.next()
                    {
                        self.found.insert((target, series), first);
                    }
                }
            }
        }
    }

    fn is_full(&self) -> bool {
        self.side == Side::Behind && self.found.len() == self.columns.iter().map(Vec::len).sum::<usize>()
    }
}
