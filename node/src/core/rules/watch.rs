//! One policy on one asset: its conditions, whether an alert stands, and since when all has been quiet.

use protocol::UnixMs;
use std::ops::Range;

use super::evidence::{Evidence, Ground};
use super::pairing::Side;
use super::tracker::{HORIZON_MS, Tracker, Verdict};
use super::{Breach, CounterBase, Kept, Start};
use crate::core::catalogue::{Asset, AssetId, Column};
use crate::core::policy::{Policy, PolicyId};
use crate::core::telemetry::Head;

/// A policy on an asset.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    pub(super) policy: PolicyId,
    trackers: Vec<Tracker>,
    groups: Vec<Range<usize>>,
    floor: UnixMs,
    /// Time of the newest reading.
    newest: i64,
    has_course: bool,
    on_hold: bool,
    is_near: bool,
    verdict: Verdict,
    quiet_since: Option<i64>,
    /// A reading came in since it was evaluated last.
    pub(super) is_touched: bool,
}

/// A standing alert's policy at a moment of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The asset.
    pub asset: AssetId,
    /// The policy.
    pub policy: PolicyId,
    /// What it says.
    pub verdict: Verdict,
    /// Since when it has been clear without interruption.
    pub quiet_since: Option<UnixMs>,
}

impl Watch {
    pub(super) fn new(now: UnixMs, policy: &Policy, start: Start) -> Self {
        let terms = policy.terms();
        let mut groups = Vec::with_capacity(terms.groups.len());
        let mut end = 0;
        for group in &terms.groups {
            groups.push(end..end + group.len());
            end += group.len();
        }
        let tracker = |criterion| Tracker::new(criterion, &start, now.0);
        Self {
            policy: policy.id(),
            trackers: terms.criteria().map(tracker).collect(),
            groups,
            floor: start.floor.unwrap_or(UnixMs(i64::MIN)),
            newest: i64::MIN,
            has_course: terms.has_course(),
            on_hold: start.on_hold,
            is_near: false,
            verdict: Verdict::Unknown,
            quiet_since: None,
            is_touched: false,
        }
    }

    /// Takes in what the head holds. Answers whether there is something to store.
    pub(super) fn read_back(&mut self, now: UnixMs, policy: &Policy, asset: &Asset, head: &Head) -> bool {
        let mut has_moved = false;
        for (place, criterion) in policy.terms().criteria().enumerate() {
            let second = criterion.with.as_ref().map(|(_, metric)| (metric, Side::Second));
            for (metric, side) in [(&criterion.metric, Side::First)].into_iter().chain(second) {
                let Some(column) = asset.column(metric.as_str()) else { continue };
                for (time, value) in head.readings(column, UnixMs(i64::MIN), UnixMs(i64::MAX)) {
                    has_moved |= self.insert(place, side, time, value.get());
                }
            }
        }
        self.is_touched = false;
        self.is_near = self.say(now.0, false).is_some_and(|(_, is_near)| is_near);
        has_moved
    }

    /// Takes a reading for one of the conditions. Answers whether there is something to store.
    pub(super) fn insert(&mut self, place: usize, side: Side, time: UnixMs, value: f64) -> bool {
        if time <= self.floor {
            return false;
        }
        self.is_touched = true;
        self.newest = self.newest.max(time.0);
        self.trackers.get_mut(place).is_some_and(|tracker| tracker.insert(side, time.0, value))
    }

    /// Evaluates it after readings came in, at the time of the newest of them, so that it does not matter how long they
    /// were on their way. What is older than an hour says nothing about now.
    pub(super) fn evaluate_readings(&mut self, now: UnixMs) -> bool {
        self.is_touched = false;
        let is_old = now.0.saturating_sub(self.newest) >= HORIZON_MS;
        !is_old && self.evaluate(self.newest, true)
    }

    /// Evaluates it on the clock.
    pub(super) fn evaluate_clock(&mut self, now: UnixMs) -> bool {
        self.evaluate(now.0, false)
    }

    /// Whether it is broken, and not on hold.
    fn evaluate(&mut self, at: i64, is_reading: bool) -> bool {
        let Some((verdict, is_near)) = self.say(at, is_reading) else { return false };
        (self.verdict, self.is_near) = (verdict, is_near);
        self.quiet_since = match verdict {
            Verdict::Clear => Some(self.quiet_since.unwrap_or(at)),
            Verdict::Unknown | Verdict::Held | Verdict::Broken => None,
        };
        verdict == Verdict::Broken && !self.on_hold
    }

    /// What all conditions say together, and whether a group of them is near. With readings still on their way (the
    /// values of one time in several payloads) a group is not judged: nothing is answered then, and the clock judges.
    fn say(&mut self, at: i64, is_reading: bool) -> Option<(Verdict, bool)> {
        let (mut most, mut is_near, mut is_open) = (Verdict::Clear, false, false);
        for range in &self.groups {
            let trackers = &mut self.trackers[range.clone()];
            if is_reading && trackers.len() > 1 && !are_aligned(trackers, at) {
                is_open = true;
                continue;
            }
            let (mut least, mut all_near) = (Verdict::Broken, true);
            for tracker in trackers {
                let (verdict, near) = tracker.verdict(at);
                least = least.min(verdict);
                all_near &= near;
                if least == Verdict::Clear && !all_near {
                    break;
                }
            }
            most = most.max(least);
            is_near |= all_near;
        }
        (!is_open || most == Verdict::Broken).then_some((most, is_near))
    }

