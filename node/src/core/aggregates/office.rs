//! A desk: it keeps its halves of reports, checks them together with the other desk once a period's window is closed, and
//! brings the sum of a group to the ledger, with noise of its own in it. It never sees a building's figure, and it settles
//! which reports count once, so that no second sum of nearly the same buildings can be asked of it.

use std::collections::{BTreeMap, BTreeSet};

use ledger::state::aggregate::{Group, is_enough};
use protocol::aggregate::{
    AggregateMessage, AggregateReceipt, AggregateRefusal, Batch, Check, Checked, Found, Half, Offered,
    Outcome, Reveal, SignedOutcome, Sum, Task, Work,
};
use protocol::limits::{AGGREGATE_CHECKS_MAX, AGGREGATE_HALVES_KEPT_MAX};
use protocol::{Address, Bounded, Bytes, Digest, Tick};

use super::act::{Act, Scene};
use super::stored::{AggregateKept, AggregateKeptKey, HeldBatch, HeldHalf};
use super::vdaf::{self, Side, Vdaf};

/// What is not answered is said again after this long, milliseconds.
const AGAIN_MS: u64 = 15_000;
/// A work that does not come on is begun anew after so many repetitions.
const REPEATS_MAX: u32 = 4;
/// The second desk brings a figure to the ledger if the first has not by then, milliseconds.
const SECOND_MS: u64 = 60_000;

/// Halves that are kept, and works that are under way.
#[derive(Debug, Clone, Default)]
pub struct Office {
    halves: BTreeMap<Work, BTreeMap<Address, Bytes<{ protocol::limits::AGGREGATE_HALF_BYTES_MAX }>>>,
    batches: BTreeMap<Work, HeldBatch>,
    works: BTreeMap<Work, Session>,
    kept: usize,
}

/// A work under way. Everything in it is worked out anew after a restart.
#[derive(Clone, Default)]
struct Session {
    /// The secret with which reports are checked.
    secret: Option<Digest>,
    /// At the first desk: reports whose check the second desk has not answered.
    open: BTreeMap<Address, Side>,
    /// Halves as they count.
    counted: BTreeMap<Address, u64>,
    /// Reports that do not count.
    refused: BTreeSet<Address>,
    /// What the other desk revealed.
    other: Option<Reveal>,
    said: Option<Tick>,
    repeats: u32,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({} counted, {} refused)", self.counted.len(), self.refused.len())
    }
}

/// A work that this desk has a part in.
struct Desk<'a> {
    work: Work,
    task: Task,
    group: &'a Group,
    /// 0 for the first desk, 1 for the second.
    side: usize,
    other: Address,
}

impl Office {
    pub(super) fn restore(&mut self, kept: &AggregateKept) {
        match kept {
            AggregateKept::Half(half) => {
                let halves = self.halves.entry(half.work).or_default();
                self.kept += usize::from(halves.insert(half.building, half.share.clone()).is_none());
            }
            AggregateKept::Batch(batch) => {
                self.batches.insert(batch.work, batch.clone());
            }
            AggregateKept::Consent(_) | AggregateKept::Report(_) => {}
        }
    }

    /// Halves of other buildings' reports that this node keeps.
    pub const fn kept(&self) -> usize {
        self.kept
    }

    /// A building brings its half.
    pub(super) fn hear_half(&mut self, scene: &Scene<'_>, from: Address, half: Half, acts: &mut Vec<Act>) {
        let work = half.work;
        let refused = self.take(scene, from, half, acts).err();
        acts.push(Act::Send(from, AggregateMessage::Receipt(AggregateReceipt { work, refused })));
    }

