//! How well alarms fall into the windows around known anomalies: the score of the Numenta Anomaly Benchmark 1.1, and the
//! policy that is scored, run by the engine of live readings.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use node::core::catalogue::{AssetId, Catalogue, Code, Column, MetricName};
use node::core::policy::{Condition, Criterion, Policy, PolicyId, RuleKind, Terms};
use node::core::rules::{DryRun, Start};
use protocol::{AssetKind, Severity, UnixMs};

const START: UnixMs = UnixMs(1_765_275_323_000);
/// Five minutes lie between two samples of most files.
const SAMPLE_MS: i64 = 5 * 60 * 1000;
/// Samples at the beginning that do not count: 15 %, at most this many.
const PROBATION_MAX: usize = 750;

/// A labelled series.
pub(crate) struct Series {
    /// `folder/name.csv`.
    pub(crate) name: String,
    /// Samples in the order of time.
    pub(crate) values: Vec<f64>,
    /// First and last sample of each window around an anomaly.
    pub(crate) windows: Vec<(usize, usize)>,
}

/// What alarms are worth, 0 for none at all and 100 for perfect ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Score {
    /// The usual weights.
    pub(crate) standard: f64,
    /// A false alarm costs twice as much.
    pub(crate) low_false_positives: f64,
    /// A missed window costs twice as much.
    pub(crate) low_false_negatives: f64,
}

/// Reads all series of a folder with `data/` and `labels/combined_windows.json`.
pub(crate) fn read(folder: &Path) -> io::Result<Vec<Series>> {
    let labels = fs::read_to_string(folder.join("labels/combined_windows.json"))?;
    let labels: BTreeMap<String, Vec<[String; 2]>> = serde_json::from_str(&labels)?;
    labels.into_iter().map(|(name, windows)| Series::read(folder, name, &windows)).collect()
}

impl Series {
    fn read(folder: &Path, name: String, windows: &[[String; 2]]) -> io::Result<Self> {
        let text = fs::read_to_string(folder.join("data").join(&name))?;
        let wrong = || io::Error::new(io::ErrorKind::InvalidData, format!("{name}: no time and value"));
        let mut times = Vec::new();
        let mut values = Vec::new();
        for line in text.lines().skip(1) {
            let (time, value) = line.split_once(',').ok_or_else(wrong)?;
            times.push(time);
            values.push(value.trim().parse().map_err(|_| wrong())?);
        }
        // Times are written alike, so that they compare as texts; a label has fractions of a second more.
        let window = |[first, last]: &[String; 2]| {
            let first = times.partition_point(|time| *time < &first[..first.len().min(19)]);
            let past = times.partition_point(|time| *time <= &last[..last.len().min(19)]);
            (first < past).then(|| (first, past - 1)).ok_or_else(wrong)
        };
        let windows = windows.iter().map(window).collect::<io::Result<Vec<_>>>()?;
        Ok(Self { name, values, windows })
    }

    /// The samples at which the policy raises an alert that was not there before.
    pub(crate) fn alarms(&self) -> BTreeSet<usize> {
        let mut catalogue = Catalogue::default();
        let code = |text| Code::new(text).expect("the codes are valid");
        catalogue.add_site(code("S"), "S").expect("there is room");
        catalogue.add_asset("S", code("S-METER"), AssetKind::Meter).expect("there is room");
        catalogue.add_series(AssetId(0), metric()).expect("there is room");
        let policy = Policy::new(PolicyId(1), 1, terms()).expect("the terms are valid");
        let end = time_of(self.values.len());
        let mut run = DryRun::new(policy, START, end, catalogue.assets().iter(), |_| Start::default());
        for (at, value) in self.values.iter().enumerate() {
            run.row(0, time_of(at), [(Column(0), *value)].into_iter());
        }
        let report = run.finish();
        assert_eq!(report.fired, report.firings.len() as u64, "more alerts than a report names");
        let sample = |from: UnixMs| usize::try_from(from.since(START) / SAMPLE_MS).expect("after the start");
        report.firings.iter().map(|firing| sample(firing.from)).collect()
    }

    /// Gains less losses: an alarm early in a window is worth up to 1, of several the best; a window without one costs
    /// `missed`; an alarm outside costs up to `wrong`, less of it shortly after a window.
    fn worth(&self, alarms: &BTreeSet<usize>, wrong: f64, missed: f64) -> f64 {
        let mut best: Vec<Option<f64>> = vec![None; self.windows.len()];
        let mut lost = 0.0;
        for at in alarms.range(PROBATION_MAX.min(self.values.len() * 15 / 100)..) {
            let inside = self.windows.iter().position(|(first, last)| (first..=last).contains(&at));
            if let Some(window) = inside {
                let (first, last) = self.windows[window];
                let worth = sigmoid(-ratio(last - at + 1, last - first + 1)) / sigmoid(-1.0);
                best[window] = Some(best[window].map_or(worth, |best| best.max(worth)));
                continue;
            }
            let before = self.windows.iter().rev().find(|(_, last)| last < at);
            lost -= match before {
                Some((first, last)) => wrong * sigmoid(ratio(at - last, last - first)),
                None => -wrong,
            };
        }
        best.into_iter().map(|best| best.unwrap_or(-missed)).sum::<f64>() - lost
    }
}

fn sigmoid(y: f64) -> f64 {
    if y > 3.0 { -1.0 } else { 2.0 / (1.0 + (5.0 * y).exp()) - 1.0 }
}

#[expect(clippy::cast_precision_loss, reason = "some thousand samples")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

/// Scores the alarms of all series together; a series that is not named has none.
pub(crate) fn score(series: &[Series], alarms: &BTreeMap<String, BTreeSet<usize>>) -> Score {
    let none = BTreeSet::new();
    let windows = ratio(series.iter().map(|one| one.windows.len()).sum(), 1);
    let of = |wrong: f64, missed: f64| {
        let worth = series.iter().map(|one| one.worth(alarms.get(&one.name).unwrap_or(&none), wrong, missed));
        100.0 * (worth.sum::<f64>() + missed * windows) / ((1.0 + missed) * windows)
    };
    Score { standard: of(0.11, 1.0), low_false_positives: of(0.22, 1.0), low_false_negatives: of(0.11, 2.0) }
}

/// The detector as a policy: something unusual, or a record. Its numbers were fixed before anything was measured.
fn terms() -> Terms {
    let criterion = |rule, threshold| Criterion {
        metric: metric(),
        with: None,
        rule,
        condition: Condition::Above,
        threshold,
        clear_threshold: None,
        window_minutes: None,
        samples: 1,
    };
    Terms {
        code: Code::new("UNUSUAL").expect("the code is valid"),
        asset_kind: AssetKind::Meter,
        groups: vec![vec![criterion(RuleKind::Unusual, 6.4)], vec![criterion(RuleKind::Record, 2.0)]],
        severity: Severity::Low,
        message: "unusual".to_owned(),
        description: String::new(),
        enabled: true,
        opens_work_order: false,
        clear_after_minutes: Some(0),
        escalate: Vec::new(),
        downgrade_after_minutes: None,
    }
}

fn metric() -> MetricName {
    MetricName::new("value").expect("the name is valid")
}

fn time_of(sample: usize) -> UnixMs {
    START.plus(i64::try_from(sample).expect("some thousand samples") * SAMPLE_MS)
}
