//! The node's configuration: `node.toml`, over it the environment (`SYMBIOSE__A__B`), over it `--set a.b=value`. A
//! configuration that exists is valid; every error is one line that names the key and where it came from.

mod clock;
mod http;
mod sources;

use std::path::{Path, PathBuf};

use figment::providers::{Env, Format as _, Toml};
use figment::{Figment, Provider};
use protocol::AssetKind;
use protocol::limits::{
    ASSETS_MAX, CODE_BYTES_MAX, CONFIG_BYTES_MAX, NAME_BYTES_MAX, NETWORK_KEY_OVERLAP_S,
    NETWORK_KEY_OVERLAP_S_MAX, SITES_MAX,
};
use serde::Deserialize;
use thiserror::Error;

use clock::JUMPS_MAX;
pub use clock::Jumps;
pub use http::Http;
use http::RawHttp;
use sources::{ENV_PREFIX, Flag, NamedToml, one_line, origin_of};

/// Largest factor between hive time and the wall's.
const SPEED_MAX: f64 = 100_000.0;
/// Shortest and longest pause between heartbeats, milliseconds.
const HEARTBEAT_MS: std::ops::RangeInclusive<u64> = 100..=24 * 60 * 60 * 1000;
/// Shortest and longest time that two network keys are taken, seconds.
const KEY_OVERLAP_S: std::ops::RangeInclusive<u64> = 1..=NETWORK_KEY_OVERLAP_S_MAX as u64;
/// Least and most space for the telemetry log, MiB.
const TELEMETRY_MIB: std::ops::RangeInclusive<u64> = 16..=1024 * 1024;
/// How far readings may lie ahead of the node's clock, minutes.
const AHEAD_MINUTES: std::ops::RangeInclusive<u64> = 0..=24 * 60;

/// Least and most space for photos, MiB.
const PHOTOS_MIB: std::ops::RangeInclusive<u64> = 16..=1024 * 1024;
/// Shortest and longest time that readings and sums are kept, days.
const RETENTION_DAYS: std::ops::RangeInclusive<u64> = 1..=36_500;

/// Least and most length of a log file, MiB.
const LOG_MIB: std::ops::RangeInclusive<u64> = 1..=1024;
/// Log files.
const LOG_FILES: std::ops::RangeInclusive<u64> = 1..=100;

/// Why a configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{key} in {origin}: {detail}")]
pub struct ConfigError {
    /// The key, `network.listen`; for an unreadable file `configuration`.
    pub key: String,
    /// The file, environment variable or flag.
    pub origin: String,
    /// What was expected and what was found.
    pub detail: String,
}

/// A valid configuration. Paths are absolute or relative to the working directory.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The file it came from.
    pub file: PathBuf,
    /// Folder of everything this node keeps.
    pub data_dir: PathBuf,
    /// Name of the building.
    pub name: String,
    /// File with the canonical genesis.
    pub genesis: PathBuf,
    /// File with the hive's pre-shared network key.
    pub swarm_key: PathBuf,
    /// How long the network key before is taken beside a new one, milliseconds of hive time.
    pub key_overlap_ms: i64,
    /// File with the seed of the node's key.
    pub key: PathBuf,
    /// Libp2p.
    pub network: Network,
    /// The page and its API.
    pub http: Http,
    /// How hive time follows the wall.
    pub clock: ClockConfig,
    /// An empty block at least this often, milliseconds.
    pub heartbeat_ms: u64,
    /// Space for readings that wait in the telemetry log to be put into day files, bytes; beyond it readings are refused.
    pub telemetry_bytes_max: u64,
    /// How long readings are kept unless their metric says otherwise, days.
    pub raw_days: u32,
    /// How long their sums of 15 minutes are kept unless their metric says otherwise, days.
    pub quarter_days: u32,
    /// How far a reading may lie ahead of the node's clock, milliseconds.
    pub ahead_ms: i64,
    /// File with what the buildings of this one's operator know, if it shares the number of its open alerts with them.
    pub operator_key: Option<PathBuf>,
    /// The log.
    pub log: Log,
    /// Space for the photos of work orders, bytes; more are refused.
    pub photos_bytes_max: u64,
    /// Sites and assets that exist from the start.
    pub sites: Vec<Site>,
}

