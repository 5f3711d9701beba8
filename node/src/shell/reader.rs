//! The thread that reads the disk for others: blocks for peers that catch up and for the page, old readings, and where
//! transactions stand. It knows where blocks are because the core's thread tells it; it never asks the core.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::input::StoredBlock;
use protocol::limits::{SYNC_BLOCKS_BYTES_MAX, SYNC_BLOCKS_MAX};
use protocol::message::{SyncBlock, SyncResponse};
use protocol::{BlockId, Bounded, Bytes, Height, Message, PublicKey, TransactionId, UnixMs, encode};
use tokio::sync::{mpsc, oneshot, watch};
use web::{Kind, Problem};

use super::archivist::Archivist;
use super::network::{Lane, NetworkCommand, NetworkHandle};
use super::query::Archive;
use super::store::StoreError;
use super::store::archive::view::ArchiveView;
use super::store::block_files::{BlockFiles, Place};
use super::store::index::{Index, Indexed};
use super::watch::Watch;
use crate::core::catalogue::AssetId;

/// Jobs waiting for the reader.
const QUEUE_MAX: usize = 1_024;
/// Blocks and transactions that wait for the index at the most. A start that finds it behind reads those blocks again.
const WAITING_BLOCKS_MAX: usize = 256;
const WAITING_IDS_MAX: usize = 4_096;

/// Where an answer goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Problem>>;

/// Something to read, or to know for reading.
#[derive(Debug)]
pub(crate) enum Job {
    /// The next block is on disk here.
    Placed(Place),
    /// These transactions stand in this block.
    Index(Height, BlockId, Vec<TransactionId>),
    /// Send final blocks to a peer, within the limits of one answer.
    Serve {
        /// To whom.
        to: PublicKey,
        /// First height.
        from: Height,
        /// Last height, inclusive.
        last: Height,
    },
    /// Blocks below `before`, or the newest, newest first.
    Blocks {
        /// First height that is not wanted.
        before: Option<u64>,
        /// How many at the most.
        limit: usize,
        /// Where the answer goes.
        reply: Reply<Vec<StoredBlock>>,
    },
    /// One block.
    Block(Height, Reply<StoredBlock>),
    /// The block of an id.
    BlockOf(BlockId, Reply<StoredBlock>),
    /// The block of a transaction, and its position there.
    Transaction(TransactionId, Reply<(StoredBlock, u32)>),
    /// Old readings.
    Read(Reading),
    /// The archive as it is from now on. The archivist waits for the acknowledgement before it lets go of a file that
    /// an older view names, so nothing that is read afterwards may use an older one.
    Archive(Arc<ArchiveView>, std::sync::mpsc::SyncSender<()>),
    /// The process is to end.
    Stop,
}

/// A slice of a question about old readings, to be read on the reader's thread.
pub(crate) struct Reading(Box<dyn FnOnce(&mut Archive) + Send>);

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reading")
    }
}

/// Up to when the readings of each asset are in day files: a hint, for the view that counts is the reader's own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sealed(Arc<BTreeMap<AssetId, UnixMs>>);

impl Sealed {
    /// Looks at the chunks at hand: those of the open days, where the newest readings are.
    fn of(view: &ArchiveView) -> Self {
        let mut ends: BTreeMap<AssetId, UnixMs> = BTreeMap::new();
        let files = view.days.values().flat_map(|day| [&day.open, &day.seg]).flatten();
        for (asset, places) in files.filter_map(|file| file.places.as_deref()).flatten() {
            let Some(last) = places.iter().map(|place| place.last).max() else { continue };
            let end = ends.entry(*asset).or_insert(last);
            *end = last.max(*end);
        }
        ends.values_mut().for_each(|end| *end = end.plus(1));
        Self(Arc::new(ends))
    }

    /// The first time behind what is in day files.
    pub(crate) fn end_of(&self, asset: AssetId) -> Option<UnixMs> {
        self.0.get(&asset).copied()
    }
}

/// The way to the reader.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    jobs: mpsc::Sender<Job>,
    sealed: watch::Receiver<Sealed>,
}

