//! What a building asks its neighbours under its own name: who had this? Everybody hears the question; whoever had the same
//! shows it to its own syndic, and nothing leaves unless that syndic replies, to the asker alone. Nobody learns who had the
//! same and said nothing.

mod act;
mod alike;
mod asked;
mod held;
mod said;
mod stored;

pub use alike::Alike;
pub use asked::{Asked, Wanted};
pub use held::Held;
pub use said::Said;
pub use stored::{EnquiryKept, EnquiryKeptKey, GotReply, HeldEnquiry, OwnEnquiry, OwnReply, Told};

use protocol::energy::SettlementMessage;
use protocol::enquiry::{Detail, EnquiryMessage};
use protocol::{Address, Digest, Invalid, Now, Tick};
use thiserror::Error;

use super::Core;
use super::act::Ways;
use super::heard::Heard;
use super::maintenance::Change;
use super::switch::Switch;
use act::{Act, Scene};
use alike::Memories;

/// How often questions are looked after, milliseconds.
const TEND_MS: u64 = 10_000;
/// Messages of one member that are listened to in a second; what is lost is sent again.
const MESSAGES_PER_S_MAX: u32 = 32;

/// A building's part in what buildings ask each other.
#[derive(Debug, Clone, Default)]
pub struct Enquiries {
    asked: Asked,
    held: Held,
    said: Said,
    next: Tick,
    heard: Heard,
}

/// Something a person wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnquiryOrder {
    /// Asks everybody.
    Ask(Wanted),
    /// Replies to a question.
    Reply(Digest, Box<Detail>),
    /// Hears no more of a question, this building's or another's.
    PutAside(Digest),
}

/// Why a question is not asked, or not replied to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EnquiryRefused {
    /// There is no such question.
    #[error("nobody asks that, or not any more")]
    Unknown,
    /// It is asked already.
    #[error("this building asks that already")]
    Asked,
    /// It was replied to already.
    #[error("this building replied to that already")]
    Replied,
    /// As many as a building may ask.
    #[error("a building asks {max} questions a day at the most, and few at once: try again later")]
    Quota {
        /// In a day.
        max: usize,
    },
    /// A person said that nothing of the kind leaves.
    #[error("such a message does not leave this building: somebody switched that off")]
    SwitchedOff,
    /// Details beyond their bounds.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

impl Enquiries {
    /// Takes back what is stored.
    pub(super) fn open(entries: &[Change]) -> Self {
        let mut enquiries = Self::default();
        for entry in entries {
            if let Change::PutEnquiry(kept) = entry {
                enquiries.asked.restore(kept);
                enquiries.held.restore(kept);
                enquiries.said.restore(kept);
            }
        }
        enquiries
    }

    /// What this building asked.
    pub const fn asked(&self) -> &Asked {
        &self.asked
    }

    /// What others ask.
    pub const fn held(&self) -> &Held {
        &self.held
    }

    /// What this building replied.
    pub const fn said(&self) -> &Said {
        &self.said
    }

    fn tend(&mut self, scene: &Scene<'_>, acts: &mut Vec<Act>) {
        if !scene.is_member(&scene.me) {
            return;
        }
        self.held.tend(scene, acts);
        self.asked.tend(scene, acts);
        self.said.tend(scene, acts);
    }

    fn hear(&mut self, scene: &Scene<'_>, from: Address, message: EnquiryMessage, acts: &mut Vec<Act>) {
        if !scene.is_member(&from) {
            return;
        }
        match message {
            EnquiryMessage::Asked(asked) => self.held.take(scene, from, asked.into_vec(), acts),
            EnquiryMessage::Reply(reply) => self.asked.hear(scene, from, *reply, acts),
            EnquiryMessage::Heard(id, refused) => self.said.hear(scene, from, id, refused, acts),
        }
    }

