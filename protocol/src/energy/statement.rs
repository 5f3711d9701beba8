//! What a building states about one slot: its net energy at the connection point, signed. It travels by direct stream
//! to the two settlement authorities of its hive, never by gossip and never to the ledger.

use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use thiserror::Error;

use super::slot::{Quality, SlotId, SlotLength};
use super::terms::{Terms, check_range};
use super::units::WattHours;
use crate::bytes::fixed_bytes;
use crate::codec::{decode, encode};
use crate::crypto::{Domain, PublicKey, Signature, SigningKey};
use crate::error::{DecodeError, Invalid, SignatureError};
use crate::ids::{Address, ChainId};
use crate::limits::{SLOT_ENERGY_WH_MAX, STATEMENT_BYTES_MAX, STATEMENT_VERSIONS_MAX};

fixed_bytes! {
    /// Bytes that only the building and its settlement authorities know, so that nobody finds a figure by trying
    /// plausible ones against a hash of it.
    Salt, 16
}

/// A building's energy in one slot. A value from [`SignedStatement::open`] keeps its bounds: at most
/// [`SLOT_ENERGY_WH_MAX`] either way, import or export zero, both zero when missing, versions from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Statement {
    /// Whose.
    pub member: Address,
    /// The hive's slot length.
    pub length: SlotLength,
    /// Which slot.
    pub slot: SlotId,
    /// Net energy taken from the grid, Wh.
    pub import: WattHours,
    /// Net energy given to the grid, Wh.
    pub export: WattHours,
    /// How the figures came about.
    pub quality: Quality,
    /// 1 for the first; a correction has a higher one, and only the highest counts.
    pub version: u32,
    /// The member's own rules, as they stood when the slot began.
    pub terms: Terms,
    /// Another for each slot and version.
    pub salt: Salt,
}

/// A statement with its member's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedStatement {
    /// What is stated.
    pub statement: Statement,
    /// Over the canonical bytes of the statement.
    pub signature: Signature,
}

/// A statement that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StatementError {
    /// Not the bytes of a statement.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A figure outside its bounds.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Import and export in one slot: a net figure has one direction.
    #[error("import {import} and export {export} in one slot; one of them is zero")]
    BothWays {
        /// Import stated.
        import: WattHours,
        /// Export stated.
        export: WattHours,
    },
    /// A missing figure that has an amount.
    #[error("a missing figure with {found}; it has none")]
    MissingWithEnergy {
        /// The amount stated.
        found: WattHours,
    },
    /// The signature is not the member's.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The key is not that of the member it names.
    #[error("stated for {expected}, signed with the key of {found}")]
    OtherMember {
        /// The member named.
        expected: Address,
        /// The member that the key belongs to.
        found: Address,
    },
}

impl Statement {
    /// Net energy, import positive, export negative, Wh.
    pub fn net(&self) -> WattHours {
        if self.export > WattHours::ZERO { WattHours(-self.export.0) } else { self.import }
    }

    /// Checks that the figures keep their bounds and do not contradict each other.
    pub fn check(&self) -> Result<(), StatementError> {
        check_range("import", self.import.0, SLOT_ENERGY_WH_MAX)?;
        check_range("export", self.export.0, SLOT_ENERGY_WH_MAX)?;
        if !(1..=STATEMENT_VERSIONS_MAX).contains(&self.version) {
            let (max, found) = (STATEMENT_VERSIONS_MAX.into(), self.version.into());
            return Err(Invalid::Range { field: "version, from 1", max, found }.into());
        }
        if self.import > WattHours::ZERO && self.export > WattHours::ZERO {
            return Err(StatementError::BothWays { import: self.import, export: self.export });
        }
        let found = self.import.max(self.export);
        if self.quality == Quality::Missing && found > WattHours::ZERO {
            return Err(StatementError::MissingWithEnergy { found });
        }
        Ok(self.terms.check()?)
    }

    /// Signs the statement for one hive.
    pub fn sign(self, key: &SigningKey, chain: &ChainId) -> SignedStatement {
        assert_eq!(self.member, key.address(), "invariant: a building states its own energy");
        assert_eq!(self.check(), Ok(()), "invariant: a building checks its figures before it signs");
        let signature = key.sign(Domain::Statement, chain, &encode(&self));
        SignedStatement { statement: self, signature }
    }
}

