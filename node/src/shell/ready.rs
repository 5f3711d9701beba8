//! What a node says of its health, and `ready.json`, by which whoever started it learns where it listens.

use std::collections::BTreeMap;
use std::path::Path;

use protocol::{Address, PublicKey, UnixMs};
use serde::{Deserialize, Serialize};
use web::Time;
use web::view::{HealthItem, HealthState, HealthView, HealthWeight, Readiness, Reason};

use super::advice;
use super::event::Finding;
use super::store::{StoreError, file};

/// `ready.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyFile {
    /// The process.
    pub pid: u32,
    /// Base URL of the page and its API.
    pub http: String,
    /// Base URL with https for the building's network, if that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub https: Option<String>,
    /// Multiaddress with peer id.
    pub p2p: String,
    /// The node's address: 40 hex digits.
    pub address: String,
    /// Its key: 64 hex digits.
    pub public_key: String,
}

impl ReadyFile {
    /// Of this process.
    pub fn new(http: String, https: Option<String>, p2p: String, key: &PublicKey) -> Self {
        let address = Address::of(key).to_string();
        Self { pid: std::process::id(), http, https, p2p, address, public_key: key.to_string() }
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

/// Readings and photos are refused while this reason holds.
pub const DISK_FULL: &str = "disk_full";

/// How much a reason matters. Most serious first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// The node is unfit for work.
    NotReady,
    /// It works, and somebody should look at it before it does not.
    Attention,
    /// Worth knowing.
    Notice,
}

/// The reasons that hold now, by code.
#[derive(Debug, Clone, Default)]
pub struct Health {
    reasons: BTreeMap<&'static str, Held>,
}

#[derive(Debug, Clone)]
struct Held {
    weight: Weight,
    text: String,
    since: Option<UnixMs>,
}

impl Health {
    /// A reason holds, with this text from now on.
    pub fn set(&mut self, code: &'static str, weight: Weight, text: impl Into<String>) {
        let since = self.reasons.get(code).and_then(|held| held.since);
        self.reasons.insert(code, Held { weight, text: text.into(), since });
    }

    /// A reason no longer holds.
    pub fn clear(&mut self, code: &'static str) {
        self.reasons.remove(code);
    }

    /// Takes note of what was found of the machine.
    pub(super) fn take_in(&mut self, findings: Vec<Finding>) {
        for Finding { code, held } in findings {
            match held {
                Some((weight, text)) => self.set(code, weight, text),
                None => self.clear(code),
            }
        }
    }

    /// Whether a reason holds.
    pub fn has(&self, code: &str) -> bool {
        self.reasons.contains_key(code)
    }

    /// Reasons that are new hold since now.
    pub fn stamp(&mut self, now: UnixMs) {
        for held in self.reasons.values_mut() {
            held.since.get_or_insert(now);
        }
    }

    /// May the node be trusted with work. Most serious first.
    pub fn readiness(&self) -> Readiness {
        let ready = self.reasons.values().all(|held| held.weight != Weight::NotReady);
        let told = |(code, held): (&str, &Held)| Reason { code: code.to_owned(), text: held.text.clone() };
        Readiness { ready, reasons: self.sorted().map(told).collect() }
    }

    /// The same for people, with what to do about it.
    pub fn view(&self) -> HealthView {
        let items: Vec<HealthItem> = self.sorted().map(|(code, held)| item(code, held)).collect();
        let state = match self.reasons.values().map(|held| held.weight).min() {
            Some(Weight::NotReady) => HealthState::NotReady,
            Some(Weight::Attention) => HealthState::Attention,
            Some(Weight::Notice) | None => HealthState::Ok,
        };
        HealthView { state, items }
    }

    fn sorted(&self) -> impl Iterator<Item = (&'static str, &Held)> {
        let mut reasons: Vec<_> = self.reasons.iter().map(|(code, held)| (*code, held)).collect();
        reasons.sort_by_key(|(code, held)| (held.weight, *code));
        reasons.into_iter()
    }
}

fn item(code: &str, held: &Held) -> HealthItem {
    let weight = match held.weight {
        Weight::NotReady => HealthWeight::NotReady,
        Weight::Attention => HealthWeight::Attention,
        Weight::Notice => HealthWeight::Notice,
    };
    HealthItem {
        id: code.to_owned(),
        weight,
        text: held.text.clone(),
        advice: advice::on(code).to_owned(),
        since: held.since.map(Time::from),
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

    #[test]
    fn people_are_told_what_to_do_and_since_when() {
        let mut health = Health::default();
        assert_eq!(health.view(), HealthView::default());
        health.set("index_rebuilt", Weight::Notice, "The index was derived again.");
        assert_eq!(health.view().state, HealthState::Ok);
        health.stamp(UnixMs(1_000));
        health.set("disk_low", Weight::Attention, "The disk has 400 MiB left.");
        health.stamp(UnixMs(2_000));
        health.set("disk_low", Weight::Attention, "The disk has 300 MiB left.");
        health.stamp(UnixMs(3_000));
        let view = health.view();
        assert_eq!(view.state, HealthState::Attention);
        assert!(health.readiness().ready, "attention is not unready");
        assert_eq!(view.items[0].text, "The disk has 300 MiB left.");
        assert!(!view.items[0].advice.is_empty());
        let since: Vec<_> = view.items.iter().map(|item| item.since.map(|time| time.ms())).collect();
        assert_eq!(since, [Some(2_000), Some(1_000)], "since it began, not since it was said again");
    }
}