    fn take(
        &mut self,
        scene: &Scene<'_>,
        from: Address,
        half: Half,
        acts: &mut Vec<Act>,
    ) -> Result<(), AggregateRefusal> {
        let desk = Desk::of(scene, half.work).ok_or(AggregateRefusal::NotHere)?;
        let building = scene.first_key(&from);
        let (_, dwellings) = desk.group.place(&building).ok_or(AggregateRefusal::NotOfGroup)?;
        if let Some(known) = self.halves.get(&half.work).and_then(|halves| halves.get(&building)) {
            return if *known == half.share { Ok(()) } else { Err(AggregateRefusal::Contradiction) };
        }
        let now = scene.now.time;
        if now < half.work.period.end() || now >= half.work.period.closes() {
            return Err(AggregateRefusal::NotNow);
        }
        let vdaf = Vdaf::new(&scene.chain, &half.work, &building, desk.task.most(dwellings));
        let secret = scene.seed("check", &half.work, &[]);
        vdaf.begin(desk.side, &secret, half.share.as_slice()).map_err(|_| AggregateRefusal::Malformed)?;
        if self.kept >= AGGREGATE_HALVES_KEPT_MAX {
            return Err(AggregateRefusal::Full);
        }
        let held = AggregateKept::Half(HeldHalf { work: half.work, building, share: half.share });
        self.restore(&held);
        acts.push(Act::Store(held));
        Ok(())
    }

    /// Brings works whose window is closed on by a step, and lets go of those that are over.
    pub(super) fn tend(&mut self, scene: &Scene<'_>, acts: &mut Vec<Act>) {
        self.forget(scene, acts);
        for work in due(scene) {
            let Some(desk) = Desk::of(scene, work).filter(|desk| desk.side == 0) else { continue };
            if scene.is_known(&work, &desk.task) {
                continue;
            }
            let session = self.works.entry(work).or_default();
            if session.said.is_some_and(|said| scene.now.tick.since(said) < AGAIN_MS) {
                continue;
            }
            session.said = Some(scene.now.tick);
            session.repeats += 1;
            if session.repeats > REPEATS_MAX {
                *session = Session { said: session.said, ..Session::default() };
            }
            self.lead(scene, &desk, acts);
        }
    }

    /// The next step of the first desk.
    fn lead(&mut self, scene: &Scene<'_>, desk: &Desk<'_>, acts: &mut Vec<Act>) {
        let work = desk.work;
        let halves = self.halves.get(&work);
        let session = self.works.entry(work).or_default();
        let secret = scene.seed("check", &work, &[]);
        session.secret = Some(secret);
        let unanswered = halves.into_iter().flatten().filter(|(building, _)| {
            !session.counted.contains_key(building) && !session.refused.contains(building)
        });
        let unanswered: Vec<(Address, Vec<u8>)> =
            unanswered.map(|(building, share)| (*building, share.as_slice().to_vec())).collect();
        let mut told = Vec::new();
        for (building, share) in unanswered {
            let begun = desk.vdaf(scene, &building).and_then(|vdaf| vdaf.begin(0, &secret, &share).ok());
            let side = begun.and_then(|side| Some((Bytes::new(side.told().ok()?).ok()?, side)));
            match side {
                Some((bytes, side)) => {
                    session.open.insert(building, side);
                    told.push((building, bytes));
                }
                None => {
                    session.refused.insert(building);
                }
            }
        }
        for reports in told.chunks(AGGREGATE_CHECKS_MAX) {
            let reports = Bounded::new(reports.to_vec()).expect("invariant: a chunk is no longer");
            acts.push(Act::Send(desk.other, AggregateMessage::Check(Check { work, secret, reports })));
        }
        if told.is_empty() {
            self.settle(scene, desk, acts);
        }
    }

    /// The second desk checks reports by what the first one tells of them.
    pub(super) fn hear_check(
        &mut self,
        scene: &Scene<'_>,
        from: Address,
        check: &Check,
        acts: &mut Vec<Act>,
    ) {
        let Some(desk) = Desk::at_work(scene, check.work, 1, from) else { return };
        let session = self.works.entry(check.work).or_default();
        if *session.secret.get_or_insert(check.secret) != check.secret {
            return;
        }
        let halves = self.halves.get(&check.work);
        let mut answers = Vec::new();
        for (building, told) in check.reports.iter() {
            let checked = halves.and_then(|halves| halves.get(building)).and_then(|share| {
                let vdaf = desk.vdaf(scene, building)?;
                let side = vdaf.begin(1, &check.secret, share.as_slice()).ok()?;
                vdaf.check(side, told.as_slice()).ok()
            });
            if let Some((_, part)) = &checked {
                session.counted.insert(*building, *part);
            }
            answers.push((*building, checked.and_then(|(message, _)| Bytes::new(message).ok())));
        }
        let reports = Bounded::new(answers).expect("invariant: as many as were asked");
        acts.push(Act::Send(from, AggregateMessage::Checked(Checked { work: check.work, reports })));
    }

