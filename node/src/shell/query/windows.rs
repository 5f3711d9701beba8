//! Windows of many series as Prometheus' query language asks for them, put together and calculated with on the way.

use std::collections::BTreeMap;

use protocol::limits::{QUERY_VALUES_MAX, QUERY_WORK_MAX};
use web::question::{Kept, LabelledValues, SeriesName, Stage, Together, WindowsQuestion};
use web::view::AssetKind;
use web::{Kind, Problem};

use super::select::{Chosen, choose, targets};
use super::{Sink, Source};
use crate::core::catalogue::Column;
use crate::core::telemetry::{Columns, Counting, Over, Windows};

/// Readings that all windows under way may hold.
const HELD_MAX: usize = 4_000_000;

/// Labels of a series or group; a label that is not there is none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Labels {
    metric: Option<String>,
    asset: Option<String>,
    site: Option<String>,
    kind: Option<AssetKind>,
}

impl Labels {
    fn of(name: SeriesName, keeps_name: bool) -> Self {
        Self {
            metric: keeps_name.then_some(name.metric),
            asset: Some(name.asset),
            site: Some(name.site),
            kind: Some(name.kind),
        }
    }

    fn kept(&self, kept: Kept) -> Self {
        Self {
            metric: self.metric.clone().filter(|_| kept.metric),
            asset: self.asset.clone().filter(|_| kept.asset),
            site: self.site.clone().filter(|_| kept.site),
            kind: self.kind.filter(|_| kept.kind),
        }
    }
}

impl Source {
    /// Many series in windows.
    pub(crate) async fn windows(&self, question: WindowsQuestion) -> Result<Vec<LabelledValues>, Problem> {
        let selection = question.selection.clone();
        let chosen = self.glance(move |core| choose(core, &selection)).await?;
        let mut flow = Flow::new(&question.stages);
        let mut work = 0;
        let at_once = (QUERY_VALUES_MAX / question.count.max(1)).max(1);
        let mut rest = chosen.as_slice();
        while !rest.is_empty() {
            let (batch, behind) = rest.split_at(batch_len(rest, at_once));
            rest = behind;
            let sink = self.told(batch, &question, work).await?;
            work = sink.work();
            for (chosen, windows) in batch.iter().zip(sink.series.into_iter().flatten()) {
                let labels = Labels::of(chosen.name.clone(), question.keeps_name);
                flow.push(labels, windows.windows.finish())?;
            }
        }
        flow.finish()
    }

    async fn told(&self, batch: &[Chosen], question: &WindowsQuestion, work: u64) -> Result<Told, Problem> {
        let start = question.start.plus(-question.offset_ms);
        let moments = i64::try_from(question.count).unwrap_or(i64::MAX).saturating_sub(1);
        let end = start.plus(question.step_ms.saturating_mul(moments));
        let windows =
            || Windows::new(over(question.over), question.width_ms, start, question.step_ms, question.count);
        let one = |chosen: &Chosen| Series {
            column: chosen.column,
            counting: chosen.counting.clone(),
            windows: windows(),
        };
        let by_asset = batch.chunk_by(|a, b| a.asset == b.asset);
        let series = by_asset.map(|series| series.iter().map(one).collect()).collect();
        let sink = Told { series, before: work };
        self.visit(targets(batch), start.plus(1 - question.width_ms), end.plus(1), sink).await
    }
}

/// Whole assets, about so many series.
fn batch_len(chosen: &[Chosen], series: usize) -> usize {
    let cut = series.min(chosen.len());
    let asset = chosen[cut - 1].asset;
    cut + chosen[cut..].iter().take_while(|one| one.asset == asset).count()
}

fn over(over: web::question::Over) -> Over {
    use web::question::Over as Asked;
    match over {
        Asked::Last => Over::Last,
        Asked::Avg => Over::Avg,
        Asked::Min => Over::Min,
        Asked::Max => Over::Max,
        Asked::Sum => Over::Sum,
        Asked::Count => Over::Count,
        Asked::Increase => Over::Increase,
        Asked::Rate => Over::Rate,
    }
}

struct Series {
    column: Column,
    counting: Counting,
    windows: Windows,
}

struct Told {
    /// By target.
    series: Vec<Vec<Series>>,
    /// Work done by batches before.
    before: u64,
}

impl Told {
    fn work(&self) -> u64 {
        self.before + self.series.iter().flatten().map(|series| series.windows.work()).sum::<u64>()
    }
}

