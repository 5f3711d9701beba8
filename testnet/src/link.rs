//! The weather between two nodes: what happens to bytes that travel from one to the other.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;

/// What a link does to the bytes of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Weather {
    /// Nothing passes; connections that lived through it are closed when it ends.
    pub blocked: bool,
    /// Added one-way delay.
    pub delay: Duration,
    /// Share of segments that need a retransmission, 0 to 1. TCP loses nothing: it is late by [`RETRANSMISSION`].
    pub loss: f64,
}

/// What a lost segment costs: Linux's smallest retransmission time-out.
pub const RETRANSMISSION: Duration = Duration::from_millis(200);

impl Weather {
    /// Whether bytes pass at once.
    pub fn is_clear(&self) -> bool {
        *self == Self::default()
    }
}

/// The weather of every directed pair of nodes, numbered as in the neighbourhood.
#[derive(Debug, Default)]
pub struct Links {
    directed: BTreeMap<(usize, usize), watch::Sender<Weather>>,
}

impl Links {
    /// The weather for bytes from `from` to `to`, now and as it changes.
    pub fn watch(&mut self, from: usize, to: usize) -> watch::Receiver<Weather> {
        self.directed.entry((from, to)).or_insert_with(|| watch::channel(Weather::default()).0).subscribe()
    }

    /// Cuts every link between different groups, both ways; nodes in no group form one more group together.
    pub fn partition(&mut self, groups: &[Vec<usize>]) {
        self.each(|from, to, weather| {
            weather.blocked = group_of(groups, from) != group_of(groups, to);
        });
    }

    /// Cuts what `from` sends to `to`; the way back stays open.
    pub fn block_one_way(&mut self, senders: &[usize], receivers: &[usize]) {
        self.each(|from, to, weather| {
            weather.blocked |= senders.contains(&from) && receivers.contains(&to);
        });
    }

    /// Ends every partition; latency stays.
    pub fn heal(&mut self) {
        self.each(|_, _, weather| weather.blocked = false);
    }

    /// Delays what `node` sends and receives, on every link of its own.
    pub fn slow(&mut self, node: usize, delay: Duration, loss: f64) {
        self.each(|from, to, weather| {
            if from == node || to == node {
                (weather.delay, weather.loss) = (delay, loss);
            }
        });
    }

    /// One line for each fault in force, by node number.
    pub fn faults(&self) -> Vec<(usize, usize, Weather)> {
        let weather = self.directed.iter().map(|((from, to), sender)| (*from, *to, *sender.borrow()));
        weather.filter(|(_, _, weather)| !weather.is_clear()).collect()
    }

    fn each(&mut self, change: impl Fn(usize, usize, &mut Weather)) {
        for ((from, to), sender) in &self.directed {
            sender.send_if_modified(|weather| {
                let before = *weather;
                change(*from, *to, weather);
                *weather != before
            });
        }
    }
}

fn group_of(groups: &[Vec<usize>], node: usize) -> Option<usize> {
    groups.iter().position(|group| group.contains(&node))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn four() -> Links {
        let mut links = Links::default();
        for from in 0..4 {
            for to in (0..4).filter(|to| *to != from) {
                drop(links.watch(from, to));
            }
        }
        links
    }

    fn blocked(links: &Links) -> Vec<(usize, usize)> {
        let faults = links.faults().into_iter();
        faults.filter(|(_, _, weather)| weather.blocked).map(|(from, to, _)| (from, to)).collect()
    }

    #[test]
    fn a_partition_cuts_between_groups_only() {
        let mut links = four();
        links.partition(&[vec![0, 1], vec![2, 3]]);
        assert_eq!(blocked(&links), [(0, 2), (0, 3), (1, 2), (1, 3), (2, 0), (2, 1), (3, 0), (3, 1)]);
        links.partition(&[vec![0]]);
        assert_eq!(blocked(&links), [(0, 1), (0, 2), (0, 3), (1, 0), (2, 0), (3, 0)]);
        links.heal();
        assert!(links.faults().is_empty());
    }

    #[test]
    fn a_one_way_cut_leaves_the_way_back() {
        let mut links = four();
        links.block_one_way(&[0], &[1]);
        assert_eq!(blocked(&links), [(0, 1)]);
    }

    #[test]
    fn latency_concerns_the_links_of_its_node_and_survives_healing() {
        let mut links = four();
        links.slow(1, Duration::from_millis(200), 0.05);
        links.heal();
        assert_eq!(links.faults().len(), 6);
        assert!(links.faults().iter().all(|(from, to, _)| *from == 1 || *to == 1));
        links.slow(1, Duration::ZERO, 0.0);
        assert!(links.faults().is_empty());
    }
}