    /// The first desk learns which reports count.
    pub(super) fn hear_checked(
        &mut self,
        scene: &Scene<'_>,
        from: Address,
        checked: Checked,
        acts: &mut Vec<Act>,
    ) {
        let Some(desk) = Desk::at_work(scene, checked.work, 0, from) else { return };
        let Some(session) = self.works.get_mut(&checked.work) else { return };
        for (building, message) in checked.reports.iter() {
            let Some(side) = session.open.remove(building) else { continue };
            let counted = message
                .as_ref()
                .and_then(|message| desk.vdaf(scene, building)?.count(side, message.as_slice()).ok());
            match counted {
                Some(part) => {
                    session.counted.insert(*building, part);
                }
                None => {
                    session.refused.insert(*building);
                }
            }
        }
        if session.open.is_empty() {
            self.settle(scene, &desk, acts);
        }
    }

    /// Every report is checked: the first desk says which count, or goes on from where it was.
    fn settle(&mut self, scene: &Scene<'_>, desk: &Desk<'_>, acts: &mut Vec<Act>) {
        let Some(session) = self.works.get(&desk.work) else { return };
        let held = self.batches.get(&desk.work).cloned();
        let members = match &held {
            Some(held) => held.members.clone(),
            None => desk.bits(session.counted.keys()),
        };
        let is_enough = desk.is_enough(members.as_slice());
        // Without, it was settled before a restart, and not all of it is checked again.
        let Some(own) = desk.reveal(scene, session, members.as_slice()) else { return };
        if held.is_none() {
            let held = HeldBatch { work: desk.work, members: members.clone(), other: None };
            self.batches.insert(desk.work, held.clone());
            acts.push(Act::Store(AggregateKept::Batch(held)));
        }
        let bound = is_enough.then(|| own.bound(&scene.me));
        let batch = Batch { work: desk.work, members, bound };
        acts.push(Act::Send(desk.other, AggregateMessage::Batch(batch)));
    }

    /// The second desk agrees on which reports count, once, and binds itself to its part.
    pub(super) fn hear_batch(
        &mut self,
        scene: &Scene<'_>,
        from: Address,
        batch: &Batch,
        acts: &mut Vec<Act>,
    ) {
        let Some(desk) = Desk::at_work(scene, batch.work, 1, from) else { return };
        let session = self.works.entry(batch.work).or_default();
        let members = batch.members.as_slice();
        let is_same = desk.bits(session.counted.keys()) == batch.members;
        if !is_same || batch.bound.is_some() != desk.is_enough(members) {
            return;
        }
        let held = HeldBatch { work: batch.work, members: batch.members.clone(), other: batch.bound };
        match self.batches.get(&batch.work) {
            Some(known) if *known != held => return,
            Some(_) => {}
            None => {
                self.batches.insert(batch.work, held.clone());
                acts.push(Act::Store(AggregateKept::Batch(held)));
            }
        }
        let session = self.works.entry(batch.work).or_default();
        match (batch.bound, desk.reveal(scene, session, members)) {
            (Some(_), Some(own)) => {
                acts.push(Act::Send(from, AggregateMessage::Bound(batch.work, own.bound(&scene.me))));
            }
            (None, _) => {
                let outcome = desk.outcome(Found::Suppressed);
                let signature = outcome.sign(scene.key, &scene.chain);
                acts.push(Act::Send(
                    from,
                    AggregateMessage::Offered(Offered { work: batch.work, signature }),
                ));
            }
            (Some(_), None) => {}
        }
    }

