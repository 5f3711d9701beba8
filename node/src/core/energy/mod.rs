//! The building's own energy: its counters become slots of whole Wh, with quality and version, held back where they cannot
//! be true. Pure: the shell reads old readings for it (`shell/slots.rs`) and hands in what was counted.

mod apportion;
mod book;
mod cutter;
mod dwellings;
mod flow;
mod grid;
mod meters;
mod month;
mod plausible;
mod probe;
mod release;
mod settling;
mod slot;
mod terms;
mod totals;

pub use apportion::{Agreement, Apportioned, DwellingPart, DwellingSlot, Used, used};
pub use book::{Book, DaySlots};
pub use cutter::{Cell, Course, Cutter, Gauge, Odd, OddKind};
pub use dwellings::{DwellingLabel, DwellingMeter, DwellingPlan, Stretch};
pub use flow::{FlowNow, Power};
pub use grid::Grid;
pub use meters::{Counter, Meter, MeterPlan, Role, SLOT_LENGTH, unit_mwh};
pub use month::{Amount, Month, OwnPart, tariff_and_fee};
pub use plausible::{Doubt, Limits};
pub use probe::{Finding, Probe};
pub use release::{Release, ReleaseRefused, Releases};
pub use settling::{
    Booked, BookedByOthers, Counted, CreditCheck, HeldStatement, LineDoubt, OwnOutcome, OwnSlot, PREVIEW_MS,
    PastDay, PastLine, Refusals, RefusedStatement, SlotStage, StoredRefusals,
};
pub use slot::{Flow, Slot};
pub use terms::{DatedTerms, OwnTerms};
pub use totals::{Gap, Totals, gaps};

use std::collections::BTreeMap;

use protocol::energy::{SlotId, SlotLength};
use protocol::limits::{ENERGY_GAP_MS_MAX, METERING_WINDOW_MS, SLOT_DAYS_KEPT_MAX, SLOTS_PER_CUT_MAX};
use protocol::{Now, UnixMs};

use super::Core;
use super::catalogue::{AssetId, Catalogue, CatalogueError};
use super::maintenance::Change;
use super::output::Event;
use super::telemetry::{DAY_MS, Day, Row, Telemetry};
use grid::floor;
use settling::Settling;

/// After a start what the readings say of this long is looked at again, milliseconds.
const LOOK_BACK_MS: i64 = 2 * DAY_MS;

/// Everything a building knows of its energy.
#[derive(Debug, Clone, Default)]
pub struct Energy {
    plan: MeterPlan,
    terms: OwnTerms,
    dwellings: DwellingPlan,
    /// The counters in force, and the size of the catalogue they were chosen from.
    meters: (usize, u32, Vec<Meter>),
    /// Grows with every change that makes earlier cuts worthless.
    generation: u64,
    book: Book,
    length: SlotLength,
    /// End of the last slot that is closed; `None` until the first reading of a counter.
    frontier: Option<UnixMs>,
    /// What has to be cut again.
    stale: Option<(UnixMs, UnixMs)>,
    /// The newest reading of each asset with a role.
    heard: BTreeMap<AssetId, UnixMs>,
    /// Readings that were left out lately, by counter.
    odd: BTreeMap<(Role, AssetId), Vec<Odd>>,
    /// Slots that an operator let pass.
    releases: Releases,
    settling: Settling,
}

/// Slots to be cut, and the counters that tell them.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// The slots.
    pub grid: Grid,
    /// The counters.
    pub counters: Vec<Counter>,
    /// To be handed back.
    pub generation: u64,
}

/// What became of [`Work`].
#[derive(Debug, Clone, PartialEq)]
pub struct Cut {
    /// What was asked.
    pub work: Work,
    /// One course for each counter.
    pub courses: Vec<Course>,
}

