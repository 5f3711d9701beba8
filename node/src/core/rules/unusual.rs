//! What is unlike everything a series has shown so far, without a limit that anybody set: the mean of the last readings
//! against the means before it, and a reading beyond all others. Fixed numbers, no training; the same readings give the
//! same answer on every machine.

use protocol::UnixMs;
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use std::collections::VecDeque;

use super::super::catalogue::AssetId;
use super::super::policy::PolicyId;
use super::evidence::{EVIDENCE_READINGS_MAX, Evidence};

/// Readings in the mean that is looked at, and how many readings lie between it and the newest mean it is compared
/// with, so that no reading is in both.
pub const SHORT_READINGS: usize = 8;
/// Most earlier means it is compared with.
pub const HISTORY_MEANS: usize = 1_000;
/// Fewest earlier means before anything is said, and fewest readings before one can be a record.
pub const WARM_UP: usize = 200;
/// Readings after an alarm in which only something stronger is one again.
pub const REFRACTORY_READINGS: u32 = 100;
/// More standard deviations than this are told as this many; a series that never changed has none to divide by.
pub const DEVIATIONS_MAX: f64 = 1_000.0;

/// The lowest and the highest reading of a metric under watch. Stored, because a record is one against everything since
/// it was first listened to, not since the last start.
#[derive(Debug, Clone, Copy, PartialEq, Serialize_tuple, Deserialize_tuple)]
pub struct Extremes {
    /// The asset.
    pub asset: AssetId,
    /// The policy that watches it.
    pub policy: PolicyId,
    /// The lowest reading.
    pub lowest: f64,
    /// The highest reading.
    pub highest: f64,
    /// How many readings there were when it was stored.
    pub readings: u32,
    /// Time of the first of them.
    pub since: UnixMs,
    /// Time of the last of them: earlier readings are in it already, also when they are read back from the log.
    pub until: UnixMs,
}

/// After an alarm for some time only a stronger one counts.
#[derive(Debug, Clone, Default)]
struct Refractory {
    /// How strong the last alarm was, and how many readings ago.
    last: Option<(f64, u32)>,
}

impl Refractory {
    /// One reading further. `strength` is what this reading shows if that is enough for an alarm; answers whether it is
    /// one.
    fn step(&mut self, strength: Option<f64>) -> bool {
        if let Some((_, ago)) = &mut self.last {
            *ago = ago.saturating_add(1);
        }
        let Some(strength) = strength else { return false };
        let is_alarm = self.last.is_none_or(|(last, ago)| ago >= REFRACTORY_READINGS || strength > last);
        if is_alarm {
            self.last = Some((strength, 0));
        }
        is_alarm
    }
}

/// The mean of the last few readings against the means before.
#[derive(Debug, Clone)]
pub(super) struct Deviation {
    /// Standard deviations that are enough.
    enough: f64,
    /// The last [`SHORT_READINGS`] readings.
    readings: VecDeque<(i64, f64)>,
    /// Their mean after each reading: the history and those too young for it.
    means: VecDeque<f64>,
    refractory: Refractory,
    /// What the newest reading shows, signed; `None` before there is enough to compare with.
    deviations: Option<f64>,
    is_alarm: bool,
}

impl Deviation {
    /// Nothing heard yet; an alarm is a mean at least `enough` standard deviations away.
    pub(super) fn new(enough: f64) -> Self {
        Self {
            enough,
            readings: VecDeque::with_capacity(SHORT_READINGS),
            means: VecDeque::new(),
            refractory: Refractory::default(),
            deviations: None,
            is_alarm: false,
        }
    }

    /// Takes a reading; one that is not newer than the last is nothing to it.
    pub(super) fn insert(&mut self, time: i64, value: f64) {
        if value.is_nan() || self.newest().is_some_and(|newest| time <= newest) {
            return;
        }
        if self.readings.len() == SHORT_READINGS {
            self.readings.pop_front();
        }
        self.readings.push_back((time, value));
        self.deviations = None;
        if self.readings.len() == SHORT_READINGS {
            let mean = self.readings.iter().map(|(_, value)| value / SHORT_READINGS as f64).sum();
            self.compare(mean);
        }
        let strength = self.deviations.map(f64::abs).filter(|strength| *strength >= self.enough);
        self.is_alarm = self.refractory.step(strength);
    }

    fn compare(&mut self, mean: f64) {
        if self.means.len() == HISTORY_MEANS + SHORT_READINGS {
            self.means.pop_front();
        }
        self.means.push_back(mean);
        let history = self.means.len().saturating_sub(SHORT_READINGS);
        if history >= WARM_UP {
            self.deviations = Some(deviations(mean, self.means.iter().take(history).copied(), history));
        }
    }

    /// How far the newest mean lies from those before, in standard deviations, signed.
    pub(super) const fn deviations(&self) -> Option<f64> {
        self.deviations
    }

    /// Whether the newest reading raised an alarm.
    pub(super) const fn is_alarm(&self) -> bool {
        self.is_alarm
    }

    pub(super) fn newest(&self) -> Option<i64> {
        self.readings.back().map(|(time, _)| *time)
    }

    pub(super) const fn readings(&self) -> &VecDeque<(i64, f64)> {
        &self.readings
    }
}

