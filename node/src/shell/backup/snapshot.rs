//! The files of a data folder as they were at one moment, while others write them. Files are linked into a folder of
//! their own, so that none of them can go while it is read; the listing is taken again until nothing came or went
//! between two, which makes it a state that a power cut could have left. Files that only grow count up to their length
//! at that moment.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::store::telemetry_read;
use super::super::store::{StoreError, file};

/// Where files are linked to; it goes with the snapshot, or at the next one.
const FOLDER: &str = "backup.tmp";
/// Listings taken before the folder is believed to be too busy.
const ATTEMPTS_MAX: u32 = 20;
/// Folders within folders.
const DEPTH_MAX: usize = 4;
/// Names at the top of a data folder that stay behind: what may not come back, what is derived, what is of this
/// process only.
const LEFT_OUT: [&str; 10] = [
    "wal",
    "index",
    "lock",
    "ready.json",
    "restored.json",
    "backup.json",
    "wear.json",
    "doctor.tmp",
    "manifest.json",
    FOLDER,
];

/// A file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its path in the data folder, with `/`.
    pub(super) path: String,
    /// Where it can be read.
    pub(super) source: PathBuf,
    /// How much of it counts.
    pub(super) len: Option<u64>,
}

/// Files that stay as long as this value lives.
#[derive(Debug)]
pub(super) struct Snapshot {
    folder: PathBuf,
    entries: Vec<Entry>,
}

impl Snapshot {
    pub(super) fn take(data_dir: &Path) -> Result<Self, StoreError> {
        let folder = data_dir.join(FOLDER);
        for _ in 0..ATTEMPTS_MAX {
            clear(&folder)?;
            let snapshot = Self { folder: folder.clone(), entries: link_all(data_dir, &folder)? };
            let paths: Vec<String> = snapshot.entries.iter().map(|entry| entry.path.clone()).collect();
            if list(data_dir)? == paths {
                return snapshot.settled();
            }
        }
        let source = io::Error::other("files came and went all the time");
        Err(StoreError { action: "take a backup of", path: data_dir.to_owned(), source })
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The newest segment of the telemetry log is written within its space: it counts up to its last whole record.
    fn settled(mut self) -> Result<Self, StoreError> {
        let numbered =
            self.entries.iter_mut().filter_map(|entry| Some((segment_number(&entry.path)?, entry)));
        if let Some((number, newest)) = numbered.max_by_key(|(number, _)| *number) {
            newest.len = telemetry_read::whole_bytes(&newest.source, number)?.or(newest.len);
        }
        Ok(self)
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        if let Err(error) = clear(&self.folder) {
            tracing::warn!(%error, "links of a backup are left behind; the next backup removes them");
        }
    }
}

fn segment_number(path: &str) -> Option<u64> {
    path.strip_prefix("telemetry/telemetry-")?.strip_suffix(".log")?.parse().ok()
}

fn clear(folder: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::at("remove", folder)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Every file that belongs into a backup, sorted.
fn list(data_dir: &Path) -> Result<Vec<String>, StoreError> {
    let mut paths = Vec::new();
    descend(data_dir, "", DEPTH_MAX, &mut paths)?;
    paths.sort();
    Ok(paths)
}

fn descend(dir: &Path, prefix: &str, depth: usize, paths: &mut Vec<String>) -> Result<(), StoreError> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(StoreError::at("read", dir))?,
    };
    for entry in entries {
        let entry = entry.map_err(StoreError::at("read", dir))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if is_left_out(prefix, &name) {
            continue;
        }
        let path = format!("{prefix}{name}");
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 0 => {
                descend(&entry.path(), &format!("{path}/"), depth - 1, paths)?;
            }
            Ok(kind) if kind.is_file() => paths.push(path),
            // Links and sockets are none of ours; what is gone by now was on its way out.
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

fn is_left_out(prefix: &str, name: &str) -> bool {
    let is_passing = name.ends_with(".new") || name.ends_with(".tmp") || name.contains(".damaged");
    // A note of a moment after the log was linked would tell that its end is lost.
    let is_passing = is_passing || name == "reached" || name.ends_with(".reached");
    let is_log =
        prefix.is_empty() && (name.contains(".log.") || name.ends_with(".jsonl") || name == "node.log");
    is_passing || is_log || (prefix.is_empty() && LEFT_OUT.contains(&name))
}

fn link_all(data_dir: &Path, folder: &Path) -> Result<Vec<Entry>, StoreError> {
    let mut entries = Vec::new();
    for path in list(data_dir)? {
        let (from, to) = (data_dir.join(&path), folder.join(&path));
        if let Some(above) = to.parent() {
            fs::create_dir_all(above).map_err(StoreError::at("create", above))?;
        }
        let linked = fs::hard_link(&from, &to).and_then(|()| fs::metadata(&to));
        match linked {
            Ok(metadata) => entries.push(Entry { path, source: to, len: Some(metadata.len()) }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(StoreError::at("link", &from)(error)),
        }
    }
    file::sync_dir(data_dir)?;
    Ok(entries)
}
