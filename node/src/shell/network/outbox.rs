//! What waits to be sent to one peer on one lane, and the state of the stream it will leave on. A pure value; the task
//! owns it and opens streams for it.

use std::collections::VecDeque;
use std::sync::Arc;

use libp2p::swarm::ConnectionId;
use protocol::limits::LANE_QUEUE_MAX;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::limits::{BATCH_BYTES_MAX, LANE_QUEUE_BYTES_MAX};

/// Frames handed to a writer together.
pub(super) type Batch = Vec<Arc<[u8]>>;

/// The outgoing stream.
#[derive(Debug)]
pub(super) enum Link {
    /// None; may be opened from this time on.
    Closed { retry: Instant },
    /// Asked for.
    Opening { connection: ConnectionId },
    /// A writer has it. `number` tells its reports from those of writers before it.
    Open { connection: ConnectionId, number: u64, writer: mpsc::Sender<Batch>, busy: bool },
}

/// The queue and its stream.
#[derive(Debug)]
pub(super) struct Outbox {
    pub(super) link: Link,
    queue: VecDeque<Arc<[u8]>>,
    bytes: usize,
}

impl Outbox {
    pub(super) fn new(now: Instant) -> Self {
        Self { link: Link::Closed { retry: now }, queue: VecDeque::new(), bytes: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Queues a frame. Answers how many old ones had to go for it.
    pub(super) fn push(&mut self, frame: Arc<[u8]>) -> u64 {
        self.bytes += frame.len();
        self.queue.push_back(frame);
        self.shrink()
    }

    /// Puts frames back that a writer could not send, before those that came later.
    pub(super) fn put_back(&mut self, frames: Batch) -> u64 {
        for frame in frames.into_iter().rev() {
            self.bytes += frame.len();
            self.queue.push_front(frame);
        }
        self.shrink()
    }

    /// Hands the next frames to the writer if it is free.
    pub(super) fn pump(&mut self) {
        if self.queue.is_empty() {
            return;
        }
        let Link::Open { writer, busy, .. } = &mut self.link else { return };
        if *busy {
            return;
        }
        let Ok(permit) = writer.clone().try_reserve_owned() else { return };
        *busy = true;
        permit.send(self.batch());
    }

    /// Forgets what waits. Answers how many frames that were.
    pub(super) fn clear(&mut self) -> u64 {
        self.bytes = 0;
        self.queue.drain(..).count() as u64
    }

    fn batch(&mut self) -> Batch {
        let mut batch = Batch::new();
        let mut bytes = 0;
        while let Some(frame) = self.queue.front() {
            if !batch.is_empty() && bytes + frame.len() > BATCH_BYTES_MAX {
                break;
            }
            bytes += frame.len();
            batch.extend(self.queue.pop_front());
        }
        self.bytes -= bytes;
        batch
    }

    fn shrink(&mut self) -> u64 {
        let mut dropped = 0;
        while self.queue.len() > LANE_QUEUE_MAX || self.bytes > LANE_QUEUE_BYTES_MAX {
            let Some(frame) = self.queue.pop_front() else { break };
            self.bytes -= frame.len();
            dropped += 1;
        }
        dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox() -> (Outbox, mpsc::Receiver<Batch>) {
        let mut outbox = Outbox::new(Instant::now());
        let (writer, batches) = mpsc::channel(1);
        outbox.link =
            Link::Open { connection: ConnectionId::new_unchecked(1), number: 1, writer, busy: false };
        (outbox, batches)
    }

    fn frame(number: usize, len: usize) -> Arc<[u8]> {
        let mut bytes = vec![0; len.max(8)];
        bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
        bytes.into()
    }

    #[test]
    fn the_oldest_go_first_when_it_is_full() {
        let (mut outbox, mut batches) = outbox();
        let dropped: u64 = (0..LANE_QUEUE_MAX + 3).map(|i| outbox.push(frame(i, 8))).sum();
        assert_eq!(dropped, 3);
        outbox.pump();
        let batch = batches.try_recv().unwrap();
        assert_eq!(batch.len(), LANE_QUEUE_MAX);
        assert_eq!(batch[0], frame(3, 8));
    }

    #[test]
    fn bytes_are_bounded_too() {
        let (mut outbox, _batches) = outbox();
        let len = LANE_QUEUE_BYTES_MAX / 4;
        let dropped: u64 = (0..6).map(|i| outbox.push(frame(i, len))).sum();
        assert_eq!(dropped, 2);
        assert_eq!(outbox.clear(), 4);
        assert!(outbox.is_empty());
    }

    #[test]
    fn one_batch_is_under_way_at_a_time_and_comes_back_in_order() {
        let (mut outbox, mut batches) = outbox();
        for i in 0..3 {
            outbox.push(frame(i, BATCH_BYTES_MAX / 2));
        }
        outbox.pump();
        outbox.pump();
        let batch = batches.try_recv().unwrap();
        assert_eq!(batch.len(), 2);
        assert!(batches.try_recv().is_err());
        assert_eq!(outbox.put_back(batch), 0);
        let Link::Open { busy, .. } = &mut outbox.link else { panic!() };
        *busy = false;
        outbox.pump();
        assert_eq!(batches.try_recv().unwrap()[0], frame(0, BATCH_BYTES_MAX / 2));
    }
}
