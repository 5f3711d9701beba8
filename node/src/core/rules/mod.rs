//! Evaluates the policies on the readings, on arrival and on the clock (R1–R6 and whatever a caretaker adds). It
//! knows when a rule is broken; what follows from that is decided by [`super::maintenance`].

mod counter;
mod course;
mod dry_run;
mod evidence;
mod pairing;
mod sentence;
mod silence;
mod streak;
mod tracker;
mod unusual;
mod watch;
mod window;

pub use counter::CounterBase;
pub use course::{Course, Turn};
pub use dry_run::{DryRun, Firing, Report};
pub use evidence::{EVIDENCE_READINGS_MAX, Evidence, Ground};
pub use sentence::{sentence, unit_of};
pub use tracker::Verdict;
pub use unusual::{DEVIATIONS_MAX, Extremes, HISTORY_MEANS, REFRACTORY_READINGS, SHORT_READINGS, WARM_UP};
pub use watch::Standing;

use protocol::UnixMs;
use std::collections::BTreeMap;

use super::catalogue::{Asset, AssetId, Catalogue, MetricName};
use super::policy::{Operator, Policy, PolicyId};
use super::telemetry::{Applied, Row, Telemetry};
use watch::{Ear, Watch, ears};

/// A policy that is broken on an asset.
#[derive(Debug, Clone, PartialEq)]
pub struct Breach {
    /// The asset.
    pub asset: AssetId,
    /// The policy.
    pub policy: PolicyId,
    /// The policy's version.
    pub version: u32,
    /// What the first of its conditions found. `evidence.to`, the time of the newest reading of any, names the breach.
    pub evidence: Evidence,
    /// What each of its conditions found.
    pub grounds: Vec<Ground>,
}

/// What came of a reading or of the clock.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Findings {
    /// Policies that are broken and not on hold.
    pub breaches: Vec<Breach>,
    /// What has to be stored, so that a restart does not forget it.
    pub kept: Vec<Kept>,
    /// By the clock only: policies whose alert stands and may move on with time.
    pub standing: Vec<Standing>,
}

/// What a condition has to know again after a restart, and cannot read from the last hours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kept {
    /// From where a counter is counted.
    Base(CounterBase),
    /// The lowest and the highest reading.
    Extremes(Extremes),
}

/// How a rule starts on an asset.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Start {
    /// Whether an alert stands already, so that a breach is no news.
    pub on_hold: bool,
    /// Readings up to this time do not count: the alert about them is closed.
    pub floor: Option<UnixMs>,
    /// From where a counter is counted.
    pub base: Option<CounterBase>,
    /// The lowest and the highest reading known.
    pub extremes: Option<Extremes>,
}

/// Why a policy may say less than it seems to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// No asset of its kind has reported this metric.
    Unreported(MetricName),
    /// Readings were divided by zero, or gave a number too large to be one.
    Unevaluable {
        /// The first metric.
        metric: MetricName,
        /// How they were put together.
        operator: Operator,
        /// The second metric.
        second: MetricName,
        /// How many pairs of readings.
        readings: u64,
        /// The time of the last one.
        last: UnixMs,
    },
    /// Readings of two metrics that are to be put together never bore the same time.
    NeverTogether {
        /// The first metric.
        metric: MetricName,
        /// The second metric.
        second: MetricName,
    },
}

#[derive(Debug, Clone, Default)]
struct AssetWatches {
    /// How many series the asset had when the columns were looked up.
    series: usize,
    /// By policy.
    watches: Vec<Watch>,
    /// By column.
    ears: Vec<Vec<Ear>>,
}

/// Rows as the rules are to see them: in the order of their times, and those of one asset and one time together. So it
/// does not matter in which order, and in how many payloads, they came.
pub fn moments<'a, 'r>(
    observed: &'a mut Vec<(&'r Row, Applied)>,
) -> impl Iterator<Item = &'a [(&'r Row, Applied)]> + use<'a, 'r> {
    let moment = |(row, _): &(&Row, Applied)| (row.time(), row.asset());
    if !observed.is_sorted_by_key(moment) {
        observed.sort_by_key(moment);
    }
    observed.chunk_by(move |a, b| moment(a) == moment(b))
}

/// The policies in force and what each keeps of each asset's readings.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    policies: BTreeMap<PolicyId, Policy>,
    assets: Vec<AssetWatches>,
}

impl Rules {
    /// The policies, by number.
    pub const fn policies(&self) -> &BTreeMap<PolicyId, Policy> {
        &self.policies
    }

