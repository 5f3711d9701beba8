//! What this building asks its neighbours under its own name, and what each of them replies to it alone.

use std::collections::BTreeMap;

use protocol::enquiry::{Enquiry, EnquiryMessage, Reply, ReplyRefusal, SignedEnquiry};
use protocol::incident::{Symptom, System};
use protocol::limits::{
    ENQUIRIES_OPEN_MAX, ENQUIRIES_PER_DAY_MAX, ENQUIRIES_TOLD_MAX, ENQUIRY_KEPT_MS, ENQUIRY_REPLIES_MAX,
};
use protocol::street::Hour;
use protocol::{Address, Bounded, Digest, PublicKey, Tick, UnixMs};

use super::EnquiryRefused;
use super::act::{Act, Scene};
use super::stored::{EnquiryKept, EnquiryKeptKey, GotReply, OwnEnquiry};
use crate::core::switch::Switch;

/// What is asked is said again after this long, for who was not there, milliseconds.
const AGAIN_MS: u64 = 30 * 60 * 1000;

/// What a person wants to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// What is concerned.
    pub system: System,
    /// What is noticed.
    pub symptom: Symptom,
    /// The card about which more is asked; none for anybody who had the same.
    pub card: Option<PublicKey>,
}

/// What the building asked, and what came of it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    switch: Option<Switch>,
    own: BTreeMap<Digest, OwnEnquiry>,
    got: BTreeMap<(Digest, Address), GotReply>,
    told: Option<Tick>,
}

impl Asked {
    pub(super) fn restore(&mut self, kept: &EnquiryKept) {
        match kept {
            EnquiryKept::Asking(switch) => self.switch = Some(*switch),
            EnquiryKept::Asked(own) => drop(self.own.insert(own.enquiry.id(), *own)),
            EnquiryKept::Got(got) => drop(self.got.insert((got.reply.enquiry(), got.from), (**got).clone())),
            EnquiryKept::Replying(_) | EnquiryKept::Held(_) | EnquiryKept::Said(_) => {}
        }
    }

    /// Whether questions may leave: each by a person's own hand, unless somebody said that none may.
    pub fn is_on(&self) -> bool {
        self.switch.is_none_or(|switch| switch.is_on)
    }

    /// What was asked and not closed, in no order that says anything.
    pub fn own(&self) -> impl Iterator<Item = &OwnEnquiry> {
        self.own.values().filter(|own| !own.is_closed)
    }

    /// Everything that was asked in the last months, also what was closed.
    pub fn all(&self) -> impl Iterator<Item = &OwnEnquiry> {
        self.own.values()
    }

    /// What was replied to a question.
    pub fn replies(&self, id: Digest) -> impl Iterator<Item = &GotReply> {
        let from = (id, Address::new([0; 20]));
        self.got.range(from..).take_while(move |((of, _), _)| *of == id).map(|(_, got)| got)
    }

    /// How many more may be asked just now.
    pub fn left(&self, now: UnixMs) -> usize {
        let day = Hour::at(now).0 / 24;
        let today = self.own.values().filter(|own| own.enquiry.day() == day).count();
        let open = self.own.values().filter(|own| own.enquiry.end() > now).count();
        ENQUIRIES_PER_DAY_MAX.saturating_sub(today).min(ENQUIRIES_OPEN_MAX.saturating_sub(open))
    }

    /// A person says whether questions may leave.
    pub(super) fn switch(&mut self, switch: Switch, acts: &mut Vec<Act>) {
        self.switch = Some(switch);
        self.told = None;
        acts.push(Act::Store(EnquiryKept::Asking(switch)));
        acts.push(Act::Tell);
    }

    /// A person asks: stored first, then said to everybody.
    pub(super) fn ask(
        &mut self,
        scene: &Scene<'_>,
        wanted: &Wanted,
        acts: &mut Vec<Act>,
    ) -> Result<(), EnquiryRefused> {
        if !self.is_on() {
            return Err(EnquiryRefused::SwitchedOff);
        }
        let Wanted { system, symptom, card } = *wanted;
        let same = |own: &OwnEnquiry| {
            let enquiry = &own.enquiry;
            (enquiry.system, enquiry.symptom, enquiry.card) == (system, symptom, card)
        };
        let mut open = self.own.values().filter(|own| own.enquiry.end() > scene.now.time);
        if open.any(|own| same(own) && !own.is_closed) {
            return Err(EnquiryRefused::Asked);
        }
        let hour = Hour::at(scene.now.time);
        let enquiry = Enquiry { asker: scene.state.origin(&scene.me), hour, system, symptom, card };
        if self.left(scene.now.time) == 0 || self.own.contains_key(&enquiry.id()) {
            return Err(EnquiryRefused::Quota { max: ENQUIRIES_PER_DAY_MAX });
        }
        let own = OwnEnquiry { enquiry, at: scene.now.time, is_closed: false };
        self.own.insert(enquiry.id(), own);
        self.told = None;
        acts.push(Act::Store(EnquiryKept::Asked(own)));
        acts.push(Act::Tell);
        Ok(())
    }