impl SignedStatement {
    /// Reads a statement of at most [`STATEMENT_BYTES_MAX`] bytes and checks it whole.
    pub fn open(bytes: &[u8], key: &PublicKey, chain: &ChainId) -> Result<Self, StatementError> {
        let signed: Self = decode(bytes, STATEMENT_BYTES_MAX)?;
        signed.verify(key, chain)?;
        Ok(signed)
    }

    /// Checks figures, key and signature.
    pub fn verify(&self, key: &PublicKey, chain: &ChainId) -> Result<(), StatementError> {
        self.statement.check()?;
        let (expected, found) = (self.statement.member, Address::of(key));
        if expected != found {
            return Err(StatementError::OtherMember { expected, found });
        }
        Ok(key.verify(Domain::Statement, chain, &encode(&self.statement), &self.signature)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::energy::{Percent, Price};

    const CHAIN: ChainId = ChainId::new([1; 32]);

    fn key() -> SigningKey {
        SigningKey::from_seed(&[3; 32])
    }

    fn statement() -> Statement {
        Statement {
            member: key().address(),
            length: SlotLength::Quarter,
            slot: SlotId(1_612_892),
            import: WattHours(320),
            export: WattHours::ZERO,
            quality: Quality::Measured,
            version: 1,
            terms: Terms::default(),
            salt: Salt::new([4; 16]),
        }
    }

    fn widest() -> Statement {
        Statement {
            slot: SlotId(u64::MAX),
            import: WattHours::ZERO,
            export: WattHours(SLOT_ENERGY_WH_MAX),
            version: STATEMENT_VERSIONS_MAX,
            terms: Terms {
                participation: Percent::ALL,
                sell_above: WattHours(SLOT_ENERGY_WH_MAX),
                sell_at_least: Some(Price(crate::limits::PRICE_MAX)),
                buy_up_to: Some(Price(crate::limits::PRICE_MAX)),
                give_to: Some(Address::new([255; 20])),
            },
            ..statement()
        }
    }

    #[test]
    fn a_statement_reads_back_and_is_small() {
        for stated in [statement(), widest()] {
            let signed = stated.sign(&key(), &CHAIN);
            let bytes = encode(&signed);
            assert!(bytes.len() <= STATEMENT_BYTES_MAX, "{} bytes", bytes.len());
            assert_eq!(SignedStatement::open(&bytes, &key().public(), &CHAIN), Ok(signed));
        }
        assert_eq!((statement().net(), widest().net().0), (WattHours(320), -SLOT_ENERGY_WH_MAX));
    }

    #[test]
    fn what_contradicts_itself_is_refused_with_its_reason() {
        let wh = WattHours;
        let refused = |stated: Statement| stated.check().unwrap_err().to_string();
        for (stated, reason) in [
            (Statement { export: wh(5), ..statement() }, "import 320 Wh and export 5 Wh"),
            (Statement { quality: Quality::Missing, ..statement() }, "a missing figure with 320 Wh"),
            (Statement { import: wh(-1), ..statement() }, "import"),
            (Statement { import: wh(i64::MAX), ..statement() }, "at most 1000000000"),
            (Statement { export: wh(i64::MIN), ..statement() }, "export"),
            (Statement { version: 0, ..statement() }, "version"),
            (Statement { version: u32::MAX, ..statement() }, "version"),
            (
                Statement { terms: Terms { sell_above: wh(-1), ..Terms::default() }, ..statement() },
                "surplus that is kept",
            ),
        ] {
            assert!(refused(stated.clone()).contains(reason), "{stated:?}");
        }
    }

    #[test]
    fn only_the_member_states_its_energy() {
        let signed = statement().sign(&key(), &CHAIN);
        let (other, hive) = (SigningKey::from_seed(&[9; 32]), ChainId::new([2; 32]));
        assert!(matches!(signed.verify(&other.public(), &CHAIN), Err(StatementError::OtherMember { .. })));
        assert!(matches!(signed.verify(&key().public(), &hive), Err(StatementError::Signature(_))));
        let mut scaled = signed;
        scaled.statement.import = WattHours(3_200);
        let bytes = encode(&scaled);
        assert!(matches!(
            SignedStatement::open(&bytes, &key().public(), &CHAIN),
            Err(StatementError::Signature(_))
        ));
        assert!(matches!(
            SignedStatement::open(&bytes[1..], &key().public(), &CHAIN),
            Err(StatementError::Decode(_))
        ));
    }
}
