//! What people and scripts read, and the tool's one clock.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Instant;

/// Writes a line to standard output. A reader that has gone is no failure of ours.
pub(crate) fn line(text: &str) {
    writeln!(io::stdout().lock(), "{text}").ok();
}

/// Writes a line to standard error.
pub(crate) fn note(text: &str) {
    writeln!(io::stderr().lock(), "{text}").ok();
}

/// Panics of a world are findings that the report tells; they are not printed where they happen.
pub(crate) fn quiet_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let is_of_a_world = std::thread::current().name().is_some_and(|name| name == WORLD_THREAD);
        if !is_of_a_world {
            default(panic);
        }
    }));
}

/// Name of the threads that run worlds.
pub(crate) const WORLD_THREAD: &str = "world";

/// Now, for the figures of the summary only.
#[expect(clippy::disallowed_methods, reason = "worlds have their own time; this measures how fast they run")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Processor time of this thread so far, milliseconds.
pub(crate) fn cpu_ms() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u64::try_from(time.tv_nsec));
    seconds.unwrap_or_default() * 1_000 + nanos.unwrap_or_default() / 1_000_000
}

/// A line that is rewritten in place; silent unless standard error is a terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    is_seen: bool,
    total: u64,
    started: Instant,
}

impl Progress {
    pub(crate) fn new(total: u64, is_quiet: bool) -> Self {
        Self { is_seen: !is_quiet && io::stderr().is_terminal(), total, started: now() }
    }

    pub(crate) fn show(&self, done: u64, failed: u64) {
        if !self.is_seen {
            return;
        }
        let width = 40;
        let filled = usize::try_from(done * width / self.total.max(1)).unwrap_or(0);
        let bar: String = (0..40).map(|at| if at < filled { '#' } else { '.' }).collect();
        let mut out = io::stderr().lock();
        let (rate, left) = self.pace(done);
        let total = self.total;
        write!(out, "\r\x1b[2K[{bar}] {done}/{total} seeds, {failed} failed, {rate}, {left} left")
            .and_then(|()| out.flush())
            .ok();
    }

    /// How fast it goes, and how long it will take.
    fn pace(&self, done: u64) -> (String, String) {
        let spent = u64::try_from(now().duration_since(self.started).as_millis()).unwrap_or(u64::MAX).max(1);
        let left = spent.saturating_mul(self.total.saturating_sub(done)) / done.max(1) / 1_000;
        let per_minute = done.saturating_mul(60_000) / spent;
        (format!("{per_minute} a minute"), format!("{} min {:02} s", left / 60, left % 60))
    }

    pub(crate) fn clear(&self) {
        if self.is_seen {
            let mut out = io::stderr().lock();
            write!(out, "\r\x1b[2K").and_then(|()| out.flush()).ok();
        }
    }
}
