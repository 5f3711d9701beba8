//! What other buildings ask: checked, kept for the syndic to see, and handed on once.

use std::collections::BTreeMap;

use protocol::enquiry::{Enquiry, SignedEnquiry};
use protocol::limits::{ENQUIRIES_HELD_MAX, ENQUIRIES_OPEN_MAX, ENQUIRIES_PER_DAY_MAX};
use protocol::{Address, Digest};

use super::act::{Act, CLOCK_MS, Scene};
use super::asked::told;
use super::stored::{EnquiryKept, EnquiryKeptKey, HeldEnquiry};

/// What others ask.
#[derive(Debug, Clone, Default)]
pub struct Held {
    held: BTreeMap<Digest, HeldEnquiry>,
    /// Questions that did not hold.
    refused: u64,
}

impl Held {
    pub(super) fn restore(&mut self, kept: &EnquiryKept) {
        if let EnquiryKept::Held(held) = kept {
            self.held.insert(held.signed.enquiry.id(), *held);
        }
    }

    /// What is asked, except what was put aside.
    pub fn open(&self) -> impl Iterator<Item = &HeldEnquiry> {
        self.held.values().filter(|held| !held.is_aside)
    }

    /// How many are kept, also those put aside.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether nobody asks anything.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// How many questions were refused since the start because they did not hold.
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// One by name.
    pub(super) fn find(&self, id: Digest) -> Option<&Enquiry> {
        self.held.get(&id).map(|held| &held.signed.enquiry)
    }

    /// All of them, to be handed on.
    pub(super) fn all(&self) -> impl Iterator<Item = SignedEnquiry> {
        self.held.values().map(|held| held.signed)
    }

    /// The syndic does not want to see one any more. Whether there is one.
    pub(super) fn put_aside(&mut self, id: Digest, acts: &mut Vec<Act>) -> bool {
        let Some(held) = self.held.get_mut(&id) else { return false };
        held.is_aside = true;
        acts.push(Act::Store(EnquiryKept::Held(*held)));
        acts.push(Act::Tell);
        true
    }

    /// A member tells of questions: those that hold are kept and handed on once.
    pub(super) fn take(
        &mut self,
        scene: &Scene<'_>,
        from: Address,
        asked: Vec<SignedEnquiry>,
        acts: &mut Vec<Act>,
    ) {
        let mut new = Vec::new();
        for signed in asked {
            if self.held.contains_key(&signed.enquiry.id()) || is_idle(scene, &signed.enquiry) {
                continue;
            }
            if !holds(scene, &signed) || !self.has_room(&signed.enquiry) {
                self.refused += 1;
                tracing::warn!(asker = %signed.enquiry.asker, "a question does not hold and is refused");
                continue;
            }
            let held = HeldEnquiry { signed, at: scene.now.time, is_aside: false };
            self.held.insert(signed.enquiry.id(), held);
            acts.push(Act::Store(EnquiryKept::Held(held)));
            new.push(signed);
        }
        if !new.is_empty() {
            acts.extend(told(new).map(|message| Act::Spread(message, Some(from))));
            acts.push(Act::Tell);
        }
    }

    /// Each building has its measure, and all of them together.
    fn has_room(&self, enquiry: &Enquiry) -> bool {
        let of_asker = || self.held.values().filter(|held| held.signed.enquiry.asker == enquiry.asker);
        let same_day = of_asker().filter(|held| held.signed.enquiry.day() == enquiry.day()).count();
        self.held.len() < ENQUIRIES_HELD_MAX
            && same_day < ENQUIRIES_PER_DAY_MAX
            && of_asker().count() < ENQUIRIES_OPEN_MAX
    }

    /// Forgets what is over, and what somebody asked who was shut out.
    pub(super) fn tend(&mut self, scene: &Scene<'_>, acts: &mut Vec<Act>) {
        let is_gone = |held: &&HeldEnquiry| {
            let enquiry = &held.signed.enquiry;
            enquiry.end() <= scene.now.time || !scene.is_member(&scene.state.current(&enquiry.asker))
        };
        let gone: Vec<Digest> =
            self.held.values().filter(is_gone).map(|held| held.signed.enquiry.id()).collect();
        if !gone.is_empty() {
            acts.push(Act::Tell);
        }
        for id in gone {
            self.held.remove(&id);
            acts.push(Act::Forget(EnquiryKeptKey::Held(id)));
        }
    }
}

/// Whether it is nobody's business here: this building's own, or over.
fn is_idle(scene: &Scene<'_>, enquiry: &Enquiry) -> bool {
    enquiry.end() <= scene.now.time || enquiry.asker == scene.state.origin(&scene.me)
}

/// Whether a question is that of a member, under its first key, and not of an hour to come.
fn holds(scene: &Scene<'_>, signed: &SignedEnquiry) -> bool {
    let Enquiry { asker, hour, .. } = signed.enquiry;
    let member = scene.state.member(&scene.state.current(&asker)).filter(|member| !member.revoked);
    hour.start() <= scene.now.time.plus(CLOCK_MS)
        && scene.state.origin(&asker) == asker
        && member.is_some_and(|member| signed.verify(&member.key, &scene.chain).is_ok())
}
