//! What a neighbourhood consists of before anything runs: its buildings, folders, ports, keys, genesis and the
//! configuration file of each node. Everything but the ports follows from seed and sizes.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use protocol::hex::hex;
use protocol::{AssetKind, Digest, Genesis, PublicKey, SigningKey, UnixMs, encode};
use serde::{Deserialize, Serialize};

use crate::clock::HiveClock;
use crate::error::{Error, Result};
use crate::files;
use crate::keys::{Keys, peer_id};

/// Buildings of one testnet.
pub const BUILDINGS_MAX: usize = 60;
/// Hive time at which a testnet without recorded meters was founded: 2025-01-01T00:00:00Z.
pub const FOUNDED_MS: i64 = 1_735_689_600_000;
/// File of an operator's key in a node's folder.
const OPERATOR_KEY: &str = "operator.key";
/// Neighbours that one operator looks after.
const BUILDINGS_PER_OPERATOR: usize = 2;
/// Ports are taken from here on, below the range the system hands out for outgoing connections.
const PORTS_FROM: u16 = 20_000;
const PORTS_TO: u16 = 32_000;

/// How large, from which seed, in which folder. Stored as `plan.json`; a folder is resumed only with the same plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Buildings founded together.
    pub buildings: usize,
    /// How many of them, the first ones, are authorities.
    pub authorities: usize,
    /// Seed of every key.
    pub seed: u64,
    /// Members without a node, which sign load.
    pub load_members: usize,
    /// Hive time of the genesis, milliseconds.
    pub founded_ms: i64,
    /// Hive time since which the equipment is in service, milliseconds.
    pub in_service_ms: i64,
    /// The recorded meters, if any.
    pub replay: Option<PathBuf>,
    /// Buildings that joined later with an invitation.
    #[serde(default)]
    pub joined: usize,
}

/// One node's place in the neighbourhood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Number in the neighbourhood, from 0.
    pub index: usize,
    /// `CAS-S1` for the first.
    pub name: String,
    /// `Tour Alpha` for the first.
    pub title: String,
    /// Its folder.
    pub dir: PathBuf,
    /// Where its page and API listen.
    pub http: SocketAddr,
    /// Where its peers reach it.
    pub p2p: SocketAddr,
}

impl Plan {
    /// The secrets of this plan.
    pub fn keys(&self) -> Keys {
        Keys::of(self.seed)
    }

    /// Key of a founding node.
    pub fn node_key(&self, index: usize) -> SigningKey {
        SigningKey::from_seed(&self.keys().node_secret(index))
    }

    /// The founding document.
    pub fn genesis(&self) -> Result<Genesis> {
        let keys = |range: std::ops::Range<usize>| range.map(|index| self.node_key(index).public());
        let authorities: Vec<PublicKey> = keys(0..self.authorities).collect();
        let load = (0..self.load_members).map(|index| self.keys().load(index).public());
        let followers = keys(self.authorities..self.buildings).chain(load).collect();
        let salt = Digest::new(self.keys().salt());
        Genesis::new(UnixMs(self.founded_ms), salt, authorities, followers)
            .map_err(|invalid| Error::Usage(format!("no genesis from this plan: {invalid}")))
    }

    /// What the buildings know that the operator of node `index` looks after.
    pub fn operator(&self, index: usize) -> [u8; 32] {
        self.keys().operator(index / BUILDINGS_PER_OPERATOR)
    }

    /// Whether node `index` is a founding authority.
    pub fn is_authority(&self, index: usize) -> bool {
        index < self.authorities
    }

    /// The plan kept in `dir`, if a testnet lived there before.
    pub fn load(dir: &Path) -> Result<Option<Self>> {
        let path = dir.join("plan.json");
        if !path.exists() {
            return Ok(None);
        }
        let text = files::read_text(&path)?;
        let parsed = serde_json::from_str(&text).map_err(std::io::Error::other);
        parsed.map(Some).map_err(Error::file("read", &path))
    }

    /// Keeps the plan in `dir`.
    pub fn store(&self, dir: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).expect("invariant: a plan has string keys only");
        files::replace(&dir.join("plan.json"), text.as_bytes())
    }
}

/// `CAS-S1` for index 0.
pub fn name(index: usize) -> String {
    format!("CAS-S{}", index + 1)
}

