//! Canonical CBOR (RFC 8949): structures are arrays in field order, enums are externally tagged, bytes are byte
//! strings. Decoding consumes everything and refuses each encoding that is not the one `encode` gives, so that one
//! value has one set of bytes and everything signed or hashed is signed over them.

mod variant;
mod write;

pub use variant::is_unknown_variant;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::DecodeError;
use write::{Expected, write};

/// Nesting that a decoder follows before it gives up. Our deepest type nests 12 levels.
const DEPTH_MAX: usize = 24;

/// The canonical bytes of a value.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    write(value, &mut bytes).expect("invariant: our types encode, and a Vec takes every byte");
    bytes
}

/// Decodes a value of at most `limit` bytes: the whole input, in its canonical form, or an error.
pub fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8], limit: usize) -> Result<T, DecodeError> {
    if bytes.len() > limit {
        return Err(DecodeError::TooLong { limit, found: bytes.len() });
    }
    let expected = short_name::<T>();
    let mut rest = bytes;
    let value: T = ciborium::de::from_reader_with_recursion_limit(&mut rest, DEPTH_MAX)
        .map_err(|error| DecodeError::Malformed { expected, detail: error.to_string() })?;
    if !rest.is_empty() {
        return Err(DecodeError::Trailing { count: rest.len() });
    }
    if !encodes_to(&value, bytes) {
        return Err(DecodeError::NotCanonical { expected });
    }
    Ok(value)
}

/// Decodes a value in any encoding that the library takes, with whatever stands behind it. For the simulator, which
/// plants this mistake to see whether it is found.
#[cfg(feature = "simulation")]
pub fn decode_any_form<T: DeserializeOwned>(bytes: &[u8], limit: usize) -> Result<T, DecodeError> {
    if bytes.len() > limit {
        return Err(DecodeError::TooLong { limit, found: bytes.len() });
    }
    ciborium::de::from_reader_with_recursion_limit(bytes, DEPTH_MAX)
        .map_err(|error| DecodeError::Malformed { expected: short_name::<T>(), detail: error.to_string() })
}

/// Whether a value's canonical encoding is exactly `bytes`, compared while writing so that nothing is allocated.
fn encodes_to<T: Serialize>(value: &T, bytes: &[u8]) -> bool {
    let mut expected = Expected { rest: bytes };
    write(value, &mut expected).is_ok() && expected.rest.is_empty()
}

fn short_name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    let head = name.split('<').next().unwrap_or(name);
    head.rsplit("::").next().unwrap_or(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bounded, Bytes, Digest};

    #[test]
    fn refuses_every_other_form() {
        assert_eq!(decode::<u64>(&[0x18, 0x05], 9), Err(DecodeError::NotCanonical { expected: "u64" }));
        assert_eq!(decode::<u64>(&[0x05, 0x00], 9), Err(DecodeError::Trailing { count: 1 }));
        assert_eq!(decode::<u64>(&[0x05], 0), Err(DecodeError::TooLong { limit: 0, found: 1 }));
        assert!(matches!(decode::<u64>(&[0x5f], 9), Err(DecodeError::Malformed { .. })));
        // Indefinite-length list of one.
        assert!(matches!(decode::<Vec<u64>>(&[0x9f, 0x01, 0xff], 9), Err(DecodeError::NotCanonical { .. })));
    }

    #[test]
    fn bounds_hold_while_decoding() {
        let four = encode(&vec![1u8, 2, 3, 4]);
        assert!(decode::<Bounded<u8, 4>>(&four, 99).is_ok());
        assert!(matches!(decode::<Bounded<u8, 3>>(&four, 99), Err(DecodeError::Malformed { .. })));
        // A claimed length of 2^32 items with nothing behind it.
        assert!(decode::<Bounded<u8, 3>>(&[0x9a, 0xff, 0xff, 0xff, 0xff], 99).is_err());
        assert!(decode::<Bytes<8>>(&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 99).is_err());
        let deep = vec![0x81; 100_000];
        assert!(decode::<Vec<Digest>>(&deep, 200_000).is_err());
    }
}
