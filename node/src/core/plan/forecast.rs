//! What the next slots will probably bring: a mix of three plain looks back, with "as yesterday" and "as a week ago" as
//! permanent controls and the error it measured on itself. It stays in the node.

use super::calendar::Calendar;
use super::{History, SlotNumber};

/// Days over which a forecast is held against what came.
pub const MEASURED_DAYS: i64 = 7;
/// Slots of a forecast lie at most this many days ahead.
const AHEAD_DAYS_MAX: i64 = 7;
/// Same weekdays the mix looks back at.
const WEEKS: i64 = 4;
/// Days of the mean of the last days.
const DAYS: i64 = 7;
/// Weights of the same weekdays, of yesterday and of the last days; set by hand, not tuned.
const WEIGHTS: [f64; 3] = [0.5, 0.25, 0.25];

/// How to look ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Half the mean of the last four same weekdays, a quarter yesterday, a quarter the mean of the last seven days.
    Mix,
    /// As yesterday.
    Day,
    /// As a week ago.
    Week,
}

/// How wrong forecasts of the last days were, each made at midnight for its whole day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// Mean absolute error of the mix over that of "as yesterday": below 1 the mix is the better one.
    pub mase: f64,
    /// The same for "as a week ago", if a week is known.
    pub mase_week: Option<f64>,
    /// Mean absolute error of the mix, Wh a slot.
    pub mean_wh: f64,
    /// Slots that were compared.
    pub slots: u32,
}

/// A forecast of consecutive slots.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// First slot.
    pub first: SlotNumber,
    /// Wh of each slot; none where the history says nothing about it.
    pub values: Vec<Option<i64>>,
    /// How wrong it was of late; none without at least one day that can be compared.
    pub errors: Option<Errors>,
}

impl Forecast {
    /// The mix for `count` slots from `first` on, made of what lies before `first`, with its measured error.
    pub fn new(history: &History, calendar: &Calendar, first: SlotNumber, count: usize) -> Self {
        let values = values(history, calendar, first, count);
        Self { first, values, errors: errors(history, calendar, first) }
    }
}

/// The mix for `count` slots from `first` on, without its error.
pub fn values(history: &History, calendar: &Calendar, first: SlotNumber, count: usize) -> Vec<Option<i64>> {
    let slots = (first.0..).take(count).map(SlotNumber);
    slots.map(|slot| predict(history, calendar, first, slot, Method::Mix).map(rounded)).collect()
}

/// One slot seen from `origin`, of which only earlier slots are known.
pub fn predict(
    history: &History,
    calendar: &Calendar,
    origin: SlotNumber,
    slot: SlotNumber,
    method: Method,
) -> Option<f64> {
    let back = Back { history, calendar, origin, slot };
    match method {
        Method::Mix => back.mix(),
        Method::Day => back.value(back.nearest(1)?),
        Method::Week => back.value(back.nearest(7)?),
    }
}

/// How far the last days lie from each other at the time of a slot, Wh: their standard deviation. None for fewer than
/// two days.
pub fn spread(history: &History, calendar: &Calendar, origin: SlotNumber, slot: SlotNumber) -> Option<f64> {
    let back = Back { history, calendar, origin, slot };
    let day = back.nearest(1)?;
    let known: Vec<f64> = (day..day + DAYS).filter_map(|day| back.value(day)).collect();
    let count = float(i64::try_from(known.len()).ok()?);
    let mean = known.iter().sum::<f64>() / count;
    let squares: f64 = known.iter().map(|value| (value - mean).powi(2)).sum();
    (count >= 2.0).then(|| (squares / (count - 1.0)).sqrt())
}

/// Looking back from one slot.
struct Back<'a> {
    history: &'a History,
    calendar: &'a Calendar,
    origin: SlotNumber,
    slot: SlotNumber,
}

