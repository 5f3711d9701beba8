//! A backup becomes a data folder: read once from end to end and checked before a byte is written, then unpacked beside
//! its place, checked again, synced, and put there in one step. A folder is there whole, or not at all.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use flate2::read::GzDecoder;
use thiserror::Error;

use super::{CONFIG, Hashing, MANIFEST, Manifest, Member, RESTORED, VERSION};
use crate::shell::store::{StoreError, file};

/// A list of many thousand files fits, bytes.
const MANIFEST_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// A path in a backup, bytes.
const PATH_BYTES_MAX: u64 = 4 * 1024;
/// Files in a backup.
const MEMBERS_MAX: usize = 100_000;
/// A configuration is short, bytes.
const CONFIG_BYTES_MAX: u64 = 1024 * 1024;

/// Why a backup is not restored.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// The archive is cut short, changed, or none of ours.
    #[error("{path} cannot be trusted: {detail}; nothing was restored")]
    Damaged {
        /// The archive.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// A later program took it.
    #[error("the backup has form {found}, this program reads form {VERSION}: use a newer program")]
    Version {
        /// Its form.
        found: u32,
    },
    /// Something is there already.
    #[error("{0} is not empty: a backup is restored into a new folder only")]
    Occupied(PathBuf),
    /// The configuration in it does not read.
    #[error("the configuration in the backup cannot be read: {0}")]
    Config(String),
    /// The disk.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was restored.
#[derive(Debug, Clone)]
pub struct Restored {
    /// What the backup says of itself.
    pub manifest: Manifest,
    /// Bytes on disk.
    pub bytes: u64,
}

/// Restores a backup into a folder that does not exist or is empty.
pub fn restore(archive: &Path, folder: &Path) -> Result<Restored, RestoreError> {
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) || folder.is_file() {
        return Err(RestoreError::Occupied(folder.to_owned()));
    }
    let manifest = check(archive)?;
    let unfinished = beside(folder);
    drop(fs::remove_dir_all(&unfinished));
    file::create_dir(&unfinished)?;
    let unpacked = unpack(archive, &manifest, &unfinished)
        .and_then(|()| adapt(&unfinished))
        .and_then(|()| mark(&unfinished, &manifest));
    if let Err(error) = unpacked {
        drop(fs::remove_dir_all(&unfinished));
        return Err(error);
    }
    put_in_place(&unfinished, folder)?;
    let bytes = manifest.members.iter().map(|member| member.bytes).sum();
    Ok(Restored { manifest, bytes })
}

fn beside(folder: &Path) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    folder.with_file_name(format!("{name}.restoring"))
}

fn put_in_place(unfinished: &Path, folder: &Path) -> Result<(), StoreError> {
    if folder.is_dir() {
        fs::remove_dir(folder).map_err(StoreError::at("replace", folder))?;
    }
    fs::rename(unfinished, folder).map_err(StoreError::at("create", folder))?;
    folder.parent().map_or(Ok(()), file::sync_dir)
}

/// Reads a whole archive and compares each member with what the manifest, the last of them, says.
pub fn check(archive: &Path) -> Result<Manifest, RestoreError> {
    let file = File::open(archive).map_err(StoreError::at("open", archive))?;
    check_bytes(archive, BufReader::new(file))
}

/// The same of the bytes of an archive; `archive` is what errors call it.
pub fn check_bytes(archive: &Path, bytes: impl Read) -> Result<Manifest, RestoreError> {
    let damaged = |detail: String| RestoreError::Damaged { path: archive.to_owned(), detail };
    let mut found = BTreeMap::new();
    let mut manifest = None;
    each(archive, bytes, |path, mode, mut content| {
        if manifest.is_some() {
            return Err(damaged("something stands behind its manifest".to_owned()));
        }
        if path == MANIFEST {
            let mut text = Vec::new();
            let read = content.take(MANIFEST_BYTES_MAX).read_to_end(&mut text);
            read.map_err(|error| damaged(error.to_string()))?;
            let read: Manifest =
                serde_json::from_slice(&text).map_err(|error| damaged(format!("manifest: {error}")))?;
            manifest = Some(read);
            return Ok(());
        }
        let mut hashing = Hashing { inner: &mut content, hasher: blake3::Hasher::new() };
        let bytes = io::copy(&mut hashing, &mut io::sink()).map_err(|error| damaged(error.to_string()))?;
        let blake3 = hashing.hasher.finalize().to_hex().to_string();
        let member = Member { path: path.clone(), bytes, blake3, mode };
        if found.len() >= MEMBERS_MAX || found.insert(path.clone(), member).is_some() {
            return Err(damaged(format!("{path} is in it twice, or it holds too many files")));
        }
        Ok(())
    })?;
    let manifest = manifest.ok_or_else(|| damaged("it ends before its manifest".to_owned()))?;
    if manifest.version != VERSION {
        return Err(RestoreError::Version { found: manifest.version });
    }
    for member in &manifest.members {
        match found.remove(&member.path) {
            Some(other) if other == *member => {}
            Some(_) => return Err(damaged(format!("{} is not what it was", member.path))),
            None => return Err(damaged(format!("{} is missing", member.path))),
        }
    }
    match found.into_keys().next() {
        Some(extra) => Err(damaged(format!("{extra} does not belong to it"))),
        None => Ok(manifest),
    }
}

