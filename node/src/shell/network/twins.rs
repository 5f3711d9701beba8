//! Two nodes started from one copied data folder find out about each other. Each run introduces itself on every
//! connection; a peer that sees two runs of one key tells both; each asks the other, through that peer, for a sign of
//! life. The peer carries and judges nothing, and can make nothing up: the answer is signed with the key they share. A
//! pure value: what is to be done comes back as steps.

use std::collections::BTreeMap;
use std::time::Duration;

use libp2p::swarm::ConnectionId;
use protocol::greeting::{Greeting, Nonce, Question, Run, SignOfLife};
use protocol::limits::RUNS_TOLD_MAX;
use protocol::{Bounded, ChainId, PublicKey, SigningKey};
use tokio::time::Instant;

/// A run that has not answered for this long does not live: it crashed, and its connection was not missed yet.
const PATIENCE: Duration = Duration::from_secs(10);
/// Questions under way.
const QUESTIONS_MAX: usize = 64;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Say this on that connection.
    Say(ConnectionId, Greeting),
    /// This member knows of no other living run of our key.
    Alone(PublicKey),
    /// Another run of our key lives; this member carried the proof.
    Copied(PublicKey),
}

/// Everything known about runs.
#[derive(Debug)]
pub(super) struct Twins {
    run: Run,
    key: SigningKey,
    chain: ChainId,
    connections: BTreeMap<ConnectionId, (PublicKey, Option<Run>)>,
    asked: BTreeMap<(PublicKey, Run), (Nonce, Instant)>,
}

impl Twins {
    pub(super) fn new(run: Run, key: SigningKey, chain: ChainId) -> Self {
        Self { run, key, chain, connections: BTreeMap::new(), asked: BTreeMap::new() }
    }

    /// A member's connection stands. What has to be said on it first.
    pub(super) fn connected(&mut self, connection: ConnectionId, peer: PublicKey) -> Step {
        self.connections.insert(connection, (peer, None));
        Step::Say(connection, Greeting::Here(self.run))
    }

    /// A connection ended: whoever is left of that key may be alone now.
    pub(super) fn closed(&mut self, connection: ConnectionId) -> Vec<Step> {
        let Some((peer, run)) = self.connections.remove(&connection) else { return Vec::new() };
        if run.is_some() { self.tell(peer) } else { Vec::new() }
    }

    /// A member said something. `nonce` is a fresh number in case there is something to ask.
    pub(super) fn heard(
        &mut self,
        connection: ConnectionId,
        greeting: Greeting,
        nonce: Nonce,
        now: Instant,
    ) -> Vec<Step> {
        let Some((peer, run)) = self.connections.get_mut(&connection) else { return Vec::new() };
        let peer = *peer;
        match greeting {
            Greeting::Here(here) => {
                *run = Some(here);
                self.tell(peer)
            }
            Greeting::Others(others) => self.others(connection, peer, others.into_vec(), nonce, now),
            Greeting::Question(question) if question.run == self.run => {
                let sign = question.answer(&self.key, &self.chain);
                vec![Step::Say(connection, Greeting::Answer(sign))]
            }
            Greeting::Question(question) => self.carry(peer, connection, Greeting::Question(question)),
            Greeting::Answer(sign) => self.answer(connection, peer, sign),
        }
    }

    /// Time has passed: what did not answer until now does not live.
    pub(super) fn tick(&mut self, now: Instant) -> Vec<Step> {
        let mut given_up = Vec::new();
        self.asked.retain(|(via, _), (_, at)| {
            let waits = now - *at < PATIENCE;
            if !waits {
                given_up.push(Step::Alone(*via));
            }
            waits
        });
        given_up
    }

    /// Tells each run of a key which others there are.
    fn tell(&self, peer: PublicKey) -> Vec<Step> {
        let runs = self.connections.iter().filter(|(_, (other, _))| *other == peer);
        let runs: Vec<(ConnectionId, Run)> =
            runs.filter_map(|(connection, (_, run))| Some((*connection, (*run)?))).collect();
        let others = |of: Run| {
            let mut others: Vec<Run> = runs.iter().map(|(_, run)| *run).filter(|run| *run != of).collect();
            others.sort_unstable();
            others.dedup();
            others.truncate(RUNS_TOLD_MAX);
            Greeting::Others(Bounded::new(others).expect("invariant: cut to its maximum"))
        };
        runs.iter().map(|(connection, run)| Step::Say(*connection, others(*run))).collect()
    }

    fn others(
        &mut self,
        connection: ConnectionId,
        via: PublicKey,
        mut others: Vec<Run>,
        nonce: Nonce,
        now: Instant,
    ) -> Vec<Step> {
        others.retain(|run| *run != self.run);
        // What this member does not see any more will not answer through it.
        self.asked.retain(|(member, run), _| *member != via || others.contains(run));
        if others.is_empty() {
            return vec![Step::Alone(via)];
        }
        let mut steps = Vec::new();
        for run in others {
            if self.asked.len() < QUESTIONS_MAX && !self.asked.contains_key(&(via, run)) {
                self.asked.insert((via, run), (nonce, now));
                steps.push(Step::Say(connection, Greeting::Question(Question { run, nonce })));
            }
        }
        steps
    }