impl Back<'_> {
    /// The fewest days back, a multiple of `step`, whose slot of this time lies before the origin.
    fn nearest(&self, step: i64) -> Option<i64> {
        let before =
            |days: &i64| self.calendar.days_before(self.slot, *days).is_some_and(|slot| slot < self.origin);
        // A time that a change of the clock skips on one day is there on the next.
        (1..=AHEAD_DAYS_MAX + 2).map(|times| times * step).find(before)
    }

    fn value(&self, days: i64) -> Option<f64> {
        let slot = self.calendar.days_before(self.slot, days)?;
        self.history.get(slot).map(float)
    }

    fn mean(&self, first: i64, step: i64, count: i64) -> Option<f64> {
        let known = (0..count).filter_map(|number| self.value(first + number * step));
        let (sum, found) = known.fold((0.0, 0.0), |(sum, found), value| (sum + value, found + 1.0));
        (found > 0.0).then(|| sum / found)
    }

    /// The three terms by their weights; what is missing is left out and the rest weighs more.
    fn mix(&self) -> Option<f64> {
        let day = self.nearest(1)?;
        let week = self.nearest(7)?;
        let terms = [self.mean(week, 7, WEEKS), self.value(day), self.mean(day, 1, DAYS)];
        let known = terms.iter().zip(WEIGHTS).filter_map(|(term, weight)| term.map(|term| (term, weight)));
        let (sum, weights) =
            known.fold((0.0, 0.0), |(sum, all), (term, weight)| (sum + term * weight, all + weight));
        (weights > 0.0).then(|| sum / weights)
    }
}

/// Holds the forecasts of the last whole days before `now` against what came.
pub fn errors(history: &History, calendar: &Calendar, now: SlotNumber) -> Option<Errors> {
    let today = calendar.local(now).day;
    let mut sums = Sums::default();
    for day in today - MEASURED_DAYS..today {
        let (origin, next) = calendar.day(day);
        for slot in (origin.0..next.0).map(SlotNumber) {
            let Some(came) = history.get(slot).map(float) else { continue };
            let [mix, yesterday, week] = [Method::Mix, Method::Day, Method::Week].map(|method| {
                predict(history, calendar, origin, slot, method).map(|said| (said - came).abs())
            });
            sums.add(mix, yesterday, week);
        }
    }
    sums.errors()
}

#[derive(Default)]
struct Sums {
    slots: u32,
    mix: f64,
    yesterday: f64,
    weeks: u32,
    week: f64,
    week_yesterday: f64,
}

impl Sums {
    fn add(&mut self, mix: Option<f64>, yesterday: Option<f64>, week: Option<f64>) {
        let (Some(mix), Some(yesterday)) = (mix, yesterday) else { return };
        self.slots += 1;
        self.mix += mix;
        self.yesterday += yesterday;
        if let Some(week) = week {
            self.weeks += 1;
            self.week += week;
            self.week_yesterday += yesterday;
        }
    }

    fn errors(&self) -> Option<Errors> {
        // Where every day is like the last there is nothing to be compared with.
        if self.slots == 0 || self.yesterday <= 0.0 {
            return None;
        }
        let mase_week =
            (self.weeks > 0 && self.week_yesterday > 0.0).then(|| self.week / self.week_yesterday);
        Some(Errors {
            mase: self.mix / self.yesterday,
            mase_week,
            mean_wh: self.mix / f64::from(self.slots),
            slots: self.slots,
        })
    }
}

/// A bounded energy as a float: exact below 2^53.
pub(super) fn float(energy: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "energies are bounded far below 2^53")]
    let value = energy as f64;
    value
}

/// A float in whole numbers; what is none counts as 0.
pub(super) fn rounded(value: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and our energies are bounded")]
    let value = value.round() as i64;
    value
}

#[cfg(test)]
mod tests {
    use protocol::UnixMs;

    use super::*;
    use crate::core::plan::calendar::{LocalSlot, SlotLength, Zone};

    fn utc() -> Calendar {
        Calendar::new(SlotLength::Hour, Zone::fixed(0).unwrap())
    }

    /// Days since the epoch with so many Wh in each hour; none is a gap.
    fn days(calendar: &Calendar, values: &[Option<i64>]) -> History {
        let mut history = History::default();
        for (day, value) in (0..).zip(values) {
            let (first, next) = calendar.day(day);
            for slot in (first.0..next.0).map(SlotNumber) {
                value.iter().for_each(|value| history.record(slot, *value).unwrap());
            }
        }
        history
    }

    fn mix(values: &[Option<i64>]) -> Option<f64> {
        let calendar = utc();
        let origin = calendar.day(i64::try_from(values.len()).unwrap()).0;
        predict(&days(&calendar, values), &calendar, origin, origin.plus(5), Method::Mix)
    }

