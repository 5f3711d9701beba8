//! A disk that forgets: an append is visible at once and durable only after its sync. At a crash of the machine each
//! unsynced append is kept, lost or torn; at a crash of the process alone what was written stays.

use std::collections::BTreeMap;

use crate::chance::Chance;

/// How a node ends without warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// The process dies (`kill -9`): the operating system still writes what it was given.
    Process,
    /// The power goes: unsynced writes are at the disk's mercy.
    Power,
}

/// A sync that the disk did not confirm. Nothing is known of the file: the node has to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncFailed;

/// How a disk treats unsynced writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Habits {
    /// Of 1,000 unsynced appends this many are lost or torn when the power goes.
    pub unsynced_lost_per_mille: u64,
    /// Appends may reach the disk in another order, leaving holes of zeros.
    pub reorders: bool,
    /// Of 1,000 syncs this many fail.
    pub sync_fails_per_mille: u64,
    /// Of 1,000 reads this many fail.
    pub read_fails_per_mille: u64,
}

impl Habits {
    /// A disk without faults. What was not synced is at its mercy all the same.
    pub const SOUND: Self = Self {
        unsynced_lost_per_mille: 1_000,
        reorders: false,
        sync_fails_per_mille: 0,
        read_fails_per_mille: 0,
    };
}

/// What happens to bytes that were on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// One bit turns over.
    Bit,
    /// A sector reads as something else.
    Sector,
    /// A write that was confirmed went to another place: one sector stands where another should.
    Misdirected,
}

/// Bytes that a disk writes at once.
const SECTOR: usize = 512;

/// One append-only file.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// What a reader sees.
    bytes: Vec<u8>,
    /// Where each unsynced append begins.
    pending: Vec<usize>,
    /// What the disk still holds of the file before a truncation that is not synced.
    before: Option<Vec<u8>>,
}

impl File {
    /// What a reader sees.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether everything written is on disk.
    pub fn is_synced(&self) -> bool {
        self.pending.is_empty() && self.before.is_none()
    }

