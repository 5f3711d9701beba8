//! What a policy would have done on readings of the past: the engine of live readings, run over rows in the order of
//! their times, with the clock between them. It raises nothing and changes nothing.

use protocol::limits::{DRY_RUN_FIRINGS_MAX, DRY_RUN_ROWS_MAX, DRY_RUN_TICKS_MAX};
use protocol::{Severity, UnixMs};
use std::collections::BTreeMap;

use super::course::{Course, Turn};
use super::evidence::Ground;
use super::pairing::Side;
use super::tracker::{HORIZON_MS, Verdict};
use super::watch::Watch;
use super::{Breach, Doubt, Start};
use crate::core::catalogue::{Asset, AssetId, Column, MetricName};
use crate::core::policy::{Policy, RuleKind};

/// How often the clock looks, milliseconds.
const TICK_MS: i64 = 60_000;
/// How long before the beginning readings are looked at to know what is usual, milliseconds: three days.
const USUAL_MS: i64 = 3 * 24 * 60 * 60 * 1000;

/// An alert that would have been raised.
#[derive(Debug, Clone, PartialEq)]
pub struct Firing {
    /// The asset.
    pub asset: AssetId,
    /// When.
    pub from: UnixMs,
    /// When it would have ended: closed after its quiet time, or without one no longer broken. `None` if that never came.
    pub to: Option<UnixMs>,
    /// The highest it would have reached.
    pub severity: Severity,
    /// What it would have rested on.
    pub grounds: Vec<Ground>,
}

/// What a policy would have done.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// How often it would have fired.
    pub fired: u64,
    /// How often on each asset, and for how many milliseconds; assets where it would not have are left out.
    pub assets: Vec<(AssetId, u64, i64)>,
    /// The first [`DRY_RUN_FIRINGS_MAX`], by time.
    pub firings: Vec<Firing>,
    /// Rows taken in.
    pub rows: u64,
    /// Until when all assets were looked at.
    pub to: UnixMs,
    /// Whether there was more than may be looked at.
    pub is_truncated: bool,
    /// Why it may say less than it seems to.
    pub doubts: Vec<Doubt>,
}

/// Where the conditions of a policy stand among the columns of an asset.
#[derive(Debug, Clone)]
struct Listener {
    column: Column,
    place: usize,
    side: Side,
}

/// The policy on one asset.
#[derive(Debug, Clone)]
struct Lane {
    asset: AssetId,
    listeners: Vec<Listener>,
    watch: Watch,
    /// The next look of the clock.
    tick: i64,
    /// The time of the newest row, which is judged once all of that time are in.
    pending: Option<i64>,
    standing: Option<(Firing, Course)>,
    fired: u64,
    stood_ms: i64,
}

/// A policy on trial.
#[derive(Debug, Clone)]
pub struct DryRun {
    policy: Policy,
    from: UnixMs,
    to: UnixMs,
    tick_ms: i64,
    lanes: Vec<Lane>,
    firings: Vec<Firing>,
    unreported: Vec<MetricName>,
    rows: u64,
    newest: UnixMs,
    is_truncated: bool,
}

