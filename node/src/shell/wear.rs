//! How many bytes the process writes in a day: what wears an SD card out. Kept by the hour over restarts in a small
//! file of its own, which is written once an hour at the most.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::store::file;

const HOUR_MS: i64 = 60 * 60 * 1000;
/// Hours of a day.
const HOURS: i64 = 24;
/// The file is short, bytes.
const FILE_BYTES_MAX: u64 = 4 * 1024;

/// Bytes written in an hour since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Hour {
    hour: i64,
    bytes: u64,
}

/// The last day.
#[derive(Debug)]
pub(super) struct Wear {
    path: PathBuf,
    hours: Vec<Hour>,
    /// What the process had written at the last look.
    seen: u64,
    saved_hour: i64,
}

impl Wear {
    /// Continues where the last process stopped; without a readable file it starts anew.
    pub(super) fn open(data_dir: &Path, wall_ms: i64) -> Self {
        let path = data_dir.join("wear.json");
        let text = file::read(&path, FILE_BYTES_MAX).ok();
        let hours = text.and_then(|text| serde_json::from_slice::<Vec<Hour>>(&text).ok()).unwrap_or_default();
        Self { path, hours, seen: 0, saved_hour: wall_ms.div_euclid(HOUR_MS) }
    }

    /// Takes note of what the process has written in all; answers what was written in the last 24 hours, bytes.
    pub(super) fn note(&mut self, written: u64, wall_ms: i64) -> u64 {
        let hour = wall_ms.div_euclid(HOUR_MS);
        let bytes = written.saturating_sub(self.seen);
        self.seen = written;
        // A clock that was wrong leaves hours of another time behind.
        self.hours.retain(|known| (hour - HOURS + 1..=hour).contains(&known.hour));
        match self.hours.iter_mut().find(|known| known.hour == hour) {
            Some(known) => known.bytes = known.bytes.saturating_add(bytes),
            None => self.hours.push(Hour { hour, bytes }),
        }
        if hour != self.saved_hour {
            self.saved_hour = hour;
            self.save();
        }
        self.hours.iter().fold(0, |sum, known| sum.saturating_add(known.bytes))
    }

    fn save(&self) {
        let text = serde_json::to_vec(&self.hours).expect("invariant: plain numbers");
        if let Err(error) = file::replace(&self.path, &text, 0o600) {
            tracing::debug!(%error, "what was written is not remembered");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::store::scratch::Scratch;
    use super::*;

    #[test]
    fn a_day_rolls_on_over_restarts_and_the_file_is_written_once_an_hour() {
        let scratch = Scratch::new("wear");
        let at = |hour: i64, minute: i64| (1_000_000 + hour) * HOUR_MS + minute * 60_000;
        let mut wear = Wear::open(scratch.path(), at(0, 0));
        assert_eq!(wear.note(100, at(0, 1)), 100);
        assert_eq!(wear.note(250, at(0, 2)), 250);
        assert!(!wear.path.exists(), "not within the first hour");
        assert_eq!(wear.note(300, at(1, 0)), 300);
        assert!(wear.path.exists());
        let mut wear = Wear::open(scratch.path(), at(1, 30));
        assert_eq!(wear.note(10, at(1, 31)), 310, "a new process starts counting at nothing");
        assert_eq!(wear.note(10, at(23, 0)), 310);
        assert_eq!(wear.note(10, at(24, 0)), 60, "the first hour is over a day ago");
        assert_eq!(wear.note(15, at(1_000, 0)), 5);
        assert_eq!(wear.note(16, at(2, 0)), 1, "a clock set back");
        std::fs::write(&wear.path, "{").unwrap();
        assert_eq!(Wear::open(scratch.path(), at(2, 0)).note(7, at(2, 0)), 7);
    }
}
