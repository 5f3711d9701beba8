//! The index in sled: the building's entries as `building.log` has them, where each transaction stands, and one small
//! row per file of a day's readings. All of it
//! can be derived again, so a database that does not open is moved aside and rebuilt, and a batch that is not flushed
//! costs nothing but time.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use protocol::{BlockId, Height, TransactionId};
use thiserror::Error;

use super::building_log::{Changed, Entries, Mark};
use super::witness::Reached;
use super::{StoreError, file};

/// Page cache, bytes.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;
/// Smaller than sled's own 512 KiB: it keeps several segments in memory.
const SEGMENT_BYTES: usize = 128 * 1024;
/// Keys in one batch.
const BATCH_KEYS_MAX: usize = 256;
/// Under this key of the root tree stands the mark of `building.log`.
const MARK_KEY: &[u8] = b"building_log_mark";
/// Under this key of the root tree stands the height up to which blocks and transactions are indexed. Under the name
/// before, `transactions_height`, blocks were not; who finds no height begins anew.
const HEIGHT_KEY: &[u8] = b"blocks_height";
/// In the place of a position: what stands there is the block itself.
const WHOLE_BLOCK: u32 = u32::MAX;

/// Why the index cannot be used.
#[derive(Debug, Error)]
pub enum IndexError {
    /// A folder would not move.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Sled says so.
    #[error("the index at {path}: {detail}")]
    Sled {
        /// Its folder.
        path: PathBuf,
        /// What it said.
        detail: String,
    },
}

/// What had to be done to open it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// Its snapshots were moved aside and its log scanned.
    Snapshots,
    /// All of it was moved aside; it is derived again.
    Rebuilt,
}

/// The index. Clones share one database.
#[derive(Debug, Clone)]
pub struct Index {
    path: PathBuf,
    db: sled::Db,
    building: sled::Tree,
    transactions: sled::Tree,
    days: sled::Tree,
}

/// A block and what stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    /// Its height.
    pub height: Height,
    /// Its id.
    pub block: BlockId,
    /// Its transactions in order.
    pub ids: Vec<TransactionId>,
}

/// Names a file of a day's readings: the day, then the kind.
pub type DayKey = [u8; 5];

impl Index {
    /// Opens the folder; whatever is damaged is moved aside.
    pub fn open(path: &Path) -> Result<(Self, Option<Repair>), IndexError> {
        if let Ok(index) = Self::try_open(path) {
            return Ok((index, None));
        }
        if let Ok(index) = move_snapshots_aside(path).and_then(|()| Self::try_open(path)) {
            return Ok((index, Some(Repair::Snapshots)));
        }
        if path.exists() {
            let aside = file::move_aside(path)?;
            tracing::error!(aside = %aside.display(), "the index is damaged; it is derived again");
        }
        Ok((Self::try_open(path)?, Some(Repair::Rebuilt)))
    }

    /// Writes the building's changes as one batch. `mark` names the state of `building.log` with them.
    pub fn change(&self, changes: &[Changed], mark: Mark) -> Result<(), IndexError> {
        self.root(|db, key| db.remove(key), MARK_KEY)?;
        for changes in changes.chunks(BATCH_KEYS_MAX) {
            let mut batch = sled::Batch::default();
            for (key, value) in changes {
                match value {
                    Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                    None => batch.remove(key.as_slice()),
                }
            }
            self.on("write", || self.building.apply_batch(batch))?;
        }
        self.root(|db, key| db.insert(key, mark.as_bytes()), MARK_KEY)
    }

    /// The building's entries, if they are those that `building.log` has at `mark`.
    pub fn entries(&self, mark: Mark) -> Result<Option<Entries>, IndexError> {
        let found = self.on("read", || self.db.get(MARK_KEY))?;
        if found.as_deref() != Some(mark.as_bytes().as_slice()) {
            return Ok(None);
        }
        self.all_entries().map(Some)
    }

    /// The building's entries, if they are those that `building.log` had when it reached this far.
    pub fn entries_when(&self, reached: Reached) -> Result<Option<Entries>, IndexError> {
        let found = self.on("read", || self.db.get(MARK_KEY))?;
        let mark = found.and_then(|found| Mark::from_bytes(&found));
        if mark.is_none_or(|mark| mark.reached() != reached) {
            return Ok(None);
        }
        self.all_entries().map(Some)
    }

