//! Sums over closed slots, and where something is missing.

use protocol::UnixMs;
use protocol::energy::Quality;

use super::book::Book;
use super::plausible::Doubt;

/// Gaps that are told of in one answer.
const GAPS_MAX: usize = 1_000;

/// Sums of the slots that are known; what is held back does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// From the grid, Wh.
    pub import_wh: i64,
    /// To the grid, Wh.
    pub export_wh: i64,
    /// Made in the building, Wh; `None` where no slot tells.
    pub production_wh: Option<i64>,
    /// Used in the building, Wh.
    pub consumption_wh: i64,
    /// Slots there are.
    pub slots: u32,
    /// Those of them that are missing.
    pub missing: u32,
    /// Those that are estimated.
    pub estimated: u32,
    /// Those that are held back.
    pub held: u32,
}

/// Slots one behind the other of which nothing is known, or which are held back for the same reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Start of the first.
    pub from: UnixMs,
    /// End of the last.
    pub to: UnixMs,
    /// How many.
    pub slots: u32,
    /// Why they are held back; `None` if they are missing.
    pub held: Option<Doubt>,
}

impl Totals {
    /// Sums the slots that start in `[from, to)`.
    pub fn of(book: &Book, from: UnixMs, to: UnixMs) -> Self {
        let mut totals = Self::default();
        for slot in book.slots(from, to) {
            totals.slots += 1;
            match slot.quality() {
                Quality::Missing => totals.missing += 1,
                Quality::Estimated => totals.estimated += 1,
                Quality::Measured => {}
            }
            if slot.held.is_some() {
                totals.held += 1;
                continue;
            }
            if let Some(flow) = slot.flow {
                totals.import_wh = totals.import_wh.saturating_add(flow.import_wh);
                totals.export_wh = totals.export_wh.saturating_add(flow.export_wh);
                totals.consumption_wh =
                    totals.consumption_wh.saturating_add(flow.consumption_wh().unwrap_or(0));
                if let Some(made_wh) = flow.production_wh {
                    totals.production_wh = Some(totals.production_wh.unwrap_or(0).saturating_add(made_wh));
                }
            }
        }
        totals
    }

    /// Of what was made, what stayed in the building, Wh.
    pub fn self_used_wh(&self) -> Option<i64> {
        self.production_wh.map(|made| made.saturating_sub(self.export_wh).clamp(0, made.max(0)))
    }
}

/// What is missing or held back among the slots that start in `[from, to)`, newest first.
pub fn gaps(book: &Book, from: UnixMs, to: UnixMs) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = Vec::new();
    let odd = book.slots(from, to).rev().filter(|slot| slot.flow.is_none() || slot.held.is_some());
    for slot in odd {
        let next = gaps.last_mut().filter(|gap| gap.from == slot.end() && gap.held == slot.held);
        if let Some(gap) = next {
            gap.from = slot.start();
            gap.slots += 1;
        } else if gaps.len() < GAPS_MAX {
            gaps.push(Gap { from: slot.start(), to: slot.end(), slots: 1, held: slot.held });
        } else {
            break;
        }
    }
    gaps
}
