//! What a counter counted, seen through resets, swaps of the meter and roll-overs: never negative, and such that windows
//! add up. It keeps no reading and decides nothing else.

use protocol::UnixMs;

/// A fall counts as a roll-over if what was counted across it is at most one part in this many of the whole register;
/// anything larger is a reset, so that a reset half way never looks like a huge use.
const ROLLOVER_PARTS: f64 = 4.0;

/// The meter behind a series was replaced. Readings before `at` are the old one's, those from `at` on the new one's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exchange {
    /// When.
    pub at: UnixMs,
    /// Last reading of the old meter.
    pub end: f64,
    /// First reading of the new one.
    pub start: f64,
}

/// How one series counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counting {
    rollover: Option<f64>,
    exchanges: Vec<Exchange>,
}

/// A stretch of time and what was counted in it: the register went from `start` to `end`, past the roll-over if there is
/// one in between.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::core) struct Piece {
    pub(in crate::core) from: i64,
    pub(in crate::core) to: i64,
    pub(in crate::core) start: f64,
    pub(in crate::core) end: f64,
    counted: f64,
}

impl Counting {
    /// `rollover` is the value at which the register starts again at 0, `65536` for 16 bits; `None` if it never does.
    pub fn new(rollover: Option<f64>, mut exchanges: Vec<Exchange>) -> Self {
        exchanges.sort_by_key(|exchange| exchange.at);
        Self { rollover: rollover.filter(|modulus| modulus.is_finite() && *modulus > 0.0), exchanges }
    }

    /// What was counted between two readings that follow each other; never negative. What is counted between the first
    /// and the last of many readings is the sum over their pairs.
    pub fn between(&self, earlier: (UnixMs, f64), later: (UnixMs, f64)) -> f64 {
        self.pieces(earlier, later).map(|piece| piece.counted).sum()
    }

    /// What was counted in each of `count` windows of `step_ms` from `from`, out of readings by rising time. The register
    /// at a limit between two readings lies on the line between them, so that windows add up, whatever their width.
    /// `None` where no two readings tell anything.
    pub fn windows(
        &self,
        readings: impl IntoIterator<Item = (UnixMs, f64)>,
        from: UnixMs,
        step_ms: i64,
        count: usize,
    ) -> Vec<Option<f64>> {
        let mut windows = Windows { from: from.0, step_ms: step_ms.max(1), counted: vec![None; count] };
        let mut before = None;
        for reading in readings {
            if let Some(before) = before {
                self.pieces(before, reading).for_each(|piece| windows.add(piece));
            }
            before = Some(reading);
        }
        windows.counted
    }

    /// Shares what was counted between two readings out over steps, as [`Self::windows`] does; step i reaches from
    /// `edges[i]` to `edges[i + 1]`.
    pub fn share(
        &self,
        earlier: (UnixMs, f64),
        later: (UnixMs, f64),
        edges: &[i64],
        sink: &mut dyn FnMut(usize, f64),
    ) {
        let Some(steps) = edges.len().checked_sub(1) else { return };
        for piece in self.pieces(earlier, later) {
            let mut step = edges.partition_point(|edge| *edge <= piece.from).saturating_sub(1);
            if piece.to <= piece.from {
                if step < steps && edges[step] <= piece.to {
                    sink(step, piece.counted);
                }
                continue;
            }
            while step < steps && edges[step] < piece.to {
                let share = piece.until(edges[step + 1]) - piece.until(edges[step]);
                if edges[step + 1] > piece.from {
                    sink(step, share);
                }
                step += 1;
            }
        }
    }

