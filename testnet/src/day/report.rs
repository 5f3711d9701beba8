//! What is told of the day: a line for each outcome with the hive's clock, and all of them as JSON.

use protocol::UnixMs;
use serde_json::{Value, json};

use crate::clock::HiveClock;
use crate::terminal::line;

/// The outcomes so far.
#[derive(Debug)]
pub(super) struct Report {
    clock: HiveClock,
    as_json: bool,
    outcomes: Vec<Value>,
}

impl Report {
    /// Nothing is told yet.
    pub(super) fn new(clock: HiveClock, as_json: bool) -> Self {
        Self { clock, as_json, outcomes: Vec::new() }
    }

    /// A sentence between outcomes.
    pub(super) fn say(&self, text: &str) {
        if !self.as_json {
            line(&format!("  {}       {text}", self.now()));
        }
    }

    /// An outcome that holds.
    pub(super) fn holds(&mut self, outcome: &str, text: &str) {
        self.told(outcome, true, text);
    }

    /// The one that does not.
    pub(super) fn fails(&mut self, outcome: &str, text: &str) {
        self.told(outcome, false, text);
    }

    fn told(&mut self, outcome: &str, held: bool, text: &str) {
        let now = self.now();
        self.outcomes.push(json!({"at": now, "outcome": outcome, "held": held, "text": text}));
        if !self.as_json {
            let mark = if held { "ok    " } else { "FAILED" };
            line(&format!("  {now} {mark} {outcome}: {text}"));
        }
    }

    /// How many hold.
    pub(super) fn held(&self) -> usize {
        self.outcomes.iter().filter(|outcome| outcome["held"] == true).count()
    }

    /// Everything that was told.
    pub(super) fn into_json(self) -> Vec<Value> {
        self.outcomes
    }

    /// Hour and minute of the hive, such as `Mon 06:12`.
    fn now(&self) -> String {
        stamp(self.clock.now_ms())
    }
}

/// Day of the week, hour and minute, UTC.
pub(super) fn stamp(ms: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let place = usize::try_from(ms.div_euclid(crate::clock::DAY_MS).rem_euclid(7)).unwrap_or(0);
    let text = UnixMs(ms).to_string();
    format!("{} {}", DAYS[place], text.get(11..16).unwrap_or("--:--"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eighteenth_of_march_2030_is_a_monday() {
        assert_eq!(stamp(super::super::DAY_MS_OF_STORY + 6 * 3_600_000 + 720_000), "Mon 06:12");
    }
}
