//! `backup` and `restore`: a node in one file, and back.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::client::Client;
use super::say::Say;
use super::{Exit, Failed, runtime};
use crate::shell::backup::{self, RestoreError};

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file; it must not be there yet.
    file: PathBuf,
    /// The node's data folder. The node must run.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// Leave keys and tokens out. Without them the backup restores records and readings, and no node.
    #[arg(long)]
    without_keys: bool,
}

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup.
    file: PathBuf,
    /// The new data folder; it must not be there, or be empty.
    #[arg(long)]
    dir: PathBuf,
}

impl Backup {
    pub(super) fn run(&self, say: &Say) -> Result<(), Failed> {
        if self.file.exists() {
            return Err(Failed::new(Exit::Usage, format!("{} is there already", self.file.display())));
        }
        let client = Client::of(&self.dir)?;
        let unfinished = unfinished(&self.file);
        let taken = self.take(&client, &unfinished);
        if taken.is_err() {
            drop(fs::remove_file(&unfinished));
        }
        let bytes = taken?;
        fs::rename(&unfinished, &self.file).map_err(Failed::failure)?;
        say.answer(&json!({ "file": self.file, "bytes": bytes, "keys": !self.without_keys }), || {
            let keep = if self.without_keys {
                "Its keys are not in it: keep them apart."
            } else {
                "It holds the node's keys: keep it like them, outside this building, and never run it while the node runs."
            };
            format!("{} written, {bytes} bytes. {keep}", self.file.display())
        });
        Ok(())
    }

    fn take(&self, client: &Client, unfinished: &Path) -> Result<u64, Failed> {
        let mut options = OpenOptions::new();
        let opened = options.write(true).create(true).truncate(true).mode(0o600).open(unfinished);
        let named = |error: std::io::Error| Failed::failure(format!("{}: {error}", unfinished.display()));
        let mut file = opened.map_err(named)?;
        let path = if self.without_keys { "/api/v1/backup?keys=false" } else { "/api/v1/backup" };
        let bytes = runtime()?.block_on(client.download(path, &mut file))?;
        file.sync_all().map_err(named)?;
        // What was written is read again, so that a backup which cannot be restored is never called one.
        backup::check(unfinished).map_err(|error| failed(&error))?;
        Ok(bytes)
    }
}

impl Restore {
    pub(super) fn run(&self, say: &Say) -> Result<(), Failed> {
        File::open(&self.file)
            .map_err(|error| Failed::new(Exit::Usage, format!("{}: {error}", self.file.display())))?;
        let restored = backup::restore(&self.file, &self.dir).map_err(|error| failed(&error))?;
        let backup::Restored { manifest, bytes } = &restored;
        let dir = self.dir.display();
        say.answer(&json!({ "dir": self.dir, "bytes": bytes, "manifest": manifest }), || {
            let keys = if manifest.with_keys {
                String::new()
            } else {
                format!("It holds no keys: put node.key, operator.token and network.key (or swarm.key, if the network key never changed) into {dir} first; \
                     `symbiose keys take` takes a network key that another member prints with `symbiose keys hand`.\n")
            };
            format!(
                "{} files, {bytes} bytes, block {}, taken {}.\n{keys}Make sure that the old node never runs again, then: \
                 symbiose run --config {dir}/node.toml\nAn authority holds its votes back until the hive is past every \
                 block it may have voted on.",
                manifest.members.len(),
                manifest.height,
                manifest.time
            )
        });
        Ok(())
    }
}

fn unfinished(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

fn failed(error: &RestoreError) -> Failed {
    let exit = match error {
        RestoreError::Occupied(_) | RestoreError::Version { .. } => Exit::Usage,
        RestoreError::Damaged { .. } | RestoreError::Config(_) | RestoreError::Store(_) => Exit::Failure,
    };
    Failed::new(exit, error)
}