    fn all_entries(&self) -> Result<Entries, IndexError> {
        let all = || self.building.iter().map(|pair| pair.map(|(key, value)| (key.to_vec(), value.to_vec())));
        self.on("read", || all().collect::<sled::Result<Entries>>())
    }

    /// Replaces the building's entries.
    pub fn refill(&self, entries: &Entries, mark: Mark) -> Result<(), IndexError> {
        self.on("clear", || self.building.clear())?;
        let all: Vec<Changed> =
            entries.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect();
        self.change(&all, mark)
    }

    /// The height up to which transactions are indexed.
    pub fn transactions_height(&self) -> Result<Height, IndexError> {
        let found = self.on("read", || self.db.get(HEIGHT_KEY))?;
        let bytes = found.and_then(|bytes| bytes.as_ref().try_into().ok());
        Ok(Height(bytes.map_or(0, u64::from_be_bytes)))
    }

    /// Forgets where transactions stand: the chain on disk is shorter than the index.
    pub fn forget_transactions(&self) -> Result<(), IndexError> {
        self.root(|db, key| db.remove(key), HEIGHT_KEY)?;
        self.on("clear", || self.transactions.clear())
    }

    /// Notes the blocks that come next and their transactions.
    pub fn add_blocks(&self, blocks: &[Indexed]) -> Result<(), IndexError> {
        let Some(newest) = blocks.last() else { return Ok(()) };
        let places = |block: &Indexed| {
            let height = block.height;
            let whole = (*block.block.as_bytes(), height, WHOLE_BLOCK);
            let ids = block.ids.iter().map(|id| *id.as_bytes());
            let ids = ids.zip(0u32..).map(move |(id, index)| (id, height, index));
            std::iter::once(whole).chain(ids).collect::<Vec<_>>()
        };
        let places: Vec<_> = blocks.iter().flat_map(places).collect();
        for places in places.chunks(BATCH_KEYS_MAX) {
            let mut batch = sled::Batch::default();
            for (id, height, index) in places {
                let mut place = [0; 12];
                place[..8].copy_from_slice(&height.0.to_be_bytes());
                place[8..].copy_from_slice(&index.to_be_bytes());
                batch.insert(id, &place);
            }
            self.on("write", || self.transactions.apply_batch(batch))?;
        }
        self.root(|db, key| db.insert(key, &newest.height.0.to_be_bytes()), HEIGHT_KEY)
    }

    /// Height and position of a transaction.
    pub fn find(&self, id: &TransactionId) -> Result<Option<(Height, u32)>, IndexError> {
        let place = self.place(id.as_bytes())?;
        Ok(place.filter(|(_, position)| *position != WHOLE_BLOCK))
    }

    /// Height of a block.
    pub fn find_block(&self, id: &BlockId) -> Result<Option<Height>, IndexError> {
        let place = self.place(id.as_bytes())?;
        Ok(place.filter(|(_, position)| *position == WHOLE_BLOCK).map(|(height, _)| height))
    }

    fn place(&self, id: &[u8; 32]) -> Result<Option<(Height, u32)>, IndexError> {
        let found = self.on("read", || self.transactions.get(id))?;
        let place = found.and_then(|place| <[u8; 12]>::try_from(place.as_ref()).ok());
        Ok(place.map(|[a, b, c, d, e, f, g, h, i, j, k, l]| {
            (Height(u64::from_be_bytes([a, b, c, d, e, f, g, h])), u32::from_be_bytes([i, j, k, l]))
        }))
    }

    /// The rows of day files, by key.
    pub fn day_rows(&self) -> Result<BTreeMap<DayKey, Vec<u8>>, IndexError> {
        let key = |key: &sled::IVec| DayKey::try_from(key.as_ref()).ok();
        self.on("read", || {
            let mut rows = BTreeMap::new();
            for pair in &self.days {
                let (found, row) = pair?;
                rows.extend(key(&found).map(|key| (key, row.to_vec())));
            }
            Ok(rows)
        })
    }

    /// Writes the row of a day file, or removes it.
    pub fn put_day_row(&self, key: DayKey, row: Option<&[u8]>) -> Result<(), IndexError> {
        self.on("write", || match row {
            Some(row) => self.days.insert(key, row).map(drop),
            None => self.days.remove(key).map(drop),
        })
    }

    /// Writes out what is in memory, so that the next start finds it.
    pub fn flush(&self) -> Result<(), IndexError> {
        self.on("flush", || self.db.flush()).map(drop)
    }