impl DryRun {
    /// A policy on the assets it is for, over readings of `[from, to)`. Over many assets and a long time the clock looks
    /// less often, so that it looks `DRY_RUN_TICKS_MAX` times at the most.
    pub fn new<'a>(
        policy: Policy,
        from: UnixMs,
        to: UnixMs,
        assets: impl Iterator<Item = &'a Asset>,
        start: impl Fn(AssetId) -> Start,
    ) -> Self {
        let kind = policy.terms().asset_kind;
        let assets: Vec<&Asset> = assets.filter(|asset| asset.kind == kind).collect();
        let span_ms = to.since(from).max(0);
        let ticks_max = i64::try_from(DRY_RUN_TICKS_MAX).unwrap_or(i64::MAX);
        let lanes_count = i64::try_from(assets.len()).unwrap_or(i64::MAX).max(1);
        let tick_ms = (span_ms / (ticks_max / lanes_count).max(1)).max(TICK_MS);
        let unreported =
            |metric: &&MetricName| assets.iter().all(|asset| asset.column(metric.as_str()).is_none());
        let mut metrics: Vec<MetricName> = Vec::new();
        for criterion in policy.terms().criteria() {
            let with = criterion.with.as_ref().map(|(_, metric)| metric);
            for metric in [&criterion.metric].into_iter().chain(with).filter(unreported) {
                if !metrics.contains(metric) {
                    metrics.push(metric.clone());
                }
            }
        }
        let lanes =
            assets.iter().map(|asset| Lane::new(from, tick_ms, &policy, asset, start(asset.id))).collect();
        Self {
            policy,
            from,
            to,
            tick_ms,
            lanes,
            firings: Vec::new(),
            unreported: metrics,
            rows: 0,
            newest: from,
            is_truncated: false,
        }
    }

    /// The assets it is tried on, in the order of their numbers here, with the columns it listens to.
    pub fn assets(&self) -> impl Iterator<Item = (AssetId, Vec<Column>)> + '_ {
        self.lanes.iter().map(|lane| {
            let mut columns: Vec<Column> = lane.listeners.iter().map(|listener| listener.column).collect();
            columns.sort_unstable();
            columns.dedup();
            (lane.asset, columns)
        })
    }

    /// From when on rows are worth handing in: those before the beginning fill the windows and are not judged.
    pub fn reads_from(&self) -> UnixMs {
        let windows = self.policy.terms().criteria().filter_map(|criterion| criterion.window_minutes);
        let longest_ms = windows.max().map_or(0, |minutes| i64::from(minutes) * 60_000);
        let is_compared = |rule| matches!(rule, RuleKind::Unusual | RuleKind::Record);
        let usual_ms =
            if self.policy.terms().criteria().any(|one| is_compared(one.rule)) { USUAL_MS } else { 0 };
        UnixMs(self.from.0.saturating_sub(longest_ms.max(HORIZON_MS).max(usual_ms)))
    }

    /// Whether it takes no more rows.
    pub const fn is_full(&self) -> bool {
        self.is_truncated
    }

    /// Takes the readings of one time of an asset, by its number here. Rows of an asset come in the order of their times.
    pub fn row(&mut self, lane: usize, time: UnixMs, values: impl Iterator<Item = (Column, f64)>) {
        if self.rows >= DRY_RUN_ROWS_MAX {
            self.is_truncated = true;
            return;
        }
        let Some(lane) = self.lanes.get_mut(lane).filter(|_| time < self.to) else { return };
        self.rows += 1;
        self.newest = self.newest.max(time);
        lane.advance(time.0, self.tick_ms, &self.policy, &mut self.firings);
        for (column, value) in values {
            for listener in lane.listeners.iter().filter(|listener| listener.column == column) {
                lane.watch.insert(listener.place, listener.side, time, value);
                lane.pending = Some(time.0).filter(|_| self.from <= time);
            }
        }
    }

    /// The clock runs to the end, and all is told. Cut short, it runs to the newest row.
    pub fn finish(mut self) -> Report {
        let end = if self.is_truncated { self.newest } else { self.to };
        for lane in &mut self.lanes {
            lane.advance(end.0, self.tick_ms, &self.policy, &mut self.firings);
            lane.judge(&self.policy, &mut self.firings);
            if let Some((firing, _)) = lane.standing.take() {
                lane.end(firing, None, end.0, &mut self.firings);
            }
        }
        self.firings.sort_by_key(|firing| (firing.from, firing.asset));
        self.firings.truncate(DRY_RUN_FIRINGS_MAX);
        let doubts = self.doubts();
        let fired = self.lanes.iter().filter(|lane| lane.fired > 0);
        let mut assets: Vec<_> = fired.map(|lane| (lane.asset, lane.fired, lane.stood_ms)).collect();
        assets.sort_by_key(|(asset, fired, _)| (std::cmp::Reverse(*fired), *asset));
        Report {
            fired: self.lanes.iter().map(|lane| lane.fired).sum(),
            assets,
            firings: self.firings,
            rows: self.rows,
            to: end,
            is_truncated: self.is_truncated,
            doubts,
        }
    }

    fn doubts(&self) -> Vec<Doubt> {
        let mut doubts: Vec<Doubt> = self.unreported.iter().cloned().map(Doubt::Unreported).collect();
        let mut pairs: BTreeMap<usize, (u64, u64, Option<UnixMs>)> = BTreeMap::new();
        for (place, count, failed) in self.lanes.iter().flat_map(|lane| lane.watch.pairs()) {
            let sum = pairs.entry(place).or_default();
            sum.0 += count;
            sum.1 += failed.map_or(0, |(failed, _)| failed);
            sum.2 = sum.2.max(failed.map(|(_, last)| last));
        }
        for (place, criterion) in self.policy.terms().criteria().enumerate() {
            let Some((operator, second)) = &criterion.with else { continue };
            let (metric, second) = (criterion.metric.clone(), second.clone());
            match pairs.get(&place) {
                Some((_, readings, Some(last))) => doubts.push(Doubt::Unevaluable {
                    metric,
                    operator: *operator,
                    second,
                    readings: *readings,
                    last: *last,
                }),
                Some((0, ..)) if self.rows > 0 => doubts.push(Doubt::NeverTogether { metric, second }),
                Some(_) | None => {}
            }
        }
        doubts
    }
}