    fn obey(
        &mut self,
        scene: &Scene<'_>,
        order: EnquiryOrder,
        acts: &mut Vec<Act>,
    ) -> Result<(), EnquiryRefused> {
        match order {
            EnquiryOrder::Ask(wanted) => self.asked.ask(scene, &wanted, acts),
            EnquiryOrder::Reply(id, detail) => {
                let enquiry = *self.held.find(id).ok_or(EnquiryRefused::Unknown)?;
                self.said.reply(scene, &enquiry, *detail, acts)
            }
            EnquiryOrder::PutAside(id) => {
                let is_known = self.asked.close(id, acts) || self.held.put_aside(id, acts);
                is_known.then_some(()).ok_or(EnquiryRefused::Unknown)
            }
        }
    }

    /// What is asked, by this building and by others, for a member that has just connected.
    fn greeting(&mut self, scene: &Scene<'_>, acts: &mut Vec<Act>, member: Address) {
        let known = self.asked.open(scene).into_iter().chain(self.held.all()).collect();
        acts.extend(asked::told(known).map(|message| Act::Send(member, message)));
        self.said.connected();
    }
}

impl Core {
    /// The building's part in what buildings ask each other.
    pub fn enquiries(&self) -> &Enquiries {
        &self.enquiries
    }

    /// What others ask, newest first, each with what this building had like it.
    pub fn asked_of_us(&self) -> Vec<(&HeldEnquiry, Vec<Alike>)> {
        let memories = Memories::of(self);
        let like = |held: &HeldEnquiry| memories.like(&held.signed.enquiry);
        let mut asked: Vec<_> = self.enquiries.held.open().map(|held| (held, like(held))).collect();
        asked.sort_by_key(|(held, _)| std::cmp::Reverse((held.at, held.signed.enquiry.id())));
        asked
    }

    /// A person asks, replies or puts aside.
    pub(super) fn obey_enquiry(&mut self, now: Now, order: EnquiryOrder) -> Result<(), EnquiryRefused> {
        let mut done = Ok(());
        self.with_enquiries(now, |enquiries, scene, acts| done = enquiries.obey(scene, order, acts));
        self.enquiries.next = Tick(0);
        done
    }

    /// A person says whether questions may leave.
    pub(super) fn switch_enquiries(&mut self, now: Now, switch: Switch) {
        self.with_enquiries(now, |enquiries, _, acts| enquiries.asked.switch(switch, acts));
        self.enquiries.next = Tick(0);
    }

    /// A person says whether replies may leave.
    pub(super) fn switch_replies(&mut self, now: Now, switch: Switch) {
        self.with_enquiries(now, |enquiries, _, acts| enquiries.said.switch(switch, acts));
        self.enquiries.next = Tick(0);
    }

    /// Asks, sends and forgets what is due.
    pub(super) fn tend_enquiries(&mut self, now: Now) {
        if now.tick < self.enquiries.next {
            return;
        }
        self.enquiries.next = now.tick.plus(TEND_MS);
        self.with_enquiries(now, Enquiries::tend);
    }

    /// A member says something about questions.
    pub(super) fn hear_enquiry(&mut self, now: Now, from: Address, message: EnquiryMessage) {
        if !self.enquiries.heard.listens(now.tick, from, MESSAGES_PER_S_MAX) {
            return;
        }
        self.with_enquiries(now, |enquiries, scene, acts| enquiries.hear(scene, from, message, acts));
    }

    /// A member that has just connected is told what is asked, and sent what waits for it.
    pub(super) fn greet_enquiries(&mut self, now: Now, member: Address) {
        self.with_enquiries(now, |enquiries, scene, acts| enquiries.greeting(scene, acts, member));
        self.enquiries.next = Tick(0);
    }

    fn with_enquiries(&mut self, now: Now, then: impl FnOnce(&mut Enquiries, &Scene<'_>, &mut Vec<Act>)) {
        let mut enquiries = std::mem::take(&mut self.enquiries);
        let mut acts = Vec::new();
        then(&mut enquiries, &self.scene(now), &mut acts);
        self.enquiries = enquiries;
        let ways =
            Ways { put: Change::PutEnquiry, delete: Change::DeleteEnquiry, wrap: SettlementMessage::Enquiry };
        let me = self.ledger.address();
        for message in self.carry_acts(acts, &ways) {
            self.hear_enquiry(now, me, message);
        }
    }
}

#[cfg(test)]
mod tests;