    /// Puts a policy into force, in place of an earlier version, on every asset it is for. It starts with the
    /// readings at hand, and answers what of them is to be stored.
    pub fn put(
        &mut self,
        now: UnixMs,
        policy: Policy,
        telemetry: &Telemetry,
        start: impl Fn(AssetId) -> Start,
    ) -> Vec<Kept> {
        self.remove(policy.id());
        self.follow(now, telemetry.catalogue());
        let (mut kept, id) = (Vec::new(), policy.id());
        let policy = &*self.policies.entry(id).or_insert(policy);
        for (asset, watched) in telemetry.catalogue().assets().iter().zip(&mut self.assets) {
            if is_meant(policy, asset) {
                let mut watch = Watch::new(now, policy, start(asset.id));
                let head = telemetry.head(asset.id);
                let has_moved = head.is_some_and(|head| watch.read_back(now, policy, asset, head));
                if has_moved {
                    kept.extend(watch.kept(asset.id));
                }
                let at = watched.watches.partition_point(|other| other.policy < id);
                watched.watches.insert(at, watch);
            }
        }
        self.listen(telemetry.catalogue());
        kept
    }

    /// Takes a policy out of force.
    pub fn remove(&mut self, policy: PolicyId) -> Option<Policy> {
        for asset in &mut self.assets {
            asset.watches.retain(|watch| watch.policy != policy);
            // The columns are looked up anew with the next reading.
            (asset.series, asset.ears) = (usize::MAX, Vec::new());
        }
        self.policies.remove(&policy)
    }

    /// Takes the new values of a row and evaluates the rules on them.
    pub fn observe(&mut self, now: UnixMs, catalogue: &Catalogue, row: &Row, applied: &Applied) -> Findings {
        self.observe_moment(now, catalogue, &[(row, *applied)])
    }

    /// The same for rows of one asset and one time: they are judged together.
    pub fn observe_moment(
        &mut self,
        now: UnixMs,
        catalogue: &Catalogue,
        rows: &[(&Row, Applied)],
    ) -> Findings {
        let mut findings = Findings::default();
        let Some(id) = rows.first().map(|(row, _)| row.asset()) else { return findings };
        let Some(watched) = self.assets.get_mut(id.0 as usize) else { return findings };
        watched.look_up_columns(id, catalogue, &self.policies);
        let mut touched = Vec::new();
        for (row, applied) in rows {
            watched.insert(id, row, applied, &mut touched, &mut findings.kept);
        }
        touched.sort_unstable();
        for watch in touched {
            let watch = &mut watched.watches[watch];
            if watch.evaluate_readings(now)
                && let Some(policy) = self.policies.get(&watch.policy)
            {
                findings.breaches.extend(watch.breach(now, true, id, policy));
            }
        }
        findings
    }

    /// Evaluates every rule at `now`.
    pub fn evaluate(&mut self, now: UnixMs) -> Findings {
        let mut findings = Findings::default();
        for (id, asset) in (0u32..).map(AssetId).zip(&mut self.assets) {
            for watch in &mut asset.watches {
                if watch.evaluate_clock(now)
                    && let Some(policy) = self.policies.get(&watch.policy)
                {
                    findings.breaches.extend(watch.breach(now, false, id, policy));
                }
                findings.standing.extend(watch.standing(id));
            }
        }
        findings
    }

    /// An alert stands: a breach is no news until [`Self::release`].
    pub fn hold(&mut self, asset: AssetId, policy: PolicyId) {
        if let Some(watch) = self.watch_mut(asset, policy) {
            watch.hold();
        }
    }

    /// The alert is closed: the rule starts anew with readings after `floor`.
    pub fn release(&mut self, asset: AssetId, policy: PolicyId, floor: UnixMs) {
        if let Some(watch) = self.watch_mut(asset, policy) {
            watch.release(floor);
        }
    }

    /// The asset was served: a counter starts anew. Answers the base to store.
    pub fn serve(&mut self, now: UnixMs, asset: AssetId, policy: PolicyId) -> Option<CounterBase> {
        let watch = self.watch_mut(asset, policy)?;
        watch.serve(now).then(|| watch.base(asset)).flatten()
    }

    /// Whether any rule of the asset was within a tenth of its threshold when it was evaluated last (F3.13).
    pub fn is_near(&self, asset: AssetId) -> bool {
        self.assets.get(asset.0 as usize).is_some_and(|asset| asset.watches.iter().any(Watch::is_near))
    }

