//! `keys`: this node's key under a passphrase or in the open, another key for it, and the hive's network key for a member
//! that was away while it changed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use protocol::{Address, ChainId, Digest, KeyChange, NetworkKey, SigningKey};
use serde_json::{Value, json};
use web::request::KeyRequest;

use super::client::Client;
use super::init::read_genesis;
use super::say::Say;
use super::{Exit, Failed, runtime};
use crate::config::Config;
use crate::shell::clock::Stopwatch;
use crate::shell::own_keys::{self, next_path, read_key};
use crate::shell::sealed::{self, Passphrase};
use crate::shell::secrets;
use crate::shell::store::lock;

/// What a network key is handed to a member as.
const HANDED: &str = "symbiose-key1";
/// How often a waiting command looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Say whose key this is and whether a passphrase protects it.
    Show(Folder),
    /// Put this node's key under a passphrase. Without it, a copied card signs nothing.
    Protect(Folder),
    /// Take the passphrase away again.
    Unprotect(Folder),
    /// Go on under a new key. The node must run; an authority's change waits for the other authorities.
    Rotate(Rotate),
    /// Give the hive a new network key. The node must run and be an authority.
    Network(Folder),
    /// Print the network key for a member that was away for too long. Whoever reads it is past the hive's first door.
    Hand(Folder),
    /// Take a network key that a member printed. The node must not run.
    Take(Take),
}

#[derive(Debug, Args)]
pub(super) struct Folder {
    /// Data folder of the node.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Rotate {
    /// Data folder of the node.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// How long to wait until the hive goes by the new key, seconds; 0 does not wait.
    #[arg(long, default_value_t = 60)]
    wait: u64,
}

#[derive(Debug, Args)]
pub(super) struct Take {
    /// Data folder of the node.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// What the other member printed, one word.
    key: String,
}

impl Keys {
    pub(super) fn run(self, say: &Say) -> Result<(), Failed> {
        match self {
            Self::Show(folder) => show(&folder.config()?, say),
            Self::Protect(folder) => protect(&folder.config()?, say),
            Self::Unprotect(folder) => unprotect(&folder.config()?, say),
            Self::Rotate(rotate) => rotate.run(say),
            Self::Network(folder) => network(&folder.dir, say),
            Self::Hand(folder) => hand(&folder.config()?, say),
            Self::Take(take) => take.run(say),
        }
    }
}

impl Folder {
    fn config(&self) -> Result<Config, Failed> {
        config(&self.dir)
    }
}

fn config(dir: &Path) -> Result<Config, Failed> {
    Config::load(&dir.join("node.toml"), &[]).map_err(|error| Failed::new(Exit::Usage, error))
}

fn show(config: &Config, say: &Say) -> Result<(), Failed> {
    let text = secrets::read_text(&config.key).map_err(Failed::failure)?;
    let is_protected = sealed::is_sealed(&text);
    let public = if is_protected {
        sealed::public_of(&text).map_err(Failed::failure)?
    } else {
        SigningKey::from_seed(&secrets::parse(&config.key, &text).map_err(Failed::failure)?).public()
    };
    let address = Address::of(&public);
    let is_changing = next_path(&config.data_dir).exists();
    let keys = own_keys::network_keys(config).map_err(Failed::failure)?;
    let epoch = keys.last_key_value().map_or(0, |(epoch, _)| *epoch);
    let answer = json!({ "address": address.to_string(), "public_key": public.to_string(),
        "protected": is_protected, "changing": is_changing, "network_key_epoch": epoch });
    say.answer(&answer, || {
        let protection =
            if is_protected { "protected by a passphrase" } else { "not protected by a passphrase" };
        let change = if is_changing { "\nA change of this key is on its way." } else { "" };
        format!("This building {address}\nKey {public}, {protection}\nNetwork key {epoch}{change}")
    });
    Ok(())
}

