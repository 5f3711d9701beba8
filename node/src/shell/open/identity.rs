//! Who this node is, as its files say: its keys, the hive's, the founding document, what it took on trust.

use std::collections::BTreeMap;

use protocol::operator::OperatorKey;
use protocol::{Checkpoint, Genesis, NetworkKey, SigningKey, decode};

use super::super::own_keys::{self, OwnKeys};
use super::super::store::file;
use super::super::{RunError, checkpoint, secrets};
use crate::config::Config;

/// A genesis of 1,000 members is far shorter, bytes.
const GENESIS_BYTES_MAX: usize = 256 * 1024;

/// What the configuration's files hold.
pub(super) struct Identity {
    pub(super) own: OwnKeys,
    pub(super) key: SigningKey,
    pub(super) network_keys: BTreeMap<u64, NetworkKey>,
    pub(super) checkpoint: Option<Checkpoint>,
    pub(super) genesis: Genesis,
    pub(super) operator: Option<OperatorKey>,
}

impl Identity {
    /// Reads it.
    pub(super) fn read(config: &Config) -> Result<Self, RunError> {
        let origin = || config.file.display().to_string();
        let wrong = |key, detail: String| RunError::Configuration { key, origin: origin(), detail };
        let own = OwnKeys::read(config).map_err(|error| wrong("key.file", error.to_string()))?;
        let network_keys =
            own_keys::network_keys(config).map_err(|error| wrong("hive.swarm_key", error.to_string()))?;
        let checkpoint =
            checkpoint::read(&config.data_dir).map_err(|error| wrong("hive.checkpoint", error))?;
        let bytes = file::read(&config.genesis, GENESIS_BYTES_MAX as u64);
        let bytes = bytes.map_err(|error| wrong("hive.genesis", error.to_string()))?;
        let genesis = decode(&bytes, GENESIS_BYTES_MAX);
        let genesis = genesis
            .map_err(|error| wrong("hive.genesis", format!("{}: {error}", config.genesis.display())))?;
        let operator = config.operator_key.as_deref().map(secrets::read).transpose();
        let operator = operator.map_err(|error| wrong("operator.key_file", error.to_string()))?;
        let key = SigningKey::from_seed(own.seed());
        let operator = operator.map(OperatorKey::new);
        Ok(Self { own, key, network_keys, checkpoint, genesis, operator })
    }

    /// The network key that the hive goes by now.
    pub(super) fn network_key(&self) -> &NetworkKey {
        let newest = self.network_keys.last_key_value();
        newest.map(|(_, key)| key).expect("invariant: there is always a network key")
    }
}
