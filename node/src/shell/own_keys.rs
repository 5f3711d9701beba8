//! The keys of one node in its data folder: its own, the one it is about to change to, and the hive's network keys. A
//! change is safe at every instant: the new key is on disk before the hive hears of it, and takes the place of the old
//! one only when the hive goes by it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use ledger::State;
use protocol::{Address, NetworkKey, SigningKey};
use zeroize::Zeroizing;

use super::sealed::{self, Passphrase};
use super::secrets::{self, SecretError};
use super::store::{StoreError, file};
use crate::config::Config;

/// The key that a node is about to change to, in its data folder.
const NEXT: &str = "next.key";
/// The network keys since the first one, in the data folder.
const NETWORK: &str = "network.key";
/// Even a change that is on the way for days is looked after this often, milliseconds.
const PATIENCE_MS_MAX: u64 = 5 * 60 * 1_000;
/// Two lines.
const NETWORK_BYTES_MAX: u64 = 1_024;
/// Set while a node tries the key it is about to change to: the hive may go by it already without this node having heard.
pub const TRY_NEXT: &str = "SYMBIOSE_TRY_NEXT_KEY";

/// Where the key to come lies.
pub fn next_path(data_dir: &Path) -> PathBuf {
    data_dir.join(NEXT)
}

/// A node's own keys.
pub struct OwnKeys {
    path: PathBuf,
    next_path: PathBuf,
    current: Zeroizing<[u8; 32]>,
    next: Option<Zeroizing<[u8; 32]>>,
    tries_next: bool,
    passphrase: Option<Passphrase>,
}

impl fmt::Debug for OwnKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnKeys").field("path", &self.path).finish_non_exhaustive()
    }
}

impl OwnKeys {
    /// Reads them; asks for the passphrase once if one is needed.
    pub fn read(config: &Config) -> Result<Self, SecretError> {
        let next_path = next_path(&config.data_dir);
        let mut passphrase = None;
        let current = read_key(&config.key, &mut passphrase)?;
        let next = next_path.exists().then(|| read_key(&next_path, &mut passphrase)).transpose()?;
        let tries_next = next.is_some() && std::env::var_os(TRY_NEXT).is_some();
        Ok(Self { path: config.key.clone(), next_path, current, next, tries_next, passphrase })
    }

    /// The seed this node goes by.
    pub fn seed(&self) -> &Zeroizing<[u8; 32]> {
        match &self.next {
            Some(next) if self.tries_next => next,
            Some(_) | None => &self.current,
        }
    }

    /// Whether this node goes by the key to come before it knows that the hive does.
    pub const fn tries_next(&self) -> bool {
        self.tries_next
    }

    /// How long nobody has to stay with this node before it tries the other key, milliseconds: the longer the change is on
    /// the way, the rarer it starts again for it.
    pub fn patience_ms(&self) -> u64 {
        let made = std::fs::metadata(&self.next_path).and_then(|metadata| metadata.modified());
        // A clock that was set back says nothing.
        let age = made.ok().and_then(|made| made.elapsed().ok()).unwrap_or_default();
        u64::try_from(age.as_millis() / 4).unwrap_or(PATIENCE_MS_MAX).min(PATIENCE_MS_MAX)
    }

    /// The passphrase, if one was needed.
    pub const fn passphrase(&self) -> Option<&Passphrase> {
        self.passphrase.as_ref()
    }

    /// Puts the key to come in the place of the old one if the hive goes by it. Answers whether it did.
    pub fn promote(&mut self, state: &State) -> Result<bool, SecretError> {
        let Some(next) = &self.next else { return Ok(false) };
        let address = |seed: &[u8; 32]| SigningKey::from_seed(seed).address();
        let (old, new) = (address(&self.current), address(next));
        // They are the same after a crash between the two steps below.
        let is_member = state.member(&new).is_some_and(|member| !member.revoked);
        if old != new && (!is_member || state.authorities().key_of(&old).is_some()) {
            return Ok(false);
        }
        sealed::write(&self.path, next, self.passphrase.as_ref())?;
        std::fs::remove_file(&self.next_path).map_err(StoreError::at("remove", &self.next_path))?;
        tracing::warn!(%old, %new, "this node goes on under its new key");
        self.current.clone_from(next);
        (self.next, self.tries_next) = (None, false);
        Ok(true)
    }
}

/// Reads a key, sealed or not.
pub fn read_key(
    path: &Path,
    passphrase: &mut Option<Passphrase>,
) -> Result<Zeroizing<[u8; 32]>, SecretError> {
    let text = secrets::read_text(path)?;
    if !sealed::is_sealed(&text) {
        return secrets::parse(path, &text).map(Zeroizing::new);
    }
    let failed = |error| SecretError::Sealed { path: path.to_owned(), error };
    if passphrase.is_none() {
        *passphrase = sealed::given().map_err(failed)?;
    }
    let given = passphrase.as_ref().ok_or_else(|| failed(sealed::SealError::NoPassphrase))?;
    sealed::open(&text, given.as_str()).map_err(failed)
}

/// The network keys that lie in the data folder, none of them where a folder was restored without its keys.
pub fn kept_network_keys(config: &Config) -> Result<BTreeMap<u64, NetworkKey>, SecretError> {
    let is_there = config.data_dir.join(NETWORK).exists() || config.swarm_key.exists();
    if is_there { network_keys(config) } else { Ok(BTreeMap::new()) }
}

/// The network keys by epoch: that of the invitation or genesis, or those that came after it.
pub fn network_keys(config: &Config) -> Result<BTreeMap<u64, NetworkKey>, SecretError> {
    let path = config.data_dir.join(NETWORK);
    if !path.exists() {
        return Ok(BTreeMap::from([(0, NetworkKey::new(secrets::read(&config.swarm_key)?))]));
    }
    let text = secrets::read_text(&path)?;
    let wrong = || SecretError::Digits(path.clone());
    let mut keys = BTreeMap::new();
    for line in text.lines() {
        let (epoch, digits) = line.split_once(' ').ok_or_else(wrong)?;
        let epoch: u64 = epoch.parse().map_err(|_| wrong())?;
        keys.insert(epoch, NetworkKey::new(secrets::parse(&path, digits)?));
    }
    if keys.is_empty() { Err(wrong()) } else { Ok(keys) }
}

/// Keeps the network keys.
pub fn write_network_keys(data_dir: &Path, keys: &BTreeMap<u64, NetworkKey>) -> Result<(), SecretError> {
    let mut text = Zeroizing::new(String::new());
    for (epoch, key) in keys {
        text.push_str(&format!("{epoch} {}\n", protocol::Digest::new(*key.secret())));
    }
    assert!(text.len() as u64 <= NETWORK_BYTES_MAX, "invariant: two keys at the most");
    Ok(file::replace(&data_dir.join(NETWORK), text.as_bytes(), 0o600)?)
}

/// The address of a seed.
pub fn address_of(seed: &[u8; 32]) -> Address {
    SigningKey::from_seed(seed).address()
}

#[cfg(test)]
mod tests {
    use super::super::store::scratch::Scratch;
    use super::*;

    #[test]
    fn network_keys_come_back_and_are_their_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let scratch = Scratch::new("network-keys");
        let keys = BTreeMap::from([(1, NetworkKey::new([1; 32])), (2, NetworkKey::new([2; 32]))]);
        write_network_keys(scratch.path(), &keys).unwrap();
        let path = scratch.path().join(NETWORK);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = secrets::read_text(&path).unwrap();
        assert_eq!(text.lines().count(), 2);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(secrets::read_text(&path), Err(SecretError::Mode { .. })));
    }
}
