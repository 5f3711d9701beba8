//! Files and folders that are there after a power cut: created with their entry in the folder synced, replaced whole.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::StoreError;

/// Creates a folder for the node's eyes only, and syncs the one above it.
pub fn create_dir(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(StoreError::at("create", path))?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// Makes the names in a folder durable.
pub fn sync_dir(path: &Path) -> Result<(), StoreError> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path).and_then(|dir| dir.sync_all()).map_err(StoreError::at("sync", path))
}

/// Opens a file for reading and writing, creating it durably if it is not there.
pub fn open_or_create(path: &Path) -> Result<File, StoreError> {
    let is_new = !path.exists();
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(StoreError::at("open", path))?;
    if is_new {
        file.sync_all().map_err(StoreError::at("sync", path))?;
        path.parent().map_or(Ok(()), sync_dir)?;
    }
    Ok(file)
}

/// Writes a file beside its place, syncs it and renames it there: a reader sees the old one or the new one.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), StoreError> {
    let beside = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(StoreError::at("write", &beside))?;
    fs::rename(&beside, path).map_err(StoreError::at("replace", path))?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// Reads a whole file of at most `max` bytes.
pub fn read(path: &Path, max: u64) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(max + 1).read_to_end(&mut bytes));
    read.map_err(StoreError::at("read", path))?;
    if bytes.len() as u64 > max {
        let source = std::io::Error::other(format!("expected at most {max} bytes"));
        return Err(StoreError { action: "read", path: path.to_owned(), source });
    }
    Ok(bytes)
}

/// Moves something out of the way under a name that is free, and answers that name.
pub fn move_aside(path: &Path) -> Result<std::path::PathBuf, StoreError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let free =
        (1..u32::MAX).map(|n| path.with_file_name(format!("{name}.damaged-{n}"))).find(|free| !free.exists());
    let aside = free.expect("invariant: a folder holds fewer than 2^32 files");
    fs::rename(path, &aside).map_err(StoreError::at("move aside", path))?;
    path.parent().map_or(Ok(()), sync_dir)?;
    Ok(aside)
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;

    #[test]
    fn files_are_replaced_whole_and_moved_aside_without_loss() {
        let scratch = Scratch::new("file");
        let path = scratch.path().join("thing");
        replace(&path, b"one", 0o600).unwrap();
        replace(&path, b"two", 0o600).unwrap();
        assert_eq!(read(&path, 3).unwrap(), b"two");
        assert!(read(&path, 2).is_err(), "over its limit");
        let first = move_aside(&path).unwrap();
        replace(&path, b"three", 0o600).unwrap();
        let second = move_aside(&path).unwrap();
        assert_eq!(
            (read(&first, 9).unwrap(), read(&second, 9).unwrap()),
            (b"two".to_vec(), b"three".to_vec())
        );
        assert!(!path.exists());
    }
}
