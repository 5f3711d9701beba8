//! Who the attacker says it is: a member with its real keys, or a stranger with some of them.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use libp2p::identity::Keypair;
use protocol::{ChainId, Genesis, SigningKey, decode};

/// Keys and hive of the attacker.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) keypair: Keypair,
    pub(crate) key: SigningKey,
    pub(crate) swarm_key: [u8; 32],
    pub(crate) chain: ChainId,
}

impl Identity {
    /// Reads `swarm.key` and `genesis.cbor` of a data folder, and `node.key` unless another file is named.
    pub(crate) fn read(dir: &Path, key: Option<&Path>) -> Result<Self> {
        let own = dir.join("node.key");
        let seed = secret(key.unwrap_or(&own))?;
        let path = dir.join("genesis.cbor");
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        let genesis: Genesis = decode(&bytes, bytes.len())?;
        Ok(Self::new(seed, secret(&dir.join("swarm.key"))?, genesis.chain()))
    }

    fn new(seed: [u8; 32], swarm_key: [u8; 32], chain: ChainId) -> Self {
        let keypair = Keypair::ed25519_from_bytes(seed).expect("invariant: every seed is an Ed25519 key");
        Self { keypair, key: SigningKey::from_seed(&seed), swarm_key, chain }
    }

    /// Somebody else with the same swarm key.
    pub(crate) fn stranger(&self) -> Self {
        Self::new(rand::random(), self.swarm_key, self.chain)
    }

    /// The same with a swarm key that nobody has.
    pub(crate) fn without_swarm_key(&self) -> Self {
        Self { swarm_key: rand::random(), ..self.clone() }
    }

    /// The name of a stream or topic of this hive.
    pub(crate) fn name(&self, what: &str, wire: u32) -> String {
        format!("/symbiose/{}/{what}/{wire}", &self.chain.to_string()[..16])
    }
}

fn secret(path: &Path) -> Result<[u8; 32]> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let text = text.trim();
    if text.len() != 64 {
        bail!("{}: expected 64 hex digits", path.display());
    }
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16)
            .with_context(|| format!("{}: expected 64 hex digits", path.display()))?;
    }
    Ok(bytes)
}
