//! Keys of a world. Most seeds sign with stubs, which cost a hash; a share signs as real nodes do.

use protocol::SigningKey;

use crate::chance::Chance;

/// Of 1,000 seeds of a stormy minute this many sign with Ed25519.
const REAL_PER_MILLE: u64 = 50;
/// Of seeds that last hours, one in so many: each costs as much as some dozens with stubs.
const REAL_OF_HOURS_EVERY: u64 = 50;

/// Whether a seed signs with Ed25519. A build without the feature `simulation` knows nothing else.
pub fn is_real(seed: u64, lasts_hours: bool, asked_for: bool) -> bool {
    let is_drawn = if lasts_hours {
        seed.is_multiple_of(REAL_OF_HOURS_EVERY)
    } else {
        Chance::new(seed, "signatures").per_mille(REAL_PER_MILLE)
    };
    asked_for || is_drawn || cfg!(not(feature = "simulation"))
}

/// The key of one node or client.
pub fn signing_key(seed: u64, what: &str, i: usize, is_real: bool) -> SigningKey {
    draw_key(&mut Chance::new(seed, &format!("key of {what} {i}")), is_real)
}

/// The next key of a stream.
pub(crate) fn draw_key(chance: &mut Chance, is_real: bool) -> SigningKey {
    let mut bytes = [0; 32];
    bytes.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&chance.bits().to_le_bytes()));
    #[cfg(feature = "simulation")]
    if !is_real {
        return SigningKey::stub(&bytes);
    }
    assert!(is_real, "invariant: there are no stubs without the feature");
    SigningKey::from_seed(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_share_of_seeds_signs_as_nodes_do() {
        assert!(is_real(0, false, true));
        let count = (0..1_000).filter(|seed| is_real(*seed, false, false)).count();
        let expected = if cfg!(feature = "simulation") { 20..100 } else { 1_000..1_001 };
        assert!(expected.contains(&count), "{count} of 1,000");
    }

    #[test]
    fn keys_of_a_seed_are_the_same_again_and_all_differ() {
        let key = |what, i| signing_key(7, what, i, true).public();
        assert_eq!(key("node", 0), key("node", 0));
        assert_ne!(key("node", 0), key("node", 1));
        assert_ne!(key("node", 0), key("client", 0));
    }
}
