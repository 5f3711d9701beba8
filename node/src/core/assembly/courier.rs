//! What residents of other buildings hand in here because their own node does not take it: only a commitment, which is
//! promised and brought to the ledger. And promises of any node, watched until they are kept; a broken one goes on record.

use ledger::state::assembly::Intake;
use protocol::assembly::{AssemblyAction, AssemblyId, Commitments, Kept as Standing, Promise, SignedPromise};
use protocol::limits::{BALLOTS_CARRIED_PER_VOTE_MAX, COMMITMENTS_PER_TRANSACTION_MAX, PROMISES_WATCHED_MAX};
use protocol::{Address, Bounded, Digest, Height, Now};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::urn::PROMISE_HEIGHTS;
use super::{Done, HomeError, Kept, KeptKey};
use crate::core::Core;
use crate::core::maintenance::Change;
use crate::core::outbox::Purpose;

/// A promise that this node keeps an eye on: its own for another building's ballot, or one of another node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Watched {
    /// The promise.
    pub promise: SignedPromise,
    /// Whether it is this node's own, to be kept by bringing the ballot.
    pub is_own: bool,
}

impl Watched {
    /// Where it lies: one for each node and ballot.
    pub(super) fn key(&self) -> Digest {
        key_of(&self.promise.promise)
    }
}

fn key_of(promise: &Promise) -> Digest {
    let Promise { assembly, commitment, node, .. } = promise;
    Digest::of("symbiose watched promise v1", &[assembly.as_bytes(), commitment.as_bytes(), node.as_bytes()])
}

impl Core {
    /// Takes the commitment to a ballot of another building, promises it and brings it to the ledger.
    pub(super) fn carry(
        &mut self,
        now: Now,
        vote: AssemblyId,
        commitment: Digest,
    ) -> Result<Done, HomeError> {
        let head = self.ledger.head().height;
        let intake: &Intake = self.ledger.state().intake(&vote).ok_or(HomeError::NoAssembly)?;
        if intake.building == self.origin() {
            return Err(HomeError::Stage {
                expected: "is another building's; here the ballot itself is needed",
            });
        }
        if head.next() < intake.opens || head >= intake.closes {
            return Err(HomeError::Stage { expected: "is open" });
        }
        let by = Height((head.0 + PROMISE_HEIGHTS).min(intake.closes.0));
        let promise = Promise { assembly: vote, commitment, taken: head, by, node: self.key.public() };
        if let Some(known) = self.home.watched.get(&key_of(&promise)) {
            return Ok(Done::Promised(Box::new(known.promise.clone())));
        }
        // What stands is watched no more, and the ledger counts it all the same: a promise beyond that could not be kept.
        let of_vote = |one: &&Watched| one.is_own && one.promise.promise.assembly == vote;
        let brought = self.ledger.state().brought(&vote, &self.origin()) as usize;
        if brought + self.home.watched.values().filter(of_vote).count() >= BALLOTS_CARRIED_PER_VOTE_MAX {
            let (field, max) = ("ballots of one assembly of another building", BALLOTS_CARRIED_PER_VOTE_MAX);
            return Err(HomeError::Full { field, max });
        }
        let promise = promise.sign(&self.key, &self.ledger.chain());
        self.watch_on(Watched { promise: promise.clone(), is_own: true })?;
        self.tend_promises(now);
        Ok(Done::Promised(Box::new(promise)))
    }

    /// Looks how a node's promise stands, and keeps an eye on it while there is time left.
    pub(super) fn watch(&mut self, now: Now, promise: &SignedPromise) -> Result<Done, HomeError> {
        let vote = promise.promise.assembly;
        self.ledger.state().intake(&vote).ok_or(HomeError::NoAssembly)?;
        let node = Address::of(&promise.promise.node);
        let (state, expected) = (self.ledger.state(), "a promise of a member's node");
        let known =
            state.member_keys().any(|key| key == promise.promise.node) || state.moved(&node).is_some();
        if !known || promise.verify(&self.ledger.chain()).is_err() {
            return Err(HomeError::NotYours { expected });
        }
        let standing = self.standing(&promise.promise);
        if standing != Standing::Yes {
            self.watch_on(Watched {
                promise: promise.clone(),
                is_own: promise.promise.node == self.key.public(),
            })?;
            self.tend_promises(now);
        }
        Ok(Done::Standing(standing))
    }

    fn watch_on(&mut self, watched: Watched) -> Result<(), HomeError> {
        let key = watched.key();
        if self.home.watched.contains_key(&key) {
            return Ok(());
        }
        if self.home.watched.len() >= PROMISES_WATCHED_MAX {
            return Err(HomeError::Full { field: "promises", max: PROMISES_WATCHED_MAX });
        }
        self.home.watched.insert(key, watched.clone());
        self.keep([Kept::Watched(Box::new(watched))]);
        Ok(())
    }

    /// How a promise stands by what is final here.
    fn standing(&self, promise: &Promise) -> Standing {
        let state = self.ledger.state();
        let found = state.entered(&promise.assembly, &promise.commitment).map(|entered| entered.height);
        promise.at(self.ledger.head().height, found)
    }

    /// Brings what was promised here, and puts on record what others did not bring in time.
    pub(super) fn tend_promises(&mut self, now: Now) {
        let mut waiting: Vec<(AssemblyId, Digest)> = Vec::new();
        let mut over = Vec::new();
        let mut broken = Vec::new();
        for (key, watched) in &self.home.watched {
            let promise = &watched.promise.promise;
            match self.standing(promise) {
                Standing::Yes => over.push(*key),
                Standing::Pending if watched.is_own => waiting.push((promise.assembly, promise.commitment)),
                Standing::Pending => {}
                Standing::Broken => {
                    let accuse = AssemblyAction::Accuse(watched.promise.clone());
                    if self.ledger.state().has_assembly_action(&accuse) {
                        over.push(*key);
                    } else {
                        broken.push((*key, accuse));
                    }
                }
            }
        }
        let gone: Vec<Change> = over
            .into_iter()
            .filter(|key| self.home.watched.remove(key).is_some())
            .map(|key| Change::DeleteKept(KeptKey::Watched(key)))
            .collect();
        self.persist(gone);
        for (key, accuse) in broken {
            self.wish(now, accuse, Purpose::Accusation(key));
        }
        self.bring_carried(now, waiting);
    }

    /// The accusation was refused for good: it proves nothing.
    pub(in crate::core) fn accusation_refused(&mut self, key: &Digest) {
        if self.home.watched.remove(key).is_some() {
            self.persist(vec![Change::DeleteKept(KeptKey::Watched(*key))]);
        }
    }

    fn bring_carried(&mut self, now: Now, mut waiting: Vec<(AssemblyId, Digest)>) {
        let flying = self.home.flying();
        waiting.retain(|(_, one)| !flying.contains(one));
        waiting.sort_unstable();
        for of_vote in waiting.chunk_by(|(a, _), (b, _)| a == b) {
            let commitments: Vec<Digest> = of_vote.iter().map(|(_, commitment)| *commitment).collect();
            for batch in commitments.chunks(COMMITMENTS_PER_TRANSACTION_MAX) {
                let commitments = Bounded::new(batch.to_vec()).expect("invariant: cut to its bound");
                let action = AssemblyAction::Commit(Commitments { vote: of_vote[0].0, commitments });
                if self.wish(now, action, Purpose::Ballots(batch[0])) {
                    self.home.in_flight.insert(batch[0], batch.to_vec());
                }
            }
        }
    }
}