    /// The other desk is bound: the first one reveals its part.
    pub(super) fn hear_bound(
        &mut self,
        scene: &Scene<'_>,
        from: Address,
        (work, bound): (Work, Digest),
        acts: &mut Vec<Act>,
    ) {
        let Some(desk) = Desk::at_work(scene, work, 0, from) else { return };
        let Some(session) = self.works.get(&work) else { return };
        let Some(held) = self.batches.get_mut(&work) else { return };
        if held.other.is_some_and(|known| known != bound) {
            return;
        }
        let Some(own) = desk.reveal(scene, session, held.members.as_slice()) else { return };
        if held.other.is_none() {
            held.other = Some(bound);
            acts.push(Act::Store(AggregateKept::Batch(held.clone())));
        }
        acts.push(Act::Send(from, AggregateMessage::Reveal(own)));
    }

    /// The other desk reveals its part: both find the same, and the second desk signs it.
    pub(super) fn hear_reveal(
        &mut self,
        scene: &Scene<'_>,
        from: Address,
        told: Reveal,
        acts: &mut Vec<Act>,
    ) {
        let Some(desk) = Desk::of(scene, told.work).filter(|desk| desk.other == from) else { return };
        let Some(held) = self.batches.get(&told.work) else { return };
        if held.other != Some(told.bound(&from)) || !vdaf::is_element(told.part) {
            return;
        }
        let members = held.members.clone();
        let Some(session) = self.works.get_mut(&told.work) else { return };
        let Some(own) = desk.reveal(scene, session, members.as_slice()) else { return };
        session.other = Some(told);
        if desk.side == 1 {
            acts.push(Act::Send(from, AggregateMessage::Reveal(own)));
        }
        let outcome = desk.found(own, told, members.as_slice());
        let signature = outcome.sign(scene.key, &scene.chain);
        acts.push(Act::Send(from, AggregateMessage::Offered(Offered { work: told.work, signature })));
    }

    /// The other desk's signature on what this one found as well.
    pub(super) fn hear_offered(
        &mut self,
        scene: &Scene<'_>,
        from: Address,
        offered: Offered,
        acts: &mut Vec<Act>,
    ) {
        let Some(desk) = Desk::of(scene, offered.work).filter(|desk| desk.other == from) else { return };
        let Some(held) = self.batches.get(&offered.work) else { return };
        let Some(session) = self.works.get(&offered.work) else { return };
        let members = held.members.as_slice();
        let outcome = if desk.is_enough(members) {
            let (Some(own), Some(other)) = (desk.reveal(scene, session, members), session.other) else {
                return;
            };
            desk.found(own, other, members)
        } else {
            desk.outcome(Found::Suppressed)
        };
        let Some(key) = scene.state.authorities().key_of(&from) else { return };
        if outcome.verify(key, &scene.chain, &offered.signature).is_err() {
            return;
        }
        let mut signatures = [(scene.me, outcome.sign(scene.key, &scene.chain)), (from, offered.signature)];
        signatures.rotate_left(desk.side);
        let wait_ms = if desk.side == 0 { 0 } else { SECOND_MS };
        acts.push(Act::Publish(Box::new(SignedOutcome { outcome, signatures }), wait_ms));
    }

    /// What stands on the ledger or came too late needs no halves any more.
    fn forget(&mut self, scene: &Scene<'_>, acts: &mut Vec<Act>) {
        let is_over = |work: &Work| {
            let known = scene.asked(work).is_none_or(|(task, _)| scene.is_known(work, &task));
            known || scene.now.time >= work.period.lapses()
        };
        let over: Vec<Work> =
            self.halves.keys().chain(self.batches.keys()).filter(|work| is_over(work)).copied().collect();
        for work in over {
            for building in self.halves.remove(&work).into_iter().flatten().map(|(building, _)| building) {
                self.kept -= 1;
                acts.push(Act::Forget(AggregateKeptKey::Half(work, building)));
            }
            if self.batches.remove(&work).is_some() {
                acts.push(Act::Forget(AggregateKeptKey::Batch(work)));
            }
        }
        self.works.retain(|work, _| !is_over(work));
    }
}

impl<'a> Desk<'a> {
    /// The part this node has in a work that was asked, if any.
    fn of(scene: &Scene<'a>, work: Work) -> Option<Self> {
        let (task, group) = scene.asked(&work)?;
        let desks = scene.desks(&work)?;
        let side = desks.iter().position(|desk| *desk == scene.me)?;
        Some(Self { work, task, group, side, other: desks[1 - side] })
    }