    /// Since when the conditions of an alert that stands have been clear.
    pub fn quiet_since(&self, asset: AssetId, policy: PolicyId) -> Option<UnixMs> {
        self.watch(asset, policy)?.quiet_since()
    }

    /// Why a policy may say less than it seems to.
    pub fn doubts(&self, policy: &Policy, catalogue: &Catalogue) -> Vec<Doubt> {
        let assets = || catalogue.assets().iter().filter(|asset| asset.kind == policy.terms().asset_kind);
        let mut doubts = Vec::new();
        for (place, criterion) in policy.terms().criteria().enumerate() {
            let second = criterion.with.as_ref().map(|(_, metric)| metric);
            for metric in [&criterion.metric].into_iter().chain(second) {
                let doubt = Doubt::Unreported(metric.clone());
                if assets().all(|asset| asset.column(metric.as_str()).is_none()) && !doubts.contains(&doubt) {
                    doubts.push(doubt);
                }
            }
            let Some((operator, second)) = &criterion.with else { continue };
            let watches = assets().filter_map(|asset| self.watch(asset.id, policy.id()));
            let failed = watches.filter_map(|watch| watch.pairs().find(|(at, ..)| *at == place)?.2);
            let sum = failed.reduce(|(count, last), (more, time)| (count + more, last.max(time)));
            doubts.extend(sum.map(|(readings, last)| Doubt::Unevaluable {
                metric: criterion.metric.clone(),
                operator: *operator,
                second: second.clone(),
                readings,
                last,
            }));
        }
        doubts
    }

    /// Makes room for assets added to the catalogue, and puts the policies in force on them.
    pub fn follow(&mut self, now: UnixMs, catalogue: &Catalogue) {
        for asset in catalogue.assets().iter().skip(self.assets.len()) {
            let meant = self.policies.values().filter(|policy| is_meant(policy, asset));
            let watches = meant.map(|policy| Watch::new(now, policy, Start::default())).collect();
            self.assets.push(AssetWatches { series: usize::MAX, watches, ears: Vec::new() });
        }
    }

    fn listen(&mut self, catalogue: &Catalogue) {
        for (asset, watched) in catalogue.assets().iter().zip(&mut self.assets) {
            watched.look_up_columns(asset.id, catalogue, &self.policies);
        }
    }

    fn watch(&self, asset: AssetId, policy: PolicyId) -> Option<&Watch> {
        let watches = &self.assets.get(asset.0 as usize)?.watches;
        watches.get(watches.binary_search_by_key(&policy, |watch| watch.policy).ok()?)
    }

    fn watch_mut(&mut self, asset: AssetId, policy: PolicyId) -> Option<&mut Watch> {
        let watches = &mut self.assets.get_mut(asset.0 as usize)?.watches;
        let at = watches.binary_search_by_key(&policy, |watch| watch.policy).ok()?;
        watches.get_mut(at)
    }
}

fn is_meant(policy: &Policy, asset: &Asset) -> bool {
    policy.terms().enabled && asset.kind == policy.terms().asset_kind
}

impl AssetWatches {
    fn look_up_columns(&mut self, id: AssetId, catalogue: &Catalogue, policies: &BTreeMap<PolicyId, Policy>) {
        let Some(asset) = catalogue.asset(id).filter(|asset| asset.series.len() != self.series) else {
            return;
        };
        self.series = asset.series.len();
        let in_force = self.watches.iter().map(|watch| policies.get(&watch.policy));
        let in_force: Vec<(usize, &Policy)> =
            in_force.enumerate().filter_map(|(at, policy)| Some((at, policy?))).collect();
        self.ears = ears(asset, &in_force);
    }

    /// Hands the new values of a row to the conditions that listen to them.
    fn insert(
        &mut self,
        id: AssetId,
        row: &Row,
        applied: &Applied,
        touched: &mut Vec<usize>,
        kept: &mut Vec<Kept>,
    ) {
        for (at, (column, value)) in row.values().iter().enumerate() {
            let Some(ears) = self.ears.get(usize::from(column.0)).filter(|_| applied.fresh >> at & 1 == 1)
            else {
                continue;
            };
            for ear in ears {
                let watch = &mut self.watches[ear.watch];
                let was_touched = watch.is_touched;
                if watch.insert(ear.place, ear.side, row.time(), value.get()) {
                    kept.extend(watch.kept(id));
                }
                if watch.is_touched && !was_touched {
                    touched.push(ear.watch);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
