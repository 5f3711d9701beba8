//! `policies`: the policies of a running node as a text, to keep, to edit and to take to another building.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use protocol::limits::POLICIES_TEXT_BYTES_MAX;
use web::view::ImportView;

use super::client::Client;
use super::say::Say;
use super::{Exit, Failed, runtime};

const PATH: &str = "/api/v1/policies.toml";

#[derive(Debug, Subcommand)]
pub(super) enum Policies {
    /// Write all policies to a file.
    Export {
        /// The file; `-` prints them.
        file: PathBuf,
        /// The node's data folder.
        #[arg(long, default_value = ".")]
        dir: PathBuf,
    },
    /// Take policies over from a file: all of them or, if anything is wrong with one, none.
    Import {
        /// The file.
        file: PathBuf,
        /// Only say what would change.
        #[arg(long)]
        preview: bool,
        /// The node's data folder.
        #[arg(long, default_value = ".")]
        dir: PathBuf,
    },
}

impl Policies {
    pub(super) fn run(&self, say: &Say) -> Result<(), Failed> {
        match self {
            Self::Export { file, dir } => export(file, dir, say),
            Self::Import { file, preview, dir } => import(file, *preview, dir, say),
        }
    }
}

fn export(file: &Path, dir: &Path, say: &Say) -> Result<(), Failed> {
    let text = runtime()?.block_on(Client::of(dir)?.get_text(PATH))?;
    if file == Path::new("-") {
        say.text(&text);
        return Ok(());
    }
    let shown = file.display();
    std::fs::write(file, text)
        .map_err(|error| Failed::failure(format!("{shown} cannot be written: {error}")))?;
    say.answer(&serde_json::json!({ "file": shown.to_string() }), || format!("policies are in {shown}"));
    Ok(())
}

fn import(file: &Path, is_preview: bool, dir: &Path, say: &Say) -> Result<(), Failed> {
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failed::new(Exit::Usage, format!("{shown} cannot be read: {error}")))?;
    if text.len() > POLICIES_TEXT_BYTES_MAX {
        let detail = format!("{shown} has {} bytes, at most {POLICIES_TEXT_BYTES_MAX} allowed", text.len());
        return Err(Failed::new(Exit::Usage, detail));
    }
    let path = if is_preview { format!("{PATH}?preview=true") } else { PATH.to_owned() };
    let imported: ImportView = runtime()?.block_on(Client::of(dir)?.put_text(&path, text))?;
    say.answer(&imported, || in_words(&imported, is_preview));
    Ok(())
}

fn in_words(imported: &ImportView, is_preview: bool) -> String {
    let would = if is_preview { "would be " } else { "" };
    let line = |what: &str, codes: &[String]| match codes {
        [] => format!("{would}{what}: none"),
        codes => format!("{would}{what}: {}", codes.join(", ")),
    };
    let lines = [
        line("added", &imported.created),
        line("changed", &imported.changed),
        format!("unchanged: {}", imported.unchanged.len()),
    ];
    lines.join("\n")
}