impl Energy {
    /// Takes back what is stored. What lies before `now` within the time of two days, and days that are missing, are
    /// looked at again.
    pub(super) fn open(now: UnixMs, catalogue: &Catalogue, entries: &[Change]) -> Self {
        let settling = Settling::open(entries);
        let mut energy = Self { length: SLOT_LENGTH, settling, ..Self::default() };
        for entry in entries {
            if let Change::PutSlots(day) = entry {
                energy.book.restore(day.clone());
            } else if let Change::PutMeterPlan(plan) = entry {
                energy.plan = plan.clone();
            } else if let Change::PutTerms(terms) = entry {
                energy.terms = terms.clone();
            } else if let Change::PutDwellings(plan) = entry {
                energy.dwellings = plan.clone();
            } else if let Change::PutRelease(release) = entry {
                energy.releases.restore((**release).clone());
            }
        }
        energy.choose_meters(catalogue);
        let slot_ms = energy.length.ms();
        energy.frontier = energy.book.newest().map(|slot| floor(slot.end(), slot_ms));
        let kept_ms = i64::try_from(SLOT_DAYS_KEPT_MAX).unwrap_or(i64::MAX / DAY_MS) * DAY_MS;
        let oldest = energy.book.oldest().map_or_else(|| now.plus(-kept_ms), Slot::start);
        let mut from = now.plus(-LOOK_BACK_MS);
        let mut day = Day::of(oldest.max(now.plus(-kept_ms)));
        while day < Day::of(from) {
            if !energy.book.has(day) {
                from = day.start();
                break;
            }
            day = Day(day.0 + 1);
        }
        let to = energy.frontier.unwrap_or(now).min(now);
        energy.mark(from, to);
        energy
    }

    /// Cuts slots as long as the hive voted. Those that are closed stay as they are: the new length begins with its next
    /// slot, so that no stretch of time is counted in two.
    pub(super) fn follow(&mut self, length: SlotLength) {
        if self.length == length {
            return;
        }
        self.length = length;
        self.generation += 1;
        let slot_ms = length.ms();
        self.frontier = self.frontier.map(|frontier| floor(frontier.plus(slot_ms - 1), slot_ms));
    }

    /// The operator's word on meters.
    pub const fn plan(&self) -> &MeterPlan {
        &self.plan
    }

    /// What the building itself says of sharing, and since when.
    pub const fn terms(&self) -> &OwnTerms {
        &self.terms
    }

    /// The slots that are closed.
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// How long slots are.
    pub const fn length(&self) -> SlotLength {
        self.length
    }

    /// End of the last slot that is closed.
    pub const fn frontier(&self) -> Option<UnixMs> {
        self.frontier
    }

    /// Readings of a counter that were left out lately.
    pub fn odd(&self, role: Role, asset: AssetId) -> &[Odd] {
        self.odd.get(&(role, asset)).map_or(&[], Vec::as_slice)
    }

    /// What is to be cut now, oldest first: first what changed, then slots that are over.
    pub fn work(&self, now: UnixMs, telemetry: &Telemetry) -> Option<Work> {
        let counters = self.counters(telemetry.catalogue());
        if counters.is_empty() || counters.len() < self.meters.2.len() {
            return None;
        }
        let slot_ms = self.length.ms();
        let (from, to) = match (self.stale, self.frontier) {
            (Some(stale), _) => stale,
            (None, Some(frontier)) => (frontier, self.due(now, frontier, &counters, telemetry)),
            (None, None) => return None,
        };
        let grid = Grid::over(from, to, slot_ms, SLOTS_PER_CUT_MAX);
        (grid.count > 0).then_some(Work { grid, counters, generation: self.generation })
    }

    /// The counters in force, as they are read.
    pub fn counters(&self, catalogue: &Catalogue) -> Vec<Counter> {
        meters::counters(&self.meters.2, self.plan.limits(), catalogue)
    }

    /// The counters in force.
    pub fn meters(&self) -> &[Meter] {
        &self.meters.2
    }

    fn choose_meters(&mut self, catalogue: &Catalogue) {
        let size = (catalogue.assets().len(), catalogue.series_count());
        self.meters = (size.0, size.1, self.plan.meters(catalogue));
    }

    /// Up to where slots can be closed: all counters have told, or the metering window is over.
    fn due(&self, now: UnixMs, from: UnixMs, counters: &[Counter], telemetry: &Telemetry) -> UnixMs {
        let told = counters.iter().map(|counter| newest(telemetry, counter)).min().flatten();
        let told = told.map_or(from, |told| floor(told, self.length.ms()));
        told.max(floor(patience(now, telemetry).plus(-METERING_WINDOW_MS), self.length.ms())).min(now)
    }

