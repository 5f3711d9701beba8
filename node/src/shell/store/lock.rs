//! One process per data folder: two copies of one node on a machine would sign twice.

use std::fs::File;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use thiserror::Error;

use super::{StoreError, file};

/// Why a folder cannot be taken.
#[derive(Debug, Error)]
pub enum LockError {
    /// Another process has it.
    #[error("{0} is in use by another process")]
    Held(String),
    /// The lock file cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Holds the folder until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Takes a folder, or says that somebody has it.
pub fn take(data_dir: &Path) -> Result<Lock, LockError> {
    let file = file::open_or_create(&data_dir.join("lock"))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| LockError::Held(data_dir.display().to_string()))?;
    Ok(Lock { _file: file })
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;

    #[test]
    fn a_folder_is_taken_once() {
        let scratch = Scratch::new("lock");
        let held = take(scratch.path()).unwrap();
        assert!(matches!(take(scratch.path()), Err(LockError::Held(_))));
        drop(held);
        assert!(take(scratch.path()).is_ok());
    }
}
