//! What buildings of one operator tell each other on a stream of their own: proof that both belong to it, and how many
//! alerts are open. Counts are all that ever travels here.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::ids::{Address, ChainId, Digest};
use crate::time::UnixMs;

/// What all buildings of one operator know and nobody else: 32 bytes from one file.
#[derive(Clone, PartialEq, Eq)]
pub struct OperatorKey([u8; 32]);

impl OperatorKey {
    /// From the bytes of the file.
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// What `from` shows to `to`. It is worth nothing to anybody else, because streams are authenticated by the
    /// sender's key.
    pub fn proof(&self, chain: &ChainId, from: &Address, to: &Address) -> Digest {
        let parts: [&[u8]; 4] = [&self.0, chain.as_bytes(), from.as_bytes(), to.as_bytes()];
        Digest::of("symbiose operator proof v1", &parts)
    }

    /// Whether `from` has shown `to` that it knows the key. Takes the same time whatever is shown.
    pub fn holds(&self, chain: &ChainId, from: &Address, to: &Address, proof: &Digest) -> bool {
        let hash = |digest: &Digest| blake3::Hash::from_bytes(*digest.as_bytes());
        hash(&self.proof(chain, from, to)) == hash(proof)
    }
}

impl fmt::Debug for OperatorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorKey(…)")
    }
}

/// How many alerts are open in a building, by severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize_tuple, Deserialize_tuple)]
pub struct AlertCounts {
    /// Can be planned.
    pub low: u32,
    /// Want attention.
    pub medium: u32,
    /// Want attention now.
    pub high: u32,
}

/// A message on the operator's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OperatorMessage {
    /// The sender belongs to the operator; see [`OperatorKey::proof`]. Sent at each connection.
    Hello(Digest),
    /// What is open at the sender, and its hive time then. Sent only to buildings that have said hello.
    OpenAlerts(AlertCounts, UnixMs),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_holds_for_one_pair_one_way_in_one_hive() {
        let key = OperatorKey::new([7; 32]);
        let (a, b) = (Address::new([1; 20]), Address::new([2; 20]));
        let (here, there) = (ChainId::new([3; 32]), ChainId::new([4; 32]));
        let proof = key.proof(&here, &a, &b);
        assert!(key.holds(&here, &a, &b, &proof));
        assert!(!key.holds(&here, &b, &a, &proof));
        assert!(!key.holds(&there, &a, &b, &proof));
        assert!(!OperatorKey::new([8; 32]).holds(&here, &a, &b, &proof));
        assert!(!format!("{key:?}").contains('7'));
    }
}
