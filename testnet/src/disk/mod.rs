//! A disk that forgets. Files and folders live in memory; what was written counts for the running process at once, and
//! outlives a power cut only if it was synced: the bytes of a file by a sync of that file, its name by a sync of the
//! folder. What was not synced is kept, lost, torn or zeroed at a cut, as chance has it.

pub mod mount;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::io::Errno;

use crate::chance::Chance;
use crate::error::{Error, Result as OurResult};

/// The folder everything is in.
pub const ROOT: u64 = 1;
/// A write is torn between two of these, bytes.
const SECTOR: usize = 512;
/// Room of a disk of which nothing else is said, bytes.
const ROOM: u64 = 8 << 30;
/// What a node says while it dies is read by whoever looks for the reason: this file forgets nothing.
const REMEMBERED: &str = "log.jsonl";

/// A name in a folder.
type Name = (u64, OsString);
/// Result of what a process asks of the disk.
pub type Answer<T> = Result<T, Errno>;

/// A change of a file's bytes that was not synced yet.
#[derive(Debug, Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Length(usize),
}

/// Bytes as the process sees them, as the medium has them, and what is between the two.
#[derive(Debug, Default)]
struct Contents {
    live: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Debug)]
struct Node {
    mode: u16,
    /// `None` is a folder.
    contents: Option<Contents>,
}

/// What is asked of a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Number of the file or folder.
    pub number: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Permissions.
    pub mode: u16,
    /// Bytes.
    pub len: u64,
    /// Names it has.
    pub names: u32,
}

/// What a cut took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    /// Writes lost, torn or zeroed.
    pub writes: usize,
    /// Names made, changed or removed that are as before.
    pub names: usize,
}

/// The disk.
#[derive(Debug)]
pub struct Disk {
    nodes: BTreeMap<u64, Node>,
    names: BTreeMap<Name, u64>,
    durable_names: BTreeMap<Name, u64>,
    /// Changes of names that were not synced yet, each of one or two names.
    pending_names: Vec<Vec<(Name, Option<u64>)>>,
    next: u64,
    room: u64,
    /// Files that forget nothing and take no room.
    remembered: BTreeSet<u64>,
    syncs_fail: bool,
}

impl Disk {
    /// An empty disk.
    pub fn new() -> Self {
        let root = Node { mode: 0o755, contents: None };
        Self {
            nodes: BTreeMap::from([(ROOT, root)]),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            pending_names: Vec::new(),
            next: ROOT + 1,
            room: ROOM,
            remembered: BTreeSet::new(),
            syncs_fail: false,
        }
    }

    /// A disk with what lies in a folder, all of it synced.
    pub fn load(folder: &Path) -> OurResult<Self> {
        let mut disk = Self::new();
        disk.load_into(ROOT, folder)?;
        disk.durable_names = disk.names.clone();
        disk.pending_names.clear();
        Ok(disk)
    }

    fn load_into(&mut self, parent: u64, folder: &Path) -> OurResult<()> {
        for entry in fs::read_dir(folder).map_err(Error::file("read", folder))? {
            let entry = entry.map_err(Error::file("read", folder))?;
            let path = entry.path();
            let metadata = entry.metadata().map_err(Error::file("look at", &path))?;
            let mode = u16::try_from(metadata.permissions().mode() & 0o7777).unwrap_or(0o600);
            let made = self.make(parent, &entry.file_name(), mode, metadata.is_dir());
            let number = made.map_err(|error| Error::File {
                action: "load",
                path: path.clone(),
                source: error.into(),
            })?;
            if metadata.is_dir() {
                self.load_into(number, &path)?;
            } else {
                let bytes = fs::read(&path).map_err(Error::file("read", &path))?;
                let contents = Contents { live: bytes.clone(), durable: bytes, pending: Vec::new() };
                self.nodes.insert(number, Node { mode, contents: Some(contents) });
            }
        }
        Ok(())
    }

    /// From now on the disk holds this many bytes more and no others.
    pub fn leave_room(&mut self, bytes: u64) {
        self.room = self.used() + bytes;
    }

    /// Whether every sync fails from now on, as on a disk that is dying.
    pub fn fail_syncs(&mut self, fail: bool) {
        self.syncs_fail = fail;
    }

    /// Bytes in use and bytes in all.
    pub fn usage(&self) -> (u64, u64) {
        (self.used(), self.room)
    }

    fn used(&self) -> u64 {
        let counted = self.nodes.iter().filter(|(number, _)| !self.remembered.contains(number));
        counted.filter_map(|(_, node)| node.contents.as_ref()).map(|file| file.live.len() as u64).sum()
    }

    /// The file or folder of a name.
    pub fn find(&self, parent: u64, name: &OsStr) -> Answer<Look> {
        let number = self.names.get(&(parent, name.to_owned())).ok_or(Errno::NOENT)?;
        self.look(*number)
    }

