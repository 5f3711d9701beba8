//! Keeps files that are neither ledger nor readings: photos of work orders. One task owns them; the core's thread is
//! told what to show and says when it is shown, so that a caller reads what it wrote.

use bytes::Bytes;
use protocol::Digest;
use tokio::sync::{mpsc, oneshot};
use tokio::task::block_in_place;
use web::view::PhotoView;
use web::{FileCall, Kind, Problem, Time};

use super::clock::Clock;
use super::event::Event;
use super::store::disk;
use super::store::photos::{PhotoError, Photos};

/// Work orders leaving the history that wait for their photos to go.
pub(super) const FORGOTTEN_MAX: usize = 1_024;

/// The task.
pub(super) struct Keeper {
    pub(super) clock: Clock,
    pub(super) photos: Photos,
    pub(super) core: mpsc::Sender<Event>,
    /// Folder whose disk must not fill up.
    pub(super) data_dir: std::path::PathBuf,
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
            FileCall::DropPhoto { work_order, photo, reply } => {
                drop(reply.send(self.remove(&work_order, &photo).await));
            }
        }
    }

    async fn keep(&mut self, work_order: &str, bytes: &[u8], by: &str) -> Result<PhotoView, Problem> {
        let order = reference(work_order)?;
        let at = Time::from(self.clock.now().time);
        let photo = block_in_place(|| {
            if disk::space(&self.data_dir).is_ok_and(|space| space.is_full()) {
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
