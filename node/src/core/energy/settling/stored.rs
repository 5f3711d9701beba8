//! How own slots and held statements lie on disk: as lists that end with what is there, so that what was written before a
//! last part existed reads back, and is written, as it was.

use std::fmt;
use std::marker::PhantomData;

use protocol::energy::SignedStatement;
use protocol::limits::OWN_VERSIONS_MAX;
use protocol::{Address, Bounded};
use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::own::{OwnOutcome, OwnSlot};
use super::tray::{Counted, HeldStatement};

/// Two parts and, where there is one, a third.
struct Parts<A, B, C>(A, B, Option<C>);

struct PartsVisitor<A, B, C>(PhantomData<(A, B, C)>);

impl<'de, A, B, C> Visitor<'de> for PartsVisitor<A, B, C>
where
    A: Deserialize<'de>,
    B: Deserialize<'de>,
    C: Deserialize<'de>,
{
    type Value = Parts<A, B, C>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of two or three parts")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut parts: S) -> Result<Self::Value, S::Error> {
        let first = parts.next_element()?.ok_or_else(|| S::Error::invalid_length(0, &self))?;
        let second = parts.next_element()?.ok_or_else(|| S::Error::invalid_length(1, &self))?;
        Ok(Parts(first, second, parts.next_element()?))
    }
}

impl<A: Serialize, B: Serialize, C: Serialize> Serialize for Parts<A, B, C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut parts = serializer.serialize_tuple(2 + usize::from(self.2.is_some()))?;
        parts.serialize_element(&self.0)?;
        parts.serialize_element(&self.1)?;
        if let Some(third) = &self.2 {
            parts.serialize_element(third)?;
        }
        parts.end()
    }
}

impl Serialize for OwnSlot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Parts(self.statements(), self.outcome(), self.correction()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for OwnSlot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        type Statements = Bounded<SignedStatement, OWN_VERSIONS_MAX>;
        let visitor = PartsVisitor::<Statements, Option<OwnOutcome>, OwnOutcome>(PhantomData);
        let Parts(statements, outcome, correction) = deserializer.deserialize_seq(visitor)?;
        let statements = statements.into_vec();
        let Some(first) = statements.first() else {
            return Err(D::Error::custom("a slot of the building without a statement"));
        };
        let slot = first.statement.slot;
        let in_order = statements.is_sorted_by(|a, b| a.statement.version < b.statement.version);
        if !in_order || statements.iter().any(|signed| signed.statement.slot != slot) {
            return Err(D::Error::custom("versions of one slot's statement are not in order"));
        }
        Ok(Self::restored(statements, outcome, correction))
    }
}

impl Serialize for HeldStatement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { member, signed, contradiction, settled } = self;
        let mut parts = serializer.serialize_tuple(3 + usize::from(settled.is_some()))?;
        parts.serialize_element(member)?;
        parts.serialize_element(signed)?;
        parts.serialize_element(contradiction)?;
        if let Some(settled) = settled {
            parts.serialize_element(settled)?;
        }
        parts.end()
    }
}

impl<'de> Deserialize<'de> for HeldStatement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(HeldVisitor)
    }
}

struct HeldVisitor;

impl<'de> Visitor<'de> for HeldVisitor {
    type Value = HeldStatement;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of three or four parts")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut parts: S) -> Result<HeldStatement, S::Error> {
        let lacks = |count| S::Error::invalid_length(count, &Self);
        let member: Address = parts.next_element()?.ok_or_else(|| lacks(0))?;
        let signed: SignedStatement = parts.next_element()?.ok_or_else(|| lacks(1))?;
        let contradiction: Option<Box<SignedStatement>> = parts.next_element()?.ok_or_else(|| lacks(2))?;
        let settled: Option<Counted> = parts.next_element()?;
        Ok(HeldStatement { member, signed, contradiction, settled })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::energy::{Quality, Salt, SlotId, SlotLength, Statement, Terms, WattHours};
    use protocol::{ChainId, Height, SigningKey, decode, encode};

    fn statement(version: u32) -> SignedStatement {
        let key = SigningKey::from_seed(&[3; 32]);
        let statement = Statement {
            member: key.address(),
            length: SlotLength::Quarter,
            slot: SlotId(1_612_892),
            import: WattHours(320),
            export: WattHours::ZERO,
            quality: Quality::Measured,
            version,
            terms: Terms::default(),
            salt: Salt::new([4; 16]),
        };
        statement.sign(&key, &ChainId::new([1; 32]))
    }

    fn outcome(version: u32) -> OwnOutcome {
        let settlers = [Address::new([1; 20]), Address::new([2; 20])];
        OwnOutcome { version, price: None, settlers, height: Height(7), line: None, doubt: None }
    }

    #[test]
    fn what_was_stored_before_reads_back_and_is_written_as_it_was() {
        let statements = Bounded::<_, OWN_VERSIONS_MAX>::new(vec![statement(1), statement(2)]).unwrap();
        let before = encode(&(statements, Some(outcome(1))));
        let own: OwnSlot = decode(&before, 4_000).unwrap();
        assert_eq!((own.correction(), encode(&own)), (None, before));
        let corrected = OwnSlot::restored(own.statements().to_vec(), Some(outcome(1)), Some(outcome(2)));
        assert_eq!(decode(&encode(&corrected), 4_000), Ok(corrected));

        let member = Address::new([9; 20]);
        let before = encode(&(member, statement(1), None::<SignedStatement>));
        let held: HeldStatement = decode(&before, 4_000).unwrap();
        assert_eq!((&held.settled, encode(&held)), (&None, before));
        for settled in [Counted::Nothing, Counted::Statement(Box::new(statement(1)))] {
            let held = HeldStatement { settled: Some(settled), signed: statement(2), ..held.clone() };
            assert_eq!(decode(&encode(&held), 4_000), Ok(held));
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let reversed = vec![statement(2), statement(1)];
        for bytes in [
            encode(&(Vec::<SignedStatement>::new(), None::<OwnOutcome>)),
            encode(&(reversed, None::<OwnOutcome>)),
            encode(&(vec![statement(1)],)),
            encode(&(vec![statement(1)], None::<OwnOutcome>, outcome(2), 5)),
        ] {
            assert!(decode::<OwnSlot>(&bytes, 8_000).is_err());
        }
        let short = encode(&(Address::new([9; 20]), statement(1)));
        let long = (Address::new([9; 20]), statement(1), None::<SignedStatement>, Counted::Nothing, 5);
        for bytes in [short, encode(&long)] {
            assert!(decode::<HeldStatement>(&bytes, 4_000).is_err());
        }
    }
}