    /// What a file or folder is.
    pub fn look(&self, number: u64) -> Answer<Look> {
        let node = self.nodes.get(&number).ok_or(Errno::NOENT)?;
        let names = self.names.values().filter(|named| **named == number).count();
        Ok(Look {
            number,
            is_folder: node.contents.is_none(),
            mode: node.mode,
            len: node.contents.as_ref().map_or(0, |contents| contents.live.len() as u64),
            names: u32::try_from(names).unwrap_or(u32::MAX),
        })
    }

    /// What is in a folder.
    pub fn list(&self, folder: u64) -> Vec<(OsString, u64)> {
        let from = (folder, OsString::new());
        let inside = self.names.range(from..).take_while(|((parent, _), _)| *parent == folder);
        inside.map(|((_, name), number)| (name.clone(), *number)).collect()
    }

    /// Makes an empty file or folder.
    pub fn make(&mut self, parent: u64, name: &OsStr, mode: u16, is_folder: bool) -> Answer<u64> {
        if self.names.contains_key(&(parent, name.to_owned())) {
            return Err(Errno::EXIST);
        }
        let number = self.next;
        self.next += 1;
        let contents = (!is_folder).then(Contents::default);
        self.nodes.insert(number, Node { mode, contents });
        if name == REMEMBERED {
            self.remembered.insert(number);
        }
        self.rename_all(vec![((parent, name.to_owned()), Some(number))]);
        Ok(number)
    }

    /// Gives a file another name beside those it has.
    pub fn link(&mut self, number: u64, parent: u64, name: &OsStr) -> Answer<()> {
        if self.names.contains_key(&(parent, name.to_owned())) {
            return Err(Errno::EXIST);
        }
        self.rename_all(vec![((parent, name.to_owned()), Some(number))]);
        Ok(())
    }

    /// Takes a name away, and what it names when that was the last one and the medium knows it.
    pub fn remove(&mut self, parent: u64, name: &OsStr) -> Answer<()> {
        let number = *self.names.get(&(parent, name.to_owned())).ok_or(Errno::NOENT)?;
        if !self.list(number).is_empty() {
            return Err(Errno::NOTEMPTY);
        }
        self.rename_all(vec![((parent, name.to_owned()), None)]);
        Ok(())
    }

    /// Gives what has one name another, in one step.
    pub fn rename(&mut self, from: (u64, &OsStr), to: (u64, &OsStr)) -> Answer<()> {
        let (from, to) = ((from.0, from.1.to_owned()), (to.0, to.1.to_owned()));
        let number = *self.names.get(&from).ok_or(Errno::NOENT)?;
        if from != to {
            self.rename_all(vec![(to, Some(number)), (from, None)]);
        }
        Ok(())
    }

    fn rename_all(&mut self, sets: Vec<(Name, Option<u64>)>) {
        set(&mut self.names, &sets);
        if sets.iter().any(|((_, name), _)| name == REMEMBERED) {
            set(&mut self.durable_names, &sets);
        } else {
            self.pending_names.push(sets);
        }
    }

    /// Up to `len` bytes from `at` on.
    pub fn read(&self, number: u64, at: u64, len: usize) -> Answer<&[u8]> {
        let live = &self.file(number)?.live;
        let from = usize::try_from(at).unwrap_or(usize::MAX).min(live.len());
        Ok(&live[from..from.saturating_add(len).min(live.len())])
    }

    /// Writes bytes, making the file longer where needed.
    pub fn write(&mut self, number: u64, at: u64, bytes: &[u8]) -> Answer<()> {
        let at = usize::try_from(at).map_err(|_| Errno::FBIG)?;
        self.check_room(number, at + bytes.len())?;
        self.change(number, Change::Write { at, bytes: bytes.to_vec() })
    }

    /// Makes a file this long.
    pub fn set_len(&mut self, number: u64, len: u64) -> Answer<()> {
        let len = usize::try_from(len).map_err(|_| Errno::FBIG)?;
        self.check_room(number, len)?;
        self.change(number, Change::Length(len))
    }

    /// Makes a file at least this long.
    pub fn allocate(&mut self, number: u64, len: u64) -> Answer<()> {
        if len > self.file(number)?.live.len() as u64 { self.set_len(number, len) } else { Ok(()) }
    }

    /// Sets permissions.
    pub fn set_mode(&mut self, number: u64, mode: u16) -> Answer<()> {
        self.nodes.get_mut(&number).ok_or(Errno::NOENT)?.mode = mode;
        Ok(())
    }

    fn check_room(&self, number: u64, len: usize) -> Answer<()> {
        let more = (len as u64).saturating_sub(self.file(number)?.live.len() as u64);
        let is_free = more == 0 || self.remembered.contains(&number);
        if !is_free && self.used() + more > self.room { Err(Errno::NOSPC) } else { Ok(()) }
    }

    fn change(&mut self, number: u64, change: Change) -> Answer<()> {
        let is_remembered = self.remembered.contains(&number);
        let file = self.file_mut(number)?;
        change.apply(&mut file.live);
        if is_remembered {
            change.apply(&mut file.durable);
        } else {
            file.pending.push(change);
        }
        Ok(())
    }