fn protect(config: &Config, say: &Say) -> Result<(), Failed> {
    let _lock = lock::take(&config.data_dir).map_err(Failed::failure)?;
    let text = secrets::read_text(&config.key).map_err(Failed::failure)?;
    if sealed::is_sealed(&text) {
        return Err(Failed::failure("the key is protected already"));
    }
    let passphrase = sealed::given().map_err(Failed::failure)?;
    let passphrase = passphrase.ok_or_else(|| Failed::new(Exit::Usage, sealed::SealError::NoPassphrase))?;
    let seed = secrets::parse(&config.key, &text).map_err(Failed::failure)?;
    // A key to come first: between the two, the node still starts with either.
    let next = next_path(&config.data_dir);
    if next.exists() {
        let seed = read_key(&next, &mut None).map_err(Failed::failure)?;
        sealed::write(&next, &seed, Some(&passphrase)).map_err(Failed::failure)?;
    }
    sealed::write(&config.key, &seed, Some(&passphrase)).map_err(Failed::failure)?;
    say.answer(&json!({ "protected": true }), || {
        "The key is protected: from now on the node needs the passphrase to start. Without it the key is lost."
            .to_owned()
    });
    Ok(())
}

fn unprotect(config: &Config, say: &Say) -> Result<(), Failed> {
    let _lock = lock::take(&config.data_dir).map_err(Failed::failure)?;
    let mut passphrase = None;
    let seed = read_key(&config.key, &mut passphrase).map_err(Failed::failure)?;
    let next = next_path(&config.data_dir);
    if next.exists() {
        let seed = read_key(&next, &mut passphrase).map_err(Failed::failure)?;
        sealed::write(&next, &seed, None).map_err(Failed::failure)?;
    }
    sealed::write(&config.key, &seed, None).map_err(Failed::failure)?;
    say.answer(&json!({ "protected": false }), || "The key lies in the open again.".to_owned());
    Ok(())
}

impl Rotate {
    fn run(&self, say: &Say) -> Result<(), Failed> {
        let config = config(&self.dir)?;
        let chain = read_genesis(&config.genesis)?.chain();
        let client = Client::of(&self.dir)?;
        let runtime = runtime()?;
        let node: Value = runtime.block_on(client.get("/api/v1/node"))?;
        let old = address_in(&node)?;
        let mut passphrase = None;
        let seed = next_seed(&config, &mut passphrase)?;
        let key = SigningKey::from_seed(&seed);
        let change = KeyChange::prove(&chain, old, &key);
        let request = KeyRequest { public_key: change.key.to_string(), proof: change.proof.to_string() };
        runtime.block_on(client.post_done("/api/v1/keys", &request))?;
        let new = key.address();
        let is_done = self.wait(new);
        let answer = json!({ "from": old.to_string(), "to": new.to_string(), "done": is_done });
        say.answer(&answer, || {
            if is_done {
                return format!(
                    "This building goes on as {new}\nTake a new backup: those before hold the old key. Invitations that \
                     it made under the old key open no door any more. If the old key was stolen, an authority should \
                     also run `symbiose keys network`: whoever has it knows the network key."
                );
            }
            format!("This building goes on as {new} as soon as the hive agrees; it was {old}")
        });
        Ok(())
    }

