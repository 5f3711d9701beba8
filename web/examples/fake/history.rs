//! The readings of the invented hive: one per metric every ten seconds, worked out from the time.

use super::{STEP_MS, scene};
use web::Picture;
use web::question::{
    Bucket, Buckets, Label, LabelledValues, Samples, Selection, SeriesName, SeriesSteps, StepsQuestion,
    WindowsQuestion,
};
use web::request::MetricsRange;

pub(crate) fn series(picture: &Picture, selections: &[Selection]) -> Vec<SeriesName> {
    let mut series = Vec::new();
    for asset in &picture.assets {
        for last in &asset.last {
            let passes = |selection: &Selection| {
                selection.passes(Label::Metric, &last.metric)
                    && selection.passes(Label::Asset, &asset.code)
                    && selection.passes(Label::Site, &asset.site)
                    && selection.passes(Label::Kind, asset.kind.name())
                    && !selection.is_hopeless()
            };
            if selections.iter().any(passes) {
                series.push(SeriesName {
                    metric: last.metric.clone(),
                    unit: last.unit.clone(),
                    counter: last.metric.ends_with("_hours"),
                    asset: asset.code.clone(),
                    site: asset.site.clone(),
                    kind: asset.kind,
                });
            }
        }
    }
    series.sort_by(|a, b| (&a.metric, &a.asset).cmp(&(&b.metric, &b.asset)));
    series
}

/// The value in the middle of each step, series by series.
pub(crate) fn steps(picture: &Picture, question: &StepsQuestion) -> Vec<SeriesSteps> {
    let now = picture.node.time.ms();
    let one = |series: SeriesName| {
        let value =
            |edges: &[i64]| if edges[0] > now { f64::NAN } else { scene::value(&series.metric, edges[0]) };
        SeriesSteps {
            values: question.edges.windows(2).map(value).collect(),
            asset: Some(series.asset),
            site: Some(series.site),
            kind: Some(series.kind),
            metric: series.metric,
            unit: series.unit,
        }
    };
    series(picture, std::slice::from_ref(&question.selection)).into_iter().map(one).collect()
}

/// The value at each moment.
pub(crate) fn windows(picture: &Picture, question: &WindowsQuestion) -> Vec<LabelledValues> {
    let moments: Vec<i64> =
        (0..).map(|i| question.start.0 + i * question.step_ms).take(question.count).collect();
    let one = |series: SeriesName| LabelledValues {
        values: moments.iter().map(|moment| scene::value(&series.metric, *moment)).collect(),
        metric: question.keeps_name.then_some(series.metric),
        asset: Some(series.asset),
        site: Some(series.site),
        kind: Some(series.kind),
    };
    series(picture, std::slice::from_ref(&question.selection)).into_iter().map(one).collect()
}

fn metrics(picture: &Picture, range: &MetricsRange) -> Vec<String> {
    let asset = picture.assets.iter().find(|asset| asset.code == range.asset).expect("an asset that exists");
    let mut names: Vec<String> = asset.last.iter().map(|last| last.metric.clone()).collect();
    names.retain(|name| range.metric.as_ref().is_none_or(|wanted| wanted == name));
    names.sort();
    names
}

fn grid(range: &MetricsRange, step_ms: i64) -> impl Iterator<Item = i64> {
    let first = range.from.0.div_euclid(step_ms) + i64::from(range.from.0.rem_euclid(step_ms) != 0);
    (first..).map(move |index| index * step_ms)
}

pub(crate) fn samples(picture: &Picture, range: &MetricsRange) -> Samples {
    let metrics = metrics(picture, range);
    let until = range.to.0.min(picture.node.time.ms() + 1);
    let times = grid(range, STEP_MS).take_while(|t| *t < until && !metrics.is_empty());
    let ranks = 0..u16::try_from(metrics.len()).expect("a handful");
    let all = times.flat_map(|t| ranks.clone().map(move |rank| (t, rank)));
    let unseen = |(t, rank): &(i64, u16)| {
        range.after.as_ref().is_none_or(|after| (after.0.0, &after.1) < (*t, &metrics[usize::from(*rank)]))
    };
    let item = |(t, rank): (i64, u16)| (t, rank, scene::value(&metrics[usize::from(rank)], t));
    let items = all.filter(unseen).take(range.limit).map(item).collect();
    Samples { items, metrics }
}

pub(crate) fn buckets(picture: &Picture, range: &MetricsRange, step_ms: i64) -> Buckets {
    let every = MetricsRange { after: None, limit: usize::MAX, ..range.clone() };
    let Samples { metrics, items } = samples(picture, &every);
    let mut buckets: std::collections::BTreeMap<(i64, u16), Bucket> = std::collections::BTreeMap::new();
    for (t, metric, v) in items {
        let start = t.div_euclid(step_ms) * step_ms;
        let new = Bucket { start, metric, min: v, max: v, avg: 0.0, last: v, count: 0 };
        let bucket = buckets.entry((start, metric)).or_insert(new);
        (bucket.min, bucket.max, bucket.last) = (bucket.min.min(v), bucket.max.max(v), v);
        bucket.count += 1;
        bucket.avg += (v - bucket.avg) / bucket.count as f64;
    }
    let unseen = |key: &(i64, u16)| {
        range.after.as_ref().is_none_or(|after| (after.0.0, &after.1) < (key.0, &metrics[usize::from(key.1)]))
    };
    let items = buckets.into_iter().filter(|(key, _)| unseen(key)).map(|(_, bucket)| bucket);
    Buckets { items: items.take(range.limit).collect(), metrics }
}
