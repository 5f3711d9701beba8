//! Files of a testnet's folder: replaced whole, so that a reader never sees half of one.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use crate::error::{Error, Result};

/// Files of ours are far below this; a larger one is not ours.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Writes `bytes` beside `path` and renames it into place.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    replace_with_mode(path, bytes, 0o644)
}

/// As [`replace`], readable by the owner alone.
pub fn replace_secret(path: &Path, bytes: &[u8]) -> Result<()> {
    replace_with_mode(path, bytes, 0o600)
}

fn replace_with_mode(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let beside = path.with_extension("tmp");
    let flags = OFlags::CREATE | OFlags::TRUNC | OFlags::WRONLY | OFlags::CLOEXEC;
    let opened = rustix::fs::open(&beside, flags, Mode::from_raw_mode(mode));
    let written = opened.map_err(std::io::Error::from).and_then(|file| fs::File::from(file).write_all(bytes));
    written.map_err(Error::file("write", &beside))?;
    fs::rename(&beside, path).map_err(Error::file("replace", path))
}

/// Reads a text file of ours.
pub fn read_text(path: &Path) -> Result<String> {
    let size = fs::metadata(path).map_err(Error::file("read", path))?.len();
    if size > FILE_BYTES_MAX {
        let source = std::io::Error::other(format!("expected at most {FILE_BYTES_MAX} bytes, found {size}"));
        return Err(Error::File { action: "read", path: path.to_owned(), source });
    }
    fs::read_to_string(path).map_err(Error::file("read", path))
}

/// Creates a folder and those above it.
pub fn create_dir(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(Error::file("create", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_for_its_owner_and_replaced_whole() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = std::env::temp_dir().join(format!("symbiose-files-{}", std::process::id()));
        create_dir(&dir).unwrap();
        let path = dir.join("node.key");
        replace_secret(&path, b"first").unwrap();
        replace_secret(&path, b"second").unwrap();
        assert_eq!(read_text(&path).unwrap(), "second");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::remove_dir_all(&dir).unwrap();
        assert!(read_text(&path).unwrap_err().to_string().contains("node.key"));
    }
}
