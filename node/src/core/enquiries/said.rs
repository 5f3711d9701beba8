//! What this building replies to a question, each by its syndic's own hand, to the asker alone until it has it.

use std::collections::BTreeMap;

use protocol::enquiry::{Detail, Enquiry, EnquiryMessage, Reply, ReplyRefusal};
use protocol::limits::{ENQUIRY_KEPT_MS, ENQUIRY_REPLIES_KEPT};
use protocol::{Address, Digest, Tick};

use super::EnquiryRefused;
use super::act::{Act, Scene};
use super::stored::{EnquiryKept, EnquiryKeptKey, OwnReply, Told};
use crate::core::switch::Switch;

/// A reply of which nothing is heard is sent again after this long, milliseconds.
const AGAIN_MS: u64 = 60_000;

/// What the building replied.
#[derive(Debug, Clone, Default)]
pub struct Said {
    switch: Option<Switch>,
    own: BTreeMap<Digest, OwnReply>,
    sent: BTreeMap<Digest, Tick>,
}

impl Said {
    pub(super) fn restore(&mut self, kept: &EnquiryKept) {
        match kept {
            EnquiryKept::Replying(switch) => self.switch = Some(*switch),
            EnquiryKept::Said(own) => drop(self.own.insert(own.enquiry.id(), (**own).clone())),
            EnquiryKept::Asking(_) | EnquiryKept::Asked(_) | EnquiryKept::Got(_) | EnquiryKept::Held(_) => {}
        }
    }

    /// Whether replies may leave: each by a person's own hand, unless somebody said that none may.
    pub fn is_on(&self) -> bool {
        self.switch.is_none_or(|switch| switch.is_on)
    }

    /// What was replied in the last months.
    pub fn own(&self) -> impl Iterator<Item = &OwnReply> {
        self.own.values()
    }

    /// The reply to a question, if there is one.
    pub fn to(&self, id: &Digest) -> Option<&OwnReply> {
        self.own.get(id)
    }

    /// A person says whether replies may leave. What waits stays here while they may not.
    pub(super) fn switch(&mut self, switch: Switch, acts: &mut Vec<Act>) {
        self.switch = Some(switch);
        acts.push(Act::Store(EnquiryKept::Replying(switch)));
        acts.push(Act::Tell);
    }

    /// A person replies, once: stored first, then sent.
    pub(super) fn reply(
        &mut self,
        scene: &Scene<'_>,
        enquiry: &Enquiry,
        detail: Detail,
        acts: &mut Vec<Act>,
    ) -> Result<(), EnquiryRefused> {
        if !self.is_on() {
            return Err(EnquiryRefused::SwitchedOff);
        }
        let id = enquiry.id();
        if self.own.contains_key(&id) {
            return Err(EnquiryRefused::Replied);
        }
        let reply = Reply::new(id, detail)?;
        let own = OwnReply { enquiry: *enquiry, reply, at: scene.now.time, told: Told::Waiting };
        acts.push(Act::Store(EnquiryKept::Said(Box::new(own.clone()))));
        acts.push(Act::Tell);
        self.own.insert(id, own);
        Ok(())
    }

    /// Sends what waits, gives up what is over and forgets what is old.
    pub(super) fn tend(&mut self, scene: &Scene<'_>, acts: &mut Vec<Act>) {
        self.forget(scene, acts);
        let is_on = self.is_on();
        for (id, own) in self.own.iter_mut().filter(|(_, own)| own.told == Told::Waiting) {
            let asker = scene.state.current(&own.enquiry.asker);
            if own.enquiry.end() <= scene.now.time || !scene.is_member(&asker) {
                own.told = Told::Lapsed;
                acts.push(Act::Store(EnquiryKept::Said(Box::new(own.clone()))));
                acts.push(Act::Tell);
                continue;
            }
            let sent = self.sent.get(id);
            if is_on && sent.is_none_or(|sent| scene.now.tick.since(*sent) >= AGAIN_MS) {
                self.sent.insert(*id, scene.now.tick);
                acts.push(Act::Send(asker, EnquiryMessage::Reply(Box::new(own.reply.clone()))));
            }
        }
    }

    /// The asker says what became of a reply.
    pub(super) fn hear(
        &mut self,
        scene: &Scene<'_>,
        from: Address,
        id: Digest,
        refused: Option<ReplyRefusal>,
        acts: &mut Vec<Act>,
    ) {
        let Some(own) = self.own.get_mut(&id) else { return };
        if own.told != Told::Waiting || scene.state.current(&own.enquiry.asker) != from {
            return;
        }
        own.told = refused.map_or(Told::Kept, Told::Refused);
        self.sent.remove(&id);
        acts.push(Act::Store(EnquiryKept::Said(Box::new(own.clone()))));
        acts.push(Act::Tell);
    }

    /// What was not taken is said again at the next turn.
    pub(super) fn connected(&mut self) {
        self.sent.clear();
    }

    fn forget(&mut self, scene: &Scene<'_>, acts: &mut Vec<Act>) {
        let is_old = |own: &&OwnReply| scene.now.time.since(own.at) >= ENQUIRY_KEPT_MS;
        let mut gone: Vec<Digest> = self.own.values().filter(is_old).map(|own| own.enquiry.id()).collect();
        if gone.is_empty() && self.own.len() > ENQUIRY_REPLIES_KEPT {
            let oldest = self.own.values().min_by_key(|own| own.at);
            gone.extend(oldest.map(|own| own.enquiry.id()));
        }
        for id in gone {
            self.own.remove(&id);
            self.sent.remove(&id);
            acts.push(Act::Forget(EnquiryKeptKey::Said(id)));
        }
    }
}