    /// Takes in what was counted. Answers what to store.
    pub(super) fn take(&mut self, now: UnixMs, cut: Cut) -> Vec<Change> {
        let Cut { work, courses } = cut;
        if work.generation != self.generation || courses.len() != work.counters.len() {
            return Vec::new();
        }
        self.note_odd(&work.counters, &courses);
        let mut days = Vec::new();
        let mut reached = work.grid.from;
        for index in 0..work.grid.count {
            match self.combine(now, &work, &courses, index) {
                Combined::Open => break,
                Combined::Nothing => {}
                Combined::Closed(mut slot) => {
                    self.releases.apply(&mut slot);
                    if self.book.put(slot) {
                        days.push(Day::of(slot.start()));
                    }
                }
            }
            reached = work.grid.start(index + 1);
        }
        self.advance(&work.grid, reached);
        days.dedup();
        let mut changes: Vec<Change> =
            days.into_iter().filter_map(|day| self.book.day(day)).map(Change::PutSlots).collect();
        changes.extend(self.book.forget().into_iter().map(Change::DeleteSlots));
        if let Some(oldest) = self.book.oldest() {
            changes.extend(self.releases.forget(Day::of(oldest.start())));
        }
        changes
    }

    fn advance(&mut self, grid: &Grid, reached: UnixMs) {
        if let Some((from, to)) = self.stale {
            // What is still open at the end of a stale stretch is not stale any more.
            if grid.from == floor(from, self.length.ms()) {
                self.stale = (grid.to() < to).then_some((grid.to(), to));
            }
        }
        let has_begun = self.frontier.is_some() || self.book.newest().is_some();
        if has_begun && self.frontier.is_none_or(|frontier| grid.from <= frontier) {
            self.frontier = self.frontier.max(Some(reached));
        }
    }

    fn note_odd(&mut self, counters: &[Counter], courses: &[Course]) {
        for (counter, course) in counters.iter().zip(courses) {
            if !course.odd.is_empty() {
                self.odd.insert((counter.role, counter.asset), course.odd.clone());
            }
        }
    }

    /// Puts the counters of one slot together.
    fn combine(&self, now: UnixMs, work: &Work, courses: &[Course], index: usize) -> Combined {
        let (start, end) = (work.grid.start(index), work.grid.start(index + 1));
        let slot_ms = work.grid.slot_ms;
        let is_full = courses.iter().all(|course| course.cells[index].covered_ms >= slot_ms);
        let may_come = courses.iter().any(|course| course.last.is_none_or(|last| last < end));
        if !is_full && may_come && now.since(end) < METERING_WINDOW_MS {
            return Combined::Open;
        }
        let Some(id) = SlotId::at(start, self.length) else { return Combined::Nothing };
        // Before the very first reading nothing is missing.
        let begun = courses.iter().any(|course| course.first.is_some_and(|first| first <= start));
        if !is_full && !begun && self.book.oldest().is_none_or(|oldest| start < oldest.start()) {
            return Combined::Nothing;
        }
        let mut slot =
            Slot { id, length: self.length, flow: None, is_estimated: false, version: 1, held: None };
        if is_full {
            let flow = add_up(&work.counters, courses, index);
            slot.is_estimated = courses.iter().any(|course| course.cells[index].is_estimated);
            slot.held = self.plan.limits().doubt(&flow, slot_ms);
            slot.flow = Some(flow);
        }
        Combined::Closed(slot)
    }

    /// Hears of rows that were stored: those of slots that are closed make them stale.
    pub(super) fn observe(&mut self, catalogue: &Catalogue, row: &Row) {
        if (self.meters.0, self.meters.1) != (catalogue.assets().len(), catalogue.series_count()) {
            self.choose_meters(catalogue);
        }
        if !self.meters.2.iter().any(|meter| meter.asset == row.asset()) {
            return;
        }
        let (time, slot_ms) = (row.time(), self.length.ms());
        let before = self.heard.get(&row.asset()).copied();
        self.heard.insert(row.asset(), before.map_or(time, |before| before.max(time)));
        let frontier = *self.frontier.get_or_insert(floor(time, slot_ms));
        // Also a reading of a slot that is open lies before the one that closed the slots before it.
        let is_late = time < frontier || before.is_some_and(|before| time < before);
        // The first reading behind a gap tells what the counter counted meanwhile.
        let ends_gap = before.is_none_or(|before| time.since(before) > slot_ms);
        if is_late || ends_gap {
            let (from, to) = (time.plus(-ENERGY_GAP_MS_MAX), time.plus(ENERGY_GAP_MS_MAX));
            self.mark(from, to.min(frontier));
        }
    }

