//! Questions and replies at their bounds, and what does not get in.

use super::*;
use crate::energy::SettlementMessage;
use crate::limits::{ENQUIRY_BYTES_MAX, ENQUIRY_REPLY_BYTES_MAX, SETTLEMENT_FRAME_BYTES_MAX};
use crate::{DecodeError, decode};

const CHAIN: ChainId = ChainId::new([3; 32]);

fn enquiry() -> Enquiry {
    let key = SigningKey::from_seed(&[1; 32]);
    Enquiry {
        asker: key.address(),
        hour: Hour(u64::MAX),
        system: System::WaterRiser,
        symptom: Symptom::WrongFigures,
        card: Some(key.public()),
    }
}

fn detail() -> Detail {
    Detail {
        when: When::Month(674),
        cause: Some(Cause::Installation),
        remedy: Some(Remedy::PartReplaced),
        outcome: Some(Outcome::NotSolved),
        span: Some(Span::From8h),
        cost_eur: Some(ENQUIRY_COST_EUR_MAX),
        contractor: Some("BE0202239951".parse().unwrap()),
        words: PlainText::new("𝒜".repeat(ENQUIRY_WORDS_MAX)).unwrap(),
        contact: PlainText::new("𝒜".repeat(ENQUIRY_CONTACT_MAX)).unwrap(),
    }
}

fn nothing() -> Detail {
    Detail {
        when: When::Unsaid,
        cause: None,
        remedy: None,
        outcome: None,
        span: None,
        cost_eur: None,
        contractor: None,
        words: PlainText::default(),
        contact: PlainText::new(" \n ").unwrap(),
    }
}

#[test]
fn a_question_is_its_askers_own_and_of_its_hive() {
    let (key, other) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]));
    let signed = enquiry().sign(&key, &CHAIN);
    assert_eq!(signed.verify(&key.public(), &CHAIN), Ok(()));
    assert!(signed.verify(&other.public(), &CHAIN).is_err());
    assert!(signed.verify(&key.public(), &ChainId::new([4; 32])).is_err());
    for changed in [
        Enquiry { hour: Hour(7), ..enquiry() },
        Enquiry { system: System::Solar, ..enquiry() },
        Enquiry { card: None, ..enquiry() },
        Enquiry { asker: other.address(), ..enquiry() },
    ] {
        assert!(SignedEnquiry { enquiry: changed, ..signed }.verify(&key.public(), &CHAIN).is_err());
        assert_ne!(changed.id(), enquiry().id());
    }
}

#[test]
fn the_longest_messages_fit_and_longer_ones_do_not_decode() {
    let signed = enquiry().sign(&SigningKey::from_seed(&[1; 32]), &CHAIN);
    assert!(encode(&signed).len() <= ENQUIRY_BYTES_MAX, "{} bytes", encode(&signed).len());
    let reply = Reply::new(enquiry().id(), detail()).unwrap();
    assert!(encode(&reply).len() <= ENQUIRY_REPLY_BYTES_MAX, "{} bytes", encode(&reply).len());
    let many = Bounded::new(vec![signed; ENQUIRIES_TOLD_MAX]).unwrap();
    for message in [EnquiryMessage::Asked(many), EnquiryMessage::Reply(Box::new(reply))] {
        let message = SettlementMessage::Enquiry(Box::new(message));
        assert_eq!(decode(&encode(&message), SETTLEMENT_FRAME_BYTES_MAX), Ok(message));
    }
    let more = encode(&vec![signed; ENQUIRIES_TOLD_MAX + 1]);
    let found: Result<Bounded<SignedEnquiry, ENQUIRIES_TOLD_MAX>, DecodeError> =
        decode(&more, SETTLEMENT_FRAME_BYTES_MAX);
    assert!(found.is_err());
}

#[test]
fn what_hides_or_reorders_letters_is_no_text() {
    let fine = ["", "Fuite au 3e, joint usé.\nDemander M. Claes", "تسرّب في الأنبوب", "می‌خواهم", "👩‍🔧"];
    for text in fine {
        let kept = PlainText::<60>::new(text).unwrap();
        assert_eq!(decode::<PlainText<60>>(&encode(&kept), 300), Ok(kept));
    }
    for letter in
        "\0\r\t\u{1b}\u{7f}\u{85}\u{61c}\u{200b}\u{200f}\u{2028}\u{202e}\u{2066}\u{feff}\u{e0041}".chars()
    {
        let text = format!("leak{letter}fixed");
        assert!(PlainText::<40>::new(text.as_str()).is_err(), "{letter:?}");
        assert!(decode::<PlainText<40>>(&encode(&text), 200).is_err(), "{letter:?}");
    }
    assert!(PlainText::<3>::new("ééé").is_ok() && PlainText::<3>::new("éééé").is_err());
    assert!(decode::<PlainText<3>>(&encode(&"éééé"), 200).is_err());
}

#[test]
fn a_reply_says_something_within_its_bounds() {
    let id = enquiry().id();
    let wrong = [
        nothing(),
        Detail { cost_eur: Some(ENQUIRY_COST_EUR_MAX + 1), ..detail() },
        Detail { when: When::Month(u16::MAX), ..detail() },
    ];
    for detail in wrong {
        assert!(Reply::new(id, detail.clone()).is_err(), "{detail:?}");
        assert!(decode::<Reply>(&encode(&(id, detail)), ENQUIRY_REPLY_BYTES_MAX).is_err());
    }
    for detail in [
        Detail { cost_eur: Some(0), ..nothing() },
        Detail { when: When::Year(2024), ..nothing() },
        Detail { contact: PlainText::new("02 555 12 34").unwrap(), ..nothing() },
    ] {
        assert!(Reply::new(id, detail).is_ok());
    }
}
