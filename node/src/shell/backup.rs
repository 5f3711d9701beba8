//! One file with everything that a node needs to live on another machine, taken while it runs: a gzipped tar whose last
//! member says what each of the others must be. Left out is what may not come back (the vote log: an old one would
//! make the node sign twice) and what is derived (the index). What was acknowledged before the backup began is in it.

mod restore;
mod snapshot;

pub use restore::{RestoreError, Restored, check, check_bytes, restore};

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use protocol::{ChainId, Height};
use serde::{Deserialize, Serialize};

use super::store::{StoreError, file};
use crate::config::Config;
use snapshot::Snapshot;

/// File of the data folder that is written when a backup was taken.
pub(super) const MARK: &str = "backup.json";
/// File of a restored folder; while it is there the node holds its votes back.
pub const RESTORED: &str = "restored.json";
/// The last member of a backup.
const MANIFEST: &str = "manifest.json";
/// Version of the form of a backup.
const VERSION: u32 = 1;
/// The configuration's name in a backup, whatever it is called outside.
const CONFIG: &str = "node.toml";

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Of this form.
    pub version: u32,
    /// Of the program that took it.
    pub program: String,
    /// Name of the building.
    pub name: String,
    /// The hive, 64 hex digits.
    pub chain: String,
    /// The last final block when it was taken.
    pub height: Height,
    /// When, RFC 3339.
    pub time: String,
    /// Whether it can be restored without the node's keys at hand.
    pub with_keys: bool,
    /// Every other member.
    pub members: Vec<Member>,
}

/// A file in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its path in the data folder.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// Blake3 of its bytes, 64 hex digits.
    pub blake3: String,
    /// Its permissions.
    pub mode: u32,
}

/// What to take a backup of.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) data_dir: PathBuf,
    /// The configuration, and files it names, with the names they have in a folder made by `init`.
    pub(super) named: Vec<(PathBuf, &'static str)>,
    pub(super) name: String,
    pub(super) chain: ChainId,
}

impl Source {
    /// The folder of a configuration, and what it names outside of it.
    pub(super) fn of(config: &Config, chain: ChainId) -> Self {
        let named = vec![
            (config.file.clone(), CONFIG),
            (config.genesis.clone(), "genesis.cbor"),
            (config.swarm_key.clone(), "swarm.key"),
            (config.key.clone(), "node.key"),
            (config.http.token_file.clone(), "operator.token"),
        ];
        Self { data_dir: config.data_dir.clone(), named, name: config.name.clone(), chain }
    }
}

/// What is said of the moment it is taken.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    pub(super) height: Height,
    pub(super) time: String,
    pub(super) with_keys: bool,
}

/// Writes a backup. `out` may be slow: nothing of the node waits for it.
pub(super) fn write(source: &Source, moment: Moment, out: impl Write) -> Result<Manifest, StoreError> {
    let snapshot = Snapshot::take(&source.data_dir)?;
    let mut writer = Writer::new(out);
    for (path, name) in &source.named {
        if path.exists() && (moment.with_keys || !is_secret(name)) {
            writer.add(name, path, None)?;
        }
    }
    let named = |path: &str| source.named.iter().any(|(_, name)| *name == path);
    for entry in snapshot.entries() {
        if !named(&entry.path) && (moment.with_keys || !is_secret(&entry.path)) {
            writer.add(&entry.path, &entry.source, entry.len)?;
        }
    }
    let manifest = Manifest {
        version: VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        name: source.name.clone(),
        chain: source.chain.to_string(),
        height: moment.height,
        time: moment.time,
        with_keys: moment.with_keys,
        members: writer.members.clone(),
    };
    writer.finish(&manifest)?;
    let mark =
        serde_json::to_vec(&serde_json::json!({ "at": manifest.time })).expect("invariant: plain text");
    file::replace(&source.data_dir.join(MARK), &mark, 0o600)?;
    Ok(manifest)
}

/// Keys and tokens: whoever has them is this node, or its operator.
fn is_secret(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    [".key", ".token", ".code", ".pem"].iter().any(|ending| name.ends_with(ending))
}

struct Writer<W: Write> {
    tar: tar::Builder<GzEncoder<W>>,
    members: Vec<Member>,
}

impl<W: Write> Writer<W> {
    fn new(out: W) -> Self {
        // Readings are packed already: the fastest level loses little.
        Self { tar: tar::Builder::new(GzEncoder::new(out, Compression::fast())), members: Vec::new() }
    }

    /// Adds the first `len` bytes of a file, or all of it. One that is gone by now is left out.
    fn add(&mut self, name: &str, path: &Path, len: Option<u64>) -> Result<(), StoreError> {
        use std::os::unix::fs::PermissionsExt as _;
        let opened = std::fs::File::open(path);
        let opened = match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened.map_err(StoreError::at("read", path))?,
        };
        let metadata = opened.metadata().map_err(StoreError::at("read", path))?;
        let bytes = len.unwrap_or(metadata.len()).min(metadata.len());
        let mode = metadata.permissions().mode() & 0o777;
        let mut hashing = Hashing { inner: opened.take(bytes), hasher: blake3::Hasher::new() };
        self.tar
            .append_data(&mut header(bytes, mode), name, &mut hashing)
            .map_err(StoreError::at("put into the backup", path))?;
        let blake3 = hashing.hasher.finalize().to_hex().to_string();
        self.members.push(Member { path: name.to_owned(), bytes, blake3, mode });
        Ok(())
    }

    fn finish(mut self, manifest: &Manifest) -> Result<(), StoreError> {
        let text = serde_json::to_vec_pretty(manifest).expect("invariant: plain text and numbers");
        let finish = || -> io::Result<()> {
            self.tar.append_data(&mut header(text.len() as u64, 0o600), MANIFEST, text.as_slice())?;
            self.tar.into_inner()?.finish()?.flush()
        };
        finish().map_err(StoreError::at("finish", Path::new("the backup")))
    }
}

fn header(bytes: u64, mode: u32) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes);
    header.set_mode(mode);
    header
}

/// Reads and hashes.
struct Hashing<R> {
    inner: R,
    hasher: blake3::Hasher,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
