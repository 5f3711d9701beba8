//! What is done to a file: one seed, one harm.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::folder::Prepared;
use crate::chance::Chance;
use crate::error::{Error, Result};

/// A page of a disk, bytes.
const PAGE: usize = 4096;

/// Files that are read in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Votes,
    Blocks,
    Building,
    TelemetryLog,
    Contents,
    DayOpen,
    DaySeg,
    DayRoll,
    Losses,
    Catalogue,
    Index,
    Photos,
    Users,
    ClaimCode,
    Books,
    Keys,
    Certificate,
    Configuration,
    Genesis,
    Witness,
}

/// All of them.
const KINDS: [Kind; 20] = [
    Kind::Votes,
    Kind::Blocks,
    Kind::Building,
    Kind::TelemetryLog,
    Kind::Contents,
    Kind::DayOpen,
    Kind::DaySeg,
    Kind::DayRoll,
    Kind::Losses,
    Kind::Catalogue,
    Kind::Index,
    Kind::Photos,
    Kind::Users,
    Kind::ClaimCode,
    Kind::Books,
    Kind::Keys,
    Kind::Certificate,
    Kind::Configuration,
    Kind::Genesis,
    Kind::Witness,
];

impl Kind {
    /// The kind of a file by its place in the folder; none for what a node writes for others to read.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let top = path.components().next()?.as_os_str().to_str()?;
        match (top, name, ending) {
            (_, "wal", _) => Some(Self::Votes),
            ("blocks.log", ..) => Some(Self::Blocks),
            (_, "building.log", _) => Some(Self::Building),
            (_, "losses.log", _) => Some(Self::Losses),
            (_, "catalogue", _) => Some(Self::Catalogue),
            (_, _, "open") => Some(Self::DayOpen),
            (_, _, "seg") => Some(Self::DaySeg),
            (_, _, "roll") => Some(Self::DayRoll),
            ("telemetry", _, "log") => Some(Self::TelemetryLog),
            ("telemetry", _, "contents") => Some(Self::Contents),
            ("index", ..) => Some(Self::Index),
            ("photos", ..) => Some(Self::Photos),
            (_, "users.cbor", _) => Some(Self::Users),
            (_, "reached", _) | (_, _, "reached" | "copy") => Some(Self::Witness),
            (_, "claim.code", _) => Some(Self::ClaimCode),
            (_, "wear.json" | "backup.json", _) => Some(Self::Books),
            (_, "https.key" | "https.crt", _) => Some(Self::Certificate),
            (_, "node.toml", _) => Some(Self::Configuration),
            (_, "genesis.cbor", _) => Some(Self::Genesis),
            (_, _, "key" | "token") => Some(Self::Keys),
            _ => None,
        }
    }

    /// What people call it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Votes => "vote log",
            Self::Blocks => "blocks",
            Self::Building => "building.log",
            Self::TelemetryLog => "telemetry log",
            Self::Contents => "contents of a segment",
            Self::DayOpen => "open day",
            Self::DaySeg => "merged day",
            Self::DayRoll => "sums of a day",
            Self::Losses => "losses.log",
            Self::Catalogue => "catalogue",
            Self::Index => "index",
            Self::Photos => "photos",
            Self::Users => "people and sessions",
            Self::ClaimCode => "code of the box",
            Self::Books => "wear and backup notes",
            Self::Keys => "keys",
            Self::Certificate => "certificate",
            Self::Configuration => "configuration",
            Self::Genesis => "genesis",
            Self::Witness => "notes of ends, and copies",
        }
    }

    /// Whether a node may refuse to start without it: nobody could tell it who it is.
    pub(super) const fn may_refuse(self) -> bool {
        matches!(self, Self::Keys | Self::Certificate | Self::Configuration | Self::Genesis)
    }
}

/// What happens to the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Blow {
    Bit { at: usize, bit: u8 },
    Byte { at: usize, to: u8 },
    Page { at: usize },
    Cut { to: usize },
    Junk { bytes: Vec<u8> },
    Swap { with: PathBuf },
    Gone,
}

/// A blow to one file of one prepared folder.
#[derive(Debug)]
pub(super) struct Harm<'a> {
    pub(super) source: &'a Prepared,
    path: PathBuf,
    kind: Kind,
    blow: Blow,
}

impl<'a> Harm<'a> {
    /// The harm of a seed.
    pub(super) fn draw(seed: u64, prepared: &'a [Prepared]) -> Result<Self> {
        let chance = Chance::new(seed, "damage");
        let source = &prepared[chance.pick(0, prepared.len())];
        let there: Vec<Kind> =
            KINDS.into_iter().filter(|kind| source.files.iter().any(|(_, of)| of == kind)).collect();
        let kind = there[chance.pick(1, there.len())];
        let files: Vec<&PathBuf> =
            source.files.iter().filter(|(_, of)| *of == kind).map(|(path, _)| path).collect();
        let path = files[chance.pick(2, files.len())].clone();
        let full = source.dir.join(&path);
        let bytes = fs::read(&full).map_err(Error::file("read", &full))?;
        let others: Vec<&&PathBuf> = files.iter().filter(|other| **other != &path).collect();
        let blow = Blow::draw(chance, &bytes, &others);
        Ok(Self { source, path, kind, blow })
    }