    /// Cuts `[from, to)` again, as far as slots are closed there.
    pub(super) fn recount(&mut self, from: UnixMs, to: UnixMs) {
        let (Some(frontier), Some(oldest)) = (self.frontier, self.book.oldest()) else { return };
        self.mark(from.max(oldest.start()), to.min(frontier));
    }

    /// Cuts again what a metric counts since the oldest slot: its roll-over changed.
    pub(super) fn recount_all(&mut self, now: UnixMs) {
        self.recount(UnixMs(i64::MIN), now);
    }

    fn mark(&mut self, from: UnixMs, to: UnixMs) {
        if from < to {
            let (first, last) = self.stale.unwrap_or((from, to));
            self.stale = Some((first.min(from), last.max(to)));
        }
    }

    fn replace(&mut self, now: UnixMs, catalogue: &Catalogue, plan: MeterPlan) {
        self.plan = plan;
        self.choose_meters(catalogue);
        self.generation += 1;
        self.odd.clear();
        self.recount(now.plus(-LOOK_BACK_MS), now);
    }
}

/// What a slot turned out to be.
enum Combined {
    /// Readings of it may still come.
    Open,
    /// There was no meter yet.
    Nothing,
    /// It is closed, until something better is known.
    Closed(Slot),
}

/// The energy of a slot that all counters cover.
fn add_up(counters: &[Counter], courses: &[Course], index: usize) -> Flow {
    let sum = |role: Role| {
        let mut of_role = counters.iter().zip(courses).filter(|(counter, _)| counter.role == role).peekable();
        of_role.peek()?;
        Some(of_role.fold(0i64, |sum, (_, course)| sum.saturating_add(course.cells[index].wh)))
    };
    let production_wh = sum(Role::Production);
    let (mut import_wh, mut export_wh) = (sum(Role::Import).unwrap_or(0), sum(Role::Export).unwrap_or(0));
    if let Some(load_wh) = sum(Role::Load) {
        let net = load_wh.saturating_sub(production_wh.unwrap_or(0));
        import_wh = import_wh.saturating_add(net.max(0));
        export_wh = export_wh.saturating_add(net.saturating_neg().max(0));
    }
    Flow { import_wh, export_wh, production_wh }
}

/// The time by which patience is measured: that of the newest reading of the building, so that neither a clock that jumps
/// ahead nor a silent gateway makes a year of missing slots.
fn patience(now: UnixMs, telemetry: &Telemetry) -> UnixMs {
    telemetry.newest().map_or(UnixMs(i64::MIN), |newest| newest.min(now))
}

fn newest(telemetry: &Telemetry, counter: &Counter) -> Option<UnixMs> {
    telemetry.head(counter.asset)?.latest(counter.column).map(|(time, _)| time)
}

impl Core {
    /// The building's energy, to look at.
    pub fn energy(&self) -> &Energy {
        &self.energy
    }

    /// What the shell has to count, if anything.
    pub fn energy_work(&self, now: UnixMs) -> Option<Work> {
        self.energy.work(now, &self.telemetry)
    }

    pub(super) fn take_cut(&mut self, now: Now, cut: Cut) {
        let clock = patience(now.time, &self.telemetry);
        let changes = self.energy.take(clock, cut);
        if !changes.is_empty() {
            for change in &changes {
                if let Change::PutSlots(day) = change {
                    self.planning.note_day(day);
                }
            }
            self.persist(changes);
            self.event(Event::Energy);
            self.energy.settling.stale();
            self.tend_settling(now);
        }
    }

    pub(super) fn plan_meters(&mut self, now: Now, plan: MeterPlan) -> Result<(), CatalogueError> {
        plan.check(self.telemetry.catalogue())?;
        if plan != *self.energy.plan() {
            self.energy.replace(now.time, self.telemetry.catalogue(), plan.clone());
            self.persist(vec![Change::PutMeterPlan(plan)]);
            self.event(Event::Energy);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
