//! Evaluates the policies on the readings, on arrival and on the clock (R1–R6 and whatever a caretaker adds). It
//! knows when a rule is broken; what follows from that is decided by [`super::maintenance`].

mod counter;
mod streak;
mod tracker;
mod window;

pub use counter::CounterBase;
pub use tracker::{EVIDENCE_READINGS_MAX, Evidence};

use protocol::UnixMs;
use std::collections::BTreeMap;

use super::catalogue::{AssetId, Catalogue, Column, MetricName};
use super::policy::{Policy, PolicyId};
use super::telemetry::{Applied, Head, Row, Telemetry};
use tracker::Tracker;

/// A policy that is broken on an asset.
#[derive(Debug, Clone, PartialEq)]
pub struct Breach {
    /// The asset.
    pub asset: AssetId,
    /// The policy.
    pub policy: PolicyId,
    /// What was found. `evidence.to`, the time of the newest reading, names the breach.
    pub evidence: Evidence,
}

/// What came of a reading or of the clock.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Findings {
    /// Policies that are broken and not on hold.
    pub breaches: Vec<Breach>,
    /// Counters whose base has to be stored.
    pub bases: Vec<CounterBase>,
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
}

/// One policy on one asset.
#[derive(Debug, Clone)]
struct Watch {
    policy: PolicyId,
    metric: MetricName,
    column: Option<Column>,
    tracker: Tracker,
    floor: UnixMs,
    on_hold: bool,
    is_near: bool,
}

#[derive(Debug, Clone, Default)]
struct AssetWatches {
    /// How many series the asset had when the columns were looked up.
    series: usize,
    watches: Vec<Watch>,
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
    /// readings at hand, and answers the counters whose base moved on them.
    pub fn put(
        &mut self,
        now: UnixMs,
        policy: Policy,
        telemetry: &Telemetry,
        start: impl Fn(AssetId) -> Start,
    ) -> Vec<CounterBase> {
        self.remove(policy.id());
        self.follow(telemetry.catalogue());
        let mut bases = Vec::new();
        for (asset, watched) in telemetry.catalogue().assets().iter().zip(&mut self.assets) {
            if policy.terms().enabled && asset.kind == policy.terms().asset_kind {
                let mut watch = Watch::new(&policy, start(asset.id));
                watch.column = asset.column(watch.metric.as_str());
                let has_moved = telemetry.head(asset.id).is_some_and(|head| watch.read_back(now, head));
                bases.extend(watch.base(asset.id).filter(|_| has_moved));
                watched.watches.push(watch);
            }
        }
        self.policies.insert(policy.id(), policy);
        bases
    }

    /// Takes a policy out of force.
    pub fn remove(&mut self, policy: PolicyId) -> Option<Policy> {
        self.assets.iter_mut().for_each(|asset| asset.watches.retain(|watch| watch.policy != policy));
        self.policies.remove(&policy)
    }

    /// Takes the new values of a row and evaluates the rules on them.
    pub fn observe(&mut self, now: UnixMs, catalogue: &Catalogue, row: &Row, applied: &Applied) -> Findings {
        let mut findings = Findings::default();
        let id = row.asset();
        let Some(watched) = self.assets.get_mut(id.0 as usize) else { return findings };
        watched.look_up_columns(id, catalogue);
        for watch in &mut watched.watches {
            let Some(value) = watch.column.and_then(|column| row.fresh_value(column, applied.fresh)) else {
                continue;
            };
            if watch.insert(now, row.time(), value.get()) {
                findings.bases.extend(watch.base(id));
            }
            findings.breaches.extend(watch.evaluate(now, id));
        }
        findings
    }

    /// Evaluates every rule at `now`.
    pub fn evaluate(&mut self, now: UnixMs) -> Vec<Breach> {
        let assets = (0u32..).map(AssetId).zip(&mut self.assets);
        assets
            .flat_map(|(id, asset)| asset.watches.iter_mut().filter_map(move |watch| watch.evaluate(now, id)))
            .collect()
    }

