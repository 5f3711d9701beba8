//! What several buildings notice at once: each signals what kind of thing it noticed to whoever watches in that hour, and to
//! nobody else; when enough have, the hive is told the kind and the hour. No message says how many they are, or which.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::bands::bands;
use crate::bounded::Bounded;
use crate::codec::encode;
use crate::crypto::{Domain, PublicKey, Signature, SigningKey};
use crate::error::SignatureError;
use crate::ids::{Address, ChainId};
use crate::limits::STREET_NOTICES_TOLD_MAX;
use crate::time::UnixMs;

const HOUR_MS: i64 = 60 * 60 * 1000;

bands! {
    /// What was noticed.
    StreetKind {
        /// Water pressure is low.
        WaterPressure = "water_pressure",
        /// Water is lost.
        WaterLoss = "water_loss",
        /// Voltage or power falls.
        PowerDip = "power_dip",
        /// It is hot.
        Heat = "heat",
        /// It is cold.
        Cold = "cold",
        /// More energy is used than usual.
        HighUse = "high_use",
    }
}

/// An hour, counted from January 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hour(pub u64);

/// What was noticed in which hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize_tuple, Deserialize_tuple)]
pub struct Noticed {
    /// The hour.
    pub hour: Hour,
    /// What.
    pub kind: StreetKind,
}

/// That enough buildings noticed the same, with the signature of whoever watched in that hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedNotice {
    /// What and when.
    pub noticed: Noticed,
    /// Who watched.
    pub watch: Address,
    /// Its signature.
    pub signature: Signature,
}

/// One message about what several buildings notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StreetMessage {
    /// To the watch of the hour: the sender noticed this.
    Signal(Noticed),
    /// From the watch: what became of a signal; nothing where it counts.
    Heeded(Noticed, Option<SignalRefusal>),
    /// What the hive was told lately.
    Notices(Bounded<SignedNotice, STREET_NOTICES_TOLD_MAX>),
}

/// Why a signal does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SignalRefusal {
    /// The receiver does not watch in that hour.
    NotWatch,
    /// The hour is over or has not begun.
    OtherHour,
}

impl Hour {
    /// The hour that runs at a time; the first one before 1970.
    pub fn at(time: UnixMs) -> Self {
        Self(u64::try_from(time.0.div_euclid(HOUR_MS)).unwrap_or(0))
    }

    /// Its first moment.
    pub fn start(self) -> UnixMs {
        UnixMs(i64::try_from(self.0).unwrap_or(i64::MAX).saturating_mul(HOUR_MS))
    }

    /// The first moment after it.
    pub fn end(self) -> UnixMs {
        Self(self.0.saturating_add(1)).start()
    }
}

impl Noticed {
    /// Signs it as the watch of its hour.
    pub fn sign(self, key: &SigningKey, chain: &ChainId) -> SignedNotice {
        let signature = key.sign(Domain::Street, chain, &encode(&self));
        SignedNotice { noticed: self, watch: key.address(), signature }
    }
}

impl SignedNotice {
    /// Checks the signature of the watch.
    pub fn verify(&self, watch: &PublicKey, chain: &ChainId) -> Result<(), SignatureError> {
        watch.verify(Domain::Street, chain, &encode(&self.noticed), &self.signature)
    }
}

impl SignalRefusal {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotWatch => "not_watch",
            Self::OtherHour => "other_hour",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::energy::SettlementMessage;
    use crate::limits::SETTLEMENT_FRAME_BYTES_MAX;
    use crate::{DecodeError, decode};

    #[test]
    fn hours_leave_no_gap_and_do_not_overflow() {
        for time in [0, 1, HOUR_MS - 1, HOUR_MS, 1_785_844_800_000] {
            let hour = Hour::at(UnixMs(time));
            assert!(hour.start().0 <= time && time < hour.end().0, "{time}");
        }
        assert_eq!((Hour::at(UnixMs(-5)), Hour(u64::MAX).end()), (Hour(0), UnixMs(i64::MAX)));
    }

    #[test]
    fn a_notice_is_its_watchs_own_and_of_its_hive() {
        let (key, other) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]));
        let (chain, elsewhere) = (ChainId::new([3; 32]), ChainId::new([4; 32]));
        let noticed = Noticed { hour: Hour(496_000), kind: StreetKind::PowerDip };
        let signed = noticed.sign(&key, &chain);
        assert_eq!(signed.verify(&key.public(), &chain), Ok(()));
        assert!(signed.verify(&other.public(), &chain).is_err());
        assert!(signed.verify(&key.public(), &elsewhere).is_err());
        let moved = SignedNotice { noticed: Noticed { hour: Hour(496_001), ..noticed }, ..signed };
        assert!(moved.verify(&key.public(), &chain).is_err());
    }

    #[test]
    fn the_longest_message_fits_a_frame_and_a_longer_one_does_not_decode() {
        let key = SigningKey::from_seed(&[1; 32]);
        let noticed = Noticed { hour: Hour(u64::MAX), kind: StreetKind::HighUse };
        let signed = noticed.sign(&key, &ChainId::new([3; 32]));
        let notices = Bounded::new(vec![signed; STREET_NOTICES_TOLD_MAX]).unwrap();
        let message = SettlementMessage::Street(Box::new(StreetMessage::Notices(notices)));
        let bytes = encode(&message);
        assert!(bytes.len() <= SETTLEMENT_FRAME_BYTES_MAX);
        assert_eq!(decode(&bytes, SETTLEMENT_FRAME_BYTES_MAX), Ok(message));
        let more = encode(&vec![signed; STREET_NOTICES_TOLD_MAX + 1]);
        let found: Result<Bounded<SignedNotice, STREET_NOTICES_TOLD_MAX>, DecodeError> =
            decode(&more, SETTLEMENT_FRAME_BYTES_MAX);
        assert!(found.is_err());
    }
}
