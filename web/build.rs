//! Builds the page in `ui` with Node.js into `OUT_DIR` and packs each file once, so that the crate embeds it.
//! `SYMBIOSE_WEB_DIST=<folder>` takes a page built elsewhere instead. Nothing is written beside the sources but
//! `node_modules`, which `npm ci` fills when the lock file changed.

#![expect(clippy::print_stderr, reason = "what a build script says there is shown when it fails")]

use flate2::{Compression, write::GzEncoder};
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

const DIST: &str = "SYMBIOSE_WEB_DIST";
const INPUTS: [&str; 8] = [
    "src",
    "public",
    "index.html",
    "package.json",
    "package-lock.json",
    "vite.config.ts",
    "svelte.config.js",
    "tsconfig.json",
];

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\n{message}\n");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), String> {
    println!("cargo:rerun-if-env-changed={DIST}");
    println!("cargo:rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?).join("web");
    println!("cargo:rustc-env=SYMBIOSE_WEB_OUT={}", out.display());
    if out.exists() {
        fs::remove_dir_all(&out).map_err(|error| format!("cannot empty {}: {error}", out.display()))?;
    }
    match env::var_os(DIST) {
        Some(dist) => {
            println!("cargo:rerun-if-changed={}", Path::new(&dist).display());
            copy(Path::new(&dist), &out)
                .map_err(|error| format!("cannot copy {DIST} ({dist:?}): {error}"))?;
        }
        None => build_page(&out)?,
    }
    pack(&out).map_err(|error| format!("cannot compress the page: {error}"))
}

fn build_page(out: &Path) -> Result<(), String> {
    let ui = Path::new("ui");
    for input in INPUTS {
        println!("cargo:rerun-if-changed={}", ui.join(input).display());
    }
    install(ui)?;
    let vite =
        ["exec", "--offline", "--", "vite", "build", "--logLevel", "warn", "--emptyOutDir", "--outDir"];
    npm(ui, vite.iter().map(OsStr::new).chain([out.as_os_str()]))
}

/// Runs `npm ci` when the lock file is not the one `node_modules` was made from.
fn install(ui: &Path) -> Result<(), String> {
    let stamp = ui.join("node_modules/.symbiose-lock");
    let lock = fs::read(ui.join("package-lock.json"))
        .map_err(|error| format!("cannot read package-lock.json: {error}"))?;
    if fs::read(&stamp).is_ok_and(|stamped| stamped == lock) {
        return Ok(());
    }
    npm(ui, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"].map(OsStr::new))?;
    fs::write(&stamp, lock).map_err(|error| format!("cannot write {}: {error}", stamp.display()))
}

fn npm<'a>(ui: &Path, arguments: impl IntoIterator<Item = &'a OsStr>) -> Result<(), String> {
    let output =
        Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" }).args(arguments).current_dir(ui).output();
    let output = output.map_err(|error| {
        format!(
            "The page needs Node.js 20.19 or newer with npm, which could not be started ({error}). Install it, or set \
             {DIST} to a folder with an already built page."
        )
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let node = Command::new("node").arg("--version").output().map(|node| node.stdout).unwrap_or_default();
    Err(format!(
        "Building the page failed (it needs Node.js 20.19 or newer, found {}):\n{}",
        String::from_utf8_lossy(&node).trim(),
        String::from_utf8_lossy(&said)
    ))
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Writes `name.gz` beside each file that gets smaller.
fn pack(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            pack(&path)?;
            continue;
        }
        if path.extension() == Some(OsStr::new("gz")) {
            continue;
        }
        let plain = fs::read(&path)?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&plain)?;
        let packed = encoder.finish()?;
        if packed.len() < plain.len() {
            let mut name = path.into_os_string();
            name.push(".gz");
            fs::write(name, packed)?;
        }
    }
    Ok(())
}
