//! How many bytes were written, by kind of file: what wears an SD card out. Shared by the threads that write.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Kinds of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Segments of the telemetry log.
    Wal,
    /// Chunks of the day in progress.
    Open,
    /// Merged days.
    Day,
    /// Sums.
    Rollup,
    /// Records of what was lost, and names of series.
    Books,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Wal, Self::Open, Self::Day, Self::Rollup, Self::Books];

    const fn name(self) -> &'static str {
        match self {
            Self::Wal => "wal",
            Self::Open => "open",
            Self::Day => "day",
            Self::Rollup => "rollup",
            Self::Books => "books",
        }
    }
}

/// Counts bytes since the process started; clones count together.
#[derive(Debug, Clone, Default)]
pub struct Written(Arc<[AtomicU64; Kind::ALL.len()]>);

impl Written {
    /// Counts bytes that were handed to the system.
    pub fn add(&self, kind: Kind, bytes: u64) {
        self.0[kind as usize].fetch_add(bytes, Ordering::Relaxed);
        metrics::counter!("symbiose_disk_written_bytes_total", "file" => kind.name()).increment(bytes);
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Those of one kind.
    pub fn of(&self, kind: Kind) -> u64 {
        self.0[kind as usize].load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_count_together() {
        let written = Written::default();
        let other = written.clone();
        written.add(Kind::Wal, 3);
        other.add(Kind::Books, 4);
        assert_eq!((written.total(), written.of(Kind::Wal), written.of(Kind::Day)), (7, 3, 0));
        assert!(Kind::ALL.iter().enumerate().all(|(at, kind)| *kind as usize == at));
    }
}
