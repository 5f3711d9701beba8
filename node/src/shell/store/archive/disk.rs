//! The few things the archive does to the disk. All go through here, so that bytes are counted and tests can cut the
//! power before each of them.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::super::written::{Kind, Written};
use super::super::{StoreError, file};

/// The disk as the archive sees it.
#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) written: Written,
    /// Deeds until the power is cut.
    #[cfg(test)]
    pub(super) left: Option<u32>,
}

impl Disk {
    /// Counts what it writes.
    pub(super) fn new(written: Written) -> Self {
        Self {
            written,
            #[cfg(test)]
            left: None,
        }
    }

    /// Opens a file for writing, from its start if it is `new`; it need not be there before.
    pub(super) fn open(&mut self, path: &Path, new: bool) -> Result<File, StoreError> {
        self.deed("open", path)?;
        let mut options = OpenOptions::new();
        let opened = options.read(true).write(true).create(true).truncate(new).mode(0o600).open(path);
        opened.map_err(StoreError::at("open", path))
    }

    /// Writes at a place.
    pub(super) fn write(
        &mut self,
        (file, path): (&File, &Path),
        at: u64,
        bytes: &[u8],
        kind: Kind,
    ) -> Result<(), StoreError> {
        self.deed("write to", path)?;
        file.write_all_at(bytes, at).map_err(StoreError::at("write to", path))?;
        self.written.add(kind, bytes.len() as u64);
        Ok(())
    }

    /// Cuts a file.
    pub(super) fn cut(&mut self, (file, path): (&File, &Path), len: u64) -> Result<(), StoreError> {
        self.deed("truncate", path)?;
        file.set_len(len).map_err(StoreError::at("truncate", path))
    }

    /// Waits until a file is on disk.
    pub(super) fn sync(&mut self, (file, path): (&File, &Path)) -> Result<(), StoreError> {
        self.deed("sync", path)?;
        file.sync_data().map_err(StoreError::at("sync", path))
    }

    /// Waits until the names in a folder are on disk.
    pub(super) fn sync_dir(&mut self, path: &Path) -> Result<(), StoreError> {
        self.deed("sync", path)?;
        file::sync_dir(path)
    }

    /// Gives a file the name of another one, which it replaces.
    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> Result<(), StoreError> {
        self.deed("rename", from)?;
        fs::rename(from, to).map_err(StoreError::at("rename", from))
    }

    /// Removes a file; one that is not there is removed.
    pub(super) fn remove(&mut self, path: &Path) -> Result<(), StoreError> {
        self.deed("remove", path)?;
        match fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StoreError::at("remove", path)(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    #[cfg(test)]
    fn deed(&mut self, action: &'static str, path: &Path) -> Result<(), StoreError> {
        match &mut self.left {
            Some(0) => Err(StoreError::at(action, path)(std::io::Error::other("the power is cut"))),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    #[cfg(not(test))]
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "tests cut the power here")]
    const fn deed(&mut self, _action: &'static str, _path: &Path) -> Result<(), StoreError> {
        Ok(())
    }
}
