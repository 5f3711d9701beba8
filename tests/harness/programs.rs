//! The programs under test, built once per test run if they are not up to date.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// Names a folder with ready-made programs and skips the build.
const READY_MADE_VARIABLE: &str = "SYMBIOSE_PROGRAMS";

/// The folder cargo builds into.
pub(crate) fn target() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let profile =
        own.ancestors().find(|folder| folder.ends_with("deps")).expect("cargo puts tests into deps");
    profile.parent().and_then(Path::parent).expect("deps lies in target/PROFILE").to_owned()
}

/// The node.
pub(crate) fn symbiose() -> Command {
    program("symbiose")
}

/// The neighbourhood.
pub(crate) fn testnet() -> Command {
    let mut command = program("testnet");
    command.env("SYMBIOSE_BIN", folder().join("symbiose"));
    command.env("SYMBIOSE_HOSTILE_BIN", folder().join("hostile"));
    command
}

/// The attacker.
pub(crate) fn hostile() -> Command {
    program("hostile")
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Run {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().unwrap();
    Run {
        exit: status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&stdout).into_owned(),
        err: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

/// How a command ended and what it said.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) exit: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// Its answer, if it ended well.
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.exit, 0, "{self:?}");
        self.out
    }
}

fn program(name: &str) -> Command {
    let mut command = Command::new(folder().join(name));
    // A story says itself what its processes are told.
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("SYMBIOSE") {
            command.env_remove(variable);
        }
    }
    command
}

fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        if let Some(ready_made) = std::env::var_os(READY_MADE_VARIABLE) {
            return PathBuf::from(ready_made);
        }
        let mut build = testnet::binary::cargo();
        build.args(["build", "--release", "--workspace", "--bins", "--quiet", "--target-dir"]).arg(target());
        let built = run(build.current_dir(crate::source::root()));
        assert_eq!(built.exit, 0, "the programs do not build:\n{}", built.err);
        target().join("release")
    })
}
