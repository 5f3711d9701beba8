//! Good bytes for the fuzzers to start from: the samples, the messages of simulated runs, the files of a real data folder.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{ALL, wire};

/// Writes a folder per fuzzer. `messages` are such as travelled between nodes; `data` is the data folder of a node.
/// Answers how many files there are.
pub fn write_corpus(folder: &Path, messages: &[Vec<u8>], data: &Path) -> io::Result<usize> {
    let mut written = Written { folder, names: BTreeSet::new() };
    for decoder in &ALL {
        (decoder.seeds)().iter().try_for_each(|seed| written.add(decoder.name, seed))?;
    }
    for message in messages {
        if let Some(input) = wire::input_of(message) {
            written.add("wire", &input)?;
        }
        if let Ok(len) = u16::try_from(message.len()) {
            written.add("hive", &[&[4], len.to_be_bytes().as_slice(), message].concat())?;
        }
    }
    for path in files_under(&Path::new(env!("CARGO_MANIFEST_DIR")).join("decoders/found"))? {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(decoder) = ALL.iter().find(|decoder| name.starts_with(&format!("{}-", decoder.name))) {
            written.add(decoder.name, &fs::read(&path)?)?;
        }
    }
    for path in files_under(data)? {
        for name in readers_of(&path) {
            written.add(name, &fs::read(&path)?)?;
        }
    }
    Ok(written.names.len())
}

struct Written<'a> {
    folder: &'a Path,
    names: BTreeSet<PathBuf>,
}

impl Written<'_> {
    fn add(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder)?;
        let path = folder.join(&blake3::hash(bytes).to_hex()[..16]);
        fs::write(&path, bytes)?;
        self.names.insert(path);
        Ok(())
    }
}

fn files_under(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

/// Which fuzzers read a file of this name.
fn readers_of(path: &Path) -> &'static [&'static str] {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match (name, extension) {
        ("wal", _) => &["vote_log"],
        ("building.log", _) => &["building_log"],
        (_, "toml") => &["configuration", "policies"],
        (_, "seg" | "open" | "roll") => &["day_file"],
        (name, "log") if name.starts_with("blocks") => &["block_log"],
        (name, "log") if name.starts_with("telemetry") => &["telemetry_log"],
        _ => &[],
    }
}