    fn answer(&self, connection: ConnectionId, peer: PublicKey, sign: SignOfLife) -> Vec<Step> {
        match self.asked.get(&(peer, sign.question.run)) {
            Some((nonce, _)) if *nonce == sign.question.nonce => {
                let is_ours = sign.verify(&self.key.public(), &self.chain).is_ok();
                if is_ours { vec![Step::Copied(peer)] } else { Vec::new() }
            }
            Some(_) | None => self.carry(peer, connection, Greeting::Answer(sign)),
        }
    }

    /// Carries a message between the runs of one key: a question to the run it names, an answer to all others.
    fn carry(&self, peer: PublicKey, but: ConnectionId, greeting: Greeting) -> Vec<Step> {
        let is_for = |run: &Option<Run>| match &greeting {
            Greeting::Question(question) => *run == Some(question.run),
            Greeting::Answer(_) => run.is_some(),
            Greeting::Here(_) | Greeting::Others(_) => false,
        };
        self.connections
            .iter()
            .filter(|(id, (other, run))| **id != but && *other == peer && is_for(run))
            .map(|(id, _)| Step::Say(*id, greeting.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: Nonce = Nonce::new([9; 16]);

    fn id(number: usize) -> ConnectionId {
        ConnectionId::new_unchecked(number)
    }

    fn node(seed: u8, run: u8) -> Twins {
        Twins::new(Run::new([run; 16]), SigningKey::from_seed(&[seed; 32]), ChainId::new([1; 32]))
    }

    fn key(seed: u8) -> PublicKey {
        SigningKey::from_seed(&[seed; 32]).public()
    }

    fn here(run: u8) -> Greeting {
        Greeting::Here(Run::new([run; 16]))
    }

    /// Two runs of key 1 at a peer with key 2: connection 1 is the first's, 2 the second's, on all sides.
    fn met() -> (Twins, Twins, Twins, Instant) {
        let (mut first, mut second, mut peer) = (node(1, 11), node(1, 12), node(2, 20));
        let now = Instant::now();
        for (twin, number) in [(&mut first, 1), (&mut second, 2)] {
            assert!(matches!(twin.connected(id(number), key(2)), Step::Say(_, Greeting::Here(_))));
            peer.connected(id(number), key(1));
        }
        (first, second, peer, now)
    }

    #[test]
    fn two_living_runs_of_one_key_are_proven_to_each_other() {
        let (mut first, mut second, mut peer, now) = met();
        assert_eq!(peer.heard(id(1), here(11), NONCE, now).len(), 1, "alone so far");
        let mut said = peer.heard(id(2), here(12), NONCE, now);
        let mut copied = Vec::new();
        for _ in 0..8 {
            let mut next = Vec::new();
            for step in said {
                let Step::Say(at, greeting) = step else { panic!("{step:?}") };
                let twin = if at == id(1) { &mut first } else { &mut second };
                for answer in twin.heard(at, greeting, NONCE, now) {
                    match answer {
                        Step::Say(_, greeting) => next.extend(peer.heard(at, greeting, NONCE, now)),
                        Step::Copied(_) => copied.push(at),
                        Step::Alone(_) => panic!("{at:?} is not alone"),
                    }
                }
            }
            said = next;
        }
        copied.sort_unstable();
        assert_eq!(copied, [id(1), id(2)]);
    }

    #[test]
    fn a_run_that_crashed_does_not_answer_and_stops_nobody() {
        let (_, mut second, mut peer, now) = met();
        peer.heard(id(1), here(11), NONCE, now);
        let told = peer.heard(id(2), here(12), NONCE, now);
        let others = told.into_iter().find_map(|step| match step {
            Step::Say(at, greeting) if at == id(2) => Some(greeting),
            Step::Say(..) | Step::Alone(_) | Step::Copied(_) => None,
        });
        let asked = second.heard(id(2), others.unwrap(), NONCE, now);
        assert!(matches!(asked[..], [Step::Say(_, Greeting::Question(_))]));
        assert_eq!(second.tick(now + PATIENCE / 2), []);
        assert_eq!(second.tick(now + PATIENCE), [Step::Alone(key(2))]);
        let left = peer.closed(id(1));
        assert_eq!(left, [Step::Say(id(2), Greeting::Others(Bounded::default()))]);
        assert_eq!(
            second.heard(id(2), Greeting::Others(Bounded::default()), NONCE, now),
            [Step::Alone(key(2))]
        );
    }

    #[test]
    fn a_peer_cannot_make_a_twin_up() {
        let (mut first, ..) = met();
        let now = Instant::now();
        let made_up = Bounded::new(vec![Run::new([77; 16])]).unwrap();
        first.heard(id(1), Greeting::Others(made_up), NONCE, now);
        let question = Question { run: Run::new([77; 16]), nonce: NONCE };
        let chain = ChainId::new([1; 32]);
        for liar in [question.answer(&SigningKey::from_seed(&[2; 32]), &chain), {
            let old = Question { nonce: Nonce::new([1; 16]), ..question };
            old.answer(&SigningKey::from_seed(&[1; 32]), &chain)
        }] {
            let steps = first.heard(id(1), Greeting::Answer(liar), NONCE, now);
            assert!(!steps.contains(&Step::Copied(key(2))), "{steps:?}");
        }
        let own = Question { run: Run::new([11; 16]), nonce: NONCE };
        let [Step::Say(_, Greeting::Answer(sign))] =
            &first.heard(id(1), Greeting::Question(own), NONCE, now)[..]
        else {
            panic!("it answers for itself")
        };
        let reflected = first.heard(id(1), Greeting::Answer(sign.clone()), NONCE, now);
        assert_eq!(reflected, [], "its own sign of life proves nothing");
    }
}