    /// A person wants to hear no more of a question: what was replied is forgotten. Whether it is one of this building's.
    pub(super) fn close(&mut self, id: Digest, acts: &mut Vec<Act>) -> bool {
        let Some(own) = self.own.get_mut(&id).filter(|own| !own.is_closed) else { return false };
        own.is_closed = true;
        acts.push(Act::Store(EnquiryKept::Asked(*own)));
        self.forget_replies(id, acts);
        acts.push(Act::Tell);
        true
    }

    /// Says again what is asked, and forgets what is long over.
    pub(super) fn tend(&mut self, scene: &Scene<'_>, acts: &mut Vec<Act>) {
        let is_old = |own: &&OwnEnquiry| {
            scene.now.time.since(own.enquiry.hour.start()) >= ENQUIRY_KEPT_MS
                || (own.is_closed && own.enquiry.end() <= scene.now.time)
        };
        let old: Vec<Digest> = self.own.values().filter(is_old).map(|own| own.enquiry.id()).collect();
        for id in old {
            self.own.remove(&id);
            acts.push(Act::Forget(EnquiryKeptKey::Asked(id)));
            self.forget_replies(id, acts);
        }
        if self.told.is_none_or(|told| scene.now.tick.since(told) >= AGAIN_MS) {
            self.told = Some(scene.now.tick);
            acts.extend(told(self.open(scene)).map(|message| Act::Spread(message, None)));
        }
    }

    /// What is asked just now, signed by the key of today.
    pub(super) fn open(&self, scene: &Scene<'_>) -> Vec<SignedEnquiry> {
        if !self.is_on() {
            return Vec::new();
        }
        let open = self.own().filter(|own| own.enquiry.end() > scene.now.time);
        open.map(|own| own.enquiry.sign(scene.key, &scene.chain)).collect()
    }

    /// A member replies: stored before it is told that it was heard.
    pub(super) fn hear(&mut self, scene: &Scene<'_>, from: Address, reply: Reply, acts: &mut Vec<Act>) {
        let id = reply.enquiry();
        let refused = self.keep(scene, from, reply, acts).err();
        acts.push(Act::Send(from, EnquiryMessage::Heard(id, refused)));
    }

    fn keep(
        &mut self,
        scene: &Scene<'_>,
        from: Address,
        reply: Reply,
        acts: &mut Vec<Act>,
    ) -> Result<(), ReplyRefusal> {
        let (id, from) = (reply.enquiry(), scene.state.origin(&from));
        let own = self.own.get(&id).filter(|own| !own.is_closed && own.enquiry.end() > scene.now.time);
        if own.is_none_or(|own| own.enquiry.asker == from) {
            return Err(ReplyRefusal::NotAsked);
        }
        if let Some(known) = self.got.get(&(id, from)) {
            return if known.reply == reply { Ok(()) } else { Err(ReplyRefusal::Another) };
        }
        if self.replies(id).count() >= ENQUIRY_REPLIES_MAX {
            return Err(ReplyRefusal::Full);
        }
        let got = GotReply { reply, from, at: scene.now.time };
        acts.push(Act::Store(EnquiryKept::Got(Box::new(got.clone()))));
        acts.push(Act::Tell);
        self.got.insert((id, from), got);
        Ok(())
    }

    fn forget_replies(&mut self, id: Digest, acts: &mut Vec<Act>) {
        let gone: Vec<Address> = self.replies(id).map(|got| got.from).collect();
        for from in gone {
            self.got.remove(&(id, from));
            acts.push(Act::Forget(EnquiryKeptKey::Got(id, from)));
        }
    }
}

/// Messages that tell of questions; none where there are none.
pub(super) fn told(enquiries: Vec<SignedEnquiry>) -> impl Iterator<Item = EnquiryMessage> {
    let parts: Vec<Vec<SignedEnquiry>> = enquiries.chunks(ENQUIRIES_TOLD_MAX).map(<[_]>::to_vec).collect();
    let message = |part| Bounded::new(part).expect("invariant: no more are taken together");
    parts.into_iter().map(move |part| EnquiryMessage::Asked(message(part)))
}
