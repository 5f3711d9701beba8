//! Memory and time of one reading, measured where it happens: the peak of what this thread allocates, and the time that
//! this thread computes, whatever else the machine does.

use std::cell::Cell;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Peak memory of a reader per byte it is given.
pub const ALLOCATION_FACTOR: u64 = 8;
/// Computing time any reading may take, in a build without optimisation and with counters in it.
pub const TIME_FLOOR: Duration = Duration::from_millis(300);
/// And per byte.
pub const TIME_PER_BYTE: Duration = Duration::from_micros(4);

/// From this length on what every reading takes no longer counts much, bytes.
const LONG: usize = 3_000;

thread_local! {
    static WORST: Cell<u64> = const { Cell::new(0) };
}

/// The most memory that a long input took in this thread, hundredths of a byte per byte.
pub fn worst() -> u64 {
    WORST.get()
}

/// Reads, and fails if this took more than 8 bytes of memory per byte and `floor` more, or too long.
pub(super) fn measured<T>(bytes: usize, floor: u64, read: impl FnOnce() -> T) -> T {
    measured_with(bytes, floor, read, |_| 0)
}

/// The same for what is packed: what comes out counts beside what went in.
pub(super) fn measured_with<T>(
    bytes: usize,
    floor: u64,
    read: impl FnOnce() -> T,
    unpacked: impl FnOnce(&T) -> u64,
) -> T {
    measured_by(ALLOCATION_FACTOR, bytes, floor, read, unpacked)
}

/// The same with another factor, where a library sets it.
pub(super) fn measured_by<T>(
    factor: u64,
    bytes: usize,
    floor: u64,
    read: impl FnOnce() -> T,
    unpacked: impl FnOnce(&T) -> u64,
) -> T {
    let started = computed();
    let mut outcome = None;
    let info = allocation_counter::measure(|| outcome = Some(read()));
    let took = computed().saturating_sub(started);
    let outcome = outcome.expect("the closure ran");
    if bytes >= LONG {
        WORST.set(WORST.get().max(info.bytes_max * 100 / bytes as u64));
    }
    let allowed = factor * (bytes as u64 + unpacked(&outcome)) + floor;
    assert!(info.bytes_max <= allowed, "{} bytes of memory for {bytes}, {allowed} allowed", info.bytes_max);
    let allowed = TIME_FLOOR + TIME_PER_BYTE * u32::try_from(bytes).unwrap_or(u32::MAX);
    assert!(took <= allowed, "{took:?} for {bytes} bytes, {allowed:?} allowed");
    outcome
}

/// What this thread has computed so far.
fn computed() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    let (seconds, nanoseconds) = (u64::try_from(now.tv_sec), u32::try_from(now.tv_nsec));
    Duration::new(seconds.unwrap_or(0), nanoseconds.unwrap_or(0))
}
