//! What is due once a day: days that are over are merged, and what is past its time goes. One day at a time, so that
//! sealing never waits for long.

use protocol::UnixMs;

use super::super::StoreError;
use super::merge::note_of;
use super::rows;
use super::rules::{Rules, age};
use super::{Archive, DayState, Held};
use crate::core::telemetry::Day;

/// A day is merged this long after its end, milliseconds: by then the last of its readings has come, as a rule.
const DAY_REST_MS: i64 = 2 * 60 * 60 * 1000;

impl Archive {
    /// The day of the night that `now` lies in or after: days before it are over.
    pub fn night(now: UnixMs) -> Day {
        Day::of(now.plus(-DAY_REST_MS))
    }

    /// The oldest day before `night` that is to be merged, or of which something is to go.
    pub fn due(&self, night: Day, rules: &Rules) -> Option<Day> {
        let today = self.today(night);
        let is_due = |(day, state): &(&Day, &DayState)| {
            let past = rules.past(age(**day, today));
            let sums_go = rules.all_sums_past(age(**day, today));
            let noted = self.notes.get(day).copied().unwrap_or(0);
            state.is_unmerged() || (state.lacks_sums() && !sums_go) || note_of(&past) != noted
        };
        self.days.range(..night).find(is_due).map(|(day, _)| *day)
    }

    /// Merges a day and lets go what is past its time.
    pub fn turn(&mut self, day: Day, night: Day, rules: &Rules, now: UnixMs) -> Result<(), StoreError> {
        if self.find_gone(day, now)? {
            return Ok(());
        }
        let age = age(day, self.today(night));
        let past = rules.past(age);
        let sums_stay = past.values().all(|expired| !expired.quarter && !expired.day);
        let is_whole = self.days.get(&day).is_some_and(|state| !state.is_unmerged() && state.roll.is_some());
        if rules.all_raw_past(age) && sums_stay && is_whole {
            self.let_readings_go(day);
        } else {
            self.merge_day(day, age, rules, now)?;
        }
        self.take_note(day, note_of(&past));
        Ok(())
    }

    /// The oldest day whose readings may go as a whole, without writing anything: for a disk that is full.
    pub fn let_oldest_go(&mut self, night: Day, rules: &Rules) -> Option<Day> {
        let today = self.today(night);
        let may_go = |(day, state): &(&Day, &DayState)| {
            let is_whole = !state.is_unmerged() && state.seg.is_some() && state.roll.is_some();
            is_whole && rules.all_raw_past(age(**day, today))
        };
        let day = self.days.range(..night).find(may_go).map(|(day, _)| *day)?;
        self.let_readings_go(day);
        Some(day)
    }

    /// Retention counts from the newest reading, never from a clock alone: one that jumps years ahead lets nothing go.
    fn today(&self, night: Day) -> Day {
        let held = self.days.values().flat_map(|state| [&state.open, &state.seg, &state.roll]).flatten();
        held.map(|held| Day::of(held.row.last)).max().map_or(night, |newest| newest.min(night))
    }

    fn take_note(&mut self, day: Day, note: u64) {
        let note = Some(note).filter(|note| *note != 0 && self.days.contains_key(&day));
        if self.notes.get(&day).copied() == note {
            return;
        }
        rows::put_note(&self.index, day, note);
        match note {
            Some(note) => self.notes.insert(day, note),
            None => self.notes.remove(&day),
        };
    }
}

impl DayState {
    /// Whether readings wait to be merged, or an index to be written again.
    fn is_unmerged(&self) -> bool {
        let mends = |held: &Option<Held>| held.as_ref().is_some_and(|held| held.mend);
        self.open.is_some() || mends(&self.seg) || mends(&self.roll)
    }

    /// Whether readings wait to be summed up.
    const fn lacks_sums(&self) -> bool {
        self.seg.is_some() && self.roll.is_none()
    }
}
