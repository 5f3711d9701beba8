//! Live events on their way to open pages: numbered, kept for a while for those who reconnect, sent to those who are
//! here. One task owns the ring; a page that falls behind is told to start again, never left with a silent gap.

use crate::time::Time;
use crate::view::{AlertView, BlockSummary, HiveView, Sample, WorkOrderView};
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc, oneshot};
use utoipa::ToSchema;

/// Events kept for `Last-Event-ID`.
const RING_EVENTS_MAX: usize = 2_048;
/// Events one open page may lag behind before it is told to start again.
const LAG_EVENTS_MAX: usize = 512;
/// Pages waiting to be let in.
const JOIN_QUEUE_MAX: usize = 64;

/// Something that just happened, as the shell tells it. The shell thins samples out: a page needs a few per second.
#[derive(Clone, Debug, PartialEq)]
pub enum LiveEvent {
    Samples(SampleBatch),
    /// A block became final.
    Block(BlockSummary),
    /// An alert opened or changed.
    Alert(AlertView),
    /// A work order opened or changed.
    WorkOrder(WorkOrderView),
    /// Peers, height or health changed.
    Hive(HiveView),
    /// Slots were closed or corrected, or meters planned anew.
    Energy(EnergyNews),
}

/// That something about the building's energy is to be asked anew.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct EnergyNews {
    /// End of the last slot that is closed; `null` before the first.
    pub closed_to: Option<Time>,
}

/// New readings of one asset.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SampleBatch {
    /// Code of the asset.
    pub asset: String,
    pub samples: Vec<Sample>,
}

/// What a page can listen to. The name is also the SSE event name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    Samples,
    Blocks,
    Alerts,
    WorkOrders,
    Hive,
    Energy,
}

impl Topic {
    /// All topics, in the order of the documentation.
    pub const ALL: [Self; 6] =
        [Self::Samples, Self::Blocks, Self::Alerts, Self::WorkOrders, Self::Hive, Self::Energy];

    /// The name in `?topics=` and in the stream.
    pub fn name(self) -> &'static str {
        match self {
            Self::Samples => "samples",
            Self::Blocks => "blocks",
            Self::Alerts => "alerts",
            Self::WorkOrders => "workorders",
            Self::Hive => "hive",
            Self::Energy => "energy",
        }
    }
}

impl LiveEvent {
    /// The topic it belongs to.
    pub fn topic(&self) -> Topic {
        match self {
            Self::Samples(_) => Topic::Samples,
            Self::Block(_) => Topic::Blocks,
            Self::Alert(_) => Topic::Alerts,
            Self::WorkOrder(_) => Topic::WorkOrders,
            Self::Hive(_) => Topic::Hive,
            Self::Energy(_) => Topic::Energy,
        }
    }

    fn json(&self) -> String {
        let json = match self {
            Self::Samples(samples) => serde_json::to_string(samples),
            Self::Block(block) => serde_json::to_string(block),
            Self::Alert(alert) => serde_json::to_string(alert),
            Self::WorkOrder(order) => serde_json::to_string(order),
            Self::Hive(hive) => serde_json::to_string(hive),
            Self::Energy(news) => serde_json::to_string(news),
        };
        json.expect("invariant: view types have string keys only")
    }
}

/// What goes to an open page.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    Event(Arc<Numbered>),
    /// Something was lost on the way: fetch everything again.
    Resync,
}

/// An event with its number, counted from 1 since the process started.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Numbered {
    pub(crate) number: u64,
    pub(crate) topic: Topic,
    pub(crate) json: String,
}

/// A page's place at the stream: what it missed, then what comes.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) missed: Vec<Item>,
    pub(crate) coming: broadcast::Receiver<Item>,
}

#[derive(Debug)]
struct Join {
    after: Option<u64>,
    seat: oneshot::Sender<Seat>,
}

/// The door to the ring.
#[derive(Clone, Debug)]
pub(crate) struct Feed {
    joins: mpsc::Sender<Join>,
}

impl Feed {
    /// Starts the task that owns the ring. It ends when every feed is gone.
    pub(crate) fn start(events: broadcast::Receiver<LiveEvent>) -> Self {
        let (joins, waiting) = mpsc::channel(JOIN_QUEUE_MAX);
        tokio::spawn(run(events, waiting));
        Self { joins }
    }

