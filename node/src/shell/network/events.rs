//! The way out to the node. The task must never wait for the node (which may be waiting for the task), so what the
//! node does not take at once is kept here, within bounds.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use super::NetworkEvent;
use super::limits::EVENTS_PENDING_MAX;

/// Events on their way to the node.
pub(super) struct Events {
    sender: mpsc::Sender<NetworkEvent>,
    pending: VecDeque<NetworkEvent>,
}

impl Events {
    pub(super) fn new(sender: mpsc::Sender<NetworkEvent>) -> Self {
        Self { sender, pending: VecDeque::new() }
    }

    /// A sender for tasks that may wait.
    pub(super) fn sender(&self) -> mpsc::Sender<NetworkEvent> {
        self.sender.clone()
    }

    /// Sends or keeps an event that must not be lost.
    pub(super) fn push(&mut self, event: NetworkEvent) {
        self.pending.push_back(event);
        while let Some(event) = self.pending.pop_front() {
            if let Err(error) = self.sender.try_send(event) {
                self.pending.push_front(error.into_inner());
                return;
            }
        }
    }

    /// Sends or keeps an event that may be lost. False if there was no room.
    pub(super) fn offer(&mut self, event: NetworkEvent) -> bool {
        let room = self.pending.len() < EVENTS_PENDING_MAX / 2;
        if room {
            self.push(event);
        }
        room
    }

    /// Whether events are kept that the node did not take.
    pub(super) fn is_behind(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether the swarm may produce more.
    pub(super) fn has_room(&self) -> bool {
        self.pending.len() < EVENTS_PENDING_MAX
    }

    /// The oldest event that is kept.
    pub(super) fn pop(&mut self) -> Option<NetworkEvent> {
        self.pending.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(n: usize) -> NetworkEvent {
        NetworkEvent::Listening(n.to_string())
    }

    fn text(event: NetworkEvent) -> String {
        let NetworkEvent::Listening(text) = event else { panic!("{event:?}") };
        text
    }

    #[test]
    fn order_is_kept_and_room_is_bounded() {
        let (sender, mut receiver) = mpsc::channel(2);
        let mut events = Events::new(sender);
        let offered = (0..).take_while(|n| events.offer(event(*n))).count();
        assert_eq!(offered, 2 + EVENTS_PENDING_MAX / 2);
        assert!(events.is_behind() && events.has_room());
        (offered..offered + EVENTS_PENDING_MAX / 2).for_each(|n| events.push(event(n)));
        assert!(!events.has_room());
        for n in 0..2 {
            assert_eq!(text(receiver.try_recv().unwrap()), n.to_string());
        }
        assert_eq!(text(events.pop().unwrap()), "2");
    }
}
