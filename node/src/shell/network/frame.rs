//! Frames on a stream: a length of four bytes, big end first, then the bytes. A frame over its limit is refused before
//! anything is allocated for it, and a buffer grows only with what really arrived.

use std::io;
use std::sync::Arc;

use futures::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use libp2p::swarm::ConnectionId;
use protocol::PublicKey;
use protocol::greeting::Greeting;
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::counters::Traffic;
use super::limits::{EXCESS_PAUSE, READ_BUFFER_BYTES};
use super::meter::{Excess, Meter};
use super::outbox::Batch;
use super::room::Chamber;
use super::{Lane, NetworkEvent};

/// Frames up to this size are written together with their neighbours.
const COALESCE_BYTES_MAX: usize = 16 * 1024;

/// Why no frame could be read.
#[derive(Debug, Error)]
pub(super) enum FrameError {
    /// The peer announced more than is allowed.
    #[error("frame of {found} bytes, at most {limit} allowed")]
    TooLong { limit: usize, found: usize },
    /// The stream ended or failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A reader's or writer's word to the task.
#[derive(Debug)]
pub(super) enum Report {
    /// The writer is free again.
    Written { to: PublicKey, lane: Lane, number: u64 },
    /// The writer ended; `unsent` may or may not have arrived.
    WriterEnded { to: PublicKey, lane: Lane, number: u64, unsent: Batch },
    /// A peer sends faster than it may.
    Excess { from: PublicKey },
    /// A peer announced a frame over the limit.
    TooLong { from: PublicKey, lane: Lane },
    /// A peer greets.
    Greeting { connection: ConnectionId, greeting: Greeting },
    /// A peer greets in a way nobody understands.
    BadGreeting { from: PublicKey },
}

/// Reads the length of the next frame.
pub(super) async fn read_len<S: AsyncRead + Unpin>(
    stream: &mut S,
    limit: usize,
) -> Result<usize, FrameError> {
    let mut header = [0; 4];
    stream.read_exact(&mut header).await?;
    let found = u32::from_be_bytes(header) as usize;
    if found > limit { Err(FrameError::TooLong { limit, found }) } else { Ok(found) }
}

/// Reads the `len` bytes of a frame whose length is known to be within its limit.
pub(super) async fn read_body<S: AsyncRead + Unpin>(stream: &mut S, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(len.min(READ_BUFFER_BYTES));
    stream.take(len as u64).read_to_end(&mut bytes).await?;
    if bytes.len() < len { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
}

/// Writes frames and flushes them. Small ones share a write.
pub(super) async fn write_frames<S: AsyncWrite + Unpin>(
    stream: &mut S,
    frames: &[Arc<[u8]>],
) -> io::Result<()> {
    let mut buffer = Vec::new();
    for frame in frames {
        let len = u32::try_from(frame.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        buffer.extend_from_slice(&len.to_be_bytes());
        if frame.len() <= COALESCE_BYTES_MAX {
            buffer.extend_from_slice(frame);
        }
        if frame.len() > COALESCE_BYTES_MAX || buffer.len() > COALESCE_BYTES_MAX {
            stream.write_all(&buffer).await?;
            buffer.clear();
        }
        if frame.len() > COALESCE_BYTES_MAX {
            stream.write_all(frame).await?;
        }
    }
    stream.write_all(&buffer).await?;
    stream.flush().await
}

/// The reading end of one lane of one peer.
pub(super) struct LaneReader {
    pub(super) from: PublicKey,
    pub(super) lane: Lane,
    pub(super) meter: Arc<Meter>,
    pub(super) room: Chamber,
    pub(super) events: mpsc::Sender<NetworkEvent>,
    pub(super) reports: mpsc::Sender<Report>,
}

impl LaneReader {
    /// Reads frames until the stream ends, the peer breaks the rules or the node stops listening.
    pub(super) async fn run<S: AsyncRead + Unpin>(self, mut stream: S) {
        let traffic = Traffic::received(self.lane.name());
        loop {
            let len = match read_len(&mut stream, self.lane.frame_bytes_max()).await {
                Ok(len) => len,
                Err(FrameError::Io(_)) => return,
                Err(error @ FrameError::TooLong { .. }) => {
                    tracing::warn!(from = ?self.from, lane = self.lane.name(), %error, "frame refused");
                    let report = Report::TooLong { from: self.from, lane: self.lane };
                    return drop(self.reports.send(report).await);
                }
            };
            self.wait_for_allowance(len).await;
            let Ok(bytes) = read_body(&mut stream, len).await else { return };
            // Not before it is here: a frame that was announced and never comes takes nobody's room.
            let room = self.room.take(len).await;
            traffic.count(bytes.len());
            let event = NetworkEvent::Message { from: self.from, lane: self.lane, bytes, room };
            if self.events.send(event).await.is_err() {
                return;
            }
        }
    }

    /// Pauses while the peer is over its rate, which also holds back its stream. Too many messages are a fault, and so
    /// are too many bytes, but not on the sync lane: those were asked for.
    async fn wait_for_allowance(&self, len: usize) {
        while let Err(excess) = self.meter.charge(Instant::now(), len) {
            let asked_for = self.lane == Lane::Sync && matches!(excess, Excess::Bytes(_));
            if asked_for {
                sleep(excess.pause()).await;
            } else {
                // A closed channel means that the task has ended and this one is about to.
                let _ = self.reports.send(Report::Excess { from: self.from }).await;
                sleep(excess.pause().max(EXCESS_PAUSE)).await;
            }
        }
    }
}

/// The writing end of one lane of one peer.
pub(super) struct LaneWriter {
    pub(super) to: PublicKey,
    pub(super) lane: Lane,
    pub(super) number: u64,
    pub(super) meter: Arc<Meter>,
    pub(super) batches: mpsc::Receiver<Batch>,
    pub(super) reports: mpsc::Sender<Report>,
}

impl LaneWriter {
    /// Writes batches, no faster than the peer would bear, until the stream fails or nobody sends any more. What could
    /// not be written goes back.
    pub(super) async fn run<S: AsyncRead + AsyncWrite + Unpin>(mut self, mut stream: S) {
        let traffic = Traffic::sent(self.lane.name());
        let mut unsent = Batch::new();
        while let Some(batch) = self.next(&mut stream).await {
            for frame in &batch {
                while let Err(excess) = self.meter.charge(Instant::now(), frame.len()) {
                    sleep(excess.pause()).await;
                }
            }
            if write_frames(&mut stream, &batch).await.is_err() {
                unsent = batch;
                break;
            }
            batch.iter().for_each(|frame| traffic.count(frame.len()));
            let report = Report::Written { to: self.to, lane: self.lane, number: self.number };
            if self.reports.send(report).await.is_err() {
                return;
            }
        }
        self.batches.close();
        while let Ok(batch) = self.batches.try_recv() {
            unsent.extend(batch);
        }
        let report = Report::WriterEnded { to: self.to, lane: self.lane, number: self.number, unsent };
        let _ = self.reports.send(report).await;
    }

    /// The next batch, or `None` when the peer closed the stream. Nothing is ever sent back on it.
    async fn next<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> Option<Batch> {
        let mut byte = [0];
        tokio::select! {
            biased;
            batch = self.batches.recv() => batch,
            _ = stream.read(&mut byte) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::io::Cursor;

    async fn read(bytes: &[u8], limit: usize) -> Result<Vec<u8>, FrameError> {
        let mut stream = Cursor::new(bytes);
        let len = read_len(&mut stream, limit).await?;
        Ok(read_body(&mut stream, len).await?)
    }

    #[tokio::test]
    async fn frames_of_all_sizes_arrive_as_sent() {
        let sizes =
            [0, 1, COALESCE_BYTES_MAX - 4, COALESCE_BYTES_MAX, COALESCE_BYTES_MAX + 1, 3, 300_000, 0, 7];
        let frames: Vec<Arc<[u8]>> = sizes.iter().map(|len| vec![42; *len].into()).collect();
        let mut stream = Cursor::new(Vec::new());
        write_frames(&mut stream, &frames).await.unwrap();
        stream.set_position(0);
        for frame in &frames {
            let len = read_len(&mut stream, 300_000).await.unwrap();
            assert_eq!(&read_body(&mut stream, len).await.unwrap()[..], &frame[..]);
        }
        assert_eq!(stream.position(), stream.get_ref().len() as u64);
    }

    #[tokio::test]
    async fn the_border_passes_and_one_more_does_not() {
        assert_eq!(read(&[0, 0, 0, 2, 8, 9], 2).await.unwrap(), [8, 9]);
        assert!(matches!(
            read(&[0, 0, 0, 3, 7, 8, 9], 2).await,
            Err(FrameError::TooLong { limit: 2, found: 3 })
        ));
        assert!(matches!(read(&[255; 4], 1 << 20).await, Err(FrameError::TooLong { .. })));
    }

    #[tokio::test]
    async fn a_torn_frame_is_an_error() {
        for torn in [&[0, 0, 0][..], &[0, 0, 0, 2, 1]] {
            assert!(matches!(read(torn, 100).await, Err(FrameError::Io(_))));
        }
    }
}