/// Read twice on purpose: sums kept over weeks drift, and differences of large sums invent deviations where there are none.
fn deviations(mean: f64, history: impl Iterator<Item = f64> + Clone, count: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "at most a thousand")]
    let count = count as f64;
    let usual = history.clone().sum::<f64>() / count;
    let spread = (history.map(|past| (past - usual) * (past - usual)).sum::<f64>() / count).sqrt();
    let away = mean - usual;
    // Rounding alone parts equal readings by less than this.
    let noise = usual.abs().max(mean.abs()) * 1e-12;
    if away.abs() <= noise {
        return 0.0;
    }
    (away / spread.max(noise)).clamp(-DEVIATIONS_MAX, DEVIATIONS_MAX)
}

/// A reading beyond everything seen so far.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// How far beyond it has to lie, percent of what lies between the lowest and the highest.
    margin_percent: f64,
    seen: Option<Seen>,
    /// What was stored last.
    stored: Option<Seen>,
    refractory: Refractory,
    last: VecDeque<(i64, f64)>,
    /// The newest reading's old limit, if it is an alarm.
    alarm: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Seen {
    lowest: f64,
    highest: f64,
    readings: u32,
    since: i64,
    until: i64,
}

impl Record {
    /// Goes on from what was stored.
    pub(super) fn new(margin_percent: f64, stored: Option<&Extremes>) -> Self {
        let stored = stored.map(|extremes| Seen {
            lowest: extremes.lowest,
            highest: extremes.highest,
            readings: extremes.readings,
            since: extremes.since.0,
            until: extremes.until.0,
        });
        Self {
            margin_percent,
            seen: stored,
            stored,
            refractory: Refractory::default(),
            last: VecDeque::with_capacity(EVIDENCE_READINGS_MAX),
            alarm: None,
        }
    }

    /// Takes a reading; one that is not newer than the last is nothing to it. Answers whether what was stored is no longer
    /// near enough.
    pub(super) fn insert(&mut self, time: i64, value: f64) -> bool {
        if !value.is_finite() {
            return false;
        }
        let Some(seen) = &mut self.seen else {
            self.seen = Some(Seen { lowest: value, highest: value, readings: 1, since: time, until: time });
            self.keep(time, value);
            return false;
        };
        if time <= seen.until {
            return false;
        }
        let (before, is_known) = (*seen, seen.readings as usize >= WARM_UP);
        seen.lowest = seen.lowest.min(value);
        seen.highest = seen.highest.max(value);
        seen.readings = seen.readings.saturating_add(1);
        seen.until = time;
        self.keep(time, value);
        let beyond = is_known.then(|| before.beyond(value, self.margin_percent)).flatten();
        let is_alarm = self.refractory.step(beyond.map(|(strength, _)| strength));
        self.alarm = beyond.filter(|_| is_alarm).map(|(_, limit)| limit);
        self.is_to_store()
    }

    fn keep(&mut self, time: i64, value: f64) {
        if self.last.len() == EVIDENCE_READINGS_MAX {
            self.last.pop_front();
        }
        self.last.push_back((time, value));
    }

    /// At the end of the warm-up, and then whenever the range has grown by a hundredth: what a restart forgets is less
    /// than a margin that anybody would notice, and a slow rise is not written at each reading.
    fn is_to_store(&self) -> bool {
        let Some(seen) = self.seen.filter(|seen| seen.readings as usize >= WARM_UP) else { return false };
        let Some(stored) = self.stored else { return true };
        let grown = (stored.lowest - seen.lowest).max(seen.highest - stored.highest);
        grown > 0.0 && grown * 100.0 >= stored.highest - stored.lowest
    }

    /// What is to be stored; nothing before the warm-up is over.
    pub(super) fn extremes(&mut self, asset: AssetId, policy: PolicyId) -> Option<Extremes> {
        let seen = self.seen.filter(|seen| seen.readings as usize >= WARM_UP)?;
        self.stored = Some(seen);
        let Seen { lowest, highest, readings, since, until } = seen;
        Some(Extremes {
            asset,
            policy,
            lowest,
            highest,
            readings,
            since: UnixMs(since),
            until: UnixMs(until),
        })
    }

    /// Whether there is enough to say something.
    pub(super) fn is_known(&self) -> bool {
        self.seen.is_some_and(|seen| seen.readings as usize >= WARM_UP)
    }

    /// Whether the newest reading raised an alarm.
    pub(super) const fn is_alarm(&self) -> bool {
        self.alarm.is_some()
    }

    pub(super) fn newest(&self) -> Option<i64> {
        self.last.back().map(|(time, _)| *time)
    }

    /// The newest reading, the limit it passed or would have to pass, and since when nothing was beyond it.
    pub(super) fn evidence(&self) -> Option<Evidence> {
        let (seen, (time, value)) = (self.seen?, *self.last.back()?);
        let nearer = if seen.highest - value <= value - seen.lowest { seen.highest } else { seen.lowest };
        Some(Evidence {
            measured: value,
            threshold: self.alarm.unwrap_or(nearer),
            readings: seen.readings,
            from: UnixMs(seen.since),
            to: UnixMs(time),
            last: self.last.iter().map(|(time, value)| (UnixMs(*time), *value)).collect(),
        })
    }
}

impl Seen {
    /// How far a reading lies beyond, in ranges, and beyond what, if that is more than the margin.
    fn beyond(&self, value: f64, margin_percent: f64) -> Option<(f64, f64)> {
        let range = self.highest - self.lowest;
        let (past, limit) = match value > self.highest {
            true => (value - self.highest, self.highest),
            false => (self.lowest - value, self.lowest),
        };
        let strength = if range > 0.0 { past / range } else { f64::INFINITY };
        (past > 0.0 && past * 100.0 > margin_percent * range).then_some((strength, limit))
    }
}
