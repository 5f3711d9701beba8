//! What buildings ask each other as it travels, and as a building stores it.

use node::core::Change;
use node::core::enquiries::{EnquiryKept, GotReply, HeldEnquiry, OwnEnquiry, OwnReply, Told};
use node::core::switch::Switch;
use protocol::Bounded;
use protocol::energy::SettlementMessage;
use protocol::enquiry::{Detail, Enquiry, EnquiryMessage, PlainText, Reply, ReplyRefusal, SignedEnquiry};
use protocol::incident::{Cause, Outcome, Remedy, Span, Symptom, System, When};
use protocol::limits::SETTLEMENT_FRAME_BYTES_MAX;
use protocol::street::Hour;

use crate::samples::{TIME, Wire, chain, key, wire};

/// Every message about them.
pub(crate) fn enquiry_types() -> Vec<Wire> {
    let lane = |name, message| {
        wire(name, &SettlementMessage::Enquiry(Box::new(message)), SETTLEMENT_FRAME_BYTES_MAX)
    };
    let asked = EnquiryMessage::Asked(Bounded::new(vec![signed()]).unwrap());
    let id = enquiry().id();
    vec![
        lane("SettlementMessage enquiry asked", asked),
        lane("SettlementMessage enquiry reply", EnquiryMessage::Reply(Box::new(reply()))),
        lane("SettlementMessage enquiry heard", EnquiryMessage::Heard(id, None)),
        lane("SettlementMessage enquiry refused", EnquiryMessage::Heard(id, Some(ReplyRefusal::Another))),
    ]
}

/// Every kind of entry.
pub(crate) fn enquiry_entries() -> Vec<(&'static str, Change)> {
    let put = |kept| Change::PutEnquiry(Box::new(kept));
    let own = OwnEnquiry { enquiry: enquiry(), at: TIME, is_closed: true };
    let got = GotReply { reply: reply(), from: key(6).address(), at: TIME };
    let held = HeldEnquiry { signed: signed(), at: TIME, is_aside: true };
    let told = Told::Refused(ReplyRefusal::Full);
    let said = OwnReply { enquiry: enquiry(), reply: reply(), at: TIME, told };
    vec![
        ("enquiry: switch of questions", put(EnquiryKept::Asking(Switch { is_on: false, at: TIME }))),
        ("enquiry: switch of replies", put(EnquiryKept::Replying(Switch { is_on: true, at: TIME }))),
        ("enquiry: own", put(EnquiryKept::Asked(own))),
        ("enquiry: reply to it", put(EnquiryKept::Got(Box::new(got)))),
        ("enquiry: of another", put(EnquiryKept::Held(held))),
        ("enquiry: own reply", put(EnquiryKept::Said(Box::new(said)))),
    ]
}

fn enquiry() -> Enquiry {
    Enquiry {
        asker: key(5).address(),
        hour: Hour(496_068),
        system: System::WaterRiser,
        symptom: Symptom::Leak,
        card: Some(key(7).public()),
    }
}

fn signed() -> SignedEnquiry {
    enquiry().sign(&key(5), &chain())
}

fn reply() -> Reply {
    let detail = Detail {
        when: When::Month(674),
        cause: Some(Cause::WornSeal),
        remedy: Some(Remedy::PartReplaced),
        outcome: Some(Outcome::Solved),
        span: Some(Span::of(110)),
        cost_eur: Some(480),
        contractor: Some("BE0202239951".parse().unwrap()),
        words: PlainText::new("Joint du 3e.\nتسرّب").unwrap(),
        contact: PlainText::new("syndic@a.example").unwrap(),
    };
    Reply::new(enquiry().id(), detail).unwrap()
}
