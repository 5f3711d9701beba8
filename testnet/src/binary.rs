//! Where the programs `symbiose` and `hostile` are, built first when they are missing or older than their sources.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::error::{Error, Result};

/// Names a ready-made `symbiose` and skips the build.
pub const BINARY_VARIABLE: &str = "SYMBIOSE_BIN";

/// Names a ready-made `hostile` and skips the build.
pub const HOSTILE_VARIABLE: &str = "SYMBIOSE_HOSTILE_BIN";

/// The program the nodes run. Builds it, with cargo's progress on standard error, unless it is up to date.
pub fn symbiose() -> Result<PathBuf> {
    program("symbiose", "node", BINARY_VARIABLE)
}

/// The program that attacks them, likewise.
pub fn hostile() -> Result<PathBuf> {
    program("hostile", "hostile", HOSTILE_VARIABLE)
}

fn program(name: &str, package: &str, variable: &str) -> Result<PathBuf> {
    if let Some(given) = std::env::var_os(variable) {
        let given = PathBuf::from(given);
        if given.is_file() {
            return Ok(given);
        }
        return Err(Error::Usage(format!("{variable} names no file: {}", given.display())));
    }
    let binary = release_folder()?.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if is_fresh(&binary) {
        return Ok(binary);
    }
    match workspace() {
        Some(workspace) => build(&workspace, package, &binary),
        None if binary.is_file() => Ok(binary),
        None => Err(Error::Build(format!("there is neither {} nor its source", binary.display()))),
    }
}

/// `<target>/release` of the target folder this executable lies in.
fn release_folder() -> Result<PathBuf> {
    let own = std::env::current_exe().map_err(Error::file("find", Path::new("this executable")))?;
    let profile =
        own.ancestors().skip(1).find(|folder| folder.file_name().is_some_and(|name| name != "deps"));
    let target = profile.and_then(Path::parent).unwrap_or(Path::new("."));
    Ok(target.join("release"))
}

/// The source tree this crate was compiled in, if it is still there.
fn workspace() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    workspace.join("node/Cargo.toml").is_file().then(|| workspace.to_owned())
}

/// Whether no source named in cargo's dependency file is younger than the program.
fn is_fresh(binary: &Path) -> bool {
    let Ok(built) = modified(binary) else { return false };
    let Ok(list) = fs::read_to_string(binary.with_extension("d")) else { return false };
    let lock = workspace().map(|workspace| workspace.join("Cargo.lock"));
    let mut sources = sources(&list).into_iter().chain(lock);
    sources.all(|source| modified(&source).is_ok_and(|changed| changed <= built))
}

/// The files of a make rule `target: source source`; a space inside a name is written `\ `.
fn sources(list: &str) -> Vec<PathBuf> {
    let Some((_, names)) = list.split_once(": ") else { return Vec::new() };
    let names = names.lines().next().unwrap_or_default().replace("\\ ", "\0");
    names.split_whitespace().map(|name| PathBuf::from(name.replace('\0', " "))).collect()
}

fn modified(path: &Path) -> std::io::Result<SystemTime> {
    fs::metadata(path)?.modified()
}

/// Cargo as an operator calls it. What the cargo that runs this program says of its package is taken away: build scripts
/// watch it (ring's does), and would compile half the dependencies anew, here and at the next call outside.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (variable, _) in std::env::vars_os() {
        let name = variable.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"]
            .iter()
            .any(|part| name.starts_with(part))
        {
            command.env_remove(&variable);
        }
    }
    command
}

fn build(workspace: &Path, package: &str, binary: &Path) -> Result<PathBuf> {
    let target = binary.parent().and_then(Path::parent).unwrap_or(Path::new("target"));
    let status = cargo()
        .args(["build", "--release", "--package", package, "--bins", "--target-dir"])
        .arg(target)
        .current_dir(workspace)
        .status()
        .map_err(|error| Error::Build(format!("cargo did not start: {error}")))?;
    if !status.success() {
        return Err(Error::Build(format!("cargo build ended with {status}; its messages are above")));
    }
    Ok(binary.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dependency_file_is_read_with_its_escapes() {
        let list = "/t/release/symbiose: /src/node/main.rs /src/my\\ web/lib.rs\n\n/src/node/main.rs:\n";
        assert_eq!(sources(list), [PathBuf::from("/src/node/main.rs"), PathBuf::from("/src/my web/lib.rs")]);
    }

    #[test]
    fn a_younger_source_makes_the_program_stale() {
        let dir = std::env::temp_dir().join(format!("symbiose-fresh-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let (binary, source) = (dir.join("symbiose"), dir.join("main.rs"));
        fs::write(&source, "").unwrap();
        fs::write(&binary, "").unwrap();
        fs::write(dir.join("symbiose.d"), format!("{}: {}\n", binary.display(), source.display())).unwrap();
        let later = modified(&binary).unwrap() + std::time::Duration::from_secs(3600);
        fs::File::open(&binary).unwrap().set_modified(later).unwrap();
        assert!(is_fresh(&binary));
        fs::File::open(&source).unwrap().set_modified(later + std::time::Duration::from_secs(1)).unwrap();
        assert!(!is_fresh(&binary));
        fs::remove_dir_all(&dir).unwrap();
        assert!(!is_fresh(&binary));
    }
}