    /// Makes the bytes of a file durable; not its name.
    pub fn sync_file(&mut self, number: u64) -> Answer<()> {
        self.check_sync()?;
        let file = self.file_mut(number)?;
        for change in std::mem::take(&mut file.pending) {
            change.apply(&mut file.durable);
        }
        Ok(())
    }

    /// Makes the names in a folder durable, and what was done before to folders that share a change with it.
    pub fn sync_folder(&mut self, number: u64) -> Answer<()> {
        self.check_sync()?;
        let mut folders = BTreeSet::from([number]);
        let mut later = Vec::new();
        for sets in std::mem::take(&mut self.pending_names).into_iter().rev() {
            if sets.iter().any(|((parent, _), _)| folders.contains(parent)) {
                folders.extend(sets.iter().map(|((parent, _), _)| *parent));
                later.push((true, sets));
            } else {
                later.push((false, sets));
            }
        }
        for (is_synced, sets) in later.into_iter().rev() {
            if is_synced {
                set(&mut self.durable_names, &sets);
            } else {
                self.pending_names.push(sets);
            }
        }
        Ok(())
    }

    fn check_sync(&self) -> Answer<()> {
        if self.syncs_fail { Err(Errno::IO) } else { Ok(()) }
    }

    /// Cuts the power: what was synced stays; of the rest each write is kept, lost, torn or zeroed, and of the names a
    /// part from the front is kept. No process may have a file of this disk open.
    pub fn cut(&mut self, chance: Chance) -> Taken {
        let mut draws = Draws { chance, next: 0 };
        let lost = [1.0, 1.0, 0.9, 0.8, 0.3][draws.pick(5)];
        let pending = std::mem::take(&mut self.pending_names);
        let kept = if draws.unit() < lost { draws.pick(pending.len() + 1) / 2 } else { pending.len() };
        let mut taken = Taken { writes: 0, names: pending.len() - kept };
        pending[..kept].iter().for_each(|sets| set(&mut self.durable_names, sets));
        self.names = self.durable_names.clone();
        self.forget_the_unnamed();
        for file in self.nodes.values_mut().filter_map(|node| node.contents.as_mut()) {
            taken.writes += file.cut(&mut draws, lost);
        }
        taken
    }

    fn forget_the_unnamed(&mut self) {
        let mut reached = BTreeSet::from([ROOT]);
        let mut folders = vec![ROOT];
        while let Some(folder) = folders.pop() {
            for (_, number) in self.list(folder) {
                if reached.insert(number) {
                    folders.push(number);
                }
            }
        }
        self.nodes.retain(|number, _| reached.contains(number));
        self.names.retain(|(parent, _), _| reached.contains(parent));
        self.durable_names = self.names.clone();
    }

    fn file(&self, number: u64) -> Answer<&Contents> {
        self.nodes.get(&number).ok_or(Errno::NOENT)?.contents.as_ref().ok_or(Errno::ISDIR)
    }

    fn file_mut(&mut self, number: u64) -> Answer<&mut Contents> {
        self.nodes.get_mut(&number).ok_or(Errno::NOENT)?.contents.as_mut().ok_or(Errno::ISDIR)
    }
}

impl Default for Disk {
    fn default() -> Self {
        Self::new()
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Length(len) => bytes.resize(*len, 0),
            Self::Write { at, bytes: written } => {
                let end = at + written.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*at..end].copy_from_slice(written);
            }
        }
    }
}

impl Contents {
    /// How many changes did not reach the medium whole. What follows a shortening that was lost is lost with it: no file
    /// system writes new bytes where the old ones still belong to the file.
    fn cut(&mut self, draws: &mut Draws, lost: f64) -> usize {
        let mut taken = 0;
        for change in std::mem::take(&mut self.pending) {
            if draws.unit() >= lost {
                change.apply(&mut self.durable);
                continue;
            }
            taken += 1;
            match change {
                Change::Length(len) if len < self.durable.len() => break,
                Change::Length(_) => {}
                Change::Write { at, mut bytes } => match draws.pick(4) {
                    0 => {
                        let sectors = draws.pick(bytes.len() / SECTOR + 1);
                        bytes.truncate((sectors * SECTOR).saturating_sub(at % SECTOR).min(bytes.len()));
                        Change::Write { at, bytes }.apply(&mut self.durable);
                    }
                    // The length reached the medium, the bytes did not.
                    1 => self.durable.resize(self.durable.len().max(at + bytes.len()), 0),
                    _ => {}
                },
            }
        }
        self.live.clone_from(&self.durable);
        taken
    }
}

/// Draws one figure after the other.
struct Draws {
    chance: Chance,
    next: i64,
}

impl Draws {
    fn unit(&mut self) -> f64 {
        self.next += 1;
        self.chance.unit(self.next)
    }

    fn pick(&mut self, count: usize) -> usize {
        self.next += 1;
        self.chance.pick(self.next, count)
    }
}

fn set(names: &mut BTreeMap<Name, u64>, sets: &[(Name, Option<u64>)]) {
    for (name, number) in sets {
        match number {
            Some(number) => names.insert(name.clone(), *number),
            None => names.remove(name),
        };
    }
}

#[cfg(test)]
mod tests;