    /// What was counted between two readings that follow each other, cut where the meter was swapped.
    pub(in crate::core) fn pieces(
        &self,
        earlier: (UnixMs, f64),
        later: (UnixMs, f64),
    ) -> impl Iterator<Item = Piece> + '_ {
        let first = self.exchanges.partition_point(|exchange| exchange.at <= earlier.0);
        let end = self.exchanges.partition_point(|exchange| exchange.at <= later.0).max(first);
        let mut left = earlier;
        let before = self.exchanges[first..end].iter().map(move |exchange| {
            // An end reading below the last one is a slip of the pen, not a reset.
            let is_slip = exchange.end < left.1 && self.wrapped(left.1, exchange.end).is_none();
            let end = if is_slip { left.1 } else { exchange.end };
            let piece = self.piece(left, (exchange.at, end));
            left = (exchange.at, exchange.start);
            piece
        });
        let last = self.exchanges[first..end].last();
        let (from, value) = last.map_or(earlier, |exchange| (exchange.at, exchange.start));
        before.chain(std::iter::once(self.piece((from, value), later)))
    }

    /// A register that falls rolled over, if that is declared and likely; otherwise it was reset and counts from 0.
    fn piece(&self, (from, earlier): (UnixMs, f64), (to, later): (UnixMs, f64)) -> Piece {
        let (start, end, counted) = if later >= earlier {
            (earlier, later, later - earlier)
        } else if let (Some(counted), Some(modulus)) = (self.wrapped(earlier, later), self.rollover) {
            (earlier, modulus + later, counted)
        } else {
            (0.0, later.max(0.0), later.max(0.0))
        };
        Piece { from: from.0, to: to.0, start, end, counted }
    }

    /// Whether a register that falls from one of these to the other rolled over or was swapped in between.
    pub(in crate::core) fn explains(&self, earlier: (UnixMs, f64), later: (UnixMs, f64)) -> bool {
        let swapped = self.exchanges.iter().any(|one| one.at > earlier.0 && one.at <= later.0);
        swapped || self.wrapped(earlier.1, later.1).is_some()
    }

    fn wrapped(&self, earlier: f64, later: f64) -> Option<f64> {
        let modulus = self.rollover.filter(|modulus| (0.0..*modulus).contains(&earlier) && later >= 0.0)?;
        let counted = modulus - earlier + later;
        (later < earlier && counted * ROLLOVER_PARTS <= modulus).then_some(counted)
    }
}

/// Windows of one width, one behind the other.
struct Windows {
    from: i64,
    step_ms: i64,
    counted: Vec<Option<f64>>,
}

impl Windows {
    /// Shares a piece out over the windows it touches, by time.
    fn add(&mut self, piece: Piece) {
        if piece.to <= piece.from {
            self.add_to(self.at(piece.to), piece.counted);
            return;
        }
        let (first, last) = (self.at(piece.from).max(0), self.at(piece.to - 1));
        let last = last.min(i64::try_from(self.counted.len()).unwrap_or(i64::MAX) - 1);
        for window in first..=last {
            let start = self.from.saturating_add(window.saturating_mul(self.step_ms));
            let share = piece.until(start.saturating_add(self.step_ms)) - piece.until(start);
            self.add_to(window, share);
        }
    }

    fn at(&self, time: i64) -> i64 {
        time.saturating_sub(self.from).div_euclid(self.step_ms)
    }

    fn add_to(&mut self, window: i64, counted: f64) {
        let place = usize::try_from(window).ok().and_then(|window| self.counted.get_mut(window));
        if let Some(sum) = place {
            *sum = Some(sum.unwrap_or(0.0) + counted);
        }
    }
}

impl Piece {
    /// What of it was counted until `time`.
    fn until(&self, time: i64) -> f64 {
        if time >= self.to {
            return self.counted;
        }
        #[expect(clippy::cast_precision_loss, reason = "spans of time far below 2^53 ms")]
        let share = |ms: i64| ms as f64;
        let passed = time.saturating_sub(self.from).max(0);
        self.counted * (share(passed) / share(self.to.saturating_sub(self.from)))
    }
}

#[cfg(test)]
#[path = "increase_tests.rs"]
mod tests;