    #[test]
    fn the_mix_is_that_of_the_reference() {
        let values: Vec<Option<i64>> = (0..28).map(|day| Some(day * 10)).collect();
        // Same weekdays 0, 7, 14, 21; yesterday 27; the last seven 21 to 27; each times ten.
        assert_eq!(mix(&values), Some(0.5 * 105.0 + 0.25 * 270.0 + 0.25 * 240.0));
    }

    #[test]
    fn what_is_missing_is_left_out_and_not_zero() {
        assert_eq!(mix(&[]), None);
        assert_eq!(mix(&[None, None]), None);
        assert_eq!(mix(&[Some(100)]), Some(100.0), "a day and its mean, no weekday");
        assert_eq!(mix(&[Some(100), None]), Some(100.0), "the mean of the days alone");
        let mut week = vec![Some(80); 7];
        week[0] = None;
        assert_eq!(mix(&week), Some(80.0), "the weekday is a gap");
        assert_eq!(
            mix(&[Some(40), None, None, None, None, None, Some(0)]),
            Some(0.5 * 40.0 / 1.0 + 0.25 * 20.0)
        );
    }

    #[test]
    fn controls_look_back_a_day_and_a_week() {
        let calendar = utc();
        let history = days(&calendar, &(0..8).map(Some).collect::<Vec<_>>());
        let origin = calendar.day(8).0;
        let say = |slot, method| predict(&history, &calendar, origin, slot, method);
        assert_eq!(say(origin, Method::Day), Some(7.0));
        assert_eq!(say(origin, Method::Week), Some(1.0));
        assert_eq!(say(origin.plus(30), Method::Day), Some(7.0), "the next day sees no further either");
        assert_eq!(say(origin.plus(24 * 6), Method::Week), Some(7.0));
    }

    #[test]
    fn nothing_behind_the_origin_is_looked_at() {
        let calendar = utc();
        let values: Vec<Option<i64>> = (0..30).map(Some).collect();
        let (short, long) = (days(&calendar, &values[..20]), days(&calendar, &values));
        let origin = calendar.day(20).0;
        for method in [Method::Mix, Method::Day, Method::Week] {
            for slot in (0..7 * 24).map(|ahead| origin.plus(ahead)) {
                let say = |history| predict(history, &calendar, origin, slot, method);
                assert_eq!(say(&short), say(&long), "{method:?}");
            }
        }
        assert_eq!(spread(&short, &calendar, origin, origin), spread(&long, &calendar, origin, origin));
    }

    #[test]
    fn errors_are_measured_against_yesterday() {
        let calendar = utc();
        // Alternating days: as yesterday is always wrong by 100, as a week ago too, the mix less.
        let values: Vec<Option<i64>> = (0..42).map(|day| Some(100 + 100 * (day % 2))).collect();
        let forecast = Forecast::new(&days(&calendar, &values), &calendar, calendar.day(42).0, 24);
        let errors = forecast.errors.unwrap();
        assert_eq!((errors.slots, errors.mase_week), (7 * 24, Some(1.0)));
        assert!((0.4..0.7).contains(&errors.mase), "{errors:?}");
        assert_eq!(forecast.values.len(), 24);
        let flat = Forecast::new(&days(&calendar, &[Some(5); 42]), &calendar, calendar.day(42).0, 1);
        assert_eq!((flat.errors, flat.values), (None, vec![Some(5)]), "nothing to compare with");
        assert_eq!(Forecast::new(&History::default(), &calendar, SlotNumber(0), 2).values, [None, None]);
    }

    #[test]
    fn a_day_of_23_hours_is_forecast_by_the_clock_on_the_wall() {
        let zone = Zone::new(60, vec![(UnixMs(1_774_746_000_000), 120)]).unwrap();
        let calendar = Calendar::new(SlotLength::Quarter, zone);
        let spring = 20_541;
        let mut history = History::default();
        for day in spring - 28..=spring {
            let (first, next) = calendar.day(day);
            for slot in (first.0..next.0).map(SlotNumber) {
                history.record(slot, calendar.local(slot).minute).unwrap();
            }
        }
        let (first, next) = calendar.day(spring + 1);
        let values = values(&history, &calendar, first, usize::try_from(next.since(first)).unwrap());
        assert_eq!(values.len(), 96);
        for (slot, value) in (first.0..).map(SlotNumber).zip(values) {
            assert_eq!(value, Some(calendar.local(slot).minute), "also at half past two, which was skipped");
        }
        assert!(calendar.slot_of(LocalSlot { day: spring, minute: 150 }).is_none());
    }
}
