//! Where the log goes: words for people on a terminal, JSON lines otherwise, and with `log.file` into files that are
//! turned over before they grow large. Under systemd the journal keeps the log, and no file is written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry};

use crate::config::{Log, LogForm};

/// What is logged unless `RUST_LOG` says otherwise. The engine tells each vote at its level `info`.
const DEFAULT: &str = "info,arc_malachitebft_core_consensus=warn,arc_malachitebft_core_driver=warn,libp2p_swarm=warn,libp2p_gossipsub=error";

/// Starts the log of this process. A file that cannot be opened is an error; one that fills its disk later is not.
pub(super) fn start(log: &Log) -> io::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let is_journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let is_terminal = io::stderr().is_terminal();
    let file = log.file.as_deref().filter(|_| !is_journal);
    let to_file = match file {
        Some(path) => {
            let file = Turning::open(path, log.file_bytes_max, log.files)?;
            Some(json().with_writer(Mutex::new(file)).boxed())
        }
        None => None,
    };
    let for_people = match log.form {
        LogForm::Auto => is_terminal,
        LogForm::Human => true,
        LogForm::Json => false,
    };
    // With a file, standard error is for whoever sits before it.
    let to_error = match (file.is_some() && !is_terminal, for_people) {
        (true, _) => None,
        (false, true) => {
            Some(tracing_subscriber::fmt::layer().with_ansi(colours()).with_writer(io::stderr).boxed())
        }
        (false, false) => Some(json().with_writer(io::stderr).boxed()),
    };
    let layers: Vec<_> = [to_file, to_error].into_iter().flatten().collect();
    tracing_subscriber::registry().with(layers.with_filter(filter)).init();
    Ok(())
}

type Json = tracing_subscriber::fmt::Layer<
    Registry,
    tracing_subscriber::fmt::format::JsonFields,
    tracing_subscriber::fmt::format::Format<tracing_subscriber::fmt::format::Json>,
>;

fn json() -> Json {
    tracing_subscriber::fmt::layer().json().flatten_event(true)
}

fn colours() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// A file that is turned over when it is full: `node.log`, then `node.log.1` and so on, the oldest going.
#[derive(Debug)]
struct Turning {
    path: PathBuf,
    file: File,
    len: u64,
    bytes_max: u64,
    files: u32,
}

impl Turning {
    fn open(path: &Path, bytes_max: u64, files: u32) -> io::Result<Self> {
        let file = append(path)?;
        let len = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, len, bytes_max, files })
    }

    fn turn(&mut self) -> io::Result<()> {
        for number in (1..self.files.saturating_sub(1)).rev() {
            match fs::rename(self.older(number), self.older(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        if self.files > 1 {
            fs::rename(&self.path, self.older(1))?;
        } else {
            self.file.set_len(0)?;
        }
        self.file = append(&self.path)?;
        self.len = 0;
        Ok(())
    }

    fn older(&self, number: u32) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        name.into()
    }
}

impl Write for Turning {
    /// A whole line, or nothing when the disk does not take it: the log never stops the node.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.len > 0 && self.len + line.len() as u64 > self.bytes_max && self.turn().is_err() {
            return Ok(line.len());
        }
        if self.file.write_all(line).is_ok() {
            self.len += line.len() as u64;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o640).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::store::scratch::Scratch;

    #[test]
    fn the_log_never_takes_more_than_its_room() {
        let scratch = Scratch::new("logs");
        let path = scratch.path().join("node.log");
        let mut log = Turning::open(&path, 1_000, 3).unwrap();
        for number in 0..200 {
            log.write_all(format!("{number:>99}\n").as_bytes()).unwrap();
        }
        let mut names: Vec<_> =
            fs::read_dir(scratch.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["node.log", "node.log.1", "node.log.2"]);
        let whole: u64 =
            names.iter().map(|name| fs::metadata(scratch.path().join(name)).unwrap().len()).sum();
        assert_eq!(whole, 3_000);
        let newest = fs::read_to_string(&path).unwrap();
        assert!(newest.trim_end().ends_with("199") && newest.lines().all(|line| line.len() == 99));
        assert!(fs::read_to_string(log.older(2)).unwrap().trim_start().starts_with("170"));
        drop(log);
        let mut log = Turning::open(&path, 1_000, 3).unwrap();
        log.write_all(&[b'x'; 2_000]).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), 2_000, "a line is never cut in two");
    }

    #[test]
    fn a_log_of_one_file_starts_anew() {
        let scratch = Scratch::new("logs-one");
        let path = scratch.path().join("node.log");
        let mut log = Turning::open(&path, 100, 1).unwrap();
        for _ in 0..5 {
            log.write_all(&[b'x'; 60]).unwrap();
        }
        assert_eq!(fs::metadata(&path).unwrap().len(), 60);
    }
}