/// A tower for each letter of the Greek alphabet, numbered after that.
pub fn title(index: usize) -> String {
    const LETTERS: [&str; 24] = [
        "Alpha", "Bêta", "Gamma", "Delta", "Epsilon", "Zêta", "Êta", "Thêta", "Iota", "Kappa", "Lambda",
        "Mu", "Nu", "Xi", "Omicron", "Pi", "Rhô", "Sigma", "Tau", "Upsilon", "Phi", "Khi", "Psi", "Oméga",
    ];
    LETTERS.get(index).map_or_else(|| format!("Tour {}", index + 1), |letter| format!("Tour {letter}"))
}

/// The assets of each building.
pub fn assets(name: &str) -> Vec<(String, AssetKind)> {
    [AssetKind::Hvac, AssetKind::Chiller, AssetKind::Elevator, AssetKind::Meter]
        .into_iter()
        .map(|kind| (format!("{name}-{}_1", kind.name()), kind))
        .collect()
}

/// Picks `count` free loopback ports: from `base` upward when it is not 0, else wherever there is room.
pub fn free_ports(count: usize, base: u16, dir: &Path) -> Result<Vec<u16>> {
    let mut candidates: Box<dyn Iterator<Item = u16>> = if base == 0 {
        let start = start_for(dir);
        Box::new((start..PORTS_TO).chain(PORTS_FROM..start))
    } else {
        Box::new(base..=u16::MAX)
    };
    let mut ports = Vec::with_capacity(count);
    while ports.len() < count {
        let port =
            candidates.next().ok_or_else(|| Error::Usage(format!("no {count} free ports from {base}")))?;
        let free = TcpListener::bind(("127.0.0.1", port)).is_ok();
        if free {
            ports.push(port);
        } else if base != 0 {
            return Err(Error::Usage(format!("--base-port {base}: port {port} is in use")));
        }
    }
    Ok(ports)
}

/// Two folders started side by side look for ports in different places.
fn start_for(dir: &Path) -> u16 {
    let digest = blake3::hash(dir.as_os_str().as_encoded_bytes());
    let bytes = [digest.as_bytes()[0], digest.as_bytes()[1]];
    PORTS_FROM + u16::from_le_bytes(bytes) % (PORTS_TO - PORTS_FROM)
}

/// `/ip4/127.0.0.1/tcp/PORT`.
pub fn multiaddr(address: SocketAddr) -> String {
    format!("/ip4/{}/tcp/{}", address.ip(), address.port())
}

/// `/ip4/127.0.0.1/tcp/PORT/p2p/PEER`.
pub fn peer_multiaddr(address: SocketAddr, key: &PublicKey) -> String {
    format!("{}/p2p/{}", multiaddr(address), peer_id(key))
}

#[derive(Serialize)]
struct NodeConfig<'a> {
    data_dir: &'a str,
    name: &'a str,
    hive: HiveConfig<'a>,
    key: KeyConfig<'a>,
    network: NetworkConfig<'a>,
    http: HttpConfig<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<OperatorConfig<'a>>,
    clock: HiveClock,
    sites: Vec<SiteConfig<'a>>,
}

#[derive(Serialize)]
struct HiveConfig<'a> {
    genesis: &'a str,
    swarm_key: &'a str,
}

#[derive(Serialize)]
struct KeyConfig<'a> {
    file: &'a str,
}

#[derive(Serialize)]
struct NetworkConfig<'a> {
    listen: String,
    peers: &'a [String],
    mdns: bool,
}

#[derive(Serialize)]
struct HttpConfig<'a> {
    listen: String,
    token_file: &'a str,
}

#[derive(Serialize)]
struct OperatorConfig<'a> {
    key_file: &'a str,
}

#[derive(Serialize)]
struct SiteConfig<'a> {
    code: &'a str,
    name: &'a str,
    assets: Vec<AssetConfig>,
}

#[derive(Serialize)]
struct AssetConfig {
    code: String,
    kind: &'static str,
}