impl Reader {
    /// Starts the thread.
    pub(super) fn start(
        files: BlockFiles,
        index: Index,
        network: NetworkHandle,
        archivist: Archivist,
        watch: Watch,
    ) -> std::io::Result<(Self, std::thread::JoinHandle<()>)> {
        let (jobs, waiting) = mpsc::channel(QUEUE_MAX);
        let (sealed, known) = watch::channel(Sealed::default());
        let run = move || {
            let _watch = watch;
            let archive = Archive::new(archivist);
            Thread { files, index, network, archive, sealed, unindexed: Vec::new(), ids: 0 }.run(waiting);
        };
        let thread = std::thread::Builder::new().name("reader".to_owned()).spawn(run)?;
        Ok((Self { jobs, sealed: known }, thread))
    }

    /// Hands a job over from a plain thread.
    pub(crate) fn send_blocking(&self, job: Job) {
        if self.jobs.blocking_send(job).is_err() {
            tracing::error!("the reader is gone");
        }
    }

    /// Up to when readings are in day files.
    pub(crate) fn sealed(&self) -> Sealed {
        self.sealed.borrow().clone()
    }

    /// Reads a slice of old readings.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Archive) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let stopping = || Problem::new(Kind::Unavailable, "the node is stopping");
        let (reply, answer) = oneshot::channel();
        // The caller may have given up.
        let reading = Reading(Box::new(move |archive| drop(reply.send(read(archive)))));
        self.jobs.send(Job::Read(reading)).await.map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())
    }

    /// Asks for something.
    pub(crate) async fn ask<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, Problem> {
        let stopping = || Problem::new(Kind::Unavailable, "the node is stopping");
        let (reply, answer) = oneshot::channel();
        self.jobs.send(job(reply)).await.map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())?
    }
}

struct Thread {
    files: BlockFiles,
    index: Index,
    network: NetworkHandle,
    archive: Archive,
    sealed: watch::Sender<Sealed>,
    /// Blocks that the index does not know yet, and the number of their transactions.
    unindexed: Vec<Indexed>,
    ids: usize,
}

