//! The attacker of the stories: `hostile`, which speaks to a node with real keys and without manners.

use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::Value;

use super::{Node, programs};

/// An attack that is under way.
pub(crate) struct Attack {
    process: Child,
}

/// Attacks `target` with the keys in `dir` and waits until it is over. `flags` are those of the command.
pub(crate) fn attack(what: &str, target: &Node, dir: &Path, flags: &[&str]) -> Value {
    start(what, target, dir, flags).report()
}

/// Begins an attack.
pub(crate) fn start(what: &str, target: &Node, dir: &Path, flags: &[&str]) -> Attack {
    let mut command = programs::hostile();
    command.args([what, "--target", &target.p2p, "--dir"]).arg(dir).args(flags);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Attack { process: command.spawn().unwrap() }
}

impl Attack {
    /// What came of it, once it is over.
    pub(crate) fn report(self) -> Value {
        let output = self.process.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{complaint}"))
    }
}