    /// Whose file it is.
    pub(super) const fn kind(&self) -> Kind {
        self.kind
    }

    /// Does it to a copy of the folder.
    pub(super) fn apply(&self, place: &Path) -> Result<()> {
        let path = place.join(&self.path);
        let mut bytes = fs::read(&path).map_err(Error::file("read", &path))?;
        match &self.blow {
            Blow::Bit { at, bit } => bytes[*at] ^= 1 << bit,
            Blow::Byte { at, to } => bytes[*at] = *to,
            Blow::Page { at } => {
                let end = (at + PAGE).min(bytes.len());
                bytes[*at..end].fill(0);
            }
            Blow::Cut { to } => bytes.truncate(*to),
            Blow::Junk { bytes: junk } => bytes.extend_from_slice(junk),
            Blow::Swap { with } => {
                let other = place.join(with);
                let beside = place.join("swapped");
                fs::rename(&path, &beside).map_err(Error::file("rename", &path))?;
                fs::rename(&other, &path).map_err(Error::file("rename", &other))?;
                return fs::rename(&beside, &other).map_err(Error::file("rename", &beside));
            }
            Blow::Gone => return fs::remove_file(&path).map_err(Error::file("remove", &path)),
        }
        fs::write(&path, bytes).map_err(Error::file("write", &path))
    }
}

impl Blow {
    fn draw(chance: Chance, bytes: &[u8], others: &[&&PathBuf]) -> Self {
        let within = |draw, len: usize| chance.pick(draw, len.max(1));
        // Space that was only taken beforehand is hit as rarely as it matters.
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let reach = if chance.pick(4, 8) == 0 { bytes.len() } else { used };
        match chance.pick(3, 16) {
            _ if bytes.is_empty() => Self::Junk { bytes: vec![0x5a] },
            0..=3 => Self::Bit { at: within(5, reach), bit: u8::try_from(chance.pick(6, 8)).unwrap_or(0) },
            4..=6 => {
                let at = within(5, reach);
                let to = bytes[at].wrapping_add(u8::try_from(1 + chance.pick(6, 255)).unwrap_or(1));
                Self::Byte { at, to }
            }
            7..=8 => Self::Page { at: within(5, reach.div_ceil(PAGE)) * PAGE },
            9..=11 => Self::Cut { to: within(5, reach) },
            12..=13 => {
                let len = 1 + chance.pick(5, 600);
                let junk = |at: i64| u8::try_from(chance.bits(100 + at) & 0xff).unwrap_or(0);
                let len = i64::try_from(len).unwrap_or(1);
                Self::Junk { bytes: (0..len).map(junk).collect() }
            }
            14 => match others.len() {
                0 => Self::Cut { to: within(5, reach) },
                count => Self::Swap { with: (**others[chance.pick(5, count)]).clone() },
            },
            _ => Self::Gone,
        }
    }
}

impl fmt::Display for Harm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        let source = self.source.name;
        match &self.blow {
            Blow::Bit { at, bit } => write!(f, "{source}: bit {bit} of byte {at} of {path} flipped"),
            Blow::Byte { at, to } => write!(f, "{source}: byte {at} of {path} made {to:#04x}"),
            Blow::Page { at } => write!(f, "{source}: page at {at} of {path} zeroed"),
            Blow::Cut { to } => write!(f, "{source}: {path} cut to {to} bytes"),
            Blow::Junk { bytes } => write!(f, "{source}: {} bytes of junk behind {path}", bytes.len()),
            Blow::Swap { with } => write!(f, "{source}: {path} and {} swapped", with.display()),
            Blow::Gone => write!(f, "{source}: {path} is gone"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_of_a_data_folder_has_its_kind() {
        let kind = |path: &str| Kind::of(Path::new(path));
        assert_eq!(kind("wal"), Some(Kind::Votes));
        assert_eq!(kind("blocks.log/blocks-000001.log"), Some(Kind::Blocks));
        assert_eq!(kind("telemetry/telemetry-0000000001.log"), Some(Kind::TelemetryLog));
        assert_eq!(kind("telemetry/days/2026-11-20.seg"), Some(Kind::DaySeg));
        assert_eq!(kind("telemetry/days/losses.log"), Some(Kind::Losses));
        assert_eq!(kind("index/snap.0000000000000001"), Some(Kind::Index));
        assert_eq!(kind("node.key"), Some(Kind::Keys));
        assert_eq!(kind("log.jsonl"), None);
    }

    #[test]
    fn the_same_seed_strikes_the_same_blow() {
        let bytes = [7; 9000];
        let other = PathBuf::from("b");
        let draw = |seed| Blow::draw(Chance::new(seed, "damage"), &bytes, &[&&other]);
        let mut kinds = std::collections::BTreeSet::new();
        for seed in 0..200 {
            assert_eq!(draw(seed), draw(seed));
            kinds.insert(format!("{:?}", draw(seed)).split([' ', '{']).next().map(str::to_owned));
        }
        assert_eq!(kinds.len(), 7, "{kinds:?}");
    }
}
