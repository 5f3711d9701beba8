//! Links between nodes: connections that come and go, and messages that are late, lost, doubled or overtaken. A message
//! belongs to the connection it was sent on and is gone with it.

use crate::chance::Chance;
use crate::faults::Links;

#[derive(Debug, Clone, Default)]
struct Direction {
    is_cut: bool,
    clogged_until: u64,
    /// When the last message arrives, where order is kept.
    last_due: u64,
    /// Whether the sending end takes the connection for alive.
    is_seen: bool,
}

/// One message on its way: which connection, and when it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passage {
    /// The connection's number.
    pub session: u32,
    /// World time of arrival, milliseconds.
    pub due: u64,
}

/// All links. Nodes are numbered from 0.
#[derive(Debug)]
pub struct Network {
    count: usize,
    links: Links,
    chance: Chance,
    /// `from * count + to`.
    directions: Vec<Direction>,
    /// Number of the connection of each pair; `None` while there is none.
    sessions: Vec<Option<u32>>,
    next_session: u32,
    /// Messages handed over.
    pub sent: u64,
    /// Of these, lost on the way.
    pub lost: u64,
}

impl Network {
    /// No connection yet.
    pub fn new(count: usize, links: Links, chance: Chance) -> Self {
        Self {
            count,
            links,
            chance,
            directions: vec![Direction::default(); count * count],
            sessions: vec![None; count * count],
            next_session: 1,
            sent: 0,
            lost: 0,
        }
    }

    /// Whether `node` takes its connection to `peer` for alive.
    pub fn sees(&self, node: usize, peer: usize) -> bool {
        self.directions[node * self.count + peer].is_seen
    }

    /// Whether the net is cut between the two, in either direction.
    pub fn is_cut(&self, a: usize, b: usize) -> bool {
        self.directions[a * self.count + b].is_cut || self.directions[b * self.count + a].is_cut
    }

    /// The connection of the two, if there is one.
    pub fn session(&self, a: usize, b: usize) -> Option<u32> {
        self.sessions[self.pair(a, b)]
    }

    /// A new connection that both ends know of.
    pub fn connect(&mut self, a: usize, b: usize) {
        let pair = self.pair(a, b);
        self.sessions[pair] = Some(self.next_session);
        self.next_session += 1;
        for (from, to) in [(a, b), (b, a)] {
            self.directions[from * self.count + to].is_seen = true;
        }
    }

    /// The connection is gone; each end learns of it by [`Self::forget`].
    pub fn disconnect(&mut self, a: usize, b: usize) {
        let pair = self.pair(a, b);
        self.sessions[pair] = None;
    }

    /// `node` notices that its connection to `peer` is gone.
    pub fn forget(&mut self, node: usize, peer: usize) {
        self.directions[node * self.count + peer].is_seen = false;
    }

    /// Cuts every way from a node inside to one outside; with `both`, the way back too.
    pub fn cut(&mut self, inside: &[bool], both: bool) {
        for from in 0..self.count {
            for to in 0..self.count {
                let leaves = inside[from] && !inside[to];
                let enters = !inside[from] && inside[to];
                self.directions[from * self.count + to].is_cut |= leaves || (both && enters);
            }
        }
    }

    /// Ends every cut.
    pub fn mend(&mut self) {
        self.directions.iter_mut().for_each(|direction| direction.is_cut = false);
    }

    /// Holds everything back from one node to another until then.
    pub fn clog(&mut self, from: usize, to: usize, until: u64) {
        self.directions[from * self.count + to].clogged_until = until;
    }

    /// Other links from now on; nothing is cut or clogged any more.
    pub fn clear(&mut self, links: Links) {
        self.links = links;
        self.mend();
        self.directions.iter_mut().for_each(|direction| direction.clogged_until = 0);
    }

    /// Hands a message over. Answers when it arrives: not at all, once or twice.
    pub fn post(&mut self, now: u64, from: usize, to: usize) -> [Option<Passage>; 2] {
        self.sent += 1;
        let index = from * self.count + to;
        let Some(session) = self.session(from, to) else { return self.drop_it() };
        if self.directions[index].is_cut || self.chance.per_mille(self.links.loss_per_mille) {
            return self.drop_it();
        }
        let direction = &mut self.directions[index];
        let (low, high) = self.links.delay_ms;
        let mut due = now.max(direction.clogged_until) + self.chance.between(low, high);
        if !self.links.reorder {
            due = due.max(direction.last_due);
        }
        direction.last_due = due;
        let again = self.chance.per_mille(self.links.duplicate_per_mille);
        let again = again.then(|| due + self.chance.between(0, self.links.replay_ms_max));
        [Some(Passage { session, due }), again.map(|due| Passage { session, due })]
    }

    /// Whether a message of that connection still gets through.
    pub fn arrives(&self, from: usize, to: usize, session: u32) -> bool {
        self.session(from, to) == Some(session) && !self.directions[from * self.count + to].is_cut
    }

    fn drop_it(&mut self) -> [Option<Passage>; 2] {
        self.lost += 1;
        [None, None]
    }

    fn pair(&self, a: usize, b: usize) -> usize {
        a.min(b) * self.count + a.max(b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALM: Links = Links {
        delay_ms: (5, 20),
        loss_per_mille: 0,
        duplicate_per_mille: 0,
        replay_ms_max: 0,
        reorder: false,
        clog_every_ms: 0,
        clog_ms_max: 0,
    };

    fn connected(links: Links) -> Network {
        let mut network = Network::new(3, links, Chance::new(1, "network"));
        network.connect(0, 1);
        network
    }

    #[test]
    fn order_is_kept_unless_the_weather_says_otherwise() {
        let dues = |links| {
            let mut network = connected(links);
            (0..100)
                .filter_map(|now| network.post(now, 0, 1)[0])
                .map(|passage| passage.due)
                .collect::<Vec<_>>()
        };
        assert!(dues(CALM).is_sorted());
        assert!(!dues(Links { reorder: true, ..CALM }).is_sorted());
    }

    #[test]
    fn a_one_way_cut_lets_the_other_way_through() {
        let mut network = connected(CALM);
        network.cut(&[true, false, false], false);
        assert_eq!(network.post(0, 0, 1), [None, None]);
        assert!(network.post(0, 1, 0)[0].is_some());
        network.cut(&[true, false, false], true);
        assert_eq!(network.post(0, 1, 0), [None, None]);
        network.mend();
        assert!(network.post(0, 0, 1)[0].is_some());
    }

    #[test]
    fn a_message_is_gone_with_its_connection() {
        let mut network = connected(CALM);
        let passage = network.post(0, 0, 1)[0].unwrap();
        assert!(network.arrives(0, 1, passage.session));
        network.disconnect(0, 1);
        network.connect(1, 0);
        assert!(!network.arrives(0, 1, passage.session));
        assert_eq!(network.post(0, 0, 2), [None, None], "never connected");
    }
}