impl Place {
    /// The text of its `node.toml`.
    pub fn config(&self, peers: &[String], clock: HiveClock) -> String {
        let assets =
            assets(&self.name).into_iter().map(|(code, kind)| AssetConfig { code, kind: kind.name() });
        // A building that joined by invitation belongs to nobody's others.
        let has_operator = self.dir.join(OPERATOR_KEY).exists();
        let config = NodeConfig {
            data_dir: ".",
            name: &self.name,
            hive: HiveConfig { genesis: "genesis.cbor", swarm_key: "swarm.key" },
            key: KeyConfig { file: "node.key" },
            network: NetworkConfig { listen: multiaddr(self.p2p), peers, mdns: false },
            http: HttpConfig { listen: self.http.to_string(), token_file: "operator.token" },
            operator: has_operator.then_some(OperatorConfig { key_file: OPERATOR_KEY }),
            clock,
            sites: vec![SiteConfig { code: &self.name, name: &self.title, assets: assets.collect() }],
        };
        toml::to_string(&config).expect("invariant: the configuration has string keys only")
    }

    /// Writes a founding node's folder: keys, genesis and configuration. Data already there stays.
    pub fn write(&self, plan: &Plan, peers: &[String], clock: HiveClock) -> Result<()> {
        files::create_dir(&self.dir)?;
        let keys = plan.keys();
        files::replace_secret(&self.dir.join("node.key"), hex(&keys.node_secret(self.index)).as_bytes())?;
        files::replace_secret(&self.dir.join("swarm.key"), keys.swarm().as_bytes())?;
        files::replace_secret(&self.dir.join("operator.token"), keys.token(self.index).as_bytes())?;
        files::replace_secret(&self.dir.join(OPERATOR_KEY), hex(&plan.operator(self.index)).as_bytes())?;
        files::replace(&self.dir.join("genesis.cbor"), &encode(&plan.genesis()?))?;
        self.write_config(peers, clock)
    }

    /// Writes `node.toml` alone, for a node that brought its own keys.
    pub fn write_config(&self, peers: &[String], clock: HiveClock) -> Result<()> {
        files::replace(&self.dir.join("node.toml"), self.config(peers, clock).as_bytes())
    }

    /// The node's log.
    pub fn log(&self) -> PathBuf {
        self.dir.join("log.jsonl")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(buildings: usize, authorities: usize, seed: u64) -> Plan {
        Plan {
            buildings,
            authorities,
            seed,
            load_members: 0,
            founded_ms: FOUNDED_MS,
            in_service_ms: FOUNDED_MS,
            replay: None,
            joined: 0,
        }
    }

    #[test]
    fn the_same_seed_founds_the_same_hive() {
        let chain = |plan: Plan| plan.genesis().unwrap().chain();
        assert_eq!(chain(plan(5, 4, 42)), chain(plan(5, 4, 42)));
        assert_ne!(chain(plan(5, 4, 42)), chain(plan(5, 4, 43)));
        assert_ne!(chain(plan(5, 4, 42)), chain(plan(5, 3, 42)));
    }

    #[test]
    fn authorities_come_first_and_load_members_follow() {
        let mut larger = plan(5, 4, 42);
        larger.load_members = 3;
        let genesis = larger.genesis().unwrap();
        assert_eq!(genesis.authorities().len(), 4);
        assert_eq!(genesis.followers().len(), 4);
        assert!(genesis.followers().contains(&larger.node_key(4).public()));
    }

    #[test]
    fn the_configuration_reads_back_as_toml() {
        let place = Place {
            index: 0,
            name: name(0),
            title: title(0),
            dir: PathBuf::from("/tmp"),
            http: "127.0.0.1:20001".parse().unwrap(),
            p2p: "127.0.0.1:20002".parse().unwrap(),
        };
        let config: toml::Value =
            toml::from_str(&place.config(&["/ip4/127.0.0.1/tcp/1".to_owned()], HiveClock::WALL)).unwrap();
        assert_eq!(config["network"]["listen"].as_str(), Some("/ip4/127.0.0.1/tcp/20002"));
        assert_eq!(config["sites"][0]["assets"][2]["code"].as_str(), Some("CAS-S1-ELEVATOR_1"));
        assert_eq!(config["clock"]["speed"].as_float(), Some(1.0));
    }

    #[test]
    fn ports_are_free_and_a_taken_base_is_named() {
        let ports = free_ports(20, 0, Path::new("a")).unwrap();
        assert_eq!(ports.len(), 20);
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        assert!(free_ports(1, port, Path::new("a")).unwrap_err().to_string().contains(&port.to_string()));
    }
}
