//! Waiting for a state with a deadline. The only place that sleeps, between two looks.

use std::fmt::Debug;
use std::thread::sleep;
use std::time::{Duration, Instant};

const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Looks until there is something to see. Panics with `what` and the last complaint after `limit_s` seconds.
pub(crate) fn until<T, E: Debug>(what: &str, limit_s: u64, mut look: impl FnMut() -> Result<T, E>) -> T {
    let deadline = now() + Duration::from_secs(limit_s);
    loop {
        match look() {
            Ok(seen) => return seen,
            Err(complaint) if now() >= deadline => {
                panic!("{what}: not within {limit_s} s; last: {complaint:?}")
            }
            Err(_) => sleep(BETWEEN_LOOKS),
        }
    }
}

/// Whether it came to be within `limit_s` seconds.
pub(crate) fn within(limit_s: u64, mut look: impl FnMut() -> bool) -> bool {
    let deadline = now() + Duration::from_secs(limit_s);
    while now() < deadline {
        if look() {
            return true;
        }
        sleep(BETWEEN_LOOKS);
    }
    look()
}

/// Checks a promise as long as `look` has not seen enough. Panics after `limit_s` seconds without.
pub(crate) fn always<E: Debug>(
    what: &str,
    limit_s: u64,
    promise: impl Fn(),
    mut look: impl FnMut() -> Result<(), E>,
) {
    until(what, limit_s, || {
        promise();
        look()
    });
    promise();
}

/// `Ok` if it holds, the text if not.
pub(crate) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// The wall's monotonic clock.
#[expect(clippy::disallowed_methods, reason = "a story runs on the wall's clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
