//! What a node says of its health, and `ready.json`, by which whoever started it learns where it listens.

use std::collections::BTreeMap;
use std::path::Path;

use protocol::{Address, PublicKey};
use serde::{Deserialize, Serialize};
use web::view::{Readiness, Reason};

use super::store::{StoreError, file};

/// `ready.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyFile {
    /// The process.
    pub pid: u32,
    /// Base URL of the page and its API.
    pub http: String,
    /// Multiaddress with peer id.
    pub p2p: String,
    /// The node's address: 40 hex digits.
    pub address: String,
    /// Its key: 64 hex digits.
    pub public_key: String,
}

impl ReadyFile {
    /// Of this process.
    pub fn new(http: String, p2p: String, key: &PublicKey) -> Self {
        let address = Address::of(key).to_string();
        Self { pid: std::process::id(), http, p2p, address, public_key: key.to_string() }
    }

    /// Writes it into a data folder, whole.
    pub fn write(&self, data_dir: &Path) -> Result<(), StoreError> {
        let text = serde_json::to_vec_pretty(self).expect("invariant: plain text and numbers");
        file::replace(&data_dir.join("ready.json"), &text, 0o644)
    }

    /// Reads it from a data folder.
    pub fn read(data_dir: &Path) -> Option<Self> {
        let bytes = file::read(&data_dir.join("ready.json"), 64 * 1024).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Removes it: the node of this folder is not ready.
    pub fn remove(data_dir: &Path) -> Result<(), StoreError> {
        let path = data_dir.join("ready.json");
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StoreError::at("remove", &path)(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// Whether a reason makes the node unfit for work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It is.
    NotReady,
    /// Worth knowing.
    Notice,
}

/// The reasons that hold now, by code.
#[derive(Debug, Clone, Default)]
pub struct Health {
    reasons: BTreeMap<&'static str, (Weight, String)>,
}

impl Health {
    /// A reason holds, with this text from now on.
    pub fn set(&mut self, code: &'static str, weight: Weight, text: impl Into<String>) {
        self.reasons.insert(code, (weight, text.into()));
    }

    /// A reason no longer holds.
    pub fn clear(&mut self, code: &'static str) {
        self.reasons.remove(code);
    }

    /// Most serious first.
    pub fn readiness(&self) -> Readiness {
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by_key(|(code, (weight, _))| (*weight, **code));
        let ready = reasons.iter().all(|(_, (weight, _))| *weight == Weight::Notice);
        let told = |(code, (_, text)): (&&str, &(Weight, String))| Reason {
            code: (*code).to_owned(),
            text: text.clone(),
        };
        Readiness { ready, reasons: reasons.into_iter().map(told).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_does_not_make_unready_and_comes_last() {
        let mut health = Health::default();
        assert!(health.readiness().ready);
        health.set("a_notice", Weight::Notice, "The index was derived again.");
        assert!(health.readiness().ready);
        health.set("disk_full", Weight::NotReady, "The disk is full.");
        let readiness = health.readiness();
        assert!(!readiness.ready);
        let codes: Vec<_> = readiness.reasons.iter().map(|reason| reason.code.as_str()).collect();
        assert_eq!(codes, ["disk_full", "a_notice"]);
        health.clear("disk_full");
        assert!(health.readiness().ready);
    }
}
