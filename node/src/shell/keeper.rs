//! Keeps files that are neither ledger nor readings: photos of work orders; and takes backups. One task owns them; the core's thread is
//! told what to show and says when it is shown, so that a caller reads what it wrote.

use std::io::{BufWriter, Write};
use std::sync::Arc;

use bytes::Bytes;
use protocol::{Digest, Height};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::block_in_place;
use web::view::PhotoView;
use web::{FileCall, Kind, Problem, Time};

use super::backup;
use super::clock::Clock;
use super::event::{Event, Finding};
use super::ready::Weight;
use super::store::disk;
use super::store::photos::{PhotoError, Photos};

/// Work orders leaving the history that wait for their photos to go.
pub(super) const FORGOTTEN_MAX: usize = 1_024;

/// Pieces of a backup that wait to be read.
const BACKUP_PIECES: usize = 4;
/// One such piece, bytes.
const BACKUP_PIECE_BYTES: usize = 256 * 1024;

/// The task.
pub(super) struct Keeper {
    pub(super) clock: Clock,
    pub(super) photos: Photos,
    pub(super) core: mpsc::Sender<Event>,
    pub(super) picture: watch::Receiver<Arc<web::Picture>>,
    /// What a backup is taken of; its disk must not fill up.
    pub(super) source: backup::Source,
    pub(super) backing_up: Arc<Semaphore>,
}

/// Into the channel that a backup is read from.
struct Pipe(mpsc::Sender<std::io::Result<Bytes>>);

impl Write for Pipe {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        let gone = |_| std::io::Error::other("nobody reads it any more");
        self.0.blocking_send(Ok(Bytes::copy_from_slice(piece))).map_err(gone)?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Keeper {
    /// Works until the web ends. `forgotten` are work orders that left the history.
    pub(super) async fn run(
        mut self,
        mut calls: mpsc::Receiver<FileCall>,
        mut forgotten: mpsc::Receiver<Digest>,
    ) {
        loop {
            tokio::select! {
                call = calls.recv() => {
                    let Some(call) = call else { return };
                    self.answer(call).await;
                }
                Some(order) = forgotten.recv() => {
                    if let Err(error) = block_in_place(|| self.photos.forget(&order)) {
                        tracing::warn!(%error, "photos of a forgotten work order stay until the next start");
                    }
                }
            }
            #[expect(clippy::cast_precision_loss, reason = "a gauge")]
            metrics::gauge!("symbiose_photos_bytes").set(self.photos.bytes() as f64);
        }
    }

    async fn answer(&mut self, call: FileCall) {
        // Callers may have given up: then nobody reads the answer.
        match call {
            FileCall::KeepPhoto { work_order, bytes, by, reply } => {
                drop(reply.send(self.keep(&work_order, &bytes, &by).await));
            }
            FileCall::Photo { work_order, photo, reply } => {
                let found = reference(&work_order)
                    .and_then(|order| block_in_place(|| self.photos.read(&order, &photo)).map_err(problem));
                drop(reply.send(found.map(|(photo, bytes)| (photo, Bytes::from(bytes)))));
            }
            FileCall::Backup { with_keys, reply } => drop(reply.send(self.backup(with_keys))),
            FileCall::DropPhoto { work_order, photo, reply } => {
                drop(reply.send(self.remove(&work_order, &photo).await));
            }
        }
    }

    /// Starts a backup; it is written by a thread of its own, as fast as whoever reads it.
    fn backup(&self, with_keys: bool) -> Result<mpsc::Receiver<std::io::Result<Bytes>>, Problem> {
        let busy = |_| Problem::new(Kind::TooMany, "a backup is being taken already; try again later");
        let place = Arc::clone(&self.backing_up).try_acquire_owned().map_err(busy)?;
        let moment = backup::Moment {
            height: Height(self.picture.borrow().head.height),
            time: self.clock.now().time.to_string(),
            with_keys,
        };
        let (pieces, read) = mpsc::channel(BACKUP_PIECES);
        let (source, core) = (self.source.clone(), self.core.clone());
        tokio::task::spawn_blocking(move || {
            let pipe = BufWriter::with_capacity(BACKUP_PIECE_BYTES, Pipe(pieces.clone()));
            let written = backup::write(&source, moment, pipe);
            drop(place);
            let failed = written.err().map(|error| {
                tracing::error!(%error, "the backup failed");
                // Whoever reads it sees a file that is cut off.
                drop(pieces.blocking_send(Err(std::io::Error::other(error.to_string()))));
                (Weight::Notice, format!("The last backup failed: {error}."))
            });
            drop(core.blocking_send(Event::Machine(vec![Finding { code: "backup_failed", held: failed }])));
        });
        Ok(read)
    }

    async fn keep(&mut self, work_order: &str, bytes: &[u8], by: &str) -> Result<PhotoView, Problem> {
        let order = reference(work_order)?;
        let at = Time::from(self.clock.now().time);
        let photo = block_in_place(|| {
            if disk::space(&self.source.data_dir).is_ok_and(|space| space.is_full()) {
                let detail = "the disk is nearly full: no photo is kept until there is room";
                return Err(Problem::new(Kind::Unavailable, detail));
            }
            self.photos.keep(order, bytes, at, by).map_err(problem)
        })?;
        self.show(order).await;
        Ok(photo)
    }

    async fn remove(&mut self, work_order: &str, photo: &str) -> Result<(), Problem> {
        let order = reference(work_order)?;
        block_in_place(|| self.photos.remove(&order, photo)).map_err(problem)?;
        self.show(order).await;
        Ok(())
    }

    /// Waits until the page's picture has the photos of a work order as they are now.
    async fn show(&self, order: Digest) {
        let (shown, seen) = oneshot::channel();
        let photos = self.photos.of(&order);
        if self.core.send(Event::Photos { order, photos, shown }).await.is_ok() {
            // An error is a core that is stopping: the photo is on disk all the same.
            drop(seen.await);
        }
    }
}

fn reference(work_order: &str) -> Result<Digest, Problem> {
    let shown: String = work_order.chars().take(80).collect();
    let unknown = |_| Problem::new(Kind::NotFound, format!("there is no work order `{shown}`")).field("id");
    work_order.parse().map_err(unknown)
}

fn problem(error: PhotoError) -> Problem {
    let detail = error.to_string();
    match error {
        PhotoError::Unknown(_) => Problem::new(Kind::NotFound, detail).field("photo"),
        PhotoError::NoPicture => Problem::new(Kind::UnsupportedMediaType, detail).field("body"),
        PhotoError::Large(_) => Problem::new(Kind::TooLarge, detail).field("body"),
        PhotoError::Many | PhotoError::Full { .. } => Problem::new(Kind::Conflict, detail),
        PhotoError::Damaged => Problem::new(Kind::Internal, detail),
        PhotoError::Store(error) if error.is_full() => {
            Problem::new(Kind::Unavailable, "the disk is full: no photo is kept until there is room")
        }
        PhotoError::Store(error) => {
            tracing::error!(%error, "a photo");
            Problem::new(Kind::Internal, "the photo cannot be read or written; the log says why")
        }
    }
}