/// Hands each member on: path, permissions, bytes. Paths that lead out of the folder, links and the like end it.
fn each(
    archive: &Path,
    bytes: impl Read,
    mut take: impl FnMut(String, u32, &mut dyn Read) -> Result<(), RestoreError>,
) -> Result<(), RestoreError> {
    let damaged = |detail: String| RestoreError::Damaged { path: archive.to_owned(), detail };
    let broken = |error: io::Error| damaged(error.to_string());
    let mut tar = tar::Archive::new(GzDecoder::new(bytes));
    let mut long_path = None;
    // Raw: the library would take a path of any length into memory, and a few bytes unpack to many.
    for member in tar.entries().map_err(broken)?.raw(true) {
        let mut member = member.map_err(broken)?;
        if member.header().entry_type().is_gnu_longname() {
            if member.size() > PATH_BYTES_MAX {
                return Err(damaged(format!("a path of {} bytes, at most {PATH_BYTES_MAX}", member.size())));
            }
            let mut text = Vec::new();
            member.read_to_end(&mut text).map_err(broken)?;
            text.truncate(text.iter().position(|byte| *byte == 0).unwrap_or(text.len()));
            long_path = Some(PathBuf::from(OsString::from_vec(text)));
            continue;
        }
        let path = match long_path.take() {
            Some(path) => path,
            None => member.path().map_err(broken)?.into_owned(),
        };
        let is_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
        let Some(text) = path.to_str().filter(|text| is_inside && !text.is_empty()).map(str::to_owned) else {
            return Err(damaged(format!("a path leads out of the folder: {}", path.display())));
        };
        if !member.header().entry_type().is_file() {
            return Err(damaged(format!("{text} is no plain file")));
        }
        let mode = member.header().mode().map_err(broken)? & 0o777;
        take(text, mode, &mut member)?;
    }
    // The rest must be there and whole: gzip's own checksum stands at the end.
    io::copy(&mut tar.into_inner(), &mut io::sink()).map_err(broken)?;
    Ok(())
}

fn unpack(archive: &Path, manifest: &Manifest, folder: &Path) -> Result<(), RestoreError> {
    let damaged = |detail: String| RestoreError::Damaged { path: archive.to_owned(), detail };
    let known: BTreeMap<&str, &Member> =
        manifest.members.iter().map(|member| (member.path.as_str(), member)).collect();
    let mut folders = vec![folder.to_owned()];
    let file = File::open(archive).map_err(StoreError::at("open", archive))?;
    each(archive, BufReader::new(file), |path, _, content| {
        if path == MANIFEST {
            return Ok(());
        }
        let member = known.get(path.as_str()).ok_or_else(|| damaged(format!("{path} came since")))?;
        let to = folder.join(&path);
        if let Some(above) = to.parent().filter(|above| !above.is_dir()) {
            file::create_dir(above)?;
            folders.push(above.to_owned());
        }
        let mut options = OpenOptions::new();
        let opened = options.write(true).create_new(true).mode(member.mode & 0o700).open(&to);
        let mut out = opened.map_err(StoreError::at("create", &to))?;
        let mut hashing = Hashing { inner: content, hasher: blake3::Hasher::new() };
        io::copy(&mut hashing, &mut out).map_err(StoreError::at("write", &to))?;
        if hashing.hasher.finalize().to_hex().as_str() != member.blake3 {
            return Err(damaged(format!("{path} changed while it was read")));
        }
        out.flush().and_then(|()| out.sync_all()).map_err(StoreError::at("sync", &to))?;
        Ok(())
    })?;
    Ok(folders.iter().try_for_each(|folder| file::sync_dir(folder))?)
}

/// The configuration names the new folder and the files in it. The one it was stays beside it.
fn adapt(folder: &Path) -> Result<(), RestoreError> {
    let path = folder.join(CONFIG);
    let bytes = file::read(&path, CONFIG_BYTES_MAX)?;
    let text = String::from_utf8(bytes).map_err(|error| RestoreError::Config(error.to_string()))?;
    let mut config: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        RestoreError::Config(error.to_string().lines().collect::<Vec<_>>().join(" "))
    })?;
    config.insert("data_dir".to_owned(), toml::Value::String(".".to_owned()));
    for (table, key) in [("hive", "genesis"), ("hive", "swarm_key"), ("key", "file"), ("http", "token_file")]
    {
        if let Some(toml::Value::Table(table)) = config.get_mut(table) {
            table.remove(key);
        }
    }
    file::replace(&folder.join("node.toml.before-restore"), text.as_bytes(), 0o600)?;
    Ok(file::replace(&path, config.to_string().as_bytes(), 0o644)?)
}

/// While this file is there the node holds its votes back.
fn mark(folder: &Path, manifest: &Manifest) -> Result<(), RestoreError> {
    let text = serde_json::json!({ "backup": manifest.time, "height": manifest.height.0 });
    let text = serde_json::to_vec_pretty(&text).expect("invariant: plain text and numbers");
    Ok(file::replace(&folder.join(RESTORED), &text, 0o600)?)
}