    /// The first group that is broken, condition by condition. `is_reading` says which moment was evaluated last.
    pub(super) fn breach(
        &mut self,
        now: UnixMs,
        is_reading: bool,
        asset: AssetId,
        policy: &Policy,
    ) -> Option<Breach> {
        let at = if is_reading { self.newest } else { now.0 };
        let mut broken = None;
        for (group, range) in self.groups.iter().enumerate() {
            let trackers = &mut self.trackers[range.clone()];
            let is_judged = !is_reading || trackers.len() == 1 || are_aligned(trackers, at);
            if is_judged && trackers.iter_mut().all(|tracker| tracker.verdict(at).0 == Verdict::Broken) {
                broken = Some((group, range.clone()));
                break;
            }
        }
        let (group, range) = broken?;
        let number = |place: usize| u8::try_from(place).expect("invariant: at most 8 groups of 8 conditions");
        let criteria = policy.terms().groups.get(group)?;
        let found = self.trackers[range].iter_mut().zip(criteria).enumerate();
        let grounds: Vec<Ground> = found
            .filter_map(|(place, (tracker, criterion))| {
                let evidence = tracker.evidence(at)?;
                let criterion = criterion.clone();
                Some(Ground { group: number(group), place: number(place), criterion, evidence })
            })
            .collect();
        let evidence = leading(&grounds)?;
        Some(Breach { asset, policy: self.policy, version: policy.version(), evidence, grounds })
    }

    pub(super) const fn hold(&mut self) {
        self.on_hold = true;
    }

    /// The alert is closed: it starts anew with readings after `floor`.
    pub(super) fn release(&mut self, floor: UnixMs) {
        self.on_hold = false;
        self.is_near = false;
        self.quiet_since = None;
        self.verdict = Verdict::Unknown;
        self.floor = self.floor.max(floor);
        self.trackers.iter_mut().for_each(Tracker::clear);
    }

    /// The asset was served. Answers whether that is anything to this policy.
    pub(super) fn serve(&mut self, now: UnixMs) -> bool {
        self.is_near = false;
        let mut served = false;
        for tracker in &mut self.trackers {
            served |= tracker.serve(now.0);
        }
        served
    }

    pub(super) fn base(&self, asset: AssetId) -> Option<CounterBase> {
        self.trackers.iter().find_map(|tracker| tracker.base(asset, self.policy))
    }

    /// What is to be stored of its conditions.
    pub(super) fn kept(&mut self, asset: AssetId) -> impl Iterator<Item = Kept> + '_ {
        let policy = self.policy;
        self.trackers.iter_mut().filter_map(move |tracker| tracker.kept(asset, policy))
    }

    pub(super) const fn is_near(&self) -> bool {
        self.is_near
    }

    /// What time may do to its alert; `None` without an alert or where time does nothing.
    pub(super) fn standing(&self, asset: AssetId) -> Option<Standing> {
        let (policy, verdict) = (self.policy, self.verdict);
        let quiet_since = self.quiet_since.map(UnixMs);
        (self.on_hold && self.has_course).then_some(Standing { asset, policy, verdict, quiet_since })
    }

    /// What it said last.
    pub(super) const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Since when the alert's conditions have been clear; `None` while they are not, or without an alert.
    pub(super) fn quiet_since(&self) -> Option<UnixMs> {
        self.quiet_since.filter(|_| self.on_hold).map(UnixMs)
    }

    /// Of each condition over two metrics: its pairs, those that gave no number, and the time of the last of these.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (usize, u64, Option<(u64, UnixMs)>)> + '_ {
        let paired = self.trackers.iter().enumerate();
        paired.filter_map(|(place, tracker)| {
            let pairing = tracker.pairing()?;
            let last = pairing.unevaluable().map(|(count, time)| (count, UnixMs(time)));
            Some((place, pairing.pairs(), last))
        })
    }
}

/// Where a condition of a watch stands among a row's columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ear {
    pub(super) watch: usize,
    pub(super) place: usize,
    pub(super) side: Side,
}

/// Which conditions listen to which column of an asset.
pub(super) fn ears(asset: &Asset, watches: &[(usize, &Policy)]) -> Vec<Vec<Ear>> {
    let mut ears = vec![Vec::new(); asset.series.len()];
    let mut listen = |column: Option<Column>, ear| {
        if let Some(heard) = column.and_then(|column| ears.get_mut(usize::from(column.0))) {
            heard.push(ear);
        }
    };
    for (watch, policy) in watches {
        for (place, criterion) in policy.terms().criteria().enumerate() {
            let first = asset.column(criterion.metric.as_str());
            listen(first, Ear { watch: *watch, place, side: Side::First });
            if let Some((_, metric)) = &criterion.with {
                let second = asset.column(metric.as_str());
                listen(second, Ear { watch: *watch, place, side: Side::Second });
            }
        }
    }
    ears
}

/// Whether every condition has a reading of this very time.
fn are_aligned(trackers: &[Tracker], at: i64) -> bool {
    trackers.iter().all(|tracker| tracker.is_silence() || tracker.newest() == Some(at))
}

/// What stands for the whole breach: the first condition's numbers, from the oldest reading of any of them to the newest,
/// whose time names the breach.
fn leading(grounds: &[Ground]) -> Option<Evidence> {
    let times = || grounds.iter().map(|ground| &ground.evidence);
    let from = times().map(|evidence| evidence.from).min()?;
    let to = times().map(|evidence| evidence.to).max()?;
    Some(Evidence { from, to, ..grounds.first()?.evidence.clone() })
}
