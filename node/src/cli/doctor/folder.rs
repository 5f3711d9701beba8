//! What `doctor` finds in the data folder: every file of every kind, read from beginning to end.

use super::Finding;
use crate::cli::init::read_genesis;
use crate::config::Config;
use crate::shell::store::check::{self, Checked};
use crate::shell::store::{StoreError, archive};

/// What to do about damage to files of a kind.
const LEDGER: &str =
    "Start the node: what is damaged is fetched from the hive again. If it happens again, replace the disk.";
const VOTES: &str =
    "Start the node: it does not sign at the height in progress. If it happens again, replace the disk.";
const RECORDS: &str =
    "Start the node: what can be read is kept; if records are missing, restore a backup. Replace the disk.";
const READINGS: &str =
    "What can be read is kept and the rest is counted. If it happens again, replace the disk.";
const PHOTOS: &str = "Remove the photo, or restore a backup. If it happens again, replace the disk.";

pub(super) fn examine(config: &Config) -> Vec<Finding> {
    let genesis = read_genesis(&config.genesis);
    let telemetry = config.in_data("telemetry");
    let mut findings = Vec::new();
    if let Ok(genesis) = &genesis {
        findings.push(finding("blocks", check::blocks(&config.in_data("blocks.log"), genesis), LEDGER));
        findings.push(finding("votes", check::votes(&config.in_data("wal"), &genesis.chain()), VOTES));
    }
    findings.push(finding("records", check::building(&config.in_data("building.log")), RECORDS));
    findings.push(finding("readings", check::telemetry_log(&telemetry), READINGS));
    findings.push(finding("days", check::days(&archive::dir_in(&telemetry)), READINGS));
    findings.push(finding("photos", check::photos(&config.in_data("photos")), PHOTOS));
    findings
}

fn finding(what: &'static str, checked: Result<Checked, StoreError>, advice: &'static str) -> Finding {
    match checked {
        Err(error) => Finding::bad(what, error.to_string(), advice),
        Ok(Checked { files, bytes, wrong }) if wrong.is_empty() => {
            Finding::good(what, format!("{files} files, {} KiB, all whole", bytes.div_ceil(1024)))
        }
        Ok(Checked { files, wrong, .. }) => {
            let shown = wrong.iter().take(5).cloned().collect::<Vec<_>>().join("; ");
            Finding::bad(what, format!("{} of {files} files: {shown}", wrong.len()), advice)
        }
    }
}
