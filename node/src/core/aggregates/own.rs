//! What this building reports: made once from its closed slots when a period is over, within its own budget, and sent to
//! both desks until each has said that it has it.

use std::collections::{BTreeMap, BTreeSet};

use protocol::aggregate::{
    AggregateMessage, AggregateReceipt, AggregateRefusal, Cadence, Half, Measure, Period, Profile, Task, Work,
};
use protocol::limits::{BUDGET_YEAR_MICRO, BUDGET_YEAR_MS};
use protocol::{Address, Bytes, Tick, UnixMs};

use super::act::{Act, Scene};
use super::stored::{AggregateKept, AggregateKeptKey, Consent, Delivery, OwnReport};
use super::vdaf::Vdaf;
use crate::core::energy::Book;

/// A half of which nothing is heard is sent again after this long, milliseconds.
const AGAIN_MS: u64 = 60_000;
/// So long a period waits for its last slots, milliseconds; after that a few of them may be missing.
const PATIENCE_MS: i64 = 24 * 60 * 60 * 1000;
/// One slot of so many may be missing.
const MISSING_ONE_IN: u64 = 100;

/// What the building reported, and what it may still report.
#[derive(Debug, Clone, Default)]
pub struct Own {
    consent: Option<Consent>,
    reports: BTreeMap<(Period, Measure), OwnReport>,
    /// Reports that would have taken more than the budget has.
    refused: BTreeSet<(Period, Measure)>,
    sent: BTreeMap<(Period, Measure, usize), Tick>,
}

impl Own {
    pub(super) fn restore(&mut self, kept: &AggregateKept) {
        match kept {
            AggregateKept::Consent(consent) => self.consent = Some(*consent),
            AggregateKept::Report(report) => {
                self.reports.insert((report.work.period, report.task.measure), report.clone());
            }
            AggregateKept::Half(_) | AggregateKept::Batch(_) => {}
        }
    }

    /// What the building says of itself while it takes part.
    pub fn profile(&self) -> Option<Profile> {
        self.consent?.profile
    }

    /// When somebody last said whether it takes part.
    pub fn said_at(&self) -> Option<UnixMs> {
        self.consent.map(|consent| consent.at)
    }

    /// Every report of the last year, by period.
    pub fn reports(&self) -> impl DoubleEndedIterator<Item = &OwnReport> {
        self.reports.values()
    }

    /// Reports that were not made because the budget of the year was spent.
    pub fn refused(&self) -> impl DoubleEndedIterator<Item = (Period, Measure)> {
        self.refused.iter().copied()
    }

    /// What reports of a measure whose periods ended in the year up to `end` took of a dwelling's budget, millionths of
    /// rho.
    pub fn spent_micro(&self, measure: Measure, end: UnixMs) -> u64 {
        let year = |report: &&OwnReport| {
            let age = end.since(report.work.period.end());
            report.task.measure == measure && (0..BUDGET_YEAR_MS).contains(&age)
        };
        self.reports.values().filter(year).map(|report| report.cost_micro).sum()
    }

    /// Somebody says whether the building takes part, and as what.
    pub(super) fn say(&mut self, profile: Option<Profile>, now: UnixMs, acts: &mut Vec<Act>) {
        let consent = Consent { profile, at: now };
        self.consent = Some(consent);
        acts.push(Act::Store(AggregateKept::Consent(consent)));
        acts.push(Act::Tell);
    }

    /// Makes reports that are due and sends what did not arrive.
    pub(super) fn tend(&mut self, scene: &Scene<'_>, book: &Book, acts: &mut Vec<Act>) {
        self.forget(scene.now.time, acts);
        if self.profile().is_none() {
            return;
        }
        for cadence in Cadence::ALL {
            let period = Period::at(cadence, scene.now.time).previous();
            self.report(scene, book, period, acts);
        }
        self.send(scene, acts);
    }

    fn report(&mut self, scene: &Scene<'_>, book: &Book, period: Period, acts: &mut Vec<Act>) {
        if scene.now.time >= period.closes() {
            return;
        }
        let Some(month) = scene.state.aggregate_month(period.month()) else { return };
        let asked = month.tasks.iter().filter(|task| task.cadence == period.cadence);
        let due: Vec<&Task> =
            asked.filter(|task| !self.reports.contains_key(&(period, task.measure))).collect();
        if due.is_empty() {
            return;
        }
        let Some((number, group)) = scene.state.aggregate_group_of(period.month(), &scene.me) else { return };
        let Some((_, dwellings)) = group.place(&scene.first_key(&scene.me)) else { return };
        let Some(desks) = scene.state.aggregate_desks(period) else { return };
        for task in due {
            let Some(amount) = measured(book, task.measure, period, scene.now.time) else { continue };
            let (most, cost_micro) = (task.most(dwellings), task.cost_micro());
            let spent = self.spent_micro(task.measure, period.end());
            if spent.saturating_add(cost_micro) > BUDGET_YEAR_MICRO {
                if self.refused.insert((period, task.measure)) {
                    tracing::info!(
                        measure = task.measure.name(),
                        "the year's privacy budget is spent: no report"
                    );
                    acts.push(Act::Tell);
                }
                continue;
            }
            let report = OwnReport {
                work: Work { task: task.id(), period, group: number },
                task: *task,
                desks,
                amount: amount.min(most),
                most,
                cost_micro,
                at: scene.now.time,
                told: [Delivery::Waiting; 2],
            };
            acts.push(Act::Store(AggregateKept::Report(report.clone())));
            acts.push(Act::Tell);
            self.reports.insert((period, task.measure), report);
        }
    }