    fn try_open(path: &Path) -> Result<Self, IndexError> {
        let config = sled::Config::default()
            .path(path)
            .cache_capacity(CACHE_BYTES)
            .mode(sled::Mode::LowSpace)
            .segment_size(SEGMENT_BYTES)
            .flush_every_ms(None);
        let open = || {
            let db = config.open()?;
            let (building, transactions) = (db.open_tree("building")?, db.open_tree("transactions")?);
            let days = db.open_tree("days")?;
            // A database with a torn page opens all the same and fails with the first look at that page.
            for tree in [&*db, &building, &transactions, &days] {
                tree.iter().try_for_each(|pair| pair.map(drop))?;
            }
            Ok((db, building, transactions, days))
        };
        let (db, building, transactions, days) = guarded(path, "open", open)?;
        Ok(Self { path: path.to_owned(), db, building, transactions, days })
    }

    fn on<T>(&self, action: &str, work: impl FnOnce() -> sled::Result<T>) -> Result<T, IndexError> {
        guarded(&self.path, action, work)
    }

    fn root<T>(
        &self,
        work: impl FnOnce(&sled::Db, &'static [u8]) -> sled::Result<T>,
        key: &'static [u8],
    ) -> Result<(), IndexError> {
        self.on("write", || work(&self.db, key)).map(drop)
    }
}

/// Sled reports damage as an error, or panics.
fn guarded<T>(path: &Path, action: &str, work: impl FnOnce() -> sled::Result<T>) -> Result<T, IndexError> {
    let wrong = |detail: String| {
        tracing::warn!(path = %path.display(), action, detail, "sled failed");
        IndexError::Sled { path: path.to_owned(), detail: format!("cannot {action}: {detail}") }
    };
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| wrong(error.to_string())),
        Err(_) => Err(wrong("it panicked".to_owned())),
    }
}

