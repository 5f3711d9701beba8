//! Cuts readings into slots for the core: asks what is to be cut, reads newest readings from memory and older ones from
//! disk, and hands what was counted back. It decides nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use super::event::Event;
use super::query::{Sink, Source, Target};
use crate::core::catalogue::{AssetId, Column};
use crate::core::energy::{Counter, Course, Cut, Cutter, Grid, Work};
use crate::core::telemetry::{Columns, Keep};

/// Pause between two looks while nothing waits.
const IDLE: Duration = Duration::from_millis(500);
/// Pause between two pieces of a backlog, so that others have their turn.
const BUSY: Duration = Duration::from_millis(20);

/// Works until the core ends.
pub(super) async fn run(source: Source) {
    let mut last: Option<Work> = None;
    loop {
        let work = source.glance(|core| core.energy_work(core.now())).await;
        let Ok(work) = work else { return };
        let is_new = work.is_some() && work != last;
        if let Some(work) = work.clone().filter(|_| is_new) {
            match cut(&source, work).await {
                Ok(cut) => {
                    if source.core.send(Event::SlotsCut(Box::new(cut))).await.is_err() {
                        return;
                    }
                }
                Err(problem) => tracing::warn!(?problem, "slots could not be cut; they are tried again"),
            }
        }
        tokio::time::sleep(if is_new { BUSY } else { IDLE }).await;
        // What was cut in vain is tried again after the longer pause.
        last = work.filter(|_| is_new);
    }
}

async fn cut(source: &Source, work: Work) -> Result<Cut, web::Problem> {
    Ok(Cut { courses: courses(source, &work.counters, work.grid).await?, work })
}

/// What each counter counted in each slot of a grid.
pub(super) async fn courses(
    source: &Source,
    counters: &[Counter],
    grid: Grid,
) -> Result<Vec<Course>, web::Problem> {
    let (from, to) = grid.reach();
    let (targets, sink) = Cutting::new(counters, grid);
    source.visit(targets, from, to, sink).await.map(Cutting::finish)
}

/// A cutter for each counter, fed by asset.
struct Cutting {
    /// For each target the columns with the place of their cutter.
    places: Vec<Vec<(Column, usize)>>,
    cutters: Vec<Cutter>,
}

impl Cutting {
    fn new(counters: &[Counter], grid: Grid) -> (Vec<Target>, Self) {
        let mut by_asset: BTreeMap<AssetId, Vec<(Column, Keep, usize)>> = BTreeMap::new();
        for (at, counter) in counters.iter().enumerate() {
            by_asset.entry(counter.asset).or_default().push((counter.column, counter.keep, at));
        }
        let (mut targets, mut places) = (Vec::new(), Vec::new());
        for (asset, mut columns) in by_asset {
            columns.sort_unstable_by_key(|(column, ..)| *column);
            places.push(columns.iter().map(|(column, _, at)| (*column, *at)).collect());
            targets.push(Target {
                asset,
                columns: columns.iter().map(|(column, keep, _)| (*column, *keep)).collect(),
            });
        }
        let cutters = counters.iter().map(|counter| Cutter::new(counter.gauge.clone(), grid)).collect();
        (targets, Self { places, cutters })
    }

    fn finish(self) -> Vec<Course> {
        self.cutters.into_iter().map(Cutter::finish).collect()
    }
}

impl Sink for Cutting {
    fn rows(&mut self, target: usize, rows: &Columns) {
        for (column, at) in &self.places[target] {
            let cutter = &mut self.cutters[*at];
            for (time, value) in rows.readings(*column) {
                if cutter.is_done() {
                    break;
                }
                cutter.read(time, value.get());
            }
        }
    }

    fn is_full(&self) -> bool {
        self.cutters.iter().all(Cutter::is_done)
    }
}
