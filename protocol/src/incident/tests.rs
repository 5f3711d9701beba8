//! Cards as they travel: every other form of them is refused.

use super::*;
use crate::aggregate::{Built, Heating, Lots, Region};
use crate::incident::{Batch, IncidentMessage, SignedBatch};
use crate::limits::{CARD_BATCH_BYTES_MAX, CARD_BATCH_MAX, CARD_BYTES_MAX, CARD_WITHDRAWN_MAX};
use crate::{DecodeError, decode};
use proptest::prelude::*;

const CHAIN: ChainId = ChainId::new([7; 32]);

fn any_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    (0..all.len()).prop_map(|place| all[place])
}

prop_compose! {
    fn facts()(
        when in prop_oneof![
            Just(When::Unsaid),
            (1970u16..=2200).prop_map(When::Year),
            (0u16..=MONTH_MAX).prop_map(When::Month),
        ],
        system in any_of(System::ALL),
        symptom in any_of(Symptom::ALL),
        cause in any_of(Cause::ALL),
        remedy in any_of(Remedy::ALL),
        severity in any_of(&[Severity::Low, Severity::Medium, Severity::High]),
        flow in any_of(Flow::ALL),
        cost in any_of(Cost::ALL),
        span in any_of(Span::ALL),
        outcome in any_of(Outcome::ALL),
        wider in 0usize..5,
        contractor in proptest::option::of(1u64..1_000_000),
        rating in proptest::option::of(any_of(Rating::ALL)),
    ) -> (Facts, Option<Named>) {
        let narrow = Stratum {
            region: Some(Region::Brussels),
            built: Some(Built::From1971),
            lots: Some(Lots::UpTo20),
            heating: Some(Heating::Gas),
        };
        let mut groups = std::iter::successors(Some(narrow), |one| one.parent());
        let named = contractor.map(|number| Named {
            contractor: Contractor::new(crate::incident::Country::Luxembourg, number).unwrap(),
            salt: Digest::new([5; 32]),
        });
        let facts = Facts {
            when, system, symptom, cause, remedy, severity, cost, span, outcome,
            flow: (symptom == Symptom::Leak).then_some(flow),
            stratum: groups.nth(wider).unwrap(),
            contractor: named.as_ref().map(Named::hash),
            rating: rating.filter(|_| named.is_some()),
        };
        (facts, named)
    }
}

fn signed((facts, named): (Facts, Option<Named>), seed: u8) -> SignedCard {
    Card::new(facts).unwrap().sign(&SigningKey::from_seed(&[seed; 32]), &CHAIN, named)
}

fn sorted(mut cards: Vec<SignedCard>) -> Vec<SignedCard> {
    cards.sort_by_key(SignedCard::key);
    cards
}

fn leak() -> (Facts, Option<Named>) {
    let facts = Facts {
        when: When::Month(679),
        system: System::WaterRiser,
        symptom: Symptom::Leak,
        cause: Cause::WornSeal,
        remedy: Remedy::PartReplaced,
        severity: Severity::Medium,
        flow: Some(Flow::of(10)),
        cost: Cost::of(150),
        span: Span::of(110),
        outcome: Outcome::Solved,
        stratum: Stratum { region: None, built: None, lots: None, heating: None },
        contractor: None,
        rating: None,
    };
    (facts, None)
}

proptest! {
    #[test]
    fn a_card_comes_back_within_its_bytes(facts in facts()) {
        let card = signed(facts, 1);
        let bytes = encode(&card);
        prop_assert!(bytes.len() <= CARD_BYTES_MAX, "{} bytes", bytes.len());
        prop_assert_eq!(decode::<SignedCard>(&bytes, CARD_BYTES_MAX), Ok(card));
        prop_assert_eq!(card.verify(&CHAIN), Ok(()));
        let bare = card.without_contractor();
        prop_assert_eq!(bare.verify(&CHAIN), Ok(()));
        prop_assert_eq!(bare.digest(), card.digest());
        prop_assert_eq!(decode::<SignedCard>(&encode(&bare), CARD_BYTES_MAX), Ok(bare));
    }

    /// Whatever byte is changed, the card is refused, is the same without its contractor, or its signature fails.
    #[test]
    fn a_changed_card_never_passes(facts in facts(), place in any::<prop::sample::Index>(), bit in 0u8..8) {
        let card = signed(facts, 1);
        let mut bytes = encode(&card);
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        if let Ok(changed) = decode::<SignedCard>(&bytes, CARD_BYTES_MAX) {
            prop_assert!(changed.verify(&CHAIN).is_err());
        }
    }

    /// A text in the place of a word, of any length, is refused.
    #[test]
    fn no_text_passes_for_a_word(text in "\\PC{0,80}", place in 1usize..12) {
        let known = ["WaterRiser", "Leak", "WornSeal", "PartReplaced", "Medium", "Solved"];
        prop_assume!(!known.contains(&text.as_str()));
        let mut value: ciborium::Value = ciborium::from_reader(&encode(&signed(leak(), 1))[..]).unwrap();
        let facts = value.as_array_mut().unwrap()[1].as_array_mut().unwrap()[1].as_array_mut().unwrap();
        prop_assume!(facts[place] != ciborium::Value::Text(text.clone()));
        let is_word = facts[place].as_text().is_some() || facts[place].is_null();
        prop_assume!(is_word || facts[place].is_array());
        facts[place] = ciborium::Value::Text(text);
        let mut bytes = Vec::new();
        ciborium::into_writer(&value, &mut bytes).unwrap();
        match decode::<SignedCard>(&bytes, 4 * CARD_BYTES_MAX) {
            Err(_) => {}
            // Another word of the list: somebody else's card, without a signature.
            Ok(changed) => prop_assert!(changed.verify(&CHAIN).is_err()),
        }
    }
}