    /// An alert stands: a breach is no news until [`Self::release`].
    pub fn hold(&mut self, asset: AssetId, policy: PolicyId) {
        if let Some(watch) = self.watch(asset, policy) {
            watch.on_hold = true;
        }
    }

    /// The alert is closed: the rule starts anew with readings after `floor`.
    pub fn release(&mut self, asset: AssetId, policy: PolicyId, floor: UnixMs) {
        if let Some(watch) = self.watch(asset, policy) {
            watch.on_hold = false;
            watch.is_near = false;
            watch.floor = watch.floor.max(floor);
            watch.tracker.clear();
        }
    }

    /// The asset was served: a counter starts anew. Answers the base to store.
    pub fn serve(&mut self, now: UnixMs, asset: AssetId, policy: PolicyId) -> Option<CounterBase> {
        let watch = self.watch(asset, policy)?;
        watch.is_near = false;
        watch.tracker.serve(now.0).then(|| watch.base(asset)).flatten()
    }

    /// Whether any rule of the asset was within a tenth of its threshold when it was evaluated last (F3.13).
    pub fn is_near(&self, asset: AssetId) -> bool {
        self.assets.get(asset.0 as usize).is_some_and(|asset| asset.watches.iter().any(|watch| watch.is_near))
    }

    fn watch(&mut self, asset: AssetId, policy: PolicyId) -> Option<&mut Watch> {
        self.assets.get_mut(asset.0 as usize)?.watches.iter_mut().find(|watch| watch.policy == policy)
    }

    /// Makes room for assets added to the catalogue, and puts the policies in force on them.
    pub fn follow(&mut self, catalogue: &Catalogue) {
        for asset in catalogue.assets().iter().skip(self.assets.len()) {
            let policies = self.policies.values();
            let meant =
                policies.filter(|policy| policy.terms().enabled && policy.terms().asset_kind == asset.kind);
            let watches = meant.map(|policy| Watch::new(policy, Start::default())).collect();
            self.assets.push(AssetWatches { series: 0, watches });
        }
    }
}

impl AssetWatches {
    fn look_up_columns(&mut self, id: AssetId, catalogue: &Catalogue) {
        let Some(asset) = catalogue.asset(id).filter(|asset| asset.series.len() != self.series) else {
            return;
        };
        self.series = asset.series.len();
        for watch in &mut self.watches {
            watch.column = asset.column(watch.metric.as_str());
        }
    }
}

impl Watch {
    fn new(policy: &Policy, start: Start) -> Self {
        Self {
            policy: policy.id(),
            metric: policy.terms().metric.clone(),
            column: None,
            tracker: Tracker::new(policy.terms(), start.base.as_ref()),
            floor: start.floor.unwrap_or(UnixMs(i64::MIN)),
            on_hold: start.on_hold,
            is_near: false,
        }
    }

    /// Takes in what the head holds. Answers whether a counter's base moved.
    fn read_back(&mut self, now: UnixMs, head: &Head) -> bool {
        let Some(column) = self.column else { return false };
        let mut has_moved = false;
        for (time, value) in head.readings(column, UnixMs(i64::MIN), UnixMs(i64::MAX)) {
            has_moved |= self.insert(now, time, value.get());
        }
        self.is_near = self.tracker.is_near(now.0);
        has_moved
    }

    /// Takes a reading. Answers whether a counter's base moved.
    fn insert(&mut self, now: UnixMs, time: UnixMs, value: f64) -> bool {
        time > self.floor && self.tracker.insert(now.0, time.0, value)
    }

    fn evaluate(&mut self, now: UnixMs, asset: AssetId) -> Option<Breach> {
        self.is_near = self.tracker.is_near(now.0);
        if self.on_hold || !self.tracker.is_broken(now.0) {
            return None;
        }
        self.tracker.evidence().map(|evidence| Breach { asset, policy: self.policy, evidence })
    }

    const fn base(&self, asset: AssetId) -> Option<CounterBase> {
        self.tracker.stored(asset, self.policy)
    }
}

#[cfg(test)]
mod tests;