/// See `[network]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// Multiaddress to listen on.
    pub listen: String,
    /// Multiaddresses that are dialled and kept.
    pub peers: Vec<String>,
    /// Whether members are also looked for by multicast DNS.
    pub mdns: bool,
    /// Newest version of the wire that is spoken; none is the newest this release knows.
    pub wire: Option<u32>,
    /// Oldest version of the wire that is spoken; none is the oldest this release knows.
    pub wire_min: Option<u32>,
}

/// See `[clock]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockConfig {
    /// Hive milliseconds per 1,000 wall milliseconds.
    pub speed_millis: u64,
    /// Wall time at which hive time was `epoch_hive_ms`.
    pub epoch_wall_ms: i64,
    /// See there.
    pub epoch_hive_ms: i64,
    /// Jumps of the wall clock, for tests.
    pub jumps: Jumps,
}

/// See `[log]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// What standard error is written in.
    pub form: LogForm,
    /// A file for the log; none when the node runs under systemd, whose journal keeps it.
    pub file: Option<PathBuf>,
    /// A file longer than this is turned over, bytes.
    pub file_bytes_max: u64,
    /// Files kept, the one being written included.
    pub files: u32,
}

/// What the log is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogForm {
    /// Words on a terminal, JSON otherwise.
    Auto,
    /// Words.
    Human,
    /// One JSON object per line.
    Json,
}

/// A site of `[[sites]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What stands there.
    pub assets: Vec<Asset>,
}

