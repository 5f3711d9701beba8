//! What the world may do wrong with our types: bytes that do not decode, values that are not valid, signatures that
//! do not hold. Every variant names what was expected and what was found.

use thiserror::Error;

/// Bytes that are not the canonical encoding of a valid value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// Longer than this type may be.
    #[error("{found} bytes, at most {limit} allowed")]
    TooLong {
        /// Bytes allowed.
        limit: usize,
        /// Bytes found.
        found: usize,
    },
    /// Not well-formed CBOR of this type, or a value that its constructor refuses.
    #[error("not a valid {expected}: {detail}")]
    Malformed {
        /// Name of the type.
        expected: &'static str,
        /// What the decoder said.
        detail: String,
    },
    /// Bytes follow the value.
    #[error("{count} bytes follow the value")]
    Trailing {
        /// Bytes left over.
        count: usize,
    },
    /// The same value has another, canonical encoding.
    #[error("not the canonical encoding of this {expected}")]
    NotCanonical {
        /// Name of the type.
        expected: &'static str,
    },
}

/// A value outside its bounds.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Invalid {
    /// Text that is empty, too long or holds characters that are not allowed.
    #[error("{field}: {found} bytes of text; {expected}")]
    Text {
        /// Name of the field.
        field: &'static str,
        /// What is allowed.
        expected: &'static str,
        /// Bytes found.
        found: usize,
    },
    /// Too many or too few items.
    #[error("{field}: {found} items, {min} to {max} allowed")]
    Count {
        /// Name of the field.
        field: &'static str,
        /// Fewest allowed.
        min: usize,
        /// Most allowed.
        max: usize,
        /// Items found.
        found: usize,
    },
    /// A number outside its range.
    #[error("{field}: {found}, at most {max} allowed")]
    Range {
        /// Name of the field.
        field: &'static str,
        /// Largest allowed.
        max: u64,
        /// Number found.
        found: u64,
    },
    /// Hexadecimal text that does not give the bytes asked for.
    #[error("expected {expected} hexadecimal digits")]
    Hex {
        /// Digits expected.
        expected: usize,
    },
    /// An item that occurs twice.
    #[error("{field}: an item occurs twice")]
    Duplicate {
        /// Name of the field.
        field: &'static str,
    },
}

/// A signature or key that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// The 32 bytes are not a usable Ed25519 public key.
    #[error("not an Ed25519 public key")]
    Key,
    /// The signature does not verify strictly over these bytes with this key.
    #[error("the signature does not verify")]
    Signature,
}
