//! Buildings that ask each other.

use protocol::energy::SettlementMessage;
use protocol::enquiry::{Detail, Enquiry, EnquiryMessage, PlainText, SignedEnquiry};
use protocol::incident::{Outcome, Remedy, Symptom, System, When};
use protocol::{Action, Address, Bounded, Digest, Payload};

use super::super::act::Scene;
use super::super::{Enquiries, EnquiryKept, EnquiryKeptKey, EnquiryOrder, EnquiryRefused, Told, Wanted};
use crate::core::act::Ways;
use crate::core::maintenance::Change;
use crate::core::switch::Switch;
use crate::core::town::{Acts, Part, Town};

pub(super) type Street = Town<Enquiries>;

impl Part for Enquiries {
    type Kept = EnquiryKept;
    type Key = EnquiryKeptKey;
    type Message = EnquiryMessage;
    type Sees = ();

    fn ways() -> Ways<EnquiryKept, EnquiryKeptKey, EnquiryMessage> {
        Ways { put: Change::PutEnquiry, delete: Change::DeleteEnquiry, wrap: SettlementMessage::Enquiry }
    }

    fn unwrap(message: SettlementMessage) -> Option<EnquiryMessage> {
        if let SettlementMessage::Enquiry(message) = message { Some(*message) } else { None }
    }

    fn open(entries: &[Change]) -> Self {
        Self::open(entries)
    }

    fn tend(&mut self, scene: &Scene<'_>, (): &(), acts: &mut Acts<Self>) {
        self.tend(scene, acts);
    }

    fn hear(&mut self, scene: &Scene<'_>, from: Address, message: EnquiryMessage, acts: &mut Acts<Self>) {
        self.hear(scene, from, message, acts);
    }
}

impl Street {
    pub(super) fn ask(&mut self, house: usize, symptom: Symptom) -> Result<(), EnquiryRefused> {
        let wanted = Wanted { system: System::WaterRiser, symptom, card: None };
        self.with(house, |part, scene, acts| part.obey(scene, EnquiryOrder::Ask(wanted), acts))
    }

    pub(super) fn reply(&mut self, house: usize, id: Digest, words: &str) -> Result<(), EnquiryRefused> {
        let order = EnquiryOrder::Reply(id, Box::new(detail(words)));
        self.with(house, |part, scene, acts| part.obey(scene, order, acts))
    }

    pub(super) fn put_aside(&mut self, house: usize, id: Digest) -> Result<(), EnquiryRefused> {
        self.with(house, |part, scene, acts| part.obey(scene, EnquiryOrder::PutAside(id), acts))
    }

    pub(super) fn switch_replies(&mut self, house: usize, is_on: bool) {
        let at = self.time;
        self.with(house, |part, _, acts| part.said.switch(Switch { is_on, at }, acts));
    }

    /// Takes a member out of the hive.
    pub(super) fn shut_out(&mut self, house: usize) {
        let action = Action::RevokeMember(self.houses[house].key.address());
        self.put(0, Payload::Propose(action));
        self.put(1, Payload::Approve(1));
        self.put(2, Payload::Approve(1));
        assert!(!self.scene(0).is_member(&self.houses[house].key.address()));
    }

    /// The one question that a house asks.
    pub(super) fn asked(&self, house: usize) -> Digest {
        self.houses[house].part.asked().own().next().expect("it asks").enquiry.id()
    }

    /// What houses see that others ask.
    pub(super) fn held(&self) -> Vec<usize> {
        self.houses.iter().map(|house| house.part.held().open().count()).collect()
    }

    /// Words of the replies to a question of a house.
    pub(super) fn words(&self, house: usize) -> Vec<String> {
        let asked = self.houses[house].part.asked();
        let replies = asked.own().flat_map(|own| asked.replies(own.enquiry.id()));
        replies.map(|got| got.reply.detail().words.to_string()).collect()
    }

    pub(super) fn told(&self, house: usize) -> Vec<Told> {
        self.houses[house].part.said().own().map(|own| own.told).collect()
    }

    /// A question as a house would sign it.
    pub(super) fn signed(&self, house: usize, change: impl Fn(&mut Enquiry)) -> SignedEnquiry {
        let key = &self.houses[house].key;
        let mut enquiry = Enquiry {
            asker: key.address(),
            hour: protocol::street::Hour::at(self.time),
            system: System::Heating,
            symptom: Symptom::Noise,
            card: None,
        };
        change(&mut enquiry);
        enquiry.sign(key, &self.chain.id())
    }

    /// A house says something to another, and everybody goes on from there.
    pub(super) fn says(&mut self, from: usize, to: usize, message: EnquiryMessage) {
        self.send(from, to, message);
        self.deliver();
    }
}

pub(super) fn asks(signed: SignedEnquiry) -> EnquiryMessage {
    EnquiryMessage::Asked(Bounded::new(vec![signed]).unwrap())
}

pub(super) fn detail(words: &str) -> Detail {
    Detail {
        when: When::Month(674),
        cause: None,
        remedy: Some(Remedy::PartReplaced),
        outcome: Some(Outcome::Solved),
        span: None,
        cost_eur: Some(480),
        contractor: Some("BE0202239951".parse().unwrap()),
        words: PlainText::new(words).unwrap(),
        contact: PlainText::default(),
    }
}
