//! A clock that jumps while the node runs: what a battery that died or a wrong time server does to a machine, made on
//! demand by whoever tries how the node takes it.

/// Jumps of one run.
pub(super) const JUMPS_MAX: usize = 8;

/// From when on the wall clock is off by how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jumps([(u64, i64); JUMPS_MAX]);

impl Jumps {
    /// A clock that goes on.
    pub const NONE: Self = Self([(u64::MAX, 0); JUMPS_MAX]);

    /// Milliseconds since the start of the process, rising, and by how many milliseconds the clock is off from then on;
    /// none if they do not rise or are too many.
    pub fn new(jumps: &[(u64, i64)]) -> Option<Self> {
        let rising = jumps.windows(2).all(|pair| pair[0].0 < pair[1].0);
        if jumps.len() > JUMPS_MAX || !rising {
            return None;
        }
        let mut all = Self::NONE;
        all.0[..jumps.len()].copy_from_slice(jumps);
        Some(all)
    }

    /// By how much the clock is off, milliseconds, this long after the start.
    pub fn offset_ms(&self, since_start_ms: u64) -> i64 {
        let past = self.0.iter().take_while(|(from, _)| *from <= since_start_ms);
        past.last().map_or(0, |(_, offset)| *offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_off_from_each_jump_to_the_next() {
        let jumps = Jumps::new(&[(1_000, 7_200_000), (2_000, -7_200_000), (3_000, 0)]).unwrap();
        let offsets = [0, 999, 1_000, 1_999, 2_000, 3_000, u64::MAX - 1].map(|at| jumps.offset_ms(at));
        assert_eq!(offsets, [0, 0, 7_200_000, 7_200_000, -7_200_000, 0, 0]);
        assert_eq!(Jumps::NONE.offset_ms(u64::MAX - 1), 0);
        assert_eq!(Jumps::new(&[(2, 0), (1, 0)]), None);
        assert_eq!(Jumps::new(&[(0, 0); JUMPS_MAX + 1]), None);
    }
}
