//! The thread that writes readings: takes what is waiting, writes it in one piece, syncs once, and says so. It never
//! waits for more. Closed segments of the log go to the archivist, and from the disk when that says so.

use std::sync::mpsc::{
    Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError, TrySendError, sync_channel,
};
use std::time::Duration;

use protocol::UnixMs;
use protocol::limits::{ROWS_PER_COMMIT_MAX, TELEMETRY_QUEUE_MAX};
use tokio::sync::{mpsc, oneshot};

use super::archivist::Task;
use super::clock::Stopwatch;
use super::event::{Event, Failure, Stored};
use super::store::telemetry_log::{TelemetryLog, Waiting};
use super::store::telemetry_read::SpannedPiece;
use super::watch::Watch;
use crate::core::Ticket;
use crate::core::catalogue::{AssetId, Definition};
use crate::core::telemetry::Row;

/// How often the age of the segment in progress is looked at while nothing comes in.
const AGE_CHECK: Duration = Duration::from_secs(60);

/// Work for the committer.
#[derive(Debug)]
pub(crate) enum Work {
    /// Rows of one request.
    Store(Ticket, Vec<Row>),
    /// Catalogue entries, before the rows that need them.
    Define(Vec<Definition>),
    /// Where readings of several assets may be found.
    Find {
        /// The assets, each with the first time that is not wanted of it.
        assets: Vec<(AssetId, UnixMs)>,
        /// First time wanted.
        from: UnixMs,
        /// Where the answer goes.
        reply: oneshot::Sender<Vec<SpannedPiece>>,
    },
    /// End the segment in progress and hand it to the archivist; answered when that is done.
    Close(SyncSender<()>),
    /// The readings of all segments up to this one are in day files.
    Sealed(u64),
    /// What waits in the log for the archivist.
    Waiting(oneshot::Sender<Waiting>),
    /// The process is to end.
    Stop,
}

/// The way to the committer. The core's thread has at most `TELEMETRY_QUEUE_MAX` rows of work out and questions are
/// few, so that sending never waits for long; the committer itself waits for nobody but the disk.
#[derive(Debug, Clone)]
pub(crate) struct Committer {
    work: SyncSender<Work>,
}

impl Committer {
    /// Starts the thread. Results go to `core`, which must have room for every ticket that is out; segments go to the
    /// archivist, which waits for answers of this thread and is therefore never waited for.
    pub(super) fn start(
        log: TelemetryLog,
        core: mpsc::Sender<Event>,
        archivist: Sender<Task>,
        watch: Watch,
    ) -> std::io::Result<(Self, std::thread::JoinHandle<()>)> {
        let (work, waiting) = sync_channel(2 * TELEMETRY_QUEUE_MAX);
        let run = move || {
            let _watch = watch;
            Thread { log, waiting, core, archivist, batch: Vec::new() }.run();
        };
        let thread = std::thread::Builder::new().name("committer".to_owned()).spawn(run)?;
        Ok((Self { work }, thread))
    }

    /// Hands work over unless the queue is full; then the work comes back.
    pub(crate) fn try_send(&self, work: Work) -> Option<Work> {
        match self.work.try_send(work) {
            Ok(()) => None,
            Err(TrySendError::Full(work)) => Some(work),
            Err(TrySendError::Disconnected(_)) => {
                tracing::error!("the committer is gone");
                None
            }
        }
    }

    /// Hands work over. The committer ends only with the process.
    pub(crate) fn send(&self, work: Work) {
        if self.work.send(work).is_err() {
            tracing::error!("the committer is gone");
        }
    }
}

struct Thread {
    log: TelemetryLog,
    waiting: Receiver<Work>,
    core: mpsc::Sender<Event>,
    archivist: Sender<Task>,
    batch: Vec<Stored>,
}

impl Thread {
    fn run(mut self) {
        loop {
            self.hand_out();
            let more = match self.waiting.recv_timeout(AGE_CHECK) {
                Ok(first) => self.take(first) && self.drain(),
                Err(RecvTimeoutError::Timeout) => true,
                Err(RecvTimeoutError::Disconnected) => false,
            };
            self.commit();
            if !more {
                self.log.finish();
                return;
            }
        }
    }

    /// Gives the archivist what it can seal.
    fn hand_out(&mut self) {
        for piece in self.log.hand_out() {
            if self.archivist.send(Task::Seal(piece)).is_err() {
                tracing::debug!("the archivist is gone; the next start goes on");
            }
        }
    }

    /// Takes what is waiting, up to the rows of one commit. False when the process ends.
    fn drain(&mut self) -> bool {
        let mut rows: usize = self.batch.iter().map(|stored| stored.rows.len()).sum();
        while rows < ROWS_PER_COMMIT_MAX {
            match self.waiting.try_recv() {
                Ok(work) => {
                    if !self.take(work) {
                        return false;
                    }
                    rows = self.batch.iter().map(|stored| stored.rows.len()).sum();
                }
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
        true
    }

    fn take(&mut self, work: Work) -> bool {
        match work {
            Work::Store(ticket, rows) => self.batch.push(Stored { ticket, rows, failed: None }),
            Work::Define(definitions) => self.log.define(definitions),
            Work::Find { assets, from, reply } => {
                // The caller may have given up.
                drop(reply.send(self.log.pieces_of(&assets, from)));
            }
            Work::Close(done) => {
                // Rows taken before it belong to the segment that ends.
                self.commit();
                self.log.finish();
                self.hand_out();
                // The archivist may be gone.
                if done.try_send(()).is_err() {
                    tracing::debug!("nobody waits for the end of the segment any more");
                }
            }
            Work::Sealed(number) => {
                if let Err(error) = self.log.let_go(number) {
                    tracing::warn!(%error, "a sealed segment stays; it goes with the next one");
                }
            }
            Work::Waiting(reply) => drop(reply.send(self.log.waiting())),
            Work::Stop => return false,
        }
        true
    }

    fn commit(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let watch = Stopwatch::start();
        let requests: Vec<&[Row]> = self.batch.iter().map(|stored| stored.rows.as_slice()).collect();
        let failed = self.log.commit(&requests).err().map(|error| {
            tracing::error!(%error, "readings are not stored");
            Failure::from(&error)
        });
        metrics::histogram!("symbiose_telemetry_commit_seconds").record(watch.elapsed().as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        metrics::gauge!("symbiose_telemetry_log_bytes").set(self.log.bytes() as f64);
        let mut batch = std::mem::take(&mut self.batch);
        batch.iter_mut().for_each(|stored| stored.failed = failed.clone());
        if self.core.blocking_send(Event::Stored(batch)).is_err() {
            tracing::debug!("the core is gone; the readings are on disk all the same");
        }
    }
}
