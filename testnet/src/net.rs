//! `net.json`: what runs where, for scripts, tests and other people's tools. Written whole when every node is ready.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::files;
use crate::http::Client;

/// A running neighbourhood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Net {
    /// The hive's id: 64 hex digits.
    pub chain: String,
    /// Seed of every key.
    pub seed: u64,
    /// Hive seconds per wall second.
    pub speed: f64,
    /// Wall time at which every node was ready, RFC 3339.
    pub started: String,
    /// Every node, founding ones first.
    pub nodes: Vec<NetNode>,
}

/// One node of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetNode {
    /// The node's name, such as `CAS-S1`.
    pub name: String,
    /// Code of its building and first site.
    pub building: String,
    /// `authority` or `follower`.
    pub role: String,
    /// Its process, or the last one it had.
    pub pid: u32,
    /// Base URL of page and API, on loopback.
    pub http: String,
    /// Address for peers, with peer id.
    pub p2p: String,
    /// Its folder.
    pub data_dir: PathBuf,
    /// Operator token, sent as `Authorization: Bearer`.
    pub token: String,
}

impl Net {
    /// Reads the net of `dir`.
    pub fn read(dir: &Path) -> Result<Self> {
        let path = dir.join("net.json");
        if !path.exists() {
            return Err(Error::NotRunning { dir: dir.to_owned() });
        }
        let text = files::read_text(&path)?;
        serde_json::from_str(&text).map_err(std::io::Error::other).map_err(Error::file("read", &path))
    }

    /// Writes `net.json` into `dir`.
    pub fn write(&self, dir: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).expect("invariant: a net has string keys only");
        files::replace_secret(&dir.join("net.json"), text.as_bytes())
    }

    /// The node meant by a name, a number from 0 or an asset code of its building.
    pub fn find(&self, wanted: &str) -> Result<usize> {
        find(self.nodes.iter().map(|node| node.name.as_str()), wanted)
    }
}

impl NetNode {
    /// A client of this node.
    pub fn client(&self) -> Client {
        Client::new(&self.name, &self.http, &self.token)
    }
}

/// The position of the node meant by a name, a number from 0 or an asset code.
pub fn find<'a>(names: impl Iterator<Item = &'a str>, wanted: &str) -> Result<usize> {
    let names: Vec<&str> = names.collect();
    if let Some(index) = wanted.parse().ok().filter(|index| *index < names.len()) {
        return Ok(index);
    }
    let named = names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
    let owner = || {
        let belongs = |name: &&str| wanted.strip_prefix(*name).is_some_and(|rest| rest.starts_with('-'));
        names.iter().position(belongs)
    };
    named.or_else(owner).ok_or_else(|| {
        Error::Usage(format!(
            "expected a node (0 to {}, or one of {}), found \"{wanted}\"",
            names.len() - 1,
            names.join(", ")
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_found_by_number_name_and_asset() {
        let names = || ["CAS-S1", "CAS-S2", "CAS-S10"].into_iter();
        assert_eq!(find(names(), "1").unwrap(), 1);
        assert_eq!(find(names(), "cas-s2").unwrap(), 1);
        assert_eq!(find(names(), "CAS-S10-ELEVATOR_1").unwrap(), 2);
        assert_eq!(find(names(), "CAS-S1-HVAC_1").unwrap(), 0);
        let refused = find(names(), "CAS-S9").unwrap_err();
        assert!(refused.to_string().contains("CAS-S10") && refused.exit_code() == 2, "{refused}");
        assert!(find(names(), "3").is_err());
    }

    #[test]
    fn a_folder_without_a_net_says_how_to_start_one() {
        let error = Net::read(Path::new("/nowhere")).unwrap_err();
        assert!(error.to_string().contains("cargo testnet --dir /nowhere"), "{error}");
        assert_eq!(error.exit_code(), 5);
    }
}
