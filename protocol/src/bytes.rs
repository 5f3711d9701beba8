//! Byte strings on the wire: fixed arrays as newtypes with hexadecimal display, and bounded variable ones.

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Defines a newtype over a fixed number of bytes that is a CBOR byte string on the wire and hexadecimal for people.
macro_rules! fixed_bytes {
    ($(#[$doc:meta])* $name:ident, $len:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Bytes of one value.
            pub const LEN: usize = $len;

            /// Wraps the bytes.
            pub const fn new(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::bytes::write_hex(f, &self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "("))?;
                $crate::bytes::write_hex(f, &self.0[..self.0.len().min(6)])?;
                write!(f, ")")
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::error::Invalid;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::bytes::parse_hex(text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_bytes($crate::bytes::FixedVisitor::<$len>).map(Self)
            }
        }
    };
}
pub(crate) use fixed_bytes;

pub(crate) fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

pub(crate) fn parse_hex<const N: usize>(text: &str) -> Result<[u8; N], crate::error::Invalid> {
    let digits = Some(text).filter(|text| text.len() == 2 * N);
    let bytes = digits.and_then(crate::hex::unhex).and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or(crate::error::Invalid::Hex { expected: 2 * N })
}

#[derive(Debug)]
pub(crate) struct FixedVisitor<const N: usize>;

impl<const N: usize> Visitor<'_> for FixedVisitor<N> {
    type Value = [u8; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a byte string of {N} bytes")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))
    }
}

/// A byte string of at most `MAX` bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Bytes<const MAX: usize>(Vec<u8>);

impl<const MAX: usize> Bytes<MAX> {
    /// Wraps the bytes; refuses more than `MAX`.
    pub fn new(bytes: Vec<u8>) -> Result<Self, crate::error::Invalid> {
        if bytes.len() > MAX {
            return Err(crate::error::Invalid::Range {
                field: "bytes",
                max: MAX as u64,
                found: bytes.len() as u64,
            });
        }
        Ok(Self(bytes))
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// Takes the bytes out.
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }
}

impl<const MAX: usize> fmt::Debug for Bytes<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({})", self.0.len())
    }
}

impl<const MAX: usize> Serialize for Bytes<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Bytes<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = deserializer.deserialize_byte_buf(BufVisitor)?;
        Self::new(bytes).map_err(D::Error::custom)
    }
}

struct BufVisitor;

impl Visitor<'_> for BufVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a byte string")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E: serde::de::Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use crate::error::{DecodeError, Invalid};
    use crate::{Bytes, Digest, decode, encode};

    #[test]
    fn hexadecimal_digits_read_back_and_nothing_else_does() {
        let digest = Digest::new([0xa5; 32]);
        assert_eq!(digest.to_string().parse(), Ok(digest));
        let text = digest.to_string();
        for wrong in [
            text[1..].to_owned(),
            format!("{text}0"),
            text.replacen("a5", "+5", 1),
            text.replacen("a5", "é", 1),
        ] {
            assert_eq!(wrong.parse::<Digest>(), Err(Invalid::Hex { expected: 64 }), "{wrong}");
        }
        assert!(format!("{digest:?}").starts_with("Digest(a5"), "{digest:?}");
    }

    #[test]
    fn byte_strings_have_their_length() {
        let bytes = Bytes::<3>::new(vec![1, 2, 3]).unwrap();
        assert_eq!(decode::<Bytes<3>>(&encode(&bytes), 9), Ok(bytes.clone()));
        assert_eq!((format!("{bytes:?}").as_str(), bytes.as_slice()), ("Bytes(3)", &[1, 2, 3][..]));
        assert_eq!(bytes.clone().into_vec(), [1, 2, 3]);
        assert_eq!(Bytes::<2>::new(vec![1, 2, 3]), Err(Invalid::Range { field: "bytes", max: 2, found: 3 }));
        assert!(matches!(decode::<Bytes<2>>(&encode(&bytes), 9), Err(DecodeError::Malformed { .. })));
        let short = decode::<Digest>(&encode(&bytes), 9).unwrap_err();
        assert!(short.to_string().contains("a byte string of 32 bytes"), "{short}");
        assert!(decode::<Digest>(&[0x05], 9).is_err() && decode::<Bytes<3>>(&[0x05], 9).is_err());
    }
}