#[test]
fn facts_that_do_not_fit_together_are_refused() {
    let (leak, _) = leak();
    assert!(Card::new(leak).is_ok());
    for wrong in [
        Facts { symptom: Symptom::Noise, ..leak },
        Facts { rating: Some(Rating::Good), ..leak },
        Facts { when: When::Month(MONTH_MAX + 1), ..leak },
        Facts { when: When::Year(1969), ..leak },
        Facts { stratum: Stratum { heating: Some(Heating::Gas), ..leak.stratum }, ..leak },
    ] {
        assert!(Card::new(wrong).is_err(), "{wrong:?}");
        let wire = encode(&(INCIDENT, &wrong));
        assert!(
            matches!(decode::<Card>(&wire, CARD_BYTES_MAX), Err(DecodeError::Malformed { .. })),
            "{wrong:?}"
        );
    }
    assert!(decode::<Card>(&encode(&(SURVIVAL, &leak)), CARD_BYTES_MAX).is_err());
}

#[test]
fn a_number_beside_another_hash_is_refused() {
    let contractor = "BE0202239951".parse().unwrap();
    let named = Named { contractor, salt: Digest::new([5; 32]) };
    let facts = Facts { contractor: Some(named.hash()), ..leak().0 };
    let card = Card::new(facts).unwrap().sign(&SigningKey::from_seed(&[1; 32]), &CHAIN, Some(named));
    let other = Named { contractor: "BE0417497106".parse().unwrap(), ..named };
    let forged = encode(&(card.key, card.card, card.signature, Some(other)));
    assert!(decode::<SignedCard>(&forged, CARD_BYTES_MAX).is_err());
    let salted = Named { salt: Digest::new([6; 32]), ..named };
    assert_ne!(salted.hash(), named.hash());
}

#[test]
fn a_batch_has_three_cards_in_order_or_none_and_fits_its_frame() {
    let card = |seed: u8| signed(leak(), seed);
    let contractor: Contractor = "BE0202239951".parse().unwrap();
    let three = sorted((1..4).map(card).collect());
    assert!(Batch::new(9, three.clone(), Vec::new()).is_ok());
    assert!(Batch::new(9, Vec::new(), vec![contractor]).is_ok());
    let reversed: Vec<SignedCard> = three.iter().rev().copied().collect();
    let twice = vec![three[0], three[0], three[1]];
    for wrong in [Vec::new(), three[..2].to_vec(), reversed, twice] {
        assert!(Batch::new(9, wrong, Vec::new()).is_err());
    }
    assert!(Batch::new(9, three, vec![contractor; 2]).is_err());

    let many = sorted((0..CARD_BATCH_MAX).map(|seed| card(u8::try_from(seed).unwrap())).collect());
    let gone =
        (0..CARD_WITHDRAWN_MAX).map(|n| Contractor::new(crate::incident::Country::Luxembourg, n as u64 + 1));
    let batch = Batch::new(9, many, gone.collect::<Result<_, _>>().unwrap()).unwrap();
    let key = SigningKey::from_seed(&[9; 32]);
    let signed = batch.sign(&key, &CHAIN);
    let bytes = encode(&IncidentMessage::Batch(Box::new(signed.clone())));
    assert!(bytes.len() <= CARD_BATCH_BYTES_MAX, "{} bytes", bytes.len());
    assert_eq!(signed.verify(&key.public(), &CHAIN), Ok(()));
    assert!(signed.verify(&key.public(), &ChainId::new([8; 32])).is_err());
    let other = Batch::new(10, signed.batch.cards().to_vec(), Vec::new()).unwrap();
    let forged = SignedBatch { batch: other, ..signed };
    assert!(forged.verify(&key.public(), &CHAIN).is_err());
}