    /// Whether the node answers under its new address within the time given.
    fn wait(&self, new: Address) -> bool {
        let (watch, limit) = (Stopwatch::start(), Duration::from_secs(self.wait));
        while watch.elapsed() < limit {
            let node =
                Client::of(&self.dir).and_then(|client| runtime()?.block_on(client.get("/api/v1/node")));
            if node.is_ok_and(|node: Value| address_in(&node).is_ok_and(|address| address == new)) {
                return true;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        false
    }
}

/// The key to come: the one made before if a change is on its way already, so that asking twice means the same.
fn next_seed(
    config: &Config,
    passphrase: &mut Option<Passphrase>,
) -> Result<zeroize::Zeroizing<[u8; 32]>, Failed> {
    let next = next_path(&config.data_dir);
    if next.exists() {
        return read_key(&next, passphrase).map_err(Failed::failure);
    }
    let text = secrets::read_text(&config.key).map_err(Failed::failure)?;
    if sealed::is_sealed(&text) {
        // Opened only to make sure that both keys open to the same words.
        read_key(&config.key, passphrase).map_err(Failed::failure)?;
    }
    let seed = zeroize::Zeroizing::new(secrets::random().map_err(Failed::failure)?);
    sealed::write(&next, &seed, passphrase.as_ref()).map_err(Failed::failure)?;
    Ok(seed)
}

fn address_in(node: &Value) -> Result<Address, Failed> {
    let address = node["id"].as_str().and_then(|text| text.parse().ok());
    address.ok_or_else(|| Failed::failure("the node does not say its address"))
}

fn network(dir: &Path, say: &Say) -> Result<(), Failed> {
    let client = Client::of(dir)?;
    runtime()?.block_on(client.post_done("/api/v1/keys/network", &json!({})))?;
    say.answer(&json!({ "changed": true }), || {
        "The hive has a new network key; members hand it on among themselves.".to_owned()
    });
    Ok(())
}

fn hand(config: &Config, say: &Say) -> Result<(), Failed> {
    let chain = read_genesis(&config.genesis)?.chain();
    let keys = own_keys::network_keys(config).map_err(Failed::failure)?;
    let Some((epoch, key)) = keys.last_key_value() else { return Err(Failed::failure("no network key")) };
    let word = format!("{HANDED}:{chain}:{epoch}:{}", Digest::new(*key.secret()));
    say.answer(&json!({ "key": word, "epoch": epoch }), || word.clone());
    Ok(())
}

impl Take {
    fn run(&self, say: &Say) -> Result<(), Failed> {
        let config = config(&self.dir)?;
        let _lock = lock::take(&config.data_dir).map_err(Failed::failure)?;
        let (chain, epoch, key) = parse_handed(&self.key)
            .ok_or_else(|| Failed::new(Exit::Usage, "this is not what `symbiose keys hand` prints"))?;
        if chain != read_genesis(&config.genesis)?.chain() {
            return Err(Failed::new(Exit::Refused, "the key is of another hive"));
        }
        let mut keys = own_keys::kept_network_keys(&config).map_err(Failed::failure)?;
        if keys.last_key_value().is_some_and(|(newest, _)| *newest > epoch) {
            return Err(Failed::new(Exit::Refused, "this node has a newer network key"));
        }
        keys.insert(epoch, key);
        while keys.len() > 2 {
            keys.pop_first();
        }
        own_keys::write_network_keys(&config.data_dir, &keys).map_err(Failed::failure)?;
        say.answer(&json!({ "epoch": epoch }), || format!("Network key {epoch} is kept; start the node."));
        Ok(())
    }
}

fn parse_handed(word: &str) -> Option<(ChainId, u64, NetworkKey)> {
    let parts: Vec<&str> = word.trim().split(':').collect();
    let [HANDED, chain, epoch, key] = parts[..] else { return None };
    let key: Digest = key.parse().ok()?;
    Some((chain.parse().ok()?, epoch.parse().ok()?, NetworkKey::new(*key.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_hand_prints_is_taken() {
        let (chain, key) = (ChainId::new([1; 32]), Digest::new([2; 32]));
        let (read, epoch, secret) = parse_handed(&format!("{HANDED}:{chain}:3:{key}\n")).unwrap();
        assert_eq!((read, epoch, secret.secret()), (chain, 3, &[2; 32]));
        for wrong in ["", "symbiose-key1", "symbiose-key1:00:3:00", &format!("{HANDED}:{chain}:x:{key}")] {
            assert!(parse_handed(wrong).is_none(), "{wrong}");
        }
    }
}