    /// A place at the stream; `after` is the last event the page saw. None while too many pages come at once.
    pub(crate) async fn join(&self, after: Option<u64>) -> Option<Seat> {
        let (seat, seated) = oneshot::channel();
        self.joins.try_send(Join { after, seat }).ok()?;
        seated.await.ok()
    }
}

async fn run(mut events: broadcast::Receiver<LiveEvent>, mut joins: mpsc::Receiver<Join>) {
    let mut ring = Ring::new();
    let mut open = true;
    loop {
        tokio::select! {
            event = events.recv(), if open => match event {
                Ok(event) => ring.push(&event),
                Err(broadcast::error::RecvError::Lagged(_)) => ring.lose(),
                Err(broadcast::error::RecvError::Closed) => open = false,
            },
            join = joins.recv() => match join {
                Some(join) => drop(join.seat.send(ring.seat(join.after))),
                None => return,
            },
        }
    }
}

struct Ring {
    kept: VecDeque<Arc<Numbered>>,
    number: u64,
    out: broadcast::Sender<Item>,
}

impl Ring {
    fn new() -> Self {
        Self { kept: VecDeque::new(), number: 0, out: broadcast::Sender::new(LAG_EVENTS_MAX) }
    }

    fn push(&mut self, event: &LiveEvent) {
        self.number += 1;
        let event = Arc::new(Numbered { number: self.number, topic: event.topic(), json: event.json() });
        if self.kept.len() == RING_EVENTS_MAX {
            self.kept.pop_front();
        }
        self.kept.push_back(Arc::clone(&event));
        // No page is listening: that is no error.
        drop(self.out.send(Item::Event(event)));
    }

    /// Events were lost before they got here: the ring has a hole and cannot replay across it.
    fn lose(&mut self) {
        self.kept.clear();
        self.number += 1;
        drop(self.out.send(Item::Resync));
    }

    fn seat(&self, after: Option<u64>) -> Seat {
        let missed = match after {
            None => Vec::new(),
            Some(after) if self.covers(after) => {
                let newer = self.kept.iter().filter(|event| event.number > after);
                newer.map(|event| Item::Event(Arc::clone(event))).collect()
            }
            Some(_) => vec![Item::Resync],
        };
        Seat { missed, coming: self.out.subscribe() }
    }

    /// Every event after `after` is still here.
    fn covers(&self, after: u64) -> bool {
        let oldest = self.kept.front().map_or(self.number + 1, |event| event.number);
        after <= self.number && after + 1 >= oldest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hive(height: u64) -> LiveEvent {
        LiveEvent::Hive(HiveView { height, ..HiveView::default() })
    }

    fn missed(ring: &Ring, after: u64) -> Vec<Option<u64>> {
        let number = |item: &Item| match item {
            Item::Event(event) => Some(event.number),
            Item::Resync => None,
        };
        ring.seat(Some(after)).missed.iter().map(number).collect()
    }

    #[test]
    fn replays_exactly_what_was_missed() {
        let mut ring = Ring::new();
        (1..=5).for_each(|height| ring.push(&hive(height)));
        assert_eq!(missed(&ring, 3), vec![Some(4), Some(5)]);
        assert_eq!(missed(&ring, 5), vec![]);
        assert_eq!(missed(&ring, 0).len(), 5);
    }

    #[test]
    fn says_so_when_it_cannot_replay() {
        let mut ring = Ring::new();
        (0..3_000).for_each(|height| ring.push(&hive(height)));
        assert_eq!(ring.kept.len(), RING_EVENTS_MAX);
        assert_eq!(missed(&ring, 3), vec![None]);
        assert_eq!(missed(&ring, 4_000), vec![None], "a number of an earlier process");
        assert_eq!(missed(&ring, 3_000 - 2_048).len(), RING_EVENTS_MAX);
    }

    #[test]
    fn a_hole_is_never_replayed_across() {
        let mut ring = Ring::new();
        ring.push(&hive(1));
        ring.lose();
        ring.push(&hive(2));
        assert_eq!(missed(&ring, 1), vec![None]);
        assert_eq!(missed(&ring, 2), vec![Some(3)]);
    }
}