impl Sink for Told {
    fn rows(&mut self, target: usize, rows: &Columns) {
        if self.work() > QUERY_WORK_MAX {
            return;
        }
        for Series { column, counting, windows } in &mut self.series[target] {
            if let Some(values) = rows.column(*column) {
                windows.readings(counting, rows.times(), values);
            }
        }
    }

    fn failure(&mut self) -> Option<Problem> {
        let held: usize = self.series.iter().flatten().map(|series| series.windows.held()).sum();
        let too_much = self.work() > QUERY_WORK_MAX || held > HELD_MAX;
        too_much.then(|| {
            let detail = "the windows look at too many readings: ask for fewer series, wider steps or narrower windows";
            Problem::new(Kind::Invalid, detail).field("query")
        })
    }
}

/// What happens to the values of each series, one series at a time.
struct Flow<'a> {
    /// Up to the first that puts series together.
    before: Vec<Stage>,
    together: Option<(Together, Kept, &'a [Stage])>,
    done: Vec<(Labels, Vec<f64>)>,
    groups: BTreeMap<Labels, Gathered>,
}

/// The values of a group so far.
struct Gathered {
    values: Vec<f64>,
    counts: Vec<u32>,
}

impl<'a> Flow<'a> {
    fn new(stages: &'a [Stage]) -> Self {
        let together = stages.iter().enumerate().find_map(|(at, stage)| match stage {
            Stage::Together { does, kept } => Some((at, *does, *kept)),
            Stage::Arithmetic { .. } => None,
        });
        let before = stages[..together.map_or(stages.len(), |(at, ..)| at)].to_vec();
        let together = together.map(|(at, does, kept)| (does, kept, &stages[at + 1..]));
        Self { before, together, done: Vec::new(), groups: BTreeMap::new() }
    }

    fn push(&mut self, labels: Labels, mut values: Vec<f64>) -> Result<(), Problem> {
        for stage in &self.before {
            if let Stage::Arithmetic { with, does, number_is_left } = stage {
                for value in &mut values {
                    *value = if *number_is_left { does.of(*with, *value) } else { does.of(*value, *with) };
                }
            }
        }
        if values.iter().all(|value| value.is_nan()) {
            return Ok(());
        }
        let len = values.len();
        match self.together {
            None => self.done.push((labels, values)),
            Some((does, kept, _)) => {
                let group = self.groups.entry(labels.kept(kept)).or_insert_with(|| Gathered::new(len));
                group.add(does, &values);
            }
        }
        let held = self.done.len() + 2 * self.groups.len();
        if held.saturating_mul(len) > 2 * QUERY_VALUES_MAX {
            let detail = format!(
                "expected at most {QUERY_VALUES_MAX} values in the answer: ask for fewer series or steps"
            );
            return Err(Problem::new(Kind::Invalid, detail).field("query"));
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<LabelledValues>, Problem> {
        if let Some((does, _, rest)) = self.together {
            let mut flow = Flow::new(rest);
            for (labels, gathered) in self.groups {
                flow.push(labels, gathered.finish(does))?;
            }
            return flow.finish();
        }
        let mut done = self.done;
        done.sort_by(|a, b| a.0.cmp(&b.0));
        if done.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            let detail =
                "several metrics would have the same labels: choose one metric, or put them together";
            return Err(Problem::new(Kind::Invalid, detail).field("query"));
        }
        let labelled = |(Labels { metric, asset, site, kind }, values)| LabelledValues {
            metric,
            asset,
            site,
            kind,
            values,
        };
        Ok(done.into_iter().map(labelled).collect())
    }
}

impl Gathered {
    fn new(len: usize) -> Self {
        Self { values: vec![f64::NAN; len], counts: vec![0; len] }
    }

    fn add(&mut self, does: Together, values: &[f64]) {
        for ((gathered, count), value) in self.values.iter_mut().zip(&mut self.counts).zip(values) {
            if value.is_nan() {
                continue;
            }
            *gathered = match does {
                _ if *count == 0 => *value,
                Together::Sum | Together::Avg | Together::Count => *gathered + value,
                Together::Min => gathered.min(*value),
                Together::Max => gathered.max(*value),
            };
            *count += 1;
        }
    }

    fn finish(self, does: Together) -> Vec<f64> {
        let one = |(value, count): (f64, u32)| match does {
            _ if count == 0 => f64::NAN,
            Together::Avg => value / f64::from(count),
            Together::Count => f64::from(count),
            Together::Sum | Together::Min | Together::Max => value,
        };
        self.values.into_iter().zip(self.counts).map(one).collect()
    }
}