/// An asset of `[[sites.assets]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its code.
    pub code: String,
    /// What it is.
    pub kind: AssetKind,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default = "here")]
    data_dir: PathBuf,
    name: String,
    #[serde(default)]
    hive: RawHive,
    #[serde(default)]
    key: RawKey,
    #[serde(default)]
    network: Network,
    #[serde(default)]
    http: RawHttp,
    #[serde(default)]
    clock: RawClock,
    #[serde(default)]
    ledger: RawLedger,
    #[serde(default)]
    telemetry: RawTelemetry,
    #[serde(default)]
    operator: RawOperator,
    #[serde(default)]
    photos: RawPhotos,
    #[serde(default)]
    log: RawLog,
    #[serde(default)]
    sites: Vec<RawSite>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawHive {
    genesis: PathBuf,
    swarm_key: PathBuf,
    key_overlap_s: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawKey {
    file: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawClock {
    speed: f64,
    epoch_wall_ms: i64,
    epoch_hive_ms: i64,
    jumps: Vec<(u64, i64)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawLedger {
    heartbeat_ms: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawTelemetry {
    log_mib_max: u64,
    raw_days: u64,
    quarter_days: u64,
    ahead_minutes: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawOperator {
    key_file: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawPhotos {
    mib_max: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawLog {
    form: LogForm,
    file: Option<PathBuf>,
    file_mib_max: u64,
    files: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSite {
    code: String,
    name: String,
    #[serde(default)]
    assets: Vec<RawAsset>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAsset {
    code: String,
    kind: String,
}

fn here() -> PathBuf {
    PathBuf::from(".")
}

impl Default for RawHive {
    fn default() -> Self {
        Self {
            genesis: "genesis.cbor".into(),
            swarm_key: "swarm.key".into(),
            key_overlap_s: u64::from(NETWORK_KEY_OVERLAP_S),
        }
    }
}

impl Default for RawKey {
    fn default() -> Self {
        Self { file: "node.key".into() }
    }
}

impl Default for Network {
    fn default() -> Self {
        Self {
            listen: "/ip4/127.0.0.1/tcp/0".into(),
            peers: Vec::new(),
            mdns: false,
            wire: None,
            wire_min: None,
        }
    }
}

impl Default for RawClock {
    fn default() -> Self {
        Self { speed: 1.0, epoch_wall_ms: 0, epoch_hive_ms: 0, jumps: Vec::new() }
    }
}

impl Default for RawLedger {
    fn default() -> Self {
        Self { heartbeat_ms: 60_000 }
    }
}

impl Default for RawTelemetry {
    fn default() -> Self {
        Self { log_mib_max: 512, raw_days: 90, quarter_days: 730, ahead_minutes: 5 }
    }
}

impl Default for RawPhotos {
    fn default() -> Self {
        Self { mib_max: 1024 }
    }
}

impl Default for RawLog {
    fn default() -> Self {
        Self { form: LogForm::Auto, file: None, file_mib_max: 4, files: 5 }
    }
}

impl Config {
    /// Reads the file, the environment and the flags (`a.b=value`), in rising order of weight.
    pub fn load(file: &Path, flags: &[String]) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file).map_err(|error| ConfigError {
            key: "configuration".to_owned(),
            origin: file.display().to_string(),
            detail: error.to_string(),
        })?;
        Self::read(file, text, Env::prefixed(ENV_PREFIX).split("__"), flags)
    }

    /// The configuration that a text says alone; `file` is what errors call it.
    pub fn of_text(file: &Path, text: &str) -> Result<Self, ConfigError> {
        Self::read(file, text.to_owned(), Toml::string(""), &[])
    }

    fn read(file: &Path, text: String, over: impl Provider, flags: &[String]) -> Result<Self, ConfigError> {
        if text.len() > CONFIG_BYTES_MAX {
            return Err(ConfigError {
                key: "configuration".to_owned(),
                origin: file.display().to_string(),
                detail: format!("{} bytes, at most {CONFIG_BYTES_MAX} allowed", text.len()),
            });
        }
        let mut figment = Figment::from(NamedToml { file: file.to_owned(), text }).merge(over);
        for flag in flags {
            figment = figment.merge(Flag::parse(flag)?);
        }
        let raw: Raw = figment.extract().map_err(|error| one_line(error, file))?;
        Checker { figment: &figment, file }.check(raw)
    }

    /// The path of a file or folder of this node.
    pub fn in_data(&self, name: &str) -> PathBuf {
        self.data_dir.join(name)
    }
}

/// Checks what serde cannot, naming the source of the value at fault.
struct Checker<'a> {
    figment: &'a Figment,
    file: &'a Path,
}

impl Checker<'_> {
    fn check(&self, raw: Raw) -> Result<Config, ConfigError> {
        self.text("name", &raw.name, NAME_BYTES_MAX)?;
        let folder =
            self.file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let data_dir = folder.join(&raw.data_dir);
        let heartbeat_ms = self.within("ledger.heartbeat_ms", raw.ledger.heartbeat_ms, &HEARTBEAT_MS)?;
        let log_mib = self.within("telemetry.log_mib_max", raw.telemetry.log_mib_max, &TELEMETRY_MIB)?;
        let photos_mib = self.within("photos.mib_max", raw.photos.mib_max, &PHOTOS_MIB)?;
        let raw_days = self.days("telemetry.raw_days", raw.telemetry.raw_days)?;
        let quarter_days = self.days("telemetry.quarter_days", raw.telemetry.quarter_days)?;
        let ahead = self.within("telemetry.ahead_minutes", raw.telemetry.ahead_minutes, &AHEAD_MINUTES)?;
        let overlap = self.within("hive.key_overlap_s", raw.hive.key_overlap_s, &KEY_OVERLAP_S)?;
        Ok(Config {
            file: self.file.to_owned(),
            genesis: data_dir.join(raw.hive.genesis),
            swarm_key: data_dir.join(raw.hive.swarm_key),
            key_overlap_ms: i64::try_from(overlap * 1_000).expect("invariant: at most a month"),
            key: data_dir.join(raw.key.file),
            network: self.network(raw.network)?,
            http: self.http(&raw.http, &data_dir)?,
            clock: self.clock(&raw.clock)?,
            heartbeat_ms,
            telemetry_bytes_max: log_mib * 1024 * 1024,
            raw_days,
            quarter_days,
            ahead_ms: i64::try_from(ahead * 60_000).expect("invariant: at most a day"),
            operator_key: raw.operator.key_file.map(|file| data_dir.join(file)),
            log: self.log(raw.log, &data_dir)?,
            photos_bytes_max: photos_mib * 1024 * 1024,
            sites: self.sites(raw.sites)?,
            name: raw.name,
            data_dir,
        })
    }

    fn wrong(&self, key: &str, detail: impl Into<String>) -> ConfigError {
        let origin = origin_of(self.figment.find_metadata(key), key, self.file);
        ConfigError { key: key.to_owned(), origin, detail: detail.into() }
    }

    fn text(&self, key: &str, text: &str, max: usize) -> Result<(), ConfigError> {
        if text.is_empty() || text.len() > max || text.chars().any(char::is_control) {
            let found = text.len();
            return Err(self.wrong(key, format!("expected 1 to {max} bytes of plain text, found {found}")));
        }
        Ok(())
    }

    fn within(
        &self,
        key: &str,
        found: u64,
        range: &std::ops::RangeInclusive<u64>,
    ) -> Result<u64, ConfigError> {
        if range.contains(&found) {
            return Ok(found);
        }
        Err(self.wrong(key, format!("expected {} to {}, found {found}", range.start(), range.end())))
    }

    fn days(&self, key: &str, found: u64) -> Result<u32, ConfigError> {
        let days = self.within(key, found, &RETENTION_DAYS)?;
        Ok(u32::try_from(days).expect("invariant: the range was checked"))
    }

    fn network(&self, network: Network) -> Result<Network, ConfigError> {
        for peer in &network.peers {
            crate::shell::network::check_address(peer)
                .map_err(|error| self.wrong("network.peers", error.to_string()))?;
        }
        Ok(network)
    }

    fn log(&self, raw: RawLog, data_dir: &Path) -> Result<Log, ConfigError> {
        let mib = self.within("log.file_mib_max", raw.file_mib_max, &LOG_MIB)?;
        let files = self.within("log.files", raw.files, &LOG_FILES)?;
        Ok(Log {
            form: raw.form,
            file: raw.file.map(|file| data_dir.join(file)),
            file_bytes_max: mib * 1024 * 1024,
            files: u32::try_from(files).expect("invariant: checked above"),
        })
    }

    fn clock(&self, raw: &RawClock) -> Result<ClockConfig, ConfigError> {
        let speed = raw.speed;
        if !(0.001..=SPEED_MAX).contains(&speed) {
            return Err(self.wrong("clock.speed", format!("expected 0.001 to {SPEED_MAX}, found {speed}")));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and 10^8, checked above"
        )]
        let speed_millis = (speed * 1000.0).round() as u64;
        if speed_millis != 1000 && raw.epoch_wall_ms == 0 {
            let detail = "a speed other than 1 needs clock.epoch_wall_ms and clock.epoch_hive_ms";
            return Err(self.wrong("clock.speed", detail));
        }
        let expected =
            || format!("expected at most {JUMPS_MAX} pairs of milliseconds, the first of them rising");
        let jumps = Jumps::new(&raw.jumps).ok_or_else(|| self.wrong("clock.jumps", expected()))?;
        let (epoch_wall_ms, epoch_hive_ms) = (raw.epoch_wall_ms, raw.epoch_hive_ms);
        Ok(ClockConfig { speed_millis, epoch_wall_ms, epoch_hive_ms, jumps })
    }

    fn sites(&self, raw: Vec<RawSite>) -> Result<Vec<Site>, ConfigError> {
        let assets: usize = raw.iter().map(|site| site.assets.len()).sum();
        for (key, found, max) in [("sites", raw.len(), SITES_MAX), ("sites.assets", assets, ASSETS_MAX)] {
            if found > max {
                return Err(self.wrong(key, format!("expected at most {max}, found {found}")));
            }
        }
        raw.into_iter().map(|site| self.site(site)).collect()
    }

    fn site(&self, site: RawSite) -> Result<Site, ConfigError> {
        self.text("sites.code", &site.code, CODE_BYTES_MAX)?;
        self.text("sites.name", &site.name, NAME_BYTES_MAX)?;
        let assets = site.assets.into_iter().map(|asset| self.asset(asset)).collect::<Result<_, _>>()?;
        Ok(Site { code: site.code, name: site.name, assets })
    }

    fn asset(&self, asset: RawAsset) -> Result<Asset, ConfigError> {
        self.text("sites.assets.code", &asset.code, CODE_BYTES_MAX)?;
        let kind = AssetKind::from_name(&asset.kind).ok_or_else(|| {
            let detail = format!("expected HVAC, CHILLER, ELEVATOR or METER, found `{}`", asset.kind);
            self.wrong("sites.assets.kind", detail)
        })?;
        Ok(Asset { code: asset.code, kind })
    }
}

#[cfg(test)]
mod tests;