    /// What was made is cut the same way each time, so that a desk hears the same half however often it is sent.
    fn send(&mut self, scene: &Scene<'_>, acts: &mut Vec<Act>) {
        for (key, report) in &self.reports {
            if scene.now.time >= report.work.period.closes() {
                continue;
            }
            let waiting = |desk: &usize| report.told[*desk] == Delivery::Waiting;
            let due: Vec<usize> = (0..2)
                .filter(waiting)
                .filter(|desk| {
                    let sent = self.sent.get(&(key.0, key.1, *desk));
                    sent.is_none_or(|sent| scene.now.tick.since(*sent) >= AGAIN_MS)
                })
                .collect();
            if due.is_empty() {
                continue;
            }
            let origin = scene.first_key(&scene.me);
            let vdaf = Vdaf::new(&scene.chain, &report.work, &origin, report.most);
            let seed = scene.seed("report", &report.work, &report.amount.to_be_bytes());
            let halves = vdaf.cut(report.amount, &seed).expect("invariant: a report lies within its bound");
            for desk in due {
                let share =
                    Bytes::new(halves[desk].clone()).expect("invariant: a half of one number is short");
                let half = AggregateMessage::Half(Half { work: report.work, share });
                acts.push(Act::Send(scene.state.current(&report.desks[desk]), half));
                self.sent.insert((key.0, key.1, desk), scene.now.tick);
            }
        }
    }

    /// A desk says what became of a half.
    pub(super) fn hear_receipt(
        &mut self,
        scene: &Scene<'_>,
        from: Address,
        receipt: AggregateReceipt,
        acts: &mut Vec<Act>,
    ) {
        let report = self.reports.values_mut().find(|report| report.work == receipt.work);
        let Some(report) = report else { return };
        let is_from = |desk: &Address| scene.state.current(desk) == from;
        let Some(desk) = report.desks.iter().position(is_from) else { return };
        let told = match receipt.refused {
            None => Delivery::Kept,
            // It may be taken when the desk is ready for it.
            Some(AggregateRefusal::NotNow | AggregateRefusal::Full) => return,
            Some(refusal) => Delivery::Refused(refusal),
        };
        if report.told[desk] == Delivery::Waiting {
            report.told[desk] = told;
            acts.push(Act::Store(AggregateKept::Report(report.clone())));
            acts.push(Act::Tell);
        }
    }

    /// A member that has just connected is sent at the next turn what it lacks.
    pub(super) fn connected(&mut self) {
        self.sent.clear();
    }

    fn forget(&mut self, now: UnixMs, acts: &mut Vec<Act>) {
        // A year, and the time in which a period of it may still be reported.
        let is_old = |period: Period| now.since(period.lapses()) > BUDGET_YEAR_MS;
        let old: Vec<_> = self.reports.keys().filter(|key| is_old(key.0)).copied().collect();
        for key in old {
            self.reports.remove(&key);
            acts.push(Act::Forget(AggregateKeptKey::Report(key.0, key.1)));
        }
        self.refused.retain(|(period, _)| !is_old(*period));
        self.sent.retain(|(period, _, _), _| now < period.closes());
    }
}

/// What the building's closed slots come to over a period: all of them, or after a day's patience nearly all, scaled up.
pub(super) fn measured(book: &Book, measure: Measure, period: Period, now: UnixMs) -> Option<u64> {
    let (from, to) = (period.start(), period.end());
    let (mut sum, mut highest, mut known_ms) = (0u64, 0u64, 0u64);
    for slot in book.slots(from, to).filter(|slot| slot.held.is_none()) {
        let Some(flow) = slot.flow else { continue };
        let amount = match measure {
            Measure::Consumption => flow.consumption_wh(),
            Measure::Production => flow.production_wh,
            Measure::Peak => Some(flow.import_wh),
        };
        let Some(amount) = amount.and_then(|wh| u64::try_from(wh).ok()) else { continue };
        let slot_ms = u64::try_from(slot.length.ms()).ok()?;
        sum = sum.saturating_add(amount);
        highest = highest.max(amount.saturating_mul(3_600_000) / slot_ms);
        known_ms += slot_ms;
    }
    let all_ms = u64::try_from(to.since(from)).ok()?;
    let lacking = all_ms.saturating_sub(known_ms);
    let may_lack = if now.since(to) >= PATIENCE_MS { all_ms / MISSING_ONE_IN } else { 0 };
    if known_ms == 0 || lacking > may_lack {
        return None;
    }
    match measure {
        Measure::Consumption | Measure::Production => {
            u64::try_from(u128::from(sum) * u128::from(all_ms) / u128::from(known_ms)).ok()
        }
        Measure::Peak => Some(highest),
    }
}