impl Lane {
    fn new(from: UnixMs, tick_ms: i64, policy: &Policy, asset: &Asset, start: Start) -> Self {
        let mut listeners = Vec::new();
        for (place, criterion) in policy.terms().criteria().enumerate() {
            let second = criterion.with.as_ref().map(|(_, metric)| (metric, Side::Second));
            for (metric, side) in [(&criterion.metric, Side::First)].into_iter().chain(second) {
                let column = asset.column(metric.as_str());
                listeners.extend(column.map(|column| Listener { column, place, side }));
            }
        }
        Self {
            asset: asset.id,
            listeners,
            watch: Watch::new(from, policy, start),
            tick: from.0.saturating_add(tick_ms),
            pending: None,
            standing: None,
            fired: 0,
            stood_ms: 0,
        }
    }

    /// Judges what came in before `time`, and lets the clock look until then.
    fn advance(&mut self, time: i64, tick_ms: i64, policy: &Policy, firings: &mut Vec<Firing>) {
        if self.pending.is_some_and(|pending| pending < time) {
            self.judge(policy, firings);
        }
        while self.tick < time {
            let now = UnixMs(self.tick);
            if self.watch.evaluate_clock(now) {
                let breach = self.watch.breach(now, false, self.asset, policy);
                self.raise(now, breach, policy);
            }
            self.follow(now, policy, firings);
            self.tick = self.tick.saturating_add(tick_ms);
        }
    }

    fn judge(&mut self, policy: &Policy, firings: &mut Vec<Firing>) {
        let Some(now) = self.pending.take().map(UnixMs) else { return };
        if self.watch.evaluate_readings(now) {
            let breach = self.watch.breach(now, true, self.asset, policy);
            self.raise(now, breach, policy);
        }
        self.follow(now, policy, firings);
    }

    fn raise(&mut self, now: UnixMs, breach: Option<Breach>, policy: &Policy) {
        let Some(breach) = breach else { return };
        let severity = policy.terms().severity;
        self.fired += 1;
        self.watch.hold();
        let firing = Firing { asset: self.asset, from: now, to: None, severity, grounds: breach.grounds };
        self.standing = Some((firing, Course::new(now, severity)));
    }

    /// Where alerts close by themselves they end as live ones do. Where a person closes them nobody knows when that would
    /// have been: such a firing ends when its conditions are clear, or there is nothing to say any more.
    fn follow(&mut self, now: UnixMs, policy: &Policy, firings: &mut Vec<Firing>) {
        let Some((mut firing, mut course)) = self.standing.take() else { return };
        let (verdict, quiet_since) = (self.watch.verdict(), self.watch.quiet_since());
        let turn = course.step(now, policy.terms(), verdict, quiet_since);
        if let Some(Turn::Severity(severity)) = turn {
            firing.severity = firing.severity.max(severity);
        }
        let is_quiet = matches!(verdict, Verdict::Clear | Verdict::Unknown);
        let is_over = match policy.terms().clear_after_minutes {
            Some(_) => turn == Some(Turn::Clear),
            None => is_quiet,
        };
        if is_over {
            self.watch.release(now);
            self.end(firing, Some(now), now.0, firings);
        } else {
            self.standing = Some((firing, course));
        }
    }

    fn end(&mut self, firing: Firing, to: Option<UnixMs>, at: i64, firings: &mut Vec<Firing>) {
        self.stood_ms += at.saturating_sub(firing.from.0).max(0);
        firings.push(Firing { to, ..firing });
        if firings.len() >= 4 * DRY_RUN_FIRINGS_MAX {
            firings.sort_by_key(|firing| (firing.from, firing.asset));
            firings.truncate(DRY_RUN_FIRINGS_MAX);
        }
    }
}
