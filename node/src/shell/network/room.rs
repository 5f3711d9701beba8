//! Room for frames on their way to the core, in bytes: so much for one member, so much for all. A reader takes room
//! before it reads a frame, and the room is free again when the core has dealt with it; so a core that is held up by its
//! disk costs memory only up to here, whatever members send.

use std::fmt;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits::{ROOM_BYTES, ROOM_PER_PEER_BYTES};

/// What one frame takes up until the last copy of this is dropped.
#[derive(Clone)]
pub struct Room(#[expect(dead_code, reason = "it is held, never looked at")] Arc<[OwnedSemaphorePermit; 2]>);

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Room")
    }
}

/// The room of all members.
#[derive(Debug, Clone)]
pub(super) struct House(Arc<Semaphore>);

/// The room of one member.
#[derive(Debug, Clone)]
pub(super) struct Chamber {
    own: Arc<Semaphore>,
    house: Arc<Semaphore>,
}

impl House {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(ROOM_BYTES)))
    }

    pub(super) fn chamber(&self) -> Chamber {
        Chamber { own: Arc::new(Semaphore::new(ROOM_PER_PEER_BYTES)), house: Arc::clone(&self.0) }
    }
}

impl Chamber {
    /// Waits for room for a frame of `len` bytes, at most [`ROOM_PER_PEER_BYTES`].
    pub(super) async fn take(&self, len: usize) -> Room {
        let len = u32::try_from(len.min(ROOM_PER_PEER_BYTES)).expect("invariant: checked in limits.rs");
        let take = |from: &Arc<Semaphore>| Arc::clone(from).acquire_many_owned(len);
        let open = "invariant: nobody closes it";
        let own = take(&self.own).await.expect(open);
        Room(Arc::new([own, take(&self.house).await.expect(open)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    #[tokio::test]
    async fn one_member_waits_for_itself_and_leaves_room_for_others() {
        let house = House::new();
        let (greedy, modest) = (house.chamber(), house.chamber());
        let held = greedy.take(ROOM_PER_PEER_BYTES).await;
        assert!(greedy.take(1).now_or_never().is_none());
        assert!(modest.take(1_000).now_or_never().is_some());
        drop(held.clone());
        assert!(greedy.take(1).now_or_never().is_none(), "a copy of it is still there");
        drop(held);
        assert!(greedy.take(1).now_or_never().is_some());
    }
}
