//! Reproducible chance: every figure the world model draws is a pure function of seed, channel and time, so
//! that a testnet which is stopped and resumed goes on with the same sun, the same doors and the same noise.

/// A stream of chance for one purpose: an asset's metric, a link's loss, the order of kills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chance {
    key: u64,
}

impl Chance {
    /// The stream of `purpose` under `seed`; two purposes never share figures.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("symbiose testnet chance v1");
        hasher.update(&seed.to_le_bytes());
        hasher.update(purpose.as_bytes());
        let digest = hasher.finalize();
        let (first, _) =
            digest.as_bytes().split_first_chunk::<8>().expect("invariant: a digest has 32 bytes");
        Self { key: u64::from_le_bytes(*first) }
    }

    /// 64 bits for position `index`.
    pub fn bits(self, index: i64) -> u64 {
        splitmix(self.key ^ splitmix(index.cast_unsigned()))
    }

    /// A figure in `[0, 1)` for position `index`.
    pub fn unit(self, index: i64) -> f64 {
        const STEPS: f64 = (1u64 << 53) as f64;
        (self.bits(index) >> 11) as f64 / STEPS
    }

    /// A figure in `[-1, 1)` for position `index`.
    pub fn signed(self, index: i64) -> f64 {
        self.unit(index).mul_add(2.0, -1.0)
    }

    /// A figure in `[low, high)` for position `index`.
    pub fn between(self, index: i64, low: f64, high: f64) -> f64 {
        self.unit(index).mul_add(high - low, low)
    }

    /// One of `0..count` for position `index`; `count` must not be zero.
    pub fn pick(self, index: i64, count: usize) -> usize {
        assert!(count > 0, "pick needs something to choose from");
        let chosen = self.bits(index) % count as u64;
        usize::try_from(chosen).expect("invariant: below a usize")
    }

    /// A slow wave in `[-1, 1]` at `time_ms`: a new random height every `period_ms`, eased in between.
    pub fn wave(self, time_ms: i64, period_ms: i64) -> f64 {
        let index = time_ms.div_euclid(period_ms);
        let share = time_ms.rem_euclid(period_ms) as f64 / period_ms as f64;
        let eased = share * share * 2.0f64.mul_add(-share, 3.0);
        let (from, to) = (self.signed(index), self.signed(index + 1));
        (to - from).mul_add(eased, from)
    }
}

/// One step of SplitMix64 (Steele, Lea, Flood 2014).
fn splitmix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_purpose_draw_the_same_figures() {
        let (first, again) = (Chance::new(42, "doors"), Chance::new(42, "doors"));
        assert_eq!(first.bits(7), again.bits(7));
        assert_ne!(first.bits(7), Chance::new(43, "doors").bits(7));
        assert_ne!(first.bits(7), Chance::new(42, "sun").bits(7));
    }

    #[test]
    fn figures_stay_in_their_range_and_spread_over_it() {
        let chance = Chance::new(1, "spread");
        let figures: Vec<f64> = (0..1000).map(|index| chance.unit(index)).collect();
        assert!(figures.iter().all(|figure| (0.0..1.0).contains(figure)));
        let mean = figures.iter().sum::<f64>() / 1000.0;
        assert!((0.45..0.55).contains(&mean), "mean {mean}");
    }

    #[test]
    fn a_wave_is_continuous_across_its_lattice() {
        let chance = Chance::new(1, "wave");
        let before = chance.wave(59_999, 60_000);
        let after = chance.wave(60_001, 60_000);
        assert!((before - after).abs() < 0.001, "{before} then {after}");
    }
}