    /// Appends; not on disk yet.
    pub fn append(&mut self, bytes: &[u8]) {
        self.pending.push(self.bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    /// Empties the file; not on disk yet.
    pub fn truncate(&mut self) {
        let durable = self.pending.first().copied().unwrap_or(self.bytes.len());
        let mut old = std::mem::take(&mut self.bytes);
        old.truncate(durable);
        self.before.get_or_insert(old);
        self.pending.clear();
    }

    /// Brings everything written to disk.
    pub fn sync(&mut self) {
        self.pending.clear();
        self.before = None;
    }

    /// Cuts the file to `len` bytes and syncs: what a node does at its start with a torn end.
    pub fn cut(&mut self, len: usize) {
        self.bytes.truncate(len);
        self.sync();
    }

    /// Damages what is stored. Answers where.
    pub fn rot(&mut self, damage: Damage, chance: &mut Chance) -> Option<usize> {
        if self.bytes.is_empty() {
            return None;
        }
        let len = self.bytes.len();
        let at = chance.index(len);
        let start = at - at % SECTOR;
        let end = len.min(start + SECTOR);
        match damage {
            Damage::Bit => self.bytes[at] ^= 1 << chance.below(8),
            Damage::Sector => {
                for byte in &mut self.bytes[start..end] {
                    *byte = u8::try_from(chance.below(256)).expect("invariant: below 256");
                }
            }
            Damage::Misdirected => {
                let other = chance.index(len);
                let from = other - other % SECTOR;
                let count = (end - start).min(len - from);
                self.bytes.copy_within(from..from + count, start);
            }
        }
        Some(at)
    }

    fn lose_power(&mut self, habits: &Habits, chance: &mut Chance) {
        if let Some(before) = self.before.take()
            && chance.per_mille(500)
        {
            self.bytes = before;
            self.pending.clear();
            return;
        }
        let mut ends: Vec<usize> = self.pending.iter().skip(1).copied().collect();
        ends.push(self.bytes.len());
        let mut len = self.pending.first().copied().unwrap_or(self.bytes.len());
        for (start, end) in std::mem::take(&mut self.pending).into_iter().zip(ends) {
            if !chance.per_mille(habits.unsynced_lost_per_mille) {
                len = end;
                continue;
            }
            let kept = if chance.per_mille(500) { start + chance.index(end - start + 1) } else { start };
            if habits.reorders {
                self.bytes[kept..end].fill(0);
                len = if kept > start { end } else { len };
            } else {
                len = kept;
                break;
            }
        }
        self.bytes.truncate(len);
    }
}

/// The files of one node.
#[derive(Debug, Clone)]
pub struct Disk {
    /// `wal`: the vote log.
    pub votes: File,
    /// `blocks.log`.
    pub blocks: File,
    /// Payloads of telemetry, framed.
    pub telemetry: File,
    /// The index: batches are whole or not there at all, and durable only after a flush.
    pub index: Index,
    habits: Habits,
    chance: Chance,
    /// No write gets through.
    pub is_full: bool,
}

/// Keys and values with atomic batches.
#[derive(Debug, Clone, Default)]
pub struct Index {
    entries: BTreeMap<Vec<u8>, Vec<u8>>,
    pending: Vec<Batch>,
}

/// Changes of one batch; `None` removes the key.
pub type Batch = Vec<(Vec<u8>, Option<Vec<u8>>)>;

impl Index {
    /// Writes a batch; not on disk yet.
    pub fn write(&mut self, batch: Batch) {
        self.pending.push(batch);
    }

    /// Brings all batches to disk.
    pub fn flush(&mut self) {
        for (key, value) in std::mem::take(&mut self.pending).into_iter().flatten() {
            match value {
                Some(value) => self.entries.insert(key, value),
                None => self.entries.remove(&key),
            };
        }
    }

    /// What is stored, in order of keys. Pending batches are not seen: only a restart reads.
    pub fn entries(&self) -> &BTreeMap<Vec<u8>, Vec<u8>> {
        &self.entries
    }
}

impl Disk {
    /// An empty disk.
    pub fn new(habits: Habits, chance: Chance) -> Self {
        Self {
            votes: File::default(),
            blocks: File::default(),
            telemetry: File::default(),
            index: Index::default(),
            habits,
            chance,
            is_full: false,
        }
    }

    /// Whether the disk confirms the next sync.
    pub fn confirm(&mut self) -> Result<(), SyncFailed> {
        if self.is_full || self.chance.per_mille(self.habits.sync_fails_per_mille) {
            Err(SyncFailed)
        } else {
            Ok(())
        }
    }

    /// Whether the next read succeeds.
    pub fn reads(&mut self) -> bool {
        !self.chance.per_mille(self.habits.read_fails_per_mille)
    }

    /// Good habits from now on.
    pub fn heal(&mut self) {
        self.habits.sync_fails_per_mille = 0;
        self.habits.read_fails_per_mille = 0;
        self.is_full = false;
    }

    /// What is left after a crash.
    pub fn crash(&mut self, crash: Crash) {
        match crash {
            Crash::Process => {
                [&mut self.votes, &mut self.blocks, &mut self.telemetry].into_iter().for_each(File::sync);
                self.index.flush();
            }
            Crash::Power => {
                for file in [&mut self.votes, &mut self.blocks, &mut self.telemetry] {
                    file.lose_power(&self.habits, &mut self.chance);
                }
                let lost = self.chance.index(self.index.pending.len() + 1);
                let kept = self.index.pending.len() - lost;
                self.index.pending.truncate(kept);
                self.index.flush();
            }
        }
    }

    /// An empty disk in place of this one.
    pub fn wipe(&mut self) {
        *self = Self::new(self.habits, self.chance.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAREFUL: Habits = Habits::SOUND;

    fn disk(habits: Habits, seed: u64) -> Disk {
        Disk::new(habits, Chance::new(seed, "disk"))
    }

    #[test]
    fn what_was_synced_survives_and_the_rest_is_a_prefix() {
        for seed in 0..200 {
            let mut disk = disk(CAREFUL, seed);
            disk.blocks.append(b"synced");
            disk.blocks.sync();
            disk.blocks.append(b"first");
            disk.blocks.append(b"second");
            disk.crash(Crash::Power);
            assert!(b"syncedfirst".starts_with(disk.blocks.bytes()) && disk.blocks.bytes().len() >= 6);
            assert!(disk.blocks.is_synced());
        }
    }

    #[test]
    fn a_process_that_dies_loses_nothing_that_was_written() {
        let mut disk = disk(CAREFUL, 1);
        disk.votes.append(b"written");
        disk.crash(Crash::Process);
        assert_eq!(disk.votes.bytes(), b"written");
    }

    #[test]
    fn an_unsynced_truncation_may_come_undone() {
        let outcomes: std::collections::BTreeSet<Vec<u8>> = (0..100)
            .map(|seed| {
                let mut disk = disk(CAREFUL, seed);
                disk.votes.append(b"old");
                disk.votes.sync();
                disk.votes.append(b"never synced");
                disk.votes.truncate();
                disk.votes.append(b"new");
                disk.crash(Crash::Power);
                disk.votes.bytes().to_vec()
            })
            .collect();
        assert!(outcomes.contains(b"old".as_slice()) && outcomes.contains(b"".as_slice()), "{outcomes:?}");
        assert!(outcomes.iter().all(|bytes| bytes == b"old" || b"new".starts_with(bytes)), "{outcomes:?}");
    }

    #[test]
    fn damage_changes_bytes_and_never_the_length() {
        for damage in [Damage::Bit, Damage::Sector, Damage::Misdirected] {
            let changed = (0..20).filter(|seed| {
                let mut disk = disk(CAREFUL, *seed);
                let bytes: Vec<u8> =
                    (0..3_000_u32).map(|i| i.to_be_bytes()[2] ^ i.to_be_bytes()[3]).collect();
                disk.blocks.append(&bytes);
                disk.blocks.sync();
                disk.blocks.rot(damage, &mut Chance::new(*seed, "rot"));
                assert_eq!(disk.blocks.bytes().len(), bytes.len());
                disk.blocks.bytes() != bytes
            });
            assert!(changed.count() >= 10, "{damage:?}");
        }
    }

    #[test]
    fn a_full_disk_confirms_nothing_until_there_is_room() {
        let mut disk = disk(CAREFUL, 1);
        disk.is_full = true;
        assert_eq!(disk.confirm(), Err(SyncFailed));
        disk.heal();
        assert_eq!(disk.confirm(), Ok(()));
    }

    #[test]
    fn a_reordering_disk_leaves_holes() {
        let habits = Habits { unsynced_lost_per_mille: 500, reorders: true, ..CAREFUL };
        let holes = (0..200).filter(|seed| {
            let mut disk = disk(habits, *seed);
            disk.votes.append(b"one");
            disk.votes.append(b"two");
            disk.crash(Crash::Power);
            disk.votes.bytes() == b"\0\0\0two"
        });
        assert!(holes.count() > 0);
    }

    #[test]
    fn a_batch_of_the_index_is_whole_or_gone() {
        let sizes: std::collections::BTreeSet<usize> = (0..100)
            .map(|seed| {
                let mut disk = disk(CAREFUL, seed);
                let batch = |from: u8| (from..from + 2).map(|key| (vec![key], Some(vec![1]))).collect();
                disk.index.write(batch(0));
                disk.index.flush();
                disk.index.write(batch(2));
                disk.crash(Crash::Power);
                disk.index.entries().len()
            })
            .collect();
        assert_eq!(sizes, [2, 4].into());
    }
}
