//! What a node keeps on disk. `blocks.log` and `wal` are the ledger, `telemetry/` the readings, `building.log` the
//! building's own records, `photos/` the pictures of its work orders; `index/` is derived from them and may be thrown away. Formats are drawn in the crate's
//! README.

pub mod archive;
pub mod block_files;
pub mod block_log;
pub mod building_log;
pub mod check;
pub mod disk;
pub mod file;
pub mod index;
pub mod lagging;
pub mod lock;
pub mod photos;
pub mod telemetry_log;
pub mod telemetry_read;
pub mod vote_log;
pub mod witness;
pub mod written;

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Something a disk would not do. Fields say what, where and why.
#[derive(Debug, Error)]
#[error("cannot {action} {path}: {source}")]
pub struct StoreError {
    /// `open`, `append to`, `sync`…
    pub action: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub source: std::io::Error,
}

impl StoreError {
    /// Turns the system's error into one that names the file.
    pub(crate) fn at(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self { action, path: path.to_owned(), source }
    }

    /// Whether the disk is full, or the node's share of it.
    pub fn is_full(&self) -> bool {
        matches!(self.source.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
    }
}

#[cfg(test)]
pub(crate) mod scratch {
    //! A folder for one test, gone with it.

    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicU32, Ordering};

    pub(crate) struct Scratch(PathBuf);

    impl Scratch {
        pub(crate) fn new(name: &str) -> Self {
            static NUMBER: AtomicU32 = AtomicU32::new(0);
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let dir = std::env::temp_dir().join(format!("symbiose-{name}-{}-{number}", std::process::id()));
            std::fs::create_dir_all(&dir).unwrap();
            Self(dir)
        }

        pub(crate) fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            drop(std::fs::remove_dir_all(&self.0));
        }
    }
}
