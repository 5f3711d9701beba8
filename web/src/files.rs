//! What the web asks of the keeper of files beside the ledger and the readings: photos of work orders, and backups. Each call
//! carries the place for its answer.

use crate::request::Reply;
use crate::view::PhotoView;
use bytes::Bytes;
use tokio::sync::mpsc;

/// Something for the keeper of files.
#[derive(Debug)]
pub enum FileCall {
    /// Keeps a photo with a work order of this building. Answered after it is on disk and in the picture.
    KeepPhoto {
        /// Id of the work order: 64 hex digits.
        work_order: String,
        /// The picture; its first bytes say what it is.
        bytes: Bytes,
        /// Who hands it in.
        by: String,
        reply: Reply<PhotoView>,
    },
    /// A photo and its bytes.
    Photo { work_order: String, photo: String, reply: Reply<(PhotoView, Bytes)> },
    /// A backup of the whole node, as it is written; an error in it ends it.
    Backup {
        /// Whether keys and tokens are in it.
        with_keys: bool,
        reply: Reply<mpsc::Receiver<std::io::Result<Bytes>>>,
    },
    /// Removes a photo.
    DropPhoto { work_order: String, photo: String, reply: Reply<()> },
}
