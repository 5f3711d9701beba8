//! Promises about the text itself: every file says what it is for, none is too long to read, nothing is left half done,
//! and the top of the repository shows seven rooms and nothing else.

use std::collections::BTreeSet;
use std::fs;

use crate::source::{CRATES, has_word, read, root, rust_files, texts};

/// Lines of a Rust file at the most. Most have 60 to 450.
const LINES_MAX: usize = 600;

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<String> = rust_files()
        .into_iter()
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| file.path)
        .collect();
    assert!(silent.is_empty(), "no `//!` sentence on top of {silent:#?}");
}

#[test]
fn every_file_can_be_read_in_one_go() {
    for file in rust_files() {
        let lines = file.text.lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines, at most {LINES_MAX}", file.path);
    }
}

#[test]
fn nothing_is_left_half_done() {
    let words =
        ["todo!", "unimplemented!", "dbg!", "#[ignore", "#[should_panic", "TODO", "FIXME", "XXX", "HACK"];
    let mut found = Vec::new();
    for file in texts().iter().filter(|file| file.path != "tests/tidy.rs") {
        for (number, line) in file.text.lines().enumerate() {
            let word = words
                .iter()
                .find(|word| line.contains(**word) && (has_word(line, word) || word.starts_with('#')));
            found.extend(word.map(|word| format!("{}:{}: {word}", file.path, number + 1)));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Tests wait for a state with a deadline; they do not sleep and hope.
#[test]
fn no_test_sleeps() {
    for file in rust_files() {
        let is_test =
            file.is_under("tests") || file.path.contains("/tests/") || file.path.ends_with("/tests.rs");
        if is_test && !["tests/tidy.rs", "tests/harness/wait.rs"].contains(&file.path.as_str()) {
            assert_eq!(file.places_of("thread::sleep"), [""; 0]);
        }
    }
}

#[test]
fn names_say_what_they_are() {
    const VAGUE: [&str; 6] = ["utils", "util", "helper", "helpers", "manager", "common"];
    for file in rust_files() {
        let names = file.path.trim_end_matches(".rs").split('/');
        let vague: Vec<&str> = names.filter(|name| VAGUE.contains(name)).collect();
        assert!(vague.is_empty(), "{}: {vague:?} says nothing", file.path);
    }
}

/// The repository speaks of itself alone.
#[test]
fn no_workplace_in_the_text() {
    const FOREIGN: [&str; 6] =
        ["/work/", "/tmp/b/", "shared/reference", "DESIGN.md", "STYLE.md", "the brief"];
    let mut found = Vec::new();
    for file in texts().iter().filter(|file| file.path != "tests/tidy.rs") {
        for (number, line) in file.text.lines().enumerate() {
            // A page of the house is called so, too.
            let line = line.replace("#/work/", "");
            let foreign = FOREIGN.iter().find(|foreign| line.contains(**foreign));
            found.extend(foreign.map(|foreign| format!("{}:{}: {foreign}", file.path, number + 1)));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_top_shows_the_house_and_nothing_else() {
    let allowed: BTreeSet<&str> = CRATES
        .into_iter()
        .chain(["Cargo.toml", "Cargo.lock", "README.md", "LICENSE-MIT", "LICENSE-APACHE"])
        .collect();
    let visible: BTreeSet<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && name != "target")
        .collect();
    for name in &visible {
        assert!(allowed.contains(name.as_str()), "{name} does not belong to the top");
    }
    for name in allowed {
        assert!(visible.contains(name), "{name} is missing at the top");
    }
}

#[test]
fn the_readme_names_every_room_and_both_commands() {
    let readme = read("README.md");
    for name in CRATES {
        assert!(has_word(&readme, name), "README.md does not name {name}");
    }
    for command in ["cargo testnet", "tests/run"] {
        assert!(readme.contains(command), "README.md does not say `{command}`");
    }
}

#[test]
fn every_crate_explains_itself() {
    for name in CRATES {
        let text = read(&format!("{name}/README.md"));
        assert!(text.contains("## Decisions"), "{name}/README.md does not tell its decisions");
        let manifest = read(&format!("{name}/Cargo.toml"));
        assert!(
            manifest.contains("description = ") && manifest.contains("workspace = true"),
            "{name}/Cargo.toml"
        );
    }
}

/// Links between our own documents lead somewhere.
#[test]
fn links_lead_somewhere() {
    for file in texts().iter().filter(|file| file.path.ends_with(".md")) {
        let folder = root().join(&file.path).parent().unwrap().to_owned();
        for link in
            file.text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link)
        {
            let path = link.split('#').next().unwrap();
            let outside = path.is_empty() || path.contains("://") || path.starts_with("mailto:");
            assert!(outside || folder.join(path).exists(), "{}: {link} leads nowhere", file.path);
        }
    }
}
