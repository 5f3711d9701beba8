//! Names in the folder of day files.

use std::path::{Path, PathBuf};

use super::super::StoreError;
use super::view::FileKind;
use crate::core::telemetry::Day;

/// Where the file of a day is.
pub(super) fn path(dir: &Path, day: Day, kind: FileKind) -> PathBuf {
    dir.join(format!("{day}.{}", extension(kind)))
}

/// Where a file is written before it gets its name.
pub(super) fn unfinished(dir: &Path, day: Day, kind: FileKind) -> PathBuf {
    dir.join(format!("{day}.{}.tmp", extension(kind)))
}

/// Every day file, by day, and files that were never finished.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) files: Vec<(Day, FileKind)>,
    pub(super) unfinished: Vec<PathBuf>,
}

/// What a folder holds. Files of other names are none of ours.
pub(super) fn list(dir: &Path) -> Result<Listing, StoreError> {
    let mut listing = Listing::default();
    for entry in std::fs::read_dir(dir).map_err(StoreError::at("read", dir))? {
        let entry = entry.map_err(StoreError::at("read", dir))?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if name.ends_with(".tmp") || name.ends_with(".new") {
            listing.unfinished.push(entry.path());
        }
        let named = name.split_once('.').and_then(|(day, kind)| Some((Day::parse(day)?, kind_of(kind)?)));
        listing.files.extend(named);
    }
    listing.files.sort_unstable();
    Ok(listing)
}

const fn extension(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Open => "open",
        FileKind::Seg => "seg",
        FileKind::Roll => "roll",
    }
}

fn kind_of(extension: &str) -> Option<FileKind> {
    match extension {
        "open" => Some(FileKind::Open),
        "seg" => Some(FileKind::Seg),
        "roll" => Some(FileKind::Roll),
        _ => None,
    }
}
