//! `init`: a data folder with keys and configuration; without a genesis also a hive with this node as its only
//! authority.

use std::path::{Path, PathBuf};

use clap::Args;
use protocol::{Digest, Genesis, SigningKey, UnixMs, decode, encode};
use serde_json::json;

use super::claim::Way;
use super::say::Say;
use super::{Exit, Failed};
use crate::shell::clock::wall_ms;
use crate::shell::secrets;
use crate::shell::store::file;

/// A genesis of 1,000 members is far shorter, bytes.
pub(super) const GENESIS_BYTES_MAX: usize = 256 * 1024;

#[derive(Debug, Args)]
pub(super) struct Init {
    /// The folder; it is made.
    #[arg(long)]
    dir: PathBuf,
    /// Name of the building.
    #[arg(long)]
    name: String,
    /// Genesis of an existing hive. This node's key must be in it.
    #[arg(long, requires = "swarm_key")]
    genesis: Option<PathBuf>,
    /// Network key of that hive.
    #[arg(long, requires = "genesis")]
    swarm_key: Option<PathBuf>,
}

impl Init {
    pub(super) fn run(&self, say: &Say) -> Result<(), Failed> {
        let folder = Folder::make(&self.dir)?;
        let key =
            SigningKey::from_seed(&secrets::read_or_make(&folder.path("node.key")).map_err(Failed::failure)?);
        let genesis = match &self.genesis {
            Some(path) => read_genesis(path)?,
            None => {
                let salt = Digest::new(secrets::random().map_err(Failed::failure)?);
                Genesis::new(UnixMs(wall_ms()), salt, vec![key.public()], vec![]).map_err(Failed::failure)?
            }
        };
        let swarm_key = match &self.swarm_key {
            Some(path) => secrets::read(path),
            None => secrets::random(),
        };
        folder.write(&self.name, &genesis, &swarm_key.map_err(Failed::failure)?, &[])?;
        let (chain, address) = (genesis.chain(), key.address());
        let way = Way::make(&self.dir)?;
        let answer = json!({ "dir": self.dir, "chain": chain.to_string(), "address": address.to_string(),
            "public_key": key.public().to_string(), "claim": way.as_json() });
        say.answer(&answer, || {
            let config = folder.path("node.toml");
            format!(
                "Hive {chain}\nThis building {address}\nStart it with: symbiose run --config {}\n\n{}",
                config.display(),
                way.in_words()
            )
        });
        Ok(())
    }
}

/// A data folder in the making.
pub(super) struct Folder<'a>(&'a Path);

impl<'a> Folder<'a> {
    /// Makes the folder, unless a node lives there.
    pub(super) fn make(dir: &'a Path) -> Result<Self, Failed> {
        if dir.join("node.toml").exists() {
            return Err(Failed::failure(format!("{} has a node.toml already", dir.display())));
        }
        file::create_dir(dir).map_err(Failed::failure)?;
        Ok(Self(dir))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes everything but the key; the configuration last, so that half a folder is not mistaken for a whole one.
    pub(super) fn write(
        &self,
        name: &str,
        genesis: &Genesis,
        swarm_key: &[u8; 32],
        peers: &[String],
    ) -> Result<(), Failed> {
        file::replace(&self.path("genesis.cbor"), &encode(genesis), 0o644).map_err(Failed::failure)?;
        secrets::write(&self.path("swarm.key"), swarm_key).map_err(Failed::failure)?;
        secrets::read_or_make(&self.path("operator.token")).map_err(Failed::failure)?;
        let config = configuration(name, peers);
        file::replace(&self.path("node.toml"), config.as_bytes(), 0o644).map_err(Failed::failure)
    }
}

fn configuration(name: &str, peers: &[String]) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let peers = peers.iter().map(|peer| format!("  {},\n", quoted(peer))).collect::<String>();
    let peers = if peers.is_empty() { "[]".to_owned() } else { format!("[\n{peers}]") };
    format!(
        "data_dir = \".\"\nname = {}\n\n[network]\nlisten = \"/ip4/0.0.0.0/tcp/4201\"\npeers = {peers}\nmdns = true\n\n\
         [http]\nlisten = \"127.0.0.1:8080\"  # this machine\nlan = \"0.0.0.0:8443\"        # the building's network, https\n\n# One block for each site, one for each of its assets:\n\
         # [[sites]]\n# code = \"CAS-S1\"\n# name = \"Tour Alpha\"\n# [[sites.assets]]\n\
         # code = \"CAS-S1-HVAC_1\"\n# kind = \"HVAC\"  # HVAC, CHILLER, ELEVATOR or METER\n",
        quoted(name)
    )
}

pub(super) fn read_genesis(path: &Path) -> Result<Genesis, Failed> {
    let bytes =
        file::read(path, GENESIS_BYTES_MAX as u64).map_err(|error| Failed::new(Exit::Usage, error))?;
    decode(&bytes, GENESIS_BYTES_MAX)
        .map_err(|error| Failed::new(Exit::Usage, format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::shell::store::scratch::Scratch;

    #[test]
    fn a_fresh_folder_has_a_valid_configuration() {
        let scratch = Scratch::new("init");
        let dir = scratch.path().join("node");
        let init =
            Init { dir: dir.clone(), name: "Tour \"Alpha\"".to_owned(), genesis: None, swarm_key: None };
        init.run(&Say::new(true)).unwrap();
        let config = Config::load(&dir.join("node.toml"), &[]).unwrap();
        assert_eq!(config.name, "Tour \"Alpha\"");
        let genesis = read_genesis(&config.genesis).unwrap();
        let key = SigningKey::from_seed(&secrets::read(&config.key).unwrap());
        assert_eq!(genesis.authorities().keys(), [key.public()]);
        assert!(secrets::read(&config.swarm_key).is_ok() && secrets::read(&config.http.token_file).is_ok());
        assert!(init.run(&Say::new(true)).is_err(), "never over another node");
    }
}
