//! What became of a machine, as it travels: every other form of it is refused.

use super::{Card, Facts, INCIDENT, SURVIVAL, SignedCard, Survival, When};
use crate::incident::{After, Age, Cause, Cost, Fate, Hours, Named, Outcome, Part, Remedy, Sign, Span};
use crate::limits::CARD_BYTES_MAX;
use crate::{ChainId, DecodeError, Digest, SigningKey, decode, encode};
use proptest::prelude::*;

const CHAIN: ChainId = ChainId::new([7; 32]);

const PUMP: Survival = Survival {
    when: When::Year(2026),
    part: Part::Pump,
    age: Age::From10,
    hours: Hours::Unknown,
    sign: Sign::VibrationFrom7_1,
    after: After::From30,
    fate: Fate::Failed,
};

fn any_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    (0..all.len()).prop_map(|place| all[place])
}

prop_compose! {
    fn survival()(
        when in prop_oneof![Just(When::Unsaid), (1970u16..=2200).prop_map(When::Year)],
        part in any_of(Part::ALL),
        age in any_of(Age::ALL),
        hours in any_of(Hours::ALL),
        sign in any_of(Sign::ALL),
        after in any_of(&After::ALL[1..]),
        fate in any_of(Fate::ALL),
    ) -> Survival {
        Survival { when, part, age, hours, sign, after, fate }
    }
}

fn signed(survival: Survival) -> SignedCard {
    Card::of_survival(survival).unwrap().sign(&SigningKey::from_seed(&[1; 32]), &CHAIN, None)
}

proptest! {
    #[test]
    fn it_comes_back_within_its_bytes_and_no_changed_one_passes(
        survival in survival(),
        place in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        let card = signed(survival);
        let mut bytes = encode(&card);
        prop_assert!(bytes.len() <= CARD_BYTES_MAX, "{} bytes", bytes.len());
        let back = decode::<SignedCard>(&bytes, CARD_BYTES_MAX).unwrap();
        prop_assert_eq!((back, back.survival(), back.facts()), (card, Some(&survival), None));
        prop_assert_eq!(back.verify(&CHAIN), Ok(()));
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        if let Ok(changed) = decode::<SignedCard>(&bytes, CARD_BYTES_MAX) {
            prop_assert!(changed.verify(&CHAIN).is_err());
        }
    }

    /// A text in the place of a word, of any length, is refused.
    #[test]
    fn no_text_passes_for_a_word(text in "\\PC{0,80}", place in 1usize..7) {
        let mut value: ciborium::Value = ciborium::from_reader(&encode(&signed(PUMP))[..]).unwrap();
        let words = value.as_array_mut().unwrap()[1].as_array_mut().unwrap()[1].as_array_mut().unwrap();
        prop_assume!(words[place] != ciborium::Value::Text(text.clone()));
        words[place] = ciborium::Value::Text(text);
        let mut bytes = Vec::new();
        ciborium::into_writer(&value, &mut bytes).unwrap();
        if let Ok(changed) = decode::<SignedCard>(&bytes, 4 * CARD_BYTES_MAX) {
            prop_assert!(changed.verify(&CHAIN).is_err());
        }
    }
}

#[test]
fn months_and_what_says_nothing_are_refused() {
    let soon = Survival { after: After::Under7, ..PUMP };
    assert!(Card::of_survival(soon).is_ok(), "a failure within the week says much");
    for wrong in [
        Survival { when: When::Month(679), ..PUMP },
        Survival { when: When::Year(1969), ..PUMP },
        Survival { fate: Fate::Runs, ..soon },
        Survival { fate: Fate::Replaced, ..soon },
    ] {
        assert!(Card::of_survival(wrong).is_err(), "{wrong:?}");
        let wire = encode(&(SURVIVAL, &wrong));
        let read = decode::<Card>(&wire, CARD_BYTES_MAX);
        assert!(matches!(read, Err(DecodeError::Malformed { .. })), "{wrong:?}");
    }
}

#[test]
fn a_version_reads_its_own_words_and_nothing_behind_them() {
    for version in [0, INCIDENT, SURVIVAL + 1] {
        assert!(decode::<Card>(&encode(&(version, &PUMP)), CARD_BYTES_MAX).is_err(), "version {version}");
    }
    assert!(decode::<Card>(&encode(&(SURVIVAL, &PUMP, 0u8)), CARD_BYTES_MAX).is_err());
    assert!(decode::<Card>(&encode(&(SURVIVAL,)), CARD_BYTES_MAX).is_err());
    assert!(decode::<Card>(&encode(&Vec::<u8>::new()), CARD_BYTES_MAX).is_err());
}

/// What becomes of a machine names no company, whatever stands beside it.
#[test]
fn no_company_stands_beside_it() {
    let card = signed(PUMP);
    let named = Named { contractor: "BE0202239951".parse().unwrap(), salt: Digest::new([5; 32]) };
    let forged = encode(&(card.key, card.card, card.signature, Some(named)));
    assert!(decode::<SignedCard>(&forged, CARD_BYTES_MAX).is_err());
}

/// A signature over one kind is none over the other.
#[test]
fn kinds_do_not_pass_for_each_other() {
    let facts = Facts {
        when: When::Year(2026),
        system: crate::incident::System::Heating,
        symptom: crate::incident::Symptom::Vibration,
        cause: Cause::WornPart,
        remedy: Remedy::UnitReplaced,
        severity: crate::Severity::High,
        flow: None,
        cost: Cost::of(900),
        span: Span::of(200),
        outcome: Outcome::Solved,
        stratum: crate::aggregate::Stratum { region: None, built: None, lots: None, heating: None },
        contractor: None,
        rating: None,
    };
    let key = SigningKey::from_seed(&[1; 32]);
    let incident = Card::new(facts).unwrap().sign(&key, &CHAIN, None);
    let survival = signed(PUMP);
    let forged = encode(&(survival.key, survival.card, incident.signature, None::<Named>));
    let forged = decode::<SignedCard>(&forged, CARD_BYTES_MAX).unwrap();
    assert!(forged.verify(&CHAIN).is_err());
    assert_ne!(incident.digest(), survival.digest());
}
