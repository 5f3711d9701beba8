//! Reading back: a half-open range of one series, as points or in steps.

use protocol::UnixMs;
use std::collections::BTreeMap;
use thiserror::Error;

use super::value::Value;

/// Points or steps in one answer; the rest is asked for with the cursor.
pub const ANSWER_ITEMS_MAX: usize = 20_000;
/// Points gathered for one answer in steps.
pub const GATHERED_POINTS_MAX: usize = 1_000_000;

/// A range of time, `[from, to)`, and the width of its steps if values are to be summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RangeQuery {
    from: UnixMs,
    to: UnixMs,
    step_ms: Option<i64>,
}

/// Why a range cannot be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RangeError {
    /// The range ends before it starts.
    #[error("to: {to} lies before from, {from}")]
    Backwards {
        /// Start.
        from: UnixMs,
        /// End.
        to: UnixMs,
    },
    /// A step of less than a millisecond.
    #[error("step: {found} ms, at least 1 ms allowed")]
    Step {
        /// Step asked for.
        found: i64,
    },
    /// More steps than one answer may have.
    #[error("step: {found} steps, at most {ANSWER_ITEMS_MAX} allowed")]
    TooManySteps {
        /// Steps asked for.
        found: i64,
    },
}

impl RangeQuery {
    /// Checks a range. `step_ms` counts from `from`.
    pub fn new(from: UnixMs, to: UnixMs, step_ms: Option<i64>) -> Result<Self, RangeError> {
        if to < from {
            return Err(RangeError::Backwards { from, to });
        }
        if let Some(step) = step_ms {
            if step < 1 {
                return Err(RangeError::Step { found: step });
            }
            let steps = to.since(from).div_euclid(step);
            if steps > ANSWER_ITEMS_MAX as i64 {
                return Err(RangeError::TooManySteps { found: steps });
            }
        }
        Ok(Self { from, to, step_ms })
    }

    /// First time that belongs to the range.
    pub const fn from(&self) -> UnixMs {
        self.from
    }

    /// First time that no longer belongs to it.
    pub const fn to(&self) -> UnixMs {
        self.to
    }

    /// Whether a time belongs to the range.
    pub fn contains(&self, time: UnixMs) -> bool {
        self.from <= time && time < self.to
    }
}

/// One step of a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Start of the step.
    pub time: UnixMs,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Arithmetic mean.
    pub avg: f64,
    /// How many values; never 0, empty steps are left out.
    pub count: u32,
}

/// What a range holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Items {
    /// Every reading, oldest first.
    Points(Vec<(UnixMs, Value)>),
    /// Steps that hold a reading, oldest first.
    Buckets(Vec<Bucket>),
}

/// The answer to a [`RangeQuery`].
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What was found.
    pub items: Items,
    /// Where to go on if not everything fitted.
    pub next: Option<UnixMs>,
}

/// Gathers the readings of one series from the log and the head, in the order in which they were accepted: of two
/// readings of one time the first stays.
#[derive(Debug, Clone)]
pub struct Collector {
    query: RangeQuery,
    points: BTreeMap<UnixMs, Value>,
    next: Option<UnixMs>,
    points_max: usize,
}

impl Collector {
    /// Nothing gathered yet.
    pub fn new(query: RangeQuery) -> Self {
        let points_max = if query.step_ms.is_some() { GATHERED_POINTS_MAX } else { ANSWER_ITEMS_MAX };
        Self { query, points: BTreeMap::new(), next: None, points_max }
    }

    /// What is asked for.
    pub const fn query(&self) -> RangeQuery {
        self.query
    }

    /// Takes a reading, if it belongs to the range. When there is no more room the newest reading makes place, and
    /// the answer says where to go on.
    pub fn push(&mut self, time: UnixMs, value: Value) {
        if !self.query.contains(time) || self.next.is_some_and(|next| time >= next) {
            return;
        }
        self.points.entry(time).or_insert(value);
        if self.points.len() > self.points_max {
            self.next = self.points.pop_last().map(|(time, _)| time);
        }
    }

    /// The answer.
    pub fn finish(self) -> Answer {
        match self.query.step_ms {
            None => Answer { items: Items::Points(self.points.into_iter().collect()), next: self.next },
            Some(step_ms) => self.into_buckets(step_ms),
        }
    }

    /// A step that was cut short is left out and asked for again, unless it is the first one.
    fn into_buckets(self, step_ms: i64) -> Answer {
        let start = |time: UnixMs| {
            let steps = time.since(self.query.from).div_euclid(step_ms);
            self.query.from.plus(steps.saturating_mul(step_ms))
        };
        let next = self.next.map(|cut| if start(cut) == self.query.from { cut } else { start(cut) });
        let mut buckets: Vec<Bucket> = Vec::new();
        for (time, value) in self.points.iter().filter(|(time, _)| next.is_none_or(|next| **time < next)) {
            let (time, value) = (start(*time), value.get());
            match buckets.last_mut() {
                Some(bucket) if bucket.time == time => bucket.add(value),
                Some(_) | None => buckets.push(Bucket { time, min: value, max: value, avg: value, count: 1 }),
            }
        }
        Answer { items: Items::Buckets(buckets), next }
    }
}

impl Bucket {
    fn add(&mut self, value: f64) {
        self.count += 1;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        // Divided before subtracting, so that extremes do not overflow.
        self.avg += value / f64::from(self.count) - self.avg / f64::from(self.count);
    }
}