    /// The same where it is this side's, a message comes from the other, and its figure is wanted now.
    fn at_work(scene: &Scene<'a>, work: Work, side: usize, from: Address) -> Option<Self> {
        let now = scene.now.time;
        let is_open = now >= work.period.closes() && now < work.period.lapses();
        Self::of(scene, work).filter(|desk| {
            is_open && desk.side == side && desk.other == from && !scene.is_known(&work, &desk.task)
        })
    }

    fn vdaf(&self, scene: &Scene<'_>, building: &Address) -> Option<Vdaf> {
        let (_, dwellings) = self.group.place(building)?;
        Some(Vdaf::new(&scene.chain, &self.work, building, self.task.most(dwellings)))
    }

    fn bits<'b>(
        &self,
        members: impl Iterator<Item = &'b Address>,
    ) -> Bytes<{ protocol::limits::AGGREGATE_BATCH_BYTES_MAX }> {
        let mut bits = vec![0u8; self.group.members.len().div_ceil(8)];
        for (place, _) in members.filter_map(|member| self.group.place(member)) {
            bits[place / 8] |= 1 << (place % 8);
        }
        Bytes::new(bits).expect("invariant: a group is no larger")
    }

    /// The buildings of a batch, with their dwellings; none beyond the group.
    fn members(&self, bits: &[u8]) -> impl Iterator<Item = (Address, u16)> + Clone {
        let is_in = |place: usize| bits.get(place / 8).is_some_and(|byte| (byte >> (place % 8)) & 1 == 1);
        self.group
            .members
            .iter()
            .enumerate()
            .filter(move |(place, _)| is_in(*place))
            .map(|(_, member)| *member)
    }

    fn is_enough(&self, bits: &[u8]) -> bool {
        is_enough(&self.task, self.members(bits).map(|(_, dwellings)| dwellings))
    }

    /// This desk's part of the sum with its noise; none where a report of the batch is not checked yet. The same batch gives
    /// the same noise, and another batch another.
    fn reveal(&self, scene: &Scene<'_>, session: &Session, bits: &[u8]) -> Option<Reveal> {
        let parts: Option<Vec<u64>> =
            self.members(bits).map(|(member, _)| session.counted.get(&member).copied()).collect();
        let part = vdaf::with_noise(vdaf::add(parts?), &self.task, &scene.seed("noise", &self.work, bits));
        Some(Reveal { work: self.work, part, salt: scene.seed("salt", &self.work, bits) })
    }

    fn outcome(&self, found: Found) -> Outcome {
        Outcome { task: self.work.task, period: self.work.period, group: self.work.group, found }
    }

    fn found(&self, own: Reveal, other: Reveal, bits: &[u8]) -> Outcome {
        let mut both = [own, other];
        both.rotate_left(self.side);
        let count = |count: u64| u32::try_from(count).expect("invariant: a group is no larger");
        let salts = both.map(|reveal| reveal.salt);
        let batch =
            Digest::of("symbiose aggregate batch v1", &[bits, salts[0].as_bytes(), salts[1].as_bytes()]);
        self.outcome(Found::Sum(Sum {
            amount: vdaf::open(both.map(|reveal| reveal.part)),
            buildings: count(self.members(bits).count() as u64),
            dwellings: count(self.members(bits).map(|(_, dwellings)| u64::from(dwellings)).sum()),
            batch,
        }))
    }
}

/// Works whose reports are in and whose figures are still taken.
fn due(scene: &Scene<'_>) -> Vec<Work> {
    let now = scene.now.time;
    let mut works = Vec::new();
    for cadence in protocol::aggregate::Cadence::ALL {
        let period = protocol::aggregate::Period::at(cadence, now).previous();
        if now < period.closes() || now >= period.lapses() {
            continue;
        }
        let Some(month) = scene.state.aggregate_month(period.month()) else { continue };
        for task in month.tasks.iter().filter(|task| task.cadence == cadence) {
            let task = task.id();
            works.extend((0..month.groups).map(|group| Work { task, period, group }));
        }
    }
    works
}
