//! Using energy earlier, agreed on between a hive's coordinator and its members on an encrypted stream of their own:
//! whole Wh that can move, never a reading or a forecast of a building. Nothing here reaches gossip or the ledger.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::slot::{SlotId, SlotLength};
use super::terms::check_range;
use super::units::WattHours;
use crate::bounded::Bounded;
use crate::codec::encode;
use crate::crypto::{Domain, PublicKey, Signature, SigningKey};
use crate::error::{Invalid, SignatureError};
use crate::ids::{Address, ChainId, Digest};
use crate::limits::{PLAN_SLOT_WH_MAX, SHIFT_SLOTS_MAX};

/// What the hive asks for: less in some slots, more in those just before them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct ShiftRequest {
    /// Who asks, under its first key.
    pub coordinator: Address,
    /// The hive's slot length.
    pub length: SlotLength,
    /// First slot in which more may be used.
    pub earlier: SlotId,
    /// First slot to relieve, which ends the slots before it.
    pub relieved: SlotId,
    /// First slot behind those.
    pub end: SlotId,
    /// Energy that should move, of all members together.
    pub wanted: WattHours,
    /// Import of the hive that is aimed at, in one slot.
    pub import_max: WattHours,
    /// First slot in which answers come too late.
    pub until: SlotId,
}

/// A request with its coordinator's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedShiftRequest {
    /// What is asked.
    pub request: ShiftRequest,
    /// Over its canonical bytes.
    pub signature: Signature,
}

/// Energy by slot of a request, more where positive.
pub type ShiftChange = Bounded<WattHours, SHIFT_SLOTS_MAX>;

/// What a member answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct ShiftAnswer {
    /// Which request; see [`ShiftRequest::id`].
    pub request: Digest,
    /// Whose answer, under its first key.
    pub member: Address,
    /// What it can move; none where it moves nothing, whyever.
    pub offer: Option<ShiftChange>,
}

/// An answer with its member's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedShiftAnswer {
    /// What is answered.
    pub answer: ShiftAnswer,
    /// Over its canonical bytes.
    pub signature: Signature,
}

/// What the coordinator takes of one member's offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct ShiftAgreement {
    /// Which request.
    pub request: Digest,
    /// What the receiver moves; none where it is not needed.
    pub taken: Option<ShiftChange>,
    /// What all move together.
    pub moved: WattHours,
}

/// One message about using energy earlier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShiftMessage {
    /// From the coordinator.
    Request(Box<SignedShiftRequest>),
    /// To the coordinator.
    Answer(Box<SignedShiftAnswer>),
    /// From the coordinator, to the one member it is about.
    Agreement(ShiftAgreement),
}

impl ShiftRequest {
    /// Checks that there are slots before and slots to relieve, as many as one request may have, and its figures.
    pub fn check(&self) -> Result<(), Invalid> {
        let slots = self.end.0.checked_sub(self.earlier.0).unwrap_or(u64::MAX);
        let in_order = self.until <= self.earlier && self.earlier < self.relieved && self.relieved < self.end;
        if !in_order || slots > SHIFT_SLOTS_MAX as u64 {
            return Err(Invalid::Range {
                field: "slots of a request",
                max: SHIFT_SLOTS_MAX as u64,
                found: slots,
            });
        }
        check_range("energy to move", self.wanted.0, PLAN_SLOT_WH_MAX)?;
        check_range("import aimed at", self.import_max.0, PLAN_SLOT_WH_MAX)
    }

    /// The name of a request: the hash of its bytes.
    pub fn id(&self) -> Digest {
        Digest::of("symbiose shift request v1", &[&encode(self)])
    }

    /// Signs the request for one hive.
    pub fn sign(self, key: &SigningKey, chain: &ChainId) -> SignedShiftRequest {
        let signature = key.sign(Domain::Shift, chain, &encode(&("request", &self)));
        SignedShiftRequest { request: self, signature }
    }
}

impl SignedShiftRequest {
    /// Checks the signature.
    pub fn verify(&self, key: &PublicKey, chain: &ChainId) -> Result<(), SignatureError> {
        key.verify(Domain::Shift, chain, &encode(&("request", &self.request)), &self.signature)
    }
}

impl ShiftAnswer {
    /// Signs the answer for one hive.
    pub fn sign(self, key: &SigningKey, chain: &ChainId) -> SignedShiftAnswer {
        let signature = key.sign(Domain::Shift, chain, &encode(&("answer", &self)));
        SignedShiftAnswer { answer: self, signature }
    }
}

impl SignedShiftAnswer {
    /// Checks the signature.
    pub fn verify(&self, key: &PublicKey, chain: &ChainId) -> Result<(), SignatureError> {
        key.verify(Domain::Shift, chain, &encode(&("answer", &self.answer)), &self.signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;

    const CHAIN: ChainId = ChainId::new([1; 32]);

    fn request() -> ShiftRequest {
        ShiftRequest {
            coordinator: Address::new([9; 20]),
            length: SlotLength::Quarter,
            earlier: SlotId(68),
            relieved: SlotId(72),
            end: SlotId(80),
            wanted: WattHours(9_600),
            import_max: WattHours(4_900),
            until: SlotId(32),
        }
    }

    #[test]
    fn a_request_has_slots_to_fill_and_slots_to_relieve() {
        assert_eq!(request().check(), Ok(()));
        let far = request().earlier.0 + SHIFT_SLOTS_MAX as u64 + 1;
        for wrong in [
            ShiftRequest { relieved: SlotId(68), ..request() },
            ShiftRequest { end: SlotId(72), ..request() },
            ShiftRequest { end: SlotId(far), ..request() },
            ShiftRequest { end: SlotId(0), ..request() },
            ShiftRequest { until: SlotId(69), ..request() },
            ShiftRequest { wanted: WattHours(-1), ..request() },
            ShiftRequest { import_max: WattHours(i64::MAX), ..request() },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn words_of_another_hive_kind_or_key_do_not_count() {
        let (key, other) = (SigningKey::from_seed(&[3; 32]), SigningKey::from_seed(&[4; 32]));
        let signed = request().sign(&key, &CHAIN);
        assert!(signed.verify(&key.public(), &CHAIN).is_ok());
        assert!(signed.verify(&other.public(), &CHAIN).is_err());
        assert!(signed.verify(&key.public(), &ChainId::new([2; 32])).is_err());
        let offer = Bounded::new(vec![WattHours(1); SHIFT_SLOTS_MAX]).unwrap();
        let answer = ShiftAnswer { request: request().id(), member: key.address(), offer: Some(offer) };
        let answer = answer.sign(&key, &CHAIN);
        assert!(answer.verify(&key.public(), &CHAIN).is_ok());
        assert!(answer.verify(&other.public(), &CHAIN).is_err());
        let message = ShiftMessage::Answer(Box::new(answer));
        let bytes = encode(&message);
        assert_eq!(decode(&bytes, 4_096), Ok(message));
        assert!(Bounded::<_, SHIFT_SLOTS_MAX>::new(vec![WattHours(1); SHIFT_SLOTS_MAX + 1]).is_err());
    }
}
