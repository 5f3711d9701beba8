//! Fewer faults for a failing seed: classes of faults and single strikes are left out while the same rule stays broken
//! (delta debugging, Zeller 2002), within a bounded number of runs.

use crate::checker::Rule;
use crate::report::Outcome;
use crate::spared::{Class, STRIKES_MAX, Spared};
use crate::{Settings, simulate};

/// A failing seed with the faults that it needs.
#[derive(Debug, Clone)]
pub struct Shrunk {
    /// The settings that still break the rule.
    pub settings: Settings,
    /// What came out with them.
    pub outcome: Outcome,
    /// Runs that it took.
    pub runs: usize,
}

/// Searches for fewer faults that break the same rule, with `runs_max` runs at the most and while `goes_on` says so.
pub fn shrink(
    failed: &Outcome,
    settings: Settings,
    runs_max: usize,
    goes_on: impl Fn() -> bool,
) -> Option<Shrunk> {
    let rule = failed.violation.as_ref()?.rule;
    let seed = failed.seed;
    let best = Shrunk { settings, outcome: failed.clone(), runs: 0 };
    let mut search = Search { seed, rule, best, runs_max, goes_on };
    search.classes();
    search.strikes();
    Some(search.best)
}

struct Search<G> {
    seed: u64,
    rule: Rule,
    best: Shrunk,
    runs_max: usize,
    goes_on: G,
}

impl<G: Fn() -> bool> Search<G> {
    fn classes(&mut self) {
        let weather = self.best.settings.drawn(self.seed).weather(self.seed);
        for class in Class::ALL.into_iter().filter(|class| class.is_in(&weather)) {
            self.attempt(self.best.settings.spared.and_class(class));
        }
    }

    /// Halves, quarters, …, single strikes.
    fn strikes(&mut self) {
        let count = u32::try_from(self.best.outcome.tally.strikes).unwrap_or(u32::MAX).min(STRIKES_MAX);
        let mut size = count.div_ceil(2);
        while size > 0 {
            for start in (0..count).step_by(size as usize) {
                let chunk = start..(start + size).min(count);
                let spared = chunk.fold(self.best.settings.spared, Spared::and_strike);
                if spared != self.best.settings.spared {
                    self.attempt(spared);
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
    }

    fn attempt(&mut self, spared: Spared) {
        if self.best.runs >= self.runs_max || !(self.goes_on)() {
            return;
        }
        self.best.runs += 1;
        let settings = Settings { spared, ..self.best.settings };
        let outcome = simulate(self.seed, settings, None);
        if outcome.violation.as_ref().is_some_and(|violation| violation.rule == self.rule) {
            self.best = Shrunk { settings, outcome, runs: self.best.runs };
        }
    }
}