impl Thread {
    fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        self.catch_up();
        while let Some(job) = jobs.blocking_recv() {
            match job {
                Job::Placed(place) => self.files.push(place),
                Job::Index(height, block, ids) => self.index(Indexed { height, block, ids }),
                Job::Serve { to, from, last } => self.serve(to, from, last),
                Job::Blocks { before, limit, reply } => answer(reply, self.blocks(before, limit)),
                Job::Block(height, reply) => answer(reply, self.block(height)),
                Job::BlockOf(id, reply) => answer(reply, self.block_of(&id)),
                Job::Transaction(id, reply) => answer(reply, self.transaction(&id)),
                Job::Read(reading) => (reading.0)(&mut self.archive),
                Job::Archive(archive, seen) => {
                    self.sealed.send_replace(Sealed::of(&archive));
                    self.archive.show(archive);
                    if seen.send(()).is_err() {
                        tracing::debug!("the archivist is gone");
                    }
                }
                Job::Stop => break,
            }
        }
        self.keep_index();
    }

    /// Indexes the blocks that the index does not know yet.
    fn catch_up(&mut self) {
        let tip = self.files.tip();
        let known = self.index.transactions_height().and_then(|known| {
            if known <= tip {
                return Ok(known);
            }
            self.index.forget_transactions().map(|()| Height(0))
        });
        let mut height = match known {
            Ok(known) => known,
            Err(error) => return tracing::error!(%error, "transactions cannot be looked up by id"),
        };
        while height < tip {
            height = height.next();
            match self.block(height) {
                Ok(stored) => {
                    let ids: Vec<_> =
                        stored.block.transactions.iter().map(protocol::Transaction::id).collect();
                    self.index(Indexed { height, block: stored.certificate.block, ids });
                }
                Err(problem) => return tracing::error!(%problem, %height, "a block cannot be indexed"),
            }
        }
    }

    fn index(&mut self, block: Indexed) {
        self.ids += block.ids.len();
        self.unindexed.push(block);
        if self.unindexed.len() >= WAITING_BLOCKS_MAX || self.ids >= WAITING_IDS_MAX {
            self.keep_index();
        }
    }

    /// Writes out what waits for the index.
    fn keep_index(&mut self) {
        self.ids = 0;
        let blocks = std::mem::take(&mut self.unindexed);
        if let Err(error) = self.index.add_blocks(&blocks).and_then(|()| self.index.flush()) {
            let from = blocks.first().map_or(0, |block| block.height.0);
            tracing::error!(%error, from, "transactions of new blocks cannot be looked up by id; the next start tries again");
        }
    }

    /// Consecutive blocks from `from`, within the limits of one message. An empty answer says that there is nothing.
    fn serve(&mut self, to: PublicKey, from: Height, last: Height) {
        let mut blocks = Vec::new();
        let mut bytes = 0;
        let mut height = from;
        while height <= last && blocks.len() < SYNC_BLOCKS_MAX && bytes < SYNC_BLOCKS_BYTES_MAX {
            match self.files.read(height) {
                Ok(Some(StoredBlock { block, certificate })) => {
                    let block =
                        Bytes::new(encode(&block)).expect("invariant: a stored block keeps its limit");
                    bytes += block.as_slice().len() + encode(&certificate).len();
                    blocks.push(SyncBlock { block, certificate });
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(%error, "a block cannot be served");
                    break;
                }
            }
            height = height.next();
        }
        let blocks = Bounded::new(blocks).expect("invariant: counted above");
        let bytes: Arc<[u8]> = encode(&Message::SyncResponse(SyncResponse { blocks })).into();
        if self.network.send_blocking(NetworkCommand::Send { to, lane: Lane::Sync, bytes }).is_err() {
            tracing::debug!("the network is gone");
        }
    }

    fn blocks(&mut self, before: Option<u64>, limit: usize) -> Result<Vec<StoredBlock>, Problem> {
        let newest =
            before.map_or(self.files.tip().0, |before| before.saturating_sub(1).min(self.files.tip().0));
        let oldest = newest.saturating_sub(limit as u64);
        (oldest + 1..=newest).rev().map(|height| self.block(Height(height))).collect()
    }

    fn block(&mut self, height: Height) -> Result<StoredBlock, Problem> {
        let found = self.files.read(height).map_err(|error| unreadable(&error))?;
        found.ok_or_else(|| {
            Problem::new(Kind::NotFound, format!("there is no final block {height}")).field("height")
        })
    }

    fn block_of(&mut self, id: &BlockId) -> Result<StoredBlock, Problem> {
        let waiting = self.unindexed.iter().find(|block| block.block == *id).map(|block| block.height);
        let found = match waiting {
            Some(height) => Some(height),
            None => {
                let found = self.index.find_block(id);
                found.map_err(|error| Problem::new(Kind::Internal, error.to_string()))?
            }
        };
        let unknown = || Problem::new(Kind::NotFound, format!("{id} is no final block")).field("id");
        self.block(found.ok_or_else(unknown)?)
    }

    fn transaction(&mut self, id: &TransactionId) -> Result<(StoredBlock, u32), Problem> {
        let waiting = self.unindexed.iter().find_map(|block| {
            let at = block.ids.iter().position(|known| known == id)?;
            Some((block.height, u32::try_from(at).ok()?))
        });
        let found = match waiting {
            Some(place) => Some(place),
            None => {
                let found = self.index.find(id);
                found.map_err(|error| Problem::new(Kind::Internal, error.to_string()))?
            }
        };
        let unknown =
            || Problem::new(Kind::NotFound, format!("no final block holds transaction {id}")).field("id");
        let (height, position) = found.ok_or_else(unknown)?;
        Ok((self.block(height)?, position))
    }
}

fn unreadable(error: &StoreError) -> Problem {
    tracing::error!(%error, "the disk cannot be read");
    Problem::new(Kind::Internal, error.to_string())
}

fn answer<T>(reply: Reply<T>, result: Result<T, Problem>) {
    // The caller may have given up.
    drop(reply.send(result));
}
