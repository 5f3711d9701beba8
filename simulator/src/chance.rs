//! The only source of chance: SplitMix64 streams, one per purpose, so that a change in one place leaves the draws of
//! the others as they were. Never the operating system's randomness.

/// A stream of draws. Integers only: the same figures in debug, in release and on any machine.
#[derive(Debug, Clone)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// The stream of `purpose` under `seed`.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("symbiose simulator chance v1");
        hasher.update(&seed.to_le_bytes());
        hasher.update(purpose.as_bytes());
        let digest = hasher.finalize();
        let (first, _) =
            digest.as_bytes().split_first_chunk::<8>().expect("invariant: a digest has 32 bytes");
        Self { state: u64::from_le_bytes(*first) }
    }

    /// 64 bits (SplitMix64: Steele, Lea, Flood 2014).
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// One of `0..count`; `count` must not be zero.
    pub fn below(&mut self, count: u64) -> u64 {
        assert!(count > 0, "invariant: there is something to choose from");
        let wide = u128::from(self.bits()) * u128::from(count);
        u64::try_from(wide >> 64).expect("invariant: the upper half of a product of two u64")
    }

    /// One of `low..=high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// One of `0..count` as an index.
    pub fn index(&mut self, count: usize) -> usize {
        usize::try_from(self.below(count as u64)).expect("invariant: below a usize")
    }

    /// True in `share` of 1,000 draws.
    pub fn per_mille(&mut self, share: u64) -> bool {
        share > 0 && self.below(1_000) < share
    }

    /// A waiting time with this mean, milliseconds: 1 to twice the mean.
    pub fn wait(&mut self, mean_ms: u64) -> u64 {
        self.between(1, 2 * mean_ms.max(1))
    }

    /// An offset in `-max..=max`.
    pub fn signed(&mut self, max: u64) -> i64 {
        let size = i64::try_from(self.below(max + 1)).expect("invariant: offsets are small");
        if self.per_mille(500) { -size } else { size }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_purpose_draw_the_same_and_others_differ() {
        let draws = |seed, purpose| {
            let mut chance = Chance::new(seed, purpose);
            [chance.bits(), chance.bits()]
        };
        assert_eq!(draws(7, "network"), draws(7, "network"));
        assert_ne!(draws(7, "network"), draws(8, "network"));
        assert_ne!(draws(7, "network"), draws(7, "disk"));
    }

    #[test]
    fn draws_stay_in_their_range_and_reach_both_ends() {
        let mut chance = Chance::new(1, "range");
        let draws: Vec<u64> = (0..1_000).map(|_| chance.between(3, 5)).collect();
        assert!(draws.iter().all(|draw| (3..=5).contains(draw)));
        assert!((3..=5).all(|value| draws.contains(&value)));
        let hits = (0..10_000).filter(|_| chance.per_mille(100)).count();
        assert!((800..1_200).contains(&hits), "{hits}");
    }
}