fn move_snapshots_aside(path: &Path) -> Result<(), IndexError> {
    for entry in std::fs::read_dir(path).map_err(StoreError::at("read", path))? {
        let entry = entry.map_err(StoreError::at("read", path))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("snap.") {
            // Out of the folder: whatever is called `snap.` there is read.
            let mut aside = path.as_os_str().to_owned();
            aside.push(format!(".{name}.damaged"));
            std::fs::rename(entry.path(), aside).map_err(StoreError::at("move aside", path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::building_log::BuildingLog;
    use super::super::scratch::Scratch;
    use super::*;
    use protocol::Digest;

    fn mark(scratch: &Scratch, value: &str) -> Mark {
        let mut log = BuildingLog::open(&scratch.path().join("building.log")).unwrap().log;
        log.append(&[(b"k".to_vec(), Some(value.into()))]).unwrap();
        log.mark()
    }

    fn indexed(height: u64, ids: Vec<TransactionId>) -> Indexed {
        let mut block = [0xbb; 32];
        block[..8].copy_from_slice(&height.to_be_bytes());
        Indexed { height: Height(height), block: BlockId::new(block), ids }
    }

    fn id(n: u8) -> TransactionId {
        TransactionId::new([n; 32])
    }

    #[test]
    fn entries_count_only_at_their_mark() {
        let scratch = Scratch::new("index");
        let (first, second) = (mark(&scratch, "1"), mark(&scratch, "2"));
        let path = scratch.path().join("index");
        let (index, repair) = Index::open(&path).unwrap();
        assert_eq!((repair, index.entries(first).unwrap()), (None, None));
        index.change(&[(b"a".to_vec(), Some(b"1".to_vec())), (b"b".to_vec(), None)], first).unwrap();
        let entries = Entries::from([(b"a".to_vec(), b"1".to_vec())]);
        assert_eq!(index.entries(first).unwrap(), Some(entries));
        assert_eq!(index.entries(second).unwrap(), None);
        let other = Entries::from([(b"c".to_vec(), b"3".to_vec())]);
        index.refill(&other, second).unwrap();
        index.flush().unwrap();
        drop(index);
        assert_eq!(Index::open(&path).unwrap().0.entries(second).unwrap(), Some(other));
    }

    #[test]
    fn transactions_are_found_where_they_stand() {
        let scratch = Scratch::new("index-transactions");
        let (index, _) = Index::open(&scratch.path().join("index")).unwrap();
        index.add_blocks(&[indexed(1, vec![id(1), id(2)]), indexed(2, Vec::new())]).unwrap();
        index.add_blocks(&[]).unwrap();
        assert_eq!(index.transactions_height().unwrap(), Height(2));
        assert_eq!(index.find(&id(2)).unwrap(), Some((Height(1), 1)));
        assert_eq!(index.find(&id(3)).unwrap(), None);
        let (first, second) = (indexed(1, Vec::new()).block, indexed(2, Vec::new()).block);
        assert_eq!(index.find_block(&second).unwrap(), Some(Height(2)));
        assert_eq!(index.find_block(&BlockId::new([1; 32])).unwrap(), None, "a transaction is no block");
        assert_eq!(index.find(&TransactionId::new(*first.as_bytes())).unwrap(), None, "nor the other way");
        index.forget_transactions().unwrap();
        assert_eq!((index.transactions_height().unwrap(), index.find(&id(2)).unwrap()), (Height(0), None));
    }

    #[test]
    fn a_database_that_opens_with_a_torn_page_is_found_out_then() {
        let scratch = Scratch::new("index-torn");
        let path = scratch.path().join("index");
        let (index, _) = Index::open(&path).unwrap();
        for height in 1..=400_u64 {
            let ids = (0..8_u64).map(|n| {
                TransactionId::new(*Digest::of("id", &[&(height * 8 + n).to_be_bytes()]).as_bytes())
            });
            index.add_blocks(&[indexed(height, ids.collect())]).unwrap();
        }
        index.flush().unwrap();
        drop(index);
        // The database sums its log up in a snapshot when it is opened, and reads a page only when asked for it.
        drop(Index::open(&path).unwrap());
        let files = std::fs::read_dir(&path).unwrap().flatten().filter(|entry| entry.path().is_file());
        let whole: Vec<_> = files.map(|entry| (entry.path(), std::fs::read(entry.path()).unwrap())).collect();
        let length = std::fs::read(path.join("db")).unwrap().len();
        let mut repaired = 0;
        for torn in (0..length).step_by(length / 24) {
            std::fs::remove_dir_all(&path).unwrap();
            std::fs::create_dir(&path).unwrap();
            for (name, bytes) in &whole {
                let mut bytes = bytes.clone();
                if name.ends_with("db") {
                    bytes[torn..length.min(torn + 4_096)].fill(0);
                }
                std::fs::write(name, bytes).unwrap();
            }
            let (index, repair) = Index::open(&path).unwrap();
            repaired += usize::from(repair.is_some());
            let height = index.transactions_height().unwrap();
            for row in index.transactions.iter() {
                assert!(row.is_ok(), "torn at {torn}, {height:?}");
            }
            let rows = index.transactions.len() as u64;
            assert!(rows >= height.0 * 9, "torn at {torn}: {rows} rows up to {height:?}");
            assert!(index.all_entries().is_ok() && index.day_rows().is_ok());
        }
        assert!(repaired > 0, "a hole in the middle of a database cannot be nothing");
    }

    #[test]
    fn a_damaged_database_opens_again() {
        let scratch = Scratch::new("index-damaged");
        let path = scratch.path().join("index");
        let fill = || {
            let (index, repair) = Index::open(&path).unwrap();
            for height in 1..=300 {
                index.add_blocks(&[indexed(height, vec![id(1), id(2), id(3)])]).unwrap();
            }
            index.flush().unwrap();
            repair
        };
        fill();
        // The database sums its log up in a snapshot when it is opened.
        fill();
        let snapshot = std::fs::read_dir(&path).unwrap().flatten().map(|entry| entry.path());
        let snapshots: Vec<_> = snapshot
            .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("snap."))
            .collect();
        for snapshot in &snapshots {
            std::fs::write(snapshot, b"nonsense that is long enough to look like a snapshot").unwrap();
        }
        let repair = fill();
        assert!(!snapshots.is_empty());
        // The log without its snapshots is mostly enough; where it is not, all is derived again.
        assert!(repair.is_some());
        std::fs::remove_file(path.join("conf")).unwrap();
        std::fs::create_dir(path.join("conf")).unwrap();
        assert_eq!(fill(), Some(Repair::Rebuilt));
        std::fs::write(path.join("db"), vec![0xa5; 1_000_000]).unwrap();
        let (index, _) = Index::open(&path).unwrap();
        assert!(index.find(&id(1)).is_ok());
    }
}
