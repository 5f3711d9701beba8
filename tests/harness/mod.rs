//! Real processes for the stories: one building, or a neighbourhood under the testnet. Everything a story sees is what
//! an operator, a gateway or a phone would see.

pub(crate) mod building;
pub(crate) mod hive;
pub(crate) mod hostile;
pub(crate) mod http;
pub(crate) mod https;
pub(crate) mod island;
pub(crate) mod programs;
pub(crate) mod residents;
pub(crate) mod signer;
pub(crate) mod time;
pub(crate) mod wait;

pub(crate) use building::Building;
pub(crate) use hive::{Hive, Node, decide};
pub(crate) use http::{Answer, Client};
pub(crate) use residents::House;
pub(crate) use signer::Signer;
pub(crate) use wait::{always, until};

use std::path::PathBuf;

/// An empty folder for one story.
pub(crate) fn story_folder(name: &str) -> PathBuf {
    let folder = programs::target().join("stories").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Says that something cannot be tried on this machine, past the test runner's capture: a test that proves nothing must
/// not look like one that does. `tests/run` tells it.
pub(crate) fn pass_over(what: &str) {
    use std::io::Write as _;
    // Where this cannot be said there is nobody to read it.
    let _ = writeln!(std::io::stderr(), "\npassed over: {what}");
}
