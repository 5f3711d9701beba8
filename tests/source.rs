//! The repository's own text, for the tests that read it. Nothing is written.

use std::fs;
use std::path::{Path, PathBuf};

/// The crates, in the order of the README's map.
pub(crate) const CRATES: [&str; 7] = ["protocol", "ledger", "node", "web", "simulator", "testnet", "tests"];

/// A text file of the repository.
pub(crate) struct Source {
    /// Path from the top of the repository, with `/`.
    pub(crate) path: String,
    /// What it says.
    pub(crate) text: String,
}

impl Source {
    /// Its lines with their numbers from 1, without comments. Text inside string literals stays.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| {
            let comment = line.trim_start().starts_with("//");
            let code = if comment { "" } else { line.split_once(" //").map_or(line, |(code, _)| code) };
            (index + 1, code)
        })
    }

    /// Places where a word stands in the code, as `path:line`.
    pub(crate) fn places_of(&self, word: &str) -> Vec<String> {
        self.code()
            .filter(|(_, code)| has_word(code, word))
            .map(|(line, _)| format!("{}:{line}", self.path))
            .collect()
    }

    /// Whether the file lies under a folder or is that file.
    pub(crate) fn is_under(&self, place: &str) -> bool {
        self.path == place || self.path.starts_with(&format!("{place}/"))
    }
}

/// The top of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace")
}

/// A file at the top.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every Rust file of the crates, in order of path.
pub(crate) fn rust_files() -> Vec<Source> {
    let files: Vec<Source> = texts().into_iter().filter(|source| source.path.ends_with(".rs")).collect();
    assert!(files.len() > 50, "only {} Rust files found under {}", files.len(), root().display());
    files
}

/// Every text file of the crates and of the top that people write: sources, documents, configuration.
pub(crate) fn texts() -> Vec<Source> {
    let mut paths = Vec::new();
    for name in CRATES.iter().copied().chain([".ci", ".cargo", ".config"]) {
        collect(&root().join(name), &mut paths);
    }
    for name in ["README.md", "Cargo.toml", ".clippy.toml", ".rustfmt.toml", ".gitignore"] {
        paths.extend(Some(root().join(name)).filter(|path| path.is_file()));
    }
    paths.sort();
    paths
        .into_iter()
        .filter_map(|path| {
            let text = fs::read_to_string(&path).ok()?;
            let path = path.strip_prefix(root()).ok()?.to_string_lossy().replace('\\', "/");
            Some(Source { path, text })
        })
        .collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    const PASSED_OVER: [&str; 4] = ["target", "node_modules", "dist", "package-lock.json"];
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if PASSED_OVER.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        if path.is_dir() { collect(&path, paths) } else { paths.push(path) }
    }
}

/// Whether `word` stands in `code` and is not part of a longer name.
pub(crate) fn has_word(code: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts_name = word.starts_with(part_of_name);
    let ends_name = word.ends_with(part_of_name);
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back().is_some_and(part_of_name);
        let after = code[at + word.len()..].chars().next().is_some_and(part_of_name);
        !(starts_name && before || ends_name && after)
    })
}

#[test]
fn words_are_whole() {
    assert!(has_word("use sled::Db;", "sled"));
    assert!(has_word("std::fs::read", "std::fs"));
    assert!(!has_word("unfurled(sledge)", "sled"));
    assert!(!has_word("crate::shell::store", "ell"));
    assert!(has_word("x.unwrap()", ".unwrap()"));
}
